package db

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"cairn/internal/fault"
)

// State names what is committed at the moment. Where two calls give the same name, nothing was committed between them, by this program
// or another, so that what was read after the first still stands at the second. Names mean nothing else: a new one may stand for the
// same rows. It costs a small part of the smallest read.
func (d *DB) State(ctx context.Context) (name string, err error) {
	if d.engine == onSQLite {
		return d.watch.state(ctx)
	}
	// Which transactions a reader would see: a name that came from their numbers alone would miss one that commits after a later one.
	err = d.reader.QueryRowContext(ctx, `SELECT pg_current_snapshot()::text`).Scan(&name)
	return name, fromDriver(err)
}

// watch is one connection to a SQLite file that sees what all others commit: each has a count of its own, which goes up with that.
type watch struct {
	pool   *sql.DB
	mu     sync.Mutex
	conn   *sql.Conn
	opened int // how many connections there were
}

func (w *watch) state(ctx context.Context) (string, error) {
	ctx = context.WithoutCancel(ctx) // an asker who goes would end the connection, and its count with it
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn == nil {
		conn, err := w.pool.Conn(ctx)
		if err != nil {
			return "", fromDriver(err)
		}
		w.conn = conn
		w.opened++
	}
	var count int64
	if err := w.conn.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&count); err != nil {
		_ = w.conn.Close()
		w.conn = nil
		return "", fault.Wrap(fault.Unavailable, err, "The database does not answer: try again in a moment.")
	}
	return fmt.Sprintf("%d.%d", w.opened, count), nil
}

func (w *watch) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn != nil {
		_ = w.conn.Close() // it goes back to the pool, which ends it
		w.conn = nil
	}
	return w.pool.Close()
}
