// Package board keeps boards: what is scored, who is on it, and how it is shown.
//
// A board has one scorecard, versioned: a version that a release used is never changed. Members are the players on a
// board, known by a key and, where given, by e-mail, handle and name; a member's number never changes and is never used again.
package board
