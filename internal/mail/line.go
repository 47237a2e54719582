package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"cairn/internal/fault"
)

// Line is a connection to the mail server over which messages go, one after the other. It is used by one goroutine.
//
// A message is the server's when the server says so after the dot that ends it. Up to the instant at which we begin to write that
// dot, it cannot have been taken: whatever goes wrong there is certain. From that instant on only an answer tells, and
// where none comes the error is Doubtful. A server that hung up between two messages costs nothing: before a sender is
// accepted the line is opened anew.
type Line struct {
	post   *Post
	wire   net.Conn // nil: not connected
	client *smtp.Client
	halted bool // the server stands in the middle of a message that went no further
}

// Line opens a connection. Errors are as those of Deliver. The caller closes it.
func (p *Post) Line(ctx context.Context) (*Line, error) {
	l := &Line{post: p}
	if p.server.Host == "" {
		return l, nil
	}
	return l, l.connect(ctx)
}

// Close takes leave of the server.
func (l *Line) Close() {
	if l.wire == nil {
		return
	}
	_ = l.within(context.Background(), time.Second, l.client.Quit) // it owes us nothing any more
	l.hangUp()
}

// Deliver hands a message over, as Post.Deliver does.
func (l *Line) Deliver(ctx context.Context, m Message) error {
	e, err := l.post.write(m)
	if err != nil {
		return err
	}
	if l.post.server.Host == "" {
		return l.post.keep(m, e)
	}
	stood := l.wire != nil
	err = l.begin(ctx, e)
	if stood && lost(err) {
		err = l.begin(ctx, e)
	}
	if err != nil {
		return l.fails(atSender, err)
	}
	if err := l.within(ctx, l.post.patience, func() error { return l.client.Rcpt("<" + e.to + ">") }); err != nil {
		return l.fails(atRecipient, err)
	}
	return l.hand(ctx, e)
}

// begin opens the line where it has to be, and says who writes.
func (l *Line) begin(ctx context.Context, e *envelope) error {
	if l.wire == nil {
		if err := l.connect(ctx); err != nil {
			return err
		}
	}
	if l.halted {
		if err := l.step(ctx, l.client.Reset); err != nil {
			return err
		}
		l.halted = false
	}
	wide := !ascii(e.from + e.to)
	if offered, _ := l.client.Extension("SMTPUTF8"); wide && !offered {
		return fault.New(fault.Invalid, "The mail server cannot write to an address with letters like these.")
	}
	l.client.SkipSMTPUTF8(!wide)
	return l.step(ctx, func() error { return l.client.Mail("<" + e.from + ">") })
}

// hand hands the message itself over.
func (l *Line) hand(ctx context.Context, e *envelope) error {
	l.halted = true
	var body interface {
		Write([]byte) (int, error)
		Close() error
	}
	err := l.step(ctx, func() (err error) {
		body, err = l.client.Data()
		return err
	})
	if err != nil {
		return l.fails(atMessage, err)
	}
	err = l.within(ctx, 4*l.post.patience, func() error {
		if _, err := body.Write(e.text); err != nil {
			return err
		}
		return l.client.Text.W.Flush()
	})
	if err != nil { // the line has to fall here: any further word on it would be preceded by the dot
		l.hangUp()
		return l.fails(atMessage, err)
	}
	// The dot. Who is told to stop waits a little longer all the same: an answer is worth more than a doubt.
	patient, give := context.WithCancel(context.WithoutCancel(ctx))
	defer give()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(l.post.parting, give) })()
	err = l.within(patient, l.post.reply, body.Close)
	said := (*textproto.Error)(nil)
	switch {
	case err == nil, errors.As(err, &said) && said.Code/100 == 2:
		l.halted = false
		return nil
	case said != nil && (said.Code/100 == 4 || said.Code/100 == 5):
		return l.fails(atMessage, err)
	}
	l.hangUp()
	return fault.Wrap(fault.Unavailable, errDoubtful, "The mail server did not say whether it has taken the message.")
}

// connect opens the line, and does all that comes before a message.
func (l *Line) connect(ctx context.Context) (err error) {
	s := l.post.server
	dialer := net.Dialer{Timeout: l.post.patience}
	l.wire, err = dialer.DialContext(ctx, "tcp", net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
	if err != nil {
		l.wire = nil
		return verdict(atDoor, err)
	}
	defer func() {
		if err != nil {
			l.hangUp()
			err = verdict(atDoor, err)
		}
	}()
	private := &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12}
	err = l.within(ctx, l.post.patience, func() (err error) {
		conn := l.wire
		if s.Security == "tls" {
			conn = tls.Client(l.wire, private)
		}
		if l.client, err = smtp.NewClient(conn, s.Host); err != nil {
			return err
		}
		name, err := os.Hostname()
		if err != nil {
			name = "localhost"
		}
		return l.client.Hello(name)
	})
	if err != nil {
		return err
	}
	if s.Security == "starttls" {
		if offered, _ := l.client.Extension("STARTTLS"); !offered {
			return errors.New("the server offers no STARTTLS")
		}
		if err := l.step(ctx, func() error { return l.client.StartTLS(private) }); err != nil {
			return err
		}
	}
	if s.User == "" {
		return nil
	}
	auth, err := l.auth()
	if err != nil {
		return err
	}
	return l.step(ctx, func() error { return l.client.Auth(auth) })
}

// auth chooses how to sign in, the safest first.
func (l *Line) auth() (smtp.Auth, error) {
	s := l.post.server
	open := s.Security == "none" // this machine alone hears it
	_, words := l.client.Extension("AUTH")
	offered := strings.Fields(strings.ToUpper(words))
	switch {
	case slices.Contains(offered, "SCRAM-SHA-256"):
		return smtp.ScramSHA256Auth(s.User, s.Password), nil
	case slices.Contains(offered, "SCRAM-SHA-1"):
		return smtp.ScramSHA1Auth(s.User, s.Password), nil
	case slices.Contains(offered, "PLAIN"):
		return smtp.PlainAuth("", s.User, s.Password, s.Host, open), nil
	case slices.Contains(offered, "LOGIN"):
		return smtp.LoginAuth(s.User, s.Password, s.Host, open), nil
	}
	return nil, errors.New("the server offers no way to sign in that is known here")
}

// step does one step within the usual patience; where the line is lost by it, it falls.
func (l *Line) step(ctx context.Context, do func() error) error {
	err := l.within(ctx, l.post.patience, do)
	if lost(err) {
		l.hangUp()
	}
	return err
}

// within does something that may not take longer, nor outlast the context: the wire is cut then.
func (l *Line) within(ctx context.Context, limit time.Duration, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	wire := l.wire
	defer context.AfterFunc(ctx, func() { wire.Close() })()
	return do()
}

// hangUp lets the line fall.
func (l *Line) hangUp() {
	if l.wire != nil {
		l.wire.Close()
	}
	l.wire, l.client, l.halted = nil, nil, false
}

// fails says what an error at a step of a message means, and sees that the line is in order for the next one.
func (l *Line) fails(at step, err error) error {
	if lost(err) {
		l.hangUp()
	} else {
		l.halted = true
	}
	return verdict(at, err)
}

// lost reports whether an error leaves nothing to be said on a line: it broke, or one of both does not understand the other.
func lost(err error) bool {
	if err == nil {
		return false
	}
	if f := (*fault.Fault)(nil); errors.As(err, &f) {
		return false
	}
	said := (*textproto.Error)(nil)
	return !errors.As(err, &said) || said.Code == 421 || said.Code/100 != 4 && said.Code/100 != 5
}

func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > 126 })
}

// step is where handing a message over has come to.
type step int

const (
	atDoor step = iota
	atSender
	atRecipient
	atMessage
)

// errDoubtful marks an error after which nobody knows.
var errDoubtful = errors.New("no answer after the end of the message")

// Doubtful reports whether an error of Deliver leaves open whether the message was taken: it was handed over to its end, and no answer
// came. Whoever keeps a ledger does not repeat it.
func Doubtful(err error) bool { return errors.Is(err, errDoubtful) }

// refusal is what a server says of a step that it does not grant.
type refusal struct {
	step   step
	code   int
	status string // of RFC 3463, "" not said
}

func (r refusal) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the server says %d %s", r.code, r.status))
}

// Status returns the status of RFC 3463 that the server gave with an error of Deliver, such as "5.1.1"; "" none.
func Status(err error) string {
	r := refusal{}
	errors.As(err, &r)
	return r.status
}

// Gone reports whether an error of Deliver says that nothing will ever arrive at the address, as Bounce.Final does. Servers that do
// not say why they refuse a recipient are not believed that much.
func Gone(err error) bool {
	r := refusal{}
	if !errors.As(err, &r) || r.step != atRecipient || r.code/100 != 5 || r.status == "5.0.0" {
		return false
	}
	final, _ := meaning(r.status)
	return final
}

// later is when to come again to a server that puts us off: as long as most make strangers wait.
const later = 5 * time.Minute

// verdict turns an error into a fault. What the server said is left out of it but for its codes: servers quote addresses.
func verdict(at step, err error) error {
	if f := (*fault.Fault)(nil); errors.As(err, &f) {
		return err
	}
	said := (*textproto.Error)(nil)
	if !errors.As(err, &said) {
		if wire := (*net.OpError)(nil); !errors.As(err, &wire) {
			err = errors.New("the server hung up, or says what nobody understands") // which may be anything, addresses included
		}
		return fault.Wrap(fault.Unavailable, err, "The mail server cannot be reached.")
	}
	cause := refusal{at, said.Code, enhanced.FindString(said.Msg)}
	switch {
	case at == atDoor && said.Code >= 530 && said.Code < 540:
		return fault.Wrap(fault.Unavailable, cause, "The mail server does not let this server in: whoever runs it has to look at smtp_user and smtp_password.")
	case at == atSender && said.Code/100 == 5:
		return fault.Wrap(fault.Unavailable, cause, "The mail server refuses what this server writes as: whoever runs it has to look at smtp_from and mail_return.")
	case at == atRecipient && said.Code/100 == 5:
		return fault.Wrap(fault.Invalid, cause, "The mail server refuses this address.")
	case at == atMessage && said.Code/100 == 5:
		return fault.Wrap(fault.Invalid, cause, "The mail server refuses this message.")
	case at > atSender && (said.Code == 450 || said.Code == 451):
		return &fault.Fault{Kind: fault.Limited, Message: "The mail server asks to come again later.", Wait: later, Cause: cause}
	}
	return fault.Wrap(fault.Unavailable, cause, "The mail server does not take messages now.")
}
