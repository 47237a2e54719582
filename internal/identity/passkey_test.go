package identity_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/mail"
)

// key is a passkey on a virtual device.
type key struct {
	party  virtualwebauthn.RelyingParty
	device virtualwebauthn.Authenticator
	virtualwebauthn.Credential
}

func newKey(account string) *key {
	k := &key{
		party:  virtualwebauthn.RelyingParty{ID: "cairn.example", Name: "Cairn", Origin: "https://cairn.example"},
		device: virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: []byte(account)}),
	}
	// The virtual device leaves out leading zeros of the key's two numbers, which a real one does not: draw until there are none.
	const whole = 77
	for k.Key == nil || len(k.Key.AttestationData()) != whole {
		k.Credential = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	}
	return k
}

// made is the device's answer to a wish for a new passkey.
func (k *key) made(t *testing.T, c identity.Ceremony) []byte {
	t.Helper()
	options, err := virtualwebauthn.ParseAttestationOptions(string(c.Options))
	if err != nil {
		t.Fatal(err)
	}
	return []byte(virtualwebauthn.CreateAttestationResponse(k.party, k.device, k.Credential, *options))
}

// used is the device's answer to a wish to sign in; its counter goes on.
func (k *key) used(t *testing.T, c identity.Ceremony) []byte {
	t.Helper()
	options, err := virtualwebauthn.ParseAssertionOptions(string(c.Options))
	if err != nil {
		t.Fatal(err)
	}
	k.Counter++
	return []byte(virtualwebauthn.CreateAssertionResponse(k.party, k.device, k.Credential, *options))
}

// addKey adds a passkey to whoever signed in.
func (w world) addKey(in identity.SignIn, name string) (*key, identity.Passkey) {
	w.t.Helper()
	c, err := w.BeginPasskey(context.Background(), in.Actor)
	if err != nil {
		w.t.Fatal(err)
	}
	k := newKey(in.Actor.Account)
	made, err := w.FinishPasskey(context.Background(), in.Actor, c.Secret, name, k.made(w.t, c))
	if err != nil {
		w.t.Fatal(err)
	}
	return k, made
}

// signInWithKey signs in with a passkey from begin to end.
func (w world) signInWithKey(k *key) (identity.SignIn, error) {
	w.t.Helper()
	c, err := w.BeginPasskeySignIn(context.Background(), "")
	if err != nil {
		w.t.Fatal(err)
	}
	return w.FinishPasskeySignIn(context.Background(), c.Secret, k.used(w.t, c), "/me", firefox)
}

func TestPasskey_SignsItsOwnerInWithoutAnAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		ada := w.proved("ada@example.org")
		k, made := w.addKey(ada, " phone ")
		if made.Name != "phone" || !made.Made.Equal(noon) || !made.Used.IsZero() {
			t.Errorf("%+v", made)
		}
		w.clock.pass(time.Hour)
		in, err := w.signInWithKey(k)
		if err != nil || in.New || in.Next != "/me" || in.Actor.Account != ada.Actor.Account || !in.Actor.JustProved(w.clock.Now()) {
			t.Fatalf("%+v, %v", in, err)
		}
		if a, err := w.Actor(ctx, in.Secret, firefox); err != nil || a.Account != ada.Actor.Account {
			t.Errorf("%+v, %v", a, err)
		}
		keys, err := w.Passkeys(ctx, ada.Actor.Account)
		if err != nil || len(keys) != 1 || keys[0].ID != made.ID || !keys[0].Used.Equal(w.clock.Now()) {
			t.Errorf("%+v, %v", keys, err)
		}
		// The one that is there is not made again on the same device.
		c, err := w.BeginPasskey(ctx, in.Actor)
		if err != nil {
			t.Fatal(err)
		}
		options, err := virtualwebauthn.ParseAttestationOptions(string(c.Options))
		if err != nil || !k.IsExcludedForAttestation(*options) {
			t.Errorf("not excluded in %s, %v", c.Options, err)
		}
		grace := w.proved("grace@example.org")
		wantKind(t, w.RemovePasskey(ctx, grace.Actor, made.ID), fault.NotFound, "removing somebody else's")
		// Without mail an address is no way in.
		wantKind(t, w.RemovePasskey(ctx, in.Actor, made.ID), fault.Conflict, "removing the last way in")
		other, _ := w.addKey(in, "")
		if err := w.RemovePasskey(ctx, in.Actor, made.ID); err != nil {
			t.Fatal(err)
		}
		_, err = w.signInWithKey(k)
		wantKind(t, err, fault.Unauthenticated, "a passkey that was removed")
		if _, err := w.signInWithKey(other); err != nil {
			t.Errorf("the other passkey: %v", err)
		}
		want := []string{"session.begin", "passkey.add", "session.begin", "passkey.add", "passkey.remove", "session.begin"}
		if got := w.verbs(ada.Actor.Account); !slices.Equal(got, want) {
			t.Errorf("the trail says %v", got)
		}
	})
}

func TestPasskey_RefusesAnAnswerThatDoesNotFit(t *testing.T) {
	w, ctx := newWorld(t, dbtest.New(t)), context.Background()
	ada, grace := w.proved("ada@example.org"), w.proved("grace@example.org")
	begin := func(in identity.SignIn) identity.Ceremony {
		t.Helper()
		c, err := w.BeginPasskey(ctx, in.Actor)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	k := newKey(ada.Actor.Account)

	c, other := begin(ada), begin(ada)
	_, err := w.FinishPasskey(ctx, ada.Actor, c.Secret, "", k.made(t, other))
	wantKind(t, err, fault.Invalid, "the answer to another challenge")
	_, err = w.FinishPasskey(ctx, ada.Actor, c.Secret, "", k.made(t, c))
	wantKind(t, err, fault.Unauthenticated, "a ceremony that was taken up before")
	c = begin(ada)
	_, err = w.FinishPasskey(ctx, grace.Actor, c.Secret, "", k.made(t, c))
	wantKind(t, err, fault.Unauthenticated, "somebody else's ceremony")
	c = begin(ada)
	_, err = w.FinishPasskey(ctx, ada.Actor, c.Secret, "", []byte(`{"id":"x"}`))
	wantKind(t, err, fault.Invalid, "nonsense")
	c = begin(ada)
	_, err = w.FinishPasskey(ctx, ada.Actor, c.Secret, strings.Repeat("n", 61), k.made(t, c))
	wantKind(t, err, fault.Invalid, "a long name")
	k.party.Origin = "https://cairn.example.evil"
	c = begin(ada)
	_, err = w.FinishPasskey(ctx, ada.Actor, c.Secret, "", k.made(t, c))
	wantKind(t, err, fault.Invalid, "a passkey made on another site")
	k.party.Origin = "https://cairn.example"
	c = begin(ada)
	w.clock.pass(5 * time.Minute)
	_, err = w.FinishPasskey(ctx, ada.Actor, c.Secret, "", k.made(t, c))
	wantKind(t, err, fault.Unauthenticated, "after five minutes")
	w.clock.pass(-5 * time.Minute)
	c = begin(ada)
	if _, err = w.FinishPasskey(ctx, ada.Actor, c.Secret, "", k.made(t, c)); err != nil {
		t.Fatal(err)
	}
	c = begin(grace)
	_, err = w.FinishPasskey(ctx, grace.Actor, c.Secret, "", k.made(t, c))
	wantKind(t, err, fault.Conflict, "a passkey that is another's")

	signIn := func() identity.Ceremony {
		t.Helper()
		c, err := w.BeginPasskeySignIn(ctx, "")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	refused := func(c identity.Ceremony, answer []byte, doing string) {
		t.Helper()
		_, err := w.FinishPasskeySignIn(ctx, c.Secret, answer, "", firefox)
		wantKind(t, err, fault.Unauthenticated, doing)
		if fault.Message(err) == "" || strings.Contains(fault.Message(err), "webauthn") {
			t.Errorf("%s: %q", doing, fault.Message(err))
		}
	}
	refused(signIn(), k.used(t, signIn()), "the answer to another challenge")
	c = signIn()
	refused(c, []byte("{}"), "nonsense")
	refused(c, k.used(t, c), "a ceremony that was taken up before")
	c = signIn()
	refused(c, newKey(ada.Actor.Account).used(t, c), "a passkey that is not known")
	forged := newKey(ada.Actor.Account)
	forged.ID = k.ID
	c = signIn()
	refused(c, forged.used(t, c), "a known passkey's name over another key")
	posing := *k
	posing.device = virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: []byte(grace.Actor.Account)})
	c = signIn()
	refused(c, posing.used(t, c), "somebody else's name over a passkey")
	k.party.Origin = "https://evil.example"
	c = signIn()
	refused(c, k.used(t, c), "an answer given to another site")
	k.party.Origin = "https://cairn.example"
	c = signIn()
	w.clock.pass(5 * time.Minute)
	refused(c, k.used(t, c), "after five minutes")

	k.Counter = 40
	if _, err := w.signInWithKey(k); err != nil {
		t.Fatal(err)
	}
	k.Counter = 12
	_, err = w.signInWithKey(k)
	wantKind(t, err, fault.Unauthenticated, "a copy, whose counter is behind")
	if got := w.verbs(ada.Actor.Account); got[len(got)-1] != "passkey.refuse" {
		t.Errorf("the trail says %v", got)
	}

	w.clock.pass(identity.ProofLasts)
	_, err = w.BeginPasskey(ctx, ada.Actor)
	wantKind(t, err, fault.Forbidden, "adding one without a fresh proof")
	wantKind(t, w.RemovePasskey(ctx, ada.Actor, "x"), fault.Forbidden, "removing one without a fresh proof")
	_, err = w.BeginPasskey(ctx, identity.Actor{})
	wantKind(t, err, fault.Unauthenticated, "adding one to nobody")
}

func TestPasskey_OnOnesOwnMachineWorksUnderAnyPort(t *testing.T) {
	ctx := context.Background()
	for _, base := range []string{"", "http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"} {
		w := worldWith(t, dbtest.New(t), mail.Server{}, identity.Settings{Base: base})
		ada := w.proved("ada@example.org")
		for origin, works := range map[string]bool{"http://localhost:8080": true, "http://localhost:39111": true, "http://localhost.evil.example:8080": false, "http://127.0.0.1:8080": false} {
			k := newKey(ada.Actor.Account)
			k.party = virtualwebauthn.RelyingParty{ID: "localhost", Name: "Cairn", Origin: origin}
			c, err := w.BeginPasskey(ctx, ada.Actor)
			if err != nil {
				t.Fatal(err)
			}
			var options struct {
				PublicKey struct{ RP struct{ ID string } }
			}
			if err := json.Unmarshal(c.Options, &options); err != nil || options.PublicKey.RP.ID != "localhost" {
				t.Fatalf("%s, %v", c.Options, err)
			}
			_, err = w.FinishPasskey(ctx, ada.Actor, c.Secret, "", k.made(t, c))
			if works && err != nil || !works && fault.Of(err) != fault.Invalid {
				t.Errorf("base %q, page at %s: %v", base, origin, err)
				continue
			}
			if works {
				if _, err := w.signInWithKey(k); err != nil {
					t.Errorf("base %q, page at %s: %v", base, origin, err)
				}
			}
		}
	}
	number := worldWith(t, dbtest.New(t), mail.Server{}, identity.Settings{Base: "http://192.0.2.1:8080"})
	_, err := number.BeginPasskeySignIn(ctx, "")
	wantKind(t, err, fault.Unavailable, "a server whose name is a number")
}
