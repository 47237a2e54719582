package main

import (
	"fmt"
	"os"
	"text/tabwriter"

	"golang.org/x/term"

	"cairn/internal/db"
)

// dbCommand holds what one does with a database as a whole.
type dbCommand struct {
	Copy    dbCopyCommand    `cmd:"" help:"Copy a database into another, empty one: SQLite into PostgreSQL or back."`
	Migrate dbMigrateCommand `cmd:"" help:"Bring the database up to date; every other command does so too."`
}

// dbCopyCommand copies a database.
type dbCopyCommand struct {
	From string `arg:"" help:"Database to copy: a file path or postgres://…; it stays as it is." placeholder:"FROM"`
	To   string `arg:"" help:"Database to copy into; it must be empty." placeholder:"TO"`
}

func (dbCopyCommand) Help() string {
	return `Copies every table in one transaction, then reads both sides through and compares counts and digests: either all is there, or
nothing. Stop whatever writes to FROM first: what is written meanwhile is not copied.`
}

// Run copies and prints what is there now.
func (cmd *dbCopyCommand) Run(c *console) error {
	progress := func(string, int64, int64) {}
	if screen, ok := c.err.(*os.File); ok && term.IsTerminal(int(screen.Fd())) {
		progress = func(table string, done, of int64) { fmt.Fprintf(c.err, "\r\x1b[K%s: %d of %d rows", table, done, of) }
		defer fmt.Fprint(c.err, "\r\x1b[K")
	}
	copied, err := db.Copy(c, cmd.From, cmd.To, progress)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TABLE\tROWS\tDIGEST")
	var rows int64
	for _, t := range copied {
		fmt.Fprintf(table, "%s\t%d\t%.16s\n", t.Table, t.Rows, t.Digest)
		rows += t.Rows
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "Copied %d rows; both sides hold the same.\n", rows)
	return nil
}

// dbMigrateCommand brings the database up to date.
type dbMigrateCommand struct{ dbFlags }

// Run opens the database, which migrates it, and says what version it has.
func (cmd *dbMigrateCommand) Run(c *console) error {
	a, err := cmd.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	version, err := a.DB.Schema(c)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "The database is up to date: schema %d.\n", version)
	return nil
}
