package identity

import (
	"context"
	"time"
)

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

// Scope is what a token may be used for.
type Scope string

const (
	ReadOwn     Scope = "own:read"     // one's own record and scorecards
	WriteOwn    Scope = "own:write"    // one's own entries and profile
	ReadBoards  Scope = "boards:read"  // what one's roles show
	WriteBoards Scope = "boards:write" // what one's roles allow
)
