package db

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"cairn/internal/fault"
)

// Tx is a transaction. Its methods are those of database/sql, with driver errors turned into faults.
type Tx struct {
	ctx    context.Context
	tx     *sql.Tx
	engine engine
	failed error // the first statement that failed
}

// Context returns the context that the transaction runs in.
func (t *Tx) Context() context.Context { return t.ctx }

// As says whose rows the rest of the transaction reads and writes in the tables of players' own: on PostgreSQL, row-level
// security hides the rows of everybody else from it. Nobody's are seen before the first call and after As(). On SQLite it
// does nothing: there only the room that names those tables keeps them apart.
func (t *Tx) As(players ...string) error { return t.setPlayers("cairn.player", players) }

// SentTo is As for messages that are kept of what was sent to players' own sources, and for them alone.
func (t *Tx) SentTo(players ...string) error { return t.setPlayers("cairn.sent_to", players) }

func (t *Tx) setPlayers(name string, players []string) error {
	for _, player := range players {
		if player == "" || strings.Contains(player, ",") {
			return fmt.Errorf("db: %q is no player's number", player)
		}
	}
	return t.set(name, strings.Join(players, ","))
}

// set gives the database a setting that policies of row-level security read, for the rest of the transaction.
func (t *Tx) set(name, value string) error {
	if t.engine != onPostgres {
		return nil
	}
	_, err := t.Exec(`SELECT set_config($1, $2, true)`, name, value)
	return err
}

// fail turns a driver error into a fault and remembers it: PostgreSQL ends the transaction at that point, so SQLite does.
func (t *Tx) fail(err error) error {
	err = fromDriver(err)
	if err != nil && t.failed == nil && fault.Of(err) != fault.NotFound {
		t.failed = err
	}
	return err
}

// Exec runs a statement.
func (t *Tx) Exec(query string, args ...any) (sql.Result, error) {
	result, err := t.tx.ExecContext(t.ctx, query, args...)
	return result, t.fail(err)
}

// Query runs a query for rows. On PostgreSQL the transaction can do nothing else until they are read or closed.
func (t *Tx) Query(query string, args ...any) (*Rows, error) {
	rows, err := t.tx.QueryContext(t.ctx, query, args...) //nolint:rowserrcheck // Rows.Err hands it on
	if err != nil {
		return nil, t.fail(err)
	}
	return &Rows{tx: t, rows: rows}, nil
}

// QueryRow runs a query for one row.
func (t *Tx) QueryRow(query string, args ...any) *Row {
	return &Row{tx: t, row: t.tx.QueryRowContext(t.ctx, query, args...)}
}

// Texts runs a query for one column of text and reads it whole.
func (t *Tx) Texts(query string, args ...any) (texts []string, err error) {
	rows, err := t.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, rows.Err()
}

// All runs a query and reads every row, each by scan, which is called with what reads a row's columns. The list is never nil.
func All[T any](t *Tx, scan func(row func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	rows, err := t.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := []T{}
	for rows.Next() {
		one, err := scan(rows.Scan)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, rows.Err()
}

// Prepare prepares a statement that runs many times; it is closed with the transaction.
func (t *Tx) Prepare(query string) (*Stmt, error) {
	stmt, err := t.tx.PrepareContext(t.ctx, query)
	if err != nil {
		return nil, t.fail(err)
	}
	return &Stmt{tx: t, stmt: stmt}, nil
}

// Row is one row that Scan reads; no row is a NotFound fault.
type Row struct {
	tx  *Tx
	row *sql.Row
}

// Scan reads the columns of the row.
func (r *Row) Scan(dest ...any) error { return r.tx.fail(r.row.Scan(dest...)) }

// Rows are the rows of a query; Close them, and ask Err after the last one.
type Rows struct {
	tx   *Tx
	rows *sql.Rows
}

// Next steps to the next row.
func (r *Rows) Next() bool { return r.rows.Next() }

// Scan reads the columns of the row.
func (r *Rows) Scan(dest ...any) error { return r.tx.fail(r.rows.Scan(dest...)) }

// Err returns what ended the rows early, nil if nothing did.
func (r *Rows) Err() error { return r.tx.fail(r.rows.Err()) }

// Close ends the rows. Should that fail, the transaction fails.
func (r *Rows) Close() { _ = r.tx.fail(r.rows.Close()) }

// Stmt is a prepared statement.
type Stmt struct {
	tx   *Tx
	stmt *sql.Stmt
}

// Exec runs the statement.
func (s *Stmt) Exec(args ...any) (sql.Result, error) {
	result, err := s.stmt.ExecContext(s.tx.ctx, args...)
	return result, s.tx.fail(err)
}

// Query runs the statement for rows.
func (s *Stmt) Query(args ...any) (*Rows, error) {
	rows, err := s.stmt.QueryContext(s.tx.ctx, args...) //nolint:rowserrcheck // Rows.Err hands it on
	if err != nil {
		return nil, s.tx.fail(err)
	}
	return &Rows{tx: s.tx, rows: rows}, nil
}

// QueryRow runs the statement for one row.
func (s *Stmt) QueryRow(args ...any) *Row {
	return &Row{tx: s.tx, row: s.stmt.QueryRowContext(s.tx.ctx, args...)}
}

// Close frees the statement before the transaction ends. Should that fail, the transaction fails.
func (s *Stmt) Close() { _ = s.tx.fail(s.stmt.Close()) }
