package board

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

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
			return invalid(text.field, "A player cannot be called %q, since keys stand in addresses.", text.text)
		}
	}
	if local, domain, _ := strings.Cut(m.Email, "@"); m.Email != "" && (local == "" || domain == "" || strings.ContainsFunc(m.Email, unicode.IsSpace)) {
		return invalid("email", "%q is not an e-mail address.", m.Email)
	}
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

// memberReader reads members; most share their tags with many others, so each combination is parsed once.
type memberReader struct{ tags map[string]map[string]string }

func (r *memberReader) scan(scan func(...any) error) (m Member, err error) {
	var tags, shows string
	var joined, changed, hidden, shy int64
	if err := scan(&m.Number, &m.Key, &m.Name, &m.Email, &m.Handle, &tags, &joined, &m.Player, &m.State, &m.Ref, &hidden, &shy, &shows, &changed); err != nil {
		return m, err
	}
	m.Joined, m.Changed = time.UnixMicro(joined).UTC(), time.UnixMicro(changed).UTC()
	m.Hidden, m.Shy = hidden != 0, shy != 0
	if shows != "" {
		if err := json.Unmarshal([]byte(shows), &m.Shows); err != nil {
			return m, fmt.Errorf("reading what member %d shows: %w", m.Number, err)
		}
	}
	if tags == "" {
		return m, nil
	}
	parsed, ok := r.tags[tags]
	if !ok {
		if err := json.Unmarshal([]byte(tags), &parsed); err != nil {
			return m, fmt.Errorf("reading the tags of member %d: %w", m.Number, err)
		}
		if r.tags == nil {
			r.tags = map[string]map[string]string{}
		}
		r.tags[tags] = parsed
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
		members, err = (&memberReader{}).query(tx, `board_id = $1 ORDER BY number`, boardID)
		return err
	})
	return members, err
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

// Rename changes a member's name for people; final releases keep the one they were made with.
func (b *Boards) Rename(ctx context.Context, boardID, key, name string) error {
	named := plain(Member{Key: key, Name: name})
	if err := named.Check(); err != nil {
		return err
	}
	return b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		result, err := tx.Exec(`UPDATE board_member SET name = $1 WHERE board_id = $2 AND key = $3`, named.Name, boardID, named.Key)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return fault.Wrap(fault.NotFound, err, "There is no player %q on the board.", key)
		}
		return nil
	})
}
