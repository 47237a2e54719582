package web

import (
	"context"
	"slices"
	"strconv"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/period"
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

// read works out what of a board is for somebody.
func (s *site) read(b *board.Board, a board.Access) reading {
	return reading{
		member: a.Member, runs: a.May(board.SeeAll, b), front: a.May(board.SeeBoard, b), rows: a.May(board.SeeLeaderboard, b),
		cards: a.May(board.SeeScorecards, b), history: a.May(board.SeeHistory, b), own: a.May(board.SeeOwn, b),
	}
}

// number is the reader's own on the board, −1 none.
func (r reading) number() int64 {
	if r.member == nil || !r.own {
		return -1
	}
	return r.member.Number
}

// is reports whether a player is the reader.
func (r reading) is(member int64) bool { return member >= 0 && member == r.number() }

// opens reports whether a player's scorecard is for the reader, as far as the board goes: the release may still not show it.
func (r reading) opens(member int64) bool {
	return r.runs || r.cards || r.is(member) || r.given[member]
}

// shy reports whether a player is the reader, who does not want to see the own number.
func (r reading) shy(member int64) bool { return r.is(member) && r.member.Shy }

// parameters returns what a release took from its players, without the metrics of which not everyone's value is for the
// reader: the lowest and the highest are somebody's.
func (r reading) parameters(card *scorecard.Scorecard, all score.Parameters) score.Parameters {
	if !r.whole {
		return nil
	}
	shown := score.Parameters{}
	card.Walk(func(p, _ *scorecard.Part, _ int) {
		if found := all[p.Key]; found != nil && !r.keeps(p) {
			shown[p.Key] = found
		}
	})
	return shown
}

// keeps reports whether a metric's value, or that of one below a group, is not for the reader.
func (r reading) keeps(p *scorecard.Part) bool {
	if p.IsGroup() {
		return slices.ContainsFunc(p.Parts, r.keeps)
	}
	return !r.may(p.Audience)
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
// which there may not be. An earlier one takes the right to the board's history, unless the page is one's own scorecard.
func (s *site) find(r *visit) (place, error) {
	ctx, b := r.Context(), r.board
	to, err := s.releases.Reader(ctx, b, r.access)
	if err != nil {
		return place{}, err
	}
	p := place{board: b, reading: s.read(b, r.access)}
	if to.Losses, err = s.wantsLosses(r, p.reading); err != nil {
		return place{}, err
	}
	p.reading.given, p.reading.may = to.Given, to.May
	latest, err := s.releases.Latest(ctx, b)
	name := r.PathValue("period")
	if fault.Of(err) == fault.NotFound && name == "" {
		p.card, err = s.boards.Scorecard(ctx, b.ID, b.Version)
		return p, err
	}
	if err != nil {
		return place{}, err
	}
	named := latest
	if name != "" {
		edition := 0
		if text := r.PathValue("edition"); text != "" {
			if edition, err = strconv.Atoi(text); err != nil || edition < 1 || strconv.Itoa(edition) != text {
				return place{}, fault.New(fault.NotFound, "There is no edition %q.", text)
			}
			p.lasting = true
		}
		if named, err = s.released(ctx, b, name, edition); err != nil {
			return place{}, err
		}
	}
	if named.State != release.Final {
		return place{}, fault.New(fault.NotFound, "This release is not published yet.")
	}
	if named.ID != latest.ID && !p.reading.history {
		if own, err := s.asksForOwn(r, p.reading); err != nil || !own {
			return place{}, fault.Wrap(fault.NotFound, err, "Earlier releases of this board are not for everyone.")
		}
	}
	if p.release, err = s.releases.View(ctx, b, named, to); err != nil {
		return place{}, err
	}
	at := &p.reading
	at.everything = at.runs || at.rows && at.cards && p.release.Whole()
	if at.whole = at.everything; b.Basis != board.OptIn && b.TopN == 0 && at.rows && at.cards && at.given == nil {
		names, err := s.boards.Directory(ctx, b)
		if err != nil {
			return place{}, err
		}
		hidden, _ := names.Hidden()
		at.whole = at.whole || len(hidden) == 0
	}
	p.card, err = s.boards.Scorecard(ctx, b.ID, named.Version)
	return p, err
}

// opens refuses a player's scorecard to whom it is not for.
func (s *site) opens(r *visit, p place) error {
	names, err := s.boards.Directory(r.Context(), p.board)
	if err != nil {
		return err
	}
	if p.release == nil || !p.reading.opens(names.ByKey(r.PathValue("player"))) {
		return fault.New(fault.NotFound, "There is no scorecard of this player for you.")
	}
	return nil
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

// wantsLosses reports whether the page is the reader's own and they asked for stories of loss too.
func (s *site) wantsLosses(r *visit, to reading) (bool, error) {
	own, err := s.asksForOwn(r, to)
	if err != nil || !own || r.access.Account == "" {
		return false, err
	}
	told, err := s.letters.Preference(r.Context(), r.access.Account, r.board.ID)
	return told.Losses, err
}

// released finds a release by the name of its period.
func (s *site) released(ctx context.Context, b *board.Board, name string, edition int) (*release.Release, error) {
	card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	p, err := period.Parse(card.Period, name)
	if err != nil || p.String() != name {
		return nil, fault.New(fault.NotFound, "There is no release of %q.", name)
	}
	return s.releases.Show(ctx, b, p, edition)
}
