package consent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"cairn/internal/db"
	"cairn/internal/fault"
)

// Receipt is one entry of the ledger of a player and a board. Both sides can read it.
type Receipt struct {
	Ledger   string    `json:"ledger"`
	Number   int       `json:"number"` // from 1
	At       time.Time `json:"at"`
	Act      Act       `json:"act"`
	Board    string    `json:"board"`
	Quantity string    `json:"quantity"`
	Cadence  string    `json:"cadence"`
	From     time.Time `json:"from"`
	Until    time.Time `json:"until,omitzero"` // zero: open
	Purpose  string    `json:"purpose"`
	Terms    int       `json:"terms"`
	Previous string    `json:"previous"`         // digest of the receipt before, "" of the first
	Digest   string    `json:"digest,omitempty"` // hex SHA-256 of the JSON of all of the above
}

// Act is what a receipt is about.
type Act string

const (
	Given     Act = "given"
	Withdrawn Act = "withdrawn"
)

// digest returns the digest that follows from the receipt: the SHA-256 of its JSON, in the order of the fields and without
// white space, that does not hold the digest itself.
func (r Receipt) digest() string {
	r.Digest = ""
	text, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("consent: %v", err)) // texts, numbers and instants of our own always have a JSON form
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Check returns the first receipt that does not follow from itself and the one before, as Conflict; nil where every
// ledger holds together. Receipts stand ledger after ledger, each from its first receipt on.
func Check(receipts []Receipt) error {
	var before Receipt
	for _, r := range receipts {
		if r.Ledger != before.Ledger {
			before = Receipt{Ledger: r.Ledger}
		}
		if r.Number != before.Number+1 || r.Previous != before.Digest {
			return fault.New(fault.Conflict, "Receipt %d of %s does not follow the one before: a receipt is missing or out of its place.", r.Number, r.At.Format(time.DateOnly))
		}
		if r.Digest != r.digest() {
			return fault.New(fault.Conflict, "Receipt %d of %s is not what was written then: its digest is another.", r.Number, r.At.Format(time.DateOnly))
		}
		before = r
	}
	return nil
}

// Receipts returns the ledger of a player and a board, oldest first; ledger after ledger where two records became one.
func (c *Consents) Receipts(ctx context.Context, player, boardID string) (receipts []Receipt, err error) {
	err = c.db.Read(ctx, func(tx *db.Tx) error {
		receipts, err = receiptsWhere(tx, `l.player_id = $1 AND l.board_id = $2`, player, boardID)
		return err
	})
	return receipts, err
}

func receiptsWhere(tx *db.Tx, where string, args ...any) (receipts []Receipt, err error) {
	rows, err := tx.Query(`SELECT r.ledger_id, r.number, r.at, r.act, r.board_id, r.quantity, r.cadence, r.from_at, r.until_at, r.purpose, r.terms, r.previous, r.digest
		FROM consent_ledger l JOIN consent_receipt r ON r.ledger_id = l.ledger_id WHERE `+where+` ORDER BY r.ledger_id, r.number`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r Receipt
		var at, from, until int64
		if err := rows.Scan(&r.Ledger, &r.Number, &at, &r.Act, &r.Board, &r.Quantity, &r.Cadence, &from, &until, &r.Purpose, &r.Terms, &r.Previous, &r.Digest); err != nil {
			return nil, err
		}
		r.At, r.From, r.Until = instant(at), instant(from), instant(until)
		receipts = append(receipts, r)
	}
	return receipts, rows.Err()
}
