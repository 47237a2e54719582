package gateway

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"cairn/internal/fault"
	"cairn/internal/signature"
)

// Server is where texts are handed in.
type Server struct {
	URL    string // https, or http on this machine; "" none
	Secret string // signs requests, as Standard Webhooks says: "whsec_" and base64, or any text of 16 characters or more
}

// Message is one short text to one reader.
type Message struct {
	ID   string // what makes it itself
	To   string // a number or handle, as the reader gave and proved it
	Text string
}

// Gateway is the room.
type Gateway struct {
	server Server
	key    []byte
	client *http.Client
	now    func() time.Time
}

// patience is how long a request may take in all.
const patience = 20 * time.Second

// New builds the room; now is the only clock. A server that cannot be right is Invalid, with the field.
func New(s Server, now func() time.Time) (*Gateway, error) {
	if s.URL == "" {
		return &Gateway{now: now}, nil
	}
	wrong := func(field, format string, args ...any) error {
		return &fault.Fault{Kind: fault.Invalid, Field: field, Message: fmt.Sprintf(format, args...)}
	}
	u, err := url.Parse(s.URL)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return nil, wrong("url", "A gateway is reached at an address such as https://gateway.example.org/texts.")
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "http" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, wrong("url", "A gateway on another machine is reached by https: numbers and texts go there.")
	}
	key, err := signature.Key(s.Secret)
	if err != nil {
		return nil, wrong("secret", "The secret that signs what is sent to a gateway cannot be: %s", fault.Message(err))
	}
	client := &http.Client{
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a signed number goes where it was meant to
	}
	return &Gateway{server: s, key: key, client: client, now: now}, nil
}

// Ready reports whether texts can be sent at all.
func (g *Gateway) Ready() bool { return g.server.URL != "" }

// doubtful is an error after which nobody knows whether a text was taken.
type doubtful struct{ cause error }

func (d doubtful) Error() string { return d.cause.Error() }
func (d doubtful) Unwrap() error { return d.cause }

// Doubtful reports whether, after an error of Deliver, the text may have been taken all the same: it had left whole, and no answer
// came.
func Doubtful(err error) bool {
	return errors.As(err, new(doubtful))
}

// Deliver hands a text over. Errors are Invalid where the other side refuses it for good, Limited with a wait where it wants it
// later, else Unavailable; ask Doubtful before it is tried again.
func (g *Gateway) Deliver(ctx context.Context, m Message) error {
	if !g.Ready() {
		return fault.New(fault.Unavailable, "This server passes on no such messages: whoever runs it has to set a gateway.")
	}
	body, err := json.Marshal(struct {
		ID   string `json:"id"`
		To   string `json:"to"`
		Text string `json:"text"`
	}{m.ID, m.To, m.Text})
	if err != nil {
		return fmt.Errorf("writing a text: %w", err)
	}
	var left atomic.Bool // the request, whole
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(w httptrace.WroteRequestInfo) { left.Store(w.Err == nil) }})
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, g.server.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("preparing to send a text: %w", err)
	}
	request.GetBody = nil // net/http would send it again by itself on a connection that broke
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "Cairn")
	g.sign(request.Header, m.ID, body)
	answer, err := g.client.Do(request)
	if err != nil {
		f := fault.Wrap(fault.Unavailable, withoutAddress(err), "The gateway cannot be reached.")
		if left.Load() {
			return doubtful{f}
		}
		return f
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, 64<<10) // so that the connection can be used again; what it says may quote a number
	said := fmt.Errorf("it answered %d", answer.StatusCode)
	switch code := answer.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusTooManyRequests:
		f := fault.Wrap(fault.Limited, said, "The gateway wants fewer messages at a time.")
		f.Wait = time.Minute
		if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && seconds > 0 {
			f.Wait = min(time.Duration(seconds)*time.Second, time.Hour)
		}
		return f
	case code == http.StatusUnauthorized || code == http.StatusForbidden || code == http.StatusNotFound || code < 400:
		return fault.Wrap(fault.Unavailable, said, "The gateway does not let this server in: whoever runs it has to look at its address and secret.")
	case code == http.StatusRequestTimeout || code >= 500:
		return fault.Wrap(fault.Unavailable, said, "The gateway does not take messages now.")
	}
	return fault.Wrap(fault.Invalid, said, "The gateway refuses this message.")
}

// sign signs a message; an identifier in a header holds no blank and no dot.
func (g *Gateway) sign(header http.Header, id string, body []byte) {
	sum := sha256.Sum256([]byte(id))
	signature.Sign(header, "msg_"+base64.RawURLEncoding.EncodeToString(sum[:18]), g.now(), body, g.key)
}

// withoutAddress is an error without the address that net/http puts into it.
func withoutAddress(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		return u.Err
	}
	return err
}
