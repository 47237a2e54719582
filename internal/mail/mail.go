package mail

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	address "net/mail"
	"net/textproto"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	smtp "github.com/wneessen/go-mail"

	"cairn/internal/fault"
)

// Message is one finished message to one reader.
type Message struct {
	ID      string // what makes it itself: the same ID gives the same Message-ID, so that a second delivery can be told
	To      string // address, without a name
	Subject string
	Text    string
	HTML    string            // "" none
	Headers map[string]string // further ones, such as List-Unsubscribe; those that make a message cannot be given

	Pictures []Picture // that the HTML shows
	Return   string    // token of the return path, by which a report of the message is told; "" the usual return path
	Bulk     bool      // one of many
}

// Server is where messages are handed in.
type Server struct {
	Host     string // "" none: nothing can be sent
	Port     int    // 0 the usual one: 587, with "tls" 465, with "none" 25
	User     string // "" does not sign in
	Password string
	From     string // "Cairn <cairn@example.org>"
	Security string // "starttls" (default), "tls", "none" (loopback only)
}

// patience is how long each step of handing a message over may take.
const patience = 15 * time.Second

// Post is the room.
type Post struct {
	server  Server
	from    *address.Address
	options []smtp.Option
}

// New builds the room. A server that cannot be right is Invalid, with the field.
func New(s Server) (*Post, error) {
	if s.Host == "" {
		return &Post{}, nil
	}
	wrong := func(field, format string, args ...any) error {
		return &fault.Fault{Kind: fault.Invalid, Field: field, Message: fmt.Sprintf(format, args...)}
	}
	from, err := address.ParseAddress(s.From)
	if err != nil || unprintable(from.Name) {
		return nil, wrong("smtp_from", "smtp_from wants the address that mail comes from, such as \"Cairn <cairn@example.org>\"")
	}
	options := []smtp.Option{smtp.WithTimeout(patience)}
	plain, login, port := smtp.SMTPAuthPlain, smtp.SMTPAuthLogin, 0
	switch s.Security {
	case "", "starttls":
		options, port = append(options, smtp.WithTLSPolicy(smtp.TLSMandatory)), 587
	case "tls":
		options, port = append(options, smtp.WithSSL()), 465
	case "none":
		if ip := net.ParseIP(s.Host); s.Host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return nil, wrong("smtp_security", "smtp_security none is for a mail server on this machine; use starttls or tls for %s", s.Host)
		}
		options, port = append(options, smtp.WithTLSPolicy(smtp.NoTLS)), 25
		plain, login = smtp.SMTPAuthPlainNoEnc, smtp.SMTPAuthLoginNoEnc
	default:
		return nil, wrong("smtp_security", "smtp_security wants starttls, tls or none")
	}
	switch {
	case s.Port < 0 || s.Port > 65535:
		return nil, wrong("smtp_port", "smtp_port wants a number from 1 to 65535")
	case s.Port > 0:
		port = s.Port
	}
	options = append(options, smtp.WithPort(port))
	if s.User != "" {
		options = append(options, smtp.WithUsername(s.User), smtp.WithPassword(s.Password),
			smtp.WithOpportunisticSMTPAuth(smtp.SMTPAuthSCRAMSHA256, smtp.SMTPAuthSCRAMSHA1, plain, login))
	}
	return &Post{server: s, from: from, options: options}, nil
}

// Ready reports whether mail can be sent at all.
func (p *Post) Ready() bool { return p.server.Host != "" }

// Deliver hands a message over. The error is Invalid where the message is malformed, or the server refuses it or its
// recipient for good, else Unavailable: also where the server refuses us, which whoever runs it can mend.
func (p *Post) Deliver(ctx context.Context, m Message) error {
	if !p.Ready() {
		return fault.New(fault.Unavailable, "This server sends no mail: whoever runs it has to set smtp_host.")
	}
	message, err := p.write(m)
	if err != nil {
		return err
	}
	client, err := smtp.NewClient(p.server.Host, p.options...)
	if err != nil {
		return fmt.Errorf("preparing to send mail: %w", err)
	}
	err = client.DialAndSendWithContext(ctx, message)
	if err == nil || message.IsDelivered() { // a server that has taken it and is gone before we took leave has it
		return nil
	}
	return verdict(err)
}

// write puts a message together.
func (p *Post) write(m Message) (*smtp.Msg, error) {
	wrong := func(format string, args ...any) error { return fault.New(fault.Invalid, format, args...) }
	to, err := address.ParseAddress(m.To)
	if err != nil || to.Address != m.To || len(m.To) > 254 || unprintable(m.To) {
		return nil, wrong("The address to write to is not a mail address.")
	}
	if unprintable(m.Subject) || strings.TrimSpace(m.Subject) == "" {
		return nil, wrong("The subject of a message is one line of text.")
	}
	if m.ID == "" || strings.TrimSpace(m.Text) == "" {
		return nil, wrong("A message wants an ID and a text.")
	}
	message := smtp.NewMsg(smtp.WithNoDefaultUserAgent())
	message.FromMailAddress(p.from)
	message.ToMailAddress(to)
	message.Subject(m.Subject)
	sum := sha256.Sum256([]byte(m.ID))
	_, domain, _ := strings.Cut(p.from.Address, "@")
	message.SetMessageIDWithValue(hex.EncodeToString(sum[:16]) + "@" + domain)
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	message.SetGenHeader(smtp.HeaderXAutoResponseSuppress, "All")
	for name, value := range m.Headers {
		if !free(name) || unprintable(value) {
			return nil, wrong("The header %q cannot be given to a message like this.", name)
		}
		message.SetGenHeader(smtp.Header(name), value)
	}
	message.SetBodyString(smtp.TypeTextPlain, m.Text)
	if m.HTML != "" {
		message.AddAlternativeString(smtp.TypeTextHTML, m.HTML)
	}
	return message, nil
}

// ours are headers that Deliver writes itself, or that would redirect a message.
var ours = []string{"From", "Sender", "To", "Cc", "Bcc", "Subject", "Date", "Message-Id", "Mime-Version", "Return-Path",
	"Received", "Auto-Submitted", "X-Auto-Response-Suppress"}

// free reports whether a header may be given by whoever writes a message.
func free(name string) bool {
	canonical := textproto.CanonicalMIMEHeaderKey(name)
	token := name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '-' && (r > 'z' || !unicode.IsLetter(r) && !unicode.IsDigit(r))
	})
	return token && !slices.Contains(ours, canonical) && !strings.HasPrefix(canonical, "Content-") &&
		!strings.HasPrefix(canonical, "Resent-")
}

// unprintable reports whether a text has what would break out of its line.
func unprintable(text string) bool {
	return !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	})
}

// verdict turns an error into a fault. What the server said is left out of it but for its codes: servers quote addresses.
func verdict(err error) error {
	if sent := (*smtp.SendError)(nil); errors.As(err, &sent) {
		said := fmt.Errorf("%v: %d %s", sent.Reason, sent.ErrorCode(), sent.EnhancedStatusCode())
		final := sent.ErrorCode() >= 500
		switch {
		case final && sent.Reason == smtp.ErrSMTPRcptTo:
			return fault.Wrap(fault.Invalid, said, "The mail server refuses this address.")
		case final && (sent.Reason == smtp.ErrSMTPData || sent.Reason == smtp.ErrSMTPDataClose || sent.Reason == smtp.ErrWriteContent):
			return fault.Wrap(fault.Invalid, said, "The mail server refuses this message.")
		}
		return fault.Wrap(fault.Unavailable, said, "The mail server does not take messages now.")
	}
	if said := (*textproto.Error)(nil); errors.As(err, &said) {
		return fault.Wrap(fault.Unavailable, fmt.Errorf("before a message was handed over: %d", said.Code),
			"The mail server does not let this server in: whoever runs it has to look at smtp_user and smtp_password.")
	}
	return fault.Wrap(fault.Unavailable, err, "The mail server cannot be reached.")
}
