package mail

import "io"

// Picture is a picture inside a message, which its HTML names as cid:ID.
type Picture struct {
	ID   string // of letters, digits, dots and dashes
	PNG  []byte
	Text string // what it shows, for who does not see it
}

// Bounce is what a mail server reported of a message, or a reader by a button of their mail program.
type Bounce struct {
	Token  string // of the return path of the message; "" not known
	Final  bool   // nothing will ever arrive there; else it may later
	Status string // "5.1.1", "" not said
	Why    string // a word: "address", "refused", "full", "complaint", "other"; never what the server wrote
}

// ReadBounce reads a report (RFC 3464, or a complaint of RFC 5965) out of a message. Invalid for a message that is none.
func (p *Post) ReadBounce(r io.Reader) (Bounce, error) { panic("to be written") }
