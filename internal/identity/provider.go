package identity

import (
	"context"
	"net/url"
)

// Providers returns the providers that can be signed in with, without their secrets.
func (i *Identity) Providers() []Provider { return nil }

// BeginProvider returns where to send the browser, and a secret for its cookie.
func (i *Identity) BeginProvider(ctx context.Context, key, next, from string) (address, secret string, err error) {
	return "", "", nil
}

// FinishProvider reads the provider's answer and signs in. The account is found by the provider's subject, else by an
// address that the provider says is verified, else made.
func (i *Identity) FinishProvider(ctx context.Context, key, secret string, answer url.Values, on Device) (SignIn, error) {
	return SignIn{}, nil
}

// Provider is an OpenID Connect provider.
type Provider struct {
	Key    string // [a-z0-9-]+, in addresses
	Name   string // for people
	Issuer string
	Client string
	Secret string
}
