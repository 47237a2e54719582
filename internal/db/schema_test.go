package db

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "save a database of the newest schema under testdata, where there is none")

// A database that any earlier Cairn left behind opens with the schema of this one, and what was in it is there. The saved
// files are never made anew: they are what was. Each has a row in every table of its time, told by testdata/rows_*.sql.
func TestOpen_UpgradesADatabaseOfEverySchema(t *testing.T) {
	ctx := context.Background()
	newest := int64(len(schemas(t)))
	for version := int64(1); version <= newest; version++ {
		saved := filepath.Join("testdata", fmt.Sprintf("schema_%04d.sqlite", version))
		if _, err := os.Stat(saved); err != nil && *update {
			save(t, saved, version)
		}
		content, err := os.ReadFile(saved)
		if err != nil {
			t.Fatalf("there is no saved database of schema %d: run this test with -update once, and keep the file", version)
		}
		path := filepath.Join(t.TempDir(), "old.db")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := Open(ctx, path)
		if err != nil {
			t.Fatalf("schema %d: %v", version, err)
		}
		if now, err := d.Schema(ctx); err != nil || now != newest {
			t.Errorf("schema %d opened as %d, %v; want %d", version, now, err, newest)
		}
		err = d.Read(ctx, func(tx *Tx) error {
			var key string
			var source []byte
			if err := tx.QueryRow(`SELECT b.key, s.source FROM board b JOIN board_scorecard s ON s.board_id = b.board_id`).Scan(&key, &source); err != nil {
				return err
			}
			if key != "club" || !bytes.Equal(source, []byte("scorecard: 1")) {
				t.Errorf("schema %d: board %q with %q", version, key, source)
			}
			for _, table := range []string{"board_member", "entry_source", "entry_block", "entry_void", "entry_id", "entry_closed", "entry_receipt"} {
				var rows int
				if err := tx.QueryRow(`SELECT COUNT(*) FROM ` + table).Scan(&rows); err != nil || rows == 0 {
					t.Errorf("schema %d: %d rows in %s, %v", version, rows, table, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Errorf("schema %d: %v", version, err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

func schemas(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	return names
}

// save makes a database of a schema with the rows of testdata in it, as small as it can be.
func save(t *testing.T, file string, version int64) {
	t.Helper()
	ctx := context.Background()
	d, err := connect(ctx, filepath.Join(t.TempDir(), "new.db"))
	if err != nil {
		t.Fatal(err)
	}
	provider, err := d.provider()
	if err != nil {
		t.Fatal(err)
	}
	for v := int64(1); v <= version; v++ { // each schema is filled before the next one changes it
		if _, err := provider.UpTo(ctx, v); err != nil {
			t.Fatal(err)
		}
		rows, err := os.ReadFile(filepath.Join("testdata", fmt.Sprintf("rows_%04d.sql", v)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.writer.ExecContext(ctx, string(rows)); err != nil {
			t.Fatalf("rows of schema %d: %v", v, err)
		}
	}
	for _, statement := range []string{`PRAGMA page_size = 512`, `VACUUM INTO '` + file + `'`} {
		if _, err := d.writer.ExecContext(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}
