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
		slow := func(ctx context.Context, _ job.Job) error {
			select {
			case <-time.After(5 * time.Second):
				finished.Add(1)
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		q.Handle("k", slow)
		q.Handle("l", slow)
		for i := range 3 {
			enqueue(t, d, q, "k", fmt.Sprint(i), nil, time.Now())
			enqueue(t, d, q, "l", fmt.Sprint(i), nil, time.Now())
		}
		stop := running(t, q, slog.New(slog.DiscardHandler))
		time.Sleep(2 * time.Second)
		stop()
		if left := list(t, q); finished.Load() != 4 || len(left) != 2 {
			t.Errorf("%d finished, left %+v", finished.Load(), left)
		}
	})
}

// Thousands of slow jobs of one kind, due long before it, do not keep one of another kind waiting.
func TestRun_ManyOfAKindKeepNobodyWaiting(t *testing.T) {
	inBubble(t, func(t *testing.T, d *db.DB) {
		q := job.New(d, time.Now)
		began := time.Now()
		var letters, most, under atomic.Int64
		q.Handle("letter", func(context.Context, job.Job) error {
			most.Store(max(most.Load(), under.Add(1)))
			time.Sleep(time.Minute)
			under.Add(-1)
			letters.Add(1)
			return nil
		})
		var rang time.Duration
		q.Handle("clock", func(context.Context, job.Job) error {
			rang = time.Since(began)
			return nil
		})
		for i := range 100 {
			enqueue(t, d, q, "letter", fmt.Sprint(i), nil, began.Add(-time.Hour))
		}
		enqueue(t, d, q, "clock", "a", nil, began.Add(90*time.Second))
		stop := running(t, q, slog.New(slog.DiscardHandler))
		time.Sleep(10*time.Minute + time.Second)
		stop()
		if rang != 90*time.Second || most.Load() != 2 || letters.Load() < 20 {
			t.Errorf("the clock rang after %v, %d letters at once, %d in ten minutes", rang, most.Load(), letters.Load())
		}
	})
}

// What is known to be due begins then, however seldom the program looks for more.
func TestRun_LooksAsOftenAsItIsTold(t *testing.T) {
	inBubble(t, func(t *testing.T, d *db.DB) {
		q := job.New(d, time.Now)
		q.Look(time.Hour)
		began := time.Now()
		at := map[string]time.Duration{}
		q.Handle("k", func(_ context.Context, j job.Job) error {
			at[j.Key] = time.Since(began)
			return nil
		})
		enqueue(t, d, q, "k", "known", nil, began.Add(90*time.Minute))
		stop := running(t, q, slog.New(slog.DiscardHandler))
		time.Sleep(10 * time.Minute)
		enqueue(t, d, job.New(d, time.Now), "k", "another's", nil, began)
		time.Sleep(2 * time.Hour)
		stop()
		if at["known"] != 90*time.Minute || at["another's"] > time.Hour {
			t.Errorf("began after %v", at)
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
