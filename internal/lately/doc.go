// Package lately gives an answer of this very second once more, for as long as nothing was written since: a leaderboard that is opened
// by a whole club at nine o'clock is drawn once, not once each.
//
// Only what anybody is answered is kept: requests that carry a cookie or a token are passed on, as are those that ask for a part. The
// state of the database is asked each time before an answer is given again, so that what was withdrawn, changed or released is so at
// once; what follows from the clock alone is at most a second late. It knows nothing of what requests are about.
package lately
