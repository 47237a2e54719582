package coaching

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// Help is what a board says of one of its metrics to those who want to do well. The texts are Markdown.
type Help struct {
	Metric  string    // key; "" the score as a whole
	Why     string    // why it counts
	Good    string    // an entry that counts, as an example
	Bad     string    // one that does not
	Changed time.Time // zero: nothing was written
}

// Help returns what was written of a metric; without a word where nothing was.
func (c *Coaching) Help(ctx context.Context, at *board.Board, metric string) (h Help, err error) {
	err = c.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		h = Help{Metric: metric}
		var changed int64
		err := tx.QueryRow(`SELECT why, good, bad, changed_at FROM metric_help WHERE board_id = $1 AND metric = $2`, at.ID, metric).Scan(&h.Why, &h.Good, &h.Bad, &changed)
		h.Changed = instant(changed)
		if fault.Of(err) == fault.NotFound {
			return nil
		}
		return err
	})
	return h, err
}

// Helped returns the metrics of a board of which something was written.
func (c *Coaching) Helped(ctx context.Context, at *board.Board) (metrics []string, err error) {
	err = c.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		metrics, err = tx.Texts(`SELECT metric FROM metric_help WHERE board_id = $1 UNION SELECT metric FROM published_answer WHERE board_id = $1 ORDER BY 1`, at.ID)
		return err
	})
	return metrics, err
}

// WriteHelp writes what a board says of a metric: managers, and coaches of the metrics they were given.
func (c *Coaching) WriteHelp(ctx context.Context, a identity.Actor, at *board.Board, h Help) (err error) {
	for _, text := range []struct {
		field, what string
		at          *string
	}{{"why", "Why it counts", &h.Why}, {"good", "The example that counts", &h.Good}, {"bad", "The example that does not count", &h.Bad}} {
		if *text.at, err = body(text.field, text.what, *text.at, MostText); err != nil {
			return err
		}
	}
	if err := c.measured(ctx, at, h.Metric); err != nil {
		return err
	}
	if err := c.writes(ctx, a, at, h.Metric); err != nil {
		return err
	}
	return c.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if err := c.still(tx, a); err != nil {
			return err
		}
		query, args := `INSERT INTO metric_help (board_id, metric, why, good, bad, written_by, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (board_id, metric) DO UPDATE SET why = excluded.why, good = excluded.good, bad = excluded.bad, written_by = excluded.written_by, changed_at = excluded.changed_at`,
			[]any{at.ID, h.Metric, h.Why, h.Good, h.Bad, a.Account, c.rooms.Now().UnixMicro()}
		if h.Why == "" && h.Good == "" && h.Bad == "" {
			query, args = `DELETE FROM metric_help WHERE board_id = $1 AND metric = $2`, args[:2]
		}
		if _, err := tx.Exec(query, args...); err != nil {
			return err
		}
		return c.note(tx, a, at, "help.write", "", nil)
	})
}

// Answered is a question that was answered for all who read the help of a metric. It names nobody.
type Answered struct {
	ID       string // UUIDv7
	Metric   string
	Question string
	Answer   string // Markdown
	Own      bool   // the question is in the words of whoever asked it
}

// Answers returns what was answered of a metric, newest first.
func (c *Coaching) Answers(ctx context.Context, at *board.Board, metric string) (all []Answered, err error) {
	err = c.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = db.All(tx, func(scan func(...any) error) (one Answered, err error) {
			var player string
			err = scan(&one.ID, &one.Metric, &one.Question, &one.Answer, &player)
			one.Own = player != ""
			return one, err
		}, `SELECT answer_id, metric, question, answer, player_id FROM published_answer WHERE board_id = $1 AND metric = $2 ORDER BY made_at DESC, answer_id DESC LIMIT 100`, at.ID, metric)
		return err
	})
	return all, err
}

// PublishAnswer makes part of the help what somebody answered. words is the question as it is published: "" as it was asked, which
// whoever asked has to have allowed. NotFound where the actor is not the one who answered.
func (c *Coaching) PublishAnswer(ctx context.Context, a identity.Actor, at *board.Board, id, words string) error {
	words, err := body("words", "The question", words, MostAsked)
	if err != nil {
		return err
	}
	q, err := c.Question(ctx, a, at, id)
	if err != nil {
		return err
	}
	if q.Mine {
		return noQuestion()
	}
	if err := c.writes(ctx, a, at, q.Metric); err != nil {
		return err
	}
	answer, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("making an identifier: %w", err)
	}
	return c.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if err := c.still(tx, a); err != nil {
			return err
		}
		q, err := questionIn(tx, at.ID, id) // as it is now: whoever asked may have changed their mind
		if err != nil {
			return err
		}
		question, player := words, ""
		switch {
		case q.Answer == "":
			return fault.New(fault.Conflict, "Answer the question first.")
		case words == "" && !q.Useful:
			return wrong("words", "Whoever asked keeps the question to themselves. Ask it again in your own words, so that nobody can tell who it was.")
		case words == "" || words == q.Text:
			if !q.Useful {
				return wrong("words", "These are the words of whoever asked, who keeps them to themselves: ask it again in your own.")
			}
			question, player = q.Text, q.asker
		}
		if _, err := tx.Exec(`DELETE FROM published_answer WHERE board_id = $1 AND question_id = $2`, at.ID, id); err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO published_answer (answer_id, board_id, metric, question, answer, question_id, player_id, written_by, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			answer.String(), at.ID, q.Metric, question, q.Answer, id, player, a.Account, c.rooms.Now().UnixMicro()); err != nil {
			return err
		}
		return c.note(tx, a, at, "help.publish", "", nil)
	})
}

// EndAnswer takes an answer out of the help.
func (c *Coaching) EndAnswer(ctx context.Context, a identity.Actor, at *board.Board, id string) error {
	var metric string
	err := c.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryRow(`SELECT metric FROM published_answer WHERE board_id = $1 AND answer_id = $2`, at.ID, id).Scan(&metric)
	})
	if fault.Of(err) == fault.NotFound {
		return fault.New(fault.NotFound, "There is no such answer on the board.")
	}
	if err != nil {
		return err
	}
	if err := c.writes(ctx, a, at, metric); err != nil {
		return err
	}
	return c.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if err := c.still(tx, a); err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM published_answer WHERE board_id = $1 AND answer_id = $2`, at.ID, id); err != nil {
			return err
		}
		return c.note(tx, a, at, "help.end", "", nil)
	})
}
