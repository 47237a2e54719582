package job_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/job"
)

// clock is a clock that a test sets.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func enqueue(t *testing.T, d *db.DB, q *job.Queue, kind, key string, payload any, due time.Time) {
	t.Helper()
	err := d.Write(t.Context(), func(tx *db.Tx) error { return q.Enqueue(tx, kind, key, payload, due) })
	if err != nil {
		t.Fatal(err)
	}
}

func runDue(t *testing.T, q *job.Queue, want int) {
	t.Helper()
	if ran, err := q.RunDue(t.Context()); err != nil || ran != want {
		t.Fatalf("%d jobs ran, %v; want %d", ran, err, want)
	}
}

func list(t *testing.T, q *job.Queue) []job.Standing {
	t.Helper()
	all, err := q.List(t.Context(), job.Filter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// only returns the one job that is listed.
func only(t *testing.T, q *job.Queue) job.Standing {
	t.Helper()
	all := list(t, q)
	if len(all) != 1 {
		t.Fatalf("%d jobs are listed, want one: %+v", len(all), all)
	}
	return all[0]
}

func TestEnqueue_OneOfAKindAndKeyWaitsAtATime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		q := job.New(d, c.now)
		var told []string
		q.Handle("mail", func(_ context.Context, j job.Job) error {
			var text string
			if err := j.Read(&text); err != nil {
				return err
			}
			told = append(told, j.Key+" "+text)
			if text == "first" { // whoever changes something while it runs has it run again
				enqueue(t, d, q, "mail", j.Key, "changed meanwhile", c.now())
			}
			return nil
		})
		enqueue(t, d, q, "mail", "a", "first", c.now())
		enqueue(t, d, q, "mail", "a", "second", c.now())
		enqueue(t, d, q, "mail", "b", "other", c.now().Add(time.Microsecond))
		enqueue(t, d, q, "chat", "a", "of another kind", c.now())
		c.pass(time.Second)
		runDue(t, q, 3)
		slices.Sort(told)
		if want := []string{"a changed meanwhile", "a first", "b other"}; !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
		if left := only(t, q); left.Kind != "chat" || left.State != job.Waiting {
			t.Errorf("a job that nobody here handles: %+v", left)
		}
	})
}

func TestEnqueue_GoesWithTheTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := job.New(d, newClock().now)
		changedMind := errors.New("changed my mind")
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			if err := q.Enqueue(tx, "mail", "a", nil, time.Time{}); err != nil {
				return err
			}
			return changedMind
		})
		if !errors.Is(err, changedMind) {
			t.Fatal(err)
		}
		if left := list(t, q); len(left) != 0 {
			t.Errorf("a job stands of a change that does not: %+v", left)
		}
	})
}

func TestRunDue_TheLongestDueFirstAndNothingEarly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		q := job.New(d, c.now)
		var order []string
		q.Handle("k", func(_ context.Context, j job.Job) error {
			order = append(order, j.Key)
			if j.Attempt != 1 || !j.Due.Equal(j.Due.Truncate(time.Hour)) {
				t.Errorf("job %+v", j)
			}
			return nil
		})
		for _, hours := range []int{3, 1, 2} {
			enqueue(t, d, q, "k", fmt.Sprint(hours), nil, c.now().Add(time.Duration(hours)*time.Hour))
		}
		runDue(t, q, 0)
		c.pass(2 * time.Hour)
		runDue(t, q, 2)
		c.pass(time.Hour)
		runDue(t, q, 1)
		runDue(t, q, 0)
		if want := []string{"1", "2", "3"}; !slices.Equal(order, want) {
			t.Errorf("in the order %q, want %q", order, want)
		}
	})
}

func TestRunDue_WhatBecomesOfAFaultDependsOnItsKind(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		panics bool
		state  job.State
		after  time.Duration // until it is tried again
		within time.Duration // and how much later by lot
		reason string
	}{
		{name: "invalid", err: fault.New(fault.Invalid, "no such box"), state: job.Dead, reason: "invalid: no such box"},
		{name: "absent", err: fault.New(fault.NotFound, "gone"), state: job.Dead, reason: "not_found: gone"},
		{name: "conflict", err: fault.New(fault.Conflict, "taken"), state: job.Dead, reason: "conflict: taken"},
		{name: "forbidden", err: fault.New(fault.Forbidden, "no"), state: job.Dead, reason: "forbidden: no"},
		{name: "withheld", err: fault.New(fault.Withheld, "no consent"), state: job.Skipped, reason: "withheld: no consent"},
		{name: "limited", err: &fault.Fault{Kind: fault.Limited, Message: "too often", Wait: 10 * time.Minute}, state: job.Waiting,
			after: 10 * time.Minute, within: 2 * time.Minute, reason: "limited: too often"},
		{name: "unavailable", err: fmt.Errorf("mailing: %w", fault.New(fault.Unavailable, "down")), state: job.Waiting,
			after: 20 * time.Second, within: 10 * time.Second, reason: "unavailable: down"},
		{name: "internal", err: errors.New("secret detail"), state: job.Waiting,
			after: 20 * time.Second, within: 10 * time.Second, reason: "internal: " + fault.Message(errors.New(""))},
		{name: "panic", panics: true, state: job.Waiting, after: 20 * time.Second, within: 10 * time.Second,
			reason: "internal: The job stumbled over a mistake of Cairn's own."},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, test := range tests {
			c := newClock()
			q := job.New(d, c.now)
			kind := "kind " + test.name
			q.Handle(kind, func(context.Context, job.Job) error {
				if test.panics {
					panic("secret detail")
				}
				return test.err
			})
			enqueue(t, d, q, kind, "key", nil, c.now())
			runDue(t, q, 1)
			i := slices.IndexFunc(list(t, q), func(s job.Standing) bool { return s.Kind == kind })
			if i < 0 {
				t.Fatalf("%s: the job is gone", test.name)
			}
			s := list(t, q)[i]
			if s.State != test.state || s.Reason != test.reason || s.Attempt != 1 {
				t.Errorf("%s: %+v", test.name, s)
			}
			switch wait := s.Next.Sub(c.now()); {
			case test.state == job.Waiting && (wait < test.after || wait > test.after+test.within):
				t.Errorf("%s: again after %v", test.name, wait)
			case test.state != job.Waiting && !s.Ended.Equal(c.now()):
				t.Errorf("%s: ended at %v", test.name, s.Ended)
			}
		}
	})
}

// fails has a job end with an error until it is dead, and returns how often it ran and how long that took.
func fails(t *testing.T, d *db.DB, err error) (attempts int, took time.Duration) {
	t.Helper()
	c := newClock()
	began := c.now()
	q := job.New(d, c.now)
	q.Handle("k", func(_ context.Context, j job.Job) error {
		if attempts++; j.Attempt != attempts {
			t.Errorf("attempt %d says that it is %d", attempts, j.Attempt)
		}
		return err
	})
	enqueue(t, d, q, "k", "a", nil, c.now())
	for {
		runDue(t, q, 1)
		s := only(t, q)
		if s.State == job.Dead {
			return attempts, c.now().Sub(began)
		}
		c.pass(s.Next.Sub(c.now()))
	}
}

func TestRunDue_WhatIsUnavailableIsTriedForThreeDays(t *testing.T) {
	attempts, took := fails(t, dbtest.New(t), fault.New(fault.Unavailable, "down"))
	if attempts < 15 || attempts > 40 || took < 60*time.Hour || took > 72*time.Hour {
		t.Errorf("%d attempts in %v", attempts, took)
	}
}

func TestRunDue_WhatIsLimitedOutlastsManyShortWaits(t *testing.T) {
	c := newClock()
	d := dbtest.New(t)
	q := job.New(d, c.now)
	attempts := 0
	q.Handle("k", func(context.Context, job.Job) error {
		if attempts++; attempts < 60 {
			return &fault.Fault{Kind: fault.Limited, Message: "slow down", Wait: time.Minute}
		}
		return nil
	})
	enqueue(t, d, q, "k", "a", nil, c.now())
	for len(list(t, q)) > 0 {
		runDue(t, q, 1)
		c.pass(2 * time.Minute)
	}
	if attempts != 60 {
		t.Errorf("%d attempts", attempts)
	}
}

func TestRunDue_WhatIsBrokenIsTriedFiveTimes(t *testing.T) {
	if attempts, took := fails(t, dbtest.New(t), errors.New("broken")); attempts != 5 || took < 4*time.Minute || took > 10*time.Minute {
		t.Errorf("%d attempts in %v", attempts, took)
	}
}

func TestAgain_GivesADeadJobEveryChance(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		q := job.New(d, c.now)
		ends := fault.New(fault.Invalid, "no")
		ran := 0
		q.Handle("k", func(context.Context, job.Job) error {
			if ran++; ran == 1 {
				return ends
			}
			return nil
		})
		enqueue(t, d, q, "k", "a", nil, c.now())
		runDue(t, q, 1)
		c.pass(5 * 24 * time.Hour)
		dead := only(t, q)
		if err := q.Again(t.Context(), dead.ID); err != nil {
			t.Fatal(err)
		}
		if s := only(t, q); s.State != job.Waiting || s.Attempt != 0 || !s.Due.Equal(c.now()) {
			t.Errorf("put back as %+v", s)
		}
		if err := q.Again(t.Context(), dead.ID); fault.Of(err) != fault.NotFound {
			t.Errorf("one that waits: %v", err)
		}
		runDue(t, q, 1)
		if left := list(t, q); len(left) != 0 {
			t.Errorf("left %+v", left)
		}
	})
}

func TestAgainAll_RevivesTheDeadOfAKind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		q := job.New(d, c.now)
		broken := true
		for _, kind := range []string{"mail", "chat"} {
			q.Handle(kind, func(context.Context, job.Job) error {
				if broken {
					return fault.New(fault.Invalid, "no")
				}
				return nil
			})
			enqueue(t, d, q, kind, "a", nil, c.now())
			enqueue(t, d, q, kind, "b", nil, c.now())
		}
		runDue(t, q, 4)
		enqueue(t, d, q, "mail", "a", nil, c.now()) // what is wanted again meanwhile is not done twice
		counts, err := q.Counts(t.Context())
		if got, want := fmt.Sprint(len(counts), counts[0].Kind, counts[0].State, counts[0].N, counts[2].State, counts[2].N), "3chatdead2waiting1"; err != nil || strings.ReplaceAll(got, " ", "") != want {
			t.Errorf("counts %s, %v; want %s", got, err, want)
		}
		if n, err := q.AgainAll(t.Context(), "mail"); err != nil || n != 2 {
			t.Fatalf("%d revived, %v; want 2", n, err)
		}
		broken = false
		runDue(t, q, 2)
		dead, err := q.List(t.Context(), job.Filter{Kind: "chat", State: job.Dead})
		if err != nil || len(dead) != 2 || len(list(t, q)) != 2 {
			t.Errorf("left %v, %v; want the two dead chats", dead, err)
		}
	})
}

// A clock that was years ahead for a while left leases, pauses and daily jobs in that far future.
func TestRunDue_GoesOnAfterAClockThatWasAhead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		var did []string
		program := func() *job.Queue {
			q := job.New(d, c.now)
			fail := true
			q.Handle("k", func(_ context.Context, j job.Job) error {
				did = append(did, j.Key)
				switch {
				case j.Key == "dies" && j.Attempt == 1:
					runtime.Goexit()
				case j.Key == "fails" && fail:
					fail = false
					return fault.New(fault.Unavailable, "down")
				}
				return nil
			})
			q.Handle("sweep", func(context.Context, job.Job) error { did = append(did, "sweep"); return nil })
			q.Daily("sweep", 4)
			return q
		}
		first := program()
		runDue(t, first, 0)
		c.pass(4 * 365 * 24 * time.Hour)
		enqueue(t, d, first, "k", "fails", nil, c.now())
		runDue(t, first, 2)
		enqueue(t, d, first, "k", "dies", nil, c.now())
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			if _, err := first.RunDue(context.Background()); err != nil {
				t.Error(err)
			}
		}()
		<-gone
		c.pass(-4*365*24*time.Hour + time.Minute)
		did = nil
		runDue(t, program(), 3)
		slices.Sort(did)
		if want := []string{"dies", "fails", "sweep"}; !slices.Equal(did, want) {
			t.Errorf("did %q at once, want %q", did, want)
		}
	})
}

func TestSweep_ForgetsTheDeadAfterThirtyDays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		q := job.New(d, c.now)
		q.Handle("k", func(context.Context, job.Job) error { return fault.New(fault.Withheld, "no") })
		enqueue(t, d, q, "k", "a", nil, c.now())
		runDue(t, q, 1)
		enqueue(t, d, q, "other", "a", nil, c.now())
		c.pass(30 * 24 * time.Hour)
		if err := q.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := len(list(t, q)); n != 2 {
			t.Errorf("%d jobs after 30 days, want 2", n)
		}
		c.pass(time.Second)
		if err := q.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if left := only(t, q); left.Kind != "other" {
			t.Errorf("left %+v", left)
		}
	})
}

func TestDaily_OncePerDayAndOnceForDaysThatNobodyRan(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock() // 10:00
		var at []string
		program := func() *job.Queue {
			q := job.New(d, c.now)
			q.Handle("sweep", func(context.Context, job.Job) error {
				at = append(at, c.now().Format("02 15:04"))
				return nil
			})
			q.Daily("sweep", 4)
			return q
		}
		one, two := program(), program()
		for range 3 * 24 {
			for _, q := range []*job.Queue{one, two} {
				if _, err := q.RunDue(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			c.pass(time.Hour)
		}
		c.pass(72 * time.Hour) // nobody runs
		runDue(t, program(), 1)
		runDue(t, program(), 0)
		if got, want := strings.Join(at, ", "), "03 04:00, 04 04:00, 05 04:00, 08 10:00"; got != want {
			t.Errorf("ran at %s; want %s", got, want)
		}
	})
}

func TestDaily_ADayThatFailsForGoodDoesNotEndTheDays(t *testing.T) {
	c := newClock()
	d := dbtest.New(t)
	q := job.New(d, c.now)
	q.Handle("sweep", func(context.Context, job.Job) error { return fault.New(fault.Conflict, "no") })
	q.Daily("sweep", 4)
	runDue(t, q, 0)
	for range 3 {
		c.pass(24 * time.Hour)
		runDue(t, q, 1)
	}
	dead := 0
	for _, s := range list(t, q) {
		if s.State == job.Dead {
			dead++
		}
	}
	if dead != 3 {
		t.Errorf("%d dead jobs after three days", dead)
	}
}

// Programs that share a database run each job once between them.
func TestRunDue_ProgramsShareTheWork(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const jobs, programs = 60, 4
		c := newClock()
		var mu sync.Mutex
		ran := map[string]int{}
		first := job.New(d, c.now)
		for i := range jobs {
			enqueue(t, d, first, "k", fmt.Sprint(i), nil, c.now())
		}
		var all sync.WaitGroup
		for range programs {
			all.Go(func() {
				q := job.New(d, c.now)
				q.Handle("k", func(_ context.Context, j job.Job) error {
					mu.Lock()
					defer mu.Unlock()
					ran[j.Key]++
					return nil
				})
				for {
					n, err := q.RunDue(context.Background())
					if err == nil {
						return
					}
					if fault.Of(err) != fault.Unavailable { // lost too many races: that is for later
						t.Errorf("after %d jobs: %v", n, err)
						return
					}
				}
			})
		}
		all.Wait()
		for key, n := range ran {
			if n != 1 {
				t.Errorf("job %s ran %d times", key, n)
			}
		}
		if left := list(t, first); len(ran) != jobs || len(left) != 0 {
			t.Errorf("%d of %d jobs ran, %d are left", len(ran), jobs, len(left))
		}
	})
}
