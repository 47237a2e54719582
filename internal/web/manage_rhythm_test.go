package web

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/job"
	"cairn/internal/period"
	"cairn/scorecard"
)

// after sends a form and reads the page that it leads to.
func (b *guest) after(path string, fields ...string) answer {
	b.t.Helper()
	a := b.send(path, fields...)
	if a.StatusCode != http.StatusSeeOther {
		b.t.Fatalf("%s answers %d: %s", path, a.StatusCode, words(mustRead(b.t, a.body).Find("main")))
	}
	return b.get(a.Header.Get("Location"))
}

// The rhythm of a board as its people meet it, from setting it to the release that comes out by itself.
func TestRhythm_IsSetKeptAndSeenOnEveryPage(t *testing.T) {
	w := newWorld(t) // Monday, 23 November 2026, 09:00 UTC
	c := w.club(board.Settings{Stage: board.Open, Zone: "Europe/Berlin"})
	member := c.joins("Ada Lovelace", "all", "yes")
	at := c.at("/manage/rhythm")
	page := c.manager.get(at)
	page.want(t, http.StatusOK, "Nothing happens by itself")
	if a := member.get(c.at("")); strings.Contains(a.body, "comes out on") {
		t.Error("a board that is released by hand says when its next release comes")
	}

	c.manager.send(at, "mode", "auto", "days", "1", "at", "25:00", "grace", "24").want(t, http.StatusUnprocessableEntity, "A time of day looks like 09:00")
	c.manager.send(at, "mode", "auto", "days", "1", "at", "09:00", "grace", "many").want(t, http.StatusUnprocessableEntity, "no whole number")
	c.manager.after(at, "mode", "auto", "days", "1", "at", "09:00", "grace", "24").want(t, http.StatusOK, "Each week closes on the Tuesday after it, at 09:00. It is released 24 hours later.")
	page = c.manager.get(at)
	beats := mustRead(t, page.body).Find(".beats li")
	if got := words(beats.First()); !strings.Contains(got, "Week 47") || !strings.Contains(got, "closes Tue 24 Nov 2026, 09:00 CET") || !strings.Contains(got, "is released Wed 25 Nov 2026, 09:00 CET") || beats.Length() != 3 {
		t.Errorf("what comes: %q of %d", got, beats.Length())
	}
	for path, g := range map[string]*guest{"": member, "/methodology": member, "/membership": member, "/archive": c.manager, "/manage/trail": c.manager} {
		due := mustRead(t, g.get(c.at(path)).body).Find("p.due time")
		if due.AttrOr("datetime", "") != "2026-11-25T08:00:00Z" || words(due) != "Wed 25 Nov 2026, 09:00 CET" || due.Length() != 1 {
			t.Errorf("%s says %q of the next release, %d times", path, words(due), due.Length())
		}
	}
	if got := words(mustRead(t, member.get("/me").body).Find("p.due")); got != "Week 47, 16–22 Nov 2026 comes out on Wed 25 Nov 2026, 09:00 CET, in 47 hours." {
		t.Errorf("one's own boards say %q", got)
	}
	if a := member.get(c.at("/next.json")); !strings.Contains(a.body, `"releases_at": "2026-11-25T09:00:00+01:00"`) {
		t.Errorf("programs read %s", a.body)
	}

	// It closes; a manager holds it and lets it go on; it comes out.
	run := func(at time.Time) {
		t.Helper()
		w.clock = at
		if _, err := w.rooms.Queue.RunDue(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	run(time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC))
	page = c.manager.get(at)
	page.want(t, http.StatusOK, "Week 47: Nothing to release") // nobody brought anything yet
	c.manager.get(c.at("/manage/releases")).want(t, http.StatusOK, "Week 47 is published by itself on Wed 25 Nov 2026, 09:00 CET")
	turn := at + "/turn"
	member.send(turn, "period", "2026-W47", "do", "hold").want(t, http.StatusNotFound, "")
	c.manager.after(turn, "period", "2026-W47", "do", "hold").want(t, http.StatusOK, "Week 47: Held")
	run(time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC))
	c.manager.get(at).want(t, http.StatusOK, "Let it go on")
	if got := words(mustRead(t, member.get(c.at("")).body).Find("p.due")); !strings.Contains(got, "was expected on Wed 25 Nov 2026") || strings.Contains(got, "held") {
		t.Errorf("a late release is told as %q", got)
	}
	if a := member.get(c.at("/next.json")); !strings.Contains(a.body, `"state": "closed"`) {
		t.Errorf("programs read %s", a.body)
	}
	c.manager.send(turn, "period", "2026-W47", "do", "dance").want(t, http.StatusUnprocessableEntity, "Press one of the buttons")
	c.manager.after(turn, "period", "2026-W47", "do", "leave").want(t, http.StatusOK, "Left out")
	c.manager.send(turn, "period", "2026-W47", "do", "go").want(t, http.StatusConflict, "is over")
	c.manager.get(c.at("/manage/trail")).want(t, http.StatusOK, "left a period without a release")
}

// Whoever runs the server sees what went wrong and has it tried again; nobody else finds the page.
func TestOperate_ShowsWorkAndTriesItAgain(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	broken := true
	w.rooms.Queue.Handle("letter", func(context.Context, job.Job) error {
		if broken {
			return fault.New(fault.Invalid, "the box is gone")
		}
		return nil
	})
	enqueue := func(key string) {
		t.Helper()
		if err := w.db.Write(ctx, func(tx *db.Tx) error { return w.rooms.Queue.Enqueue(tx, "letter", key, nil, w.clock) }); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"a", "b", "c"} {
		enqueue(key)
	}
	if _, err := w.rooms.Queue.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	stranger := w.guest()
	stranger.in("eve@example.org")
	stranger.get("/operate").want(t, http.StatusNotFound, "")
	stranger.send("/operate/again", "kind", "letter").want(t, http.StatusNotFound, "")
	runner := w.guest()
	runner.agent = ""
	_, secret, _ := strings.Cut(w.operator("root@example.org").cookie, "=")
	runner.cookies["__Host-cairn"] = &http.Cookie{Name: "__Host-cairn", Value: secret}
	page := runner.get("/operate")
	page.want(t, http.StatusOK, "invalid: the box is gone")
	rows := mustRead(t, page.body).Find("#jobs").Parent().Find("tbody tr")
	if rows.Length() != 3 {
		t.Errorf("%d dead jobs are listed", rows.Length())
	}
	runner.get("/me").want(t, http.StatusOK, "The work of this server")
	id := rows.First().Find("input[name=job]").AttrOr("value", "")
	runner.after("/operate/again", "job", id).want(t, http.StatusOK, "It runs within a second")
	runner.send("/operate/again", "job", id).want(t, http.StatusConflict, "not dead any more")
	runner.after("/operate/again", "kind", "letter").want(t, http.StatusOK, "one after another")
	broken = false
	if ran, err := w.rooms.Queue.RunDue(ctx); err != nil || ran != 3 {
		t.Errorf("%d ran, %v", ran, err)
	}
	if strings.Contains(w.log.String(), "the box") {
		t.Error("the log tells what the page is for")
	}
}

// What was deleted of a board's raw entries is told to those who run it and to the players whose entries they were.
func TestPurge_LeavesReceiptsThatPlayersSee(t *testing.T) {
	w := newWorld(t)
	c := w.club(board.Settings{Retention: 30})
	member := c.joins("Ada Lovelace", "all", "yes")
	member.get(c.at("/membership")).want(t, http.StatusOK, "older than 30 days")
	entries := []entry.Entry{{Member: c.member("Ada Lovelace").Number, Key: "calls", At: w.clock.UnixMicro(), Value: 3, ID: "a"}}
	if _, err := w.entries.Append(context.Background(), c.board.ID, "test", entries, false); err != nil {
		t.Fatal(err)
	}
	w.clock = w.clock.AddDate(0, 0, 10)
	p, err := period.Parse(scorecard.Week, "2026-W48")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.releases.Publish(context.Background(), c.board, p, false); err != nil {
		t.Fatal(err)
	}
	w.clock = w.clock.AddDate(0, 0, 60)
	if err := w.ticker.Purge(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.rooms.Queue.RunDue(context.Background()); err != nil {
		t.Fatal(err)
	}
	if left, err := w.rooms.Queue.List(context.Background(), job.Filter{}); err != nil || len(left) != 0 {
		t.Errorf("left %+v, %v", left, err)
	}
	member.in("ada.lovelace@example.org")
	c.manager.in("manager@example.org")
	for path, g := range map[string]*guest{"/membership": member, "/manage/data": c.manager} {
		line := mustRead(t, g.get(c.at(path)).body).Find("#purged").Parent().Find("tbody tr")
		if line.Length() != 1 || !strings.Contains(words(line), "1 February 2027") {
			t.Errorf("%s shows %q", path, words(line))
		}
	}
}
