package target

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"cairn/internal/board"
	"cairn/internal/db"
)

// reading is a board's targets in memory.
type reading struct {
	all []Target // in the order in which they were set; never changed
	at  time.Time
}

// trusted is for how long targets are taken for current without asking the database: what another program changes is seen that much
// later. What this room changes is seen at once.
const trusted = time.Second

// InForce returns the targets of a board as they stood at an instant, in the order in which they were set. It is asked for every release
// that is shown, and reads memory.
func (t *Targets) InForce(ctx context.Context, boardID string, at time.Time) (held []Target, err error) {
	all, err := t.all(ctx, boardID)
	for _, w := range all {
		if w.held(at) {
			held = append(held, w)
		}
	}
	return held, err
}

// List returns every target that a board ever had, in the order in which they were set.
func (t *Targets) List(ctx context.Context, at *board.Board) ([]Target, error) {
	all, err := t.all(ctx, at.ID)
	return slices.Clone(all), err
}

func (t *Targets) all(ctx context.Context, boardID string) ([]Target, error) {
	now := t.now()
	t.mu.Lock()
	was, made := t.read[boardID], t.made
	t.mu.Unlock()
	if age := now.Sub(was.at); !was.at.IsZero() && age >= 0 && age < trusted {
		return was.all, nil
	}
	var all []Target
	err := t.db.Read(ctx, func(tx *db.Tx) (err error) {
		all, err = readAll(tx, `board_id = $1`, boardID)
		return err
	})
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	if t.made == made {
		t.read[boardID] = reading{all, now}
	}
	t.mu.Unlock()
	return all, nil
}

// forgetRead has everything read anew.
func (t *Targets) forgetRead() {
	t.mu.Lock()
	t.made++
	clear(t.read)
	t.mu.Unlock()
}

// readAll reads the targets that a WHERE clause names.
func readAll(tx *db.Tx, where string, args ...any) (all []Target, err error) {
	rows, err := tx.Query(`SELECT target_id, board_id, metric, scope, tag_group, tag, member, moved, guardrail, path, why, from_day, set_at, set_by, ended_at
		FROM target WHERE `+where+` ORDER BY set_at, target_id`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var w Target
		var moved, set, ended int64
		var path string
		if err := rows.Scan(&w.ID, &w.Board, &w.Metric, &w.Scope, &w.Group, &w.Tag, &w.Member, &moved, &w.Guardrail, &path, &w.Why, &w.From, &set, &w.By, &ended); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(path), &w.Path); err != nil {
			return nil, fmt.Errorf("reading the path of target %s: %w", w.ID, err)
		}
		w.Moved, w.Set = moved == 1, time.UnixMicro(set).UTC()
		if ended > 0 {
			w.Ended = time.UnixMicro(ended).UTC()
		}
		all = append(all, w)
	}
	return all, rows.Err()
}
