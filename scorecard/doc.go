// Package scorecard is the declaration of one score: what is measured, how each
// number becomes comparable, how the numbers combine, and who chose that and why.
//
// It reads, checks, describes and compares scorecard files (version 1), publishes
// their JSON Schema and carries the templates to start from. A Scorecard that Load
// returned is complete (every default is filled in) and has passed every check;
// nobody changes it afterwards.
//
// It knows no data: no player, no value, no clock, no database. Turning numbers
// into a score is the work of package score.
package scorecard
