// Package intake turns what other systems say into entries: files (CSV and XLSX, wide or one entry per row, by their own header or
// by a mapping) and messages (our own JSON, CloudEvents, calls of the Segment kind, Singer taps), of which rules make entries.
//
// It reads a file a row at a time and holds no more than a row, so that the size of a file is no matter; messages are bounded,
// and what is no message, or nests too deep to be one, is refused before it is parsed. Whatever it cannot take it names: file,
// line, column or event, and what to do. It knows no database and no board; the keys that count are told to it.
package intake
