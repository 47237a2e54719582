package api

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cairn/internal/intake"
)

// Who sends a byte now and then holds a connection for a while, and no longer; large bodies are read a few at a time.
func TestBody_IsNotWaitedForLong(t *testing.T) {
	in := &intakeDoors{&door{log: slog.New(slog.DiscardHandler), large: placesFor(2, 1)}, placesFor(1, 1), 50 * time.Millisecond}
	server := httptest.NewServer(in.outside(func(w http.ResponseWriter, r *http.Request) {
		_, leave, err := in.body(w, r, "till", intake.MaxBody)
		if err != nil {
			in.refuse(w, r, "in", err)
			return
		}
		leave()
	}))
	defer server.Close()
	line, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	_, _ = io.WriteString(line, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n[")
	answer := make([]byte, 100)
	if n, err := line.Read(answer); err != nil || !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 408") {
		t.Errorf("%q, %v", answer[:n], err)
	}
	in.patience = time.Minute
	send := func(size, want int) {
		t.Helper()
		response, err := server.Client().Post(server.URL, "application/json", strings.NewReader(strings.Repeat(" ", size)))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want || want != http.StatusOK && response.Header.Get("Retry-After") == "" {
			t.Errorf("%d bytes: %d; want %d", size, response.StatusCode, want)
		}
	}
	leave, err := in.large.take("till") // another of its own is being read
	if err != nil {
		t.Fatal(err)
	}
	send(smallBody-1, http.StatusOK)
	send(smallBody+1, http.StatusServiceUnavailable)
	leave()
	for range 3 { // and each leaves its place behind
		send(smallBody+1, http.StatusOK)
		send(smallBody+1, http.StatusOK)
	}
	for _, who := range []string{"a", "b"} {
		if _, err := in.large.take(who); err != nil {
			t.Errorf("%s has a place of their own: %v", who, err)
		}
	}
	send(smallBody+1, http.StatusServiceUnavailable)
}
