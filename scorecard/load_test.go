package scorecard

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// head begins every small scorecard of these tests; what follows stands from line 4 on.
const head = "scorecard: 1\nkey: test\nname: Test\n"

// metric is a scorecard of one metric "a" with more keys; they begin in line 5, column 14.
func metric(keys string) string { return head + "parts:\n  - {key: a, " + keys + "}\n" }

func load(t *testing.T, source string) *Scorecard {
	t.Helper()
	card, err := Load("test.yaml", []byte(source))
	if err != nil {
		t.Fatalf("%s\n%v", source, err)
	}
	return card
}

func example(t *testing.T, name string) *Scorecard {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return load(t, string(source))
}

func TestLoad_HumanDevelopmentIndex(t *testing.T) {
	card := example(t, "human-development.yaml")
	got := fmt.Sprint(card.Key, card.Name, card.Players, card.Period, card.OutOf, card.Decimals, card.Combine, card.Levels)
	if want := fmt.Sprint("hdi", "Human Development Index", Thing, Year, 1.0, 3, Combine{Mean: Geometric},
		[]Level{{0.8, "Very high"}, {0.7, "High"}, {0.55, "Medium"}, {0, "Low"}}); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	gni := card.Parts[2]
	if !slices.Equal(gni.Treat, []Treatment{{Kind: TreatLn}}) || gni.Normalise.String() != "{minmax: {from: 100, to: 75000}}" {
		t.Errorf("gni: treat %v, normalise %v", gni.Treat, gni.Normalise)
	}
	if education := card.Parts[1]; !education.IsGroup() || len(education.Parts) != 2 || education.Combine.Mean != Arithmetic || !education.Scored {
		t.Errorf("education: %+v", education)
	}
}

func TestLoad_PointsTable(t *testing.T) {
	card := example(t, "simple-points.yaml")
	if card.OutOf != 0 || card.Combine.Mean != Sum {
		t.Errorf("out of %v, combine %v", card.OutOf, card.Combine)
	}
	posts := card.Parts[0]
	if *posts.Cap != 10 || posts.Normalise.Points != 2 || posts.Missing.Kind != MissingZero {
		t.Errorf("posts: cap %v, points %v, missing %v", *posts.Cap, posts.Normalise.Points, posts.Missing)
	}
}

func TestLoad_FourPillars(t *testing.T) {
	card := example(t, "social-selling.yaml")
	parts := map[string]*Part{}
	card.Walk(func(p, _ *Part, _ int) { parts[p.Key] = p })
	if rate := parts["reaction_rate"]; rate.Formula.Root.Op != "/" || !slices.Equal(rate.Formula.Reads, []string{"reactions", "posts"}) || rate.Formula.UsesValue {
		t.Errorf("formula: %+v", rate.Formula)
	}
	if parts["reactions"].Scored || !parts["insights"].Scored {
		t.Error("reactions is not scored, insights is")
	}
	followers := parts["followers"]
	if followers.Take.Kind != TakeLast || followers.Over.Kind != OverAll || followers.Kind != "lag" ||
		!slices.Equal(followers.Then, []Step{{Kind: StepClamp, A: 0.01, B: 1}}) {
		t.Errorf("followers: %+v", followers)
	}
	if replies := parts["replies"]; *replies.Normalise.Into != [2]float64{0.01, 1} {
		t.Errorf("into %v", replies.Normalise.Into)
	}
	if p := parts["posts"]; p.Line != 7 || p.Column != 19 {
		t.Errorf("posts stands at %d:%d", p.Line, p.Column)
	}
}

func TestLoad_FillsInEveryDefault(t *testing.T) {
	card := load(t, head+"parts: [{key: new_connections}, {key: g, parts: [{key: m}]}]\n")
	want := &Scorecard{
		Key: "test", Name: "Test", Period: Week, Players: Person, OutOf: 100, Round: HalfUp, Combine: Combine{Mean: Arithmetic},
		Better: Higher, Ties: Standard, RankOn: OnPublished, File: "test.yaml", Source: card.Source,
		Parts: []*Part{
			{
				Key: "new_connections", Name: "New connections", Weight: 1, Audience: ForBoard, Entry: "new_connections",
				Take: Take{Kind: TakeSum, Text: "sum"}, Over: Over{Kind: OverPeriod}, Scored: true, Missing: Missing{Kind: MissingSkip},
				Normalise: Normalise{Method: NormNone}, Better: Higher, Line: 4, Column: 15,
			},
			{
				Key: "g", Name: "G", Weight: 1, Combine: Combine{Mean: Arithmetic}, Better: Higher, Scored: true, Line: 4, Column: 39,
				Parts: []*Part{{
					Key: "m", Name: "M", Weight: 1, Audience: ForBoard, Entry: "m", Take: Take{Kind: TakeSum, Text: "sum"}, Over: Over{Kind: OverPeriod},
					Scored: true, Missing: Missing{Kind: MissingSkip}, Normalise: Normalise{Method: NormNone}, Better: Higher, Line: 4, Column: 56,
				}},
			},
		},
	}
	if diff := cmp.Diff(want, card); diff != "" {
		t.Error(diff)
	}
}

func TestLoad_ReadsEveryWayOfSayingARule(t *testing.T) {
	read := func(keys string, say func(p *Part) string, want string) {
		t.Helper()
		if got := say(load(t, metric(keys)).Parts[0]); got != want {
			t.Errorf("%s: got %s, want %s", keys, got, want)
		}
	}
	for keys, want := range map[string]Take{
		"take: median": {TakeQuantile, 0.5, "median"}, "take: p50": {TakeQuantile, 0.5, "p50"}, "take: p95": {TakeQuantile, 0.95, "p95"},
		"take: {within: 6}": {TakeWithin, 6, "{within: 6}"}, "take: change_pct": {TakeChangePct, 0, "change_pct"}, "take: distinct": {TakeDistinct, 0, "distinct"},
	} {
		read(keys, func(p *Part) string { return fmt.Sprint(p.Take == want, p.Take) }, fmt.Sprint(true, want))
	}
	for keys, want := range map[string]Over{
		"over: period": {OverPeriod, 0}, "over: previous": {OverPrevious, 0}, "over: 3 periods": {OverPeriods, 3}, "over: 1 period": {OverPeriods, 1},
		"over: 28d": {OverDays, 28}, "over: all": {OverAll, 0},
	} {
		read(keys, func(p *Part) string { return fmt.Sprint(p.Over == want, p.Over.String()) }, fmt.Sprint(true, strings.TrimPrefix(keys, "over: ")))
	}
	for keys, want := range map[string]Missing{
		"missing: mean": {MissingMean, "", 0}, "missing: {median: {by: region}}": {MissingMedian, "region", 0}, "missing: -2.5": {MissingNumber, "", -2.5},
		"missing: 0": {MissingNumber, "", 0}, "normalise: {points: 3}": {MissingZero, "", 0}, "normalise: {points: 3}, missing: skip": {MissingSkip, "", 0},
	} {
		read(keys, func(p *Part) string { return fmt.Sprint(p.Missing) }, fmt.Sprint(want))
	}
	for _, rule := range []string{
		"none", "{minmax: {}}", "{minmax: {from: 1, to: 2, clip: false, into: [0.01, 1]}}", "{zscore: {}}", "{zscore: {mean: 50, sd: 10}}", "{percentile: {}}", "{prank: {}}",
		"{rank: {}}", "{rank: {ties: mean}}", "{borda: {ties: mean}}", "{fraction_of_max: {}}", "{target: {at: 4}}", "{target: {from: 9, at: 4}}",
		"{lognormal: {p10: 2, median: 12.5}}", "{bands: [[0, 0], [1, 0.4], [3, 1]]}", "{points: -1}",
	} {
		read("normalise: "+rule, func(p *Part) string { return p.Normalise.String() }, rule)
	}
	for _, steps := range []string{"[{boost: {above: 0.8, by: 0.5}}, {floor: 2}]", "[{round: 0}, {clamp: [0, 1]}, {scale: -2}]"} {
		read("then: "+steps, func(p *Part) string { return spelled(p.Then) }, steps)
	}
	for _, steps := range []string{
		"[{clip: [0, ~]}, ln]", "[{clip: [~, 9]}, log10, log1p, sqrt]", "[{winsorise: 5}]", "[{winsorise: {lower: 0.05}}]", "[{winsorise: {lower: 0.05, upper: 0.95}}]",
		"[{outliers: {points: 4, skew: 1, kurtosis: 3, else: none}}]",
	} {
		read("treat: "+steps, func(p *Part) string { return spelled(p.Treat) }, steps)
	}
	read("treat: [{outliers: {}}]", func(p *Part) string { return spelled(p.Treat) }, "[{outliers: {points: 5, skew: 2, kurtosis: 3.5, else: log}}]")
	read("normalise: {lognormal: {p10: 1, median: 2}}", func(p *Part) string { return string(p.Better) }, "lower")
	read("weight: +.5e1", func(p *Part) string { return fmt.Sprint(p.Weight) }, "5")
	read("name: 2026, unit: '%'", func(p *Part) string { return p.Name + p.Unit }, "2026%")
	read("valid: [0, 5], scored: true, audience: steward", func(p *Part) string { return fmt.Sprintln(*p.Valid, p.Scored, p.Audience) }, "[0 5] true steward\n")
}

func TestLoad_PositionMakesTheLowerScoreBetter(t *testing.T) {
	if card := load(t, head+"combine: position\nparts: [{key: a}]\n"); card.Better != Lower {
		t.Errorf("better: %s", card.Better)
	}
	card := load(t, head+"combine: relative\nparts: [{key: g, combine: position, parts: [{key: a}]}]\n")
	if card.Better != Higher || card.Parts[0].Better != Lower {
		t.Errorf("the score: %s, the group: %s", card.Better, card.Parts[0].Better)
	}
}

func TestLoad_ReadsTheTopLevel(t *testing.T) {
	card := load(t, head+`purpose: >-
  Two lines
  of purpose.
designer: {name: Ana, statement: "I favour steady people."}
out_of: none
combine: {power: -0.5}
better: lower
ties: fractional
rank_on: exact
tie_break: [b, a]
screen: {present: 0.9}
needs: {count: 0.5, weight: 0.25}
levels: [[10, Good], [20, 30]]
tags: [region, team]
constants: {week_target: 12, k: -1.5}
freeze: 2026-W47
parts: [{key: a}, {key: b}]
`)
	if card.Purpose != "Two lines of purpose." || card.Designer != (Designer{"Ana", "I favour steady people."}) {
		t.Errorf("purpose %q, designer %v", card.Purpose, card.Designer)
	}
	got := fmt.Sprintln(card.OutOf, card.Combine, card.Better, card.Ties, card.RankOn, card.TieBreak, *card.Screen, card.Needs, card.Levels, card.Tags, card.Constants, card.Freeze)
	if want := "0 {power: -0.5} lower fractional exact [b a] 0.9 {count: 0.5, weight: 0.25} [{10 Good} {20 30}] [region team] map[k:-1.5 week_target:12] 2026-W47\n"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestLoad_NamesEveryFaultWithItsPlace is the table of what is refused: each file, and all the problems it has.
func TestLoad_NamesEveryFaultWithItsPlace(t *testing.T) {
	for _, c := range []struct{ source, problems string }{
		// The text.
		{"", `1:1: the file is empty; a scorecard begins with "scorecard: 1" ("cairn scorecard new" writes one to start from)`},
		{"# nothing\n", `1:1: the file is empty; a scorecard begins with "scorecard: 1" ("cairn scorecard new" writes one to start from)`},
		{"hello", `1:1: scorecard: wants a mapping that begins with "scorecard: 1", got text "hello"`},
		{"- 1\n", `1:1: scorecard: wants a mapping that begins with "scorecard: 1", got a list`},
		{"scorecard: 1\nkey: caf\xe9\n", `2:9: byte 0xe9 is not UTF-8; save the file as UTF-8`},
		{"scorecard: 1\nkey: a\x00\n", `2:7: control character U+0000; a scorecard is plain text`},
		{head + "parts:\n\t- key: a\n", `5:1: a tab in the indentation; YAML wants spaces`},
		{head + "parts: [{key: a}]\n---\nkey: b\n", `5:1: a second document begins here; a scorecard file holds one, so keep each in a file of its own`},
		{head + "parts: [{key: a}\n", `4:8: a list in [ ] lacks a comma or its closing ] (near "[")`},
		{head + "parts: {key: a\n", `4:8: a mapping in { } lacks a comma or its closing } (near "{")`},
		{head + "purpose: 'abc\n", `4:10: this quote is never closed (near "'abc")`},
		{head + "unit: %\n", `4:7: "%" cannot begin a value; put it in quotes: "%"`},
		{head + "parts:\n  - key:a\n", `5:5: parts: wants a mapping, got text "key:a"; a space is missing after the colon`},
		{head + "parts:\n  - key: a\n    formula: b > 1 ? c : d\n",
			`6:14: a second ": " in one line, or a line indented further than it may be; put a text with ": " in quotes (near "b > 1 ? c")`},
		{head + "x: &a 1\nparts: *a\n", "4:4: YAML anchors, aliases and merge keys are not read; write the value out\n5:8: YAML anchors, aliases and merge keys are not read; write the value out"},
		{head + "<<: {a: 1}\n", `4:1: YAML anchors, aliases and merge keys are not read; write the value out`},
		{head + "parts: [{key: !!str a}]\n", `4:15: YAML tags are not read; put text in quotes and leave the tag out`},
		{head + "? parts\n: 1\n", `4:1: "?" keys are not read; write "key: value", with quotes around a text that begins with "?"`},

		// The top level.
		{"scorecard: 1\n", "1:1: \"key\" is missing: identity on a server: lower-case letters, digits and hyphens\n" +
			"1:1: \"name\" is missing: the name for people\n1:1: \"parts\" is missing: the parts of the score: metrics, and groups of parts"},
		{"scorecard: 2\nkey: k\nname: n\nparts: [{key: a}]\n", `1:12: scorecard: wants 1, the version of the format that this program reads, got 2`},
		{"scorecard: 1\nkey: My Board\nname: n\nparts: [{key: a}]\n", `2:6: key: "My Board" does not fit; it wants text such as social-selling (a-z, 0-9 and -)`},
		{head + "key: again\nparts: [{key: a}]\n", `4:1: key "key" stands twice; first on line 2`},
		{head + "pats: [{key: a}]\nparts: [{key: a}]\n", `4:1: unknown key "pats"; did you mean "parts"?`},
		{head + "parts:\n", `4:1: parts: wants a list of parts, got nothing`},
		{head + "parts: []\n", `4:8: parts: an empty list; it wants at least one item`},
		{head + "parts: [a]\n", `4:9: parts: wants a mapping, got text "a"`},
		{head + "parts: [{key: a, scored: false}]\n", `4:1: no part is scored; at least one metric must be without "scored: false"`},
		{head + "period: weekly\nparts: [{key: a}]\n", `4:9: period: "weekly" is not known; did you mean "week"?`},
		{head + "players: dogs\nparts: [{key: a}]\n", `4:10: players: "dogs" is not known; known: person, team, organisation, thing`},
		{head + "decimals: 13\nparts: [{key: a}]\n", `4:11: decimals: wants a whole number from 0 to 12, got 13`},
		{head + "decimals: 1.5\nparts: [{key: a}]\n", `4:11: decimals: wants a whole number from 0 to 12, got 1.5`},
		{head + "out_of: 0\nparts: [{key: a}]\n", `4:9: out_of: wants a number above 0, got 0`},
		{head + "out_of: None\nparts: [{key: a}]\n", `4:9: out_of: "None" is not known; did you mean "none"?`},
		{head + "combine: geometrical\nparts: [{key: a}]\n", `4:10: combine: "geometrical" is not known; did you mean "geometric"?`},
		{head + "combine: mean\nparts: [{key: a}]\n", `4:10: combine: "mean" is not known; did you mean "arithmetic"?`},
		{head + "combine: {powr: 2}\nparts: [{key: a}]\n", `4:11: unknown key "powr" under "combine"; did you mean "power"?`},
		{head + "combine: position\nbetter: higher\nparts: [{key: a}]\n", `5:9: combine: position adds up ranks, so the lower score is better; leave "better" out`},
		{head + "tie_break: [b, g, a, a]\nparts: [{key: a}, {key: g, parts: [{key: c, scored: false}]}]\n",
			"4:13: tie_break: no part has the key \"b\"; known: a, c, g\n4:16: tie_break: the group \"g\" has no value, since none of its parts is scored\n4:22: tie_break: \"a\" stands twice; first on line 4"},
		{head + "screen: {present: 1.1}\nparts: [{key: a}]\n", `4:19: present: wants a number from 0 to 1, got 1.1`},
		{head + "screen: {}\nparts: [{key: a}]\n", `4:9: "present" is missing under "screen": the least share of scored metrics that must be present`},
		{head + "needs: {count: 2, weigth: 1}\nparts: [{key: a}]\n", "4:16: count: wants a number from 0 to 1, got 2\n4:19: unknown key \"weigth\" under \"needs\"; did you mean \"weight\"?"},
		{head + "levels: [[0, a], [2, b], [1, c]]\nparts: [{key: a}]\n", `4:27: levels: 1 after 2; thresholds rise, or fall, from each to the next`},
		{head + "levels: [[1, a], [1, b]]\nparts: [{key: a}]\n", `4:19: levels: 1 after 1; thresholds rise, or fall, from each to the next`},
		{head + "levels: [[a, 1]]\nparts: [{key: a}]\n", `4:11: levels: wants a number, got text "a"`},
		{head + "tags: [a, a]\nparts: [{key: a}]\n", `4:11: tags: "a" stands twice; first on line 4`},
		{head + "designer: {nme: x}\nparts: [{key: a}]\n", `4:12: unknown key "nme" under "designer"; did you mean "name"?`},
		{head + "constants: {a: 1, min: 2, 1x: 3, ok: x}\nparts: [{key: a}]\n",
			"4:13: the constant \"a\" has the key of a part (line 5); give it another name\n4:19: \"min\" is a word of the formula language; give the constant another name\n" +
				"4:27: constants: \"1x\" does not fit; it wants text such as week_target\n4:38: ok: wants a number, got text \"x\""},

		// Parts.
		{head + "parts: [{key: A-1}]\n", `4:15: key: "A-1" does not fit; it wants text such as new_connections (a letter, then a-z, 0-9 and _)`},
		{head + "parts: [{name: A}]\n", `4:9: "key" is missing in this part: identity, unique in the scorecard: a lower-case letter, then lower-case letters, digits and underscores`},
		{head + "parts: [{key: a}, {key: g, parts: [{key: a}]}]\n", `4:42: key: two parts are called "a"; the first stands on line 4`},
		{metric("wieght: 2"), `5:14: unknown key "wieght" in this part; did you mean "weight"?`},
		{metric("weight: ten"), `5:22: weight: wants a number, 0 or more, got text "ten"`},
		{metric("weight: -1"), `5:22: weight: wants a number, 0 or more, got -1`},
		{metric("weight: .inf"), `5:22: weight: wants a number, 0 or more, got text ".inf"; only finite numbers are read`},
		{metric("weight: .nan"), `5:22: weight: wants a number, 0 or more, got text ".nan"; only finite numbers are read`},
		{metric("weight: 1e999"), `5:22: weight: wants a number, 0 or more, got text "1e999"; only finite numbers are read`},
		{metric("weight: 0x10"), `5:22: weight: wants a number, 0 or more, got text "0x10"; write it in decimal digits`},
		{metric("weight: 1_000"), `5:22: weight: wants a number, 0 or more, got text "1_000"; write plain digits, with a point before the decimals`},
		{metric("weight: 010"), `5:22: weight: wants a number, 0 or more, got text "010"; write it without the leading zero`},
		{metric("weight: 10%"), `5:22: weight: wants a number, 0 or more, got text "10%"; write a share, such as 0.1 for 10 %`},
		{metric(`weight: "10"`), `5:22: weight: wants a number, 0 or more, got text "10"; write it without quotes`},
		{metric("weight: ~"), `5:22: weight: wants a number, 0 or more, got nothing`},
		{metric("weight: [1]"), `5:22: weight: wants a number, 0 or more, got a list`},
		{metric("weight: 0"), `5:22: weight: the weights of these parts sum to 0; at least one must be above 0`},
		{head + "parts:\n  - {key: a}\n  - key: g\n    parts: [{key: b, weight: 0}, {key: c, scored: false, weight: 3}]\n", `7:30: weight: the weights of these parts sum to 0; at least one must be above 0`},
		{head + "parts: [{key: a, weight: 1e308}, {key: b, weight: 1e308}]\n", `4:26: weight: the weights of these parts sum to more than a number can hold`},
		{metric("floor: 2, cap: 1"), `5:21: floor: 2 lies above the cap 1`},
		{metric("combine: sum"), `5:14: "combine" belongs to a group, and this part is a metric: it has no "parts"`},
		{head + "parts: [{key: a, parts: [{key: b}], unit: x, normalise: none}]\n",
			"4:37: \"unit\" belongs to a metric, and this part is a group: it has \"parts\"\n4:46: \"normalise\" belongs to a metric, and this part is a group: it has \"parts\""},
		{head + "parts: [{key: a, combine: position, parts: [{key: b}]}]\n",
			`4:27: combine: position may stand only at the top of the scorecard, or in a group that combines by relative, position or copeland`},
		{metric("scored: yes"), `5:22: scored: wants true or false, got text "yes"`},
		{metric("take: Average"), `5:20: take: "Average" is not known; did you mean "mean"?`},
		{metric("kind: leed"), `5:20: kind: "leed" is not known; did you mean "lead"?`},
		{metric("take: typical"), `5:20: take: "typical" is not known; it wants a way such as sum, count, last, p95 or {within: 6}`},
		{metric("take: p49"), `5:20: take: "p49" is not known; it wants a way such as sum, count, last, p95 or {within: 6}`},
		{metric("take: {within: soon}"), `5:29: within: wants a number, got text "soon"`},
		{metric("over: 3 weeks"), `5:20: over: "3 weeks" is not known; it wants period, previous, all, a number of periods such as 3 periods, or days such as 28d`},
		{metric("missing: men"), `5:23: missing: "men" is not known; did you mean "mean"?`},
		{metric("missing: {mean: {}}"), `5:30: "by" is missing under "mean": a tag group, such as region`},
		{metric("valid: [1, 0]"), `5:21: valid: the wrong way round; write the lower first: [0, 1]`},
		{metric("name: \"a\\nb\""), `5:20: name: control characters or line breaks in "a\nb"`},

		// Steps.
		{metric("then: {clamp: [0, 1]}"), `5:20: then: wants a list, got a mapping ({clamp: …})`},
		{metric("then: [{clamp: [1, 0]}]"), `5:29: clamp: the wrong way round; write the lower first: [0, 1]`},
		{metric("then: [{clamp: 1}]"), `5:29: clamp: wants two numbers: [lowest, highest], got the number 1`},
		{metric("then: [{clamp: [0, 1], scale: 2}]"), `5:21: then: wants exactly one of boost, floor, round, clamp or scale`},
		{metric("then: [{round: 13}]"), `5:29: round: wants a whole number from 0 to 12, got 13`},
		{metric("then: [{boost: {above: 1}}]"), `5:29: "by" is missing under "boost": what each unit above it adds`},
		{metric("treat: [lnn]"), `5:22: treat: "lnn" is not known; did you mean "ln"?`},
		{metric("treat: [{clip: [2, 1]}]"), `5:29: clip: the wrong way round; write the lower first: [1, 2]`},
		{metric("treat: [{clip: [~, ~]}]"), `5:29: clip: neither bound is given; leave the step out, or give one`},
		{metric("treat: [{winsorise: 0}]"), `5:34: winsorise: wants a whole number from 1 to 1000000, got 0`},
		{metric("treat: [{winsorise: {}}]"), `5:34: winsorise: wants lower, upper or both, such as {lower: 0.05, upper: 0.95}`},
		{metric("treat: [{winsorise: {lower: 0.9, upper: 0.1}}]"), `5:42: lower: 0.9 does not lie below upper, 0.1`},
		{metric("treat: [{winsorise: {upper: 5}}]"), `5:42: upper: wants a number from 0 to 1, got 5`},
		{metric("treat: [{outliers: {else: drop}}]"), `5:40: else: "drop" is not known; known: log, none`},

		// Methods.
		{metric("normalise: minmax"), `5:25: normalise: wants a method such as {minmax: {from: 0, to: 20}} or none, got text "minmax"; write {minmax: {}}, with its settings inside`},
		{metric("normalise: {min_max: {}}"), `5:26: unknown key "min_max" under "normalise"; did you mean "minmax"?`},
		{metric("normalise: {minmax: {from: 5, to: 5}}"), `5:41: minmax: both goalposts are 5; from must lie below to`},
		{metric("normalise: {minmax: {from: 9, to: 5}}"), `5:41: minmax: from 9 lies above to 5; write the lower first, and "better: lower" where less is better`},
		{metric("normalise: {minmax: {from: 0, to: 5}}, treat: [ln]"), `5:41: the goalpost 0 has no ln, which "treat" applies to it as to every value`},
		{metric("normalise: {minmax: {from: 0.5, to: 5}}, treat: [ln, sqrt]"), `5:41: the goalpost 0.5 has no sqrt, which "treat" applies to it as to every value`},
		{metric("normalise: {target: {at: 5}}, treat: [log10]"), `5:34: the goalpost 0 has no log10, which "treat" applies to it as to every value`},
		{metric("normalise: {target: {at: 5, from: -1}}, treat: [log1p]"), `5:48: the goalpost -1 has no log1p, which "treat" applies to it as to every value`},
		{metric("normalise: {minmax: {into: [1, 0]}}"), `5:41: into: the wrong way round; write the lower first: [0, 1]`},
		{metric("normalise: {zscore: {sd: 0}}"), `5:39: sd: wants a number above 0, got 0`},
		{metric("normalise: {target: {}}"), `5:34: "at" is missing under "target": the value that earns 1`},
		{metric("normalise: {target: {at: 0}}"), `5:39: target: from and at are both 0; they must differ`},
		{metric("normalise: {target: {at: 5}}, better: lower"), `5:34: target: with better: lower, "from" is required: the value above at that earns 0`},
		{metric("normalise: {target: {at: 5, from: 2}}, better: lower"), `5:48: target: with better: lower, from 2 must lie above at 5`},
		{metric("normalise: {lognormal: {p10: 0, median: 5}}"), `5:43: p10: wants a number above 0, got 0`},
		{metric("normalise: {lognormal: {p10: 5, median: 5}}"), `5:43: lognormal: p10 5 does not lie below median 5; p10 earns 0.9, median 0.5`},
		{metric("normalise: {lognormal: {p10: 1, median: 5}}, better: higher"), `5:67: better: lognormal gives less for more, so "higher" cannot stand here; leave "better" out`},
		{metric("normalise: {bands: []}"), `5:33: bands: an empty list; it wants at least one item`},
		{metric("normalise: {bands: [[0, 1], [0, 2]]}"), `5:43: bands: 0 after 0; thresholds must rise`},
		{metric("normalise: {bands: [[0, 1], 2]}"), `5:42: bands: wants [from, value], such as [3, 0.8], got the number 2`},
		{metric("normalise: {rank: {ties: max}}"), `5:39: ties: "max" is not known; did you mean "min"?`},
		{metric("normalise: {percentile: {x: 1}}"), `5:39: unknown key "x" under "percentile"`},
		{metric("normalise: ~"), `5:25: normalise: wants a method such as {minmax: {from: 0, to: 20}} or none, got nothing; write none, or leave the key out`},
	} {
		_, err := Load("f", []byte(c.source))
		want := "f:" + strings.ReplaceAll(c.problems, "\n", "\nf:")
		if err == nil || err.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", c.source, err, want)
		}
	}
}

func TestLoad_ReportsProblemsInTheOrderOfTheirPlaces(t *testing.T) {
	_, err := Load("f", []byte("scorecard: 1\nkey: k\nparts:\n  - {key: b, formula: nothing + nowhere}\n  - {key: b, weight: -1}\ntie_break: [z]\nnmae: x\n"))
	var problems Problems
	if !errors.As(err, &problems) || len(problems) != 7 {
		t.Fatalf("want 7 problems, got %d: %v", len(problems), err)
	}
	if !slices.IsSortedFunc(problems, func(a, b Problem) int { return (a.Line-b.Line)*1000 + a.Column - b.Column }) {
		t.Error(err)
	}
}

func TestLoad_CountsColumnsInCharacters(t *testing.T) {
	_, err := Load("f", []byte(head+"parts: [{key: a, name: żółć, weight: x}]\n"))
	if err == nil || !strings.HasPrefix(err.Error(), "f:4:38: ") {
		t.Error(err)
	}
}

func TestLoad_ReadsWhatEditorsSave(t *testing.T) {
	plain := head + "parts:\n  - key: a\n    why: |\n      two\n      lines\n"
	want := load(t, plain)
	for name, source := range map[string]string{
		"a byte order mark":    "\uFEFF" + plain,
		"CRLF":                 strings.ReplaceAll(plain, "\n", "\r\n"),
		"CR":                   strings.ReplaceAll(plain, "\n", "\r"),
		"document marks":       "---\n" + plain + "...\n",
		"a comment in front":   "# comment\n" + plain,
		"no last line break":   strings.TrimSuffix(plain, "\n"),
		"trailing white space": strings.ReplaceAll(plain, "key: a\n", "key: a  \t\n"),
	} {
		card := load(t, source)
		if got := card.Parts[0]; got.Key != "a" || strings.TrimSpace(got.Why) != strings.TrimSpace(want.Parts[0].Why) || len(Diff(want, card)) > 1 {
			t.Errorf("%s: %+v", name, got)
		}
		if !bytes.Equal(card.Source, []byte(source)) {
			t.Errorf("%s: the source is not kept as it was", name)
		}
	}
}

func TestLoad_BoundsAreExact(t *testing.T) {
	nested := func(levels int) string {
		var out strings.Builder
		out.WriteString(head + "parts: ")
		for i := 1; i < levels; i++ {
			fmt.Fprintf(&out, "[{key: g%d, parts: ", i)
		}
		return out.String() + "[{key: m}]" + strings.Repeat("}]", levels-1) + "\n"
	}
	block := func(levels int) string {
		var out strings.Builder
		out.WriteString(head)
		for i := range levels {
			pad := strings.Repeat("  ", i)
			fmt.Fprintf(&out, "%sparts:\n%s- key: p%d\n", pad, pad, i)
		}
		return out.String()
	}
	wide := func(parts int) string {
		var out strings.Builder
		out.WriteString(head + "parts:\n")
		for i := range parts {
			fmt.Fprintf(&out, "- {key: p%d}\n", i)
		}
		return out.String()
	}
	formula := func(length int) string {
		return metric(`formula: "` + strings.Repeat("1", 200) + strings.Repeat(" ", length-201) + `1"`)
	}
	levels := func(count int) string {
		texts := make([]string, count)
		for i := range texts {
			texts[i] = fmt.Sprintf("[%d, l%d]", i, i)
		}
		return head + "levels: [" + strings.Join(texts, ", ") + "]\nparts: [{key: a}]\n"
	}
	size := func(bytes int) string {
		text := head + "parts: [{key: a}]\n#"
		return text + strings.Repeat("x", bytes-len(text))
	}
	for name, c := range map[string]struct{ within, beyond, problem string }{
		"nesting in flow":  {nested(32), nested(33), "groups nest deeper than 32 levels"},
		"nesting in block": {block(32), block(33), "groups nest deeper than 32 levels"},
		"parts":            {wide(10_000), wide(10_001), "1:1: 10001 parts; a scorecard has at most 10000"},
		"levels":           {levels(32), levels(33), "levels: 33 of them; at most 32"},
		"bytes":            {size(1 << 20), size(1<<20 + 1), "the file has 1048577 bytes; a scorecard has at most 1048576 (1 MiB)"},
	} {
		if _, err := Load("f", []byte(c.within)); err != nil {
			t.Errorf("%s: %.200v", name, err)
		}
		if _, err := Load("f", []byte(c.beyond)); err == nil || !strings.Contains(err.Error(), c.problem) {
			t.Errorf("%s: want %q, got %.200v", name, c.problem, err)
		}
	}
	if _, err := Load("f", []byte(formula(4096))); err == nil || strings.Contains(err.Error(), "characters") {
		t.Errorf("a formula of 4096 characters is read (and this one is wrong): %v", err)
	}
	if _, err := Load("f", []byte(formula(4097))); err == nil || !strings.Contains(err.Error(), "5:23: formula: 4097 characters; at most 4096") {
		t.Errorf("a formula of 4097 characters: %v", err)
	}
}

// TestLoad_RefusesHostileFilesQuickly holds each to a time that only a mistake in growth can exceed: where work grew
// with the square, these files took minutes.
func TestLoad_RefusesHostileFilesQuickly(t *testing.T) {
	repeat := func(text string, bytes int) string { return strings.Repeat(text, bytes/len(text)) }
	many := func(format string) string {
		var out strings.Builder
		out.WriteString(head + "parts:\n")
		const parts = 4_000
		for i := range parts {
			fmt.Fprintf(&out, format, i, (i+1)%parts, (i*7+3)%parts)
		}
		return out.String()
	}
	deep := head + "parts: "
	for i := range 10_000 {
		deep += fmt.Sprintf("[{key: g%d, parts: ", i)
	}
	bomb := head + "a: &a [x, x, x, x]\n"
	for c := 'b'; c < 'z'; c++ {
		bomb += fmt.Sprintf("%c: &%c [*%c, *%c, *%c, *%c]\n", c, c, c-1, c-1, c-1, c-1)
	}
	hostile := map[string]string{
		"10,000 nested groups": deep, "an alias bomb": bomb,
		"a ring of formulas": many("- {key: p%d, formula: p%d + p%d}\n"), "unknown names": many("- {key: p%d, formula: q%d + r%d}\n"),
		"unknown keys": many("- {key: p%d, wieght%d: %d}\n"), "one mapping": head + repeat("a: 1\n", 200_000), "documents": head + repeat("---\na: 1\n", 200_000),
	}
	for _, text := range []string{"[", "{a: ", "{? ", "- ", "? ", "a: ", "'' ", "|\n", "!x ", "&a *a ", "\"", "{}\n", "- a: 1\n", "%"} {
		hostile["many "+text] = head + "parts: " + repeat(text, 30_000)
		hostile["only "+text] = repeat(text, 30_000)
	}
	for name, source := range hostile {
		begun := time.Now()
		if _, err := Load("f", []byte(source)); err == nil {
			t.Errorf("%s: not refused", name)
		}
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("%s: %v", name, took)
		}
	}
}

// mutated draws a file near a good one: pieces of it doubled, dropped, swapped or replaced by YAML's own signs.
func mutated(t *rapid.T) []byte {
	templates := Templates()
	source := slices.Clone(rapid.SampledFrom(templates).Draw(t, "template").Source)
	for range rapid.IntRange(1, 6).Draw(t, "changes") {
		if len(source) == 0 {
			break
		}
		at := rapid.IntRange(0, len(source)-1).Draw(t, "at")
		to := min(len(source), at+rapid.IntRange(0, 40).Draw(t, "length"))
		piece := rapid.OneOf(
			rapid.SampledFrom([]string{"", " ", "\n", ": ", "- ", "[", "]", "{", "}", "'", "\"", "|", ">", "#", "&a", "*a", "~", "-1", "1e999", ".nan", "\t", "? ", "---\n", "parts:", "weight: 0", "formula: value", "é", "\xff"}),
			rapid.Map(rapid.IntRange(0, 40), func(n int) string { return string(source[max(0, at-n):at]) }),
		).Draw(t, "piece")
		source = slices.Concat(source[:at], []byte(piece), source[to:])
	}
	return source
}

func TestLoad_NeverPanicsAndAlwaysSaysTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source := mutated(t)
		card, err := Load("f", source)
		again, errAgain := Load("f", source)
		if fmt.Sprint(err) != fmt.Sprint(errAgain) {
			t.Fatalf("two reports of one file:\n%v\n%v", err, errAgain)
		}
		if err == nil {
			if diff := cmp.Diff(card, again); diff != "" {
				t.Fatal(diff)
			}
			return
		}
		checkProblems(t, source, err)
	})
}

// checkProblems asserts that a report is fit to be shown: places inside the file, in order, one line each.
func checkProblems(t interface{ Fatalf(string, ...any) }, source []byte, err error) {
	var problems Problems
	if !errors.As(err, &problems) || len(problems) == 0 {
		t.Fatalf("not a list of problems: %v", err)
	}
	lines := bytes.Count(source, []byte("\n")) + bytes.Count(source, []byte("\r")) + 1
	for i, p := range problems {
		if p.Line < 1 || p.Line > lines || p.Column < 1 || p.Message == "" || strings.ContainsAny(p.Message, "\n\r") {
			t.Fatalf("problem %d: %q at %d:%d of %d lines", i, p.Message, p.Line, p.Column, lines)
		}
	}
}

func FuzzLoad(f *testing.F) {
	for _, template := range Templates() {
		f.Add(template.Source)
	}
	f.Add([]byte(head + "parts:\n  - key: a\n    formula: |\n      b +\n        c\n  - {key: b}\n"))
	f.Fuzz(func(t *testing.T, source []byte) {
		card, err := Load("f", source)
		if err != nil {
			checkProblems(t, source, err)
			return
		}
		if len(card.Parts) == 0 || len(Diff(card, card)) != 0 {
			t.Fatalf("%+v", card)
		}
		Advise(card)
	})
}
