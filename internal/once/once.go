package once

import (
	"context"
	"net/http"
	"time"

	"cairn/internal/db"
)

// Lasts is how long an answer is kept.
const Lasts = 24 * time.Hour

// Answer is what was answered.
type Answer struct {
	Status int
	Header http.Header // those that belong to the answer, not to the connection
	Body   []byte
}

// Answers is the room.
type Answers struct {
	db  *db.DB
	now func() time.Time
}

// New builds the room; now is the only clock.
func New(d *db.DB, now func() time.Time) *Answers { return &Answers{db: d, now: now} }

// Begin notes that a request with a key is being answered, or returns what was answered to it before. who is whose key it is;
// digest is of method, address and body. Conflict where another request had this key, where this one is still being answered,
// and where it was begun and never finished.
func (o *Answers) Begin(ctx context.Context, who, key string, digest [32]byte) (before *Answer, err error) {
	panic("to be written")
}

// Finish keeps the answer of a request that was begun.
func (o *Answers) Finish(ctx context.Context, who, key string, a Answer) error {
	panic("to be written")
}

// Drop forgets a request that was begun and changed nothing, so that it may be sent again.
func (o *Answers) Drop(ctx context.Context, who, key string) error {
	panic("to be written")
}

// Sweep deletes what is older than Lasts.
func (o *Answers) Sweep(ctx context.Context) error { return nil }
