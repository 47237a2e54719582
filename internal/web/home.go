package web

import (
	"context"
	"html/template"
	"net/http"
	"strconv"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/figure"
	"cairn/internal/release"
	"cairn/scorecard"
)

// homePage lists the public boards, and leads everyone to what is theirs to do next.
type homePage struct {
	*frame
	Boards   []homeBoard
	SignedIn bool
	Mine     []link // boards of whoever is signed in
	Waiting  string // invitations to them, in words; "" none
	Fresh    bool   // nobody runs this server yet
}

// homeBoard is one board on the home page.
type homeBoard struct {
	Name, Address string
	Purpose       string
	Period        string // of the latest release; "" none yet
	Line          string // its title line
	Facts         string
	Cairn         template.HTML
}

func (s *site) home(w http.ResponseWriter, r *visit) error {
	ctx := r.Context()
	boards, err := s.boards.List(ctx, false)
	if err != nil {
		return err
	}
	page := homePage{frame: s.frame("Boards", nil)}
	page.Description = "Boards on this server: one explained score per player and period."
	page.Canonical = s.base + "/"
	for i, b := range boards {
		access, err := s.boards.Access(ctx, b, r.actor)
		if err != nil {
			return err
		}
		entry, err := s.homeBoard(ctx, b, access, i)
		if err != nil {
			return err
		}
		page.Boards = append(page.Boards, entry)
	}
	if err := s.greet(r, &page); err != nil {
		return err
	}
	return s.page(w, r, "home", page, asking)
}

// greet adds what is there for whoever asks.
func (s *site) greet(r *visit, page *homePage) error {
	ctx := r.Context()
	if page.SignedIn = r.actor.SignedIn(); !page.SignedIn {
		if len(page.Boards) > 0 {
			return nil
		}
		has, err := s.who.HasOperator(ctx)
		page.Fresh = !has
		return err
	}
	mine, err := s.boards.Mine(ctx, r.actor)
	if err != nil {
		return err
	}
	for _, m := range mine {
		if address := home(m.Board, m.Access); address != "" {
			page.Mine = append(page.Mine, link{Text: m.Board.Name, Address: address})
		}
	}
	waiting, err := s.boards.Waiting(ctx, r.actor)
	if len(waiting) > 0 {
		page.Waiting = count(len(waiting), "invitation waits", "invitations wait") + " for your answer"
	}
	return err
}

func (s *site) homeBoard(ctx context.Context, b *board.Board, access board.Access, n int) (homeBoard, error) {
	rel, err := s.releases.Latest(ctx, b)
	if fault.Of(err) == fault.NotFound || err == nil && !access.May(board.SeeLeaderboard, b) {
		card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
		if err != nil {
			return homeBoard{}, err
		}
		h := newHomeBoard(b, card, nil, nil, n)
		if rel != nil {
			h.Line = "The leaderboard is for " + audienceName(reached(b)) + "."
		}
		if b.Suspended != "" {
			h.Line = "This board is suspended."
		}
		return h, nil
	}
	if err != nil {
		return homeBoard{}, err
	}
	to, err := s.releases.Reader(ctx, b, access)
	if err != nil {
		return homeBoard{}, err
	}
	view, err := s.releases.View(ctx, b, rel, to)
	if err != nil {
		return homeBoard{}, err
	}
	card, err := s.boards.Scorecard(ctx, b.ID, rel.Version)
	if err != nil {
		return homeBoard{}, err
	}
	leader, err := view.Rows(ctx, 0, 1)
	if err != nil {
		return homeBoard{}, err
	}
	return newHomeBoard(b, card, view, leader, n), nil
}

// newHomeBoard puts a board into words; rel is nil where nothing was released yet.
func newHomeBoard(b *board.Board, card *scorecard.Scorecard, rel *release.View, leader []release.Row, n int) homeBoard {
	h := homeBoard{Name: b.Name, Address: boardAddress(b), Purpose: card.Purpose}
	id := "cairn-" + strconv.Itoa(n)
	if rel == nil {
		h.Line = "The first release is still to come."
		h.Cairn = figure.Cairn(outline(card), id, "", "")
		return h
	}
	one, many := players(card.Players)
	h.Period, h.Line, h.Facts = rel.Period.Label(), rel.Title, count(rel.Scored, one, many)+" scored"
	if len(leader) == 1 {
		h.Cairn = figure.Cairn(stones(card, leader[0].Points), id, "", "")
	}
	return h
}

// outline returns a cairn still to be built: the ghosts of its parts by weight.
func outline(card *scorecard.Scorecard) []figure.Stone {
	var all []figure.Stone
	for _, p := range card.Parts {
		if p.Scored {
			all = append(all, figure.Stone{Possible: p.Weight})
		}
	}
	return all
}

// stones returns the cairn of a row's points, with ghosts where the possible points are the same for everyone.
func stones(card *scorecard.Scorecard, points []float64) []figure.Stone {
	all := make([]figure.Stone, len(points))
	tops := topParts(card, len(points))
	weights := 0.0
	for _, p := range tops {
		weights += p.Weight
	}
	for i, earned := range points {
		all[i].Points = earned
		if card.OutOf > 0 && card.Combine.Mean == scorecard.Arithmetic && weights > 0 {
			all[i].Possible = card.OutOf * tops[i].Weight / weights
		}
	}
	return all
}

// topParts returns the n top parts that a row has points for: the scored ones.
func topParts(card *scorecard.Scorecard, n int) []*scorecard.Part {
	var scored []*scorecard.Part
	for _, p := range card.Parts {
		if p.Scored || len(card.Parts) == n {
			scored = append(scored, p)
		}
	}
	if len(scored) != n {
		return nil
	}
	return scored
}
