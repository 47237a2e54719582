// Package dbtest hands each test a fresh, migrated database: SQLite always, PostgreSQL too where TEST_POSTGRES_URL says.
package dbtest
