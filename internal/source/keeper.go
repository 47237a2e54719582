package source

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cairn/internal/db"
	"cairn/internal/fault"
)

// Kept makes the room a keeper (package player), as Forget, Move and MoveBack do. It returns a player's own connections, without
// their secrets, and what waits in their quarantine; and of boards that they are on, what waits about them.
func (s *Sources) Kept(tx *db.Tx, account string) (map[string]any, error) {
	type connected struct {
		Name     string          `json:"name"`
		Kind     Kind            `json:"kind"`
		Settings json.RawMessage `json:"settings"`
		Rules    any             `json:"rules"`
		Every    string          `json:"every,omitempty"`
		State    State           `json:"state"`
		Why      string          `json:"why,omitempty"`
		Made     time.Time       `json:"made"`
		Last     time.Time       `json:"last,omitzero"`
	}
	if err := tx.SentTo(account); err != nil {
		return nil, err
	}
	own, err := list(tx, `player_id = $1`, account)
	if err != nil {
		return nil, err
	}
	kept := map[string]any{}
	var all []connected
	for _, c := range own {
		one := connected{c.Name, c.Kind, c.Settings, c.Rules, "", c.State, c.Why, c.Made, c.Health.Last}
		if c.Every > 0 {
			one.Every = c.Every.String()
		}
		all = append(all, one)
	}
	if len(all) > 0 {
		kept["connections.json"] = all
	}
	lines := [][]string{{"source", "board", "received", "waits_because", "event"}}
	add := func(where string, args ...any) error {
		rows, err := db.All(tx, func(row func(...any) error) ([]string, error) {
			var at int64
			line := make([]string, 5)
			err := row(&line[0], &line[1], &at, &line[3], &line[4])
			line[2] = instant(at).Format(time.RFC3339)
			return line, err
		}, `SELECT s.name, s.board_id, h.at, h.why, h.event FROM source_held h JOIN source s ON s.source_id = h.source_id WHERE `+where+` ORDER BY h.at, h.held_id`, args...)
		lines = append(lines, rows...)
		return err
	}
	recently := func(where string, args ...any) error {
		rows, err := db.All(tx, func(row func(...any) error) ([]string, error) {
			var at int64
			line := make([]string, 5)
			err := row(&line[0], &line[1], &at, &line[4])
			line[2], line[3] = instant(at).Format(time.RFC3339), "one of the last messages, kept to try rules on"
			return line, err
		}, `SELECT s.name, s.board_id, r.at, r.event FROM source_recent r JOIN source s ON s.source_id = r.source_id WHERE `+where+` ORDER BY r.at, r.place`, args...)
		lines = append(lines, rows...)
		return err
	}
	if err := add(`s.player_id = $1`, account); err != nil {
		return nil, err
	}
	if err := recently(`s.player_id = $1`, account); err != nil {
		return nil, err
	}
	err = s.about(tx, account, func(boardID, mark string) error {
		if err := add(`s.board_id = $1 AND h.who LIKE $2 ESCAPE '!'`, boardID, mark); err != nil {
			return err
		}
		return recently(`s.board_id = $1 AND r.who LIKE $2 ESCAPE '!'`, boardID, mark)
	})
	if err != nil {
		return nil, err
	}
	if len(lines) > 1 {
		kept["events.csv"] = lines
	}
	return kept, tx.SentTo()
}

// about calls do for every board that an account is on and everything by which messages to it could name them, as a pattern.
func (s *Sources) about(tx *db.Tx, account string, do func(boardID, pattern string) error) error {
	members, err := s.boards.MembersOf(tx, account)
	if err != nil {
		return err
	}
	addresses, err := s.rooms.Identity.NamedIn(tx, account)
	if err != nil {
		return err
	}
	for _, boardID := range slices.Sorted(maps.Keys(members)) {
		m := members[boardID]
		seen := map[string]bool{}
		for _, mark := range append([]string{m.Key, m.Email, m.Handle}, addresses...) {
			if mark = strings.ToLower(mark); mark == "" || seen[mark] {
				continue
			}
			seen[mark] = true
			if err := do(boardID, "%\n"+strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(mark)+"\n%"); err != nil {
				return err
			}
		}
	}
	return nil
}

// Forget deletes an account's own connections with all that they keep, and what boards' connections keep that names them by their key,
// address or handle. It has to come before the boards forget who they were.
func (s *Sources) Forget(tx *db.Tx, account string) error {
	defer s.keys.forget()
	if _, err := tx.Exec(`DELETE FROM source WHERE player_id = $1`, account); err != nil {
		return err
	}
	return s.about(tx, account, func(boardID, mark string) error {
		for _, table := range []string{"source_held", "source_recent"} {
			if _, err := tx.Exec(`DELETE FROM `+table+` WHERE source_id IN (SELECT source_id FROM source WHERE board_id = $1) AND who LIKE $2 ESCAPE '!'`, boardID, mark); err != nil {
				return err
			}
		}
		return nil
	})
}

// Move makes the connections of one account another's. One whose name the other has already stays behind, paused, until the move is
// undone.
func (s *Sources) Move(tx *db.Tx, from, into string) (json.RawMessage, error) {
	defer s.keys.forget()
	var moved struct {
		Sources []string `json:"sources,omitempty"`
		Paused  []string `json:"paused,omitempty"`
	}
	var err error
	const free = `player_id = $1 AND NOT EXISTS (SELECT 1 FROM source o WHERE o.player_id = $2 AND o.name = source.name)`
	if moved.Sources, err = tx.Texts(`SELECT source_id FROM source WHERE `+free+` ORDER BY source_id`, from, into); err != nil {
		return nil, err
	}
	if err := handOver(tx, from, into, moved.Sources); err != nil {
		return nil, err
	}
	if moved.Paused, err = tx.Texts(`SELECT source_id FROM source WHERE player_id = $1 AND state = 'active' ORDER BY source_id`, from); err != nil {
		return nil, err
	}
	for _, id := range moved.Paused {
		if _, err := tx.Exec(`UPDATE source SET state = 'paused', state_at = $2, next_at = 0 WHERE source_id = $1`, id, s.rooms.Now().UnixMicro()); err != nil {
			return nil, err
		}
	}
	return json.Marshal(moved)
}

// handOver makes connections of one account another's, with the messages that are kept of them.
func handOver(tx *db.Tx, from, into string, ids []string) error {
	if err := tx.SentTo(from, into); err != nil {
		return err
	}
	for _, id := range ids {
		for _, table := range []string{"source", "source_held", "source_recent"} {
			if _, err := tx.Exec(`UPDATE `+table+` SET player_id = $1 WHERE source_id = $2 AND player_id = $3`, into, id, from); err != nil {
				return err
			}
		}
	}
	return tx.SentTo()
}

// MoveBack undoes what Move did, as far as it is still there.
func (s *Sources) MoveBack(tx *db.Tx, from, into string, note json.RawMessage) error {
	defer s.keys.forget()
	var moved struct {
		Sources []string `json:"sources,omitempty"`
		Paused  []string `json:"paused,omitempty"`
	}
	if err := json.Unmarshal(note, &moved); err != nil {
		return fmt.Errorf("reading what was moved: %w", err)
	}
	if err := handOver(tx, into, from, moved.Sources); err != nil {
		return err
	}
	for _, id := range moved.Paused {
		c, err := s.connectionIn(tx, id)
		if fault.Of(err) == fault.NotFound || err == nil && (c.Player != from || c.State != Paused) {
			continue // removed or changed since
		}
		if err != nil {
			return err
		}
		if err := s.put(tx, c, Active, "", ""); err != nil {
			return err
		}
		c.State, c.Since = Active, s.rooms.Now()
		if err := s.wind(tx, c); err != nil {
			return err
		}
	}
	return nil
}

// forgetMessages deletes what is kept of the messages of a source whose entries its player deleted; with id, of those that became the
// entry with it.
func (s *Sources) forgetMessages(tx *db.Tx, account, source, id string) error {
	o := Owner{Player: account}
	c, err := named(tx, o, source)
	if fault.Of(err) == fault.NotFound {
		return nil // typed, counted or from a file
	}
	if err == nil {
		err = as(tx, o)
	}
	if err != nil {
		return err
	}
	for _, table := range []string{"source_recent", "source_held"} {
		if id == "" {
			_, err = tx.Exec(`DELETE FROM `+table+` WHERE source_id = $1`, c.ID)
		} else {
			err = forgetMessage(tx, table, c, id)
		}
		if err != nil {
			return err
		}
	}
	return tx.SentTo()
}

// forgetMessage deletes of one table what became an entry, be it under rules of before.
func forgetMessage(tx *db.Tx, table string, c Connection, id string) error {
	texts, err := tx.Texts(`SELECT event FROM `+table+` WHERE source_id = $1`, c.ID)
	if err != nil {
		return err
	}
	for _, text := range texts {
		e, err := readEvent(text)
		if err != nil {
			return err
		}
		became := e.ID == id || strings.HasPrefix(id, e.ID+"|")
		for _, made := range plannedBy(c, e).entries {
			became = became || made.ID == id
		}
		if !became {
			continue
		}
		if _, err := tx.Exec(`DELETE FROM `+table+` WHERE source_id = $1 AND event = $2`, c.ID, text); err != nil {
			return err
		}
	}
	return nil
}
