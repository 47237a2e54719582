package main

import (
	"fmt"
	"io"

	"cairn/client"
	"cairn/internal/app"
	"cairn/internal/board"
	"cairn/internal/export"
	"cairn/internal/fault"
	"cairn/internal/release"
)

// releaseExport writes releases for other programs.
type releaseExport struct {
	boardPeriod
	Edition int    `help:"Edition of the release (default: the latest)."`
	All     bool   `help:"Every release of the board, with all editions, oldest first."`
	Format  string `default:"csv" enum:"csv,xlsx,json,parquet" help:"csv, xlsx, json or parquet."`
	Out     string `short:"o" help:"File to write; - or none writes to standard output." placeholder:"FILE"`
}

func (releaseExport) Help() string {
	return `A row a player: period, edition, rank, player, name, score, change, level, tags, and of each metric its value and its points. Numbers are
those that were judged and published, to the bit; what is missing is empty, or null. Cells that a spreadsheet would run begin with an
apostrophe in CSV and XLSX. Without a period it is the latest release. The console reads everything; over --server it is what the
token's owner may see.`
}

func (f *releaseExport) check() error {
	if f.All && (f.Period != "" || f.Edition != 0) {
		return fault.New(fault.Invalid, "--all is every release: leave the period and --edition out.")
	}
	if f.Out == "" && (f.Format == "xlsx" || f.Format == "parquet") {
		return fault.New(fault.Invalid, "No terminal can show %s: name a file with -o FILE, or - for standard output.", f.Format)
	}
	return nil
}

func (f *releaseExport) Run(c *console) error {
	if err := f.check(); err != nil {
		return err
	}
	format := export.Format(f.Format)
	if f.All {
		a, b, err := f.open(c)
		if err != nil {
			return err
		}
		defer a.Close()
		all, err := a.Releases.WholeHistory(c, b)
		if err != nil {
			return err
		}
		return f.write(c, func(w io.Writer) error { return export.History(c, w, all, format) })
	}
	return f.final(c, f.Edition, func(a *app.App, b *board.Board, made *release.Release) error {
		view, err := a.Releases.View(c, b, made, release.Open)
		if err != nil {
			return err
		}
		return f.write(c, func(w io.Writer) error {
			return export.Release(c, w, release.Found{Sight: release.WholeSight, View: view}, format)
		})
	})
}

func (f *releaseExport) over(c *console, s *client.Client) error {
	if err := f.check(); err != nil {
		return err
	}
	var file []byte
	var err error
	if f.All {
		file, err = s.ExportHistory(c, f.Board, client.Format(f.Format))
	} else {
		p := f.Period
		if p == "" {
			p = client.Latest
		}
		file, err = s.ExportRelease(c, f.Board, p, f.Edition, client.Format(f.Format))
	}
	if err != nil {
		return err
	}
	return f.write(c, func(w io.Writer) error {
		_, err := w.Write(file)
		return err
	})
}

func (f *releaseExport) write(c *console, write func(io.Writer) error) error {
	if f.Out == "" || f.Out == "-" {
		return write(c.out)
	}
	if err := writeOut(f.Out, write); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s written.\n", f.Out)
	return nil
}
