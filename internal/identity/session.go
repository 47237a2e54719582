package identity

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"cairn/internal/db"
	"cairn/internal/fault"
)

// A session ends when it is signed out, a month after it began, or when nobody was seen for two weeks.
const (
	sessionLasts = 30 * 24 * time.Hour
	sessionIdles = 14 * 24 * time.Hour
	seenEvery    = 5 * time.Minute // how exactly it is noted that somebody was seen
	clockSkew    = 2 * time.Minute // how far the clocks of two nodes may differ
)

// Actor is who asks. The zero Actor is somebody who is not signed in.
type Actor struct {
	Account  string    // "" nobody
	Session  string    // id of the session, "" a token
	Operator bool      // runs this server: may suspend boards; sees no board that they have no role on. A token where it is for that
	Proved   time.Time // when they last proved who they are, on this session; zero for a token
	Scopes   []Scope   // of a token; nil a session, which may all that its owner may
}

// SignedIn reports whether somebody is.
func (a Actor) SignedIn() bool { return a.Account != "" }

// ProofLasts is for how long a proof lets somebody do what cannot be undone: export, erase, merge, make a token, change
// their ways in.
const ProofLasts = 10 * time.Minute

// JustProved reports whether the actor proved who they are within ProofLasts. A token never did.
func (a Actor) JustProved(now time.Time) bool {
	return a.SignedIn() && a.Session != "" && now.Sub(a.Proved) <= ProofLasts
}

// May reports whether the actor's credential covers a scope.
func (a Actor) May(s Scope) bool {
	return a.SignedIn() && (a.Scopes == nil || slices.Contains(a.Scopes, s))
}

// mustBeProved is the door before what a stolen session must not do.
func (i *Identity) mustBeProved(a Actor) error {
	if !a.SignedIn() {
		return fault.New(fault.Unauthenticated, "Sign in first.")
	}
	if !a.JustProved(i.now()) {
		return fault.New(fault.Forbidden, "Prove once more that it is you: sign in again, then come back.")
	}
	return nil
}

// Session is a place where somebody is signed in.
type Session struct {
	ID      string    `json:"id"`     // UUIDv7
	Device  string    `json:"device"` // "Firefox on Linux"
	Began   time.Time `json:"began"`
	Seen    time.Time `json:"seen"`
	Expires time.Time `json:"expires"` // unless nobody is seen for two weeks before
}

// SignIn is the outcome of a proof.
type SignIn struct {
	Secret string // of the session, for the cookie
	Actor  Actor
	Next   string // where the person wanted to go: a path on this server, "" nowhere
	New    bool   // the account was made just now
}

// begin signs an account in. by says how it was proved, for the trail.
func (i *Identity) begin(tx *db.Tx, account, by string, on Device) (SignIn, error) {
	var operator int64
	if err := tx.QueryRow(`SELECT operator FROM account WHERE account_id = $1`, account).Scan(&operator); err != nil {
		return SignIn{}, err
	}
	if on.Holds != "" {
		if _, err := tx.Exec(`DELETE FROM account_session WHERE session_id = $1`, on.Holds); err != nil {
			return SignIn{}, err
		}
	}
	id, err := newID()
	if err != nil {
		return SignIn{}, err
	}
	now := i.now()
	s := SignIn{Secret: NewSecret(), Actor: Actor{Account: account, Session: id, Operator: operator == 1, Proved: at(now.UnixMicro())}}
	_, err = tx.Exec(`INSERT INTO account_session (session_id, hash, account_id, device, browser, began_at, seen_at, proved_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $6, $6, $7)`,
		id, hash(s.Secret), account, on.words(), on.family(), now.UnixMicro(), now.Add(sessionLasts).UnixMicro())
	if err != nil {
		return SignIn{}, err
	}
	return s, i.note(tx, account, "session.begin", map[string]string{"by": by, "device": on.words()})
}

// SignInProved signs in somebody who proved to read an address by another secret that was mailed to it (an invitation).
// The caller answers for that proof. Invalid for what is no address.
func (i *Identity) SignInProved(ctx context.Context, address string, on Device) (in SignIn, err error) {
	address, err = ParseAddress(address)
	if err != nil {
		return SignIn{}, err
	}
	err = i.db.Write(ctx, func(tx *db.Tx) error {
		account, made, err := i.enter(tx, address, i.now())
		if err != nil {
			return err
		}
		in, err = i.begin(tx, account, "invitation", on)
		in.New = made
		return err
	})
	return in, err
}

// Actor returns who holds a session's secret, and notes that they were seen. Unauthenticated for none.
//
// A session is bound to the family of its browser (Firefox, Chrome, …), which people who roam between networks or update
// their browser keep: asked for by another family, it ends. That trips whoever carries a stolen cookie into a browser of
// their own without a thought; who forges the name of the browser as well is stopped only by what asks for a new proof.
func (i *Identity) Actor(ctx context.Context, secret string, on Device) (Actor, error) {
	if secret == "" {
		return Actor{}, notSignedIn()
	}
	var a Actor
	var browser string
	var operator, began, seen, proved, expires int64
	err := i.db.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryRow(`SELECT s.session_id, s.account_id, s.browser, s.began_at, s.seen_at, s.proved_at, s.expires_at, a.operator
			FROM account_session s JOIN account a ON a.account_id = s.account_id WHERE s.hash = $1`, hash(secret)).
			Scan(&a.Session, &a.Account, &browser, &began, &seen, &proved, &expires, &operator)
	})
	if fault.Of(err) == fault.NotFound {
		return Actor{}, notSignedIn()
	}
	if err != nil {
		return Actor{}, err
	}
	now := i.now()
	if !now.Before(at(expires)) || now.Sub(at(seen)) > sessionIdles || at(began).Sub(now) > clockSkew {
		return Actor{}, notSignedIn()
	}
	if browser != on.family() {
		return Actor{}, i.endElsewhere(ctx, a)
	}
	if now.Sub(at(seen)) >= seenEvery {
		err := i.db.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE account_session SET seen_at = $1 WHERE session_id = $2 AND seen_at < $1`, now.UnixMicro(), a.Session)
			return err
		})
		if err != nil {
			return Actor{}, err
		}
	}
	a.Operator, a.Proved = operator == 1, at(proved)
	return a, nil
}

func notSignedIn() error { return fault.New(fault.Unauthenticated, "You are not signed in.") }

// endElsewhere ends a session that another browser asked for.
func (i *Identity) endElsewhere(ctx context.Context, a Actor) error {
	err := i.db.Write(ctx, func(tx *db.Tx) error {
		if n, err := changed(tx.Exec(`DELETE FROM account_session WHERE session_id = $1`, a.Session)); err != nil || n == 0 {
			return err
		}
		return i.note(tx, a.Account, "session.end", map[string]string{"why": "asked for by another browser"})
	})
	if err != nil {
		return err
	}
	return fault.New(fault.Unauthenticated, "This sign-in began in another browser, so it was ended to be safe. Sign in again.")
}

// Sessions returns where an account is signed in, last seen first.
func (i *Identity) Sessions(ctx context.Context, account string) (sessions []Session, err error) {
	err = i.db.Read(ctx, func(tx *db.Tx) error {
		sessions, err = readSessions(tx, account)
		return err
	})
	now := i.now()
	return slices.DeleteFunc(sessions, func(s Session) bool { return !now.Before(s.Expires) || now.Sub(s.Seen) > sessionIdles }), err
}

// readSessions returns the sessions of an account, those too that are over and not swept yet.
func readSessions(tx *db.Tx, account string) (sessions []Session, err error) {
	rows, err := tx.Query(`SELECT session_id, device, began_at, seen_at, expires_at FROM account_session
		WHERE account_id = $1 ORDER BY seen_at DESC, began_at DESC`, account)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s Session
		var began, seen, expires int64
		if err := rows.Scan(&s.ID, &s.Device, &began, &seen, &expires); err != nil {
			return nil, err
		}
		s.Began, s.Seen, s.Expires = at(began), at(seen), at(expires)
		sessions = append(sessions, s)
	}
	return sessions, rows.Err()
}

// SignOut ends one session of the actor's account; NotFound where it has no such session.
func (i *Identity) SignOut(ctx context.Context, a Actor, session string) error {
	return i.db.Write(ctx, func(tx *db.Tx) error {
		if n, err := changed(tx.Exec(`DELETE FROM account_session WHERE session_id = $1 AND account_id = $2`, session, a.Account)); err != nil {
			return err
		} else if n == 0 {
			return fault.New(fault.NotFound, "You are not signed in there any more.")
		}
		return i.note(tx, a.Account, "session.end", map[string]string{"why": "one place"})
	})
}

// SignOutEverywhere ends every session of the actor's account, and what was begun in them; tokens stay.
func (i *Identity) SignOutEverywhere(ctx context.Context, a Actor) error {
	return i.db.Write(ctx, func(tx *db.Tx) error {
		if err := endAll(tx, a.Account); err != nil {
			return err
		}
		return i.note(tx, a.Account, "session.end", map[string]string{"why": "everywhere"})
	})
}

// endAll ends every session of an account, and what was begun in them.
func endAll(tx *db.Tx, account string) error {
	for _, table := range []string{"account_session", "sign_in_link", "ceremony"} {
		if _, err := tx.Exec(`DELETE FROM `+table+` WHERE account_id = $1`, account); err != nil {
			return err
		}
	}
	return nil
}

// changed is how many rows a statement changed.
func changed(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
