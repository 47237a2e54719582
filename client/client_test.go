package client

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// serve answers requests over a pipe, so that time is the test's own.
func serve(t *testing.T, answer http.HandlerFunc) *Client {
	t.Helper()
	in := make(chan net.Conn)
	server := &http.Server{Handler: answer} //nolint:gosec // its client is this test
	go func() { _ = server.Serve(piped(in)) }()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		select {
		case in <- theirs:
			return ours, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
	})
	c, err := New("http://127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	c.http.Transport = transport
	return c
}

// piped listens for connections that are pipes.
func piped(in chan net.Conn) net.Listener { return &pipes{in: in, closed: make(chan struct{})} }

type pipes struct {
	in     chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.in:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// A large file takes as long as it takes, as long as it comes; and whoever says nothing is not waited for.
func TestClient_WaitsForWhatComesAndNotForSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			for range 30 {
				time.Sleep(50 * time.Second)
				_, _ = io.WriteString(w, "row\n")
				_ = http.NewResponseController(w).Flush()
			}
		})
		began := time.Now()
		file, err := slow.Design(t.Context(), "club")
		if err != nil || len(file) != 30*4 || time.Since(began) != 25*time.Minute {
			t.Errorf("%d bytes after %s, %v", len(file), time.Since(began), err)
		}
	})
	for name, ask := range map[string]struct {
		do       func(ctx context.Context, c *Client) error
		patience time.Duration
	}{
		"a page": {func(ctx context.Context, c *Client) error { _, err := c.Me(ctx); return err }, time.Minute},
		"a file": {func(ctx context.Context, c *Client) error {
			_, err := c.Import(ctx, "club", File{Body: make([]byte, 1<<20)})
			return err
		}, 10 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := 1
				silent := serve(t, func(_ http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
					<-r.Context().Done()
				})
				silent.pause = func(context.Context, time.Duration) error {
					asked++
					return nil
				}
				began := time.Now()
				if err := ask.do(t.Context(), silent); !errors.Is(err, errSilent) || asked != tries || time.Since(began) != tries*ask.patience {
					t.Errorf("asked %d times in %s: %v", asked, time.Since(began), err)
				}
			})
		})
	}
}

// Whatever stands between may lead elsewhere, or say yes to everything: neither has done what was asked, and the token goes nowhere.
func TestClient_FollowsNobodyElsewhereAndTakesSilenceForNoAnswer(t *testing.T) {
	led := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		led++
		_, _ = io.WriteString(w, "{}")
	}))
	defer elsewhere.Close()
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusNotModified, http.StatusOK, http.StatusNoContent} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if status >= 300 {
				w.Header().Set("Location", elsewhere.URL)
			}
			w.WriteHeader(status)
		}))
		c, err := New(server.URL, Token("cairn_secret"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Import(t.Context(), "club", File{Body: []byte("player\n")}); err == nil {
			t.Errorf("an import was answered %d with nothing, and went well", status)
		}
		server.Close()
	}
	if led > 0 {
		t.Errorf("a redirect was followed %d times", led)
	}
}

// What was ended, and whose answer was lost, is ended; what never was there is not.
func TestClient_TakesForDoneWhatIsGoneWhenItsEndIsAskedForAgain(t *testing.T) {
	var there, lose atomic.Bool
	there.Store(true)
	lose.Store(true)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !there.Swap(false) {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		if lose.Load() {
			panic(http.ErrAbortHandler) // the connection breaks
		}
	}))
	defer server.Close()
	c, err := New(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	c.pause = func(context.Context, time.Duration) error { return nil }
	if err := c.EndHook(t.Context(), "club", "one"); err != nil || there.Load() {
		t.Errorf("the answer was lost: %v", err)
	}
	if err, p := c.EndHook(t.Context(), "club", "one"), (*Problem)(nil); !errors.As(err, &p) || p.Status != http.StatusNotFound {
		t.Errorf("it was not there: %v", err)
	}
	there.Store(true)
	if err := c.PutBack(t.Context(), "club", "ada"); err == nil {
		t.Error("of what is sent and not found nothing is known")
	}

	// Nobody listens at first: that nothing was found after it says that nothing was there.
	there.Store(false)
	lose.Store(false)
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	dials := 0
	c.http.Transport = &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		if dials++; dials == 1 {
			return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("refused")}
		}
		return (&net.Dialer{}).DialContext(ctx, network, address.Host)
	}}
	if err, p := c.EndHook(t.Context(), "club", "one"), (*Problem)(nil); !errors.As(err, &p) || dials != 2 {
		t.Errorf("after %d dials: %v", dials, err)
	}
}
