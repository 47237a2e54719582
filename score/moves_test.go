package score_test

import (
	"fmt"
	"math"
	"testing"

	"cairn/score"
	"cairn/scorecard"
)

func settle(t *testing.T, card *scorecard.Scorecard, table *score.Table) *score.Result {
	t.Helper()
	result, err := score.Score(card, table, score.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// sums adds up the moves of the top parts.
func sums(moves []score.Move) (own, others, rules float64) {
	for _, m := range moves {
		if m.Depth == 0 {
			own, others, rules = own+m.Own, others+m.Others, rules+m.Rules
		}
	}
	return own, others, rules
}

const reachAndReplies = `
scorecard: 1
key: moves
name: Moves
decimals: 1
parts:
  - {key: reach, weight: 1, normalise: {percentile: {}}}
  - {key: replies, weight: 3, normalise: {minmax: {from: 0, to: 10}}}
`

// Ada does nothing new while Bo overtakes her reach: her score falls by others' doing alone.
func TestMoves_TellOwnActionFromTheOthers(t *testing.T) {
	card := load(t, reachAndReplies)
	before := settle(t, card, &score.Table{Players: []string{"ada", "bo", "cy"},
		Columns: map[string][]float64{"reach": {30, 20, 10}, "replies": {5, 5, 5}}})
	after := settle(t, card, &score.Table{Players: []string{"ada", "bo", "cy"},
		Columns: map[string][]float64{"reach": {30, 40, 10}, "replies": {5, 7, 5}}})
	bridge, err := score.NewBridge(before, after, after.Table, score.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][2]float64{{0, -12.5}, {12.5 + 15, 0}, {0, 0}} {
		moves, ok := bridge.Moves(i)
		own, others, rules := sums(moves)
		if !ok || math.Abs(own-want[0]) > 1e-9 || math.Abs(others-want[1]) > 1e-9 || rules != 0 {
			t.Errorf("%s moved %g by own action, %g by others, %g by rules; want %g, %g, 0",
				after.Table.Players[i], own, others, rules, want[0], want[1])
		}
	}
}

// The same numbers under new rules: what the rules did is told apart, and old and new score stand side by side.
func TestMoves_TellWhatNewRulesDid(t *testing.T) {
	old := load(t, reachAndReplies)
	fresh := load(t, `
scorecard: 1
key: moves
name: Moves
decimals: 1
combine: geometric
parts:
  - {key: replies, weight: 1, normalise: {minmax: {from: 0, to: 10}}}
  - {key: talks, weight: 1, missing: 1, normalise: {minmax: {from: 0, to: 4}}}
`)
	table := &score.Table{Players: []string{"ada", "bo"}, Columns: map[string][]float64{"reach": {30, 20}, "replies": {5, 8}}}
	later := &score.Table{Players: []string{"ada", "bo"}, Columns: map[string][]float64{"reach": {30, 20}, "replies": {6, 8}}}
	newTable := &score.Table{Players: []string{"ada", "bo"}, Columns: map[string][]float64{"replies": {6, 8}, "talks": {1, 4}}}
	before, after := settle(t, old, table), settle(t, fresh, newTable)
	bridge, err := score.NewBridge(before, after, later, score.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range after.Exact {
		moves, ok := bridge.Moves(i)
		own, others, rules := sums(moves)
		if change := after.Exact[i] - before.Exact[i]; !ok || math.Abs(own+others+rules-change) > 1e-9 {
			t.Errorf("%s: %g + %g + %g is not the change %g", after.Table.Players[i], own, others, rules, change)
		}
		if want := bridge.Others.Exact[i] - before.Exact[i]; math.Abs(own+others-want) > 1e-9 {
			t.Errorf("%s: own action and others moved %g under the old rules, want %g", after.Table.Players[i], own+others, want)
		}
		keys := ""
		for _, m := range moves {
			keys += m.Key + " "
		}
		if keys != "replies talks reach " {
			t.Errorf("moves are told for %q", keys)
		}
	}
	if own, _, _ := sums(first(bridge.Moves(0))); math.Abs(own-7.5) > 1e-9 {
		t.Errorf("one more reply moved Ada by %g, want 7.5", own)
	}
}

func first(moves []score.Move, _ bool) []score.Move { return moves }

// Every mean splits a change exactly, also where parts come and go, sit at 0, or cancel out.
func TestMoves_AddUpUnderEveryMean(t *testing.T) {
	nan := math.NaN()
	states := [][]float64{{0.2, 0.5, 0.9, 0.4}, {0.6, 0.1, 0.9, 0.4}, {0, 0.5, 0.3, 1}, {nan, 0.5, 0.2, 0.3}, {0.7, nan, nan, 0.1},
		{0.5, 0.5, 0.5, 0.5}, {0.4, 0.6, 0.5, 0.5}, {0, 0, 0, 0}, {1, 1, 1, 1}, {nan, 0, 1, nan}}
	for _, mean := range []string{"arithmetic", "geometric", "harmonic", "{power: 2}", "{power: 0.5}", "sum", "min", "max", "relative"} {
		card := load(t, fmt.Sprintf(`
scorecard: 1
key: means
name: Means
combine: %s
parts:
  - {key: a, weight: 2, missing: skip}
  - key: g
    cap: 0.8
    combine: %s
    parts: [{key: b, weight: 1}, {key: c, weight: 3}]
  - {key: d, weight: 1}
`, mean, mean))
		table := func(states [][]float64) *score.Table {
			table := &score.Table{Columns: map[string][]float64{}}
			for i, state := range states {
				table.Players = append(table.Players, fmt.Sprint("p", i))
				for k, key := range []string{"a", "b", "c", "d"} {
					table.Columns[key] = append(table.Columns[key], state[k])
				}
			}
			return table
		}
		for shift := range states {
			turned := append(append([][]float64{}, states[shift:]...), states[:shift]...)
			before, after := settle(t, card, table(states)), settle(t, card, table(turned))
			bridge, err := score.NewBridge(before, after, after.Table, score.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for i := range states {
				moves, ok := bridge.Moves(i)
				if !ok {
					t.Fatalf("%s: %v → %v has no moves", mean, states[i], turned[i])
				}
				own, others, _ := sums(moves)
				if change := after.Exact[i] - before.Exact[i]; math.Abs(own+others-change) > 1e-9 {
					t.Errorf("%s: %v → %v moved %g + %g, want %g", mean, states[i], turned[i], own, others, change)
				}
				group, children := 0.0, 0.0
				for _, m := range moves {
					if m.Key == "g" {
						group = m.Own + m.Others
					} else if m.Depth == 1 {
						children += m.Own + m.Others
					}
				}
				if math.Abs(group-children) > 1e-9 {
					t.Errorf("%s: %v → %v: the group moved %g, its children %g", mean, states[i], turned[i], group, children)
				}
			}
		}
	}
}

// What is published adds up: largest remainder decides, and nothing is taken from or given to a part that did nothing.
func TestPublish_AddsUpToThePublishedTotal(t *testing.T) {
	card := load(t, reachAndReplies) // one decimal
	for _, c := range []struct {
		total   float64
		amounts []float64
		want    string
	}{
		{10, []float64{3.33333, 3.33333, 3.33334}, "[3.3 3.3 3.4]"},
		{0.1, []float64{0, 0.04, 0.01}, "[0 0.1 0]"},
		{-0.3, []float64{-0.14, -0.11, 0}, "[-0.2 -0.1 0]"},
		{-0.1, []float64{0, 0, 0}, "[0 0 -0.1]"},
		{0.2, []float64{0.5, -0.33, 0}, "[0.5 -0.3 0]"},
		{5, []float64{math.NaN(), 4.96}, "[NaN 5]"},
	} {
		got := score.Publish(card, c.total, c.amounts)
		if fmt.Sprint(got) != c.want {
			t.Errorf("%v published to %g: %v, want %s", c.amounts, c.total, got, c.want)
		}
	}
}
