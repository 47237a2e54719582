// Package once keeps the answer to a request that came with a key, for a day: so that a program that sends it again, since it
// never saw the answer, gets that answer and nothing is done twice.
//
// A key belongs to whoever sent it, and to one request: another body under it is a conflict. A request that is still being
// answered is one too. What was begun and never finished, since the program died, is told as such and never done again by
// itself. An answer above Largest, or beyond Most of an account, is not kept, and told as such as well. It knows nothing of what
// requests are about. Answers are kept sealed: they may tell a secret that is kept nowhere else, such as a new key.
package once
