// Package sheet reads a published spreadsheet or a CSV or XLSX file at an address again and again: rows that are new become
// entries, through the same mappings as an uploaded file.
//
// It keeps nothing: state goes in and comes out.
package sheet
