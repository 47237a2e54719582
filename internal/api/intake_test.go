package api_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	cloudhttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	"github.com/google/go-cmp/cmp"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/identity"
	"cairn/internal/intake"
	"cairn/internal/parttest"
	"cairn/internal/source"
)

// shop is a board with three players and a source that pushes to it.
type shop struct {
	*world
	owner identity.Actor
	board *board.Board
	key   string
}

func newShop(t *testing.T, rules string) *shop {
	t.Helper()
	s := &shop{world: newWorld(t)}
	s.owner = s.signIn("owner@example.org")
	s.board = s.world.board(s.owner, "sales-club")
	if _, err := s.Boards.Enrol(t.Context(), s.board.ID, board.ByKey, []board.Member{{Key: "ada"}, {Key: "bo"}, {Key: "cy"}}); err != nil {
		t.Fatal(err)
	}
	s.key = s.connect("shop", rules)
	return s
}

// connect makes a source of the board and returns its key.
func (s *shop) connect(name, rules string) string {
	s.Helper()
	read, err := intake.ReadRules(json.RawMessage(rules))
	if err != nil {
		s.Fatal(err)
	}
	_, key, err := s.Sources.Connect(s.Context(), s.owner, source.Connection{Board: s.board.ID, Name: name, Kind: source.Push, Rules: read}, "")
	if err != nil {
		s.Fatal(err)
	}
	return key
}

// sums adds up the board's entries by player, key and source; an entry without a number adds 1.
func (s *shop) sums() map[string]float64 {
	s.Helper()
	members, err := s.Boards.Members(s.Context(), s.board.ID)
	if err != nil {
		s.Fatal(err)
	}
	names := map[int64]string{}
	for _, m := range members {
		names[m.Number] = m.Key
	}
	sums := map[string]float64{}
	if err := s.DB.Read(s.Context(), func(tx *db.Tx) error {
		clear(sums)
		for b, err := range s.Entries.Window(s.Context(), tx, s.board.ID, math.MinInt64, math.MaxInt64) {
			if err != nil {
				return err
			}
			for i := range b.Member {
				value := b.Value[i]
				if math.IsNaN(value) {
					value = 1
				}
				sums[names[b.Member[i]]+" "+b.Keys[b.Key[i]]+" "+b.Source(i)] += value
			}
		}
		return nil
	}); err != nil {
		s.Fatal(err)
	}
	return sums
}

func (s *shop) wantSums(want map[string]float64) {
	s.Helper()
	if diff := cmp.Diff(want, s.sums()); diff != "" {
		s.Errorf("entries (-want +got):\n%s", diff)
	}
}

func (s *shop) wantIntake(text string, want client.Intake) {
	s.Helper()
	var got client.Intake
	if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
		s.Errorf("%s, %v; want %+v", text, err, want)
	}
}

func TestIn_TakesEntriesOnceAndSaysWhatBecameOfThem(t *testing.T) {
	s := newShop(t, "")
	sender := s.with(s.key)
	two := 2.0
	entries := []client.NewEntry{
		{ID: "1", Player: "ada", Key: "calls", At: s.now().Add(-time.Hour), Value: &two, Label: "Acme 🧗 שלום"}, {ID: "2", Player: "bo", Key: "calls"}, {ID: "1", Player: "ada", Key: "calls", At: s.now().Add(-time.Hour), Value: &two, Label: "Acme 🧗 שלום"},
		{ID: "3", Player: "stranger", Key: "calls"},
	}
	got, err := sender.Send(t.Context(), entries)
	if want := (client.Intake{Events: 4, Added: 2, Duplicates: 1, Waiting: 1}); err != nil || got != want {
		t.Fatalf("%+v, %v; want %+v", got, err, want)
	}
	s.pass(time.Minute)
	got, err = sender.Send(t.Context(), entries[:3])
	if want := (client.Intake{Events: 3, Duplicates: 3}); err != nil || got != want {
		t.Errorf("sent again: %+v, %v; want %+v", got, err, want)
	}
	_, text := s.ask("POST", "/api/v1/in", s.key, "{\"player\":\"cy\",\"key\":\"calls\",\"id\":9,\"at\":\"2026-11-20\"}\n{\"player\":\"cy\",\"key\":\"calls\"}\n", "Content-Type", "application/x-ndjson")
	s.wantIntake(text, client.Intake{Events: 2, Added: 2, MadeIDs: 1})
	for range 2 { // the same request, sent twice by somebody who calls it by a name
		s.pass(time.Second)
		_, text = s.ask("POST", "/api/v1/in", s.key, `[{"player":"cy","key":"answers"}]`, "Idempotency-Key", "one")
	}
	s.wantIntake(text, client.Intake{Events: 1, Duplicates: 1, MadeIDs: 1})
	s.wantSums(map[string]float64{"ada calls shop": 2, "bo calls shop": 1, "cy calls shop": 2, "cy answers shop": 1})
}

const orderRules = `[{"event": "Order Completed", "key": "answers", "number": "$.properties.total", "by": "key"}, {"event": "com.example.*", "key": "answers", "number": "$.data.total"}]`

// The clients are those that others use, with their own ways of trying again: the first answer is that it cannot be just now, the
// second request is taken and its answer lost.
func TestIntake_RealClientsLoseNothingAndDoubleNothing(t *testing.T) {
	folder := parttest.Node(t, "@segment/analytics-node", "WITH CLIENTS THAT OTHERS WROTE")
	for client, want := range map[string]string{"segment": "ada", "rudder": "bo", "binary": "cy", "structured": "cy"} {
		t.Run(client, func(t *testing.T) {
			s := newShop(t, orderRules)
			s.pass(time.Until(s.now())) // the clients have clocks of their own
			var asked atomic.Int32
			between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				n := asked.Add(1)
				if n > 2 || client == "binary" || client == "structured" {
					s.server.Config.Handler.ServeHTTP(w, r)
					return
				}
				if n == 2 {
					s.server.Config.Handler.ServeHTTP(httptest.NewRecorder(), r)
				}
				http.Error(w, "not just now", http.StatusServiceUnavailable)
			}))
			defer between.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			for range 2 { // and all of it once more
				node := exec.CommandContext(ctx, "node", "send.mjs", client, between.URL, s.key)
				node.Dir = filepath.Join(folder, "intake")
				if said, err := node.CombinedOutput(); err != nil || !strings.HasSuffix(strings.TrimSpace(string(said)), "sent") {
					t.Fatalf("%v\n%s\n%s", err, said, s.log.String())
				}
			}
			s.wantSums(map[string]float64{want + " answers shop": 15})
			if asked.Load() < 4 {
				t.Errorf("it asked %d times", asked.Load())
			}
		})
	}
}

func TestIntake_TakesBatchesOfTheCloudEventsSDK(t *testing.T) {
	s := newShop(t, orderRules)
	var events []cloudevents.Event
	for n := range 3 {
		e := cloudevents.NewEvent()
		e.SetID(string(rune('a' + n)))
		e.SetSource("https://shop.example")
		e.SetType("com.example.order")
		e.SetSubject("bo")
		e.SetTime(s.now().Add(-time.Hour))
		if err := e.SetData("application/json", map[string]int{"total": n + 1}); err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	for _, want := range []client.Intake{{Events: 3, Added: 3}, {Events: 3, Duplicates: 3}} {
		request, err := cloudhttp.NewHTTPRequestFromEvents(t.Context(), s.server.URL+"/api/v1/in/cloudevents", events)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+s.key)
		answer, err := s.server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%d %s %v", answer.StatusCode, text, err)
		}
		s.wantIntake(string(text), want)
	}
	s.wantSums(map[string]float64{"bo answers shop": 6})
	answer, _ := s.ask("OPTIONS", "/api/v1/in/cloudevents", "", "", "WebHook-Request-Origin", "events.example")
	if answer.StatusCode != http.StatusOK || answer.Header.Get("WebHook-Allowed-Origin") != "events.example" || answer.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("the handshake: %d %v", answer.StatusCode, answer.Header)
	}
}

// Every client shows the key where it is used to.
func TestIntake_FindsTheKeyWhereClientsPutIt(t *testing.T) {
	s := newShop(t, orderRules)
	call := `{"event":"Order Completed","userId":"ada","properties":{"total":1},"messageId":"%"}`
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(`{"batch":[` + strings.Replace(call[:1]+`"type":"track",`+call[1:], "%", "gz", 1) + `]}`))
	_ = z.Close()
	type sent struct {
		path, body string
		headers    []string
	}
	for name, c := range map[string]sent{
		"Basic":                 {"/v1/track", call, []string{"Authorization", "Basic " + basic(s.key+":")}},
		"Bearer":                {"/v1/t", call, []string{"Authorization", "Bearer " + s.key}},
		"X-Write-Key":           {"/api/s/track", call, []string{"X-Write-Key", "site:" + s.key}},
		"body":                  {"/v1/track", call[:1] + `"writeKey":"` + s.key + `",` + call[1:], nil},
		"PostHog":               {"/batch/", `{"api_key":"` + s.key + `","batch":[` + strings.Replace(call[:1]+`"type":"capture",`+call[1:], "userId", "distinct_id", 1) + `]}`, nil},
		"gzip, of another type": {"/v1/batch", packed.String(), []string{"Authorization", "Basic " + basic(s.key+":"), "Content-Type", "application/x-www-form-urlencoded"}},
	} {
		answer, text := s.ask("POST", c.path, "", strings.ReplaceAll(c.body, "%", name), c.headers...)
		if answer.StatusCode != http.StatusOK || strings.TrimSpace(text) != `{"success":true}` {
			t.Errorf("%s: %d %s", name, answer.StatusCode, text)
		}
	}
	s.wantSums(map[string]float64{"ada answers shop": 6})
}

func basic(text string) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(strings.TrimSuffix(text, ":"), "")
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Basic ")
}

// A key adds to its own source, and can do nothing else; nothing else opens these doors.
func TestIntake_AKeyOpensNothingButItsOwnDoor(t *testing.T) {
	s := newShop(t, orderRules)
	token := tokenOf(t, s)
	for _, secret := range []string{"", "cairn_key_none", "nonsense", token} {
		for _, path := range []string{"/api/v1/in", "/api/v1/in/cloudevents", "/v1/track", "/v1/batch", "/api/s/identify", "/batch/"} {
			answer, _ := s.ask("POST", path, secret, `{"event":"Order Completed","userId":"ada","batch":[]}`)
			if answer.StatusCode != http.StatusUnauthorized || answer.Header.Get("WWW-Authenticate") == "" || answer.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s with %.12q: %d", path, secret, answer.StatusCode)
			}
		}
	}
	for _, path := range []string{"GET /api/v1/boards", "GET /api/v1/boards/sales-club", "POST /api/v1/boards", "GET /api/v1/me"} {
		method, path, _ := strings.Cut(path, " ")
		if answer, text := s.ask(method, path, s.key, ""); answer.StatusCode != http.StatusUnauthorized || !strings.Contains(text, "the key of a source") {
			t.Errorf("%s %s by the key of a source: %d %s", method, path, answer.StatusCode, text)
		}
	}
	other := s.connect("other", "")
	if _, text := s.ask("POST", "/api/v1/in", other, `{"id":"1","player":"ada","key":"calls"}`); !strings.Contains(text, `"added":1`) {
		t.Error(text)
	}
	answer, text := s.ask("POST", "/api/v1/in", other, `{"id":"2","player":"ada","key":"calls","source":"shop"}`)
	if answer.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an entry that names its source: %d %s", answer.StatusCode, text)
	}
	if err := s.Sources.Pause(t.Context(), s.owner, source.Owner{Board: s.board.ID}, "other", "for a test"); err != nil {
		t.Fatal(err)
	}
	// Programs throw away what gets a 403, and keep what gets a 503.
	if answer, text := s.ask("POST", "/api/v1/in", other, `{"id":"3","player":"ada","key":"calls"}`); answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") != "3600" || !strings.Contains(text, "is paused") {
		t.Errorf("a paused source: %d %v %s", answer.StatusCode, answer.Header, text)
	}
	s.wantSums(map[string]float64{"ada calls other": 1})
	for range 70 {
		answer, _ = s.ask("POST", "/api/v1/in", "cairn_key_guess", "{}")
	}
	if answer.StatusCode != http.StatusTooManyRequests || answer.Header.Get("Retry-After") == "" {
		t.Errorf("after many keys that are none: %d %v", answer.StatusCode, answer.Header)
	}
}

func tokenOf(t *testing.T, s *shop) string {
	t.Helper()
	secret, _, err := s.Identity.MakeToken(t.Context(), s.owner, "a test", []identity.Scope{identity.WriteBoards}, s.now().AddDate(0, 1, 0))
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// What cannot be is told by its status, and nothing of it is stored.
func TestIntake_RefusesWhatCannotBe(t *testing.T) {
	s := newShop(t, orderRules)
	entry := `{"player":"ada","key":"calls","id":"x"%}`
	columns := `{"event":"x","userId":"ada"` + strings.Repeat(`,"c":1`, 100_000) + `}`
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write(bytes.Repeat([]byte(" "), 64<<20))
	_ = z.Close()
	for name, c := range map[string]struct {
		path, body string
		status     int
	}{
		"nothing":                 {"/api/v1/in", " ", 400},
		"broken":                  {"/api/v1/in", "[{", 400},
		"NaN":                     {"/api/v1/in", strings.Replace(entry, "%", `,"value":NaN`, 1), 400},
		"infinite":                {"/api/v1/in", strings.Replace(entry, "%", `,"value":1e400`, 1), 422},
		"deep":                    {"/api/v1/in", strings.Repeat(`{"a":`, 500_000), 400},
		"in 9999":                 {"/api/v1/in", strings.Replace(entry, "%", `,"at":"9999-12-31"`, 1), 422},
		"NUL byte":                {"/api/v1/in", "{\"player\":\"a\x00\"}", 400},
		"NUL":                     {"/api/v1/in", `{"player":"a\u0000","key":"k"}`, 422},
		"one of two is bad":       {"/api/v1/in", "[" + strings.Replace(entry, "%", "", 1) + `,{"key":true,"player":"bo"}]`, 422},
		"100,000 columns":         {"/api/v1/in", strings.Replace(columns, "event", "key", 1), 422},
		"10 MB of one word":       {"/api/v1/in", `{"player":"` + strings.Repeat("a", 10<<20-100) + `"}`, 422},
		"more than 10 MB":         {"/api/v1/in", strings.Repeat(" ", 10<<20+1), 413},
		"too many":                {"/api/v1/in", strings.Repeat(`{"key":1}`, 10_001), 413},
		"a bomb":                  {"/api/v1/in", bomb.String(), 413},
		"damaged gzip":            {"/v1/batch", bomb.String()[:100], 400},
		"a bomb of calls":         {"/v1/batch", bomb.String(), 413},
		"more than 1 MB of calls": {"/v1/batch", strings.Repeat(" ", 1<<20+1), 413},
		"broken calls":            {"/v1/batch", `{"batch":`, 400},
		"no batch":                {"/v1/batch", `{}`, 400},
		"deep calls":              {"/v1/track", `{"event":` + strings.Repeat("[", 100), 400},
		"no CloudEvent":           {"/api/v1/in/cloudevents", `{}`, 400},
	} {
		answer, text := s.ask("POST", c.path, s.key, c.body)
		if answer.StatusCode != c.status || answer.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %.200s; want %d", name, answer.StatusCode, text, c.status)
		}
	}
	s.wantSums(map[string]float64{})
	if waiting := s.waiting(); len(waiting) > 0 {
		t.Errorf("in quarantine: %v", waiting)
	}
	// What such clients would never send again is taken, and waits with the reason.
	if answer, text := s.ask("POST", "/v1/track", s.key, columns); answer.StatusCode != http.StatusOK {
		t.Errorf("%d %s", answer.StatusCode, text)
	}
	if waiting := s.waiting(); len(waiting) != 1 || !strings.Contains(waiting[0], "longer than 32 KiB") {
		t.Errorf("in quarantine: %v", waiting)
	}
}

func (s *shop) waiting() (why []string) {
	s.Helper()
	c, err := s.Sources.Connection(s.Context(), source.Owner{Board: s.board.ID}, "shop")
	if err != nil {
		s.Fatal(err)
	}
	reasons, err := s.Sources.Reasons(s.Context(), c)
	if err != nil {
		s.Fatal(err)
	}
	for _, r := range reasons {
		why = append(why, r.Why)
	}
	return why
}

// A server whose database is gone says that it is to be sent again, and when.
func TestIntake_ADeadDatabaseIsNotJustNow(t *testing.T) {
	s := newShop(t, orderRules)
	if _, text := s.ask("POST", "/api/v1/in", s.key, `{"id":"1","player":"ada","key":"calls"}`); !strings.Contains(text, `"added":1`) {
		t.Fatal(text)
	}
	if err := s.DB.Close(); err != nil {
		t.Fatal(err)
	}
	for path, body := range map[string]string{"/api/v1/in": `{"id":"2","player":"ada","key":"calls"}`, "/v1/track": `{"event":"Order Completed","userId":"ada"}`} {
		answer, text := s.ask("POST", path, s.key, body)
		if answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %v %s", path, answer.StatusCode, answer.Header, text)
		}
	}
}

// A full disk refuses what comes, keeps what it acknowledged, and takes all of it when there is room again.
func TestIntake_AFullDiskLosesNothingThatWasAcknowledged(t *testing.T) {
	s := newShop(t, "")
	room := func(pages int) {
		if err := s.DB.Write(t.Context(), func(tx *db.Tx) error {
			var most int
			return tx.QueryRow(fmt.Sprintf("PRAGMA max_page_count = %d", pages)).Scan(&most)
		}); err != nil {
			t.Fatal(err)
		}
	}
	room(1) // no more than there are
	request := func(n int) string {
		var all strings.Builder
		for i := range 200 {
			fmt.Fprintf(&all, `{"id":"%d-%d","player":"ada","key":"calls","value":1,"label":"%032x"}`, n, i, sha256.Sum256([]byte{byte(n), byte(i)}))
		}
		return all.String()
	}
	acknowledged, full := 0, false
	for n := range 40 {
		answer, text := s.ask("POST", "/api/v1/in", s.key, request(n))
		if full = answer.StatusCode == http.StatusServiceUnavailable; full {
			if answer.Header.Get("Retry-After") == "" {
				t.Errorf("no wait is told: %s", text)
			}
			break
		}
		acknowledged++
	}
	if !full {
		t.Fatal("it was never full")
	}
	if got := s.sums()["ada calls shop"]; got != float64(200*acknowledged) {
		t.Errorf("%v entries of %d requests that were acknowledged", got, acknowledged)
	}
	room(1_000_000)
	for n := range acknowledged + 1 {
		if answer, text := s.ask("POST", "/api/v1/in", s.key, request(n)); answer.StatusCode != http.StatusOK {
			t.Errorf("%d %s", answer.StatusCode, text)
		}
	}
	s.wantSums(map[string]float64{"ada calls shop": float64(200 * (acknowledged + 1))})
}

// A sender that breaks off or says less than it announced adds nothing.
func TestIntake_HalfARequestAddsNothing(t *testing.T) {
	s := newShop(t, "")
	body := `[{"id":"1","player":"ada","key":"calls"}]`
	line, err := net.Dial("tcp", strings.TrimPrefix(s.server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	_, _ = io.WriteString(line, "POST /api/v1/in HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer "+s.key+"\r\nContent-Length: 100\r\n\r\n"+body)
	_ = line.(*net.TCPConn).CloseWrite()
	answer, _ := io.ReadAll(line)
	if !strings.HasPrefix(string(answer), "HTTP/1.1 400") {
		t.Errorf("%s", answer)
	}
	s.wantSums(map[string]float64{})
}
