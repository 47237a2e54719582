package source

import (
	"context"
	"encoding/json"
	"time"

	"cairn/internal/identity"
	"cairn/internal/intake"
)

// Kind is how entries come from a source.
type Kind string

const (
	Push    Kind = "push"   // it sends messages, showing the source's key
	Counter Kind = "count"  // people count by hand
	Git     Kind = "git"    // a repository's commits
	Web     Kind = "json"   // any HTTP JSON API, by configuration
	Sheet   Kind = "sheet"  // a published spreadsheet or CSV
	Items   Kind = "feed"   // RSS, Atom or JSON Feed
	GitHub  Kind = "github" // and Gitea, one contract
	Gitea   Kind = "gitea"
	Another Kind = "board" // another board of this or another Cairn
)

// Connection is a source that a board or a player keeps: what sends, or what is asked again and again. A board's brings entries
// to the board; a player's own to the player's record, of which boards get what is derived and granted, never an entry.
type Connection struct {
	ID       string          // UUIDv7
	Board    string          // board_id whose it is; "" a player's
	Player   string          // account whose it is; "" a board's
	Name     string          // [a-z0-9-]{1,40}, unique with its owner: the name under which its entries are kept
	Kind     Kind            //
	Settings json.RawMessage // of its kind; never a secret
	Rules    intake.Rules    // what messages become
	Opens    bool            // it has credentials, which are sealed and never shown
	Every    time.Duration   // between two polls; 0 it sends by itself
	State    State
	Why      string // it was paused or retired
	Heir     string // id of the source that takes its place, "" none
	Made     time.Time
	Health   Health
}

// State of a connection.
type State string

const (
	Active  State = "active"
	Paused  State = "paused"  // nothing is asked and nothing taken
	Retired State = "retired" // for good; what it brought stays
)

// Health is how a connection does.
type Health struct {
	Last    time.Time // when it last brought or was asked; zero: never
	Good    time.Time // when that last went well
	New     time.Time // when it last brought something new
	Failed  int       // polls in a row that failed, or brought nothing where something is expected
	Trouble string    // what went wrong last, for people; "" nothing
	Next    time.Time // of the next poll
	Sick    bool      // it failed Tolerance times in a row: what it alone measures is missing, not zero
}

// Tolerance is how many polls in a row may fail before a connection is sick.
const Tolerance = 3

// Owner is whose connections are asked for: a board's by whoever manages it, or a player's own. Exactly one is set.
type Owner struct {
	Board  string // board_id
	Player string // account
}

// Taken says what became of messages.
type Taken struct {
	Events     int // that came
	Added      int // entries
	Duplicates int // that were there already
	Skipped    int // rules leave them out
	Waiting    int // in quarantine, until somebody mends rules or enrols players
	Conflicts  int // of a known id with other content: in quarantine as well
	TooLate    int // dated under a final release: in quarantine as well
	MadeIDs    int // without an id of their own
}

// Held is an event in quarantine.
type Held struct {
	ID   string // UUIDv7
	At   time.Time
	Why  string
	Type string
	Data json.RawMessage
}

// Shown is what an event would become.
type Shown struct {
	Event intake.Event
	Made  []intake.Made
	Why   string // nothing; "" where something
}

// Connections returns the connections of an owner, by name.
func (s *Sources) Connections(ctx context.Context, o Owner) ([]Connection, error) {
	panic("to be written")
}

// Connect makes one. Of a pushing one the secret is its key, shown once. Invalid, with the field; Conflict where the name is taken.
func (s *Sources) Connect(ctx context.Context, a identity.Actor, c Connection, credentials string) (made Connection, secret string, err error) {
	panic("to be written")
}

// ByKey returns the connection of a key that a program shows; Unauthenticated for none, Forbidden for one that is paused or retired.
func (s *Sources) ByKey(ctx context.Context, secret string) (Connection, error) {
	panic("to be written")
}

// Push takes messages for a connection. When it returns without an error they are on disk, as entries or in quarantine.
// Unavailable where they are not: the sender sends them again, and nothing is counted twice.
func (s *Sources) Push(ctx context.Context, c Connection, b intake.Batch) (Taken, error) {
	panic("to be written")
}
