package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Person is somebody who is invited to a board, or something that is enrolled on it.
type Person struct {
	Key    string            `json:"key,omitempty" doc:"On the board. Default: made of the handle, name or address." maxLength:"200"`
	Name   string            `json:"name,omitempty" maxLength:"200"`
	Email  string            `json:"email,omitempty" maxLength:"254"`
	Handle string            `json:"handle,omitempty" maxLength:"200"`
	Tags   map[string]string `json:"tags,omitempty" doc:"Tag group: tag."`
}

// Member is a player on a board, as whoever runs it sees them.
type Member struct {
	Number  int64             `json:"number" doc:"Never used again."`
	Key     string            `json:"key" doc:"In addresses and files."`
	Name    string            `json:"name,omitempty"`
	Email   string            `json:"email,omitempty" doc:"Of somebody who did not claim their record yet."`
	Handle  string            `json:"handle,omitempty"`
	Tags    map[string]string `json:"tags,omitempty"`
	State   string            `json:"state" enum:"listed,invited,accepted,paused,left,former"`
	Since   time.Time         `json:"since" doc:"When the state changed."`
	Joined  time.Time         `json:"joined"`
	Claimed bool              `json:"claimed" doc:"Name and addresses are the player's own to change."`
	Hidden  bool              `json:"hidden" doc:"From everyone but managers and stewards."`
	Ref     string            `json:"ref" doc:"Under which releases and their files know them."`
}

// MemberInFull is a member with what they granted and what was written about them.
type MemberInFull struct {
	Member
	Asked    []Asked   `json:"asked" doc:"What the board asks for, on boards by opt-in."`
	Receipts []Receipt `json:"receipts" doc:"The ledger that both sides hold."`
	Notes    []Note    `json:"notes" doc:"Newest first."`
}

// Asked is a quantity that a board asks for, and whether it was granted.
type Asked struct {
	Metric string     `json:"metric"`
	Given  bool       `json:"given" doc:"Else it is missing in releases."`
	Since  *time.Time `json:"since,omitempty"`
	Until  *time.Time `json:"until,omitempty" doc:"Absent: until it is withdrawn."`
}

// Receipt is an entry of the ledger of grants. It names nobody, and each holds the digest of the one before.
type Receipt struct {
	Ledger   string     `json:"ledger"`
	Number   int        `json:"number" doc:"From 1."`
	At       time.Time  `json:"at"`
	Act      string     `json:"act" doc:"give, withdraw, …"`
	Quantity string     `json:"quantity" doc:"Key of the metric."`
	Purpose  string     `json:"purpose"`
	Terms    int        `json:"terms" doc:"Version that the player read."`
	From     time.Time  `json:"from"`
	Until    *time.Time `json:"until,omitempty"`
	Previous string     `json:"previous" doc:"Digest of the receipt before, empty of the first."`
	Digest   string     `json:"digest"`
}

// Note is what a manager or coach wrote about a player. No other board sees it; the player can read it.
type Note struct {
	ID   string    `json:"id"`
	At   time.Time `json:"at"`
	Text string    `json:"text"`
	Mine bool      `json:"mine" doc:"The token's owner wrote it."`
}

// Tagged is what changes of a member's tags: an empty one is taken off, those that are not named stay.
type Tagged struct {
	Tags map[string]string `json:"tags" doc:"Tag group: tag."`
}

// Words is a text.
type Words struct {
	Text string `json:"text" minLength:"1" maxLength:"8000"`
}

// Enrolment is people or things that are put on a board: found by what tells them apart, added where they are not there. On a board
// by opt-in they are stubs that are never scored before they accept an invitation.
type Enrolment struct {
	By     string   `json:"by,omitempty" enum:"key,email,handle,name" doc:"What tells them apart. Default: key."`
	People []Person `json:"people" minItems:"1" maxItems:"10000"`
}

// Enrolled is one of them: Number is -1 for somebody who left or declined, of whom nothing is taken.
type Enrolled struct {
	Number int64  `json:"number"`
	Key    string `json:"key,omitempty"`
}

// Which members are asked for.
type Which struct {
	Text   string // in name, key, address or handle
	State  string // "" every one
	Cursor string
	Limit  int    // 0 as the server likes
	Fields string // "name,state": only these; "" all
}

func (w Which) query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"q": w.Text, "state": w.State, "cursor": w.Cursor, "fields": w.Fields} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if w.Limit > 0 {
		q.Set("limit", strconv.Itoa(w.Limit))
	}
	return q
}

// Invitations and what became of them.
type (
	// Invite is what became of one person who was to be invited: mailed, a link to hand over, or why not.
	Invite struct {
		Person Person `json:"person"`
		Link   string `json:"link,omitempty" doc:"To hand over; shown once."`
		Mailed bool   `json:"mailed"`
		Error  string `json:"error,omitempty" doc:"Why this person was not invited."`
	}
	// People is who is to be invited.
	People struct {
		People []Person `json:"people" minItems:"1" maxItems:"500"`
	}
	// Invitation is a way onto a board that can still be used. What it says is all that is kept: no secret.
	Invitation struct {
		ID      string     `json:"id"`
		Player  string     `json:"player,omitempty" doc:"Key of the stub that it is for; absent: whoever has the link."`
		Name    string     `json:"name,omitempty"`
		Address string     `json:"address,omitempty" doc:"It was mailed to, and whose reader alone may use it."`
		Uses    int        `json:"uses" doc:"How often it may be used still."`
		Made    time.Time  `json:"made"`
		Expires time.Time  `json:"expires"`
		Sent    *time.Time `json:"sent,omitempty" doc:"When it was mailed."`
		Failed  string     `json:"failed,omitempty" doc:"Why the mail was refused."`
	}
	// OpenLink is a link that many may use.
	OpenLink struct {
		Uses    int       `json:"uses" minimum:"1" maximum:"10000"`
		Expires time.Time `json:"expires"`
	}
	// Link is an address that is shown once.
	Link struct {
		ID   string `json:"id,omitempty"`
		Link string `json:"link" doc:"A key: whoever has it may use it. It is kept nowhere."`
	}
)

// Role is what somebody is on a board beside being scored there.
type Role struct {
	Address string     `json:"address,omitempty" doc:"That it was given to. It waits until its reader signs in."`
	Account string     `json:"account,omitempty" doc:"Of somebody without an address." readOnly:"true"`
	Role    string     `json:"role" enum:"owner,manager,coach,steward,viewer"`
	Scope   *Scope     `json:"scope,omitempty" doc:"What a coach is given."`
	Since   *time.Time `json:"since,omitempty" readOnly:"true"`
	Waits   bool       `json:"waits,omitempty" doc:"Nobody has taken it up yet." readOnly:"true"`
}

// Scope is what a coach is given: players by key or by tag, and metrics; no metric named: all of them.
type Scope struct {
	Players []string            `json:"players,omitempty" doc:"Keys."`
	Tags    map[string][]string `json:"tags,omitempty" doc:"Tag group: tags whose players are given."`
	Metrics []string            `json:"metrics,omitempty" doc:"Keys; none: all."`
}

// Claim is that somebody says that a record of the board is theirs.
type Claim struct {
	Player   string    `json:"player" doc:"Key of the record."`
	Name     string    `json:"name,omitempty"`
	Claimant string    `json:"claimant" doc:"Account."`
	Address  string    `json:"address,omitempty" doc:"The claimant's, so that you know who asks."`
	At       time.Time `json:"at"`
}

// Settled settles a claim.
type Settled struct {
	Player   string `json:"player"`
	Claimant string `json:"claimant"`
	Confirm  bool   `json:"confirm" doc:"It is theirs; else the claim is refused."`
}

// Event is one thing that somebody did to a board. It holds no measured value.
type Event struct {
	ID     string            `json:"id"`
	At     time.Time         `json:"at"`
	Actor  string            `json:"actor,omitempty" doc:"As the board knows them; absent: the program, or its operator's console."`
	Verb   string            `json:"verb" example:"board.reveal"`
	Player string            `json:"player,omitempty" doc:"Whose record it concerns, as the board knows them."`
	Detail map[string]string `json:"detail,omitempty"`
}

// Members returns the members of a board by name.
func (c *Client) Members(ctx context.Context, board string, w Which) (Page[Member], error) {
	return ask[Page[Member]](ctx, c, http.MethodGet, at(board, "members"), w.query(), nil)
}

// Member returns one of them in full.
func (c *Client) Member(ctx context.Context, board, player string) (MemberInFull, error) {
	return ask[MemberInFull](ctx, c, http.MethodGet, at(board, "members", player), nil, nil)
}

// Enrol puts people or things on a board; all of them or none. It answers in their order.
func (c *Client) Enrol(ctx context.Context, board string, e Enrolment) (Page[Enrolled], error) {
	return ask[Page[Enrolled]](ctx, c, http.MethodPost, at(board, "members"), nil, e)
}

// SetTags sets tags of a member, an empty one is taken off; those that are not named stay.
func (c *Client) SetTags(ctx context.Context, board, player string, tags map[string]string) error {
	return c.call(ctx, http.MethodPatch, at(board, "members", player), nil, Tagged{tags}, nil)
}

// WriteNote writes a note about a member.
func (c *Client) WriteNote(ctx context.Context, board, player, text string) error {
	return c.call(ctx, http.MethodPost, at(board, "members", player, "notes"), nil, Words{text}, nil)
}

// TakeOff takes a member off the board; what is published stays.
func (c *Client) TakeOff(ctx context.Context, board, player string) error {
	return c.call(ctx, http.MethodDelete, at(board, "members", player), nil, nil, nil)
}

// PutBack lists again whom a manager took off and nobody claimed.
func (c *Client) PutBack(ctx context.Context, board, player string) error {
	return c.call(ctx, http.MethodPost, at(board, "members", player, "back"), nil, nil, nil)
}

// Invitations returns the invitations of a board that can still be used, newest first.
func (c *Client) Invitations(ctx context.Context, board string) (Page[Invitation], error) {
	return ask[Page[Invitation]](ctx, c, http.MethodGet, at(board, "invitations"), nil, nil)
}

// Invite invites people, each by mail where an address is known and mail can be sent, else by a link to hand over. What is wrong
// with one is told in its place.
func (c *Client) Invite(ctx context.Context, board string, people ...Person) (Page[Invite], error) {
	return ask[Page[Invite]](ctx, c, http.MethodPost, at(board, "invitations"), nil, People{people})
}

// InviteAnyone makes a link that so many people may use until it expires.
func (c *Client) InviteAnyone(ctx context.Context, board string, open OpenLink) (Link, error) {
	return ask[Link](ctx, c, http.MethodPost, at(board, "invitations", "open"), nil, open)
}

// RevokeInvitation ends an invitation.
func (c *Client) RevokeInvitation(ctx context.Context, board, id string) error {
	return c.call(ctx, http.MethodDelete, at(board, "invitations", id), nil, nil, nil)
}

// Roles returns who has a role on a board, owners first.
func (c *Client) Roles(ctx context.Context, board string) (Page[Role], error) {
	return ask[Page[Role]](ctx, c, http.MethodGet, at(board, "roles"), nil, nil)
}

// GiveRole gives a role to whoever proved, or proves later, to read an address; it replaces the one that the address had.
func (c *Client) GiveRole(ctx context.Context, board string, r Role) error {
	return c.call(ctx, http.MethodPost, at(board, "roles"), nil, r, nil)
}

// TakeRole takes the role of an address away, or that of an account without one, and the walls that they made.
func (c *Client) TakeRole(ctx context.Context, board string, r Role) error {
	q := url.Values{"address": {r.Address}}
	if r.Address == "" {
		q = url.Values{"account": {r.Account}}
	}
	return c.call(ctx, http.MethodDelete, at(board, "roles"), q, nil, nil)
}

// Claims returns the claims of a board of public record that wait, oldest first.
func (c *Client) Claims(ctx context.Context, board string) (Page[Claim], error) {
	return ask[Page[Claim]](ctx, c, http.MethodGet, at(board, "claims"), nil, nil)
}

// SettleClaim confirms or refuses a claim.
func (c *Client) SettleClaim(ctx context.Context, board string, s Settled) error {
	return c.call(ctx, http.MethodPost, at(board, "claims"), nil, s, nil)
}

// Trail returns who did what to a board, newest first.
func (c *Client) Trail(ctx context.Context, board, cursor string) (Page[Event], error) {
	q := url.Values{}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	return ask[Page[Event]](ctx, c, http.MethodGet, at(board, "trail"), q, nil)
}
