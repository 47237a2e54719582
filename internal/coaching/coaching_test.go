package coaching_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/coaching"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/mail"
	"cairn/internal/period"
	"cairn/internal/release"
	"cairn/internal/target"
	"cairn/scorecard"
)

var ctx = context.Background()

const sheet = `
scorecard: 1
key: KEY
name: Sales
decimals: 1
tags: [team]
parts:
  - {key: calls, name: Calls, unit: calls, weight: 60, normalise: {target: {at: 10}}}
  - {key: notes, name: Notes, unit: notes, weight: 40, normalise: {target: {at: 10}}}
`

// club is two boards on which people play, coach and manage.
type club struct {
	boardtest.Rooms
	t        testing.TB
	clock    time.Time
	coaching *coaching.Coaching
	releases *release.Releases
	board    *board.Board
	other    *board.Board
	told     []string // notices: account, path
	players  map[string]identity.Actor
	keys     map[string]string

	manager, coach, scoped, stranger identity.Actor
}

func each(t *testing.T, do func(t *testing.T, c *club)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { do(t, newClub(t, d)) })
}

func newClub(t testing.TB, d *db.DB) *club {
	t.Helper()
	c := &club{t: t, clock: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), players: map[string]identity.Actor{}, keys: map[string]string{}}
	now := func() time.Time { return c.clock }
	c.Rooms = boardtest.New(t, d, now)
	post, err := mail.New(mail.Server{})
	c.must(err)
	targets := target.New(d, c.Boards, c.Trail, now)
	c.releases = release.New(release.Rooms{DB: d, Boards: c.Boards, Entries: c.Entries, Players: c.Players, Consents: c.Consents, Targets: targets, Trail: c.Trail, Now: now, Hold: 1 << 24})
	c.coaching = coaching.New(coaching.Rooms{DB: d, Boards: c.Boards, Releases: c.releases, Players: c.Players, Identity: c.Identity, Trail: c.Trail, Queue: c.Queue, Post: post, Now: now})
	c.coaching.Through(func(_ context.Context, account string, _ *board.Board, _, _, _, path string) error {
		c.told = append(c.told, account+" "+path)
		return nil
	})
	c.Players.Keep(c.releases, c.coaching)
	c.board, c.other = c.made("sales"), c.made("other")
	for i, name := range []string{"ada", "bo", "cy", "di"} {
		invited, err := c.Boards.Invite(ctx, identity.Actor{}, c.board, []board.Member{{Name: name, Email: name + "@example.org", Tags: map[string]string{"team": []string{"red", "blue"}[i/2]}}})
		c.must(err)
		c.keys[name] = invited[0].Person.Key
		c.players[name] = c.Accept(t, c.board, invited[0].Person.Key, board.Choice{})
	}
	c.manager, c.coach, c.scoped, c.stranger = c.SignIn(t, "boss@example.org"), c.SignIn(t, "coach@example.org"), c.SignIn(t, "scoped@example.org"), c.SignIn(t, "stranger@example.org")
	c.give("boss@example.org", board.Owner, board.Scope{})
	c.give("coach@example.org", board.Coach, board.Scope{Players: []string{c.keys["ada"], c.keys["bo"]}})
	c.give("scoped@example.org", board.Coach, board.Scope{Players: []string{c.keys["ada"]}, Metrics: []string{"calls"}})
	for _, a := range []identity.Actor{c.manager, c.coach, c.scoped} {
		c.access(a) // whoever opens the board takes the role up
	}
	return c
}

func (c *club) made(key string) *board.Board {
	c.t.Helper()
	card, err := scorecard.Load("sheet.yaml", []byte(strings.Replace(sheet, "KEY", key, 1)))
	c.must(err)
	b, err := c.Boards.Create(ctx, card, board.Settings{Key: key, Name: "The board " + key, Basis: board.OptIn, Stage: board.Private})
	c.must(err)
	return b
}

func (c *club) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *club) give(address string, role board.Role, scope board.Scope) {
	c.t.Helper()
	c.must(c.Boards.GiveRole(ctx, identity.Actor{}, c.board, address, role, scope))
}

func (c *club) access(a identity.Actor) board.Access {
	c.t.Helper()
	access, err := c.Boards.Access(ctx, c.board, a)
	c.must(err)
	return access
}

func (c *club) member(name string) board.Member {
	c.t.Helper()
	m, err := c.Boards.Member(ctx, c.board.ID, c.keys[name])
	c.must(err)
	return m
}

// week publishes the week that is just over: calls and notes of each player, −1 none.
func (c *club) week(values map[string][2]float64) *release.Release {
	c.t.Helper()
	p := period.Of(scorecard.Week, c.clock, time.UTC)
	from, to := p.Bounds(time.UTC)
	var batch []entry.Entry
	for name, v := range values {
		for k, key := range []string{"calls", "notes"} {
			if v[k] >= 0 {
				batch = append(batch, entry.Entry{Member: c.member(name).Number, Key: key, At: from.Add(time.Hour).UnixMicro(), Value: v[k], ID: fmt.Sprint(p, name, key)})
			}
		}
	}
	_, err := c.Entries.Append(ctx, c.board.ID, "test", batch, false)
	c.must(err)
	c.clock = to.Add(9 * time.Hour)
	rel, err := c.releases.Publish(ctx, c.board, p, false)
	c.must(err)
	return rel
}

// run does the jobs that wait.
func (c *club) run() {
	c.t.Helper()
	_, err := c.Queue.RunDue(ctx)
	c.must(err)
}

// is checks the kind of an error; "" none.
func (c *club) is(what string, err error, kind fault.Kind) {
	c.t.Helper()
	if err == nil && kind != "" || err != nil && fault.Of(err) != kind {
		c.t.Errorf("%s: %v, not %s", what, err, kind)
	}
}
