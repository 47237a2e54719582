package source

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/job"
)

const (
	// jobPoll asks one connection, or looks whether one that sends is silent; its key is the connection's number and the instant that it was due at, so that one whose
	// connection is due at another instant meanwhile does nothing.
	jobPoll = "poll source"
	// shortest is how often a connection may be asked at most.
	shortest = time.Minute
	// turn is for how long one poll may take; what it has brought by then is kept, and the next goes on from there.
	turn = 4 * time.Minute
	// reachBack is how far back the first poll asks.
	reachBack = 90 * 24 * time.Hour
)

// errOvertaken ends a poll beside which another one went on.
var errOvertaken = fault.New(fault.Conflict, "This source is being asked already, or was changed meanwhile: look again in a minute.")

// attend has polls and notices done by the queue.
func (s *Sources) attend() {
	if s.rooms.Queue == nil {
		return
	}
	s.rooms.Queue.Handle(jobPoll, s.pollDue)
	s.rooms.Queue.Handle(jobSick, s.tellSick)
}

// wind sees to it that a connection is asked, or its silence looked at, when that is due, in the transaction that made or changed it.
func (s *Sources) wind(tx *db.Tx, c Connection) error {
	if c.State != Active || c.rhythm() <= 0 {
		_, err := tx.Exec(`UPDATE source SET next_at = 0 WHERE source_id = $1`, c.ID)
		return err
	}
	if c.Kind == Push {
		return s.due(tx, c.ID, c.silentAt())
	}
	next := s.rooms.Now().Add(rand.N(10 * time.Second)) // many that are made or woken together do not ask together
	if last := c.Health.Last; !last.IsZero() && last.Add(c.Every).After(next) {
		next = last.Add(c.Every)
	}
	return s.due(tx, c.ID, next)
}

// due sets when a connection is asked next.
func (s *Sources) due(tx *db.Tx, id string, next time.Time) error {
	if _, err := tx.Exec(`UPDATE source SET next_at = $2 WHERE source_id = $1`, id, next.UnixMicro()); err != nil {
		return err
	}
	return s.rooms.Queue.Enqueue(tx, jobPoll, pollKey(id, next.UnixMicro()), nil, next)
}

func pollKey(id string, due int64) string { return id + " " + strconv.FormatInt(due, 10) }

// Wind sees to it that every connection that is to be asked or listened to has a job waiting, also one whose job died. It is done daily.
func (s *Sources) Wind(ctx context.Context) error {
	return s.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		all, err := list(tx, `state = 'active' AND (every > 0 OR kind = $1)`, string(Push))
		if err != nil {
			return err
		}
		for _, c := range all {
			next := c.Health.Next
			if next.IsZero() {
				next = s.rooms.Now()
			}
			if c.rhythm() <= 0 {
				continue
			}
			if err := s.due(tx, c.ID, next); err != nil {
				return err
			}
		}
		return nil
	})
}

// Polled is what a poll came to.
type Polled struct {
	Taken   Taken
	Trouble string    // why it brought nothing, or not all; "" it went well
	Next    time.Time // zero: none is due
}

// puller returns what knows how to ask a kind.
func (s *Sources) puller(kind Kind) (Puller, error) {
	if p := s.rooms.Pullers[kind]; p != nil {
		return p, nil
	}
	return nil, fault.Wrong("kind", "A source of the kind %q is not asked: it sends by itself, or this server does not know it.", kind)
}

// Check asks a connection once, as it would be asked, and says what it found. Nothing is kept. Credentials that are not given
// are those that are kept with it.
func (s *Sources) Check(ctx context.Context, c Connection, credentials string) (found string, err error) {
	puller, err := s.puller(c.Kind)
	if err != nil {
		return "", err
	}
	if c.Settings, err = puller.Configure(c.Settings); err != nil {
		return "", err
	}
	at, err := s.asking(ctx, c)
	if err != nil {
		return "", err
	}
	if credentials != "" {
		at.Credentials = credentials
	}
	at.State = ""
	leave, err := s.asked.take(c.Owner())
	if err != nil {
		return "", err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, 45*time.Second)
	defer cancel()
	err = whole(func() (err error) { found, err = puller.Check(ctx, at); return err })
	return found, err
}

// asking is what a puller works with for a connection.
func (s *Sources) asking(ctx context.Context, c Connection) (at Asking, err error) {
	now := s.rooms.Now()
	at = Asking{Settings: c.Settings, Since: now.Add(-reachBack), Zone: time.UTC, Client: s.rooms.Reach.Client(), Reach: s.rooms.Reach, Now: now}
	sealed := ""
	if c.ID != "" {
		err = s.rooms.DB.Read(ctx, func(tx *db.Tx) error {
			return tx.QueryRow(`SELECT credentials, pulled FROM source WHERE source_id = $1`, c.ID).Scan(&sealed, &at.State)
		})
		if err != nil {
			return at, err
		}
	}
	if sealed != "" {
		if at.Credentials, err = s.rooms.Seals.Open(sealUse(c.ID), sealed); err != nil {
			return at, err
		}
	}
	if c.Player != "" {
		at.Zone, err = s.rooms.Players.Zone(ctx, c.Player)
		return at, err
	}
	if c.Board == "" {
		return at, nil
	}
	b, err := s.boards.ByID(ctx, c.Board)
	if err != nil {
		return at, err
	}
	at.Zone = b.Location()
	return at, nil
}

// sealUse is what the credentials of a connection are sealed for.
func sealUse(id string) string { return "source " + id }

// whole runs what asks another system; a panic in it is an error of that source alone.
func whole(ask func() error) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fault.Wrap(fault.Internal, fmt.Errorf("panic: %v\n%s", reason, debug.Stack()), "Cairn stumbled over what this source answered. The log has the details.")
		}
	}()
	return ask()
}

// pollDue does a job.
func (s *Sources) pollDue(ctx context.Context, j job.Job) error {
	id, _, _ := strings.Cut(j.Key, " ")
	c, err := s.ByID(ctx, id)
	switch {
	case fault.Of(err) == fault.NotFound:
		return nil
	case err != nil:
		return err
	case c.State != Active || c.rhythm() <= 0 || pollKey(c.ID, micros(c.Health.Next)) != j.Key: // it was asked by hand meanwhile, or changed
		return nil
	case c.Kind == Push:
		return s.rooms.DB.Write(ctx, func(tx *db.Tx) error {
			now, err := s.connectionIn(tx, id)
			if err != nil || now.State != Active || now.rhythm() <= 0 {
				return err
			}
			return s.listen(tx, now)
		})
	}
	_, err = s.poll(ctx, c)
	if errors.Is(err, errOvertaken) {
		return nil
	}
	return err
}

// Poll asks a connection now, whenever it is due. What goes wrong at the other side is told in the answer and noted as the
// connection's health; an error is of this server, Invalid for one that sends by itself, or Conflict where it is paused, retired or
// being asked already.
func (s *Sources) Poll(ctx context.Context, c Connection) (Polled, error) {
	if c.State != Active {
		return Polled{}, fault.New(fault.Conflict, "The source %s is %s: nothing is asked of it.", c.Name, c.State)
	}
	if _, err := s.puller(c.Kind); err != nil {
		return Polled{}, err
	}
	leave, err := s.asked.take(c.Owner())
	if err != nil {
		return Polled{}, err
	}
	defer leave()
	return s.poll(ctx, c)
}

// How many sources are asked by hand at the same time, in all and of one board or player: each may be slow, and say a lot.
const (
	mostAsked      = 6
	mostAskedOfOne = 2
)

// asked counts whose sources are being asked by hand.
type asked struct {
	mu  sync.Mutex
	all int
	of  map[Owner]int
}

// take notes one more, until leave; Limited where there are as many as can be.
func (a *asked) take(o Owner) (leave func(), err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all >= mostAsked || a.of[o] >= mostAskedOfOne {
		f := fault.New(fault.Limited, "Other sources are being asked just now: try again in a minute.")
		f.Wait = time.Minute
		return nil, f
	}
	if a.of == nil {
		a.of = map[Owner]int{}
	}
	a.all++
	a.of[o]++
	return sync.OnceFunc(func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.all--
		if a.of[o]--; a.of[o] == 0 {
			delete(a.of, o)
		}
	}), nil
}

func (s *Sources) poll(ctx context.Context, c Connection) (Polled, error) {
	puller, err := s.puller(c.Kind)
	if err != nil {
		return s.settle(ctx, c, Taken{}, err, false)
	}
	at, err := s.asking(ctx, c)
	if err != nil {
		return s.settle(ctx, c, Taken{}, err, false)
	}
	c.Zone = at.Zone
	if at.State != "" && !c.Health.Good.IsZero() {
		at.Since = c.Health.Good
	}
	asking, cancel := context.WithTimeout(ctx, turn)
	defer cancel()
	var taken Taken
	var own error // of this server, not of the source
	err = whole(func() error {
		return puller.Pull(asking, at, func(b intake.Batch, state string) error {
			got, err := s.keep(ctx, c, at.State, b, state)
			if err != nil {
				own = err
				return err
			}
			at.State = state
			taken.add(got)
			return nil
		})
	})
	if fault.Of(own) == fault.Invalid { // what it brings cannot be kept, such as beyond a record's bound: its owner has to hear of it
		return s.settle(ctx, c, taken, own, false)
	}
	if own != nil {
		return Polled{Taken: taken}, own
	}
	if err != nil && ctx.Err() != nil { // the program stops: the source is not to blame
		return Polled{Taken: taken}, fault.Wrap(fault.Unavailable, err, "Asking the source was stopped; what it brought is kept, and the next poll goes on from there.")
	}
	unfinished := err != nil && asking.Err() != nil && taken.Events > 0
	if unfinished {
		err = nil
	}
	return s.settle(ctx, c, taken, err, unfinished)
}

// keep puts a batch and the state behind it on disk, together. Of two polls side by side the second finds that the state is
// another than it began with, and ends.
func (s *Sources) keep(ctx context.Context, c Connection, was string, b intake.Batch, state string) (got Taken, err error) {
	err = s.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		done, err := tx.Exec(`UPDATE source SET pulled = $2 WHERE source_id = $1 AND pulled = $3 AND state = 'active'`, c.ID, state, was)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, errOvertaken)
		}
		got, err = s.takeIn(tx, c, b)
		return err
	})
	return got, err
}

// add counts what became of another batch.
func (t *Taken) add(o Taken) {
	t.Events += o.Events
	t.Added += o.Added
	t.Duplicates += o.Duplicates
	t.Skipped += o.Skipped
	t.Waiting += o.Waiting
	t.Conflicts += o.Conflicts
	t.TooLate += o.TooLate
	t.MadeIDs += o.MadeIDs
}

// settle notes how a poll went and when the next is due.
func (s *Sources) settle(ctx context.Context, c Connection, taken Taken, trouble error, unfinished bool) (done Polled, err error) {
	err = s.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		now := s.rooms.Now()
		at, err := s.connectionIn(tx, c.ID)
		if err != nil {
			return err
		}
		h := at.Health
		h.note(at, taken, trouble, now)
		done = Polled{Taken: taken, Trouble: h.Trouble}
		if err := s.putHealth(tx, at, h); err != nil {
			return err
		}
		if at.State != Active || at.Every <= 0 {
			return nil
		}
		if done.Next = now.Add(pause(at.Every, h.Failed, trouble)); unfinished {
			done.Next = now.Add(shortest)
		}
		return s.due(tx, at.ID, done.Next)
	})
	if err == nil && fault.Of(trouble) == fault.Internal {
		err = trouble // for the log; the next poll is due all the same
	}
	return done, err
}

// pause is how long to wait until the next poll: as often as is wished, by lot a little more, after failures each time twice as
// long up to a day, and as long as the other side asks for.
func pause(every time.Duration, failed int, trouble error) time.Duration {
	every = max(every, shortest)
	wait := every
	switch f := (*fault.Fault)(nil); {
	case trouble == nil:
	case errors.As(trouble, &f) && f.Kind == fault.Limited:
		wait = max(f.Wait, min(every, 10*time.Minute))
	default:
		wait = min(every<<min(max(failed-1, 0), 12), max(every, 24*time.Hour))
	}
	return wait + rand.N(wait/10+time.Second)
}
