package db_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
)

func write(t *testing.T, d *db.DB, query string, args ...any) error {
	t.Helper()
	return d.Write(context.Background(), func(tx *db.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	})
}

const putSource = `INSERT INTO entry_receipt (board_id, receipt_no, release_id, before_day, entries, sha256, kept, kept_keys, created_at)
	VALUES ($1, $2, '', '', 0, '', 0, '', 0)`

const putBoard = `INSERT INTO board (board_id, key, name, stage, zone, top_n, retention, version, members, created_at)
	VALUES ($1, $2, 'n', 'public', 'UTC', 0, 90, 1, $3, 0)`

func TestWrite_CommitsAndReadSeesIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := write(t, d, putBoard, "b1", "one", 7); err != nil {
			t.Fatal(err)
		}
		var key string
		var members int
		err := d.Read(context.Background(), func(tx *db.Tx) error {
			return tx.QueryRow(`SELECT key, members FROM board WHERE members = $2 AND board_id = $1`, "b1", 7).Scan(&key, &members)
		})
		if err != nil || key != "one" || members != 7 {
			t.Fatalf("read %q, %d, %v", key, members, err)
		}
	})
}

func TestWrite_ErrorLeavesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		stop := errors.New("stop")
		err := d.Write(context.Background(), func(tx *db.Tx) error {
			if _, err := tx.Exec(putBoard, "b1", "one", 0); err != nil {
				return err
			}
			return stop
		})
		if !errors.Is(err, stop) {
			t.Fatalf("got %v", err)
		}
		if n := count(t, d, "board"); n != 0 {
			t.Errorf("%d rows were left behind", n)
		}
	})
}

// A room that swallows an error would commit on SQLite and fail on PostgreSQL; it fails on both.
func TestWrite_SwallowedStatementErrorStillFails(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Write(context.Background(), func(tx *db.Tx) error {
			_, _ = tx.Exec(putBoard, "b1", "one", 0)
			_, _ = tx.Exec(putBoard, "b1", "two", 0)
			return nil
		})
		if fault.Of(err) != fault.Conflict {
			t.Fatalf("got %v, want the conflict", err)
		}
		if n := count(t, d, "board"); n != 0 {
			t.Errorf("%d rows were left behind", n)
		}
	})
}

func TestFaults_AreTheSameOnBoth(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := write(t, d, putBoard, "b1", "one", 0); err != nil {
			t.Fatal(err)
		}
		if err := write(t, d, putBoard, "b2", "one", 0); fault.Of(err) != fault.Conflict {
			t.Errorf("unique: %v", err)
		}
		if err := write(t, d, putSource, "nobody", 1); fault.Of(err) != fault.Conflict {
			t.Errorf("foreign key: %v", err)
		}
		err := d.Read(context.Background(), func(tx *db.Tx) error {
			var key string
			return tx.QueryRow(`SELECT key FROM board WHERE board_id = 'none'`).Scan(&key)
		})
		if fault.Of(err) != fault.NotFound {
			t.Errorf("no row: %v", err)
		}
		err = d.Read(context.Background(), func(tx *db.Tx) error {
			_, err := tx.Exec(`DELETE FROM board`)
			return err
		})
		if err == nil || count(t, d, "board") != 1 {
			t.Errorf("a read transaction wrote: %v", err)
		}
		cancelled, cancel := context.WithCancel(context.Background())
		cancel()
		if err := d.Write(cancelled, func(*db.Tx) error { return nil }); fault.Of(err) != fault.Unavailable || !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
}

// Every increment reads what the one before wrote: on PostgreSQL through retries, on SQLite one after another.
func TestWrite_ConcurrentIncrementsAllCount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := write(t, d, putBoard, "b1", "one", 0); err != nil {
			t.Fatal(err)
		}
		const writers, each = 4, 10
		var all sync.WaitGroup
		for range writers {
			all.Go(func() {
				for range each {
					err := d.Write(context.Background(), func(tx *db.Tx) error {
						var n int
						if err := tx.QueryRow(`SELECT members FROM board WHERE board_id = $1`, "b1").Scan(&n); err != nil {
							return err
						}
						_, err := tx.Exec(`UPDATE board SET members = $1 WHERE board_id = $2`, n+1, "b1")
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		var n int
		err := d.Read(context.Background(), func(tx *db.Tx) error { return tx.QueryRow(`SELECT members FROM board`).Scan(&n) })
		if err != nil || n != writers*each {
			t.Errorf("counted %d, %v; want %d", n, err, writers*each)
		}
	})
}

func TestRead_SeesOneState(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Read(context.Background(), func(tx *db.Tx) error {
			var before, after int
			if err := tx.QueryRow(`SELECT COUNT(*) FROM board`).Scan(&before); err != nil {
				return err
			}
			if err := write(t, d, putBoard, "b1", "one", 0); err != nil {
				return err
			}
			if err := tx.QueryRow(`SELECT COUNT(*) FROM board`).Scan(&after); err != nil {
				return err
			}
			if before != after {
				t.Errorf("the count went from %d to %d within one transaction", before, after)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestTx_BytesAndFloatsComeBackAsTheyWere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := write(t, d, putBoard, "b1", "one", 0); err != nil {
			t.Fatal(err)
		}
		bytes := []byte("123\x00\xff'") // digits first: SQLite must not take it for a number
		err := d.Write(context.Background(), func(tx *db.Tx) error {
			stmt, err := tx.Prepare(`INSERT INTO board_scorecard (board_id, version, source, sha256, created_at) VALUES ($1, $2, $3, '', $4)`)
			if err != nil {
				return err
			}
			if _, err := stmt.Exec("b1", 1, bytes, int64(1)<<62); err != nil {
				return err
			}
			_, err = stmt.Exec("b1", 2, []byte{}, 0)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		err = d.Read(context.Background(), func(tx *db.Tx) error {
			rows, err := tx.Query(`SELECT source, created_at FROM board_scorecard ORDER BY version`)
			if err != nil {
				return err
			}
			defer rows.Close()
			var got []byte
			var big int64
			if !rows.Next() || rows.Scan(&got, &big) != nil || string(got) != string(bytes) || big != 1<<62 {
				t.Errorf("read %q, %d", got, big)
			}
			if !rows.Next() || rows.Scan(&got, &big) != nil || len(got) != 0 {
				t.Errorf("read %q for no bytes", got)
			}
			return rows.Err()
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestFaults_AFullDiskLeavesNothing(t *testing.T) {
	d := dbtest.New(t)
	err := d.Write(context.Background(), func(tx *db.Tx) error {
		if _, err := tx.Exec(`PRAGMA max_page_count = 1`); err != nil { // no more than there are
			return err
		}
		for n := range 10_000 {
			if _, err := tx.Exec(putBoard, strconv.Itoa(n), strconv.Itoa(n), 0); err != nil {
				return err
			}
		}
		return nil
	})
	if fault.Of(err) != fault.Unavailable || !strings.Contains(fault.Message(err), "disk is full") {
		t.Errorf("got %v", err)
	}
	if n := count(t, d, "board"); n != 0 {
		t.Errorf("%d rows were left behind", n)
	}
}

func TestFaults_ABrokenConnectionIsUnavailableAndTheNextWorks(t *testing.T) {
	d := dbtest.Open(t, dbtest.Postgres(t))
	err := d.Write(context.Background(), func(tx *db.Tx) error {
		var pid int
		if err := tx.QueryRow(`SELECT pg_backend_pid()`).Scan(&pid); err != nil {
			return err
		}
		err := d.Write(context.Background(), func(other *db.Tx) error { // another connection: this is PostgreSQL only
			_, err := other.Exec(`SELECT pg_terminate_backend($1)`, pid)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = tx.Exec(putBoard, "b1", "one", 0)
		return err
	})
	if fault.Of(err) != fault.Unavailable {
		t.Errorf("got %v", err)
	}
	if n := count(t, d, "board"); n != 0 {
		t.Errorf("%d rows were left behind", n)
	}
}

func TestOpen_Twice(t *testing.T) {
	dbtest.EachAddress(t, func(t *testing.T, address string) {
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { dbtest.Open(t, address) })
		}
		all.Wait()
	})
}

func TestOpen_RefusesANewerSchema(t *testing.T) {
	dbtest.EachAddress(t, func(t *testing.T, address string) {
		d := dbtest.Open(t, address)
		if err := write(t, d, `INSERT INTO schema_version (version_id, is_applied) VALUES (9999, TRUE)`); err != nil {
			t.Fatal(err)
		}
		_, err := db.Open(context.Background(), address)
		if fault.Of(err) != fault.Conflict || !strings.Contains(fault.Message(err), "newer Cairn") {
			t.Errorf("got %v", err)
		}
	})
}

func TestOpen_RefusesWhatIsNotOurs(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "notes.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database\n", 100)), 0o644); err != nil {
		t.Fatal(err)
	}
	for address, kind := range map[string]fault.Kind{
		text:   fault.Invalid,
		folder: fault.Invalid,
		filepath.Join(folder, "none", "cairn.db"): fault.NotFound,
		"mysql://host/name":                       fault.Invalid,
		"":                                        fault.Invalid,
		"sqlite:":                                 fault.Invalid,
		"postgres://:bad port/":                   fault.Invalid,
		"postgres://127.0.0.1:1/none":             fault.Unavailable,
	} {
		d, err := db.Open(context.Background(), address)
		if fault.Of(err) != kind {
			t.Errorf("%q: %v, want %s", address, err, kind)
		}
		if err == nil {
			t.Error(address, "was opened", d.Close())
		}
	}
	if kept, _ := os.ReadFile(text); !strings.HasPrefix(string(kept), "not a database\n") {
		t.Error("the file was changed")
	}
}

func TestOpen_LeavesTheDatabaseOfAnotherProgramAsItWas(t *testing.T) {
	path := filepath.Join(t.TempDir(), "theirs.db")
	theirs, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := theirs.ExecContext(t.Context(), `CREATE TABLE note (text TEXT)`); err != nil {
		t.Fatal(err)
	}
	if err := theirs.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(t.Context(), path)
	if err == nil {
		t.Fatal("it was opened", d.Close())
	}
	if fault.Of(err) != fault.Invalid {
		t.Errorf("%v, want it refused as Invalid", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file was changed (%v)", err)
	}
}

func TestOpen_FileIsPrivateAndAnyNameWorks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?c#d%41&é.db")
	dbtest.Open(t, "sqlite:"+path)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func count(t *testing.T, d *db.DB, table string) (n int) {
	t.Helper()
	err := d.Read(context.Background(), func(tx *db.Tx) error { return tx.QueryRow(`SELECT COUNT(*) FROM ` + table).Scan(&n) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestRow_LookingForWhatIsNoTextIsNobodysFailure(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, text := range []string{"a\x00b", "\xff\xfe"} {
			err := d.Read(context.Background(), func(tx *db.Tx) error {
				var key string
				return tx.QueryRow(`SELECT key FROM board WHERE key = $1`, text).Scan(&key)
			})
			if kind := fault.Of(err); kind != fault.NotFound && kind != fault.Invalid {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}
