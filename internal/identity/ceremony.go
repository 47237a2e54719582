package identity

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cairn/internal/db"
	"cairn/internal/fault"
)

// kind is what a ceremony is for.
type kind string

const (
	addPasskey  kind = "passkey.add"
	usePasskey  kind = "passkey.use"
	useProvider kind = "provider"
)

// lasts is how long the second half of a ceremony may take: another server's page, with a second factor, takes longer than
// a touch.
func (k kind) lasts() time.Duration {
	if k == useProvider {
		return 15 * time.Minute
	}
	return 5 * time.Minute
}

// keep keeps the first half of a ceremony, and returns the secret under which the second finds it.
func (i *Identity) keep(ctx context.Context, k kind, account string, content any) (secret string, err error) {
	text, err := json.Marshal(content)
	if err != nil {
		return "", fmt.Errorf("keeping a ceremony: %w", err)
	}
	secret = NewSecret()
	sealed, err := seal(secret, string(text))
	if err != nil {
		return "", err
	}
	return secret, i.db.Write(ctx, func(tx *db.Tx) error {
		if account != "" {
			if err := i.Still(tx, account); err != nil {
				return err
			}
		}
		_, err := tx.Exec(`INSERT INTO ceremony (hash, kind, account_id, content, expires_at) VALUES ($1, $2, $3, $4, $5)`,
			hash(secret), string(k), account, sealed, i.now().Add(k.lasts()).UnixMicro())
		return err
	})
}

// takeUp takes a ceremony up, once, whatever comes of it. Unauthenticated for one that is absent, used, expired or of
// another account.
func (i *Identity) takeUp(ctx context.Context, k kind, account, secret string, content any) error {
	var text string
	var expires int64
	err := i.db.Write(ctx, func(tx *db.Tx) error {
		return tx.QueryRow(`DELETE FROM ceremony WHERE hash = $1 AND kind = $2 AND account_id = $3 RETURNING content, expires_at`,
			hash(secret), string(k), account).Scan(&text, &expires)
	})
	if fault.Of(err) == fault.NotFound || err == nil && !i.now().Before(at(expires)) {
		return fault.New(fault.Unauthenticated, "That took longer than %d minutes, or was finished already. Begin again.", int(k.lasts().Minutes()))
	}
	if err != nil {
		return err
	}
	if text, err = unseal(secret, text); err != nil { // begun by an older Cairn
		return fault.Wrap(fault.Unauthenticated, err, "That was begun before this server was renewed. Begin again.")
	}
	if err := json.Unmarshal([]byte(text), content); err != nil {
		return fmt.Errorf("reading a ceremony: %w", err)
	}
	return nil
}
