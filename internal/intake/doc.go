// Package intake turns files into entries: CSV and XLSX, wide or one entry per row, by their own header or by a mapping.
//
// It reads a row at a time and holds no more than a row, so that the size of a file is no matter. Whatever it cannot
// take it names: file, line, column and what to do. It knows no database and no board; the keys that count are told to it.
package intake
