package source_test

import (
	"testing"
	"time"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/identity"
)

// What a source sent goes with the entries that were made of it, where its board keeps those for less than thirty days.
func TestSweep_KeepsMessagesNoLongerThanTheirBoardKeepsEntries(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newLinked(t, d)
		w.push(order("o-1", "ada", 2), order("o-2", "nobody", 2))
		left := func(retention int, age time.Duration) (waiting, recent int) {
			t.Helper()
			then := now().Add(-age).UnixMicro()
			err := d.Write(w.ctx, func(tx *db.Tx) error {
				for query, arg := range map[string]any{`UPDATE board SET retention = $1`: retention, `UPDATE source_held SET at = $1`: then, `UPDATE source_recent SET at = $1`: then} {
					if _, err := tx.Exec(query, arg); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.sources.Sweep(w.ctx); err != nil {
				t.Fatal(err)
			}
			held, err := w.sources.Waiting(w.ctx, w.at(), "", "", 10)
			if err != nil {
				t.Fatal(err)
			}
			shown, err := w.sources.DryRun(w.ctx, identity.Actor{}, w.owner, "shop", nil)
			if err != nil {
				t.Fatal(err)
			}
			return len(held), len(shown)
		}
		const day = 24 * time.Hour
		if waiting, recent := left(90, 29*day); waiting != 1 || recent != 2 {
			t.Errorf("after 29 days of 90 there are %d and %d", waiting, recent)
		}
		if waiting, recent := left(7, 6*day); waiting != 1 || recent != 2 {
			t.Errorf("after 6 days of 7 there are %d and %d", waiting, recent)
		}
		if waiting, recent := left(7, 8*day); waiting != 0 || recent != 0 {
			t.Errorf("after 8 days of 7 there are %d and %d", waiting, recent)
		}
		tallies, err := w.sources.Tallies(w.ctx, w.owner, now())
		if err != nil || tallies[w.at().ID].Dropped != 1 {
			t.Errorf("what had to go is counted: %+v, %v", tallies, err)
		}
	})
}
