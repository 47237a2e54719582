package dbtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // for making and dropping schemas

	"cairn/internal/db"
	"cairn/internal/parttest"
)

// Each runs a test on a fresh database of either kind.
func Each(t *testing.T, test func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, New(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, Open(t, Postgres(t))) })
}

// EachAddress runs a test on the address of a fresh database of either kind that nothing has opened yet.
func EachAddress(t *testing.T, test func(t *testing.T, address string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
}

// New opens a fresh SQLite database, for tests to which the kind of database does not matter.
func New(t testing.TB) *db.DB {
	t.Helper()
	return Open(t, Migrated(t))
}

// Migrated returns the address of a fresh SQLite database that nothing has opened yet.
func Migrated(t testing.TB) string {
	t.Helper()
	content, err := migrated()
	if err != nil {
		t.Fatalf("making a test database: %v", err)
	}
	path := SQLite(t)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// migrated returns the content of a fresh database: migrating one takes longer than most tests, copying it does not.
var migrated = sync.OnceValues(func() (content []byte, err error) {
	folder, err := os.MkdirTemp("", "cairn-dbtest-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "cairn.db")
	d, err := db.Open(context.Background(), path)
	if err != nil {
		return nil, err
	}
	if err := d.Close(); err != nil { // the log goes into the file
		return nil, err
	}
	return os.ReadFile(path)
})

// Open opens and migrates a database that is closed when the test ends.
func Open(t testing.TB, address string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), address)
	if err != nil {
		t.Fatalf("opening the test database: %v", err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("closing the test database: %v", err)
		}
	})
	return d
}

// SQLite returns the address of a SQLite file that is not there yet.
func SQLite(t testing.TB) string {
	return filepath.Join(t.TempDir(), "cairn.db")
}

// Postgres returns the address of an empty schema of its own, dropped when the test ends. Row-level security binds who
// opens it, as it should bind the user of a server in earnest: where TEST_POSTGRES_URL names a superuser, the schema belongs
// to a plain user made for the test. Without TEST_POSTGRES_URL it ends the test.
func Postgres(t testing.TB) string {
	t.Helper()
	server := os.Getenv("TEST_POSTGRES_URL")
	if server == "" {
		parttest.Lacks(t, "ON POSTGRESQL", "TEST_POSTGRES_URL is not set (test/postgres.sh COMMAND sets it)")
	}
	address, err := url.Parse(server)
	if err != nil {
		t.Fatalf("TEST_POSTGRES_URL: %v", err)
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	schema := "test_" + strings.ToLower(rand.Text())
	var superuser bool
	if err := admin.QueryRow(`SELECT rolsuper FROM pg_roles WHERE rolname = current_user`).Scan(&superuser); err != nil {
		t.Fatalf("asking the test server who we are: %v", err)
	}
	making, dropping := []string{`CREATE SCHEMA ` + schema}, []string{`DROP SCHEMA ` + schema + ` CASCADE`}
	if superuser {
		password := rand.Text()
		making = []string{`CREATE ROLE ` + schema + ` LOGIN PASSWORD '` + password + `'`, `CREATE SCHEMA ` + schema + ` AUTHORIZATION ` + schema}
		dropping = append(dropping, `DROP ROLE `+schema)
		address.User = url.UserPassword(schema, password)
	}
	for _, statement := range making {
		if _, err := admin.Exec(statement); err != nil {
			t.Fatalf("making a schema on the test server: %v", err)
		}
	}
	t.Cleanup(func() {
		for _, statement := range dropping {
			if _, err := admin.Exec(statement); err != nil {
				t.Errorf("dropping the schema of the test: %v", err)
			}
		}
		if err := admin.Close(); err != nil {
			t.Error(err)
		}
	})
	query := address.Query()
	query.Set("search_path", schema)
	address.RawQuery = query.Encode()
	return address.String()
}
