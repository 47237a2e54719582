// Package story turns a player's history into stories: what the numbers mean, told positively, with the evidence.
//
// It is pure and deterministic: the same history tells the same stories in the same order. Every story carries the
// values and releases it rests on; none says anything that its evidence does not show, and none is about losing. No
// player is told the same story twice running while another is true.
package story
