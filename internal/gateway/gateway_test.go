package gateway_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cairn/internal/fault"
	"cairn/internal/gateway"
)

const coded = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" // base64 of the key that the other side knows

func open(t *testing.T, url string) *gateway.Gateway {
	t.Helper()
	g, err := gateway.New(gateway.Server{URL: url, Secret: "whsec_" + coded}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// The other side, which has the secret and the text of Standard Webhooks alone, knows whose a message is and that it is whole.
func TestDeliver_IsSignedSoThatTheOtherSideCanTell(t *testing.T) {
	key, err := base64.StdEncoding.DecodeString(coded)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		id, at := r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp")
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%s.%s", id, at, body)
		seconds, err := strconv.ParseInt(at, 10, 64)
		if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); r.Header.Get("webhook-signature") != want || err != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		var said map[string]string
		if err := json.Unmarshal(body, &said); err != nil || said["to"] != "+491701234567" || said["text"] != "Nice “82”" || said["id"] != "letter 1" || len(said) != 3 {
			t.Errorf("it heard %s", body)
		}
		if strings.ContainsAny(id, ". ") {
			t.Errorf("no identifier of Standard Webhooks: %q", id)
		}
		ids[id]++
	}))
	defer server.Close()
	for range 2 {
		if err := open(t, server.URL).Deliver(t.Context(), gateway.Message{ID: "letter 1", To: "+491701234567", Text: "Nice “82”"}); err != nil {
			t.Fatal(err)
		}
	}
	if len(ids) != 1 {
		t.Errorf("the same message under several identifiers: %v", ids)
	}
	other, err := gateway.New(gateway.Server{URL: server.URL, Secret: "another secret of ours"}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Deliver(t.Context(), gateway.Message{ID: "letter 1", To: "+491701234567", Text: "Nice “82”"}); fault.Of(err) != fault.Unavailable || gateway.Doubtful(err) {
		t.Errorf("with another secret: %v", err)
	}
}

func TestDeliver_SaysWhatBecameOfAMessage(t *testing.T) {
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	for name, test := range map[string]struct {
		answer   func(w http.ResponseWriter, r *http.Request)
		kind     fault.Kind
		wait     time.Duration
		doubtful bool
	}{
		"taken":    {answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(202) }},
		"refused":  {answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(422) }, kind: fault.Invalid},
		"not ours": {answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, kind: fault.Unavailable},
		"down":     {answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, kind: fault.Unavailable},
		"too many": {answer: func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Retry-After", "90"); w.WriteHeader(429) }, kind: fault.Limited, wait: 90 * time.Second},
		"elsewhere": {answer: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		}, kind: fault.Unavailable},
		"hangs up after it heard all": {answer: func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.ReadAll(r.Body)
			panic(http.ErrAbortHandler)
		}, kind: fault.Unavailable, doubtful: true},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked.Add(1); test.answer(w, r) }))
			defer server.Close()
			err := open(t, server.URL).Deliver(t.Context(), gateway.Message{ID: "1", To: "+491701234567", Text: "Hello"})
			if fault.Of(err) != test.kind || gateway.Doubtful(err) != test.doubtful || asked.Load() != 1 {
				t.Errorf("%v (doubtful %v) after %d requests", err, gateway.Doubtful(err), asked.Load())
			}
			if f, ok := err.(*fault.Fault); test.wait > 0 && (!ok || f.Wait != test.wait) {
				t.Errorf("wait: %v", err)
			}
			if err != nil && (strings.Contains(err.Error(), "+49") || strings.Contains(err.Error(), server.URL)) {
				t.Errorf("the error names the number or the gateway: %v", err)
			}
		})
	}
	if elsewhere.Load() != 0 {
		t.Error("a number went to another server")
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	if err := open(t, gone.URL).Deliver(t.Context(), gateway.Message{ID: "1"}); fault.Of(err) != fault.Unavailable || gateway.Doubtful(err) {
		t.Errorf("nobody there: %v", err)
	}
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.ReadAll(r.Body); <-r.Context().Done() }))
	defer silent.Close()
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := open(t, silent.URL).Deliver(short, gateway.Message{ID: "1"}); !gateway.Doubtful(err) {
		t.Errorf("no answer: %v", err)
	}
}

func TestNew_RefusesWhatWouldGiveNumbersAway(t *testing.T) {
	for server, field := range map[gateway.Server]string{
		{URL: "http://gateway.example.org/", Secret: "a secret that is long"}:            "url",
		{URL: "ftp://localhost/", Secret: "a secret that is long"}:                       "url",
		{URL: "https://user:word@gateway.example.org/", Secret: "a secret that is long"}: "url",
		{URL: "https://gateway.example.org/", Secret: "short"}:                           "secret",
		{URL: "https://gateway.example.org/", Secret: "whsec_***"}:                       "secret",
	} {
		_, err := gateway.New(server, time.Now)
		if f, ok := err.(*fault.Fault); !ok || f.Kind != fault.Invalid || f.Field != field {
			t.Errorf("%s: %v", server.URL, err)
		}
	}
	g, err := gateway.New(gateway.Server{}, time.Now)
	if err != nil || g.Ready() {
		t.Error(err, "none is none")
	}
	if err := g.Deliver(context.Background(), gateway.Message{}); fault.Of(err) != fault.Unavailable {
		t.Error(err)
	}
}
