package identity

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"cairn/internal/db"
	"cairn/internal/fault"
)

// Scope is what a token may be used for. None covers another: what only writes need not read.
type Scope string

const (
	ReadOwn     Scope = "own:read"       // one's own record and scorecards
	WriteOwn    Scope = "own:write"      // one's own entries and profile
	ReadBoards  Scope = "boards:read"    // what one's roles show
	WriteBoards Scope = "boards:write"   // what one's roles allow, releases aside
	Release     Scope = "boards:release" // draft, publish and mend releases
	Operate     Scope = "operate"        // run the server; for operators alone
)

// Scopes are all of them.
func Scopes() []Scope { return []Scope{ReadOwn, WriteOwn, ReadBoards, WriteBoards, Release, Operate} }

const (
	tokenBegins = "cairn_" // so that a token that was published by mistake can be searched for
	tokensMost  = 50       // of one account
)

// Token is a program's credential.
type Token struct {
	ID      string    `json:"id"` // UUIDv7
	Name    string    `json:"name"`
	Scopes  []Scope   `json:"scopes"`
	Made    time.Time `json:"made"`
	Used    time.Time `json:"used,omitzero"` // begin of the last day (UTC) on which it was; zero: never
	Expires time.Time `json:"expires"`
}

// MakeToken makes a token and returns its secret, which is never shown again. Lifetimes are a day to a year. Invalid, with
// the field; Forbidden without a proof within ProofLasts, Limited, Conflict where there are too many.
func (i *Identity) MakeToken(ctx context.Context, a Actor, name string, scopes []Scope, expires time.Time) (secret string, made Token, err error) {
	if err := i.mustBeProved(a); err != nil {
		return "", Token{}, err
	}
	now := i.now()
	made = Token{Name: strings.TrimSpace(name), Made: at(now.UnixMicro()), Expires: at(expires.UnixMicro())}
	for _, s := range Scopes() { // in this order, each once
		if slices.Contains(scopes, s) {
			made.Scopes = append(made.Scopes, s)
		}
	}
	if err := made.check(now, scopes); err != nil {
		return "", Token{}, err
	}
	if !a.Operator && slices.Contains(made.Scopes, Operate) {
		return "", Token{}, fault.Wrong("scopes", "Only somebody who runs this server makes tokens for running it.")
	}
	if err := i.Take("token", a.Account); err != nil {
		return "", Token{}, err
	}
	if made.ID, err = newID(); err != nil {
		return "", Token{}, err
	}
	secret = tokenBegins + NewSecret()
	err = i.db.Write(ctx, func(tx *db.Tx) error {
		if err := i.Still(tx, a.Account); err != nil {
			return err
		}
		var there int
		if err := tx.QueryRow(`SELECT COUNT(*) FROM account_token WHERE account_id = $1`, a.Account).Scan(&there); err != nil {
			return err
		}
		if there >= tokensMost {
			return fault.New(fault.Conflict, "Your account has %d tokens already: revoke one first.", there)
		}
		_, err := tx.Exec(`INSERT INTO account_token (token_id, hash, account_id, name, scopes, made_at, used_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, 0, $7)`,
			made.ID, hash(secret), a.Account, made.Name, joined(made.Scopes), made.Made.UnixMicro(), made.Expires.UnixMicro())
		if err != nil {
			return err
		}
		return i.note(tx, a.Account, "token.make", map[string]string{"scopes": joined(made.Scopes)})
	})
	if err != nil {
		return "", Token{}, err
	}
	return secret, made, nil
}

// check refuses a token that cannot be.
func (t Token) check(now time.Time, asked []Scope) error {
	if t.Name == "" || utf8.RuneCountInString(t.Name) > 60 || !utf8.ValidString(t.Name) || strings.ContainsFunc(t.Name, unicode.IsControl) {
		return fault.Wrong("name", "Give the token a name of at most 60 characters, after the program that uses it.")
	}
	for _, s := range asked {
		if !slices.Contains(Scopes(), s) {
			return fault.Wrong("scopes", "There is no scope %q.", s)
		}
	}
	if len(t.Scopes) == 0 {
		return fault.Wrong("scopes", "Choose at least one thing that the token may do.")
	}
	// A minute either way: the form was filled in before it was sent.
	if life := t.Expires.Sub(now); life < 24*time.Hour-time.Minute || t.Expires.After(now.AddDate(1, 0, 0).Add(time.Minute)) {
		return fault.Wrong("expires", "A token lives for a day to a year.")
	}
	return nil
}

func joined(scopes []Scope) string {
	words := make([]string, len(scopes))
	for n, s := range scopes {
		words[n] = string(s)
	}
	return strings.Join(words, " ")
}

func split(words string) []Scope {
	scopes := []Scope{} // never nil: that is a session's
	for _, word := range strings.Fields(words) {
		scopes = append(scopes, Scope(word))
	}
	return scopes
}

// Tokens returns an account's tokens that have not expired, oldest first.
func (i *Identity) Tokens(ctx context.Context, account string) (tokens []Token, err error) {
	err = i.db.Read(ctx, func(tx *db.Tx) error {
		tokens, err = readTokens(tx, account)
		return err
	})
	now := i.now()
	return slices.DeleteFunc(tokens, func(t Token) bool { return !now.Before(t.Expires) }), err
}

// readTokens returns the tokens of an account, those too that are over and not swept yet.
func readTokens(tx *db.Tx, account string) (tokens []Token, err error) {
	rows, err := tx.Query(`SELECT token_id, name, scopes, made_at, used_at, expires_at FROM account_token
		WHERE account_id = $1 ORDER BY made_at, token_id`, account)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var t Token
		var scopes string
		var made, used, expires int64
		if err := rows.Scan(&t.ID, &t.Name, &scopes, &made, &used, &expires); err != nil {
			return nil, err
		}
		t.Scopes, t.Made, t.Used, t.Expires = split(scopes), at(made), at(used), at(expires)
		tokens = append(tokens, t)
	}
	return tokens, rows.Err()
}

// RevokeToken ends a token of the actor's; NotFound for none.
func (i *Identity) RevokeToken(ctx context.Context, a Actor, id string) error {
	return i.db.Write(ctx, func(tx *db.Tx) error {
		if n, err := changed(tx.Exec(`DELETE FROM account_token WHERE token_id = $1 AND account_id = $2`, id, a.Account)); err != nil {
			return err
		} else if n == 0 {
			return fault.New(fault.NotFound, "Your account has no such token.")
		}
		return i.note(tx, a.Account, "token.revoke", nil)
	})
}

// ByToken returns who holds a token's secret, and notes the day; Unauthenticated for none. They are an operator by it where
// they are one and the token is for that; they were never proved just now.
func (i *Identity) ByToken(ctx context.Context, secret string) (Actor, error) {
	none := func() (Actor, error) {
		return Actor{}, fault.New(fault.Unauthenticated, "This token is not known here, was revoked, or has expired: make a new one.")
	}
	if !strings.HasPrefix(secret, tokenBegins) {
		return none()
	}
	var a Actor
	var id, scopes string
	var used, expires, operator int64
	err := i.db.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryRow(`SELECT t.token_id, t.account_id, t.scopes, t.used_at, t.expires_at, a.operator
			FROM account_token t JOIN account a ON a.account_id = t.account_id WHERE t.hash = $1`, hash(secret)).
			Scan(&id, &a.Account, &scopes, &used, &expires, &operator)
	})
	now := i.now()
	if fault.Of(err) == fault.NotFound || err == nil && !now.Before(at(expires)) {
		return none()
	}
	if err != nil {
		return Actor{}, err
	}
	if day := now.UTC().Truncate(24 * time.Hour).UnixMicro(); used < day {
		err := i.db.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE account_token SET used_at = $1 WHERE token_id = $2 AND used_at < $1`, day, id)
			return err
		})
		if err != nil {
			return Actor{}, err
		}
	}
	a.Scopes = split(scopes)
	a.Operator = operator == 1 && a.May(Operate)
	return a, nil
}
