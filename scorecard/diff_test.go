package scorecard

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

const before = head + `levels: [[0, Low], [50, High]]
parts:
  - {key: posts, weight: 1, normalise: {minmax: {from: 0, to: 10}}}
  - key: talk
    weight: 3
    parts:
      - {key: replies, weight: 1, normalise: {percentile: {}}}
      - {key: comments, weight: 1, normalise: {percentile: {}}}
`

func TestDiff_SaysInWordsWhatChangedAndWhatWeightMoved(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"weight: 3", "weight: 4", "weighed posts: 25.0 % → 20.0 % of the score, since other weights changed\n" +
			"weighed talk: weight 3 → 4, 75.0 % → 80.0 % of the score\n" +
			"weighed replies: 37.5 % → 40.0 % of the score, since other weights changed\n" +
			"weighed comments: 37.5 % → 40.0 % of the score, since other weights changed"},
		{"name: Test", "name: Best", "told name Test → Best"},
		{"name: Test", "name: Test", ""},
		{"key: posts,", "key: posts, cap: 0.5,", "ruled posts: cap set to 0.5"},
		{"from: 0, to: 10", "from: 0, to: 12", "ruled posts: normalise {minmax: {from: 0, to: 10}} → {minmax: {from: 0, to: 12}}"},
		{"key: posts,", "key: posts, why: Because it is so,", "told posts: why changed: \"\" → \"Because it is so\""},
		{"key: posts,", "key: articles,", "renamed articles: was called posts; entries and formulas must follow"},
		{"levels: [[0, Low], [50, High]]", "levels: [[0, Low], [60, High]]\nout_of: 10", "ruled out_of 100 → 10\nruled levels [[0, Low], [50, High]] → [[0, Low], [60, High]]"},
		{"levels: [[0, Low], [50, High]]\n", "", "ruled levels [[0, Low], [50, High]] taken away"},
		{"      - {key: comments, weight: 1, normalise: {percentile: {}}}\n", "", "weighed replies: 37.5 % → 75.0 % of the score, since other weights changed\nremoved comments: removed; weighed 37.5 % of the score"},
		{"parts:\n  - {key: posts", "parts:\n  - {key: views, scored: false}\n  - {key: posts", "added views: added; not scored"},
		{"      - {key: replies, weight: 1, normalise: {percentile: {}}}\n      - {key: comments, weight: 1, normalise: {percentile: {}}}\n",
			"      - {key: comments, weight: 1, normalise: {percentile: {}}}\n      - {key: replies, weight: 1, normalise: {percentile: {}}}\n",
			"moved talk: the parts stand in another order: comments, replies"},
		{"  - {key: posts, weight: 1, normalise: {minmax: {from: 0, to: 10}}}\n", "  - {key: posts, weight: 1, take: last, formula: value + replies ?? 0, normalise: {minmax: {from: 0, to: 10}}}\n",
			"ruled posts: take sum → last\nruled posts: formula set to value + replies ?? 0"},
	} {
		a, b := load(t, before), load(t, strings.Replace(before, c.old, c.new, 1))
		var lines []string
		for _, change := range Diff(a, b) {
			lines = append(lines, fmt.Sprintf("%s %s", change.Kind, change))
		}
		if got := strings.Join(lines, "\n"); got != c.want {
			t.Errorf("%s → %s\n got %s\nwant %s", c.old, c.new, got, c.want)
		}
	}
}

func TestDiff_TellsAMoveBetweenGroups(t *testing.T) {
	after := strings.Replace(before, "  - {key: posts, weight: 1, normalise: {minmax: {from: 0, to: 10}}}\n", "", 1) +
		"      - {key: posts, weight: 1, normalise: {minmax: {from: 0, to: 10}}}\n"
	var moved []Change
	for _, change := range Diff(load(t, before), load(t, after)) {
		if change.Kind == Moved {
			moved = append(moved, change)
		}
	}
	if len(moved) != 1 || moved[0].String() != "posts: moved from the top to talk" || moved[0].Before != 0.25 || moved[0].After <= 0.33 {
		t.Errorf("%+v", moved)
	}
}

func TestDiff_SeesNoChangeInSpelling(t *testing.T) {
	spelled := strings.NewReplacer("{from: 0, to: 10}", "{to: 10.0, from: 0e0}", "weight: 3", "weight: 3.0 # heavy").Replace(before)
	if changes := Diff(load(t, before), load(t, spelled)); len(changes) > 0 {
		t.Errorf("%v", changes)
	}
}

// TestDiff_WeightsTellTheWholeMove: whoever adds up the moved weights of metrics finds that what some lost others won.
func TestDiff_WeightsTellTheWholeMove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) *Scorecard {
			var source strings.Builder
			source.WriteString(head + "parts:\n")
			for i := range 5 {
				if i == 0 || rapid.Bool().Draw(t, name+"stands") {
					fmt.Fprintf(&source, "- {key: p%d, weight: %d}\n", i, rapid.IntRange(1, 5).Draw(t, name+"weight"))
				}
			}
			card, err := Load("f", []byte(source.String()))
			if err != nil {
				t.Fatal(err)
			}
			return card
		}
		a, b := draw("before"), draw("after")
		moved := 0.0
		for _, change := range Diff(a, b) {
			if change.Kind == Weighed || change.Kind == Added || change.Kind == Removed {
				moved += change.After - change.Before
			}
		}
		if math.Abs(moved) > 1e-9 {
			t.Fatalf("weights moved by %v in all\n%s\n%s", moved, a.Source, b.Source)
		}
	})
}

// TestDiff_MissesNothing: two scorecards without a change between them are the same but for where things stand.
func TestDiff_MissesNothing(t *testing.T) {
	sameFormula := cmp.Comparer(func(a, b *Formula) bool {
		return a == b || a != nil && b != nil && strings.Join(strings.Fields(a.Text), " ") == strings.Join(strings.Fields(b.Text), " ")
	})
	same := cmp.Options{cmpopts.IgnoreFields(Scorecard{}, "File", "Source"), cmpopts.IgnoreFields(Part{}, "Line", "Column"), sameFormula}
	rapid.Check(t, func(t *rapid.T) {
		template := rapid.SampledFrom(Templates()).Draw(t, "template")
		a, err := template.Load()
		if err != nil {
			t.Fatal(err)
		}
		b, err := Load("f", spoiled(t, template.Source))
		if err != nil {
			return
		}
		if differs, changes := cmp.Diff(a, b, same), Diff(a, b); (differs == "") != (len(changes) == 0) {
			t.Fatalf("%v\n%s", changes, differs)
		}
	})
}

// spoiled is a file with one of its numbers or words changed, so that it is still likely to be right.
func spoiled(t *rapid.T, source []byte) []byte {
	lines := strings.Split(string(source), "\n")
	for range rapid.IntRange(0, 2).Draw(t, "changes") {
		at := rapid.IntRange(0, len(lines)-1).Draw(t, "line")
		change := rapid.SampledFrom([][2]string{
			{"0", "1"}, {"1", "2"}, {"5", "6"}, {"zero", "skip"}, {"lead", "lag"}, {"leaf", "fruit"}, {"sum", "arithmetic"}, {"from: 0", "from: 0.5"}, {"take: days", "take: count"},
			{"take: last", "take: max"}, {"over: all", "over: 2 periods"}, {"person", "team"}, {"week", "month"}, {"cap: 2", "floor: 2"}, {"reactions", "replies"}, {"weight: 2", "weight: 2.5"},
			{"percentile", "prank"}, {"log1p", "sqrt"}, {" ", "  "}, {"a", "b"}, {"public", "board"}, {"points: ", "points: 1"}, {"tags: [", "tags: [x, "},
		}).Draw(t, "change")
		lines[at] = strings.Replace(lines[at], change[0], change[1], 1)
	}
	return []byte(strings.Join(lines, "\n"))
}
