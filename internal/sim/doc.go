// Package sim invents players and what they did, for the demo and for tests that want numbers with real shapes: skew,
// streaks, holidays, missing weeks, newcomers, one who games a metric and one who comes back.
//
// It is pure and seeded: the same seed, last period and zone give the same players and entries on every machine. All
// people and organisations in it are made up.
package sim
