// Package gateway hands one short text to a program of the operator's that passes it on: to telephones, or into a chat.
//
// It knows nothing of what a text is about, keeps nothing, and never writes a text, a number or a secret into a log. A request is
// a POST of {"id", "to", "text"} as JSON, signed as Standard Webhooks says, so that the other side knows whose it is. The same
// message has the same webhook-id however often it is tried, so that a second delivery can be told. An answer from 200 to 299
// says that it was taken, every other one that it was not; redirects are not followed.
package gateway
