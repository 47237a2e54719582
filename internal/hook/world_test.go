package hook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/db"
	"cairn/internal/entry"
	"cairn/internal/hook"
	"cairn/internal/identity"
	"cairn/internal/mail"
	"cairn/internal/period"
	"cairn/internal/reach"
	"cairn/internal/release"
	"cairn/internal/seal"
	"cairn/internal/target"
	"cairn/scorecard"
)

const clubCard = `
scorecard: 1
key: club
name: Club
designer: {name: A, statement: none}
period: week
parts:
  - {key: calls, audience: board, normalise: {minmax: {from: 0, to: 20}}}
  - {key: notes, audience: board, normalise: {minmax: {from: 0, to: 10}}}
`

// club is a board and the rooms that its hooks are built on, on a real database.
type club struct {
	t        testing.TB
	db       *db.DB
	rooms    boardtest.Rooms
	releases *release.Releases
	hooks    *hook.Hooks
	at       *board.Board
	owner    identity.Actor

	mu    sync.Mutex
	clock time.Time
	told  []string // what managers were told
}

func (c *club) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.clock
}

func (c *club) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clock = c.clock.Add(d)
}

// build builds the rooms of a program, which may reach this machine.
func (c *club) build(d *db.DB, now func() time.Time) error {
	post, err := mail.New(mail.Server{})
	if err != nil {
		return err
	}
	if c.rooms, err = boardtest.Build(d, now, post); err != nil {
		return err
	}
	r := c.rooms
	c.db = d
	c.releases = release.New(release.Rooms{DB: d, Boards: r.Boards, Entries: r.Entries, Players: r.Players, Consents: r.Consents,
		Targets: target.New(d, r.Boards, r.Trail, now), Trail: r.Trail, Now: now, Hold: 1 << 24})
	c.hooks = hook.New(hook.Rooms{DB: d, Boards: r.Boards, Releases: c.releases, Identity: r.Identity, Trail: r.Trail, Queue: r.Queue,
		Reach: reach.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, now), Seals: seal.New(func() (string, error) { return "a key for tests alone", nil }),
		Tell: func(_ context.Context, account string, _ *board.Board, _, subject, text, path string) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.told = append(c.told, fmt.Sprint(account == c.owner.Account, " ", subject, ": ", text, " ", path))
			return nil
		}, Now: now, Base: "https://cairn.example"})
	r.Players.Keep(c.releases, c.hooks)
	return nil
}

// newClub is a club with a board by opt-in and its owner, on Monday 23 November 2026 at nine.
func newClub(t testing.TB, d *db.DB) *club {
	t.Helper()
	c := &club{t: t, clock: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	must(t, c.build(d, c.now))
	c.open()
	return c
}

// open makes the board.
func (c *club) open() {
	c.t.Helper()
	card, err := scorecard.Load("club.yaml", []byte(clubCard))
	must(c.t, err)
	c.at, err = c.rooms.Boards.Create(c.t.Context(), card, board.Settings{Basis: board.OptIn, Stage: board.Private, Name: "Club"})
	must(c.t, err)
	c.owner = c.rooms.SignIn(c.t, "owner@example.org")
	must(c.t, c.rooms.Boards.GiveRole(c.t.Context(), identity.Actor{}, c.at, "owner@example.org", board.Owner, board.Scope{}))
	_, err = c.rooms.Boards.Access(c.t.Context(), c.at, c.owner) // takes the role up
	must(c.t, err)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// invites makes players known who are not asked yet; joins has them accept.
func (c *club) invites(names ...string) {
	c.t.Helper()
	var people []board.Member
	for _, name := range names {
		people = append(people, board.Member{Key: key(name), Name: name})
	}
	_, err := c.rooms.Boards.Enrol(c.t.Context(), c.at.ID, board.ByKey, people)
	must(c.t, err)
}

func (c *club) joins(names ...string) (actors []identity.Actor) {
	c.t.Helper()
	c.invites(names...)
	for _, name := range names {
		actors = append(actors, c.rooms.Accept(c.t, c.at, key(name), board.Choice{}))
	}
	return actors
}

// key is a player's, made of the letters of the name.
func key(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, strings.ToLower(name))
}

// publish enters a week's values, the later a name the less, and publishes the week.
func (c *club) publish(week string, names ...string) *release.Release {
	c.t.Helper()
	p, err := period.Parse(scorecard.Week, week)
	must(c.t, err)
	from, _ := p.Bounds(time.UTC)
	all, err := c.rooms.Boards.Directory(c.t.Context(), c.at)
	must(c.t, err)
	var batch []entry.Entry
	for i, name := range names {
		for _, metric := range []string{"calls", "notes"} {
			batch = append(batch, entry.Entry{Member: all.ByKey(key(name)), Key: metric, At: from.Add(time.Hour).UnixMicro(), Value: float64(10 - i), ID: fmt.Sprint(week, " ", name, " ", metric)})
		}
	}
	_, err = c.rooms.Entries.Append(c.t.Context(), c.at.ID, "test", batch, false)
	must(c.t, err)
	rel, err := c.releases.Publish(c.t.Context(), c.at, p, false)
	must(c.t, err)
	return rel
}

// due does what is due now.
func (c *club) due() {
	c.t.Helper()
	_, err := c.rooms.Queue.RunDue(c.t.Context())
	must(c.t, err)
}

// make makes a hook of the owner's.
func (c *club) make(kind hook.Kind, address string, events ...string) (hook.Hook, string) {
	c.t.Helper()
	made, secret, err := c.hooks.Make(c.t.Context(), c.owner, c.at, hook.Made{Name: "HR", Kind: kind, Address: address, Events: events})
	must(c.t, err)
	return made, secret
}

func (c *club) deliveries(id string) []hook.Delivery {
	c.t.Helper()
	all, err := c.hooks.Deliveries(c.t.Context(), c.at, id, "", 1000)
	must(c.t, err)
	return all
}

func (c *club) hook(id string) hook.Hook {
	c.t.Helper()
	one, err := c.hooks.Hook(c.t.Context(), c.at, id)
	must(c.t, err)
	return one
}

// ear is somebody who is told.
type ear struct {
	*httptest.Server
	mu     sync.Mutex
	heard  []heard
	answer func(w http.ResponseWriter, n int) // n from 0
}

type heard struct {
	id, header string
	body       string
}

func newEar(t testing.TB, answer func(w http.ResponseWriter, n int)) *ear {
	t.Helper()
	e := &ear{answer: answer}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		e.mu.Lock()
		n := len(e.heard)
		e.heard = append(e.heard, heard{r.Header.Get("webhook-id"), fmt.Sprint(r.Header), string(body)})
		answer := e.answer
		e.mu.Unlock()
		if answer != nil {
			answer(w, n)
		}
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *ear) all() []heard {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.heard)
}

func (e *ear) answers(answer func(w http.ResponseWriter, n int)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answer = answer
}

// says is what was heard, of each its type and its data without the board.
func (e *ear) says(t testing.TB) (lines []string) {
	t.Helper()
	for _, h := range e.all() {
		var p struct {
			Type string
			Data map[string]any
		}
		must(t, json.Unmarshal([]byte(h.body), &p))
		delete(p.Data, "board")
		data, err := json.Marshal(p.Data)
		must(t, err)
		lines = append(lines, p.Type+" "+string(data))
	}
	return lines
}
