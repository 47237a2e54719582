package mail_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	address "net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cairn/internal/fault"
	"cairn/internal/mail"
	"cairn/internal/mail/mailtest"
)

func picture(t *testing.T) []byte {
	t.Helper()
	var drawn bytes.Buffer
	if err := png.Encode(&drawn, image.NewGray(image.Rect(0, 0, 4, 4))); err != nil {
		t.Fatal(err)
	}
	return drawn.Bytes()
}

// bulk is a message with everything.
func bulk(t *testing.T) mail.Message {
	m := letter()
	m.ID, m.Bulk, m.Return = "release 7 member 1", true, "k4x2m7q9"
	m.HTML = `<p>Your score: <img src="cid:weeks.7" alt="61, then 64"></p>`
	m.Pictures = []mail.Picture{{ID: "weeks.7", PNG: picture(t), Text: "Two weeks – 61, then 64"}}
	m.Headers = map[string]string{"List-Unsubscribe": "<https://cairn.example/p/" + strings.Repeat("t", 60) + "/stop>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "List-Id": "Club <club.cairn.example>"}
	return m
}

// leaves returns the parts of a message by their type, with the path of types that leads to each.
func leaves(t *testing.T, path string, header map[string][]string, body io.Reader) (found []string) {
	t.Helper()
	kind, parameters, err := mime.ParseMediaType(header["Content-Type"][0])
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		return []string{path + kind}
	}
	parts := multipart.NewReader(body, parameters["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, leaves(t, path+kind+" > ", part.Header, part)...)
	}
}

func TestDeliver_ABulkMessageWithAPictureComesApartAsItWasPutTogether(t *testing.T) {
	m := mailtest.Start(t)
	if err := newPost(t, m.Server).Deliver(t.Context(), bulk(t)); err != nil {
		t.Fatal(err)
	}
	got := m.Messages(t)[0]
	whole, err := address.ReadMessage(strings.NewReader(got.Raw))
	if err != nil {
		t.Fatal(err)
	}
	want := "[multipart/related > multipart/alternative > text/plain multipart/related > multipart/alternative > text/html multipart/related > image/png]"
	if parts := fmt.Sprint(leaves(t, "", whole.Header, whole.Body)); parts != want {
		t.Errorf("its parts are\n%s, want\n%s", parts, want)
	}
	for _, want := range []string{"Content-Id: <weeks.7>", "Content-Description: =?UTF-8?q?Two_weeks_=E2=80=93_61,_then_64?=", "Content-Disposition: inline"} {
		if !strings.Contains(got.Raw, want) {
			t.Errorf("no %s in\n%s", want, got.Raw)
		}
	}
	for name, want := range map[string]string{"Precedence": "bulk", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "List-Id": "Club <club.cairn.example>",
		"Message-Id": "<cairn.k4x2m7q9@cairn.example>", "List-Unsubscribe": bulk(t).Headers["List-Unsubscribe"]} {
		if got := got.Headers.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for line := range strings.SplitSeq(got.Raw, "\r\n") {
		if len(line) > 998 {
			t.Errorf("a line of %d letters", len(line))
		}
	}
}

func TestDeliver_RefusesPicturesAndTokensThatCannotBe(t *testing.T) {
	p := newPost(t, mail.Server{Folder: t.TempDir()})
	for name, change := range map[string]func(*mail.Message){
		"a picture without HTML":       func(m *mail.Message) { m.HTML = "" },
		"a picture of nothing":         func(m *mail.Message) { m.Pictures[0].PNG = nil },
		"an ID with lines":             func(m *mail.Message) { m.Pictures[0].ID = "a\r\nBcc: eve@example.org" },
		"words with lines":             func(m *mail.Message) { m.Pictures[0].Text = "a\nBcc: eve@example.org" },
		"a token that is an address":   func(m *mail.Message) { m.Return = "x@example.org" },
		"a token that would be cut":    func(m *mail.Message) { m.Return = strings.Repeat("x", 41) },
		"a token that would be folded": func(m *mail.Message) { m.Return = "Token" },
		"a signature of its own":       func(m *mail.Message) { m.Headers["DKIM-Signature"] = "v=1" },
	} {
		m := bulk(t)
		change(&m)
		if err := p.Deliver(t.Context(), m); fault.Of(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n, err := p.Captured(); n != 0 || err != nil {
		t.Errorf("%d were written, %v", n, err)
	}
}

func TestDeliver_ReturnsToATokenOfTheMessage(t *testing.T) {
	k := mailtest.NewSink(t, mailtest.Setup{})
	s := k.Server
	s.Return = "bounces+{token}@news.example.org"
	for _, m := range []mail.Message{bulk(t), letter()} {
		if err := newPost(t, s).Deliver(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	got := k.Deliveries()
	if got[0].From != "bounces+k4x2m7q9@news.example.org" || got[1].From != "cairn@cairn.example" {
		t.Errorf("returns to %s and %s", got[0].From, got[1].From)
	}
	for path, want := range map[string]bool{"bounces+{token}@news.example.org": true, "{token}@b.example": true, "": true, "bounces@news.example.org": false, "b@{token}.example": false,
		"{token}{token}@b.example": false, "Bounces <{token}@b.example>": false, "a-rather-long-local-part-{token}@b.example": false, "{token}": false} {
		s.Return = path
		_, err := mail.New(s)
		if f, _ := err.(*fault.Fault); (err == nil) != want || err != nil && f.Field != "mail_return" {
			t.Errorf("%q: %v", path, err)
		}
	}
}

func TestDeliver_WithoutAServerBulkIsCapturedAndLinksAreNot(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "cairn.mail")
	everything := filepath.Join(t.TempDir(), "all")
	tests := []struct {
		name            string
		server          mail.Server
		ready, captures bool
		bulk, personal  bool // are taken
		in              string
	}{
		{name: "nothing is set", server: mail.Server{}},
		{name: "the usual folder", server: mail.Server{Capture: folder, From: "Club <club@example.org>"}, captures: true, bulk: true, in: folder},
		{name: "a folder for all", server: mail.Server{Capture: folder, Folder: everything}, ready: true, captures: true, bulk: true, personal: true, in: everything},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newPost(t, test.server)
			if p.Ready() != test.ready || p.Captures() != test.captures {
				t.Errorf("ready %v, captures %v", p.Ready(), p.Captures())
			}
			line, err := p.Line(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer line.Close()
			want := 0
			for _, m := range []struct {
				mail.Message
				taken bool
			}{{bulk(t), test.bulk}, {letter(), test.personal}, {bulk(t), test.bulk}} {
				err := line.Deliver(t.Context(), m.Message)
				if (err == nil) != m.taken || err != nil && (fault.Of(err) != fault.Unavailable || !strings.Contains(fault.Message(err), "smtp_host")) {
					t.Errorf("bulk %v: %v", m.Bulk, err)
				}
				if m.taken {
					want++
				}
			}
			if n, err := p.Captured(); n != want || err != nil {
				t.Fatalf("%d were captured, %v; want %d", n, err, want)
			}
			if want == 0 {
				return
			}
			files, err := os.ReadDir(test.in)
			if err != nil || len(files) != want {
				t.Fatalf("%d files, %v", len(files), err)
			}
			info, err := files[0].Info()
			if err != nil || info.Mode().Perm() != 0o600 || strings.Contains(files[0].Name(), "ada") {
				t.Errorf("%s is %v, %v", files[0].Name(), info.Mode(), err)
			}
			text, err := os.ReadFile(filepath.Join(test.in, files[0].Name()))
			if err != nil {
				t.Fatal(err)
			}
			whole, err := address.ReadMessage(bytes.NewReader(text))
			if err != nil || whole.Header.Get("To") != "<ada@example.org>" || whole.Header.Get("Return-Path") == "" {
				t.Errorf("%v in\n%s", err, text)
			}
			if body, _ := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(text))); !bytes.Contains(body, []byte("press: https://cairn.example/x")) {
				t.Errorf("its text is not there:\n%s", text)
			}
		})
	}
	if _, err := mail.New(mail.Server{Host: "localhost", From: "c@example.org", Security: "none", Folder: folder}); fault.Of(err) != fault.Invalid {
		t.Errorf("a folder and a server: %v", err)
	}
	blocked := newPost(t, mail.Server{Folder: filepath.Join(everything, "no\x00folder")})
	if err := blocked.Deliver(t.Context(), letter()); fault.Of(err) != fault.Unavailable {
		t.Errorf("a folder that cannot be: %v", err)
	}
}

func TestWait_OpensWithTheWindowOfItsPlace(t *testing.T) {
	at := func(text string) time.Time {
		t.Helper()
		when, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	tests := []struct{ window, now, opens string }{
		{"", "2026-11-02T03:00:00Z", "2026-11-02T03:00:00Z"},
		{"08:00-20:00 Europe/Berlin", "2026-11-02T07:00:00Z", "2026-11-02T07:00:00Z"},
		{"08:00-20:00 Europe/Berlin", "2026-11-02T06:59:59.5Z", "2026-11-02T07:00:00Z"},
		{"08:00-20:00 Europe/Berlin", "2026-11-02T19:00:00Z", "2026-11-03T07:00:00Z"},
		{"08:00-20:00 Europe/Berlin", "2026-10-24T18:30:00Z", "2026-10-25T07:00:00Z"}, // the clock went back that night
		{"22:00-06:00 Asia/Kolkata", "2026-11-02T12:00:00Z", "2026-11-02T16:30:00Z"},
		{"22:00-06:00 Asia/Kolkata", "2026-11-02T20:00:00Z", "2026-11-02T20:00:00Z"},
		{"00:00-01:00 America/Santiago", "2026-09-06T03:30:00Z", "2026-09-07T03:00:00Z"}, // a day without that hour
		{"02:30-03:30 Europe/Berlin", "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"},    // which begins at three
		{"12:00-24:00 UTC", "2026-11-02T23:59:00Z", "2026-11-02T23:59:00Z"},
	}
	for _, test := range tests {
		p := newPost(t, mail.Server{Window: test.window})
		if wait := p.Wait(at(test.now)); !at(test.now).Add(wait).Equal(at(test.opens)) {
			t.Errorf("%s at %s waits %v, until %s", test.window, test.now, wait, at(test.now).Add(wait))
		}
	}
	for _, window := range []string{"8-20", "08:00-20:00", "08:00-20:00 Nowhere/City", "08:00-08:00 UTC", "25:00-26:00 UTC", "24:00-12:00 UTC", "08:00 UTC"} {
		_, err := mail.New(mail.Server{Window: window})
		if f, _ := err.(*fault.Fault); f == nil || f.Field != "mail_window" {
			t.Errorf("%q: %v", window, err)
		}
	}
}

func TestWait_KeepsTheRate(t *testing.T) {
	p := newPost(t, mail.Server{Rate: 120})
	now := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	sent := 0
	for end := now.Add(10 * time.Minute); now.Before(end); {
		wait := p.Wait(now)
		if wait == 0 {
			sent++
		}
		if wait > time.Second {
			t.Fatalf("waits %v", wait)
		}
		now = now.Add(wait)
	}
	if sent < 1200 || sent > 1202 {
		t.Errorf("%d messages in ten minutes, want 1200", sent)
	}
	free := newPost(t, mail.Server{})
	for range 1000 {
		if free.Wait(now) != 0 {
			t.Fatal("waits without a rate")
		}
	}
}
