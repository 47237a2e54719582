package player_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/player"
)

// left is the database without what tells of the merge itself, or ends with it: the trail, sign-ins and what was begun.
func (w *world) left(t failer) map[string][]string {
	return w.dump(t, "audit", "account_session", "sign_in_link", "ceremony", "player_merge")
}

func (w *world) merge(t failer, into, from identity.Actor) string {
	t.Helper()
	id, err := w.players.Merge(ctx, into, from)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// Whatever two people have, joining their records and taking them apart gives back both, row by row.
func TestMerge_TakenBackLeavesBothRecordsAsTheyWere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		people := []identity.Actor{w.signIn(t, "ann@example.org"), w.signIn(t, "bob@example.org"), w.signIn(t, "carol@example.org")}
		rapid.Check(t, func(r *rapid.T) {
			w.time = w.time.Add(time.Minute) // so that nobody asks too often
			for i := range people {
				people[i].Proved = w.time
			}
			w.afresh(r, people...)
			actors := people[:rapid.IntRange(2, 3).Draw(r, "people")]
			for i, a := range actors {
				name := fmt.Sprint("p", i)
				if rapid.Bool().Draw(r, "profile") {
					if err := w.players.Write(ctx, a, player.Profile{Name: name}); err != nil {
						r.Fatal(err)
					}
				}
				if rapid.Bool().Draw(r, "handle") {
					if err := w.add(a, player.Handle, name); err != nil {
						r.Fatal(err)
					}
				}
				for _, source := range []string{"blog", "code"} {
					if batch := rapid.SliceOfN(rapid.Custom(drawEntry), 0, 8).Draw(r, source); len(batch) > 0 {
						w.append(r, a, source, batch...)
					}
				}
				w.grant(r, a, rapid.SampledFrom([]string{"b1", "b2"}).Draw(r, "board"), "posts")
			}
			into, before := actors[0], w.left(r)
			var merges []string
			if len(actors) == 3 && rapid.Bool().Draw(r, "in a chain") { // the third into the second into the first
				merges = append(merges, w.merge(r, actors[1], actors[2]), w.merge(r, into, actors[1]))
				defer func() { // only the first's own merge is the first's to undo
					if err := w.players.Unmerge(ctx, into, merges[0]); fault.Of(err) != fault.NotFound {
						r.Fatal(err)
					}
				}()
				if err := w.players.Unmerge(ctx, into, merges[1]); err != nil {
					r.Fatal(err)
				}
				if err := w.players.Unmerge(ctx, actors[1], merges[0]); err != nil {
					r.Fatal(err)
				}
			} else {
				for _, from := range actors[1:] {
					merges = append(merges, w.merge(r, into, from))
				}
				merges = rapid.Permutation(merges).Draw(r, "order")
				for _, id := range merges {
					if err := w.players.Unmerge(ctx, into, id); err != nil {
						r.Fatal(err)
					}
				}
			}
			equal(r, "the database", w.left(r), before)
		})
	})
}

func TestMerge_OfTwoFullRecordsTakenBackLeavesBothAsTheyWere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, _ := w.live(t, "ann")
		old, _ := w.live(t, "old")
		before := w.left(t)
		id := w.merge(t, ann, old)
		if err := w.players.Unmerge(ctx, ann, id); err != nil {
			t.Fatal(err)
		}
		after := w.left(t)
		for _, table := range []map[string][]string{before, after} { // counts of changes go on
			for _, name := range []string{"board", "board_member"} {
				for i, row := range table[name] {
					table[name][i] = counted.ReplaceAllString(row, "")
				}
			}
		}
		equal(t, "the database", after, before)
	})
}

var counted = regexp.MustCompile(`(?m)^(roster|changed_at)=.*$`)

func TestMerge_OneRecordHasAllAndOneWayIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, annM := w.live(t, "ann")
		old, oldM := w.live(t, "old")
		w.append(t, ann, "both", post("same", 0, 1), post("mine", 1, 1))
		w.append(t, old, "both", post("same", 0, 2), post("theirs", 2, 1))
		id := w.merge(t, ann, old)

		equal(t, "one source", w.entries(t, ann, "both"), []entry.Entry{post("theirs", 2, 1), post("mine", 1, 1), post("same", 0, 1)})
		equal(t, "the other's source", len(w.entries(t, ann, oldM.source)), 2)
		profile, err := w.players.Profile(ctx, ann.Account)
		if err != nil || profile.Name != annM.name {
			t.Errorf("the profile is %+v, %v", profile, err)
		}
		identifiers, err := w.players.Identifiers(ctx, ann.Account)
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range []string{annM.handle, oldM.handle, annM.address, oldM.address} {
			if !slices.ContainsFunc(identifiers, func(i player.Identifier) bool { return i.Value == value }) {
				t.Errorf("%s is missing among %v", value, identifiers)
			}
		}
		again := w.signIn(t, oldM.address)
		if again.Account != ann.Account {
			t.Error("the other address signs in to another account")
		}
		mine, err := w.Boards.Mine(ctx, ann)
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, m := range mine {
			keys = append(keys, m.Board.Key)
		}
		for _, key := range []string{"joined-ann", "owned-ann", "helped-ann", "joined-old", "owned-old", "helped-old"} {
			if !slices.Contains(keys, key) {
				t.Errorf("%s is missing among %v", key, keys)
			}
		}
		granted, err := w.consents.Grants(ctx, ann.Account, mine[slices.Index(keys, "joined-old")].Board.ID)
		if err != nil || len(granted) == 0 {
			t.Errorf("the other's grants: %v, %v", granted, err)
		}
		merges, err := w.players.Merges(ctx, ann)
		if err != nil {
			t.Fatal(err)
		}
		if len(merges) != 1 || merges[0].ID != id || merges[0].From != old.Account || !merges[0].Until.Equal(w.time.AddDate(0, 0, 30)) {
			t.Errorf("merges: %+v", merges)
		}
	})
}

func TestMerge_WhatCameSinceStaysAndWhatWentSinceStaysAway(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, old := w.signIn(t, "ann@example.org"), w.signIn(t, "old@example.org")
		w.append(t, ann, "both", post("same", 0, 1))
		w.append(t, old, "both", post("same", 0, 2), post("theirs", 1, 1))
		w.append(t, old, "gone", post("g", 0, 1))
		w.append(t, old, "kept", post("k", 0, 1), post("deleted", 1, 1))
		if err := w.players.Write(ctx, old, player.Profile{Name: "Old"}); err != nil {
			t.Fatal(err)
		}
		if err := w.add(old, player.Handle, "lost"); err != nil {
			t.Fatal(err)
		}
		id := w.merge(t, ann, old)
		profile, err := w.players.Profile(ctx, ann.Account)
		if err != nil || profile.Name != "Old" {
			t.Errorf("a record without a profile borrows the other's: %+v, %v", profile, err)
		}
		w.append(t, ann, "kept", post("since", 2, 1))
		w.append(t, ann, "both", post("since", 2, 1))
		for _, gone := range [][2]string{{"gone", ""}, {"kept", "deleted"}, {"both", "same"}} {
			if err := w.players.Disconnect(ctx, ann, gone[0], gone[1]); err != nil {
				t.Fatal(gone, err)
			}
		}
		if err := w.players.RemoveIdentifier(ctx, ann, player.Identifier{Kind: player.Handle, Value: "lost"}); err != nil {
			t.Fatal(err)
		}
		if err := w.players.Write(ctx, ann, player.Profile{Name: "Ann"}); err != nil {
			t.Fatal(err)
		}
		if err := w.players.Unmerge(ctx, ann, id); err != nil {
			t.Fatal(err)
		}
		of := func(a identity.Actor) (all []string) {
			sources, err := w.players.Sources(ctx, a)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range sources {
				entries := w.entries(t, a, s.Name)
				if s.Entries != len(entries) {
					t.Errorf("%s: %d entries counted, %d there", s.Name, s.Entries, len(entries))
				}
				for _, e := range entries {
					all = append(all, s.Name+" "+e.ID)
				}
			}
			p, err := w.players.Profile(ctx, a.Account)
			if err != nil {
				t.Fatal(err)
			}
			ids, err := w.players.Identifiers(ctx, a.Account)
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(all)
			return append(all, p.Name, fmt.Sprint(len(ids)))
		}
		equal(t, "ann", of(ann), []string{"both since", "kept since", "Ann", "1"})
		equal(t, "old", of(old), []string{"both theirs", "kept k", "Old", "1"})
		refused(t, w.players.Unmerge(ctx, ann, id), fault.NotFound, "", "no such merge")
	})
}

func TestMerge_NeedsTheProofOfBoth(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	ann := w.signIn(t, "ann@example.org")
	w.time = w.time.Add(identity.ProofLasts + time.Second)
	old := w.signIn(t, "old@example.org")
	_, err := w.players.Merge(ctx, ann, old)
	refused(t, err, fault.Forbidden, "", "sign in again")
	_, err = w.players.Merge(ctx, old, ann)
	refused(t, err, fault.Forbidden, "", "sign in again")
	_, err = w.players.Merge(ctx, old, identity.Actor{})
	refused(t, err, fault.Unauthenticated, "", "Sign in")
	_, err = w.players.Merge(ctx, old, identity.Actor{Account: ann.Account, Proved: w.time, Scopes: []identity.Scope{identity.WriteOwn}})
	refused(t, err, fault.Forbidden, "", "sign in again")
	_, err = w.players.Merge(ctx, old, old)
	refused(t, err, fault.Conflict, "", "same record")
}

func TestMerge_WithBothOnOneBoardIsRefusedWhole(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.makeBoard(t, "b", "opt-in")
		join := func(key string) identity.Actor {
			sent, err := w.Boards.Invite(ctx, identity.Actor{}, b, []boardMember{{Key: key}})
			if err != nil || sent[0].Error != nil {
				t.Fatal(err, sent)
			}
			_, token, _ := strings.Cut(sent[0].Link, "/join/")
			a := w.signIn(t, key+"@example.org")
			if _, err := w.Boards.Join(ctx, a, token, "", boardChoice{}); err != nil {
				t.Fatal(err)
			}
			return a
		}
		ann, old := join("ann"), join("old")
		w.append(t, old, "blog", post("a", 0, 1))
		before := w.dump(t)
		_, err := w.players.Merge(ctx, ann, old)
		if fault.Of(err) != fault.Conflict || !strings.Contains(fault.Message(err), "Board b") {
			t.Errorf("%v", err)
		}
		equal(t, "the database", w.dump(t), before)
		if err := w.Boards.Leave(ctx, old, b, false); err != nil {
			t.Fatal(err)
		}
		w.merge(t, ann, old)
	})
}

func TestMerge_IsForGoodAfterThirtyDays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, old, older := w.signIn(t, "ann@example.org"), w.signIn(t, "old@example.org"), w.signIn(t, "older@example.org")
		for _, a := range []identity.Actor{ann, old, older} {
			w.append(t, a, "blog", post("same", 0, 1))
			if err := w.players.Write(ctx, a, player.Profile{Name: "N"}); err != nil {
				t.Fatal(err)
			}
		}
		w.merge(t, old, older)
		id := w.merge(t, ann, old)
		holds := func(account string) (tables []string) {
			for _, c := range w.cells(t) {
				if c.table != "audit" && strings.Contains(c.value, account) && !slices.Contains(tables, c.table) {
					tables = append(tables, c.table)
				}
			}
			return tables
		}
		w.time = w.time.AddDate(0, 0, 30).Add(-time.Second)
		if err := w.players.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if len(holds(old.Account)) == 0 || len(holds(older.Account)) == 0 {
			t.Fatal("swept while it could be undone")
		}
		w.time = w.time.Add(time.Second)
		ann = w.signIn(t, "ann@example.org")
		refused(t, w.players.Unmerge(ctx, ann, id), fault.NotFound, "", "no more")
		if err := w.players.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		equal(t, "left of the two", append(holds(old.Account), holds(older.Account)...), []string{})
		if w.signIn(t, "older@example.org").Account != ann.Account || len(w.entries(t, ann, "blog")) != 1 {
			t.Error("the record that stays lost something")
		}
		merges, err := w.players.Merges(ctx, ann)
		if err != nil || len(merges) > 0 {
			t.Errorf("%+v, %v", merges, err)
		}
	})
}
