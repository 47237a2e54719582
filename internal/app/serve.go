package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"cairn/internal/api"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/mail"
	"cairn/internal/web"
)

// drain is how long a stopping server waits for the answers it has begun.
const drain = 10 * time.Second

// Listen opens an address to serve on, as the configuration allows it. The error is Unavailable where something listens there already.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	if err := checkListen(address); err != nil {
		return nil, fault.New(fault.Invalid, "%q: %s", address, err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fault.Wrap(fault.Unavailable, err, "%s is taken: stop what listens there, or choose another address with --listen", address)
	case errors.Is(err, syscall.EACCES):
		return nil, fault.Wrap(fault.Forbidden, err, "this user may not listen on %s: choose a port above 1023 with --listen", address)
	case err != nil:
		return nil, fault.Wrap(fault.Unavailable, err, "cannot listen on %s: choose another address with --listen", address)
	}
	return listener, nil
}

// Serve answers requests on the listener and runs the jobs that are due, until the context ends; then it begins nothing new,
// lets what is under way finish for up to ten seconds, and returns. It closes the listener.
func (a *App) Serve(ctx context.Context, listener net.Listener, logger *slog.Logger) error {
	front, err := a.Front(logger)
	if err != nil {
		listener.Close()
		return err
	}
	if unbound, err := a.DB.Unbound(ctx); err != nil && ctx.Err() == nil {
		logger.Warn("the rights of the database user are not known", "error", err)
	} else if unbound {
		logger.Warn("the database user is a superuser or bypasses row-level security: nothing beneath Cairn keeps players' own entries apart; give Cairn a plain role")
	}
	if n, err := a.Post.Captured(); err != nil {
		logger.Warn("captured mail cannot be counted", "error", err)
	} else if n > mail.Crowded {
		logger.Warn("many captured mails stand in the folder: nobody got them; delete those that nobody needs", "messages", n)
	}
	beside, cut := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { a.watchBounces(beside, logger) })
	defer watch.Wait()
	defer cut()
	if err := a.Clock.Wind(ctx); err != nil && ctx.Err() == nil {
		logger.Warn("the rhythm of some boards is not wound yet; it is once a day", "error", err)
	}
	if err := a.Newsletters.Wind(ctx); err != nil && ctx.Err() == nil {
		logger.Warn("newsletters under way are not taken up yet; they are once a day", "error", err)
	}
	worked := make(chan error, 1)
	go func() { worked <- a.Queue.Run(ctx, logger) }()
	served := a.serve(ctx, listener, front, logger)
	if ctx.Err() == nil { // it stopped by itself, and the jobs with the program
		return served
	}
	select {
	case err := <-worked:
		return errors.Join(served, err)
	case <-time.After(drain):
		logger.Warn("some jobs were cut off; they will run again")
	}
	return served
}

// Front is everything that the server answers: pages, API, intake and its own health, with the log in front.
func (a *App) Front(logger *slog.Logger) (http.Handler, error) {
	pages, err := web.New(web.Rooms{Identity: a.Identity, Players: a.Players, Consents: a.Consents, Boards: a.Boards, Releases: a.Releases, Entries: a.Entries, Sources: a.Sources,
		Clock: a.Clock, Targets: a.Targets, Coaching: a.Coaching, Passes: a.Passes, Hooks: a.Hooks, Newsletters: a.Newsletters, Queue: a.Queue, Files: a.Files, Lately: a.Lately, Now: a.Now}, logger, a.Config.BaseURL)
	if err != nil {
		return nil, err
	}
	programs := api.New(api.Rooms{Identity: a.Identity, Players: a.Players, Consents: a.Consents, Boards: a.Boards, Releases: a.Releases, Entries: a.Entries, Sources: a.Sources,
		Clock: a.Clock, Targets: a.Targets, Coaching: a.Coaching, Passes: a.Passes, Newsletters: a.Newsletters, Hooks: a.Hooks, Answers: a.Answers, Queue: a.Queue, Files: a.Files, Lately: a.Lately, Now: a.Now}, logger, a.Config.BaseURL)
	all := http.NewServeMux()
	all.Handle("/", pages)
	programs.Mount(all)
	return a.doors(all, logger), nil
}

func (a *App) serve(ctx context.Context, listener net.Listener, front http.Handler, logger *slog.Logger) error {
	server := &http.Server{
		Handler:           front,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       2 * time.Minute, // a large file over a slow line
		WriteTimeout:      2 * time.Minute, // a large bundle over a slow line
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	logger.Info("listening", "address", listener.Addr().String())
	select {
	case err := <-done:
		return fault.Wrap(fault.Unavailable, err, "the server stopped by itself; the log has the details")
	case <-ctx.Done():
	}
	logger.Info("stopping", "at_most", drain)
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	if err := server.Shutdown(late); err != nil {
		logger.Warn("some answers were cut off", "error", err)
		server.Close()
	}
	logger.Info("stopped")
	return nil
}

// doors puts in front of the pages what concerns the whole server: whose name it goes by, its health and its log.
func (a *App) doors(pages http.Handler, logger *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { plainText(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
		defer cancel()
		if err := a.DB.Write(ctx, func(*db.Tx) error { return nil }); err != nil {
			logger.Warn("not ready", "error", err)
			plainText(w, http.StatusServiceUnavailable, "not ready: the database takes no writes; the log has the details\n")
			return
		}
		plainText(w, http.StatusOK, "ready\n")
	})
	mux.HandleFunc("POST /mail/bounces", a.takeBounce)
	mux.HandleFunc("GET /tls/ask", a.askDomain)
	mux.Handle("/", pages)
	own := ownName(a.Config.BaseURL, mux)
	if a.Config.BaseURL == "" {
		own = oneName(a.Config.base(), own)
	}
	return logged(realClient(a.Config.Proxies, a.domains(own, mux)), logger, a.Now)
}

func plainText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text))
}

// ownName refuses requests under a name that is not this server's: a page elsewhere could otherwise have its own name point
// at this machine and read the boards through the visitor's browser.
func ownName(base string, next http.Handler) http.Handler {
	var own string
	if u, err := url.Parse(base); err == nil {
		own = u.Hostname()
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := hostOf(r)
		ip := net.ParseIP(host)
		if host == "localhost" || ip != nil && ip.IsLoopback() || own != "" && strings.EqualFold(host, own) {
			next.ServeHTTP(w, r)
			return
		}
		plainText(w, http.StatusMisdirectedRequest, "This server does not go by that name. If something stands in front of it, set base_url to the address that readers use.\n")
	})
}

// oneName sends browsers that come by number to the one name of a server that nothing stands in front of: they keep what
// they know of a visitor by name, so that a link to localhost would find nobody signed in who is so at 127.0.0.1.
func oneName(base string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.Host)
		if r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Dest") == "document" && (host == "127.0.0.1" || host == "::1") && strings.HasPrefix(base, "http://localhost:") {
			w.Header().Set("Cache-Control", "no-store")
			http.Redirect(w, r, base+r.URL.RequestURI(), http.StatusTemporaryRedirect)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// realClient puts the address of who asks in the place of the proxy's, where the proxy is one whose word is taken: the last
// address that none of our proxies wrote for another of them. Nothing below sees the header.
func realClient(proxies []netip.Prefix, next http.Handler) http.Handler {
	ours := func(text string) (address netip.Addr, trusted bool) {
		address, err := netip.ParseAddr(strings.Trim(strings.TrimSpace(text), "[]"))
		address = address.Unmap()
		return address, err == nil && slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(address) })
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if _, trusted := ours(host); err == nil && trusted {
			hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
			for _, hop := range slices.Backward(hops) {
				address, trusted := ours(hop)
				if !address.IsValid() {
					break
				}
				r.RemoteAddr = net.JoinHostPort(address.String(), "0")
				if !trusted {
					break
				}
			}
		}
		r.Header.Del("X-Forwarded-For")
		r.Header.Del("Forwarded")
		next.ServeHTTP(w, r)
	})
}

// logged writes a line per request: never a query, a header or a body, which may hold secrets.
func logged(next http.Handler, logger *slog.Logger, now func() time.Time) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := now()
		answer := &counted{ResponseWriter: w}
		defer func() {
			level := slog.LevelInfo
			if r.URL.Path == "/healthz" || r.URL.Path == "/readyz" {
				level = slog.LevelDebug
			}
			logger.LogAttrs(r.Context(), level, "request", slog.String("method", r.Method), slog.String("path", r.URL.Path),
				slog.Int("status", answer.status), slog.Int64("bytes", answer.bytes), slog.Duration("took", now().Sub(began).Round(time.Microsecond)))
		}()
		next.ServeHTTP(answer, r)
	})
}

// counted is a response writer that remembers what it sent.
type counted struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (c *counted) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *counted) Write(p []byte) (int, error) {
	if c.status == 0 {
		c.status = http.StatusOK
	}
	n, err := c.ResponseWriter.Write(p)
	c.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the writer below.
func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }
