package app

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/entry"
	"cairn/internal/newsletter"
	"cairn/internal/period"
	"cairn/internal/release"
	"cairn/scorecard"
)

// told is a server whose newsletter went to three readers; without a mail server it stands in a folder.
type told struct {
	*App
	clock  time.Time
	at     *board.Board
	rel    *release.Release
	tokens map[string]string // of return paths, by the reader's address
}

func tell(t *testing.T) *told {
	t.Helper()
	folder := t.TempDir()
	c, err := Read(map[string]string{"db": filepath.Join(folder, "club.db"), "base_url": "https://cairn.example"}, "", Environment{Variables: []string{
		"CAIRN_MAIL_RETURN=bounces+{token}@news.example.org", "CAIRN_MAIL_BOUNCES=" + filepath.Join(folder, "reports"), "CAIRN_BOUNCE_SECRET=sixteen letters and more"}})
	if err != nil {
		t.Fatal(err)
	}
	n := &told{clock: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), tokens: map[string]string{}}
	if n.App, err = Open(t.Context(), c, func() time.Time { return n.clock }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	card, err := scorecard.Load("club.yaml", []byte("scorecard: 1\nkey: club\nname: Club\ndesigner: {name: A, statement: none}\nperiod: week\nparts:\n  - {key: calls, audience: board, normalise: {minmax: {from: 0, to: 20}}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if n.at, err = n.Boards.Create(t.Context(), card, board.Settings{Basis: board.OptIn, Stage: board.Private}); err != nil {
		t.Fatal(err)
	}
	var people []board.Member
	for _, key := range []string{"ada", "bo", "cy"} {
		people = append(people, board.Member{Key: key, Name: key, Email: key + "@example.org"})
	}
	numbers, err := n.Boards.Enrol(t.Context(), n.at.ID, board.ByKey, people)
	if err != nil {
		t.Fatal(err)
	}
	rooms := boardtest.Rooms{Identity: n.Identity, Boards: n.Boards}
	var batch []entry.Entry
	for i, p := range people {
		rooms.Accept(t, n.at, p.Key, board.Choice{})
		batch = append(batch, entry.Entry{Member: numbers[i], Key: "calls", At: n.clock.AddDate(0, 0, -3).UnixMicro(), Value: float64(i + 1), ID: p.Key})
	}
	if _, err := n.Entries.Append(t.Context(), n.at.ID, "test", batch, false); err != nil {
		t.Fatal(err)
	}
	week, err := period.Parse(scorecard.Week, "2026-W47")
	if err != nil {
		t.Fatal(err)
	}
	if n.rel, err = n.Releases.Publish(t.Context(), n.at, week, false); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		n.clock = n.clock.Add(time.Minute)
		if _, err := n.Queue.RunDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(folder, "club.mail", "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m, err := mail.ReadMessage(strings.NewReader(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		token := strings.TrimSuffix(strings.TrimPrefix(m.Header.Get("Return-Path"), "<bounces+"), "@news.example.org>")
		n.tokens[strings.Trim(m.Header.Get("To"), "<>")] = token
	}
	if len(n.tokens) != 3 || len(n.tokens["ada@example.org"]) < 16 {
		t.Fatalf("captured for %v", n.tokens)
	}
	return n
}

// states is the ledger by key.
func (n *told) states(t *testing.T) map[string]newsletter.State {
	t.Helper()
	lines, err := n.Newsletters.Ledger(t.Context(), n.at, n.rel.ID, newsletter.Which{})
	if err != nil {
		t.Fatal(err)
	}
	names, err := n.Boards.Directory(t.Context(), n.at)
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]newsletter.State{}
	for _, l := range lines {
		states[names.Member(l.Member).Key] = l.State
	}
	return states
}

// report is one of a message with a token in its return path.
func report(token, action, status string) string {
	return strings.ReplaceAll(fmt.Sprintf("From: MAILER-DAEMON@relay.example\nTo: bounces+%s@news.example.org\nContent-Type: multipart/report; boundary=b\n\n"+
		"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n\nAction: %s\nStatus: %s\n\n--b--\n", token, action, status), "\n", "\r\n")
}

func TestReadBounces_NotesWhatLiesInTheFolderAndPutsItAway(t *testing.T) {
	n := tell(t)
	folder := n.Config.Bounces
	if _, _, err := n.ReadBounces(t.Context()); err == nil || !strings.Contains(err.Error(), "mail_bounces") {
		t.Errorf("a folder that is not there: %v", err)
	}
	put := func(name, text string, age time.Duration) {
		t.Helper()
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, n.clock.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	read := func(wantDone, wantAside int) {
		t.Helper()
		done, aside, err := n.ReadBounces(t.Context())
		if err != nil || done != wantDone || aside != wantAside {
			t.Errorf("%d noted, %d put aside, %v; want %d and %d", done, aside, err, wantDone, wantAside)
		}
	}
	put("1.eml", report(n.tokens["ada@example.org"], "failed", "5.1.1"), time.Minute)
	put("2.eml", report(n.tokens["bo@example.org"], "delayed", "4.4.1"), time.Minute)
	put("3.eml", report("nobody", "failed", "5.1.1"), time.Minute)
	put("4.eml", "Subject: I am away\n\nuntil Monday", time.Minute)
	put("5.eml", report(n.tokens["cy@example.org"], "failed", "5.1.1"), time.Second) // is being written
	put("notes.txt", "not for us", time.Minute)
	put("done/old.eml", "read long ago", 31*24*time.Hour)
	read(2, 2)
	if got := n.states(t); got["ada"] != newsletter.Bounced || got["bo"] != newsletter.Sent || got["cy"] != newsletter.Sent {
		t.Errorf("ledger %v", got)
	}
	for place, want := range map[string]int{"done": 2, "aside": 2, ".": 4} {
		if files, err := os.ReadDir(filepath.Join(folder, place)); err != nil || len(files) != want {
			t.Errorf("%s holds %v, %v", place, files, err)
		}
	}
	n.clock = n.clock.Add(time.Minute)
	read(1, 0)
	read(0, 0)
	if got := n.states(t); got["cy"] != newsletter.Bounced {
		t.Errorf("ledger %v", got)
	}

	put("new/1700000000.M1.host", report(n.tokens["bo@example.org"], "failed", "5.1.1"), 0) // a Maildir from now on
	read(1, 0)
	if got := n.states(t); got["bo"] != newsletter.Bounced {
		t.Errorf("ledger %v", got)
	}
}

func TestTakeBounce_FromWhoeverShowsTheSecret(t *testing.T) {
	n := tell(t)
	door := n.doors(http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	send := func(secret, kind, body string) (int, string) {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://cairn.example/mail/bounces", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		if secret != "" {
			r.Header.Set("Authorization", "Bearer "+secret)
		}
		w := httptest.NewRecorder()
		door.ServeHTTP(w, r)
		text, _ := io.ReadAll(w.Body)
		return w.Code, string(text)
	}
	const secret = "sixteen letters and more"
	ada, bo, cy := n.tokens["ada@example.org"], n.tokens["bo@example.org"], n.tokens["cy@example.org"]
	_, body, _ := strings.Cut(report(bo, "failed", "5.1.1"), "\r\n\r\n")
	quoted := "--b\r\nContent-Type: text/rfc822-headers\r\n\r\nReturn-Path: <bounces+" + bo + "@news.example.org>\r\n\r\n" + body
	tests := []struct {
		name, secret, kind, body string
		status                   int
	}{
		{"no secret", "", "message/rfc822", report(ada, "failed", "5.1.1"), http.StatusUnauthorized},
		{"another", "sixteen letters and mOre", "message/rfc822", report(ada, "failed", "5.1.1"), http.StatusUnauthorized},
		{"a message", secret, "message/rfc822", report(ada, "failed", "5.1.1"), http.StatusNoContent},
		{"the same again", secret, "message/rfc822", report(ada, "failed", "5.1.1"), http.StatusNoContent},
		{"its body alone", secret, "multipart/report; boundary=b", quoted, http.StatusNoContent},
		{"in our words", secret, "application/json", `{"token":"` + cy + `","complaint":true}`, http.StatusNoContent},
		{"still tried", secret, "message/rfc822", report(cy, "delayed", "4.4.1"), http.StatusNoContent},
		{"of nothing of ours", secret, "application/json", `{"token":"nobody","status":"5.1.1"}`, http.StatusNotFound},
		{"no code", secret, "application/json", `{"token":"` + cy + `","status":"550"}`, http.StatusUnprocessableEntity},
		{"no JSON", secret, "application/json; charset=utf-8", `token`, http.StatusUnprocessableEntity},
		{"no report", secret, "message/rfc822", "Subject: I am away\r\n\r\n", http.StatusUnprocessableEntity},
		{"a form", secret, "application/x-www-form-urlencoded", "token=" + cy, http.StatusUnprocessableEntity},
	}
	for _, test := range tests {
		if status, text := send(test.secret, test.kind, test.body); status != test.status || strings.Contains(text, "@") {
			t.Errorf("%s: %d %s", test.name, status, text)
		}
	}
	for key, state := range n.states(t) {
		if state != newsletter.Bounced {
			t.Errorf("%s is %s", key, state)
		}
	}
	guesses := 0
	for status := 0; status != http.StatusTooManyRequests && guesses < 200; guesses++ {
		status, _ = send("a guess", "application/json", "{}")
	}
	if status, _ := send(secret, "message/rfc822", report(ada, "failed", "5.1.1")); guesses == 200 || status != http.StatusNoContent {
		t.Errorf("after %d guesses whoever has the secret gets %d", guesses, status)
	}
	n.Config.Reporter = ""
	if status, _ := send("", "message/rfc822", report(ada, "failed", "5.1.1")); status != http.StatusNotFound {
		t.Errorf("where none is set: %d", status)
	}
}
