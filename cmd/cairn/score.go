package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/period"
	"cairn/internal/take"
	"cairn/score"
	"cairn/scorecard"
)

// scoreCommand scores a table offline.
type scoreCommand struct {
	Scorecard  string `arg:"" help:"Scorecard file."`
	Data       string `arg:"" help:"CSV or XLSX file: wide (player, a column per metric) or entries (player, key, at, value). - reads standard input."`
	Period     string `help:"Period that entries are taken from: 2026-W47, 2026-11, 2026-Q4, 2026 or a date." placeholder:"P"`
	From       string `help:"First day instead of a period." placeholder:"DATE"`
	To         string `help:"Last day, included." placeholder:"DATE"`
	TZ         string `name:"tz" help:"Time zone in which days and periods begin (default: UTC)." default:"UTC" placeholder:"ZONE"`
	Format     string `help:"csv or json." enum:"csv,json" default:"csv"`
	Out        string `help:"File to write instead of standard output." placeholder:"FILE"`
	Parameters string `help:"JSON result whose data-driven parameters are used: what freeze names." placeholder:"FILE"`
}

func (scoreCommand) Help() string {
	return `One row per player, best first. Nothing is written unless everything is right. Warnings and notes go to standard error
and into the JSON. Entries need --period, or --from and --to; a wide table is of whatever period it is.`
}

func (s *scoreCommand) Run(c *console) error {
	card, err := c.scorecard(s.Scorecard)
	if err != nil {
		return err
	}
	zone, err := zoneOf(s.TZ)
	if err != nil {
		return err
	}
	var options score.Options
	if options.Frozen, err = s.frozen(card); err != nil {
		return err
	}
	sheet, err := s.open(c)
	if err != nil {
		return err
	}
	defer sheet.Close()
	t, err := newTabulation(card, sheet, zone)
	if err != nil {
		return err
	}
	if t.layout.Wide {
		if s.Period+s.From+s.To != "" {
			t.note("%s is wide: --period, --from and --to play no part", sheet.Name)
		}
		err = t.readWide()
	} else {
		var p period.Period
		if p, err = s.period(card, sheet.Name); err != nil {
			return err
		}
		err = t.readEntries(p, zone)
	}
	if err != nil {
		return err
	}
	result, err := score.Score(card, &t.table, options)
	if refused := (*score.DataError)(nil); errors.As(err, &refused) {
		return fault.New(fault.Invalid, "%s: %s", sheet.Name, refused.Error())
	}
	if err != nil {
		return err
	}
	result.Warnings = append(result.Warnings, t.notes...)
	for _, w := range result.Warnings {
		if w.Part != "" {
			fmt.Fprintf(c.err, "warning: %s: %s\n", w.Part, w.Message)
		} else {
			fmt.Fprintf(c.err, "note: %s\n", w.Message)
		}
	}
	write := result.WriteCSV
	if s.Format == "json" {
		write = result.WriteJSON
	}
	if s.Out == "" {
		return write(c.out)
	}
	return writeOut(s.Out, write)
}

func (s *scoreCommand) open(c *console) (*intake.Sheet, error) {
	if s.Data == "-" {
		return intake.Read("standard input", c.in, intake.Opening{})
	}
	return intake.Open(s.Data, intake.Opening{})
}

// frozen reads the parameters that stand in for those of the players, nil where they are to be computed.
func (s *scoreCommand) frozen(card *scorecard.Scorecard) (score.Parameters, error) {
	if s.Parameters == "" {
		if card.Freeze != "" {
			return nil, fault.New(fault.Invalid, "%s takes its parameters from release %s (freeze): give the JSON result of that release with --parameters FILE", s.Scorecard, card.Freeze)
		}
		return nil, nil
	}
	file, err := os.Open(s.Parameters)
	if err != nil {
		return nil, unreadable(s.Parameters, err)
	}
	defer file.Close()
	parameters, err := score.ReadParameters(bufio.NewReader(file))
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "%s: this is no JSON result: write one with cairn score --format json", s.Parameters)
	}
	return parameters, nil
}

// period reads the flags that say which days the entries are of.
func (s *scoreCommand) period(card *scorecard.Scorecard, data string) (p period.Period, err error) {
	switch {
	case s.Period != "" && s.From+s.To != "":
		return p, fault.New(fault.Invalid, "--period and --from, --to say the same thing twice: give one of them")
	case s.Period != "":
		if p, err = period.Parse(card.Period, s.Period); err != nil {
			return p, fault.Wrap(fault.Invalid, err, "--period: %s (the scorecard's period is %s)", fault.Message(err), card.Period)
		}
		return p, nil
	case s.From == "" && s.To == "":
		return p, fault.New(fault.Invalid, "%s holds entries: say which period they are taken from with --period P (a %s), or --from DATE --to DATE", data, card.Period)
	case s.From == "" || s.To == "":
		return p, fault.New(fault.Invalid, "--from and --to go together: give the first day and the last, both are included")
	}
	for _, flag := range []struct {
		name, text string
		into       *period.Date
	}{{"--from", s.From, &p.First}, {"--to", s.To, &p.Last}} {
		if *flag.into, err = period.ParseDate(flag.text); err != nil {
			return p, fault.Wrap(fault.Invalid, err, "%s: %s", flag.name, fault.Message(err))
		}
	}
	if p.Last < p.First {
		return p, fault.New(fault.Invalid, "--to %s lies before --from %s", s.To, s.From)
	}
	return p, nil
}

// zoneOf finds a time zone by its IANA name. "Local" is none: it means another place on another machine.
func zoneOf(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, fault.New(fault.Invalid, "--tz: there is no time zone %q: give an IANA name such as Europe/Berlin or UTC", name)
	}
	return zone, nil
}

// tabulation turns a sheet into the table that is scored: all of it or, with every refusal named, nothing.
type tabulation struct {
	card    *scorecard.Scorecard
	sheet   *intake.Sheet
	layout  *intake.Layout
	metrics map[string][]*scorecard.Part // entry key → the metrics it feeds

	table    score.Table
	players  map[string]int
	refusals []string
	notes    []score.Warning
}

// refusalsShown is how many refusals are collected before the run gives up.
const refusalsShown = 20

func newTabulation(card *scorecard.Scorecard, sheet *intake.Sheet, zone *time.Location) (*tabulation, error) {
	t := &tabulation{card: card, sheet: sheet, metrics: map[string][]*scorecard.Part{}, players: map[string]int{}}
	groups := slices.Clone(card.Tags)
	for _, m := range card.Metrics() {
		if m.Formula == nil || m.Formula.UsesValue {
			t.metrics[m.Entry] = append(t.metrics[m.Entry], m)
		}
		if m.Missing.By != "" && !slices.Contains(groups, m.Missing.By) {
			groups = append(groups, m.Missing.By)
		}
	}
	var err error
	t.layout, err = intake.Recognise(sheet, zone, groups, func(key string) bool { return t.metrics[key] != nil })
	if err != nil {
		return nil, err
	}
	t.table.Tags = map[string][]string{}
	for _, group := range groups {
		if !t.layout.HasTag(group) && slices.Contains(card.Tags, group) {
			t.note("%s has no column %q: there are no ranks within it", sheet.Name, group)
		}
		t.table.Tags[group] = nil
	}
	for _, m := range card.Metrics() {
		if m.Missing.By != "" && !t.layout.HasTag(m.Missing.By) {
			return nil, fault.New(fault.Invalid, "%s:%d:%d: %s fills what is missing by %q, and %s has no such column: add it", card.File, m.Line, m.Column, m.Key, m.Missing.By, sheet.Name)
		}
	}
	if ignored := t.layout.Ignored; len(ignored) > 0 {
		t.note("%s: ignored columns that no metric reads: %s", sheet.Name, strings.Join(ignored, ", "))
	}
	return t, nil
}

func (t *tabulation) note(format string, args ...any) {
	t.notes = append(t.notes, score.Warning{Message: fmt.Sprintf(format, args...)})
}

// refuse takes down problems; it fails once there are enough to show.
func (t *tabulation) refuse(problems ...*intake.Problem) error {
	for _, p := range problems {
		t.refusals = append(t.refusals, p.Error())
	}
	if len(t.refusals) >= refusalsShown {
		t.refusals = append(t.refusals, "… and perhaps more: these are the first")
		return t.refused()
	}
	return nil
}

func (t *tabulation) refused() error {
	if len(t.refusals) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "%s", strings.Join(t.refusals, "\n"))
}

// player finds or adds the player of a record. Of name and tags the last that is not blank holds.
func (t *tabulation) player(who intake.Who) int {
	i, known := t.players[who.Key]
	if !known {
		i = len(t.table.Players)
		t.players[who.Key] = i
		t.table.Players = append(t.table.Players, who.Key)
		t.table.Names = append(t.table.Names, "")
		for group := range t.table.Tags {
			t.table.Tags[group] = append(t.table.Tags[group], "")
		}
	}
	if who.Name != "" {
		t.table.Names[i] = who.Name
	}
	for group, tag := range who.Tags {
		t.table.Tags[group][i] = tag
	}
	return i
}

// each calls read for every row that is in order, then reports all that were not.
func (t *tabulation) each(read func(*intake.Record) error) error {
	var record intake.Record
	for {
		problems, err := t.layout.Next(&record)
		switch {
		case err == io.EOF:
			return t.refused()
		case err != nil:
			return err
		case len(problems) > 0:
			err = t.refuse(problems...)
		default:
			err = read(&record)
		}
		if err != nil {
			return err
		}
	}
}

func (t *tabulation) readWide() error {
	columns := map[string][]float64{}
	fed := t.layout.Keys()
	for key, metrics := range t.metrics {
		for _, m := range metrics {
			if slices.Contains(fed, key) {
				columns[m.Key] = nil
			}
		}
	}
	for _, m := range t.card.Metrics() { // in declared order
		if (m.Formula == nil || m.Formula.UsesValue) && !slices.Contains(fed, m.Entry) {
			t.note("%s has no column %q: %s is missing for everyone", t.sheet.Name, m.Entry, m.Key)
		}
	}
	lines := map[string]int{}
	err := t.each(func(record *intake.Record) error {
		if first, twice := lines[record.Who.Key]; twice {
			return t.refuse(t.sheet.Problem(record.Row, 0, "player %q stands in line %d already: a wide table has one row per player", record.Who.Key, first))
		}
		lines[record.Who.Key] = record.Row.Line
		i := t.player(record.Who)
		for key := range columns {
			columns[key] = append(columns[key], math.NaN())
		}
		for _, e := range record.Entries {
			for _, m := range t.metrics[e.Key] {
				if m.Valid != nil && m.Formula == nil && (e.Value < m.Valid[0] || e.Value > m.Valid[1]) {
					if err := t.refuse(t.sheet.Problem(record.Row, e.Column, "%v lies outside the valid range of %s, %v to %v", e.Value, m.Key, m.Valid[0], m.Valid[1])); err != nil {
						return err
					}
				}
				columns[m.Key][i] = e.Value
			}
		}
		return nil
	})
	t.table.Columns = columns
	return err
}

// seen is an entry that was read: where, and a digest of what it said.
type seen struct {
	line   int32
	digest uint32
}

func (t *tabulation) readEntries(p period.Period, zone *time.Location) error {
	taker := take.New(t.card, p, zone)
	byID := map[uint64]seen{}
	unread := map[string]bool{}
	err := t.each(func(record *intake.Record) error {
		player, e := t.player(record.Who), record.Entries[0]
		if e.ID != "" {
			id, content := digests(record.Who.Key, e)
			if first, known := byID[id]; known && first.digest == content {
				return nil
			} else if known {
				return t.refuse(t.sheet.Problem(record.Row, -1, "id %q says something else than in line %d: one of the two rows is wrong, or needs an id of its own", e.ID, first.line))
			}
			byID[id] = seen{int32(record.Row.Line), content}
		}
		key, read := taker.Key(e.Key)
		if !read {
			unread[e.Key] = true
			return nil
		}
		var label uint32
		if taker.NeedsLabel(key) {
			text := e.Label
			if text == "" {
				text = e.ID
			}
			if text == "" { // like nothing else
				text = fmt.Sprintf("\x00line %d", record.Row.Line)
			}
			label = taker.Label(text)
		}
		taker.Add(player, key, e.At.UnixMicro(), e.Value, label)
		return nil
	})
	if err != nil {
		return err
	}
	if len(unread) > 0 {
		keys := make([]string, 0, len(unread))
		for key := range unread {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		t.note("%s: ignored entries of keys that no metric reads: %s", t.sheet.Name, strings.Join(keys, ", "))
	}
	t.table.Columns, t.table.Totals = taker.Columns(len(t.table.Players))
	return nil
}

// digests identify an entry and its content. They stand for the texts themselves, so that a file of any size fits.
func digests(player string, e intake.Entry) (id uint64, content uint32) {
	sum := sha256.Sum256([]byte(e.Source + "\x00" + e.ID))
	id = binary.BigEndian.Uint64(sum[:])
	sum = sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d\x00%x\x00%s", player, e.Key, e.At.UnixMicro(), math.Float64bits(e.Value), e.Label))
	return id, binary.BigEndian.Uint32(sum[:])
}
