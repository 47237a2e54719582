package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"cairn/internal/board"
	"cairn/internal/fault"
)

// coachPage lists the players that a coach was given.
type coachPage struct {
	*frame
	Sees    string // which metrics
	Players []coached
}

type coached struct{ Name, Card, Notes, State, Tags string }

// coachedPage is what a coach wrote for one player.
type coachedPage struct {
	*frame
	Done    string
	Problem *problem
	Name    string
	Card    string
	Back    string
	Action  string
	Notes   []noteLine
	Note    field
}

var coachedScreen = screen{"manage_coached", (*site).coachedPage}

func (s *site) showCoach(w http.ResponseWriter, v *visit) error {
	ctx, b := v.Context(), v.board
	page := coachPage{frame: s.frame("Whom you coach · "+b.Name, b)}
	page.Hidden = true
	card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return err
	}
	names := metricNames(card)
	page.Sees = "every metric"
	if len(v.access.Scope.Metrics) > 0 {
		var metrics []string
		for _, key := range v.access.Scope.Metrics {
			metrics = append(metrics, names[key])
		}
		page.Sees = list(metrics)
	}
	members, err := s.boards.Members(ctx, b.ID)
	if err != nil {
		return err
	}
	for _, m := range members {
		if s.coaches(v, m) {
			page.Players = append(page.Players, coached{memberName(m), playerAddress(boardAddress(b), m.Key), coachAddress(b, m.Key), stateName(m.State), tagWords(m.Tags)})
		}
	}
	slices.SortFunc(page.Players, func(a, b coached) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return s.tell(w, v, http.StatusOK, "manage_coach", page)
}

// coaches reports whether a member is one of those given to the visitor. Who hid is hidden from coaches too.
func (s *site) coaches(v *visit, m board.Member) bool {
	return v.access.Role == board.Coach && !m.Hidden && (m.State.Scored() || m.State == board.Paused) && v.access.Scope.Given(m)
}

func coachAddress(b *board.Board, key string) string {
	return boardAddress(b) + "/coach/" + url.PathEscape(key)
}

func (s *site) coachedMember(v *visit) (board.Member, error) {
	m, err := s.boards.Member(v.Context(), v.board.ID, v.PathValue("player"))
	if err == nil && !s.coaches(v, m) {
		err = fault.New(fault.NotFound, "There is no such player.")
	}
	return m, err
}

func (s *site) showCoached(w http.ResponseWriter, v *visit) error {
	return s.display(w, v, coachedScreen)
}

func (s *site) coachedPage(v *visit, f *form) (any, error) {
	b := v.board
	m, err := s.coachedMember(v)
	if err != nil {
		return nil, err
	}
	page := coachedPage{frame: s.frame(memberName(m)+" · "+b.Name, b), Done: wasDone(v, manageDone), Name: memberName(m), Card: playerAddress(boardAddress(b), m.Key), Back: boardAddress(b) + "/coach", Action: coachAddress(b, m.Key)}
	page.Hidden = true
	notes, err := s.boards.Notes(v.Context(), b, m.Key)
	if err != nil {
		return nil, err
	}
	for _, n := range notes {
		page.Notes = append(page.Notes, noteLine{instant(n.At, b.Location()), n.Text})
	}
	page.Note = f.area("text", "A note", "No other board sees it. The player can read it: it is part of what is kept about them.", "").must().most(2000)
	page.Problem = f.problem()
	return page, nil
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
