// Package board keeps boards: what is scored, who is on it, and how it is shown.
//
// A board has one scorecard, versioned: a version is never changed, so that every release can name the one it used.
// Members are the players on a board, known by a key and, where given, by e-mail, handle and name; a member's number and
// key never change, and no number is ever used again.
package board
