package player

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// undoable is for how long a merge can be undone. Until then what could not be moved is kept under the number of the
// account that went; afterwards it is deleted.
const undoable = 30 * 24 * time.Hour

// Merged is a merge that can be undone.
type Merged struct {
	ID    string    `json:"id"`
	From  string    `json:"from"` // account whose record it was
	At    time.Time `json:"at"`
	Until time.Time `json:"until"` // it can be undone
	note  json.RawMessage
}

// Merge joins the record of another account into the actor's: both must have been proved within identity.ProofLasts, else
// the error is Forbidden. Memberships, grants, identifiers, entries and ways in move; it can be undone for 30 days. A board
// with both of them is Conflict until one of the two has left it.
func (p *Players) Merge(ctx context.Context, into, from identity.Actor) (id string, err error) {
	for _, a := range []identity.Actor{into, from} {
		if err := p.proved(a); err != nil {
			return "", err
		}
	}
	if into.Account == from.Account {
		return "", fault.New(fault.Conflict, "That is the same record already.")
	}
	made, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("making an identifier: %w", err)
	}
	id = made.String()
	err = p.change(ctx, into, func(tx *db.Tx) error {
		if err := p.who.Still(tx, from.Account); err != nil {
			return err
		}
		notes := map[string]json.RawMessage{}
		for _, k := range p.downwards() {
			note, err := k.Move(tx, from.Account, into.Account)
			if err != nil {
				return err
			}
			if note == nil {
				note = json.RawMessage("null")
			}
			notes[nameOf(k)] = note
		}
		text, err := json.Marshal(notes)
		if err != nil {
			return fmt.Errorf("writing what was moved: %w", err)
		}
		if _, err := tx.Exec(`INSERT INTO player_merge (player_id, merge_id, from_id, notes, merged_at) VALUES ($1, $2, $3, $4, $5)`,
			into.Account, id, from.Account, string(text), p.now().UnixMicro()); err != nil {
			return err
		}
		return p.noteBoth(tx, into, from.Account, "record.merge")
	})
	return id, err
}

// nameOf is the name under which a room's notes are kept.
func nameOf(k Keeper) string { return fmt.Sprintf("%T", k) }

// noteBoth writes into the trail of both records.
func (p *Players) noteBoth(tx *db.Tx, a identity.Actor, other, verb string) error {
	if err := p.note(tx, a, verb, nil); err != nil {
		return err
	}
	return p.trail.Write(tx, audit.Event{Actor: a.Account, Player: other, Verb: verb})
}

// Merges returns the merges into the actor's record that can still be undone, newest first.
func (p *Players) Merges(ctx context.Context, a identity.Actor) (merges []Merged, err error) {
	if err := may(a, identity.ReadOwn); err != nil {
		return nil, err
	}
	err = p.db.Read(ctx, func(tx *db.Tx) error {
		all, err := readMerges(tx, a.Account)
		merges = nil
		for _, m := range all {
			if p.now().Before(m.Until) {
				merges = append(merges, m)
			}
		}
		return err
	})
	return merges, err
}

func readMerges(tx *db.Tx, account string) (merges []Merged, err error) {
	rows, err := tx.Query(`SELECT merge_id, from_id, notes, merged_at FROM player_merge WHERE player_id = $1 ORDER BY merged_at DESC, merge_id DESC`, account)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var m Merged
		var note string
		var at int64
		if err := rows.Scan(&m.ID, &m.From, &note, &at); err != nil {
			return nil, err
		}
		m.At, m.Until, m.note = instant(at), instant(at).Add(undoable), json.RawMessage(note)
		merges = append(merges, m)
	}
	return merges, rows.Err()
}

// joinedInto returns the accounts that were joined into one, and into those, and can still come apart.
func joinedInto(tx *db.Tx, account string) (joined []string, err error) {
	merges, err := readMerges(tx, account)
	if err != nil {
		return nil, err
	}
	for _, m := range merges {
		deeper, err := joinedInto(tx, m.From)
		if err != nil {
			return nil, err
		}
		joined = append(append(joined, deeper...), m.From)
	}
	return joined, nil
}

// Unmerge undoes one: what was moved moves back, what was removed since stays so, and what came since stays where it is.
// The actor must have been proved within identity.ProofLasts, else Forbidden. NotFound where there is no such merge, or it
// was more than 30 days ago.
func (p *Players) Unmerge(ctx context.Context, a identity.Actor, id string) error {
	if err := p.proved(a); err != nil {
		return err
	}
	return p.change(ctx, a, func(tx *db.Tx) error {
		merges, err := readMerges(tx, a.Account)
		if err != nil {
			return err
		}
		for _, m := range merges {
			if m.ID != id || !p.now().Before(m.Until) {
				continue
			}
			var notes map[string]json.RawMessage
			if err := json.Unmarshal(m.note, &notes); err != nil {
				return fmt.Errorf("reading merge %s: %w", id, err)
			}
			for _, k := range p.upwards() {
				note, there := notes[nameOf(k)]
				if !there {
					continue // a room that kept nothing of people then
				}
				if err := k.MoveBack(tx, m.From, a.Account, note); err != nil {
					return err
				}
			}
			if _, err := tx.Exec(`DELETE FROM player_merge WHERE player_id = $1 AND merge_id = $2`, a.Account, id); err != nil {
				return err
			}
			return p.noteBoth(tx, a, m.From, "record.unmerge")
		}
		return fault.New(fault.NotFound, "There is no such merge, or it can be undone no more.")
	})
}

// Sweep deletes what was kept to undo merges that can be undone no more.
func (p *Players) Sweep(ctx context.Context) error {
	var over []string // records with such a merge
	err := p.db.Read(ctx, func(tx *db.Tx) error {
		rows, err := tx.Query(`SELECT DISTINCT player_id FROM player_merge WHERE merged_at <= $1`, p.now().Add(-undoable).UnixMicro())
		if err != nil {
			return err
		}
		defer rows.Close()
		over = nil
		for rows.Next() {
			var account string
			if err := rows.Scan(&account); err != nil {
				return err
			}
			over = append(over, account)
		}
		return rows.Err()
	})
	if err != nil {
		return err
	}
	for _, account := range over {
		err := p.db.Write(ctx, func(tx *db.Tx) error {
			merges, err := readMerges(tx, account)
			if err != nil {
				return err
			}
			for _, m := range merges {
				if p.now().Before(m.Until) {
					continue
				}
				joined, err := joinedInto(tx, m.From)
				if err != nil {
					return err
				}
				if err := p.forget(tx, append(joined, m.From)...); err != nil {
					return err
				}
				if _, err := tx.Exec(`DELETE FROM player_merge WHERE player_id = $1 AND merge_id = $2`, account, m.ID); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
