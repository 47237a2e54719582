package db_test

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
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

// What belongs to players alone is copied too, although row-level security hides it from whoever opens the database.
func TestCopy_BringsOverWhatIsPlayersOwn(t *testing.T) {
	dbtest.EachAddress(t, func(t *testing.T, target string) {
		ctx := context.Background()
		own := []string{"player_source", "player_entry"}
		file := dbtest.SQLite(t)
		d := dbtest.Open(t, file)
		for _, player := range []string{"ann", "bob"} {
			err := d.Write(ctx, func(tx *db.Tx) error {
				if err := tx.As(player); err != nil {
					return err
				}
				if _, err := tx.Exec(`INSERT INTO player_source (player_id, name, connected_at, entries, last_seq, came) VALUES ($1, 'git', 0, 1, 1, '')`, player); err != nil {
					return err
				}
				_, err := tx.Exec(`INSERT INTO player_entry (player_id, source, id, seq, key, at, value, label, came) VALUES ($1, 'git', 'a', 1, 'commits', 0, NULL, '', '')`, player)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		back := filepath.Join(t.TempDir(), "back.db")
		for _, way := range [][2]string{{file, target}, {target, back}} {
			copied, err := db.Copy(ctx, way[0], way[1], func(string, int64, int64) {})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range copied {
				if slices.Contains(own, c.Table) && c.Rows != 2 {
					t.Errorf("copied %d rows of %s, not 2", c.Rows, c.Table)
				}
			}
		}
	})
}

// A table that a later migration puts under row-level security would be copied empty without a word, were it not for the
// policy that Copy relies on; and without FORCE it would not bind the user of the server, who owns it.
func TestSchema_RowSecurityBindsTheOwnerAndLetsCopySee(t *testing.T) {
	d := dbtest.Open(t, dbtest.Postgres(t))
	err := d.Read(context.Background(), func(tx *db.Tx) error {
		rows, err := tx.Query(`SELECT c.relname, c.relforcerowsecurity, EXISTS (SELECT 1 FROM pg_policies p
				WHERE p.schemaname = current_schema() AND p.tablename = c.relname AND p.qual LIKE '%cairn.copy%')
			FROM pg_class c WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND c.relrowsecurity`)
		if err != nil {
			return err
		}
		defer rows.Close()
		var bound []string
		for rows.Next() {
			var table string
			var forced, copied bool
			if err := rows.Scan(&table, &forced, &copied); err != nil {
				return err
			}
			if !forced || !copied {
				t.Errorf("%s: binds its owner: %v, lets Copy see: %v", table, forced, copied)
			}
			bound = append(bound, table)
		}
		if !slices.Contains(bound, "player_source") || !slices.Contains(bound, "player_entry") {
			t.Errorf("under row-level security: %v", bound)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
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
