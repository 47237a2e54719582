package pass

import (
	"context"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/scorecard"
)

func TestGive_NotesItAndKeepsWhatItShowsAndEndsAtAsManyAsAnyoneKeepsAnEyeOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		clock := func() time.Time { return now }
		ctx := context.Background()
		rooms := boardtest.New(t, d, clock)
		passes := New(d, rooms.Trail, clock)
		card, err := scorecard.Load("a.yaml", []byte("scorecard: 1\nkey: a\nname: A\nparts:\n  - {key: calls, name: Calls, missing: zero, normalise: {target: {at: 10}}}\n"))
		if err != nil {
			t.Fatal(err)
		}
		b, err := rooms.Boards.Create(ctx, card, board.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		signed, err := rooms.Identity.SignInProved(ctx, "ada@example.org", identity.Device{})
		if err != nil {
			t.Fatal(err)
		}
		ada := signed.Actor
		share := Pass{Kind: Share, Player: ada.Account, Board: b.ID, Member: 3, Shows: "number name"}
		given, secret, err := passes.Give(ctx, ada, share)
		if err != nil {
			t.Fatal(err)
		}
		found, expired, err := passes.Find(ctx, Share, secret)
		if err != nil || expired || found != given || found.Shows != "number name" || found.By != ada.Account || found.Member != 3 {
			t.Errorf("given %+v, found %+v, expired %v: %v", given, found, expired, err)
		}
		if _, _, err := passes.Find(ctx, Wall, secret); fault.Of(err) != fault.NotFound {
			t.Errorf("a card opens a wall: %v", err)
		}
		err = d.Read(ctx, func(tx *db.Tx) error {
			events, err := tx.Texts(`SELECT verb || ' ' || board_id || ' ' || player_id FROM audit WHERE actor = $1 AND verb = 'pass.make'`, ada.Account)
			if len(events) != 1 || events[0] != "pass.make  "+ada.Account { // in her trail, not in the board's
				t.Errorf("the trail has %q", events)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for range mostGiven - 1 {
			if _, _, err := passes.Give(ctx, ada, share); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := passes.Give(ctx, ada, share); fault.Of(err) != fault.Conflict {
			t.Errorf("there is no end to the cards of one player: %v", err)
		}
		if _, _, err := passes.Give(ctx, ada, Pass{Kind: Feed, Player: ada.Account, Board: b.ID}); err != nil {
			t.Errorf("cards use up feeds: %v", err)
		}
		if err := passes.Revoke(ctx, ada, "", given.ID); err != nil {
			t.Fatal(err)
		}
		if _, _, err := passes.Give(ctx, ada, share); err != nil {
			t.Errorf("taking one back makes no room: %v", err)
		}
		now = now.Add(shareLasts)
		if _, _, err := passes.Give(ctx, ada, share); err != nil {
			t.Errorf("cards that ended make no room: %v", err)
		}
	})
}
