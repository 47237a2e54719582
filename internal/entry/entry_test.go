package entry_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
	"cairn/internal/fault"
)

const day = 86_400_000_000 // microseconds

var start = time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC).UnixMicro()

func clock() time.Time { return time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC) }

// newBoard makes the row that entries hang on; package board is not imported here.
func newBoard(t testing.TB, d *db.DB, id string) string {
	t.Helper()
	err := d.Write(context.Background(), func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO board (board_id, key, name, stage, zone, top_n, retention, version, members, created_at)
			VALUES ($1, $2, 'n', 'public', 'UTC', 0, 90, 1, 0, 0)`, id, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func post(id string, member int64, at int64, value float64) entry.Entry {
	return entry.Entry{Member: member, Key: "posts", At: at, Value: value, ID: id}
}

func appendAll(t testing.TB, e *entry.Entries, board, source string, batch ...entry.Entry) entry.Outcome {
	t.Helper()
	out, err := e.Append(context.Background(), board, source, batch, false)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// window reads entries back in order.
func window(t failer, d *db.DB, e *entry.Entries, board string, from, to int64) (all []entry.Entry) {
	t.Helper()
	err := d.Read(context.Background(), func(tx *db.Tx) error {
		all = nil
		for b, err := range e.Window(context.Background(), tx, board, from, to) {
			if err != nil {
				return err
			}
			for i := range b.Member {
				all = append(all, entry.Entry{Member: b.Member[i], Key: b.Keys[b.Key[i]], At: b.At[i], Value: b.Value[i], Label: b.Label(i), ID: b.ID(i)})
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// failer is what a test and a property have in common.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
}

func equal(t failer, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestAppend_KeepsEveryField(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		e, board := entry.New(d, clock), newBoard(t, d, "b")
		batch := []entry.Entry{
			{Member: 7, Key: "posts", At: start + 1, Value: 3, ID: "a"},
			{Member: 0, Key: "réponses", At: start, Value: math.NaN(), ID: "b", Label: "日本\x00語"},
			{Member: 1 << 40, Key: "posts", At: start + 2, Value: -0.1, ID: "c"},
			{Member: 7, Key: "posts", At: start + 2, Value: math.Copysign(0, -1), ID: "d"},
			{Member: 7, Key: "posts", At: start + 2, Value: 1 << 53, ID: "e"},
			{Member: 7, Key: "posts", At: start + 2, Value: -(1 << 53), ID: strings.Repeat("f", 1000)},
			{Member: 7, Key: "posts", At: start + 2, Value: math.MaxFloat64, ID: "g", Label: strings.Repeat("l", 4000)},
			{Member: 7, Key: "posts", At: time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro(), Value: 1, ID: "first day of all"},
			{Member: 7, Key: "posts", At: time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC).UnixMicro(), Value: 1, ID: "last"},
			{Member: 7, Key: "posts", At: -1, Value: 1, ID: "before 1970"},
		}
		equal(t, "outcome", appendAll(t, e, board, "test", batch...), entry.Outcome{Added: len(batch)})
		want := []entry.Entry{batch[7], batch[9], batch[0], batch[1], batch[2], batch[3], batch[4], batch[5], batch[6], batch[8]}
		got := window(t, d, e, board, math.MinInt64, math.MaxInt64)
		equal(t, "entries", got, want)
		if len(got) == len(want) && !math.Signbit(got[5].Value) {
			t.Error("minus zero lost its sign")
		}
	})
}

func TestAppend_RefusesWhatCannotBeKeptAndAddsNothing(t *testing.T) {
	d := dbtest.New(t)
	e, board := entry.New(d, clock), newBoard(t, d, "b")
	good := post("good", 0, start, 1)
	for name, bad := range map[string]entry.Entry{
		"no id":       {Key: "posts", At: start},
		"long id":     {Key: "posts", At: start, ID: strings.Repeat("x", 1001)},
		"no key":      {At: start, ID: "x"},
		"long label":  {Key: "posts", At: start, ID: "x", Label: strings.Repeat("x", 4001)},
		"no member":   {Member: -1, Key: "posts", At: start, ID: "x"},
		"infinite":    {Key: "posts", At: start, ID: "x", Value: math.Inf(1)},
		"year 0":      {Key: "posts", At: math.MinInt64, ID: "x"},
		"year 10000":  {Key: "posts", At: math.MaxInt64, ID: "x"},
		"too late ID": {Key: "posts", At: 253_402_300_800_000_000, ID: "x"},
	} {
		if _, err := e.Append(context.Background(), board, "test", []entry.Entry{good, bad}, false); fault.Of(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, source := range []string{"", "a\nb", strings.Repeat("s", 201)} {
		if _, err := e.Append(context.Background(), board, source, []entry.Entry{good}, false); fault.Of(err) != fault.Invalid {
			t.Errorf("source %q: %v", source, err)
		}
	}
	if _, err := e.Append(context.Background(), "nowhere", "test", []entry.Entry{good}, false); fault.Of(err) != fault.NotFound {
		t.Errorf("no board: %v", err)
	}
	if got := window(t, d, e, board, math.MinInt64, math.MaxInt64); len(got) > 0 {
		t.Errorf("%v was added", got)
	}
}

func TestAppend_SameIDCountsOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		e, board := entry.New(d, clock), newBoard(t, d, "b")
		a, b := post("a", 1, start, 1), post("b", 1, start, 1)
		other, elsewhere := post("a", 1, start, 2), post("a", 1, start+40*day, 1)

		equal(t, "first", appendAll(t, e, board, "test", a, a, b, other), entry.Outcome{Added: 2, Duplicates: 1, Conflicts: []int{3}})
		equal(t, "again", appendAll(t, e, board, "test", b, elsewhere, a), entry.Outcome{Duplicates: 2, Conflicts: []int{1}})
		equal(t, "other source", appendAll(t, e, board, "second", other), entry.Outcome{Added: 1})
		equal(t, "other board", appendAll(t, e, newBoard(t, d, "c"), "test", other), entry.Outcome{Added: 1})
		equal(t, "entries", window(t, d, e, board, math.MinInt64, math.MaxInt64), []entry.Entry{a, b, other})
	})
}

func TestAppend_ReplaceTakesThePlaceOfTheOldOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		e, board := entry.New(d, clock), newBoard(t, d, "b")
		appendAll(t, e, board, "test", post("a", 1, start, 1), post("b", 1, start, 1), post("c", 1, start, 1))
		appendAll(t, e, board, "other", post("a", 1, start, 100))

		moved, twice, final := post("a", 2, start+3*day, 5), post("b", 1, start, 7), post("b", 1, start, 8)
		out, err := e.Append(context.Background(), board, "test", []entry.Entry{moved, twice, final, post("c", 1, start, 1), post("n", 1, start, 1)}, true)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "outcome", out, entry.Outcome{Added: 1, Replaced: 3, Duplicates: 1})
		equal(t, "entries", window(t, d, e, board, math.MinInt64, math.MaxInt64),
			[]entry.Entry{post("c", 1, start, 1), post("a", 1, start, 100), final, post("n", 1, start, 1), moved})

		// And once more the replaced one.
		out, err = e.Append(context.Background(), board, "test", []entry.Entry{post("a", 1, start, 1)}, true)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "outcome", out, entry.Outcome{Replaced: 1})
		equal(t, "later days", window(t, d, e, board, start+day, math.MaxInt64), []entry.Entry{})
	})
}

// The id stands twice in the index then, in a long old run and in a short new one.
func TestAppend_ReplacedAmongManyIsKnownByItsNewContent(t *testing.T) {
	d := dbtest.New(t)
	e, board := entry.New(d, clock), newBoard(t, d, "b")
	var batch []entry.Entry
	for n := range 100 {
		batch = append(batch, post(strconv.Itoa(n), 1, start, 1))
	}
	appendAll(t, e, board, "test", batch...)
	changed := post("50", 1, start, 2)
	if _, err := e.Append(context.Background(), board, "test", []entry.Entry{changed}, true); err != nil {
		t.Fatal(err)
	}
	equal(t, "outcome", appendAll(t, e, board, "test", changed, batch[50], batch[51]), entry.Outcome{Duplicates: 2, Conflicts: []int{1}})
}

func TestAppend_WritersAtOnceAddEachEntryOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		e, board := entry.New(d, clock), newBoard(t, d, "b")
		var all sync.WaitGroup
		var added, known atomic.Int64
		const writers, batches, size = 3, 6, 40
		for range writers {
			all.Go(func() {
				for n := range batches { // every writer the same ones
					var batch []entry.Entry
					for i := range size {
						batch = append(batch, post(fmt.Sprint(n, "-", i), 1, start+int64(n%2)*day, 1))
					}
					out, err := e.Append(context.Background(), board, "test", batch, false)
					if err != nil {
						t.Error(err)
					}
					added.Add(int64(out.Added))
					known.Add(int64(out.Duplicates))
				}
			})
		}
		all.Wait()
		if n := len(window(t, d, e, board, math.MinInt64, math.MaxInt64)); n != batches*size || added.Load() != batches*size || known.Load() != (writers-1)*batches*size {
			t.Errorf("%d entries, %d added, %d known already", n, added.Load(), known.Load())
		}
	})
}

func TestAppend_UnderAFinalReleaseIsTooLate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		e, board := entry.New(d, clock), newBoard(t, d, "b")
		old, open := post("old", 1, start, 1), post("open", 1, start+9*day, 1)
		appendAll(t, e, board, "test", old, open)
		// Not at midnight UTC: the board may be elsewhere.
		border := start + 7*day + day/3
		for _, until := range []int64{border, start} { // the second closes less and changes nothing
			if err := d.Write(ctx, func(tx *db.Tx) error { return e.Close(tx, board, until) }); err != nil {
				t.Fatal(err)
			}
		}
		batch := []entry.Entry{old, post("x", 1, border-1, 1), post("y", 1, border, 1), post("old", 1, border, 2), post("open", 1, start, 2), post("open", 1, border, 3)}
		out, err := e.Append(ctx, board, "test", batch, true)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "outcome", out, entry.Outcome{Added: 1, Duplicates: 1, Replaced: 1, TooLate: []int{1, 3, 4}})

		out, err = e.Amend(ctx, board, "test", batch[1:5])
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "amended", out, entry.Outcome{Added: 1, Duplicates: 1, Replaced: 2})
	})
}

func TestWindow_IsHalfOpenAndTellsBoardsApart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		e, board := entry.New(d, clock), newBoard(t, d, "b")
		appendAll(t, e, newBoard(t, d, "a"), "test", post("z", 1, start, 1))
		a, b, c := post("a", 1, start+5, 1), post("b", 2, start+6, 2), post("c", 3, start+7, 3)
		appendAll(t, e, board, "test", c, b, a)
		equal(t, "middle", window(t, d, e, board, start+6, start+7), []entry.Entry{b})
		equal(t, "from", window(t, d, e, board, start+6, math.MaxInt64), []entry.Entry{c, b})
		equal(t, "nothing", window(t, d, e, board, start+6, start+6), []entry.Entry{})
		equal(t, "day before", window(t, d, e, board, start-day, start), []entry.Entry{})
	})
}

// One batch after another, small and large, over few days: blocks are packed together, buckets merge and split, and
// nothing is lost, doubled or out of order.
func TestAppend_ManyBatchesStayInOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		e, board := entry.New(d, clock), newBoard(t, d, "b")
		var all []entry.Entry
		n := 0
		for _, size := range []int{1, 1, 1, 1, 1, 30, 1, 2, 20_000, 5_000, 1, 9_000, 3, 7} {
			var batch []entry.Entry
			for range size {
				batch = append(batch, entry.Entry{Member: int64(n % 977), Key: "k" + strconv.Itoa(n%13), At: start + int64(n%2)*day + int64(n), Value: float64(n) / 2, ID: strconv.Itoa(n)})
				n++
			}
			equal(t, "outcome", appendAll(t, e, board, "test", batch...), entry.Outcome{Added: size})
			equal(t, "again", appendAll(t, e, board, "test", batch...), entry.Outcome{Duplicates: size})
			all = append(all, batch...)
		}
		equal(t, "all again", appendAll(t, e, board, "test", all...), entry.Outcome{Duplicates: len(all)})
		var want []entry.Entry
		for parity := range 2 {
			for _, a := range all {
				if (a.At-start)/day == int64(parity) {
					want = append(want, a)
				}
			}
		}
		if !slices.Equal(window(t, d, e, board, math.MinInt64, math.MaxInt64), want) {
			t.Error("the entries are not what was added, in order")
		}

		sources, err := e.Sources(context.Background(), board)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "sources", sources, []entry.SourceState{{
			Name: "test", Entries: int64(len(all)), First: time.UnixMicro(all[0].At).UTC(), Last: time.UnixMicro(want[len(want)-1].At).UTC(),
		}})
		var blocks int
		err = d.Read(context.Background(), func(tx *db.Tx) error {
			return tx.QueryRow(`SELECT COUNT(*) FROM entry_block WHERE board_id = $1`, board).Scan(&blocks)
		})
		if err != nil || blocks > 16 {
			t.Errorf("%d blocks for two days, %v", blocks, err)
		}
	})
}

func TestPurge_DeletesWholeDaysAndGivesAReceipt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		e, board := entry.New(d, clock), newBoard(t, d, "b")
		a := post("a", 1, start, 1.5)
		b := entry.Entry{Member: 2, Key: "followers", At: start + 1, Value: 10, ID: "b"}
		c := entry.Entry{Member: 3, Key: "posts", At: start + 2*day, Value: math.NaN(), ID: "c", Label: "x,y"}
		stays := post("s", 1, start+3*day, 1)
		appendAll(t, e, board, "test", a, b, c, stays)

		if _, err := e.Purge(ctx, board, "r1", start+3*day, nil); fault.Of(err) != fault.Conflict {
			t.Fatalf("purged what no release holds: %v", err)
		}
		if err := d.Write(ctx, func(tx *db.Tx) error { return e.Close(tx, board, start+4*day) }); err != nil {
			t.Fatal(err)
		}
		keep := func(key string) bool { return key == "followers" }
		receipt, err := e.Purge(ctx, board, "r1", start+3*day+5, keep)
		if err != nil {
			t.Fatal(err)
		}
		// As the documentation of Receipt says, by hand.
		text := fmt.Sprintf("4:test,1:a,1:1,5:posts,16:%d,3:1.5,0:,\n", start) + fmt.Sprintf("4:test,1:c,1:3,5:posts,16:%d,0:,3:x,y,\n", start+2*day)
		digest := sha256.Sum256([]byte(text))
		want := entry.Receipt{BoardID: board, ReleaseID: "r1", Before: time.UnixMicro(start + 3*day).UTC(), Count: 2, Digest: hex.EncodeToString(digest[:]),
			Kept: 1, KeptKeys: []string{"followers"}, At: clock()}
		equal(t, "receipt", receipt, want)
		equal(t, "left", window(t, d, e, board, math.MinInt64, math.MaxInt64), []entry.Entry{b, stays})

		again, err := e.Purge(ctx, board, "r1", start+3*day, keep)
		if err != nil || again.Count != 0 {
			t.Errorf("purged again: %+v, %v", again, err)
		}
		receipts, err := e.Receipts(ctx, board)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "receipts", receipts, []entry.Receipt{want})

		out, err := e.Amend(ctx, board, "test", []entry.Entry{a, b, stays, post("new", 1, start+3*day, 1)})
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "arrivals after the purge", out, entry.Outcome{Added: 1, Duplicates: 1, TooLate: []int{0, 1}})

		// When the window has moved on, the rest goes too.
		last, err := e.Purge(ctx, board, "r2", start+3*day, nil)
		if err != nil || last.Count != 1 || last.Kept != 0 {
			t.Errorf("the rest: %+v, %v", last, err)
		}
	})
}

func TestPurge_CountsReplacedEntriesToo(t *testing.T) {
	d := dbtest.New(t)
	ctx := context.Background()
	e, board := entry.New(d, clock), newBoard(t, d, "b")
	appendAll(t, e, board, "test", post("a", 1, start, 1), post("b", 1, start, 1))
	if _, err := e.Append(ctx, board, "test", []entry.Entry{post("a", 1, start, 2)}, true); err != nil {
		t.Fatal(err)
	}
	if err := d.Write(ctx, func(tx *db.Tx) error { return e.Close(tx, board, start+day) }); err != nil {
		t.Fatal(err)
	}
	receipt, err := e.Purge(ctx, board, "r", start+day, func(string) bool { return true })
	if err != nil || receipt.Count != 1 || receipt.Kept != 2 {
		t.Errorf("%+v, %v: the replaced entry goes, the two others are kept", receipt, err)
	}
	receipt, err = e.Purge(ctx, board, "r", start+day, nil)
	if err != nil || receipt.Count != 2 {
		t.Errorf("%+v, %v", receipt, err)
	}
}

func TestWindow_NamesADamagedBlock(t *testing.T) {
	d := dbtest.New(t)
	e, board := entry.New(d, clock), newBoard(t, d, "b")
	appendAll(t, e, board, "test", post("a", 1, start, 1))
	for _, column := range []string{"texts", "numbers"} {
		err := d.Write(context.Background(), func(tx *db.Tx) error {
			var content []byte
			if err := tx.QueryRow(`SELECT ` + column + ` FROM entry_block`).Scan(&content); err != nil {
				return err
			}
			content[len(content)-1] ^= 0x10
			_, err := tx.Exec(`UPDATE entry_block SET `+column+` = $1`, content)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		err = d.Read(context.Background(), func(tx *db.Tx) error {
			for b, err := range e.Window(context.Background(), tx, board, math.MinInt64, math.MaxInt64) {
				if err != nil {
					return err
				}
				b.ID(0)
			}
			return nil
		})
		if fault.Of(err) != fault.Internal || !strings.Contains(fault.Message(err), "2026-11-16, block 0") {
			t.Errorf("%s: %v", column, err)
		}
	}
}
