package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"slices"
	"time"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/source"
)

// A state is echoed after so many records or so long, at the next STATE of the tap: each is a transaction.
const (
	tapRecords = 1000
	tapWait    = 10 * time.Second
)

// tapRules reads what records become, and what tells their players apart.
func (i *importCommand) tapRules() (rules intake.Rules, by string, err error) {
	if i.Source == "" || i.Rules == "" {
		return nil, "", fault.New(fault.Invalid, "Say under which name the entries are known, and what records become: cairn import %s singer --source NAME --rules FILE", i.Board)
	}
	return loadRules(i.Rules)
}

// tapBeside brings what a tap says to a board beside its database.
func (i *importCommand) tapBeside(c *console, sources *source.Sources, to *board.Board) error {
	rules, by, err := i.tapRules()
	if err != nil {
		return err
	}
	return i.tap(c, to.Location(), rules, func(t *tapReading, refused refuse) (source.Report, error) {
		return sources.Run(c, source.Feed{
			Board: to, Source: i.Source, By: by, Replace: true, Amend: i.Amend, Whole: i.Strict, Dry: i.DryRun,
			Refused: refused, Taken: func(int) { clear(t.lines) },
		}, t.segment())
	})
}

// refuse tells what is wrong with a record.
type refuse func(record *intake.Record, problem *intake.Problem) error

// tap brings the records of a Singer tap that is piped in, a segment at a time: bring returns when it is kept. Standard output is the
// tap's: a STATE is echoed there when everything before it is on disk, entries as well as refused records, and nothing else is.
func (i *importCommand) tap(c *console, zone *time.Location, rules intake.Rules, bring func(*tapReading, refuse) (source.Report, error)) error {
	refused := &refusedRecords{path: i.Errors, beside: i.Source + ".rejected.jsonl", dry: i.DryRun || i.Strict}
	defer refused.close()
	reading := &tapReading{now: c.now, rules: rules, whole: i.Strict, messages: intake.ReadSinger(c.in, intake.Arrival{At: c.now(), Zone: zone}), note: func(words string) { fmt.Fprintln(c.err, "note:", words) }}
	refused.schema = reading.messages.Schema
	total := source.Report{Skipped: map[string]int{}}
	tell := func(record *intake.Record, problem *intake.Problem) error {
		fmt.Fprintln(c.err, problem.Error())
		return refused.add(reading.lines[record.Row.Line])
	}
	var failed error
	for !reading.ended && failed == nil {
		report, err := bring(reading, tell)
		total.Added, total.Duplicates, total.Replaced, total.Refused = total.Added+report.Added, total.Duplicates+report.Duplicates, total.Replaced+report.Replaced, total.Refused+report.Refused
		for why, n := range report.Skipped {
			total.Skipped[why] += n
		}
		if failed = err; err == nil {
			failed = refused.sync()
		}
		if failed == nil && i.Strict && total.Refused > 0 {
			failed = fault.New(fault.Invalid, "%s refused, so nothing was imported", counted(total.Refused, "record"))
		}
		if state := reading.passed(); failed == nil && state != nil && !i.DryRun {
			fmt.Fprintf(c.out, "%s\n", state)
		}
	}
	for _, why := range slices.Sorted(maps.Keys(total.Skipped)) {
		fmt.Fprintf(c.err, "note: skipped %s: %s\n", counted(total.Skipped[why], "record"), why)
	}
	if failed != nil {
		return failed
	}
	fmt.Fprintln(c.err, i.summary(total, refused.name()))
	return nil
}

// loadRules reads a file of rules. An import tells players apart in one way, so that all rules do.
func loadRules(path string) (rules intake.Rules, by string, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, "", fault.Wrap(fault.NotFound, err, "%s: the rules cannot be read", path)
	}
	if rules, err = intake.ReadRules(json.RawMessage(text)); err != nil {
		return nil, "", fault.Wrap(fault.Invalid, err, "%s: %s", path, fault.Message(err))
	}
	for n, rule := range rules {
		if !rule.Skip && by != "" && rule.By != by {
			return nil, "", fault.New(fault.Invalid, "%s: rule %d names players by %s and another by %s: an import names them in one way", path, n+1, rule.By, by)
		}
		if !rule.Skip {
			by = rule.By
		}
	}
	return rules, cmp.Or(by, board.ByKey), nil
}

// tapReading is the reading of a tap, in segments that end at a STATE.
type tapReading struct {
	now      func() time.Time
	rules    intake.Rules
	whole    bool // one segment
	messages *intake.Singer
	note     func(string)
	lines    map[int]intake.Message // records of this segment, by line, until they are kept or refused
	state    json.RawMessage        // that was read last and not passed on
	ended    bool
}

// passed hands over the last STATE, nil where there is none.
func (t *tapReading) passed() json.RawMessage {
	state := t.state
	t.state = nil
	return state
}

// segment yields the records up to a STATE that comes after enough of them, or after a while.
func (t *tapReading) segment() iter.Seq2[*intake.Record, error] {
	return func(yield func(*intake.Record, error) bool) {
		t.lines = map[int]intake.Message{}
		began, records := t.now(), 0
		for {
			m, err := t.messages.Next()
			switch {
			case err == io.EOF:
				t.ended = true
				return
			case err != nil:
				yield(nil, err)
				return
			case m.Note != "":
				t.note(m.Note)
			case m.State != nil:
				t.state = m.State
				if !t.whole && (records >= tapRecords || t.now().Sub(began) >= tapWait) {
					return
				}
			default:
				records++
				for record, err := range t.records(m) {
					t.lines[m.Line] = m // also where what came before it was kept meanwhile
					if !yield(record, err) {
						return
					}
				}
			}
		}
	}
}

// records are what rules make of one record of a tap: one for each of its players.
func (t *tapReading) records(m intake.Message) iter.Seq2[*intake.Record, error] {
	return func(yield func(*intake.Record, error) bool) {
		row := intake.Row{Line: m.Line}
		made, skipped, why := t.rules.Apply(*m.Event)
		if skipped {
			yield(&intake.Record{Row: row, From: "tap", Skipped: "the rules leave them out"}, nil)
			return
		}
		for _, one := range made {
			if why == "" && one.Who == "" {
				why = "it names no player"
			}
		}
		if why != "" {
			record := &intake.Record{Row: row, From: "tap"}
			yield(record, record.Problem("%s: %s", m.Event.Type, why))
			return
		}
		for _, one := range made {
			record := &intake.Record{Row: row, From: "tap", Entries: []intake.Entry{one.Entry}}
			switch one.By {
			case board.ByEmail:
				record.Who.Email = one.Who
			case board.ByHandle:
				record.Who.Handle = one.Who
			default:
				record.Who.Key = one.Who
			}
			if !yield(record, nil) {
				return
			}
		}
	}
}

// refusedRecords writes refused records to a file that can be piped in again, each after the SCHEMA of its stream.
type refusedRecords struct {
	path, beside string // asked for; otherwise, never written over
	dry          bool
	schema       func(stream string) json.RawMessage
	file         *os.File
	streams      map[string]bool
	last         int
}

func (r *refusedRecords) add(m intake.Message) error {
	if r.dry || m.Event == nil || m.Line == r.last {
		return nil
	}
	r.last = m.Line
	if r.file == nil {
		if err := r.open(); err != nil {
			return r.failed(err)
		}
	}
	if stream := m.Event.Type; !r.streams[stream] {
		r.streams[stream] = true
		if schema := r.schema(stream); schema != nil {
			if _, err := fmt.Fprintf(r.file, "%s\n", schema); err != nil {
				return r.failed(err)
			}
		}
	}
	_, err := fmt.Fprintf(r.file, "%s\n", m.Text)
	return r.failed(err)
}

func (r *refusedRecords) open() (err error) {
	r.streams = map[string]bool{}
	if r.path != "" {
		r.file, err = os.OpenFile(r.path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		return err
	}
	for n := 1; n < 1000; n++ {
		path := r.beside
		if n > 1 {
			path = fmt.Sprintf("%s.%d", r.beside, n)
		}
		if r.file, err = os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return err
}

// sync brings what was refused to disk.
func (r *refusedRecords) sync() error {
	if r.file == nil || r.device() {
		return nil
	}
	return r.failed(r.file.Sync())
}

func (r *refusedRecords) device() bool {
	info, err := r.file.Stat()
	return err == nil && !info.Mode().IsRegular()
}

func (r *refusedRecords) failed(err error) error {
	if err == nil {
		return nil
	}
	return fault.Wrap(fault.Unavailable, err, "%s: the refused records cannot be written there: name another file with --errors", cmp.Or(r.path, r.beside))
}

// name is where they stand, "" where there are none.
func (r *refusedRecords) name() string {
	if r.file == nil {
		return ""
	}
	return r.file.Name()
}

func (r *refusedRecords) close() {
	if r.file != nil {
		_ = r.file.Close() // it was brought to disk before
	}
}
