package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/intake"
)

const (
	mostHeld  = 10_000              // events of one connection
	heldFor   = 30 * 24 * time.Hour // then they are deleted
	daysFor   = 400 * 24 * time.Hour
	mostAgain = 500 // events that are tried again in one transaction
)

// Held is an event in quarantine.
type Held struct {
	ID   string // UUIDv7
	At   time.Time
	Why  string
	Type string
	Who  []string // identifiers of the player, as far as it names one
	Data json.RawMessage
}

// Reason is how many events wait for one reason.
type Reason struct {
	Why    string
	Events int
	Last   time.Time
}

// hold keeps events that have to wait. What waits already is not there twice.
func (s *Sources) hold(tx *db.Tx, c Connection, held []*planned) error {
	if len(held) == 0 {
		return nil
	}
	for part := range slices.Chunk(held, 25) {
		var places strings.Builder
		args := []any{c.ID, c.Player}
		there := map[string]bool{}
		for _, e := range part {
			sum := sha256.Sum256([]byte(e.event.ID))
			mark := hex.EncodeToString(sum[:16])
			if there[mark] { // PostgreSQL changes no row twice in one statement
				continue
			}
			there[mark] = true
			id, err := uuid.NewV7()
			if err != nil {
				return fmt.Errorf("making an identifier: %w", err)
			}
			at := len(args)
			fmt.Fprintf(&places, ", ($1, $2, $%d, $%d, $%d, $%d, $%d, $%d, $%d)", at+1, at+2, at+3, at+4, at+5, at+6, at+7)
			args = append(args, id.String(), mark, e.event.Received.UnixMicro(), clean(e.why), clean(e.event.Type), whoOf(e), write(e.event))
		}
		if _, err := tx.Exec(`INSERT INTO source_held (source_id, player_id, held_id, mark, at, why, type, who, event) VALUES `+places.String()[2:]+`
			ON CONFLICT (source_id, mark) DO UPDATE SET why = excluded.why, type = excluded.type, who = excluded.who, event = excluded.event`, args...); err != nil {
			return err
		}
	}
	var waiting int
	if err := tx.QueryRow(`SELECT COUNT(*) FROM source_held WHERE source_id = $1`, c.ID).Scan(&waiting); err != nil || waiting <= mostHeld {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM source_held WHERE source_id = $1 AND held_id IN (SELECT held_id FROM source_held WHERE source_id = $1 ORDER BY at, held_id LIMIT $2)`,
		c.ID, waiting-mostHeld); err != nil {
		return err
	}
	_, err := tx.Exec(`UPDATE source SET dropped = dropped + $1 WHERE source_id = $2`, waiting-mostHeld, c.ID)
	return err
}

// Reasons returns why events of a connection wait, the commonest reason first.
func (s *Sources) Reasons(ctx context.Context, c Connection) (reasons []Reason, err error) {
	err = s.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		if err := as(tx, c.Owner()); err != nil {
			return err
		}
		reasons, err = db.All(tx, func(row func(...any) error) (r Reason, err error) {
			var last int64
			err = row(&r.Why, &r.Events, &last)
			r.Last = instant(last)
			return r, err
		}, `SELECT why, COUNT(*), MAX(at) FROM source_held WHERE source_id = $1 GROUP BY why ORDER BY COUNT(*) DESC, why LIMIT 50`, c.ID)
		return err
	})
	return reasons, err
}

// Waiting returns events of a connection in quarantine, the newest first, from the one after before ("" the newest) on; with why
// those that wait for that reason.
func (s *Sources) Waiting(ctx context.Context, c Connection, why, before string, limit int) (held []Held, err error) {
	query, args := `SELECT held_id, at, why, type, who, event FROM source_held WHERE source_id = $1`, []any{c.ID}
	if why != "" {
		args = append(args, why)
		query += fmt.Sprintf(` AND why = $%d`, len(args))
	}
	if before != "" {
		args = append(args, before)
		query += fmt.Sprintf(` AND held_id < $%d`, len(args))
	}
	args = append(args, limit)
	query += fmt.Sprintf(` ORDER BY held_id DESC LIMIT $%d`, len(args))
	err = s.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		if err := as(tx, c.Owner()); err != nil {
			return err
		}
		held, err = db.All(tx, func(row func(...any) error) (h Held, err error) {
			var at int64
			var who, text string
			if err := row(&h.ID, &at, &h.Why, &h.Type, &who, &text); err != nil {
				return h, err
			}
			h.At, h.Who = instant(at), strings.FieldsFunc(who, func(r rune) bool { return r == '\n' })
			e, err := readEvent(text)
			h.Data = e.Data
			return h, err
		}, query, args...)
		return err
	})
	return held, err
}

// Replay tries events of a connection's quarantine again under its rules and the members of now: those that are named, or all.
// What still has to wait goes on waiting. Conflict for a connection that is retired.
func (s *Sources) Replay(ctx context.Context, a identity.Actor, o Owner, name string, ids ...string) (taken Taken, err error) {
	if err := s.own(a, o, identity.WriteOwn); err != nil {
		return taken, err
	}
	if len(ids) == 0 {
		err := s.rooms.DB.Read(ctx, func(tx *db.Tx) error {
			c, err := named(tx, o, name)
			if err == nil {
				err = as(tx, o)
			}
			if err != nil {
				return err
			}
			ids, err = tx.Texts(`SELECT held_id FROM source_held WHERE source_id = $1 ORDER BY at, held_id`, c.ID)
			return err
		})
		if err != nil {
			return taken, err
		}
	}
	first := true
	for part := range slices.Chunk(ids, mostAgain) {
		var now Taken
		err := s.act(ctx, a, o, name, func(tx *db.Tx, c Connection) error {
			now = Taken{}
			if c.State == Retired {
				return retired(c)
			}
			if c.Board != "" {
				at, err := s.boards.ByIDIn(tx, c.Board)
				if err != nil {
					return err
				}
				c.Zone = at.Location()
			}
			p, err := s.takeOut(tx, c, part)
			if err != nil || len(p.events) == 0 {
				return err
			}
			if err := s.take(tx, c, p); err != nil {
				return err
			}
			now = p.taken
			if !first {
				return nil
			}
			return s.note(tx, a, "source.replay", c, nil)
		})
		if err != nil {
			return taken, err
		}
		first = false
		taken.add(now)
	}
	return taken, nil
}

// takeOut takes events out of the quarantine, to be planned anew.
func (s *Sources) takeOut(tx *db.Tx, c Connection, ids []string) (*plan, error) {
	b := intake.Batch{}
	for _, id := range ids {
		var text string
		err := tx.QueryRow(`DELETE FROM source_held WHERE source_id = $1 AND held_id = $2 RETURNING event`, c.ID, id).Scan(&text)
		if fault.Of(err) == fault.NotFound {
			continue // somebody else did meanwhile
		}
		if err != nil {
			return nil, err
		}
		e, err := readEvent(text)
		if err != nil {
			return nil, err
		}
		b.Events = append(b.Events, e)
	}
	p := s.plan(c, b)
	p.again = true
	return p, nil
}

// Discard deletes events of a connection's quarantine: those that are named, or all that wait for a reason ("" any).
func (s *Sources) Discard(ctx context.Context, a identity.Actor, o Owner, name, why string, ids ...string) (gone int, err error) {
	err = s.act(ctx, a, o, name, func(tx *db.Tx, c Connection) error {
		gone = 0
		count := func(query string, args ...any) error {
			done, err := tx.Exec(query, args...)
			if err != nil {
				return err
			}
			n, err := done.RowsAffected()
			gone += int(n)
			return err
		}
		for _, id := range ids {
			if err := count(`DELETE FROM source_held WHERE source_id = $1 AND held_id = $2`, c.ID, id); err != nil {
				return err
			}
		}
		switch {
		case len(ids) > 0:
		case why == "":
			err = count(`DELETE FROM source_held WHERE source_id = $1`, c.ID)
		default:
			err = count(`DELETE FROM source_held WHERE source_id = $1 AND why = $2`, c.ID, why)
		}
		return err
	})
	return gone, err
}

// Sweep deletes what waited for 30 days, or for as long as its board keeps entries where that is less, keys that ended, and what was
// brought more than a year ago, by day.
func (s *Sources) Sweep(ctx context.Context) error {
	now := s.rooms.Now()
	boards, err := s.boards.List(ctx, true)
	if err != nil {
		return err
	}
	return s.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		for _, b := range boards {
			due := now.AddDate(0, 0, -b.Retention).UnixMicro()
			if due <= now.Add(-heldFor).UnixMicro() {
				continue
			}
			if _, err := tx.Exec(`UPDATE source SET dropped = dropped + (SELECT COUNT(*) FROM source_held h WHERE h.source_id = source.source_id AND h.at < $1)
				WHERE board_id = $2`, due, b.ID); err != nil {
				return err
			}
			for _, table := range []string{"source_held", "source_recent"} {
				if _, err := tx.Exec(`DELETE FROM `+table+` WHERE at < $1 AND source_id IN (SELECT source_id FROM source WHERE board_id = $2)`, due, b.ID); err != nil {
					return err
				}
			}
		}
		if err := s.sweepMessages(tx); err != nil {
			return err
		}
		for query, limit := range map[string]any{
			`DELETE FROM source_key WHERE ends_at <> 0 AND ends_at < $1`: now.UnixMicro(),
			`DELETE FROM source_day WHERE day < $1`:                      now.Add(-daysFor).UTC().Format(time.DateOnly),
		} {
			if _, err := tx.Exec(query, limit); err != nil {
				return err
			}
		}
		return nil
	})
}

// sweepMessages deletes what waited for 30 days, and messages as old, of boards' sources and of players' own.
func (s *Sources) sweepMessages(tx *db.Tx) error {
	old := s.rooms.Now().Add(-heldFor).UnixMicro()
	players, err := tx.Texts(`SELECT DISTINCT player_id FROM source WHERE player_id <> '' ORDER BY player_id`)
	if err != nil {
		return err
	}
	sweep := func() error {
		if _, err := tx.Exec(`UPDATE source SET dropped = dropped + (SELECT COUNT(*) FROM source_held h WHERE h.source_id = source.source_id AND h.at < $1)
			WHERE source_id IN (SELECT source_id FROM source_held WHERE at < $1)`, old); err != nil {
			return err
		}
		for _, table := range []string{"source_held", "source_recent"} {
			if _, err := tx.Exec(`DELETE FROM `+table+` WHERE at < $1`, old); err != nil {
				return err
			}
		}
		return nil
	}
	if err := sweep(); err != nil {
		return err
	}
	for some := range slices.Chunk(players, 500) { // whose messages nobody sees but by acting for them
		if err := tx.SentTo(some...); err != nil {
			return err
		}
		if err := sweep(); err != nil {
			return err
		}
	}
	return tx.SentTo()
}
