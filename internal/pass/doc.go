// Package pass keeps passes: each opens one thing to whoever holds it.
//
// A pass is a secret in an address: in a mail, so that its reader comes to their own page without signing in; on a screen in a
// team's room; in a program that reads a feed; on a card that a player shows around by their own word. It opens what it was made
// for, for reading, and nothing beside, expires, and can be revoked by whoever it speaks of. Only the digest of its secret is kept.
//
// How often a pass was opened is counted, never by whom. This room knows numbers and accounts, and reads no board: what a
// pass shows is decided where it is shown, anew each time.
package pass
