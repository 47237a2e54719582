// Package signature signs what the server sends over HTTP as the Standard Webhooks specification says, so that the other side
// knows whose it is, that it is whole and that it is new. It is pure: the time is its caller's.
package signature
