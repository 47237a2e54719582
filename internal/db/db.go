package db

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"cairn/internal/fault"
)

// DB is an open database. It may be used from many goroutines.
type DB struct {
	engine engine
	reader *sql.DB
	writer *sql.DB // on SQLite one connection of its own: writers wait for one another in Go, not in the file
	watch  *watch  // on SQLite only
}

// engine is which of the two databases it is.
type engine string

const (
	onSQLite   engine = "sqlite"
	onPostgres engine = "postgres"
)

// Open opens a database by its address: a file path or "sqlite:PATH", or "postgres://…"; and migrates it. A file that is
// not there is made, readable by its owner only, in a folder that must exist. A database that a newer Cairn wrote is
// refused with Conflict, one that cannot be reached with Unavailable, an address or a file that is no database of Cairn's
// with Invalid.
func Open(ctx context.Context, address string) (*DB, error) {
	d, err := connect(ctx, address)
	if err != nil {
		return nil, err
	}
	if err := d.migrate(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// connect opens a database as it is.
func connect(ctx context.Context, address string) (*DB, error) {
	if path, isFile := SQLitePath(address); isFile {
		return connectSQLite(ctx, path)
	}
	scheme, _, _ := strings.Cut(address, ":")
	if scheme != "postgres" && scheme != "postgresql" {
		return nil, fault.New(fault.Invalid, "Cairn keeps its data in SQLite or PostgreSQL, not in %q: give a file path or postgres://user@host/name.", scheme)
	}
	return connectPostgres(ctx, address)
}

// SQLitePath returns the path of an address that means a SQLite file; isFile is false for every other address.
func SQLitePath(address string) (path string, isFile bool) {
	scheme, rest, found := strings.Cut(address, ":")
	if found && scheme == "sqlite" {
		return rest, true
	}
	return address, !found || !strings.HasPrefix(rest, "//")
}

// Close ends all connections.
func (d *DB) Close() error {
	err := d.writer.Close()
	if d.reader != d.writer {
		err = errors.Join(err, d.reader.Close())
	}
	if d.watch != nil {
		err = errors.Join(err, d.watch.close())
	}
	return err
}

// Read runs read in a transaction that sees one state of the database and writes nothing.
func (d *DB) Read(ctx context.Context, read func(*Tx) error) error {
	options := &sql.TxOptions{ReadOnly: true}
	if d.engine == onPostgres {
		options.Isolation = sql.LevelRepeatableRead
	}
	return d.attempt(ctx, d.reader, options, read)
}

// Write runs write in a transaction and commits it; when Write returns nil, the changes are on disk. Any error, of write
// or of a statement in it, leaves nothing behind. write may run twice. It must not call Write: on SQLite it would wait
// for itself.
func (d *DB) Write(ctx context.Context, write func(*Tx) error) error {
	options := &sql.TxOptions{}
	if d.engine == onPostgres {
		options.Isolation = sql.LevelSerializable
	}
	for n := 1; ; n++ {
		err := d.attempt(ctx, d.writer, options, write)
		if err == nil || n >= attemptsFor(err) {
			return err
		}
		// The pause grows and is drawn by lot, so that two writers do not meet again.
		pause := time.Duration(rand.Int64N(int64(5*time.Millisecond) << min(n, 6)))
		select {
		case <-ctx.Done():
			return fromDriver(ctx.Err())
		case <-time.After(pause):
		}
	}
}

func (d *DB) attempt(ctx context.Context, pool *sql.DB, options *sql.TxOptions, work func(*Tx) error) error {
	begun, err := pool.BeginTx(ctx, options)
	if err != nil {
		return fromDriver(err)
	}
	tx := &Tx{ctx: ctx, tx: begun, engine: d.engine}
	defer func() { _ = begun.Rollback() }() // after a commit it does nothing; after a panic it frees the connection
	if err := work(tx); err != nil {
		return fromDriver(err)
	}
	if tx.failed != nil {
		return tx.failed
	}
	return fromDriver(begun.Commit())
}

// attemptsFor returns how often a transaction that failed like this is tried in all: it may have lost against another one
// and win next time. PostgreSQL says of some that they could not be put in an order, and of others, which both chose the same
// new key, that the key is taken: those find on the next attempt what the other wrote, or the key is taken indeed.
func attemptsFor(err error) int {
	if e := (*pgconn.PgError)(nil); errors.As(err, &e) {
		switch e.Code {
		case "40001", "40P01":
			return 12
		case "23505":
			return 4
		}
	}
	return 1
}
