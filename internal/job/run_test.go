package job_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/job"
)

// inBubble runs a test in a bubble whose time passes by itself, on a SQLite opened inside it.
func inBubble(t *testing.T, test func(t *testing.T, d *db.DB)) {
	address := dbtest.SQLite(t)
	synctest.Test(t, func(t *testing.T) { test(t, dbtest.Open(t, address)) })
}

// running runs a queue until the returned function is called, which waits for its end.
func running(t *testing.T, q *job.Queue, log *slog.Logger) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- q.Run(ctx, log) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func TestRun_WakesWhenAJobIsDueAndRetriesIt(t *testing.T) {
	inBubble(t, func(t *testing.T, d *db.DB) {
		q := job.New(d, time.Now)
		began := time.Now()
		var at []time.Duration
		q.Handle("k", func(context.Context, job.Job) error {
			if at = append(at, time.Since(began)); len(at) < 3 {
				return fault.New(fault.Unavailable, "down")
			}
			return nil
		})
		stop := running(t, q, slog.New(slog.DiscardHandler))
		enqueue(t, d, q, "k", "a", nil, began.Add(5*time.Minute))
		time.Sleep(8 * time.Minute)
		stop()
		if len(at) != 3 || at[0] < 5*time.Minute || at[0] > 5*time.Minute+2*time.Second || at[1]-at[0] < 20*time.Second || at[2]-at[1] < 40*time.Second {
			t.Errorf("ran after %v", at)
		}
	})
}

func TestRun_FinishesWhatItBeganAndBeginsNothingMore(t *testing.T) {
	inBubble(t, func(t *testing.T, d *db.DB) {
		q := job.New(d, time.Now)
		var finished atomic.Int64
		q.Handle("k", func(ctx context.Context, _ job.Job) error {
			select {
			case <-time.After(5 * time.Second):
				finished.Add(1)
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		for i := range 6 {
			enqueue(t, d, q, "k", fmt.Sprint(i), nil, time.Now())
		}
		stop := running(t, q, slog.New(slog.DiscardHandler))
		time.Sleep(2 * time.Second)
		stop()
		if left := list(t, q); finished.Load() != 4 || len(left) != 2 {
			t.Errorf("%d finished, left %+v", finished.Load(), left)
		}
	})
}

// What a stopping program has to cut off waits for the next one, at once and with every chance it had.
func TestRun_CutsOffWhatDoesNotEndInTime(t *testing.T) {
	inBubble(t, func(t *testing.T, d *db.DB) {
		q := job.New(d, time.Now)
		q.Handle("k", func(ctx context.Context, _ job.Job) error {
			<-ctx.Done()
			return ctx.Err()
		})
		enqueue(t, d, q, "k", "a", nil, time.Now())
		stop := running(t, q, slog.New(slog.DiscardHandler))
		time.Sleep(time.Second)
		asked := time.Now()
		stop()
		if took := time.Since(asked); took < 9*time.Second || took > 11*time.Second {
			t.Errorf("it stopped after %v", took)
		}
		if s := only(t, q); s.State != job.Waiting || s.Next.After(time.Now()) {
			t.Errorf("cut off, it is %+v", s)
		}
	})
}

func TestRun_AHandlerEndsBeforeItsLeaseDoes(t *testing.T) {
	inBubble(t, func(t *testing.T, d *db.DB) {
		q := job.New(d, time.Now)
		var began []time.Time
		var next []time.Time
		q.Handle("k", func(ctx context.Context, _ job.Job) error {
			began = append(began, time.Now())
			for _, s := range list(t, q) {
				next = append(next, s.Next)
			}
			<-ctx.Done()
			if !time.Now().Before(next[len(next)-1]) {
				t.Errorf("the context ended at %v, the lease at %v", time.Now(), next)
			}
			return fmt.Errorf("waiting: %w", ctx.Err())
		})
		enqueue(t, d, q, "k", "a", nil, time.Now())
		stop := running(t, q, slog.New(slog.DiscardHandler))
		time.Sleep(6 * time.Minute)
		stop()
		if len(began) != 2 {
			t.Errorf("began at %v", began)
		}
	})
}

func TestRun_LogsWhatFailedWithoutItsPayload(t *testing.T) {
	inBubble(t, func(t *testing.T, d *db.DB) {
		var log bytes.Buffer
		q := job.New(d, time.Now)
		q.Handle("k", func(context.Context, job.Job) error { return fault.New(fault.Invalid, "no such thing") })
		enqueue(t, d, q, "k", "a", "ada@example.org", time.Now())
		stop := running(t, q, slog.New(slog.NewTextHandler(&log, nil)))
		time.Sleep(2 * time.Second)
		stop()
		text := log.String()
		if strings.Count(text, "\n") != 1 || !strings.Contains(text, "level=ERROR") || !strings.Contains(text, "state=dead") ||
			!strings.Contains(text, "no such thing") || strings.Contains(text, "ada@") {
			t.Errorf("the log says\n%s", text)
		}
	})
}

// A program that comes back after its lease was over changes nothing of what another made of the job meanwhile.
func TestRun_OneThatComesBackLateChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		late, other := job.New(d, c.now), job.New(d, c.now)
		began, goOn := make(chan struct{}), make(chan struct{})
		late.Handle("k", func(context.Context, job.Job) error {
			close(began)
			<-goOn
			return fault.New(fault.Invalid, "from the one that came late")
		})
		attempt := 0
		other.Handle("k", func(_ context.Context, j job.Job) error {
			attempt = j.Attempt
			return nil
		})
		enqueue(t, d, late, "k", "a", nil, c.now())
		ended := make(chan error, 1)
		go func() {
			_, err := late.RunDue(context.Background())
			ended <- err
		}()
		<-began
		c.pass(5*time.Minute - time.Second)
		runDue(t, other, 0) // it is still leased
		c.pass(time.Second)
		runDue(t, other, 1)
		close(goOn)
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if left := list(t, other); len(left) != 0 || attempt != 2 {
			t.Errorf("left %+v, attempt %d", left, attempt)
		}
	})
}

// A job that kills the programs that run it is left alone in the end.
func TestRunDue_AJobThatKillsProgramsDies(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		deaths := 0
		q := job.New(d, c.now)
		q.Handle("k", func(context.Context, job.Job) error {
			deaths++
			runtime.Goexit() // nothing below notes how it ended, as where the program is gone
			return nil
		})
		enqueue(t, d, q, "k", "a", nil, c.now())
		for range 8 {
			gone := make(chan struct{})
			go func() {
				defer close(gone)
				if _, err := q.RunDue(context.Background()); err != nil {
					t.Error(err)
				}
			}()
			<-gone
			c.pass(6 * time.Minute)
		}
		if s := only(t, q); s.State != job.Dead || deaths != 5 || !strings.Contains(s.Reason, "5 times") {
			t.Errorf("after %d deaths: %+v", deaths, s)
		}
	})
}
