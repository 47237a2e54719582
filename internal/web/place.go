package web

import (
	"strconv"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/release"
	"cairn/scorecard"
)

// place is what an address names, as its reader may see it: a board and, where there is one, a release and the scorecard it
// was made by.
type place struct {
	board   *board.Board
	card    *scorecard.Scorecard // of the release, else the one in force
	release *release.View        // nil: the board has none yet
	lasting bool                 // the address names the edition
	sight   release.Sight
	own     bool // the player that the address names is the reader
}

// home is where a board begins for somebody: its own page; of one in stealth their membership; "" nowhere.
func home(b *board.Board, a board.Access) string {
	switch {
	case a.May(board.SeeBoard, b):
		return boardAddress(b)
	case a.May(board.SeeOwn, b):
		return boardAddress(b) + "/membership"
	}
	return ""
}

// under is the address that the pages of a release build on: the lasting one, or the latest.
func (p place) under() string {
	if p.lasting {
		return releaseAddress(p.board, p.release.Release)
	}
	return boardAddress(p.board)
}

// narrow reports whether a metric's value is not for everyone on the board.
func narrow(m *scorecard.Part) bool {
	return m.Audience == scorecard.ForPlayer || m.Audience == scorecard.ForSteward
}

// valueFor says for whom a narrow metric's value is.
func valueFor(m *scorecard.Part) string {
	if m.Audience == scorecard.ForPlayer {
		return "the player, managers and stewards"
	}
	return "managers and stewards"
}

// find reads what the address names, as far as it is for whoever asks. An address without a period names the latest release,
// which there may not be.
func (s *site) find(r *visit) (place, error) {
	p := place{board: r.board}
	ask := release.Asked{Period: r.PathValue("period"), Player: r.PathValue("player"), Losses: func() (bool, error) { return s.wantsLosses(r) }}
	if ask.Period == release.Newest { // a word of programs
		return place{}, fault.New(fault.NotFound, "There is no release of %q.", ask.Period)
	}
	if text := r.PathValue("edition"); text != "" && ask.Period != "" {
		var err error
		if ask.Edition, err = strconv.Atoi(text); err != nil || ask.Edition < 1 || strconv.Itoa(ask.Edition) != text {
			return place{}, fault.New(fault.NotFound, "There is no edition %q.", text)
		}
		p.lasting = true
	}
	found, err := s.releases.Find(r.Context(), r.board, r.access, ask)
	if err != nil {
		return place{}, err
	}
	p.card, p.release, p.sight, p.own = found.Card, found.View, found.Sight, found.Mine
	return p, nil
}

// opens refuses a player's scorecard to whom it is not for.
func (s *site) opens(r *visit, p place) error {
	return s.releases.OpenCard(r.Context(), p.board, release.Found{Sight: p.sight, View: p.release, Card: p.card}, r.PathValue("player"))
}

// wantsLosses reports whether the reader asked for stories of loss too.
func (s *site) wantsLosses(r *visit) (bool, error) {
	if r.access.Account == "" {
		return false, nil
	}
	told, err := s.letters.Preference(r.Context(), r.access.Account, r.board.ID)
	return told.Losses, err
}
