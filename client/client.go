package client

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Client is a connection to one server, for any number of goroutines.
type Client struct {
	base     *url.URL
	token    string
	http     *http.Client
	patience time.Duration // for how long nothing may come or go; 0 for ever
	agent    string
	pause    func(context.Context, time.Duration) error
}

// A request is given up where nothing of it came or went for so long. On a file the server may work before it says a word.
const (
	patience      = time.Minute
	patienceFiles = 10 * time.Minute
)

// errSilent is why it was.
var errSilent = errors.New("nothing came for too long")

// Option changes how a Client works.
type Option func(*Client)

// Token is what the client shows: it is somebody's by it. Without one it is nobody.
func Token(secret string) Option { return func(c *Client) { c.token = secret } }

// HTTP takes another HTTP client, whose timeouts alone count. Else a request may last as long as something of it comes or goes: it is
// given up after a minute of silence, and after ten where a file is brought or fetched.
func HTTP(h *http.Client) Option { return func(c *Client) { c.http, c.patience = h, 0 } }

// Agent names the program in the server's log.
func Agent(name string) Option { return func(c *Client) { c.agent = name } }

// New makes a client of the server at an address, such as https://scores.example.org. http is for this machine alone.
func New(server string, options ...Option) (*Client, error) {
	base, err := url.Parse(strings.TrimRight(server, "/"))
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return nil, fmt.Errorf("%q is no address of a server, such as https://scores.example.org", server)
	}
	if local := base.Hostname() == "localhost" || base.Hostname() == "127.0.0.1" || base.Hostname() == "::1"; base.Scheme == "http" && !local {
		return nil, fmt.Errorf("%s would send the token readable: use https", server)
	}
	c := &Client{base: base, http: &http.Client{CheckRedirect: stay}, patience: patience, agent: "cairn-client/1", pause: pause}
	for _, o := range options {
		o(c)
	}
	return c, nil
}

// stay follows no redirect: the token is for the server that it was given for, which has no reason to lead anywhere, and a request that
// is led elsewhere loses its body.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// forFiles is the same client with the patience for files.
func (c *Client) forFiles() *Client {
	patient := *c
	if patient.patience > 0 {
		patient.patience = patienceFiles
	}
	return &patient
}

// Problem is an answer that says what was wrong.
type Problem struct {
	Type     string        `json:"type"`
	Title    string        `json:"title"`
	Status   int           `json:"status"`
	Detail   string        `json:"detail"`
	Instance string        `json:"instance,omitempty"`
	Errors   []Detail      `json:"errors,omitempty"`
	Wait     time.Duration `json:"-"` // when to ask again, 0 not said
}

// Detail is what is wrong with one part of what was sent.
type Detail struct {
	Message  string `json:"message"`
	Location string `json:"location"`
}

func (p *Problem) Error() string {
	said := cmp.Or(p.Detail, p.Title, http.StatusText(p.Status))
	for _, d := range p.Errors {
		if d.Message != p.Detail {
			said += " " + d.Location + ": " + d.Message + "."
		}
	}
	return said
}

// Kind is the word at the end of the type: "invalid", "not_found", …
func (p *Problem) Kind() string { return p.Type[strings.LastIndex(p.Type, "/")+1:] }

// Page is part of a long list. Next leads to what follows, "" at the end.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"Cursor of the next page; absent at the end."`
}

const tries = 4

// call sends a request and reads the answer into out, which may be nil. A body is written as JSON, an io.Reader as it is.
func (c *Client) call(ctx context.Context, method, path string, query url.Values, in, out any) error {
	body, kind, err := written(in)
	if err != nil {
		return err
	}
	header := http.Header{}
	if kind != "" {
		header.Set("Content-Type", kind)
	}
	if method == http.MethodPost {
		header.Set("Idempotency-Key", rand.Text())
	}
	answer, err := c.send(ctx, method, path, query, header, body)
	if err != nil {
		return err
	}
	if out == nil || len(answer) == 0 && method == http.MethodDelete {
		return nil
	}
	if raw, ok := out.(*[]byte); ok {
		*raw = answer
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("the server's answer cannot be read: %w", err)
	}
	return nil
}

// ask is call, and returns the answer.
func ask[T any](ctx context.Context, c *Client, method, path string, query url.Values, in any) (out T, err error) {
	err = c.call(ctx, method, path, query, in, &out)
	return out, err
}

func written(in any) (body []byte, kind string, err error) {
	switch in := in.(type) {
	case nil:
		return nil, "", nil
	case Raw:
		return in.Body, in.Type, nil
	}
	body, err = json.Marshal(in)
	return body, "application/json", err
}

// Raw is a body that is sent as it is.
type Raw struct {
	Type string // of its content, such as text/csv
	Body []byte
}

// send sends a request until it is answered: again where nobody answered, or the server wants it later, as long as the same
// request can be sent twice. What is gone when its end is asked for again, since the first answer was lost, was ended.
func (c *Client) send(ctx context.Context, method, path string, query url.Values, header http.Header, body []byte) ([]byte, error) {
	address := *c.base
	address.RawPath, address.Path = "", ""
	whole := address.String() + c.base.Path + "/api/v1" + path
	if len(query) > 0 {
		whole += "?" + query.Encode()
	}
	lost := false // an answer, to what the server may have done
	for try := 1; ; try++ {
		answer, err := c.once(ctx, method, whole, header, body)
		wait := time.Duration(1<<try) * 250 * time.Millisecond
		p := (*Problem)(nil)
		switch {
		case err == nil:
			return answer, nil
		case errors.As(err, &p):
			if lost && method == http.MethodDelete && p.Status == http.StatusNotFound {
				return nil, nil
			}
			if p.Status != http.StatusServiceUnavailable && p.Status != http.StatusTooManyRequests || p.Wait > time.Minute {
				return nil, err
			}
			wait = max(wait, p.Wait)
		default:
			lost = lost || !unsent(err)
		}
		if try == tries || ctx.Err() != nil {
			return nil, err
		}
		if err := c.pause(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// unsent reports whether a request never reached anybody.
func unsent(err error) bool {
	failed := (*net.OpError)(nil)
	return errors.As(err, &failed) && failed.Op == "dial"
}

func (c *Client) once(ctx context.Context, method, address string, header http.Header, body []byte) ([]byte, error) {
	ctx, w := c.watched(ctx)
	defer w.end()
	request, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return nil, err
	}
	if len(body) > 0 {
		request.ContentLength = int64(len(body))
		request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(w.seeing(bytes.NewReader(body))), nil }
		request.Body, _ = request.GetBody() // never fails
	}
	request.Header = header.Clone()
	request.Header.Set("User-Agent", c.agent)
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, w.why(request, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(w.seeing(answer.Body))
	if err != nil {
		return nil, w.why(request, err)
	}
	if answer.StatusCode < 300 {
		return text, nil
	}
	p := &Problem{Status: answer.StatusCode}
	if err := json.Unmarshal(text, p); err != nil {
		p.Title = http.StatusText(answer.StatusCode)
	}
	if to := answer.Header.Get("Location"); answer.StatusCode < 400 {
		p.Detail = fmt.Sprintf("Nothing was done: the server leads to %.200q. If that is its address, use that one.", to)
	}
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil {
		p.Wait = time.Duration(seconds) * time.Second
	}
	return nil, p
}

// watch gives a request up when nothing of it came or went for a while.
type watch struct {
	patience time.Duration
	timer    *time.Timer // nil: it may be silent for ever
	cancel   context.CancelFunc
	silent   atomic.Bool // it was given up
}

func (c *Client) watched(ctx context.Context) (context.Context, *watch) {
	ctx, cancel := context.WithCancel(ctx)
	w := &watch{patience: c.patience, cancel: cancel}
	if w.patience > 0 {
		w.timer = time.AfterFunc(w.patience, func() {
			w.silent.Store(true)
			cancel()
		})
	}
	return ctx, w
}

func (w *watch) end() {
	if w.timer != nil {
		w.timer.Stop()
	}
	w.cancel()
}

// why is what a request failed of: that it was given up, where it was.
func (w *watch) why(request *http.Request, err error) error {
	if w.silent.Load() {
		return &url.Error{Op: request.Method, URL: request.URL.Redacted(), Err: errSilent}
	}
	return err
}

// seeing hands on what is read, and sees that something is.
func (w *watch) seeing(r io.Reader) io.Reader { return seen{r, w} }

type seen struct {
	io.Reader
	by *watch
}

func (s seen) Read(p []byte) (n int, err error) {
	n, err = s.Reader.Read(p)
	if n > 0 && s.by.timer != nil {
		s.by.timer.Reset(s.by.patience)
	}
	return n, err
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
