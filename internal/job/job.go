package job

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"cairn/internal/db"
	"cairn/internal/fault"
)

// Job is one piece of work.
type Job struct {
	ID      string // UUIDv7
	Kind    string // which handler does it
	Key     string // what it is about: of one kind, one job with a key waits at a time
	Payload json.RawMessage
	Due     time.Time // when it was to be done
	Attempt int       // from 1
}

// Read reads the payload into a value.
func (j Job) Read(into any) error {
	if err := json.Unmarshal(j.Payload, into); err != nil {
		return fault.Wrap(fault.Internal, err, "The payload of the job %s (%s) cannot be read.", j.ID, j.Kind)
	}
	return nil
}

// Queue is the room.
type Queue struct {
	db       *db.DB
	now      func() time.Time
	handlers map[string]func(context.Context, Job) error
	hours    map[string]int // of daily kinds
	look     time.Duration
}

// New builds the room; now is the only clock.
func New(d *db.DB, now func() time.Time) *Queue {
	return &Queue{db: d, now: now, handlers: map[string]func(context.Context, Job) error{}, hours: map[string]int{}, look: lookEvery}
}

// Handle says who does the jobs of a kind. It is called before Run, by whoever builds the rooms. The context that a handler
// gets ends shortly before the lease does; a handler may write, since it runs in no transaction.
func (q *Queue) Handle(kind string, do func(context.Context, Job) error) { q.handlers[kind] = do }

// Daily says that a job of a kind is due once a day at an hour (UTC), from now on. It is called before Run. Where no
// program ran at that hour, the job is done once when one runs again; the day's job that fails is retried like any other,
// and the next day's waits for it.
func (q *Queue) Daily(kind string, hour int) { q.hours[kind] = hour }

// Look says how often Run looks for jobs that other programs enqueued; a second, unless it is told. What it knows of already
// begins when it is due. It is called before Run.
func (q *Queue) Look(every time.Duration) { q.look = every }

// dailyKey is the key of a daily job.
const dailyKey = "daily"

// Enqueue adds a job in the caller's transaction. Where one of the same kind and key waits already, nothing is added.
func (q *Queue) Enqueue(tx *db.Tx, kind, key string, payload any, due time.Time) error {
	text, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("writing the payload of a job %s: %w", kind, err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("making an identifier: %w", err)
	}
	_, err = tx.Exec(`INSERT INTO job (job_id, kind, key, payload, state, wanted_at, due, attempt, broken, lease, reason, ended_at)
		VALUES ($1, $2, $3, $4, 'waiting', $5, $5, 0, 0, '', '', 0) ON CONFLICT (kind, key) WHERE state = 'waiting' DO NOTHING`,
		id.String(), kind, key, string(text), due.UnixMicro())
	return err
}

// schedule sees to it that every daily job waits, and that none waits for what a clock that was wrong said.
func (q *Queue) schedule(ctx context.Context) error {
	if err := q.mend(ctx); err != nil || len(q.hours) == 0 {
		return err
	}
	return q.db.Write(ctx, func(tx *db.Tx) error {
		for kind := range q.hours {
			if err := q.enqueueNext(tx, kind); err != nil {
				return err
			}
		}
		return nil
	})
}

// enqueueNext enqueues a daily job for the next time that its hour comes.
func (q *Queue) enqueueNext(tx *db.Tx, kind string) error {
	now := q.now().UTC()
	due := time.Date(now.Year(), now.Month(), now.Day(), q.hours[kind], 0, 0, 0, time.UTC)
	if !due.After(now) {
		due = due.AddDate(0, 0, 1)
	}
	return q.Enqueue(tx, kind, dailyKey, nil, due)
}
