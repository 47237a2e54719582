package entry

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
)

// Buckets split in four and in four again know every id that they knew before, once, and forget days that went.
func TestIndex_SplittingLosesNoID(t *testing.T) {
	d := dbtest.New(t)
	err := d.Write(context.Background(), func(tx *db.Tx) error {
		if _, err := tx.Exec(`INSERT INTO board (board_id, key, name, stage, zone, top_n, retention, version, members, created_at)
			VALUES ('b', 'b', 'n', 'public', 'UTC', 0, 90, 1, 0, 0)`); err != nil {
			return err
		}
		x, err := openIndex(tx, "b", "test")
		if err != nil {
			return err
		}
		random := rand.New(rand.NewPCG(1, 2))
		var marks []mark
		for range 500 {
			marks = append(marks, mark{id: random.Uint64(), content: random.Uint64(), day: int32(random.IntN(9))})
		}
		slices.SortFunc(marks, func(a, b mark) int {
			if a.id < b.id {
				return -1
			}
			return 1
		})
		first, err := x.add(&bucket{}, marks)
		if err != nil {
			return err
		}
		if err := x.write([]placed{first}); err != nil {
			return err
		}
		for _, step := range []struct {
			bits int
			from int64
		}{{2, math.MinInt32}, {4, math.MinInt32}, {6, 4}} {
			if err := x.rewrite(step.bits, step.from); err != nil {
				return err
			}
			marks = slices.DeleteFunc(marks, func(m mark) bool { return int64(m.day) < step.from })
			buckets, err := x.read(0, 1<<step.bits)
			if err != nil {
				return err
			}
			var got []mark
			for _, b := range buckets {
				for _, r := range b.runs {
					for i := range r.len() {
						if x.bucketOf(r.id(i)) != b.no {
							t.Errorf("%d bits: id %x stands in bucket %d", step.bits, r.id(i), b.no)
						}
						got = append(got, r.mark(i))
					}
				}
			}
			if !slices.Equal(got, marks) || x.ids != int64(len(marks)) {
				t.Errorf("%d bits: %d marks, counted as %d; want %d", step.bits, len(got), x.ids, len(marks))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestDayOf_BeginsAtMidnightUTCAlsoBefore1970(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-22T00:00:00Z":        "2026-11-22",
		"2026-11-21T23:59:59.999999Z": "2026-11-21",
		"1970-01-01T00:00:00Z":        "1970-01-01",
		"1969-12-31T23:59:59.999999Z": "1969-12-31",
		"1969-12-31T00:00:00Z":        "1969-12-31",
		"0001-01-01T00:00:00Z":        "0001-01-01",
		"9999-12-31T23:59:59Z":        "9999-12-31",
	} {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := isoDay(dayOf(at.UnixMicro())); got != want {
			t.Errorf("%s lies on %s", text, got)
		}
	}
	if first, last := isoDay(dayOf(math.MinInt64)), isoDay(dayOf(math.MaxInt64)); first >= "0001-01-01" || last <= "9999-12-31" {
		t.Errorf("all time lies between %q and %q", first, last)
	}
}
