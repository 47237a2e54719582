// Package score is the engine: a scorecard and a table of values give one score per player, its rank, its exact
// decomposition, the parameters that were used and every warning.
//
// It is pure: the same scorecard and table give the same bits on every machine and with any number of workers, and
// the order of the players plays no part (save under the tie rule that asks for it). Points of the top parts add up
// to the exact score, moves to its change. Missing is never silently zero.
//
// It has no clock, reads no file and no database, and decides nothing about who may be scored or who may see it.
package score
