// Package db opens either database, brings its schema up to date, and gives read and write transactions that mean the
// same on both.
//
// The same SQL text with $1 parameters runs on SQLite and PostgreSQL. A write transaction is immediate on SQLite and
// serializable with retry on PostgreSQL, so its function may run twice: it only reads and writes rows. A statement that
// failed ends the transaction on both, whether or not its error was returned. Driver errors leave this package as
// faults. Nothing above it knows a driver or a migration.
//
// # Types and text that both databases take
//
// TEXT, BIGINT, DOUBLE PRECISION and BYTEA (which SQLite keeps as given: blobs stay blobs), no booleans, no native dates.
// ON CONFLICT … DO UPDATE, RETURNING, row values, common table expressions and partial indexes work on both. Text is
// ordered by bytes on SQLite and by the collation of the database on PostgreSQL: order by ISO dates or numbers, or in Go.
// A statement takes at most 32,766 parameters, and on SQLite binding takes the square of their number: some 300 are best.
//
// # Tables of players' own
//
// On PostgreSQL the tables of which a player alone may see the rows are under row-level security that binds their owner
// too. A transaction sees the rows of the players whom Tx.As names, Copy sees all. A user of the database who is superuser
// or has BYPASSRLS is not bound.
//
// # Migrations
//
// Files under migrations run once each, in the order of the number that their names begin with, forward only, each in a
// transaction of its own. What only one of the two databases can say (triggers) stands below a line "-- only sqlite" or
// "-- only postgres", up to the next such line or "-- both". Copy fills the tables in the order in which they were made,
// so what a row refers to, and what a trigger seals, is made first.
package db
