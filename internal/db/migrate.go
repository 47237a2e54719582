package db

import (
	"bufio"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"

	"cairn/internal/fault"
)

//go:embed migrations/*.sql
var migrations embed.FS

// versionTable is where goose keeps which migrations have run.
const versionTable = "schema_version"

// migrate brings the schema up to date. Of several programs that start at once one migrates and the others wait.
func (d *DB) migrate(ctx context.Context) (err error) {
	provider, err := d.provider()
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	if d.engine == onPostgres {
		lock, err := d.writer.Conn(ctx)
		if err != nil {
			return fromDriver(err)
		}
		const key = `hashtext('cairn migrations in ' || current_schema())`
		if _, err := lock.ExecContext(ctx, `SELECT pg_advisory_lock(`+key+`)`); err != nil {
			return errors.Join(fromDriver(err), lock.Close())
		}
		defer func() {
			_, unlocked := lock.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(`+key+`)`)
			err = errors.Join(err, unlocked, lock.Close())
		}()
	}
	current, known, err := provider.GetVersions(ctx)
	if err != nil {
		return migrationFault(err)
	}
	if current > known {
		return fault.New(fault.Conflict, "This database was written by a newer Cairn (schema %d, this program knows %d): run the newer program.", current, known)
	}
	if current == known {
		return nil
	}
	// On SQLite another program may migrate at the same time: then a step of ours fails because theirs is done, and ours go
	// on after it.
	for before := current; ; before = current {
		_, err := provider.Up(ctx)
		if err == nil {
			return nil
		}
		if current, _, _ = provider.GetVersions(ctx); current == known {
			return nil
		}
		if current <= before || d.engine != onSQLite {
			return migrationFault(err)
		}
	}
}

func migrationFault(err error) error {
	if err := fromDriver(err); fault.Of(err) != fault.Internal {
		return err
	}
	return fmt.Errorf("migrating the database: %w", err)
}

// Schema returns the version of the schema in the database.
func (d *DB) Schema(ctx context.Context) (int64, error) {
	provider, err := d.provider()
	if err != nil {
		return 0, fmt.Errorf("reading the migrations: %w", err)
	}
	version, err := provider.GetDBVersion(ctx)
	return version, fromDriver(err)
}

// provider holds the embedded migrations as this engine reads them.
func (d *DB) provider() (*goose.Provider, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	var all []*goose.Migration
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return nil, err
		}
		source, err := fs.ReadFile(migrations, name)
		if err != nil {
			return nil, err
		}
		text := dialect(d.engine, string(source))
		all = append(all, goose.NewGoMigration(version, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, text)
			return err
		}}, nil))
	}
	dialects := map[engine]goose.Dialect{onSQLite: goose.DialectSQLite3, onPostgres: goose.DialectPostgres}
	return goose.NewProvider(dialects[d.engine], d.writer, nil,
		goose.WithGoMigrations(all...), goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true))
}

// dialect leaves out the parts of a migration that are for the other engine.
func dialect(e engine, source string) string {
	var text strings.Builder
	ours := true
	for lines := bufio.NewScanner(strings.NewReader(source)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if only, ok := strings.CutPrefix(line, "-- only "); ok {
			ours = only == string(e)
		} else if line == "-- both" {
			ours = true
		} else if ours {
			text.WriteString(lines.Text() + "\n")
		}
	}
	return text.String()
}
