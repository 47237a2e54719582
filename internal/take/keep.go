package take

import (
	"math"
	"math/bits"
	"slices"
	"time"

	"cairn/internal/exact"
	"cairn/internal/period"
)

// sums keeps one exact sum per player, so that the order of the entries plays no part. Whole numbers, which most
// entries are, add up exactly in a float64; the first that is not, or that would pass 2^53, turns the column into
// fixed-point numbers. What fits neither waits in a list.
type sums struct {
	whole []float64 // NaN: no entry yet
	fixed []fixed   // nil while every sum is whole
	rest  []cell
}

// exactWhole bounds the whole numbers that a float64 holds one by one. A sum that reaches it may have been rounded to it.
const exactWhole = 1 << 53

func (s *sums) add(player int, value float64) {
	if s.fixed == nil {
		sum := at64(&s.whole, player)
		if math.IsNaN(*sum) {
			*sum = 0
		}
		if next := *sum + value; value == math.Trunc(value) && math.Abs(value) <= exactWhole && math.Abs(next) < exactWhole {
			*sum = next
			return
		}
		s.fixed = make([]fixed, len(s.whole), cap(s.whole))
		for i, v := range s.whole {
			if !math.IsNaN(v) {
				s.fixed[i].add(v)
			}
		}
	}
	for len(s.fixed) <= player {
		s.fixed, s.whole = append(s.fixed, fixed{}), append(s.whole, math.NaN())
	}
	s.whole[player] = 0 // there is an entry
	if !s.fixed[player].add(value) {
		s.rest = append(s.rest, cell{int32(player), value})
	}
}

// column returns each player's exactly rounded sum.
func (s *sums) column(n int) []float64 {
	column := fill(s.whole, n)
	if s.fixed == nil {
		return column
	}
	for i := range min(n, len(s.fixed)) {
		if !math.IsNaN(column[i]) {
			column[i] = s.fixed[i].float()
		}
	}
	slices.SortFunc(s.rest, func(a, b cell) int { return int(a.player) - int(b.player) })
	for rest := s.rest; len(rest) > 0; {
		player, total := int(rest[0].player), s.fixed[rest[0].player].exact()
		for len(rest) > 0 && int(rest[0].player) == player {
			total.Add(rest[0].value)
			rest = rest[1:]
		}
		if player < n {
			column[player] = total.Value()
		}
	}
	return column
}

// fixed is a sum of 64 whole and 64 fractional bits, two's complement.
type fixed struct {
	hi int64
	lo uint64
}

// add adds a value exactly, or reports that it cannot and changes nothing.
func (f *fixed) add(value float64) bool {
	whole := math.Floor(value)
	if math.Abs(whole) > exactWhole {
		return false
	}
	scaled := (value - whole) * (1 << 32) * (1 << 32)
	if scaled != math.Trunc(scaled) || whole+(value-whole) != value {
		return false
	}
	hi := f.hi + int64(whole)
	lo, carry := bits.Add64(f.lo, uint64(scaled), 0)
	hi += int64(carry)
	if hi > 1<<62 || hi < -1<<62 {
		return false
	}
	f.hi, f.lo = hi, lo
	return true
}

// exact is the sum as it is.
func (f *fixed) exact() *exact.Sum {
	total := new(exact.Sum)
	for _, piece := range []float64{ // of 32 bits each: no piece is rounded
		float64(f.hi>>32) * (1 << 32), float64(f.hi & (1<<32 - 1)),
		float64(f.lo>>32) / (1 << 32), float64(f.lo&(1<<32-1)) / (1 << 32) / (1 << 32),
	} {
		total.Add(piece)
	}
	return total
}

// float is the sum rounded once, halves to even.
func (f *fixed) float() float64 {
	if f.lo == 0 && f.hi <= exactWhole && f.hi >= -exactWhole {
		return float64(f.hi)
	}
	hi, lo, sign := uint64(f.hi), f.lo, 1.0
	if f.hi < 0 {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
		sign = -1
	}
	// Keep the leading 64 bits; a bit that is lost below them only breaks ties, so it may stick to the last.
	shift := bits.LeadingZeros64(hi)
	exponent := 0
	if hi == 0 {
		shift = bits.LeadingZeros64(lo)
		hi, lo, exponent = lo<<shift, 0, -64-shift
	} else {
		hi, lo, exponent = hi<<shift|lo>>(64-shift), lo<<shift, -shift
	}
	if lo != 0 {
		hi |= 1
	}
	return sign * math.Ldexp(float64(hi), exponent)
}

// share turns sums into shares of their total, which it returns. Where the total is 0 every share is missing.
func share(column []float64) (total float64) {
	var sum exact.Sum
	for _, v := range column {
		if !math.IsNaN(v) {
			sum.Add(v)
		}
	}
	total = sum.Value()
	for i := range column {
		if total == 0 {
			column[i] = math.NaN()
		} else {
			column[i] /= total
		}
	}
	return total
}

// latest keeps one entry's value per player: the earliest or the latest in time. Of one instant, the earliest is the
// one added first and the latest the one added last.
type latest struct {
	at    []int64
	value []float64
}

func (l *latest) keep(player int, at int64, value float64, earliest bool) {
	if math.IsNaN(value) {
		return
	}
	for len(l.at) <= player {
		l.at, l.value = append(l.at, 0), append(l.value, math.NaN())
	}
	if math.IsNaN(l.value[player]) || (earliest && at < l.at[player]) || (!earliest && at >= l.at[player]) {
		l.at[player], l.value[player] = at, value
	}
}

func (l *latest) of(player int) float64 {
	if player < len(l.value) {
		return l.value[player]
	}
	return math.NaN()
}

// marks counts how many different marks each player has. Entries mostly come a day at a time, so a mark that repeats
// the player's last one is dropped at once.
type marks struct {
	last []uint32
	seen []uint64 // player<<32 | mark, some twice
	any  []bool
}

func (m *marks) add(player int, mark uint32) {
	for len(m.last) <= player {
		m.last, m.any = append(m.last, 0), append(m.any, false)
	}
	if m.any[player] && m.last[player] == mark {
		return
	}
	m.last[player], m.any[player] = mark, true
	m.seen = append(m.seen, uint64(player)<<32|uint64(mark))
}

func (m *marks) column(n int) []float64 {
	column := fill(nil, n)
	slices.Sort(m.seen)
	m.seen = slices.Compact(m.seen)
	for _, s := range m.seen {
		player := int(s >> 32)
		switch {
		case player >= n:
		case math.IsNaN(column[player]):
			column[player] = 1
		default:
			column[player]++
		}
	}
	return column
}

// cell is one value of one player.
type cell struct {
	player int32
	value  float64
}

// cells keeps every value, for takes that need them all.
type cells struct{ all []cell }

func (c *cells) add(player int, value float64) { c.all = append(c.all, cell{int32(player), value}) }

// column returns each player's quantile q, a whole number of hundredths (R type 7).
func (c *cells) column(n int, q float64) []float64 {
	column := fill(nil, n)
	starts := make([]int, n+1)
	for _, v := range c.all {
		if int(v.player) < n {
			starts[v.player+1]++
		}
	}
	for i := range n {
		starts[i+1] += starts[i]
	}
	grouped, next := make([]float64, starts[n]), slices.Clone(starts)
	for _, v := range c.all {
		if int(v.player) < n {
			grouped[next[v.player]] = v.value
			next[v.player]++
		}
	}
	for i := range column {
		if values := grouped[starts[i]:starts[i+1]]; len(values) > 0 {
			slices.Sort(values)
			column[i] = quantile(values, int(math.Round(q*100)))
		}
	}
	return column
}

// quantile interpolates between the sorted values that lie around the place (n − 1)·percent/100. The place is found in
// whole numbers, so that it is exact.
func quantile(sorted []float64, percent int) float64 {
	place := (len(sorted) - 1) * percent
	low, part := place/100, float64(place%100)/100
	if part == 0 {
		return sorted[low] + 0
	}
	return sorted[low] + float64(part*(sorted[low+1]-sorted[low]))
}

// dayClock tells the local day of instants; it remembers the last day, since entries mostly come a day at a time.
type dayClock struct {
	zone     *time.Location
	from, to int64
	day      period.Date
}

func (c *dayClock) of(at int64) period.Date {
	if at < c.from || at >= c.to {
		c.day = period.DateOf(time.UnixMicro(at), c.zone)
		c.from, c.to = c.day.Start(c.zone).UnixMicro(), (c.day + 1).Start(c.zone).UnixMicro()
	}
	return c.day
}
