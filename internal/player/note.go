package player

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/period"
)

// Note is what a player wrote on their own timeline on a board: "new job".
type Note struct {
	ID      string    `json:"-"`     // UUIDv7
	Board   string    `json:"board"` // board_id
	Day     string    `json:"day"`   // ISO
	Text    string    `json:"text"`  // one line of at most 200 characters
	Shown   bool      `json:"shown"` // to whom the scorecard is for; else to nobody but the player
	Written time.Time `json:"written"`
}

const (
	mostNote  = 200
	mostNotes = 200 // of a player on one board

	farthestNote = 100 * 366 * 24 * time.Hour // from now, to either side: beyond is a slip of the keys
)

// Notes returns a player's notes on a board, the oldest day first: all of them for the player, else those that are shown.
func (p *Players) Notes(ctx context.Context, account, boardID string, own bool) (notes []Note, err error) {
	if account == "" {
		return nil, nil // nobody claimed the record
	}
	err = p.db.Read(ctx, func(tx *db.Tx) error {
		notes, err = readNotes(tx, account, ` AND board_id = $2 AND shown >= $3`, boardID, truth(!own))
		return err
	})
	return notes, err
}

func readNotes(tx *db.Tx, account, which string, values ...any) ([]Note, error) {
	rows, err := tx.Query(`SELECT note_id, board_id, day, content, shown, written_at FROM player_note WHERE player_id = $1`+which+`
		ORDER BY day, note_id`, append([]any{account}, values...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	notes := []Note{}
	for rows.Next() {
		var n Note
		var shown, written int64
		if err := rows.Scan(&n.ID, &n.Board, &n.Day, &n.Text, &shown, &written); err != nil {
			return nil, err
		}
		n.Shown, n.Written = shown == 1, instant(written)
		notes = append(notes, n)
	}
	return notes, rows.Err()
}

// WriteNote adds a note to the actor's own timeline on a board that they are on. Invalid, with the field.
func (p *Players) WriteNote(ctx context.Context, a identity.Actor, n Note) error {
	if err := may(a, identity.WriteOwn); err != nil {
		return err
	}
	n.Text = strings.Join(strings.Fields(n.Text), " ")
	if n.Text == "" {
		return fault.Wrong("text", "Say in a few words what happened.")
	}
	if err := checkText("text", "The note", n.Text, mostNote, ""); err != nil {
		return err
	}
	day, err := period.ParseDate(strings.TrimSpace(n.Day))
	if err != nil {
		return fault.Wrong("day", "%.40q is no day: it reads like 2026-11-22.", n.Day)
	}
	if away := day.Start(time.UTC).Sub(p.now()).Abs(); away > farthestNote {
		return fault.Wrong("day", "%s is too far away: a note is of the last or the next 100 years.", day)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("naming a note: %w", err)
	}
	return p.change(ctx, a, func(tx *db.Tx) error {
		var written int
		if err := tx.QueryRow(`SELECT COUNT(*) FROM player_note WHERE player_id = $1 AND board_id = $2`, a.Account, n.Board).Scan(&written); err != nil {
			return err
		}
		if written >= mostNotes {
			return fault.Wrong("text", "A timeline holds at most %d notes: take one away first.", mostNotes)
		}
		if _, err := tx.Exec(`INSERT INTO player_note (player_id, note_id, board_id, day, content, shown, written_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			a.Account, id.String(), n.Board, day.String(), n.Text, truth(n.Shown), p.now().UnixMicro()); err != nil {
			return err
		}
		return p.note(tx, a, "timeline.write", nil)
	})
}

// RemoveNote deletes a note of the actor's own; NotFound for none.
func (p *Players) RemoveNote(ctx context.Context, a identity.Actor, boardID, id string) error {
	return p.changeNote(ctx, a, "timeline.remove", `DELETE FROM player_note WHERE player_id = $1 AND board_id = $2 AND note_id = $3`, boardID, id)
}

// ShowNote says whether others see a note of the actor's own; NotFound for none.
func (p *Players) ShowNote(ctx context.Context, a identity.Actor, boardID, id string, shown bool) error {
	return p.changeNote(ctx, a, "timeline.show", `UPDATE player_note SET shown = $4 WHERE player_id = $1 AND board_id = $2 AND note_id = $3`, boardID, id, truth(shown))
}

func (p *Players) changeNote(ctx context.Context, a identity.Actor, verb, statement string, values ...any) error {
	if err := may(a, identity.WriteOwn); err != nil {
		return err
	}
	return p.change(ctx, a, func(tx *db.Tx) error {
		n, err := affected(tx.Exec(statement, append([]any{a.Account}, values...)...))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, "There is no such note any more.")
		}
		return p.note(tx, a, verb, nil)
	})
}

// truth is a yes or no as it is kept.
func truth(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}
