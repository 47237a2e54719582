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
	// abreast is how many jobs a program runs at once.
	abreast = 4
	// look is how often a program looks for jobs that are due.
	look = time.Second
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
		jobs, err := q.claim(ctx, 1)
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
	free := make(chan struct{}, abreast)
	scheduled := false
	for ctx.Err() == nil {
		if !scheduled {
			err := q.schedule(ctx)
			if scheduled = err == nil; err != nil && ctx.Err() == nil {
				logger.Error("daily jobs are not scheduled yet", "error", err)
			}
		}
		jobs, err := q.claim(ctx, abreast-len(free))
		if err != nil && ctx.Err() == nil {
			logger.Error("no jobs can be leased", "error", err)
		}
		for _, j := range jobs {
			free <- struct{}{}
			underWay.Go(func() {
				defer func() { <-free }()
				if err := q.run(work, j, logger); err != nil {
					logger.Error("a job's end is not noted; it will run again", "job", j.ID, "kind", j.Kind, "error", err)
				}
			})
		}
		select {
		case <-ctx.Done():
		case <-time.After(look):
		}
	}
	return nil
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
