// Package board keeps boards: what is scored, who is on it and by whose word, who may do and see what, and how it is shown.
//
// A board has one scorecard, versioned: a version is never changed, so that every release can name the one it used; and
// terms, versioned as well, which say field by field what the board asks of its players and what they get for it. Its basis
// says why anybody is on it, and never changes: by their own word, from public records, or because it is a thing.
//
// Members are the players on a board, known by a key and, where given, by e-mail, handle and name; a member's number and
// reference never change, and no number is ever used again. Releases know members by their reference alone. Who claimed their
// record owns what is said of them; whoever is erased, declines or never answers leaves a number without a name.
//
// What a person may do is decided in one place, Access.May, from one table of acts, roles, stages and audiences. A board is
// revealed in stages, and whatever makes it wider is announced to its players before it holds. Its rhythm says when it is released.
package board
