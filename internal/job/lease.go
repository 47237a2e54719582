package job

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"cairn/internal/db"
	"cairn/internal/fault"
)

const (
	// leased is for how long a program has a job to itself.
	leased = 5 * time.Minute
	// margin is what is left of the lease when the handler's context ends.
	margin = 30 * time.Second
	// patience is for how long what is unavailable or limited is tried.
	patience = 72 * time.Hour
	// chances is how often a job may end Internal.
	chances = 5
	// kept is for how long a job that was skipped or died can be seen.
	kept = 30 * 24 * time.Hour
)

// held is a job that this program has leased.
type held struct {
	Job
	lease  string
	broken int
	due    time.Time
}

// claim leases up to limit jobs that are due. Every kind has its turn: first the longest due of each, of the kinds under way
// fewest here, then the next of each; and of one kind never more than a program does at once. busy counts what is under way
// here. A job whose lease has run out was left by a program that died: it is begun again, or dies where that happened too often.
func (q *Queue) claim(ctx context.Context, limit int, busy map[string]int) (jobs []held, err error) {
	if limit == 0 {
		return nil, nil
	}
	due, err := q.anyDue(ctx)
	if err != nil || !due {
		return nil, err // most often nothing is due, and nobody has to wait for a write transaction to learn it
	}
	err = q.db.Write(ctx, func(tx *db.Tx) error {
		now := q.now()
		if jobs, err = q.dueJobs(tx, now, busy); err != nil {
			return err
		}
		jobs = jobs[:min(len(jobs), limit)]
		for i := range jobs {
			if err := q.take(tx, &jobs[i], now); err != nil {
				return err
			}
		}
		jobs = slices.DeleteFunc(jobs, func(j held) bool { return j.lease == "" })
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("leasing jobs: %w", err)
	}
	return jobs, nil
}

// dueJobs returns jobs that may be begun, in the order of claim; lease holds that of a program that died.
func (q *Queue) dueJobs(tx *db.Tx, now time.Time, busy map[string]int) (jobs []held, err error) {
	var round []int // of each job: how many of its kind go before it
	for kind := range q.handlers {
		of, err := dueOf(tx, kind, now, abreastOfKind-busy[kind])
		if err != nil {
			return nil, err
		}
		for i, j := range of {
			jobs, round = append(jobs, j), append(round, busy[kind]+i)
		}
	}
	order := make([]int, len(jobs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(round[a], round[b]), jobs[a].due.Compare(jobs[b].due), cmp.Compare(jobs[a].ID, jobs[b].ID))
	})
	sorted := make([]held, len(jobs))
	for i, at := range order {
		sorted[i] = jobs[at]
	}
	return sorted, nil
}

// dueOf returns the longest due jobs of a kind.
func dueOf(tx *db.Tx, kind string, now time.Time, limit int) (jobs []held, err error) {
	if limit <= 0 {
		return nil, nil
	}
	rows, err := tx.Query(`SELECT job_id, kind, key, payload, wanted_at, due, attempt, broken, lease FROM job
		WHERE kind = $1 AND due <= $2 AND (state = 'waiting' OR state = 'running') ORDER BY due, job_id LIMIT $3`, kind, now.UnixMicro(), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var j held
		var payload string
		var wanted, due int64
		if err := rows.Scan(&j.ID, &j.Kind, &j.Key, &payload, &wanted, &due, &j.Attempt, &j.broken, &j.lease); err != nil {
			return nil, err
		}
		j.Payload, j.Due, j.due = []byte(payload), time.UnixMicro(wanted).UTC(), time.UnixMicro(due)
		jobs = append(jobs, j)
	}
	return jobs, rows.Err()
}

// take leases a job that is due, or buries it where programs died of it.
func (q *Queue) take(tx *db.Tx, j *held, now time.Time) error {
	if j.lease != "" {
		if j.broken++; j.broken >= chances {
			err := q.end(tx, *j, Dead, fmt.Sprintf("The program ended %d times while it ran.", chances))
			j.lease = ""
			return err
		}
	}
	j.lease = uuid.NewString()
	j.Attempt++
	_, err := tx.Exec(`UPDATE job SET state = 'running', lease = $2, due = $3, attempt = $4, broken = $5 WHERE job_id = $1`,
		j.ID, j.lease, now.Add(leased).UnixMicro(), j.Attempt, j.broken)
	return err
}

// kinds returns the handled kinds as parameters of a statement that has some before them.
func (q *Queue) kinds(before int) (parameters string, args []any) {
	var list []string
	for i, kind := range slices.Sorted(maps.Keys(q.handlers)) {
		list = append(list, fmt.Sprintf("$%d", before+i+1))
		args = append(args, kind)
	}
	return strings.Join(list, ", "), args
}

func (q *Queue) anyDue(ctx context.Context) (bool, error) {
	next, err := q.nextDue(ctx)
	return !next.IsZero() && !next.After(q.now()), err
}

// nextDue returns when a job that this program handles is next to be begun; zero: none waits.
func (q *Queue) nextDue(ctx context.Context) (next time.Time, err error) {
	if len(q.handlers) == 0 {
		return time.Time{}, nil
	}
	kinds, args := q.kinds(0)
	err = q.db.Read(ctx, func(tx *db.Tx) error {
		var due sql.NullInt64
		if err := tx.QueryRow(`SELECT MIN(due) FROM job WHERE (state = 'waiting' OR state = 'running') AND kind IN (`+kinds+`)`, args...).Scan(&due); err != nil {
			return err
		}
		next = time.Time{}
		if due.Valid {
			next = time.UnixMicro(due.Int64)
		}
		return nil
	})
	return next, err
}

// mend puts right what a clock that was ahead left behind: leases, pauses and daily jobs that end longer from now than any
// that begins now. Clocks of several programs may differ by an hour.
func (q *Queue) mend(ctx context.Context) error {
	return q.db.Write(ctx, func(tx *db.Tx) error {
		now := q.now()
		for _, late := range []struct {
			which string
			after time.Duration
		}{
			{`state = 'running'`, leased},
			{`state = 'waiting' AND attempt > 0`, patience},
			{`state = 'waiting' AND key = '` + dailyKey + `'`, 24 * time.Hour},
		} {
			if _, err := tx.Exec(`UPDATE job SET due = $1, wanted_at = $1 WHERE `+late.which+` AND due > $2`,
				now.UnixMicro(), now.Add(late.after+time.Hour).UnixMicro()); err != nil {
				return err
			}
		}
		return nil
	})
}

// settle notes how a job ended. Where its lease has gone to another program meanwhile, that one will note it.
func (q *Queue) settle(ctx context.Context, j held, ended error) (state State, err error) {
	err = q.db.Write(ctx, func(tx *db.Tx) error {
		var mine int
		if err := tx.QueryRow(`SELECT COUNT(*) FROM job WHERE job_id = $1 AND lease = $2`, j.ID, j.lease).Scan(&mine); err != nil || mine == 0 {
			return err
		}
		if ended == nil {
			state = Done
			return q.end(tx, j, Done, "")
		}
		var again time.Time
		state, again = q.judge(&j, ended)
		if state != Waiting {
			return q.end(tx, j, state, words(ended))
		}
		return q.putBack(tx, j, again, words(ended))
	})
	if err != nil {
		return "", fmt.Errorf("noting how a job %s ended: %w", j.Kind, err)
	}
	return state, nil
}

// judge says what becomes of a job that failed, and when it is tried again.
func (q *Queue) judge(j *held, err error) (state State, again time.Time) {
	now := q.now()
	if errors.Is(err, errStopped) {
		return Waiting, now
	}
	switch fault.Of(err) {
	case fault.Withheld:
		return Skipped, now
	case fault.Limited, fault.Unavailable:
		again = now.Add(pause(err, j.Attempt))
		if again.Sub(j.Due) > patience {
			return Dead, now
		}
		return Waiting, again
	case fault.Internal:
		if j.broken++; j.broken >= chances {
			return Dead, now
		}
		return Waiting, now.Add(backOff(j.broken))
	}
	return Dead, now
}

// pause is how long to wait before what is limited or unavailable is tried again.
func pause(err error, attempt int) time.Duration {
	if f := (*fault.Fault)(nil); errors.As(err, &f) && f.Wait > 0 {
		return f.Wait + rand.N(f.Wait/10+time.Second)
	}
	return backOff(attempt)
}

// backOff is from half a minute, doubling, to some six hours; a third of it by lot, so that what failed together does not
// come back together.
func backOff(attempt int) time.Duration {
	whole := min(30*time.Second<<min(max(attempt-1, 0), 10), 6*time.Hour)
	return whole*2/3 + rand.N(whole/3)
}

// words is what may be shown of why a job failed.
func words(err error) string {
	return fmt.Sprintf("%s: %s", fault.Of(err), fault.Message(err))
}

// putBack lets a job wait again. Where another of its kind and key waits meanwhile, that one does its work.
func (q *Queue) putBack(tx *db.Tx, j held, due time.Time, reason string) error {
	var others int
	if err := tx.QueryRow(`SELECT COUNT(*) FROM job WHERE kind = $1 AND key = $2 AND state = 'waiting'`, j.Kind, j.Key).Scan(&others); err != nil {
		return err
	}
	if others > 0 {
		_, err := tx.Exec(`DELETE FROM job WHERE job_id = $1`, j.ID)
		return err
	}
	_, err := tx.Exec(`UPDATE job SET state = 'waiting', lease = '', due = $2, broken = $3, reason = $4 WHERE job_id = $1`,
		j.ID, due.UnixMicro(), j.broken, reason)
	return err
}

// end ends a job for good; a daily one waits for its next day.
func (q *Queue) end(tx *db.Tx, j held, state State, reason string) error {
	var err error
	if state == Done {
		_, err = tx.Exec(`DELETE FROM job WHERE job_id = $1`, j.ID)
	} else {
		_, err = tx.Exec(`UPDATE job SET state = $2, lease = '', broken = $3, reason = $4, ended_at = $5 WHERE job_id = $1`,
			j.ID, string(state), j.broken, reason, q.now().UnixMicro())
	}
	if err != nil {
		return err
	}
	if _, daily := q.hours[j.Kind]; daily && j.Key == dailyKey {
		return q.enqueueNext(tx, j.Kind)
	}
	return nil
}
