package reach_test

import (
	"fmt"
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

// behind asks an address through a door, and returns what came.
func behind(t *testing.T, door, address string, client *http.Client) (int, string) {
	t.Helper()
	u, err := url.Parse(door)
	if err != nil {
		t.Fatal(err)
	}
	through := client.Transport.(*http.Transport).Clone()
	through.Proxy = http.ProxyURL(u)
	defer through.CloseIdleConnections()
	answer, err := (&http.Client{Transport: through, Timeout: 10 * time.Second}).Get(address)
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return answer.StatusCode, err.Error()
	}
	return answer.StatusCode, string(text)
}

func TestProxy_LeadsToOneHostByTheRulesOfClient(t *testing.T) {
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") != "" {
			t.Error("the password of the door was passed on")
		}
		fmt.Fprint(w, strings.Repeat("x", 5000))
	})
	plain, secret, other := httptest.NewServer(hello), httptest.NewTLSServer(hello), httptest.NewServer(hello)
	for _, s := range []*httptest.Server{plain, secret, other} {
		defer s.Close()
	}
	local := reach.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, time.Now)
	for _, to := range []*httptest.Server{plain, secret} {
		door, err := local.Proxy(t.Context(), to.URL, 100_000)
		if err != nil {
			t.Fatal(err)
		}
		if code, text := behind(t, door.Address, to.URL, to.Client()); code != http.StatusOK || len(text) != 5000 || door.Refused() != nil {
			t.Errorf("%s: %d %.80q %v", to.URL, code, text, door.Refused())
		}
		u, err := url.Parse(door.Address)
		if err != nil {
			t.Fatal(err)
		}
		for _, wrong := range []*url.Userinfo{nil, url.UserPassword("cairn", "wrong")} {
			u.User = wrong
			if code, text := behind(t, u.String(), to.URL, to.Client()); code == http.StatusOK || strings.Contains(text, "xxx") {
				t.Errorf("without the password of the door: %d %.80q", code, text)
			}
		}
		if code, text := behind(t, door.Address, other.URL, other.Client()); code == http.StatusOK || fault.Of(door.Refused()) != fault.Invalid {
			t.Errorf("to another host: %d %.80q %v", code, text, door.Refused())
		}
		if err := door.Close(); err != nil {
			t.Error(err)
		}
		if code, text := behind(t, door.Address, to.URL, to.Client()); code != 0 {
			t.Errorf("a closed door: %d %.80q", code, text)
		}

		short, err := local.Proxy(t.Context(), to.URL, 4000)
		if err != nil {
			t.Fatal(err)
		}
		if _, text := behind(t, short.Address, to.URL, to.Client()); len(text) == 5000 || fault.Of(short.Refused()) != fault.Invalid {
			t.Errorf("more than is let in: %d bytes, %v", len(text), short.Refused())
		}
		_ = short.Close()

		closed, err := reach.New(nil, time.Now).Proxy(t.Context(), to.URL, 100_000)
		if err != nil {
			t.Fatal(err)
		}
		if code, text := behind(t, closed.Address, to.URL, to.Client()); code == http.StatusOK || !strings.Contains(fault.Message(closed.Refused()), "private network") {
			t.Errorf("inside: %d %.80q %v", code, text, closed.Refused())
		}
		_ = closed.Close()
	}
	if _, err := local.Proxy(t.Context(), "ftp://example.org", 1); fault.Of(err) != fault.Invalid {
		t.Errorf("another scheme: %v", err)
	}
}
