package web

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/coaching"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
	"cairn/internal/gateway"
	"cairn/internal/hook"
	"cairn/internal/identity"
	"cairn/internal/lately"
	"cairn/internal/mail"
	"cairn/internal/newsletter"
	"cairn/internal/pass"
	"cairn/internal/period"
	"cairn/internal/reach"
	"cairn/internal/release"
	"cairn/internal/seal"
	"cairn/internal/source"
	"cairn/internal/target"
	"cairn/scorecard"
)

// world is a server on real rooms: boards, entries and releases in a database of its own.
type world struct {
	t        testing.TB
	db       *db.DB
	rooms    boardtest.Rooms
	boards   *board.Boards
	entries  *entry.Entries
	releases *release.Releases
	targets  *target.Targets
	ticker   *release.Clock
	passes   *pass.Passes
	coaching *coaching.Coaching
	gateway  *gateway.Gateway
	letters  *newsletter.Newsletters
	reach    *reach.Reach
	sources  *source.Sources
	hooks    *hook.Hooks
	clock    time.Time
	log      bytes.Buffer
	site     *site
	http.Handler
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldAs(t, mail.Server{}, identity.Settings{Base: "https://cairn.example", Name: "Cairn"})
}

// newWorldAs is a world with mail, at another address, or with providers to sign in with.
func newWorldAs(t testing.TB, server mail.Server, as identity.Settings) *world {
	t.Helper()
	post, err := mail.New(server)
	if err != nil {
		t.Fatal(err)
	}
	d := dbtest.New(t)
	w := &world{t: t, db: d, clock: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	now := func() time.Time { return w.clock }
	if w.rooms, err = boardtest.BuildAs(d, now, post, as); err != nil {
		t.Fatal(err)
	}
	w.boards, w.entries = w.rooms.Boards, w.rooms.Entries
	w.targets = target.New(d, w.boards, w.rooms.Trail, now)
	w.releases = release.New(release.Rooms{DB: d, Boards: w.boards, Entries: w.entries, Players: w.rooms.Players, Consents: w.rooms.Consents, Targets: w.targets, Trail: w.rooms.Trail, Now: now, Hold: 1 << 24})
	w.ticker = release.NewClock(w.releases, w.rooms.Queue)
	w.passes = pass.New(d, w.rooms.Trail, now)
	w.coaching = coaching.New(coaching.Rooms{DB: d, Boards: w.boards, Releases: w.releases, Players: w.rooms.Players, Identity: w.rooms.Identity, Trail: w.rooms.Trail, Queue: w.rooms.Queue, Post: post, Now: now})
	if w.gateway, err = gateway.New(gateway.Server{}, now); err != nil {
		t.Fatal(err)
	}
	w.letters = newsletter.New(newsletter.Rooms{DB: d, Boards: w.boards, Releases: w.releases, Identity: w.rooms.Identity, Coaching: w.coaching, Passes: w.passes,
		Trail: w.rooms.Trail, Queue: w.rooms.Queue, Post: post, Texts: w.gateway, Chats: w.gateway, Clock: w.ticker, Now: now, Sender: "Cairn Ltd, 1 Stone Way, Inverness"})
	w.reach = reach.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, now)
	seals := seal.New(func() (string, error) { return "a key for tests alone", nil })
	w.sources = source.New(source.Rooms{DB: d, Boards: w.boards, Entries: w.entries, Players: w.rooms.Players, Identity: w.rooms.Identity, Trail: w.rooms.Trail, Queue: w.rooms.Queue,
		Reach: w.reach, Seals: seals, Now: now})
	w.hooks = hook.New(hook.Rooms{DB: d, Boards: w.boards, Releases: w.releases, Identity: w.rooms.Identity, Trail: w.rooms.Trail, Queue: w.rooms.Queue, Reach: w.reach, Seals: seals,
		Tell: w.letters.Notice, Now: now, Base: as.Base})
	w.rooms.Players.Keep(w.releases, w.passes, w.targets, w.coaching, w.letters, w.hooks, w.sources)
	w.site, err = newSite(Rooms{Identity: w.rooms.Identity, Players: w.rooms.Players, Consents: w.rooms.Consents, Boards: w.boards, Releases: w.releases, Entries: w.entries, Sources: w.sources, Hooks: w.hooks,
		Clock: w.ticker, Targets: w.targets, Coaching: w.coaching, Passes: w.passes, Newsletters: w.letters, Queue: w.rooms.Queue, Lately: lately.New(d.State, now), Now: now},
		slog.New(slog.NewTextHandler(&w.log, nil)), as.Base+"/")
	if err != nil {
		t.Fatal(err)
	}
	w.Handler = w.site.guard(w.site.mux(routes))
	return w
}

const sales = `
scorecard: 1
key: sales
name: Sales
purpose: One number a week.
designer: {name: Ada, statement: I favour answers over noise.}
decimals: 1
tags: [region]
levels: [[0, Starting], [50, Strong]]
parts:
  - key: activity
    name: Activity
    weight: 40
    why: It is one's own choice.
    parts:
      - {key: calls, name: Calls, unit: calls, kind: lead, why: They open doors., missing: zero, normalise: {minmax: {from: 0, to: 20}}}
      - {key: notes, name: Notes, unit: notes, missing: zero, cap: 0.8, normalise: {bands: [[0, 0], [2, 0.5], [4, 1]]}}
  - key: answers
    name: Answers
    weight: 60
    why: They are what calls are for.
    audience: AUDIENCE
    missing: zero
    normalise: {target: {at: 10}}
  - {key: hours, name: Hours, unit: h, scored: false}
`

func sheet(t testing.TB, audience, change string) *scorecard.Scorecard {
	t.Helper()
	text := strings.ReplaceAll(sales, "AUDIENCE", audience)
	if change != "" {
		text = strings.Replace(text, "weight: 40", "weight: "+change, 1)
	}
	card, err := scorecard.Load("sales.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return card
}

// person is a player of the test's boards: calls, notes and answers a week grow by rise.
type person struct {
	key, name, region string
	base, rise        int
}

var people = []person{
	{"ada", "Ada Lovelace", "north", 12, 1},
	{"bo", "Bo Ek", "south", -20, 3},
	{"mallory", `<script>alert("x")</script> & 'co'`, "north", 8, 0},
	{"eve", "evil \u202Egnp.exe", `so"uth<b>`, 5, 0},
	{"formula", "=HYPERLINK(\"x\")", "north", 4, 0},
	{"slash/key", "王小明", "south", 3, 1},
	{"zed", "Zed", "south", 0, 0},
}

// open makes a board, of things where nothing else is said, and publishes a release for each of some weeks, the last one before the clock.
func (w *world) open(card *scorecard.Scorecard, settings board.Settings, players []person, weeks int) *board.Board {
	w.t.Helper()
	ctx := context.Background()
	settings.Basis = cmp.Or(settings.Basis, board.Things)
	b, err := w.boards.Create(ctx, card, settings)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range weeks {
		w.week(b, players, i-weeks)
	}
	return b
}

// week enters and publishes the release that lies some weeks from the clock's (-1 is the last one that is over).
func (w *world) week(b *board.Board, players []person, weeks int) *release.Release {
	w.t.Helper()
	ctx := context.Background()
	now := w.clock
	defer func() { w.clock = now }()
	p := period.Of(scorecard.Week, now, time.UTC).Add(weeks)
	from, to := p.Bounds(time.UTC)
	w.clock = to.Add(time.Hour)
	members := make([]board.Member, len(players))
	for i, who := range players {
		members[i] = board.Member{Key: who.key, Name: who.name, Tags: map[string]string{"region": who.region}}
	}
	numbers, err := w.boards.Enrol(ctx, b.ID, board.ByKey, members)
	if err != nil {
		w.t.Fatal(err)
	}
	var batch []entry.Entry
	for i, who := range players {
		for _, key := range []string{"calls", "notes", "answers", "hours"} {
			value := max(0, who.base+who.rise*(10+weeks))
			batch = append(batch, entry.Entry{Member: numbers[i], Key: key, At: from.Add(time.Hour).UnixMicro(), Value: float64(value), ID: fmt.Sprintf("%s-%s-%s", p, who.key, key)})
		}
	}
	if len(batch) > 0 {
		if _, err := w.entries.Append(ctx, b.ID, "test", batch, false); err != nil {
			w.t.Fatal(err)
		}
	}
	rel, err := w.releases.Publish(ctx, b, p, false)
	if err != nil {
		w.t.Fatal(err)
	}
	return rel
}

// view is a release as who runs the board sees it.
func (w *world) view(b *board.Board, rel *release.Release) *release.View {
	w.t.Helper()
	view, err := w.releases.View(context.Background(), b, rel, release.Open)
	if err != nil {
		w.t.Fatal(err)
	}
	return view
}

// answer is what the server said.
type answer struct {
	*http.Response
	body string
}

func (w *world) ask(method, path string, header ...string) answer {
	w.t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	w.ServeHTTP(recorder, r)
	response := recorder.Result()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer{response, string(body)}
}

// visitor is somebody in a browser of their own.
type visitor struct {
	*world
	identity.Actor
	address string
	cookie  string
}

// nobody is somebody who is not signed in.
func (w *world) nobody() visitor { return visitor{world: w} }

// signIn signs somebody in who proved to read an address.
func (w *world) signIn(address string) visitor {
	w.t.Helper()
	signed, err := w.rooms.Identity.SignInProved(context.Background(), address, identity.Device{})
	if err != nil {
		w.t.Fatal(err)
	}
	return visitor{w, signed.Actor, address, "__Host-cairn=" + signed.Secret}
}

func (v visitor) ask(method, path string, header ...string) answer {
	v.t.Helper()
	if v.cookie != "" {
		header = append(header, "Cookie", v.cookie)
	}
	return v.world.ask(method, path, header...)
}

// post sends a form.
func (v visitor) post(path string, form url.Values) answer {
	v.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if v.cookie != "" {
		r.Header.Set("Cookie", v.cookie)
	}
	recorder := httptest.NewRecorder()
	v.ServeHTTP(recorder, r)
	return answer{recorder.Result(), recorder.Body.String()}
}

// page reads a page that must be there for them.
func (v visitor) page(path string) *goquery.Document {
	v.t.Helper()
	a := v.ask("GET", path)
	if a.StatusCode != http.StatusOK {
		v.t.Fatalf("%s answers %s with %d: %s", path, v.address, a.StatusCode, words(mustRead(v.t, a.body).Find("main")))
	}
	return mustRead(v.t, a.body)
}

// join has somebody accept an invitation to a board by the link that the manager was given.
func (v visitor) join(b *board.Board, as board.Member, choice board.Choice) board.Member {
	v.t.Helper()
	ctx := context.Background()
	sent, err := v.boards.Invite(ctx, identity.Actor{}, b, []board.Member{as})
	if err != nil {
		v.t.Fatal(err)
	}
	if len(sent) != 1 || sent[0].Error != nil || sent[0].Link == "" {
		v.t.Fatalf("inviting %s: %+v", as.Name, sent)
	}
	m, err := v.boards.Join(ctx, v.Actor, sent[0].Link[strings.LastIndex(sent[0].Link, "/")+1:], "", choice)
	if err != nil {
		v.t.Fatal(err)
	}
	return m
}

// give gives somebody a role on a board.
func (v visitor) give(b *board.Board, role board.Role, scope board.Scope) {
	v.t.Helper()
	if err := v.boards.GiveRole(context.Background(), identity.Actor{}, b, v.address, role, scope); err != nil {
		v.t.Fatal(err)
	}
}

// page reads a page that must be there.
func (w *world) page(path string) *goquery.Document {
	w.t.Helper()
	a := w.ask("GET", path)
	if a.StatusCode != http.StatusOK {
		w.t.Fatalf("%s answers %d: %s", path, a.StatusCode, a.body)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(a.body))
	if err != nil {
		w.t.Fatal(err)
	}
	return doc
}

func words(s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") }

// pages are the addresses of every page of a board that has released.
func pages(b *board.Board, rel *release.Release, player string) []string {
	under := releaseAddress(b, rel)
	return []string{
		"/", boardAddress(b), periodAddress(b, rel), under,
		playerAddress(boardAddress(b), player), playerAddress(under, player), playerAddress(under, player) + "/card.json",
		boardAddress(b) + "/methodology", under + "/methodology", boardAddress(b) + "/archive",
		under + "/scorecard.yaml", under + "/scores.csv", under + "/bundle.zip",
		boardAddress(b) + "?" + url.Values{"tag": {"region:north"}}.Encode(),
		"/favicon.svg",
	}
}

func mustRead(t testing.TB, body string) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
