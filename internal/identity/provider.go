package identity

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"cairn/internal/db"
	"cairn/internal/fault"
)

// Provider is an OpenID Connect provider.
type Provider struct {
	Key    string // [a-z0-9-]+, in addresses
	Name   string // for people
	Issuer string // its address, https://…
	Client string // id that it gave to this server
	Secret string // and its secret
}

// provider is one with what it says of itself.
type provider struct {
	Provider
	client *http.Client

	mu     sync.Mutex
	known  *oidc.Provider // nil: not asked yet, or what it said did no longer hold
	failed time.Time      // when it could last not be asked
}

const (
	providerWaits  = 10 * time.Second // for an answer of a provider
	providerRests  = 5 * time.Second  // before one that did not answer is asked again
	providerPrefix = "/sign-in/with/"
)

var providerKey = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// newProviders refuses settings that cannot be.
func newProviders(s Settings) (all []*provider, err error) {
	invalid := func(format string, args ...any) ([]*provider, error) {
		return nil, fault.New(fault.Invalid, format, args...)
	}
	if len(s.Providers) > 0 && s.Base == "" {
		return invalid("Signing in with a provider needs base_url: the provider sends people back to it.")
	}
	for n, p := range s.Providers {
		if !providerKey.MatchString(p.Key) || slices.ContainsFunc(s.Providers[:n], func(other Provider) bool { return other.Key == p.Key }) {
			return invalid("The provider %q needs a key of its own, of the characters a-z, 0-9 and -: it stands in addresses.", p.Key)
		}
		issuer, err := url.Parse(p.Issuer)
		if err != nil || issuer.Host == "" || issuer.Scheme != "https" && !(issuer.Scheme == "http" && loopback(issuer.Hostname())) {
			return invalid("The provider %q needs the address of its issuer, https://…; %q is not.", p.Key, p.Issuer)
		}
		if p.Name == "" || p.Client == "" {
			return invalid("The provider %q needs a name and the id that it gave to this server (client).", p.Key)
		}
		all = append(all, &provider{Provider: p, client: &http.Client{Timeout: providerWaits}})
	}
	return all, nil
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// Providers returns the providers that can be signed in with, without their secrets.
func (i *Identity) Providers() []Provider {
	shown := make([]Provider, len(i.providers))
	for n, p := range i.providers {
		shown[n] = p.Provider
		shown[n].Secret = ""
	}
	return shown
}

func (i *Identity) provider(key string) (*provider, error) {
	for _, p := range i.providers {
		if p.Key == key {
			return p, nil
		}
	}
	return nil, fault.New(fault.NotFound, "This server has no such provider to sign in with.")
}

// ask returns what the provider says of itself. It is asked once; again after something it said did not hold.
func (p *provider) ask(ctx context.Context, now time.Time) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known != nil {
		return p.known, nil
	}
	if now.Sub(p.failed) < providerRests && !now.Before(p.failed) {
		return nil, fault.New(fault.Unavailable, "%s does not answer just now. Try again in a moment, or sign in another way.", p.Name)
	}
	// What is returned fetches keys later, so it must outlive the request; the client's timeout bounds each of its calls.
	known, err := oidc.NewProvider(p.calls(context.WithoutCancel(ctx)), p.Issuer)
	if err != nil {
		p.failed = now
		return nil, fault.Wrap(fault.Unavailable, err, "%s does not answer just now. Try again in a moment, or sign in another way.", p.Name)
	}
	p.known = known
	return known, nil
}

// forget has the provider asked again.
func (p *provider) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known = nil
}

func (p *provider) calls(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.client)
}

func (i *Identity) oauth(p *provider, known *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.Client, ClientSecret: p.Secret, Endpoint: known.Endpoint(),
		RedirectURL: i.Link(providerPrefix + p.Key + "/back"),
		Scopes:      []string{oidc.ScopeOpenID, "email"}, // nothing else is needed of anybody
	}
}

// asked is what is kept while the browser is at a provider.
type asked struct {
	Provider string `json:"provider"`
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"` // PKCE
	Next     string `json:"next"`
}

// BeginProvider returns where to send the browser, and a secret for its cookie, good for fifteen minutes. The provider
// sends the browser back to /sign-in/with/KEY/back. NotFound for a provider that is none, Unavailable for one that does not
// answer, Limited.
func (i *Identity) BeginProvider(ctx context.Context, key, next, from string) (address, secret string, err error) {
	p, err := i.provider(key)
	if err != nil {
		return "", "", err
	}
	if err := i.Take("provider", from); err != nil {
		return "", "", err
	}
	known, err := p.ask(ctx, i.now())
	if err != nil {
		return "", "", err
	}
	a := asked{Provider: key, State: NewSecret(), Nonce: NewSecret(), Verifier: oauth2.GenerateVerifier(), Next: LocalPath(next)}
	if secret, err = i.keep(ctx, useProvider, "", a); err != nil {
		return "", "", err
	}
	return i.oauth(p, known).AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), secret, nil
}

// person is whom a provider means.
type person struct {
	subject string
	address string // "" none that it verified
}

// FinishProvider reads the provider's answer and signs in. The account is found by the provider's subject, else by an
// address that the provider says is verified, else made. Unauthenticated where the answer is not one to the question of
// this browser, or the person said no; Forbidden without a verified address; Conflict where the address belongs to an
// account that the provider knows as somebody else; Unavailable.
func (i *Identity) FinishProvider(ctx context.Context, key, secret string, answer url.Values, on Device) (in SignIn, err error) {
	p, err := i.provider(key)
	if err != nil {
		return SignIn{}, err
	}
	if err := i.Take("provider", on.From); err != nil {
		return SignIn{}, err
	}
	var a asked
	if err := i.takeUp(ctx, useProvider, "", secret, &a); err != nil {
		return SignIn{}, err
	}
	issuer := answer.Get("iss") // RFC 9207: an answer says whose it is
	if a.Provider != key || !same(a.State, answer.Get("state")) || issuer != "" && issuer != p.Issuer {
		return SignIn{}, fault.New(fault.Unauthenticated, "This answer of %s was not meant for what this browser asked. Begin again.", p.Name)
	}
	switch answer.Get("error") {
	case "":
	case "access_denied", "login_required", "consent_required", "interaction_required":
		return SignIn{}, fault.New(fault.Unauthenticated, "%s was told not to sign you in here, so nothing happened. Try again, or sign in another way.", p.Name)
	default:
		p.forget()
		return SignIn{}, fault.Wrap(fault.Unavailable, fmt.Errorf("the provider answered %q", answer.Get("error")),
			"%s could not sign you in just now. Try again, or sign in another way.", p.Name)
	}
	who, err := i.ask(ctx, p, a, answer.Get("code"))
	if err != nil {
		return SignIn{}, err
	}
	err = i.db.Write(ctx, func(tx *db.Tx) error {
		account, made, err := i.enterBy(tx, p, who)
		if err != nil {
			return err
		}
		in, err = i.begin(tx, account, p.Key, on)
		in.New, in.Next = made, a.Next
		return err
	})
	return in, err
}

// ask exchanges the code for what the provider says of the person.
func (i *Identity) ask(ctx context.Context, p *provider, a asked, code string) (who person, err error) {
	known, err := p.ask(ctx, i.now())
	if err != nil {
		return person{}, err
	}
	ctx = p.calls(ctx)
	again := func(err error) error {
		return fault.Wrap(fault.Unauthenticated, err, "What %s answered does not hold any more. Begin again.", p.Name)
	}
	broken := func(doing string, err error) error {
		p.forget()
		return fault.Wrap(fault.Unavailable, fmt.Errorf("%s: %w", doing, err),
			"%s could not sign you in. Try again, or sign in another way; if it stays so, tell whoever runs this server.", p.Name)
	}
	got, err := i.oauth(p, known).Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	if refused := (*oauth2.RetrieveError)(nil); errors.As(err, &refused) {
		// Its text would hold the body of the answer.
		err = fmt.Errorf("the provider refused the code: %s", refused.ErrorCode)
		if refused.ErrorCode == "invalid_grant" {
			return person{}, again(err)
		}
		return person{}, broken("exchanging the code", err)
	}
	if err != nil {
		return person{}, broken("exchanging the code", err)
	}
	raw, _ := got.Extra("id_token").(string)
	token, err := known.Verifier(&oidc.Config{ClientID: p.Client, Now: i.now}).Verify(ctx, raw)
	if late := (*oidc.TokenExpiredError)(nil); errors.As(err, &late) {
		return person{}, again(err)
	}
	if err != nil {
		return person{}, broken("verifying what the provider says", err)
	}
	if !same(token.Nonce, a.Nonce) {
		return person{}, again(errors.New("the nonce is another"))
	}
	who.subject = token.Subject
	var said claims
	if err := token.Claims(&said); err != nil {
		return person{}, broken("reading what the provider says", err)
	}
	if said.Email == "" && known.UserInfoEndpoint() != "" {
		more, err := known.UserInfo(ctx, oauth2.StaticTokenSource(got))
		if err != nil {
			return person{}, broken("asking for the address", err)
		}
		if more.Subject != token.Subject {
			return person{}, again(errors.New("the provider speaks of somebody else"))
		}
		if err := more.Claims(&said); err != nil {
			return person{}, broken("reading the address", err)
		}
	}
	if said.verified() {
		who.address = said.Email
	}
	return who, nil
}

// claims are what is read of what a provider says.
type claims struct {
	Email    string `json:"email"`
	Verified any    `json:"email_verified"` // a boolean; some send it as text
}

func (c claims) verified() bool { return c.Verified == true || c.Verified == "true" }

// enterBy returns the account of a person that a provider named; it is made where there is none.
func (i *Identity) enterBy(tx *db.Tx, p *provider, who person) (account string, made bool, err error) {
	err = tx.QueryRow(`SELECT account_id FROM account_subject WHERE issuer = $1 AND subject = $2`, p.Issuer, who.subject).Scan(&account)
	if fault.Of(err) != fault.NotFound {
		return account, false, err
	}
	if who.address == "" {
		return "", false, fault.New(fault.Forbidden, "%s does not say that it checked your mail address, so Cairn cannot know you by it. Have it checked there, or sign in by a link.", p.Name)
	}
	address, err := ParseAddress(who.address)
	if err != nil {
		return "", false, err
	}
	if account, made, err = i.enter(tx, address, i.now()); err != nil {
		return "", false, err
	}
	var others int
	if err := tx.QueryRow(`SELECT COUNT(*) FROM account_subject WHERE account_id = $1 AND issuer = $2`, account, p.Issuer).Scan(&others); err != nil {
		return "", false, err
	}
	if others > 0 {
		return "", false, fault.New(fault.Conflict, "Your address belongs to an account here that %s knows as somebody else: it may have been passed on to you there. If the account is yours, sign in to it by a link.", p.Name)
	}
	_, err = tx.Exec(`INSERT INTO account_subject (issuer, subject, account_id, made_at) VALUES ($1, $2, $3, $4)`, p.Issuer, who.subject, account, i.now().UnixMicro())
	if err != nil {
		return "", false, err
	}
	return account, made, i.note(tx, account, "provider.add", map[string]string{"provider": p.Key})
}
