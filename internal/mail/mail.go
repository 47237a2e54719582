package mail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	address "net/mail"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	smtp "github.com/wneessen/go-mail"
	"golang.org/x/time/rate"

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
	Return   string    // token of the return path, by which a report of the message is told: up to 40 of a-z, 0-9 and dashes, its own, opening nothing; "" none
	Bulk     bool      // one of many: may be captured, and waits for rate and window
}

// Picture is a picture inside a message, which its HTML names as cid:ID.
type Picture struct {
	ID   string // of letters, digits, dots and dashes
	PNG  []byte
	Text string // what it shows, for who does not see it
}

// Server is where messages are handed in, and how.
type Server struct {
	Host     string // "" none: nothing can be sent
	Port     int    // 0 the usual one: 587, with "tls" 465, with "none" 25
	User     string // "" does not sign in
	Password string
	From     string // "Cairn <cairn@example.org>"
	Security string // "starttls" (default), "tls", "none" (loopback only)

	Return string // return path of messages with a token, "bounces+{token}@news.example.org"; "" that of From
	Rate   int    // bulk messages a minute, of this program; 0 no bound
	Window string // when bulk messages go, "08:00-20:00 Europe/Berlin"; "" always
	DKIM   Key    // signs messages

	Folder  string // takes every message in the place of a server
	Capture string // takes bulk messages where there is neither server nor Folder
}

// Post is the room.
type Post struct {
	server Server
	from   *address.Address
	signs  *signer // nil: does not sign
	rate   *rate.Limiter
	window window
	named  []*regexp.Regexp // the forms in which a token comes back

	patience time.Duration // for each step of handing a message over
	reply    time.Duration // for the server's word on a whole message; it may look it over first
	parting  time.Duration // the same for a program that is to stop
}

// New builds the room. A server that cannot be right is Invalid, with the field.
func New(s Server) (*Post, error) {
	p := &Post{server: s, patience: 15 * time.Second, reply: 2 * time.Minute, parting: 5 * time.Second}
	var err error
	switch {
	case s.Host != "" && s.Folder != "":
		return nil, wrong("mail_folder", "mail_folder takes every message in the place of a mail server: set it or smtp_host, not both")
	case s.Host != "":
		if p.from, err = address.ParseAddress(s.From); err != nil || unprintable(p.from.Name) {
			return nil, wrong("smtp_from", "smtp_from wants the address that mail comes from, such as \"Cairn <cairn@example.org>\"")
		}
		if err := p.checkDoor(); err != nil {
			return nil, err
		}
	default:
		p.from = &address.Address{Name: "Cairn", Address: "cairn@localhost"}
		if from, err := address.ParseAddress(s.From); err == nil && !unprintable(from.Name) {
			p.from = from
		}
	}
	if err := checkReturn(s.Return); err != nil {
		return nil, err
	}
	if p.window, err = parseWindow(s.Window); err != nil {
		return nil, err
	}
	if s.Rate < 0 {
		return nil, wrong("mail_rate", "mail_rate wants a number of messages a minute, or 0 for no bound")
	}
	p.rate = rate.NewLimiter(rate.Inf, 0)
	if s.Rate > 0 { // no more at once than in a second
		p.rate = rate.NewLimiter(rate.Limit(s.Rate)/60, max(1, s.Rate/60))
	}
	p.named = names(s.Return, p.from.Address)
	p.signs, err = newSigner(s.DKIM)
	return p, err
}

// wrong is a fault of a field.
func wrong(field, format string, args ...any) error {
	return &fault.Fault{Kind: fault.Invalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// checkDoor settles the port, and how the line is kept from being read.
func (p *Post) checkDoor() error {
	s, port := &p.server, 0
	switch s.Security {
	case "", "starttls":
		s.Security, port = "starttls", 587
	case "tls":
		port = 465
	case "none":
		if ip := net.ParseIP(s.Host); s.Host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return wrong("smtp_security", "smtp_security none is for a mail server on this machine; use starttls or tls for %s", s.Host)
		}
		port = 25
	default:
		return wrong("smtp_security", "smtp_security wants starttls, tls or none")
	}
	if s.Port < 0 || s.Port > 65535 {
		return wrong("smtp_port", "smtp_port wants a number from 1 to 65535")
	}
	if s.Port == 0 {
		s.Port = port
	}
	return nil
}

// token is what may stand in the place of {token}: servers fold case, and refuse local parts of more than 64 letters.
var token = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// checkReturn wants a return path with a place for the token.
func checkReturn(path string) error {
	if path == "" {
		return nil
	}
	example := strings.Replace(path, "{token}", strings.Repeat("x", 40), 1)
	parsed, err := address.ParseAddress(example)
	local, _, _ := strings.Cut(example, "@")
	if err != nil || parsed.Address != example || example == path || len(local) > 64 || !strings.Contains(local, strings.Repeat("x", 40)) || strings.Contains(example, "{") {
		return wrong("mail_return", "mail_return wants an address with {token} before its @, such as bounces+{token}@news.example.org")
	}
	return nil
}

// Ready reports whether every message can be handed over: also those that people wait for, such as links to sign in with.
func (p *Post) Ready() bool { return p.server.Host != "" || p.server.Folder != "" }

// Captures reports whether bulk messages are written into a folder instead of being sent: nobody gets them, and whoever shows
// what became of them says so.
func (p *Post) Captures() bool { return p.server.Host == "" && p.folder() != "" }

// Deliver hands a message over. The error is Invalid where the message is malformed, or the server refuses it or its
// recipient for good; Limited where it is to come again later; else Unavailable: also where the server refuses us, which
// whoever runs it can mend. Doubtful tells the ones after which the message may have been taken all the same, Gone those
// that say that the address is no more.
func (p *Post) Deliver(ctx context.Context, m Message) error {
	l := &Line{post: p}
	defer l.Close()
	return l.Deliver(ctx, m)
}

// envelope is a message put together.
type envelope struct {
	from, to string // addresses
	text     []byte // with lines that end in CRLF
}

// write puts a message together.
func (p *Post) write(m Message) (*envelope, error) {
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
	if m.Return != "" && !token.MatchString(m.Return) {
		return nil, wrong("The token of a return path is up to 40 of a-z, 0-9 and dashes.")
	}
	message := smtp.NewMsg(smtp.WithNoDefaultUserAgent())
	message.FromMailAddress(p.from)
	message.ToMailAddress(to)
	message.Subject(m.Subject)
	message.SetMessageIDWithValue(p.messageID(m))
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	message.SetGenHeader(smtp.HeaderXAutoResponseSuppress, "All")
	if m.Bulk {
		message.SetGenHeader(smtp.HeaderPrecedence, "bulk")
	}
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
	for _, picture := range m.Pictures {
		if m.HTML == "" || !pictureID.MatchString(picture.ID) || len(picture.PNG) == 0 || unprintable(picture.Text) {
			return nil, wrong("A picture stands in the HTML of a message, with an ID of letters, digits, dots and dashes.")
		}
		err := message.EmbedReader(picture.ID+".png", bytes.NewReader(picture.PNG), smtp.WithFileContentType("image/png"),
			smtp.WithFileContentID("<"+picture.ID+">"), smtp.WithFileDescription(picture.Text))
		if err != nil {
			return nil, fmt.Errorf("putting a picture into a message: %w", err)
		}
	}
	e := &envelope{from: p.returnPath(m), to: m.To}
	var text bytes.Buffer
	if _, err := message.WriteTo(&text); err != nil {
		return nil, fmt.Errorf("putting a message together: %w", err)
	}
	e.text, err = p.signs.sign(text.Bytes())
	return e, err
}

// pictureID is what a picture may be called.
var pictureID = regexp.MustCompile(`^[A-Za-z0-9.-]{1,60}$`)

// marked begins the Message-ID of a message with a token, so that a report names it that has lost the return path.
const marked = "cairn."

// messageID returns what stands in the header, without its brackets.
func (p *Post) messageID(m Message) string {
	_, domain, _ := strings.Cut(p.from.Address, "@")
	if m.Return != "" {
		return marked + m.Return + "@" + domain
	}
	sum := sha256.Sum256([]byte(m.ID))
	return hex.EncodeToString(sum[:16]) + "@" + domain
}

// returnPath returns where reports of a message go.
func (p *Post) returnPath(m Message) string {
	if m.Return != "" && p.server.Return != "" {
		return strings.Replace(p.server.Return, "{token}", m.Return, 1)
	}
	return p.from.Address
}

// ours are headers that Deliver writes itself, or that would redirect a message.
var ours = []string{"From", "Sender", "To", "Cc", "Bcc", "Subject", "Date", "Message-Id", "Mime-Version", "Return-Path",
	"Received", "Auto-Submitted", "X-Auto-Response-Suppress", "Precedence", "Dkim-Signature"}

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
