package player_test

import (
	"strings"
	"testing"

	"cairn/internal/fault"
	"cairn/internal/player"
)

func TestNote_IsForThePlayerAloneUnlessTheySayOtherwise(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, bob := w.signIn(t, "ann@example.org"), w.signIn(t, "bob@example.org")
		for _, n := range []player.Note{
			{Board: "b1", Day: "2026-11-16", Text: " New \n job "}, {Board: "b1", Day: "2025-01-02", Text: "Parental leave", Shown: true}, {Board: "b2", Day: "2026-11-16", Text: "Elsewhere", Shown: true},
		} {
			if err := w.players.WriteNote(ctx, ann, n); err != nil {
				t.Fatal(err)
			}
		}
		texts := func(account, board string, own bool) string {
			t.Helper()
			notes, err := w.players.Notes(ctx, account, board, own)
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, n := range notes {
				all = append(all, n.Text)
			}
			return strings.Join(all, "|")
		}
		if own, others := texts(ann.Account, "b1", true), texts(ann.Account, "b1", false); own != "Parental leave|New job" || others != "Parental leave" {
			t.Fatalf("own %q, others %q", own, others)
		}
		if none := texts("", "b1", true); none != "" {
			t.Fatalf("a record that nobody claimed has notes: %q", none)
		}
		notes, err := w.players.Notes(ctx, ann.Account, "b1", true)
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{
			w.players.ShowNote(ctx, bob, "b1", notes[1].ID, true), w.players.RemoveNote(ctx, bob, "b1", notes[1].ID), w.players.RemoveNote(ctx, ann, "b2", notes[1].ID),
		} {
			if fault.Of(err) != fault.NotFound {
				t.Errorf("another's note, or one of another board: %v", err)
			}
		}
		if err := w.players.ShowNote(ctx, ann, "b1", notes[1].ID, true); err != nil {
			t.Fatal(err)
		}
		if others := texts(ann.Account, "b1", false); others != "Parental leave|New job" {
			t.Fatalf("others see %q", others)
		}
		if err := w.players.RemoveNote(ctx, ann, "b1", notes[0].ID); err != nil {
			t.Fatal(err)
		}
		if own := texts(ann.Account, "b1", true); own != "New job" {
			t.Fatalf("left: %q", own)
		}
		for _, n := range []player.Note{{Board: "b1", Day: "2026-13-01", Text: "x"}, {Board: "b1", Day: "0026-11-01", Text: "x"}, {Board: "b1", Day: "2026-11-01", Text: " "}, {Board: "b1", Day: "2026-11-01", Text: strings.Repeat("x", 201)}, {Board: "b1", Day: "2026-11-01", Text: "x\u202ey"}} {
			if err := w.players.WriteNote(ctx, ann, n); fault.Of(err) != fault.Invalid {
				t.Errorf("%+v: %v", n, err)
			}
		}
	})
}
