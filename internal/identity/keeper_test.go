package identity_test

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/mail/mailtest"
)

func (w world) write(do func(tx *db.Tx) error) {
	w.t.Helper()
	if err := w.db.Write(context.Background(), do); err != nil {
		w.t.Fatal(err)
	}
}

func (w world) token(in identity.SignIn) string {
	w.t.Helper()
	secret, _, err := w.MakeToken(context.Background(), in.Actor, "import", []identity.Scope{identity.ReadOwn}, w.clock.Now().Add(48*time.Hour))
	if err != nil {
		w.t.Fatal(err)
	}
	return secret
}

// dump is every row of the room's tables.
func (w world) dump() string {
	w.t.Helper()
	var text strings.Builder
	err := w.db.Read(context.Background(), func(tx *db.Tx) error {
		for query, n := range map[string]int{
			`SELECT account_id, merged FROM account`: 2, `SELECT address, account_id FROM account_address`: 2,
			`SELECT session_id, account_id FROM account_session`: 2, `SELECT passkey_id, account_id, handle FROM account_passkey`: 3,
			`SELECT issuer, subject, account_id FROM account_subject`: 3, `SELECT token_id, account_id FROM account_token`: 2,
			`SELECT address, account_id FROM sign_in_link`: 2, `SELECT account_id, content FROM ceremony`: 2,
		} {
			rows, err := tx.Query(query)
			if err != nil {
				return err
			}
			for rows.Next() {
				values := make([]string, n)
				into := make([]any, n)
				for i := range values {
					into[i] = &values[i]
				}
				if err := rows.Scan(into...); err != nil {
					return err
				}
				text.WriteString(strings.Join(values, " ") + "\n")
			}
			rows.Close()
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return text.String()
}

func TestKept_IsAllThatIsKeptAndNoSecret(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		ada, grace := w.proved("ada@example.org"), w.proved("grace@example.org")
		w.addKey(ada, "phone")
		secret := w.token(ada)
		if _, err := w.LinkFor(ctx, "ada@example.org"); err != nil {
			t.Fatal(err)
		}
		if err := w.AcceptPolicy(ctx, ada.Actor, "2026-11"); err != nil {
			t.Fatal(err)
		}
		var text []byte
		err := d.Read(ctx, func(tx *db.Tx) error {
			kept, err := w.Kept(tx, ada.Actor.Account)
			if err != nil {
				return err
			}
			text, err = json.Marshal(kept)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{`"account.json"`, ada.Actor.Account, "ada@example.org", "phone", "Firefox on Linux", "import", "own:read", "2026-11", `"links_sent"`} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s is missing in %s", want, text)
			}
		}
		hashes := regexp.MustCompile(`[0-9a-f]{64}`)
		for _, never := range []string{secret, ada.Secret, grace.Actor.Account, "grace@example.org", "publicKey"} {
			if strings.Contains(string(text), never) {
				t.Errorf("%s stands in %s", never, text)
			}
		}
		if found := hashes.Find(text); found != nil {
			t.Errorf("the hash %s stands in %s", found, text)
		}
	})
}

func TestForget_LeavesNothingOfThePersonAndAllOfTheOthers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		ada, old, grace := w.proved("ada@example.org"), w.proved("ada@old.example"), w.proved("grace@example.org")
		k, _ := w.addKey(ada, "phone")
		secret := w.token(ada)
		if _, err := w.LinkFor(ctx, "ada@example.org"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.BeginPasskey(ctx, ada.Actor); err != nil {
			t.Fatal(err)
		}
		w.write(func(tx *db.Tx) error {
			_, err := w.Move(tx, old.Actor.Account, ada.Actor.Account)
			return err
		})
		w.write(func(tx *db.Tx) error { return w.Forget(tx, ada.Actor.Account) })
		left := w.dump()
		for _, gone := range []string{ada.Actor.Account, old.Actor.Account, "ada@"} {
			if strings.Contains(left, gone) {
				t.Errorf("%s is left in\n%s", gone, left)
			}
		}
		_, err := w.Actor(ctx, ada.Secret, firefox)
		wantKind(t, err, fault.Unauthenticated, "the session of somebody who was forgotten")
		_, err = w.ByToken(ctx, secret)
		wantKind(t, err, fault.Unauthenticated, "their token")
		_, err = w.signInWithKey(k)
		wantKind(t, err, fault.Unauthenticated, "their passkey")
		if _, err := w.Actor(ctx, grace.Secret, firefox); err != nil {
			t.Errorf("somebody else: %v", err)
		}
		if again := w.proved("ada@example.org"); !again.New || again.Actor.Account == ada.Actor.Account {
			t.Errorf("whoever comes back is somebody new: %+v", again)
		}
	})
}

func TestMove_TakesEveryWayInAndMoveBackReturnsIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		ada, work := w.proved("ada@example.org"), w.proved("ada@work.example")
		w.write(func(tx *db.Tx) error {
			_, err := tx.Exec(`INSERT INTO account_subject (issuer, subject, account_id, made_at) VALUES ('https://club.example', 'ada', $1, 0)`, work.Actor.Account)
			if err != nil {
				return err
			}
			_, err = tx.Exec(`UPDATE account SET operator = 1 WHERE account_id = $1`, work.Actor.Account)
			return err
		})
		k, _ := w.addKey(work, "laptop")
		secret := w.token(work)
		before := w.dump()
		var note json.RawMessage
		w.write(func(tx *db.Tx) (err error) {
			note, err = w.Move(tx, work.Actor.Account, ada.Actor.Account)
			return err
		})
		_, err := w.Actor(ctx, work.Secret, firefox)
		wantKind(t, err, fault.Unauthenticated, "a session of the account that went")
		if a, err := w.Actor(ctx, ada.Secret, firefox); err != nil || !a.Operator {
			t.Errorf("the account that stays: %+v, %v", a, err)
		}
		in, err := w.signInWithKey(k)
		if err != nil || in.Actor.Account != ada.Actor.Account {
			t.Errorf("with the passkey of the one that went: %+v, %v", in, err)
		}
		if a, err := w.ByToken(ctx, secret); err != nil || a.Account != ada.Actor.Account {
			t.Errorf("with its token: %+v, %v", a, err)
		}
		a, err := w.ByAddress(ctx, "ada@work.example")
		if err != nil || a.ID != ada.Actor.Account || len(a.Addresses) != 2 || a.Addresses[0].Address != "ada@example.org" || a.Addresses[1].Primary {
			t.Errorf("%+v, %v", a, err)
		}
		shell, err := w.Account(ctx, work.Actor.Account)
		if err != nil || len(shell.Addresses) > 0 || shell.Operator {
			t.Errorf("the shell: %+v, %v", shell, err)
		}

		w.write(func(tx *db.Tx) error { return w.MoveBack(tx, work.Actor.Account, ada.Actor.Account, note) })
		// All is as it was, sessions aside: somebody else may have signed in by what moved back.
		sessions := regexp.MustCompile(`(?m)^\S+ (` + ada.Actor.Account + `|` + work.Actor.Account + `)\n`)
		if lines(sessions.ReplaceAllString(w.dump(), "")) != lines(sessions.ReplaceAllString(before, "")) {
			t.Errorf("before:\n%s\nafter:\n%s", before, w.dump())
		}
		for _, s := range []identity.SignIn{ada, in} {
			_, err = w.Actor(ctx, s.Secret, firefox)
			wantKind(t, err, fault.Unauthenticated, "a session of the account that stayed")
		}
		for address, account := range map[string]string{"ada@example.org": ada.Actor.Account, "ada@work.example": work.Actor.Account} {
			a, err := w.ByAddress(ctx, address)
			if err != nil || a.ID != account || len(a.Addresses) != 1 || !a.Addresses[0].Primary || a.Operator != (account == work.Actor.Account) {
				t.Errorf("%+v, %v", a, err)
			}
		}
		if in, err := w.signInWithKey(k); err != nil || in.Actor.Account != work.Actor.Account {
			t.Errorf("with the passkey: %+v, %v", in, err)
		}
	})
}

// A request that was let in before is not a way to give ways in to somebody who is gone, or whose record is another's part.
func TestWaysIn_AreNotAddedToAnAccountThatWentMeanwhile(t *testing.T) {
	mailpit := mailtest.Start(t)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newMailWorld(t, d, mailpit), context.Background()
		gone, joined, ada := w.proved("gone@example.org"), w.proved("joined@example.org"), w.proved("ada@example.org")
		for _, in := range []identity.SignIn{gone, joined} {
			c, err := w.BeginPasskey(ctx, in.Actor)
			if err != nil {
				t.Fatal(err)
			}
			w.write(func(tx *db.Tx) error {
				if in.Actor.Account == gone.Actor.Account {
					return w.Forget(tx, in.Actor.Account)
				}
				_, err := w.Move(tx, in.Actor.Account, ada.Actor.Account)
				return err
			})
			_, err = w.FinishPasskey(ctx, in.Actor, c.Secret, "", newKey(in.Actor.Account).made(t, c))
			wantKind(t, err, fault.Unauthenticated, "a passkey")
			_, _, err = w.MakeToken(ctx, in.Actor, "n", []identity.Scope{identity.ReadOwn}, noon.Add(48*time.Hour))
			wantKind(t, err, fault.Unauthenticated, "a token")
			wantKind(t, w.AskLink(ctx, identity.Ask{Address: "new@example.org", Browser: "b", For: in.Actor}), fault.Unauthenticated, "an address")
		}
		if left := w.dump(); strings.Contains(left, gone.Actor.Account) {
			t.Errorf("somebody who is gone is left in\n%s", left)
		}
	})
}

// What was removed after the merge stays removed, and what was added stays where it is.
func TestMoveBack_LeavesAloneWhatWasDoneSince(t *testing.T) {
	w, ctx := newWorld(t, dbtest.New(t)), context.Background()
	ada, work := w.proved("ada@example.org"), w.proved("ada@work.example")
	_, gone := w.addKey(work, "lost")
	var note json.RawMessage
	w.write(func(tx *db.Tx) (err error) {
		note, err = w.Move(tx, work.Actor.Account, ada.Actor.Account)
		return err
	})
	added, _ := w.addKey(ada, "new")
	if err := w.RemovePasskey(ctx, ada.Actor, gone.ID); err != nil {
		t.Fatal(err)
	}
	w.write(func(tx *db.Tx) error { return w.MoveBack(tx, work.Actor.Account, ada.Actor.Account, note) })
	if keys, err := w.Passkeys(ctx, work.Actor.Account); err != nil || len(keys) > 0 {
		t.Errorf("%+v, %v", keys, err)
	}
	if in, err := w.signInWithKey(added); err != nil || in.Actor.Account != ada.Actor.Account {
		t.Errorf("%+v, %v", in, err)
	}
	err := w.db.Write(ctx, func(tx *db.Tx) error {
		_, err := w.Move(tx, ada.Actor.Account, ada.Actor.Account)
		return err
	})
	wantKind(t, err, fault.Conflict, "an account into itself")
	err = w.db.Write(ctx, func(tx *db.Tx) error {
		_, err := w.Move(tx, "nobody", ada.Actor.Account)
		return err
	})
	wantKind(t, err, fault.NotFound, "an account that is not there")
}

// lines sorts the lines of a text.
func lines(text string) string {
	sorted := strings.Split(text, "\n")
	slices.Sort(sorted)
	return strings.Join(sorted, "\n")
}
