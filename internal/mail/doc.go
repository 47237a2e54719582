// Package mail hands finished messages to an SMTP server, one at a time or many over one line, and reads what servers report of
// those that did not arrive.
//
// It knows nothing of what a message is about, keeps no ledger, and never writes a message, an address or a password into a log. What is
// wrong is told by kind: Invalid for what the server refuses for good, Limited for what is to come again later, Unavailable for
// what may work later. After some errors nobody knows whether the message was taken: Doubtful tells those.
//
// Where no server is set, bulk messages are captured: written into a folder as files that any mail program opens. Messages that
// people wait for, such as links to sign in with, are not: who asked for one would wait in vain, so Ready is false and whoever
// writes them finds another way. An operator who names a folder for every message has all of them captured.
//
// With a key, messages are signed (DKIM). With a return path that has a place for a token, each message has one of its own, so that a
// report says which message it means whatever it leaves out.
package mail
