// Package export writes what a release shows its reader as a file: CSV, XLSX, JSON or Parquet; and a board's whole history.
//
// It decides nothing about who may read what: it writes down what a release that was found shows its reader, so that a file shows
// no more than the pages. Cells that a spreadsheet would run are made harmless. Rows are written as they are read.
package export
