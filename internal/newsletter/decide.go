package newsletter

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cairn/internal/audit"
	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/mail"
)

// turn changes the state of a newsletter where it stands in one of some; Conflict elsewhere.
func (n *Newsletters) turn(ctx context.Context, a identity.Actor, at *board.Board, releaseID, verb, refusal string, from []string, do func(tx *db.Tx, next int64) error) error {
	return n.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		var state, name string
		var next int64
		err := tx.QueryRow(`SELECT state, period, next_member FROM newsletter WHERE board_id = $1 AND release_id = $2`, at.ID, releaseID).Scan(&state, &name, &next)
		if fault.Of(err) == fault.NotFound {
			return fault.New(fault.NotFound, "This release has no newsletter.")
		}
		if err != nil {
			return err
		}
		for _, s := range from {
			if s != state {
				continue
			}
			if err := do(tx, next); err != nil {
				return err
			}
			return n.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: verb, Board: at.ID, Detail: map[string]string{"period": name}})
		}
		return fault.New(fault.Conflict, "%s", refusal)
	})
}

// Stop stops a newsletter: messages under way are finished, no further one begins. Conflict where it is not going out.
func (n *Newsletters) Stop(ctx context.Context, a identity.Actor, at *board.Board, releaseID string) error {
	return n.turn(ctx, a, at, releaseID, "newsletter.stop", "This newsletter is not going out, so that there is nothing to stop.", []string{sends}, func(tx *db.Tx, _ int64) error {
		_, err := tx.Exec(`UPDATE newsletter SET state = $1 WHERE board_id = $2 AND release_id = $3`, stopped, at.ID, releaseID)
		return err
	})
}

// LetGo has a newsletter sent that waits for a manager or was stopped by one. Conflict where it goes out already, or is out.
func (n *Newsletters) LetGo(ctx context.Context, a identity.Actor, at *board.Board, releaseID string) error {
	return n.turn(ctx, a, at, releaseID, "newsletter.go", "This newsletter goes out already, or is out.", []string{waits, stopped}, func(tx *db.Tx, next int64) error {
		if _, err := tx.Exec(`UPDATE newsletter SET state = $1, why = '' WHERE board_id = $2 AND release_id = $3`, sends, at.ID, releaseID); err != nil {
			return err
		}
		q := queued{Board: at.ID, Release: releaseID, Asked: true}
		if next >= 0 {
			return n.rooms.Queue.Enqueue(tx, jobList, releaseID, q, n.rooms.Now())
		}
		return n.enqueueSends(tx, q, n.rooms.Now())
	})
}

// Decide settles a line of which nobody knows whether it was sent, or that was refused or came back: it is sent again, or left as
// it is. NotFound where there is no such line.
func (n *Newsletters) Decide(ctx context.Context, a identity.Actor, at *board.Board, releaseID string, member int64, again bool) error {
	return n.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		now := n.rooms.Now()
		state, why, does := string(Queued), "", "again"
		from := `(state = 'doubtful' OR state = 'failed' OR state = 'bounced')`
		if !again {
			state, why, does, from = string(Doubtful), left, "leave", `state = 'doubtful'`
		}
		result, err := tx.Exec(`UPDATE newsletter_delivery SET state = $1, why = $2, due = $3, lease = '', attempt = 0, changed_at = $3 WHERE board_id = $4 AND release_id = $5 AND member = $6 AND `+from,
			state, why, now.UnixMicro(), at.ID, releaseID, member)
		if err != nil {
			return err
		}
		if changed, err := result.RowsAffected(); err != nil || changed == 0 {
			if err == nil {
				err = fault.New(fault.NotFound, "There is no line to decide on: it may have been settled already.")
			}
			return err
		}
		if again {
			result, err := tx.Exec(`UPDATE newsletter SET state = $1, ended_at = 0, begun_at = $2 WHERE board_id = $3 AND release_id = $4 AND state = $5`, sends, now.UnixMicro(), at.ID, releaseID, ended)
			if err != nil {
				return err
			}
			if _, err := result.RowsAffected(); err != nil {
				return err
			}
			if err := n.enqueueSend(tx, queued{Board: at.ID, Release: releaseID}, now); err != nil {
				return err
			}
		}
		return n.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: "newsletter.decide", Board: at.ID, Detail: map[string]string{"member": fmt.Sprint(member), "does": does}})
	})
}

// left is why a doubtful line is asked about no more.
const left = "left as it is"

// Open reports whether somebody has to decide on a line.
func (l Line) Open() bool { return l.State == Doubtful && l.Why != left }

// Bounce notes what a mail server reported of one message: token is what stood in its return path. Final ones suppress the
// address, and so does the fifth of those that are not. What names no message is NotFound.
func (n *Newsletters) Bounce(ctx context.Context, b mail.Bounce) error {
	return n.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		var boardID, releaseID, state, why, address string
		var member int64
		err := tx.QueryRow(`SELECT board_id, release_id, member, state, why, address FROM newsletter_delivery WHERE token = $1 AND token <> ''`, digest(b.Token)).
			Scan(&boardID, &releaseID, &member, &state, &why, &address)
		if fault.Of(err) == fault.NotFound {
			return fault.New(fault.NotFound, "The report names no message of this server's.")
		}
		if err != nil {
			return err
		}
		told := bounceWords[b.Why]
		if told == "" {
			told = bounceWords["other"]
		}
		if State(state) == Bounced || why == told { // it was told before
			return nil
		}
		after := State(state)
		if b.Final {
			after = Bounced
		}
		_, err = tx.Exec(`UPDATE newsletter_delivery SET state = $1, why = $2, changed_at = $3 WHERE board_id = $4 AND release_id = $5 AND member = $6`,
			string(after), told, n.rooms.Now().UnixMicro(), boardID, releaseID, member)
		if err != nil {
			return err
		}
		if address != "" {
			if err := n.suppress(tx, address, b.Why, b.Final); err != nil {
				return err
			}
		}
		return n.rooms.Trail.Write(tx, audit.Event{Verb: "newsletter.bounce", Board: boardID, Detail: map[string]string{"member": fmt.Sprint(member), "why": told}})
	})
}

// bounceWords says why mail came back.
var bounceWords = map[string]string{
	"address": "there is no such address", "refused": "the mail server there refuses it", "full": "the mailbox is full",
	complaint: "the reader reported it as unwanted", "other": "it came back",
}

// Wind sees to it that every newsletter that goes out is among the jobs, however often programs ended over it. It is called when a
// program starts and once a day, and may be called at any time.
func (n *Newsletters) Wind(ctx context.Context) error {
	return n.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		type under struct {
			queued
			next int64
		}
		all, err := db.All(tx, func(scan func(...any) error) (u under, err error) {
			err = scan(&u.Board, &u.Release, &u.next)
			u.Asked = true
			return u, err
		}, `SELECT board_id, release_id, next_member FROM newsletter WHERE state = $1 AND begun_at > 0`, sends)
		if err != nil {
			return err
		}
		due := n.rooms.Now().Add(heldFor) // whoever sends it now is not disturbed
		for _, u := range all {
			if u.next >= 0 {
				err = n.rooms.Queue.Enqueue(tx, jobList, u.Release, u.queued, due)
			} else {
				err = n.enqueueSends(tx, u.queued, due)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// keepsLines is for how long the lines of a ledger are kept; the counts stay.
const keepsLines = 180 * 24 * time.Hour

// Sweep deletes the lines of old ledgers, and codes that were not typed in; it winds as well.
func (n *Newsletters) Sweep(ctx context.Context) error {
	if err := n.Wind(ctx); err != nil {
		return err
	}
	type old struct{ board, release string }
	now := n.rooms.Now()
	var all []old
	err := n.rooms.DB.Read(ctx, func(tx *db.Tx) (err error) {
		all, err = db.All(tx, func(scan func(...any) error) (o old, err error) { return o, scan(&o.board, &o.release) },
			`SELECT board_id, release_id FROM newsletter WHERE made_at < $1 AND counts = ''`, now.Add(-keepsLines).UnixMicro())
		return err
	})
	if err != nil {
		return err
	}
	for _, o := range all {
		err := n.rooms.DB.Write(ctx, func(tx *db.Tx) error {
			l := Newsletter{Board: o.board, Release: o.release}
			if err := counted(tx, &l); err != nil {
				return err
			}
			text, err := json.Marshal(l.Counts)
			if err != nil {
				return fmt.Errorf("writing the counts of a newsletter: %w", err)
			}
			if _, err := tx.Exec(`UPDATE newsletter SET counts = $1, state = $2, ended_at = CASE WHEN ended_at = 0 THEN $3 ELSE ended_at END WHERE board_id = $4 AND release_id = $5`,
				string(text), ended, now.UnixMicro(), o.board, o.release); err != nil {
				return err
			}
			_, err = tx.Exec(`DELETE FROM newsletter_delivery WHERE board_id = $1 AND release_id = $2`, o.board, o.release)
			return err
		})
		if err != nil {
			return err
		}
	}
	return n.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		over := now.Add(-codeLasts).UnixMicro()
		if _, err := tx.Exec(`DELETE FROM newsletter_handle WHERE handle = '' AND asked_at < $1`, over); err != nil {
			return err
		}
		_, err := tx.Exec(`UPDATE newsletter_handle SET asked = '', code = '' WHERE asked <> '' AND asked_at < $1`, over)
		return err
	})
}
