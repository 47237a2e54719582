package mail

import (
	"context"
	"time"
)

// Line is a connection to the mail server over which many messages go, one after the other. It is used by one goroutine.
type Line struct{ post *Post }

// Line opens a connection. Errors are as those of Deliver. The caller closes it.
func (p *Post) Line(ctx context.Context) (*Line, error) { return &Line{post: p}, nil }

// Deliver hands a message over, as Post.Deliver does; where the server hung up meanwhile, over a new connection.
func (l *Line) Deliver(ctx context.Context, m Message) error { return l.post.Deliver(ctx, m) }

// Close takes leave of the server.
func (l *Line) Close() {}

// Doubtful reports whether an error of Deliver leaves open whether the message was taken: it was handed over to its end, and no answer
// came. Whoever keeps a ledger does not repeat it.
func Doubtful(err error) bool { return false }

// Wait returns how long the next bulk message has to wait: for the rate, or until the window opens; 0 for what may go now. Personal
// messages never wait.
func (p *Post) Wait(now time.Time) time.Duration { return 0 }

// Captures reports whether bulk messages are written into a folder instead of being sent: nobody gets them, and pages say so.
func (p *Post) Captures() bool { return false }
