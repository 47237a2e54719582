package board

import (
	"context"
	"time"

	"cairn/internal/audit"
	"cairn/internal/identity"
)

// State of a member.
type State string

const (
	Listed   State = "listed"   // on a board of public record or of things: scored without a word of their own
	Invited  State = "invited"  // an invitation, never a score
	Accepted State = "accepted" // by their own word
	Paused   State = "paused"   // keeps streaks, is in no release meanwhile
	Left     State = "left"     // by their own word, or taken off by a manager
	Former   State = "former"   // erased: a number without a name
)

// Scored reports whether members in this state are scored.
func (s State) Scored() bool { return s == Listed || s == Accepted }

// Invitation is a way onto a board.
type Invitation struct {
	ID      string
	Board   *Board
	Member  *Member // the stub that it is for; nil an open link
	Address string  // it was mailed to, and whose reader alone may use it; "" whoever holds the link
	Uses    int     // of an open link: how often it may be used still
	Made    time.Time
	Expires time.Time
	Sent    time.Time // zero: not mailed
	Used    bool
}

// Choice is what a player says when joining, or later.
type Choice struct {
	Refused []string // keys of metrics; all others of the terms are granted
	Shows   []string // fields of the profile that the board may show
	Name    string   // how they want to be called on the board, "" as the stub or the profile says
	Hidden  bool
	Tags    map[string]string // those that players set
}

// Sent is what became of one person of a list.
type Sent struct {
	Person Member
	Link   string // to hand over, where no mail can be sent or none is known; "" it was mailed
	Error  error  // why this person was not invited
}

// Invite adds people as invited members and invites each: by mail where an address is known and mail can be sent, else by
// a link for the manager to hand over. Row by row: what is wrong with one is told in its place. Only on boards by opt-in.
func (b *Boards) Invite(ctx context.Context, a identity.Actor, at *Board, people []Member) ([]Sent, error) {
	return nil, nil
}

// InviteAnyone makes an open link that so many people may use until it expires.
func (b *Boards) InviteAnyone(ctx context.Context, a identity.Actor, at *Board, uses int, expires time.Time) (link string, err error) {
	return "", nil
}

// Invitations returns the invitations of a board that can still be used, newest first.
func (b *Boards) Invitations(ctx context.Context, at *Board) ([]Invitation, error) { return nil, nil }

// Revoke ends an invitation.
func (b *Boards) Revoke(ctx context.Context, a identity.Actor, at *Board, id string) error {
	return nil
}

// Invitation returns what a link is for and changes nothing. NotFound for one that is absent, used up, revoked or expired.
func (b *Boards) Invitation(ctx context.Context, token string) (*Invitation, error) { return nil, nil }

// Waiting returns the invitations to addresses that an actor proved to read.
func (b *Boards) Waiting(ctx context.Context, a identity.Actor) ([]Invitation, error) {
	return nil, nil
}

// Join accepts an invitation, by its token or by the id of one that waits for the actor. Conflict where somebody claimed
// the stub already, Forbidden where it was sent to an address that the actor did not prove to read.
func (b *Boards) Join(ctx context.Context, a identity.Actor, token, id string, c Choice) (Member, error) {
	return Member{}, nil
}

// Decline refuses an invitation: the stub goes, and nothing else happens. Nobody need sign in for it.
func (b *Boards) Decline(ctx context.Context, token string) error { return nil }

// DeclineWaiting refuses an invitation that waits for an address of the actor's.
func (b *Boards) DeclineWaiting(ctx context.Context, a identity.Actor, id string) error { return nil }

// Choose changes what a member said when joining; it holds from the next release on.
func (b *Boards) Choose(ctx context.Context, a identity.Actor, at *Board, c Choice) error { return nil }

// SetShy says whether a member wants to see the own number.
func (b *Boards) SetShy(ctx context.Context, a identity.Actor, at *Board, shy bool) error { return nil }

// Pause, Resume and Leave change the actor's own membership. Leaving withdraws every grant; hide takes the name out of
// past releases too, for everyone but managers and stewards.
func (b *Boards) Pause(ctx context.Context, a identity.Actor, at *Board) error            { return nil }
func (b *Boards) Resume(ctx context.Context, a identity.Actor, at *Board) error           { return nil }
func (b *Boards) Leave(ctx context.Context, a identity.Actor, at *Board, hide bool) error { return nil }

// Claim makes the actor the subject of a member of a board of public record: at once where they proved to read the
// address that the board knows, else it waits for a manager's Confirm.
func (b *Boards) Claim(ctx context.Context, a identity.Actor, at *Board, key string) (waits bool, err error) {
	return false, nil
}

// Confirm settles a claim.
func (b *Boards) Confirm(ctx context.Context, a identity.Actor, at *Board, key, claimant string, yes bool) error {
	return nil
}

// Claiming is a claim that waits for a manager.
type Claiming struct {
	Member   Member
	Claimant string // account
	Address  string // the claimant's primary one, so that the manager knows who asks; "" none
	At       time.Time
}

// Claims returns the claims of a board that wait, oldest first.
func (b *Boards) Claims(ctx context.Context, at *Board) ([]Claiming, error) { return nil, nil }

// TakeOff takes a member off the board (state Left).
func (b *Boards) TakeOff(ctx context.Context, a identity.Actor, at *Board, key string) error {
	return nil
}

// SetTags sets tags of a member: a manager those of managers, players their own.
func (b *Boards) SetTags(ctx context.Context, a identity.Actor, at *Board, key string, tags map[string]string) error {
	return nil
}

// Note is what a manager or coach wrote about a player: invisible to other boards, and part of the player's export.
type Note struct {
	ID     string
	Author string // account
	At     time.Time
	Text   string
}

// Notes and WriteNote: of one member.
func (b *Boards) Notes(ctx context.Context, at *Board, key string) ([]Note, error) { return nil, nil }
func (b *Boards) WriteNote(ctx context.Context, a identity.Actor, at *Board, key, text string) error {
	return nil
}

// Sweep does what is due: announced steps that hold now, invitations that expired, stubs that never answered within 90
// days (they and their entries are deleted).
func (b *Boards) Sweep(ctx context.Context) error { return nil }

// Trail returns what was done to a board, newest first.
func (b *Boards) Trail(ctx context.Context, at *Board, before string, limit int) ([]audit.Event, error) {
	return nil, nil
}
