package web

import (
	"strconv"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/release"
	"cairn/score"
	"cairn/scorecard"
)

// place is what an address names, as its reader may see it: a board and, where there is one, a release and the scorecard it
// was made by.
type place struct {
	board   *board.Board
	card    *scorecard.Scorecard // of the release, else the one in force
	release *release.View        // nil: the board has none yet
	lasting bool                 // the address names the edition
	reading reading
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

// reading is what of a board is for the reader of a page.
type reading struct {
	member     *board.Member // the reader's own membership, nil none
	runs       bool          // a manager or steward: everyone and everything
	given      map[int64]bool
	front      bool // the board's own page and its methodology
	rows       bool // the leaderboard
	cards      bool // scorecards of others
	history    bool // earlier releases
	own        bool // their own scorecard
	whole      bool // every row and every scorecard of the release
	everything bool // and every value on them: the bundle
	may        func(scorecard.Audience) bool
}

// seenAs is a sight in the words of pages.
func seenAs(s release.Sight) reading {
	return reading{member: s.Member, runs: s.Runs, given: s.Given, front: s.Front, rows: s.Rows, cards: s.Cards, history: s.History, own: s.Own,
		whole: s.Whole, everything: s.Everything, may: s.May}
}

// sight is it in the words of releases.
func (r reading) sight() release.Sight {
	return release.Sight{Member: r.member, Runs: r.runs, Given: r.given, Front: r.front, Rows: r.rows, Cards: r.cards, History: r.history, Own: r.own,
		Whole: r.whole, Everything: r.everything, May: r.may}
}

// number is the reader's own on the board, −1 none.
func (r reading) number() int64 { return r.sight().Number() }

// is reports whether a player is the reader.
func (r reading) is(member int64) bool { return r.sight().Is(member) }

// opens reports whether a player's scorecard is for the reader, as far as the board goes: the release may still not show it.
func (r reading) opens(member int64) bool { return r.sight().Opens(member) }

// shy reports whether a player is the reader, who does not want to see the own number.
func (r reading) shy(member int64) bool { return r.is(member) && r.member.Shy }

// parameters returns what a release took from its players, as far as it is for the reader.
func (r reading) parameters(card *scorecard.Scorecard, all score.Parameters) score.Parameters {
	return r.sight().Parameters(card, all)
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
	p.card, p.release, p.reading = found.Card, found.View, seenAs(found.Sight)
	return p, nil
}

// opens refuses a player's scorecard to whom it is not for.
func (s *site) opens(r *visit, p place) error {
	return s.releases.OpenCard(r.Context(), p.board, release.Found{Sight: p.reading.sight(), View: p.release, Card: p.card}, r.PathValue("player"))
}

// asksForOwn reports whether the player in the address is the one who asks.
func (s *site) asksForOwn(r *visit, to reading) (bool, error) {
	key := r.PathValue("player")
	if key == "" || to.number() < 0 {
		return false, nil
	}
	names, err := s.boards.Directory(r.Context(), r.board)
	if err != nil {
		return false, err
	}
	return to.is(names.ByKey(key)), nil
}

// wantsLosses reports whether the reader asked for stories of loss too.
func (s *site) wantsLosses(r *visit) (bool, error) {
	if r.access.Account == "" {
		return false, nil
	}
	told, err := s.letters.Preference(r.Context(), r.access.Account, r.board.ID)
	return told.Losses, err
}
