package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"io/fs"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"cairn/internal/fault"
)

// fromDriver turns an error of a driver into a fault; faults and errors of other origin pass as they are.
func fromDriver(err error) error {
	if err == nil {
		return nil
	}
	if f := (*fault.Fault)(nil); errors.As(err, &f) {
		return err
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fault.Wrap(fault.NotFound, err, "There is no such record.")
	case errors.Is(err, context.Canceled):
		return fault.Wrap(fault.Unavailable, err, "Stopped before it was done; nothing was half-written.")
	case errors.Is(err, context.DeadlineExceeded):
		return fault.Wrap(fault.Unavailable, err, "The database took too long; nothing was half-written. Try again.")
	}
	if e := (*sqlite.Error)(nil); errors.As(err, &e) {
		return fromSQLite(e)
	}
	if e := (*pgconn.PgError)(nil); errors.As(err, &e) {
		return fromPostgres(e)
	}
	if e := (*pgconn.ConnectError)(nil); errors.As(err, &e) || pgconn.SafeToRetry(err) {
		return fault.Wrap(fault.Unavailable, err, "The database cannot be reached: check that it runs and that its address is right.")
	}
	if e := (net.Error)(nil); errors.As(err, &e) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fault.Wrap(fault.Unavailable, err, "The connection to the database broke. Try again.")
	}
	if errors.Is(err, fs.ErrPermission) {
		return fault.Wrap(fault.Unavailable, err, "The database file may not be read or written by this user.")
	}
	return err
}

func fromSQLite(e *sqlite.Error) error {
	switch e.Code() {
	case codes.SQLITE_CONSTRAINT_UNIQUE, codes.SQLITE_CONSTRAINT_PRIMARYKEY, codes.SQLITE_CONSTRAINT_ROWID:
		return fault.Wrap(fault.Conflict, e, "That is already there.")
	case codes.SQLITE_CONSTRAINT_FOREIGNKEY:
		return fault.Wrap(fault.Conflict, e, "Something else still refers to it, or what it refers to is gone.")
	case codes.SQLITE_CONSTRAINT_TRIGGER:
		return fault.Wrap(fault.Conflict, e, "That is final and cannot be changed.")
	}
	switch e.Code() & 0xff {
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED:
		return fault.Wrap(fault.Unavailable, e, "The database is busy: another program is writing to it. Try again.")
	case codes.SQLITE_FULL:
		return fault.Wrap(fault.Unavailable, e, "The disk is full; nothing was written. Make room and try again.")
	case codes.SQLITE_READONLY, codes.SQLITE_PERM, codes.SQLITE_AUTH:
		return fault.Wrap(fault.Unavailable, e, "The database file or its folder may not be written by this user.")
	case codes.SQLITE_CANTOPEN:
		return fault.Wrap(fault.Unavailable, e, "The database file cannot be opened: check that it and its folder may be read and written.")
	case codes.SQLITE_IOERR:
		return fault.Wrap(fault.Unavailable, e, "The disk under the database failed to read or write. Try again, and look at the disk if it stays.")
	case codes.SQLITE_NOTADB:
		return fault.Wrap(fault.Invalid, e, "The file is not a database of Cairn's: give another path.")
	case codes.SQLITE_CORRUPT:
		return fault.Wrap(fault.Internal, e, "The database file is damaged. Restore it from a backup.")
	case codes.SQLITE_INTERRUPT:
		return fault.Wrap(fault.Unavailable, e, "Stopped before it was done; nothing was half-written.")
	}
	return e
}

func fromPostgres(e *pgconn.PgError) error {
	switch e.Code {
	case "23505":
		return fault.Wrap(fault.Conflict, e, "That is already there.")
	case "23503":
		return fault.Wrap(fault.Conflict, e, "Something else still refers to it, or what it refers to is gone.")
	case "P0001": // raised by a trigger of ours
		return fault.Wrap(fault.Conflict, e, "That is final and cannot be changed.")
	case "22021", "22P05": // SQLite keeps these, so rooms refuse them in what they keep; this is for what is only looked for
		return fault.Wrap(fault.Invalid, e, "A text holds a zero byte or is no UTF-8: write it anew.")
	case "40001", "40P01":
		return fault.Wrap(fault.Unavailable, e, "The database is busy: others are writing the same records. Try again.")
	case "53100":
		return fault.Wrap(fault.Unavailable, e, "The disk of the database is full; nothing was written. Make room and try again.")
	case "3D000":
		return fault.Wrap(fault.Unavailable, e, "The PostgreSQL server has no database of that name: create it first (createdb).")
	case "42501", "25006":
		return fault.Wrap(fault.Unavailable, e, "The database user may not do that: grant it the right to create and write tables.")
	case "57014":
		return fault.Wrap(fault.Unavailable, e, "Stopped before it was done; nothing was half-written.")
	}
	switch e.Code[:2] {
	case "08", "53", "57":
		return fault.Wrap(fault.Unavailable, e, "The PostgreSQL server cannot serve this now. Try again.")
	case "28":
		return fault.Wrap(fault.Unavailable, e, "The PostgreSQL server refused the user or the password in the database address.")
	}
	return e
}
