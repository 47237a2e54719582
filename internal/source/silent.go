package source

import (
	"context"
	"fmt"
	"slices"
	"time"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/period"
)

// brings notes which keys a connection brought, in the transaction that keeps their entries.
func (s *Sources) brings(tx *db.Tx, id string, keys map[string]bool) error {
	for key := range keys {
		if _, err := tx.Exec(`INSERT INTO source_brings (source_id, key, first_at) VALUES ($1, $2, $3) ON CONFLICT (source_id, key) DO NOTHING`,
			id, key, s.rooms.Now().UnixMicro()); err != nil {
			return err
		}
	}
	return nil
}

// standing is a connection of a board as far as it says whether its silence means anything.
type standing struct {
	id, name, heir string
	why            string // nothing can be told from its silence; "" it is well
	keys           []string
	caughtUp       int64 // instant up to which it has told what it left out before; 0 it tells nothing afterwards
}

// Silent returns the keys of entries that nothing which is well could have brought for a period, with the reason for people: those
// that came only from connections which are sick, paused or retired without an heir since before its end, or were paused or silent
// for a part of it. One that is asked, and was asked again before its end, has told what it left out. Whoever has no entry of such a
// key is missing, not zero. A key that something else brought in that period, such as an import, is not among them.
func (s *Sources) Silent(ctx context.Context, tx *db.Tx, b *board.Board, p period.Period) (map[string]string, error) {
	from, to := p.Bounds(b.Location())
	all, err := standings(tx, b, from, to)
	if err != nil {
		return nil, err
	}
	silent, names := map[string]string{}, map[string]bool{}
	for _, c := range all {
		if c.why != "" {
			names[c.name] = true
			for _, key := range c.keys {
				silent[key] = c.why
			}
		}
	}
	for _, c := range all {
		if c.why == "" {
			for _, key := range c.keys {
				delete(silent, key)
			}
		}
	}
	if len(silent) == 0 {
		return nil, nil
	}
	return silent, s.leaveHeard(ctx, tx, b.ID, from, to, names, silent)
}

// standings reads the connections of a board as they stand for a period between two instants.
func standings(tx *db.Tx, b *board.Board, begin, end time.Time) (all []*standing, err error) {
	rows, err := tx.Query(`SELECT source_id, name, kind, state, state_at, sick, good_at, heir FROM source WHERE board_id = $1 ORDER BY source_id`, b.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	by := map[string]*standing{}
	for rows.Next() {
		c := &standing{}
		var kind Kind
		var state State
		var since, sick, good int64
		if err := rows.Scan(&c.id, &c.name, &kind, &state, &since, &sick, &good, &c.heir); err != nil {
			return nil, err
		}
		if kind.Pulls() {
			c.caughtUp = good
		}
		before := since < end.UnixMicro()
		switch day := time.UnixMicro(since).In(b.Location()).Format("2 January 2006"); {
		case state == Paused && before:
			c.why = fmt.Sprintf("the source %s is paused since %s", c.name, day)
		case state == Retired && before:
			c.why = fmt.Sprintf("the source %s was retired on %s", c.name, day)
		case sick != 0 && good == 0:
			c.why = fmt.Sprintf("the source %s never brought anything", c.name)
		case sick != 0 && good < end.UnixMicro():
			c.why = fmt.Sprintf("the source %s brought nothing since %s", c.name, time.UnixMicro(good).In(b.Location()).Format("2 January 2006"))
		}
		by[c.id] = c
		all = append(all, c)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if err := gaps(tx, b, begin, end, by); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(all, func(c *standing) bool { return c.why != "" }) {
		return all, nil
	}
	for _, c := range all { // what takes its place answers for it
		for heir, steps := by[c.heir], 0; c.why != "" && heir != nil && steps < len(all); heir, steps = by[heir.heir], steps+1 {
			if heir.why == "" {
				c.why = ""
			}
		}
	}
	brought, err := tx.Query(`SELECT source_id, key FROM source_brings WHERE source_id IN (SELECT source_id FROM source WHERE board_id = $1)`, b.ID)
	if err != nil {
		return nil, err
	}
	defer brought.Close()
	for brought.Next() {
		var id, key string
		if err := brought.Scan(&id, &key); err != nil {
			return nil, err
		}
		if c := by[id]; c != nil { // else it was made just now
			c.keys = append(c.keys, key)
		}
	}
	return all, brought.Err()
}

// gaps has connections that are well be none for a period in which they brought nothing for a while.
func gaps(tx *db.Tx, b *board.Board, begin, end time.Time, by map[string]*standing) error {
	rows, err := tx.Query(`SELECT g.source_id, g.from_at, g.to_at, g.why FROM source_gap g JOIN source s ON s.source_id = g.source_id
		WHERE s.board_id = $1 AND g.from_at < $2 AND g.to_at > $3 ORDER BY g.from_at`, b.ID, end.UnixMicro(), begin.UnixMicro())
	if err != nil {
		return err
	}
	defer rows.Close()
	day := func(at int64) string { return time.UnixMicro(at).In(b.Location()).Format("2 January 2006") }
	for rows.Next() {
		var id, why string
		var from, to int64
		if err := rows.Scan(&id, &from, &to, &why); err != nil {
			return err
		}
		c := by[id]
		if c == nil || c.why != "" || to <= end.UnixMicro() && c.caughtUp >= to {
			continue
		}
		switch {
		case why == gapPaused && day(from) == day(to):
			c.why = fmt.Sprintf("the source %s was paused on %s", c.name, day(from))
		case why == gapPaused:
			c.why = fmt.Sprintf("the source %s was paused from %s to %s", c.name, day(from), day(to))
		default:
			c.why = fmt.Sprintf("the source %s brought nothing from %s to %s", c.name, day(from), day(to))
		}
	}
	return rows.Err()
}

// leaveHeard takes the keys out that came from elsewhere in the meantime.
func (s *Sources) leaveHeard(ctx context.Context, tx *db.Tx, boardID string, from, to time.Time, names map[string]bool, silent map[string]string) error {
	for block, err := range s.entries.Window(ctx, tx, boardID, from.UnixMicro(), to.UnixMicro()) {
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(block.Keys, func(key string) bool { return silent[key] != "" }) {
			continue
		}
		for i, key := range block.Key {
			if key := block.Keys[key]; silent[key] != "" && !names[block.Source(i)] {
				delete(silent, key)
			}
		}
	}
	return nil
}

// SilentNow is Silent for the period that a board is in, by the name of the metric; for whoever is on the board or looks after it.
func (s *Sources) SilentNow(ctx context.Context, b *board.Board) (why map[string]string, err error) {
	card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	var keys map[string]string
	err = s.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		keys, err = s.Silent(ctx, tx, b, period.Of(card.Period, s.rooms.Now(), b.Location()))
		return err
	})
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	why = map[string]string{}
	for _, m := range card.Metrics() {
		if reason := keys[m.Entry]; reason != "" && (m.Formula == nil || m.Formula.UsesValue) {
			why[m.Name] = reason
		}
	}
	return why, nil
}
