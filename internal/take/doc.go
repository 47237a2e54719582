// Package take turns the entries of a window into one value per player and metric, as a scorecard's take and over say.
//
// The result depends on the set of entries only, not on the order in which they arrive, save that entries of one
// instant keep the order they were added in. A window without entries is missing, never zero. No window reaches
// beyond the end of the period. It is pure: no clock, no database, no file.
package take
