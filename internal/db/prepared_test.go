package db_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
)

const countedOff = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT i FROM n ORDER BY i`

// Statements stay prepared on a connection: a text that is asked while its own rows are still being read must not disturb them.
func TestQuery_OfATextWhoseRowsAreBeingRead(t *testing.T) {
	d := dbtest.New(t) // on PostgreSQL a transaction reads one list at a time
	for range 3 {
		err := d.Read(context.Background(), func(tx *db.Tx) error {
			outer, err := tx.Query(countedOff, 5)
			if err != nil {
				return err
			}
			defer outer.Close()
			var seen []string
			for outer.Next() {
				var i int
				if err := outer.Scan(&i); err != nil {
					return err
				}
				inner, err := tx.Texts(countedOff, i)
				if err != nil {
					return err
				}
				seen = append(seen, strings.Join(inner, ""))
			}
			if got := strings.Join(seen, " "); got != "1 12 123 1234 12345" {
				t.Errorf("read %s", got)
			}
			return outer.Err()
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// More texts than a connection keeps, from more goroutines than there are connections, and rows that nobody reads to the end.
func TestQuery_OfManyTextsAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var all sync.WaitGroup
		for g := range 4 {
			all.Go(func() {
				for i := range 120 {
					n := g*80 + i
					text := fmt.Sprintf(`SELECT %d + CAST($1 AS BIGINT)`, n)
					if i%3 == 0 { // longer than those that are kept
						text += strings.Repeat(" ", 5000)
					}
					err := d.Read(context.Background(), func(tx *db.Tx) error {
						var sum int
						if err := tx.QueryRow(text, i).Scan(&sum); err != nil {
							return err
						}
						if sum != n+i {
							t.Errorf("%d + %d is %d", n, i, sum)
						}
						rows, err := tx.Query(countedOff, 10)
						if err != nil {
							return err
						}
						defer rows.Close()
						rows.Next()
						return rows.Err()
					})
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
	})
}

func TestQuery_AfterTheTableChanged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, text := range []string{`CREATE TABLE cairn_stone (size BIGINT)`, `INSERT INTO cairn_stone VALUES (3)`} {
			if err := write(t, d, text); err != nil {
				t.Fatal(err)
			}
		}
		read := func() (size int, err error) {
			return size, d.Read(context.Background(), func(tx *db.Tx) error {
				return tx.QueryRow(`SELECT size FROM cairn_stone WHERE size < $1`, 100).Scan(&size)
			})
		}
		if size, err := read(); err != nil || size != 3 {
			t.Fatalf("read %d, %v", size, err)
		}
		for _, text := range []string{`DROP TABLE cairn_stone`, `CREATE TABLE cairn_stone (colour TEXT, size BIGINT)`, `INSERT INTO cairn_stone VALUES ('grey', 7)`} {
			if err := write(t, d, text); err != nil {
				t.Fatal(err)
			}
		}
		if size, err := read(); err != nil || size != 7 {
			t.Errorf("read %d, %v, after the table was made anew", size, err)
		}
	})
}

func TestExec_OfATextThatFailedBefore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, key := range []string{"one", "one", "two", "one", "three"} {
			err := write(t, d, putBoard, "b-"+key, key, 0)
			if err != nil && fault.Of(err) != fault.Conflict {
				t.Fatal(err)
			}
		}
		if n := count(t, d, "board"); n != 3 {
			t.Errorf("%d boards are there, want 3", n)
		}
		gone, cancel := context.WithCancel(context.Background())
		err := d.Read(gone, func(tx *db.Tx) error {
			rows, err := tx.Query(countedOff, 1000)
			if err != nil {
				return err
			}
			defer rows.Close()
			rows.Next()
			cancel()
			for rows.Next() {
			}
			return rows.Err()
		})
		if err == nil {
			t.Error("a transaction of somebody who had gone was ended well")
		}
		if err := d.Read(context.Background(), func(tx *db.Tx) error { _, err := tx.Texts(countedOff, 3); return err }); err != nil {
			t.Errorf("the same text for somebody else: %v", err)
		}
	})
}
