package player_test

import (
	"fmt"
	"hash/crc32"
	"testing"

	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/player"
)

func crcOf(b []byte) uint32 { return crc32.ChecksumIEEE(b) }

func (w *world) add(a identity.Actor, kind, value string) error {
	return w.players.AddIdentifier(ctx, a, player.Identifier{Kind: kind, Value: value})
}

func TestIdentifiers_SayWhatStandsBehindThem(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.signIn(t, "ann@example.org")
		for _, id := range [][2]string{{player.Handle, " @Ann "}, {player.Handle, "ann"}, {player.Git, "ANN@example.org"}, {player.Git, "ann@laptop.local"}} {
			if err := w.add(ann, id[0], id[1]); err != nil {
				t.Fatal(id, err)
			}
		}
		got, err := w.players.Identifiers(ctx, ann.Account)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "identifiers", got, []player.Identifier{
			{Kind: player.Address, Value: "ann@example.org", Proof: player.ByMail},
			{Kind: player.Git, Value: "ann@example.org", Proof: player.ByMail},
			{Kind: player.Git, Value: "ann@laptop.local", Proof: player.OwnWord},
			{Kind: player.Handle, Value: "ann", Proof: player.OwnWord},
		})
		if err := w.players.RemoveIdentifier(ctx, ann, player.Identifier{Kind: player.Handle, Value: "Ann"}); err != nil {
			t.Fatal(err)
		}
		refused(t, w.players.RemoveIdentifier(ctx, ann, player.Identifier{Kind: player.Handle, Value: "ann"}), fault.NotFound, "", "ann")
	})
}

func TestIdentifiers_TwoPlayersCannotBeTheSame(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, bob := w.signIn(t, "ann@example.org"), w.signIn(t, "bob@example.org")
		if err := w.add(ann, player.Handle, "sam"); err != nil {
			t.Fatal(err)
		}
		refused(t, w.add(bob, player.Handle, "@SAM"), fault.Conflict, "", "sam already")
		refused(t, w.players.RemoveIdentifier(ctx, bob, player.Identifier{Kind: player.Handle, Value: "sam"}), fault.NotFound, "", "sam")

		// Somebody's address that they proved is nobody else's to claim.
		refused(t, w.add(ann, player.Git, "bob@example.org"), fault.Conflict, "", "already")

		// Who only said so gives way to who proves it.
		if err := w.add(ann, player.Git, "carol@example.org"); err != nil {
			t.Fatal(err)
		}
		carol := w.signIn(t, "carol@example.org")
		if err := w.add(carol, player.Git, "carol@example.org"); err != nil {
			t.Fatal(err)
		}
		left, err := w.players.Identifiers(ctx, ann.Account)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "ann's", left, []player.Identifier{{Kind: player.Address, Value: "ann@example.org", Proof: player.ByMail}, {Kind: player.Handle, Value: "sam", Proof: player.OwnWord}})
		events, err := w.players.Trail(ctx, ann, "", 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) != 1 || events[0].Verb != "identifier.lost" || events[0].Actor != carol.Account {
			t.Errorf("ann is told %+v", events)
		}
	})
}

func TestIdentifiers_RefuseWhatIsNone(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	ann := w.signIn(t, "ann@example.org")
	refused(t, w.add(ann, player.Address, "x@example.org"), fault.Invalid, "kind", "ways to sign in")
	refused(t, w.add(ann, "phone", "1"), fault.Invalid, "kind", "phone")
	refused(t, w.add(ann, player.Handle, "@"), fault.Invalid, "value", "one word")
	refused(t, w.add(ann, player.Handle, "two words"), fault.Invalid, "value", "one word")
	refused(t, w.add(ann, player.Handle, "a\x00b"), fault.Invalid, "value", "control")
	refused(t, w.add(ann, player.Git, "nobody"), fault.Invalid, "value", "git address")
	refused(t, w.add(identity.Actor{}, player.Handle, "x"), fault.Unauthenticated, "", "Sign in")
	for i := range 50 {
		if err := w.add(ann, player.Handle, fmt.Sprint("h", i)); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, w.add(ann, player.Handle, "one-more"), fault.Invalid, "value", "50")
}

// Whether an address is somebody's is told to whoever adds it as theirs, so nobody may ask for a list of them.
func TestIdentifiers_NobodyTriesAList(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.signIn(t, "ann@example.org")
		mallory := w.signIn(t, "mallory@example.org")
		for range 60 {
			refused(t, w.add(mallory, player.Git, "ann@example.org"), fault.Conflict, "", "already")
		}
		refused(t, w.add(mallory, player.Git, "bob@example.org"), fault.Limited, "", "too often")
	})
}
