package db

import (
	"context"
	"database/sql/driver"
	"fmt"
)

// Each connection to SQLite keeps this many statements prepared, none of them of a longer text: those have as many parameters as
// there were values at hand, and do not come again. (On PostgreSQL the driver keeps them.)
const (
	preparedMost    = 200
	preparedLongest = 4 << 10 // bytes
)

// preparing opens connections that keep their statements prepared.
type preparing struct{ driver.Connector }

func (p preparing) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	c, able := opened.(sqliteConn)
	if !able {
		_ = opened.Close()
		return nil, fmt.Errorf("db: %T lacks what database/sql wants of a connection", opened)
	}
	return &preparedConn{sqliteConn: c, ready: map[string]*preparedStmt{}}, nil
}

// sqliteConn is what the driver's connection can do and database/sql makes use of.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// preparedConn is a connection that keeps its statements prepared: parsing one costs as much as running it. One goroutine uses it at a
// time, so nothing here is locked.
type preparedConn struct {
	sqliteConn
	ready map[string]*preparedStmt // by text
}

// preparedStmt is a statement that stays prepared. SQLite compiles it anew by itself when the schema has changed.
type preparedStmt struct {
	driver.Stmt
	busy bool // rows of it are being read
}

func (c *preparedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

func (c *preparedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	rows, err := s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.busy = true
	return &preparedRows{rows, s}, nil
}

// statement returns a text prepared, nil where it is to be run as it is: it is long, or rows of it are being read.
func (c *preparedConn) statement(ctx context.Context, query string) (*preparedStmt, error) {
	if s, known := c.ready[query]; known && !s.busy {
		return s, nil
	} else if known || len(query) > preparedLongest {
		return nil, nil
	}
	prepared, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if len(c.ready) >= preparedMost {
		c.forgetOne()
	}
	s := &preparedStmt{Stmt: prepared}
	c.ready[query] = s
	return s, nil
}

// forgetOne makes room: whichever comes first out of the map, which is by lot.
func (c *preparedConn) forgetOne() {
	for text, s := range c.ready {
		if !s.busy {
			delete(c.ready, text)
			_ = s.Close() // what it says is the error of its last run, which was told then
			return
		}
	}
}

// Close ends the connection, and its statements before it.
func (c *preparedConn) Close() error {
	for _, s := range c.ready {
		_ = s.Close()
	}
	clear(c.ready)
	return c.sqliteConn.Close()
}

// preparedRows are rows of a statement that is free again once they are closed.
type preparedRows struct {
	driver.Rows
	of *preparedStmt
}

func (r *preparedRows) Close() error {
	r.of.busy = false
	return r.Rows.Close()
}
