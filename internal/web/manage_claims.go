package web

import (
	"cmp"
	"net/http"

	"cairn/internal/board"
	"cairn/internal/fault"
)

// claimsPage lists who says that a record of the board is theirs.
type claimsPage struct {
	*frame
	Managed managed
	Action  string
	Claims  []claimLine
}

type claimLine struct{ Key, Name, Card, Claimant, Address, When string }

var claimsScreen = screen{"manage_claims", (*site).claimsPage}

func (s *site) showClaims(w http.ResponseWriter, v *visit) error {
	return s.display(w, v, claimsScreen)
}

func (s *site) claimsPage(v *visit, f *form) (any, error) {
	b := v.board
	if b.Basis != board.PublicRecord {
		return nil, fault.New(fault.NotFound, "Nothing on this board can be claimed.")
	}
	around, head := s.managed(v, "/claims", "Claims", "Whoever is scored from public data can claim their record. Confirm a claim only once you know that it is theirs.")
	page := claimsPage{frame: around, Managed: head, Action: manageAddress(b) + "/claims"}
	claims, err := s.boards.Claims(v.Context(), b)
	if err != nil {
		return nil, err
	}
	for _, c := range claims {
		page.Claims = append(page.Claims, claimLine{Key: c.Member.Key, Name: c.Member.Called(), Card: playerAddress(boardAddress(b), c.Member.Key), Claimant: c.Claimant,
			Address: cmp.Or(c.Address, "an account without an address"), When: day(c.At, b.Location())})
	}
	page.Managed.Problem = f.problem()
	return page, nil
}

func (s *site) settleClaim(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, claimsScreen, func() (string, string, error) {
		f := v.PostForm
		yes, word := f.Get("answer") == "yes", "refused"
		if yes {
			word = "confirmed"
		}
		return manageAddress(v.board) + "/claims", word, s.boards.Confirm(v.Context(), v.actor, v.board, f.Get("player"), f.Get("claimant"), yes)
	})
}
