package board_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/job"
	"cairn/internal/period"
	"cairn/scorecard"
)

// In Berlin it is Monday, 23 November 2026, 08:00.
func rhythmic(t *testing.T, d *db.DB, unit scorecard.Period) (boardtest.Rooms, *board.Board) {
	t.Helper()
	w := boardtest.New(t, d, func() time.Time { return time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC) })
	b, err := w.Boards.Create(context.Background(), load(t, "scorecard: 1\nkey: r\nname: R\nperiod: "+string(unit)+"\nparts: [{key: posts}]"), board.Settings{Basis: board.Things, Zone: "Europe/Berlin"})
	if err != nil {
		t.Fatal(err)
	}
	return w, b
}

func TestSetRhythm_BeginsWithThePeriodThatClosesNext(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, b := rhythmic(t, d, scorecard.Week)
		ctx := context.Background()
		set := func(r board.Rhythm) board.Rhythm {
			t.Helper()
			if err := w.Boards.SetRhythm(ctx, identity.Actor{}, b, r); err != nil {
				t.Fatal(err)
			}
			now, err := w.Boards.Board(ctx, b.Key)
			if err != nil {
				t.Fatal(err)
			}
			return now.Rhythm
		}
		for _, c := range []struct {
			at, from, is string
			days         int
		}{
			{"09:00", "", "2026-W47", 0}, {"9:00", "", "2026-W47", 0}, // what holds goes on
			{"07:00", "2026-W40", "2026-W40", 0}, {"07:00", "", "2026-W40", 3},
		} {
			if got := set(board.Rhythm{Mode: board.Auto, Days: c.days, At: c.at, Grace: 24, From: c.from}); got.From != c.is || len(got.At) != 5 {
				t.Errorf("%+v holds from %s", c, got.From)
			}
		}
		if got := set(board.Rhythm{At: "25:00"}); got != (board.Rhythm{}) { // by hand, nothing else matters
			t.Errorf("by hand is %+v", got)
		}
		for _, c := range []struct {
			at, is string
			days   int
		}{{"07:59", "2026-W48", 0}, {"08:00", "2026-W48", 0}, {"08:01", "2026-W47", 0}, {"00:00", "2026-W46", 8}} {
			set(board.Rhythm{})
			if got := set(board.Rhythm{Mode: board.ToDraft, Days: c.days, At: c.at}); got.From != c.is {
				t.Errorf("%+v begins with %s", c, got.From)
			}
		}
		jobs, err := w.Queue.List(ctx, job.Filter{Kind: board.JobWind})
		if err != nil || len(jobs) != 1 || jobs[0].Key != b.ID {
			t.Errorf("the clock is told by %+v, %v; want one job", jobs, err)
		}
		events, err := w.Boards.Trail(ctx, b, "", 1)
		if err != nil || events[0].Verb != "board.rhythm" || events[0].Detail["from"] != "2026-W46" {
			t.Errorf("the trail says %+v, %v", events, err)
		}
	})
}

func TestSetRhythm_RefusesWhatCannotBe(t *testing.T) {
	for _, c := range []struct {
		unit        scorecard.Period
		r           board.Rhythm
		field, says string
	}{
		{scorecard.Week, board.Rhythm{Mode: "weekly", At: "09:00"}, "mode", "auto"},
		{scorecard.Week, board.Rhythm{Mode: board.Auto, At: "9 am"}, "at", "09:00"},
		{scorecard.Week, board.Rhythm{Mode: board.Auto, At: "24:00"}, "at", "09:00"},
		{scorecard.Week, board.Rhythm{Mode: board.Auto, Days: 28, At: "09:00"}, "days", "27"},
		{scorecard.Week, board.Rhythm{Mode: board.Auto, Days: -1, At: "09:00"}, "days", "27"},
		{scorecard.Week, board.Rhythm{Mode: board.Auto, At: "09:00", Grace: 168}, "grace", "167 hours"},
		{scorecard.Day, board.Rhythm{Mode: board.Auto, At: "09:00", Grace: 24}, "grace", "23 hours"},
		{scorecard.Year, board.Rhythm{Mode: board.Auto, At: "09:00", Grace: 337}, "grace", "336 hours"},
		{scorecard.Week, board.Rhythm{Mode: board.Auto, At: "09:00", From: "2026-11"}, "from", "2026-W47"},
		{scorecard.Week, board.Rhythm{Mode: board.Auto, At: "09:00", From: "2024-W01"}, "from", "too long ago"},
	} {
		w, b := rhythmic(t, dbtest.New(t), c.unit)
		err := w.Boards.SetRhythm(context.Background(), identity.Actor{}, b, c.r)
		f := (*fault.Fault)(nil)
		if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Field != c.field || !strings.Contains(f.Message, c.says) {
			t.Errorf("%+v: %v; want an invalid %s that says %q", c.r, err, c.field, c.says)
		}
	}
}

func TestRhythm_GraceIsCountedOnTheClockOnTheWall(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	week, err := period.Parse(scorecard.Week, "2026-W42")
	if err != nil {
		t.Fatal(err)
	}
	closes, releases := board.Rhythm{Days: 5, At: "09:00", Grace: 24}.Instants(week, zone)
	if closes.Format(time.RFC3339) != "2026-10-24T09:00:00+02:00" || releases.Format(time.RFC3339) != "2026-10-25T09:00:00+01:00" {
		t.Errorf("it closes %s and is released %s", closes, releases)
	}
}

func TestRedesign_BringsTheRhythm(t *testing.T) {
	w, b := rhythmic(t, dbtest.New(t), scorecard.Week)
	ctx := context.Background()
	d, err := w.Boards.Design(ctx, b)
	if err != nil {
		t.Fatal(err)
	}
	d.Rhythm = board.Rhythm{Mode: board.Auto, Days: 1, At: "9:00", Grace: 6}
	text := string(d.Write())
	if !strings.Contains(text, `rhythm: {mode: auto, days: 1, at: "9:00", grace: 6}`) {
		t.Fatalf("the file says\n%s", text)
	}
	read, err := board.ReadDesign("b.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Boards.Redesign(ctx, identity.Actor{}, b, read); err != nil {
		t.Fatal(err)
	}
	now, err := w.Boards.Board(ctx, b.Key)
	if want := (board.Rhythm{Mode: board.Auto, Days: 1, At: "09:00", Grace: 6, From: "2026-W47"}); err != nil || now.Rhythm != want {
		t.Errorf("the rhythm is %+v, %v; want %+v", now.Rhythm, err, want)
	}
	if d, err = w.Boards.Design(ctx, now); err != nil || d.Rhythm.From != "" {
		t.Errorf("a design says since when: %+v, %v", d.Rhythm, err)
	}
	_, err = board.ReadDesign("b.yaml", []byte(strings.Replace(text, "grace: 6", "grace: 600", 1)))
	if problems := (scorecard.Problems)(nil); !errors.As(err, &problems) || problems[0].Line < 5 || !strings.Contains(problems[0].Message, "167 hours") {
		t.Errorf("a grace that is too long: %v", err)
	}
}
