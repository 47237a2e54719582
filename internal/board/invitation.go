package board

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// Invitation is a way onto a board.
type Invitation struct {
	ID      string
	Board   *Board
	Member  *Member // the stub that it is for; nil an open link
	Address string  // it was mailed to, and whose reader alone may use it; "" whoever holds the link
	Uses    int     // how often it may be used still
	Made    time.Time
	Expires time.Time
	Sent    time.Time // zero: not mailed
	Failed  string    // why the mail was refused for good, "" it was not
	By      string    // account of who invites, "" the console
}

const (
	invitationLasts = 30 * 24 * time.Hour
	answerWithin    = 90 * 24 * time.Hour // after which a stub is deleted, and until when nobody is asked again who said no
	askedAgain      = 24 * time.Hour      // the least time between two mails to one person
	mostInvited     = 5000                // people of one list
	mostLetters     = 500                 // of one inviter a day, over all boards
	mostAsked       = 3                   // letters to one address a day, over all boards
	mostUses        = 10_000              // of an open link
)

// Sent is what became of one person of a list.
type Sent struct {
	Person Member
	Link   string // to hand over, where no mail can be sent or none is known; "" it is mailed
	Error  error  // why this person was not invited
}

// Invite adds people as invited members and invites each: by mail where an address is known and mail can be sent, else by
// a link for the manager to hand over. Who is invited already is invited anew, with another 30 days. Row by row: what is
// wrong with one is told in its place. Only on boards by opt-in.
func (b *Boards) Invite(ctx context.Context, a identity.Actor, at *Board, people []Member) (sent []Sent, err error) {
	if len(people) > mostInvited {
		return nil, fault.Wrong("people", "A list invites up to %d people, not %d: make several.", mostInvited, len(people))
	}
	err = b.change(ctx, at.ID, func(c *change) error {
		now, err := b.mayInvite(c.Tx, at.ID)
		if err != nil {
			return err
		}
		sent = make([]Sent, len(people))
		invited := map[int64]bool{}
		for i, person := range people {
			sent[i].Person = plain(person)
			err := c.invite(a, now, &sent[i], invited)
			switch fault.Of(err) {
			case fault.Invalid, fault.Conflict, fault.Limited:
				sent[i].Error = err
			case "":
			default:
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return sent, nil
}

// mayInvite returns the board, or why nobody can be invited to it.
func (b *Boards) mayInvite(tx *db.Tx, boardID string) (*Board, error) {
	at, err := b.boardIn(tx, boardID)
	if err != nil {
		return nil, err
	}
	if at.Basis != OptIn {
		return nil, fault.New(fault.Conflict, "People are invited to boards by opt-in; this one is by %s.", at.Basis)
	}
	if at.Suspended != "" {
		return nil, closed(at)
	}
	return at, nil
}

func closed(at *Board) error {
	return fault.New(fault.Conflict, "The board is closed at the moment: %s", at.Suspended)
}

// invite invites one person.
func (c *change) invite(a identity.Actor, at *Board, s *Sent, invited map[int64]bool) error {
	if err := s.Person.Check(); err != nil {
		return err
	}
	if s.Person.Email != "" { // whoever cannot sign in with it cannot accept
		address, err := identity.ParseAddress(s.Person.Email)
		if err != nil {
			return err
		}
		s.Person.Email = address
	}
	e := enrolment{boardID: c.boardID, people: []Member{s.Person}}
	switch {
	case s.Person.Key != "":
		e.by = ByKey
	case s.Person.Email != "":
		e.by = ByEmail
	case s.Person.Name != "":
		e.by = ByName
	default:
		return fault.Wrong("email", "There is neither an address nor a name to invite.")
	}
	known, err := e.among(c.Tx, e.by, []string{e.mark(s.Person)})
	if err != nil {
		return err
	}
	for _, m := range known {
		if err := mayBeInvited(m); err != nil {
			return err
		}
	}
	if err := c.saidNo(s.Person); err != nil {
		return err
	}
	numbers, err := e.run(c)
	if err != nil {
		return err
	}
	if numbers[0] == Gone {
		return fault.New(fault.Conflict, "%s left the board, and is not written to again.", called(s.Person))
	}
	m, err := c.numbered(numbers[0])
	if err != nil {
		return err
	}
	if err := c.saidNo(Member{Name: m.Name, Email: m.Email}); err != nil {
		return err
	}
	s.Person = m
	if invited[m.Number] {
		return fault.New(fault.Conflict, "%s stands in the list twice.", called(m))
	}
	invited[m.Number] = true
	s.Link, err = c.sendInvitation(a, at, m)
	return err
}

// mayBeInvited refuses whom nobody need invite, or may.
func mayBeInvited(m Member) error {
	switch m.State {
	case Invited:
		return nil
	case Left:
		return fault.New(fault.Conflict, "%s left the board, and is not written to again. They can come back by an open link.", called(m))
	}
	return fault.New(fault.Conflict, "%s is on the board already.", called(m))
}

// called is what a message calls a member.
func called(m Member) string { return cmp.Or(m.Name, m.Key) }

// sendInvitation invites a stub anew or for the first time, and returns the link to hand over where it is not mailed.
func (c *change) sendInvitation(a identity.Actor, at *Board, m Member) (link string, err error) {
	mailed := m.Email != "" && c.boards.rooms.Post.Ready()
	if mailed {
		if err := c.mayWrite(a, m); err != nil {
			return "", err
		}
	}
	found, err := c.boards.invitationsIn(c.Tx, `i.board_id = $1 AND i.member = $2 AND i.ended = ''`, c.boardID, m.Number)
	if err != nil {
		return "", err
	}
	id := ""
	if len(found) > 0 {
		id = found[0].ID
		if wait := askedAgain - c.now.Sub(found[0].Sent); mailed && found[0].Address == m.Email && wait > 0 {
			return "", limited(wait, "%s was written to less than a day ago: leave them some time.", called(m))
		}
		_, err = c.Exec(`UPDATE board_invitation SET address = $1, mailed = $2, made_by = $3, made_at = $4, expires_at = $5, failed = '' WHERE board_id = $6 AND invitation_id = $7`,
			m.Email, truth(mailed), a.Account, c.now.UnixMicro(), c.now.Add(invitationLasts).UnixMicro(), c.boardID, id)
		if err == nil && (found[0].mailed != mailed || found[0].known != m.Email) {
			// A link that the manager held proves nothing about an address, and one that was mailed elsewhere nothing about this one.
			_, err = c.Exec(`DELETE FROM board_invitation_token WHERE board_id = $1 AND invitation_id = $2`, c.boardID, id)
		}
	} else {
		if id, err = c.putInvitation(a, m.Number, m.Email, mailed, 1, c.now.Add(invitationLasts)); err == nil {
			m.Changed = c.now // from now on they have been asked
			err = c.put(m)
		}
	}
	if err != nil {
		return "", err
	}
	if err := c.note(a.Account, "member.invite", m, nil); err != nil {
		return "", err
	}
	if mailed {
		return "", c.boards.rooms.Queue.Enqueue(c.Tx, jobInvitation, id, invited{at.ID, id}, c.now)
	}
	return c.boards.newLink(c.Tx, c.boardID, id)
}

// mayWrite bounds what one inviter sends in a day, and what one person gets.
func (c *change) mayWrite(a identity.Actor, m Member) error {
	var sent, got int
	since := c.now.Add(-askedAgain).UnixMicro()
	err := c.QueryRow(`SELECT (SELECT COUNT(*) FROM board_invitation WHERE made_by = $1 AND made_by <> '' AND mailed = 1 AND made_at > $2),
		(SELECT COUNT(*) FROM board_invitation WHERE address = $3 AND mailed = 1 AND made_at > $2)`, a.Account, since, m.Email).Scan(&sent, &got)
	switch {
	case err != nil:
		return err
	case sent >= mostLetters:
		return limited(askedAgain, "You have invited %d people by mail within a day: go on tomorrow.", sent)
	case got >= mostAsked:
		return limited(askedAgain, "%s was invited to several boards within a day: leave them some time.", called(m))
	}
	return nil
}

func limited(wait time.Duration, format string, args ...any) error {
	f := fault.New(fault.Limited, format, args...)
	f.Wait = wait
	return f
}

func (c *change) putInvitation(a identity.Actor, member int64, address string, mailed bool, uses int, expires time.Time) (id string, err error) {
	made, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("making an identifier: %w", err)
	}
	_, err = c.Exec(`INSERT INTO board_invitation (board_id, invitation_id, member, address, mailed, uses, made_by, made_at, expires_at, sent_at, failed, ended, ended_at, declined)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, '', '', 0, '')`,
		c.boardID, made.String(), member, address, truth(mailed), uses, a.Account, c.now.UnixMicro(), expires.UnixMicro())
	return made.String(), err
}

// newLink makes another secret for an invitation, of which only the digest is kept, and returns the address with it.
func (b *Boards) newLink(tx *db.Tx, boardID, id string) (link string, err error) {
	token := identity.NewSecret()
	_, err = tx.Exec(`INSERT INTO board_invitation_token (board_id, token, invitation_id) VALUES ($1, $2, $3)`, boardID, digest(token), id)
	return b.rooms.Identity.Link("/join/" + token), err
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// saidNo refuses to ask somebody again who declined not long ago.
func (c *change) saidNo(person Member) error {
	declined, err := c.declined()
	if err != nil {
		return err
	}
	for _, mark := range declinedMarks(c.boardID, person) {
		if said, found := declined[mark]; found {
			return fault.New(fault.Conflict, "%s said no on %s, and is not asked again for 90 days.", called(person), said.Format(time.DateOnly))
		}
	}
	return nil
}

// declinedMarks are what is kept of somebody who said no: digests of the board and their address, and of the board and their key.
func declinedMarks(boardID string, person Member) (marks []string) {
	if person.Email != "" {
		marks = append(marks, digest(boardID+" address "+person.Email))
	}
	if person.Key != "" {
		marks = append(marks, digest(boardID+" key "+person.Key))
	}
	return marks
}

// declined returns the marks of those who said no not long ago, and when they did.
func (c *change) declined() (map[string]time.Time, error) {
	rows, err := c.Query(`SELECT declined, ended_at FROM board_invitation WHERE board_id = $1 AND declined <> '' AND ended_at > $2`, c.boardID, c.now.Add(-answerWithin).UnixMicro())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	said := map[string]time.Time{}
	for rows.Next() {
		var marks string
		var at int64
		if err := rows.Scan(&marks, &at); err != nil {
			return nil, err
		}
		for mark := range strings.FieldsSeq(marks) {
			said[mark] = time.UnixMicro(at).UTC()
		}
	}
	return said, rows.Err()
}

// InviteAnyone makes an open link that so many people may use until it expires.
func (b *Boards) InviteAnyone(ctx context.Context, a identity.Actor, at *Board, uses int, expires time.Time) (link string, err error) {
	now := b.rooms.Now()
	if uses < 1 || uses > mostUses {
		return "", fault.Wrong("uses", "An open link may be used 1 to %d times, not %d.", mostUses, uses)
	}
	if !expires.After(now) || expires.After(now.AddDate(1, 0, 0)) {
		return "", fault.Wrong("expires", "An open link expires within a year from now.")
	}
	err = b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := b.mayInvite(tx, at.ID); err != nil {
			return err
		}
		c := &change{Tx: tx, boards: b, boardID: at.ID, now: now}
		id, err := c.putInvitation(a, nobody, "", false, uses, expires)
		if err != nil {
			return err
		}
		if link, err = b.newLink(tx, at.ID, id); err != nil {
			return err
		}
		return b.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: "board.link", Board: at.ID, Detail: map[string]string{"uses": fmt.Sprint(uses), "expires": expires.UTC().Format(time.DateOnly)}})
	})
	return link, err
}

// nobody is the member that an open link is for.
const nobody = -1

// invitationRow is an invitation and what became of it.
type invitationRow struct {
	Invitation
	boardID string
	member  int64
	known   string // address of the stub
	mailed  bool
	ended   string
	endedAt int64
}

// invitationsIn returns the invitations that a WHERE clause over board_invitation i names, newest first, without their
// boards and members.
func (b *Boards) invitationsIn(tx *db.Tx, where string, args ...any) (list []invitationRow, err error) {
	rows, err := tx.Query(`SELECT i.board_id, i.invitation_id, i.member, i.address, i.mailed, i.uses, i.made_by, i.made_at, i.expires_at, i.sent_at, i.failed, i.ended, i.ended_at
		FROM board_invitation i WHERE `+where+` ORDER BY i.made_at DESC, i.invitation_id DESC`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var i invitationRow
		var mailed, made, expires, sent int64
		if err := rows.Scan(&i.boardID, &i.ID, &i.member, &i.known, &mailed, &i.Uses, &i.By, &made, &expires, &sent, &i.Failed, &i.ended, &i.endedAt); err != nil {
			return nil, err
		}
		i.mailed = mailed != 0
		if i.mailed {
			i.Address = i.known
		}
		i.Made, i.Expires = time.UnixMicro(made).UTC(), time.UnixMicro(expires).UTC()
		if sent != 0 {
			i.Sent = time.UnixMicro(sent).UTC()
		}
		list = append(list, i)
	}
	return list, rows.Err()
}

// whole reads the board and the stub of an invitation.
func (b *Boards) whole(tx *db.Tx, i invitationRow) (*Invitation, error) {
	var err error
	if i.Board, err = b.boardIn(tx, i.boardID); err != nil {
		return nil, err
	}
	if i.member != nobody {
		found, err := (&memberReader{}).query(tx, `board_id = $1 AND number = $2`, i.boardID, i.member)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			i.Member = &found[0]
		}
	}
	return &i.Invitation, nil
}

// usable returns why an invitation cannot be used any more. The fault's field is used, declined, revoked or expired.
func (i *invitationRow) usable(now time.Time) error {
	gone := func(field, format string, args ...any) error {
		f := fault.New(fault.NotFound, format, args...)
		f.Field = field
		return f
	}
	switch {
	case i.ended == "used" || i.ended == "" && i.Uses < 1:
		if i.member == nobody {
			return gone("used", "This link has been used as often as it may be. Ask who gave it to you for another one.")
		}
		return gone("used", "This invitation was accepted already. If that was you, sign in: the board is among yours. If not, ask who invited you.")
	case i.ended == "declined":
		return gone("declined", "This invitation was declined, and what was noted for it is gone. Should you want to join after all, ask who invited you.")
	case !i.Expires.After(now):
		return gone("expired", "This invitation expired on %s. Ask who invited you for a new one.", i.Expires.Format(time.DateOnly))
	case i.ended != "":
		return gone("revoked", "This invitation was taken back. Ask who invited you whether that was meant.")
	}
	return nil
}

// Invitations returns the invitations of a board that can still be used, newest first.
func (b *Boards) Invitations(ctx context.Context, at *Board) (list []Invitation, err error) {
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		list = nil
		found, err := b.invitationsIn(tx, `i.board_id = $1 AND i.ended = '' AND i.expires_at > $2 AND i.uses > 0`, at.ID, b.rooms.Now().UnixMicro())
		if err != nil {
			return err
		}
		return b.wholes(tx, found, &list)
	})
	return list, err
}

func (b *Boards) wholes(tx *db.Tx, found []invitationRow, list *[]Invitation) error {
	for _, i := range found {
		whole, err := b.whole(tx, i)
		if err != nil {
			return err
		}
		*list = append(*list, *whole)
	}
	return nil
}

// Revoke ends an invitation; NotFound where the board has none that can still be used. The stub stays until it is taken off
// or 90 days have gone by.
func (b *Boards) Revoke(ctx context.Context, a identity.Actor, at *Board, id string) error {
	if checkText("id", "The invitation", id) != nil {
		return noInvitation()
	}
	return b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		result, err := tx.Exec(`UPDATE board_invitation SET ended = 'revoked', ended_at = $1 WHERE board_id = $2 AND invitation_id = $3 AND ended = ''`, b.rooms.Now().UnixMicro(), at.ID, id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return cmp.Or(err, noInvitation())
		}
		return b.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: "board.revoke", Board: at.ID})
	})
}

func noInvitation() error {
	return fault.New(fault.NotFound, "There is no such invitation. Look whether the link is whole, or ask who sent it for a new one.")
}

// Invitation returns what a link is for and changes nothing. NotFound for one that is absent, used up, declined, taken back or
// expired: the message says which, and so does the fault's field where there was one.
func (b *Boards) Invitation(ctx context.Context, token string) (found *Invitation, err error) {
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		i, err := b.byToken(tx, token)
		if err == nil {
			err = i.usable(b.rooms.Now())
		}
		if err == nil {
			found, err = b.whole(tx, i)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// byToken returns the invitation of a secret, used or not, or NotFound.
func (b *Boards) byToken(tx *db.Tx, token string) (i invitationRow, err error) {
	found, err := b.invitationsIn(tx, `EXISTS (SELECT 1 FROM board_invitation_token t WHERE t.board_id = i.board_id AND t.invitation_id = i.invitation_id AND t.token = $1)`, digest(token))
	if err == nil && len(found) == 0 {
		err = noInvitation()
	}
	if err != nil {
		return i, err
	}
	return found[0], nil
}

// byID returns an invitation to one of some addresses, or NotFound.
func (b *Boards) byID(tx *db.Tx, id string, addresses []string) (i invitationRow, err error) {
	if checkText("id", "The invitation", id) != nil || len(addresses) == 0 {
		return i, noInvitation()
	}
	found, err := b.invitationsIn(tx, `i.invitation_id = $1 AND i.address IN (`+places(2, len(addresses))+`)`, append([]any{id}, texts(addresses)...)...)
	if err == nil && len(found) == 0 {
		err = noInvitation()
	}
	if err != nil {
		return i, err
	}
	return found[0], nil
}

// Waiting returns the invitations to addresses that an actor proved to read.
func (b *Boards) Waiting(ctx context.Context, a identity.Actor) (list []Invitation, err error) {
	addresses, err := b.proved(ctx, a)
	if err != nil || len(addresses) == 0 {
		return nil, err
	}
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		list = nil
		found, err := b.invitationsIn(tx, `i.address IN (`+places(2, len(addresses))+`) AND i.ended = '' AND i.expires_at > $1`, append([]any{b.rooms.Now().UnixMicro()}, texts(addresses)...)...)
		if err != nil {
			return err
		}
		return b.wholes(tx, found, &list)
	})
	return list, err
}

// Decline refuses an invitation: the stub goes with its entries, and nothing else happens. Nobody need sign in for it.
func (b *Boards) Decline(ctx context.Context, token string) error {
	return b.decline(ctx, func(tx *db.Tx) (invitationRow, error) { return b.byToken(tx, token) })
}

// DeclineWaiting refuses an invitation that waits for an address of the actor's.
func (b *Boards) DeclineWaiting(ctx context.Context, a identity.Actor, id string) error {
	addresses, err := b.proved(ctx, a)
	if err != nil {
		return err
	}
	return b.decline(ctx, func(tx *db.Tx) (invitationRow, error) { return b.byID(tx, id, addresses) })
}

func (b *Boards) decline(ctx context.Context, find func(tx *db.Tx) (invitationRow, error)) error {
	var i invitationRow
	err := b.rooms.DB.Read(ctx, func(tx *db.Tx) (err error) {
		i, err = find(tx)
		return err
	})
	if err != nil {
		return err
	}
	return b.change(ctx, i.boardID, func(c *change) error {
		i, err := find(c.Tx)
		if err != nil {
			return err
		}
		if err := i.usable(c.now); err != nil || i.member == nobody {
			return err // an open link is declined by not using it
		}
		m, err := c.numbered(i.member)
		if err != nil {
			return err
		}
		if _, err := c.Exec(`UPDATE board_invitation SET ended = 'declined', ended_at = $1, declined = $2 WHERE board_id = $3 AND invitation_id = $4`, c.now.UnixMicro(), strings.Join(declinedMarks(c.boardID, m), " "), c.boardID, i.ID); err != nil {
			return err
		}
		if err := c.blank(m); err != nil {
			return err
		}
		return c.note("", "member.decline", m, nil)
	})
}

// mine reports whether an address is among those that somebody proved.
func mine(address string, addresses []string) bool { return slices.Contains(addresses, address) }
