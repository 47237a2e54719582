package consent

import (
	"context"
	"encoding/json"
	"time"

	"cairn/internal/audit"
	"cairn/internal/db"
)

// Grant is a player's word about one quantity on one board.
type Grant struct {
	Player   string // account
	Board    string // board_id
	Quantity string // key of a metric of the board's scorecard: what is derived, never what it is derived from
	Cadence  string // how often it is derived: the board's period
	From     time.Time
	Until    time.Time // zero: until it is withdrawn
	Purpose  string    // the words that the player read
	Terms    int       // version of the board's terms that they stand in
}

// Receipt is one entry of the ledger of a player and a board.
type Receipt struct {
	Player   string    `json:"player"`
	Board    string    `json:"board"`
	Number   int       `json:"number"` // from 1
	At       time.Time `json:"at"`
	Act      Act       `json:"act"`
	Quantity string    `json:"quantity"`
	Cadence  string    `json:"cadence"`
	From     time.Time `json:"from"`
	Until    time.Time `json:"until"` // zero: open
	Purpose  string    `json:"purpose"`
	Terms    int       `json:"terms"`
	Previous string    `json:"previous"` // digest of the receipt before, "" of the first
	Digest   string    `json:"digest"`   // hex SHA-256 over all of the above
}

// Act is what a receipt is about.
type Act string

const (
	Given     Act = "given"
	Withdrawn Act = "withdrawn"
)

// Consents is the room.
type Consents struct {
	db    *db.DB
	trail *audit.Trail
	now   func() time.Time
}

// New builds the room; now is the only clock.
func New(d *db.DB, trail *audit.Trail, now func() time.Time) *Consents {
	return &Consents{db: d, trail: trail, now: now}
}

// Give notes that a player grants quantities, in the caller's transaction. What is granted already under the same terms
// and time leaves no second receipt.
func (c *Consents) Give(tx *db.Tx, grants ...Grant) ([]Receipt, error) { return nil, nil }

// Withdraw ends a player's grants of quantities to a board, all of them where none is named, in the caller's transaction.
func (c *Consents) Withdraw(tx *db.Tx, player, boardID string, quantities ...string) ([]Receipt, error) {
	return nil, nil
}

// InForce returns what each player grants to a board at an instant: player → quantity → grant.
func (c *Consents) InForce(tx *db.Tx, boardID string, at time.Time) (map[string]map[string]Grant, error) {
	return nil, nil
}

// Grants returns what a player grants to a board now.
func (c *Consents) Grants(ctx context.Context, player, boardID string) (map[string]Grant, error) {
	return nil, nil
}

// Receipts returns the ledger of a player and a board, oldest first.
func (c *Consents) Receipts(ctx context.Context, player, boardID string) ([]Receipt, error) {
	return nil, nil
}

// Check returns the first receipt of a ledger whose digest does not follow from it and the one before, as Conflict; nil
// for a ledger that holds together.
func Check(ledger []Receipt) error { return nil }

// Kept returns all that the room keeps of an account, by file name, as values for JSON.
func (c *Consents) Kept(tx *db.Tx, account string) (map[string]any, error) { return nil, nil }

// Forget ends every grant of an account and takes its number out of the ledgers; their digests stay.
func (c *Consents) Forget(tx *db.Tx, account string) error { return nil }

// Move and MoveBack: the grants and ledgers of one account become another's.
func (c *Consents) Move(tx *db.Tx, from, into string) (json.RawMessage, error) { return nil, nil }
func (c *Consents) MoveBack(tx *db.Tx, from, into string, note json.RawMessage) error {
	return nil
}
