package identity_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

func TestToken_IsGoodForItsScopesUntilItIsRevokedOrExpires(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		in := w.proved("ada@example.org")
		secret, made, err := w.MakeToken(ctx, in.Actor, " nightly import ", []identity.Scope{identity.WriteOwn, identity.ReadOwn, identity.WriteOwn}, noon.Add(24*time.Hour))
		if err != nil || !strings.HasPrefix(secret, "cairn_") || len(secret) != len("cairn_")+43 || made.Name != "nightly import" {
			t.Fatalf("%q, %+v, %v", secret, made, err)
		}
		a, err := w.ByToken(ctx, secret)
		if err != nil || a.Account != in.Actor.Account || a.Session != "" || a.Operator || a.JustProved(w.clock.Now()) {
			t.Errorf("%+v, %v", a, err)
		}
		for _, scope := range identity.Scopes() {
			want := scope == identity.ReadOwn || scope == identity.WriteOwn
			if a.May(scope) != want {
				t.Errorf("may %s: %v", scope, !want)
			}
		}
		if (identity.Actor{}).May(identity.ReadOwn) {
			t.Error("nobody may")
		}
		day := noon.Truncate(24 * time.Hour)
		tokens, err := w.Tokens(ctx, in.Actor.Account)
		if err != nil || len(tokens) != 1 || tokens[0].ID != made.ID || !tokens[0].Used.Equal(day) || !slices.Equal(tokens[0].Scopes, []identity.Scope{identity.ReadOwn, identity.WriteOwn}) {
			t.Errorf("%+v, %v", tokens, err)
		}
		// A token makes no other token, and no way in.
		_, _, err = w.MakeToken(ctx, a, "another", []identity.Scope{identity.ReadOwn}, noon.Add(48*time.Hour))
		wantKind(t, err, fault.Forbidden, "a token of a token")
		_, err = w.BeginPasskey(ctx, a)
		wantKind(t, err, fault.Forbidden, "a passkey of a token")

		for _, other := range []string{"", "cairn_", secret[:len(secret)-1], in.Secret, "Bearer " + secret} {
			_, err := w.ByToken(ctx, other)
			wantKind(t, err, fault.Unauthenticated, "another secret")
		}
		w.clock.pass(24 * time.Hour)
		_, err = w.ByToken(ctx, secret)
		wantKind(t, err, fault.Unauthenticated, "an expired token")

		again := w.proved("ada@example.org")
		secret, made, err = w.MakeToken(ctx, again.Actor, "x", []identity.Scope{identity.ReadOwn}, w.clock.Now().AddDate(1, 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		grace := w.proved("grace@example.org")
		wantKind(t, w.RevokeToken(ctx, grace.Actor, made.ID), fault.NotFound, "revoking somebody else's token")
		if err := w.RevokeToken(ctx, again.Actor, made.ID); err != nil {
			t.Fatal(err)
		}
		_, err = w.ByToken(ctx, secret)
		wantKind(t, err, fault.Unauthenticated, "a revoked token")
		want := []string{"session.begin", "token.make", "session.begin", "token.make", "token.revoke"}
		if got := w.verbs(in.Actor.Account); !slices.Equal(got, want) {
			t.Errorf("the trail says %v", got)
		}
	})
}

func TestMakeToken_RefusesWhatCannotBe(t *testing.T) {
	w, ctx := newWorld(t, dbtest.New(t)), context.Background()
	in := w.proved("ada@example.org")
	read := []identity.Scope{identity.ReadOwn}
	for _, c := range []struct {
		doing, name, field string
		scopes             []identity.Scope
		lives              time.Duration
	}{
		{"no name", " ", "name", read, 48 * time.Hour},
		{"a long name", strings.Repeat("n", 61), "name", read, 48 * time.Hour},
		{"a name of two lines", "a\nb", "name", read, 48 * time.Hour},
		{"no scope", "n", "scopes", nil, 48 * time.Hour},
		{"a scope that is none", "n", "scopes", []identity.Scope{identity.ReadOwn, "all"}, 48 * time.Hour},
		{"an hour", "n", "expires", read, time.Hour},
		{"two years", "n", "expires", read, 2 * 365 * 24 * time.Hour},
	} {
		_, _, err := w.MakeToken(ctx, in.Actor, c.name, c.scopes, noon.Add(c.lives))
		wantKind(t, err, fault.Invalid, c.doing)
		if f, ok := err.(*fault.Fault); !ok || f.Field != c.field {
			t.Errorf("%s: the field is not %s: %v", c.doing, c.field, err)
		}
	}
	w.clock.pass(identity.ProofLasts + time.Second)
	_, _, err := w.MakeToken(ctx, in.Actor, "n", read, noon.Add(48*time.Hour))
	wantKind(t, err, fault.Forbidden, "without a fresh proof")
	_, _, err = w.MakeToken(ctx, identity.Actor{}, "n", read, noon.Add(48*time.Hour))
	wantKind(t, err, fault.Unauthenticated, "nobody")
}

func TestByToken_RunsTheServerWhereItsOwnerDoesAndItIsForThat(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		ada := w.proved("ada@example.org")
		_, _, err := w.MakeToken(ctx, ada.Actor, "jobs", []identity.Scope{identity.Operate}, noon.AddDate(0, 1, 0))
		wantKind(t, err, fault.Invalid, "a token for running the server, of somebody who does not")
		boss, err := w.UseOperatorLink(ctx, w.operatorToken(), "boss@example.org", firefox)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			scope identity.Scope
			want  bool
		}{{identity.Operate, true}, {identity.WriteBoards, false}} {
			secret, _, err := w.MakeToken(ctx, boss.Actor, "jobs", []identity.Scope{c.scope}, noon.AddDate(0, 1, 0))
			if err != nil {
				t.Fatal(err)
			}
			a, err := w.ByToken(ctx, secret)
			if err != nil || a.Operator != c.want || a.JustProved(noon) {
				t.Errorf("a token for %s: %+v, %v", c.scope, a, err)
			}
		}
	})
}
