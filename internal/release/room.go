package release

import (
	"context"
	"io"
	"time"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/period"
)

// Releases is the room.
type Releases struct {
	db      *db.DB
	boards  *board.Boards
	entries *entry.Entries
	now     func() time.Time
}

// New builds the room; now is the only clock, hold the bytes of final releases that it may keep in memory.
func New(d *db.DB, boards *board.Boards, entries *entry.Entries, now func() time.Time, hold int64) *Releases {
	return &Releases{db: d, boards: boards, entries: entries, now: now}
}

var errNotYet = fault.New(fault.Internal, "not yet")

// Draft calculates the release of a period and keeps it as the board's draft, in place of any draft before it.
func (r *Releases) Draft(ctx context.Context, b *board.Board, p period.Period) (*Release, error) {
	return nil, errNotYet
}

// Preview returns the board's draft of a period; NotFound where there is none.
func (r *Releases) Preview(ctx context.Context, b *board.Board, p period.Period) (*Release, error) {
	return nil, errNotYet
}

// Publish calculates the release of a period from the entries as they stand and makes it final.
func (r *Releases) Publish(ctx context.Context, b *board.Board, p period.Period, early bool) (*Release, error) {
	return nil, errNotYet
}

// Erratum publishes a new edition of a period from the corrected entries. The edition before stays readable.
func (r *Releases) Erratum(ctx context.Context, b *board.Board, p period.Period, reason string) (*Release, error) {
	return nil, errNotYet
}

// Latest returns the last final release of a board in its latest edition; NotFound where there is none yet.
func (r *Releases) Latest(ctx context.Context, b *board.Board) (*Release, error) {
	return nil, errNotYet
}

// Archive returns every final release of a board and every edition, newest first.
func (r *Releases) Archive(ctx context.Context, b *board.Board) ([]*Release, error) {
	return nil, errNotYet
}

// Show returns one final release; edition 0 is the latest. NotFound where there is none.
func (r *Releases) Show(ctx context.Context, b *board.Board, p period.Period, edition int) (*Release, error) {
	return nil, errNotYet
}

// Rows returns lines of the leaderboard from offset on, best first, unscored players last.
func (r *Releases) Rows(ctx context.Context, rel *Release, offset, limit int) ([]Row, error) {
	return nil, errNotYet
}

// TagRows returns lines of the leaderboard of the players with a tag.
func (r *Releases) TagRows(ctx context.Context, rel *Release, group, tag string, offset, limit int) ([]Row, error) {
	return nil, errNotYet
}

// Card returns a player's scorecard in a release, by the player's key; NotFound where the player is not in it.
func (r *Releases) Card(ctx context.Context, rel *Release, player string) (*Card, error) {
	return nil, errNotYet
}

// History returns a player's releases, oldest first, in their latest editions.
func (r *Releases) History(ctx context.Context, b *board.Board, player string) ([]Point, error) {
	return nil, errNotYet
}

// AppendCardJSON appends a player's scorecard in a release as JSON, from published numbers only.
func (r *Releases) AppendCardJSON(ctx context.Context, dst []byte, rel *Release, player string) ([]byte, error) {
	return nil, errNotYet
}

// WriteBundle writes the bundle of a final release. Every call writes the same bytes.
func (r *Releases) WriteBundle(ctx context.Context, rel *Release, w io.Writer) error {
	return errNotYet
}
