package player_test

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/player"
)

// Nothing is left of who erased themselves, in no table and no column: not the number of the account, nor any word of theirs
// or about them. The trail alone keeps the number, which then is nobody's.
func TestErase_LeavesNothingOfThePersonInAnyTable(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, m := w.live(t, "ann")
		old, oldM := w.live(t, "old")
		bob, bobM := w.live(t, "bob")
		w.append(t, ann, "both", post("zqsame", 0, 1))
		w.append(t, old, "both", post("zqsame", 0, 2)) // stays behind in the shell
		w.merge(t, ann, old)
		ann = w.signIn(t, m.address)
		before := w.dump(t)
		if err := w.players.Erase(ctx, ann); err != nil {
			t.Fatal(err)
		}
		words := append(append(m.all(), oldM.all()...), "zqsame", "zqkeyann", "zqkeyold")
		for _, c := range w.cells(t) {
			for _, account := range []string{ann.Account, old.Account} {
				if strings.Contains(c.value, account) && !(c.table == "audit" && (c.column == "actor" || c.column == "player_id") && c.value == account) {
					t.Errorf("%s.%s still holds the number of the account: %q", c.table, c.column, c.value)
				}
			}
			for _, word := range words {
				if strings.Contains(strings.ToLower(c.value), strings.ToLower(word)) {
					t.Errorf("%s.%s still holds %s: %q", c.table, c.column, word, c.value)
				}
			}
		}
		// Receipts stay, and name nobody.
		after := w.dump(t)
		if len(after["consent_receipt"]) < len(before["consent_receipt"]) {
			t.Error("receipts are gone")
		}
		// Others keep what they have.
		found := map[string]bool{}
		for _, c := range w.cells(t) {
			for _, word := range bobM.all() {
				found[word] = found[word] || strings.Contains(c.value, word)
			}
		}
		for _, word := range []string{bobM.name, bobM.address, bobM.handle, bobM.bio, bobM.source, bobM.entry, bobM.token, bobM.boardName, bobM.note} {
			if !found[word] {
				t.Errorf("%s of somebody else is gone", word)
			}
		}
		if _, err := w.players.Sources(ctx, bob); err != nil {
			t.Error(err)
		}
		// Signing in again makes somebody new.
		if again := w.signIn(t, m.address); again.Account == ann.Account {
			t.Error("the account is back")
		}
		_, err := w.who.Account(ctx, ann.Account)
		refused(t, err, fault.NotFound, "", "")
		events, err := w.Trail.OfPlayer(ctx, ann.Account, "", 1)
		if err != nil || len(events) != 1 || events[0].Verb != "record.erase" || len(events[0].Detail) > 0 {
			t.Errorf("the trail ends with %+v, %v", events, err)
		}
	})
}

// A request that was let in a moment before, or a page left open, writes nothing for an account that is gone.
func TestErase_NothingComesAfterIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, old, bob := w.signIn(t, "ann@example.org"), w.signIn(t, "old@example.org"), w.signIn(t, "bob@example.org")
		w.merge(t, bob, old)
		if err := w.players.Erase(ctx, ann); err != nil {
			t.Fatal(err)
		}
		before := w.dump(t)
		for name, gone := range map[string]identity.Actor{"erased": ann, "joined into another": old} {
			_, appended := w.players.Append(ctx, gone, "blog", []entry.Entry{post("a", 0, 1)})
			_, merged := w.players.Merge(ctx, bob, gone)
			_, mergedInto := w.players.Merge(ctx, gone, bob)
			for what, err := range map[string]error{
				"entries": appended, "a merge": merged, "a merge into it": mergedInto,
				"a profile": w.players.Write(ctx, gone, player.Profile{Name: "N"}),
				"a picture": w.players.PutPicture(ctx, gone, bytes.NewReader(pngFile(t))),
				"a handle":  w.add(gone, player.Handle, "handle"),
				"an export": w.players.Export(ctx, gone, io.Discard),
				"an end":    w.players.Erase(ctx, gone),
			} {
				if fault.Of(err) != fault.Unauthenticated {
					t.Errorf("%s: %s: %v", name, what, err)
				}
			}
		}
		equal(t, "the database", w.dump(t), before)
	})
}

// The file that an operator backs up holds no byte of who erased themselves, neither in a row nor where one was.
func TestErase_LeavesNoByteInTheFile(t *testing.T) {
	path := dbtest.SQLite(t)
	d, err := db.Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, d)
	ann, m := w.live(t, "ann")
	_, bobM := w.live(t, "bob")
	if err := w.players.Erase(ctx, ann); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(content, []byte(bobM.name)) {
		t.Fatal("somebody else's name is not in the file either: this test looks in the wrong place")
	}
	for _, word := range m.all() {
		if n := bytes.Count(content, []byte(word)); n > 0 {
			t.Errorf("%s stands in the file %d times", word, n)
		}
	}
}

func TestErase_AllOrNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, _ := w.live(t, "ann")
		w.players.Keep(stubborn{w.who})
		before := w.dump(t)
		if err := w.players.Erase(ctx, ann); fault.Of(err) != fault.Conflict {
			t.Errorf("%v", err)
		}
		equal(t, "the database", w.dump(t), before)
	})
}

// stubborn is a room that cannot forget today.
type stubborn struct{ *identity.Identity }

func (stubborn) Forget(*db.Tx, string) error { return fault.New(fault.Conflict, "Not today.") }
