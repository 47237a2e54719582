package job

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"cairn/internal/db"
)

// Job is one piece of work.
type Job struct {
	ID      string // UUIDv7
	Kind    string // which handler does it
	Key     string // what it is about: of one kind, one job with a key waits at a time
	Payload json.RawMessage
	Due     time.Time
	Attempt int // from 1
}

// Queue is the room.
type Queue struct {
	db       *db.DB
	now      func() time.Time
	handlers map[string]func(context.Context, Job) error
}

// New builds the room; now is the only clock.
func New(d *db.DB, now func() time.Time) *Queue {
	return &Queue{db: d, now: now, handlers: map[string]func(context.Context, Job) error{}}
}

// Handle says who does the jobs of a kind. It is called before Run, by whoever builds the rooms.
func (q *Queue) Handle(kind string, do func(context.Context, Job) error) { q.handlers[kind] = do }

// Enqueue adds a job in the caller's transaction. Where one of the same kind and key waits already, nothing is added.
func (q *Queue) Enqueue(tx *db.Tx, kind, key string, payload any, due time.Time) error { return nil }

// Daily says that a job of a kind is due once a day at an hour (UTC), from now on.
func (q *Queue) Daily(kind string, hour int) {}

// RunDue runs what is due now and returns how many jobs ran, whether they succeeded or not.
func (q *Queue) RunDue(ctx context.Context) (ran int, err error) { return 0, nil }

// Run runs jobs as they become due until the context ends; those under way finish first.
func (q *Queue) Run(ctx context.Context, log *slog.Logger) error {
	<-ctx.Done()
	return nil
}
