package source

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/scorecard"
)

// Taken says what became of messages.
type Taken struct {
	Events     int // that came
	Added      int // entries
	Duplicates int // entries that were there already
	Skipped    int // events that rules leave out, and those of people who left the board or declined to be on it
	Waiting    int // events in quarantine, until somebody mends rules or enrols players
	Conflicts  int // events of a known id with other content: in quarantine as well
	TooLate    int // events dated under a final release: in quarantine as well
	MadeIDs    int // without an id of their own
}

// Why an event waits, beside what its rules say.
const (
	whyKnown = "An entry with this id is there already and says something else."
	whyLate  = "It is dated in a period that is final: import it for an erratum, or delete it."
	whyNone  = "It does not say which player it is about."
	whyLarge = "It is larger than 32 KB, and only its head is kept: send it again smaller."
)

var whyUnknown = map[string]string{
	board.ByKey:    "Nobody on the board has this key.",
	board.ByEmail:  "Nobody on the board has this e-mail address, or more than one has.",
	board.ByHandle: "Nobody on the board has this handle, or more than one has.",
}

// Push takes messages for a connection. When it returns without an error they are on disk, as entries or in quarantine.
// Unavailable where they are not: the sender sends them again, and nothing is counted twice. Many small pushes to one board are
// kept together, in one transaction.
func (s *Sources) Push(ctx context.Context, c Connection, b intake.Batch) (Taken, error) {
	p := &push{c: c, plan: s.plan(c, b), turn: make(chan bool, 1)}
	lead, err := s.lines.join(p)
	if err != nil {
		return Taken{}, err
	}
	if !lead {
		lead = <-p.turn // soon: whoever leads keeps what waits within seconds, or gives up
	}
	if lead {
		s.lead(ctx, p)
	}
	return p.plan.taken, p.err
}

// push is one call of Push.
type push struct {
	c    Connection
	plan *plan
	err  error
	turn chan bool // true: it is this one's turn to keep what waits; false: it was kept, or could not be
}

// line names the line in which it waits: one of each board and player.
func (p *push) line() string { return p.c.Board + "/" + p.c.Player }

// lines are the pushes that wait, by board or player. Of each line one at a time keeps what has gathered meanwhile.
type lines struct {
	mu      sync.Mutex
	waiting map[string][]*push // a line that is there has somebody who leads
	events  int                // of all that wait
	bytes   int                // and what they say
}

const (
	mostTogether = 10_000  // events in one transaction, where more than one push waits
	mostWaiting  = 200_000 // events: beyond them senders are to come again later
	mostBytes    = 256 << 20
)

// join puts a push into its line; lead says that nobody is at work there.
func (l *lines) join(p *push) (lead bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.events > mostWaiting || l.bytes > mostBytes {
		return false, &fault.Fault{Kind: fault.Unavailable, Wait: 5 * time.Second, Message: "More comes in than can be written down now: send it again in a few seconds."}
	}
	if l.waiting == nil {
		l.waiting = map[string][]*push{}
	}
	l.events += len(p.plan.events)
	l.bytes += p.plan.bytes()
	list, there := l.waiting[p.line()]
	if there {
		list = append(list, p)
	}
	l.waiting[p.line()] = list
	return !there, nil
}

// gather takes who waits behind a leader out of the line.
func (l *lines) gather(p *push) []*push {
	l.mu.Lock()
	defer l.mu.Unlock()
	group, n := []*push{p}, len(p.plan.events)
	list := l.waiting[p.line()]
	for len(list) > 0 && n+len(list[0].plan.events) <= mostTogether {
		n += len(list[0].plan.events)
		group, list = append(group, list[0]), list[1:]
	}
	l.waiting[p.line()] = list
	return group
}

// leave lets the next one of the line lead, after a group is done.
func (l *lines) leave(group []*push) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range group {
		l.events -= len(p.plan.events)
		l.bytes -= p.plan.bytes()
	}
	line := group[0].line()
	if list := l.waiting[line]; len(list) > 0 {
		l.waiting[line] = list[1:]
		list[0].turn <- true
		return
	}
	delete(l.waiting, line)
}

// lead keeps what waits in the line, and answers everybody whose it was; also where it panics.
func (s *Sources) lead(ctx context.Context, p *push) {
	group := s.lines.gather(p)
	for _, each := range group {
		each.err = fault.New(fault.Internal, "Cairn stumbled, and kept nothing of this.")
	}
	defer func() {
		s.lines.leave(group)
		for _, each := range group[1:] {
			each.turn <- false
		}
	}()
	// It is not the leader's alone: that the leader's sender hangs up is no reason to drop the others.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	err := s.keepTogether(ctx, group)
	if kind := fault.Of(err); len(group) > 1 && err != nil && kind != fault.Unavailable {
		for _, each := range group { // one of them spoils it, and not for the others
			each.err = s.keepTogether(ctx, []*push{each})
		}
		return
	}
	for _, each := range group {
		each.err = err
	}
}

// keepTogether keeps pushes to one board or player in one transaction.
func (s *Sources) keepTogether(ctx context.Context, group []*push) error {
	var order []string
	plans, of := map[string][]*plan{}, map[string]Connection{}
	for _, p := range group {
		if plans[p.c.ID] == nil {
			order, of[p.c.ID] = append(order, p.c.ID), p.c
		}
		plans[p.c.ID] = append(plans[p.c.ID], p.plan)
	}
	return s.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		for _, id := range order {
			if err := s.take(tx, of[id], plans[id]...); err != nil {
				return err
			}
		}
		return nil
	})
}

// takeIn takes messages for a connection in the caller's transaction.
func (s *Sources) takeIn(tx *db.Tx, c Connection, b intake.Batch) (Taken, error) {
	p := s.plan(c, b)
	err := s.take(tx, c, p)
	return p.taken, err
}

// plan is what is to become of messages, as far as that can be said without looking anything up.
type plan struct {
	events []planned
	made   int  // ids
	again  bool // they came before, and waited
	taken  Taken
}

// bytes is what its events say, as they came.
func (p *plan) bytes() (n int) {
	for i := range p.events {
		n += len(p.events[i].event.Data)
	}
	return n
}

// planned is one event of a plan.
type planned struct {
	event   intake.Event
	made    []intake.Made
	entries []entry.Entry // of made, without the player
	skipped bool
	why     string // why it waits, "" it does not; set anew by every take beside rules' own
	lacks   string // why, as far as rules say
	gone    bool   // it is about people of whom nothing is kept
}

// plan applies the rules of a connection.
func (s *Sources) plan(c Connection, b intake.Batch) *plan {
	now := s.rooms.Now()
	p := &plan{events: make([]planned, len(b.Events)), made: b.Made}
	for i, e := range b.Events {
		if e.Received.IsZero() {
			e.Received = now
		}
		if e.Zone == nil {
			e.Zone = c.Zone
		}
		if e.ID == "" {
			e.ID = madeID(e)
			p.made++
		}
		p.events[i] = plannedBy(c, e)
	}
	return p
}

// plannedBy applies the rules of a connection to one event.
func plannedBy(c Connection, e intake.Event) planned {
	p := planned{event: e, lacks: e.Why}
	if p.lacks == "" {
		p.made, p.skipped, p.lacks = c.Rules.Apply(e)
	}
	for _, m := range p.made {
		made := entry.Entry{Key: m.Entry.Key, At: m.Entry.At.UnixMicro(), Value: m.Entry.Value, Label: m.Entry.Label, ID: m.Entry.ID}
		if p.lacks == "" && c.Board != "" && m.Who == "" {
			p.lacks = whyNone
		}
		if err := cmp.Or(made.Check(), plainText("id", made.ID), plainText("key", made.Key), plainText("label", made.Label)); err != nil && p.lacks == "" {
			p.lacks = fault.Message(err)
		}
		p.entries = append(p.entries, made)
	}
	if p.lacks != "" {
		p.made, p.entries = nil, nil
	}
	return p
}

// madeID is the id of an event that has none: what it says.
func madeID(e intake.Event) string {
	said := fmt.Sprintf("%q %d %q", e.Type, e.At.UnixMicro(), e.Data)
	if e.Entry != nil {
		said += fmt.Sprintf(" %q %v %q", e.Entry.Key, e.Entry.Value, e.Entry.Label)
	}
	for _, by := range slices.Sorted(maps.Keys(e.Players)) {
		said += fmt.Sprintf(" %q %q", by, e.Players[by])
	}
	sum := sha256.Sum256([]byte(said))
	return hex.EncodeToString(sum[:12])
}

// plainText refuses text that not every database keeps, or that no page shows well.
func plainText(field, text string) error {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		return fault.Wrong(field, "Its %s holds control characters, or is no UTF-8.", field)
	}
	return nil
}

// take takes what was planned for one connection; it may run twice.
func (s *Sources) take(tx *db.Tx, c Connection, plans ...*plan) error {
	for _, p := range plans {
		p.taken = Taken{Events: len(p.events), MadeIDs: p.made}
		for i := range p.events {
			p.events[i].why, p.events[i].gone = p.events[i].lacks, false
		}
	}
	keys := map[string]bool{}
	var err error
	if c.Player != "" {
		err = s.takeOwn(tx, c, plans, keys)
	} else {
		err = s.takeOnBoard(tx, c, plans, keys)
	}
	if err != nil {
		return err
	}
	for _, p := range plans {
		for i := range p.events {
			switch e := &p.events[i]; {
			case e.why == whyKnown:
				p.taken.Conflicts++
				p.taken.Waiting++
			case e.why == whyLate:
				p.taken.TooLate++
				p.taken.Waiting++
			case e.why != "":
				p.taken.Waiting++
			case e.skipped, e.gone:
				p.taken.Skipped++
			}
		}
	}
	if len(keys) > 0 {
		if err := s.brings(tx, c.ID, keys); err != nil {
			return err
		}
	}
	if err := as(tx, c.Owner()); err != nil {
		return err
	}
	return s.remember(tx, c, plans)
}

// takeOwn adds the entries of a player's own connection to their record. What comes again with other content takes the place of
// what stood, since the record is the player's.
func (s *Sources) takeOwn(tx *db.Tx, c Connection, plans []*plan, keys map[string]bool) error {
	for _, p := range plans {
		var entries []entry.Entry
		for i := range p.events {
			entries = append(entries, p.events[i].entries...)
		}
		for part := range slices.Chunk(entries, 10_000) {
			added, err := s.rooms.Players.BringIn(tx, c.Player, c.Name, part)
			if err != nil {
				return err
			}
			p.taken.Added += added
			p.taken.Duplicates += len(part) - added
			for _, e := range part {
				keys[e.Key] = true
			}
		}
	}
	return nil
}

// takeOnBoard adds the entries of a board's connection to the board.
func (s *Sources) takeOnBoard(tx *db.Tx, c Connection, plans []*plan, keys map[string]bool) error {
	people, err := s.peopleOf(tx, c, plans)
	if err != nil {
		return err
	}
	read, err := s.readBy(tx, c)
	if err != nil {
		return err
	}
	var batch []entry.Entry
	type place struct {
		p     *plan
		e     *planned
		loose bool
	}
	var places []place
	for _, p := range plans {
		for i := range p.events {
			e := &p.events[i]
			gone := 0
			for k, m := range e.made {
				switch who := people[person{m.By, m.Who}]; {
				case who.number == board.Gone:
					gone++
				case who.number < 0:
					e.why = who.why
				case read.without(m.Entry.Key) != "":
					e.why = read.without(m.Entry.Key)
				default:
					made := e.entries[k]
					made.Member = who.number
					batch, places = append(batch, made), append(places, place{p, e, m.Loose})
				}
			}
			if e.gone = gone > 0; e.gone {
				e.why = "" // nothing of it is kept, also where it is about others too
			}
		}
	}
	if len(batch) == 0 {
		return nil
	}
	out, added, err := s.entries.AppendEachIn(tx, c.Board, c.Name, batch)
	if err != nil {
		return err
	}
	refused := map[int]string{}
	for _, i := range out.Conflicts {
		if !places[i].loose {
			refused[i] = whyKnown
		}
	}
	for _, i := range out.TooLate {
		refused[i] = whyLate
	}
	for i, at := range places {
		switch {
		case refused[i] != "":
			if !at.e.gone {
				at.e.why = refused[i]
			}
			continue
		case added[i]:
			at.p.taken.Added++
		default:
			at.p.taken.Duplicates++
		}
		keys[batch[i].Key] = true
	}
	return nil
}

// reads says which keys of entries a board reads.
type reads struct {
	own    []string // of the entries that it is brought
	theirs []string // of its players' own sources, and of those alone
}

// readsOf says which keys of entries a board reads under a scorecard and terms.
func readsOf(card *scorecard.Scorecard, terms board.Terms) (r reads) {
	for _, m := range card.Metrics() {
		f, _ := terms.Field(m.Key)
		switch {
		case !takes(m):
		case f.From == board.FromPlayer:
			r.theirs = append(r.theirs, m.Entry)
		case !slices.Contains(r.own, m.Entry):
			r.own = append(r.own, m.Entry)
		}
	}
	r.theirs = slices.DeleteFunc(r.theirs, func(key string) bool { return slices.Contains(r.own, key) })
	return r
}

// readBy returns the keys of entries that a board reads of a program that sends; nil where every key is taken: a place that is asked
// brings what it has, and a board may come to read it later.
func (s *Sources) readBy(tx *db.Tx, c Connection) (*reads, error) {
	if c.Kind != Push || c.Board == "" {
		return nil, nil
	}
	card, terms, err := s.boards.AskedIn(tx, c.Board)
	if err != nil {
		return nil, err
	}
	r := readsOf(card, terms)
	return &r, nil
}

// without is why an entry of a key waits, "" where it does not.
func (r *reads) without(key string) string {
	switch {
	case r == nil || slices.Contains(r.own, key):
		return ""
	case slices.Contains(r.theirs, key):
		return fmt.Sprintf("The board's terms take the key %.60q from its players' own sources, so nothing that is sent to the board counts for it.", key)
	}
	why := fmt.Sprintf("No metric of the board reads the key %.60q", key)
	if near := fault.Nearest(key, r.own); near != "" {
		return why + fmt.Sprintf("; did you mean %q?", near)
	}
	return why + "."
}

// person is somebody as an event names them.
type person struct{ by, who string }

// found is the number of somebody on the board; below 0 and not board.Gone, why there is none.
type found struct {
	number int64
	why    string
}

// peopleOf finds the people of plans on the board, or enrols them where the connection says so.
func (s *Sources) peopleOf(tx *db.Tx, c Connection, plans []*plan) (map[person]found, error) {
	asked := map[string][]string{}
	people := map[person]found{}
	for _, p := range plans {
		for i := range p.events {
			for _, m := range p.events[i].made {
				one := person{m.By, m.Who}
				if _, seen := people[one]; !seen {
					people[one] = found{number: board.Unknown}
					asked[m.By] = append(asked[m.By], m.Who)
				}
			}
		}
	}
	enrols := c.enrols()
	for _, by := range slices.Sorted(maps.Keys(asked)) {
		numbers, err := s.boards.NumbersIn(tx, c.Board, by, asked[by])
		if err != nil {
			return nil, err
		}
		for i, who := range asked[by] {
			one := found{numbers[i], whyUnknown[by]}
			if one.number == board.Unknown && enrols {
				if one, err = s.enrol(tx, c, by, who); err != nil {
					return nil, err
				}
			}
			people[person{by, who}] = one
		}
	}
	return people, nil
}

// enrol adds somebody to the board; why they cannot be is theirs alone.
func (s *Sources) enrol(tx *db.Tx, c Connection, by, who string) (found, error) {
	one := board.Member{Key: who}
	switch by {
	case board.ByEmail:
		one = board.Member{Email: strings.ToLower(who)}
	case board.ByHandle:
		one = board.Member{Handle: who}
	}
	numbers, err := s.boards.EnrolIn(tx, c.Board, by, []board.Member{one})
	if kind := fault.Of(err); kind == fault.Invalid || kind == fault.Conflict {
		return found{board.Unknown, fault.Message(err)}, nil
	}
	if err != nil {
		return found{}, err
	}
	return found{number: numbers[0]}, nil
}
