package api

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"cairn/client"
	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/source"
)

const (
	mostImport   = 64 << 20 // bytes of a file of data, as on the page
	mostRejected = 1 << 20  // bytes of refused rows that an answer holds
)

// InFileOfData is a file of data that is brought to a board.
type InFileOfData struct {
	InBoard
	Name    string `query:"name" doc:"Name of the file, whose ending says what it is." example:"calls.csv" maxLength:"200"`
	Source  string `query:"source" doc:"Under which name its entries are known. Default: the export's, else the file's." maxLength:"100"`
	Preset  string `query:"preset" doc:"Which export it is; else it is found out by the header." maxLength:"100"`
	Mapping string `query:"mapping" doc:"YAML: which column is what, for a file with headers of its own." maxLength:"6000"`
	Period  string `query:"period" doc:"Of rows without a time." example:"2026-W47" maxLength:"30"`
	Player  string `query:"player" doc:"Key of the one player that every row is about." maxLength:"200"`
	How     string `query:"how" enum:"refuse,replace,amend" default:"refuse" doc:"What becomes of a row that was there with other content. Amend corrects even under a final release, for an erratum."`
	Strict  bool   `query:"strict" doc:"All rows or none."`
	Dry     bool   `query:"dry" doc:"Only look for problems, and add nothing."`
	RawBody []byte
}

func (d *door) importFile(ctx context.Context, v *visit, in *InFileOfData) (*body[client.Brought], error) {
	if len(in.RawBody) == 0 {
		return nil, fault.New(fault.Invalid, "Send the file as the body: this one is empty.")
	}
	folder, err := os.MkdirTemp("", "cairn-import-*")
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "The file could not be kept while it is read: is the server's disk full?")
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "file")
	if err := os.WriteFile(path, in.RawBody, 0o600); err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "The file could not be kept while it is read: is the server's disk full?")
	}
	name := fileName(in.Name)
	f := source.File{Board: v.board, Actor: v.actor.Account, Path: path, Name: name, Source: strings.TrimSpace(in.Source),
		Player: strings.TrimSpace(in.Player), Period: strings.TrimSpace(in.Period), Strict: in.Strict, Replace: in.How == "replace", Amend: in.How == "amend", Dry: in.Dry,
		Errors: path + source.RejectedSuffix}
	if f.Amend && f.Strict {
		return nil, wrong("query.strict", "What amends final releases is taken row by row: leave out strict.")
	}
	if f.Mapping, err = mappingOf(in.Preset, in.Mapping); err != nil {
		return nil, err
	}
	done, err := d.Sources.Import(ctx, f)
	if err != nil {
		return nil, withRows(err, done)
	}
	return wireImported(done)
}

// withRows says of why a file was refused as a whole which parameter is wrong, or what is wrong with its rows.
func withRows(err error, done source.Imported) error {
	if of := (*fault.Fault)(nil); errors.As(err, &of) && of.Field != "" && !strings.HasPrefix(of.Field, "query.") {
		return wrong("query."+of.Field, "%s", of.Message)
	}
	if fault.Of(err) != fault.Invalid || len(done.Problems) == 0 {
		return err
	}
	told := &faulty{Fault: fault.New(fault.Invalid, "%s", fault.Message(err))}
	for _, p := range done.Problems {
		told.places = append(told.places, place{p.Place(), p.Message})
	}
	return told
}

func wireImported(done source.Imported) (*body[client.Brought], error) {
	told := client.Brought{Rows: done.Records, Added: done.Added, Duplicates: done.Duplicates, Replaced: done.Replaced, Refused: done.Refused, Skipped: done.Skipped, Keys: done.Keys,
		Preset: done.Preset, Notes: done.Notes}
	for _, w := range done.Waiting {
		told.Waiting = append(told.Waiting, w.Key)
	}
	for _, p := range done.Problems {
		told.Problems = append(told.Problems, client.RowProblem{Line: p.Line, Column: p.Column, Cell: p.Cell, Message: p.Message})
	}
	if done.Rejected != "" {
		rows, err := os.ReadFile(done.Rejected)
		if err != nil {
			return nil, fault.Wrap(fault.Unavailable, err, "The refused rows could not be read back: bring the file once more.")
		}
		if told.Rejected = string(rows); len(rows) > mostRejected {
			told.Rejected, told.Cut = "", true
		}
	}
	return answer(told), nil
}

// fileName is the name of a file without folders and without what no message could show.
func fileName(name string) string {
	name = filepath.Base(strings.ReplaceAll(cmp.Or(name, "file"), `\`, "/"))
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))
}

// mappingOf finds how a file is to be read; nil by its own header.
func mappingOf(preset, text string) (*intake.Mapping, error) {
	if text != "" {
		mapping, err := intake.ParseMapping("line", []byte(text))
		if err != nil {
			return nil, wrong("query.mapping", "%s", fault.Message(err))
		}
		return mapping, nil
	}
	if preset == "" {
		return nil, nil
	}
	mapping, err := intake.PresetNamed(preset)
	if fault.Of(err) == fault.Invalid {
		return nil, wrong("query.preset", "%s", fault.Message(err))
	}
	return mapping, err
}

func (d *door) showData(ctx context.Context, v *visit, _ *InBoard) (*body[client.Data], error) {
	told := client.Data{Sources: []client.Bringer{}, Purged: []client.Purged{}, Presets: []string{}}
	sources, err := d.Entries.Sources(ctx, v.board.ID)
	if err != nil {
		return nil, err
	}
	for _, s := range sources {
		told.Sources = append(told.Sources, client.Bringer{Name: s.Name, Entries: s.Entries, First: instant(s.First), Last: instant(s.Last)})
	}
	receipts, err := d.Entries.Receipts(ctx, v.board.ID)
	if err != nil {
		return nil, err
	}
	for _, r := range slices.Backward(receipts) {
		told.Purged = append(told.Purged, client.Purged{At: r.At, Before: r.Before, Entries: r.Count, Digest: r.Digest, Kept: r.Kept})
	}
	presets, err := intake.Presets()
	for _, p := range presets {
		told.Presets = append(told.Presets, p.Name)
	}
	return answer(told), err
}
