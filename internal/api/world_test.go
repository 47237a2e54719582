package api_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"cairn/client"
	"cairn/internal/app"
	"cairn/internal/board"
	"cairn/internal/db/dbtest"
	"cairn/internal/identity"
	"cairn/internal/period"
	"cairn/scorecard"
)

// world is the whole program on a database of its own, reached over HTTP.
type world struct {
	*testing.T
	*app.App
	server *httptest.Server
	log    lockedBuffer

	mu    sync.Mutex
	clock time.Time
}

type lockedBuffer struct {
	sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.Lock()
	defer b.Unlock()
	return b.Buffer.Write(p)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOn(t, dbtest.Migrated(t))
}

func newWorldOn(t *testing.T, database string) *world {
	t.Helper()
	w := &world{T: t, clock: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	config, err := app.Read(map[string]string{"db": database}, "", app.Environment{})
	if err != nil {
		t.Fatal(err)
	}
	config.Private = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	if w.App, err = app.Open(context.Background(), config, w.now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.App.Close() })
	front, err := w.Front(slog.New(slog.NewTextHandler(&w.log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	w.server = httptest.NewServer(front)
	t.Cleanup(w.server.Close)
	through := w.server.Client()
	through.Transport = contract{t, through.Transport}
	return w
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

// pass lets time go by.
func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

// signIn signs somebody in who proved to read an address.
func (w *world) signIn(address string) identity.Actor {
	w.Helper()
	in, err := w.Identity.SignInProved(w.Context(), address, identity.Device{Agent: "a test"})
	if err != nil {
		w.Fatal(err)
	}
	return in.Actor
}

// operator signs somebody in who may run the server, by a link of the console's.
func (w *world) operator(address string) identity.Actor {
	w.Helper()
	link, err := w.Identity.OperatorLink(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	in, err := w.Identity.UseOperatorLink(w.Context(), link[strings.LastIndex(link, "/")+1:], address, identity.Device{Agent: "a test"})
	if err != nil {
		w.Fatal(err)
	}
	return in.Actor
}

// by is a client with a token of somebody's; without scopes it has all of them that they may have, operators' aside.
func (w *world) by(a identity.Actor, scopes ...identity.Scope) *client.Client {
	w.Helper()
	if len(scopes) == 0 {
		scopes = []identity.Scope{identity.ReadOwn, identity.WriteOwn, identity.ReadBoards, identity.WriteBoards, identity.Release}
	}
	secret, _, err := w.Identity.MakeToken(w.Context(), a, "a test", scopes, w.now().AddDate(0, 6, 0))
	if err != nil {
		w.Fatal(err)
	}
	return w.with(secret)
}

// with is a client with a token, "" none.
func (w *world) with(token string) *client.Client {
	w.Helper()
	c, err := client.New(w.server.URL, client.Token(token), client.HTTP(w.server.Client()))
	if err != nil {
		w.Fatal(err)
	}
	return c
}

// ask sends a request as it is and returns the answer with its body.
func (w *world) ask(method, path, token, sent string, headers ...string) (*http.Response, string) {
	w.Helper()
	request, err := http.NewRequestWithContext(w.Context(), method, w.server.URL+path, strings.NewReader(sent))
	if err != nil {
		w.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if sent != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer, err := w.server.Client().Do(request)
	if err != nil {
		w.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		w.Fatal(err)
	}
	return answer, string(text)
}

const sales = `
scorecard: 1
key: sales
name: Sales
purpose: One number a week.
designer: {name: Ada, statement: I favour answers over noise.}
decimals: 1
tags: [region]
parts:
  - {key: calls, name: Calls, unit: calls, kind: lead, weight: 40, why: They open doors., missing: zero, normalise: {minmax: {from: 0, to: 20}}}
  - {key: answers, name: Answers, weight: 60, why: They are what calls are for., missing: zero, normalise: {target: {at: 10}}}
`

// board makes a public board of somebody's.
func (w *world) board(owner identity.Actor, key string) *board.Board {
	w.Helper()
	card, err := scorecard.Load("sales.yaml", []byte(strings.Replace(sales, "key: sales", "key: "+key, 1)))
	if err != nil {
		w.Fatal(err)
	}
	b, err := w.Boards.Create(w.Context(), card, board.Settings{Name: "Sales", Basis: board.OptIn, Stage: board.Open})
	if err != nil {
		w.Fatal(err)
	}
	address := w.addressOf(owner)
	if err := w.Boards.GiveRole(w.Context(), identity.Actor{}, b, address, board.Owner, board.Scope{}); err != nil {
		w.Fatal(err)
	}
	return b
}

func (w *world) addressOf(a identity.Actor) string {
	w.Helper()
	account, err := w.Identity.Account(w.Context(), a.Account)
	if err != nil || len(account.Addresses) == 0 {
		w.Fatalf("%+v, %v", account, err)
	}
	return account.Addresses[0].Address
}

// publish calculates and publishes the week before this one.
func (w *world) publish(b *board.Board) {
	w.Helper()
	week := period.Of(scorecard.Week, w.now(), b.Location()).Add(-1)
	if _, err := w.Releases.Draft(w.Context(), b, week); err != nil {
		w.Fatal(err)
	}
	if _, err := w.Releases.Publish(w.Context(), b, week, false); err != nil {
		w.Fatal(err)
	}
}
