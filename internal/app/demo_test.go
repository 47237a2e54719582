package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/release"
)

// today is the day on which the tests show the demo: a Sunday, so that its week is not over.
func today() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }

// show opens a database for the demo; path "" makes a fresh one.
func show(t *testing.T, path string) *App {
	t.Helper()
	if path == "" {
		path = filepath.Join(t.TempDir(), "demo.db")
	}
	c, err := Read(map[string]string{"db": path, "listen": "127.0.0.1:0"}, "", Environment{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), c, today)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// serve runs the server until the test ends, and returns its address and what stops it and waits.
func serve(t *testing.T, a *App, to io.Writer) (base string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	listener, err := Listen(ctx, a.Config.Listen)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- a.Serve(ctx, listener, slog.New(slog.NewTextHandler(to, nil))) }()
	stop = func() error { cancel(); return <-done }
	t.Cleanup(cancel)
	return "http://" + listener.Addr().String(), stop
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func TestDemo(t *testing.T) {
	a := show(t, "")
	last := map[string]int{}
	keys, err := a.BuildDemo(t.Context(), Demo{Progress: func(what string, done, total int) { last[what] = total - done }})
	if err != nil {
		t.Fatal(err)
	}
	if len(last) != 2 || last["Social selling club"] != 0 || last["Property power 100"] != 0 {
		t.Errorf("progress ended at %v", last)
	}
	t.Run("is served and stops", func(t *testing.T) { demoIsServed(t, a, keys) })
	t.Run("is alive", func(t *testing.T) { demoIsAlive(t, a) })
	t.Run("goes on where it was cut short", func(t *testing.T) { demoGoesOn(t, a) })
}

func demoIsServed(t *testing.T, a *App, keys []string) {
	sights, err := a.Sights(t.Context(), keys)
	if err != nil || len(sights) != 4 {
		t.Fatalf("sights: %v, %v", sights, err)
	}

	var written strings.Builder
	base, stop := serve(t, a, &written)
	paths := []string{"/", "/b/social-selling/archive", "/b/social-selling/2026-W46", "/healthz", "/readyz"}
	for _, s := range sights {
		paths = append(paths, s.Path)
	}
	for _, path := range paths {
		if status, body := get(t, base+path); status != http.StatusOK {
			t.Errorf("%s: %d\n%.300s", path, status, body)
		}
	}
	if status, _ := get(t, base+"/b/nothing-here"); status != http.StatusNotFound {
		t.Errorf("an unknown board: %d", status)
	}
	_, page := get(t, base+sights[1].Path)
	if name, headline, _ := strings.Cut(sights[1].About, ": "); !strings.Contains(page, name) || headline == "" || !strings.Contains(page, headline) {
		t.Errorf("the player's page does not tell %q", sights[1].About)
	}
	if err := stop(); err != nil {
		t.Errorf("stopping: %v", err)
	}
	if _, err := http.Get(base); err == nil {
		t.Error("the server answers after it stopped")
	}
	if text := written.String(); !strings.Contains(text, "path=/b/social-selling/archive status=200") || !strings.Contains(text, "msg=stopped") {
		t.Errorf("the log says\n%s", text)
	}
}

func demoIsAlive(t *testing.T, a *App) {
	for _, want := range []struct {
		board    string
		releases int
		players  int
	}{{"social-selling", 26, 60}, {"property-power-100", 14, 100}} {
		b, err := a.Boards.Board(t.Context(), want.board)
		if err != nil {
			t.Fatal(err)
		}
		archive, err := a.Releases.Archive(t.Context(), b)
		if err != nil || len(archive) != want.releases {
			t.Fatalf("%s: %d releases, %v", want.board, len(archive), err)
		}
		latest := viewed(t, a, b)
		_, end := latest.Period.Bounds(b.Location())
		if latest.Players != want.players || len(latest.Movers) < 3 || len(latest.Newcomers) == 0 || !latest.Published.After(end) || latest.Published.After(today()) {
			t.Errorf("%s: %+v", want.board, latest)
		}
		rows, err := latest.Rows(t.Context(), 0, want.players)
		if err != nil {
			t.Fatal(err)
		}
		kinds := map[string]bool{}
		silent := 0
		for _, row := range rows {
			card, err := latest.Card(t.Context(), row.Key)
			if err != nil {
				t.Fatal(err)
			}
			if len(card.Stories) == 0 {
				silent++
			}
			for _, s := range card.Stories {
				kinds[string(s.Kind)] = true
			}
		}
		if len(kinds) < 7 || silent > want.players/4 {
			t.Errorf("%s: stories of %v, %d players without one", want.board, kinds, silent)
		}
	}
}

func demoGoesOn(t *testing.T, whole *App) {
	path := filepath.Join(t.TempDir(), "demo.db")
	short := show(t, path)
	ctx, cancel := context.WithCancel(t.Context())
	steps := 0
	_, err := short.BuildDemo(ctx, Demo{Progress: func(string, int, int) {
		if steps++; steps == 9 {
			cancel()
		}
	}})
	if err == nil {
		t.Fatal("cancelling did not stop the building")
	}
	short.Close()

	again := show(t, path)
	again.Now = func() time.Time { return today().AddDate(0, 0, 20) } // some weeks later
	if _, err := again.BuildDemo(t.Context(), Demo{Progress: func(string, int, int) {}}); err != nil {
		t.Fatal(err)
	}
	a1, err := again.Boards.Board(t.Context(), "social-selling")
	if err != nil {
		t.Fatal(err)
	}
	a2, err := whole.Boards.Board(t.Context(), "social-selling")
	if err != nil {
		t.Fatal(err)
	}
	// The players' references are drawn by lot, so that the digests differ.
	r1, r2 := viewed(t, again, a1), viewed(t, whole, a2)
	if r1.Title != r2.Title || r1.Period != r2.Period || r1.Mean != r2.Mean || r1.Scored != r2.Scored {
		t.Errorf("cut short and continued: %s %s, mean %v; in one go: %s %s, mean %v", r1.Period, r1.Title, r1.Mean, r2.Period, r2.Title, r2.Mean)
	}
}

// viewed shows all of a board's latest release.
func viewed(t *testing.T, a *App, b *board.Board) *release.View {
	t.Helper()
	latest, err := a.Releases.Latest(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	view, err := a.Releases.View(t.Context(), b, latest, release.Open)
	if err != nil {
		t.Fatal(err)
	}
	return view
}

func TestServe_RefusesNamesThatAreNotItsOwn(t *testing.T) {
	a := show(t, "")
	a.Config.BaseURL = "https://scores.example.org"
	base, _ := serve(t, a, io.Discard)
	for host, want := range map[string]int{"": 200, "localhost:9": 200, "[::1]:80": 200, "scores.example.org": 200, "SCORES.example.org:443": 200, "evil.example": 421, "127.0.0.1.evil.example": 421} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = host
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("Host %q: %d, want %d", host, answer.StatusCode, want)
		}
	}
}

func TestServe_LogsNoQueries(t *testing.T) {
	var written strings.Builder
	base, stop := serve(t, show(t, ""), &written)
	get(t, base+"/?token=secret")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if text := written.String(); strings.Contains(text, "secret") || !strings.Contains(text, "path=/ ") {
		t.Errorf("the log says\n%s", text)
	}
}

func TestServe_FinishesWhatItBegan(t *testing.T) {
	a := show(t, "")
	began, goOn := make(chan struct{}), make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(began)
		<-goOn
		plainText(w, http.StatusOK, "done")
	})
	ctx, cancel := context.WithCancel(context.Background())
	listener, err := Listen(ctx, a.Config.Listen)
	if err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- a.serve(ctx, listener, slow, slog.New(slog.DiscardHandler)) }()
	answer := make(chan string, 1)
	go func() {
		_, body := get(t, "http://"+listener.Addr().String())
		answer <- body
	}()
	<-began
	cancel()
	select {
	case err := <-stopped:
		t.Fatalf("it stopped before it had answered: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(goOn)
	if body := <-answer; body != "done" {
		t.Errorf("the answer was %q", body)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestReady_SaysWhenTheDatabaseIsGone(t *testing.T) {
	a := show(t, "")
	base, _ := serve(t, a, io.Discard)
	if status, _ := get(t, base+"/readyz"); status != http.StatusOK {
		t.Errorf("ready: %d", status)
	}
	a.DB.Close()
	if status, _ := get(t, base+"/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("without a database: %d", status)
	}
	if status, _ := get(t, base+"/healthz"); status != http.StatusOK {
		t.Errorf("alive: %d", status)
	}
}

func TestListen_SaysThatAnAddressIsTaken(t *testing.T) {
	first, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if _, err := Listen(t.Context(), first.Addr().String()); fault.Of(err) != fault.Unavailable || !strings.Contains(fault.Message(err), "is taken") {
		t.Errorf("got %v", err)
	}
	if _, err := Listen(t.Context(), "nowhere"); fault.Of(err) != fault.Invalid {
		t.Errorf("no address: %v", err)
	}
}
