package player

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"cairn/internal/audit"
	"cairn/internal/consent"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// Keeper is a room that keeps something of people: all that it keeps goes into their export, goes when they erase themselves,
// and moves when two records become one. identity, consent, board, release and this room are keepers.
type Keeper interface {
	// Kept returns all that the room keeps of an account: file name → content. A [][]string or an iter.Seq2[[]string, error]
	// becomes CSV, its first row being the names of the columns; []byte is written as it is; all else becomes JSON. nil is
	// left out.
	Kept(tx *db.Tx, account string) (map[string]any, error)
	// Forget deletes it.
	Forget(tx *db.Tx, account string) error
	// Move makes what is one account's another's. The note says what was moved, so that MoveBack can undo it.
	Move(tx *db.Tx, from, into string) (note json.RawMessage, err error)
	MoveBack(tx *db.Tx, from, into string, note json.RawMessage) error
}

// Players is the room.
type Players struct {
	db       *db.DB
	who      *identity.Identity
	consents *consent.Consents
	trail    *audit.Trail
	now      func() time.Time
	keepers  []Keeper
	most     int                                                 // entries of one player
	deleted  []func(tx *db.Tx, account, source, id string) error // of WhenDeleted
	decoding sync.Mutex                                          // one picture at a time: it may take a hundred megabytes until it is small
}

// New builds the room; now is the only clock.
func New(d *db.DB, who *identity.Identity, consents *consent.Consents, trail *audit.Trail, now func() time.Time) *Players {
	return &Players{db: d, who: who, consents: consents, trail: trail, now: now, most: mostEntries}
}

// HoldAtMost says how many entries one player's record holds. It is called by whoever builds the rooms.
func (p *Players) HoldAtMost(entries int) { p.most = entries }

// Keep adds the other rooms that keep something of people, the lower before the upper. It is called by whoever builds the
// rooms.
func (p *Players) Keep(rooms ...Keeper) { p.keepers = append(p.keepers, rooms...) }

// upwards returns all keepers, identity first; downwards the other way round, so that what a room asks those below it about
// an account is still there.
func (p *Players) upwards() []Keeper { return append(append([]Keeper{}, p.keepers...), p) }

func (p *Players) downwards() []Keeper {
	up := p.upwards()
	down := make([]Keeper, 0, len(up))
	for i := range up {
		down = append(down, up[len(up)-1-i])
	}
	return down
}

// may refuses an actor who is not signed in, or whose token does not cover a scope.
func may(a identity.Actor, scope identity.Scope) error {
	if !a.SignedIn() {
		return fault.New(fault.Unauthenticated, "Sign in first.")
	}
	if !a.May(scope) {
		return fault.New(fault.Forbidden, "This token does not cover that: it needs the scope %s.", scope)
	}
	return nil
}

// proved refuses whoever did not prove a moment ago that it is them: what follows cannot be undone, or gives all away.
func (p *Players) proved(a identity.Actor) error {
	if !a.SignedIn() {
		return fault.New(fault.Unauthenticated, "Sign in first.")
	}
	if !a.JustProved(p.now()) {
		return fault.New(fault.Forbidden, "Prove once more that it is you: sign in again, then come back.")
	}
	return nil
}

// change runs a change of the actor's own record in a write transaction, unless the account has gone in the meantime.
func (p *Players) change(ctx context.Context, a identity.Actor, change func(*db.Tx) error) error {
	return p.db.Write(ctx, func(tx *db.Tx) error {
		if err := p.who.Still(tx, a.Account); err != nil {
			return err
		}
		return change(tx)
	})
}

// note writes into the trail what the actor did to their own record.
func (p *Players) note(tx *db.Tx, a identity.Actor, verb string, detail map[string]string) error {
	return p.trail.Write(tx, audit.Event{Actor: a.Account, Player: a.Account, Verb: verb, Detail: detail})
}
