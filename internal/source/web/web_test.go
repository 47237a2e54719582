package web_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/reach"
	"cairn/internal/source"
	"cairn/internal/source/web"
)

func now() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

// site is a server that answers as a test wants, and a source that asks it.
type site struct {
	*testing.T
	url         string
	state       string
	credentials string
	asked       []string
}

func newSite(t *testing.T, answer func(w http.ResponseWriter, r *http.Request)) *site {
	t.Helper()
	s := &site{T: t}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked = append(s.asked, r.URL.RequestURI())
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *site) asking(settings string) source.Asking {
	s.Helper()
	kept, err := web.Puller{}.Configure(json.RawMessage(strings.ReplaceAll(settings, "SITE", s.url)))
	if err != nil {
		s.Fatalf("%v: %s", err, settings)
	}
	room := reach.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, now)
	return source.Asking{Settings: kept, State: s.state, Credentials: s.credentials, Since: now().AddDate(0, 0, -30), Zone: time.UTC, Client: room.Client(), Reach: room, Now: now()}
}

// pull asks once and returns what came as "player key value id".
func (s *site) pull(settings string) (lines []string, err error) {
	s.Helper()
	err = web.Puller{}.Pull(s.Context(), s.asking(settings), func(b intake.Batch, state string) error {
		for _, e := range b.Events {
			line := "?" + e.Why
			if e.Why == "" {
				if strings.HasPrefix(e.ID, "~") {
					e.ID = "made"
				}
				line = strings.TrimSpace(fmt.Sprintf("%s%s %s %v %s", e.Players["key"], e.Players["handle"], e.Entry.Key, e.Entry.Value, e.ID))
			}
			lines = append(lines, line)
		}
		s.state = state
		return nil
	})
	return lines, err
}

func (s *site) want(settings string, want ...string) {
	s.Helper()
	got, err := s.pull(settings)
	if err != nil || !slices.Equal(got, want) {
		s.Errorf("brought %q, %v; want %q", got, err, want)
	}
}

const items = `{"url": "SITE/items", "items": "$.list[*]", "id": "$.id", "player": "$.who", "key": "calls", "number": "$.n", "at": "$.at"`

func TestPull_ReadsItemsAsConfiguredAndSaysWhatIsWrongWithOne(t *testing.T) {
	s := newSite(t, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"list": [{"id": 9007199254740993, "who": "ada", "n": "2.5", "at": "2026-11-19T10:00:00+02:00"}, {"id": 2, "who": "bo", "n": 1, "at": "2026-11-18"},
			{"id": 3, "who": "cy", "n": "many", "at": "2026-11-18"}, {"id": 4, "who": "cy", "n": 1, "at": "soon"}, {"id": 5, "n": 1, "at": "2026-11-18"}]}`)
	})
	s.want(items+`}`, "ada calls 2.5 9007199254740993", "bo calls 1 2", "?it has no number at $.n", "?it has no time at $.at that can be read as rfc3339", " calls 1 5"[1:])
}

func TestPull_FollowsPagesOfEveryKind(t *testing.T) {
	serve := func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		at, _ := strconv.Atoi(q.Get("p"))
		if q.Get("c") != "" {
			at, _ = strconv.Atoi(strings.TrimPrefix(q.Get("c"), "after "))
		}
		if off := q.Get("o"); off != "" {
			at, _ = strconv.Atoi(off)
			at /= 2
		}
		var list []string
		for i := at * 2; i < min(at*2+2, 5); i++ {
			list = append(list, fmt.Sprintf(`{"id": %d, "who": "ada"}`, i))
		}
		next := "null"
		if at < 2 {
			w.Header().Set("Link", fmt.Sprintf(`<https://elsewhere.example/>; rel="prev", </items?p=%d>; title="a"; rel="last next"`, at+1))
			next = fmt.Sprintf(`"after %d"`, at+1)
		}
		fmt.Fprintf(w, `{"list": [%s], "next": %s, "url": "?p=%d", "more": %t}`, strings.Join(list, ","), next, at+1, at < 2)
	}
	common := `"items": "$.list[*]", "id": "$.id", "player": "$.who", "key": "calls", "url": "SITE/items`
	for name, pages := range map[string]string{
		"page":       `?p={page}", "pages": {"by": "page", "size": 2}}`,
		"page, more": `?p={page}", "pages": {"by": "page", "more": "$.more"}}`,
		"offset":     `?o={page}", "pages": {"by": "offset", "size": 2}}`,
		"cursor":     `?c={cursor}", "pages": {"by": "cursor", "path": "$.next"}}`,
		"link":       `", "pages": {"by": "link"}}`,
		"next":       `", "pages": {"by": "next", "path": "$.url", "more": "$.more"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, serve)
			s.want(`{`+common+pages, "ada calls 1 0", "ada calls 1 1", "ada calls 1 2", "ada calls 1 3", "ada calls 1 4")
			if len(s.asked) != 3 || strings.Contains(s.asked[0], "c=") {
				t.Errorf("asked %q", s.asked)
			}
		})
	}
	s := newSite(t, serve)
	if got, err := s.pull(`{` + common + `?p={page}", "pages": {"by": "page", "size": 2, "most": 2}}`); fault.Of(err) != fault.Invalid || len(got) != 4 || s.state != "" && strings.Contains(s.state, "since") {
		t.Errorf("more pages than are read: %q, %v, state %s", got, err, s.state)
	}
	s = newSite(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", `<https://elsewhere.example/items>; rel=next`)
		io.WriteString(w, `{"list": [{"id": 1, "who": "ada"}]}`)
	})
	if _, err := s.pull(`{` + common + `", "pages": {"by": "link"}}`); fault.Of(err) != fault.Invalid || len(s.asked) != 1 {
		t.Errorf("a next page at another host: %v", err)
	}
}

func TestPull_CountsWhatViewsGained(t *testing.T) {
	views := map[string]int{"a": 100, "b": 7}
	s := newSite(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"list": [{"id": "a", "who": "ada", "n": %d}, {"id": "b", "who": "bo", "n": %d}]}`, views["a"], views["b"])
	})
	gained := strings.Replace(items, `, "at": "$.at"`, `, "count": "gained"}`, 1)
	s.want(gained)
	views["a"], views["b"] = 130, 7
	s.want(gained, "ada calls 30 a#1")
	s.want(gained)
	views["a"], views["b"] = 90, 8 // views taken back begin anew, and cost nobody anything
	s.want(gained, "bo calls 1 b#2")
	views["a"] = 130
	s.want(gained, "ada calls 40 a#3")

	s.state = ""
	latest := strings.Replace(gained, "gained", "latest", 1)
	s.want(latest, "ada calls 130 a#1", "bo calls 8 b#2")
	views["a"] = 120
	s.want(latest, "ada calls 120 a#3")
}

func TestPull_AsksForEachPlayerSinceTheLastTimeWithCredentials(t *testing.T) {
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "cairn" || password != "se:cret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		io.WriteString(w, `[{"id": 1, "at": 1795082400}]`)
	})
	settings := `{"url": "SITE/u/{player}?from={since}&site={site}", "fill": {"site": "a b"}, "since": "unix", "auth": "basic", "players": {"ada": "x/1", "bo": "2"}, "items": "$[*]", "id": "$.id", "at": "$.at", "times": "unix", "key": "posts"}`
	if _, err := s.pull(settings); fault.Of(err) != fault.Forbidden {
		t.Fatalf("without credentials: %v", err)
	}
	s.credentials, s.asked = "cairn:se:cret", nil
	s.want(settings, "ada posts 1 x/1 1", "bo posts 1 2 1")
	s.want(settings, "ada posts 1 x/1 1", "bo posts 1 2 1")
	first, again := now().AddDate(0, 0, -30).Unix(), now().Add(-time.Hour).Unix()
	want := []string{fmt.Sprintf("/u/x%%2F1?from=%d&site=a+b", first), fmt.Sprintf("/u/2?from=%d&site=a+b", first), fmt.Sprintf("/u/x%%2F1?from=%d&site=a+b", again), fmt.Sprintf("/u/2?from=%d&site=a+b", again)}
	if !slices.Equal(s.asked, want) {
		t.Errorf("asked %q; want %q", s.asked, want)
	}
}

func TestPull_TakesNothingOfABrokenAnswer(t *testing.T) {
	bomb := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		zeros := make([]byte, 1<<20)
		for range 64 {
			z.Write(zeros)
		}
		z.Close()
	}
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		want   fault.Kind
	}{
		"no JSON":    {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `<html>`) }, fault.Invalid},
		"two values": {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{} {}`) }, fault.Invalid},
		"nested":     {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, strings.Repeat("[", 1<<20)) }, fault.Invalid},
		"a bomb":     {bomb, fault.Invalid},
		"cut off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, `{"list": [`)
		}, fault.Unavailable},
		"500":      {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, fault.Unavailable},
		"404":      {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, fault.NotFound},
		"too few":  {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"list": []}`) }, fault.Unavailable},
		"wait":     {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"list": [], "wait": 60}`) }, fault.Limited},
		"too many": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Retry-After", "120"); w.WriteHeader(429) }, fault.Limited},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, test.answer)
			got, err := s.pull(items + `, "expect": 1, "wait": "$.wait"}`)
			if fault.Of(err) != test.want || len(got) != 0 || s.state != "" {
				t.Errorf("%q, state %q, %v; want %s", got, s.state, err, test.want)
			}
		})
	}
}

func TestPull_GivesCredentialsToNobodyElse(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Api-Key") != "" || r.Header.Get("Referer") != "" || strings.Contains(r.URL.String(), "secret") {
			t.Errorf("the other host was told %v %s", r.Header, r.URL)
		}
		io.WriteString(w, `{"list": []}`)
	}))
	defer other.Close()
	for _, auth := range []string{"header X-Api-Key", "query key", "bearer"} {
		s := newSite(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL+"/x", http.StatusFound) })
		s.credentials = "secret"
		s.want(items + `, "auth": "` + auth + `"}`)
	}
}

func TestConfigure_NamesTheFieldThatCannotBe(t *testing.T) {
	for settings, field := range map[string]string{
		`[]`: "settings",
		`{"url": "https://a.example", "items": "$", "colour": 1}`:                                                     "colour",
		`{"url": "ftp://a.example", "items": "$"}`:                                                                    "url",
		`{"url": "https://u:p@a.example", "items": "$"}`:                                                              "url",
		`{"url": "https://a.example/{what}", "items": "$"}`:                                                           "fill",
		`{"url": "https://{player}.example/", "items": "$", "players": {"a": "b"}}`:                                   "url",
		`{"url": "https://a.example", "items": "$..[*]..[*]"}`:                                                        "items",
		`{"url": "https://a.example", "items": "$..[*,*,*]"}`:                                                         "items",
		`{"url": "https://a.example", "items": "$[?match('a', @.pattern)]"}`:                                          "items",
		`{"url": "https://a.example", "items": "$["}`:                                                                 "items",
		`{"url": "https://a.example"}`:                                                                                "items",
		`{"url": "https://a.example", "items": "$", "auth": "cookie"}`:                                                "auth",
		`{"url": "https://a.example", "items": "$", "headers": {"authorization": "x"}}`:                               "headers",
		`{"url": "https://a.example", "items": "$", "headers": {"A": "x\r\nB: y"}}`:                                   "headers",
		`{"url": "https://a.example", "items": "$", "pages": {"by": "page", "size": 2}}`:                              "url",
		`{"url": "https://a.example", "items": "$", "players": {"a": "b"}}`:                                           "players",
		`{"url": "https://a.example", "items": "$", "key": "x"}`:                                                      "player",
		`{"url": "https://a.example", "items": "$", "key": "x", "player": "$.a", "number": "$.b", "count": "gained"}`: "id",
		`{"preset": "myspace"}`: "preset",
	} {
		_, err := web.Puller{}.Configure(json.RawMessage(settings))
		if f, ok := err.(*fault.Fault); !ok || f.Kind != fault.Invalid || f.Field != field {
			t.Errorf("%s: %v; want %s refused", settings, err, field)
		}
	}
}

func TestCheck_SaysWhatItFound(t *testing.T) {
	s := newSite(t, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"list": [{"id": 1, "who": "ada", "n": 3, "at": "2026-11-19"}, {"id": 2, "who": "bo", "n": 4, "at": "2026-11-18"}]}`)
	})
	found, err := web.Puller{}.Check(t.Context(), s.asking(items+`}`))
	if want := "2 items, the newest of 2026-11-19; the last one counts 4 for calls"; err != nil || found != want {
		t.Errorf("%q, %v; want %q", found, err, want)
	}
}

func TestPull_EndsWhereItemsLieWithinOneAnother(t *testing.T) {
	deep := strings.Repeat("[", 3000) + `"` + strings.Repeat("x", 100_000) + `"` + strings.Repeat("]", 3000)
	s := newSite(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, deep) })
	began := time.Now()
	if _, err := s.pull(`{"url": "SITE/", "items": "$..[*]"}`); fault.Of(err) != fault.Invalid {
		t.Errorf("an answer that says 300 MB when its items are written one by one: %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v to refuse it", took)
	}
	s = newSite(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "["+strings.Repeat("1,", 60_000)+"1]") })
	if _, err := s.pull(`{"url": "SITE/", "items": "$[*]"}`); fault.Of(err) != fault.Invalid {
		t.Errorf("60,001 items in one answer: %v", err)
	}
}
