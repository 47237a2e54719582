package identity_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

func TestActor_AStolenCookieInAnotherBrowserEndsTheSession(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		in := w.proved("ada@example.org")
		// The owner roams and updates; the session stays.
		updated := identity.Device{Agent: "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0", From: "203.0.113.9:443"}
		if _, err := w.Actor(ctx, in.Secret, updated); err != nil {
			t.Errorf("the same browser, newer and elsewhere: %v", err)
		}
		for _, other := range []identity.Device{chrome, {}, {Agent: "curl/8.5.0"}} {
			stolen := w.proved("ada@example.org")
			_, err := w.Actor(ctx, stolen.Secret, other)
			wantKind(t, err, fault.Unauthenticated, "a stolen cookie")
			_, err = w.Actor(ctx, stolen.Secret, firefox)
			wantKind(t, err, fault.Unauthenticated, "the session after it was asked for elsewhere")
		}
		if got := w.verbs(in.Actor.Account); got[len(got)-1] != "session.end" {
			t.Errorf("the trail says %v", got)
		}
		if _, err := w.Actor(ctx, in.Secret, firefox); err != nil {
			t.Errorf("the owner's other session: %v", err)
		}
	})
}

func TestActor_ForgivesClocksThatDifferALittle(t *testing.T) {
	w, ctx := newWorld(t, dbtest.New(t)), context.Background()
	in := w.proved("ada@example.org")
	w.clock.pass(-time.Minute) // as a node would see it whose clock is behind
	if a, err := w.Actor(ctx, in.Secret, firefox); err != nil || !a.JustProved(w.clock.Now()) {
		t.Errorf("begun in a minute: %+v, %v", a, err)
	}
	w.clock.pass(-2 * time.Minute)
	_, err := w.Actor(ctx, in.Secret, firefox)
	wantKind(t, err, fault.Unauthenticated, "a session that begins in three minutes")
}

func TestSessions_AreListedAndEndOneByOneOrAllAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		first := w.proved("ada@example.org")
		w.clock.pass(time.Hour)
		second, err := w.SignInProved(ctx, "ada@example.org", chrome)
		if err != nil {
			t.Fatal(err)
		}
		grace := w.proved("grace@example.org")
		sessions, err := w.Sessions(ctx, first.Actor.Account)
		if err != nil || len(sessions) != 2 || sessions[0].ID != second.Actor.Session || sessions[0].Device != "Chrome on Windows" || sessions[1].Device != "Firefox on Linux" ||
			!sessions[1].Began.Equal(noon) || !sessions[1].Expires.Equal(noon.Add(30*24*time.Hour)) {
			t.Fatalf("%+v, %v", sessions, err)
		}
		// Being seen moves a session up.
		w.clock.pass(time.Hour)
		if _, err := w.Actor(ctx, first.Secret, firefox); err != nil {
			t.Fatal(err)
		}
		if sessions, err = w.Sessions(ctx, first.Actor.Account); err != nil || sessions[0].ID != first.Actor.Session || !sessions[0].Seen.Equal(w.clock.Now()) {
			t.Errorf("%+v, %v", sessions, err)
		}

		wantKind(t, w.SignOut(ctx, grace.Actor, first.Actor.Session), fault.NotFound, "signing out somebody else")
		if err := w.SignOut(ctx, second.Actor, first.Actor.Session); err != nil {
			t.Fatal(err)
		}
		_, err = w.Actor(ctx, first.Secret, firefox)
		wantKind(t, err, fault.Unauthenticated, "a session that was signed out elsewhere")
		wantKind(t, w.SignOut(ctx, second.Actor, first.Actor.Session), fault.NotFound, "signing out twice")

		third := w.proved("ada@example.org")
		if err := w.SignOutEverywhere(ctx, second.Actor); err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{second.Secret, third.Secret} {
			for _, on := range []identity.Device{firefox, chrome} {
				_, err := w.Actor(ctx, secret, on)
				wantKind(t, err, fault.Unauthenticated, "after signing out everywhere")
			}
		}
		if _, err := w.Actor(ctx, grace.Secret, firefox); err != nil {
			t.Errorf("somebody else's session: %v", err)
		}
	})
}

func TestSignIn_EndsTheSessionThatTheBrowserHeld(t *testing.T) {
	w, ctx := newWorld(t, dbtest.New(t)), context.Background()
	first := w.proved("ada@example.org")
	on := firefox
	on.Holds = first.Actor.Session
	if _, err := w.SignInProved(ctx, "ada@example.org", on); err != nil {
		t.Fatal(err)
	}
	if sessions, err := w.Sessions(ctx, first.Actor.Account); err != nil || len(sessions) != 1 || sessions[0].ID == first.Actor.Session {
		t.Errorf("%+v, %v", sessions, err)
	}
}

func TestSweep_DeletesOnlyWhatIsOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		idle := w.proved("ada@example.org")
		if _, err := w.BeginPasskeySignIn(ctx, ""); err != nil {
			t.Fatal(err)
		}
		if _, err := w.OperatorLink(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := w.LinkFor(ctx, "ada@example.org"); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.MakeToken(ctx, idle.Actor, "import", []identity.Scope{identity.WriteOwn}, noon.Add(24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		w.clock.pass(14*24*time.Hour + time.Minute)
		live := w.proved("ada@example.org")
		if sessions, err := w.Sessions(ctx, live.Actor.Account); err != nil || len(sessions) != 1 {
			t.Errorf("before the sweep: %+v, %v", sessions, err)
		}
		if tokens, err := w.Tokens(ctx, live.Actor.Account); err != nil || len(tokens) > 0 {
			t.Errorf("before the sweep: %+v, %v", tokens, err)
		}
		if err := w.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		counts := map[string]int{}
		err := d.Read(ctx, func(tx *db.Tx) error {
			for _, table := range []string{"account_session", "sign_in_link", "operator_link", "ceremony", "account_token", "account"} {
				var n int
				if err := tx.QueryRow(`SELECT COUNT(*) FROM ` + table).Scan(&n); err != nil {
					return err
				}
				counts[table] = n
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for table, n := range counts {
			if want := map[string]int{"account_session": 1, "account": 1}[table]; n != want {
				t.Errorf("%d rows in %s, want %d", n, table, want)
			}
		}
		if _, err := w.Actor(ctx, live.Secret, firefox); err != nil {
			t.Error(err)
		}
	})
}

func TestAcceptPolicy_IsNotedOnceAVersion(t *testing.T) {
	w, ctx := newWorld(t, dbtest.New(t)), context.Background()
	in := w.proved("ada@example.org")
	for range 2 {
		if err := w.AcceptPolicy(ctx, in.Actor, "2026-11"); err != nil {
			t.Fatal(err)
		}
	}
	if a, err := w.Account(ctx, in.Actor.Account); err != nil || a.Policy != "2026-11" {
		t.Errorf("%+v, %v", a, err)
	}
	if got := w.verbs(in.Actor.Account); !slices.Equal(got, []string{"session.begin", "policy.accept"}) {
		t.Errorf("the trail says %v", got)
	}
}
