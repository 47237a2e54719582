package scorecard

import (
	"fmt"
	"strings"
	"testing"
)

// advisable needs no advice; each case spoils it in one way.
const advisable = `scorecard: 1
key: test
name: Test
purpose: To test.
designer: {name: Ana, statement: I favour results.}
levels: [[0, Starting], [50, Strong]]
parts:
  - {key: calls, why: They help., kind: lead, nature: leaf, normalise: {minmax: {from: 0, to: 9}}}
  - {key: deals, why: They pay., kind: lag, nature: fruit, normalise: {minmax: {from: 0, to: 9}}}
`

func TestAdvise_SaysWhatACarefulDesignerWouldLookAtAgain(t *testing.T) {
	if advice := Advise(load(t, advisable)); len(advice) > 0 {
		t.Fatalf("%v", advice)
	}
	for _, c := range []struct{ old, new, want string }{
		{"purpose: To test.\n", "", `1:1: no "purpose"`},
		{", statement: I favour results.", "", "1:1: no designer's statement"},
		{"[0, Starting]", "[0, Poor start]", `1:1: levels: "Poor start": the word "poor" shames`},
		{"why: They pay., ", "", `9:11: deals: no "why": a weight of 50 % of the score`},
		{"key: calls,", "key: calls, weight: 9,", "8:11: 90.0 % of the weight lies on mere activity"},
		{"kind: lead", "kind: lag", "1:1: no metric is a behaviour that players can choose"},
		{"levels:", "tags: [Player]\nlevels:", `1:1: tags: "Player" is also a column`},
		{"levels:", "combine: geometric\nlevels:", "9:11: calls: may become 0, and one 0 makes the whole geometric mean 0"},
		{"key: deals, why: They pay., kind: lag, nature: fruit, normalise: {minmax: {from: 0, to: 9}}", "key: deals, why: They pay., normalise: {points: 2}", "9:11: deals: points gives values beyond 0..1"},
		{"parts:\n", "parts:\n  - {key: x, scored: false, normalise: {percentile: {}}}\n", `8:11: x: "normalise" plays no part`},
		{"parts:\n", "parts:\n  - {key: x, scored: false, over: all, formula: calls + 1}\n", `8:11: x: "over" plays no part`},
		{"parts:\n", "parts:\n  - {key: x, scored: false, formula: 'calls == missing ? 1 : 0'}\n", "8:45: formula: a comparison with missing is itself missing"},
		{"key: calls, why: They help.,", "key: calls, name: Missed calls, better: lower, why: They help.,", `8:11: calls: "Missed calls" counts what should not be (the word "missed")`},
		{"parts:\n", "parts:\n  - {key: value, scored: false}\n", "8:11: value: the key is a word of the formula language"},
	} {
		var said []string
		for _, advice := range Advise(load(t, strings.Replace(advisable, c.old, c.new, 1))) {
			said = append(said, fmt.Sprintf("%d:%d: %s", advice.Line, advice.Column, advice.Message))
		}
		if len(said) == 0 || !strings.HasPrefix(said[0], c.want) {
			t.Errorf("%s: got %q, want %q", c.new, said, c.want)
		}
	}
}

func TestAdvise_KnowsWhatKeepsAMeanFromZero(t *testing.T) {
	for keys, wanted := range map[string]bool{
		"normalise: {minmax: {from: 0, to: 1}}":                                          true,
		"normalise: {minmax: {from: 0, to: 1, into: [0.01, 1]}}":                         false,
		"normalise: {percentile: {}}, then: [{clamp: [0.01, 1]}]":                        false,
		"normalise: {zscore: {}}":                                                        true,
		"normalise: {zscore: {}}, then: [{clamp: [0.1, 3]}]":                             false,
		"normalise: {zscore: {}}, floor: 0.2":                                            false,
		"normalise: none":                                                                true,
		"normalise: none, valid: [1, 9]":                                                 false,
		"normalise: {bands: [[0, 0.1], [5, 1]]}":                                         false,
		"normalise: {bands: [[0, 0], [5, 1]]}":                                           true,
		"normalise: {rank: {}}":                                                          false,
		"normalise: {minmax: {clip: false, into: [0.01, 1]}}, then: [{clamp: [0.5, 1]}]": false,
	} {
		warned := false
		for _, advice := range Advise(load(t, head+"combine: harmonic\nparts: [{key: a, "+keys+"}]\n")) {
			warned = warned || strings.Contains(advice.Message, "harmonic")
		}
		if warned != wanted {
			t.Errorf("%s: warned %v", keys, warned)
		}
	}
}
