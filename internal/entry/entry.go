package entry

import (
	"context"
	"iter"
	"time"

	"cairn/internal/db"
)

// Entry is one thing a player did.
type Entry struct {
	Member int64   // the player's number on the board
	Key    string  // what it counts
	At     int64   // microseconds UTC
	Value  float64 // NaN: none, it counts only as an occurrence
	Label  string
	ID     string // external id, unique within the source; required
}

// Entries is the room.
type Entries struct{ db *db.DB }

// New builds the room; now is the only clock.
func New(d *db.DB, now func() time.Time) *Entries { return nil }

// Outcome tells what became of each entry of a batch, by index.
type Outcome struct {
	Added      int
	Duplicates int   // already there with the same content
	Conflicts  []int // same id, other content: refused
	Replaced   int   // of Append with replace
	TooLate    []int // dated under a purged or final period
}

// Append adds a batch from a source in one transaction. With replace, an entry whose id is there with other content
// takes its place.
func (e *Entries) Append(ctx context.Context, boardID, source string, batch []Entry, replace bool) (Outcome, error) {
	return Outcome{}, nil
}

// Window streams the entries of a board with from <= At < to (microseconds) in blocks, earliest days first; within one
// instant in the order they were added. from may be math.MinInt64.
func (e *Entries) Window(ctx context.Context, tx *db.Tx, boardID string, from, to int64) iter.Seq2[*Block, error] {
	return nil
}

// Block is a run of entries as columns; its slices are valid until the next one is asked for.
type Block struct {
	Keys   []string // dictionary
	Member []int64
	Key    []int32 // index into Keys
	At     []int64
	Value  []float64
	Label  func(i int) string
	ID     func(i int) string
}

// Receipt says what was deleted.
type Receipt struct {
	BoardID, ReleaseID string
	Before             time.Time // entries before this instant
	Count              int64
	Digest             string // hex SHA-256 over what was deleted
	At                 time.Time
}
