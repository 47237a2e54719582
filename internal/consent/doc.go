// Package consent is the only judge of "may we?": grants and their ledger, and what may be said of a few.
//
// A grant is a player's word: this board may have this derived quantity, from then until then, for this purpose. Giving
// and withdrawing each append a receipt to the ledger of that player and board; every receipt carries the digest of the
// one before, so that both sides can see that none was changed or lost. The ledger is append-only, which the database
// itself enforces, and names nobody: whose it is stands beside it, and goes when that person erases themselves. Grants are
// asked for at the moment of use, in the transaction of the use; what was used before stays as it was.
//
// Cohorts that are too small are withheld, and so is whatever would give them away by subtraction.
package consent
