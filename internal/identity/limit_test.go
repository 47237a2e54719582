package identity_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

func TestTake_LimitsAnAddressANetworkAndAnAccountEachAtItsPace(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	for _, c := range []struct {
		door, key string
		allows    int
	}{
		{"link", "ada@example.org", 5},
		{"link", "198.51.100.7:5000", 30},
		{"link", "0190d1c1-0000-7000-8000-000000000001", 10},
		{"operator", "198.51.100.7", 10},
		{"passkey", "198.51.100.7", 60},
		{"token", "0190d1c1-0000-7000-8000-000000000001", 10},
	} {
		for n := range c.allows {
			if err := w.Take(c.door, c.key); err != nil {
				t.Fatalf("%s %s: knock %d: %v", c.door, c.key, n+1, err)
			}
		}
		err := w.Take(c.door, c.key)
		wantKind(t, err, fault.Limited, c.door+" "+c.key)
		f := (*fault.Fault)(nil)
		if want := time.Hour / time.Duration(c.allows); !errors.As(err, &f) || f.Wait <= 0 || f.Wait > want {
			t.Errorf("%s %s: the wait is %v, want at most %v", c.door, c.key, f.Wait, want)
		} else {
			w.clock.pass(f.Wait)
			if err := w.Take(c.door, c.key); err != nil {
				t.Errorf("%s %s: after the wait: %v", c.door, c.key, err)
			}
		}
	}
	if err := w.Take("link", "grace@example.org", "198.51.100.8", ""); err != nil {
		t.Errorf("somebody else: %v", err)
	}
}

func TestTake_CountsAnIPv6NetworkWhole(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	for n := range 30 {
		if err := w.Take("link", fmt.Sprintf("[2001:db8:1:2::%x]:443", n)); err != nil {
			t.Fatal(err)
		}
	}
	wantKind(t, w.Take("link", "2001:db8:1:2:ffff::1"), fault.Limited, "another address of the network")
	if err := w.Take("link", "2001:db8:1:3::1"); err != nil {
		t.Errorf("the next network: %v", err)
	}
	for range 30 {
		if err := w.Take("link", "::ffff:198.51.100.7"); err != nil {
			t.Fatal(err)
		}
	}
	wantKind(t, w.Take("link", "198.51.100.7"), fault.Limited, "the same IPv4 address, written as it is")
}

// Whoever is refused for one key has not knocked with the others.
func TestTake_CountsAllKeysOrNone(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	for range 5 {
		if err := w.Take("link", "ada@example.org"); err != nil {
			t.Fatal(err)
		}
	}
	for range 50 {
		wantKind(t, w.Take("link", "ada@example.org", "198.51.100.7"), fault.Limited, "an address that is asked for too often")
	}
	if err := w.Take("link", "grace@example.org", "198.51.100.7"); err != nil {
		t.Errorf("somebody else behind the same network: %v", err)
	}
}

func TestDoors_AreLimited(t *testing.T) {
	w, ctx := newWorld(t, dbtest.New(t)), context.Background()
	on := firefox
	on.From = "198.51.100.7:1"
	for door, knock := range map[string]func() error{
		"a link":                func() error { _, err := w.UseLink(ctx, "x", "b", on); return err },
		"an operator's link":    func() error { _, err := w.UseOperatorLink(ctx, "x", "a@b.c", on); return err },
		"a passkey":             func() error { _, err := w.BeginPasskeySignIn(ctx, on.From); return err },
		"another device's link": func() error { _, err := w.UseLink(ctx, "y", "c", on); return err },
	} {
		limited := false
		for range 100 {
			if limited = fault.Of(knock()) == fault.Limited; limited {
				break
			}
		}
		if !limited {
			t.Errorf("%s: a hundred knocks at once", door)
		}
	}
	in := w.proved("ada@example.org")
	var err error
	for range 11 {
		_, _, err = w.MakeToken(ctx, in.Actor, "n", []identity.Scope{identity.ReadOwn}, noon.Add(48*time.Hour))
	}
	wantKind(t, err, fault.Limited, "an eleventh token")
}
