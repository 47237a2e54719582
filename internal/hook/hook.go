package hook

import (
	"context"
	"encoding/json"
	"net/http"
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

// Kinds are all of them.
func Kinds() []Kind { return []Kind{Webhook, Slack, Discord, Teams} }

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

// Events returns what hooks of a kind can be told. A chat is read by whoever is in it, so it is told nothing about a member.
func Events(k Kind) []string {
	if k == Webhook {
		return []string{ReleaseFinal, ReleaseErratum, MemberJoined, MemberLeft, GrantChanged, SourceUnhealthy}
	}
	return []string{ReleaseFinal, ReleaseErratum, SourceUnhealthy}
}

// State of a hook.
const (
	Active  = "active"
	Paused  = "paused"  // by somebody: messages wait
	Failing = "failing" // nothing was taken for three days; messages are tried all the same
	Ended   = "ended"   // the other side said that it is gone for good: nothing is sent any more
)

// Hook is one address that is told what happens on a board.
type Hook struct {
	ID       string // UUIDv7
	Board    string // board_id
	Name     string
	Kind     Kind
	Address  string // masked where it holds a secret itself, as those of chats do
	Events   []string
	Members  bool   // a chat that the board's members alone read: it is told what members see
	State    string // "active", "paused" by somebody, "failing" after three days without an answer, "ended" by the other side
	Made     time.Time
	Good     time.Time // the other side last took a message; zero: never
	Former   time.Time // until then the secret before this one signs as well; zero: none does
	Waiting  int       // messages that wait
	Dead     int       // messages that are not tried any more
	Delivery *Delivery // the latest; nil none
}

// State of a delivery.
const (
	Waiting   = "waiting"
	Delivered = "delivered"
	Dead      = "dead" // it is not tried again unless somebody asks for it
)

// Delivery is one message to one hook.
type Delivery struct {
	ID      string // webhook-id
	Hook    string
	Event   string
	Made    time.Time
	Tries   int
	Tried   time.Time // the last time; zero: not yet
	Next    time.Time // of the next try, zero: none
	State   string    // "waiting", "delivered", "dead"
	Answer  string    // what the other side answered, for people: "200", "no answer"
	Payload json.RawMessage
}

// Hooks is the room.
type Hooks struct {
	rooms  Rooms
	client *http.Client
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
	Tell     Tell             // how managers are told that a hook fails; nil not at all
	Now      func() time.Time // the only clock
	Base     string           // address of the server, for links
}

// Tell tells an account something short about a board, by the way that they chose. id makes it itself; path is the page on this
// server where the rest stands.
type Tell func(ctx context.Context, account string, at *board.Board, id, subject, text, path string) error

// New builds the room, and has it told what happens: by the trail, and by releases that become final.
func New(r Rooms) *Hooks {
	h := &Hooks{rooms: r, client: r.Reach.Client()}
	h.client.Timeout = patience
	h.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // what is signed goes where it was meant to
	r.Trail.When(h.heard)
	r.Releases.WhenFinal(h.final)
	r.Queue.Handle(jobSend, h.send)
	r.Queue.Handle(jobNotice, h.notify)
	return h
}
