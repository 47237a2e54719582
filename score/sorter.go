package score

import (
	"iter"
	"math"
	"slices"

	"cairn/scorecard"
)

// sorter sorts players by a number, stably.
type sorter struct {
	keys, keys2       []uint64
	players, players2 []int32
}

// reset empties the sorter and makes room for n players.
func (s *sorter) reset(n int) {
	s.keys, s.players = slices.Grow(s.keys[:0], n), slices.Grow(s.players[:0], n)
}

// orderable maps numbers to integers that sort alike; lower reverses.
func orderable(x float64, rising bool) uint64 {
	bits := math.Float64bits(x + 0)
	if int64(bits) < 0 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	if !rising {
		bits = ^bits
	}
	return bits
}

// add takes a player with a number; −Inf sorts first either way.
func (s *sorter) add(player int32, x float64, rising bool) {
	key := uint64(0)
	if !math.IsInf(x, -1) {
		key = orderable(x, rising)
	}
	s.keys = append(s.keys, key)
	s.players = append(s.players, player)
}

// number is the number at a place, where it was added as rising; else its negative, which serves to compare.
func (s *sorter) number(place int) float64 {
	bits := s.keys[place]
	if bits>>63 == 1 {
		return math.Float64frombits(bits &^ (1 << 63))
	}
	return math.Float64frombits(^bits)
}

// ties reports whether two neighbours in the order are equal after rounding to 12 significant digits. Numbers further
// apart than a unit of the twelfth digit need no rounding to tell.
func (s *sorter) ties(a, b int) bool {
	if s.keys[a] == s.keys[b] {
		return true
	}
	if s.keys[a] == 0 {
		return false
	}
	x, y := s.number(a), s.number(b)
	return math.Abs(x-y) <= 1e-11*max(math.Abs(x), math.Abs(y)) && same(x, y)
}

// digit is how many bits a pass sorts by; three passes sort by the upper half of the keys, three by the lower.
const digit = 11

// sort sorts by the upper half of the keys, which tells most numbers apart, then every run that it does not by the rest.
func (s *sorter) sort() {
	n := len(s.keys)
	s.keys2, s.players2 = slices.Grow(s.keys2[:0], n)[:n], slices.Grow(s.players2[:0], n)[:n]
	s.radix(0, n, 3)
	for from, to := 0, 0; from < n; from = to {
		equal := true
		for to = from + 1; to < n && s.keys[to]>>(3*digit) == s.keys[from]>>(3*digit); to++ {
			equal = equal && s.keys[to] == s.keys[from]
		}
		switch {
		case equal:
		case to-from > 32:
			s.radix(from, to, 0)
		default:
			s.insert(from, to)
		}
	}
}

// insert sorts a short run.
func (s *sorter) insert(from, to int) {
	for i := from + 1; i < to; i++ {
		key, player, k := s.keys[i], s.players[i], i
		for ; k > from && s.keys[k-1] > key; k-- {
			s.keys[k], s.players[k] = s.keys[k-1], s.players[k-1]
		}
		s.keys[k], s.players[k] = key, player
	}
}

// radix sorts a range by three digits from first on, lowest first; digits that all share are passed over.
func (s *sorter) radix(from, to, first int) {
	const buckets = 1 << digit
	keys, players := s.keys[from:to], s.players[from:to]
	keys2, players2 := s.keys2[from:to], s.players2[from:to]
	var counts [3][buckets]int32
	for _, key := range keys {
		key >>= first * digit
		counts[0][key&(buckets-1)]++
		counts[1][key>>digit&(buckets-1)]++
		counts[2][key>>(2*digit)&(buckets-1)]++
	}
	for d := range counts {
		count, shift := &counts[d], (first+d)*digit
		if len(keys) == 0 || count[keys[0]>>shift&(buckets-1)] == int32(len(keys)) {
			continue
		}
		at := int32(0)
		for b, k := range count {
			count[b] = at
			at += k
		}
		for i, key := range keys {
			b := key >> shift & (buckets - 1)
			keys2[count[b]], players2[count[b]] = key, players[i]
			count[b]++
		}
		keys, keys2, players, players2 = keys2, keys, players2, players
	}
	if len(keys) > 0 && &keys[0] != &s.keys[from] {
		copy(s.keys[from:to], keys)
		copy(s.players[from:to], players)
	}
}

// runs yields the bounds of each run of equal numbers.
func (s *sorter) runs() iter.Seq2[int, int] {
	return func(yield func(from, to int) bool) {
		for from := 0; from < len(s.keys); {
			to := from + 1
			for to < len(s.keys) && s.ties(to-1, to) {
				to++
			}
			if !yield(from, to) {
				return
			}
			from = to
		}
	}
}

// countPlaces is normaliseByRank for whole numbers within a narrow range, which need counting rather than sorting. It
// returns the players with a value and the most who share one; ok is false, and nothing changed, where the column is
// another.
func (s *sorter) countPlaces(x []float64, norm scorecard.Normalise, higher bool) (n, most int, ok bool) {
	least, greatest, worst := math.Inf(1), math.Inf(-1), 0
	for _, v := range x {
		switch {
		case math.IsNaN(v):
			continue
		case math.IsInf(v, -1):
			worst++
		case v != math.Trunc(v) || math.Abs(v) >= 1e12:
			return 0, 0, false
		default:
			least, greatest = min(least, v), max(greatest, v)
		}
		n++
	}
	span := greatest - least + 1
	if n == 0 || n == worst || span > float64(max(2*n, 1<<12)) {
		return 0, 0, false
	}
	counts := append(s.players2[:0], make([]int32, int(span))...)
	for _, v := range x {
		if v >= least {
			counts[int(v-least)]++
		}
	}
	s.players2 = counts
	values := make([]float64, len(counts))
	below := worst
	for k := range counts {
		if !higher {
			k = len(counts) - 1 - k
		}
		if sharing := int(counts[k]); sharing > 0 {
			values[k] = placeValue(norm, below, sharing, n, sharing == n)
			below, most = below+sharing, max(most, sharing)
		}
	}
	lowest := placeValue(norm, 0, worst, n, worst == n)
	for player, v := range x {
		switch {
		case v >= least:
			x[player] = values[int(v-least)]
		case math.IsInf(v, -1):
			x[player] = lowest
		}
	}
	return n, most, true
}
