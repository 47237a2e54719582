package mail

import "time"

// Hurry gives a server less time than it has by right.
func (p *Post) Hurry(patience, reply, parting time.Duration) *Post {
	p.patience, p.reply, p.parting = patience, reply, parting
	return p
}
