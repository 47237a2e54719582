// Package entry keeps entries: what players did, as numbers in time.
//
// Entries are append-only and idempotent by (source, external id); an acknowledged entry is durable. They are packed
// into blocks by day and read as a stream, and they go, with a receipt of count and digest, once they are older than
// the board's retention and under a final release. This room judges nothing and knows players and boards by their
// identifiers only.
//
// # How entries are kept
//
// A block holds the entries of one UTC day that one batch brought, in the order of arrival; a small last block of a day
// is packed together with the next batch. Its numbers (members, keys, instants, values) are columns of varints that a
// window reads; its texts (sources, external ids, labels) are deflated and read only when asked for. Both carry a
// checksum. A replaced entry stays in its block, and a row of entry_void takes it back.
//
// What is already there is known by 64 bits of the SHA-256 of source and external id, 64 of the whole entry, and the day,
// kept in sorted runs: every batch adds a run to the buckets that its hashes fall into, and runs of like size are merged,
// so that an append reads each bucket once and writes an id a few times in its life. A bucket that grows past 32,768 ids
// is split. Two different ids with one hash, about once in 10^5 boards of ten million entries, show as a refused conflict,
// not as a loss.
package entry
