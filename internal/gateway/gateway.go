package gateway

import "context"

// Server is where texts are handed in.
type Server struct {
	URL    string // https, or http on this machine; "" none
	Secret string // signs requests, as Standard Webhooks says
}

// Message is one short text to one reader.
type Message struct {
	ID   string // what makes it itself
	To   string // a number or handle, as the reader gave and proved it
	Text string
}

// Gateway is the room.
type Gateway struct{ server Server }

// New builds the room. A server that cannot be right is Invalid, with the field.
func New(s Server) (*Gateway, error) { return &Gateway{server: s}, nil }

// Ready reports whether texts can be sent at all.
func (g *Gateway) Ready() bool { return g.server.URL != "" }

// Deliver hands a text over. Errors are as those of mail.Post.Deliver.
func (g *Gateway) Deliver(ctx context.Context, m Message) error { panic("to be written") }
