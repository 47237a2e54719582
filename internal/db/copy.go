package db

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"cairn/internal/fault"
)

// Copied is one table that Copy copied.
type Copied struct {
	Table  string
	Rows   int64
	Digest string // hex; the same for the same rows in any order and in either database
}

// Copy copies everything from one database into another, of either kind, in one transaction; progress is told after every
// few rows. Both sides are read through and digested before it returns, so that what it says is there is there. The
// source, which must have the schema of this program, stays as it is (NotFound where there is none, Conflict where the
// schema is another); the target is made and migrated, and must be empty, else the error is Conflict.
func Copy(ctx context.Context, from, to string, progress func(table string, done, of int64)) (copied []Copied, err error) {
	if path, isFile := SQLitePath(from); isFile {
		if _, err := os.Stat(path); err != nil {
			return nil, fault.Wrap(fault.NotFound, err, "There is no database %s to copy.", path)
		}
	}
	source, err := connect(ctx, from)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	provider, err := source.provider()
	if err != nil {
		return nil, err
	}
	if current, known, err := provider.GetVersions(ctx); err != nil {
		return nil, migrationFault(err)
	} else if current != known {
		return nil, fault.New(fault.Conflict, "The database to copy has schema %d and this program knows %d: bring it up to date first (cairn db migrate), or use the program that wrote it.", current, known)
	}
	target, err := Open(ctx, to)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, target.Close()) }()

	err = source.Read(ctx, func(in *Tx) error {
		if err := in.seeAll(); err != nil {
			return err
		}
		return target.Write(ctx, func(out *Tx) error {
			if err := out.seeAll(); err != nil {
				return err
			}
			copied, err = copyAll(source.engine, target.engine, in, out, progress)
			return err
		})
	})
	return copied, err
}

// seeAll lets the transaction see the rows of all players in the tables of their own.
func (t *Tx) seeAll() error { return t.set("cairn.copy", "on") }

func copyAll(from, to engine, in, out *Tx, progress func(string, int64, int64)) (copied []Copied, err error) {
	tables, err := tablesOf(from, in)
	if err != nil {
		return nil, err
	}
	there, err := tablesOf(to, out)
	if err != nil {
		return nil, err
	}
	for _, table := range there {
		if !slices.Contains(tables, table) {
			return nil, fault.New(fault.Conflict, "The target has a table %s that Cairn does not know: copy into an empty database.", table)
		}
		var rows int64
		if err := out.QueryRow(`SELECT COUNT(*) FROM ` + quoted(table)).Scan(&rows); err != nil {
			return nil, err
		}
		if rows > 0 {
			return nil, fault.New(fault.Conflict, "The target holds data already (%d rows in %s): copy into an empty database.", rows, table)
		}
	}
	for _, table := range tables { // in the order in which they were made: what a row refers to comes before it
		was, err := copyTable(in, out, table, progress)
		if err != nil {
			return nil, fmt.Errorf("copying table %s: %w", table, err)
		}
		is, err := digestTable(out, table)
		if err != nil {
			return nil, fmt.Errorf("reading back table %s: %w", table, err)
		}
		if was != is {
			return nil, fmt.Errorf("table %s: read %d rows with digest %s, read back %d with %s", table, was.Rows, was.Digest, is.Rows, is.Digest)
		}
		copied = append(copied, was)
	}
	return copied, nil
}

// tablesOf returns the tables of a database in the order in which they were made.
func tablesOf(e engine, tx *Tx) (tables []string, err error) {
	query := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> $1 ORDER BY rowid`
	if e == onPostgres {
		query = `SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = CAST(current_schema() AS regnamespace) AND relname <> $1 ORDER BY oid`
	}
	rows, err := tx.Query(query, versionTable)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			return nil, err
		}
		tables = append(tables, table)
	}
	return tables, rows.Err()
}

// copyTable copies the rows of a table, some 300 values a statement.
func copyTable(in, out *Tx, table string, progress func(string, int64, int64)) (Copied, error) {
	var of int64
	if err := in.QueryRow(`SELECT COUNT(*) FROM ` + quoted(table)).Scan(&of); err != nil {
		return Copied{}, err
	}
	d := digest{table: table}
	var columns []string
	var values []any
	flush := func() error {
		if len(values) == 0 {
			return nil
		}
		var text strings.Builder
		fmt.Fprintf(&text, `INSERT INTO %s (%s) VALUES `, quoted(table), strings.Join(columns, ", "))
		for i := range values {
			switch {
			case i == 0:
				text.WriteString("(")
			case i%len(columns) == 0:
				text.WriteString("), (")
			default:
				text.WriteString(", ")
			}
			fmt.Fprintf(&text, "$%d", i+1)
		}
		text.WriteString(")")
		_, err := out.Exec(text.String(), values...)
		values = values[:0]
		progress(table, d.rows, of)
		return err
	}
	err := eachRow(in, table, func(names []string, row []any) error {
		if columns == nil {
			for _, name := range names {
				columns = append(columns, quoted(name))
			}
		}
		d.add(row)
		values = append(values, row...)
		if len(values)+len(row) > 300 {
			return flush()
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	return d.sum(), err
}

func digestTable(tx *Tx, table string) (Copied, error) {
	d := digest{table: table}
	err := eachRow(tx, table, func(_ []string, row []any) error {
		d.add(row)
		return nil
	})
	return d.sum(), err
}

// eachRow visits the rows of a table; a row's values are its own.
func eachRow(tx *Tx, table string, visit func(names []string, row []any) error) error {
	rows, err := tx.Query(`SELECT * FROM ` + quoted(table))
	if err != nil {
		return err
	}
	defer rows.Close()
	names, err := rows.rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		row := make([]any, len(names))
		into := make([]any, len(names))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, value := range row {
			if bytes, ok := value.([]byte); ok && bytes == nil { // no bytes at all, which to a driver is not the same as NULL
				row[i] = []byte{}
			}
		}
		if err := visit(names, row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// digest sums the SHA-256 of rows, so that their order plays no part: the databases order text in ways of their own.
type digest struct {
	table string
	rows  int64
	total [4]uint64
	row   []byte
}

func (d *digest) add(row []any) {
	d.row = d.row[:0]
	for _, value := range row {
		switch v := value.(type) {
		case nil:
			d.row = append(d.row, 'n')
		case int64:
			d.row = binary.BigEndian.AppendUint64(append(d.row, 'i'), uint64(v))
		case float64:
			d.row = binary.BigEndian.AppendUint64(append(d.row, 'f'), math.Float64bits(v))
		case string:
			d.row = append(binary.AppendUvarint(append(d.row, 's'), uint64(len(v))), v...)
		case []byte:
			d.row = append(binary.AppendUvarint(append(d.row, 'b'), uint64(len(v))), v...)
		default: // a column type that the doc of this package does not name
			d.row = fmt.Appendf(append(d.row, '?'), "%T %v", v, v)
		}
	}
	sum := sha256.Sum256(d.row)
	for i := range d.total {
		d.total[i] += binary.BigEndian.Uint64(sum[i*8:])
	}
	d.rows++
}

func (d *digest) sum() Copied {
	var bytes []byte
	for _, part := range d.total {
		bytes = binary.BigEndian.AppendUint64(bytes, part)
	}
	return Copied{Table: d.table, Rows: d.rows, Digest: hex.EncodeToString(bytes)}
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
