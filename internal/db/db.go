package db

import (
	"context"
	"database/sql"
	"errors"
)

// DB is an open database.
type DB struct{}

// Open opens a database by its address: a file path or "sqlite:PATH", or "postgres://…"; and migrates it.
func Open(ctx context.Context, address string) (*DB, error) { return nil, errors.New("not yet") }

func (d *DB) Close() error { return nil }

// Tx is a transaction. Its methods are those of database/sql, with driver errors turned into faults.
type Tx struct{}

func (t *Tx) Exec(query string, args ...any) (sql.Result, error) { return nil, nil }
func (t *Tx) Query(query string, args ...any) (*sql.Rows, error) { return nil, nil }
func (t *Tx) QueryRow(query string, args ...any) *Row            { return nil }
func (t *Tx) Prepare(query string) (*sql.Stmt, error)            { return nil, nil }

// Row is one row that Scan reads; no row is a NotFound fault.
type Row struct{}

func (r *Row) Scan(dest ...any) error { return nil }

// Read runs read in a transaction that sees one state of the database and writes nothing.
func (d *DB) Read(ctx context.Context, read func(*Tx) error) error { return nil }

// Write runs write in a transaction; write may run twice.
func (d *DB) Write(ctx context.Context, write func(*Tx) error) error { return nil }
