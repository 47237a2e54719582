package db

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"modernc.org/sqlite"

	"cairn/internal/fault"
)

// connectSQLite opens, or makes, the file at path.
func connectSQLite(ctx context.Context, path string) (*DB, error) {
	if path == "" || strings.HasPrefix(path, ":memory:") {
		return nil, fault.New(fault.Invalid, "The database needs a file: give a path such as cairn.db.")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The database path %q is not understood.", path)
	}
	if err := makePrivate(path); err != nil {
		return nil, err
	}
	if err := refuseStranger(ctx, path); err != nil {
		return nil, err
	}

	// A page of 8 KiB suits the blocks of entries and releases. The log is cut back after a large import.
	common := []string{
		"busy_timeout(10000)", "page_size(8192)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		"temp_store(MEMORY)", "journal_size_limit(67108864)",
	}
	// What is deleted is overwritten: who erases themselves shall not be found in the file. It costs a thirtieth of an import.
	writer, err := open(path, "immediate", append(common, "cache_size(-65536)", "secure_delete(1)"))
	if err != nil {
		return nil, err
	}
	writer.SetMaxOpenConns(1)
	reader, err := open(path, "deferred", append(common, "cache_size(-16384)", "query_only(1)"))
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	reader.SetMaxOpenConns(max(4, 2*runtime.NumCPU()))
	reader.SetMaxIdleConns(max(4, 2*runtime.NumCPU()))
	watching, err := open(path, "deferred", append(common, "query_only(1)"))
	if err != nil {
		return nil, errors.Join(err, writer.Close(), reader.Close())
	}
	return &DB{engine: onSQLite, reader: reader, writer: writer, watch: &watch{pool: watching}}, nil
}

func open(path, lock string, pragmas []string) (*sql.DB, error) {
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") { // C:/… on Windows
		slashed = "/" + slashed
	}
	address := url.URL{Scheme: "file", Path: slashed, RawQuery: url.Values{"_txlock": {lock}, "_pragma": pragmas}.Encode()}
	connector, err := sqlite.NewConnector(address.String())
	if err != nil {
		return nil, fromDriver(err)
	}
	return sql.OpenDB(preparing{connector}), nil
}

// makePrivate makes an empty file that only its owner can read, where there is none.
func makePrivate(path string) error {
	if folder, err := os.Stat(filepath.Dir(path)); err != nil || !folder.IsDir() {
		return fault.Wrap(fault.NotFound, err, "There is no folder %s for the database: make it first, or give another path.", filepath.Dir(path))
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return fault.New(fault.Invalid, "%s is a folder: give the path of a database file.", path)
		}
		return nil
	case err != nil:
		return fault.Wrap(fault.Unavailable, err, "The database file %s cannot be made: check who may write in its folder.", path)
	}
	return file.Close()
}

// refuseStranger refuses a file that another program made, before anything is written into it: on a connection of its
// own, since the settings of ours are written into the file.
func refuseStranger(ctx context.Context, path string) (err error) {
	pool, err := open(path, "deferred", []string{"busy_timeout(10000)", "query_only(1)"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	var tables, ours int
	err = fromDriver(pool.QueryRowContext(ctx,
		`SELECT COUNT(*), COUNT(CASE WHEN name = $1 THEN 1 END) FROM sqlite_master WHERE type = 'table'`, versionTable).Scan(&tables, &ours))
	if fault.Of(err) == fault.Invalid {
		return fault.Wrap(fault.Invalid, err, "%s is not a database of Cairn's: give another path.", path)
	}
	if err != nil {
		return err
	}
	if tables > 0 && ours == 0 {
		return fault.New(fault.Invalid, "%s is a database of another program: give another path.", path)
	}
	return nil
}
