package identity

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/mail"
)

// Actor is who asks. The zero Actor is somebody who is not signed in.
type Actor struct {
	Account  string    // "" nobody
	Session  string    // id of the session, "" a token
	Operator bool      // runs this server: may suspend boards; sees no board that they have no role on
	Proved   time.Time // when they last proved who they are, on this session
	Scopes   []Scope   // of a token; nil a session, which may all that its owner may
}

// SignedIn reports whether somebody is.
func (a Actor) SignedIn() bool { return a.Account != "" }

// ProofLasts is for how long a proof lets somebody do what cannot be undone: export, erase, merge, make a token.
const ProofLasts = 10 * time.Minute

// May reports whether the actor's credential covers a scope.
func (a Actor) May(s Scope) bool { return false }

// Scope is what a token may be used for.
type Scope string

const (
	ReadOwn     Scope = "own:read"     // one's own record and scorecards
	WriteOwn    Scope = "own:write"    // one's own entries and profile
	ReadBoards  Scope = "boards:read"  // what one's roles show
	WriteBoards Scope = "boards:write" // what one's roles allow
)

// Account is one person.
type Account struct {
	ID        string // UUIDv7
	Operator  bool
	Created   time.Time
	Policy    string // version of the privacy notice that was accepted, "" none
	Addresses []Address
}

// Address is a mail address that its owner proved to read.
type Address struct {
	Address string // lower case
	Proved  time.Time
	Primary bool // mail goes here
}

// Session is a place where somebody is signed in.
type Session struct {
	ID      string
	Device  string // "Firefox on Linux"
	Began   time.Time
	Seen    time.Time
	Expires time.Time
}

// Device is what is known of a browser that asks.
type Device struct {
	Agent string // its User-Agent
	From  string // its network address, for the limits
}

// SignIn is the outcome of a proof.
type SignIn struct {
	Secret string // of the session, for the cookie
	Actor  Actor
	Next   string // where the person wanted to go: a path on this server
	New    bool   // the account was made just now
}

// Settings of the room.
type Settings struct {
	Base      string     // address of the server, "https://…"; its host is the name that passkeys are bound to
	Name      string     // of the server, as mails and passkeys say it
	Providers []Provider // of OpenID Connect
}

// Provider is an OpenID Connect provider.
type Provider struct {
	Key    string // [a-z0-9-]+, in addresses
	Name   string // for people
	Issuer string
	Client string
	Secret string
}

// Identity is the room.
type Identity struct {
	db       *db.DB
	post     *mail.Post
	trail    *audit.Trail
	now      func() time.Time
	settings Settings
}

// New builds the room; now is the only clock. Providers are asked for their metadata when first needed.
func New(d *db.DB, post *mail.Post, trail *audit.Trail, now func() time.Time, s Settings) (*Identity, error) {
	return &Identity{db: d, post: post, trail: trail, now: now, settings: s}, nil
}

// Ask is a wish for a link by mail.
type Ask struct {
	Address string
	Browser string // secret of the asking browser: the link works there only
	Next    string // where to go afterwards: a path on this server, anything else is dropped
	From    string // network address, for the limits
	Account string // "" sign in; else the link adds the address to this account, or proves it again
}

// AskLink mails a link. The answer is the same for an address with and without an account. Invalid for what is no
// address, Limited, Unavailable where no mail can be sent.
func (i *Identity) AskLink(ctx context.Context, ask Ask) error { return nil }

// LinkShown is what the page behind a link says before its button is pressed.
type LinkShown struct {
	Address string // where it was sent
	Adds    bool   // it adds the address to an account
	Here    bool   // this is the browser that asked
}

// ShowLink looks at a link and changes nothing, since mail scanners open links. NotFound for one that is absent, used or
// expired.
func (i *Identity) ShowLink(ctx context.Context, token, browser string) (LinkShown, error) {
	return LinkShown{}, nil
}

// UseLink signs in, or adds the address. Each link works once; another browser than the one that asked is refused as
// NotFound and spends nothing.
func (i *Identity) UseLink(ctx context.Context, token, browser string, on Device) (SignIn, error) {
	return SignIn{}, nil
}

// OperatorLink returns the address of a one-time link that makes whoever opens it an operator, good for an hour: how the
// first person signs in where no mail can be sent. Earlier operator links end.
func (i *Identity) OperatorLink(ctx context.Context) (string, error) { return "", nil }

// HasOperator reports whether somebody operates this server already.
func (i *Identity) HasOperator(ctx context.Context) (bool, error) { return false, nil }

// UseOperatorLink signs in with an operator's link; address names the account, made where there is none.
func (i *Identity) UseOperatorLink(ctx context.Context, token, address string, on Device) (SignIn, error) {
	return SignIn{}, nil
}

// SignInProved signs in somebody who proved to read an address by another secret that was mailed to it (an invitation).
// The caller answers for that proof.
func (i *Identity) SignInProved(ctx context.Context, address string, on Device) (SignIn, error) {
	return SignIn{}, nil
}

// Actor returns who holds a session's secret, and notes that they were seen. Unauthenticated for none.
func (i *Identity) Actor(ctx context.Context, secret string) (Actor, error) { return Actor{}, nil }

// Sessions returns where an account is signed in, last seen first.
func (i *Identity) Sessions(ctx context.Context, account string) ([]Session, error) { return nil, nil }

// SignOut ends one session of the actor's account; NotFound where it has no such session.
func (i *Identity) SignOut(ctx context.Context, a Actor, session string) error { return nil }

// SignOutEverywhere ends every session of the actor's account; tokens stay.
func (i *Identity) SignOutEverywhere(ctx context.Context, a Actor) error { return nil }

// Account returns an account, or NotFound.
func (i *Identity) Account(ctx context.Context, id string) (*Account, error) { return nil, nil }

// ByAddress returns the account that proved to read an address, or NotFound. Only rooms that act for that person ask.
func (i *Identity) ByAddress(ctx context.Context, address string) (*Account, error) { return nil, nil }

// RemoveAddress takes an address from an account; Conflict for the last way in.
func (i *Identity) RemoveAddress(ctx context.Context, a Actor, address string) error { return nil }

// AcceptPolicy notes that a version of the privacy notice was accepted.
func (i *Identity) AcceptPolicy(ctx context.Context, a Actor, version string) error { return nil }

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

// Token is a program's credential.
type Token struct {
	ID      string
	Name    string
	Scopes  []Scope
	Made    time.Time
	Used    time.Time // zero: never
	Expires time.Time
}

// MakeToken makes a token and returns its secret, which is never shown again. Lifetimes are a day to a year.
func (i *Identity) MakeToken(ctx context.Context, a Actor, name string, scopes []Scope, expires time.Time) (secret string, made Token, err error) {
	return "", Token{}, nil
}

// Tokens returns an account's tokens.
func (i *Identity) Tokens(ctx context.Context, account string) ([]Token, error) { return nil, nil }

// RevokeToken ends a token.
func (i *Identity) RevokeToken(ctx context.Context, a Actor, id string) error { return nil }

// ByToken returns who holds a token's secret; Unauthenticated for none.
func (i *Identity) ByToken(ctx context.Context, secret string) (Actor, error) { return Actor{}, nil }

// Take counts one knock at a door for each key (an address, a network, an account); the error is Limited, with the wait,
// where one of them knocks too often.
func (i *Identity) Take(door string, keys ...string) error { return nil }

// Move moves every way in of one account into another: addresses, passkeys, providers, tokens; sessions of the one that
// goes end. The account that goes stays as an empty shell, so that MoveBack can undo it.
func (i *Identity) Move(tx *db.Tx, from, into string) (note json.RawMessage, err error) {
	return nil, nil
}

// MoveBack moves back what Move moved.
func (i *Identity) MoveBack(tx *db.Tx, from, into string, note json.RawMessage) error { return nil }

// Link returns the full address of a path of this server.
func (i *Identity) Link(path string) string { return i.settings.Base + path }

// Kept returns all that the room keeps of an account, by file name, as values for JSON: no secret, no hash.
func (i *Identity) Kept(tx *db.Tx, account string) (map[string]any, error) { return nil, nil }

// Forget deletes an account and every way in.
func (i *Identity) Forget(tx *db.Tx, account string) error { return nil }

// Sweep deletes what has expired: links, ceremonies, sessions, tokens.
func (i *Identity) Sweep(ctx context.Context) error { return nil }
