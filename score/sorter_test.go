package score

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Whatever the numbers, the order is that of a stable comparison sort, rising or falling.
func TestSorter_SortsStably(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pool := rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(-1e3, 1e3), rapid.Float64(), rapid.SampledFrom([]float64{0, 1, 1 + 1e-15, 1 + 2e-15, -1, math.Copysign(0, -1)})), 1, 60).Draw(t, "pool")
		n, rising := rapid.IntRange(0, 300).Draw(t, "players"), rapid.Bool().Draw(t, "rising")
		numbers := make([]float64, n)
		want := make([]int32, n)
		var s sorter
		s.reset(n)
		for i := range numbers {
			numbers[i] = rapid.SampledFrom(pool).Draw(t, "number")
			want[i] = int32(i)
			s.add(int32(i), numbers[i], rising)
		}
		s.sort()
		slices.SortStableFunc(want, func(a, b int32) int {
			if rising {
				return cmp.Compare(numbers[a], numbers[b])
			}
			return cmp.Compare(numbers[b], numbers[a])
		})
		if !slices.Equal(s.players, want) {
			t.Fatalf("sorted %v into %v, want %v", numbers, s.players, want)
		}
	})
}
