package target

import (
	"slices"
	"sync"
	"time"

	"cairn/internal/audit"
	"cairn/internal/board"
	"cairn/internal/db"
)

// Scope is whose value is held against a target.
type Scope string

const (
	Player Scope = "player" // each player's own
	Team   Scope = "team"   // the mean of those with a tag: nobody is compared with it alone
	Board  Scope = "board"  // the mean of all
)

// Everyone is the Member of a target that is for all players.
const Everyone = -1

// Target is what is wanted. It never changes.
type Target struct {
	ID        string // UUIDv7
	Board     string // board_id
	Metric    string // key; "" the score itself
	Scope     Scope
	Group     string // of Team: tag group, and
	Tag       string // tag; "" every team of the group
	Member    int64  // of Player: number of the one player, −1 all
	Moved     bool   // from players to their team, of Team and Board: single players' values of the metric are for themselves alone meanwhile
	Guardrail string // metric that should not worsen meanwhile, "" none
	Path      []Point
	Why       string    // the manager's words
	From      string    // ISO day: it holds for periods that end on it or later
	Set       time.Time // when it was set, and until when it held
	Ended     time.Time // zero: it holds
	By        string    // account, "" the console or somebody who is gone
}

// held reports whether the target held at an instant.
func (w Target) held(at time.Time) bool {
	return !w.Set.After(at) && (w.Ended.IsZero() || w.Ended.After(at))
}

// same reports whether two targets are for the same metric of the same players: of those, one holds at a time.
func (w Target) same(other Target) bool {
	return w.Metric == other.Metric && w.Scope == other.Scope && w.Group == other.Group && w.Tag == other.Tag && w.Member == other.Member
}

// For reports whether each of the players, or the one with a number, is held against the target.
func (w Target) For(member int64) bool {
	return w.Scope == Player && (w.Member == Everyone || w.Member == member)
}

// Since returns when the first of an unbroken row of targets of the same metric and players was set, of which w is one.
func Since(all []Target, w Target) time.Time {
	since := w.Set
	for {
		i := slices.IndexFunc(all, func(t Target) bool { return t.same(w) && t.Set.Before(since) && t.Ended.Equal(since) })
		if i < 0 {
			return since
		}
		since = all[i].Set
	}
}

// Targets is the room.
type Targets struct {
	db     *db.DB
	boards *board.Boards
	trail  *audit.Trail
	now    func() time.Time

	mu   sync.Mutex
	read map[string]reading // by board
	made uint64             // changes by this program
}

// New builds the room; now is the only clock.
func New(d *db.DB, boards *board.Boards, trail *audit.Trail, now func() time.Time) *Targets {
	return &Targets{db: d, boards: boards, trail: trail, now: now, read: map[string]reading{}}
}
