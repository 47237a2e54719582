package identity

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cairn/internal/db"
	"cairn/internal/fault"
)

// Kept returns all that the room keeps of an account, by file name, as values for JSON: no secret, no hash.
func (i *Identity) Kept(tx *db.Tx, account string) (map[string]any, error) {
	type subject struct {
		Issuer  string    `json:"issuer"`
		Subject string    `json:"subject"`
		Made    time.Time `json:"made"`
	}
	type sent struct {
		To      string    `json:"to"`
		Made    time.Time `json:"made"`
		Expires time.Time `json:"expires"`
	}
	var kept struct {
		Account   string    `json:"account"`
		Created   time.Time `json:"created"`
		Operator  bool      `json:"operator"`
		Policy    string    `json:"privacy_notice_accepted,omitempty"`
		PolicyAt  time.Time `json:"privacy_notice_accepted_at,omitzero"`
		Addresses []Address `json:"addresses,omitempty"`
		Passkeys  []Passkey `json:"passkeys,omitempty"`
		Providers []subject `json:"providers,omitempty"`
		Sessions  []Session `json:"sessions,omitempty"`
		Tokens    []Token   `json:"tokens,omitempty"`
		Links     []sent    `json:"links_sent,omitempty"`
		Joined    []string  `json:"accounts_joined_into_this,omitempty"`
	}
	a, err := readAccount(tx, account)
	if err != nil {
		return nil, err
	}
	kept.Account, kept.Created, kept.Operator, kept.Policy, kept.Addresses = a.ID, a.Created, a.Operator, a.Policy, a.Addresses
	var accepted int64
	if err := tx.QueryRow(`SELECT policy_at FROM account WHERE account_id = $1`, account).Scan(&accepted); err != nil {
		return nil, err
	}
	kept.PolicyAt = at(accepted)
	if kept.Passkeys, err = readPasskeys(tx, account); err != nil {
		return nil, err
	}
	if kept.Sessions, err = readSessions(tx, account); err != nil {
		return nil, err
	}
	if kept.Tokens, err = readTokens(tx, account); err != nil {
		return nil, err
	}
	err = each(tx, func(scan func(...any) error) error {
		var s subject
		var made int64
		err := scan(&s.Issuer, &s.Subject, &made)
		s.Made = at(made)
		kept.Providers = append(kept.Providers, s)
		return err
	}, `SELECT issuer, subject, made_at FROM account_subject WHERE account_id = $1`, account)
	if err != nil {
		return nil, err
	}
	err = each(tx, func(scan func(...any) error) error {
		var l sent
		var made, expires int64
		err := scan(&l.To, &made, &expires)
		l.Made, l.Expires = at(made), at(expires)
		kept.Links = append(kept.Links, l)
		return err
	}, `SELECT address, made_at, expires_at FROM sign_in_link WHERE `+linksOf+` ORDER BY made_at`, account)
	if err != nil {
		return nil, err
	}
	shells, err := joinedInto(tx, account)
	kept.Joined = shells[1:]
	return map[string]any{"account.json": kept}, err
}

// linksOf are the links that were sent for an account: to its addresses, or to one that it would add.
const linksOf = `(account_id = $1 OR address IN (SELECT address FROM account_address WHERE account_id = $1))`

// each visits the rows of a query.
func each(tx *db.Tx, visit func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := visit(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// column reads a query of one column of text.
func column(tx *db.Tx, query string, args ...any) (values []string, err error) {
	err = each(tx, func(scan func(...any) error) error {
		var value string
		err := scan(&value)
		values = append(values, value)
		return err
	}, query, args...)
	return values, err
}

// joinedInto returns an account and those that were joined into it, and into those.
func joinedInto(tx *db.Tx, account string) ([]string, error) {
	accounts := []string{account}
	for n := 0; n < len(accounts); n++ {
		into, err := column(tx, `SELECT account_id FROM account WHERE merged = $1`, accounts[n])
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, into...)
	}
	return accounts, nil
}

// Forget deletes an account and every way in, with what is left of those that were joined into it.
func (i *Identity) Forget(tx *db.Tx, account string) error {
	accounts, err := joinedInto(tx, account)
	if err != nil {
		return err
	}
	for _, gone := range accounts {
		if _, err := tx.Exec(`DELETE FROM sign_in_link WHERE `+linksOf, gone); err != nil {
			return err
		}
		for _, table := range []string{"ceremony", "account_token", "account_subject", "account_passkey", "account_session", "account_address", "account"} {
			if _, err := tx.Exec(`DELETE FROM `+table+` WHERE account_id = $1`, gone); err != nil {
				return err
			}
		}
	}
	return nil
}

// moved is what Move moved.
type moved struct {
	Addresses []string    `json:"addresses"`
	Main      string      `json:"main"` // the one of them where mail went
	Passkeys  []string    `json:"passkeys"`
	Subjects  [][2]string `json:"subjects"` // issuer and subject
	Tokens    []string    `json:"tokens"`
	Operator  bool        `json:"operator"` // it was an operator's
	Gained    bool        `json:"gained"`   // and made the other one an operator's
}

// Move moves every way in of one account into another: addresses, passkeys, providers, tokens, and the right to operate
// the server; sessions of the one that goes end. The account that goes stays as an empty shell, so that MoveBack can undo
// it. NotFound where one of them is not there.
func (i *Identity) Move(tx *db.Tx, from, into string) (note json.RawMessage, err error) {
	goes, err := readAccount(tx, from)
	if err != nil {
		return nil, err
	}
	stays, err := readAccount(tx, into)
	if err != nil {
		return nil, err
	}
	if from == into {
		return nil, fault.New(fault.Conflict, "These two are one account already.")
	}
	m := moved{Operator: goes.Operator, Gained: goes.Operator && !stays.Operator}
	for _, a := range goes.Addresses {
		m.Addresses = append(m.Addresses, a.Address)
		if a.Primary {
			m.Main = a.Address
		}
	}
	if m.Passkeys, err = column(tx, `SELECT passkey_id FROM account_passkey WHERE account_id = $1`, from); err != nil {
		return nil, err
	}
	if m.Tokens, err = column(tx, `SELECT token_id FROM account_token WHERE account_id = $1`, from); err != nil {
		return nil, err
	}
	err = each(tx, func(scan func(...any) error) error {
		var s [2]string
		err := scan(&s[0], &s[1])
		m.Subjects = append(m.Subjects, s)
		return err
	}, `SELECT issuer, subject FROM account_subject WHERE account_id = $1`, from)
	if err != nil {
		return nil, err
	}

	if err := endAll(tx, from); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(`UPDATE account_address SET account_id = $1, main = 0 WHERE account_id = $2`, into, from); err != nil {
		return nil, err
	}
	for _, table := range []string{"account_passkey", "account_subject", "account_token"} {
		if _, err := tx.Exec(`UPDATE `+table+` SET account_id = $1 WHERE account_id = $2`, into, from); err != nil {
			return nil, err
		}
	}
	if err := settleMain(tx, into); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(`UPDATE account SET merged = $1, operator = 0 WHERE account_id = $2`, into, from); err != nil {
		return nil, err
	}
	if m.Gained {
		if _, err := tx.Exec(`UPDATE account SET operator = 1 WHERE account_id = $1`, into); err != nil {
			return nil, err
		}
	}
	if note, err = json.Marshal(m); err != nil {
		return nil, fmt.Errorf("noting what was moved: %w", err)
	}
	return note, nil
}

// MoveBack moves back what Move moved, as far as it is still there; sessions end, since one may be whose account it was no
// longer is.
func (i *Identity) MoveBack(tx *db.Tx, from, into string, note json.RawMessage) error {
	var m moved
	if err := json.Unmarshal(note, &m); err != nil {
		return fmt.Errorf("reading what was moved: %w", err)
	}
	shell, err := readAccount(tx, from)
	if err != nil {
		return err
	}
	for _, address := range m.Addresses {
		main := 0
		if address == m.Main {
			main = 1
		}
		if _, err := tx.Exec(`UPDATE account_address SET account_id = $1, main = $2 WHERE address = $3 AND account_id = $4`, shell.ID, main, address, into); err != nil {
			return err
		}
	}
	for table, ids := range map[string][]string{"passkey": m.Passkeys, "token": m.Tokens} {
		for _, id := range ids {
			if _, err := tx.Exec(`UPDATE account_`+table+` SET account_id = $1 WHERE `+table+`_id = $2 AND account_id = $3`, from, id, into); err != nil {
				return err
			}
		}
	}
	for _, s := range m.Subjects {
		if _, err := tx.Exec(`UPDATE account_subject SET account_id = $1 WHERE issuer = $2 AND subject = $3 AND account_id = $4`, from, s[0], s[1], into); err != nil {
			return err
		}
	}
	for _, account := range []string{from, into} {
		if err := settleMain(tx, account); err != nil {
			return err
		}
	}
	if err := endAll(tx, into); err != nil {
		return err
	}
	operator := 0
	if m.Operator {
		operator = 1
	}
	if m.Gained {
		if _, err := tx.Exec(`UPDATE account SET operator = 0 WHERE account_id = $1`, into); err != nil {
			return err
		}
	}
	_, err = tx.Exec(`UPDATE account SET merged = '', operator = $1 WHERE account_id = $2`, operator, from)
	return err
}

// Sweep deletes what has expired: links, ceremonies, sessions, tokens.
func (i *Identity) Sweep(ctx context.Context) error {
	now := i.now()
	return i.db.Write(ctx, func(tx *db.Tx) error {
		for _, table := range []string{"sign_in_link", "operator_link", "ceremony", "account_session", "account_token"} {
			if _, err := tx.Exec(`DELETE FROM `+table+` WHERE expires_at <= $1`, now.UnixMicro()); err != nil {
				return err
			}
		}
		_, err := tx.Exec(`DELETE FROM account_session WHERE seen_at < $1`, now.Add(-sessionIdles).UnixMicro())
		return err
	})
}
