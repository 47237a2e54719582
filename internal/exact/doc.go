// Package exact is arithmetic that gives the same bits on every machine: elementary functions in plain Go, sums that
// do not depend on their order, and decimal rounding.
//
// Go may fuse x*y + z into one rounding on some machines, and math.Log and math.Exp are assembly on some; so every
// product here that is added is rounded by an explicit conversion, and no function depends on the platform's own
// logarithm or exponential. It knows nothing of scores.
package exact
