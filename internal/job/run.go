package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"cairn/internal/fault"
)

const (
	// abreast is how many jobs a program runs at once, abreastOfKind how many of one kind: work that comes in thousands does
	// not keep the rest waiting.
	abreast, abreastOfKind = 4, 2
	// lookEvery is how often a program looks for what others enqueued, unless Look says otherwise.
	lookEvery = time.Second
	// grace is how long a job under way may take to finish when the program stops.
	grace = 10 * time.Second
)

// errStopped is why a job ended that a stopping program cut off.
var errStopped = fault.New(fault.Unavailable, "The program was stopped while it ran.")

// RunDue runs what is due now, one after another, and returns how many jobs ran, whether they succeeded or not.
func (q *Queue) RunDue(ctx context.Context) (ran int, err error) {
	if err := q.schedule(ctx); err != nil {
		return 0, err
	}
	for {
		jobs, err := q.claim(ctx, 1, nil)
		if err != nil || len(jobs) == 0 {
			return ran, err
		}
		if err := q.run(ctx, jobs[0], slog.New(slog.DiscardHandler)); err != nil {
			return ran, err
		}
		ran++
	}
}

// Run runs jobs as they become due until the context ends; those under way finish first, within ten seconds. What goes
// wrong with a job or with the database is logged; Run goes on.
func (q *Queue) Run(ctx context.Context, logger *slog.Logger) error {
	// Jobs outlive the context by a grace.
	work, cut := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cut(nil)
	defer context.AfterFunc(ctx, func() {
		time.AfterFunc(grace, func() { cut(errStopped) })
	})()

	var underWay sync.WaitGroup
	defer underWay.Wait()
	busy := map[string]int{} // by kind
	ended := make(chan string, abreast)
	ready := time.Time{} // when the daily jobs were last seen to
	for ctx.Err() == nil {
		if since := q.now().Sub(ready); since < 0 || since >= time.Hour { // the clock went back, or it is time
			if err := q.schedule(ctx); err == nil {
				ready = q.now()
			} else if ctx.Err() == nil {
				logger.Error("daily jobs are not scheduled yet", "error", err)
			}
		}
		free := abreast
		for _, n := range busy {
			free -= n
		}
		jobs, err := q.claim(ctx, free, busy)
		if err != nil && ctx.Err() == nil {
			logger.Error("no jobs can be leased", "error", err)
		}
		for _, j := range jobs {
			busy[j.Kind]++
			underWay.Go(func() {
				defer func() { ended <- j.Kind }()
				if err := q.run(work, j, logger); err != nil {
					logger.Error("a job's end is not noted; it will run again", "job", j.ID, "kind", j.Kind, "error", err)
				}
			})
		}
		select {
		case <-ctx.Done():
		case kind := <-ended: // there may be more to do
			busy[kind]--
		case <-time.After(q.rest(ctx)):
		}
	}
	return nil
}

// rest is how long to wait before looking again: until the next job is due, or another program may have enqueued one.
func (q *Queue) rest(ctx context.Context) time.Duration {
	next, err := q.nextDue(ctx)
	if err != nil || next.IsZero() {
		return q.look
	}
	until := next.Sub(q.now())
	if until <= 0 { // it is due, and there is no room for it, or others took it
		return min(q.look, lookEvery)
	}
	return min(q.look, until)
}

// run runs one job and notes how it ended. The error is of noting it.
func (q *Queue) run(ctx context.Context, j held, logger *slog.Logger) error {
	limited, cancel := context.WithTimeout(ctx, leased-margin)
	defer cancel()
	err := do(limited, q.handlers[j.Kind], j.Job)
	if err != nil && errors.Is(context.Cause(ctx), errStopped) {
		err = errStopped
	}
	state, settled := q.settle(context.WithoutCancel(ctx), j, err)
	if settled != nil {
		return settled
	}
	level := map[State]slog.Level{Done: slog.LevelDebug, Waiting: slog.LevelWarn, Skipped: slog.LevelInfo, Dead: slog.LevelError}[state]
	if err == nil {
		logger.Log(ctx, level, "job done", "job", j.ID, "kind", j.Kind, "attempt", j.Attempt)
	} else {
		logger.Log(ctx, level, "job failed", "job", j.ID, "kind", j.Kind, "attempt", j.Attempt, "state", string(state), "error", err)
	}
	return nil
}

// do calls a handler; a panic is an error like another.
func do(ctx context.Context, handler func(context.Context, Job) error, j Job) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fault.Wrap(fault.Internal, fmt.Errorf("panic: %v\n%s", reason, debug.Stack()), "The job stumbled over a mistake of Cairn's own.")
		}
	}()
	return handler(ctx, j)
}
