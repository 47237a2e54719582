package hook

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"cairn/internal/db"
)

// Kept makes the room a keeper (package player), as Forget, Move and MoveBack do. It returns who was told of an account's
// memberships and grants.
func (h *Hooks) Kept(tx *db.Tx, account string) (map[string]any, error) {
	type told struct {
		Board string    `json:"board"`
		To    string    `json:"to"`
		Event string    `json:"event"`
		At    time.Time `json:"at"`
		State string    `json:"state"`
	}
	numbers, err := h.rooms.Boards.MembershipsOf(tx, account)
	if err != nil {
		return nil, err
	}
	all := []told{}
	for _, boardID := range slices.Sorted(maps.Keys(numbers)) {
		of, err := db.All(tx, func(scan func(...any) error) (t told, err error) {
			var at int64
			err = scan(&t.Board, &t.To, &t.Event, &at, &t.State)
			t.At = instant(at)
			return t, err
		}, `SELECT b.key, h.name, m.event, m.made_at, m.state FROM hook_message m JOIN hook h ON h.board_id = m.board_id AND h.hook_id = m.hook_id
			JOIN board b ON b.board_id = m.board_id WHERE m.board_id = $1 AND m.member = $2 ORDER BY m.message_id`, boardID, numbers[boardID])
		if err != nil {
			return nil, err
		}
		all = append(all, of...)
	}
	return map[string]any{"hooks.json": all}, nil
}

// Forget takes an account out of every message, and tells that a member whom nobody names left.
func (h *Hooks) Forget(tx *db.Tx, account string) error {
	numbers, err := h.rooms.Boards.MembershipsOf(tx, account)
	if err != nil {
		return err
	}
	for _, boardID := range slices.Sorted(maps.Keys(numbers)) {
		if _, err := tx.Exec(`UPDATE hook_message SET member = -1 WHERE board_id = $1 AND member = $2`, boardID, numbers[boardID]); err != nil {
			return err
		}
		to, err := h.listeners(tx, boardID, MemberLeft)
		if err != nil {
			return err
		}
		if err := h.post(tx, message{board: boardID, event: MemberLeft, member: -1, made: h.now()}, to...); err != nil {
			return err
		}
	}
	return nil
}

// Move moves nothing: messages name members, and go with the membership.
func (h *Hooks) Move(*db.Tx, string, string) (json.RawMessage, error) {
	return json.RawMessage("{}"), nil
}

// MoveBack has nothing to undo.
func (h *Hooks) MoveBack(*db.Tx, string, string, json.RawMessage) error { return nil }
