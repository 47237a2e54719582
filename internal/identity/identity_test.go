package identity_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/mail"
)

// noon is when the tests begin.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// clock is the clock of a test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is the room on a database of its own.
type world struct {
	*identity.Identity
	t     *testing.T
	db    *db.DB
	trail *audit.Trail
	clock *clock
}

func newWorld(t *testing.T, d *db.DB) world {
	t.Helper()
	return worldWith(t, d, mail.Server{}, identity.Settings{Base: "https://cairn.example", Name: "Cairn"})
}

func worldWith(t *testing.T, d *db.DB, server mail.Server, s identity.Settings) world {
	t.Helper()
	c := &clock{now: noon}
	w := world{t: t, db: d, clock: c, trail: audit.New(d, c.Now)}
	post, err := mail.New(server)
	if err != nil {
		t.Fatal(err)
	}
	if w.Identity, err = identity.New(d, post, w.trail, c.Now, s); err != nil {
		t.Fatal(err)
	}
	return w
}

var (
	firefox = identity.Device{Agent: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"}
	chrome  = identity.Device{Agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"}
)

// proved signs in somebody who proved to read an address.
func (w world) proved(address string) identity.SignIn {
	w.t.Helper()
	in, err := w.SignInProved(context.Background(), address, firefox)
	if err != nil {
		w.t.Fatal(err)
	}
	return in
}

func wantKind(t *testing.T, err error, kind fault.Kind, doing string) {
	t.Helper()
	if fault.Of(err) != kind {
		t.Errorf("%s: %v, want %s", doing, err, kind)
	}
}

func TestSignInProved_MakesOneAccountForAnAddressHoweverItIsWritten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		first, again := w.proved("ada@example.org"), w.proved(" Ada@Example.ORG ")
		if !first.New || again.New || first.Actor.Account != again.Actor.Account || first.Secret == again.Secret {
			t.Errorf("first %+v, again %+v", first, again)
		}
		a, err := w.ByAddress(ctx, "ADA@example.org")
		if err != nil || a.ID != first.Actor.Account || len(a.Addresses) != 1 || !a.Addresses[0].Primary || a.Addresses[0].Address != "ada@example.org" {
			t.Errorf("%+v, %v", a, err)
		}
		_, err = w.ByAddress(ctx, "nobody@example.org")
		wantKind(t, err, fault.NotFound, "an address of nobody's")
		_, err = w.Account(ctx, "nobody")
		wantKind(t, err, fault.NotFound, "an account that is not there")
	})
}

func TestActor_IsWhoHoldsTheSecretUntilTheSessionEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		in := w.proved("ada@example.org")
		a, err := w.Actor(ctx, in.Secret, firefox)
		if err != nil || a.Account != in.Actor.Account || a.Session != in.Actor.Session || !a.Proved.Equal(noon) || !a.JustProved(w.clock.Now()) || !a.May(identity.WriteBoards) {
			t.Errorf("%+v, %v", a, err)
		}
		for _, secret := range []string{"", "x", in.Secret + "x", in.Actor.Session} {
			_, err := w.Actor(ctx, secret, firefox)
			wantKind(t, err, fault.Unauthenticated, "another secret")
		}
		w.clock.pass(11 * time.Minute)
		if a, err = w.Actor(ctx, in.Secret, firefox); err != nil || a.JustProved(w.clock.Now()) {
			t.Errorf("eleven minutes later: %+v, %v", a, err)
		}
		// Whoever comes by every few days stays signed in for thirty days and no longer.
		for range 4 {
			w.clock.pass(7 * 24 * time.Hour)
			if _, err := w.Actor(ctx, in.Secret, firefox); err != nil {
				t.Fatal(err)
			}
		}
		w.clock.pass(2 * 24 * time.Hour)
		_, err = w.Actor(ctx, in.Secret, firefox)
		wantKind(t, err, fault.Unauthenticated, "after thirty days")

		idle := w.proved("ada@example.org")
		w.clock.pass(14*24*time.Hour + time.Second)
		_, err = w.Actor(ctx, idle.Secret, firefox)
		wantKind(t, err, fault.Unauthenticated, "after two idle weeks")
	})
}

// verbs are what the trail says of an account, oldest first.
func (w world) verbs(account string) (verbs []string) {
	w.t.Helper()
	events, err := w.trail.OfPlayer(context.Background(), account, "", 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range events {
		verbs = append(verbs, e.Verb)
		for _, said := range e.Detail {
			if strings.Contains(said, "@") {
				w.t.Errorf("the trail holds an address: %+v", e)
			}
		}
	}
	slices.Reverse(verbs)
	return verbs
}
