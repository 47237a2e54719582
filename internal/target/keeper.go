package target

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"cairn/internal/db"
)

// Kept makes the room a keeper (package player), as Forget, Move and MoveBack do. It returns the targets that somebody set or ended, and
// those that were set for them alone.
func (t *Targets) Kept(tx *db.Tx, account string) (map[string]any, error) {
	type kept struct {
		Board  string    `json:"board"`
		Metric string    `json:"metric"`
		Scope  Scope     `json:"scope"`
		Path   []Point   `json:"path"`
		Why    string    `json:"why"`
		From   string    `json:"from"`
		Set    time.Time `json:"set"`
		Ended  time.Time `json:"ended,omitzero"`
		SetBy  bool      `json:"set_by_you"`
		ForYou bool      `json:"for_you_alone"`
	}
	var all []kept
	add := func(targets []Target, forYou bool) {
		for _, w := range targets {
			all = append(all, kept{w.Board, w.Metric, w.Scope, w.Path, w.Why, w.From, w.Set, w.Ended, w.By == account, forYou})
		}
	}
	own, err := readAll(tx, `set_by = $1 OR ended_by = $1`, account)
	if err != nil {
		return nil, err
	}
	add(own, false)
	numbers, err := t.boards.MembershipsOf(tx, account)
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(numbers)) {
		theirs, err := readAll(tx, `board_id = $1 AND member = $2`, id, numbers[id])
		if err != nil {
			return nil, err
		}
		add(theirs, true)
	}
	if len(all) == 0 {
		return nil, nil
	}
	return map[string]any{"targets.json": all}, nil
}

// Forget deletes the targets that were set for somebody alone, and who set or ended those of others.
func (t *Targets) Forget(tx *db.Tx, account string) error {
	defer t.forgetRead()
	numbers, err := t.boards.MembershipsOf(tx, account)
	if err != nil {
		return err
	}
	for id, number := range numbers {
		if _, err := tx.Exec(`DELETE FROM target WHERE board_id = $1 AND member = $2`, id, number); err != nil {
			return err
		}
	}
	for _, column := range byColumns {
		if _, err := tx.Exec(`UPDATE target SET `+column+` = '' WHERE `+column+` = $1`, account); err != nil {
			return err
		}
	}
	return nil
}

// byColumns name accounts.
var byColumns = []string{"set_by", "ended_by"}

// Move makes what one account set and ended another's. Whom a target is for is a number on the board, which stays when another record is
// theirs.
func (t *Targets) Move(tx *db.Tx, from, into string) (json.RawMessage, error) {
	defer t.forgetRead()
	moved := map[string][]string{} // column → targets
	for _, column := range byColumns {
		ids, err := tx.Texts(`SELECT target_id FROM target WHERE `+column+` = $1 ORDER BY target_id`, from)
		if err != nil {
			return nil, err
		}
		if _, err := tx.Exec(`UPDATE target SET `+column+` = $1 WHERE `+column+` = $2`, into, from); err != nil {
			return nil, err
		}
		moved[column] = ids
	}
	return json.Marshal(moved)
}

// MoveBack undoes it, as far as it is still there.
func (t *Targets) MoveBack(tx *db.Tx, from, into string, note json.RawMessage) error {
	defer t.forgetRead()
	var moved map[string][]string
	if err := json.Unmarshal(note, &moved); err != nil {
		return fmt.Errorf("reading what was moved: %w", err)
	}
	for _, column := range byColumns {
		for _, id := range moved[column] {
			if _, err := tx.Exec(`UPDATE target SET `+column+` = $1 WHERE target_id = $2 AND `+column+` = $3`, from, id, into); err != nil {
				return err
			}
		}
	}
	return nil
}
