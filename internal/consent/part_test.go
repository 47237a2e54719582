package consent

import (
	"math/bits"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// What a player has in one part says nothing of what they have in another, so that each is a number of its own to the attacker, who
// knows something of a set of players where leaving all their numbers out lowers the rank.
func TestPublishableParts_AttackerLearnsNothingOfFew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		players := rapid.IntRange(1, 7).Draw(t, "players")
		k := rapid.IntRange(2, 4).Draw(t, "k")
		parts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) (part Cohort) {
			for player := range players {
				if rapid.Bool().Draw(t, "in") {
					part = append(part, player)
				}
			}
			return part
		}), 1, 5).Draw(t, "parts")
		publish := PublishableParts(parts, k)

		number := func(part, player int) int { return part*players + player }
		var all Cohort
		var sums []Cohort
		there := map[int]bool{}
		for i, part := range parts {
			var sum Cohort
			for _, player := range part {
				sum, there[player] = append(sum, number(i, player)), true
			}
			all = append(all, sum...)
			if publish[i] {
				sums = append(sums, sum)
			}
			if len(part) == 0 && !publish[i] {
				t.Fatalf("part %d of nobody is withheld", i)
			}
		}
		if len(there) >= k {
			sums = append(sums, all)
		}
		numbers := players * len(parts)
		known := rank(numbers, sums, 0)
		for few := range uint(1) << players {
			if bits.OnesCount(few) >= k {
				continue
			}
			var theirs uint
			for i := range parts {
				theirs |= few << number(i, 0)
			}
			if rank(numbers, sums, theirs) < known {
				t.Fatalf("%v published %v: something is known of players %b alone", parts, publish, few)
			}
		}
	})
}

func TestPublishableParts_WithholdsNoMoreThanItMust(t *testing.T) {
	five, six, two, others := Cohort{0, 1, 2, 3, 4}, Cohort{0, 1, 2, 3, 4, 5}, Cohort{0, 1}, Cohort{2, 3, 4}
	for name, test := range map[string]struct {
		parts   []Cohort
		publish []bool
	}{
		"none":                             {nil, []bool{}},
		"of nobody":                        {[]Cohort{nil}, []bool{true}},
		"all of enough":                    {[]Cohort{five, six}, []bool{true, true}},
		"the smallest with one of few":     {[]Cohort{six, two, five}, []bool{true, false, false}},
		"few, but enough together":         {[]Cohort{two, five, others}, []bool{false, true, false}},
		"too few everywhere":               {[]Cohort{two, two}, []bool{false, false}},
		"the whole alone":                  {[]Cohort{two, others}, []bool{false, false}},
		"one of few, and one of nobody":    {[]Cohort{two, nil}, []bool{false, true}},
		"the same few do not add up twice": {[]Cohort{five, two, two}, []bool{false, false, false}},
	} {
		if publish := PublishableParts(test.parts, 5); !slices.Equal(publish, test.publish) {
			t.Errorf("%s: %v; want %v", name, publish, test.publish)
		}
	}
}
