package board

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"time"

	"cairn/internal/db"
	"cairn/internal/fault"
)

// keptMember is a membership as an export tells it.
type keptMember struct {
	Board   string            `json:"board"`
	Called  string            `json:"board_name"`
	Basis   Basis             `json:"basis"`
	Key     string            `json:"key"`
	Name    string            `json:"name"`
	Email   string            `json:"email"`
	Handle  string            `json:"handle"`
	Ref     string            `json:"ref"` // under which releases know the member
	Tags    map[string]string `json:"tags"`
	State   State             `json:"state"`
	Changed time.Time         `json:"changed"`
	Joined  time.Time         `json:"joined"`
	Hidden  bool              `json:"hidden"`
	Shy     bool              `json:"shy"`
	Shows   []string          `json:"shows"`
}

type keptRole struct {
	Board   string    `json:"board"`
	Role    Role      `json:"role"`
	Address string    `json:"address"`
	Scope   Scope     `json:"scope"`
	Since   time.Time `json:"since"`
}

type keptNote struct {
	Board string    `json:"board"`
	At    time.Time `json:"at"`
	Text  string    `json:"text"`
}

type keptInvitation struct {
	Board   string    `json:"board"`
	Address string    `json:"address"`
	Made    time.Time `json:"made"`
	Expires time.Time `json:"expires"`
	Sent    time.Time `json:"sent"`
	Ended   string    `json:"ended"` // used, declined, revoked; "" open
}

type keptClaim struct {
	Board  string    `json:"board"`
	Member int64     `json:"member"`
	At     time.Time `json:"at"`
}

type keptDraft struct {
	Step    int               `json:"step"`
	Answers map[string]string `json:"answers"`
	Changed time.Time         `json:"changed"`
}

// Kept makes the room a keeper (package player), as Forget, Move and MoveBack do. It returns a person's memberships and choices,
// roles, invitations, claims, drafts, the notes about them and by them, and every entry that a board has of them.
func (b *Boards) Kept(tx *db.Tx, account string) (map[string]any, error) {
	members, err := membershipsOf(tx, account)
	if err != nil {
		return nil, err
	}
	kept := []keptMember{}
	about := []keptNote{}
	for _, in := range members {
		at, err := b.boardIn(tx, in.boardID)
		if err != nil {
			return nil, err
		}
		kept = append(kept, keptMember{
			Board: at.Key, Called: at.Name, Basis: at.Basis, Key: in.Key, Name: in.Name, Email: in.Email, Handle: in.Handle, Ref: in.Ref, Tags: in.Tags,
			State: in.State, Changed: in.Changed, Joined: in.Joined, Hidden: in.Hidden, Shy: in.Shy, Shows: in.Shows,
		})
		notes, err := notesIn(tx, at.ID, in.Number)
		if err != nil {
			return nil, err
		}
		for _, n := range notes {
			about = append(about, keptNote{at.Key, n.At, n.Text})
		}
	}
	roles, err := b.keptRoles(tx, account)
	if err != nil {
		return nil, err
	}
	by, err := db.All(tx, func(scan func(...any) error) (n keptNote, err error) {
		var at int64
		err = scan(&n.Board, &at, &n.Text)
		n.At = time.UnixMicro(at).UTC()
		return n, err
	}, `SELECT b.key, n.created_at, n.content FROM board_note n JOIN board b ON b.board_id = n.board_id WHERE n.author = $1 ORDER BY n.note_id`, account)
	if err != nil {
		return nil, err
	}
	claims, err := db.All(tx, func(scan func(...any) error) (c keptClaim, err error) {
		var at int64
		err = scan(&c.Board, &c.Member, &at)
		c.At = time.UnixMicro(at).UTC()
		return c, err
	}, `SELECT b.key, c.member, c.created_at FROM board_claim c JOIN board b ON b.board_id = c.board_id WHERE c.player_id = $1 ORDER BY c.board_id, c.member`, account)
	if err != nil {
		return nil, err
	}
	invitations, err := b.keptInvitations(tx, account)
	if err != nil {
		return nil, err
	}
	drafts, err := db.All(tx, func(scan func(...any) error) (d keptDraft, err error) {
		var answers string
		var changed int64
		if err = scan(&d.Step, &answers, &changed); err == nil {
			err = json.Unmarshal([]byte(answers), &d.Answers)
		}
		d.Changed = time.UnixMicro(changed).UTC()
		return d, err
	}, `SELECT step, answers, changed_at FROM board_draft WHERE player_id = $1 ORDER BY draft_id`, account)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"memberships.json": kept, "roles.json": roles, "invitations.json": invitations, "claims.json": claims, "board-drafts.json": drafts,
		"notes-about-me.json": about, "notes-by-me.json": by, "board-entries.csv": b.entriesOf(tx, members),
	}, nil
}

func (b *Boards) keptRoles(tx *db.Tx, account string) ([]keptRole, error) {
	return db.All(tx, func(scan func(...any) error) (r keptRole, err error) {
		var scope string
		var since int64
		if err = scan(&r.Board, &r.Address, &r.Role, &scope, &since); err == nil {
			err = json.Unmarshal([]byte(scope), &r.Scope)
		}
		r.Since = time.UnixMicro(since).UTC()
		return r, err
	}, `SELECT b.key, r.address, r.role, r.scope, r.since FROM board_role r JOIN board b ON b.board_id = r.board_id WHERE r.player_id = $1 ORDER BY b.key`, account)
}

// keptInvitations returns the invitations to addresses of an account.
func (b *Boards) keptInvitations(tx *db.Tx, account string) ([]keptInvitation, error) {
	kept := []keptInvitation{}
	addresses, err := b.addresses(tx, account)
	if err != nil || len(addresses) == 0 {
		return kept, err
	}
	found, err := b.invitationsIn(tx, `i.address IN (`+places(1, len(addresses))+`)`, texts(addresses)...)
	if err != nil {
		return nil, err
	}
	for _, i := range found {
		at, err := b.boardIn(tx, i.boardID)
		if err != nil {
			return nil, err
		}
		kept = append(kept, keptInvitation{at.Key, i.known, i.Made, i.Expires, i.Sent, i.ended})
	}
	return kept, nil
}

// entriesOf streams the entries that boards have of their members.
func (b *Boards) entriesOf(tx *db.Tx, members []membership) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		if !yield([]string{"board", "id", "key", "time", "value", "label"}, nil) {
			return
		}
		for _, in := range members {
			at, err := b.boardIn(tx, in.boardID)
			if err != nil {
				yield(nil, err)
				return
			}
			for block, err := range b.rooms.Entries.Window(context.Background(), tx, in.boardID, math.MinInt64, math.MaxInt64) {
				if err != nil {
					yield(nil, err)
					return
				}
				for i, member := range block.Member {
					if member != in.Number {
						continue
					}
					value := ""
					if !math.IsNaN(block.Value[i]) {
						value = strconv.FormatFloat(block.Value[i], 'f', -1, 64)
					}
					row := []string{at.Key, block.ID(i), block.Keys[block.Key[i]], time.UnixMicro(block.At[i]).UTC().Format(time.RFC3339Nano), value, block.Label(i)}
					if !yield(row, nil) {
						return
					}
				}
			}
		}
	}
}

// membership is a member and the board.
type membership struct {
	Member
	boardID string
}

func membershipsOf(tx *db.Tx, account string) (list []membership, err error) {
	boards, err := tx.Texts(`SELECT board_id FROM board_member WHERE player_id = $1 ORDER BY board_id`, account)
	if err != nil {
		return nil, err
	}
	for _, id := range boards {
		m, err := ofAccount(tx, id, account)
		if err != nil {
			return nil, err
		}
		list = append(list, membership{*m, id})
	}
	return list, nil
}

// MembershipsOf returns what number an account is on which boards (board_id → number), in the caller's transaction.
func (b *Boards) MembershipsOf(tx *db.Tx, account string) (map[string]int64, error) {
	list, err := membershipsOf(tx, account)
	numbers := make(map[string]int64, len(list))
	for _, m := range list {
		numbers[m.boardID] = m.Number
	}
	return numbers, err
}

// Forget makes of every membership of an account a number without a name, and so of the stubs that wait for one of its
// addresses; roles, claims, drafts and invitations go, and what it wrote about others stays without its name. A board that
// loses its last owner goes to the eldest manager, else it closes to its readers.
func (b *Boards) Forget(tx *db.Tx, account string) error {
	addresses, err := b.addresses(tx, account)
	if err != nil {
		return err
	}
	members, err := membershipsOf(tx, account)
	if err != nil {
		return err
	}
	for _, address := range addresses {
		boards, err := tx.Texts(`SELECT DISTINCT board_id FROM board_member WHERE email = $1 AND state = $2 AND player_id = '' ORDER BY board_id`, address, string(Invited))
		if err != nil {
			return err
		}
		for _, id := range boards {
			stubs, err := (&memberReader{}).query(tx, `board_id = $1 AND email = $2 AND state = $3 AND player_id = ''`, id, address, string(Invited))
			if err != nil {
				return err
			}
			for _, m := range stubs {
				members = append(members, membership{m, id})
			}
		}
	}
	for _, in := range members {
		defer b.directories.changed(in.boardID)
		c, err := b.begin(tx, in.boardID)
		if err != nil {
			return err
		}
		if err := c.blank(in.Member); err != nil {
			return err
		}
		if err := c.note("", "member.erase", Member{Number: in.Number}, nil); err != nil {
			return err
		}
	}
	for _, query := range []string{
		`DELETE FROM board_claim WHERE player_id = $1`,
		`DELETE FROM board_draft WHERE player_id = $1`,
		`UPDATE board_note SET author = '' WHERE author = $1`,
		`UPDATE board_invitation SET made_by = '' WHERE made_by = $1`,
	} {
		if _, err := tx.Exec(query, account); err != nil {
			return err
		}
	}
	owned, err := tx.Texts(`SELECT DISTINCT board_id FROM board_role WHERE role = $1 AND `+whose(3, len(addresses))+` ORDER BY board_id`, append([]any{string(Owner), account}, texts(addresses)...)...)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM board_role WHERE role <> $1 AND `+whose(3, len(addresses)), append([]any{"", account}, texts(addresses)...)...); err != nil {
		return err
	}
	if len(addresses) > 0 {
		if _, err := tx.Exec(`UPDATE board_invitation SET address = '', uses = 0, ended = CASE WHEN ended = '' THEN 'revoked' ELSE ended END WHERE address IN (`+places(1, len(addresses))+`)`, texts(addresses)...); err != nil {
			return err
		}
	}
	for _, id := range owned {
		if err := b.inherit(tx, id); err != nil {
			return err
		}
	}
	return nil
}

// whose is the condition that a role is that of account $2, or waits for one of the addresses from a parameter on.
func whose(first, addresses int) string {
	if addresses == 0 {
		return `player_id = $2`
	}
	return `(player_id = $2 OR player_id = '' AND address IN (` + places(first, addresses) + `))`
}

// moved says what Move moved, so that MoveBack can undo it.
type moved struct {
	Members     []movedMember `json:"members"`
	Roles       []movedRole   `json:"roles"`
	Claims      []movedMember `json:"claims"`
	Notes       []string      `json:"notes"`
	Drafts      []string      `json:"drafts"`
	Invitations []string      `json:"invitations"`
}

type movedMember struct {
	Board  string `json:"board"`
	Number int64  `json:"number"`
	For    *int64 `json:"for,omitempty"` // the member that the account had there and gave up for it: it had left the board
}

type movedRole struct {
	Board string  `json:"board"`
	Was   Holder  `json:"was"`
	Had   *Holder `json:"had,omitempty"` // by the account it moved to
	Put   Holder  `json:"put"`
}

// Move makes the memberships, roles, claims, notes and drafts of one account another's. A board with both is Conflict, unless
// one of the two left it; of two roles on one board the one that may more stays.
func (b *Boards) Move(tx *db.Tx, from, into string) (json.RawMessage, error) {
	var note moved
	members, err := membershipsOf(tx, from)
	if err != nil {
		return nil, err
	}
	for _, in := range members {
		other, err := ofAccount(tx, in.boardID, into)
		if err != nil {
			return nil, err
		}
		m := movedMember{Board: in.boardID, Number: in.Number}
		switch {
		case other == nil:
		case in.State == Left:
			continue
		case other.State == Left:
			m.For = &other.Number
		default:
			at, err := b.boardIn(tx, in.boardID)
			if err != nil {
				return nil, err
			}
			return nil, fault.New(fault.Conflict, "Both records are on the board %s, as %s and %s: leave it with one of the two first.", at.Name, called(in.Member), called(*other))
		}
		if err := b.handOver(tx, m, from, into); err != nil {
			return nil, err
		}
		note.Members = append(note.Members, m)
	}
	if note.Roles, err = b.moveRoles(tx, from, into); err != nil {
		return nil, err
	}
	if note.Claims, err = moveClaims(tx, from, into); err != nil {
		return nil, err
	}
	for _, of := range movedTables(&note) {
		if *of.ids, err = tx.Texts(`SELECT `+of.id+` FROM `+of.table+` WHERE `+of.column+` = $1 ORDER BY `+of.id, from); err != nil {
			return nil, err
		}
		if _, err := tx.Exec(`UPDATE `+of.table+` SET `+of.column+` = $1 WHERE `+of.column+` = $2`, into, from); err != nil {
			return nil, err
		}
	}
	return json.Marshal(note)
}

// handOver makes one account's member another's; the one that the other had there goes the other way.
func (b *Boards) handOver(tx *db.Tx, m movedMember, from, into string) error {
	defer b.directories.changed(m.Board)
	c, err := b.begin(tx, m.Board)
	if err != nil {
		return err
	}
	give := func(number int64, from, to string) error {
		_, err := tx.Exec(`UPDATE board_member SET player_id = $1, roster = $2 WHERE board_id = $3 AND number = $4 AND player_id = $5`, to, c.roster, m.Board, number, from)
		return err
	}
	if m.For == nil {
		return give(m.Number, from, into)
	}
	const between = "-" // nobody's number: one account is at most one member
	if err := give(*m.For, into, between); err != nil {
		return err
	}
	if err := give(m.Number, from, into); err != nil {
		return err
	}
	return give(*m.For, between, from)
}

func (b *Boards) moveRoles(tx *db.Tx, from, into string) (list []movedRole, err error) {
	boards, err := tx.Texts(`SELECT board_id FROM board_role WHERE player_id = $1 ORDER BY board_id`, from)
	if err != nil {
		return nil, err
	}
	for _, id := range boards {
		holders, err := holdersOf(tx, id)
		if err != nil {
			return nil, err
		}
		m := movedRole{Board: id}
		for _, h := range holders { // the one that may most first
			if h.Account != from && h.Account != into {
				continue
			}
			if m.Put.Role == "" {
				m.Put = h
			}
			if h.Account == from {
				m.Was = h
			} else {
				m.Had = &h
			}
			if err := dropHolder(tx, id, h); err != nil {
				return nil, err
			}
		}
		m.Put.Account = into
		if err := b.putHolder(tx, id, m.Put); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

func moveClaims(tx *db.Tx, from, into string) ([]movedMember, error) {
	claims, err := db.All(tx, func(scan func(...any) error) (m movedMember, err error) {
		err = scan(&m.Board, &m.Number)
		return m, err
	}, `SELECT board_id, member FROM board_claim c WHERE player_id = $1 AND NOT EXISTS
		(SELECT 1 FROM board_claim o WHERE o.board_id = c.board_id AND o.member = c.member AND o.player_id = $2) ORDER BY board_id, member`, from, into)
	if err != nil {
		return nil, err
	}
	for _, m := range claims {
		if _, err := tx.Exec(`UPDATE board_claim SET player_id = $1 WHERE board_id = $2 AND member = $3 AND player_id = $4`, into, m.Board, m.Number, from); err != nil {
			return nil, err
		}
	}
	return claims, nil
}

// movedTable is a table whose rows move whole.
type movedTable struct {
	table, id, column string
	ids               *[]string
}

func movedTables(note *moved) []movedTable {
	return []movedTable{
		{"board_note", "note_id", "author", &note.Notes},
		{"board_draft", "draft_id", "player_id", &note.Drafts},
		{"board_invitation", "invitation_id", "made_by", &note.Invitations},
	}
}

// MoveBack undoes what Move did; what was done since stays where it is.
func (b *Boards) MoveBack(tx *db.Tx, from, into string, text json.RawMessage) error {
	var note moved
	if err := json.Unmarshal(text, &note); err != nil {
		return fmt.Errorf("reading what was moved: %w", err)
	}
	for _, m := range note.Members {
		back := movedMember{Board: m.Board, Number: m.Number, For: m.For}
		if err := b.handOver(tx, back, into, from); err != nil {
			return err
		}
	}
	for _, m := range note.Roles {
		holders, err := holdersOf(tx, m.Board)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(holders, func(h Holder) bool { return h.Account == into })
		if i < 0 || holders[i].Role != m.Put.Role || !holders[i].Since.Equal(m.Put.Since) {
			continue // given or taken since
		}
		if err := dropHolder(tx, m.Board, holders[i]); err != nil {
			return err
		}
		if err := b.putHolder(tx, m.Board, m.Was); err != nil {
			return err
		}
		if m.Had != nil {
			if err := b.putHolder(tx, m.Board, *m.Had); err != nil {
				return err
			}
		}
	}
	for _, m := range note.Claims {
		if _, err := tx.Exec(`UPDATE board_claim SET player_id = $1 WHERE board_id = $2 AND member = $3 AND player_id = $4`, from, m.Board, m.Number, into); err != nil {
			return err
		}
	}
	for _, of := range movedTables(&note) {
		for _, id := range *of.ids {
			if _, err := tx.Exec(`UPDATE `+of.table+` SET `+of.column+` = $1 WHERE `+of.id+` = $2 AND `+of.column+` = $3`, from, id, into); err != nil {
				return err
			}
		}
	}
	return nil
}
