package release

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/target"
	"cairn/scorecard"
)

const aimCard = `
scorecard: 1
key: aim
name: Aim
decimals: 1
tags: [team]
parts:
  - {key: calls, weight: 2, audience: public, missing: zero, normalise: {minmax: {from: 0, to: 20}}}
  - {key: quality, audience: public, missing: zero, normalise: {minmax: {from: 0, to: 20}}}
  - {key: waste, audience: public, missing: zero, better: lower, normalise: {minmax: {from: 0, to: 20}}}
`

func (c *club) wants(w target.Target) target.Target {
	c.t.Helper()
	set, err := c.releases.targets.Set(context.Background(), identity.Actor{}, c.board, w)
	if err != nil {
		c.t.Fatal(err)
	}
	c.now = c.now.Add(time.Minute)
	return set
}

func wanted(metric string, value float64) target.Target {
	return target.Target{Metric: metric, Scope: target.Player, Member: target.Everyone, Path: []target.Point{{Day: "2026-10-01", Value: value}}, From: "2026-10-01"}
}

func (c *club) aims(v *View) (all []string) {
	c.t.Helper()
	aims, err := v.Aims(context.Background())
	if err != nil {
		c.t.Fatal(err)
	}
	for _, a := range aims {
		all = append(all, strings.Join(strings.Fields(fmt.Sprintf("%s %s %s: %v of %v due, %s, %d of %d", a.Target.Metric, a.Target.Scope, a.Tag, a.Value, a.Due, a.Way, a.Reached, a.Of)), " "))
	}
	return all
}

func standings(t *testing.T, v *View, key string) (all []string) {
	t.Helper()
	card, err := v.Card(context.Background(), key)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range card.Targets {
		all = append(all, strings.Join(strings.Fields(fmt.Sprintf("%s: %v of %v, %s %s", s.Target.Metric, s.Value, s.Due, s.Way, DaysThere(s, v.Period))), " "))
	}
	return all
}

func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestTargets_CutToTheDaysThatPlayersWereThereAndForThemAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		p := newPeople(t, d, aimCard, "ada", "bo", "cy", "di")
		p.now = time.Date(2026, 10, 30, 12, 0, 0, 0, time.UTC)
		p.accept("ada")
		p.accept("bo", "calls")
		p.accept("di")
		p.wants(wanted("calls", 14))
		p.wants(wanted("waste", 4))
		path := wanted("", 50)
		path.Path = []target.Point{{Day: "2026-11-01", Value: 50}, {Day: "2026-12-01", Value: 80}}
		p.wants(path)
		p.now = time.Date(2026, 11, 4, 15, 0, 0, 0, time.UTC) // a Wednesday
		p.accept("cy")
		p.do("di pauses", p.boards.Pause(ctx, p.actors["di"], p.board))
		p.now = p.now.AddDate(0, 0, 3)
		p.do("di resumes", p.boards.Resume(ctx, p.actors["di"], p.board))
		rel := p.week(45, map[string][]any{"ada": {"calls", 14, "quality", 20}, "bo": {"calls", 14, "quality", 20, "waste", 5}, "cy": {"calls", 10, "waste", 2}, "di": {"calls", 5, "waste", 2}})

		own := func(key string) *View {
			return p.view(rel, Reader{Member: p.numbers[key], Top: 0, May: may(scorecard.ForBoard)})
		}
		due := fmt.Sprint(50 + 30*7.0/30)
		same(t, "ada", standings(t, own("ada"), "ada"), "calls: 14 of 14, on path", "waste: 0 of 4, ahead", ": 85 of "+due+", ahead")
		same(t, "bo, who keeps calls", standings(t, own("bo"), "bo")[:2], "calls: NaN of 14, no value", "waste: 5 of 4, behind")
		same(t, "cy, there from Wednesday on", standings(t, own("cy"), "cy")[:2], "calls: 10 of 10, on path 5 of 7 days", fmt.Sprintf("waste: 2 of %v, ahead 5 of 7 days", 4*5.0/7))
		same(t, "di, away from Wednesday to Saturday", standings(t, own("di"), "di")[:1], "calls: 5 of 10, behind 5 of 7 days")
		same(t, "whoever runs the board, of bo", standings(t, p.all(rel), "bo")[:2], "calls: NaN of 14, no value", "waste: 5 of 4, behind")
		same(t, "ada, of bo", standings(t, own("ada"), "bo"))
		same(t, "a coach, of bo", standings(t, p.view(rel, Reader{Member: -1, Top: -1, Given: map[int64]bool{p.numbers["bo"]: true}, May: may(scorecard.ForPublic)}), "bo")[1:2], "waste: 5 of 4, behind")

		same(t, "all of them", p.aims(p.all(rel))[:2], fmt.Sprintf("calls player : %v of 14 due, , 2 of 3", 29.0/3), "waste player : 2.25 of 4 due, , 3 of 4")
		same(t, "ada, of so few", p.aims(p.view(rel, Reader{Member: p.numbers["ada"], Top: -1, May: may(scorecard.ForBoard)}))[:2], "calls player : NaN of 14 due, , -1 of -1", "waste player : NaN of 4 due, , -1 of -1")

		// What is wanted later is not what was wanted then.
		p.now = p.now.Add(time.Minute)
		p.wants(wanted("calls", 20))
		same(t, "ada afterwards", standings(t, own("ada"), "ada")[:2], "calls: 14 of 14, on path", "waste: 0 of 4, ahead")
	})
}

func TestAims_TellNobodyOfAFew(t *testing.T) {
	c := newClub(t, dbtest.New(t), strings.ReplaceAll(aimCard, "audience: public", "audience: board"))
	var players []string
	for i := range 24 {
		players = append(players, fmt.Sprintf("p%02d %s", i, []string{"red", "red", "blue", "blue", "blue", "green"}[min(i/4, 5)]))
	}
	m := c.enrol(players...)
	for i := range m {
		calls := 15
		if i >= 18 {
			calls = 5
		}
		c.add(m[i], "2026-11-02", "calls", calls, "quality", 10+i%2, "waste", min(i, 1))
	}
	c.wants(wanted("calls", 15))
	c.wants(wanted("waste", 0))
	alone := wanted("quality", 11)
	alone.Member = m[3]
	c.wants(alone)
	c.wants(target.Target{Metric: "quality", Scope: target.Team, Group: "team", Path: alone.Path, From: alone.From})
	c.wants(target.Target{Metric: "calls", Scope: target.Board, Path: alone.Path, From: alone.From})
	rel := c.publish("2026-W45")
	same(t, "everything", c.aims(c.all(rel)), "calls player : 12.5 of 15 due, , 18 of 24", fmt.Sprintf("waste player : %v of 0 due, , 1 of 24", 23.0/24), "quality player : 11 of 11 due, , 1 of 1",
		"quality team blue: 10.5 of 11 due, on path, -1 of -1", "quality team green: 10.5 of 11 due, on path, -1 of -1", "quality team red: 10.5 of 11 due, on path, -1 of -1", "calls board : 12.5 of 11 due, ahead, -1 of -1")
	member := c.view(rel, Reader{Member: m[0], Top: -1, May: may(scorecard.ForBoard)})
	same(t, "a member", c.aims(member), "calls player : 12.5 of 15 due, , 18 of 24", fmt.Sprintf("waste player : %v of 0 due, , -1 of -1", 23.0/24),
		"quality team blue: 10.5 of 11 due, on path, -1 of -1", "quality team green: NaN of 11 due, , -1 of -1", "quality team red: NaN of 11 due, , -1 of -1", "calls board : 12.5 of 11 due, ahead, -1 of -1")
	same(t, "the public, for whom they are not", c.aims(c.view(rel, public(-1))))
}

// Whoever was not there is in the mean of the board and not in that of a target of players: who knows both would know their value.
func TestAims_TellNoMeanThatLeavesOutAFew(t *testing.T) {
	ctx := context.Background()
	var keys []string
	for i := range 12 {
		keys = append(keys, fmt.Sprintf("p%02d", i))
	}
	p := newPeople(t, dbtest.New(t), strings.ReplaceAll(aimCard, "audience: public", "audience: board"), keys...)
	p.now = time.Date(2026, 10, 30, 12, 0, 0, 0, time.UTC)
	values := map[string][]any{}
	for i, key := range keys {
		p.accept(key)
		values[key] = []any{"calls", i}
	}
	p.wants(wanted("calls", 6))
	everyone := target.Target{Metric: "calls", Scope: target.Board, Path: []target.Point{{Day: "2026-10-01", Value: 6}}, From: "2026-10-01"}
	p.wants(everyone)
	p.now = time.Date(2026, 11, 1, 15, 0, 0, 0, time.UTC)
	p.do("a pause", p.boards.Pause(ctx, p.actors["p11"], p.board))
	p.now = time.Date(2026, 11, 9, 0, 30, 0, 0, time.UTC)
	p.do("its end", p.boards.Resume(ctx, p.actors["p11"], p.board))
	rel := p.week(45, values)
	same(t, "who runs the board", p.aims(p.all(rel)), "calls player : 5 of 6 due, , 5 of 11", "calls board : 5.5 of 6 due, on path, -1 of -1")
	same(t, "a member", p.aims(p.view(rel, Reader{Member: p.numbers["p00"], Top: -1, May: may(scorecard.ForBoard)})), "calls player : NaN of 6 due, , 5 of 11", "calls board : 5.5 of 6 due, on path, -1 of -1")
}

// A metric that was moved to the team stands nowhere beside a single player's name from the next release on, save for that player.
func TestMovedToTheTeam_DisappearsFromEveryLineAndStaysInHistory(t *testing.T) {
	ctx := context.Background()
	c := newClub(t, dbtest.New(t), aimCard+"  - {key: load, audience: public, scored: false, formula: calls / 2}\n")
	m := c.enrol("ada red", "bo red", "cy blue")
	for day := range 2 {
		for i := range m {
			c.add(m[i], fmt.Sprintf("2026-11-%02d", 3+7*day), "calls", 4*(i+1), "quality", 10, "waste", 3)
		}
	}
	was := c.wants(wanted("calls", 8))
	first := c.publish("2026-W45")
	c.now = c.now.Add(time.Minute)
	if _, err := c.releases.targets.MoveToTeam(ctx, identity.Actor{}, c.board, was.ID, "team"); err != nil {
		t.Fatal(err)
	}
	c.now = c.now.Add(time.Minute)
	second := c.publish("2026-W46")

	points := func(v *View) string {
		rows, err := v.Rows(ctx, 0, 9)
		if err != nil {
			t.Fatal(err)
		}
		tagged, _, err := v.TagRows(ctx, "team", "blue", 0, 9)
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, row := range append(rows, tagged...) {
			text += fmt.Sprint(row.Points)
		}
		return text
	}
	data := func(v *View, key string) string {
		text, err := v.AppendCardJSON(ctx, nil, key)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	raw := func(v *View, key string) map[string]float64 {
		card, err := v.Card(ctx, key)
		if err != nil {
			t.Fatal(err)
		}
		of := map[string]float64{}
		for _, p := range card.Parts {
			if p.Kept == "" {
				of[p.Part.Part.Key] = p.Raw
			}
		}
		return of
	}
	if before := c.view(first, public(0)); strings.Contains(points(before), "NaN") || !before.Whole() || raw(before, "cy")["calls"] != 12 {
		t.Errorf("the release before changed: %s, whole %v", points(before), before.Whole())
	}
	everyone, runs := c.view(second, public(0)), c.all(second)
	for who, v := range map[string]*View{"everyone": everyone, "whoever runs the board": runs} {
		rows, err := v.Rows(ctx, 0, 9)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if !math.IsNaN(row.Points[0]) || !math.IsNaN(row.Points[1]) || math.IsNaN(row.Points[2]) {
				t.Errorf("%s see %s's points %v: those of calls, and of one other so that they do not follow", who, row.Key, row.Points)
			}
		}
	}
	same(t, "everyone, of so few", c.aims(everyone), "calls team blue: NaN of 8 due, , -1 of -1", "calls team red: NaN of 8 due, , -1 of -1")
	same(t, "whoever runs the board", c.aims(runs), "calls team blue: 12 of 8 due, ahead, -1 of -1", "calls team red: 6 of 8 due, behind, -1 of -1")
	if everyone.Whole() || fault.Of(everyone.WriteBundle(ctx, &strings.Builder{})) != fault.Withheld {
		t.Error("the bundle, which holds the values, is for everyone")
	}
	if !slices.Contains(everyone.Narrow, "calls") {
		t.Errorf("narrow are %v", everyone.Narrow)
	}
	if got := raw(everyone, "cy"); got["calls"] != 0 || got["load"] != 0 {
		t.Errorf("of cy everyone sees %v", got)
	}
	var told struct {
		Values map[string]float64 `json:"values"`
	}
	if err := json.Unmarshal([]byte(data(everyone, "cy")), &told); err != nil || told.Values["waste"] != 3 {
		t.Fatalf("%v, %v", told, err)
	}
	if _, there := told.Values["calls"]; there {
		t.Errorf("the data tells everyone %v", told)
	}
	own := c.view(second, Reader{Member: m[2], Top: 0, May: may(scorecard.ForBoard)})
	if got := raw(own, "cy"); got["calls"] != 12 || !strings.Contains(data(own, "cy"), `"calls":12`) {
		t.Errorf("of herself cy sees %v", got)
	}
	if got := raw(own, "bo"); got["calls"] != 0 {
		t.Errorf("of bo cy sees %v", got)
	}
	if got := raw(runs, "bo"); got["calls"] != 8 || !runs.Whole() {
		t.Errorf("who runs the board sees %v of bo", got)
	}
	c.verify(c.bundle(second))
	if card, err := own.Card(ctx, "cy"); err != nil || len(card.Targets) != 0 {
		t.Errorf("cy is held against %v alone, %v", card.Targets, err)
	}
}

// weeks plays a board of which one half of the players has values from some weeks on; the metric rises by rise a week and waste by waste.
func weeks(t *testing.T, n int, change func(c *club, week int)) *club {
	t.Helper()
	c := newClub(t, dbtest.New(t), aimCard)
	var players []string
	for i := range 12 {
		players = append(players, fmt.Sprintf("p%02d", i))
	}
	m := c.enrol(players...)
	monday := time.Date(2026, 8, 3, 0, 0, 0, 0, time.UTC)
	for week := range n {
		for i := range m {
			if i < 6 || week >= n/2 {
				c.add(m[i], monday.AddDate(0, 0, 7*week).Format(time.DateOnly), "calls", 2+week+i%2, "waste", 1+week/2, "quality", 10)
			}
		}
		c.now = monday.AddDate(0, 0, 7*week+8)
		c.publish(fmt.Sprintf("2026-W%d", 32+week))
		if change != nil {
			change(c, week)
		}
	}
	return c
}

func TestUplift_ComparesTheSamePlayersAndSaysWhenItOverstates(t *testing.T) {
	ctx := context.Background()
	c := weeks(t, 8, nil)
	u, err := c.releases.Uplift(ctx, c.board, "calls", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(u.Before) != 4 || u.Before[0].String() != "2026-W32" || u.After[3].String() != "2026-W39" {
		t.Errorf("windows %v and %v", u.Before, u.After)
	}
	// 2, 3, 4, 5 calls before and 6, 7, 8, 9 after, half a call more for the odd ones; the other six came later.
	if u.Same != (Change{4, 8, 6, 6}) || u.Same.Percent() != 1 || u.All.NumBefore != 6 || u.All.NumAfter != 12 {
		t.Errorf("same %+v, all %+v", u.Same, u.All)
	}
	if !u.Overstates() {
		t.Error("100 % of four calls a player is told without a warning")
	}
	small, err := c.releases.Uplift(ctx, c.board, "calls", []string{"2026-W36", "2026-W37"}, []string{"2026-W39"})
	if err != nil || small.Overstates() || small.Same.NumBefore != 12 {
		t.Errorf("%+v, %v", small.Same, err)
	}
	for what, err := range map[string]error{
		"no such metric":  second(c.releases.Uplift(ctx, c.board, "shoes", nil, nil)),
		"no such release": second(c.releases.Uplift(ctx, c.board, "calls", []string{"2026-W01"}, nil)),
		"after before":    second(c.releases.Uplift(ctx, c.board, "calls", []string{"2026-W39"}, []string{"2026-W33"})),
	} {
		if fault.Of(err) != fault.Invalid {
			t.Errorf("%s: %v", what, err)
		}
	}
	c.hide(0, 1)
	if u, err = c.releases.Uplift(ctx, c.board, "calls", nil, nil); err != nil || u.Same.NumBefore != -1 || !math.IsNaN(u.Same.Before) || u.All.NumAfter != -1 {
		t.Errorf("of four players and without two who are hidden: %+v, %v", u, err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestGuards_ReportAGuardrailThatWorsensWhileItsTargetRises(t *testing.T) {
	ctx := context.Background()
	for guardrail, want := range map[string]int{"waste": 1, "quality": 0} {
		c := weeks(t, 8, func(c *club, week int) {
			if week == 3 || week == 5 {
				w := wanted("calls", float64(5+week))
				w.Guardrail = guardrail
				c.wants(w)
			}
		})
		found, err := c.releases.Guards(ctx, c.board)
		if err != nil || len(found) != want {
			t.Errorf("with %s as guardrail: %+v, %v", guardrail, found, err)
			continue
		}
		if want == 1 && (found[0].Releases != 4 || found[0].Worsened.Same != Change{1.5, 3.5, 6, 6} || found[0].Rose.Same.By() != 4) {
			t.Errorf("found %+v: since the first of the two targets", found[0])
		}
	}
}

func TestPropose_IsWhatTheBestFifthReached(t *testing.T) {
	ctx := context.Background()
	c := weeks(t, 8, nil)
	p, err := c.releases.Propose(ctx, c.board, "calls", Open)
	if err != nil || p.Value != 9 || p.Players != 12 || p.Releases != 8 || p.Values != 72 || p.Reached != 1 {
		t.Errorf("calls: %+v, %v", p, err)
	}
	if p, err := c.releases.Propose(ctx, c.board, "waste", Open); err != nil || p.Value != 2 || p.Reached != 0 {
		t.Errorf("waste, of which less is better: %+v, %v", p, err)
	}
	member := Reader{Member: 0, May: may(scorecard.ForBoard)}
	if _, err := c.releases.Propose(ctx, c.board, "calls", member); err != nil {
		t.Errorf("to a member of twelve: %v", err)
	}
	small := *c.board
	small.Smallest = 13
	if _, err := c.releases.Propose(ctx, &small, "calls", member); fault.Of(err) != fault.Withheld {
		t.Errorf("to a member of too few: %v", err)
	}
	none := newClub(t, dbtest.New(t), aimCard)
	if _, err := none.releases.Propose(ctx, none.board, "calls", Open); fault.Of(err) != fault.Conflict {
		t.Errorf("of nothing: %v", err)
	}
	for values, want := range map[*[]float64]float64{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}: 9, {1, 2}: 1, {0.5, 1, 1.5}: 1.3} {
		if got := bestFifth(*values, true); math.Abs(got-want) > 1e-12 {
			t.Errorf("the best fifth of %v reach %v, want %v", *values, got, want)
		}
	}
}
