// Package entry keeps entries: what players did, as numbers in time.
//
// Entries are append-only and idempotent by (source, external id); an acknowledged entry is durable. They are packed
// into blocks by day and read as a stream, and they go, with a receipt of count and digest, once they are older than
// the board's retention and under a final release. This room judges nothing and knows players and boards by their
// identifiers only.
package entry
