package release

import (
	"context"

	"cairn/internal/board"
)

// Rows and Card show all to the operator's console: View shows it to anybody else.

// Rows returns lines of the leaderboard from offset on, best first, unscored players last.
func (r *Releases) Rows(ctx context.Context, rel *Release, offset, limit int) ([]Row, error) {
	v, err := r.View(ctx, &board.Board{ID: rel.BoardID}, rel, Open)
	if err != nil {
		return nil, err
	}
	return v.Rows(ctx, offset, limit)
}

// Card returns a player's scorecard in a release, by the player's key; NotFound where the player is not in it.
func (r *Releases) Card(ctx context.Context, rel *Release, player string) (*Card, error) {
	v, err := r.View(ctx, &board.Board{ID: rel.BoardID}, rel, Open)
	if err != nil {
		return nil, err
	}
	return v.Card(ctx, player)
}

// AppendCardJSON appends Card as JSON.
func (r *Releases) AppendCardJSON(ctx context.Context, dst []byte, rel *Release, player string) ([]byte, error) {
	v, err := r.View(ctx, &board.Board{ID: rel.BoardID}, rel, Open)
	if err != nil {
		return dst, err
	}
	return v.AppendCardJSON(ctx, dst, player)
}
