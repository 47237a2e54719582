package board

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/fault"
)

// Member is a player on a board.
type Member struct {
	Number int64  // dense from 0 on the board
	Key    string // the player's identifier on the board: in addresses, files and bundles
	Name   string
	Email  string            // lower case
	Handle string            // lower case, without @
	Tags   map[string]string // tag group → tag
	Joined time.Time

	State   State
	Player  string    // account whose record it is, "" nobody claimed it
	Ref     string    // under which releases and bundles know the member: says nothing about a person
	Hidden  bool      // leaves no trace for anyone but managers, stewards and themselves
	Shy     bool      // does not want to see the own number; tips stay
	Shows   []string  // fields of the profile that the board may show: name, picture, bio, links
	Changed time.Time // of the state
}

// By says how Enrol tells one person from another.
const (
	ByKey    = "key"
	ByEmail  = "email"
	ByHandle = "handle"
	ByName   = "name"
)

// formerKey is the form of the keys of those who are gone.
var formerKey = regexp.MustCompile(`^former-[0-9]+$`)

// Called is what the member is called where no name was given as well: by their key, else by their number.
func (m Member) Called() string {
	switch {
	case m.Name != "":
		return m.Name
	case m.State == Former:
		return "Former player"
	case m.Key != "":
		return m.Key
	}
	return "Player " + strconv.FormatInt(m.Number, 10)
}

// AnswersTo reports whether a text stands in the member's name, key, address or handle, whatever the case.
func (m Member) AnswersTo(text string) bool {
	text = strings.ToLower(strings.TrimSpace(text))
	return slices.ContainsFunc([]string{m.Name, m.Key, m.Email, m.Handle}, func(mark string) bool { return strings.Contains(strings.ToLower(mark), text) })
}

// Check refuses, with Invalid and the field, a person that Enrol would refuse for what is written of them.
func (m Member) Check() error {
	for _, text := range []struct{ field, what, text string }{
		{"key", "The player's key", m.Key}, {"name", "The player's name", m.Name},
		{"email", "The player's e-mail address", m.Email}, {"handle", "The player's handle", m.Handle},
	} {
		if err := checkText(text.field, text.what, text.text); err != nil {
			return err
		}
	}
	for _, text := range []struct{ field, text string }{{"key", m.Key}, {"handle", m.Handle}} { // a handle may become a key
		if text.text == "." || text.text == ".." {
			return fault.Wrong(text.field, "A player cannot be called %q, since keys stand in addresses.", text.text)
		}
		if formerKey.MatchString(text.text) {
			return fault.Wrong(text.field, "A player cannot be called %q: that stands for somebody who is gone.", text.text)
		}
	}
	if local, domain, _ := strings.Cut(m.Email, "@"); m.Email != "" && (local == "" || domain == "" || strings.ContainsFunc(m.Email, unicode.IsSpace)) {
		return fault.Wrong("email", "%q is not an e-mail address.", m.Email)
	}
	return m.checkTags()
}

// checkTags refuses tags that no page or file could show well.
func (m Member) checkTags() error {
	for _, group := range slices.Sorted(maps.Keys(m.Tags)) {
		if err := checkText("tags", "The name of a tag group", group); err != nil {
			return err
		}
		if err := checkText("tags", fmt.Sprintf("The tag under %q", group), m.Tags[group]); err != nil {
			return err
		}
	}
	return nil
}

// plain brings what is written of a person into the form in which it is kept and compared.
func plain(m Member) Member {
	m.Key = strings.TrimSpace(m.Key)
	m.Name = strings.Join(strings.Fields(m.Name), " ")
	m.Email = strings.ToLower(strings.TrimSpace(m.Email))
	m.Handle = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(m.Handle), "@"))
	return m
}

const memberColumns = `number, key, name, email, handle, tags, joined_at, player_id, state, ref, hidden, shy, shows, changed_at`

// memberRow is a member as its row says it.
type memberRow struct {
	Member
	tags, shows string // JSON
}

func (m *memberRow) scan(scan func(...any) error) error {
	var joined, changed, hidden, shy int64
	if err := scan(&m.Number, &m.Key, &m.Name, &m.Email, &m.Handle, &m.tags, &joined, &m.Player, &m.State, &m.Ref, &hidden, &shy, &m.shows, &changed); err != nil {
		return err
	}
	m.Joined, m.Changed = time.UnixMicro(joined).UTC(), time.UnixMicro(changed).UTC()
	m.Hidden, m.Shy = hidden != 0, shy != 0
	return nil
}

// memberReader reads members; most share their tags with many others, so each combination is parsed once.
type memberReader struct{ tags map[string]map[string]string }

func (r *memberReader) scan(scan func(...any) error) (Member, error) {
	var row memberRow
	if err := row.scan(scan); err != nil {
		return row.Member, err
	}
	m := row.Member
	if row.shows != "" {
		if err := json.Unmarshal([]byte(row.shows), &m.Shows); err != nil {
			return m, fmt.Errorf("reading what member %d shows: %w", m.Number, err)
		}
	}
	if row.tags == "" {
		return m, nil
	}
	parsed, ok := r.tags[row.tags]
	if !ok {
		if err := json.Unmarshal([]byte(row.tags), &parsed); err != nil {
			return m, fmt.Errorf("reading the tags of member %d: %w", m.Number, err)
		}
		if r.tags == nil {
			r.tags = map[string]map[string]string{}
		}
		r.tags[row.tags] = parsed
	}
	m.Tags = maps.Clone(parsed)
	return m, nil
}

// query reads the members that a WHERE clause names.
func (r *memberReader) query(tx *db.Tx, where string, args ...any) (members []Member, err error) {
	rows, err := tx.Query(`SELECT `+memberColumns+` FROM board_member WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		m, err := r.scan(rows.Scan)
		if err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	return members, rows.Err()
}

// Members returns every member by number.
func (b *Boards) Members(ctx context.Context, boardID string) (members []Member, err error) {
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		members, err = b.MembersIn(tx, boardID)
		return err
	})
	return members, err
}

// MembersIn is Members in the caller's transaction.
func (b *Boards) MembersIn(tx *db.Tx, boardID string) ([]Member, error) {
	return (&memberReader{}).query(tx, `board_id = $1 ORDER BY number`, boardID)
}

// Hold makes whoever changes a board's members or their grants go before or after the caller's transaction, never in between.
func (b *Boards) Hold(tx *db.Tx, boardID string) error {
	_, err := b.begin(tx, boardID)
	return err
}

// Member returns the member with a key, or NotFound.
func (b *Boards) Member(ctx context.Context, boardID, key string) (m Member, err error) {
	if checkText("key", "The player's key", key) != nil {
		return m, fault.New(fault.NotFound, "There is no player %q on the board.", key)
	}
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		found, err := (&memberReader{}).query(tx, `board_id = $1 AND key = $2`, boardID, key)
		if err == nil && len(found) == 0 {
			err = fault.New(fault.NotFound, "There is no player %q on the board.", key)
		}
		if err == nil {
			m = found[0]
		}
		return err
	})
	return m, err
}

// Rename changes the name of a member whom nobody claimed; who claimed their record names themselves (Forbidden).
func (b *Boards) Rename(ctx context.Context, boardID, key, name string) error {
	named := plain(Member{Key: key, Name: name})
	if err := named.Check(); err != nil {
		return err
	}
	return b.change(ctx, boardID, func(c *change) error {
		m, err := c.member(named.Key)
		if err != nil {
			return err
		}
		if m.Player != "" {
			return fault.New(fault.Forbidden, "%s claimed this record: their name is theirs to change.", m.Key)
		}
		if m.Name == named.Name {
			return nil
		}
		m.Name = named.Name
		if err := c.put(m); err != nil {
			return err
		}
		return c.note("", "member.rename", m, nil)
	})
}

// change is one change of a board's members, in one transaction: every member that is put takes part in it, and readers of the
// directory see it at once.
type change struct {
	*db.Tx
	boards  *Boards
	boardID string
	roster  int64 // its number
	now     time.Time
}

// change runs a change of a board's members. do may run twice.
func (b *Boards) change(ctx context.Context, boardID string, do func(c *change) error) error {
	defer b.directories.changed(boardID)
	return b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		c, err := b.begin(tx, boardID)
		if err != nil {
			return err
		}
		return do(c)
	})
}

// begin begins a change in the caller's transaction.
func (b *Boards) begin(tx *db.Tx, boardID string) (*change, error) {
	c := &change{Tx: tx, boards: b, boardID: boardID, now: b.rooms.Now()}
	err := tx.QueryRow(`UPDATE board SET roster = roster + 1 WHERE board_id = $1 RETURNING roster`, boardID).Scan(&c.roster)
	if absent(err) {
		return nil, fault.New(fault.NotFound, "There is no such board.")
	}
	return c, err
}

// member returns the member with a key, or NotFound.
func (c *change) member(key string) (Member, error) {
	if checkText("key", "The player's key", key) == nil {
		found, err := (&memberReader{}).query(c.Tx, `board_id = $1 AND key = $2`, c.boardID, key)
		if err != nil {
			return Member{}, err
		}
		if len(found) == 1 && found[0].State != Former {
			return found[0], nil
		}
	}
	return Member{}, fault.New(fault.NotFound, "There is no player %q on the board.", key)
}

// numbered returns the member with a number, or NotFound.
func (c *change) numbered(number int64) (Member, error) {
	found, err := (&memberReader{}).query(c.Tx, `board_id = $1 AND number = $2`, c.boardID, number)
	if err == nil && len(found) == 0 {
		err = fault.New(fault.NotFound, "There is no such player on the board.")
	}
	if err != nil {
		return Member{}, err
	}
	return found[0], nil
}

// own returns the member that an account is, or NotFound.
func (c *change) own(account string) (Member, error) {
	m, err := ofAccount(c.Tx, c.boardID, account)
	if err != nil {
		return Member{}, err
	}
	if m == nil {
		return Member{}, fault.New(fault.NotFound, "You are not a player on this board.")
	}
	return *m, nil
}

// ofAccount returns the member that an account is, nil for none.
func ofAccount(tx *db.Tx, boardID, account string) (*Member, error) {
	if account == "" {
		return nil, nil
	}
	found, err := (&memberReader{}).query(tx, `board_id = $1 AND player_id = $2`, boardID, account)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// put writes a member's row.
func (c *change) put(m Member) error {
	_, err := c.Exec(`UPDATE board_member SET key = $1, name = $2, email = $3, handle = $4, tags = $5, player_id = $6, state = $7, hidden = $8, shy = $9, shows = $10, changed_at = $11, roster = $12
		WHERE board_id = $13 AND number = $14`,
		m.Key, m.Name, m.Email, m.Handle, writeTags(m.Tags), m.Player, string(m.State), truth(m.Hidden), truth(m.Shy), writeShows(m.Shows), m.Changed.UnixMicro(), c.roster, c.boardID, m.Number)
	return err
}

// turn changes the state of a member and notes who did it. Nothing is written where the state is that already.
func (c *change) turn(m *Member, to State, actor, verb string, detail map[string]string) error {
	if m.State == to {
		return nil
	}
	m.State, m.Changed = to, c.now
	if err := c.put(*m); err != nil {
		return err
	}
	return c.note(actor, verb, *m, detail)
}

// note writes down what was done to a member.
func (c *change) note(actor, verb string, m Member, detail map[string]string) error {
	told := map[string]string{"member": fmt.Sprint(m.Number)}
	maps.Copy(told, detail)
	return c.boards.rooms.Trail.Write(c.Tx, audit.Event{Actor: actor, Verb: verb, Board: c.boardID, Player: m.Player, Detail: told})
}

// anonymous gives a member a reference by lot who carries their key as one, as everybody on boards of before there were references.
func (c *change) anonymous(m *Member) error {
	if m.Ref != m.Key {
		return nil
	}
	m.Ref = newRef()
	_, err := c.Exec(`UPDATE board_member SET ref = $1 WHERE board_id = $2 AND number = $3`, m.Ref, c.boardID, m.Number)
	return err
}

// blank makes of a member a number without a name: raw entries, notes, claims and invitations go, and nothing in the row says
// who it was. What is kept is whether the member was hidden, so that nobody appears by erasing themselves.
func (c *change) blank(m Member) error {
	if err := c.anonymous(&m); err != nil {
		return err
	}
	if _, err := c.boards.rooms.Entries.Forget(c.Tx, c.boardID, m.Number); err != nil {
		return err
	}
	for _, query := range []string{
		`DELETE FROM board_note WHERE board_id = $1 AND member = $2`,
		`DELETE FROM board_claim WHERE board_id = $1 AND member = $2`,
		`UPDATE board_invitation SET address = '', member = -1, uses = 0, ended = CASE WHEN ended = '' THEN 'revoked' ELSE ended END WHERE board_id = $1 AND member = $2`,
	} {
		if _, err := c.Exec(query, c.boardID, m.Number); err != nil {
			return err
		}
	}
	return c.put(Member{Number: m.Number, Key: fmt.Sprintf("former-%d", m.Number), State: Former, Hidden: m.Hidden, Changed: c.now})
}

func truth(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

func writeShows(shows []string) string {
	if len(shows) == 0 {
		return ""
	}
	text, err := json.Marshal(shows)
	if err != nil {
		panic(err) // a list of text always has a JSON form
	}
	return string(text)
}
