package score

import (
	"math"
	"slices"

	"cairn/internal/exact"
	"cairn/scorecard"
)

// Publish rounds exact amounts (points, moves) to the scorecard's decimals so that they add up to total, itself a
// published number: each is rounded down, and the units still missing go to the largest remainders, earlier parts
// first. An amount of exactly 0 stays 0 unless all are. NaN amounts stay NaN.
func Publish(card *scorecard.Scorecard, total float64, amounts []float64) []float64 {
	return AppendPublished(make([]float64, 0, len(amounts)), card, total, amounts)
}

// AppendPublished is Publish into dst, for many players.
func AppendPublished(dst []float64, card *scorecard.Scorecard, total float64, amounts []float64) []float64 {
	unit := math.Pow10(card.Decimals)
	start := len(dst)
	left := math.Round(total * unit)
	var candidates []int
	for i, amount := range amounts {
		down := math.Floor(exact.Round12(amount * unit))
		dst = append(dst, down)
		if math.IsNaN(amount) {
			continue
		}
		left -= down
		if amount != 0 {
			candidates = append(candidates, i)
		}
	}
	published := dst[start:]
	if len(candidates) == 0 {
		for i, amount := range amounts {
			if !math.IsNaN(amount) {
				candidates = append(candidates, i)
			}
		}
	}
	if math.IsNaN(left) || len(candidates) == 0 {
		left = 0
	}
	if left != 0 {
		slices.SortStableFunc(candidates, func(a, b int) int {
			x, y := exact.Round12(amounts[a]*unit)-published[a], exact.Round12(amounts[b]*unit)-published[b]
			switch {
			case same(x, y):
				return 0
			case x > y:
				return -1
			}
			return 1
		})
	}
	for k := 0; left > 0; k++ {
		published[candidates[k%len(candidates)]]++
		left--
	}
	for k := len(candidates) - 1; left < 0; k-- {
		published[candidates[(k%len(candidates)+len(candidates))%len(candidates)]]--
		left++
	}
	for i := range published {
		published[i] = published[i]/unit + 0
	}
	return dst
}
