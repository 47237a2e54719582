package consent_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"cairn/internal/audit"
	"cairn/internal/consent"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
)

// house is the room on a database, with a clock that the test moves.
type house struct {
	testing.TB
	db    *db.DB
	clock time.Time
	trail *audit.Trail
	*consent.Consents
}

func open(t testing.TB, d *db.DB) *house {
	h := &house{TB: t, db: d, clock: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	now := func() time.Time { return h.clock }
	h.trail = audit.New(d, now)
	h.Consents = consent.New(d, h.trail, now)
	return h
}

func (h *house) write(do func(tx *db.Tx) error) error {
	h.Helper()
	return h.db.Write(context.Background(), do)
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) give(player, board string, quantities ...string) (receipts []consent.Receipt) {
	h.Helper()
	h.must(h.write(func(tx *db.Tx) (err error) {
		var grants []consent.Grant
		for _, q := range quantities {
			grants = append(grants, consent.Grant{Player: player, Board: board, Quantity: q, Cadence: "week", Purpose: "To see " + q, Terms: 1})
		}
		receipts, err = h.Give(tx, grants...)
		return err
	}))
	return receipts
}

func (h *house) withdraw(player, board string, quantities ...string) (receipts []consent.Receipt) {
	h.Helper()
	h.must(h.write(func(tx *db.Tx) (err error) {
		receipts, err = h.Withdraw(tx, player, board, quantities...)
		return err
	}))
	return receipts
}

// inForce writes what is granted to a board as text.
func (h *house) inForce(board string, at time.Time) string {
	h.Helper()
	var words []string
	h.must(h.db.Read(context.Background(), func(tx *db.Tx) error {
		granted, err := h.InForce(tx, board, at)
		words = nil
		for _, player := range slices.Sorted(maps.Keys(granted)) {
			words = append(words, player+":"+strings.Join(slices.Sorted(maps.Keys(granted[player])), "+"))
		}
		return err
	}))
	return strings.Join(words, " ")
}

func (h *house) ledger(player, board string) []consent.Receipt {
	h.Helper()
	receipts, err := h.Receipts(context.Background(), player, board)
	h.must(err)
	return receipts
}

func TestGive_HoldsUntilItIsWithdrawnAndLeavesAReceiptEachTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		if got := len(h.give("ada", "club", "calls", "posts")); got != 2 {
			t.Fatalf("%d receipts of two grants", got)
		}
		h.give("bo", "club", "calls")
		h.give("ada", "other", "calls")
		if got := h.inForce("club", h.clock); got != "ada:calls+posts bo:calls" {
			t.Errorf("in force: %s", got)
		}
		if again := h.give("ada", "club", "calls"); len(again) != 0 {
			t.Errorf("what is granted already left %d receipts", len(again))
		}
		h.clock = h.clock.Add(time.Hour)
		if got := len(h.withdraw("ada", "club", "posts", "nothing")); got != 1 {
			t.Errorf("%d receipts of one withdrawal", got)
		}
		if got := h.inForce("club", h.clock); got != "ada:calls bo:calls" {
			t.Errorf("after a withdrawal: %s", got)
		}
		h.withdraw("ada", "club")
		if got := h.inForce("club", h.clock); got != "bo:calls" {
			t.Errorf("after all were withdrawn: %s", got)
		}
		if got := h.inForce("other", h.clock); got != "ada:calls" {
			t.Errorf("another board: %s", got)
		}
		var acts []string
		receipts := h.ledger("ada", "club")
		for _, r := range receipts {
			acts = append(acts, fmt.Sprint(r.Number, " ", r.Act, " ", r.Quantity))
		}
		if diff := cmp.Diff([]string{"1 given calls", "2 given posts", "3 withdrawn posts", "4 withdrawn calls"}, acts); diff != "" {
			t.Errorf("ledger (-want +got):\n%s", diff)
		}
		h.must(consent.Check(receipts))
		events, err := h.trail.OfBoard(context.Background(), "club", "", 10)
		h.must(err)
		if len(events) != 5 || events[0].Verb != "grant.withdraw" || events[0].Player != "ada" {
			t.Errorf("the trail: %+v", events)
		}
	})
}

func TestInForce_KnowsBeginningAndEnd(t *testing.T) {
	h := open(t, dbtest.New(t))
	day := 24 * time.Hour
	h.must(h.write(func(tx *db.Tx) error {
		_, err := h.Give(tx, consent.Grant{Player: "ada", Board: "club", Quantity: "calls", From: h.clock.Add(day), Until: h.clock.Add(3 * day)})
		return err
	}))
	for days, want := range []string{"", "ada:calls", "ada:calls", "", ""} {
		if got := h.inForce("club", h.clock.Add(time.Duration(days)*day)); got != want {
			t.Errorf("after %d days: %q, want %q", days, got, want)
		}
	}
	granted, err := h.Grants(context.Background(), "ada", "club")
	h.must(err)
	if len(granted) != 0 {
		t.Errorf("granted before it begins: %v", granted)
	}
}

func TestGive_ChangedWordsAreAnotherReceipt(t *testing.T) {
	h := open(t, dbtest.New(t))
	h.give("ada", "club", "calls")
	h.must(h.write(func(tx *db.Tx) error {
		_, err := h.Give(tx, consent.Grant{Player: "ada", Board: "club", Quantity: "calls", Cadence: "week", Purpose: "For the yearly review", Terms: 2})
		return err
	}))
	granted, err := h.Grants(context.Background(), "ada", "club")
	h.must(err)
	if granted["calls"].Terms != 2 || len(h.ledger("ada", "club")) != 2 {
		t.Errorf("granted %+v, ledger %+v", granted, h.ledger("ada", "club"))
	}
}

func TestGive_RefusesWhatNobodyCanMean(t *testing.T) {
	h := open(t, dbtest.New(t))
	good := consent.Grant{Player: "ada", Board: "club", Quantity: "calls"}
	for name, spoil := range map[string]func(g *consent.Grant){
		"player":   func(g *consent.Grant) { g.Player = "" },
		"quantity": func(g *consent.Grant) { g.Quantity = "" },
		"purpose":  func(g *consent.Grant) { g.Purpose = strings.Repeat("x", 2001) },
		"until":    func(g *consent.Grant) { g.Until = h.clock.Add(-time.Hour) },
	} {
		bad := good
		spoil(&bad)
		err := h.write(func(tx *db.Tx) error {
			_, err := h.Give(tx, good, bad)
			return err
		})
		if fault.Of(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := h.inForce("club", h.clock); got != "" {
		t.Errorf("a refused list granted %s", got)
	}
}

// Nobody can change a receipt without its being seen: the database refuses, and the digests would not fit.
func TestLedger_CannotBeChangedUnseen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		h.give("ada", "club", "calls", "posts", "notes")
		h.withdraw("ada", "club", "posts")
		for _, statement := range []string{
			`UPDATE consent_receipt SET purpose = 'anything' WHERE number = 1`,
			`DELETE FROM consent_receipt WHERE number = 4`,
		} {
			if err := h.write(func(tx *db.Tx) error { _, err := tx.Exec(statement); return err }); err == nil {
				t.Errorf("the database let %q pass", statement)
			}
		}
		honest := h.ledger("ada", "club")
		h.must(consent.Check(honest))
		for name, forge := range map[string]func(l []consent.Receipt) []consent.Receipt{
			"other words":   func(l []consent.Receipt) []consent.Receipt { l[1].Purpose = "Sold"; return l },
			"another time":  func(l []consent.Receipt) []consent.Receipt { l[3].At = l[3].At.Add(time.Hour); return l },
			"left out":      func(l []consent.Receipt) []consent.Receipt { return slices.Delete(l, 2, 3) },
			"out of order":  func(l []consent.Receipt) []consent.Receipt { l[1], l[2] = l[2], l[1]; return l },
			"without first": func(l []consent.Receipt) []consent.Receipt { return l[1:] },
		} {
			if err := consent.Check(forge(slices.Clone(honest))); fault.Of(err) != fault.Conflict {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestGive_TwoAtOnceKeepOneChain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		var all sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			all.Go(func() {
				errs[i] = h.db.Write(context.Background(), func(tx *db.Tx) error {
					_, err := h.Give(tx, consent.Grant{Player: "ada", Board: "club", Quantity: fmt.Sprint("metric-", i)})
					return err
				})
			})
		}
		all.Wait()
		for _, err := range errs {
			h.must(err)
		}
		receipts := h.ledger("ada", "club")
		if len(receipts) != len(errs) {
			t.Errorf("%d receipts of %d grants", len(receipts), len(errs))
		}
		h.must(consent.Check(receipts))
	})
}

func TestForget_ReceiptsStayAndNameNobody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		h.give("ada", "club", "calls")
		h.give("bo", "club", "calls")
		kept := h.ledger("ada", "club")
		h.must(h.write(func(tx *db.Tx) error { return h.Forget(tx, "ada") }))
		if got := h.inForce("club", h.clock); got != "bo:calls" {
			t.Errorf("in force afterwards: %s", got)
		}
		if left := h.ledger("ada", "club"); len(left) != 0 {
			t.Errorf("still known as hers: %+v", left)
		}
		var there int
		h.must(h.db.Read(context.Background(), func(tx *db.Tx) error {
			return tx.QueryRow(`SELECT COUNT(*) FROM consent_receipt WHERE digest = $1`, kept[0].Digest).Scan(&there)
		}))
		if there != 1 {
			t.Errorf("the receipt is there %d times", there)
		}
	})
}

// A merge and its undoing give back what stood.
func TestMove_AndBackIsAsBefore(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := open(t, dbtest.New(t))
		for range rapid.IntRange(0, 8).Draw(rt, "steps") {
			player := rapid.SampledFrom([]string{"old", "new", "bo"}).Draw(rt, "player")
			board := rapid.SampledFrom([]string{"club", "other"}).Draw(rt, "board")
			quantity := rapid.SampledFrom([]string{"calls", "posts"}).Draw(rt, "quantity")
			if rapid.Bool().Draw(rt, "give") {
				h.give(player, board, quantity)
			} else {
				h.withdraw(player, board, quantity)
			}
		}
		look := func() (state []any) {
			for _, board := range []string{"club", "other"} {
				state = append(state, h.inForce(board, h.clock), h.ledger("old", board), h.ledger("new", board), h.ledger("bo", board))
			}
			return state
		}
		before := look()
		var note []byte
		h.must(h.write(func(tx *db.Tx) (err error) {
			note, err = h.Move(tx, "old", "new")
			return err
		}))
		for _, board := range []string{"club", "other"} {
			if left := h.ledger("old", board); len(left) != 0 {
				rt.Fatalf("left behind: %+v", left)
			}
			if err := consent.Check(h.ledger("new", board)); err != nil {
				rt.Fatal(err)
			}
		}
		h.must(h.write(func(tx *db.Tx) error { return h.MoveBack(tx, "old", "new", note) }))
		if diff := cmp.Diff(before, look()); diff != "" {
			rt.Fatalf("after the undoing (-want +got):\n%s", diff)
		}
	})
}

func TestKept_IsAllAndOnlyTheirs(t *testing.T) {
	h := open(t, dbtest.New(t))
	h.give("ada", "club", "calls")
	h.give("ada", "other", "posts")
	h.give("bo", "club", "calls")
	h.must(h.db.Read(context.Background(), func(tx *db.Tx) error {
		kept, err := h.Kept(tx, "ada")
		if err != nil {
			return err
		}
		if grants := kept["grants.json"].([]consent.Grant); len(grants) != 2 {
			t.Errorf("grants: %+v", grants)
		}
		if receipts := kept["receipts.json"].([]consent.Receipt); len(receipts) != 2 {
			t.Errorf("receipts: %+v", receipts)
		}
		return nil
	}))
}
