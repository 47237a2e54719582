package release

import (
	"context"
	"slices"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/period"
	"cairn/score"
	"cairn/scorecard"
)

// Asked is what somebody asks to see of a board.
type Asked struct {
	Period  string               // by name; "" or Newest the latest release, whichever that is
	Edition int                  // 0 the latest of the period
	Player  string               // key, where one player's scorecard is asked for
	Losses  func() (bool, error) // whether the reader wants stories of loss about themselves; nil no
}

// Newest is the word for the latest release in the place of a period.
const Newest = "latest"

// Found is what was asked for, as its reader may see it: a release and the scorecard it was made by. Where the board has no
// release yet, there is no view, and the scorecard is the one in force.
type Found struct {
	Sight
	View *View
	Card *scorecard.Scorecard
	Mine bool // the player who was asked for is the reader
}

// Sight is what of a board, and of one release, is for somebody.
type Sight struct {
	Member     *board.Member // the reader's own membership, nil none
	Runs       bool          // a manager or steward: everyone and everything
	Given      map[int64]bool
	Front      bool // the board's own page and its methodology
	Rows       bool // the leaderboard
	Cards      bool // scorecards of others
	History    bool // earlier releases
	Own        bool // their own scorecard
	Whole      bool // every row and every scorecard of the release
	Everything bool // and every value on them: the bundle
	May        func(scorecard.Audience) bool
}

// sight works out what of a board is for somebody, whatever the release.
func sight(b *board.Board, a board.Access) Sight {
	return Sight{
		Member: a.Member, Runs: a.May(board.SeeAll, b), Front: a.May(board.SeeBoard, b), Rows: a.May(board.SeeLeaderboard, b),
		Cards: a.May(board.SeeScorecards, b), History: a.May(board.SeeHistory, b), Own: a.May(board.SeeOwn, b),
	}
}

// Number is the reader's own on the board, −1 none.
func (s Sight) Number() int64 {
	if s.Member == nil || !s.Own {
		return -1
	}
	return s.Member.Number
}

// Is reports whether a player is the reader.
func (s Sight) Is(member int64) bool { return member >= 0 && member == s.Number() }

// Opens reports whether a player's scorecard is for the reader, as far as the board goes: the release may still not show it.
func (s Sight) Opens(member int64) bool {
	return s.Runs || s.Cards || s.Is(member) || s.Given[member]
}

// Shy reports whether a player is the reader, who does not want to see the own number.
func (s Sight) Shy(member int64) bool { return s.Is(member) && s.Member.Shy }

// Parameters returns what a release took from its players, without the metrics of which not everyone's value is for the
// reader: the lowest and the highest are somebody's.
func (s Sight) Parameters(card *scorecard.Scorecard, all score.Parameters) score.Parameters {
	if !s.Whole {
		return nil
	}
	shown := score.Parameters{}
	card.Walk(func(p, _ *scorecard.Part, _ int) {
		if found := all[p.Key]; found != nil && !s.keeps(p) {
			shown[p.Key] = found
		}
	})
	return shown
}

// keeps reports whether a metric's value, or that of one below a group, is not for the reader.
func (s Sight) keeps(p *scorecard.Part) bool {
	if p.IsGroup() {
		return slices.ContainsFunc(p.Parts, s.keeps)
	}
	return !s.May(p.Audience)
}

// Find returns what somebody asks to see of a board, as far as it is for them as what they are on it. An earlier release than
// the latest takes the right to the board's history, unless it is one's own scorecard. NotFound for what is not there, not
// published, or not theirs; a board without a release is found without one where none is named.
func (r *Releases) Find(ctx context.Context, b *board.Board, a board.Access, ask Asked) (Found, error) {
	to, err := r.Reader(ctx, b, a)
	if err != nil {
		return Found{}, err
	}
	f := Found{Sight: sight(b, a)}
	f.Given, f.May = to.Given, to.May
	if f.Mine, err = r.asksForOwn(ctx, b, f.Sight, ask.Player); err != nil {
		return Found{}, err
	}
	if f.Mine && ask.Losses != nil {
		if to.Losses, err = ask.Losses(); err != nil {
			return Found{}, err
		}
	}
	latest, err := r.Latest(ctx, b)
	newest := ask.Period == "" || ask.Period == Newest
	if fault.Of(err) == fault.NotFound && ask.Period == "" {
		f.Card, err = r.boards.Scorecard(ctx, b.ID, b.Version)
		return f, err
	}
	if err != nil {
		return Found{}, err
	}
	named := latest
	switch {
	case !newest:
		named, err = r.called(ctx, b, ask.Period, ask.Edition)
	case ask.Edition > 0:
		named, err = r.Show(ctx, b, latest.Period, ask.Edition)
	}
	if err != nil {
		return Found{}, err
	}
	if named.State != Final {
		return Found{}, fault.New(fault.NotFound, "This release is not published yet.")
	}
	if named.ID != latest.ID && !f.History && !f.Mine {
		return Found{}, fault.New(fault.NotFound, "Earlier releases of this board are not for everyone.")
	}
	if f.View, err = r.View(ctx, b, named, to); err != nil {
		return Found{}, err
	}
	f.Everything = f.Runs || f.Rows && f.Cards && f.View.Whole()
	if f.Whole = f.Everything; b.Basis != board.OptIn && b.TopN == 0 && f.Rows && f.Cards && f.Given == nil {
		names, err := r.boards.Directory(ctx, b)
		if err != nil {
			return Found{}, err
		}
		hidden, _ := names.Hidden()
		f.Whole = f.Whole || len(hidden) == 0
	}
	f.Card, err = r.boards.Scorecard(ctx, b.ID, named.Version)
	return f, err
}

// asksForOwn reports whether a player is the one who asks.
func (r *Releases) asksForOwn(ctx context.Context, b *board.Board, to Sight, key string) (bool, error) {
	if key == "" || to.Number() < 0 {
		return false, nil
	}
	names, err := r.boards.Directory(ctx, b)
	if err != nil {
		return false, err
	}
	return to.Is(names.ByKey(key)), nil
}

// called returns a release by the name of its period.
func (r *Releases) called(ctx context.Context, b *board.Board, name string, edition int) (*Release, error) {
	card, err := r.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	p, err := period.Parse(card.Period, name)
	if err != nil || p.String() != name {
		return nil, fault.New(fault.NotFound, "There is no release of %q.", name)
	}
	return r.Show(ctx, b, p, edition)
}

// OpenCard is a player's scorecard of what was found; NotFound where it is not for the reader.
func (r *Releases) OpenCard(ctx context.Context, b *board.Board, f Found, key string) error {
	names, err := r.boards.Directory(ctx, b)
	if err != nil {
		return err
	}
	if f.View == nil || !f.Opens(names.ByKey(key)) {
		return fault.New(fault.NotFound, "There is no scorecard of this player for you.")
	}
	return nil
}

// LookedBack bounds in how many releases a player's last card is looked for: each is opened for it.
const LookedBack = 12

// LastCard is the card of the last release that a player is in, of what was found; NotFound where there is none for the reader.
func (r *Releases) LastCard(ctx context.Context, b *board.Board, a board.Access, f Found, key string) (*Card, error) {
	card, err := f.View.Brief(ctx, key)
	if fault.Of(err) != fault.NotFound {
		return card, err
	}
	to, err := r.Reader(ctx, b, a)
	if err != nil {
		return nil, err
	}
	all, err := r.Archive(ctx, b)
	if err != nil {
		return nil, err
	}
	for _, rel := range all[:min(len(all), LookedBack)] {
		if rel.Superseded {
			continue
		}
		view, err := r.View(ctx, b, rel, to)
		if err != nil {
			return nil, err
		}
		if card, err := view.Brief(ctx, key); fault.Of(err) != fault.NotFound {
			return card, err
		}
	}
	return nil, fault.New(fault.NotFound, "There is no release of this player for you.")
}
