// Package player keeps the player's own record: profile, identifiers, notes on their timelines, and the entries of
// the player's own sources.
//
// The record belongs to the person whose account has its number, and nobody else can read or change it. Boards get what is
// derived from it and granted (Derive), never an entry: on PostgreSQL row-level security enforces that beneath the code,
// on SQLite it holds because no other room names these tables and this room's surface gives entries to their owner alone.
//
// Whoever owns a record can take it away whole: Export writes all that Cairn holds on them, Erase deletes it. What was
// published stays as numbers without a name.
package player
