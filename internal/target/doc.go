// Package target keeps targets: which value of a metric is wanted by when, for a player, a team or a whole board.
//
// A target is a value at a date or a path of them; between two of them it rises evenly. What a target said when a release was
// published is what that release is held against: a change is a new target, and the one before ends. Whether somebody is on
// their path is arithmetic on the target and a value, and is told positively.
//
// It reads no release; whoever has values asks.
package target
