package target_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/target"
	"cairn/scorecard"
)

const card = `
scorecard: 1
key: club
name: Club
designer: {name: A, statement: none}
tags: [team]
parts:
  - {key: calls, normalise: {minmax: {from: 0, to: 10}}}
  - {key: quality, normalise: {minmax: {from: 0, to: 10}}}
`

var ctx = context.Background()

type world struct {
	t       *testing.T
	rooms   boardtest.Rooms
	targets *target.Targets
	board   *board.Board
	now     time.Time
	manager identity.Actor
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	now := func() time.Time { return w.now }
	w.rooms = boardtest.New(t, d, now)
	w.targets = target.New(d, w.rooms.Boards, w.rooms.Trail, now)
	w.rooms.Players.Keep(w.targets)
	loaded, err := scorecard.Load("club.yaml", []byte(card))
	if err != nil {
		t.Fatal(err)
	}
	if w.board, err = w.rooms.Boards.Create(ctx, loaded, board.Settings{Zone: "Pacific/Auckland"}); err != nil {
		t.Fatal(err)
	}
	w.manager = w.rooms.SignIn(t, "manager@example.org")
	return w
}

func (w *world) set(wanted target.Target) target.Target {
	w.t.Helper()
	set, err := w.targets.Set(ctx, w.manager, w.board, wanted)
	if err != nil {
		w.t.Fatal(err)
	}
	w.now = w.now.Add(time.Hour)
	return set
}

func (w *world) held(at time.Time) (all []string) {
	w.t.Helper()
	held, err := w.targets.InForce(ctx, w.board.ID, at)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, h := range held {
		all = append(all, strings.TrimSpace(fmt.Sprint(h.Metric, " ", h.Scope, " ", h.Group, " ", h.Path[0].Value)))
	}
	return all
}

func each(metric string, value float64) target.Target {
	return target.Target{Metric: metric, Scope: target.Player, Member: target.Everyone, Path: []target.Point{{Day: "2026-12-31", Value: value}}}
}

func TestTargets_StayAsTheyStoodWhenAReleaseWasPublished(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		first := w.set(each("calls", 5))
		if first.From != "2026-11-23" || first.By != w.manager.Account || first.ID == "" {
			t.Errorf("set %+v; in Auckland it is the 23rd", first)
		}
		w.set(each("", 60))
		then := w.now
		w.set(each("calls", 7))
		w.set(target.Target{Metric: "calls", Scope: target.Team, Group: "team", Tag: "red", Path: first.Path})
		if got, want := w.held(w.now), []string{" player  60", "calls player  7", "calls team team 5"}; !slices.Equal(trimmed(got), trimmed(want)) {
			t.Errorf("now %q hold", got)
		}
		if got, want := w.held(then.Add(-time.Minute)), []string{"calls player  5", "player  60"}; !slices.Equal(trimmed(got), trimmed(want)) {
			t.Errorf("before the change %q held", got)
		}
		if got := w.held(first.Set.Add(-time.Microsecond)); got != nil {
			t.Errorf("before anything was set %q held", got)
		}
		all, err := w.targets.List(ctx, w.board)
		if err != nil || len(all) != 4 || all[0].Ended.IsZero() || !target.Since(all, all[2]).Equal(first.Set) {
			t.Errorf("all there ever was: %+v, %v", all, err)
		}
		if err := w.targets.End(ctx, w.manager, w.board, all[2].ID); err != nil {
			t.Fatal(err)
		}
		if err := w.targets.End(ctx, w.manager, w.board, all[2].ID); fault.Of(err) != fault.NotFound {
			t.Errorf("ended twice: %v", err)
		}
		if got := w.held(w.now); len(got) != 2 {
			t.Errorf("after one ended %q hold", got)
		}
		other := target.New(d, w.rooms.Boards, w.rooms.Trail, func() time.Time { return w.now })
		if again, err := other.List(ctx, w.board); err != nil || len(again) != 4 || !reflect.DeepEqual(again[0], all[0]) {
			t.Errorf("read anew: %+v, %v", again, err)
		}
		events, err := w.rooms.Trail.OfBoard(ctx, w.board.ID, "", 10)
		if err != nil || events[0].Verb != "target.end" || events[1].Verb != "target.set" || events[0].Actor != w.manager.Account {
			t.Errorf("the trail: %v, %v", events, err)
		}
	})
}

func trimmed(texts []string) (all []string) {
	for _, text := range texts {
		all = append(all, strings.Join(strings.Fields(text), " "))
	}
	slices.Sort(all)
	return all
}

func TestMoveToTeam_EndsWhatHeldPlayersOneByOne(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	numbers, err := w.rooms.Boards.Enrol(ctx, w.board.ID, board.ByKey, []board.Member{{Key: "ada"}})
	if err != nil {
		t.Fatal(err)
	}
	all, score := w.set(each("calls", 5)), w.set(each("", 60))
	one := each("calls", 9)
	one.Member = numbers[0]
	w.set(one)
	if _, err := w.targets.MoveToTeam(ctx, w.manager, w.board, score.ID, "team"); fault.Of(err) != fault.Invalid {
		t.Errorf("the score was moved to the team: %v", err)
	}
	if _, err := w.targets.MoveToTeam(ctx, w.manager, w.board, all.ID, "shoe"); fault.Of(err) != fault.Invalid {
		t.Errorf("moved to teams that there are none of: %v", err)
	}
	team, err := w.targets.MoveToTeam(ctx, w.manager, w.board, all.ID, "team")
	if err != nil || !team.Moved || team.Scope != target.Team || team.Path[0] != all.Path[0] {
		t.Fatalf("moved: %+v, %v", team, err)
	}
	w.now = w.now.Add(time.Hour)
	if got, want := trimmed(w.held(w.now)), []string{"calls team team 5", "player 60"}; !slices.Equal(got, want) {
		t.Errorf("%q hold", got)
	}
	if _, err := w.targets.Set(ctx, w.manager, w.board, each("calls", 3)); fault.Of(err) != fault.Conflict {
		t.Errorf("players are held against the team's metric one by one again: %v", err)
	}
	raised := team
	raised.Path = []target.Point{{Day: "2026-12-31", Value: 6}}
	if again := w.set(raised); !again.Moved {
		t.Error("a new value took the metric from the team")
	}
	if _, err := w.targets.MoveToTeam(ctx, w.manager, w.board, all.ID, ""); fault.Of(err) != fault.NotFound {
		t.Errorf("moved twice: %v", err)
	}
}

func TestSet_RefusesWhatDoesNotFitTheBoard(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	day := []target.Point{{Day: "2026-12-31", Value: 5}}
	for field, wanted := range map[string]target.Target{
		"metric":    {Metric: "shoes", Scope: target.Board, Path: day},
		"guardrail": {Metric: "calls", Guardrail: "calls", Scope: target.Board, Path: day},
		"scope":     {Metric: "calls", Scope: "world", Path: day},
		"group":     {Metric: "calls", Scope: target.Team, Group: "shoe", Path: day},
		"player":    {Metric: "calls", Scope: target.Player, Member: 7, Path: day},
		"path":      {Metric: "calls", Scope: target.Board},
		"from":      {Metric: "calls", Scope: target.Board, Path: day, From: "tomorrow"},
		"why":       {Metric: "calls", Scope: target.Board, Path: day, Why: strings.Repeat("x", 2001)},
	} {
		_, err := w.targets.Set(ctx, w.manager, w.board, wanted)
		if f, ok := err.(*fault.Fault); !ok || f.Kind != fault.Invalid || f.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if got := w.held(w.now); got != nil {
		t.Errorf("%q hold", got)
	}
	for _, score := range []float64{-5, 101} {
		beyond := target.Target{Scope: target.Player, Path: []target.Point{{Day: "2026-12-31", Value: score}}}
		if _, err := w.targets.Set(ctx, w.manager, w.board, beyond); fault.Of(err) != fault.Invalid {
			t.Errorf("a score of %v is wanted: %v", score, err)
		}
	}
}

func TestTargets_KeepForgetAndMoveWhatIsSomebodys(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		if _, err := w.rooms.Boards.Invite(ctx, identity.Actor{}, w.board, []board.Member{{Key: "ada", Email: "ada@example.org"}}); err != nil {
			t.Fatal(err)
		}
		ada := w.rooms.Accept(t, w.board, "ada", board.Choice{})
		members, err := w.rooms.Boards.Members(ctx, w.board.ID)
		if err != nil {
			t.Fatal(err)
		}
		alone := each("calls", 9)
		alone.Member, alone.Why = members[0].Number, "Ada asked for it."
		w.set(alone)
		w.set(each("quality", 4))
		tx := func(do func(tx *db.Tx) error) {
			t.Helper()
			if err := d.Write(ctx, do); err != nil {
				t.Fatal(err)
			}
		}
		tx(func(tx *db.Tx) error {
			kept, err := w.targets.Kept(tx, ada.Account)
			if text := fmt.Sprint(kept); !strings.Contains(text, "Ada asked for it.") || strings.Contains(text, "quality") {
				t.Errorf("kept of ada: %v", kept)
			}
			return err
		})
		tx(func(tx *db.Tx) error {
			note, err := w.targets.Move(tx, w.manager.Account, ada.Account)
			if err != nil {
				return err
			}
			if all, err := tx.Texts(`SELECT target_id FROM target WHERE set_by = $1`, ada.Account); err != nil || len(all) != 2 {
				t.Errorf("moved to ada: %v, %v", all, err)
			}
			return w.targets.MoveBack(tx, w.manager.Account, ada.Account, note)
		})
		tx(func(tx *db.Tx) error { return w.targets.Forget(tx, ada.Account) })
		if got := w.held(w.now); len(got) != 1 || !strings.HasPrefix(got[0], "quality") {
			t.Errorf("without ada %q hold", got)
		}
		tx(func(tx *db.Tx) error { return w.targets.Forget(tx, w.manager.Account) })
		if all, err := w.targets.List(ctx, w.board); err != nil || len(all) != 1 || all[0].By != "" {
			t.Errorf("without who set them: %+v, %v", all, err)
		}
	})
}
