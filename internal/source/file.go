package source

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/period"
	"cairn/scorecard"
)

// File is a file that is brought to a board.
type File struct {
	Board *board.Board
	Actor string // account of who brings it, for the trail; "" the console
	Path  string
	Name  string // for messages; default: Path

	Source  string          // default: the preset that fits, else the file's base name
	Mapping *intake.Mapping // nil: by its own header, or a preset that fits
	Player  string          // key of the one player that every row is about
	Period  string          // of a file whose rows carry no time
	Strict  bool            // all or nothing; the entries are held in memory until then
	Replace bool            // an entry with a known id and other content takes its place
	Amend   bool            // so it does under a final release too, for an erratum; not with Strict
	Dry     bool            // only look for problems
	Errors  string          // file for refused rows; default: PATH.rejected.csv, never over an older one

	Progress func(read, size int64) // bytes; size is 0 where it is unknown; may be nil
}

// Imported says what became of a file.
type Imported struct {
	Report
	Preset   string            // mapping that was found by the header, "" none
	Problems []*intake.Problem // the first of them
	Rejected string            // file with the refused rows, "" none
	Notes    []string
	Sample   []Sampled // of a Dry import, what the first rows would become
}

// Sampled is an entry that a row would become.
type Sampled struct {
	Place string // of the row in its file
	Who   string // as the row names them
	Entry intake.Entry
}

// mostSampled is how many entries a sample has.
const mostSampled = 20

// sampling keeps what the first records become, and hands all of them on.
func sampling(records iter.Seq2[*intake.Record, error], into *[]Sampled) iter.Seq2[*intake.Record, error] {
	return func(yield func(*intake.Record, error) bool) {
		for record, err := range records {
			if err == nil && record.Skipped == "" {
				for _, e := range record.Entries {
					if len(*into) < mostSampled {
						who := cmp.Or(record.Who.Key, record.Who.Email, record.Who.Handle, record.Who.Name)
						*into = append(*into, Sampled{record.Problem("").Place(), who, e})
					}
				}
			}
			if !yield(record, err) {
				return
			}
		}
	}
}

// ProblemsShown is how many problems are kept to be shown; the file of refused rows has them all.
const ProblemsShown = 100

// RejectedSuffix ends the names of files of refused rows.
const RejectedSuffix = ".rejected.csv"

// Import brings a file to a board. Good rows are taken, the others are written with their reasons to a file that can be
// corrected and imported again; a Strict import takes all rows or none. The error is a fault: Invalid for a file that
// cannot be read as asked, or of a Strict import with a refused row.
func (s *Sources) Import(ctx context.Context, f File) (done Imported, err error) {
	f.Name = cmp.Or(f.Name, f.Path)
	card, err := s.boards.Scorecard(ctx, f.Board.ID, f.Board.Version)
	if err != nil {
		return done, err
	}
	if f.Mapping == nil {
		if err := s.guess(ctx, &f, &done); err != nil {
			return done, err
		}
	}
	sheet, layout, err := f.open(card, &done)
	if err != nil {
		return done, err
	}
	defer sheet.Close()
	// By its preset an export is known again, whatever it was saved as: "Connections (1).csv" is no second source.
	f.Source = cmp.Or(f.Source, done.Preset, origin(filepath.Base(f.Name)))
	refusals := &refusals{path: f.Errors, beside: f.Path + RejectedSuffix, sheet: sheet, layout: layout, mapping: f.Mapping}
	defer refusals.discard()
	records := Records(layout)
	if f.Dry && !layout.Private {
		records = sampling(records, &done.Sample)
	}
	done.Report, err = s.Run(ctx, Feed{
		Board: f.Board, Actor: f.Actor, Source: f.Source, By: layout.By, Whole: f.Strict, Dry: f.Dry,
		Amend: f.Amend, Replace: f.Replace || layout.PerDay, // a later export knows the day better
		Refused: func(record *intake.Record, problem *intake.Problem) error {
			if len(done.Problems) < ProblemsShown {
				done.Problems = append(done.Problems, problem)
			}
			if f.Strict || f.Dry || layout.Private || layout.PerDay {
				return nil
			}
			return refusals.add(record, problem)
		},
		Taken: func(int) {
			if f.Progress != nil {
				f.Progress(sheet.Progress())
			}
		},
	}, records)
	var kept error
	if done.Rejected, kept = refusals.keep(); err == nil {
		err = kept
	}
	if err != nil {
		return done, err
	}
	var terms board.Terms
	err = s.rooms.DB.Read(ctx, func(tx *db.Tx) (err error) {
		_, terms, err = s.boards.AskedIn(tx, f.Board.ID)
		return err
	})
	if err != nil {
		return done, err
	}
	read := readsOf(card, terms)
	for _, key := range slices.Sorted(maps.Keys(done.Keys)) {
		if slices.Contains(read.theirs, key) {
			done.Notes = append(done.Notes, fmt.Sprintf("the board's terms take the key %q from its players' own sources: these entries (%d) are kept, but count for nothing", key, done.Keys[key]))
			continue
		}
		if !slices.ContainsFunc(card.Metrics(), func(m *scorecard.Part) bool { return m.Entry == key }) {
			note := fmt.Sprintf("no metric of the board reads the key %q: its entries (%d) are kept, but count for nothing yet", key, done.Keys[key])
			if near := fault.Nearest(key, keysOf(card)); near != "" {
				note += fmt.Sprintf("; did you mean %q?", near)
			}
			done.Notes = append(done.Notes, note)
		}
	}
	if twins := done.twinWords(); twins != "" {
		done.Notes = append(done.Notes, twins)
	}
	switch {
	case done.Refused == 0:
	case layout.Private:
		done.Notes = append(done.Notes, "refused rows are not copied: they are other people's data")
	case layout.PerDay && !f.Strict && !f.Dry: // alone they would take the place of the day's whole count
		done.Notes = append(done.Notes, "refused rows are not copied: a day is counted from the whole file, so correct them there and import it again")
	}
	if f.Strict && done.Refused > 0 {
		return done, fault.New(fault.Invalid, "%s: %s refused, so nothing was imported: correct them and import again", f.Name, rows(done.Refused))
	}
	return done, nil
}

// open opens the file and finds its layout.
func (f *File) open(card *scorecard.Scorecard, done *Imported) (*intake.Sheet, *intake.Layout, error) {
	how := intake.Opening{}
	if f.Mapping != nil {
		how = f.Mapping.Opening()
	}
	how.Name = f.Name
	sheet, err := intake.Open(f.Path, how)
	if err != nil {
		return nil, nil, err
	}
	layout, err := f.layout(card, sheet, done)
	if err != nil {
		sheet.Close()
		return nil, nil, err
	}
	return sheet, layout, nil
}

// layout finds where in the rows of a sheet each thing stands, and when they are of.
func (f *File) layout(card *scorecard.Scorecard, sheet *intake.Sheet, done *Imported) (layout *intake.Layout, err error) {
	zone := f.Board.Location()
	if f.Mapping != nil {
		layout, err = f.Mapping.Layout(sheet, zone, f.Player)
	} else {
		layout, err = intake.Recognise(sheet, zone, groupsOf(card), func(key string) bool {
			return slices.ContainsFunc(card.Metrics(), func(m *scorecard.Part) bool { return m.Entry == key && takes(m) })
		})
		if err == nil && f.Player != "" {
			err = fault.New(fault.Invalid, "%s names its players itself: leave out --player", f.Name)
		}
	}
	if err != nil {
		return nil, err
	}
	layout.DateWide()
	if ignored := layout.Ignored; len(ignored) > 0 && !layout.Private {
		done.Notes = append(done.Notes, "ignored columns: "+strings.Join(ignored, ", "))
	}
	if layout.Wide && len(layout.Keys()) == 0 {
		return nil, fault.New(fault.Invalid, "%s has no column that a metric of the board reads; they read %s", f.Name, strings.Join(keysOf(card), ", "))
	}
	return layout, f.date(card, layout, done)
}

// guess looks for a mapping of the board's, or a preset, that fits the header, unless the file has the columns of Cairn itself.
func (s *Sources) guess(ctx context.Context, f *File, done *Imported) error {
	head, err := intake.Head(f.Path)
	if err != nil {
		return err
	}
	if len(head) > 0 && slices.ContainsFunc(head[0], func(cell string) bool { return strings.TrimSpace(cell) == "player" }) {
		return nil
	}
	name, kept, err := s.keptFor(ctx, f.Board.ID, head)
	if err != nil {
		return err
	}
	if kept != nil {
		f.Mapping, done.Preset = kept, name
		return nil
	}
	preset, ok, err := intake.Guess(head)
	if err != nil || !ok {
		return err
	}
	f.Mapping, done.Preset = preset.Mapping, preset.Name
	return nil
}

// date gives a file whose rows carry no time its period.
func (f *File) date(card *scorecard.Scorecard, layout *intake.Layout, done *Imported) error {
	switch {
	case layout.Dated && f.Period != "":
		done.Notes = append(done.Notes, "the rows carry their time: --period plays no part")
		return nil
	case layout.Dated:
		return nil
	case f.Period == "":
		undated := fault.New(fault.Invalid, "%s does not say when: give the %s it is of with --period, or each row a column \"at\"", f.Name, card.Period)
		undated.Field = "period"
		return undated
	}
	p, err := period.Parse(card.Period, f.Period)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "--period: %s (the board's period is %s)", fault.Message(err), card.Period)
	}
	layout.DateBy(p)
	for _, m := range card.Metrics() {
		switch m.Take.Kind {
		case scorecard.TakeCount, scorecard.TakeDays, scorecard.TakeDistinct:
			if takes(m) && slices.Contains(layout.Keys(), m.Entry) {
				done.Notes = append(done.Notes, fmt.Sprintf("%s takes the %s of %s, and a file dated by --period has one entry a player: it comes to 1 at most; import rows with times of their own", m.Key, m.Take.Text, m.Entry))
			}
		}
	}
	return nil
}

// groupsOf returns every tag group that a scorecard names.
func groupsOf(card *scorecard.Scorecard) []string {
	groups := slices.Clone(card.Tags)
	for _, m := range card.Metrics() {
		if m.Missing.By != "" && !slices.Contains(groups, m.Missing.By) {
			groups = append(groups, m.Missing.By)
		}
	}
	return groups
}

func takes(m *scorecard.Part) bool { return m.Formula == nil || m.Formula.UsesValue }

func keysOf(card *scorecard.Scorecard) (keys []string) {
	for _, m := range card.Metrics() {
		if takes(m) && !slices.Contains(keys, m.Entry) {
			keys = append(keys, m.Entry)
		}
	}
	return keys
}

var rejectedName = regexp.MustCompile(`(\.\d+)?\.rejected\.csv$`)

// origin is the name of the file that refused rows came from: corrected, they belong to the same source.
func origin(name string) string {
	for rejectedName.MatchString(name) {
		name = rejectedName.ReplaceAllString(name, "")
	}
	return name
}

func rows(n int) string {
	if n == 1 {
		return "1 row was"
	}
	return fmt.Sprintf("%d rows were", n)
}
