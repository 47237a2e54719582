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
	in := &intakeDoors{&door{log: slog.New(slog.DiscardHandler)}, make(chan struct{}, 1), 50 * time.Millisecond}
	server := httptest.NewServer(in.outside(func(w http.ResponseWriter, r *http.Request) {
		if _, err := in.body(w, r, intake.MaxBody); err != nil {
			in.refuse(w, r, "in", err)
		}
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
	in.large <- struct{}{} // somebody else's is being read
	for size, want := range map[int]int{smallBody - 1: http.StatusOK, smallBody + 1: http.StatusServiceUnavailable} {
		response, err := server.Client().Post(server.URL, "application/json", strings.NewReader(strings.Repeat(" ", size)))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want || want != http.StatusOK && response.Header.Get("Retry-After") == "" {
			t.Errorf("%d bytes: %d; want %d", size, response.StatusCode, want)
		}
	}
}
