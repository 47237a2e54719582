package identity

import (
	"context"
	"time"

	"cairn/internal/db"
	"cairn/internal/fault"
)

const operatorLinkLasts = time.Hour

// OperatorLink returns the address of a one-time link that makes whoever opens it an operator, good for an hour: how the
// first person signs in where no mail can be sent. Earlier operator links end. Where the server does not know its own
// address, it is the path alone.
func (i *Identity) OperatorLink(ctx context.Context) (string, error) {
	token := NewSecret()
	err := i.db.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(`DELETE FROM operator_link`); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO operator_link (hash, expires_at) VALUES ($1, $2)`, hash(token), i.now().Add(operatorLinkLasts).UnixMicro())
		return err
	})
	return i.Link("/operator/" + token), err
}

// HasOperator reports whether somebody operates this server already.
func (i *Identity) HasOperator(ctx context.Context) (has bool, err error) {
	err = i.db.Read(ctx, func(tx *db.Tx) error {
		var n int
		err := tx.QueryRow(`SELECT COUNT(*) FROM account WHERE operator = 1`).Scan(&n)
		has = n > 0
		return err
	})
	return has, err
}

// UseOperatorLink signs in with an operator's link; address names the account, made where there is none. The link is no
// door into somebody else's record: an account that is there must be an operator's already, or signed in in this browser,
// else Conflict. NotFound for a link that is absent, used or expired; Invalid for what is no address, Limited.
func (i *Identity) UseOperatorLink(ctx context.Context, token, address string, on Device) (in SignIn, err error) {
	if err := i.Take("operator", on.From); err != nil {
		return SignIn{}, err
	}
	address, err = ParseAddress(address)
	if err != nil {
		return SignIn{}, err
	}
	err = i.db.Write(ctx, func(tx *db.Tx) error {
		if n, err := changed(tx.Exec(`DELETE FROM operator_link WHERE hash = $1 AND expires_at > $2`, hash(token), i.now().UnixMicro())); err != nil {
			return err
		} else if n == 0 {
			return fault.New(fault.NotFound, "This link was used already, or is older than an hour. Whoever runs the server can make a new one.")
		}
		account, err := ownerOf(tx, address)
		if err != nil {
			return err
		}
		made := account == ""
		if made {
			if account, err = i.makeAccount(tx); err != nil {
				return err
			}
			if err := i.putAddress(tx, account, address, time.Time{}); err != nil {
				return err
			}
		} else if may, err := i.mayOperate(tx, account, on.Holds); err != nil {
			return err
		} else if !may {
			return fault.New(fault.Conflict, "Somebody has an account with this address already. If it is yours, sign in with it first and open the link again; else give another address.")
		}
		if n, err := changed(tx.Exec(`UPDATE account SET operator = 1 WHERE account_id = $1 AND operator = 0`, account)); err != nil {
			return err
		} else if n > 0 {
			if err := i.note(tx, account, "operator.make", nil); err != nil {
				return err
			}
		}
		in, err = i.begin(tx, account, "operator's link", on)
		in.New = made
		return err
	})
	return in, err
}

// mayOperate reports whether an account is an operator's already or signed in with a session.
func (i *Identity) mayOperate(tx *db.Tx, account, session string) (may bool, err error) {
	var n int
	err = tx.QueryRow(`SELECT (SELECT COUNT(*) FROM account WHERE account_id = $1 AND operator = 1)
		+ (SELECT COUNT(*) FROM account_session WHERE account_id = $1 AND session_id = $2)`, account, session).Scan(&n)
	return n > 0, err
}
