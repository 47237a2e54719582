package board

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/scorecard"
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

// roles from the one that may most to the one that may least.
var roles = []Role{Owner, Manager, Steward, Coach, Viewer}

// Scope is what a coach was given. An empty list of metrics is all of them; a coach without players sees none.
type Scope struct {
	Players []string            `json:"players,omitempty"` // keys
	Tags    map[string][]string `json:"tags,omitempty"`    // tag group → tags whose players are given
	Metrics []string            `json:"metrics,omitempty"` // keys
}

// Given reports whether a player was given.
func (s Scope) Given(m Member) bool {
	if slices.Contains(s.Players, m.Key) {
		return true
	}
	for group, tags := range s.Tags {
		if tag := m.Tags[group]; tag != "" && slices.Contains(tags, tag) {
			return true
		}
	}
	return false
}

// Measures reports whether a metric was given.
func (s Scope) Measures(metric string) bool {
	return len(s.Metrics) == 0 || slices.Contains(s.Metrics, metric)
}

// Holder is somebody with a role.
type Holder struct {
	Account string // "" until somebody signs in who proved the address
	Address string // that the role was given to; "" none
	Role    Role
	Scope   Scope
	Since   time.Time
}

// Holders returns who has a role on a board: owners first, and of one role the eldest.
func (b *Boards) Holders(ctx context.Context, at *Board) (holders []Holder, err error) {
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		holders, err = holdersOf(tx, at.ID)
		return err
	})
	return holders, err
}

// Names says how a board knows accounts: by membership, else by the address that a role was given to. Nobody is left of an account
// that is gone.
func (b *Boards) Names(ctx context.Context, at *Board) (func(account string) string, error) {
	members, err := b.Members(ctx, at.ID)
	if err != nil {
		return nil, err
	}
	holders, err := b.Holders(ctx, at)
	if err != nil {
		return nil, err
	}
	known := map[string]string{}
	for _, h := range holders {
		known[h.Account] = cmp.Or(known[h.Account], h.Address)
	}
	for _, m := range members {
		if m.Player != "" {
			known[m.Player] = m.Called()
		}
	}
	delete(known, "")
	return func(account string) string {
		return cmp.Or(known[account], "somebody who is not on the board any more")
	}, nil
}

func holdersOf(tx *db.Tx, boardID string) (holders []Holder, err error) {
	rows, err := tx.Query(`SELECT player_id, address, role, scope, since FROM board_role WHERE board_id = $1 ORDER BY since, address, player_id`, boardID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		h, err := scanHolder(rows.Scan)
		if err != nil {
			return nil, err
		}
		holders = append(holders, h)
	}
	slices.SortStableFunc(holders, func(a, b Holder) int { return cmp.Compare(slices.Index(roles, a.Role), slices.Index(roles, b.Role)) })
	return holders, rows.Err()
}

func scanHolder(scan func(...any) error) (h Holder, err error) {
	var scope string
	var since int64
	if err := scan(&h.Account, &h.Address, &h.Role, &scope, &since); err != nil {
		return h, err
	}
	h.Since = time.UnixMicro(since).UTC()
	if err := json.Unmarshal([]byte(scope), &h.Scope); err != nil {
		return h, fmt.Errorf("reading what a %s was given: %w", h.Role, err)
	}
	return h, nil
}

// GiveRole gives a role to whoever proved, or proves later, to read an address; it replaces the one that the address had. It
// waits until its reader opens the board, so that nobody learns whether an address has an account. Invalid, with the field, for
// players, tag groups and metrics that the board does not have. Conflict for the last owner, who hands the board over first.
func (b *Boards) GiveRole(ctx context.Context, a identity.Actor, at *Board, address string, r Role, s Scope) error {
	if !slices.Contains(roles, r) {
		return fault.Wrong("role", "A role on a board is owner, manager, coach, steward or viewer, not %q.", r)
	}
	address, err := identity.ParseAddress(address)
	if err != nil {
		return err
	}
	if err := s.check(r); err != nil {
		return err
	}
	given := Holder{Address: address, Role: r, Scope: s}
	return b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if err := b.checkScope(tx, at.ID, s); err != nil {
			return err
		}
		holders, err := holdersOf(tx, at.ID)
		if err != nil {
			return err
		}
		given.Account = ""
		for _, h := range holders {
			if !h.same(given) {
				continue
			}
			if h.Account != "" { // who held the role by this address may have given the address up
				proved, err := b.addresses(tx, h.Account)
				if err != nil {
					return err
				}
				if !slices.Contains(proved, address) {
					continue
				}
			}
			if err := mayLose(h, r, holders); err != nil {
				return err
			}
			if err := dropHolder(tx, at.ID, h); err != nil {
				return err
			}
			given.Account = h.Account // who has opened the board has shown already who they are
		}
		if err := b.putHolder(tx, at.ID, given); err != nil {
			return err
		}
		return b.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: "board.role", Board: at.ID, Player: given.Account, Detail: map[string]string{"role": string(r)}})
	})
}

// same reports whether two entries are about the same somebody.
func (h Holder) same(other Holder) bool {
	return h.Account != "" && h.Account == other.Account || h.Address != "" && h.Address == other.Address
}

// check refuses what cannot be given.
func (s Scope) check(r Role) error {
	if r != Coach && (len(s.Players) > 0 || len(s.Tags) > 0 || len(s.Metrics) > 0) {
		return fault.Wrong("scope", "Only a coach is given some players and metrics; a %s is not.", r)
	}
	for _, list := range [][]string{s.Players, s.Metrics} {
		for _, key := range list {
			if err := checkText("scope", "A key of what is given", key); err != nil {
				return err
			}
		}
	}
	return nil
}

// mayLose refuses to leave a board without the last of its owners. Who was named and never opened the board, by a slip
// in the address perhaps, owns nothing yet.
func mayLose(h Holder, becomes Role, holders []Holder) error {
	owners, waiting := 0, 0
	for _, other := range holders {
		switch {
		case other.Role != Owner || other.same(h):
		case other.Account == "":
			waiting++
		default:
			owners++
		}
	}
	switch {
	case h.Role != Owner || becomes == Owner || owners > 0:
		return nil
	case h.Account == "" && waiting > 0:
		return nil
	case waiting > 0:
		return fault.New(fault.Conflict, "This is the board's last owner, since whoever was named has not opened the board yet: wait until they have.")
	}
	return fault.New(fault.Conflict, "This is the board's last owner: make somebody else an owner first.")
}

func dropHolder(tx *db.Tx, boardID string, h Holder) error {
	_, err := tx.Exec(`DELETE FROM board_role WHERE board_id = $1 AND player_id = $2 AND address = $3`, boardID, h.Account, h.Address)
	return err
}

func (b *Boards) putHolder(tx *db.Tx, boardID string, h Holder) error {
	scope, err := json.Marshal(h.Scope)
	if err != nil {
		return fmt.Errorf("writing what a %s was given: %w", h.Role, err)
	}
	if h.Since.IsZero() {
		h.Since = b.rooms.Now()
	}
	_, err = tx.Exec(`INSERT INTO board_role (board_id, player_id, address, role, scope, since) VALUES ($1, $2, $3, $4, $5, $6)`,
		boardID, h.Account, h.Address, string(h.Role), string(scope), h.Since.UnixMicro())
	return err
}

// checkScope refuses what a coach cannot be given, since the board does not have it.
func (b *Boards) checkScope(tx *db.Tx, boardID string, s Scope) error {
	if len(s.Players)+len(s.Tags)+len(s.Metrics) == 0 {
		return nil
	}
	now, err := b.boardIn(tx, boardID)
	if err != nil {
		return err
	}
	card, err := b.cardIn(tx, boardID, now.Version)
	if err != nil {
		return err
	}
	for _, key := range s.Metrics {
		if !slices.ContainsFunc(card.Metrics(), func(m *scorecard.Part) bool { return m.Key == key }) {
			return fault.Wrong("metrics", "The scorecard has no metric %q.", key)
		}
	}
	for _, group := range slices.Sorted(maps.Keys(s.Tags)) {
		if !slices.Contains(card.Tags, group) {
			return fault.Wrong("tags", "%q is not one of the board's tag groups: it has %s.", group, cmp.Or(strings.Join(card.Tags, ", "), "none"))
		}
	}
	if len(s.Players) == 0 {
		return nil
	}
	c := &change{Tx: tx, boards: b, boardID: boardID, now: b.rooms.Now()}
	for _, key := range s.Players {
		if _, err := c.member(key); fault.Of(err) == fault.NotFound {
			return fault.Wrong("players", "Nobody on the board has the key %q.", key)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// TakeRole takes a role away. Conflict for the last owner, who hands the board over first; NotFound for who has none.
func (b *Boards) TakeRole(ctx context.Context, a identity.Actor, at *Board, holder Holder) error {
	return b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		holders, err := holdersOf(tx, at.ID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(holders, holder.same)
		if i < 0 {
			return fault.New(fault.NotFound, "There is nobody with a role on this board who is meant by that.")
		}
		if err := mayLose(holders[i], "", holders); err != nil {
			return err
		}
		if err := dropHolder(tx, at.ID, holders[i]); err != nil {
			return err
		}
		return b.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: "board.role", Board: at.ID, Player: holders[i].Account, Detail: map[string]string{"was": string(holders[i].Role), "role": "none"}})
	})
}

// Access is what somebody is on one board.
type Access struct {
	Account string  // "" nobody is signed in
	Role    Role    // "" none
	Scope   Scope   // of a coach
	Member  *Member // their own membership, in whatever state; nil none
}

// Access returns what an actor is on a board. A role that was given to an address becomes that of the first who comes and
// proved to read it.
func (b *Boards) Access(ctx context.Context, at *Board, a identity.Actor) (found Access, err error) {
	if !a.SignedIn() {
		return Access{}, nil
	}
	waits := false
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		found, waits, err = b.accessIn(tx, at.ID, a)
		return err
	})
	if err != nil || !waits {
		return found, err
	}
	err = b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if err := b.rooms.Identity.Still(tx, a.Account); err != nil {
			return err
		}
		if err := b.takeUp(tx, at.ID, a); err != nil {
			return err
		}
		found, _, err = b.accessIn(tx, at.ID, a)
		return err
	})
	return found, err
}

// accessIn returns what an actor is on a board, with the role that waits for an address of theirs, where it may more than the one
// they have; waits says whether there is one.
func (b *Boards) accessIn(tx *db.Tx, boardID string, a identity.Actor) (found Access, waits bool, err error) {
	found.Account = a.Account
	holders, err := holdersOf(tx, boardID)
	if err != nil {
		return found, false, err
	}
	var addresses []string
	if slices.ContainsFunc(holders, func(h Holder) bool { return h.Account == "" }) {
		if addresses, err = b.addresses(tx, a.Account); err != nil {
			return found, false, err
		}
	}
	for _, h := range holders { // the one that may most first
		if h.Account == "" && slices.Contains(addresses, h.Address) {
			waits = true
		} else if h.Account != a.Account {
			continue
		}
		if found.Role == "" {
			found.Role, found.Scope = h.Role, h.Scope
		}
	}
	found.Member, err = ofAccount(tx, boardID, a.Account)
	return found, waits, err
}

// takeUp gives an account the role that waits on a board for addresses it proved to read. Who has one already keeps the one that
// may more.
func (b *Boards) takeUp(tx *db.Tx, boardID string, a identity.Actor) error {
	addresses, err := b.addresses(tx, a.Account)
	if err != nil {
		return err
	}
	holders, err := holdersOf(tx, boardID)
	if err != nil {
		return err
	}
	var best *Holder
	for _, h := range holders {
		if h.Account != a.Account && (h.Account != "" || !slices.Contains(addresses, h.Address)) {
			continue
		}
		if best == nil {
			best = &h
		}
		if err := dropHolder(tx, boardID, h); err != nil {
			return err
		}
	}
	if best == nil {
		return nil // taken away in the meantime
	}
	best.Account = a.Account
	if err := b.putHolder(tx, boardID, *best); err != nil {
		return err
	}
	return b.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: "board.role.taken", Board: boardID, Player: a.Account, Detail: map[string]string{"role": string(best.Role)}})
}

// addresses returns the addresses whose reader an account is: those that it proved to read. On a server that sends no mail nobody
// can prove one; there whoever runs it says at the console, by an operator's link, whose address is whose.
func (b *Boards) addresses(tx *db.Tx, account string) ([]string, error) {
	if b.rooms.Post.Ready() {
		return b.rooms.Identity.AddressesIn(tx, account)
	}
	return b.rooms.Identity.NamedIn(tx, account)
}

// proved returns the addresses that an actor proved to read.
func (b *Boards) proved(ctx context.Context, a identity.Actor) (addresses []string, err error) {
	if !a.SignedIn() {
		return nil, nil
	}
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		addresses, err = b.addresses(tx, a.Account)
		return err
	})
	return addresses, err
}

// still refuses to write anything for an actor who is gone since they were let in.
func (b *Boards) still(tx *db.Tx, a identity.Actor) error {
	if !a.SignedIn() {
		return nil
	}
	return b.rooms.Identity.Still(tx, a.Account)
}

func texts(list []string) (args []any) {
	for _, text := range list {
		args = append(args, text)
	}
	return args
}

// Mine is a board as one person meets it.
type Mine struct {
	Board  *Board
	Access Access
}

// Mine returns every board on which somebody is a member or has a role, or one waits for them, by name.
func (b *Boards) Mine(ctx context.Context, a identity.Actor) (mine []Mine, err error) {
	if !a.SignedIn() {
		return nil, nil
	}
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		mine = nil
		addresses, err := b.addresses(tx, a.Account)
		if err != nil {
			return err
		}
		where := `board_id IN (SELECT board_id FROM board_member WHERE player_id = $1) OR board_id IN (SELECT board_id FROM board_role WHERE player_id = $1)`
		if len(addresses) > 0 {
			where += ` OR board_id IN (SELECT board_id FROM board_role WHERE player_id = '' AND address IN (` + places(2, len(addresses)) + `))`
		}
		boards, err := b.boardsIn(tx, where, append([]any{a.Account}, texts(addresses)...)...)
		if err != nil {
			return err
		}
		for _, at := range boards {
			access, _, err := b.accessIn(tx, at.ID, a)
			if err != nil {
				return err
			}
			mine = append(mine, Mine{Board: at, Access: access})
		}
		return nil
	})
	return mine, err
}

// inherit settles who owns a board whose last owner goes: the eldest manager, else nobody, and then the board is closed to
// its readers until whoever runs the server appoints an owner.
func (b *Boards) inherit(tx *db.Tx, boardID string) error {
	holders, err := holdersOf(tx, boardID)
	if err != nil {
		return err
	}
	if len(holders) > 0 && holders[0].Role == Owner {
		return nil
	}
	heir := slices.IndexFunc(holders, func(h Holder) bool { return h.Role == Manager && h.Account != "" })
	event := audit.Event{Verb: "board.role", Board: boardID, Detail: map[string]string{"role": string(Owner), "why": "the last owner left; the eldest manager follows"}}
	if heir >= 0 {
		if _, err := tx.Exec(`UPDATE board_role SET role = $1 WHERE board_id = $2 AND player_id = $3`, string(Owner), boardID, holders[heir].Account); err != nil {
			return err
		}
		event.Player = holders[heir].Account
		return b.rooms.Trail.Write(tx, event)
	}
	if _, err := tx.Exec(`UPDATE board SET stage = $1, pending = '' WHERE board_id = $2`, string(Stealth), boardID); err != nil {
		return err
	}
	event.Verb, event.Detail = "board.reveal", map[string]string{"stage": string(Stealth), "why": "the last owner left and nobody manages the board"}
	return b.rooms.Trail.Write(tx, event)
}
