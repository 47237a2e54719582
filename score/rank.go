package score

import (
	"cmp"
	"math"
	"slices"

	"cairn/internal/exact"
	"cairn/scorecard"
)

// normaliseByRank gives each player the value of their place among the others, from the worst.
func (c *calculation) normaliseByRank(i int, x []float64) {
	part := c.nodes[i].part
	higher := part.Better != scorecard.Lower
	parameter := c.parameter(i)
	if frozen := c.frozen(i); frozen != nil && frozen.Distribution != nil {
		d := frozen.Distribution.summed()
		parameter.N = d.N
		constant := len(d.Values) == 0 || len(d.Values) == 1 && d.Counts[0] == d.N
		for player, v := range x {
			switch {
			case math.IsNaN(v):
			case math.IsInf(v, -1):
				x[player] = placeValue(part.Normalise, 0, d.outside(), d.N, constant)
			default:
				worse, equal := d.place(v, higher)
				x[player] = placeValue(part.Normalise, worse, max(equal, 1), d.N, constant)
			}
		}
		return
	}
	s := <-c.scratch
	defer func() { c.scratch <- s }()
	if n, most, ok := s.countPlaces(x, part.Normalise, higher); ok {
		parameter.N = n
		c.warnConstant(i, n, most)
		return
	}
	s.reset(len(x))
	for player, v := range x {
		if !math.IsNaN(v) {
			s.add(int32(player), v, higher)
		}
	}
	s.sort()
	n := len(s.players)
	parameter.N = n
	for from, to := range s.runs() {
		value := placeValue(part.Normalise, from, to-from, n, to-from == n)
		for _, player := range s.players[from:to] {
			x[player] = value
		}
		c.warnConstant(i, n, to-from)
	}
}

// warnConstant warns where all n players share a place.
func (c *calculation) warnConstant(i, n, sharing int) {
	switch {
	case n != sharing || n == 0:
	case n == 1:
		c.warn(i, "a single player cannot be ranked: the value becomes that of a constant column")
	default:
		c.warn(i, "constant column: %d players share one value and one place", n)
	}
}

// placeValue is the value of a place that beats worse others and shares with equal (itself included) among n.
func placeValue(norm scorecard.Normalise, worse, equal, n int, constant bool) float64 {
	switch norm.Method {
	case scorecard.NormRank, scorecard.NormBorda:
		rank := float64(worse + 1)
		if norm.TiesMean {
			rank += float64(equal-1) / 2
		}
		rank = max(min(rank, float64(n)), 1)
		if norm.Method == scorecard.NormBorda {
			rank--
		}
		return rank
	case scorecard.NormPercentile:
		if constant || n < 2 {
			return 0.5
		}
		return min((float64(worse)+float64(equal-1)/2)/float64(n-1), 1)
	}
	if constant || n < 2 {
		return 0.5
	}
	return min(float64(worse)/float64(n-1), 1)
}

// placeChildren ranks a part among all players who have it: 1 is best, standard ties. Under relative the rank r of n
// becomes (n − r + 1)/n.
func (c *calculation) placeChildren(i int) {
	relative := c.nodes[i].part.Combine.Mean == scorecard.Relative
	children := c.nodes[i].children
	c.each(len(children), func(k int) {
		child := children[k]
		higher := higherWins(c.nodes[child].part)
		place := make([]float64, len(c.table.Players))
		rank := func(worse, equal, n int) float64 {
			if relative {
				return max(float64(worse+equal), 1) / float64(n)
			}
			return float64(n - worse - equal + 1)
		}
		if frozen := c.frozen(child); frozen != nil && frozen.Ranked != nil {
			d := frozen.Ranked.summed()
			for player, v := range c.value[child] {
				place[player] = missing
				if !math.IsNaN(v) {
					worse, equal := d.place(v, higher)
					place[player] = rank(worse, max(equal, 1), d.N)
					if relative {
						place[player] = min(place[player], 1)
					} else {
						place[player] = max(place[player], 1)
					}
				}
			}
			c.places[child] = place
			return
		}
		s := <-c.scratch
		defer func() { c.scratch <- s }()
		s.reset(len(c.table.Players))
		for player, v := range c.value[child] {
			if place[player] = missing; !math.IsNaN(v) {
				s.add(int32(player), v, higher)
			}
		}
		s.sort()
		for from, to := range s.runs() {
			value := rank(from, to-from, len(s.players))
			for _, player := range s.players[from:to] {
				place[player] = value
			}
		}
		c.places[child] = place
	})
}

// publish scales and rounds.
func (r *Result) publish() error {
	var first firstErrors
	n := len(r.Table.Players)
	r.Exact, r.Score = make([]float64, n), make([]float64, n)
	r.players(func(from, to int) {
		for player := from; player < to; player++ {
			r.Exact[player] = float64(r.value[0][player] * r.scale)
			r.Score[player] = exact.Round(r.Exact[player], r.Card.Decimals, r.Card.Round == scorecard.HalfEven)
			if math.IsInf(r.Score[player], 0) {
				first.add(player, r.refuse(0, player, "the score is too great for a number; choose a smaller out_of or scale the parts down"))
			}
		}
	})
	return first.err
}

// absence says why a player who stayed has no score.
func (r *Result) absence(player int) string {
	some := false
	for i := range r.nodes {
		some = some || r.nodes[i].scored && r.isMetric(i) && !math.IsNaN(r.value[i][player])
	}
	if !some {
		return "no score: no metric has a value"
	}
	return "no score: too little is present for what the scorecard needs"
}

// rank orders the players and ranks them, also within each tag.
func (r *Result) rank() {
	card, n := r.Card, len(r.Table.Players)
	rising := card.Better == scorecard.Lower // the best first
	s := <-r.scratch
	defer func() { r.scratch <- s }()
	s.reset(n)
	for player := range n {
		if math.IsNaN(r.Score[player]) {
			continue
		}
		ranked := r.Score[player]
		if card.RankOn == scorecard.OnExact {
			ranked = r.Exact[player]
		}
		s.add(int32(player), ranked, rising)
	}
	s.sort()
	r.Order = make([]int32, 0, n)
	classes := make([]int32, 0, len(s.players)) // equal numbers: equal players
	class := int32(0)
	for from, to := range s.runs() {
		run := s.players[from:to]
		slices.Sort(run) // equal at 12 digits: back to the order of the table
		if len(card.TieBreak) > 0 {
			slices.SortStableFunc(run, r.breakTie)
		}
		for k, player := range run {
			if k == 0 || len(card.TieBreak) > 0 && r.breakTie(run[k-1], player) != 0 {
				class++
			}
			r.Order = append(r.Order, player)
			classes = append(classes, class)
		}
	}
	ranked := r.Order
	for player := range n {
		if math.IsNaN(r.Score[player]) {
			r.Order = append(r.Order, int32(player))
		}
	}
	r.Rank = make([]float64, n)
	everyone := make([]int32, n)
	rankWithin(card.Ties, ranked, classes, everyone, 1, r.Rank)
	r.TagRanks = map[string][]float64{}
	for _, group := range card.Tags {
		ranks := make([]float64, n)
		if tags := r.Table.Tags[group]; tags != nil {
			numbers, tagCount := numberTags(tags)
			rankWithin(card.Ties, ranked, classes, numbers, tagCount, ranks)
		}
		r.TagRanks[group] = ranks
	}
}

// numberTags gives each tag a number from 0, and −1 to none.
func numberTags(tags []string) (numbers []int32, n int) {
	known := map[string]int32{"": -1}
	numbers = make([]int32, len(tags))
	for player, tag := range tags {
		number, ok := known[tag]
		if !ok {
			number = int32(len(known) - 1)
			known[tag] = number
		}
		numbers[player] = number
	}
	return numbers, len(known) - 1
}

// rankWithin ranks ordered players within each of n tags in one walk (two for fractional ranks).
func rankWithin(ties scorecard.Ties, order, classes, tags []int32, n int, ranks []float64) {
	type standing struct {
		class, count, dense int32
		rank                float64
	}
	walk := make([]standing, n)
	for k, player := range order {
		tag := tags[player]
		if tag < 0 {
			continue
		}
		at := &walk[tag]
		at.count++
		if at.class != classes[k] {
			at.class = classes[k]
			at.dense++
			at.rank = float64(at.count)
			if ties == scorecard.Dense {
				at.rank = float64(at.dense)
			}
		}
		if ties == scorecard.Ordinal {
			at.rank = float64(at.count)
		}
		ranks[player] = at.rank
	}
	if ties != scorecard.Fractional {
		return
	}
	last := make([]standing, n) // walking back: count is the place, rank the last place of the run
	for k := len(order) - 1; k >= 0; k-- {
		tag := tags[order[k]]
		if tag < 0 {
			continue
		}
		at := &last[tag]
		if at.class != classes[k] {
			at.class = classes[k]
			at.rank = float64(walk[tag].count - at.count)
		}
		at.count++
		ranks[order[k]] = (ranks[order[k]] + at.rank) / 2
	}
}

// breakTie compares two players by the tie-break parts in turn: the greater value first, missing last.
func (r *Result) breakTie(a, b int32) int {
	for _, key := range r.Card.TieBreak {
		for i := range r.nodes {
			if i == 0 || r.nodes[i].part.Key != key {
				continue
			}
			x, y := exact.Round12(r.value[i][a]), exact.Round12(r.value[i][b])
			if math.IsNaN(x) || math.IsNaN(y) {
				if math.IsNaN(x) != math.IsNaN(y) {
					return cmp.Compare(truth(math.IsNaN(x)), truth(math.IsNaN(y)))
				}
				continue
			}
			if !higherWins(r.nodes[i].part) {
				x, y = y, x
			}
			if order := cmp.Compare(y, x); order != 0 {
				return order
			}
		}
	}
	return 0
}

// cover computes how much of the scored weight each player's own values cover.
func (r *Result) cover() {
	r.Coverage = make([]float64, len(r.Table.Players))
	var metrics []int
	all, whole := 0.0, true
	for i := range r.nodes {
		if r.nodes[i].scored && r.isMetric(i) {
			metrics = append(metrics, i)
			all += r.nodes[i].weight
			whole = whole && !r.gaps[i]
		}
	}
	r.players(func(from, to int) {
		if whole {
			for player := from; player < to; player++ {
				r.Coverage[player] = 1
			}
			return
		}
		for _, i := range metrics {
			weight, column := r.nodes[i].weight, r.raw[i]
			for player := from; player < to; player++ {
				if !math.IsNaN(column[player]) {
					r.Coverage[player] += weight
				}
			}
		}
		for player := from; player < to; player++ {
			r.Coverage[player] /= all
		}
	})
}
