package entry

import (
	"context"
	"math"
	"sync"
	"time"

	"cairn/internal/db"
	"cairn/internal/fault"
)

// Entry is one thing a player did.
type Entry struct {
	Member int64   // the player's number on the board
	Key    string  // what it counts
	At     int64   // microseconds UTC, in the years 1 to 9999
	Value  float64 // NaN: none, it counts only as an occurrence
	Label  string
	ID     string // external id, unique within the source; required
}

// Entries is the room.
type Entries struct {
	db        *db.DB
	now       func() time.Time
	deflaters sync.Pool // of *deflater: a small batch would pay more for a new one than for all the rest
}

// New builds the room; now is the only clock.
func New(d *db.DB, now func() time.Time) *Entries { return &Entries{db: d, now: now} }

const (
	maxKey   = 200  // bytes
	maxLabel = 4000 // bytes
	maxID    = 1000 // bytes
)

// Check refuses, with Invalid and the field, an entry that Append would refuse.
func (e Entry) Check() error {
	refuse := func(field, format string, args ...any) error {
		return fault.Wrong(field, "Entry %.100q: "+format, append([]any{e.ID}, args...)...)
	}
	switch {
	case e.ID == "":
		return fault.New(fault.Invalid, "An entry of %q has no id, so that it could not be told from a second one: give each entry an id of its own.", e.Key)
	case len(e.ID) > maxID:
		return refuse("id", "its id is longer than %d bytes.", maxID)
	case e.Key == "":
		return refuse("key", "it has no key that says what it counts.")
	case len(e.Key) > maxKey:
		return refuse("key", "its key is longer than %d bytes.", maxKey)
	case len(e.Label) > maxLabel:
		return refuse("label", "its label is longer than %d bytes.", maxLabel)
	case e.Member < 0:
		return refuse("player", "%d is no player's number.", e.Member)
	case math.IsInf(e.Value, 0):
		return refuse("value", "its value is not finite.")
	case e.At < minAt || e.At >= maxAt:
		return refuse("at", "its time lies outside the years 1 to 9999.")
	}
	return nil
}

// SourceState says what a source has brought to a board.
type SourceState struct {
	Name        string
	Entries     int64     // ever added, purged and replaced ones included
	First, Last time.Time // of their times; zero where there are none
}

// Sources returns the sources that ever brought an entry to a board, in the order in which they first did.
func (e *Entries) Sources(ctx context.Context, boardID string) (sources []SourceState, err error) {
	err = e.db.Read(ctx, func(tx *db.Tx) error {
		sources = nil
		rows, err := tx.Query(`SELECT name, entries, first_at, last_at FROM entry_source WHERE board_id = $1 AND entries > 0 ORDER BY source_no`, boardID)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var s SourceState
			var first, last int64
			if err := rows.Scan(&s.Name, &s.Entries, &first, &last); err != nil {
				return err
			}
			s.First, s.Last = time.UnixMicro(first).UTC(), time.UnixMicro(last).UTC()
			sources = append(sources, s)
		}
		return rows.Err()
	})
	return sources, err
}

// Close puts all entries of a board before an instant (microseconds) under a final release: from then on Append refuses
// them as too late. It never opens again what was closed; Amend writes below it.
func (e *Entries) Close(tx *db.Tx, boardID string, until int64) error {
	_, err := tx.Exec(`INSERT INTO entry_closed (board_id, until_at, purged) VALUES ($1, $2, '')
		ON CONFLICT (board_id) DO UPDATE SET until_at = excluded.until_at WHERE excluded.until_at > entry_closed.until_at`, boardID, until)
	return err
}

// closure is what of a board is closed: entries before until are under a final release, days before purged are gone.
type closure struct {
	until  int64
	purged string
}

// hold returns what of a board is closed. It writes the row as it was, so that whoever writes entries of the board next
// waits for this transaction or, on PostgreSQL, begins again after it.
func hold(tx *db.Tx, boardID string) (c closure, err error) {
	err = tx.QueryRow(`INSERT INTO entry_closed (board_id, until_at, purged) VALUES ($1, $2, '')
		ON CONFLICT (board_id) DO UPDATE SET until_at = entry_closed.until_at
		RETURNING until_at, purged`, boardID, int64(math.MinInt64)).Scan(&c.until, &c.purged)
	if fault.Of(err) == fault.Conflict {
		return c, fault.Wrap(fault.NotFound, err, "There is no such board.")
	}
	return c, err
}

const (
	minAt = -62_135_596_800_000_000 // 0001-01-01
	maxAt = 253_402_300_800_000_000 // 10000-01-01

	microsOfDay = 86_400_000_000
)

// dayOf returns the number of the UTC day that holds an instant.
func dayOf(at int64) int64 {
	day := at / microsOfDay
	if at%microsOfDay < 0 {
		day--
	}
	return day
}

// isoDay writes the number of a day as ISO text, in which days compare as they follow one another. Days before the year 1
// and after 9999 become the first and last text of all.
func isoDay(day int64) string {
	switch {
	case day < minAt/microsOfDay:
		return ""
	case day >= maxAt/microsOfDay:
		return "9999-12-32"
	}
	return time.UnixMicro(day * microsOfDay).UTC().Format(time.DateOnly)
}
