package player_test

import (
	"strings"
	"testing"
	"time"

	"cairn/internal/db"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/player"
)

func TestReport_SaysWhoseWordAnEntryIs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.signIn(t, "ann@example.org")
		words := func(what string, ownWord bool, evidence string) {
			t.Helper()
			all, err := w.players.Entries(ctx, ann, "git", 0, 10)
			if err != nil || len(all) != 1 || all[0].OwnWord != ownWord || all[0].Evidence != evidence {
				t.Errorf("%s: %+v, %v", what, all, err)
			}
		}
		bring := func(e entry.Entry) {
			t.Helper()
			if err := w.db.Write(ctx, func(tx *db.Tx) error {
				_, err := w.players.BringIn(tx, ann.Account, "git", []entry.Entry{e})
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		report := func(e entry.Entry, evidence string) {
			t.Helper()
			if _, err := w.players.Report(ctx, ann, "git", []player.Entry{{Entry: e, Evidence: evidence}}); err != nil {
				t.Fatal(err)
			}
		}
		report(post("a", 1, 3), "")
		words("typed", true, "")
		bring(post("a", 1, 3))
		words("confirmed by a connection", false, "")
		report(post("a", 1, 3), "https://example.org/a")
		words("evidence alone", false, "https://example.org/a")
		report(post("a", 1, 4), "")
		words("another number", true, "")
	})
}

func TestTap_CountsOnceAndIsTakenBackWhole(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.signIn(t, "ann@example.org")
		for i, want := range []int{5, 0} {
			if n, err := w.players.Tap(ctx, ann, "t", "calls", 5); err != nil || n != want {
				t.Errorf("tap %d added %d, %v", i, n, err)
			}
		}
		for i, want := range []int{5, 0} {
			if n, err := w.players.Untap(ctx, ann, "t", "calls"); err != nil || n != want {
				t.Errorf("undo %d took %d, %v", i, n, err)
			}
		}
		if sources, err := w.players.Sources(ctx, ann); err != nil || len(sources) != 1 || sources[0].Entries != 0 {
			t.Errorf("%+v, %v", sources, err)
		}
		for _, day := range []string{"9999-01-01", "soon", "2026-13-01"} {
			if _, err := w.players.CheckIn(ctx, ann, day, time.Time{}, []player.Said{{Key: "calls", Value: 1}}); fault.Of(err) != fault.Invalid {
				t.Errorf("%s: %v", day, err)
			}
		}
		if _, err := w.players.CheckIn(ctx, ann, "2026-01-02", time.Time{}, []player.Said{{Key: "calls", Value: -4}}); fault.Of(err) != fault.Invalid || !strings.Contains(fault.Message(err), "calls") {
			t.Errorf("fewer than none: %v", err)
		}
	})
}
