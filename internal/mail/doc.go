// Package mail hands one finished message to an SMTP server.
//
// It knows nothing of what a message is about, keeps nothing, and never writes a message or a password into a log. What is
// wrong is told by kind: Invalid for a recipient that the server refuses for good, Unavailable for what may work later.
package mail
