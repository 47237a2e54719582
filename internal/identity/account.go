package identity

import (
	"context"
	"time"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/fault"
)

// Policy is the version of the privacy notice that is in force. It changes with what the notice says, and whoever accepted
// another version is asked to read it.
const Policy = "3"

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
	Address string    `json:"address"`         // lower case
	Proved  time.Time `json:"proved,omitzero"` // zero: not proved, but named at the console or by who opened an operator's link
	Primary bool      `json:"primary"`         // mail goes here
}

// Account returns an account, or NotFound.
func (i *Identity) Account(ctx context.Context, id string) (found *Account, err error) {
	err = i.db.Read(ctx, func(tx *db.Tx) error {
		found, err = readAccount(tx, id)
		return err
	})
	return found, err
}

// AccountIn is Account in the caller's transaction.
func (i *Identity) AccountIn(tx *db.Tx, id string) (*Account, error) { return readAccount(tx, id) }

// ByAddress returns the account that an address belongs to, or NotFound. Only rooms that act for that person ask.
func (i *Identity) ByAddress(ctx context.Context, address string) (found *Account, err error) {
	address, err = ParseAddress(address)
	if err != nil {
		return nil, noAccount()
	}
	err = i.db.Read(ctx, func(tx *db.Tx) error {
		id, err := ownerOf(tx, address)
		if err != nil {
			return err
		}
		if id == "" {
			return noAccount()
		}
		found, err = readAccount(tx, id)
		return err
	})
	return found, err
}

func noAccount() error { return fault.New(fault.NotFound, "There is no such account.") }

func readAccount(tx *db.Tx, id string) (*Account, error) {
	a := &Account{ID: id}
	var operator, created int64
	err := tx.QueryRow(`SELECT operator, policy, created_at FROM account WHERE account_id = $1`, id).Scan(&operator, &a.Policy, &created)
	if fault.Of(err) == fault.NotFound {
		return nil, noAccount()
	}
	if err != nil {
		return nil, err
	}
	a.Operator, a.Created = operator == 1, at(created)
	rows, err := tx.Query(`SELECT address, proved_at, main FROM account_address WHERE account_id = $1 ORDER BY main DESC, address`, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var address Address
		var proved, main int64
		if err := rows.Scan(&address.Address, &proved, &main); err != nil {
			return nil, err
		}
		address.Proved, address.Primary = at(proved), main == 1
		a.Addresses = append(a.Addresses, address)
	}
	return a, rows.Err()
}

// at is the instant of a column; 0 is none.
func at(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// ownerOf returns the account that an address belongs to, "" none.
func ownerOf(tx *db.Tx, address string) (account string, err error) {
	err = tx.QueryRow(`SELECT account_id FROM account_address WHERE address = $1`, address).Scan(&account)
	if fault.Of(err) == fault.NotFound {
		return "", nil
	}
	return account, err
}

// enter returns the account of an address; it is made where there is none. proved is when its reader proved to read it,
// zero where only the console says so.
func (i *Identity) enter(tx *db.Tx, address string, proved time.Time) (account string, made bool, err error) {
	account, err = ownerOf(tx, address)
	if err != nil {
		return "", false, err
	}
	if account != "" && !proved.IsZero() {
		if account, err = i.yield(tx, account, address); err != nil {
			return "", false, err
		}
	}
	if account != "" {
		return account, false, proveAddress(tx, address, proved)
	}
	if account, err = i.makeAccount(tx); err != nil {
		return "", false, err
	}
	return account, true, i.putAddress(tx, account, address, proved)
}

// yield gives way to somebody who proves an address that until now was only named: whoever typed it at an operator's link may
// be somebody else, and must not be in the record that its reader comes into. Where the account has been proved to be another's
// the address leaves it, and none is returned; else the account becomes the reader's, and every way in of before ends.
func (i *Identity) yield(tx *db.Tx, account, address string) (string, error) {
	var proved int64
	if err := tx.QueryRow(`SELECT proved_at FROM account_address WHERE address = $1`, address).Scan(&proved); err != nil || proved != 0 {
		return account, err
	}
	var others int
	err := tx.QueryRow(`SELECT (SELECT COUNT(*) FROM account_address WHERE account_id = $1 AND proved_at <> 0)
		+ (SELECT COUNT(*) FROM account_subject WHERE account_id = $1)`, account).Scan(&others)
	if err != nil {
		return "", err
	}
	if others > 0 {
		if _, err := tx.Exec(`DELETE FROM account_address WHERE address = $1`, address); err != nil {
			return "", err
		}
		if err := settleMain(tx, account); err != nil {
			return "", err
		}
		return "", i.note(tx, account, "address.remove", map[string]string{"why": "somebody else proved to read it"})
	}
	if err := endAll(tx, account); err != nil {
		return "", err
	}
	for _, table := range []string{"account_passkey", "account_token"} {
		if _, err := tx.Exec(`DELETE FROM `+table+` WHERE account_id = $1`, account); err != nil {
			return "", err
		}
	}
	return account, i.note(tx, account, "session.end", map[string]string{"why": "the address was proved by its reader"})
}

// proveAddress notes when an address was last proved.
func proveAddress(tx *db.Tx, address string, proved time.Time) error {
	if proved.IsZero() {
		return nil
	}
	_, err := tx.Exec(`UPDATE account_address SET proved_at = $1 WHERE address = $2`, proved.UnixMicro(), address)
	return err
}

func (i *Identity) makeAccount(tx *db.Tx) (account string, err error) {
	if account, err = newID(); err != nil {
		return "", err
	}
	_, err = tx.Exec(`INSERT INTO account (account_id, operator, policy, policy_at, merged, created_at) VALUES ($1, 0, '', 0, '', $2)`,
		account, i.now().UnixMicro())
	return account, err
}

// putAddress gives an account an address that is nobody's; mail goes there where it is the first.
func (i *Identity) putAddress(tx *db.Tx, account, address string, proved time.Time) error {
	micros := int64(0)
	if !proved.IsZero() {
		micros = proved.UnixMicro()
	}
	if _, err := tx.Exec(`INSERT INTO account_address (address, account_id, proved_at, main) VALUES ($1, $2, $3, 0)`, address, account, micros); err != nil {
		return err
	}
	return settleMain(tx, account)
}

// settleMain sees to it that mail goes to one address of an account, as long as it has any: the one of before, else the one
// that was proved first.
func settleMain(tx *db.Tx, account string) error {
	_, err := tx.Exec(`UPDATE account_address SET main = 1 WHERE address = (
			SELECT address FROM account_address WHERE account_id = $1 ORDER BY proved_at, address LIMIT 1)
		AND NOT EXISTS (SELECT 1 FROM account_address WHERE account_id = $1 AND main = 1)`, account)
	return err
}

// RemoveAddress takes an address from the actor's account; Conflict for the last way in, Forbidden without a proof within
// ProofLasts.
func (i *Identity) RemoveAddress(ctx context.Context, a Actor, address string) error {
	if err := i.mustBeProved(a); err != nil {
		return err
	}
	address, err := ParseAddress(address)
	if err != nil {
		return noAddress()
	}
	return i.db.Write(ctx, func(tx *db.Tx) error {
		if n, err := changed(tx.Exec(`DELETE FROM account_address WHERE address = $1 AND account_id = $2`, address, a.Account)); err != nil {
			return err
		} else if n == 0 {
			return noAddress()
		}
		if _, err := tx.Exec(`DELETE FROM sign_in_link WHERE address = $1`, address); err != nil {
			return err
		}
		if err := settleMain(tx, a.Account); err != nil {
			return err
		}
		if addresses, others, err := i.waysIn(tx, a.Account); err != nil {
			return err
		} else if addresses+others == 0 {
			return lastWayIn()
		}
		return i.note(tx, a.Account, "address.remove", nil)
	})
}

func noAddress() error { return fault.New(fault.NotFound, "Your account has no such address.") }

// AddressesIn returns the addresses that an account proved to read, in the caller's transaction; none for an account that is
// not there.
func (i *Identity) AddressesIn(tx *db.Tx, account string) ([]string, error) {
	return column(tx, `SELECT address FROM account_address WHERE account_id = $1 AND proved_at <> 0 ORDER BY main DESC, address`, account)
}

// NamedIn is AddressesIn together with the addresses that were only typed at an operator's link.
func (i *Identity) NamedIn(tx *db.Tx, account string) ([]string, error) {
	return column(tx, `SELECT address FROM account_address WHERE account_id = $1 ORDER BY main DESC, address`, account)
}

// Still refuses, as Unauthenticated, an account that was erased or became part of another since its actor was let in. A room
// asks in the transaction in which it writes for somebody, so that nothing is kept of who is gone.
func (i *Identity) Still(tx *db.Tx, account string) error {
	var merged string
	err := tx.QueryRow(`SELECT merged FROM account WHERE account_id = $1`, account).Scan(&merged)
	if fault.Of(err) == fault.NotFound || err == nil && merged != "" {
		return notSignedIn()
	}
	return err
}

// MailTo makes one of the actor's addresses the one where mail goes.
func (i *Identity) MailTo(ctx context.Context, a Actor, address string) error {
	address, err := ParseAddress(address)
	if err != nil {
		return noAddress()
	}
	return i.db.Write(ctx, func(tx *db.Tx) error {
		owner, err := ownerOf(tx, address)
		if err != nil {
			return err
		}
		if owner == "" || owner != a.Account {
			return noAddress()
		}
		if _, err := tx.Exec(`UPDATE account_address SET main = CASE address WHEN $1 THEN 1 ELSE 0 END WHERE account_id = $2`, address, a.Account); err != nil {
			return err
		}
		return i.note(tx, a.Account, "address.main", nil)
	})
}

// waysIn counts how an account can be signed in to: by addresses, and otherwise. A provider is a way where it is set up.
func (i *Identity) waysIn(tx *db.Tx, account string) (addresses, others int, err error) {
	err = tx.QueryRow(`SELECT (SELECT COUNT(*) FROM account_address WHERE account_id = $1), (SELECT COUNT(*) FROM account_passkey WHERE account_id = $1)`,
		account).Scan(&addresses, &others)
	if err != nil {
		return 0, 0, err
	}
	for _, p := range i.providers {
		var subjects int
		if err := tx.QueryRow(`SELECT COUNT(*) FROM account_subject WHERE account_id = $1 AND issuer = $2`, account, p.Issuer).Scan(&subjects); err != nil {
			return 0, 0, err
		}
		others += subjects
	}
	return addresses, others, nil
}

func lastWayIn() error {
	return fault.New(fault.Conflict, "This is your last way to sign in: add another one first, a passkey for example.")
}

// AcceptPolicy notes that a version of the privacy notice was accepted.
func (i *Identity) AcceptPolicy(ctx context.Context, a Actor, version string) error {
	return i.db.Write(ctx, func(tx *db.Tx) error {
		n, err := changed(tx.Exec(`UPDATE account SET policy = $1, policy_at = $2 WHERE account_id = $3 AND policy <> $1`, version, i.now().UnixMicro(), a.Account))
		if err != nil || n == 0 {
			return err
		}
		return i.note(tx, a.Account, "policy.accept", map[string]string{"version": version})
	})
}

// note writes into the trail what somebody did to their own account.
func (i *Identity) note(tx *db.Tx, account, verb string, detail map[string]string) error {
	return i.trail.Write(tx, audit.Event{Actor: account, Player: account, Verb: verb, Detail: detail})
}
