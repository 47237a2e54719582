package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"

	"cairn/internal/board"
	"cairn/internal/coaching"
	"cairn/scorecard"
)

// coachHead is the head of the pages of coaching: for who runs the board those of its management, for coaches their own.
func (s *site) coachHead(v *visit, at, heading, lead string) (*frame, managed) {
	if v.access.May(board.SeeTrail, v.board) {
		f, m := s.managed(v, at, heading, lead)
		m.Done = cmp.Or(m.Done, wasDone(v, coachDone))
		return f, m
	}
	b := v.board
	m := managed{Heading: heading, Lead: lead, Board: b.Name, Home: boardAddress(b), Done: wasDone(v, coachDone)}
	group := linkGroup{Name: "Coaching"}
	for _, tab := range coachTabs {
		group.Links = append(group.Links, link{Text: tab.text, Address: tabAddress(b, tab.at), Here: tab.at == at})
	}
	m.Tabs = []linkGroup{group}
	f := s.frame(heading+" · "+b.Name, b).here("Coaching")
	f.Hidden = true
	return f, m
}

// coachTabs is the pages of coaching.
var coachTabs = []struct{ text, at string }{{"Whom to talk to", "../coach"}, {"Questions", "../questions"}, {"Tips and help", "../tips"}}

// coachDone says what a form of these pages did.
var coachDone = map[string]string{
	"note": "Note kept.", "talk": "Talk kept. After the next release this page says what became of it.", "talk-gone": "Deleted.",
	"tip": "Tip kept. Players whom it fits read it from now on.", "tip-gone": "Taken back. Boards that took it over keep their copy.",
	"lent": "Lent. Every board of this server may take it over, with its author's name.", "unlent": "Not lent any more. Boards that took it over keep their copy.",
	"help": "Kept. It stands on the page of the metric now.", "answer-gone": "It is not part of the help any more.",
}

// coachPage is whom to talk to next.
type coachPage struct {
	*frame
	Managed   managed
	Sees      string // what a coach was given, "" all
	When      string // period of the release that the reasons follow from
	Left      string
	Prompts   []prompt // with a reason, the first of them
	More      []prompt // those after them
	Others    []prompt // without one
	Questions string   // how many wait
}

// promptsFirst is how many players of the queue stand open on its page: more than a week has room for.
const promptsFirst = 12

// prompt is one player of the queue.
type prompt struct {
	Name, Address, Card string
	State, Tags         string
	Reasons             []reasonLine
	Last                string // the last talk: day and what was agreed
	Outcome             string
	Since               bool
}

type reasonLine struct {
	Word, Text string
	Evidence   []string
	Praise     bool
}

// reasonWords name the reasons of the queue.
var reasonWords = map[coaching.Why]string{
	coaching.Asked: "asks", coaching.Fell: "falling", coaching.Missing: "missing", coaching.Paused: "pausing", coaching.Behind: "behind", coaching.Newcomer: "new", coaching.Rose: "to praise",
}

func (s *site) showCoach(w http.ResponseWriter, v *visit) error {
	ctx, b := v.Context(), v.board
	f, head := s.coachHead(v, "../coach", "Whom to talk to", "")
	page := coachPage{frame: f, Managed: head}
	card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return err
	}
	if v.access.May(board.SeeGiven, b) && !v.access.May(board.SeeTrail, b) {
		page.Sees = "every metric"
		if given := metricsOf(v.access.Scope.Metrics, card); len(given) > 0 {
			page.Sees = list(given)
		}
	}
	queue, err := s.coaching.Queue(ctx, v.actor, v.access, b)
	if err != nil {
		return err
	}
	if queue.Release != nil {
		page.When = queue.Release.Period.Label()
	}
	if queue.Left > 0 {
		page.Left = "Of " + count(queue.Left, "more player", "more players") + ", who moved less, the release was not looked at."
	}
	scale := scaleOf(card)
	for _, p := range queue.Prompts {
		l := prompt{Name: p.Member.Called(), Address: coachAddress(b, p.Member.Key), Card: playerAddress(boardAddress(b), p.Member.Key), State: stateName(p.Member.State), Tags: tagWords(p.Member.Tags), Since: p.Since}
		for _, r := range p.Reasons {
			l.Reasons = append(l.Reasons, reasonLine{reasonWords[r.Why], r.Text, r.Evidence, r.Why == coaching.Rose})
		}
		if p.Last != nil {
			l.Last = p.Last.On.String() + ": " + p.Last.Agreed
		}
		if o := p.Outcome; o != nil {
			l.Outcome = "The score was " + scale.score(o.Before.Value) + " in " + shortLabel(o.Before.Period.Label()) + ", and " + scale.score(o.After.Value) + " in " + shortLabel(o.After.Period.Label()) + "."
		}
		switch {
		case len(l.Reasons) == 0:
			page.Others = append(page.Others, l)
		case len(page.Prompts) < promptsFirst:
			page.Prompts = append(page.Prompts, l)
		default:
			page.More = append(page.More, l)
		}
	}
	waiting, err := s.waiting(v)
	if err != nil {
		return err
	}
	page.Questions = waiting
	return s.tell(w, v, http.StatusOK, "coach_queue", page)
}

// waiting says how many questions wait for the visitor's answer, "" none.
func (s *site) waiting(v *visit) (string, error) {
	all, err := s.coaching.Waiting(v.Context(), v.actor, v.board)
	n := 0
	for _, q := range all {
		if q.Answered.IsZero() {
			n++
		}
	}
	if n == 0 {
		return "", err
	}
	return count(n, "question waits", "questions wait") + " for your answer.", err
}

// metricsOf returns the names of metrics.
func metricsOf(keys []string, card *scorecard.Scorecard) (names []string) {
	known := metricNames(card)
	for _, key := range keys {
		names = append(names, cmp.Or(known[key], key))
	}
	return names
}

func coachAddress(b *board.Board, key string) string {
	return boardAddress(b) + "/coach/" + url.PathEscape(key)
}

// metricOptions are the metrics of a scorecard to choose from; any names the choice of none, and a coach who was given some of them
// chooses among those.
func metricOptions(v *visit, card *scorecard.Scorecard, any string) []option {
	scope := board.Scope{}
	if !v.access.May(board.SeeTrail, v.board) && v.access.May(board.SeeGiven, v.board) {
		scope = v.access.Scope
	}
	var all []option
	if any != "" && scope.Measures("") {
		all = append(all, option{Value: "", Text: any})
	}
	for _, m := range card.Metrics() {
		if scope.Measures(m.Key) {
			all = append(all, option{Value: m.Key, Text: m.Name})
		}
	}
	return slices.Clip(all)
}
