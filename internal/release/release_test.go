package release

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/db"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/period"
	"cairn/internal/target"
	"cairn/scorecard"
)

// club is a board with its rooms, on a real database.
type club struct {
	t        testing.TB
	db       *db.DB
	rooms    boardtest.Rooms
	boards   *board.Boards
	entries  *entry.Entries
	releases *Releases
	board    *board.Board
	now      time.Time
	ids      int
}

const clubCard = `
scorecard: 1
key: club
name: Club
tags: [team]
levels: [[0, Bronze], [40, Silver], [60, Gold]]
decimals: 1
parts:
  - key: reach
    weight: 2
    parts:
      - {key: posts, missing: zero, normalise: {minmax: {from: 0, to: 10}}}
      - {key: replies, missing: zero, normalise: {percentile: {}}}
  - {key: visits, weight: 1, missing: zero, normalise: {minmax: {from: 0}}}
`

// build builds the rooms on the club's database.
func (c *club) build(now func() time.Time, hold int64) {
	c.t.Helper()
	c.rooms = boardtest.New(c.t, c.db, now)
	c.boards, c.entries = c.rooms.Boards, c.rooms.Entries
	c.releases = room(c.rooms, c.boards, c.entries, now, hold)
}

func newClub(t testing.TB, d *db.DB, source string) *club {
	t.Helper()
	c := &club{t: t, db: d, now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	now := func() time.Time { return c.now }
	c.build(now, 1<<24)
	b, err := c.boards.Create(context.Background(), c.card(source), board.Settings{Zone: "Europe/Vienna", Basis: board.Things})
	if err != nil {
		t.Fatal(err)
	}
	c.board = b
	return c
}

func (c *club) card(source string) *scorecard.Scorecard {
	c.t.Helper()
	card, err := scorecard.Load("club.yaml", []byte(source))
	if err != nil {
		c.t.Fatal(err)
	}
	return card
}

func (c *club) period(text string) period.Period {
	c.t.Helper()
	p, err := period.Parse(scorecard.Week, text)
	if err != nil {
		c.t.Fatal(err)
	}
	return p
}

// enrol adds players; a tag is given as key/team.
func (c *club) enrol(players ...string) []int64 {
	c.t.Helper()
	var members []board.Member
	for _, p := range players {
		var key, team string
		if n, _ := fmt.Sscanf(p, "%s %s", &key, &team); n < 2 {
			key, team = p, ""
		}
		m := board.Member{Key: key, Name: "Player " + key}
		if team != "" {
			m.Tags = map[string]string{"team": team}
		}
		members = append(members, m)
	}
	numbers, err := c.boards.Enrol(context.Background(), c.board.ID, board.ByKey, members)
	if err != nil {
		c.t.Fatal(err)
	}
	return numbers
}

// add adds entries of one player on a day: key, value, key, value …
func (c *club) add(member int64, day string, values ...any) {
	c.t.Helper()
	at, err := time.ParseInLocation(time.DateOnly, day, c.board.Location())
	if err != nil {
		c.t.Fatal(err)
	}
	var batch []entry.Entry
	for i := 0; i < len(values); i += 2 {
		c.ids++
		batch = append(batch, entry.Entry{Member: member, Key: values[i].(string), At: at.UnixMicro(), Value: float64(values[i+1].(int)), ID: fmt.Sprint(c.ids)})
	}
	out, err := c.entries.Append(context.Background(), c.board.ID, "test", batch, false)
	if err != nil {
		c.t.Fatal(err)
	}
	if out.Added != len(batch) {
		c.t.Fatalf("added %d of %d entries on %s", out.Added, len(batch), day)
	}
}

func (c *club) publish(name string) *Release {
	c.t.Helper()
	rel, err := c.releases.Publish(context.Background(), c.board, c.period(name), false)
	if err != nil {
		c.t.Fatalf("publishing %s: %v", name, err)
	}
	return rel
}

// view shows a release to a reader; the board's settings are those in the database.
func (c *club) view(rel *Release, to Reader) *View {
	c.t.Helper()
	b, err := c.boards.Board(context.Background(), c.board.Key)
	if err != nil {
		c.t.Fatal(err)
	}
	v, err := c.releases.View(context.Background(), b, rel, to)
	if err != nil {
		c.t.Fatal(err)
	}
	return v
}

// all shows all of a release.
func (c *club) all(rel *Release) *View {
	c.t.Helper()
	return c.view(rel, Open)
}

func (c *club) rows(rel *Release) []Row {
	c.t.Helper()
	rows, err := c.all(rel).Rows(context.Background(), 0, 1000)
	if err != nil {
		c.t.Fatal(err)
	}
	return rows
}

func (c *club) playerCard(rel *Release, key string) *Card {
	c.t.Helper()
	card, err := c.all(rel).Card(context.Background(), key)
	if err != nil {
		c.t.Fatal(err)
	}
	return card
}

func (c *club) bundle(rel *Release) []byte {
	c.t.Helper()
	var out bytes.Buffer
	if err := c.all(rel).WriteBundle(context.Background(), &out); err != nil {
		c.t.Fatal(err)
	}
	return out.Bytes()
}

func (c *club) verify(bundle []byte) *Verified {
	c.t.Helper()
	v, err := Verify(bytes.NewReader(bundle), int64(len(bundle)))
	if err != nil {
		c.t.Fatalf("verifying: %v", err)
	}
	return v
}

// season plays two weeks.
func (c *club) season() []int64 {
	c.t.Helper()
	m := c.enrol("ada red", "bo red", "cy blue", "di blue", "eve")
	c.add(m[0], "2026-11-02", "posts", 9, "replies", 4, "visits", 2)
	c.add(m[1], "2026-11-03", "posts", 5, "replies", 6)
	c.add(m[2], "2026-11-08", "posts", 1, "visits", 7)
	c.add(m[3], "2026-11-04", "replies", 1)
	c.add(m[0], "2026-11-09", "posts", 6, "replies", 4, "visits", 2)
	c.add(m[1], "2026-11-10", "posts", 7, "replies", 6, "visits", 1)
	c.add(m[3], "2026-11-11", "posts", 10, "replies", 3, "visits", 8)
	c.add(m[4], "2026-11-15", "posts", 4)
	return m
}

func wantKind(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if fault.Of(err) != kind {
		t.Fatalf("got %v (%s), want a fault of kind %s", err, fault.Of(err), kind)
	}
}

// room builds the room on those below it.
func room(on boardtest.Rooms, boards *board.Boards, entries *entry.Entries, now func() time.Time, hold int64) *Releases {
	return New(Rooms{DB: on.DB, Boards: boards, Entries: entries, Players: on.Players, Consents: on.Consents, Targets: target.New(on.DB, boards, on.Trail, now), Trail: on.Trail, Now: now, Hold: hold})
}
