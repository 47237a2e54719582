package release

import (
	"context"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/scorecard"
)

// Reader returns to whom a release of a board is shown: somebody, as what they are on it. There is no other place that says so,
// whether a page, a mail or a program shows it.
func (r *Releases) Reader(ctx context.Context, b *board.Board, a board.Access) (Reader, error) {
	to := Reader{Everyone: a.May(board.SeeAll, b), Member: -1, Top: b.TopN}
	if a.Member != nil && a.May(board.SeeOwn, b) {
		to.Member = a.Member.Number
	}
	if !a.May(board.SeeLeaderboard, b) {
		to.Top = -1
	}
	if a.May(board.SeeGiven, b) && !to.Everyone {
		names, err := r.boards.Directory(ctx, b)
		if err != nil {
			return to, err
		}
		to.Given, to.Metrics = names.Given(a.Scope), a.Scope.Metrics
	}
	if b.Basis == board.OptIn { // what nobody answered the two questions for is for its player alone
		terms, err := r.boards.TermsOf(ctx, b, b.Terms)
		if err != nil {
			return to, err
		}
		to.Audience = terms.Audience
	}
	to.May = func(audience scorecard.Audience) bool {
		// On a board of things or of the public record nobody keeps anything from its readers.
		return a.Measures(audience, false) || audience == scorecard.ForBoard && b.Basis != board.OptIn
	}
	return to, nil
}

// Named returns the release with an identifier, in the latest edition of its period; NotFound where the board has none.
func (r *Releases) Named(ctx context.Context, b *board.Board, id string) (*Release, error) {
	all, err := r.Archive(ctx, b)
	if err != nil {
		return nil, err
	}
	for _, rel := range all {
		if rel.ID == id {
			return r.Show(ctx, b, rel.Period, 0)
		}
	}
	return nil, fault.New(fault.NotFound, "The board %q has no such release.", b.Key)
}
