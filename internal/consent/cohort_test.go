package consent

import (
	"fmt"
	"math/big"
	"math/bits"
	"testing"

	"pgregory.net/rapid"
)

// The attacker of the tests works with exact fractions and tries every set of fewer than k players: something is known of
// a set alone where leaving its columns out lowers the rank of what was published.
func attacked(players int, cohorts []Cohort, k int) (set uint, found bool) {
	whole := rank(players, cohorts, 0)
	for set := uint(1); set < 1<<players; set++ {
		if bits.OnesCount(set) < k && rank(players, cohorts, set) < whole {
			return set, true
		}
	}
	return 0, false
}

func rank(players int, cohorts []Cohort, without uint) (rank int) {
	rows := make([][]*big.Rat, len(cohorts))
	for i, cohort := range cohorts {
		rows[i] = make([]*big.Rat, players)
		for j := range rows[i] {
			rows[i][j] = new(big.Rat)
		}
		for _, player := range cohort {
			if without>>player&1 == 0 {
				rows[i][player].SetInt64(1)
			}
		}
	}
	for column := range players {
		at := rank
		for at < len(rows) && rows[at][column].Sign() == 0 {
			at++
		}
		if at == len(rows) {
			continue
		}
		rows[rank], rows[at] = rows[at], rows[rank]
		for r := rank + 1; r < len(rows); r++ {
			times := new(big.Rat).Quo(rows[r][column], rows[rank][column])
			for j := range players {
				rows[r][j].Sub(rows[r][j], new(big.Rat).Mul(times, rows[rank][j]))
			}
		}
		rank++
	}
	return rank
}

func TestPublishable_AttackerLearnsNothingOfFewAndNothingIsWithheldInVain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		players := rapid.IntRange(1, 11).Draw(t, "players")
		k := rapid.IntRange(2, 6).Draw(t, "k")
		var cohorts []Cohort
		for i := range rapid.IntRange(1, 6).Draw(t, "cohorts") {
			var cohort Cohort
			for player, in := range rapid.SliceOfN(rapid.Bool(), players, players).Draw(t, fmt.Sprint("cohort ", i)) {
				if in {
					cohort = append(cohort, player)
				}
			}
			cohorts = append(cohorts, cohort)
		}
		publish := Publishable(nil, players, cohorts, k)
		var published []Cohort
		for i, cohort := range cohorts {
			with := append(published[:len(published):len(published)], cohort)
			set, found := attacked(players, with, k)
			if want := len(cohort) >= k && !found; publish[i] != want {
				t.Fatalf("cohort %d %v beside %v, k = %d: published %v, want %v (set %b)", i, cohort, published, k, publish[i], want, set)
			}
			if publish[i] {
				published = with
			}
		}
	})
}

func span(from, to int) (c Cohort) {
	for i := from; i < to; i++ {
		c = append(c, i)
	}
	return c
}

func TestPublishable(t *testing.T) {
	for _, test := range []struct {
		name    string
		players int
		cohorts []Cohort
		want    []bool
	}{
		{"too few", 4, []Cohort{span(0, 4)}, []bool{false}},
		{"enough", 5, []Cohort{span(0, 5)}, []bool{true}},
		{"two that differ by one person", 7, []Cohort{span(0, 6), span(1, 6)}, []bool{true, false}},
		{"two that differ by five", 10, []Cohort{span(0, 10), span(0, 5)}, []bool{true, true}},
		{"the one small tag of three is the rest", 20, []Cohort{span(0, 20), span(0, 9), span(9, 17), span(17, 20)}, []bool{true, true, false, false}},
		{"two small tags of three together hold five", 20, []Cohort{span(0, 20), span(0, 15), span(15, 18), span(18, 20)}, []bool{true, true, false, false}},
		{"the same twice", 6, []Cohort{span(0, 6), span(0, 6)}, []bool{true, true}},
		{"nobody", 0, []Cohort{nil}, []bool{false}},
		{"none", 3, nil, []bool{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Publishable(nil, test.players, test.cohorts, K); fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

// Two groups of tags cross in many small cells: the tags themselves are large enough and are published.
func TestPublishable_CrossedTagsOfALargeBoardArePublished(t *testing.T) {
	const players = 3000
	cohorts := []Cohort{span(0, players)}
	for _, tags := range []int{40, 7} {
		for tag := range tags {
			var c Cohort
			for i := range players {
				if i*i/11%tags == tag || tags == 7 && i%tags == tag {
					c = append(c, i)
				}
			}
			cohorts = append(cohorts, c)
		}
	}
	withheld := 0
	for i, ok := range Publishable(nil, players, cohorts, K) {
		if !ok && len(cohorts[i]) >= K {
			withheld++
		}
	}
	if withheld > 3 {
		t.Errorf("%d of %d cohorts are withheld", withheld, len(cohorts))
	}
}

func BenchmarkPublishable(b *testing.B) {
	const players = 300
	cohorts := []Cohort{span(0, players)}
	for _, tags := range []int{12, 11} {
		for tag := range tags {
			var c Cohort
			for i := range players {
				if i%tags == tag {
					c = append(c, i)
				}
			}
			cohorts = append(cohorts, c)
		}
	}
	for b.Loop() {
		Publishable(nil, players, cohorts, K)
	}
}
