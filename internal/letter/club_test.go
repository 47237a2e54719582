package letter_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
	"cairn/internal/identity"
	"cairn/internal/letter"
	"cairn/internal/period"
	"cairn/internal/release"
	"cairn/internal/target"
	"cairn/scorecard"
)

const clubCard = `
scorecard: 1
key: sales
name: Sales north
tags: [team]
levels: [[0, Base camp], [40, Ridge], [70, Summit]]
decimals: 1
parts:
  - {key: calls, name: Calls, unit: calls, missing: zero, normalise: {minmax: {from: 0, to: 40}}}
  - {key: meetings, name: Meetings, weight: 2, missing: zero, normalise: {minmax: {from: 0, to: 12}}}
  - {key: answers, name: Quick answers, unit: "%", normalise: {percentile: {}}}
  - {key: news, name: News swapped, missing: zero, normalise: {minmax: {from: 0, to: 9}}}
`

// people are the players of the club: some names are meant to break a mail.
var people = []string{"Ada Lovelace", "Bo Ek", `<b>Cy</b> & "Sons"`, "Élodie Đặng", "山田 花子", "ליאת כהן", "Grace Hopper", "Ida Rhodes", "Jo", "Karl-Friedrich von und zu Hohenlohe-Waldenburg", "Lu Ann", "Mo"}

// club is a board by opt-in with its real releases.
type club struct {
	t        testing.TB
	rooms    boardtest.Rooms
	releases *release.Releases
	board    *board.Board
	actors   map[string]identity.Actor
	numbers  []int64
	now      time.Time
	ids      int
	own      string // key of a metric that players report themselves, "" none
}

func newClub(t testing.TB, card string) *club { return newClubWith(t, card, "") }

// newClubWith is a club whose players report one of its metrics themselves.
func newClubWith(t testing.TB, card, own string) *club {
	t.Helper()
	ctx := context.Background()
	c := &club{t: t, own: own, actors: map[string]identity.Actor{}, now: time.Date(2026, 8, 10, 12, 0, 0, 0, time.UTC)}
	now := func() time.Time { return c.now }
	c.rooms = boardtest.New(t, dbtest.New(t), now)
	r := c.rooms
	c.releases = release.New(release.Rooms{DB: r.DB, Boards: r.Boards, Entries: r.Entries, Players: r.Players, Consents: r.Consents,
		Targets: target.New(r.DB, r.Boards, r.Trail, now), Trail: r.Trail, Now: now, Hold: 1 << 24})
	rules, err := scorecard.Load("sales.yaml", []byte(card))
	c.do(err)
	c.board, err = r.Boards.Create(ctx, rules, board.Settings{Zone: "Europe/Vienna"})
	c.do(err)
	if own != "" {
		terms := board.Terms{Purpose: "To learn."}
		for _, m := range rules.Metrics() {
			f := board.Field{Metric: m.Key, From: board.FromBoard, Purpose: "To learn.", Value: "It does.", ToWhom: "To all."}
			if m.Key == own {
				f.From = board.FromPlayer
			}
			terms.Fields = append(terms.Fields, f)
		}
		_, err = r.Boards.SetTerms(ctx, identity.Actor{}, c.board, terms)
		c.do(err)
		c.board, err = r.Boards.Board(ctx, c.board.Key)
		c.do(err)
	}
	var members []board.Member
	for i, name := range people {
		members = append(members, board.Member{Key: key(i), Name: name, Tags: map[string]string{"team": []string{"red", "blue"}[i%2]}})
	}
	c.numbers, err = r.Boards.Enrol(ctx, c.board.ID, board.ByKey, members)
	c.do(err)
	for i := range people {
		c.actors[key(i)] = r.Accept(t, c.board, key(i), board.Choice{})
	}
	return c
}

func key(i int) string { return fmt.Sprintf("p%02d", i) }

func (c *club) do(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// week plays a week of 2026 and publishes it. share is how much of the most that there is a player did, NaN nothing at all.
func (c *club) week(n int, share func(player int) float64) *release.Release {
	c.t.Helper()
	ctx := context.Background()
	p, err := period.Parse(scorecard.Week, fmt.Sprintf("2026-W%02d", n))
	c.do(err)
	start, end := p.Bounds(c.board.Location())
	lot := rand.New(rand.NewPCG(uint64(n), 7))
	var batch []entry.Entry
	for i, number := range c.numbers {
		s := share(i)
		for _, m := range []struct {
			key  string
			most float64
		}{{"calls", 40}, {"meetings", 12}, {"answers", 100}, {"news", 9}} {
			if s >= 0 {
				c.ids++
				value := float64(int(m.most * min(1, s*(0.9+0.2*lot.Float64()))))
				e := entry.Entry{Member: number, Key: m.key, At: start.Add(24 * time.Hour).UnixMicro(), Value: value, ID: fmt.Sprint(c.ids)}
				if m.key == c.own {
					_, err := c.rooms.Players.Append(ctx, c.actors[key(i)], "by hand", []entry.Entry{e})
					c.do(err)
					continue
				}
				batch = append(batch, e)
			}
		}
	}
	_, err = c.rooms.Entries.Append(ctx, c.board.ID, "test", batch, false)
	c.do(err)
	c.now = end.Add(26 * time.Hour)
	rel, err := c.releases.Publish(ctx, c.board, p, false)
	c.do(err)
	return rel
}

// season plays the weeks from 34 to 47, in which Ada rises.
func (c *club) season() (last *release.Release) {
	for n := 34; n <= 47; n++ {
		last = c.week(n, usual(n))
	}
	return last
}

// usual is what the players do in a week.
func usual(n int) func(int) float64 {
	return func(player int) float64 {
		if player == 0 {
			return 0.35 + 0.04*float64(n-34) - 0.07*float64((n%5)/4)
		}
		return 0.3 + 0.05*float64((player*7+n*3)%11)
	}
}

// letter is what a newsletter says to a player of a release.
func (c *club) letter(rel *release.Release, player int) letter.Letter {
	c.t.Helper()
	ctx := context.Background()
	l := letter.Letter{Board: c.board, Name: people[player], Since: time.Date(2026, 8, 12, 0, 0, 0, 0, time.UTC),
		Next: time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC), Links: links, Sender: "Sales Club North\nRingstrasse 1, 1010 Vienna, Austria"}
	access, err := c.rooms.Boards.Access(ctx, c.board, c.actors[key(player)])
	c.do(err)
	to, err := c.releases.Reader(ctx, c.board, access)
	c.do(err)
	l.View, err = c.releases.View(ctx, c.board, rel, to)
	c.do(err)
	l.Card, err = l.View.Card(ctx, key(player))
	c.do(err)
	l.Heroes, err = l.View.Rows(ctx, 0, 5)
	c.do(err)
	return l
}

var links = letter.Links{
	Card:        "https://cairn.example/p/" + strings.Repeat("Zq", 13),
	Board:       "https://cairn.example/p/" + strings.Repeat("Zq", 13) + "/board",
	Preferences: "https://cairn.example/p/" + strings.Repeat("Zq", 13) + "/how",
	Unsubscribe: "https://cairn.example/p/" + strings.Repeat("Zq", 13) + "/stop",
	Ask:         "https://cairn.example/p/" + strings.Repeat("Zq", 13) + "/ask",
}
