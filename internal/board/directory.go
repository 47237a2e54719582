package board

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"cairn/internal/db"
	"cairn/internal/fault"
)

// Directory is who stands behind the numbers of a board's members, kept in memory: about 200 bytes a member. It is read on
// every page, and never changes: a change of members makes another one.
type Directory struct {
	rows    []row // by number
	order   []int32
	tags    []map[string]string
	shows   [][]string
	known   map[string]int32 // JSON of tags or shows → place in its list
	hidden  []int64
	version string // of hidden
}

// row is a member, packed.
type row struct {
	text            string    // key, name, email, handle, reference and account
	ends            [5]uint16 // of all but the last
	state           uint8     // place in states
	hidden, shy     bool
	tags, shows     int32
	joined, changed int64
}

// states in the order in which rows name them; 0 is a number that nobody has.
var states = []State{Former, Listed, Invited, Accepted, Paused, Left}

func (r *row) key() string { return r.text[:r.ends[0]] }

func (r *row) field(i int) string {
	if i == len(r.ends) {
		return r.text[r.ends[i-1]:]
	}
	return r.text[r.ends[i-1]:r.ends[i]]
}

// Member returns who has a number; a Former without a name for one that is gone. Its tags are the directory's own: they
// are not to be changed.
func (d *Directory) Member(number int64) Member {
	if number < 0 || number >= int64(len(d.rows)) || len(d.rows[number].text) == 0 {
		return Member{Number: number, State: Former}
	}
	r := &d.rows[number]
	return Member{
		Number: number, Key: r.key(), Name: r.field(1), Email: r.field(2), Handle: r.field(3), Ref: r.field(4), Player: r.field(5),
		Tags: d.tags[r.tags], Shows: d.shows[r.shows], State: states[r.state], Hidden: r.hidden, Shy: r.shy,
		Joined: time.UnixMicro(r.joined).UTC(), Changed: time.UnixMicro(r.changed).UTC(),
	}
}

// ByKey returns the number of a key, −1 for none.
func (d *Directory) ByKey(key string) int64 {
	at, found := slices.BinarySearchFunc(d.order, key, func(n int32, key string) int { return cmp.Compare(d.rows[n].key(), key) })
	if !found {
		return -1
	}
	return int64(d.order[at])
}

// Len returns how many numbers were ever given out.
func (d *Directory) Len() int64 { return int64(len(d.rows)) }

// Given returns the numbers of the players whom a coach was given.
func (d *Directory) Given(s Scope) map[int64]bool {
	given := map[int64]bool{}
	for _, key := range s.Players {
		if n := d.ByKey(key); n >= 0 {
			given[n] = true
		}
	}
	if len(s.Tags) == 0 {
		return given
	}
	of := make([]bool, len(d.tags)) // most members share their tags with many others
	for i, tags := range d.tags {
		of[i] = Scope{Tags: s.Tags}.Given(Member{Tags: tags})
	}
	for n := range d.rows {
		if of[d.rows[n].tags] {
			given[int64(n)] = true
		}
	}
	return given
}

// Hidden returns the numbers of the members that leave no trace for others, ascending; and a text that changes with it.
func (d *Directory) Hidden() (numbers []int64, version string) { return d.hidden, d.version }

// directories holds the directory of each board that was asked for.
type directories struct {
	mu   sync.Mutex
	held map[string]*heldDirectory
}

// heldDirectory is a directory and how far it can be trusted. Whoever reads it anew holds its lock meanwhile.
type heldDirectory struct {
	mu        sync.Mutex
	directory *Directory
	roster    int64     // the last change of members that it has
	asked     time.Time // when the database was asked last whether that is the last there is

	stale sync.Mutex // guards changes
	count uint64     // changes by this program
	seen  uint64     // of them, those before it was read
}

// changed notes that this program changed a board's members.
func (d *directories) changed(boardID string) {
	h := d.of(boardID)
	h.stale.Lock()
	h.count++
	h.stale.Unlock()
}

func (d *directories) of(boardID string) *heldDirectory {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.held[boardID] == nil {
		d.held[boardID] = &heldDirectory{}
	}
	return d.held[boardID]
}

// trusted is for how long a directory is taken for current without asking the database.
const trusted = time.Second

// Directory returns the directory of a board as of now: what this program changes is seen at once, what another one
// changes within a second, or as soon as the board itself was read again.
func (b *Boards) Directory(ctx context.Context, at *Board) (*Directory, error) {
	h := b.directories.of(at.ID)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stale.Lock()
	changes := h.count
	h.stale.Unlock()
	now := b.rooms.Now()
	if age := now.Sub(h.asked); h.directory != nil && h.seen == changes && at.roster <= h.roster && age >= 0 && age < trusted {
		return h.directory, nil
	}
	next, roster := h.directory, h.roster
	err := b.rooms.DB.Read(ctx, func(tx *db.Tx) (err error) {
		next, roster = h.directory, h.roster
		var current int64
		err = tx.QueryRow(`SELECT roster FROM board WHERE board_id = $1`, at.ID).Scan(&current)
		if absent(err) {
			return fault.New(fault.NotFound, "There is no such board.")
		}
		if err != nil || next != nil && current == roster {
			return err
		}
		next, err = next.read(tx, at.ID, roster)
		roster = current
		return err
	})
	if err != nil {
		return nil, err
	}
	h.directory, h.roster, h.asked, h.seen = next, roster, now, changes
	return next, nil
}

// read returns the directory with the members that took part in changes after one; d may be nil, and stays as it is.
func (d *Directory) read(tx *db.Tx, boardID string, after int64) (*Directory, error) {
	next := &Directory{tags: []map[string]string{nil}, shows: [][]string{nil}, known: map[string]int32{"": 0}}
	query, args := `SELECT `+memberColumns+` FROM board_member WHERE board_id = $1`, []any{boardID}
	if d != nil {
		next.rows, next.tags, next.shows = slices.Clone(d.rows), slices.Clone(d.tags), slices.Clone(d.shows)
		next.known = make(map[string]int32, len(d.known))
		for text, place := range d.known {
			next.known[text] = place
		}
		query, args = query+` AND roster > $2`, append(args, after)
	}
	changed := map[int32]bool{}
	rows, err := tx.Query(query+` ORDER BY number`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var m memberRow
		if err := m.scan(rows.Scan); err != nil {
			return nil, err
		}
		if err := next.put(&m); err != nil {
			return nil, err
		}
		if d != nil {
			changed[int32(m.Number)] = true
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	next.sort(d, changed)
	next.hide()
	return next, nil
}

// put writes one member into its row.
func (d *Directory) put(m *memberRow) error {
	for int64(len(d.rows)) <= m.Number {
		d.rows = append(d.rows, row{})
	}
	r := &d.rows[m.Number]
	*r = row{
		text: m.Key + m.Name + m.Email + m.Handle + m.Ref + m.Player, hidden: m.Hidden, shy: m.Shy,
		state: uint8(max(0, slices.Index(states, m.State))), joined: m.Joined.UnixMicro(), changed: m.Changed.UnixMicro(),
	}
	end := 0
	for i, text := range []string{m.Key, m.Name, m.Email, m.Handle, m.Ref} {
		end += len(text)
		r.ends[i] = uint16(end)
	}
	place, ok := d.known[m.tags]
	if !ok {
		var tags map[string]string
		if err := json.Unmarshal([]byte(m.tags), &tags); err != nil {
			return fmt.Errorf("reading the tags of member %d: %w", m.Number, err)
		}
		place = int32(len(d.tags))
		d.tags, d.known[m.tags] = append(d.tags, tags), place
	}
	r.tags = place
	if place, ok = d.known[m.shows]; !ok {
		var shows []string
		if err := json.Unmarshal([]byte(m.shows), &shows); err != nil {
			return fmt.Errorf("reading what member %d shows: %w", m.Number, err)
		}
		place = int32(len(d.shows))
		d.shows, d.known[m.shows] = append(d.shows, shows), place
	}
	r.shows = place
	return nil
}

// sort puts the numbers in the order of their keys: all of them, or those that changed among those that did not.
func (d *Directory) sort(before *Directory, changed map[int32]bool) {
	byKey := func(a, b int32) int { return cmp.Compare(d.rows[a].key(), d.rows[b].key()) }
	var fresh []int32
	if before == nil {
		for n := range d.rows {
			fresh = append(fresh, int32(n))
		}
	} else {
		for n := range changed {
			fresh = append(fresh, n)
		}
	}
	fresh = slices.DeleteFunc(fresh, func(n int32) bool { return d.rows[n].text == "" })
	slices.SortFunc(fresh, byKey)
	if before == nil {
		d.order = fresh
		return
	}
	d.order = make([]int32, 0, len(before.order)+len(fresh))
	for _, n := range before.order {
		if changed[n] {
			continue
		}
		for len(fresh) > 0 && byKey(fresh[0], n) < 0 {
			d.order, fresh = append(d.order, fresh[0]), fresh[1:]
		}
		d.order = append(d.order, n)
	}
	d.order = append(d.order, fresh...)
}

// hide lists the hidden.
func (d *Directory) hide() {
	digest := sha256.New()
	for n := range d.rows {
		if d.rows[n].hidden {
			d.hidden = append(d.hidden, int64(n))
			digest.Write(binary.BigEndian.AppendUint64(nil, uint64(n)))
		}
	}
	if len(d.hidden) > 0 {
		d.version = hex.EncodeToString(digest.Sum(nil)[:16])
	}
}
