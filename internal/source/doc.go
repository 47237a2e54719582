// Package source brings entries to boards: it turns records from a file or another system into members and entries,
// in batches, each of which is on disk when the next is read.
//
// Bringing the same records again adds nothing, also after a crash in the middle: a record without an id of its own is
// given one made of what it says. What cannot be taken is told row by row, and the rows themselves are handed back to
// be corrected. One subroom per outside system knows how to read it.
package source
