package job

import (
	"cmp"
	"context"
	"time"

	"cairn/internal/db"
	"cairn/internal/fault"
)

// State is where a job stands.
type State string

const (
	Waiting State = "waiting"
	Running State = "running"
	Skipped State = "skipped" // withheld: there was no consent
	Dead    State = "dead"    // it is not tried again unless somebody asks for it
	Done    State = "done"    // and gone
)

// Standing is a job that is not done, and where it stands.
type Standing struct {
	Job
	State  State
	Next   time.Time // of one that waits: when it is begun; of one that runs: when its lease ends
	Reason string    // why it was not done at the last attempt, "" there was none yet
	Ended  time.Time // of one that was skipped or died
}

// Filter says which jobs: what is left empty narrows nothing.
type Filter struct {
	Kind  string
	State State
	Limit int // at most so many; 0 is 100
}

// List returns jobs that are not done: dead ones first, then by when they are next due.
func (q *Queue) List(ctx context.Context, f Filter) (list []Standing, err error) {
	err = q.db.Read(ctx, func(tx *db.Tx) error {
		list = nil
		rows, err := tx.Query(`SELECT job_id, kind, key, payload, wanted_at, attempt, state, due, reason, ended_at FROM job
			WHERE ($1 = '' OR kind = $1) AND ($2 = '' OR state = $2)
			ORDER BY CASE WHEN state = 'dead' THEN 0 ELSE 1 END, due, job_id LIMIT $3`, f.Kind, string(f.State), cmp.Or(f.Limit, 100))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var s Standing
			var payload, state string
			var wanted, due, ended int64
			if err := rows.Scan(&s.ID, &s.Kind, &s.Key, &payload, &wanted, &s.Attempt, &state, &due, &s.Reason, &ended); err != nil {
				return err
			}
			s.Payload, s.State = []byte(payload), State(state)
			s.Due, s.Next = time.UnixMicro(wanted).UTC(), time.UnixMicro(due).UTC()
			if ended != 0 {
				s.Ended = time.UnixMicro(ended).UTC()
			}
			list = append(list, s)
		}
		return rows.Err()
	})
	return list, err
}

// Count is how many jobs of a kind stand alike.
type Count struct {
	Kind  string
	State State
	N     int
	First time.Time // when the first of them is due, or was
}

// Counts returns how many jobs there are of each kind, by kind and state.
func (q *Queue) Counts(ctx context.Context) (counts []Count, err error) {
	err = q.db.Read(ctx, func(tx *db.Tx) error {
		counts = nil
		rows, err := tx.Query(`SELECT kind, state, COUNT(*), MIN(due) FROM job GROUP BY kind, state ORDER BY kind, state`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c Count
			var state string
			var first int64
			if err := rows.Scan(&c.Kind, &state, &c.N, &first); err != nil {
				return err
			}
			c.State, c.First = State(state), time.UnixMicro(first).UTC()
			counts = append(counts, c)
		}
		return rows.Err()
	})
	return counts, err
}

// Again lets a job that was skipped or died run once more, as if it were new. NotFound where there is none such.
func (q *Queue) Again(ctx context.Context, id string) error {
	return q.db.Write(ctx, func(tx *db.Tx) error {
		j := held{Job: Job{ID: id}}
		err := tx.QueryRow(`SELECT kind, key FROM job WHERE job_id = $1 AND (state = 'dead' OR state = 'skipped')`, id).Scan(&j.Kind, &j.Key)
		if fault.Of(err) == fault.NotFound {
			return fault.Wrap(fault.NotFound, err, "There is no dead or skipped job %s.", id)
		}
		if err != nil {
			return err
		}
		return q.revive(tx, j)
	})
}

// AgainAll lets every dead job of a kind run once more, "" of all kinds. It returns how many there were.
func (q *Queue) AgainAll(ctx context.Context, kind string) (n int, err error) {
	err = q.db.Write(ctx, func(tx *db.Tx) error {
		n = 0
		dead, err := tx.Texts(`SELECT job_id FROM job WHERE state = 'dead' AND ($1 = '' OR kind = $1) ORDER BY due, job_id`, kind)
		if err != nil {
			return err
		}
		for _, id := range dead {
			j := held{Job: Job{ID: id}}
			if err := tx.QueryRow(`SELECT kind, key FROM job WHERE job_id = $1`, id).Scan(&j.Kind, &j.Key); err != nil {
				return err
			}
			if err := q.revive(tx, j); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}

// revive lets a job that ended wait again with every chance it had.
func (q *Queue) revive(tx *db.Tx, j held) error {
	now := q.now()
	if _, err := tx.Exec(`UPDATE job SET wanted_at = $2, attempt = 0, ended_at = 0 WHERE job_id = $1`, j.ID, now.UnixMicro()); err != nil {
		return err
	}
	return q.putBack(tx, j, now, "")
}

// Sweep deletes what was skipped or died more than 30 days ago.
func (q *Queue) Sweep(ctx context.Context) error {
	return q.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`DELETE FROM job WHERE (state = 'dead' OR state = 'skipped') AND ended_at < $1`, q.now().Add(-kept).UnixMicro())
		return err
	})
}
