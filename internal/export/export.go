package export

import (
	"context"
	"io"
	"iter"
	"math"
	"slices"

	"cairn/internal/fault"
	"cairn/internal/release"
	"cairn/scorecard"
)

// Format of a file.
type Format string

const (
	CSV     Format = "csv"
	XLSX    Format = "xlsx"
	JSON    Format = "json" // one object
	Parquet Format = "parquet"
)

// Formats are all of them.
func Formats() []Format { return []Format{CSV, XLSX, JSON, Parquet} }

// Media is the content type of a format, "" of none of them.
func (f Format) Media() string {
	return map[Format]string{
		CSV: "text/csv; charset=utf-8", XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		JSON: "application/json", Parquet: "application/vnd.apache.parquet",
	}[f]
}

// Read reads the name of a format. NotFound for what is none.
func Read(name string) (Format, error) {
	if f := Format(name); slices.Contains(Formats(), f) {
		return f, nil
	}
	return "", fault.New(fault.NotFound, "There is no format %q: there are csv, xlsx, json and parquet.", name)
}

// Release writes what a release shows its reader: a row a player, with rank, score, change, level and tags, and of each metric that
// is for the reader value and points. Numbers are those that were judged and published, to the bit; a missing one is empty, or null.
func Release(ctx context.Context, w io.Writer, of release.Found, f Format) error {
	one := func(yield func(release.Found, error) bool) { yield(of, nil) }
	if f == JSON {
		return writeRelease(ctx, w, of)
	}
	return table(ctx, w, one, f)
}

// History writes every final release of a board as its reader may see it, oldest first, with all its editions: a row a player and
// release, or in JSON an object a release. The releases are read twice where their columns have to be known first.
func History(ctx context.Context, w io.Writer, all iter.Seq2[release.Found, error], f Format) error {
	if f == JSON {
		return writeReleases(ctx, w, all)
	}
	return table(ctx, w, all, f)
}

// The columns that every file begins with. What follows them has a dot in its name: REGION.tag, CALLS.value, CALLS.points.
var heads = []string{"period", "edition", "state", "rank", "player", "name", "score", "change", "climbed", "level", "note"}

const (
	tagOf    = ".tag"
	valueOf  = ".value"
	pointsOf = ".points"
)

// column of a table: of texts or of numbers.
type column struct {
	name   string
	number bool
}

// cell of a row. Of a number NaN is missing.
type cell struct {
	text   string
	number float64
}

// written is a file that rows are written to.
type written interface {
	row(cells []cell) error
	close() error
}

// table writes rows to a file whose columns are those of all releases.
func table(ctx context.Context, w io.Writer, all iter.Seq2[release.Found, error], f Format) error {
	var columns []column
	for _, name := range heads {
		columns = append(columns, column{name, slices.Contains([]string{"edition", "rank", "score", "change", "climbed"}, name)})
	}
	places := map[string]int{}
	place := func(name string, number bool) {
		if _, there := places[name]; !there {
			places[name] = len(columns)
			columns = append(columns, column{name, number})
		}
	}
	for of, err := range all {
		if err != nil {
			return err
		}
		t, err := of.Table(ctx)
		if err != nil {
			return err
		}
		for _, group := range t.Tags {
			place(group+tagOf, false)
		}
		for _, m := range t.Measured {
			place(m.Key+valueOf, true)
		}
		for _, p := range t.Scored {
			place(p.Key+pointsOf, true)
		}
	}
	var file written
	var err error
	switch f {
	case CSV:
		file, err = newCSV(w, columns)
	case XLSX:
		var b *book
		if b, err = newXLSX(w, columns); err == nil {
			defer b.drop()
			file = b
		}
	case Parquet:
		file, err = newParquet(w, columns)
	default:
		_, err = Read(string(f))
	}
	if err != nil {
		return err
	}
	for of, err := range all {
		if err == nil {
			err = rows(ctx, file, of, places, len(columns))
		}
		if err != nil {
			return err
		}
	}
	return file.close()
}

// rows writes the rows of one release.
func rows(ctx context.Context, file written, of release.Found, places map[string]int, n int) error {
	t, err := of.Table(ctx)
	if err != nil {
		return err
	}
	at := func(parts []*scorecard.Part, suffix string) (all []int) {
		for _, p := range parts {
			all = append(all, places[p.Key+suffix])
		}
		return all
	}
	values, points := at(t.Measured, valueOf), at(t.Scored, pointsOf)
	cells := make([]cell, n)
	for line, err := range of.Lines(ctx, t) {
		if err != nil {
			return err
		}
		for i := range cells {
			cells[i] = cell{number: math.NaN()}
		}
		row := &line.Row
		rank := row.Rank
		if rank <= 0 {
			rank = math.NaN()
		}
		for i, c := range []cell{
			{text: of.View.Period.String()}, {number: float64(of.View.Edition)}, {text: state(of.View.Release)}, {number: rank}, {text: row.Key}, {text: row.Name},
			{number: row.Score}, {number: row.Change}, {number: row.Climbed}, {text: row.Level}, {text: row.Note},
		} {
			cells[i] = c
		}
		for _, group := range t.Tags {
			cells[places[group+tagOf]] = cell{text: row.Tags[group]}
		}
		for i, k := range values {
			cells[k].number = line.Values[i]
		}
		for i, k := range points {
			cells[k].number = line.Points[i]
		}
		if err := file.row(cells); err != nil {
			return err
		}
	}
	return nil
}

// state says whether a later edition corrected a release.
func state(rel *release.Release) string {
	switch {
	case rel.Superseded:
		return "corrected"
	case rel.State == release.Draft:
		return "draft"
	}
	return "final"
}

// missing reports whether a number is none that a file can hold.
func missing(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) }
