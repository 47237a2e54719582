package source

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"cairn/internal/audit"
	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/intake"
	"cairn/internal/job"
	"cairn/internal/mail"
	"cairn/internal/period"
	"cairn/internal/player"
	"cairn/internal/reach"
	"cairn/internal/seal"
)

// Sources is the room.
type Sources struct {
	rooms   Rooms
	boards  *board.Boards
	entries *entry.Entries
	lines   lines
	keys    keys
	asked   asked
}

// Rooms is what the room is built on.
type Rooms struct {
	DB       *db.DB
	Boards   *board.Boards
	Entries  *entry.Entries
	Players  *player.Players
	Identity *identity.Identity
	Trail    *audit.Trail
	Queue    *job.Queue
	Post     *mail.Post // nil: nobody is mailed
	Reach    *reach.Reach
	Seals    *seal.Seals
	Pullers  map[Kind]Puller  // how each kind that is asked is asked
	Now      func() time.Time // the only clock
}

// New builds the room.
func New(r Rooms) *Sources {
	s := &Sources{rooms: r, boards: r.Boards, entries: r.Entries}
	s.attend()
	r.Players.WhenDeleted(s.forgetMessages)
	if r.Queue != nil {
		r.Queue.Handle(jobRetired, s.mailRetired)
	}
	return s
}

// Feed says where records go and how.
type Feed struct {
	Board   *board.Board
	Actor   string                                                     // account of who brings it, for the trail; "" the console
	Source  string                                                     // of records that do not name their own
	By      string                                                     // what tells players apart: "key", "email", "handle" or "name"
	Replace bool                                                       // an entry with a known id and other content takes its place
	Amend   bool                                                       // so it does under a final release too, for an erratum; not with Whole
	Whole   bool                                                       // all or nothing; the records are held in memory until then
	Dry     bool                                                       // only look for problems: add nobody and nothing; Added then counts what would be tried
	Refused func(record *intake.Record, problem *intake.Problem) error // called for every problem of a record
	Taken   func(records int)                                          // called after each batch; may be nil
}

// Report counts what became of records and their entries.
type Report struct {
	Records    int // read that had no problem of their own
	Added      int // entries
	Duplicates int // entries that were there already
	Replaced   int
	Refused    int            // rows with a problem; of what they say nothing that could be kept apart was taken
	Skipped    map[string]int // rows that the mapping leaves out, by the reason
	Keys       map[string]int // entries by key, refused ones too
	Waiting    []Waiting      // who was brought something and is not scored before they accept an invitation, by key
}

// batchEntries is how many entries go into one transaction.
const batchEntries = 20_000

// Run brings records to the board. Every refused row is told to Refused, which may stop the run by an error.
func (s *Sources) Run(ctx context.Context, f Feed, records iter.Seq2[*intake.Record, error]) (report Report, err error) {
	r := &run{
		Feed: f, ctx: ctx, room: s, report: Report{Skipped: map[string]int{}, Keys: map[string]int{}},
		numbers: map[string]known{}, once: map[uint64]struct{}{}, again: map[uint64]int{}, sources: map[string]*batch{},
	}
	if r.Refused == nil {
		r.Refused = func(*intake.Record, *intake.Problem) error { return nil }
	}
	defer func() { // what was taken before an error is noted too
		if n := r.report.Added + r.report.Replaced; n > 0 && !f.Dry {
			if noted := s.boards.Imported(context.WithoutCancel(ctx), f.Actor, f.Board, n); err == nil {
				err = noted
			}
		}
	}()
	for record, err := range records {
		if problem := (*intake.Problem)(nil); errors.As(err, &problem) {
			err = r.refuse(record, problem)
		} else if err == nil {
			err = r.take(record)
		}
		if err != nil {
			return r.report, err
		}
		if r.waiting >= batchEntries && (!f.Whole || f.Dry) {
			if err := r.flush(); err != nil {
				return r.report, err
			}
		}
		if err := ctx.Err(); err != nil {
			return r.report, fault.Wrap(fault.Unavailable, err, "The import was stopped; what was taken is kept. Run the same command again to go on.")
		}
	}
	if err := r.flush(); err != nil {
		return r.report, err
	}
	return r.report, r.waits()
}

// run is one run of a feed.
type run struct {
	Feed
	ctx    context.Context
	room   *Sources
	report Report

	numbers     map[string]known    // players seen in this run, by what tells them apart
	once        map[uint64]struct{} // digests of contents that came, for records without an id: a set, since a large file has many
	again       map[uint64]int      // how often those came that came more than once
	people      []board.Member      // of the batch, to be enrolled
	sources     map[string]*batch
	waiting     int
	refusedLine int // last
}

// known is a member's number, and what was last said of them.
type known struct {
	number       int64
	name         string
	tags         map[string]string
	email, login string
}

// batch is what waits for one source.
type batch struct {
	entries []entry.Entry
	who     []string // mark of the player of each
	rows    []*intake.Record
}

// refuse tells a problem of a record; however many it has, it is one that is refused.
func (r *run) refuse(record *intake.Record, problem *intake.Problem) error {
	if line := record.Row.Line; line == 0 || line != r.refusedLine {
		r.refusedLine = line
		r.report.Refused++
	}
	return r.Refused(record, problem)
}

// take puts a record into the batch.
func (r *run) take(record *intake.Record) error {
	r.report.Records++
	if record.Skipped != "" {
		r.report.Skipped[record.Skipped]++
		return nil
	}
	who := record.Who
	person := board.Member{Key: who.Key, Name: who.Name, Email: strings.ToLower(who.Email), Handle: strings.ToLower(strings.TrimPrefix(who.Handle, "@")), Tags: who.Tags}
	mark := r.mark(person)
	if had, seen := r.numbers[mark]; seen && had.number == board.Gone {
		r.report.Skipped[gone]++
		return nil
	}
	if err := person.Check(); err != nil {
		return r.refuse(record, record.Problem("%s", fault.Message(err)))
	}
	made := make([]entry.Entry, len(record.Entries))
	for i, e := range record.Entries {
		made[i] = entry.Entry{Key: e.Key, At: e.At.UnixMicro(), Value: e.Value, Label: e.Label, ID: e.ID}
		if e.ID == "" {
			made[i].ID = r.identify(mark, e)
		}
		if err := made[i].Check(); err != nil {
			return r.refuse(record, record.Problem("%s", fault.Message(err)))
		}
	}
	if r.Whole && r.report.Refused > 0 {
		return nil // nothing will be added: only problems are looked for
	}
	from := record.Apart()
	for i, e := range record.Entries {
		name := cmp.Or(e.Source, r.Source)
		b := r.sources[name]
		if b == nil {
			b = &batch{}
			r.sources[name] = b
		}
		b.entries, b.who, b.rows = append(b.entries, made[i]), append(b.who, mark), append(b.rows, from)
		r.report.Keys[e.Key]++
		r.waiting++
	}
	if had, seen := r.numbers[mark]; !seen || had.news(person) {
		r.numbers[mark] = known{number: had.number, name: person.Name, tags: person.Tags, email: person.Email, login: person.Handle}
		r.people = append(r.people, person)
	}
	return nil
}

// news reports whether a record says something of a player that was not said last.
func (k known) news(m board.Member) bool {
	return m.Name != "" && m.Name != k.name || m.Email != "" && m.Email != k.email || m.Handle != "" && m.Handle != k.login ||
		len(m.Tags) > 0 && !maps.Equal(m.Tags, k.tags)
}

// identify makes the id of an entry that has none. A cell of a wide sheet is told by player, key and time, so that a
// corrected one is recognised; anything else by what it says and how often it was said before in this file.
func (r *run) identify(mark string, e intake.Entry) string {
	if e.Once != "" {
		return mark + "|" + e.Key + "|" + e.Once
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %d %x %q %q", mark, e.Key, e.At.UnixMicro(), math.Float64bits(e.Value), e.Label, e.Source))
	content, times := binary.BigEndian.Uint64(sum[:]), 1
	if _, seen := r.once[content]; seen {
		r.again[content]++
		times += r.again[content]
	} else {
		r.once[content] = struct{}{}
	}
	return hex.EncodeToString(sum[:12]) + "-" + strconv.Itoa(times)
}

// flush enrols the players of the batch and appends its entries.
func (r *run) flush() (err error) {
	switch {
	case r.Whole && r.report.Refused > 0:
		return nil
	case r.Dry:
		r.report.Added += r.waiting
		r.people = r.people[:0]
	case r.Whole:
		err = r.takeWhole()
	default:
		if err = r.enrol(); err == nil {
			err = r.append()
		}
	}
	if err != nil {
		return err
	}
	clear(r.sources)
	r.waiting = 0
	if r.Taken != nil {
		r.Taken(r.report.Records)
	}
	return nil
}

// errRefused undoes the transaction of takeWhole.
var errRefused = errors.New("entries were refused")

// takeWhole enrols everybody and appends everything in one transaction, or nobody and nothing where an entry is refused.
func (r *run) takeWhole() error {
	if len(r.people) == 0 {
		return nil
	}
	var outs map[string]entry.Outcome
	err := r.room.boards.EnrolAnd(r.ctx, r.Board.ID, r.By, r.people, func(tx *db.Tx, numbers []int64) error {
		for i, person := range r.people {
			r.numbers[r.mark(person)] = known{number: numbers[i]}
		}
		r.leaveOut()
		outs = map[string]entry.Outcome{}
		refused := 0
		for _, name := range slices.Sorted(maps.Keys(r.sources)) {
			out, err := r.room.entries.AppendIn(tx, r.Board.ID, name, r.numbered(name), r.Replace)
			if err != nil {
				return err
			}
			outs[name] = out
			refused += len(out.Conflicts) + len(out.TooLate)
		}
		if refused > 0 {
			return errRefused
		}
		return nil
	})
	if err != nil && !errors.Is(err, errRefused) {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(outs)) {
		if err := r.settle(r.sources[name], outs[name]); err != nil {
			return err
		}
	}
	if err != nil {
		r.report.Added, r.report.Duplicates, r.report.Replaced = 0, 0, 0
	}
	return nil
}

// enrol finds or adds the members of the batch. Where one of them is refused, the others are enrolled without them.
func (r *run) enrol() error {
	if len(r.people) == 0 {
		return nil
	}
	numbers, err := r.room.boards.Enrol(r.ctx, r.Board.ID, r.By, r.people)
	if kind := fault.Of(err); (kind == fault.Invalid || kind == fault.Conflict) && !r.Whole {
		numbers = make([]int64, len(r.people))
		for i, person := range r.people {
			one, err := r.room.boards.Enrol(r.ctx, r.Board.ID, r.By, []board.Member{person})
			switch kind := fault.Of(err); {
			case err == nil:
				numbers[i] = one[0]
			case kind == fault.Invalid || kind == fault.Conflict:
				numbers[i] = turnedAway
				if err := r.withdraw(r.mark(person), fault.Message(err)); err != nil {
					return err
				}
			default:
				return err
			}
		}
	} else if err != nil {
		return err
	}
	for i, person := range r.people {
		mark := r.mark(person)
		k := r.numbers[mark]
		k.number = numbers[i]
		r.numbers[mark] = k
		if numbers[i] == turnedAway {
			delete(r.numbers, mark)
		}
	}
	r.people = r.people[:0]
	r.leaveOut()
	return nil
}

const (
	turnedAway = -2 // the number of a player who could not be enrolled
	gone       = "of people who left the board or declined to be on it, of whom nothing is kept"
)

// leaveOut takes the rows of those out of the batch of whom the board keeps nothing any more.
func (r *run) leaveOut() {
	for _, b := range r.sources {
		kept := &batch{}
		var last *intake.Record
		for i, mark := range b.who {
			if r.numbers[mark].number != board.Gone {
				kept.entries, kept.who, kept.rows = append(kept.entries, b.entries[i]), append(kept.who, mark), append(kept.rows, b.rows[i])
			} else if b.rows[i] != last {
				last = b.rows[i]
				r.report.Skipped[gone]++
			}
		}
		if len(kept.who) < len(b.who) {
			*b = *kept
		}
	}
}

// mark is what tells a player from the others.
func (r *run) mark(m board.Member) string {
	switch r.By {
	case board.ByEmail:
		return m.Email
	case board.ByHandle:
		return m.Handle
	case board.ByName:
		return strings.Join(strings.Fields(m.Name), " ")
	}
	return m.Key
}

// withdraw refuses every waiting row of a player.
func (r *run) withdraw(mark, why string) error {
	for _, b := range r.sources {
		kept := &batch{}
		for i := range b.entries {
			if b.who[i] != mark {
				kept.entries, kept.who, kept.rows = append(kept.entries, b.entries[i]), append(kept.who, b.who[i]), append(kept.rows, b.rows[i])
				continue
			}
			if err := r.refuse(b.rows[i], b.rows[i].Problem("%s", why)); err != nil {
				return err
			}
		}
		*b = *kept
	}
	return nil
}

// numbered returns the entries that wait for a source, each with its player's number.
func (r *run) numbered(source string) []entry.Entry {
	b := r.sources[source]
	for i := range b.entries {
		b.entries[i].Member = r.numbers[b.who[i]].number
	}
	return b.entries
}

// append appends what waits, source by source.
func (r *run) append() error {
	for _, name := range slices.Sorted(maps.Keys(r.sources)) {
		var out entry.Outcome
		var err error
		if r.Amend {
			out, err = r.room.entries.Amend(r.ctx, r.Board.ID, name, r.numbered(name))
		} else {
			out, err = r.room.entries.Append(r.ctx, r.Board.ID, name, r.numbered(name), r.Replace)
		}
		if err != nil {
			return err
		}
		if err := r.settle(r.sources[name], out); err != nil {
			return err
		}
	}
	return nil
}

// settle counts what became of a batch and tells what was refused.
func (r *run) settle(b *batch, out entry.Outcome) error {
	for _, i := range out.Conflicts {
		e := b.entries[i]
		if err := r.refuse(b.rows[i], b.rows[i].Problem("%s: an entry with the id %q is there already and says something else: correct this row, give it another id, or import with --replace", e.Key, e.ID)); err != nil {
			return err
		}
	}
	late := "%s: %s lies in a period that is final: import it with --amend, then publish an erratum"
	if r.Amend {
		late = "%s: %s lies before the day up to which raw entries were purged: nothing can be corrected there any more"
	}
	for tooLate := out.TooLate; len(tooLate) > 0; {
		first := tooLate[0]
		day := r.dayOf(b.entries[first])
		keys := []string{b.entries[first].Key}
		tooLate = tooLate[1:]
		for len(tooLate) > 0 && b.rows[tooLate[0]] == b.rows[first] && r.dayOf(b.entries[tooLate[0]]) == day { // cells of one row: told once
			keys = append(keys, b.entries[tooLate[0]].Key)
			tooLate = tooLate[1:]
		}
		if err := r.refuse(b.rows[first], b.rows[first].Problem(late, strings.Join(keys, ", "), day)); err != nil {
			return err
		}
	}
	r.report.Added += out.Added
	r.report.Duplicates += out.Duplicates
	r.report.Replaced += out.Replaced
	return nil
}

// dayOf is the board's day of an entry.
func (r *run) dayOf(e entry.Entry) period.Date {
	return period.DateOf(time.UnixMicro(e.At), r.Board.Location())
}

// Records yields what a layout reads of a sheet; a row that is spoilt comes with its *intake.Problem. Counts per day come
// last, when all rows are counted.
func Records(l *intake.Layout) iter.Seq2[*intake.Record, error] {
	return func(yield func(*intake.Record, error) bool) {
		var record intake.Record
		perDay := intake.NewDayCount(l)
		for {
			problems, err := l.Next(&record)
			switch {
			case err == io.EOF:
				for counted := range perDay.Records() {
					if !yield(counted, nil) {
						return
					}
				}
				return
			case err != nil:
				yield(nil, err)
				return
			}
			for _, problem := range problems {
				if !yield(&record, problem) {
					return
				}
			}
			if len(problems) > 0 {
				continue
			}
			if l.PerDay && record.Skipped == "" {
				perDay.Add(&record)
			} else if !yield(&record, nil) {
				return
			}
		}
	}
}
