package db

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"cairn/internal/fault"
)

// connectPostgres opens the database at a postgres:// address.
func connectPostgres(ctx context.Context, address string) (*DB, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The database address is not understood: it reads postgres://user:password@host:5432/name.")
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 10 * time.Second
	}
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(24)
	pool.SetMaxIdleConns(8)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(fromDriver(err), pool.Close())
	}
	return &DB{engine: onPostgres, reader: pool, writer: pool}, nil
}

// Unbound reports whether the user that the database is opened as stands above row-level security: a superuser, or one who
// bypasses it. Then players' own tables are kept apart by the program alone. SQLite has no users.
func (d *DB) Unbound(ctx context.Context) (unbound bool, err error) {
	if d.engine != onPostgres {
		return false, nil
	}
	err = d.reader.QueryRowContext(ctx, `SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user`).Scan(&unbound)
	return unbound, fromDriver(err)
}
