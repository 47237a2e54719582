// Package target keeps targets: which value of a metric is wanted by when, for a player, a team or a whole board.
//
// A target is a value at a date or a path of them; between two of them it changes evenly, and after the last it stays. What a target
// said when a release was published is what that release is held against: nothing ever changes in a target, another takes its place
// and the one before ends.
//
// Whether somebody is on their path is arithmetic on the target and a value. On path is who comes within 5 % of what is due; where that
// is less than half a unit, within half a unit, but never within more than 10 %. Before the first point nothing is due yet.
//
// A metric that was moved from players to their team is the team's from the next release on: what single players have of it is for
// themselves alone. Package release sees to that.
//
// It reads no release; whoever has values asks.
package target
