package board

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// Draft is a board on its way through the five steps. Whoever began it can come back to it.
type Draft struct {
	ID      string
	Step    int               // 1 … 5: the step to go on with
	Answers map[string]string // as the forms sent them; "scorecard" holds the file
	Changed time.Time
}

const (
	maxDrafts = 20      // of one person
	maxDraft  = 4 << 20 // bytes of its answers
)

// Drafts returns the actor's drafts, last changed first.
func (b *Boards) Drafts(ctx context.Context, a identity.Actor) (drafts []Draft, err error) {
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		drafts, err = draftsWhere(tx, `player_id = $1`, a.Account)
		return err
	})
	return drafts, err
}

func draftsWhere(tx *db.Tx, where string, args ...any) (drafts []Draft, err error) {
	rows, err := tx.Query(`SELECT draft_id, step, answers, changed_at FROM board_draft WHERE `+where+` ORDER BY changed_at DESC, draft_id`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var d Draft
		var answers string
		var changed int64
		if err := rows.Scan(&d.ID, &d.Step, &answers, &changed); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(answers), &d.Answers); err != nil {
			return nil, fmt.Errorf("reading draft %s: %w", d.ID, err)
		}
		d.Changed = time.UnixMicro(changed).UTC()
		drafts = append(drafts, d)
	}
	return drafts, rows.Err()
}

// Draft returns one of the actor's drafts, or NotFound.
func (b *Boards) Draft(ctx context.Context, a identity.Actor, id string) (d Draft, err error) {
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		drafts, err := draftsWhere(tx, `player_id = $1 AND draft_id = $2`, a.Account, id)
		if err == nil && len(drafts) == 0 {
			err = noDraft()
		}
		if err == nil {
			d = drafts[0]
		}
		return err
	})
	return d, err
}

func noDraft() error {
	return fault.New(fault.NotFound, "There is no such draft: it was thrown away, or its board is made.")
}

// KeepDraft keeps a draft, a new one where it has no ID, and returns it. Limited where somebody has too many, NotFound for
// one that is gone, Invalid where the answers are too long.
func (b *Boards) KeepDraft(ctx context.Context, a identity.Actor, d Draft) (Draft, error) {
	answers, err := json.Marshal(d.Answers)
	if err != nil {
		return d, fmt.Errorf("writing a draft: %w", err)
	}
	if len(answers) > maxDraft {
		return d, fault.Wrong("scorecard", "The answers are longer than %d MB in all.", maxDraft>>20)
	}
	d.Changed = b.rooms.Now().UTC().Truncate(time.Microsecond)
	id, err := uuid.NewV7()
	if err != nil {
		return d, fmt.Errorf("making an identifier: %w", err)
	}
	err = b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if d.ID != "" {
			result, err := tx.Exec(`UPDATE board_draft SET step = $1, answers = $2, changed_at = $3 WHERE player_id = $4 AND draft_id = $5`,
				d.Step, string(answers), d.Changed.UnixMicro(), a.Account, d.ID)
			if err != nil {
				return err
			}
			if n, err := result.RowsAffected(); err != nil || n == 0 {
				return noDraft()
			}
			return nil
		}
		var many int
		if err := tx.QueryRow(`SELECT COUNT(*) FROM board_draft WHERE player_id = $1`, a.Account).Scan(&many); err != nil {
			return err
		}
		if many >= maxDrafts {
			return fault.New(fault.Conflict, "You have %d drafts already: finish one, or throw one away.", many)
		}
		_, err = tx.Exec(`INSERT INTO board_draft (player_id, draft_id, step, answers, changed_at) VALUES ($1, $2, $3, $4, $5)`,
			a.Account, id.String(), d.Step, string(answers), d.Changed.UnixMicro())
		return err
	})
	if err == nil && d.ID == "" {
		d.ID = id.String()
	}
	return d, err
}

// DropDraft deletes one.
func (b *Boards) DropDraft(ctx context.Context, a identity.Actor, id string) error {
	return b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		result, err := tx.Exec(`DELETE FROM board_draft WHERE player_id = $1 AND draft_id = $2`, a.Account, id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return noDraft()
		}
		return nil
	})
}
