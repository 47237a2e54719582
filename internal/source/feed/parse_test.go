package feed

import (
	"strings"
	"testing"
	"time"

	"cairn/internal/fault"
	"cairn/internal/source"
)

func FuzzParse(f *testing.F) {
	for _, file := range []string{
		`<rss version="2.0"><channel><item><guid>a</guid><pubDate>Wed, 18 Nov 2026 23:30:00 +0100</pubDate></item></channel></rss>`,
		`<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><updated>2026-11-19T10:00:00Z</updated></entry></feed>`,
		`{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "j1", "date_published": "9999-12-31T23:59:59Z"}]}`,
		strings.Repeat("<a>", 300), strings.Repeat(`{"a":`, 300), "\x00<rss>", "<![CDATA[",
	} {
		f.Add([]byte(file))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		read, err := parse(file)
		if err != nil {
			if fault.Of(err) != fault.Invalid {
				t.Errorf("%v", err)
			}
			return
		}
		now := known{}
		at := source.Asking{Now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), Zone: time.UTC}
		first := Settings{}.events(at, "ada", read, &now)
		if again := (Settings{}).events(at, "ada", read, &now); len(again.Events) > 0 {
			t.Errorf("%d of %d items are new again", len(again.Events), len(first.Events))
		}
		for _, e := range first.Events {
			if e.ID == "" || len(e.ID) > 1000 || e.At.IsZero() || e.At.After(at.Now.AddDate(0, 0, 1)) {
				t.Errorf("%+v", e)
			}
		}
	})
}
