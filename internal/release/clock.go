package release

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cairn/internal/audit"
	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/job"
	"cairn/internal/period"
	"cairn/scorecard"
)

// TurnState is how far a turn is.
type TurnState string

const (
	TurnWaiting  TurnState = "waiting"  // the period is not closed yet
	TurnClosed   TurnState = "closed"   // drafted; the managers were told
	TurnHeld     TurnState = "held"     // a manager does not want it published by itself
	TurnReleased TurnState = "released" // by itself or by hand
	TurnEmpty    TurnState = "empty"    // there was nothing to release; what comes in the time of grace is released still
	TurnFailed   TurnState = "failed"   // it could not be calculated; Why says what to do
	TurnLeftOut  TurnState = "left out" // a manager went on with a later period
)

// Turn is one period of a board's rhythm. Each closes once and is released once, one after another: the turn of a period begins
// when that of the period before has ended.
type Turn struct {
	Board    string // board_id
	Period   period.Period
	Closes   time.Time
	Releases time.Time // the end of the grace
	State    TurnState
	Why      string
	Release  string // id, "" none
	Changed  time.Time
	Ended    bool // nothing more happens by itself
}

// JobRemind is the kind of job by which the clock has the managers of a board told; its payload is a Reminder.
const JobRemind = "remind managers"

// Reminder is what managers are told of a turn.
type Reminder struct {
	Board  string    `json:"board"` // board_id
	Period string    `json:"period"`
	State  TurnState `json:"state"`
	Why    string    `json:"why,omitempty"`
	Due    time.Time `json:"due"` // when it is published by itself; zero: a manager has to
}

// Clock opens and closes the periods of every board that has a rhythm.
type Clock struct {
	releases *Releases
	queue    *job.Queue
}

// NewClock builds it on the room, and says to the queue what to do at each instant.
func NewClock(r *Releases, queue *job.Queue) *Clock {
	c := &Clock{releases: r, queue: queue}
	queue.Handle(board.JobWind, c.windBoard)
	queue.Handle(jobClose, c.closePeriod)
	queue.Handle(jobRelease, c.releasePeriod)
	queue.Handle(jobPurge, c.purgeBoard)
	r.WhenFinal(c.made)
	return c
}

const turnColumns = `board_id, period, closes_at, releases_at, state, why, release_id, changed_at, ended_at`

func scanTurn(unit scorecard.Period, scan func(...any) error) (t Turn, err error) {
	var name string
	var closes, releases, changed, ended int64
	if err := scan(&t.Board, &name, &closes, &releases, &t.State, &t.Why, &t.Release, &changed, &ended); err != nil {
		return t, err
	}
	if t.Period, err = period.Parse(unit, name); err != nil {
		return t, fmt.Errorf("reading the turn %s of board %s: %w", name, t.Board, err)
	}
	t.Closes, t.Releases = time.UnixMicro(closes).UTC(), time.UnixMicro(releases).UTC()
	t.Changed, t.Ended = time.UnixMicro(changed).UTC(), ended != 0
	return t, nil
}

// turnOf returns the turn of a period; NotFound where it has none.
func turnOf(tx *db.Tx, boardID string, p period.Period) (Turn, error) {
	return scanTurn(p.Unit, tx.QueryRow(`SELECT `+turnColumns+` FROM release_turn WHERE board_id = $1 AND first_day = $2`, boardID, p.First.String()).Scan)
}

// current returns the turn of a board that has not ended; NotFound where there is none.
func current(tx *db.Tx, boardID string, unit scorecard.Period) (Turn, error) {
	return scanTurn(unit, tx.QueryRow(`SELECT `+turnColumns+` FROM release_turn WHERE board_id = $1 AND ended_at = 0 ORDER BY first_day LIMIT 1`, boardID).Scan)
}

// unit returns by which periods a board is released.
func (c *Clock) unit(ctx context.Context, b *board.Board) (scorecard.Period, error) {
	card, err := c.releases.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return "", err
	}
	return card.Period, nil
}

// Next returns the turn that comes next on a board; ok is false where it has no rhythm, or is suspended. It reads one row. Its
// instants are past where it waits for a manager, is held or failed.
func (c *Clock) Next(ctx context.Context, b *board.Board) (next Turn, ok bool, err error) {
	if b.Rhythm.Mode == board.ByHand || b.Suspended != "" {
		return Turn{}, false, nil
	}
	unit, err := c.unit(ctx, b)
	if err != nil {
		return Turn{}, false, err
	}
	err = c.releases.db.Read(ctx, func(tx *db.Tx) error {
		next, err = current(tx, b.ID, unit)
		return err
	})
	if fault.Of(err) == fault.NotFound { // the rhythm was set just now
		from, err := b.Rhythm.Start(unit)
		return waitingTurn(b, from), err == nil, err
	}
	if err == nil && next.State == TurnWaiting {
		return waitingTurn(b, next.Period), true, nil // by the rhythm as it is now
	}
	next.Closes, next.Releases = next.Closes.In(b.Location()), next.Releases.In(b.Location())
	return next, err == nil, err
}

// waitingTurn is the turn of a period as the rhythm of a board has it.
func waitingTurn(b *board.Board, p period.Period) Turn {
	t := Turn{Board: b.ID, Period: p, State: TurnWaiting}
	t.Closes, t.Releases = b.Rhythm.Instants(p, b.Location())
	return t
}

// Coming returns the next turns of a board as they will be, for its calendar; none where it has no rhythm, or is suspended.
func (c *Clock) Coming(ctx context.Context, b *board.Board, n int) (turns []Turn, err error) {
	next, ok, err := c.Next(ctx, b)
	if err != nil || !ok {
		return nil, err
	}
	for ; len(turns) < n; next = waitingTurn(b, next.Period.Add(1)) {
		turns = append(turns, next)
	}
	return turns, nil
}

// Turns returns the turns of a board that began, newest first.
func (c *Clock) Turns(ctx context.Context, b *board.Board, limit int) (turns []Turn, err error) {
	unit, err := c.unit(ctx, b)
	if err != nil {
		return nil, err
	}
	err = c.releases.db.Read(ctx, func(tx *db.Tx) error {
		turns = nil
		rows, err := tx.Query(`SELECT `+turnColumns+` FROM release_turn WHERE board_id = $1 AND state <> $2 ORDER BY first_day DESC LIMIT $3`, b.ID, string(TurnWaiting), limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			t, err := scanTurn(unit, rows.Scan)
			if err != nil {
				return err
			}
			turns = append(turns, t)
		}
		return rows.Err()
	})
	return turns, err
}

// Hold keeps a closed turn from being published by itself, or lets it go on. Conflict where it has ended, or is not closed yet.
func (c *Clock) Hold(ctx context.Context, a identity.Actor, b *board.Board, p period.Period, hold bool) error {
	return c.change(ctx, b, p, func(tx *db.Tx, t Turn) error {
		if hold == (t.State == TurnHeld) {
			return nil
		}
		state, verb := TurnHeld, "turn.hold"
		if !hold {
			state, verb = TurnClosed, "turn.go on"
		}
		if err := c.put(tx, t, state, ""); err != nil {
			return err
		}
		if !hold {
			if err := c.enqueueRelease(tx, t, 0, later(t.Releases, c.releases.now())); err != nil {
				return err
			}
		}
		return c.note(tx, a, verb, t)
	})
}

// LeaveOut goes on with the next period: of this one there is no release, unless a manager publishes it by hand before a later
// one. Conflict where the turn has ended, or is not closed yet.
func (c *Clock) LeaveOut(ctx context.Context, a identity.Actor, b *board.Board, p period.Period) error {
	return c.change(ctx, b, p, func(tx *db.Tx, t Turn) error {
		if err := c.end(tx, b, t, TurnLeftOut, ""); err != nil {
			return err
		}
		return c.note(tx, a, "turn.leave out", t)
	})
}

// Again tries at once what failed, or found nothing. Conflict where the turn has ended, or is not closed yet.
func (c *Clock) Again(ctx context.Context, b *board.Board, p period.Period) error {
	return c.change(ctx, b, p, func(tx *db.Tx, t Turn) error {
		now := c.releases.now()
		kind := jobRelease
		if now.Before(t.Releases) {
			kind = jobClose
		}
		return c.queue.Enqueue(tx, kind, fmt.Sprint(t.Board, " ", t.Period, " again ", now.UnixMicro()), instant{t.Board, t.Period.String(), retry}, now)
	})
}

// change has something done with a turn that is closed and has not ended.
func (c *Clock) change(ctx context.Context, b *board.Board, p period.Period, do func(*db.Tx, Turn) error) error {
	return c.releases.db.Write(ctx, func(tx *db.Tx) error {
		t, err := turnOf(tx, b.ID, p)
		switch {
		case fault.Of(err) == fault.NotFound || err == nil && t.State == TurnWaiting:
			return fault.New(fault.Conflict, "%s is not closed yet: there is nothing to change before it is.", p.Label())
		case err != nil:
			return err
		case t.Ended:
			return fault.New(fault.Conflict, "The turn of %s is over: look at the board's releases.", p.Label())
		}
		return do(tx, t)
	})
}

func (c *Clock) note(tx *db.Tx, a identity.Actor, verb string, t Turn) error {
	return c.releases.trail.Write(tx, audit.Event{Actor: a.Account, Verb: verb, Board: t.Board, Detail: map[string]string{"period": t.Period.String()}})
}

// Wind sees to it that the next instant of every rhythm is among the jobs, and that what failed is tried again. It is called when
// a program starts and once a day, and may be called at any time.
func (c *Clock) Wind(ctx context.Context) error {
	boards, err := c.releases.boards.List(ctx, true)
	if err != nil {
		return err
	}
	var failed error
	for _, b := range boards {
		if b.Rhythm.Mode != board.ByHand {
			failed = errors.Join(failed, c.windOne(ctx, b))
		}
	}
	return failed
}

// Purge has the raw entries of every board that are due deleted, under its last final release. It is called once a day. Every
// board has a job of its own, so that one that cannot be purged keeps no other from it.
func (c *Clock) Purge(ctx context.Context) error {
	boards, err := c.releases.boards.List(ctx, true)
	if err != nil {
		return err
	}
	return c.releases.db.Write(ctx, func(tx *db.Tx) error {
		for _, b := range boards {
			if err := c.queue.Enqueue(tx, jobPurge, b.ID, b.ID, c.releases.now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// purgeBoard deletes the raw entries of one board that are due.
func (c *Clock) purgeBoard(ctx context.Context, j job.Job) error {
	b, err := c.boardOf(ctx, j)
	if err != nil {
		return err
	}
	latest, err := c.releases.Latest(ctx, b)
	if fault.Of(err) == fault.NotFound {
		return nil // nothing lies under a release yet
	}
	if err != nil {
		return err
	}
	_, err = c.releases.Purge(ctx, b, latest)
	return err
}

// later returns the later of two instants.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
