package reach_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"cairn/internal/fault"
	"cairn/internal/reach"
)

func now() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

// loopback lets tests reach their own servers, and nothing else that is private.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}

func get(t *testing.T, r *reach.Reach, address string, most int64) ([]byte, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, body, err := r.Do(r.Client(), request, most)
	return body, err
}

func TestDo_OpensNoConnectionInside(t *testing.T) {
	knocked := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { knocked = true }))
	defer server.Close()
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	port := u.Port()
	r := reach.New(nil, now)
	for _, host := range []string{
		"127.0.0.1", "127.8.9.10", "localhost", "0.0.0.0", "0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "2130706433", "0x7f.1", "017700000001",
		"10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "198.18.0.1",
		"[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::127.0.0.1]", "[fec0::1]", "[100::1]",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host+":"+port+"/", nil)
		if err == nil {
			_, _, err = r.Do(r.Client(), request, 1000)
		}
		cancel()
		if err == nil || knocked {
			t.Fatalf("%s was opened", host)
		}
		if numeric := !strings.HasPrefix(host, "2130") && !strings.HasPrefix(host, "0x") && !strings.HasPrefix(host, "0177") && host != "0"; numeric && fault.Of(err) != fault.Invalid {
			t.Errorf("%s: %v", host, err)
		}
		if strings.Contains(fault.Message(err), host) && len(host) > 3 {
			t.Errorf("the message names the address: %v", err)
		}
	}
}

// A name is judged by the address that it stands for at the moment of connecting, whatever it stood for before; localhost is
// such a name, of two addresses of which one alone is allowed.
func TestDo_JudgesTheAddressThatANameStandsFor(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "in") }))
	defer server.Close()
	address := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	if _, err := get(t, reach.New(nil, now), address, 100); err == nil {
		t.Error("a name that leads inside was opened")
	}
	if _, err := get(t, reach.New([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, now), address, 100); err == nil {
		t.Error("what another network is allowed was opened")
	}
	if body, err := get(t, reach.New(loopback, now), address, 100); err != nil || string(body) != "in" {
		t.Errorf("what is allowed: %q, %v", body, err)
	}
}

func TestDo_FollowsRedirectsButNotInsideDownOrForEver(t *testing.T) {
	var target string
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/end" {
			io.WriteString(w, "end")
			return
		}
		http.Redirect(w, r, target, http.StatusFound)
	}))
	defer plain.Close()
	r := reach.New(loopback, now)
	for to, want := range map[string]fault.Kind{
		plain.URL + "/end": "", "/end": "", "http://169.254.169.254/latest/meta-data/": fault.Invalid, "http://[::1]:1/": fault.Invalid, "http://127.0.0.2:1/": fault.Invalid,
		"file:///etc/passwd": fault.Unavailable, "gopher://a.example/": fault.Unavailable, "http://user:secret@127.0.0.1/": fault.Unavailable, "/again": fault.Unavailable,
	} {
		target = to
		if _, err := get(t, r, plain.URL, 100); fault.Of(err) != want {
			t.Errorf("to %s: %v; want %q", to, err, want)
		}
	}
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, plain.URL+"/end", http.StatusFound) }))
	defer secure.Close()
	client := r.Client()
	client.Transport.(*http.Transport).TLSClientConfig = secure.Client().Transport.(*http.Transport).TLSClientConfig
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, secure.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.Do(client, request, 100); fault.Of(err) != fault.Unavailable {
		t.Errorf("from https to http: %v", err)
	}
}

func TestDo_TakesNoProxyFromTheEnvironment(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the proxy was asked") }))
	defer proxy.Close()
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	if _, err := get(t, reach.New(loopback, now), "http://10.0.0.1/", 100); fault.Of(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
}

func TestDo_ReadsUpToABound(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/exact":
			io.WriteString(w, strings.Repeat("x", 1000))
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			for range 64 {
				z.Write(make([]byte, 1<<20))
			}
			z.Close()
		case "/endless":
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}
	}))
	defer server.Close()
	r := reach.New(loopback, now)
	if body, err := get(t, r, server.URL+"/exact", 1000); err != nil || len(body) != 1000 {
		t.Errorf("%d bytes, %v", len(body), err)
	}
	for _, path := range []string{"/exact", "/bomb", "/endless"} {
		if body, err := get(t, r, server.URL+path, 999); fault.Of(err) != fault.Invalid || body != nil {
			t.Errorf("%s: %d bytes, %v", path, len(body), err)
		}
	}
}

func TestDo_SaysWhatAnAnswerMeans(t *testing.T) {
	header, code := http.Header{}, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for name := range header {
			w.Header().Set(name, header.Get(name))
		}
		w.WriteHeader(code)
	}))
	defer server.Close()
	for _, test := range []struct {
		code  int
		after string
		want  fault.Kind
		wait  time.Duration
	}{
		{304, "", "", 0}, {429, "", fault.Limited, time.Minute}, {429, "90", fault.Limited, 90 * time.Second}, {429, "99999999999", fault.Limited, 24 * time.Hour},
		{429, now().Add(2 * time.Hour).Format(http.TimeFormat), fault.Limited, 2 * time.Hour}, {429, now().AddDate(-1, 0, 0).Format(http.TimeFormat), fault.Limited, time.Minute},
		{503, "300", fault.Limited, 5 * time.Minute}, {503, "", fault.Unavailable, 0}, {500, "", fault.Unavailable, 0}, {401, "", fault.Forbidden, 0}, {403, "", fault.Forbidden, 0},
		{404, "", fault.NotFound, 0}, {410, "", fault.NotFound, 0}, {418, "", fault.Invalid, 0},
	} {
		code, header = test.code, http.Header{}
		if test.after != "" {
			header.Set("Retry-After", test.after)
		}
		_, err := get(t, reach.New(loopback, now), server.URL+"/?key=secret", 100)
		f := (*fault.Fault)(nil)
		if fault.Of(err) != test.want || errors.As(err, &f) && f.Wait != test.wait {
			t.Errorf("%d, after %q: %v; want %s, %v", test.code, test.after, err, test.want, test.wait)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error holds the address: %v", err)
		}
	}
}

func TestCheck_WantsAWholeAddressWithoutAPassword(t *testing.T) {
	for address, good := range map[string]bool{
		"https://a.example": true, "http://a.example:8080/x?y=z": true, "https://[2001:4860::8888]/": true, "": false, "a.example": false, "//a.example": false, "https://": false, "https://:443/": false,
		"ftp://a.example": false, "javascript:alert(1)": false, "https://u@a.example": false, "https://u:p@a.example": false, "https://a.example\x00": false,
	} {
		if err := reach.Check(address); (err == nil) != good || err != nil && fault.Of(err) != fault.Invalid {
			t.Errorf("%q: %v", address, err)
		}
	}
}
