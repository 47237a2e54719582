package identity_test

import (
	"context"
	"strings"
	"testing"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/identity"
	"cairn/internal/mail/mailtest"
)

// Whoever reads the database, or a backup of it, must find no way in: not where somebody wanted to go, which may be the address of an
// invitation, and not what a passkey is asked for.
func TestDatabase_HoldsNoSecretOfWhatIsUnderWay(t *testing.T) {
	mailpit := mailtest.Start(t)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		w := newMailWorld(t, d, mailpit)
		const secret = "zqInvitationSecret"
		if err := w.AskLink(ctx, identity.Ask{Address: "ada@example.org", Browser: "zqBrowser", Next: "/join/" + secret}); err != nil {
			t.Fatal(err)
		}
		ceremony, err := w.BeginPasskeySignIn(ctx, "")
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(ceremony.Options), `"challenge":"`)
		challenge, _, _ := strings.Cut(rest, `"`)
		if len(challenge) < 20 {
			t.Fatalf("no challenge in %s", ceremony.Options)
		}
		err = d.Read(ctx, func(tx *db.Tx) error {
			for _, query := range []string{`SELECT hash || browser || next FROM sign_in_link`, `SELECT hash || content FROM ceremony`} {
				var row string
				if err := tx.QueryRow(query).Scan(&row); err != nil {
					return err
				}
				for _, told := range []string{secret, "zqBrowser", challenge, ceremony.Secret} {
					if strings.Contains(row, told) {
						t.Errorf("the database holds %s: %s", told, row)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
