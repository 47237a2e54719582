package scorecard_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cairn/scorecard"
)

func TestReweighed_ChangesWeightsAndNothingElse(t *testing.T) {
	for _, template := range scorecard.Templates() {
		t.Run(template.Key, func(t *testing.T) {
			card, err := template.Load()
			if err != nil {
				t.Fatal(err)
			}
			rapid.Check(t, func(t *rapid.T) {
				weights := map[string]float64{"nobody": 3}
				card.Walk(func(p, _ *scorecard.Part, _ int) {
					if p.Weight > 0 && rapid.Bool().Draw(t, "change "+p.Key) {
						weights[p.Key] = float64(rapid.IntRange(1, 400).Draw(t, p.Key)) / 4
					}
				})
				source, err := card.Reweighed(weights)
				if err != nil {
					t.Fatal(err)
				}
				after, err := scorecard.Load("after.yaml", source)
				if err != nil {
					t.Fatal(err)
				}
				after.Walk(func(p, _ *scorecard.Part, _ int) {
					if to, changed := weights[p.Key]; changed && p.Weight != to {
						t.Fatalf("%s weighs %v, want %v", p.Key, p.Weight, to)
					}
				})
				for _, comment := range bytes.Split(card.Source, []byte("\n")) {
					if bytes.HasPrefix(comment, []byte("#")) && !bytes.Contains(source, comment) {
						t.Fatalf("the comment %q is gone", comment)
					}
				}
				// Back again is the same file, wherever each weight was written down.
				was := map[string]float64{}
				card.Walk(func(p, _ *scorecard.Part, _ int) {
					if _, changed := weights[p.Key]; changed {
						was[p.Key] = p.Weight
					}
				})
				back, err := after.Reweighed(was)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Count(string(card.Source), "weight:") == strings.Count(string(back), "weight:") && !bytes.Equal(back, card.Source) {
					t.Fatalf("%v and back changed the file:\n%s", slices.Sorted(maps.Keys(weights)), back)
				}
			})
		})
	}
}

func TestReweighed_WritesAWeightThatWasNotThere(t *testing.T) {
	card, err := scorecard.Load("c.yaml", []byte("scorecard: 1\nkey: c\nname: C\nparts:\n  - key: a # first\n    name: Ä\n  - {name: ü, key: b, normalise: {minmax: {from: 0, to: 9}}}\n  - name: Ö\n    key: d\n    weight: 2 # two\n"))
	if err != nil {
		t.Fatal(err)
	}
	source, err := card.Reweighed(map[string]float64{"a": 2.5, "b": 3, "d": 10})
	if err != nil {
		t.Fatal(err)
	}
	want := "scorecard: 1\nkey: c\nname: C\nparts:\n  - weight: 2.5\n    key: a # first\n    name: Ä\n  - {name: ü, weight: 3, key: b, normalise: {minmax: {from: 0, to: 9}}}\n  - name: Ö\n    key: d\n    weight: 10 # two\n"
	if string(source) != want {
		t.Errorf("got\n%s\nwant\n%s", source, want)
	}
}

func TestReweighed_TellsAWeightThatLoadRefuses(t *testing.T) {
	card, err := scorecard.Load("c.yaml", []byte("scorecard: 1\nkey: c\nname: C\nparts: [{key: a, weight: 2}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := card.Reweighed(map[string]float64{"a": -1}); err == nil || !strings.Contains(err.Error(), "weight") {
		t.Errorf("a negative weight: %v", err)
	}
}
