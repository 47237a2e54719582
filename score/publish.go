package score

import (
	"math"

	"cairn/internal/exact"
	"cairn/scorecard"
)

// Publish rounds exact amounts (points, moves) to the scorecard's decimals so that they add up to total, itself a
// published number: each is rounded down, and the units still missing go to the largest remainders, earlier parts
// first. An amount of exactly 0 stays 0 unless all are. NaN amounts stay NaN.
func Publish(card *scorecard.Scorecard, total float64, amounts []float64) []float64 {
	return AppendPublished(make([]float64, 0, len(amounts)), card, total, amounts)
}

// AppendPublished is Publish onto dst, for many players.
func AppendPublished(dst []float64, card *scorecard.Scorecard, total float64, amounts []float64) []float64 {
	unit := math.Pow10(card.Decimals)
	start := len(dst)
	left := math.Round(total * unit)
	idle := true // nothing but zeros
	for _, amount := range amounts {
		down := amount * unit
		if near := math.Round(down); near-down != 0 && math.Abs(near-down) <= 1e-10*max(1, math.Abs(down)) {
			down = exact.Round12(down) // binary noise must not cost a unit
		}
		down = math.Floor(down)
		dst = append(dst, down)
		if !math.IsNaN(down) {
			left -= down
			idle = idle && amount == 0
		}
	}
	published := dst[start:]
	for range 2 * len(amounts) { // rounding leaves fewer; beyond 2⁵³ units a float64 has none to give
		if left == 0 || math.IsNaN(left) {
			break
		}
		k := nextUnit(published, amounts, unit, left > 0, idle)
		if k < 0 {
			break
		}
		published[k] += math.Copysign(1, left)
		left -= math.Copysign(1, left)
	}
	for i := range published {
		published[i] = published[i]/unit + 0
	}
	return dst
}

// nextUnit is the amount that is furthest from its units: above them, or below where a unit must go. Of equals, the
// first gains and the last gives.
func nextUnit(units, amounts []float64, unit float64, gains, idle bool) int {
	best, most := -1, 0.0
	for i, amount := range amounts {
		if math.IsNaN(amount) || amount == 0 && !idle {
			continue
		}
		rest := amount*unit - units[i]
		if !gains {
			rest = -rest
		}
		noise := 1e-10 * max(1, math.Abs(units[i]))
		if best < 0 || rest > most+noise || !gains && rest >= most-noise {
			best, most = i, rest
		}
	}
	return best
}
