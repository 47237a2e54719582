package web

import (
	"cmp"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"cairn/internal/figure"
	"cairn/internal/period"
	"cairn/internal/release"
	"cairn/internal/story"
	"cairn/score"
	"cairn/scorecard"
)

// playerPage is a player's scorecard in one release.
type playerPage struct {
	*frame
	Name         string
	When         string
	Tags         string
	Score        string // the one big number; "" unscored
	Span         string // out of 100
	Direction    string
	Level        string
	Unscored     string // why there is no score
	Change       string // the change in words
	Better       bool
	Causes       []cause // what moved it most
	MoreCauses   string  // how many others moved it less
	Split        string  // own action, others, rules; "" where all is own action
	Bridge       string
	Next         string // the next step
	NextName     string
	Headline     *told
	Stories      []told
	Place        string // 3rd of 58
	Climbed      string
	TagPlaces    []tagPlace
	Table        leaderboard // the player with the nearest above and below
	Stones       []stone
	Gained       bool       // some stone has lichen on it
	Pointed      bool       // the parts have points
	Unmeasured   []partLine // what is shown and not scored
	Gone         []cause    // what moved the score by not counting any more
	History      template.HTML
	HistoryWords string
	Releases     []past
	Coverage     string
	Exact        string
	Notices      []notice
	Verify       *verify
	CardJSON     string
	Permalink    string
	Method       string // address of the methodology
}

// cause is one metric that moved the score.
type cause struct {
	Name, Change string
	Better       bool
}

// told is a story on the page.
type told struct {
	Headline, Text string
	Evidence       []string
}

type tagPlace struct{ Place, Where, Address string }

// stone is one top part: its picture, its points and all that lies below it.
type stone struct {
	ID, Name, Why string
	Picture       template.HTML
	Points        string
	Possible      string // "of 25"; "" open
	ToGain        string // "" nothing, or open
	Change        string // "" none
	Better        bool
	State         string // what a reader should know of it; "" nothing
	Combined      string // of a group
	Rows          []partLine
	Exact         []exactLine
}

// partLine is one part of a stone in the table below it.
type partLine struct {
	Name     string
	Indent   string // class
	Group    bool
	Measured string
	State    string
	Mark     string
	Weight   string
	Points   string
	ToGain   string
	Change   string
	Rule     string // how the mark comes about
}

// exactLine is the same with every digit.
type exactLine struct {
	Name, Key, Indent                                                           string
	Raw, Treated, Uncapped, Value, Weight, Possible, Points, Own, Others, Rules string
}

// past is one release of the player's history.
type past struct {
	When, Address, Score, Place string
	Best                        bool
}

func (s *site) showPlayer(w http.ResponseWriter, r *visit) error {
	p, err := s.find(r)
	if err != nil {
		return err
	}
	if p.release == nil {
		return s.nowhere(w, r)
	}
	card, err := s.releases.Card(r.Context(), p.release, r.PathValue("player"))
	if err != nil {
		return err
	}
	return s.page(w, r, "player_show", s.newPlayerPage(p, card), p.keep())
}

// newPlayerPage puts a player's card into words.
func (s *site) newPlayerPage(p place, c *release.Card) playerPage {
	scale, rel, row := scaleOf(p.card), p.release, c.Row
	name := row.Name
	if name == "" {
		name = row.Key
	}
	page := playerPage{
		frame: s.frame(name+", "+p.board.Name, p.board).lasting(p), Name: name, When: rel.Period.Label(),
		Tags: tagWords(row.Tags), Span: scale.span(), Direction: scale.direction(), Level: row.Level,
		Verify: s.newVerify(p), Method: p.under() + "/methodology",
	}
	page.Canonical = s.base + playerAddress(releaseAddress(p.board, rel), row.Key)
	page.Permalink = page.Canonical
	page.CardJSON = playerAddress(releaseAddress(p.board, rel), row.Key) + "/card.json"
	page.Hidden = page.Hidden || !inPublic(p.board, row)
	page.Notices = notices(p)
	page.Coverage = share(c.Coverage)
	for _, told := range c.Stories {
		page.Stories = append(page.Stories, newTold(told, p.card, scale))
	}
	stays := standing(c, p.card)
	page.stones(stays, c, scale)
	page.history(p, c, scale)
	if math.IsNaN(row.Score) {
		page.Score, page.Unscored = "", sentence(row.Note)
		if row.Note == "" {
			page.Unscored = "There is no score this time."
		}
		page.Description = name + " on " + p.board.Name + ", " + page.When + "."
		return page
	}
	if len(page.Stories) > 0 {
		page.Headline, page.Stories = &page.Stories[0], page.Stories[1:]
	}
	page.Score = scale.score(row.Score)
	if !slices.ContainsFunc(c.Parts, holdsKept) {
		page.Exact = exactly(c.Exact)
	}
	page.Description = fmt.Sprintf("%s: %s %s on %s, %s.", name, page.Score, page.Span, p.board.Name, page.When)
	page.moves(c, scale)
	page.next(c, scale)
	one, many := players(p.card.Players)
	page.Table.Who = capital(one)
	page.Place = ordinal(row.Rank) + " of " + amount(float64(c.Of)) + " " + many
	if row.Climbed > 0 {
		page.Climbed = climbs(row.Climbed)
	}
	for _, t := range c.TagRanks {
		if t.Rank > 0 && t.Tag != "" {
			page.TagPlaces = append(page.TagPlaces, tagPlace{ordinal(t.Rank) + " of " + amount(float64(t.Of)), t.Group + " " + t.Tag,
				p.under() + "?tag=" + template.URLQueryEscaper(t.Group+":"+t.Tag) + "#leaderboard"})
		}
	}
	for _, r := range c.Above {
		page.Table.Rows = append(page.Table.Rows, newLine(r, scale, playerAddress(p.under(), r.Key), false, 0))
	}
	own := newLine(row, scale, "", false, 0)
	own.Own = true
	page.Table.Rows = append(page.Table.Rows, own)
	for _, r := range c.Below {
		page.Table.Rows = append(page.Table.Rows, newLine(r, scale, playerAddress(p.under(), r.Key), false, 0))
	}
	return page
}

// moves says what moved the score since the release before.
func (page *playerPage) moves(c *release.Card, scale scale) {
	row := c.Row
	if math.IsNaN(row.Change) {
		page.Change = "First score on this board"
		if earlier(c.History) != "" {
			page.Change = "Back on the board"
		}
		return
	}
	since := "since " + earlier(c.History)
	if earlier(c.History) == "" {
		since = "since the release before"
	}
	size := scale.score(math.Abs(row.Change))
	switch {
	case !scale.moved(row.Change):
		page.Change = "Level " + strings.Replace(since, "since", "with", 1)
	case row.Change > 0:
		page.Change = "Up " + size + " " + since
	default:
		page.Change = "Down " + size + " " + since
	}
	page.Better = scale.moved(row.Change) && (row.Change > 0) != scale.lower
	type move struct {
		name   string
		change float64
	}
	var all []move
	for _, part := range c.Parts {
		if part.Part.Part.IsGroup() || !part.Part.Part.Scored {
			continue
		}
		if scale.moved(part.Move) {
			all = append(all, move{part.Part.Part.Name, part.Move})
		}
	}
	slices.SortStableFunc(all, func(a, b move) int { return cmp.Compare(math.Abs(b.change), math.Abs(a.change)) })
	const told = 3
	if len(all) > told {
		page.MoreCauses = "and " + count(len(all)-told, "smaller move", "smaller moves")
	}
	for _, m := range all[:min(told, len(all))] {
		page.Causes = append(page.Causes, cause{m.name, scale.signed(m.change), (m.change > 0) != scale.lower})
	}
	if scale.moved(c.Others) || scale.moved(c.Rules) {
		words := []string{"own action " + scale.signed(c.Own), "other players " + scale.signed(c.Others)}
		if scale.moved(c.Rules) {
			words = append(words, "new rules "+scale.signed(c.Rules))
		}
		page.Split = "Of this: " + list(words) + "."
	}
	if c.OldRules != nil {
		page.Bridge = fmt.Sprintf("Under the rules before, this score would be %s, %s.", scale.score(c.OldRules.Score), ordinal(c.OldRules.Rank))
	}
}

// earlier returns the name of the last release before this one in which the player had a score.
func earlier(history []release.Point) string {
	for i := len(history) - 2; i >= 0; i-- {
		if history[i].Scored {
			return shortLabel(history[i].Period.Label())
		}
	}
	return ""
}

// shortLabel is a period's label without its days: "Week 47" of "Week 47, 16–22 Nov 2026".
func shortLabel(label string) string {
	short, _, _ := strings.Cut(label, ",")
	return short
}

// next names the metric with most still to gain, one the player can act on before any other.
func (page *playerPage) next(c *release.Card, scale scale) {
	best := -1
	for i, part := range c.Parts {
		m := part.Part.Part
		if m.IsGroup() || !m.Scored || kept(m) || !(part.ToGain > 0) || !scale.moved(part.ToGain) {
			continue
		}
		if best < 0 || lead(part) && !lead(c.Parts[best]) || lead(part) == lead(c.Parts[best]) && part.ToGain > c.Parts[best].ToGain {
			best = i
		}
	}
	if best < 0 {
		return
	}
	part := c.Parts[best]
	m := part.Part.Part
	page.NextName = m.Name
	page.Next = fmt.Sprintf("up to %s points still to gain.", scale.score(part.ToGain))
	switch full := fullMarks(m); {
	case full != "" && !math.IsNaN(part.Raw):
		page.Next += fmt.Sprintf(" From %s now to %s for full marks.", amount(part.Raw), full)
	case full != "":
		page.Next += fmt.Sprintf(" %s earn full marks.", capital(full))
	}
}

// holdsKept reports whether a part is a metric whose value is not for everyone.
func holdsKept(part release.Part) bool { return !part.Part.Part.IsGroup() && kept(part.Part.Part) }

func lead(part release.Part) bool { return part.Part.Part.Kind == "lead" }

// standing returns the parts of the scorecard itself, without those that only the rules before had.
func standing(c *release.Card, card *scorecard.Scorecard) []release.Part {
	keys := map[string]bool{}
	card.Walk(func(p, _ *scorecard.Part, _ int) { keys[p.Key] = true })
	for i, part := range c.Parts {
		if !keys[part.Part.Part.Key] {
			return c.Parts[:i] // they come last
		}
	}
	return c.Parts
}

// stones lays out the parts: a stone for each top part, with the parts below it.
func (page *playerPage) stones(parts []release.Part, c *release.Card, scale scale) {
	for _, gone := range c.Parts[len(parts):] {
		if !gone.Part.Part.IsGroup() && scale.moved(gone.Move) {
			page.Gone = append(page.Gone, cause{gone.Part.Part.Name, scale.signed(gone.Move), (gone.Move > 0) != scale.lower})
		}
	}
	var drawn []figure.Stone
	var tops []int
	for i, part := range parts {
		if part.Depth == 0 && part.Part.Part.Scored {
			tops = append(tops, i)
			gained := 0.0
			if part.Move > 0 && !scale.lower {
				gained, page.Gained = part.Move, true
			}
			s := figure.Stone{Points: part.PointsPublished, Possible: part.Possible, Gained: gained}
			if math.IsNaN(part.PointsPublished) && part.State != score.Missing {
				s = figure.Stone{Possible: part.Part.Part.Weight} // no score, or a score that is not made of points
			} else {
				page.Pointed = true
			}
			drawn = append(drawn, s)
		}
	}
	widest := figure.Widest(drawn)
	for n, i := range tops {
		part := parts[i]
		p := part.Part.Part
		st := stone{ID: "part-" + p.Key, Name: p.Name, Why: p.Why, Points: scale.score(part.PointsPublished), State: stateWords(part),
			Picture: figure.Lay(drawn[n], n, widest, "stone-"+strconv.Itoa(n))}
		if !math.IsNaN(part.Possible) {
			st.Possible = "of " + trim(scale.score(part.Possible))
			if scale.moved(part.ToGain) && part.ToGain > 0 {
				st.ToGain = scale.score(part.ToGain)
			}
		}
		if scale.moved(part.Move) {
			st.Change, st.Better = scale.signed(part.Move), (part.Move > 0) != scale.lower
		}
		if p.IsGroup() {
			st.Combined = "Its parts join as " + combined(p.Combine) + "."
		}
		end := i + 1
		for end < len(parts) && parts[end].Depth > 0 {
			end++
		}
		below := parts[i:end]
		if p.IsGroup() {
			below = below[1:]
		}
		for _, child := range below {
			depth := max(child.Depth-1, 0)
			st.Rows = append(st.Rows, newPartLine(child, depth, scale, c))
			st.Exact = append(st.Exact, newExactLine(child, depth))
		}
		if p.IsGroup() {
			st.Exact = append([]exactLine{newExactLine(part, 0)}, st.Exact...)
		}
		if slices.ContainsFunc(below, holdsKept) {
			st.Exact = nil // with the digits of all the others, a kept value could be calculated
		}
		page.Stones = append(page.Stones, st)
	}
	for _, part := range parts {
		if p := part.Part.Part; part.Depth == 0 && !p.Scored && !p.IsGroup() {
			page.Unmeasured = append(page.Unmeasured, newPartLine(part, 0, scale, c))
		}
	}
}

func newPartLine(part release.Part, depth int, scale scale, c *release.Card) partLine {
	p := part.Part.Part
	l := partLine{Name: p.Name, Indent: "d" + strconv.Itoa(min(depth, 6)), Group: p.IsGroup(), State: stateWords(part),
		Points: scale.score(part.PointsPublished), ToGain: scale.score(part.ToGain), Change: scale.signed(part.Move),
		Mark: amount(part.Value), Weight: share(part.Weight)}
	if !p.Scored {
		l.Mark, l.Weight, l.Points, l.ToGain, l.Change = "–", "–", "–", "–", "–"
		if !p.IsGroup() {
			l.State = "shown, not scored"
		}
	}
	if !p.IsGroup() {
		l.Measured = "none"
		if !math.IsNaN(part.Raw) {
			l.Measured = withUnit(part.Raw, p.Unit)
		}
		if c.Release != nil && p.Scored {
			l.Rule = marks(p, shownParameter(p, c.Release.Parameters))
		}
		if kept(p) {
			l.Measured, l.Mark, l.State = "kept for the "+string(p.Audience), "–", ""
		}
	}
	return l
}

func newExactLine(part release.Part, depth int) exactLine {
	p := part.Part.Part
	l := exactLine{Name: p.Name, Key: p.Key, Indent: "d" + strconv.Itoa(min(depth, 6))}
	l.Raw, l.Treated, l.Uncapped, l.Value = exactly(part.Raw), exactly(part.Treated), exactly(part.Uncapped), exactly(part.Value)
	l.Weight, l.Possible, l.Points = exactly(part.Weight), exactly(part.Possible), exactly(part.Points)
	l.Own, l.Others, l.Rules = exactly(part.Own), exactly(part.Others), exactly(part.Rules)
	return l
}

// stateWords says how a part came by its value, where that is not simply by being measured.
func stateWords(part release.Part) string {
	p := part.Part.Part
	switch part.State {
	case score.Missing:
		if p.IsGroup() {
			return "too little measured: its weight went to the others"
		}
		return "nothing measured: its weight went to the others"
	case score.Imputed:
		if p.Missing.Kind == scorecard.MissingZero {
			return "nothing measured: counted as zero"
		}
		return "nothing measured: filled in by the rule"
	case score.Capped:
		if p.Cap != nil && part.Uncapped > part.Value {
			return "capped: " + amount(part.Uncapped) + " counted as " + amount(part.Value)
		}
		return "raised from " + amount(part.Uncapped) + " to the least value, " + amount(part.Value)
	}
	return ""
}

func newTold(s story.Story, card *scorecard.Scorecard, scale scale) told {
	t := told{Headline: s.Headline, Text: s.Text}
	for _, e := range s.Evidence {
		what, value := e.What, amount(e.Value)
		switch e.What {
		case "score":
			value = scale.score(e.Value)
		case "rank":
			value = ordinal(e.Value)
		case "players", "passed":
		default:
			what = partName(card, e.What)
		}
		when := e.Release
		if p, err := period.Parse(card.Period, e.Release); err == nil {
			when = shortLabel(p.Label())
		}
		t.Evidence = append(t.Evidence, capital(strings.ReplaceAll(what, "_", " "))+" "+value+" in "+when)
	}
	return t
}

// history draws the scores so far and lists them.
func (page *playerPage) history(p place, c *release.Card, scale scale) {
	h := figure.History{ID: "history", Title: "Scores of " + page.Name + " through the releases", Low: math.NaN(), High: math.NaN(), Down: scale.lower, Write: amount}
	if scale.outOf > 0 {
		h.Low, h.High = 0, scale.outOf
	}
	for _, l := range p.card.Levels {
		h.Levels = append(h.Levels, figure.Level{From: l.From, Name: l.Name})
	}
	best, scored := -1, 0
	for i, point := range c.History {
		if point.Scored {
			scored++
			if point.Best {
				best = i
			}
		}
	}
	for i, point := range c.History {
		m := figure.Moment{Label: shortLabel(point.Period.Label()), Value: math.NaN(), Best: i == best}
		e := past{When: point.Period.Label(), Score: "–", Place: "–", Best: i == best,
			Address: playerAddress(releaseAddress(p.board, &release.Release{Period: point.Period, Edition: point.Edition}), c.Row.Key)}
		if point.Scored {
			m.Value = point.Score
			e.Score, e.Place = scale.score(point.Score), ordinal(point.Rank)+" of "+amount(float64(point.Of))
		} else {
			e.Address = ""
		}
		m.Fresh = i > 0 && point.Version != c.History[i-1].Version
		h.Moments = append(h.Moments, m)
		page.Releases = append(page.Releases, e)
	}
	slices.Reverse(page.Releases)
	if scored == 0 {
		return
	}
	page.HistoryWords = count(scored, "release", "releases") + " with a score"
	if best >= 0 {
		page.HistoryWords += "; personal best " + scale.score(c.History[best].Score) + " in " + c.History[best].Period.Label()
	}
	page.HistoryWords += "."
	h.Desc = page.HistoryWords
	if scored > 1 {
		page.History = h.Draw()
	}
}
