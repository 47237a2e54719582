package player

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"cairn/internal/audit"
	"cairn/internal/consent"
	"cairn/internal/db"
	"cairn/internal/entry"
	"cairn/internal/identity"
	"cairn/internal/period"
	"cairn/scorecard"
)

// Profile is what a player says of themselves.
type Profile struct {
	Player  string // account
	Name    string
	Bio     string // plain text
	Links   []Link
	Picture bool // there is one
	Zone    string
}

// Link is an address that a profile names.
type Link struct{ Text, Address string }

// Identifier is one way in which sources know a player.
type Identifier struct {
	Kind  string // email, handle, git
	Value string // lower case
	Proof string // "mail": proved by a link; "own word": nobody checked it
}

// Source is one of a player's own sources.
type Source struct {
	Name        string
	Entries     int
	First, Last time.Time
	Connected   time.Time
}

// Keeper is a room that keeps something of people: all that it keeps goes into their export, goes when they erase themselves,
// and moves when two records become one. identity, consent, board, release and this room are keepers.
type Keeper interface {
	// Kept returns all that the room keeps of an account: file name → value for JSON, or [][]string for CSV.
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
}

// New builds the room; now is the only clock.
func New(d *db.DB, who *identity.Identity, consents *consent.Consents, trail *audit.Trail, now func() time.Time) *Players {
	return &Players{db: d, who: who, consents: consents, trail: trail, now: now}
}

// Keep adds the rooms above that keep something of people. It is called by whoever builds the rooms.
func (p *Players) Keep(rooms ...Keeper) { p.keepers = append(p.keepers, rooms...) }

// Profile returns a player's profile; empty where the player wrote none. Which part of it a board may show is the
// board's membership to say.
func (p *Players) Profile(ctx context.Context, account string) (Profile, error) {
	return Profile{}, nil
}

// Write changes the actor's own profile. Invalid, with the field.
func (p *Players) Write(ctx context.Context, a identity.Actor, profile Profile) error { return nil }

// Picture returns a player's picture (PNG, at most 256 × 256), NotFound for none.
func (p *Players) Picture(ctx context.Context, account string) ([]byte, error) { return nil, nil }

// PutPicture decodes a picture (PNG or JPEG, up to 5 MB), makes it small and square, drops what cameras write into it, and
// keeps it. nil removes it.
func (p *Players) PutPicture(ctx context.Context, a identity.Actor, file io.Reader) error {
	return nil
}

// Identifiers returns how sources know a player, the proved addresses of the account included.
func (p *Players) Identifiers(ctx context.Context, account string) ([]Identifier, error) {
	return nil, nil
}

// AddIdentifier and RemoveIdentifier change the actor's own; Conflict where another player says the same of themselves.
func (p *Players) AddIdentifier(ctx context.Context, a identity.Actor, id Identifier) error {
	return nil
}
func (p *Players) RemoveIdentifier(ctx context.Context, a identity.Actor, id Identifier) error {
	return nil
}

// Append adds entries of the actor's own source; the same id twice counts once. Members are ignored. It returns how many
// were new.
func (p *Players) Append(ctx context.Context, a identity.Actor, source string, entries []entry.Entry) (added int, err error) {
	return 0, nil
}

// Sources returns the actor's own sources.
func (p *Players) Sources(ctx context.Context, a identity.Actor) ([]Source, error) { return nil, nil }

// Entries returns the actor's own entries, newest first.
func (p *Players) Entries(ctx context.Context, a identity.Actor, source string, before int64, limit int) ([]entry.Entry, error) {
	return nil, nil
}

// Disconnect deletes one of the actor's sources with all its entries, or one entry of it where an id is given.
func (p *Players) Disconnect(ctx context.Context, a identity.Actor, source, id string) error {
	return nil
}

// Wanted is a quantity that a board may have of a player.
type Wanted struct {
	Player string // account
	Metric string // key of a metric of the scorecard
}

// Derive reduces players' own entries to the values of metrics in a period, in the caller's transaction. It gives only
// what is granted at that moment (it asks consent itself), and only numbers: NaN where a player has nothing to count.
func (p *Players) Derive(tx *db.Tx, boardID string, card *scorecard.Scorecard, in period.Period, zone *time.Location, wanted []Wanted) (map[Wanted]float64, error) {
	return nil, nil
}

// Merge joins the record of another account into the actor's: both must have been proved within identity.ProofLasts.
// Memberships, grants, identifiers, entries and ways in move; it can be undone for 30 days. A board with both of them is
// Conflict until one of the two has left it.
func (p *Players) Merge(ctx context.Context, into, from identity.Actor) (id string, err error) {
	return "", nil
}

// Merged is a merge that can be undone.
type Merged struct {
	ID    string
	From  string
	At    time.Time
	Until time.Time
	note  json.RawMessage
}

// Merges returns the merges into the actor's record that can still be undone.
func (p *Players) Merges(ctx context.Context, a identity.Actor) ([]Merged, error) { return nil, nil }

// Unmerge undoes one: what was moved moves back; what was done since stays where it is.
func (p *Players) Unmerge(ctx context.Context, a identity.Actor, id string) error { return nil }

// Export writes all that Cairn holds on the actor: a ZIP of JSON and CSV files with a README inside. The actor must have
// proved themselves within identity.ProofLasts, else Forbidden.
func (p *Players) Export(ctx context.Context, a identity.Actor, w io.Writer) error { return nil }

// Erase deletes the actor's record, connections, entries and account at once, in one transaction of all keepers.
func (p *Players) Erase(ctx context.Context, a identity.Actor) error { return nil }

// Kept, Forget, Move and MoveBack: what this room itself keeps.
func (p *Players) Kept(tx *db.Tx, account string) (map[string]any, error)            { return nil, nil }
func (p *Players) Forget(tx *db.Tx, account string) error                            { return nil }
func (p *Players) Move(tx *db.Tx, from, into string) (json.RawMessage, error)        { return nil, nil }
func (p *Players) MoveBack(tx *db.Tx, from, into string, note json.RawMessage) error { return nil }
