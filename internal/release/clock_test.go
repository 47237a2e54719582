package release

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/job"
	"cairn/internal/mail"
	"cairn/internal/period"
	"cairn/scorecard"
)

// timed is a club with a clock, and what its managers are told.
type timed struct {
	*club
	clock *Clock
	queue *job.Queue
	told  []string
}

func newTimed(t testing.TB, d *db.DB, r board.Rhythm) *timed {
	t.Helper()
	c := &timed{club: newClub(t, d, clubCard)}
	c.now = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC) // a Monday
	c.start()
	c.set(r)
	return c
}

// start has a program begin: everything is built anew.
func (c *timed) start() {
	c.t.Helper()
	c.build(func() time.Time { return c.now }, 1<<24)
	c.queue = c.rooms.Queue
	c.clock = NewClock(c.releases, c.queue)
	c.queue.Handle(JobRemind, func(_ context.Context, j job.Job) error {
		var r Reminder
		if err := j.Read(&r); err != nil {
			return err
		}
		due := ""
		if !r.Due.IsZero() {
			due = r.Due.In(c.board.Location()).Format(", due 2 Jan 15:04")
		}
		c.told = append(c.told, fmt.Sprint(r.Period, " ", r.State, due))
		return nil
	})
	c.queue.Handle("wind", func(ctx context.Context, _ job.Job) error { return c.clock.Wind(ctx) })
	c.queue.Daily("wind", 3)
}

func (c *timed) set(r board.Rhythm) {
	c.t.Helper()
	if err := c.boards.SetRhythm(context.Background(), identity.Actor{}, c.board, r); err != nil {
		c.t.Fatal(err)
	}
	c.look()
}

// look reads the board again.
func (c *timed) look() {
	c.t.Helper()
	b, err := c.boards.Board(context.Background(), c.board.Key)
	if err != nil {
		c.t.Fatal(err)
	}
	c.board = b
}

// until has the program run, hour by hour, to a local time.
func (c *timed) until(text string) {
	c.t.Helper()
	end, err := time.ParseInLocation("2006-01-02 15:04", text, c.board.Location())
	if err != nil {
		c.t.Fatal(err)
	}
	for {
		c.run()
		if !c.now.Before(end) {
			return
		}
		c.now = sooner(c.now.Add(time.Hour), end)
	}
}

func sooner(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func (c *timed) run() {
	c.t.Helper()
	if _, err := c.queue.RunDue(context.Background()); err != nil {
		c.t.Fatal(err)
	}
}

// turns writes the turns of the board, oldest first.
func (c *timed) turns() string {
	c.t.Helper()
	turns, err := c.clock.Turns(context.Background(), c.board, 1000)
	if err != nil {
		c.t.Fatal(err)
	}
	var texts []string
	for _, t := range slices.Backward(turns) {
		texts = append(texts, fmt.Sprint(t.Period, " ", t.State))
	}
	return strings.Join(texts, ", ")
}

func (c *timed) want(turns string) {
	c.t.Helper()
	if got := c.turns(); got != turns {
		c.t.Fatalf("at %s the turns are\n%s; want\n%s", c.now.In(c.board.Location()).Format("Mon 2 Jan 15:04"), got, turns)
	}
}

func (c *timed) wantTold(told ...string) {
	c.t.Helper()
	if !slices.Equal(c.told, told) {
		c.t.Fatalf("the managers were told %q; want %q", c.told, told)
	}
	c.told = nil
}

func (c *timed) next() Turn {
	c.t.Helper()
	next, ok, err := c.clock.Next(context.Background(), c.board)
	if err != nil || !ok {
		c.t.Fatalf("no next turn: %v %v", ok, err)
	}
	return next
}

var mondays = board.Rhythm{Mode: board.Auto, At: "09:00", Grace: 24}

func TestClock_DraftsTellsAndPublishesAfterTheGrace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newTimed(t, d, mondays)
		m := c.enrol("ada", "bo")
		c.add(m[0], "2026-11-03", "posts", 5)
		if next := c.next(); next.Period.String() != "2026-W45" || next.Releases.Format(time.RFC3339) != "2026-11-10T09:00:00+01:00" {
			t.Errorf("next is %+v", next)
		}
		c.until("2026-11-09 08:59")
		c.want("")
		c.until("2026-11-09 09:00")
		c.want("2026-W45 closed")
		c.wantTold("2026-W45 closed, due 10 Nov 09:00")
		if _, err := c.releases.Preview(context.Background(), c.board, c.period("2026-W45")); err != nil {
			t.Errorf("no draft to look over: %v", err)
		}
		c.add(m[1], "2026-11-04", "posts", 7) // late
		c.until("2026-11-10 08:59")
		c.want("2026-W45 closed")
		c.until("2026-11-10 09:00")
		c.want("2026-W45 released")
		rel, err := c.releases.Latest(context.Background(), c.board)
		if err != nil || rel.Players != 0 || rel.players != 2 {
			t.Errorf("released %+v, %v; want the late player in it", rel, err)
		}
		if turns, err := c.clock.Coming(context.Background(), c.board, 3); err != nil || len(turns) != 3 || turns[2].Period.String() != "2026-W48" {
			t.Errorf("coming %v, %v", turns, err)
		}
		c.wantTold()
		c.until("2026-11-17 10:00")
		c.want("2026-W45 released, 2026-W46 empty")
		c.wantTold("2026-W46 empty, due 17 Nov 09:00", "2026-W46 empty")
		if next := c.next(); next.Period.String() != "2026-W47" || next.State != TurnWaiting {
			t.Errorf("next is %+v", next)
		}
	})
}

func TestClock_ADraftWaitsForAManagerWhoIsReminded(t *testing.T) {
	c := newTimed(t, dbtest.New(t), board.Rhythm{Mode: board.ToDraft, Days: 1, At: "18:00", Grace: 2, From: "2026-W45"})
	m := c.enrol("ada")
	c.add(m[0], "2026-11-03", "posts", 5)
	c.add(m[0], "2026-11-10", "posts", 6)
	c.until("2026-11-20 12:00")
	c.want("2026-W45 closed")
	c.wantTold("2026-W45 closed", "2026-W45 closed", "2026-W45 closed", "2026-W45 closed")
	c.publish("2026-W45") // and the week that waited behind it closes at once
	c.run()
	c.want("2026-W45 released, 2026-W46 closed")
	c.publish("2026-W46")
	c.run()
	if next := c.next(); next.Period.String() != "2026-W47" || next.Closes.Format("Mon 2 Jan 15:04") != "Tue 24 Nov 18:00" {
		t.Errorf("next is %+v", next)
	}
}

func TestClock_CatchesUpWhatWasMissedInOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newTimed(t, d, mondays)
		m := c.enrol("ada", "bo")
		for _, day := range []string{"2026-11-03", "2026-11-10", "2026-11-24", "2026-12-01"} {
			c.add(m[0], day, "posts", 5)
			c.add(m[1], day, "posts", 3)
		}
		c.run()
		c.now = time.Date(2026, 12, 9, 12, 0, 0, 0, time.UTC) // no program ran for five weeks
		c.start()
		c.run()
		c.want("2026-W45 released, 2026-W46 released, 2026-W47 empty, 2026-W48 released, 2026-W49 released")
		c.wantTold()
		all, err := c.releases.Archive(context.Background(), c.board)
		if err != nil || len(all) != 4 || all[0].Previous != all[1].Digest {
			t.Errorf("%d releases, %v; want a chain of four", len(all), err)
		}
	})
}

func TestClock_HeldLeftOutAndTriedAgain(t *testing.T) {
	c := newTimed(t, dbtest.New(t), mondays)
	ctx := context.Background()
	m := c.enrol("ada", "bo")
	for _, day := range []string{"2026-11-03", "2026-11-10", "2026-11-17", "2026-11-24"} {
		c.add(m[0], day, "posts", 5)
	}
	week := c.period("2026-W45")
	wantKind(t, c.clock.Hold(ctx, identity.Actor{}, c.board, week, true), fault.Conflict) // not closed yet
	c.until("2026-11-09 10:00")
	if err := c.clock.Hold(ctx, identity.Actor{}, c.board, week, true); err != nil {
		t.Fatal(err)
	}
	c.until("2026-11-12 10:00")
	c.want("2026-W45 held")
	if err := c.clock.Hold(ctx, identity.Actor{}, c.board, week, false); err != nil {
		t.Fatal(err)
	}
	c.run()
	c.want("2026-W45 released")
	wantKind(t, c.clock.Hold(ctx, identity.Actor{}, c.board, week, true), fault.Conflict) // over

	c.until("2026-11-16 10:00")
	if err := c.clock.LeaveOut(ctx, identity.Actor{}, c.board, c.period("2026-W46")); err != nil {
		t.Fatal(err)
	}
	c.until("2026-11-23 08:00")
	c.told = nil
	card, err := scorecard.Load("club.yaml", []byte(strings.Replace(clubCard, "levels:", "freeze: 2026-W30\nlevels:", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.boards.Revise(ctx, c.board.ID, card); err != nil {
		t.Fatal(err)
	}
	c.look()
	c.until("2026-11-26 12:00")
	c.want("2026-W45 released, 2026-W46 left out, 2026-W47 failed")
	c.wantTold("2026-W47 failed, due 24 Nov 09:00", "2026-W47 failed", "2026-W47 failed")
	turns, err := c.clock.Turns(ctx, c.board, 1)
	if err != nil || !strings.Contains(turns[0].Why, "freeze: 2026-W30") {
		t.Errorf("it failed because of %q, %v", turns[0].Why, err)
	}
	if _, err := c.boards.Revise(ctx, c.board.ID, c.card(clubCard)); err != nil {
		t.Fatal(err)
	}
	c.look()
	if err := c.clock.Again(ctx, c.board, c.period("2026-W47")); err != nil {
		t.Fatal(err)
	}
	c.run()
	c.want("2026-W45 released, 2026-W46 left out, 2026-W47 released")
	c.until("2026-12-01 10:00")
	c.want("2026-W45 released, 2026-W46 left out, 2026-W47 released, 2026-W48 released")
}

func TestClock_AChangedRhythmMovesWhatHasNotBegun(t *testing.T) {
	c := newTimed(t, dbtest.New(t), mondays)
	m := c.enrol("ada")
	for _, day := range []string{"2026-11-03", "2026-11-10", "2026-11-17", "2026-11-24"} {
		c.add(m[0], day, "posts", 5)
	}
	c.until("2026-11-09 10:00")
	c.set(board.Rhythm{Mode: board.Auto, Days: 2, At: "12:00", Grace: 1})
	c.until("2026-11-10 10:00")
	c.want("2026-W45 released") // it was closed, and ends as it began
	if next := c.next(); next.Releases.Format("Mon 2 Jan 15:04") != "Wed 18 Nov 13:00" {
		t.Errorf("next is %+v", next)
	}
	c.until("2026-11-18 13:00")
	c.want("2026-W45 released, 2026-W46 released")
	c.set(board.Rhythm{})
	if _, ok, err := c.clock.Next(context.Background(), c.board); ok || err != nil {
		t.Errorf("a board that is released by hand has a next turn, %v", err)
	}
	c.until("2026-11-27 12:00")
	c.want("2026-W45 released, 2026-W46 released")
	c.set(mondays) // from the week that closes next: the one in between stays with the managers
	c.until("2026-12-01 10:00")
	c.want("2026-W45 released, 2026-W46 released, 2026-W48 released")
	if err := c.boards.SetRhythm(context.Background(), identity.Actor{}, c.board, board.Rhythm{Mode: board.Auto, At: "09:00", From: "2024-W01"}); fault.Of(err) != fault.Invalid {
		t.Errorf("a rhythm that begins years ago: %v", err)
	}
}

// What a clock that ran ahead closed of days that had not come is closed again when they come.
func TestClock_OutlivesAClockThatJumps(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newTimed(t, d, mondays)
		m := c.enrol("ada")
		for _, day := range []string{"2026-11-03", "2026-11-10", "2026-11-17"} {
			c.add(m[0], day, "posts", 5)
		}
		c.until("2026-11-10 09:00")
		c.want("2026-W45 released")
		was := c.now
		c.now = was.AddDate(0, 6, 0)
		c.run()
		c.now = was.Add(10 * time.Minute)
		c.start() // what was published of days to come cannot be taken back; what was found empty is undone
		c.until("2026-11-24 10:00")
		c.want("2026-W45 released, 2026-W46 released, 2026-W47 released")
		c.now = c.now.AddDate(0, 0, -5)
		c.until("2026-12-01 10:00")
		c.want("2026-W45 released, 2026-W46 released, 2026-W47 released, 2026-W48 empty")
	})
}

// A suspended board is not released, and its next periods go on once it is open.
func TestClock_PassesOverASuspendedBoard(t *testing.T) {
	c := newTimed(t, dbtest.New(t), mondays)
	m := c.enrol("ada")
	c.add(m[0], "2026-11-03", "posts", 5)
	c.add(m[0], "2026-11-10", "posts", 5)
	suspend := func(why string) {
		if err := c.boards.Suspend(context.Background(), identity.Actor{Operator: true}, c.board, why); err != nil {
			t.Fatal(err)
		}
		c.look()
	}
	suspend("abuse")
	if _, ok, _ := c.clock.Next(context.Background(), c.board); ok {
		t.Error("a suspended board has a next release")
	}
	c.until("2026-11-11 12:00")
	c.want("2026-W45 empty")
	suspend("")
	c.until("2026-11-17 12:00")
	c.want("2026-W45 empty, 2026-W46 released")
}

func TestClock_PurgesEveryBoardByItself(t *testing.T) {
	c := newTimed(t, dbtest.New(t), mondays)
	m := c.enrol("ada")
	c.add(m[0], "2026-11-03", "posts", 5)
	c.add(m[0], "2026-11-10", "posts", 6)
	c.until("2026-11-17 10:00")
	receipts := func() int {
		if err := c.clock.Purge(context.Background()); err != nil {
			t.Fatal(err)
		}
		c.run()
		all, err := c.entries.Receipts(context.Background(), c.board.ID)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	if n := receipts(); n != 0 {
		t.Errorf("%d receipts before anything was due", n)
	}
	c.now = c.now.AddDate(0, 0, 82) // 90 days after the first week
	if n := receipts(); n != 1 {
		t.Errorf("%d receipts, want one", n)
	}
	if n := receipts(); n != 1 {
		t.Errorf("%d receipts after a second run, want one", n)
	}
	left, err := c.queue.List(context.Background(), job.Filter{State: job.Dead})
	if err != nil || len(left) != 0 {
		t.Errorf("dead jobs %+v, %v", left, err)
	}
}

// zoned is a board in a zone, and the local times at which it is to be released.
type zoned struct {
	zone  string
	r     board.Rhythm
	board *board.Board
}

// Weeks pass in a moment: the real queue and the real clock, on days when clocks go forward and back in both hemispheres.
func TestClock_WeeksAcrossDaylightSaving(t *testing.T) {
	for _, season := range []struct {
		from  time.Time
		weeks int
	}{
		{time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), 5}, {time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC), 9},
	} {
		t.Run(season.from.Format("2006-01"), func(t *testing.T) {
			address := dbtest.SQLite(t)
			synctest.Test(t, func(t *testing.T) {
				ahead := time.Until(season.from)
				now := func() time.Time { return time.Now().Add(ahead) }
				rooms := boardtest.New(t, dbtest.Open(t, address), now)
				releases := room(rooms, rooms.Boards, rooms.Entries, now, 1<<24)
				NewClock(releases, rooms.Queue)
				rooms.Queue.Look(time.Hour)
				ctx, stop := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- rooms.Queue.Run(ctx, slog.New(slog.DiscardHandler)) }()
				boards := []*zoned{
					{zone: "Europe/Berlin", r: mondays},
					{zone: "Europe/Berlin", r: board.Rhythm{Mode: board.Auto, Days: 6, At: "02:30"}}, // Sundays, when clocks change
					{zone: "America/New_York", r: board.Rhythm{Mode: board.Auto, Days: 5, At: "20:00", Grace: 24}},
					{zone: "Australia/Lord_Howe", r: board.Rhythm{Mode: board.Auto, Days: 6, At: "02:10"}},
					{zone: "America/Santiago", r: board.Rhythm{Mode: board.Auto, Days: 6, At: "00:00"}}, // no such midnight in September
					{zone: "Asia/Beirut", r: board.Rhythm{Mode: board.Auto, Days: 6, At: "00:00", Grace: 12}},
				}
				for i, z := range boards {
					z.begin(t, rooms, i, now(), season.weeks)
				}
				time.Sleep(time.Duration(season.weeks*7+8) * 24 * time.Hour)
				stop()
				if err := <-ended; err != nil {
					t.Fatal(err)
				}
				for _, z := range boards {
					z.check(t, releases, season.weeks)
				}
			})
		})
	}
}

// begin makes the board, with an entry a week to come.
func (z *zoned) begin(t *testing.T, rooms boardtest.Rooms, i int, now time.Time, weeks int) {
	t.Helper()
	ctx := t.Context()
	card, err := scorecard.Load("club.yaml", []byte(clubCard))
	if err != nil {
		t.Fatal(err)
	}
	z.r.From = period.Of(scorecard.Week, now, time.UTC).String()
	if z.board, err = rooms.Boards.Create(ctx, card, board.Settings{Key: fmt.Sprint("club-", i), Zone: z.zone, Basis: board.Things, Rhythm: z.r}); err != nil {
		t.Fatal(err)
	}
	numbers, err := rooms.Boards.Enrol(ctx, z.board.ID, board.ByKey, []board.Member{{Key: "ada", Name: "Ada"}, {Key: "bo", Name: "Bo"}})
	if err != nil {
		t.Fatal(err)
	}
	var batch []entry.Entry
	for week := range weeks {
		at := now.AddDate(0, 0, 7*week+1).UnixMicro()
		batch = append(batch, entry.Entry{Member: numbers[0], Key: "posts", At: at, Value: 5, ID: fmt.Sprint("a", week)},
			entry.Entry{Member: numbers[1], Key: "posts", At: at, Value: float64(week), ID: fmt.Sprint("b", week)})
	}
	if _, err := rooms.Entries.Append(ctx, z.board.ID, "test", batch, false); err != nil {
		t.Fatal(err)
	}
}

// check wants every week released once, in order, at the instant that the wall shows.
func (z *zoned) check(t *testing.T, releases *Releases, weeks int) {
	t.Helper()
	all, err := releases.Archive(t.Context(), z.board)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(all)
	if len(all) < weeks-1 {
		t.Errorf("%s %+v: %d releases in %d weeks", z.zone, z.r, len(all), weeks)
	}
	want, _ := z.r.Start(scorecard.Week)
	for i, rel := range all {
		due := z.wall(t, rel.Period)
		if late := rel.Published.Sub(due); rel.Period != want.Add(i) || late < 0 || late > 2*time.Second {
			t.Errorf("%s: release %d is of %s, published %s; it was due %s", z.zone, i, rel.Period, rel.Published.In(z.board.Location()), due)
		}
	}
}

// wall finds the instant of a release minute by minute.
func (z *zoned) wall(t *testing.T, p period.Period) time.Time {
	t.Helper()
	clock, err := time.Parse("15:04", z.r.At)
	if err != nil {
		t.Fatal(err)
	}
	sunday, err := time.Parse(time.DateOnly, p.Last.String())
	if err != nil {
		t.Fatal(err)
	}
	wanted := sunday.AddDate(0, 0, 1+z.r.Days).Add(time.Duration(clock.Hour()+z.r.Grace)*time.Hour + time.Duration(clock.Minute())*time.Minute).Format("2006-01-02 15:04")
	for at := sunday; ; at = at.Add(time.Minute) {
		if at.In(z.board.Location()).Format("2006-01-02 15:04") >= wanted {
			return at
		}
	}
}

// Whatever the rhythm, and whenever programs run: no period is skipped, none begins twice, one at a time is open, and none is
// released before its instant.
func TestClock_NoPeriodIsSkippedAndNoneIsTwice(t *testing.T) {
	c := newTimed(t, dbtest.New(t), board.Rhythm{})
	ctx := context.Background()
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		if n++; n > 25 {
			return // enough: each is a board on a real database
		}
		c.now = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
		unit := rapid.SampledFrom([]scorecard.Period{scorecard.Day, scorecard.Week, scorecard.Fortnight, scorecard.Month}).Draw(r, "unit")
		rhythm := func() board.Rhythm {
			most := map[scorecard.Period]int{scorecard.Day: 23, scorecard.Week: 167}[unit]
			if most == 0 {
				most = 335
			}
			return board.Rhythm{Mode: rapid.SampledFrom([]board.Mode{board.Auto, board.Auto, board.ToDraft}).Draw(r, "mode"), Days: rapid.IntRange(0, 27).Draw(r, "days"),
				At: fmt.Sprintf("%02d:%02d", rapid.IntRange(0, 23).Draw(r, "hour"), rapid.IntRange(0, 59).Draw(r, "minute")), Grace: rapid.IntRange(0, most).Draw(r, "grace")}
		}
		zone := rapid.SampledFrom([]string{"Europe/Berlin", "America/Santiago", "Asia/Beirut", "Australia/Lord_Howe"}).Draw(r, "zone")
		b, err := c.boards.Create(ctx, c.card(strings.Replace(clubCard, "name: Club", "name: Club\nperiod: "+string(unit), 1)),
			board.Settings{Key: fmt.Sprint("club-", n), Zone: zone, Basis: board.Things, Rhythm: rhythm()})
		if err != nil {
			r.Fatal(err)
		}
		c.board = b
		defer func() { // the clock has nothing to do with it any more
			if err := c.boards.SetRhythm(ctx, identity.Actor{}, b, board.Rhythm{}); err != nil {
				r.Fatal(err)
			}
		}()
		m := c.enrol("ada")
		for range rapid.IntRange(1, 8).Draw(r, "steps") {
			switch rapid.IntRange(0, 6).Draw(r, "what") {
			case 0:
				if err := c.boards.SetRhythm(ctx, identity.Actor{}, c.board, rhythm()); err != nil {
					r.Fatal(err)
				}
				c.look()
			case 1:
				c.add(m[0], c.now.In(b.Location()).AddDate(0, 0, 1).Format(time.DateOnly), "posts", 1)
			case 2:
				if next := c.next(); !next.Ended && next.State != TurnWaiting {
					if _, err := c.releases.Publish(ctx, c.board, next.Period, false); err != nil && fault.Of(err) != fault.Conflict {
						r.Fatal(err)
					}
				}
			case 3:
				c.start()
			}
			c.now = c.now.Add(time.Duration(rapid.IntRange(0, 20*24*60).Draw(r, "minutes")) * time.Minute)
			c.run()
			c.sound(r)
		}
	})
}

// sound checks what holds of the turns of a board at any instant after the jobs that were due.
func (c *timed) sound(r *rapid.T) {
	turns, err := c.clock.Turns(context.Background(), c.board, 1000)
	if err != nil {
		r.Fatal(err)
	}
	slices.Reverse(turns)
	for i, t := range turns {
		switch {
		case i > 0 && t.Period != turns[i-1].Period.Add(1):
			r.Fatalf("%s comes after %s", t.Period, turns[i-1].Period)
		case !t.Ended && i < len(turns)-1:
			r.Fatalf("%s is open still, and %s has begun", t.Period, turns[i+1].Period)
		case t.Closes.After(c.now):
			r.Fatalf("%s closed before its instant", t.Period)
		case t.State == TurnReleased && t.Release == "" || t.State == TurnEmpty && t.Ended && t.Releases.After(c.now):
			r.Fatalf("%s is %s at %s", t.Period, t.State, c.now)
		}
	}
	next := c.next()
	if next.State == TurnWaiting && !next.Closes.After(c.now) || next.State == TurnEmpty && next.Releases.Before(c.now) ||
		c.board.Rhythm.Mode == board.Auto && next.State == TurnClosed && !next.Releases.After(c.now) {
		r.Fatalf("at %s, %+v was not done", c.now, next)
	}
}

// ticker is the environment variable by which the test starts itself as a program that runs the clock until it is killed.
const ticker = "CAIRN_TEST_TICKER"

// tickUntilKilled runs the jobs of a database, and hangs where it is told to: while it publishes, or after it has closed.
func tickUntilKilled(address, where string) error {
	ctx := context.Background()
	d, err := db.Open(ctx, address)
	if err != nil {
		return err
	}
	post, err := mail.New(mail.Server{})
	if err != nil {
		return err
	}
	now := func() time.Time { return time.Now().Add(tickerAhead) }
	rooms, err := boardtest.Build(d, now, post)
	if err != nil {
		return err
	}
	releases := room(rooms, rooms.Boards, rooms.Entries, now, 1<<20)
	clock := NewClock(releases, rooms.Queue)
	hang := func(doing string) {
		if doing == where {
			fmt.Println(doing)
			time.Sleep(time.Minute)
		}
	}
	releases.WhenFinal(func(*db.Tx, Made) error { hang("publishing"); return nil })
	rooms.Queue.Handle(jobClose, func(ctx context.Context, j job.Job) error {
		err := clock.closePeriod(ctx, j)
		hang("closed")
		return err
	})
	return rooms.Queue.Run(ctx, slog.New(slog.DiscardHandler))
}

// tickerAhead brings programs from the test's real time to long after its weeks.
const tickerAhead = 60 * 24 * time.Hour

// One program is killed in the middle, and two others go on: every week is closed and released once.
func TestClock_ProgramsShareAndDieWithoutSkippingOrRepeating(t *testing.T) {
	for _, where := range []string{"publishing", "closed"} {
		dbtest.EachAddress(t, func(t *testing.T, address string) {
			ctx := context.Background()
			d := dbtest.Open(t, address)
			rooms := boardtest.New(t, d, time.Now)
			z := zoned{zone: "Europe/Berlin", r: board.Rhythm{Mode: board.Auto, At: "09:00"}}
			z.begin(t, rooms, 0, time.Now(), 4)

			program := exec.Command(os.Args[0])
			program.Env = append(os.Environ(), ticker+"="+address, ticker+"_WHERE="+where)
			program.Stderr = os.Stderr
			out, err := program.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := program.Start(); err != nil {
				t.Fatal(err)
			}
			if lines := bufio.NewScanner(out); !lines.Scan() || lines.Text() != where {
				t.Fatalf("the program says %q", lines.Text())
			}
			if err := errors.Join(program.Process.Kill(), ignoreKilled(program.Wait())); err != nil {
				t.Fatal(err)
			}

			now := func() time.Time { return time.Now().Add(tickerAhead + 6*time.Minute) } // the dead program's lease is over
			var stops []func()
			for range 2 {
				rooms := boardtest.New(t, dbtest.Open(t, address), now)
				releases := room(rooms, rooms.Boards, rooms.Entries, now, 1<<20)
				NewClock(releases, rooms.Queue)
				rooms.Queue.Handle(JobRemind, func(context.Context, job.Job) error { return nil })
				running, stop := context.WithCancel(ctx)
				ended := make(chan error, 1)
				go func() { ended <- rooms.Queue.Run(running, slog.New(slog.DiscardHandler)) }()
				stops = append(stops, func() {
					stop()
					if err := <-ended; err != nil {
						t.Error(err)
					}
				})
			}
			watch := boardtest.New(t, d, now)
			clock := NewClock(room(watch, watch.Boards, watch.Entries, now, 1<<20), watch.Queue)
			var turns []Turn
			for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
				next, _, err := clock.Next(ctx, z.board)
				if err != nil {
					t.Fatal(err)
				}
				if next.State == TurnWaiting && next.Closes.After(now()) {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("it hangs at %+v", next)
				}
			}
			for _, stop := range stops {
				stop()
			}
			if turns, err = clock.Turns(ctx, z.board, 100); err != nil {
				t.Fatal(err)
			}
			slices.Reverse(turns)
			released := 0
			for i, turn := range turns {
				if !turn.Ended || i > 0 && turn.Period != turns[i-1].Period.Add(1) {
					t.Errorf("turn %d is %+v", i, turn)
				}
				if turn.State == TurnReleased {
					released++
				}
			}
			all, err := clock.releases.Archive(ctx, z.board)
			if err != nil || released < 4 || len(all) != released {
				t.Errorf("%d weeks released, %d releases, %v", released, len(all), err)
			}
		})
	}
}

// ignoreKilled takes the end of a killed program for what was wanted.
func ignoreKilled(err error) error {
	if e := (*exec.ExitError)(nil); errors.As(err, &e) {
		return nil
	}
	return err
}
