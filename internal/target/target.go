package target

import (
	"context"
	"encoding/json"
	"time"

	"cairn/internal/audit"
	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/identity"
	"cairn/internal/period"
)

// Scope is whose value is held against a target.
type Scope string

const (
	Player Scope = "player" // each player's own
	Team   Scope = "team"   // the mean of those with a tag: nobody is compared with it alone
	Board  Scope = "board"  // the mean of all
)

// Point is a value that is wanted on a day.
type Point struct {
	Day   string  `json:"day"` // ISO
	Value float64 `json:"value"`
}

// Target is what is wanted.
type Target struct {
	ID     string // UUIDv7
	Board  string // board_id
	Metric string // key; "" the score itself
	Scope  Scope
	Group  string // of Team: tag group, and
	Tag    string // tag; "" every team of the group
	Member int64  // of Player: number of the one player, −1 all
	Path   []Point
	Why    string    // the manager's words
	From   string    // ISO day from which on it holds
	Set    time.Time // when it was set, and until when it held
	Ended  time.Time // zero: it holds
	By     string    // account, "" the console or somebody who is gone
}

// Way says how a value stands to a target.
type Way string

const (
	Ahead   Way = "ahead"
	OnPath  Way = "on path"
	Behind  Way = "behind"
	NoValue Way = "no value"
)

// Standing is how somebody or a team stands to a target in one release.
type Standing struct {
	Target Target
	Due    float64 // what is wanted at the end of the period
	Value  float64 // NaN none
	Way    Way
}

// Targets is the room.
type Targets struct {
	db     *db.DB
	boards *board.Boards
	trail  *audit.Trail
	now    func() time.Time
}

// New builds the room; now is the only clock.
func New(d *db.DB, boards *board.Boards, trail *audit.Trail, now func() time.Time) *Targets {
	return &Targets{db: d, boards: boards, trail: trail, now: now}
}

// Set puts a target in force, in place of one of the same metric and scope.
func (t *Targets) Set(ctx context.Context, a identity.Actor, at *board.Board, wanted Target) (Target, error) {
	panic("to be written")
}

// End ends a target; NotFound for none.
func (t *Targets) End(ctx context.Context, a identity.Actor, at *board.Board, id string) error {
	panic("to be written")
}

// InForce returns the targets of a board as they stood at an instant. It is asked for every card that is shown, and keeps
// what it read.
func (t *Targets) InForce(ctx context.Context, boardID string, at time.Time) ([]Target, error) {
	return nil, nil
}

// Stand says how a value stands to a target on the last day of a period; share is the part of the period that counts, 1 all of it, less
// for who joined or paused within it.
func (w Target) Stand(p period.Period, value, share float64, higher bool) Standing {
	panic("to be written")
}

// Kept makes the room a keeper (package player), as Forget, Move and MoveBack do.
func (t *Targets) Kept(tx *db.Tx, account string) (map[string]any, error) { return nil, nil }

// Forget takes who set targets out of them.
func (t *Targets) Forget(tx *db.Tx, account string) error { return nil }

// Move makes one account's targets another's.
func (t *Targets) Move(tx *db.Tx, from, into string) (json.RawMessage, error) { return nil, nil }

// MoveBack undoes it.
func (t *Targets) MoveBack(tx *db.Tx, from, into string, note json.RawMessage) error { return nil }
