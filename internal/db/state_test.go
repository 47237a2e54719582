package db_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
)

func state(t *testing.T, d *db.DB) string {
	t.Helper()
	name, err := d.State(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// Other databases of the same PostgreSQL give transactions numbers as well, so a name may change while nothing does; but not for ever.
func TestState_HasOneNameWhileNothingIsWritten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for {
			before := state(t, d)
			gone, cancel := context.WithCancel(context.Background())
			cancel()
			_, _ = d.State(gone) // whoever goes while they ask changes nothing
			_ = count(t, d, "board")
			if state(t, d) == before {
				return
			}
		}
	})
}

func TestState_ChangesWithEveryCommit(t *testing.T) {
	dbtest.EachAddress(t, func(t *testing.T, address string) {
		here, there := dbtest.Open(t, address), dbtest.Open(t, address) // two programs on one database
		seen := map[string]bool{state(t, here): true}
		for i, d := range []*db.DB{here, there, here, there, there} {
			key := string(rune('a' + i))
			if err := write(t, d, putBoard, key, key, 0); err != nil {
				t.Fatal(err)
			}
			name := state(t, here)
			if seen[name] {
				t.Errorf("after write %d the state has a name that it had before", i)
			}
			seen[name] = true
		}
	})
}

// What was read between two calls that give the same name is what stands at the second: writers who begin in one order and commit in
// another must not be missed.
func TestState_MissesNoneOfManyWriters(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := write(t, d, putBoard, "b", "b", 0); err != nil {
			t.Fatal(err)
		}
		const writers, times = 4, 15
		var all sync.WaitGroup
		var mu sync.Mutex
		known := map[string]int{} // how often the board had been written, by the name of the state
		read := func() (members int, err error) {
			return members, d.Read(context.Background(), func(tx *db.Tx) error {
				return tx.QueryRow(`SELECT members FROM board WHERE board_id = 'b'`).Scan(&members)
			})
		}
		look := func() error {
			before, err := d.State(context.Background())
			if err != nil {
				return err
			}
			members, err := read()
			if err != nil {
				return err
			}
			after, err := d.State(context.Background())
			if err != nil || after != before {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			if was, met := known[after]; met && was != members {
				return errors.New("one name stood for two states")
			}
			known[after] = members
			return nil
		}
		for range writers {
			all.Go(func() {
				for range times {
					err := d.Write(context.Background(), func(tx *db.Tx) error {
						_, err := tx.Exec(`UPDATE board SET members = members + 1 WHERE board_id = 'b'`)
						return err
					})
					if err := errors.Join(err, look()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if members, err := read(); err != nil || members != writers*times {
			t.Errorf("%d writes are there, %v", members, err)
		}
	})
}
