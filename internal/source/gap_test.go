package source_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/intake"
	"cairn/internal/period"
	"cairn/internal/source"
	"cairn/scorecard"
)

// silent says which keys nothing could have brought in a week.
func (a *asked) silent(week string) (why map[string]string) {
	a.Helper()
	p, err := period.Parse(scorecard.Week, week)
	if err != nil {
		a.Fatal(err)
	}
	err = a.db.Read(a.Context(), func(tx *db.Tx) error {
		why, err = a.sources.Silent(a.Context(), tx, a.board, p)
		return err
	})
	if err != nil {
		a.Fatal(err)
	}
	return why
}

// leap lets time go by without doing what falls due in between, then does it.
func (a *asked) leap(d time.Duration) {
	a.Helper()
	a.mu.Lock()
	a.at = a.at.Add(d)
	a.mu.Unlock()
	if _, err := a.rooms.Queue.RunDue(a.Context()); err != nil {
		a.Fatal(err)
	}
}

// connectPush makes a source that sends.
func (a *asked) connectPush(name, settings string) source.Connection {
	a.Helper()
	c, _, err := a.sources.Connect(a.Context(), identity.Actor{}, source.Connection{Board: a.board.ID, Name: name, Kind: source.Push, Settings: json.RawMessage(settings)}, "")
	if err != nil {
		a.Fatal(err)
	}
	return c
}

// sends has a source send that ada did something once.
func (a *asked) sends(name, id, key string) {
	a.Helper()
	e := intake.Event{ID: id, At: a.at, Players: map[string]string{"key": "ada"}, Data: json.RawMessage(`{}`), Entry: &intake.Direct{Key: key, Value: 1}}
	if taken, err := a.sources.Push(a.Context(), a.connection(name), intake.Batch{Events: []intake.Event{e}}); err != nil || taken.Added != 1 {
		a.Fatalf("%+v, %v", taken, err)
	}
}

func (a *asked) must(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

// That a source goes on does not make zero of what it left out.
func TestSilent_WhatAPauseLeftOutIsMissingAfterwards(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAsked(t, d) // on the Wednesday of week 48
		a.lists(`{"id": 1, "who": "ada", "at": "2026-11-24"}`)
		a.connect("crm", "")
		a.connectPush("shop", "")
		a.sends("shop", "1", "posts")
		a.leap(time.Minute)
		pause, resume := func(name string) {
			t.Helper()
			a.must(a.sources.Pause(t.Context(), identity.Actor{}, a.owner(), name, ""))
		}, func(name string) {
			t.Helper()
			a.must(a.sources.Resume(t.Context(), identity.Actor{}, a.owner(), name))
		}
		pause("crm")
		pause("shop")
		a.leap(24 * time.Hour)
		resume("crm")
		resume("shop")
		if why := a.silent("2026-W48"); why["posts"] != "the source shop was paused from 25 November 2026 to 26 November 2026" || why["calls"] == "" {
			t.Errorf("paused for a day, and it says %q", why)
		}
		a.leap(time.Minute) // crm is asked, and has told what it left out
		if why := a.silent("2026-W48"); why["posts"] == "" || why["calls"] != "" {
			t.Errorf("asked again: %q", why)
		}
		if why := a.silent("2026-W47"); len(why) != 0 {
			t.Errorf("the week before: %q", why)
		}
		pause("crm")
		a.leap(4 * 24 * time.Hour) // over the end of the week
		resume("crm")
		a.leap(time.Minute)
		if why := a.silent("2026-W48")["calls"]; why != "the source crm was paused from 26 November 2026 to 30 November 2026" {
			t.Errorf("it was paused when the week ended: %q", why)
		}
		if why := a.silent("2026-W49"); len(why) != 0 {
			t.Errorf("the week in which it was asked again: %q", why)
		}
		pause("shop")
		a.leap(8 * 24 * time.Hour)
		a.must(a.sources.Retire(t.Context(), identity.Actor{}, a.owner(), "shop", "", ""))
		if why := a.silent("2026-W49")["posts"]; !strings.Contains(why, "was paused from 30 November 2026") {
			t.Errorf("retired after a week that it was paused for: %q", why)
		}
	})
}

func TestPush_SilentForThreeTimesAsLongAsExpectedIsSickUntilItSends(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAsked(t, d) // on the Wednesday of week 48
		for _, no := range []string{"1s", "daily", "-24h", "1000h"} {
			_, _, err := a.sources.Connect(t.Context(), identity.Actor{}, source.Connection{Board: a.board.ID, Name: "x", Kind: source.Push, Settings: json.RawMessage(`{"expect": "` + no + `"}`)}, "")
			if fault.Of(err) != fault.Invalid {
				t.Errorf("every %s: %v", no, err)
			}
		}
		a.connectPush("shop", `{"expect": "24h"}`)
		a.connectPush("till", `{}`)
		a.leap(10 * time.Hour)
		a.sends("shop", "1", "posts")
		a.leap(71 * time.Hour)
		if h := a.connection("shop").Health; h.Sick {
			t.Errorf("before three days are over: %+v", h)
		}
		a.leap(2 * time.Hour)
		if h := a.connection("shop").Health; !h.Sick || !strings.Contains(h.Trouble, "every 24h") || a.connection("till").Health.Sick {
			t.Errorf("after three days: %+v", h)
		}
		if why := a.silent("2026-W48")["posts"]; why != "the source shop brought nothing since 25 November 2026" {
			t.Errorf("it says %q", why)
		}
		a.must(a.sources.Wind(t.Context()))
		a.leap(47 * time.Hour) // the Monday after
		a.sends("shop", "2", "posts")
		if h := a.connection("shop").Health; h.Sick || h.Trouble != "" || !h.Next.After(a.at.Add(71*time.Hour)) {
			t.Errorf("it sent: %+v", h)
		}
		if why := a.silent("2026-W48")["posts"]; why != "the source shop brought nothing from 25 November 2026 to 30 November 2026" {
			t.Errorf("of the week that it was silent in: %q", why)
		}
		a.leap(80 * time.Hour)
		a.leap(time.Minute)
		longer := source.Changes{Settings: json.RawMessage(`{"expect": "240h"}`)}
		if _, err := a.sources.Change(t.Context(), identity.Actor{}, a.owner(), "shop", longer); err != nil || a.connection("shop").Health.Sick {
			t.Errorf("so much is not expected of it: %v", err)
		}
		events, err := a.rooms.Trail.Between(t.Context(), a.board.ID, now(), a.at.Add(time.Hour), "source.sick", "source.well")
		var verbs []string
		for _, e := range events {
			verbs = append(verbs, e.Verb)
		}
		if want := []string{"source.sick", "source.well", "source.sick", "source.well"}; err != nil || !slices.Equal(verbs, want) {
			t.Errorf("the trail says %q, %v", verbs, err)
		}
	})
}

// Two sources of one number count everything twice, unless that is what somebody wants.
func TestConnect_RefusesAKeyThatAnotherSourceBrings(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAsked(t, d)
		a.lists(``)
		a.connect("crm", "") // calls
		a.connectPush("shop", "")
		a.sends("shop", "1", "posts")
		push := func(name, said string, shared bool) error {
			_, _, err := a.sources.Connect(t.Context(), identity.Actor{}, source.Connection{Board: a.board.ID, Name: name, Kind: source.Push, Rules: rules(t, said), Shared: shared}, "")
			return err
		}
		refused := func(what string, err error, by string) {
			t.Helper()
			if f := fault.Message(err); fault.Of(err) != fault.Conflict || !strings.Contains(f, fmt.Sprintf("The source %q brings", by)) {
				t.Errorf("%s: %v", what, err)
			}
		}
		refused("a rule for what another's settings name", push("till", `[{"event": "Call", "key": "calls"}]`, false), "crm")
		refused("a rule for what another brought", push("till", `[{"event": "Post", "key": "posts"}]`, false), "shop")
		a.must(push("till", `[{"event": "Call", "key": "visits"}, {"event": "Post", "key": "posts", "skip": true}]`, false))
		change := func(to source.Changes) error {
			_, err := a.sources.Change(t.Context(), identity.Actor{}, a.owner(), "till", to)
			return err
		}
		both, yes, no := rules(t, `[{"event": "Call", "key": "visits"}, {"event": "Call", "key": "calls"}]`), true, false
		refused("a rule that is added", change(source.Changes{Rules: &both}), "crm")
		a.must(change(source.Changes{Rules: &both, Shared: &yes}))
		refused("no longer on purpose", change(source.Changes{Shared: &no}), "crm")
		hourly := time.Hour
		_, err := a.sources.Change(t.Context(), identity.Actor{}, a.owner(), "crm", source.Changes{Every: &hourly})
		a.must(err) // what it brought before it was asked about is its own
		a.must(push("also", `[{"event": "Call", "key": "calls"}]`, true))
		for _, name := range []string{"till", "also", "crm"} {
			a.must(a.sources.Retire(t.Context(), identity.Actor{}, a.owner(), name, "shop", ""))
		}
		shop := rules(t, `[{"event": "Call", "key": "calls"}]`)
		_, err = a.sources.Change(t.Context(), identity.Actor{}, a.owner(), "shop", source.Changes{Rules: &shop})
		a.must(err) // it is their heir
	})
}

// What a player deletes of what a source of theirs brought is not kept as a message either, and nobody else's transaction sees any.
func TestMessages_OfAPlayersOwnAreTheirs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAsked(t, d)
		a.says(func(http.ResponseWriter, *http.Request) {})
		ada, bo := a.rooms.SignIn(t, "ada@example.org"), a.rooms.SignIn(t, "bo@example.org")
		own := source.Owner{Player: ada.Account}
		c, _, err := a.sources.Connect(t.Context(), ada, source.Connection{Player: ada.Account, Name: "blog", Kind: source.Push, Rules: rules(t, `[{"event": "Post", "key": "posts"}]`)}, "")
		a.must(err)
		send := func(events ...[3]string) {
			t.Helper()
			_, err := a.sources.Push(t.Context(), c, batch(events...))
			a.must(err)
		}
		post := func(id string) [3]string { return [3]string{id, "Post", `{"title": "` + id + `"}`} }
		send(post("1"), post("2"), [3]string{"3", "Unheard", `{}`})
		seen := func(as ...string) (messages int) {
			t.Helper()
			a.must(d.Read(t.Context(), func(tx *db.Tx) error {
				a.must(tx.SentTo(as...))
				return tx.QueryRow(`SELECT (SELECT COUNT(*) FROM source_recent) + (SELECT COUNT(*) FROM source_held)`).Scan(&messages)
			}))
			return messages
		}
		bound := strings.Contains(t.Name(), "/postgres")
		if seen(ada.Account) != 4 || bound && (seen() != 0 || seen(bo.Account) != 0) {
			t.Errorf("ada sees %d messages, nobody %d, bo %d", seen(ada.Account), seen(), seen(bo.Account))
		}
		tried := func() (titles []string) {
			t.Helper()
			shown, err := a.sources.DryRun(t.Context(), ada, own, "blog", nil)
			a.must(err)
			for _, s := range shown {
				titles = append(titles, s.Event.ID)
			}
			slices.Sort(titles)
			return titles
		}
		a.must(a.rooms.Players.Disconnect(t.Context(), ada, "blog", "1|posts"))
		if got := tried(); !slices.Equal(got, []string{"2", "3"}) {
			t.Errorf("one entry was deleted, and of the messages there are %q", got)
		}
		var note json.RawMessage
		a.must(d.Write(t.Context(), func(tx *db.Tx) (err error) { note, err = a.sources.Move(tx, ada.Account, bo.Account); return err }))
		if seen(bo.Account) != 3 || bound && seen(ada.Account) != 0 {
			t.Errorf("moved, bo sees %d, ada %d", seen(bo.Account), seen(ada.Account))
		}
		a.must(d.Write(t.Context(), func(tx *db.Tx) error { return a.sources.MoveBack(tx, ada.Account, bo.Account, note) }))
		a.must(a.rooms.Players.Disconnect(t.Context(), ada, "blog", ""))
		if got := seen(ada.Account); got != 0 {
			t.Errorf("all of it was deleted, and %d messages are kept", got)
		}
		send(post("4"), [3]string{"5", "Unheard", `{}`})
		a.leap(31 * 24 * time.Hour)
		a.must(a.sources.Sweep(t.Context()))
		if got := seen(ada.Account); got != 0 {
			t.Errorf("a month later %d messages are kept", got)
		}
		if tallies, err := a.sources.Tallies(t.Context(), own, now()); err != nil || tallies[c.ID].Dropped != 1 {
			t.Errorf("what had to go is counted: %+v, %v", tallies, err)
		}
	})
}
