package board

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// Enrol finds members by key (or e-mail, handle, name, as by says) and adds those that are not there; names, addresses,
// handles and tags that are given replace those that stood, group by group, and the last one of a batch holds; what belongs
// to a player who claimed their record stays as they said it. It returns their numbers in order. A new member without a key is given one made of their handle or name, or of what stands before
// the @ of their address.
//
// Of a person who left the board, or declined to be on it not long ago, nothing is taken over; their number is Gone.
//
// The error is Invalid for a person that Check refuses or that lacks what they are found by, and Conflict, naming both,
// where two members answer to it or where a new member asks for a key that somebody else has. Then nobody is added.
func (b *Boards) Enrol(ctx context.Context, boardID string, by string, people []Member) (numbers []int64, err error) {
	err = b.EnrolAnd(ctx, boardID, by, people, func(_ *db.Tx, found []int64) error {
		numbers = found
		return nil
	})
	return numbers, err
}

// EnrolBy is Enrol by somebody, which the trail tells.
func (b *Boards) EnrolBy(ctx context.Context, a identity.Actor, at *Board, by string, people []Member) (numbers []int64, err error) {
	err = b.EnrolAnd(ctx, at.ID, by, people, func(tx *db.Tx, found []int64) error {
		numbers = found
		return b.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: "member.enrol", Board: at.ID, Detail: map[string]string{"players": strconv.Itoa(len(people))}})
	})
	return numbers, err
}

// EnrolAnd is Enrol together with what is then done for those people, in one transaction: an error undoes both. then may
// run twice.
func (b *Boards) EnrolAnd(ctx context.Context, boardID string, by string, people []Member, then func(tx *db.Tx, numbers []int64) error) error {
	e, err := enrolling(boardID, by, people)
	if err != nil {
		return err
	}
	return b.change(ctx, boardID, func(c *change) error {
		numbers, err := e.run(c)
		if err != nil {
			return err
		}
		return then(c.Tx, numbers)
	})
}

// enrolling checks people who are to be enrolled.
func enrolling(boardID, by string, people []Member) (*enrolment, error) {
	e := &enrolment{by: cmp.Or(by, ByKey), boardID: boardID}
	switch e.by {
	case ByKey, ByEmail, ByHandle, ByName:
	default:
		return nil, fault.Wrong("by", "Players are found by key, email, handle or name, not by %q.", by)
	}
	for i, person := range people {
		person = plain(person)
		if err := person.Check(); err != nil {
			return nil, err
		}
		if e.mark(person) == "" {
			return nil, fault.Wrong(e.by, "Person %d of the list (%q) has no %s to be found by.", i+1, cmp.Or(person.Name, person.Key, person.Email), e.by)
		}
		e.people = append(e.people, person)
	}
	return e, nil
}

// Gone is what Enrol returns for a person of whom the board keeps nothing any more.
const Gone = -1

// enrolment is one call of EnrolAnd.
type enrolment struct {
	by      string
	boardID string
	basis   Basis
	tagsBy  map[string]TagsBy
	people  []Member

	known    map[string]*Member   // by mark
	keys     map[string]*Member   // by key, where the mark is another
	declined map[string]time.Time // marks of those who said no
}

// mark is what a person is found by.
func (e *enrolment) mark(m Member) string {
	switch e.by {
	case ByEmail:
		return m.Email
	case ByHandle:
		return m.Handle
	case ByName:
		return m.Name
	}
	return m.Key
}

func (e *enrolment) run(c *change) ([]int64, error) {
	tx := c.Tx
	at, err := c.boards.boardIn(tx, e.boardID)
	if err != nil {
		return nil, err
	}
	given := int64(at.Players)
	e.basis, e.tagsBy = at.Basis, at.Plan.TagsBy
	e.known, e.keys = map[string]*Member{}, map[string]*Member{}
	if given > 0 {
		if err := e.find(tx); err != nil {
			return nil, err
		}
	}
	if e.declined, err = c.declined(); err != nil {
		return nil, err
	}
	next := given
	var added []*Member
	changed := map[*Member]bool{}
	numbers := make([]int64, len(e.people))
	for i, person := range e.people {
		m, err := e.member(person)
		if err != nil {
			return nil, err
		}
		if m == nil && e.saidNo(person) || m != nil && m.State == Left && m.Player != "" {
			numbers[i] = Gone
			continue
		}
		if m == nil {
			m = &Member{Number: next, Key: person.Key}
			next++
			added = append(added, m)
			e.keys[m.Key] = m
		}
		e.known[e.mark(person)] = m
		if e.update(m, person) && m.Number < given {
			changed[m] = true
		}
		numbers[i] = m.Number
	}
	if err := e.add(c, added, next); err != nil {
		return nil, err
	}
	for m := range changed {
		if _, err := tx.Exec(`UPDATE board_member SET name = $1, email = $2, handle = $3, tags = $4, roster = $5 WHERE board_id = $6 AND number = $7`,
			m.Name, m.Email, m.Handle, writeTags(m.Tags), c.roster, e.boardID, m.Number); err != nil {
			return nil, err
		}
	}
	return numbers, nil
}

// add gives new members keys and writes them; next is the number that follows theirs.
func (e *enrolment) add(c *change, added []*Member, next int64) error {
	if len(added) == 0 {
		return nil
	}
	if err := e.nameKeys(c.Tx, added); err != nil {
		return err
	}
	// Before the members, so that of two who give out the same numbers on PostgreSQL the later begins again.
	if _, err := c.Exec(`UPDATE board SET members = $1 WHERE board_id = $2`, next, e.boardID); err != nil {
		return err
	}
	return e.insert(c, added)
}

// newcomer adds somebody of whom nothing is known but perhaps a name, and who is nobody that is there.
func (c *change) newcomer(at *Board, name string) (Member, error) {
	m := plain(Member{Number: int64(at.Players), Name: name})
	if err := m.Check(); err != nil {
		return m, err
	}
	e := enrolment{boardID: c.boardID, basis: at.Basis, keys: map[string]*Member{}}
	if err := e.add(c, []*Member{&m}, m.Number+1); err != nil {
		return m, err
	}
	return c.numbered(m.Number)
}

// saidNo reports whether somebody declined not long ago to be on the board.
func (e *enrolment) saidNo(person Member) bool {
	if len(e.declined) == 0 {
		return false
	}
	return slices.ContainsFunc(declinedMarks(e.boardID, person), func(mark string) bool { return !e.declined[mark].IsZero() })
}

// update takes over what is written of a person and reports whether anything is new. Of somebody who claimed their record, name,
// address and handle are their own, and so are the tags that players set.
func (e *enrolment) update(m *Member, person Member) (changed bool) {
	take := func(stood *string, given string) {
		if given != "" && given != *stood && m.Player == "" {
			*stood, changed = given, true
		}
	}
	take(&m.Name, person.Name)
	take(&m.Email, person.Email)
	take(&m.Handle, person.Handle)
	for group, tag := range person.Tags {
		if m.Player != "" && e.tagsBy[group] == ByPlayer {
			continue
		}
		if tag = strings.TrimSpace(tag); tag != "" && m.Tags[group] != tag {
			if m.Tags == nil {
				m.Tags = map[string]string{}
			}
			m.Tags[group], changed = tag, true
		}
	}
	return changed
}

// find reads the members whose marks the batch names, and those whose keys it asks for.
func (e *enrolment) find(tx *db.Tx) error {
	wanted := map[string]bool{}
	for _, person := range e.people {
		wanted[e.mark(person)] = true
	}
	var members []Member
	var err error
	if e.by == ByName { // there is no index of names: few boards need one
		members, err = (&memberReader{}).query(tx, `board_id = $1 ORDER BY number`, e.boardID)
	} else {
		members, err = e.among(tx, e.by, slices.Sorted(maps.Keys(wanted)))
	}
	if err != nil {
		return err
	}
	for i := range members {
		m := &members[i]
		mark := e.mark(*m)
		if other := e.known[mark]; other != nil && wanted[mark] {
			return fault.New(fault.Conflict, "Two players answer to the %s %q: %s and %s. Name the one you mean by key.", e.by, mark, other.Key, m.Key)
		}
		e.known[mark] = m
	}
	if e.by == ByKey {
		return nil
	}
	var keys []string
	for _, person := range e.people {
		if person.Key != "" && e.known[e.mark(person)] == nil {
			keys = append(keys, person.Key)
		}
	}
	return e.look(tx, keys)
}

// look reads who has the keys.
func (e *enrolment) look(tx *db.Tx, keys []string) error {
	members, err := e.among(tx, ByKey, keys)
	for i := range members {
		e.keys[members[i].Key] = &members[i]
	}
	return err
}

// member returns who a person is, nil for somebody new. Somebody known by the key asked for, of whom no address, handle
// or name is known yet, is the same person.
func (e *enrolment) member(person Member) (*Member, error) {
	if m := e.known[e.mark(person)]; m != nil {
		return m, nil
	}
	other := e.keys[person.Key]
	if e.by == ByKey || person.Key == "" || other == nil {
		return nil, nil
	}
	if mark := e.mark(*other); mark != "" {
		return nil, fault.New(fault.Conflict, "The key %q, asked for by %s, belongs to %s already: give one of the two another key.", person.Key, e.mark(person), mark)
	}
	return other, nil
}

// among returns the members whose column holds one of the texts.
func (e *enrolment) among(tx *db.Tx, column string, texts []string) (members []Member, err error) {
	const most = 500
	reader := &memberReader{}
	for len(texts) > 0 {
		part := texts[:min(most, len(texts))]
		texts = texts[len(part):]
		args := []any{e.boardID}
		for _, text := range part {
			args = append(args, text)
		}
		found, err := reader.query(tx, fmt.Sprintf(`board_id = $1 AND %s IN (%s)`, column, places(2, len(part))), args...)
		if err != nil {
			return nil, err
		}
		members = append(members, found...)
	}
	return members, nil
}

// nameKeys gives a key to every new member who came without.
func (e *enrolment) nameKeys(tx *db.Tx, added []*Member) error {
	for _, m := range added {
		if m.Key != "" {
			continue
		}
		local, _, _ := strings.Cut(m.Email, "@")
		base := cmp.Or(m.Handle, slug(m.Name), slug(local), "player")
		for n := 1; m.Key == ""; n++ {
			candidate := base
			if n > 1 {
				candidate = fmt.Sprintf("%s-%d", base, n)
			}
			if e.keys[candidate] == nil {
				if err := e.look(tx, []string{candidate}); err != nil {
					return err
				}
			}
			if e.keys[candidate] == nil {
				m.Key = candidate
				e.keys[candidate] = m
			}
		}
	}
	return nil
}

// slug makes a key of a name: letters and digits in lower case, joined by dashes.
func slug(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
	return strings.Join(words, "-")
}

// insert adds members, many a statement.
func (e *enrolment) insert(c *change, added []*Member) error {
	const most, columns = 40, 16 // SQLite looks parameters up one after another: longer lists are slower
	var full *db.Stmt
	for len(added) > 0 {
		part := added[:min(most, len(added))]
		added = added[len(part):]
		args := make([]any, 0, len(part)*columns)
		for _, m := range part {
			m.State, m.Ref = Listed, m.Key
			if e.basis == OptIn {
				m.State = Invited
			}
			if e.basis != Things {
				m.Ref = newRef()
			}
			now := c.now.UnixMicro()
			args = append(args, e.boardID, m.Number, m.Key, m.Name, m.Email, m.Handle, writeTags(m.Tags), now,
				m.Player, string(m.State), m.Ref, 0, 0, "", now, c.roster)
		}
		query := `INSERT INTO board_member (board_id, ` + memberColumns + `, roster) VALUES ` + rowPlaces(len(part), columns)
		if len(part) < most {
			_, err := c.Exec(query, args...)
			return err
		}
		if full == nil {
			var err error
			if full, err = c.Prepare(query); err != nil {
				return err
			}
			defer full.Close()
		}
		if _, err := full.Exec(args...); err != nil {
			return err
		}
	}
	return nil
}

// newRef draws the name under which releases know a member: 80 bits by lot, so that it says nothing and is never met twice.
func newRef() string { return "p-" + strings.ToLower(rand.Text()[:16]) }

// places returns "$first, $first+1, …" for n parameters.
func places(first, n int) string {
	var text strings.Builder
	for i := range n {
		if i > 0 {
			text.WriteString(", ")
		}
		fmt.Fprintf(&text, "$%d", first+i)
	}
	return text.String()
}

// rowPlaces returns "($1, …), (…), …".
func rowPlaces(rows, columns int) string {
	var text strings.Builder
	for i := range rows {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString("(" + places(1+i*columns, columns) + ")")
	}
	return text.String()
}

// writeTags is the JSON in which tags are kept; its keys are in order, so that equal tags are equal text.
func writeTags(tags map[string]string) string {
	if len(tags) == 0 {
		return ""
	}
	text, err := json.Marshal(tags)
	if err != nil {
		panic(err) // a map of text always has a JSON form
	}
	return string(text)
}
