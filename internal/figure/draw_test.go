package figure

import (
	"math"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// The digits are those of the shortest number that reads back as the rounded one.
func TestNumber_IsTheShortestOfItsHundredths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.OneOf(numbers(), rapid.Map(rapid.Int64Range(-2e15, 2e15), func(n int64) float64 { return float64(n) / 100 }), rapid.Float64Range(-0.02, 0.02)).Draw(t, "x")
		want := strconv.FormatFloat(math.Round(x*100)/100+0, 'f', -1, 64) // + 0: no minus zero
		if got := number(x); got != want {
			t.Fatalf("%v is written as %q, not %q", x, got, want)
		}
	})
}
