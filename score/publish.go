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
	if left != 0 && !math.IsNaN(left) {
		giveUnits(published, amounts, unit, left, idle)
	}
	for i := range published {
		published[i] = published[i]/unit + 0
	}
	return dst
}

// giveUnits spreads units that are left, or takes those that are too many: to the amounts that are furthest above their
// units, from those furthest below. Of equals, the first gains and the last gives.
func giveUnits(units, amounts []float64, unit, left float64, idle bool) {
	var few [32]float64
	rest := append(few[:0], units...)
	step := math.Copysign(1, left)
	for i, amount := range amounts {
		if rest[i] = step * (amount*unit - units[i]); amount == 0 && !idle || math.IsNaN(amount) {
			rest[i] = math.Inf(-1)
		}
	}
	for range 2 * len(amounts) { // rounding leaves fewer; beyond 2⁵³ units a float64 has none to give
		best, most := -1, math.Inf(-1)
		for i, r := range rest {
			if r > most+1e-10 || step < 0 && r > most-1e-10 {
				best, most = i, r
			}
		}
		if best < 0 || left == 0 {
			return
		}
		units[best] += step
		rest[best]--
		left -= step
	}
}
