package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"cairn/internal/db"
)

// Event is one thing that somebody did.
type Event struct {
	ID     string // UUIDv7, given by Write
	At     time.Time
	Actor  string            // account; "" the program itself, or whoever operates it at the console
	Verb   string            // what was done: "board.reveal", "grant.withdraw", …
	Board  string            // board_id, "" none
	Player string            // account of the person whose record it concerns, "" none
	Detail map[string]string // in words that hold no name, no address and no value
}

// Trail is the room.
type Trail struct {
	db   *db.DB
	now  func() time.Time
	when []func(tx *db.Tx, e Event) error
}

// New builds the room; now is the only clock.
func New(d *db.DB, now func() time.Time) *Trail { return &Trail{db: d, now: now} }

// When has something done with every event, in the transaction that writes it. It is called before the first is written, by
// whoever builds the rooms.
func (t *Trail) When(do func(tx *db.Tx, e Event) error) { t.when = append(t.when, do) }

// Write adds an event in a transaction.
func (t *Trail) Write(tx *db.Tx, e Event) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("making an identifier: %w", err)
	}
	detail := []byte("{}")
	if len(e.Detail) > 0 {
		if detail, err = json.Marshal(e.Detail); err != nil {
			return fmt.Errorf("writing an event: %w", err)
		}
	}
	now := t.now()
	_, err = tx.Exec(`INSERT INTO audit (event_id, at, actor, verb, board_id, player_id, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		id.String(), now.UnixMicro(), e.Actor, e.Verb, e.Board, e.Player, string(detail))
	if err != nil {
		return err
	}
	e.ID, e.At = id.String(), now.UTC().Truncate(time.Microsecond)
	for _, do := range t.when {
		if err := do(tx, e); err != nil {
			return err
		}
	}
	return nil
}

// OfBoard returns events about a board, newest first, from the one after before ("" the newest) on.
func (t *Trail) OfBoard(ctx context.Context, boardID, before string, limit int) ([]Event, error) {
	return t.list(ctx, `board_id = $1`, []any{boardID}, before, limit)
}

// OfPlayer returns events that concern a person's record or that the person caused, newest first.
func (t *Trail) OfPlayer(ctx context.Context, player, before string, limit int) ([]Event, error) {
	return t.list(ctx, `(player_id = $1 OR actor = $1)`, []any{player}, before, limit)
}

// Between returns the events about a board with one of some verbs from an instant up to another, oldest first.
func (t *Trail) Between(ctx context.Context, boardID string, from, to time.Time, verbs ...string) ([]Event, error) {
	args := []any{boardID, from.UnixMicro(), to.UnixMicro()}
	places := make([]string, len(verbs))
	for i, verb := range verbs {
		args = append(args, verb)
		places[i] = fmt.Sprintf("$%d", len(args))
	}
	events, err := t.list(ctx, `board_id = $1 AND at >= $2 AND at < $3 AND verb IN (`+strings.Join(places, ", ")+`)`, args, "", math.MaxInt32)
	slices.SortStableFunc(events, func(a, b Event) int { return a.At.Compare(b.At) })
	return events, err
}

// Kept returns the events that OfPlayer returns, oldest first, by file name and for CSV: who did something is told as you,
// somebody else or this server, since another's number is not theirs to take away.
func (t *Trail) Kept(tx *db.Tx, account string) (map[string]any, error) {
	rows, err := tx.Query(`SELECT at, actor, verb, board_id, player_id, detail FROM audit WHERE player_id = $1 OR actor = $1 ORDER BY event_id`, account)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	lines := [][]string{{"at", "by", "what", "board", "about", "detail"}}
	side := func(one string) string {
		switch one {
		case account:
			return "you"
		case "":
			return ""
		}
		return "somebody else"
	}
	for rows.Next() {
		var at int64
		var actor, verb, board, player, detail string
		if err := rows.Scan(&at, &actor, &verb, &board, &player, &detail); err != nil {
			return nil, err
		}
		by := side(actor)
		if actor == "" {
			by = "this server"
		}
		lines = append(lines, []string{time.UnixMicro(at).UTC().Format(time.RFC3339Nano), by, verb, board, side(player), detail})
	}
	return map[string]any{"trail.csv": lines}, rows.Err()
}

func (t *Trail) list(ctx context.Context, where string, args []any, before string, limit int) (events []Event, err error) {
	err = t.db.Read(ctx, func(tx *db.Tx) error {
		events = nil
		args := append([]any{}, args...)
		query := `SELECT event_id, at, actor, verb, board_id, player_id, detail FROM audit WHERE ` + where
		if before != "" {
			args = append(args, before)
			query += fmt.Sprintf(` AND event_id < $%d`, len(args))
		}
		args = append(args, limit)
		rows, err := tx.Query(query+fmt.Sprintf(` ORDER BY event_id DESC LIMIT $%d`, len(args)), args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var e Event
			var at int64
			var detail string
			if err := rows.Scan(&e.ID, &at, &e.Actor, &e.Verb, &e.Board, &e.Player, &detail); err != nil {
				return err
			}
			e.At = time.UnixMicro(at).UTC()
			if err := json.Unmarshal([]byte(detail), &e.Detail); err != nil {
				return fmt.Errorf("reading event %s: %w", e.ID, err)
			}
			events = append(events, e)
		}
		return rows.Err()
	})
	return events, err
}
