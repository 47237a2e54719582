package entry_test

import (
	"bytes"
	"context"
	"math"
	"strconv"
	"testing"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
	"cairn/internal/fault"
)

func forget(t failer, d *db.DB, e *entry.Entries, board string, member int64) (gone int) {
	t.Helper()
	err := d.Write(context.Background(), func(tx *db.Tx) (err error) {
		gone, err = e.Forget(tx, board, member)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return gone
}

func TestForget_LeavesTheOthersInOrderAndNothingOfTheMember(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		e, board, other := entry.New(d, clock), newBoard(t, d, "b"), newBoard(t, d, "c")
		stays := entry.Entry{Member: 2, Key: "followers", At: start + 1, Value: 10, ID: "stays", Label: "x"}
		replaced := post("replaced", 2, start+4, 1)
		appendAll(t, e, board, "crm", post("a", 1, start, 1.5), stays, replaced, post("c", 1, start+2*day, math.NaN()))
		appendAll(t, e, board, "git", entry.Entry{Member: 1, Key: "secret-hobby", At: start + 3, Value: 1, ID: "id-of-theirs", Label: "label of theirs"})
		appendAll(t, e, other, "crm", post("a", 1, start, 1))
		newer := post("replaced", 2, start+5, 2)
		if _, err := e.Append(ctx, board, "crm", []entry.Entry{newer, post("a", 1, start, 3)}, true); err != nil {
			t.Fatal(err)
		}

		equal(t, "gone", forget(t, d, e, board, 1), 4) // the replaced one too
		equal(t, "left", window(t, d, e, board, math.MinInt64, math.MaxInt64), []entry.Entry{stays, newer})
		equal(t, "another board", window(t, d, e, other, math.MinInt64, math.MaxInt64), []entry.Entry{post("a", 1, start, 1)})
		equal(t, "gone again", forget(t, d, e, board, 1), 0)

		// What was replaced before still is, and can be replaced again; ids that went may come again, for somebody else.
		out, err := e.Append(ctx, board, "crm", []entry.Entry{replaced, post("a", 3, start, 1), stays}, true)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "outcome", out, entry.Outcome{Added: 1, Duplicates: 1, Replaced: 1})
		equal(t, "at last", window(t, d, e, board, math.MinInt64, math.MaxInt64), []entry.Entry{stays, replaced, post("a", 3, start, 1)})
	})
}

func TestForget_LeavesNoTextOfTheMemberInABlock(t *testing.T) {
	d := dbtest.New(t)
	e, board := entry.New(d, clock), newBoard(t, d, "b")
	appendAll(t, e, board, "crm", post("a", 2, start, 1), entry.Entry{Member: 1, Key: "secret-hobby", At: start, Value: 1, ID: "b"})
	has := func() (found bool) {
		var numbers []byte
		err := d.Read(context.Background(), func(tx *db.Tx) error {
			return tx.QueryRow(`SELECT numbers FROM entry_block`).Scan(&numbers)
		})
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Contains(numbers, []byte("secret-hobby"))
	}
	if !has() {
		t.Fatal("the key does not stand where this test looks for it")
	}
	forget(t, d, e, board, 1)
	if has() {
		t.Error("a key that only the member had is still in the block")
	}
}

// A receipt tells what was purged; who is forgotten later does not change it, and the next one counts what is there.
func TestForget_ReceiptsStayTrue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		e, board := entry.New(d, clock), newBoard(t, d, "b")
		kept := func(member int64) entry.Entry {
			return entry.Entry{Member: member, Key: "followers", At: start + 1, Value: 10, ID: "kept-" + strconv.FormatInt(member, 10)}
		}
		appendAll(t, e, board, "crm", post("a", 1, start, 1), kept(1), kept(2), post("b", 1, start+day, 1), post("c", 2, start+day, 1))
		if err := d.Write(ctx, func(tx *db.Tx) error { return e.Close(tx, board, start+4*day) }); err != nil {
			t.Fatal(err)
		}
		first, err := e.Purge(ctx, board, "r1", start+day, func(key string) bool { return key == "followers" })
		if err != nil || first.Count != 1 || first.Kept != 2 {
			t.Fatalf("%+v, %v", first, err)
		}
		// The id of a purged day comes again, later, for another.
		again := post("kept-1", 2, start+5*day, 1)
		appendAll(t, e, board, "crm", again)

		equal(t, "gone", forget(t, d, e, board, 1), 2)
		equal(t, "again", appendAll(t, e, board, "crm", again), entry.Outcome{Duplicates: 1})
		second, err := e.Purge(ctx, board, "r2", start+2*day, nil)
		if err != nil || second.Count != 2 {
			t.Fatalf("%+v, %v", second, err)
		}
		receipts, err := e.Receipts(ctx, board)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "receipts", receipts, []entry.Receipt{first, second})
		equal(t, "left", window(t, d, e, board, math.MinInt64, math.MaxInt64), []entry.Entry{again})
	})
}

func TestForget_AmongManyBlocksAndBuckets(t *testing.T) {
	d := dbtest.New(t)
	e, board := entry.New(d, clock), newBoard(t, d, "b")
	var all, theirs, others []entry.Entry
	for n := range 40_000 { // past what one bucket of ids holds
		one := post(strconv.Itoa(n), int64(n%7), start+int64(n%3)*day+int64(n), 1)
		all = append(all, one)
		if one.Member == 3 {
			theirs = append(theirs, one)
		} else {
			others = append(others, one)
		}
	}
	appendAll(t, e, board, "crm", all...)
	equal(t, "gone", forget(t, d, e, board, 3), len(theirs))
	equal(t, "theirs, as new", appendAll(t, e, board, "crm", theirs...), entry.Outcome{Added: len(theirs)})
	equal(t, "the others'", appendAll(t, e, board, "crm", others...), entry.Outcome{Duplicates: len(others)})
}

func TestForget_OfABoardThatIsNotThere(t *testing.T) {
	d := dbtest.New(t)
	e := entry.New(d, clock)
	err := d.Write(context.Background(), func(tx *db.Tx) error {
		_, err := e.Forget(tx, "none", 1)
		return err
	})
	if fault.Of(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
}
