package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/source"
)

// What a tap says is brought to a server elsewhere as files of entries, so that it is taken there as it would be beside the database.
// A file is so large that all of its refused rows come back in one answer.
const (
	parcelRows  = 1000
	parcelBytes = 512 << 10
)

// parcelColumns are those of such a file, parcelMapping says what they are. The first tells on which line of the tap a row stands.
var parcelColumns = []string{"line", "player", "key", "at", "value", "label", "id"}

func parcelMapping(by string) string {
	return `{mapping: 1, delimiter: ",", player: {column: player, by: ` + by + `}, at: at, entries: [{column: value, key_column: key}], label: label, id: [id]}`
}

// tapOver brings what a tap says to a board on a server elsewhere. A STATE is echoed when the server has acknowledged what came before.
func (i *importCommand) tapOver(c *console, s *client.Client) error {
	rules, by, err := i.tapRules()
	if err != nil {
		return err
	}
	zone, err := boardZone(c, s, i.Board)
	if err != nil {
		return err
	}
	return i.tap(c, zone, rules, func(t *tapReading, refused refuse) (source.Report, error) {
		p := &parcels{c: c, s: s, of: i, by: by, tap: t, refused: refused, report: source.Report{Skipped: map[string]int{}}}
		err := p.bring()
		return p.report, err
	})
}

// parcels brings a segment of a tap.
type parcels struct {
	c       *console
	s       *client.Client
	of      *importCommand
	by      string
	tap     *tapReading
	refused refuse
	report  source.Report

	file  bytes.Buffer
	rows  int
	line  int         // of the file, that begins next
	lines map[int]int // line of the file → of the tap
	told  map[int]bool
}

func (p *parcels) bring() error {
	p.begin()
	for record, err := range p.tap.segment() {
		if problem := (*intake.Problem)(nil); errors.As(err, &problem) {
			err = p.refuse(record.Row.Line, problem)
		} else if err == nil {
			err = p.add(record)
		}
		if err == nil && !p.of.Strict && (p.rows >= parcelRows || p.file.Len() >= parcelBytes) {
			err = p.send()
		}
		if err != nil {
			return err
		}
	}
	return p.send()
}

// begin begins another file.
func (p *parcels) begin() {
	p.file.Reset()
	p.rows, p.line, p.lines, p.told = 0, 1, map[int]int{}, map[int]bool{}
	p.write(parcelColumns)
}

func (p *parcels) write(cells []string) {
	before := p.file.Len()
	out := csv.NewWriter(&p.file)
	_ = out.Write(cells) // a buffer takes all
	out.Flush()
	p.line += bytes.Count(p.file.Bytes()[before:], []byte("\n"))
}

// refuse tells a problem of a record; however many it has, it is one that is refused.
func (p *parcels) refuse(line int, problem *intake.Problem) error {
	if !p.told[line] {
		p.told[line] = true
		p.report.Refused++
	}
	return p.refused(&intake.Record{Row: intake.Row{Line: line}}, problem)
}

// add puts a record into the file. What its columns could not hold is refused here.
func (p *parcels) add(record *intake.Record) error {
	if record.Skipped != "" {
		p.report.Skipped[record.Skipped]++
		return nil
	}
	who := record.Who
	if err := (board.Member{Key: who.Key, Email: who.Email, Handle: who.Handle}).Check(); err != nil {
		return p.refuse(record.Row.Line, record.Problem("%s", fault.Message(err)))
	}
	for _, e := range record.Entries {
		if err := (entry.Entry{Key: e.Key, At: e.At.UnixMicro(), Value: e.Value, Label: e.Label, ID: e.ID}).Check(); err != nil {
			return p.refuse(record.Row.Line, record.Problem("%s", fault.Message(err)))
		}
		for _, text := range []string{e.Key, e.ID, e.Label} {
			if strings.ContainsRune(text, 0) {
				return p.refuse(record.Row.Line, record.Problem("it holds a NUL byte, which no file can"))
			}
		}
		if strings.TrimSpace(e.ID) != e.ID || strings.TrimSpace(e.Key) != e.Key {
			return p.refuse(record.Row.Line, record.Problem("its id %q or key %q ends with a blank, which would be lost on the way", e.ID, e.Key))
		}
		value := ""
		if !math.IsNaN(e.Value) {
			value = strconv.FormatFloat(e.Value, 'g', -1, 64)
		}
		p.lines[p.line] = record.Row.Line
		p.rows++
		p.write([]string{strconv.Itoa(record.Row.Line), who.Key + who.Email + who.Handle, e.Key, e.At.UTC().Format(time.RFC3339Nano), value, e.Label, e.ID})
	}
	return nil
}

// send brings the file, and returns when the server has it.
func (p *parcels) send() error {
	defer p.begin()
	if p.rows == 0 || p.of.Strict && p.report.Refused > 0 {
		return nil
	}
	if p.file.Len() > mostSent {
		return fault.New(fault.Invalid, "All or nothing is more than %d MB, which no request holds: leave out --strict, or import beside the database.", mostSent>>20)
	}
	f := client.File{Name: "tap.csv", Body: p.file.Bytes(), Source: p.of.Source, Mapping: parcelMapping(p.by), How: "replace", Strict: p.of.Strict, Dry: p.of.DryRun}
	if p.of.Amend {
		f.How = "amend"
	}
	done, err := p.s.Import(p.c, p.of.Board, f)
	if err != nil {
		return p.refusedWhole(err)
	}
	p.report.Added, p.report.Duplicates, p.report.Replaced = p.report.Added+done.Added, p.report.Duplicates+done.Duplicates, p.report.Replaced+done.Replaced
	answered := done.Added + done.Duplicates + done.Replaced + done.Refused
	for why, n := range done.Skipped {
		p.report.Skipped[why] += n
		answered += n
	}
	if answered < p.rows { // whatever answered, it is not known to have the others
		return fault.New(fault.Unavailable, "The server told of %s of %d: look whether something stands between it and here, and run the tap again.", counted(answered, "row"), p.rows)
	}
	if p.of.DryRun {
		for _, problem := range done.Problems {
			if err := p.refuseRow(problem.Line, problem.Message); err != nil {
				return err
			}
		}
	} else if err := p.refuseRows(done); err != nil {
		return err
	}
	clear(p.tap.lines)
	return nil
}

// refuseRows tells of the rows that the server handed back.
func (p *parcels) refuseRows(done client.Brought) error {
	back := csv.NewReader(strings.NewReader(done.Rejected))
	for first := true; ; first = false {
		cells, err := back.Read()
		if err == io.EOF {
			break
		}
		if err != nil || len(cells) != len(parcelColumns)+1 {
			return fault.New(fault.Unavailable, "The server's answer cannot be read: is this program older than it?")
		}
		if first {
			continue
		}
		line, err := strconv.Atoi(cells[0])
		if err != nil {
			return fault.Wrap(fault.Unavailable, err, "The server's answer cannot be read: is this program older than it?")
		}
		if err := p.refuse(line, &intake.Problem{File: "tap", Line: line, Message: cells[len(cells)-1]}); err != nil {
			return err
		}
	}
	if done.Refused > 0 && done.Rejected == "" {
		return fault.New(fault.Unavailable, "The server refused %s and did not say which.", counted(done.Refused, "row"))
	}
	return nil
}

// refuseRow tells of a row of the file.
func (p *parcels) refuseRow(row int, why string) error {
	line := p.lines[row]
	return p.refuse(line, &intake.Problem{File: "tap", Line: line, Message: why})
}

// refusedWhole tells of the rows for which a server refused a file as a whole, and returns why it did.
func (p *parcels) refusedWhole(err error) error {
	problem := (*client.Problem)(nil)
	if !p.of.Strict || !errors.As(err, &problem) || len(problem.Errors) == 0 {
		return told(err)
	}
	for _, detail := range problem.Errors {
		var row int
		if _, err := fmt.Sscanf(detail.Location, "tap.csv:%d", &row); err != nil {
			return told(problem)
		}
		if err := p.refuseRow(row, detail.Message); err != nil {
			return err
		}
	}
	return nil // nothing was imported, as with what is refused here
}
