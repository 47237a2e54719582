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
	"cairn/internal/mail"
)

func (w world) operatorToken() string {
	w.t.Helper()
	address, err := w.OperatorLink(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	token, found := strings.CutPrefix(address, "https://cairn.example/operator/")
	if !found || len(token) != 43 {
		w.t.Fatalf("the link is %q", address)
	}
	return token
}

func TestOperatorLink_MakesTheFirstOperatorOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		if has, err := w.HasOperator(ctx); err != nil || has {
			t.Errorf("before: %v, %v", has, err)
		}
		earlier := w.operatorToken()
		token := w.operatorToken()
		_, err := w.UseOperatorLink(ctx, earlier, "olga@example.org", firefox)
		wantKind(t, err, fault.NotFound, "an earlier link")
		_, err = w.UseOperatorLink(ctx, token, "no address", firefox)
		wantKind(t, err, fault.Invalid, "what is no address")
		in, err := w.UseOperatorLink(ctx, token, "Olga@Example.org", firefox)
		if err != nil || !in.New || !in.Actor.Operator {
			t.Fatalf("%+v, %v", in, err)
		}
		if has, err := w.HasOperator(ctx); err != nil || !has {
			t.Errorf("after: %v, %v", has, err)
		}
		if a, err := w.Actor(ctx, in.Secret, firefox); err != nil || !a.Operator {
			t.Errorf("%+v, %v", a, err)
		}
		_, err = w.UseOperatorLink(ctx, token, "olga@example.org", firefox)
		wantKind(t, err, fault.NotFound, "a second time")
		if got := w.verbs(in.Actor.Account); !slices.Equal(got, []string{"operator.make", "session.begin"}) {
			t.Errorf("the trail says %v", got)
		}
		late := w.operatorToken()
		w.clock.pass(time.Hour)
		_, err = w.UseOperatorLink(ctx, late, "olga@example.org", firefox)
		wantKind(t, err, fault.NotFound, "after an hour")
		// Whoever operates the server gets back in, for example after losing a passkey.
		again, err := w.UseOperatorLink(ctx, w.operatorToken(), "olga@example.org", chrome)
		if err != nil || again.New || again.Actor.Account != in.Actor.Account {
			t.Errorf("%+v, %v", again, err)
		}
	})
}

func TestOperatorLink_IsNoDoorIntoSomebodyElsesRecord(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		ada := w.proved("ada@example.org")
		token := w.operatorToken()
		_, err := w.UseOperatorLink(ctx, token, "ada@example.org", firefox)
		wantKind(t, err, fault.Conflict, "naming the address of a player")
		grace := w.proved("grace@example.org")
		on := firefox
		on.Holds = grace.Actor.Session
		_, err = w.UseOperatorLink(ctx, token, "ada@example.org", on)
		wantKind(t, err, fault.Conflict, "naming the address of another player")
		on.Holds = ada.Actor.Session
		in, err := w.UseOperatorLink(ctx, token, "ada@example.org", on)
		if err != nil || in.New || !in.Actor.Operator || in.Actor.Account != ada.Actor.Account {
			t.Errorf("whoever is signed in as that player: %+v, %v", in, err)
		}
	})
}

func TestOperatorLink_OfAServerThatDoesNotKnowItsAddressIsAPath(t *testing.T) {
	w := worldWith(t, dbtest.New(t), mail.Server{}, identity.Settings{})
	address, err := w.OperatorLink(context.Background())
	if err != nil || !strings.HasPrefix(address, "/operator/") {
		t.Errorf("%q, %v", address, err)
	}
}

// Somebody may name an address that they do not read, and wait for its reader to come into their account.
func TestOperatorLink_WhoeverProvesTheAddressIsNotInTheRecordOfWhoOnlyNamedIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		mallory, err := w.UseOperatorLink(ctx, w.operatorToken(), "ada@example.org", firefox)
		if err != nil {
			t.Fatal(err)
		}
		token, _, err := w.MakeToken(ctx, mallory.Actor, "wait", identity.Scopes(), w.clock.Now().AddDate(0, 1, 0))
		if err != nil {
			t.Fatal(err)
		}
		ada := w.proved("ada@example.org")
		if _, err := w.Actor(ctx, mallory.Secret, firefox); fault.Of(err) != fault.Unauthenticated {
			t.Errorf("who named the address is still signed in: %v", err)
		}
		if _, err := w.ByToken(ctx, token); fault.Of(err) != fault.Unauthenticated {
			t.Errorf("their token still works: %v", err)
		}
		// Proved once, it stays: signing in again ends nothing.
		again := w.proved("ada@example.org")
		if _, err := w.Actor(ctx, ada.Secret, firefox); err != nil || again.Actor.Account != ada.Actor.Account {
			t.Errorf("signing in a second time: %v", err)
		}
	})
}

func TestOperatorLink_AnAddressThatWasNamedLeavesAnAccountThatIsProvedAnothers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		olga, err := w.UseOperatorLink(ctx, w.operatorToken(), "ada@example.org", firefox)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(`INSERT INTO account_address (address, account_id, proved_at, main) VALUES ('olga@example.org', $1, 1, 0)`, olga.Actor.Account)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		ada := w.proved("ada@example.org")
		if !ada.New || ada.Actor.Account == olga.Actor.Account || ada.Actor.Operator {
			t.Errorf("the reader of the address came into %+v", ada)
		}
		if a, err := w.Account(ctx, olga.Actor.Account); err != nil || len(a.Addresses) != 1 || a.Addresses[0].Address != "olga@example.org" || !a.Addresses[0].Primary {
			t.Errorf("%+v, %v", a, err)
		}
		if _, err := w.Actor(ctx, olga.Secret, firefox); err != nil {
			t.Errorf("whose account it is stays signed in: %v", err)
		}
	})
}
