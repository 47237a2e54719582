// Package db opens either database, brings its schema up to date, and gives read and write transactions that mean the
// same on both.
//
// The same SQL text with $1 parameters runs on SQLite and PostgreSQL; whatever cannot is named here. A write
// transaction is immediate on SQLite and serializable with retry on PostgreSQL, so its function may run twice: it only
// reads and writes rows. Driver errors leave this package as faults. Nothing above it knows a driver or a migration.
package db
