package board

import (
	"context"
	"time"

	"cairn/internal/identity"
)

// Role is what somebody is on a board beside being scored there.
type Role string

const (
	Owner   Role = "owner"   // everything, hands the board over
	Manager Role = "manager" // designs, invites, imports, releases
	Coach   Role = "coach"   // sees the players and metrics that were given
	Steward Role = "steward" // reads and audits all, changes nothing
	Viewer  Role = "viewer"  // sees what members see
)

// Scope is what a coach was given. An empty list of metrics is all of them; a coach without players sees none.
type Scope struct {
	Players []string            `json:"players,omitempty"` // keys
	Tags    map[string][]string `json:"tags,omitempty"`    // tag group → tags whose players are given
	Metrics []string            `json:"metrics,omitempty"` // keys
}

// Holder is somebody with a role.
type Holder struct {
	Account string // "" until somebody signs in who proved the address
	Address string // that the role was given to; "" none
	Role    Role
	Scope   Scope
	Since   time.Time
}

// Access is what somebody is on one board.
type Access struct {
	Account string  // "" nobody is signed in
	Role    Role    // "" none
	Scope   Scope   // of a coach
	Member  *Member // their own membership, in whatever state; nil none
}

// Act is something that a person may do on a board. Front doors name one for every route.
type Act string

const (
	SeeBoard       Act = "see board"       // that it exists, what it is, its methodology
	SeeLeaderboard Act = "see leaderboard" // of those shown to them
	SeeScorecards  Act = "see scorecards"  // of other players than themselves
	SeeHistory     Act = "see history"     // earlier releases, the archive
	SeeOwn         Act = "see own"         // the own scorecard, ledger and what the board keeps
	SeeAll         Act = "see all"         // everyone, the bottom and the hidden too
	SeeGiven       Act = "see given"       // a coach's players
	SeeTrail       Act = "see trail"       // who did what, receipts, members' states
	Manage         Act = "manage"          // design, invite, import, release, tags, notes
	Govern         Act = "govern"          // roles, hand over, delete
)

// May reports whether somebody may do something on a board. It is the only place that says so.
func (a Access) May(act Act, b *Board) bool { return false }

// Sees reports whether a page for an audience is for them; own is a page about their own record.
func (a Access) Sees(to Audience, own bool) bool { return false }

// Access returns what an actor is on a board.
func (b *Boards) Access(ctx context.Context, at *Board, a identity.Actor) (Access, error) {
	return Access{}, nil
}

// Mine is a board as one person meets it.
type Mine struct {
	Board  *Board
	Access Access
}

// Mine returns every board on which somebody is a member or has a role, by name.
func (b *Boards) Mine(ctx context.Context, a identity.Actor) ([]Mine, error) { return nil, nil }

// Holders returns who has a role on a board.
func (b *Boards) Holders(ctx context.Context, at *Board) ([]Holder, error) { return nil, nil }

// GiveRole gives a role to whoever proved, or proves later, to read an address; it replaces the one they had. Conflict for
// the last owner.
func (b *Boards) GiveRole(ctx context.Context, a identity.Actor, at *Board, address string, r Role, s Scope) error {
	return nil
}

// TakeRole takes a role away. Conflict for the last owner, who hands the board over first.
func (b *Boards) TakeRole(ctx context.Context, a identity.Actor, at *Board, holder Holder) error {
	return nil
}
