package score

import (
	"math"
	"slices"
	"strconv"

	"cairn/internal/exact"
	"cairn/scorecard"
)

// combineGroups combines level by level, from the innermost groups to the scorecard itself.
func (c *calculation) combineGroups() error {
	n := len(c.table.Players)
	c.marks, c.linear = true, true
	for i := len(c.nodes) - 1; i >= 0; i-- {
		group := &c.nodes[i]
		if len(group.children) == 0 {
			if group.scored && c.isMetric(i) && math.IsNaN(group.full) {
				c.marks = false
			}
			continue
		}
		mean := group.part.Combine.Mean
		if i > 0 && (mean == scorecard.Copeland || mean == scorecard.Position) {
			above := c.nodes[group.parent].part.Combine.Mean
			c.marks = c.marks && (above == scorecard.Relative || above == scorecard.Position || above == scorecard.Copeland)
		}
		if c.byRank(i) {
			c.placeChildren(i)
		}
		c.inner[i] = make([]float64, n)
		if mean == scorecard.Copeland && n > mostOutranked {
			return &DataError{Part: c.keyOf(i), Message: "copeland compares every two players, which " + strconv.Itoa(n) + " are too many for; at most " +
				strconv.Itoa(mostOutranked) + ": combine by relative instead"}
		} else if mean == scorecard.Copeland {
			c.outrank(i)
		} else if err := c.combine(i); err != nil {
			return err
		}
		c.value[i] = c.inner[i]
		c.linear = c.linear && (mean == scorecard.Arithmetic || mean == scorecard.Sum)
		if bounded(group.part) {
			c.linear = false
			c.value[i] = make([]float64, n)
			c.players(func(from, to int) {
				for player := from; player < to; player++ {
					c.value[i][player] = c.bound(group.part, c.then(group.part, c.inner[i][player]))
				}
			})
		}
	}
	return nil
}

// bounded reports whether anything comes between a part's combined or normalised value and its own.
func bounded(p *scorecard.Part) bool { return len(p.Then) > 0 || p.Floor != nil || p.Cap != nil }

// enters is the column by which a child enters its group.
func (c *calculation) enters(group, child int) []float64 {
	if c.byRank(group) {
		return c.places[child]
	}
	return c.value[child]
}

// combine fills the inner column of a group.
func (c *calculation) combine(i int) error {
	var first firstErrors
	c.players(func(from, to int) {
		weights := make([]float64, to-from) // of the children that are present
		counts := make([]int, to-from)
		sums := c.inner[i][from:to]
		switch c.nodes[i].part.Combine.Mean {
		case scorecard.Arithmetic, scorecard.Sum, scorecard.Relative, scorecard.Position:
			for _, child := range c.nodes[i].children {
				weight := c.nodes[child].part.Weight
				for k, s := range c.enters(i, child)[from:to] {
					if !math.IsNaN(s) {
						sums[k] += float64(weight * s)
						weights[k] += weight
						counts[k]++
					}
				}
			}
			divide := c.nodes[i].part.Combine.Mean
			for k := range sums {
				if divide == scorecard.Arithmetic || divide == scorecard.Relative {
					sums[k] /= weights[k]
				}
			}
		default:
			values := make([]float64, len(c.nodes))
			for k := range sums {
				for _, child := range c.nodes[i].children {
					if values[child] = c.value[child][from+k]; !math.IsNaN(values[child]) {
						weights[k] += c.nodes[child].part.Weight
						counts[k]++
					}
				}
				if c.lacks(i, weights[k], counts[k]) {
					continue // require makes it missing
				}
				if err := c.admit(i, from+k, values); err != nil && c.options.tolerant {
					sums[k] = missing
					continue
				} else if err != nil {
					first.add(from+k, err)
					return
				}
				sums[k] = c.mean(i, values)
			}
		}
		c.require(i, sums, weights, counts)
		for k, s := range sums {
			if math.IsInf(s, 0) {
				first.add(from+k, c.refuse(i, from+k, "the combined value is too great for a number; scale the parts down"))
				return
			}
		}
	})
	return first.err
}

// require makes a group missing where less is present than it needs.
func (c *calculation) require(i int, sums, weights []float64, counts []int) {
	for k := range sums {
		if c.lacks(i, weights[k], counts[k]) {
			sums[k] = missing
		}
	}
}

// lacks reports whether a group needs more than count children of a weight.
func (c *calculation) lacks(i int, weight float64, count int) bool {
	part, children := c.nodes[i].part, c.nodes[i].children
	switch {
	case weight == 0:
		return true
	case count == len(children):
		return false
	case part.Combine.Mean == scorecard.Position,
		part.Needs.Count != nil && below(float64(count), float64(len(children)), *part.Needs.Count):
		return true
	case part.Needs.Weight == nil:
		return false
	}
	all := 0.0
	for _, child := range children {
		all += c.nodes[child].part.Weight
	}
	return below(weight, all, *part.Needs.Weight)
}

// admit refuses values that a group's mean is not defined for.
func (c *calculation) admit(i, player int, values []float64) error {
	combine := c.nodes[i].part.Combine
	for _, child := range c.nodes[i].children {
		s := values[child]
		switch {
		case math.IsNaN(s):
		case s < 0 && (combine.Mean == scorecard.Geometric || combine.Mean == scorecard.Harmonic ||
			combine.Mean == scorecard.Power && (combine.P <= 0 || combine.P != math.Trunc(combine.P))):
			return c.refuse(child, player, "the value %s is negative; a %s mean takes none: give the part a floor or combine another way", short(s), meanWords(combine))
		case s == 0 && combine.Mean == scorecard.Power && combine.P < 0:
			return c.refuse(child, player, "the value is 0; a %s mean takes only values above 0: give the part a floor or combine another way", meanWords(combine))
		}
	}
	return nil
}

func meanWords(combine scorecard.Combine) string {
	if combine.Mean == scorecard.Power {
		return "power (" + short(combine.P) + ")"
	}
	return string(combine.Mean)
}

// mean combines the values (by node, NaN missing) of a group's children; NaN where none is present or all weigh 0.
// What enters a rank combination are the places. Copeland has no mean of its own.
func (c *calculation) mean(i int, values []float64) float64 {
	combine, children := c.nodes[i].part.Combine, c.nodes[i].children
	weights, sum, best := 0.0, 0.0, missing
	phi := c.phi(i)
	zero := false
	for _, child := range children {
		s := values[child]
		if math.IsNaN(s) {
			continue
		}
		weight := c.nodes[child].part.Weight
		weights += weight
		switch combine.Mean {
		case scorecard.Min, scorecard.Max:
			if math.IsNaN(best) || combine.Mean == scorecard.Min && s < best || combine.Mean == scorecard.Max && s > best {
				best = s
			}
		case scorecard.Arithmetic, scorecard.Sum, scorecard.Relative, scorecard.Position:
			sum += float64(weight * s)
		default:
			if weight > 0 && phi.absorbs(s) {
				zero = true
			} else if weight > 0 {
				sum += float64(weight * phi.of(s))
			}
		}
	}
	switch combine.Mean {
	case scorecard.Min, scorecard.Max:
		return best
	case scorecard.Sum, scorecard.Position:
		if weights == 0 {
			return missing
		}
		return sum
	case scorecard.Arithmetic, scorecard.Relative:
		return sum / weights
	}
	switch {
	case weights == 0:
		return missing
	case zero:
		return 0
	case combine.Mean == scorecard.Harmonic:
		return weights / sum
	}
	return phi.back(sum / weights)
}

// transformation is the φ of a quasi-arithmetic mean φ⁻¹(Σ w φ(s) / W).
type transformation struct {
	kind scorecard.Mean // Arithmetic (φ = x), Geometric (ln x), Harmonic (1/x) or Power (x^p)
	p    float64
}

func (c *calculation) phi(i int) transformation {
	switch combine := c.nodes[i].part.Combine; combine.Mean {
	case scorecard.Geometric, scorecard.Harmonic:
		return transformation{kind: combine.Mean}
	case scorecard.Power:
		if combine.P == 0 {
			return transformation{kind: scorecard.Geometric}
		}
		return transformation{kind: scorecard.Power, p: combine.P}
	}
	return transformation{kind: scorecard.Arithmetic}
}

// absorbs reports whether a child at s holds the whole mean at 0.
func (t transformation) absorbs(s float64) bool {
	return s == 0 && (t.kind == scorecard.Geometric || t.kind == scorecard.Harmonic || t.kind == scorecard.Power && t.p < 0)
}

func (t transformation) of(s float64) float64 {
	switch t.kind {
	case scorecard.Geometric:
		return exact.Ln(s)
	case scorecard.Harmonic:
		return 1 / s
	case scorecard.Power:
		return exact.Pow(s, t.p)
	}
	return s
}

func (t transformation) back(y float64) float64 {
	switch t.kind {
	case scorecard.Geometric:
		return exact.Exp(y)
	case scorecard.Harmonic:
		return 1 / y
	case scorecard.Power:
		if y < 0 { // only an odd p gives a negative sum
			return -exact.Pow(-y, 1/t.p)
		}
		return exact.Pow(y, 1/t.p)
	}
	return y
}

// slope is φ′(s).
func (t transformation) slope(s float64) float64 {
	switch t.kind {
	case scorecard.Geometric:
		return 1 / s
	case scorecard.Harmonic:
		return -1 / float64(s*s)
	case scorecard.Power:
		return t.p * exact.Pow(s, t.p-1)
	}
	return 1
}

// mostOutranked bounds the work of outrank, which grows with the square of the players: some seconds.
const mostOutranked = 20_000

// outrank fills the inner column of a copeland group: for every player, the players they outrank less those who
// outrank them. Two are compared on the children both have. Players whom the group's needs leave without it take no
// part, also not as opponents.
func (c *calculation) outrank(i int) {
	n, children := len(c.table.Players), c.nodes[i].children
	keys := make([][]uint64, len(children)) // greater is better, 0 missing
	weights, counts := make([]float64, n), make([]int, n)
	all := 0.0
	for k, child := range children {
		keys[k] = make([]uint64, n)
		higher, weight := higherWins(c.nodes[child].part), c.nodes[child].part.Weight
		all += weight
		for player, v := range c.value[child] {
			if !math.IsNaN(v) {
				keys[k][player] = orderable(exact.Round12(v), higher)
				weights[player] += weight
				counts[player]++
			}
		}
	}
	c.require(i, c.inner[i], weights, counts)
	outranked := slices.Clone(c.inner[i])
	c.players(func(from, to int) {
		for a := from; a < to; a++ {
			if math.IsNaN(c.inner[i][a]) {
				continue
			}
			balance := 0
			for b := range n {
				if math.IsNaN(c.inner[i][b]) {
					continue
				}
				lead := 0.0
				for k, child := range children {
					switch x, y := keys[k][a], keys[k][b]; {
					case x == 0 || y == 0:
					case x > y:
						lead += c.nodes[child].part.Weight
					case x < y:
						lead -= c.nodes[child].part.Weight
					}
				}
				if lead > all*1e-12 {
					balance++
				} else if lead < -all*1e-12 {
					balance--
				}
			}
			outranked[a] = float64(balance)
		}
	})
	c.inner[i] = outranked
}
