package reach

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"cairn/internal/fault"
)

// Proxy is a door on this machine for a program that opens connections of its own, such as git. It leads to one host alone, by the
// rules of Client, follows no redirect, and lets a bounded number of bytes in.
type Proxy struct {
	Address string // what the program is told, with the password that opens the door

	password string
	to       string // host and port
	room     *http.Transport
	server   *http.Server
	stop     context.CancelFunc
	left     atomic.Int64 // bytes that may still come in

	mu      sync.Mutex
	refused error
}

// Proxy opens a door to the host of an address, through which at most so many bytes come in. The caller closes it.
func (r *Reach) Proxy(ctx context.Context, address string, most int64) (*Proxy, error) {
	if err := Check(address); err != nil {
		return nil, err
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	p := &Proxy{password: rand.Text(), to: hostPort(u), room: r.Client().Transport.(*http.Transport)}
	p.left.Store(most)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "This server can open no door of its own.")
	}
	ctx, p.stop = context.WithCancel(ctx)
	p.Address = "http://cairn:" + p.password + "@" + listener.Addr().String()
	p.server = &http.Server{Handler: http.HandlerFunc(p.pass), ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	go func() { _ = p.server.Serve(listener) }() // until Close
	return p, nil
}

// Close closes the door and what went through it.
func (p *Proxy) Close() error {
	p.stop()
	err := p.server.Close()
	p.room.CloseIdleConnections()
	return err
}

// Refused is why something was not let through: Invalid where it led inside, elsewhere, or was too long; nil where nothing was.
func (p *Proxy) Refused() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refused
}

func (p *Proxy) refuse(w http.ResponseWriter, err error) {
	p.note(err)
	if w != nil {
		http.Error(w, fault.Message(err), http.StatusForbidden)
	}
}

func (p *Proxy) note(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refused == nil {
		p.refused = err
	}
}

// hostPort is where an address leads.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

func (p *Proxy) pass(w http.ResponseWriter, r *http.Request) {
	shown := []byte(r.Header.Get("Proxy-Authorization"))
	if subtle.ConstantTimeCompare(shown, []byte("Basic "+base64.StdEncoding.EncodeToString([]byte("cairn:"+p.password)))) != 1 {
		w.Header().Set("Proxy-Authenticate", `Basic realm="Cairn"`)
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	to := r.Host
	if r.Method != http.MethodConnect {
		to = hostPort(r.URL)
	}
	if !strings.EqualFold(to, p.to) {
		p.refuse(w, fault.New(fault.Invalid, "The other side leads to another host, which is not followed: give the address that it leads to."))
		return
	}
	if r.Method == http.MethodConnect {
		p.tunnel(w, r)
		return
	}
	forward := httputil.ReverseProxy{
		Transport: p.room,
		Rewrite:   func(out *httputil.ProxyRequest) { out.Out.Header.Del("Proxy-Authorization") },
		ModifyResponse: func(answer *http.Response) error {
			answer.Body = &metered{answer.Body, p}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) { p.refuse(w, p.unreached(err)) },
	}
	forward.ServeHTTP(w, r)
}

func (p *Proxy) unreached(err error) error {
	if errors.Is(err, errInside) {
		return inside(err)
	}
	return fault.Wrap(fault.Unavailable, err, "Nobody answers at this address.")
}

// tunnel carries bytes that it cannot read.
func (p *Proxy) tunnel(w http.ResponseWriter, r *http.Request) {
	out, err := p.room.DialContext(r.Context(), "tcp", p.to)
	if err != nil {
		p.refuse(w, p.unreached(err))
		return
	}
	defer out.Close()
	in, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		p.note(fault.Wrap(fault.Unavailable, err, "This server can open no door of its own."))
		return
	}
	defer in.Close()
	stop := context.AfterFunc(r.Context(), func() { in.Close(); out.Close() })
	defer stop()
	if _, err := io.WriteString(in, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(out, buffered) // ends with the connection
		out.Close()
	}()
	_, _ = io.Copy(in, &metered{out, p})
}

// metered counts what comes in, and ends it where that is too much.
type metered struct {
	io.ReadCloser
	p *Proxy
}

func (m *metered) Read(into []byte) (int, error) {
	n, err := m.ReadCloser.Read(into)
	if m.p.left.Add(-int64(n)) < 0 {
		m.p.note(fault.New(fault.Invalid, "The other side sends more than this server takes at once."))
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}
