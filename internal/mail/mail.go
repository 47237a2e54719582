package mail

import (
	"context"

	"cairn/internal/fault"
)

// Message is one finished message to one reader.
type Message struct {
	ID      string // what makes it itself: the same ID gives the same Message-ID, so that a second delivery can be told
	To      string // address
	Subject string
	Text    string
	HTML    string // "" none
	Headers map[string]string
}

// Server is where messages are handed in.
type Server struct {
	Host     string // "" none: nothing can be sent
	Port     int
	User     string
	Password string
	From     string // "Cairn <cairn@example.org>"
	Security string // "starttls" (default), "tls", "none" (loopback only)
}

// Post is the room.
type Post struct{ server Server }

// New builds the room.
func New(s Server) (*Post, error) { return &Post{server: s}, nil }

// Ready reports whether mail can be sent at all.
func (p *Post) Ready() bool { return p.server.Host != "" }

// Deliver hands a message over. The error is Invalid where the server refuses the recipient or the message for good, else
// Unavailable.
func (p *Post) Deliver(ctx context.Context, m Message) error {
	return fault.New(fault.Unavailable, "This server sends no mail: whoever runs it has to set smtp_host.")
}
