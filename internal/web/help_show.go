package web

import (
	"cmp"
	"context"
	"html/template"
	"net/http"
	"net/url"

	"cairn/internal/board"
	"cairn/internal/coaching"
	"cairn/internal/fault"
	"cairn/internal/prose"
	"cairn/scorecard"
)

// helpPage says of one metric what success looks like: why it counts, how it is measured, examples, and answers to what players asked.
type helpPage struct {
	*frame
	Name    string
	Why     template.HTML // the manager's words, "" none
	Rule    rule
	Good    template.HTML
	Bad     template.HTML
	Answers []answeredLine
	Asking  string // address to ask, "" not a player
	People  []personLine
	Method  string
	Edit    string // address, "" not theirs
}

// answeredLine is a question that was answered for everybody.
type answeredLine struct {
	ID       string
	Question string
	Answer   template.HTML
}

// personLine is somebody who can be asked.
type personLine struct{ Name, As string }

func helpAddress(b *board.Board, metric string) string {
	return boardAddress(b) + "/metrics/" + url.PathEscape(metric)
}

// metricOfPath is the metric that the address names, of the scorecard in force.
func (s *site) metricOfPath(v *visit) (*scorecard.Scorecard, *scorecard.Part, error) {
	card, err := s.boards.Scorecard(v.Context(), v.board.ID, v.board.Version)
	if err != nil {
		return nil, nil, err
	}
	for _, m := range card.Metrics() {
		if m.Key == v.PathValue("metric") {
			return card, m, nil
		}
	}
	return nil, nil, fault.New(fault.NotFound, "There is no such metric.")
}

func (s *site) showHelp(w http.ResponseWriter, v *visit) error {
	ctx, b := v.Context(), v.board
	card, m, err := s.metricOfPath(v)
	if err != nil {
		return err
	}
	help, err := s.coaching.Help(ctx, b, m.Key)
	if err != nil {
		return err
	}
	page := helpPage{frame: s.frame(m.Name+" · "+b.Name, b), Name: m.Name, Method: boardAddress(b) + "/methodology#part-" + m.Key}
	page.Canonical = s.base + helpAddress(b, m.Key)
	page.Description = "What " + m.Name + " wants on " + b.Name + ", and what counts."
	page.Rule = ruleOf(card, m)
	if help.Why != "" {
		page.Why = prose.HTML(help.Why)
	}
	if help.Good != "" {
		page.Good = prose.HTML(help.Good)
	}
	if help.Bad != "" {
		page.Bad = prose.HTML(help.Bad)
	}
	if page.Answers, err = s.answered(ctx, b, m.Key); err != nil {
		return err
	}
	if writesCoaching(v) && (v.access.May(board.Manage, b) || v.access.Scope.Measures(m.Key)) {
		page.Edit = boardAddress(b) + "/help/" + url.PathEscape(m.Key)
	}
	if asks(v) {
		people, err := s.coaching.People(ctx, b, *v.access.Member, m.Key)
		if err != nil {
			return err
		}
		if page.People, err = s.personLines(ctx, b, people); err != nil {
			return err
		}
		if len(people) > 0 {
			page.Asking = boardAddress(b) + "/ask?" + url.Values{"metric": {m.Key}}.Encode()
		}
	}
	return s.page(w, v, "help_show", page, asking)
}

// ruleOf is a metric as the methodology tells of it, without what was taken from the players.
func ruleOf(card *scorecard.Scorecard, m *scorecard.Part) rule {
	var found rule
	var in func(all []rule)
	in = func(all []rule) {
		for _, r := range all {
			if r.Key == m.Key && !r.Group {
				found = r
			}
			in(r.Parts)
		}
	}
	in(rules(card, card.Parts, card.Combine, 1, 3, nil))
	if found.Key == "" {
		found = newRule(card, m, scorecard.Combine{}, 0, 0, 3, nil)
	}
	return found
}

func (s *site) answered(ctx context.Context, b *board.Board, metric string) (lines []answeredLine, err error) {
	all, err := s.coaching.Answers(ctx, b, metric)
	for _, one := range all {
		lines = append(lines, answeredLine{one.ID, one.Question, prose.HTML(one.Answer)})
	}
	return lines, err
}

// asks reports whether the visitor is a player who may ask.
func asks(v *visit) bool {
	if v.access.Member == nil || v.board.Suspended != "" {
		return false
	}
	m := *v.access.Member
	return v.actor.SignedIn() && (m.State.Scored() || m.State == board.Paused)
}

// personLines names whom one can ask.
func (s *site) personLines(ctx context.Context, b *board.Board, people []coaching.Person) (lines []personLine, err error) {
	names, err := s.boards.Directory(ctx, b)
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		name, err := "", error(nil)
		switch p.As {
		case coaching.AsPeer:
			name = names.Member(p.Member).Called()
		case coaching.AsCoach:
			name, err = s.coaching.Called(ctx, b, p.Account)
			name = cmp.Or(name, "A coach of this board")
		case coaching.AsManager:
			name = "Whoever runs the board"
		}
		if err != nil {
			return nil, err
		}
		lines = append(lines, personLine{name, asWords[p.As]})
	}
	return lines, nil
}

// asWords say as what somebody can be asked.
var asWords = map[coaching.As]string{coaching.AsCoach: "coach", coaching.AsPeer: "a player who offered it", coaching.AsManager: "whoever answers first"}

// helpEditPage writes the help of one metric.
type helpEditPage struct {
	*frame
	Managed        managed
	Action, Metric string
	Address        string // of the page as players read it
	Why, Good, Bad field
	Answers        []answeredLine
}

var helpScreen = screen{"help_edit", (*site).helpEditPage}

func (s *site) editHelp(w http.ResponseWriter, v *visit) error { return s.display(w, v, helpScreen) }

func (s *site) helpEditPage(v *visit, f *form) (any, error) {
	ctx, b := v.Context(), v.board
	_, m, err := s.metricOfPath(v)
	if err == nil && !v.access.May(board.SeeTrail, b) && !v.access.Scope.Measures(m.Key) {
		err = fault.New(fault.NotFound, "There is no such metric.")
	}
	if err != nil {
		return nil, err
	}
	help, err := s.coaching.Help(ctx, b, m.Key)
	if err != nil {
		return nil, err
	}
	around, head := s.coachHead(v, "../tips", "Help for "+m.Name, "What players read where they want to know what success looks like. How it is measured stands there by itself.")
	head.Reads = !writesCoaching(v)
	page := helpEditPage{frame: around, Managed: head, Action: boardAddress(b) + "/help/" + url.PathEscape(m.Key), Metric: m.Name, Address: helpAddress(b, m.Key)}
	page.Why = f.area("why", "Why it counts", "Markdown, as in the next two. Empty: what the scorecard says.", help.Why).most(coaching.MostText)
	page.Good = f.area("good", "An entry that counts, as an example", "Such as: \"I rang Mrs Berg; she told me about her new shop.\"", help.Good).most(coaching.MostText)
	page.Bad = f.area("bad", "One that does not count", "And why not.", help.Bad).most(coaching.MostText)
	if page.Answers, err = s.answered(ctx, b, m.Key); err != nil {
		return nil, err
	}
	page.Managed.Problem = f.problem()
	return page, nil
}

func (s *site) writeHelp(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, helpScreen, func() (string, string, error) {
		_, m, err := s.metricOfPath(v)
		if err != nil {
			return "", "", err
		}
		f := v.PostForm
		return tipsAddress(v.board), "help", s.coaching.WriteHelp(v.Context(), v.actor, v.board, coaching.Help{Metric: m.Key, Why: f.Get("why"), Good: f.Get("good"), Bad: f.Get("bad")})
	})
}

func (s *site) endAnswer(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, helpScreen, func() (string, string, error) {
		return tipsAddress(v.board), "answer-gone", s.coaching.EndAnswer(v.Context(), v.actor, v.board, v.PostForm.Get("answer"))
	})
}
