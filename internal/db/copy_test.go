package db_test

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
)

// Both ways between the two databases: what Copy says is there, is there, and the foreign rows follow their own.
func TestCopy_BringsEverythingOver(t *testing.T) {
	dbtest.EachAddress(t, func(t *testing.T, target string) {
		ctx := context.Background()
		file := dbtest.SQLite(t)
		d := dbtest.Open(t, file)
		const members = 1_000
		err := d.Write(ctx, func(tx *db.Tx) error {
			for n := range 3 {
				if _, err := tx.Exec(putBoard, fmt.Sprint("b", n), fmt.Sprint("key-", n), 7); err != nil {
					return err
				}
			}
			if _, err := tx.Exec(`INSERT INTO board_scorecard (board_id, version, source, sha256, created_at) VALUES ('b1', 1, $1, 'é', $2), ('b1', 2, $3, '', 0)`,
				[]byte("1\x00\xff"), int64(math.MinInt64), []byte{}); err != nil {
				return err
			}
			for n := range members {
				if _, err := tx.Exec(`INSERT INTO board_member (board_id, number, key, name, email, handle, tags, joined_at) VALUES ('b2', $1, $2, 'n', '', '', '', 0)`,
					n, fmt.Sprint("p", n)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}

		told := map[string]int64{}
		progress := func(table string, done, of int64) {
			if done > of || done < told[table] {
				t.Errorf("%s: %d of %d after %d", table, done, of, told[table])
			}
			told[table] = done
		}
		copied, err := db.Copy(ctx, file, target, progress)
		if err != nil {
			t.Fatal(err)
		}
		if told["board_member"] != members {
			t.Errorf("told %d members", told["board_member"])
		}
		rows := map[string]int64{}
		for _, c := range copied {
			rows[c.Table] = c.Rows
		}
		if rows["board"] != 3 || rows["board_scorecard"] != 2 || rows["board_member"] != members {
			t.Errorf("copied %v", rows)
		}
		if _, err := db.Copy(ctx, file, target, progress); fault.Of(err) != fault.Conflict || !strings.Contains(fault.Message(err), "holds data already") {
			t.Errorf("into a database with data: %v", err)
		}

		back := filepath.Join(t.TempDir(), "back.db")
		clear(told)
		again, err := db.Copy(ctx, target, back, progress)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range copied {
			if again[i] != c {
				t.Errorf("went as %+v, came back as %+v", c, again[i])
			}
		}
		// The guards stand in the copy.
		if err := write(t, dbtest.Open(t, back), `INSERT INTO board_scorecard (board_id, version, source, sha256, created_at) VALUES ('none', 1, '', '', 0)`); fault.Of(err) != fault.Conflict {
			t.Errorf("foreign keys do not hold after the copy: %v", err)
		}
	})
}

func TestCopy_RefusesASourceThatIsNotThereOrNotUpToDate(t *testing.T) {
	ctx := context.Background()
	missing := filepath.Join(t.TempDir(), "none.db")
	quiet := func(string, int64, int64) {}
	if _, err := db.Copy(ctx, missing, dbtest.SQLite(t), quiet); fault.Of(err) != fault.NotFound {
		t.Errorf("no file: %v", err)
	}
	file := dbtest.SQLite(t)
	d := dbtest.Open(t, file)
	if err := write(t, d, `DELETE FROM schema_version WHERE version_id = (SELECT MAX(version_id) FROM schema_version)`); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Copy(ctx, file, dbtest.SQLite(t), quiet); fault.Of(err) != fault.Conflict {
		t.Errorf("old schema: %v", err)
	}
}
