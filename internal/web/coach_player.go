package web

import (
	"net/http"
	"strings"

	"cairn/internal/board"
	"cairn/internal/coaching"
	"cairn/internal/fault"
	"cairn/internal/period"
	"cairn/internal/release"
	"cairn/scorecard"
)

// coachedPage is what was talked about with one player, and what became of it.
type coachedPage struct {
	*frame
	Managed managed
	Name    string
	Card    string
	Action  string
	Writes  bool // a coach or manager
	Talks   []talkLine
	On      field
	Metric  field
	Agreed  field
	Notes   []noteLine
	Note    field
}

// talkLine is one talk.
type talkLine struct {
	ID, On, By, Metric, Agreed, Outcome string
	Mine                                bool
}

var coachedScreen = screen{"coach_player", (*site).coachedPage}

// mostOutcomes is for how many talks the releases around them are looked up.
const mostOutcomes = 10

func (s *site) coachedMember(v *visit) (board.Member, error) {
	m, err := s.boards.Member(v.Context(), v.board.ID, v.PathValue("player"))
	if err == nil && !coaching.SeesPlayer(v.access, v.board, m) {
		err = fault.New(fault.NotFound, "There is no such player.")
	}
	return m, err
}

func (s *site) showCoached(w http.ResponseWriter, v *visit) error {
	return s.display(w, v, coachedScreen)
}

func (s *site) coachedPage(v *visit, f *form) (any, error) {
	ctx, b := v.Context(), v.board
	m, err := s.coachedMember(v)
	if err != nil {
		return nil, err
	}
	card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	around, head := s.coachHead(v, "../coach", m.Called(), "")
	page := coachedPage{frame: around, Managed: head, Name: m.Called(), Card: playerAddress(boardAddress(b), m.Key), Action: coachAddress(b, m.Key), Writes: v.access.May(board.Manage, b) || v.access.May(board.SeeGiven, b)}
	if err := s.talks(v, &page, m, card); err != nil {
		return nil, err
	}
	if page.Notes, err = s.notes(ctx, b, m.Key); err != nil {
		return nil, err
	}
	page.On = f.text("on", "When", "", period.DateOf(s.now(), b.Location()).String()).as("date").must()
	page.Metric = f.choice("choice", "metric", "What about", "", "", metricOptions(v, card, "The score as a whole"))
	page.Agreed = f.area("agreed", "What was agreed", "The next step, in a sentence or two. Coaches and managers of this board read it, and the player can: it is part of what is kept about them.", "").must().most(coaching.MostAsked)
	page.Note = f.area("text", "A note", "No other board sees it. The player can read it: it is part of what is kept about them.", "").must().most(2000)
	page.Managed.Problem = f.problem()
	return page, nil
}

// talks tells of the talks with a player, and what the releases around them say.
func (s *site) talks(v *visit, page *coachedPage, m board.Member, card *scorecard.Scorecard) error {
	ctx, b := v.Context(), v.board
	talks, err := s.coaching.Talks(ctx, v.access, b, m)
	if err != nil || len(talks) == 0 {
		return err
	}
	latest, to, err := s.latestCard(v, m.Key)
	if err != nil {
		return err
	}
	names, scale := metricNames(card), scaleOf(card)
	for i, t := range talks {
		l := talkLine{ID: t.ID, On: t.On.String(), Metric: names[t.Metric], Agreed: t.Agreed, Mine: t.Author != "" && t.Author == v.actor.Account}
		if l.By, err = s.coaching.Called(ctx, b, t.Author); err != nil {
			return err
		}
		if latest != nil && i < mostOutcomes {
			o, ok, err := s.coaching.Outcome(ctx, b, t, latest, to)
			if err != nil {
				return err
			}
			write := scale.score
			if t.Metric != "" {
				write = amount
			}
			if ok {
				l.Outcome = write(o.Before.Value) + " in " + shortLabel(o.Before.Period.Label()) + " → " + write(o.After.Value) + " in " + shortLabel(o.After.Period.Label())
			}
		}
		page.Talks = append(page.Talks, l)
	}
	return nil
}

// latestCard is a player's card in the latest release, as the visitor may see it; nil where there is none.
func (s *site) latestCard(v *visit, key string) (*release.Card, release.Reader, error) {
	ctx, b := v.Context(), v.board
	to, err := s.releases.Reader(ctx, b, v.access)
	if err != nil {
		return nil, to, err
	}
	rel, err := s.releases.Latest(ctx, b)
	if fault.Of(err) == fault.NotFound {
		return nil, to, nil
	}
	if err != nil {
		return nil, to, err
	}
	view, err := s.releases.View(ctx, b, rel, to)
	if err != nil {
		return nil, to, err
	}
	card, err := view.Brief(ctx, key)
	if fault.Of(err) == fault.NotFound {
		return nil, to, nil
	}
	return card, to, err
}

// coachOn adds to a scorecard the tip that fits it, for the player and who coaches them, and the way to ask. A page that stays as it is
// has none: tips change.
func (s *site) coachOn(v *visit, page *playerPage, p place, card *release.Card) error {
	if page.Own && asks(v) && v.reading == "" {
		page.Ask = boardAddress(p.board) + "/ask"
		asked, err := s.coaching.Asked(v.Context(), v.actor, p.board)
		if err != nil {
			return err
		}
		for _, q := range asked {
			if !q.Answered.IsZero() && q.Read.IsZero() {
				page.Notices = append(page.Notices, notice{Heading: "Your question was answered", Text: "“" + beginning(q.Text) + "”", Link: link{Text: "Read the answer", Address: questionsAddress(p.board) + "/" + q.ID}})
			}
		}
		if len(asked) > 0 {
			page.Questions = questionsAddress(p.board)
		}
	}
	if p.lasting || !(page.Own || p.sight.Runs || p.sight.Given[card.Row.Member]) {
		return nil
	}
	t, err := s.coaching.TipFor(v.Context(), p.board, card)
	if err != nil || t == nil {
		return err
	}
	l := newTipLine(*t, p.card)
	if t.From != "" {
		from, err := s.boards.ByID(v.Context(), t.From)
		if err != nil && fault.Of(err) != fault.NotFound {
			return err
		}
		if err == nil && from.Stage != board.Stealth {
			l.From = from.Name
		}
	}
	page.Tip = &l
	return nil
}

func (s *site) noteCoached(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, coachedScreen, func() (string, string, error) {
		m, err := s.coachedMember(v)
		if err != nil {
			return "", "", err
		}
		return coachAddress(v.board, m.Key), "note", s.writeNote(v, m)
	})
}

func (s *site) writeTalk(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, coachedScreen, func() (string, string, error) {
		m, err := s.coachedMember(v)
		if err != nil {
			return "", "", err
		}
		on, err := period.ParseDate(strings.TrimSpace(v.PostForm.Get("on")))
		if err != nil {
			return "", "", wrong("on", "Give the day as 2026-11-23.")
		}
		return coachAddress(v.board, m.Key), "talk", s.coaching.WriteTalk(v.Context(), v.actor, v.board, m, coaching.Talk{On: on, Metric: v.PostForm.Get("metric"), Agreed: v.PostForm.Get("agreed")})
	})
}

func (s *site) removeTalk(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, coachedScreen, func() (string, string, error) {
		m, err := s.coachedMember(v)
		if err != nil {
			return "", "", err
		}
		return coachAddress(v.board, m.Key), "talk-gone", s.coaching.RemoveTalk(v.Context(), v.actor, v.board, m, v.PostForm.Get("talk"))
	})
}
