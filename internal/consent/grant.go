package consent

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/fault"
)

// Grant is a player's word about one quantity on one board.
type Grant struct {
	Player   string    `json:"-"`        // account
	Board    string    `json:"board"`    // board_id
	Quantity string    `json:"quantity"` // key of a metric of the board's scorecard: what is derived, never what it is derived from
	Cadence  string    `json:"cadence"`  // how often it is derived: the board's period
	From     time.Time `json:"from"`
	Until    time.Time `json:"until,omitzero"` // zero: until it is withdrawn
	Purpose  string    `json:"purpose"`        // the words that the player read
	Terms    int       `json:"terms"`          // version of the board's terms that they stand in
}

// in reports whether the grant holds at an instant.
func (g Grant) in(at time.Time) bool {
	return !at.Before(g.From) && (g.Until.IsZero() || at.Before(g.Until))
}

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

// maxPurpose is how many characters a purpose has at most.
const maxPurpose = 2000

func (g Grant) check() error {
	refuse := func(field, format string, args ...any) error {
		return fault.Wrong(field, format, args...)
	}
	switch {
	case g.Player == "" || g.Board == "":
		return refuse("player", "A grant is the word of one player to one board.")
	case g.Quantity == "":
		return refuse("quantity", "A grant names the quantity that the board may have.")
	case !utf8.ValidString(g.Purpose) || utf8.RuneCountInString(g.Purpose) > maxPurpose:
		return refuse("purpose", "The purpose of %s is longer than %d characters, or is no text.", g.Quantity, maxPurpose)
	case !g.Until.IsZero() && !g.Until.After(g.From):
		return refuse("until", "The grant of %s would end before it begins.", g.Quantity)
	}
	return nil
}

// Give notes that a player grants quantities, in the caller's transaction, and returns the receipts. A grant without a
// From holds from now on. What holds already in the same words and to the same end leaves no second receipt.
func (c *Consents) Give(tx *db.Tx, grants ...Grant) (receipts []Receipt, err error) {
	now := c.now().UTC().Truncate(time.Microsecond)
	for _, g := range grants {
		if g.From.IsZero() {
			g.From = now
		}
		g.From, g.Until = g.From.UTC().Truncate(time.Microsecond), g.Until.UTC().Truncate(time.Microsecond)
		if err := g.check(); err != nil {
			return nil, err
		}
		stood, err := grantsWhere(tx, `player_id = $1 AND board_id = $2 AND quantity = $3`, g.Player, g.Board, g.Quantity)
		if err != nil {
			return nil, err
		}
		if len(stood) > 0 && stood[0].in(g.From) {
			same := stood[0]
			same.From = g.From
			if same == g {
				continue
			}
		}
		if _, err := tx.Exec(`INSERT INTO consent_grant (player_id, board_id, quantity, cadence, from_at, until_at, purpose, terms)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (player_id, board_id, quantity) DO UPDATE SET cadence = excluded.cadence, from_at = excluded.from_at,
				until_at = excluded.until_at, purpose = excluded.purpose, terms = excluded.terms`,
			g.Player, g.Board, g.Quantity, g.Cadence, g.From.UnixMicro(), micros(g.Until), g.Purpose, g.Terms); err != nil {
			return nil, err
		}
		r, err := c.note(tx, Given, g, now)
		if err != nil {
			return nil, err
		}
		receipts = append(receipts, r)
	}
	return receipts, nil
}

// Withdraw ends a player's grants of quantities to a board, all of them where none is named, in the caller's transaction,
// and returns the receipts. What is not granted is left out.
func (c *Consents) Withdraw(tx *db.Tx, player, boardID string, quantities ...string) (receipts []Receipt, err error) {
	now := c.now().UTC().Truncate(time.Microsecond)
	stood, err := grantsWhere(tx, `player_id = $1 AND board_id = $2`, player, boardID)
	if err != nil {
		return nil, err
	}
	for _, g := range stood {
		if len(quantities) > 0 && !slices.Contains(quantities, g.Quantity) {
			continue
		}
		if _, err := tx.Exec(`DELETE FROM consent_grant WHERE player_id = $1 AND board_id = $2 AND quantity = $3`, player, boardID, g.Quantity); err != nil {
			return nil, err
		}
		r, err := c.note(tx, Withdrawn, g, now)
		if err != nil {
			return nil, err
		}
		receipts = append(receipts, r)
	}
	return receipts, nil
}

// note appends a receipt to the ledger, and the event to the trail.
func (c *Consents) note(tx *db.Tx, act Act, g Grant, at time.Time) (Receipt, error) {
	ledger, err := ledgerOf(tx, g.Player, g.Board)
	if err != nil {
		return Receipt{}, err
	}
	r := Receipt{Ledger: ledger, Number: 1, At: at, Act: act, Board: g.Board, Quantity: g.Quantity, Cadence: g.Cadence,
		From: g.From, Until: g.Until, Purpose: g.Purpose, Terms: g.Terms}
	var last int
	err = tx.QueryRow(`SELECT number, digest FROM consent_receipt WHERE ledger_id = $1 ORDER BY number DESC LIMIT 1`, ledger).Scan(&last, &r.Previous)
	if err != nil && fault.Of(err) != fault.NotFound {
		return r, err
	}
	r.Number = last + 1
	r.Digest = r.digest()
	if _, err := tx.Exec(`INSERT INTO consent_receipt (ledger_id, number, at, board_id, act, quantity, cadence, from_at, until_at, purpose, terms, previous, digest)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		r.Ledger, r.Number, r.At.UnixMicro(), r.Board, string(r.Act), r.Quantity, r.Cadence, r.From.UnixMicro(), micros(r.Until), r.Purpose, r.Terms, r.Previous, r.Digest); err != nil {
		return r, err
	}
	verb := map[Act]string{Given: "grant.give", Withdrawn: "grant.withdraw"}[act]
	return r, c.trail.Write(tx, audit.Event{Actor: g.Player, Verb: verb, Board: g.Board, Player: g.Player,
		Detail: map[string]string{"quantity": g.Quantity, "terms": fmt.Sprint(g.Terms)}})
}

// ledgerOf returns the ledger that goes on, a new one where there is none.
func ledgerOf(tx *db.Tx, player, boardID string) (ledger string, err error) {
	err = tx.QueryRow(`SELECT ledger_id FROM consent_ledger WHERE player_id = $1 AND board_id = $2 ORDER BY ledger_id DESC LIMIT 1`, player, boardID).Scan(&ledger)
	if fault.Of(err) != fault.NotFound {
		return ledger, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("making an identifier: %w", err)
	}
	_, err = tx.Exec(`INSERT INTO consent_ledger (player_id, board_id, ledger_id) VALUES ($1, $2, $3)`, player, boardID, id.String())
	return id.String(), err
}

// InForce returns what each player grants to a board at an instant: player → quantity → grant.
func (c *Consents) InForce(tx *db.Tx, boardID string, at time.Time) (map[string]map[string]Grant, error) {
	all, err := grantsWhere(tx, `board_id = $1`, boardID)
	if err != nil {
		return nil, err
	}
	granted := map[string]map[string]Grant{}
	for _, g := range all {
		if !g.in(at) {
			continue
		}
		if granted[g.Player] == nil {
			granted[g.Player] = map[string]Grant{}
		}
		granted[g.Player][g.Quantity] = g
	}
	return granted, nil
}

// Grants returns what a player grants to a board now.
func (c *Consents) Grants(ctx context.Context, player, boardID string) (granted map[string]Grant, err error) {
	now := c.now()
	err = c.db.Read(ctx, func(tx *db.Tx) error {
		granted = map[string]Grant{}
		all, err := grantsWhere(tx, `player_id = $1 AND board_id = $2`, player, boardID)
		for _, g := range all {
			if g.in(now) {
				granted[g.Quantity] = g
			}
		}
		return err
	})
	return granted, err
}

func grantsWhere(tx *db.Tx, where string, args ...any) (grants []Grant, err error) {
	rows, err := tx.Query(`SELECT player_id, board_id, quantity, cadence, from_at, until_at, purpose, terms FROM consent_grant
		WHERE `+where+` ORDER BY player_id, board_id, quantity`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var g Grant
		var from, until int64
		if err := rows.Scan(&g.Player, &g.Board, &g.Quantity, &g.Cadence, &from, &until, &g.Purpose, &g.Terms); err != nil {
			return nil, err
		}
		g.From, g.Until = instant(from), instant(until)
		grants = append(grants, g)
	}
	return grants, rows.Err()
}

// micros and instant: an open end is 0 in the database and the zero time here.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func instant(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// Kept returns all that the room keeps of an account, by file name, as values for JSON.
func (c *Consents) Kept(tx *db.Tx, account string) (map[string]any, error) {
	grants, err := grantsWhere(tx, `player_id = $1`, account)
	if err != nil {
		return nil, err
	}
	receipts, err := receiptsWhere(tx, `l.player_id = $1`, account)
	if err != nil {
		return nil, err
	}
	return map[string]any{"grants.json": grants, "receipts.json": receipts}, nil
}

// Forget ends every grant of an account and forgets whose ledgers its ledgers were; the receipts stay as they are, and
// name nobody.
func (c *Consents) Forget(tx *db.Tx, account string) error {
	if _, err := tx.Exec(`DELETE FROM consent_grant WHERE player_id = $1`, account); err != nil {
		return err
	}
	_, err := tx.Exec(`DELETE FROM consent_ledger WHERE player_id = $1`, account)
	return err
}

// moved says what Move moved.
type moved struct {
	Grants  []granted `json:"grants"`
	Ledgers []string  `json:"ledgers"`
}

type granted struct{ Board, Quantity string }

// Move makes the grants and ledgers of one account another's. Where both granted the same to one board, the other's stays.
func (c *Consents) Move(tx *db.Tx, from, into string) (json.RawMessage, error) {
	var note moved
	grants, err := grantsWhere(tx, `player_id = $1 AND NOT EXISTS (SELECT 1 FROM consent_grant o
		WHERE o.player_id = $2 AND o.board_id = consent_grant.board_id AND o.quantity = consent_grant.quantity)`, from, into)
	if err != nil {
		return nil, err
	}
	for _, g := range grants {
		note.Grants = append(note.Grants, granted{g.Board, g.Quantity})
	}
	if note.Ledgers, err = tx.Texts(`SELECT ledger_id FROM consent_ledger WHERE player_id = $1 ORDER BY ledger_id`, from); err != nil {
		return nil, err
	}
	if err := move(tx, from, into, note); err != nil {
		return nil, err
	}
	return json.Marshal(note)
}

// MoveBack undoes what Move did. What was withdrawn in between stays so.
func (c *Consents) MoveBack(tx *db.Tx, from, into string, text json.RawMessage) error {
	var note moved
	if err := json.Unmarshal(text, &note); err != nil {
		return fmt.Errorf("reading what was moved: %w", err)
	}
	return move(tx, into, from, note)
}

func move(tx *db.Tx, from, into string, what moved) error {
	for _, g := range what.Grants {
		if _, err := tx.Exec(`UPDATE consent_grant SET player_id = $1 WHERE player_id = $2 AND board_id = $3 AND quantity = $4`, into, from, g.Board, g.Quantity); err != nil {
			return err
		}
	}
	for _, ledger := range what.Ledgers {
		if _, err := tx.Exec(`UPDATE consent_ledger SET player_id = $1 WHERE player_id = $2 AND ledger_id = $3`, into, from, ledger); err != nil {
			return err
		}
	}
	return nil
}
