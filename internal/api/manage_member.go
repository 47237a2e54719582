package api

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"cairn/client"
	"cairn/internal/audit"
	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// InMember is an address that names a member of a board.
type InMember struct {
	InBoard
	Player string `path:"player" doc:"Key of the player." maxLength:"200"`
}

func wireMember(m board.Member) client.Member {
	return client.Member{Number: m.Number, Key: m.Key, Name: m.Name, Email: m.Email, Handle: m.Handle, Tags: tagsOf(m.Tags), State: string(m.State),
		Since: m.Changed, Joined: m.Joined, Claimed: m.Player != "", Hidden: m.Hidden, Ref: m.Ref}
}

func (d *door) listMembers(ctx context.Context, v *visit, in *struct {
	InBoard
	Chosen
	Text  string `query:"q" doc:"In name, key, address or handle." maxLength:"200"`
	State string `query:"state" enum:"listed,invited,accepted,paused,left,former"`
}) (*body[client.Page[client.Member]], error) {
	all, err := d.Boards.Members(ctx, v.board.ID)
	if err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(all, func(m board.Member) bool {
		return in.State != "" && string(m.State) != in.State || !m.AnswersTo(in.Text)
	})
	slices.SortFunc(found, func(a, b board.Member) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Called()), strings.ToLower(b.Called())), cmp.Compare(a.Number, b.Number))
	})
	return page(found, in.Listed, func(m board.Member) string { return strconv.FormatInt(m.Number, 10) }, wireMember)
}

// member is the member that the address names, of whom something is left.
func (d *door) member(ctx context.Context, v *visit, key string) (board.Member, error) {
	m, err := d.Boards.Member(ctx, v.board.ID, key)
	if err == nil && m.State == board.Former {
		err = fault.New(fault.NotFound, "Nobody is left of this member.")
	}
	return m, err
}

func (d *door) showMember(ctx context.Context, v *visit, in *InMember) (*body[client.MemberInFull], error) {
	m, err := d.member(ctx, v, in.Player)
	if err != nil {
		return nil, err
	}
	told := client.MemberInFull{Member: wireMember(m), Asked: []client.Asked{}, Receipts: []client.Receipt{}}
	if told.Notes, err = d.notesOf(ctx, v, m.Key); err != nil {
		return nil, err
	}
	if v.board.Basis != board.OptIn || m.Player == "" {
		return answer(told), nil
	}
	terms, err := d.Boards.TermsOf(ctx, v.board, v.board.Terms)
	if err != nil {
		return nil, err
	}
	grants, err := d.Consents.Grants(ctx, m.Player, v.board.ID)
	if err != nil {
		return nil, err
	}
	for _, asked := range terms.Fields {
		g, given := grants[asked.Metric]
		one := client.Asked{Metric: asked.Metric, Given: given}
		if given {
			one.Since, one.Until = instant(g.From), instant(g.Until)
		}
		told.Asked = append(told.Asked, one)
	}
	receipts, err := d.Consents.Receipts(ctx, m.Player, v.board.ID)
	for _, r := range receipts {
		told.Receipts = append(told.Receipts, client.Receipt{Ledger: r.Ledger, Number: r.Number, At: r.At, Act: string(r.Act), Quantity: r.Quantity, Purpose: r.Purpose,
			Terms: r.Terms, From: r.From, Until: instant(r.Until), Previous: r.Previous, Digest: r.Digest})
	}
	return answer(told), err
}

// instant is an instant that may be missing.
func instant(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

func (d *door) notesOf(ctx context.Context, v *visit, key string) ([]client.Note, error) {
	notes, err := d.Boards.Notes(ctx, v.board, key)
	all := make([]client.Note, 0, len(notes))
	for _, n := range notes {
		all = append(all, client.Note{ID: n.ID, At: n.At, Text: n.Text, Mine: n.Author != "" && n.Author == v.actor.Account})
	}
	return all, err
}

func membersOf(people []client.Person) (all []board.Member) {
	for _, p := range people {
		all = append(all, board.Member{Key: p.Key, Name: p.Name, Email: p.Email, Handle: p.Handle, Tags: p.Tags})
	}
	return all
}

func (d *door) enrol(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.Enrolment
}) (*body[client.Page[client.Enrolled]], error) {
	numbers, err := d.Boards.EnrolBy(ctx, v.actor, v.board, in.Body.By, membersOf(in.Body.People))
	if err != nil {
		return nil, err
	}
	names, err := d.Boards.Directory(ctx, v.board)
	if err != nil {
		return nil, err
	}
	all := make([]client.Enrolled, 0, len(numbers))
	for _, n := range numbers {
		one := client.Enrolled{Number: n}
		if n != board.Gone {
			one.Key = names.Member(n).Key
		}
		all = append(all, one)
	}
	return listOf(all), nil
}

func (d *door) tagMember(ctx context.Context, v *visit, in *struct {
	InMember
	Body client.Tagged
}) (*nothing, error) {
	m, err := d.member(ctx, v, in.Player)
	if err != nil {
		return nil, err
	}
	return &nothing{}, d.Boards.SetTags(ctx, v.actor, v.board, m.Key, in.Body.Tags)
}

func (d *door) noteMember(ctx context.Context, v *visit, in *struct {
	InMember
	Body client.Words
}) (*nothing, error) {
	m, err := d.member(ctx, v, in.Player)
	if err != nil {
		return nil, err
	}
	return &nothing{}, d.Boards.WriteNote(ctx, v.actor, v.board, m.Key, in.Body.Text)
}

func (d *door) takeOffMember(ctx context.Context, v *visit, in *InMember) (*nothing, error) {
	m, err := d.member(ctx, v, in.Player)
	if err != nil {
		return nil, err
	}
	return &nothing{}, d.Boards.TakeOff(ctx, v.actor, v.board, m.Key)
}

func (d *door) putBackMember(ctx context.Context, v *visit, in *InMember) (*nothing, error) {
	m, err := d.member(ctx, v, in.Player)
	if err != nil {
		return nil, err
	}
	return &nothing{}, d.Boards.PutBack(ctx, v.actor, v.board, m.Key)
}

// inviting refuses a board that nobody is invited to.
func inviting(b *board.Board) error {
	if b.Basis != board.OptIn {
		return fault.New(fault.NotFound, "Nobody is invited to this board.")
	}
	return nil
}

func (d *door) listInvitations(ctx context.Context, v *visit, _ *InBoard) (*body[client.Page[client.Invitation]], error) {
	if err := inviting(v.board); err != nil {
		return nil, err
	}
	invitations, err := d.Boards.Invitations(ctx, v.board)
	all := make([]client.Invitation, 0, len(invitations))
	for _, in := range invitations {
		one := client.Invitation{ID: in.ID, Address: in.Address, Uses: in.Uses, Made: in.Made, Expires: in.Expires, Sent: instant(in.Sent), Failed: in.Failed}
		if in.Member != nil {
			one.Player, one.Name = in.Member.Key, in.Member.Name
		}
		all = append(all, one)
	}
	return listOf(all), err
}

func (d *door) invite(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.People
}) (*body[client.Page[client.Invite]], error) {
	if err := inviting(v.board); err != nil {
		return nil, err
	}
	all, err := d.invited(ctx, v.actor, v.board, in.Body.People)
	return listOf(all), err
}

// invited invites people and says what became of each.
func (d *door) invited(ctx context.Context, a identity.Actor, b *board.Board, people []client.Person) ([]client.Invite, error) {
	sent, err := d.Boards.Invite(ctx, a, b, membersOf(people))
	all := make([]client.Invite, 0, len(sent))
	for _, s := range sent {
		one := client.Invite{Person: client.Person{Key: s.Person.Key, Name: s.Person.Name, Email: s.Person.Email, Handle: s.Person.Handle}, Link: d.whole(s.Link)}
		if s.Error != nil {
			one.Error = fault.Message(s.Error)
		} else {
			one.Mailed = s.Link == ""
		}
		all = append(all, one)
	}
	return all, err
}

// whole makes an address of this server whole, so that it can be handed over.
func (d *door) whole(address string) string {
	if strings.HasPrefix(address, "/") {
		return d.base + address
	}
	return address
}

func (d *door) inviteAnyone(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.OpenLink
}) (*body[client.Link], error) {
	if err := inviting(v.board); err != nil {
		return nil, err
	}
	if !in.Body.Expires.After(d.Now()) {
		return nil, wrong("expires", "That instant is over: name one to come.")
	}
	link, err := d.Boards.InviteAnyone(ctx, v.actor, v.board, in.Body.Uses, in.Body.Expires)
	return answer(client.Link{Link: d.whole(link)}), err
}

func (d *door) revokeInvitation(ctx context.Context, v *visit, in *struct {
	InBoard
	ID string `path:"invitation" maxLength:"64"`
}) (*nothing, error) {
	return &nothing{}, d.Boards.Revoke(ctx, v.actor, v.board, in.ID)
}

func (d *door) listRoles(ctx context.Context, v *visit, _ *InBoard) (*body[client.Page[client.Role]], error) {
	holders, err := d.Boards.Holders(ctx, v.board)
	all := make([]client.Role, 0, len(holders))
	for _, h := range holders {
		one := client.Role{Address: h.Address, Role: string(h.Role), Since: instant(h.Since), Waits: h.Account == ""}
		if h.Address == "" {
			one.Account = h.Account
		}
		if h.Role == board.Coach {
			one.Scope = &client.Scope{Players: h.Scope.Players, Tags: h.Scope.Tags, Metrics: h.Scope.Metrics}
		}
		all = append(all, one)
	}
	return listOf(all), err
}

func (d *door) giveRole(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.Role
}) (*nothing, error) {
	role, scope := board.Role(in.Body.Role), board.Scope{}
	if s := in.Body.Scope; s != nil {
		if role != board.Coach {
			return nil, wrong("scope", "Only coaches are given players and metrics: a %s sees what the role sees.", role)
		}
		scope = board.Scope{Players: s.Players, Tags: s.Tags, Metrics: s.Metrics}
	}
	return &nothing{}, d.Boards.GiveRole(ctx, v.actor, v.board, in.Body.Address, role, scope)
}

func (d *door) takeRole(ctx context.Context, v *visit, in *struct {
	InBoard
	Address string `query:"address" doc:"That the role was given to." maxLength:"254"`
	Account string `query:"account" doc:"Of somebody without an address." maxLength:"64"`
}) (*nothing, error) {
	holders, err := d.Boards.Holders(ctx, v.board)
	if err != nil {
		return nil, err
	}
	for _, h := range holders {
		if h.Address != strings.ToLower(strings.TrimSpace(in.Address)) || h.Address == "" && (h.Account == "" || h.Account != in.Account) {
			continue
		}
		if err := d.Boards.TakeRole(ctx, v.actor, v.board, h); err != nil {
			return nil, err
		}
		return &nothing{}, d.Passes.EndWalls(ctx, v.actor, v.board.ID, h.Account)
	}
	return nil, fault.New(fault.NotFound, "Nobody has that role.")
}

// claimable refuses a board on which there is nothing to claim.
func claimable(b *board.Board) error {
	if b.Basis != board.PublicRecord {
		return fault.New(fault.NotFound, "Nothing on this board can be claimed.")
	}
	return nil
}

func (d *door) listClaims(ctx context.Context, v *visit, _ *InBoard) (*body[client.Page[client.Claim]], error) {
	if err := claimable(v.board); err != nil {
		return nil, err
	}
	claims, err := d.Boards.Claims(ctx, v.board)
	all := make([]client.Claim, 0, len(claims))
	for _, c := range claims {
		all = append(all, client.Claim{Player: c.Member.Key, Name: c.Member.Name, Claimant: c.Claimant, Address: c.Address, At: c.At})
	}
	return listOf(all), err
}

func (d *door) settleClaim(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.Settled
}) (*nothing, error) {
	if err := claimable(v.board); err != nil {
		return nil, err
	}
	return &nothing{}, d.Boards.Confirm(ctx, v.actor, v.board, in.Body.Player, in.Body.Claimant, in.Body.Confirm)
}

func (d *door) showTrail(ctx context.Context, v *visit, in *struct {
	InBoard
	Cursor string `query:"cursor" doc:"Where to go on: next of the page before." maxLength:"64"`
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"1000" doc:"At most so many."`
}) (*body[client.Page[client.Event]], error) {
	events, err := d.Boards.Trail(ctx, v.board, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	called, err := d.Boards.Names(ctx, v.board)
	if err != nil {
		return nil, err
	}
	told := client.Page[client.Event]{Items: make([]client.Event, 0, len(events))}
	for _, e := range events {
		told.Items = append(told.Items, wireEvent(e, called))
	}
	if len(events) == in.Limit {
		told.Next = events[len(events)-1].ID
	}
	return answer(told), nil
}

func wireEvent(e audit.Event, called func(account string) string) client.Event {
	told := client.Event{ID: e.ID, At: e.At, Verb: e.Verb, Detail: e.Detail}
	if e.Actor != "" {
		told.Actor = called(e.Actor)
	}
	if e.Player != "" && e.Player != e.Actor {
		told.Player = called(e.Player)
	}
	return told
}
