package identity

import (
	"context"
	"encoding/json"
	"time"
)

// Passkey is a key on a device of somebody's.
type Passkey struct {
	ID   string
	Name string
	Made time.Time
	Used time.Time // zero: never
}

// Ceremony is the first half of using a passkey: options for the browser, and the state that the second half needs, kept
// here under a secret that goes into a cookie.
type Ceremony struct {
	Options json.RawMessage
	Secret  string
}

// BeginPasskey begins to add a passkey to the actor's account.
func (i *Identity) BeginPasskey(ctx context.Context, a Actor) (Ceremony, error) {
	return Ceremony{}, nil
}

// FinishPasskey adds it. Invalid where the browser's answer does not fit.
func (i *Identity) FinishPasskey(ctx context.Context, a Actor, secret, name string, answer []byte) (Passkey, error) {
	return Passkey{}, nil
}

// BeginPasskeySignIn begins to sign in with a passkey that the browser knows of.
func (i *Identity) BeginPasskeySignIn(ctx context.Context, from string) (Ceremony, error) {
	return Ceremony{}, nil
}

// FinishPasskeySignIn signs in. Unauthenticated where the answer does not fit.
func (i *Identity) FinishPasskeySignIn(ctx context.Context, secret string, answer []byte, next string, on Device) (SignIn, error) {
	return SignIn{}, nil
}

// Passkeys returns an account's passkeys.
func (i *Identity) Passkeys(ctx context.Context, account string) ([]Passkey, error) { return nil, nil }

// RemovePasskey removes one; Conflict for the last way in.
func (i *Identity) RemovePasskey(ctx context.Context, a Actor, id string) error { return nil }
