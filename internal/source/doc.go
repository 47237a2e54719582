// Package source keeps where entries come from: files that are brought, and connections that a board or a player keeps, which send
// by themselves or are asked again and again.
//
// Whatever is acknowledged is on disk, as entries or in quarantine with the reason, where it waits until somebody mends rules or
// enrols players. Bringing the same again adds nothing, also after a crash in the middle: what has no id of its own is given one
// made of what it says. What a file has and cannot be taken is told row by row, and the rows themselves are handed back to be
// corrected. A board's connection brings entries to the board alone, a player's own to the player's record alone. One that falls
// silent is told as such: what it alone measures is missing, not zero. One subroom per outside system knows how to ask it.
package source
