package feed_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/reach"
	"cairn/internal/source"
	"cairn/internal/source/feed"
)

const (
	rss = `<?xml version="1.0"?><rss version="2.0"><channel><title>Cairns</title>
<item><title>One</title><guid isPermaLink="false">a1</guid><pubDate>Wed, 18 Nov 2026 23:30:00 +0100</pubDate><category>Talks</category></item>
<item><title>Old</title><guid>a0</guid><pubDate>Wed, 18 Nov 2015 10:00:00 GMT</pubDate></item>%s</channel></rss>`
	atom = `<feed xmlns="http://www.w3.org/2005/Atom"><title>Team</title><id>t</id><updated>2026-11-19T10:00:00Z</updated>
<entry><id>tag:x,1</id><title>Two</title><updated>2026-11-19T10:00:00Z</updated><author><name>bo</name><email>bo@example.org</email></author><link href="https://x.example/2"/></entry></feed>`
	jsonFeed = `{"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": [{"id": "j1", "url": "https://j.example/1", "content_text": "hi", "date_published": "2026-11-17T08:00:00Z"}]}`
)

// feeds is a server of feeds, by path, and a source that reads them.
type feeds struct {
	*testing.T
	now      time.Time
	url      string
	files    map[string]string
	settings json.RawMessage
	state    string
	sent     int
}

func newFeeds(t *testing.T, settings string, files map[string]string) *feeds {
	t.Helper()
	f := &feeds{T: t, files: files, now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file, there := f.files[r.URL.Path]
		if !there {
			http.NotFound(w, r)
			return
		}
		modified := fmt.Sprintf("Fri, 20 Nov 2026 12:00:%02d GMT", len(file)%60)
		w.Header().Set("Last-Modified", modified)
		if r.Header.Get("If-Modified-Since") == modified {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		f.sent++
		io.WriteString(w, file)
	}))
	t.Cleanup(server.Close)
	f.url = server.URL
	kept, err := feed.Puller{}.Configure(json.RawMessage(strings.ReplaceAll(settings, "SITE", server.URL)))
	if err != nil {
		t.Fatal(err)
	}
	f.settings = kept
	return f
}

func (f *feeds) asking() source.Asking {
	room := reach.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, func() time.Time { return f.now })
	return source.Asking{Settings: f.settings, State: f.state, Since: f.now.AddDate(0, 0, -90), Zone: time.UTC, Client: room.Client(), Reach: room, Now: f.now}
}

func (f *feeds) pull() (lines []string, err error) {
	f.Helper()
	err = feed.Puller{}.Pull(f.Context(), f.asking(), func(b intake.Batch, state string) error {
		for _, e := range b.Events {
			lines = append(lines, fmt.Sprintf("%s%s %s %v %s %s", e.Players["key"], e.Players["email"], e.Entry.Key, e.Entry.Value, e.At.Format("2006-01-02T15:04"), e.ID))
		}
		f.state = state
		return nil
	})
	return lines, err
}

func (f *feeds) want(want ...string) {
	f.Helper()
	if got, err := f.pull(); err != nil || !slices.Equal(got, want) {
		f.Errorf("read %q, %v; want %q", got, err, want)
	}
}

func TestPull_CountsEachItemOnceWhereverItStands(t *testing.T) {
	f := newFeeds(t, `{"feeds": {"SITE/a": "ada", "SITE/t": "", "SITE/j": "cy"}}`, map[string]string{"/a": fmt.Sprintf(rss, ""), "/t": atom, "/j": jsonFeed})
	f.want("ada posts 1 2026-11-18T22:30 a1", "cy posts 1 2026-11-17T08:00 j1", "bo posts 1 2026-11-19T10:00 tag:x,1")
	f.want()
	if f.sent != 3 {
		t.Errorf("%d files were sent", f.sent)
	}
	f.files["/a"] = fmt.Sprintf(rss, `<item><title>New, without a date</title><link>https://a.example/new</link></item>`)
	f.want("ada posts 1 2026-11-20T12:00 https://a.example/new")
	f.now = f.now.AddDate(0, 0, 3)
	f.files["/a"] = strings.Replace(f.files["/a"], "Cairns", "Cairns and more", 1) // the feed is sent anew, the items are old
	f.want()
}

func TestPull_TellsAuthorsByAddressAndItemsByCategory(t *testing.T) {
	f := newFeeds(t, `{"feeds": {"SITE/t": ""}, "by": "email", "key": "talks"}`, map[string]string{"/t": atom})
	f.want("bo@example.org talks 1 2026-11-19T10:00 tag:x,1")
	f = newFeeds(t, `{"feeds": {"SITE/a": "ada"}, "filter": "talks"}`, map[string]string{"/a": fmt.Sprintf(rss, `<item><guid>a2</guid><category>Other</category></item>`)})
	f.want("ada posts 1 2026-11-18T22:30 a1")
}

func TestPull_OneBrokenFeedKeepsTheOthersFromNothing(t *testing.T) {
	f := newFeeds(t, `{"feeds": {"SITE/a": "ada", "SITE/gone": "bo", "SITE/t": ""}}`, map[string]string{"/a": "<html><body>Hello", "/t": atom})
	got, err := f.pull()
	if len(got) != 1 || fault.Of(err) != fault.Invalid || !strings.HasPrefix(fault.Message(err), "2 of 3 feeds could not be read: There is no RSS") {
		t.Errorf("%q, %v", got, err)
	}
	if strings.Contains(f.state, "gone") {
		t.Errorf("the state is %s", f.state)
	}
}

func TestCheck_SaysWhatItFound(t *testing.T) {
	f := newFeeds(t, `{"feeds": {"SITE/a": "ada"}}`, map[string]string{"/a": fmt.Sprintf(rss, "")})
	if found, err := (feed.Puller{}).Check(t.Context(), f.asking()); err != nil || found != `2 items in "Cairns", the newest of 2026-11-18` {
		t.Errorf("%q, %v", found, err)
	}
}
