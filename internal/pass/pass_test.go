package pass_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"cairn/internal/audit"
	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/pass"
	"cairn/scorecard"
)

// house is the room on a database with one board, and a clock that the test moves.
type house struct {
	testing.TB
	db    *db.DB
	clock time.Time
	trail *audit.Trail
	board *board.Board
	*pass.Passes
}

func each(t *testing.T, test func(t *testing.T, h *house)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := &house{TB: t, db: d, clock: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
		now := func() time.Time { return h.clock }
		rooms := boardtest.New(t, d, now)
		h.trail = rooms.Trail
		card, err := scorecard.Load("club.yaml", []byte("scorecard: 1\nkey: club\nname: Club\nparts:\n  - {key: calls, weight: 1, normalise: {minmax: {from: 0, to: 10}}}\n"))
		if err != nil {
			t.Fatal(err)
		}
		if h.board, err = rooms.Boards.Create(context.Background(), card, board.Settings{}); err != nil {
			t.Fatal(err)
		}
		h.Passes = pass.New(d, h.trail, now)
		test(t, h)
	})
}

func (h *house) make(p pass.Pass) (made pass.Pass, secret string) {
	h.Helper()
	p.Board = h.board.ID
	err := h.db.Write(context.Background(), func(tx *db.Tx) (err error) {
		made, secret, err = h.Make(tx, p)
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return made, secret
}

func letter(player string) pass.Pass {
	return pass.Pass{Kind: pass.Letter, Player: player, Member: 3, Release: "r1"}
}

func TestFind_OpensWhatItWasMadeForAndNothingElse(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		made, secret := h.make(letter("ada"))
		got, expired, err := h.Find(t.Context(), pass.Letter, secret)
		if err != nil || expired || got != made {
			t.Errorf("found %+v, %v, %v; made %+v", got, expired, err, made)
		}
		for name, find := range map[string]struct {
			kind   pass.Kind
			secret string
		}{"another kind": {pass.Share, secret}, "half of it": {pass.Letter, secret[:20]}, "nothing": {pass.Letter, ""}, "its identifier": {pass.Letter, made.ID}, "far too much": {pass.Letter, strings.Repeat("x", 1<<20)}} {
			if _, _, err := h.Find(t.Context(), find.kind, find.secret); fault.Of(err) != fault.NotFound {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := h.db.Write(t.Context(), func(tx *db.Tx) error {
			all, err := tx.Texts(`SELECT secret FROM pass`)
			if err == nil && (len(all) != 1 || strings.Contains(all[0], secret) || strings.Contains(secret, all[0])) {
				t.Errorf("kept %q for the secret %q", all, secret)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestMake_GoesWithTheTransaction(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var secret string
		changed := errors.New("changed my mind")
		err := h.db.Write(t.Context(), func(tx *db.Tx) error {
			p := letter("ada")
			p.Board = h.board.ID
			_, made, err := h.Make(tx, p)
			if secret = made; err != nil {
				return err
			}
			return changed
		})
		if !errors.Is(err, changed) {
			t.Fatal(err)
		}
		if _, _, err := h.Find(t.Context(), pass.Letter, secret); fault.Of(err) != fault.NotFound {
			t.Errorf("a pass stands of a change that does not: %v", err)
		}
	})
}

func TestFind_ALetterOpensPagesForAWhileAndStopsMailsForLonger(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, secret := h.make(letter("ada"))
		_, wall := h.make(pass.Pass{Kind: pass.Wall, Member: -1})
		begun := h.clock
		for days, want := range map[int]string{59: "opens", 60: "expired", 399: "expired", 400: "gone"} {
			h.clock = begun.AddDate(0, 0, days)
			_, expired, err := h.Find(t.Context(), pass.Letter, secret)
			got := map[bool]string{false: "opens", true: "expired"}[expired]
			if fault.Of(err) == fault.NotFound {
				got = "gone"
			} else if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("after %d days it is %s, want %s", days, got, want)
			}
		}
		h.clock = begun.AddDate(5, 0, 0)
		if _, expired, err := h.Find(t.Context(), pass.Wall, wall); err != nil || expired {
			t.Errorf("a wall after five years: %v, %v", expired, err)
		}
		if err := h.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.clock = begun
		if _, _, err := h.Find(t.Context(), pass.Letter, secret); fault.Of(err) != fault.NotFound {
			t.Errorf("what has ended is still there: %v", err)
		}
		if _, _, err := h.Find(t.Context(), pass.Wall, wall); err != nil {
			t.Errorf("what has not ended is gone: %v", err)
		}
	})
}

func TestRevoke_ByWhomItSpeaksOf(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		ada, eve := identity.Actor{Account: "ada"}, identity.Actor{Account: "eve"}
		share, shared := h.make(pass.Pass{Kind: pass.Share, Player: "ada", Member: 3, Release: "r1", By: "ada"})
		wall, walled := h.make(pass.Pass{Kind: pass.Wall, Member: -1, By: "eve"})
		for name, refused := range map[string]error{
			"somebody else's":             h.Revoke(ctx, eve, "", share.ID),
			"a player's, as the board's":  h.Revoke(ctx, eve, h.board.ID, share.ID),
			"a board's, as one's own":     h.Revoke(ctx, eve, "", wall.ID),
			"another board's":             h.Revoke(ctx, eve, "another", wall.ID),
			"nobody's":                    h.Revoke(ctx, identity.Actor{}, "", share.ID),
			"a board's, by nobody at all": h.Revoke(ctx, identity.Actor{}, "", wall.ID),
		} {
			if fault.Of(refused) != fault.NotFound {
				t.Errorf("%s: %v", name, refused)
			}
		}
		if err := h.Revoke(ctx, ada, "", share.ID); err != nil {
			t.Fatal(err)
		}
		if err := h.Revoke(ctx, eve, h.board.ID, wall.ID); err != nil {
			t.Fatal(err)
		}
		for kind, secret := range map[pass.Kind]string{pass.Share: shared, pass.Wall: walled} {
			if _, _, err := h.Find(ctx, kind, secret); fault.Of(err) != fault.NotFound {
				t.Errorf("a revoked %s: %v", kind, err)
			}
		}
		if err := h.Revoke(ctx, ada, "", share.ID); fault.Of(err) != fault.NotFound {
			t.Errorf("twice: %v", err)
		}
		told, err := h.trail.OfBoard(ctx, h.board.ID, "", 10)
		if err != nil || len(told) < 2 || told[0].Verb != "pass.revoke" || told[0].Actor != "eve" || told[1].Verb == "pass.revoke" {
			t.Errorf("the board's trail tells %+v, %v", told, err)
		}
		if told, err = h.trail.OfPlayer(ctx, "ada", "", 10); err != nil || len(told) != 1 || told[0].Verb != "pass.revoke" {
			t.Errorf("the player's trail tells %+v, %v", told, err)
		}
	})
}

func TestRevokeLetters_EndsPagesAndNotTheWayToStopMails(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		_, first := h.make(letter("ada"))
		_, second := h.make(letter("ada"))
		_, other := h.make(letter("bo"))
		if err := h.RevokeLetters(ctx, identity.Actor{Account: "ada"}); err != nil {
			t.Fatal(err)
		}
		for secret, want := range map[string]bool{first: true, second: true, other: false} {
			if _, expired, err := h.Find(ctx, pass.Letter, secret); err != nil || expired != want {
				t.Errorf("expired: %v, %v; want %v", expired, err, want)
			}
		}
		if all, err := h.OfPlayer(ctx, "ada"); err != nil || len(all) != 0 {
			t.Errorf("still open %+v, %v", all, err)
		}
	})
}

func TestOfPlayer_LettersCrowdOutNoCard(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		share, _ := h.make(pass.Pass{Kind: pass.Share, Player: "ada", Member: 3, Release: "r1", By: "ada"})
		h.clock = h.clock.Add(time.Hour)
		err := h.db.Write(t.Context(), func(tx *db.Tx) (err error) {
			for range 501 {
				one := letter("ada")
				one.Board = h.board.ID
				if _, _, err = h.Make(tx, one); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if all, err := h.OfPlayer(t.Context(), "ada"); err != nil || len(all) != 500 || all[0].ID != share.ID || all[1].Kind != pass.Letter {
			t.Errorf("%d passes, first %+v: %v; a card that is not listed cannot be taken back", len(all), all[0], err)
		}
	})
}

func TestCount_CountsCardsByRelease(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		one, _ := h.make(pass.Pass{Kind: pass.Share, Player: "ada", Member: 3, Release: "r1", By: "ada"})
		two, _ := h.make(pass.Pass{Kind: pass.Share, Player: "bo", Member: 4, Release: "r1", By: "bo"})
		h.make(pass.Pass{Kind: pass.Share, Player: "bo", Member: 4, Release: "r2", By: "bo"})
		for range 3 {
			if err := h.Count(ctx, one.ID, false); err != nil {
				t.Fatal(err)
			}
		}
		if err := h.Count(ctx, two.ID, true); err != nil {
			t.Fatal(err)
		}
		if err := h.Revoke(ctx, identity.Actor{Account: "ada"}, "", one.ID); err != nil {
			t.Fatal(err)
		}
		got, err := h.Shared(ctx, h.board.ID)
		if err != nil || len(got) != 2 || got["r1"] != (pass.Counted{Cards: 2, Opened: 3, Followed: 1}) || got["r2"] != (pass.Counted{Cards: 1}) {
			t.Errorf("counted %+v, %v", got, err)
		}
		left, err := h.OfBoard(ctx, h.board.ID, pass.Share)
		if err != nil || len(left) != 2 || left[0].Release != "r2" || left[1].Followed != 1 {
			t.Errorf("listed %+v, %v", left, err)
		}
	})
}

// A record that becomes part of another, and comes back; and one that is erased.
func TestKeeper_PassesGoWithTheirRecord(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		_, secret := h.make(letter("ada"))
		_, own := h.make(letter("bo"))
		wall, walled := h.make(pass.Pass{Kind: pass.Wall, Member: -1, By: "ada"})
		var note json.RawMessage
		do := func(what func(tx *db.Tx) error) {
			t.Helper()
			if err := h.db.Write(ctx, what); err != nil {
				t.Fatal(err)
			}
		}
		whose := func(kind pass.Kind, secret string) string {
			t.Helper()
			p, _, err := h.Find(ctx, kind, secret)
			if fault.Of(err) == fault.NotFound {
				return "gone"
			}
			if err != nil {
				t.Fatal(err)
			}
			return p.Player + "/" + p.By
		}
		do(func(tx *db.Tx) (err error) { note, err = h.Move(tx, "ada", "bo"); return err })
		if got := whose(pass.Letter, secret) + " " + whose(pass.Wall, walled); got != "bo/ /bo" {
			t.Errorf("moved: %s", got)
		}
		do(func(tx *db.Tx) error { return h.MoveBack(tx, "ada", "bo", note) })
		if got := whose(pass.Letter, secret) + " " + whose(pass.Letter, own) + " " + whose(pass.Wall, walled); got != "ada/ bo/ /ada" {
			t.Errorf("moved back: %s", got)
		}
		var kept map[string]any
		do(func(tx *db.Tx) (err error) { kept, err = h.Kept(tx, "ada"); return err })
		text, err := json.Marshal(kept)
		if err != nil || strings.Count(string(text), `"kind"`) != 2 || strings.Contains(string(text), secret) {
			t.Errorf("kept %s, %v", text, err)
		}
		do(func(tx *db.Tx) error { return h.Forget(tx, "ada") })
		if got := whose(pass.Letter, secret) + " " + whose(pass.Letter, own) + " " + whose(pass.Wall, walled); got != "gone bo/ /" {
			t.Errorf("erased: %s", got)
		}
		if err := h.Revoke(ctx, identity.Actor{Account: "bo"}, h.board.ID, wall.ID); err != nil {
			t.Errorf("a wall whose maker is gone can still be taken back: %v", err)
		}
	})
}
