// Package story turns a player's history into stories: what the numbers mean, told positively, with the evidence.
//
// It first finds claims, which are true statements with the values that show them, and then puts them into words; the
// words can say no more than the evidence does. Claims come in the order of how telling they are, and none that it finds is
// about losing; it has words for losses, for who asked for them. Each story works an example. No release of a player opens with
// the kind of story that opened the one before while another is true.
//
// It is pure and deterministic: the same history tells the same stories in the same order and words.
package story
