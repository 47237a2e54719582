package identity

import (
	"context"
	"encoding/json"

	"cairn/internal/db"
)

// Move moves every way in of one account into another: addresses, passkeys, providers, tokens; sessions of the one that
// goes end. The account that goes stays as an empty shell, so that MoveBack can undo it.
func (i *Identity) Move(tx *db.Tx, from, into string) (note json.RawMessage, err error) {
	return nil, nil
}

// MoveBack moves back what Move moved.
func (i *Identity) MoveBack(tx *db.Tx, from, into string, note json.RawMessage) error { return nil }

// Kept returns all that the room keeps of an account, by file name, as values for JSON: no secret, no hash.
func (i *Identity) Kept(tx *db.Tx, account string) (map[string]any, error) { return nil, nil }

// Forget deletes an account and every way in.
func (i *Identity) Forget(tx *db.Tx, account string) error { return nil }

// Sweep deletes what has expired: links, ceremonies, sessions, tokens.
func (i *Identity) Sweep(ctx context.Context) error { return nil }
