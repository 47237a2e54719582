package web

import (
	"fmt"
	"html/template"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/player"
	"cairn/internal/release"
	"cairn/score"
	"cairn/scorecard"
)

// journeyPage is a player's whole way on a board: the line of their scores, what stands out on it, and what they wrote beside it.
type journeyPage struct {
	*frame
	Done    string
	Problem *problem

	Name    string
	Own     bool
	Shy     bool // no number on the page
	Card    string
	Line    template.HTML
	Words   string
	Facts   []fact
	Years   []journeyYear // newest first
	Action  string        // address of the forms; "" the page is not the reader's own
	Day     field
	Text    field
	Shown   field
	Written int // notes of the reader's own
}

// journeyYear is what stands out in one year.
type journeyYear struct {
	Year  string
	Steps []journeyStep // newest first
}

// journeyStep is one thing that stands out: of the record, or a note of the player's own.
type journeyStep struct {
	Day     string // ISO: the last of its period, or the note's
	When    string
	What    string
	Address string // of the release; "" none
	Strong  bool   // a level or the best of all
	Note    string // id of a note
	Mine    bool   // the player's own words
	Shown   bool   // to others
}

var journeyDone = map[string]string{
	"written": "Your note stands on your timeline.", "removed": "The note is gone.", "shown": "Whoever may see your scorecard sees the note from now on.", "kept": "The note is for you alone again.",
}

var journeyScreen = screen{"journey_show", (*site).drawJourney}

func (s *site) showJourney(w http.ResponseWriter, v *visit) error {
	return s.display(w, v, journeyScreen)
}

// drawJourney is the page of the player that the address names; where it names none, of the reader.
func (s *site) drawJourney(v *visit, f *form) (any, error) {
	if v.PathValue("player") == "" && v.access.Member != nil {
		v.SetPathValue("player", v.access.Member.Key)
	}
	p, err := s.find(v)
	if err != nil {
		return nil, err
	}
	if err := s.opens(v, p); err != nil {
		return nil, err
	}
	card, err := s.releases.LastCard(v.Context(), p.board, v.access, release.Found{View: p.release}, v.PathValue("player"))
	if err != nil {
		return nil, err
	}
	own := p.sight.Is(card.Row.Member)
	if !own && !p.sight.History && !p.sight.Given[card.Row.Member] {
		return nil, fault.New(fault.NotFound, "There is no history of this player for you.")
	}
	who, err := s.subject(v.Context(), p.board, card.Row.Member)
	if err != nil {
		return nil, err
	}
	notes, err := s.players.Notes(v.Context(), who.member.Player, p.board.ID, own)
	if err != nil {
		return nil, err
	}
	cards := map[int]*scorecard.Scorecard{}
	for _, point := range card.History {
		if cards[point.Version] == nil {
			if cards[point.Version], err = s.boards.Scorecard(v.Context(), p.board.ID, point.Version); err != nil {
				return nil, err
			}
		}
	}
	page := s.newJourneyPage(p, card, cards, notes, f)
	page.Done = wasDone(v, journeyDone)
	return page, nil
}

// newJourneyPage puts a player's whole record on a board into words.
func (s *site) newJourneyPage(p place, c *release.Card, cards map[int]*scorecard.Scorecard, notes []player.Note, f *form) journeyPage {
	scale, name := scaleOf(c.Card), nameOf(c.Row)
	page := journeyPage{frame: s.frame("The way of "+name+", "+p.board.Name, p.board), Name: name, Own: p.sight.Is(c.Row.Member), Shy: p.sight.Shy(c.Row.Member),
		Card: playerAddress(boardAddress(p.board), c.Row.Key), Problem: f.problem()}
	page.Hidden = true // a way through years is not for search engines
	steps := page.steps(p, c, cards)
	for _, n := range notes {
		step := journeyStep{Day: n.Day, When: n.Day, What: n.Text, Mine: true, Shown: n.Shown}
		if at, err := time.Parse(time.DateOnly, n.Day); err == nil {
			step.When = day(at, time.UTC)
		}
		if page.Own {
			step.Note = n.ID
		}
		steps = append(steps, step)
	}
	slices.SortStableFunc(steps, func(a, b journeyStep) int { return strings.Compare(b.Day, a.Day) })
	for _, step := range steps {
		if n := len(page.Years); n == 0 || page.Years[n-1].Year != step.Day[:4] {
			page.Years = append(page.Years, journeyYear{Year: step.Day[:4]})
		}
		year := &page.Years[len(page.Years)-1]
		year.Steps = append(year.Steps, step)
	}
	if !page.Shy {
		page.line(p, c, scale)
	}
	if page.Own {
		page.Action, page.Written = boardAddress(p.board)+"/timeline", len(notes)
		page.Day = f.make("date", "day", "Day", "", "").must()
		page.Text = f.text("text", "What happened", "A new job, a new team, a long holiday: whatever explains the line.", "").must().most(200)
		page.Shown = f.tick("shown", "Show it to whoever may see my scorecard", "Otherwise it is for you alone.", false)
		page.Problem = f.problem()
	}
	return page
}

// steps finds what stands out in the record itself: beginnings, levels, the best of each year, new rules. Without numbers where the player
// does not want to see theirs.
func (page *journeyPage) steps(p place, c *release.Card, cards map[int]*scorecard.Scorecard) (steps []journeyStep) {
	reached := map[string]bool{}
	bestOf := map[string]int{} // by year
	best, highest, scored := -1, -1, 0
	for i, point := range c.History {
		if point.Scored && point.Best {
			bestOf[point.Period.Last.String()[:4]], best = i, i
		}
		if point.Rank > 0 && (highest < 0 || point.Rank < c.History[highest].Rank) {
			highest = i
		}
	}
	for i, point := range c.History {
		scale := scaleOf(cards[point.Version])
		step := journeyStep{Day: point.Period.Last.String(), When: shortLabel(point.Period.Label())}
		if page.Own || p.sight.History {
			step.Address = playerAddress(releaseAddress(p.board, &release.Release{Period: point.Period, Edition: point.Edition}), c.Row.Key)
		}
		add := func(what string, strong bool) {
			step.What, step.Strong = what, strong
			steps = append(steps, step)
		}
		if i > 0 && point.Version != c.History[i-1].Version {
			add("The rules changed: version "+fmt.Sprint(point.Version)+" of the scorecard", false)
			reached = map[string]bool{}
		}
		if !point.Scored || page.Shy {
			continue
		}
		scored++
		if level := score.LevelOf(cards[point.Version], point.Score); level != "" && !reached[level] {
			if len(reached) > 0 && higherLevel(cards[point.Version], level, reached) {
				add("Reached "+level+" with "+scale.score(point.Score), true)
			}
			reached[level] = true
		}
		if i == highest && scored > 1 {
			add("Best place: "+ordinal(point.Rank)+" of "+amount(float64(point.Of)), true)
		}
		switch {
		case scored == 1:
			add("First score: "+scale.score(point.Score), false)
		case i == best:
			add("Personal best: "+scale.score(point.Score), true)
		case bestOf[point.Period.Last.String()[:4]] == i && point.Best:
			add("Best until then: "+scale.score(point.Score), false)
		}
	}
	return steps
}

// higherLevel reports whether a level is better than all that were reached.
func higherLevel(card *scorecard.Scorecard, level string, reached map[string]bool) bool {
	from := map[string]float64{}
	for _, l := range card.Levels {
		from[l.Name] = l.From
	}
	for other := range reached {
		if at, known := from[other]; known && (at < from[level]) != (card.Better != scorecard.Lower) {
			return false
		}
	}
	return true
}

// line draws the scores and sums them up.
func (page *journeyPage) line(p place, c *release.Card, scale scale) {
	drawn := playerPage{Name: page.Name, Own: page.Own}
	drawn.history(p, c, scale)
	page.Line, page.Words = drawn.History, drawn.HistoryWords
	first, last, ranks := math.NaN(), math.NaN(), math.NaN()
	var began, ended string
	for _, point := range c.History {
		if !point.Scored {
			continue
		}
		if math.IsNaN(first) {
			first, began = point.Score, point.Period.Label()
		}
		last, ended = point.Score, point.Period.Label()
		if point.Rank > 0 && !(ranks <= point.Rank) {
			ranks = point.Rank
		}
	}
	if math.IsNaN(first) {
		return
	}
	page.Facts = []fact{{Name: "First score", Text: scale.score(first) + ", " + began}}
	if began != ended {
		page.Facts = append(page.Facts, fact{Name: "Latest", Text: scale.score(last) + ", " + ended})
	}
	if !math.IsNaN(ranks) {
		page.Facts = append(page.Facts, fact{Name: "Best place", Text: ordinal(ranks)})
	}
}

// writeTimeline adds a note to the reader's own timeline.
func (s *site) writeTimeline(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, journeyScreen, func() (string, string, error) {
		err := s.players.WriteNote(v.Context(), v.actor, player.Note{Board: v.board.ID, Day: v.PostForm.Get("day"), Text: v.PostForm.Get("text"), Shown: v.PostForm.Has("shown")})
		return s.ownJourney(v), "written", err
	})
}

// changeTimeline shows, keeps or removes a note.
func (s *site) changeTimeline(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, journeyScreen, func() (to, word string, err error) {
		to, id := s.ownJourney(v), v.PostForm.Get("note")
		switch word = v.PostForm.Get("do"); word {
		case "removed":
			err = s.players.RemoveNote(v.Context(), v.actor, v.board.ID, id)
		case "shown", "kept":
			err = s.players.ShowNote(v.Context(), v.actor, v.board.ID, id, word == "shown")
		default:
			err = fault.New(fault.Invalid, "Go back and choose what to do with the note.")
		}
		return to, word, err
	})
}

// ownJourney is the address of the reader's own page.
func (s *site) ownJourney(v *visit) string { return journeyAddress(v.board, v.access.Member.Key) }

// journeyAddress is the address of a player's way on a board.
func journeyAddress(b *board.Board, key string) string {
	return boardAddress(b) + "/journey/" + url.PathEscape(key)
}
