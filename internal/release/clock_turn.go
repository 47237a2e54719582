package release

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/job"
	"cairn/internal/period"
	"cairn/scorecard"
)

// Kinds of jobs.
const (
	jobClose   = "close period"
	jobRelease = "release period"
	jobPurge   = "purge board"
)

// instant is the payload of a job of the clock: a turn, and how often its managers were reminded before.
type instant struct {
	Board  string `json:"board"`
	Period string `json:"period"`
	Step   int    `json:"step"`
}

// retry is the step of a job that tries again what failed; managers hear of it where something changed.
const retry = -1

// reminders is after how long managers are told again that a period waits for them.
var reminders = [...]time.Duration{24 * time.Hour, 48 * time.Hour}

// skew is how far the clocks of two programs may differ.
const skew = time.Hour

// errNobody is the cause of the fault of a period of which no player has an entry.
var errNobody = errors.New("nobody has an entry")

// boardOf returns the board that a job is about.
func (c *Clock) boardOf(ctx context.Context, j job.Job) (*board.Board, error) {
	var id string
	if err := j.Read(&id); err != nil {
		return nil, err
	}
	return c.releases.boards.ByID(ctx, id)
}

// windBoard is the job that follows a change of a board's rhythm.
func (c *Clock) windBoard(ctx context.Context, j job.Job) error {
	b, err := c.boardOf(ctx, j)
	if err != nil {
		return err
	}
	return c.windOne(ctx, b)
}

func (c *Clock) windOne(ctx context.Context, b *board.Board) error {
	unit, err := c.unit(ctx, b)
	if err != nil {
		return err
	}
	return c.releases.db.Write(ctx, func(tx *db.Tx) error { return c.wind(tx, b, unit) })
}

// wind brings the turns of a board to its rhythm: what has not begun is as the rhythm says now, and the job of the next instant
// waits.
func (c *Clock) wind(tx *db.Tx, b *board.Board, unit scorecard.Period) error {
	now := c.releases.now()
	// What was begun by a clock that was ahead has not begun.
	if _, err := tx.Exec(`DELETE FROM release_turn WHERE board_id = $1 AND (state = $2 OR release_id = '' AND closes_at > $3)`,
		b.ID, string(TurnWaiting), now.Add(skew).UnixMicro()); err != nil {
		return err
	}
	if b.Rhythm.Mode == board.ByHand {
		return nil
	}
	next, err := b.Rhythm.Start(unit)
	if err != nil {
		return err
	}
	t, err := current(tx, b.ID, unit)
	switch {
	case err == nil && t.Period.First >= next.First:
		return c.goOn(tx, b, t, now)
	case err == nil:
		if err := c.close(tx, t, TurnLeftOut, fmt.Sprintf("The rhythm begins with %s now.", next.Label())); err != nil {
			return err
		}
	case fault.Of(err) != fault.NotFound:
		return err
	}
	last, err := c.last(tx, b.ID, unit)
	if err != nil {
		return err
	}
	if last.Last >= next.First && last != (period.Period{}) {
		next = last.Add(1)
	}
	t = waitingTurn(b, next)
	if _, err := tx.Exec(`INSERT INTO release_turn (board_id, first_day, period, closes_at, releases_at, state, why, release_id, changed_at, ended_at)
		VALUES ($1, $2, $3, $4, $5, $6, '', '', $7, 0)`,
		b.ID, next.First.String(), next.String(), t.Closes.UnixMicro(), t.Releases.UnixMicro(), string(t.State), now.UnixMicro()); err != nil {
		return err
	}
	return c.queue.Enqueue(tx, jobClose, fmt.Sprint(b.ID, " ", next, " ", t.Closes.UnixMicro()), instant{Board: b.ID, Period: next.String()}, t.Closes)
}

// last returns the last period of a board that is released or whose turn has ended; none where there is none.
func (c *Clock) last(tx *db.Tx, boardID string, unit scorecard.Period) (last period.Period, err error) {
	all, err := finals(tx, boardID)
	if err != nil {
		return last, err
	}
	if len(all) > 0 {
		last = all[len(all)-1].period
	}
	t, err := scanTurn(unit, tx.QueryRow(`SELECT `+turnColumns+` FROM release_turn WHERE board_id = $1 AND ended_at <> 0 ORDER BY first_day DESC LIMIT 1`, boardID).Scan)
	if fault.Of(err) == fault.NotFound {
		return last, nil
	}
	if last == (period.Period{}) || t.Period.First > last.First {
		last = t.Period
	}
	return last, err
}

// goOn has the job of a turn that has begun wait, and what failed tried again.
func (c *Clock) goOn(tx *db.Tx, b *board.Board, t Turn, now time.Time) error {
	switch {
	case now.Before(t.Releases):
		return c.enqueueRelease(tx, t, 0, t.Releases)
	case t.State == TurnHeld || t.State == TurnClosed && b.Rhythm.Mode != board.Auto:
		return nil // it waits for a manager
	}
	return c.enqueueRelease(tx, t, retry, now)
}

func (c *Clock) enqueueRelease(tx *db.Tx, t Turn, step int, due time.Time) error {
	return c.queue.Enqueue(tx, jobRelease, fmt.Sprint(t.Board, " ", t.Period, " ", step), instant{t.Board, t.Period.String(), step}, due)
}

// due reads the turn that a job is about. ok is false where the turn is not for it any more: it moved, ended, or never was.
func (c *Clock) due(ctx context.Context, j job.Job) (b *board.Board, t Turn, in instant, ok bool, err error) {
	if err := j.Read(&in); err != nil {
		return nil, t, in, false, err
	}
	if b, err = c.releases.boards.ByID(ctx, in.Board); err != nil {
		return nil, t, in, false, err
	}
	unit, err := c.unit(ctx, b)
	if err != nil {
		return nil, t, in, false, err
	}
	p, err := period.Parse(unit, in.Period)
	if err != nil {
		return nil, t, in, false, err
	}
	err = c.releases.db.Read(ctx, func(tx *db.Tx) error {
		t, err = turnOf(tx, b.ID, p)
		return err
	})
	if fault.Of(err) == fault.NotFound {
		return b, t, in, false, nil
	}
	return b, t, in, err == nil && !t.Ended && b.Rhythm.Mode != board.ByHand, err
}

// closePeriod calculates the draft of a period that is over, and has the managers told.
func (c *Clock) closePeriod(ctx context.Context, j job.Job) error {
	b, t, _, ok, err := c.due(ctx, j)
	now := c.releases.now()
	if err != nil || !ok || now.Before(t.Closes) || t.State != TurnWaiting && t.State != TurnFailed && t.State != TurnEmpty {
		return err
	}
	state, why, failed := c.draft(ctx, b, t)
	err = c.releases.db.Write(ctx, func(tx *db.Tx) error {
		was, err := turnOf(tx, b.ID, t.Period)
		if err != nil || was.Ended || was.State != t.State || !was.Closes.Equal(t.Closes) {
			return ignoreAbsent(err) // somebody was quicker
		}
		if err := c.put(tx, t, state, why); err != nil {
			return err
		}
		if err := c.enqueueRelease(tx, t, 0, t.Releases); err != nil {
			return err
		}
		if now.Before(t.Releases) && (was.State != state || was.Why != why) {
			return c.remind(tx, b, t, state, why, 0)
		}
		return nil
	})
	return errors.Join(err, failed)
}

// releasePeriod publishes a period whose time of grace is over, or reminds the managers of it.
func (c *Clock) releasePeriod(ctx context.Context, j job.Job) error {
	b, t, in, ok, err := c.due(ctx, j)
	if err != nil || !ok || c.releases.now().Before(t.Releases) || t.State == TurnWaiting || t.State == TurnHeld {
		return err
	}
	var state TurnState
	var why string
	var failed error
	switch {
	case b.Rhythm.Mode == board.Auto:
		state, why, failed = c.publish(ctx, b, t)
	case in.Step == 0 || t.State != TurnClosed:
		state, why, failed = c.draft(ctx, b, t) // with what came in the time of grace
	default:
		state = TurnClosed
	}
	if state == TurnReleased {
		return nil // its turn ended in the transaction that made it final
	}
	err = c.releases.db.Write(ctx, func(tx *db.Tx) error {
		was, err := turnOf(tx, b.ID, t.Period)
		if err != nil || was.Ended || was.State != t.State {
			return ignoreAbsent(err)
		}
		if state == TurnEmpty {
			if err := c.end(tx, b, t, state, why); err != nil {
				return err
			}
			if following, _ := b.Rhythm.Instants(t.Period.Add(1), b.Location()); !c.releases.now().Before(following) {
				return nil // what was missed is not told of each period
			}
			return c.remind(tx, b, t, state, why, len(reminders)+1)
		}
		if err := c.put(tx, t, state, why); err != nil {
			return err
		}
		if (failed != nil || in.Step == retry) && was.State == state && was.Why == why {
			return nil // told already
		}
		step := max(in.Step, 0)
		if step < len(reminders) {
			if err := c.enqueueRelease(tx, t, step+1, c.releases.now().Add(reminders[step])); err != nil {
				return err
			}
		}
		return c.remind(tx, b, t, state, why, step+1)
	})
	return errors.Join(err, failed)
}

// draft calculates the draft of a turn's period and says how the turn stands then; failed is an error after which the queue tries again.
func (c *Clock) draft(ctx context.Context, b *board.Board, t Turn) (state TurnState, why string, failed error) {
	why, err := c.nothing(ctx, b, t.Period)
	if err == nil && why == "" {
		_, err = c.releases.Draft(ctx, b, t.Period)
	}
	return stands(TurnClosed, why, err)
}

// publish publishes a turn's period and says how the turn stands then.
func (c *Clock) publish(ctx context.Context, b *board.Board, t Turn) (state TurnState, why string, failed error) {
	why, err := c.nothing(ctx, b, t.Period)
	if err == nil && why == "" {
		_, err = c.releases.Publish(ctx, b, t.Period, false)
	}
	return stands(TurnReleased, why, err)
}

// stands says how a turn stands after its period was calculated or not.
func stands(done TurnState, nothing string, err error) (state TurnState, why string, failed error) {
	switch {
	case err == nil && nothing != "":
		return TurnEmpty, nothing, nil
	case err == nil:
		return done, "", nil
	case errors.Is(err, errNobody):
		return TurnEmpty, fault.Message(err), nil
	}
	switch fault.Of(err) {
	case fault.Unavailable, fault.Limited, fault.Internal:
		return TurnFailed, fault.Message(err), err
	}
	return TurnFailed, fault.Message(err), nil // for managers to mend; nothing mends it by itself
}

// nothing says why there is nothing to release of a period, "" there is something. On a board whose values come from the players'
// own sources, only the calculation knows.
func (c *Clock) nothing(ctx context.Context, b *board.Board, p period.Period) (why string, err error) {
	if b.Suspended != "" {
		return "The operator of the server closed the board.", nil
	}
	terms, err := c.releases.boards.TermsOf(ctx, b, b.Terms)
	if err != nil {
		return "", err
	}
	for _, f := range terms.Fields {
		if f.From == board.FromPlayer {
			return "", nil
		}
	}
	from, to := p.Bounds(b.Location())
	some := false
	err = c.releases.db.Read(ctx, func(tx *db.Tx) error {
		for _, err := range c.releases.entries.Window(ctx, tx, b.ID, from.UnixMicro(), to.UnixMicro()) {
			some = err == nil
			return err
		}
		return nil
	})
	if err != nil || some {
		return "", err
	}
	return fmt.Sprintf("There is no entry of %s.", p.Label()), nil
}

// made ends the turn of a period that becomes final, and the turns of periods before it, which cannot be released any more.
func (c *Clock) made(tx *db.Tx, m Made) error {
	if m.Edition > 1 {
		return nil
	}
	now := c.releases.now().UnixMicro()
	if _, err := tx.Exec(`UPDATE release_turn SET state = $1, why = '', release_id = $2, changed_at = $3, ended_at = $3 WHERE board_id = $4 AND first_day = $5`,
		string(TurnReleased), m.ID, now, m.Board.ID, m.Period.First.String()); err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE release_turn SET state = $1, why = $2, changed_at = $3, ended_at = $3 WHERE board_id = $4 AND first_day < $5 AND ended_at = 0 AND state <> $6`,
		string(TurnLeftOut), m.Period.Label()+" was published before it.", now, m.Board.ID, m.Period.First.String(), string(TurnWaiting)); err != nil {
		return err
	}
	return c.wind(tx, m.Board, m.Period.Unit)
}

// put writes how a turn stands.
func (c *Clock) put(tx *db.Tx, t Turn, state TurnState, why string) error {
	_, err := tx.Exec(`UPDATE release_turn SET state = $1, why = $2, changed_at = $3 WHERE board_id = $4 AND first_day = $5`,
		string(state), why, c.releases.now().UnixMicro(), t.Board, t.Period.First.String())
	return err
}

// close ends a turn.
func (c *Clock) close(tx *db.Tx, t Turn, state TurnState, why string) error {
	_, err := tx.Exec(`UPDATE release_turn SET state = $1, why = $2, changed_at = $3, ended_at = $3 WHERE board_id = $4 AND first_day = $5`,
		string(state), why, c.releases.now().UnixMicro(), t.Board, t.Period.First.String())
	return err
}

// end ends a turn without a release; that of the next period begins.
func (c *Clock) end(tx *db.Tx, b *board.Board, t Turn, state TurnState, why string) error {
	if err := c.close(tx, t, state, why); err != nil {
		return err
	}
	return c.wind(tx, b, t.Period.Unit)
}

// remind has the managers told how a turn stands. step makes one reminder another than the one before.
func (c *Clock) remind(tx *db.Tx, b *board.Board, t Turn, state TurnState, why string, step int) error {
	r := Reminder{Board: b.ID, Period: t.Period.String(), State: state, Why: why}
	now := c.releases.now()
	if b.Rhythm.Mode == board.Auto && now.Before(t.Releases) {
		r.Due = t.Releases
	}
	return c.queue.Enqueue(tx, JobRemind, fmt.Sprint(b.ID, " ", t.Period, " ", state, " ", step), r, now)
}

// ignoreAbsent takes the absence of a turn for what it is: it is not to be changed any more.
func ignoreAbsent(err error) error {
	if fault.Of(err) == fault.NotFound {
		return nil
	}
	return err
}
