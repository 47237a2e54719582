package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/job"
)

func TestServe_RunsJobsBesideThePages(t *testing.T) {
	a := show(t, "")
	began, goOn := make(chan struct{}), make(chan struct{})
	finished := false
	a.Queue.Handle("slow", func(context.Context, job.Job) error {
		close(began)
		<-goOn
		finished = true
		return nil
	})
	err := a.DB.Write(t.Context(), func(tx *db.Tx) error { return a.Queue.Enqueue(tx, "slow", "one", nil, today()) })
	if err != nil {
		t.Fatal(err)
	}
	_, stop := serve(t, a, io.Discard)
	<-began
	time.AfterFunc(50*time.Millisecond, func() { close(goOn) })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if !finished {
		t.Error("it stopped before the job had finished")
	}
}

func TestApp_ClearsAwayEveryDay(t *testing.T) {
	a := show(t, "")
	if _, err := a.Queue.RunDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	waiting, err := a.Queue.List(t.Context(), job.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	daily := map[string]bool{}
	for _, j := range waiting {
		daily[j.Kind] = true
		if j.Next.Hour() != 3 {
			t.Errorf("%s is due at %v", j.Kind, j.Next)
		}
	}
	for _, kind := range []string{"sweep identity", "sweep board", "sweep player", "sweep job"} {
		if !daily[kind] {
			t.Errorf("%s is not due", kind)
		}
	}
}

func TestServe_WarnsWhereRowSecurityDoesNotBind(t *testing.T) {
	for _, plain := range []bool{true, false} {
		address := dbtest.Postgres(t) // as a plain user
		if !plain {
			address = inItsSchema(t, os.Getenv("TEST_POSTGRES_URL"), address)
		}
		c, err := Read(map[string]string{"db": address, "listen": "127.0.0.1:0"}, "", Environment{})
		if err != nil {
			t.Fatal(err)
		}
		a, err := Open(t.Context(), c, today)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		var written strings.Builder
		base, stop := serve(t, a, &written)
		get(t, base+"/healthz")
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if warned := strings.Contains(written.String(), "bypasses row-level security"); warned == plain {
			t.Errorf("plain user %t: the log says\n%s", plain, written.String())
		}
	}
}

// inItsSchema is the address of a server, as the user that it names, in the schema of another address.
func inItsSchema(t *testing.T, server, other string) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	o, err := url.Parse(other)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set("search_path", o.Query().Get("search_path"))
	u.RawQuery = query.Encode()
	return u.String()
}

func TestFirstOperator_ALinkUntilThereIsOne(t *testing.T) {
	a := show(t, "")
	first, err := a.FirstOperator(t.Context())
	if err != nil || !strings.Contains(first, "/operator/") {
		t.Fatalf("%q, %v", first, err)
	}
	second, err := a.FirstOperator(t.Context())
	if err != nil || second == first || second == "" {
		t.Errorf("again: %q, %v", second, err)
	}
}

func TestLogger_WritesNoSecretOfAPath(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		var written strings.Builder
		logger := Config{LogFormat: format}.Logger(&written)
		const secret = "u7LqVQ0bT3fJzWmYx9k2cN5aRr8DhGvE1sPoIiKdMwA"
		logger.Info("request", slog.String("path", "/sign-in/link/"+secret+"/x"))
		logger.Info("request", slog.String("path", "/b/social-selling/players/ada-lovelace"))
		if text := written.String(); strings.Contains(text, secret) || !strings.Contains(text, "/sign-in/link/…/x") || !strings.Contains(text, "/b/social-selling/players/ada-lovelace") {
			t.Errorf("the log says\n%s", text)
		}
	}
}

func TestDoors_TakeTheWordOfTrustedProxiesAlone(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	tests := []struct {
		name, from, forwarded, want string
	}{
		{"nobody in between", "203.0.113.9:4711", "", "203.0.113.9:4711"},
		{"a stranger's word", "203.0.113.9:4711", "198.51.100.1", "203.0.113.9:4711"},
		{"one proxy", "127.0.0.1:4711", "203.0.113.9", "203.0.113.9:0"},
		{"one proxy, what the client made up", "127.0.0.1:4711", "1.2.3.4, 203.0.113.9", "203.0.113.9:0"},
		{"two proxies", "127.0.0.1:4711", "203.0.113.9, 10.1.2.3", "203.0.113.9:0"},
		{"IPv6", "[fd00::1]:4711", "2001:db8::7", "[2001:db8::7]:0"},
		{"IPv4 in IPv6", "[::ffff:127.0.0.1]:4711", "203.0.113.9", "203.0.113.9:0"},
		{"nonsense", "127.0.0.1:4711", "unknown", "127.0.0.1:4711"},
		{"nonsense before a proxy", "127.0.0.1:4711", "unknown, 10.1.2.3", "10.1.2.3:0"},
		{"a proxy that says nothing", "127.0.0.1:4711", "", "127.0.0.1:4711"},
	}
	for _, test := range tests {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = test.from
		if test.forwarded != "" {
			r.Header.Set("X-Forwarded-For", test.forwarded)
		}
		realClient(proxies, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.RemoteAddr != test.want || r.Header.Get("X-Forwarded-For") != "" {
				t.Errorf("%s: from %s, header %q; want %s", test.name, r.RemoteAddr, r.Header.Get("X-Forwarded-For"), test.want)
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
	}
}

// A browser that came by number is sent to the name that links in mails have, so that it is one visitor.
func TestDoors_OneNameForBrowsersOnThisMachine(t *testing.T) {
	a := show(t, "")
	a.Config.Listen = "127.0.0.1:8080"
	doors := a.doors(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { plainText(w, http.StatusOK, "page") }), slog.New(slog.DiscardHandler))
	tests := []struct {
		host, method, dest string
		status             int
	}{
		{"127.0.0.1:8080", http.MethodGet, "document", http.StatusTemporaryRedirect},
		{"[::1]:8080", http.MethodGet, "document", http.StatusTemporaryRedirect},
		{"localhost:8080", http.MethodGet, "document", http.StatusOK},
		{"127.0.0.1:8080", http.MethodGet, "", http.StatusOK}, // a program
		{"127.0.0.1:8080", http.MethodPost, "document", http.StatusOK},
	}
	for _, test := range tests {
		r := httptest.NewRequest(test.method, "/sign-in?next=%2Fme", nil)
		r.Host = test.host
		if test.dest != "" {
			r.Header.Set("Sec-Fetch-Dest", test.dest)
		}
		w := httptest.NewRecorder()
		doors.ServeHTTP(w, r)
		if w.Code != test.status {
			t.Errorf("%+v: %d", test, w.Code)
		}
		if to := w.Header().Get("Location"); w.Code == http.StatusTemporaryRedirect && to != "http://localhost:8080/sign-in?next=%2Fme" {
			t.Errorf("%+v: to %s", test, to)
		}
	}
	a.Config.BaseURL = "https://scores.example.org"
	doors = a.doors(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { plainText(w, http.StatusOK, "page") }), slog.New(slog.DiscardHandler))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Host = "127.0.0.1:8080"
	r.Header.Set("Sec-Fetch-Dest", "document")
	w := httptest.NewRecorder()
	doors.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Errorf("behind a proxy: %d", w.Code)
	}
}
