// Package gateway hands one short text to a program of the operator's that passes it on: to telephones, or into a chat.
//
// It knows nothing of what a text is about, keeps nothing, and never writes a text, a number or a secret into a log. Each request
// is signed, so that the other side knows whose it is, and carries the message's own id, so that a second delivery can be told.
package gateway
