package intake

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cairn/internal/fault"
)

func headers(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

func TestReadCloudEvents_ReadsTheThreeModes(t *testing.T) {
	one := `{"specversion":"1.0","id":"A234-1234-1234","source":"/mycontext","type":"com.example.someevent","time":"2026-04-05T17:31:00Z","subject":"ada","data":{"n":7}}`
	want := "com.example.someevent \"/mycontext A234-1234-1234\" 2026-04-05T17:31:00 key=ada\n"
	for name, c := range map[string]struct {
		header http.Header
		body   string
	}{
		"structured": {headers("Content-Type", "application/cloudevents+json; charset=UTF-8"), one},
		"batched":    {headers("Content-Type", "application/cloudevents-batch+json"), "[" + one + "]"},
		"binary": {headers("Content-Type", "application/json", "Ce-Specversion", "1.0", "Ce-Id", "A234-1234-1234", "Ce-Source", "/mycontext", "Ce-Type", "com.example.some%65vent",
			"Ce-Time", "2026-04-05T17:31:00Z", "Ce-Subject", "ada", "Ce-Extra", "%E2%82%AC"), `{"n":7}`},
	} {
		b, err := ReadCloudEvents(c.header, []byte(c.body), Arrival{At: now})
		if err != nil || events(b) != want {
			t.Fatalf("%s: %v\n%s", name, err, events(b))
		}
		if got := become(rulesOf(t, `[{"event": "com.example.*", "key": "k", "number": "$.data.n"}]`), b.Events[0]); got != `key=ada k 2026-04-05T17:31 7 "/mycontext A234-1234-1234|k" ` {
			t.Errorf("%s: rules make %s", name, got)
		}
	}
	if b, err := ReadCloudEvents(headers("Content-Type", "application/cloudevents-batch+json"), []byte(" [ ] "), Arrival{At: now}); err != nil || len(b.Events) > 0 {
		t.Errorf("a batch of none: %v", err)
	}
	binary := func(media, body string) string {
		b, err := ReadCloudEvents(headers("Content-Type", media, "Ce-Specversion", "1.0", "Ce-Id", "1", "Ce-Source", "s", "Ce-Type", "t"), []byte(body), Arrival{At: now})
		if err != nil {
			return err.Error()
		}
		return string(b.Events[0].Data)
	}
	got := []string{binary("text/plain", "hé"), binary("application/octet-stream", "\xff\x00"), binary("", "")}
	wantData := []string{
		`{"data":"hé","datacontenttype":"text/plain","id":"1","source":"s","specversion":"1.0","type":"t"}`,
		`{"data_base64":"/wA=","datacontenttype":"application/octet-stream","id":"1","source":"s","specversion":"1.0","type":"t"}`,
		`{"id":"1","source":"s","specversion":"1.0","type":"t"}`,
	}
	if diff := cmp.Diff(wantData, got); diff != "" {
		t.Errorf("data (-want +got):\n%s", diff)
	}
	long := strings.Repeat("s", 700)
	b, err := ReadCloudEvents(headers("Content-Type", "application/cloudevents+json"), []byte(`{"specversion":"1.0","id":"1","source":"`+long+`","type":"t"}`), Arrival{At: now})
	if err != nil || !strings.HasPrefix(b.Events[0].ID, "sha256:") || !b.Events[0].Loose {
		t.Errorf("a long source: %v, %s", err, events(b))
	}
}

func TestReadCloudEvents_RefusesWhatIsNone(t *testing.T) {
	for name, c := range map[string]struct {
		header http.Header
		body   string
	}{
		"no mode":          {headers("Content-Type", "application/json"), `{"specversion":"1.0","id":"1","source":"s","type":"t"}`},
		"version 0.3":      {headers("Content-Type", "application/cloudevents+json"), `{"specversion":"0.3","id":"1","source":"s","type":"t"}`},
		"no id":            {headers("Content-Type", "application/cloudevents+json"), `{"specversion":"1.0","source":"s","type":"t"}`},
		"a number for id":  {headers("Content-Type", "application/cloudevents+json"), `{"specversion":"1.0","id":1,"source":"s","type":"t"}`},
		"a blank source":   {headers("Content-Type", "application/cloudevents+json"), `{"specversion":"1.0","id":"1","source":"","type":"t"}`},
		"a bad time":       {headers("Content-Type", "application/cloudevents+json"), `{"specversion":"1.0","id":"1","source":"s","type":"t","time":"soon"}`},
		"a time in 9999":   {headers("Content-Type", "application/cloudevents+json"), `{"specversion":"1.0","id":"1","source":"s","type":"t","time":"9999-01-01T00:00:00Z"}`},
		"XML":              {headers("Content-Type", "application/cloudevents+xml"), `<event/>`},
		"a batch as one":   {headers("Content-Type", "application/cloudevents+json"), `[{"specversion":"1.0","id":"1","source":"s","type":"t"}]`},
		"one as a batch":   {headers("Content-Type", "application/cloudevents-batch+json"), `{"specversion":"1.0","id":"1","source":"s","type":"t"}`},
		"two as one":       {headers("Content-Type", "application/cloudevents+json"), strings.Repeat(`{"specversion":"1.0","id":"1","source":"s","type":"t"}`, 2)},
		"UTF-16":           {headers("Content-Type", "application/cloudevents+json; charset=utf-16"), `{}`},
		"a spoilt header":  {headers("Content-Type", "text/plain", "Ce-Specversion", "1.0", "Ce-Id", "%zz", "Ce-Source", "s", "Ce-Type", "t"), ``},
		"a data header":    {headers("Ce-Specversion", "1.0", "Ce-Id", "1", "Ce-Source", "s", "Ce-Type", "t", "Ce-Data", "x"), ``},
		"JSON that is not": {headers("Content-Type", "application/json", "Ce-Specversion", "1.0", "Ce-Id", "1", "Ce-Source", "s", "Ce-Type", "t"), `{`},
	} {
		if b, err := ReadCloudEvents(c.header, []byte(c.body), Arrival{At: now}); !errors.Is(err, ErrBroken) || len(b.Events) > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadCloudEvents(headers("Content-Type", "text/plain", "Ce-Specversion", "1.0", "Ce-Id", "1", "Ce-Source", "s", "Ce-Type", "t"), []byte(strings.Repeat("x", MaxEvent)), Arrival{At: now}); !errors.Is(err, ErrLarge) {
		t.Errorf("a large one: %v", err)
	}
}

func FuzzReadCloudEvents(f *testing.F) {
	f.Add("application/cloudevents+json", "", []byte(`{"specversion":"1.0","id":"1","source":"s","type":"t","time":"2026-01-01T00:00:00Z","subject":"a","data":{"n":1}}`))
	f.Add("application/cloudevents-batch+json", "", []byte(`[{"specversion":"1.0","id":"1","source":"s","type":"t"}]`))
	f.Add("application/json", "%20x", []byte(`{"n": 1}`))
	rules := rulesOf(f, `[{"event": "*", "key": "k", "number": "$..n"}]`)
	f.Fuzz(func(t *testing.T, media, attribute string, body []byte) {
		header := http.Header{"Content-Type": {media}}
		if attribute != "" {
			header = http.Header{"Content-Type": {media}, "Ce-Specversion": {"1.0"}, "Ce-Id": {"1"}, "Ce-Source": {"s"}, "Ce-Type": {attribute}}
		}
		b, err := ReadCloudEvents(header, body, Arrival{At: now})
		if err != nil {
			if fault.Of(err) != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		for _, e := range b.Events {
			sound(t, rules, e)
		}
	})
}
