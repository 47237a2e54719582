package score

import (
	"bytes"
	"math"

	"cairn/scorecard"
)

// Move says how one part moved a player's score between two results, in score units, exact. Own, Others and Rules of
// the top parts add up to the change of the exact score. A part that only one of the scorecards has is moved by Rules.
type Move struct {
	Key    string
	Part   *scorecard.Part // of the new scorecard, or of the old one where the new has it no more
	Depth  int
	Own    float64 // new values under the old rules and the old parameters
	Others float64 // data-driven parameters moved
	Rules  float64 // the scorecard changed
}

// split is how the change between two standings is told part by part.
type split struct {
	by   []float64 // by node: how much the part moved the combined value
	rate []float64 // by node: the limit of that per change of the part's own value
	mid  []float64 // scratch: what enters a group after parts appeared or went missing
}

func newSplit(n int) *split {
	all := make([]float64, 3*n)
	return &split{by: all[:n], rate: all[n : 2*n], mid: all[2*n:]}
}

// moved splits the change of the combined value between two standings under the same rules, both with a score:
// level by level, top down (scorecard.md, section 3).
func (c *calculation) moved(a, b *standing, s *split) {
	s.by[0] = b.inner[0] - a.inner[0]
	s.rate[0] = 1
	for i := range c.nodes {
		if len(c.nodes[i].children) == 0 {
			continue
		}
		whole, before, after := s.by[i], a.inner[i], b.inner[i]
		switch {
		case whole == 0 && (math.IsNaN(before) || math.IsNaN(after)):
			for _, child := range c.nodes[i].children {
				s.by[child], s.rate[child] = 0, 0
			}
		case math.IsNaN(before), math.IsNaN(after): // the group itself came or went: its parts share that as they share its value
			there := b
			if math.IsNaN(after) {
				there = a
			}
			c.hand(i, there, whole, s)
		case c.nodes[i].part.Combine.Mean == scorecard.Copeland,
			s.rate[i] == 0 && whole != 0 && near(before, after): // the others moved its rank: it did nothing itself
			c.hand(i, b, whole, s)
		default:
			c.splitGroup(i, a, b, s)
			if i == 0 {
				continue
			}
			factor, sum := float64(s.rate[i]*c.slope(c.nodes[i].part, before)), 0.0
			for _, child := range c.nodes[i].children {
				sum += s.by[child]
			}
			if !near(before, after) && sum != 0 {
				factor = whole / sum // sum is after − before, as the children tell it
			}
			for _, child := range c.nodes[i].children {
				s.by[child] *= factor
				s.rate[child] *= factor
			}
		}
	}
}

// near reports whether two values are so close that their quotients of differences are noise.
func near(x, y float64) bool {
	return math.Abs(x-y) <= 1e-9*max(math.Abs(x), math.Abs(y))
}

// hand gives an amount to the children present in a standing, as they share the group's value there.
func (c *calculation) hand(i int, there *standing, amount float64, s *split) {
	if c.isOutranking(i) {
		for _, child := range c.nodes[i].children {
			s.by[child] = 0
			if math.IsNaN(there.value[child]) {
				s.by[child] = missing
			}
		}
	} else {
		c.shares(i, there, s.by)
	}
	c.rescale(i, there.value, amount, s.by)
	for _, child := range c.nodes[i].children {
		s.rate[child] = 0
		if math.IsNaN(s.by[child]) {
			s.by[child] = 0
		}
	}
}

// splitGroup splits the change of a group's combined value among its children: first the parts that appear, then
// those that go missing, each alone, then the rest by the mean's own decomposition.
func (c *calculation) splitGroup(i int, a, b *standing, s *split) {
	before, after := a.entering(c, i), b.entering(c, i)
	children := c.nodes[i].children
	current := a.inner[i]
	for _, child := range children {
		s.by[child], s.rate[child] = 0, 0
		s.mid[child] = before[child]
	}
	for _, goes := range []bool{false, true} {
		for _, child := range children {
			if math.IsNaN(before[child]) == math.IsNaN(after[child]) || math.IsNaN(after[child]) != goes {
				continue
			}
			s.mid[child] = after[child]
			next := c.mean(i, s.mid)
			if math.IsNaN(next) { // only parts of weight 0 are left on the way
				next = current
			}
			s.by[child] = next - current
			current = next
		}
	}
	c.splitPresent(i, s.mid, after, current, b.inner[i], s)
}

// splitPresent adds each child's d between two states of the same parts, which move the mean from f to g.
func (c *calculation) splitPresent(i int, before, after []float64, f, g float64, s *split) {
	children := c.nodes[i].children
	mean := c.nodes[i].part.Combine.Mean
	weights := c.presentWeight(i, after)
	phi := c.phi(i)
	switch {
	case mean == scorecard.Min || mean == scorecard.Max:
		c.splitBinding(i, before, after, f, g, s)
		return
	case phi.kind != scorecard.Arithmetic && c.splitZero(i, before, after, g-f, weights, s):
		return
	}
	if mean == scorecard.Sum || mean == scorecard.Position {
		weights = 1
	}
	total := 0.0
	if phi.kind != scorecard.Arithmetic {
		for _, child := range children {
			if w := c.nodes[child].part.Weight; w > 0 && !math.IsNaN(after[child]) {
				total += float64(w / weights * (phi.of(after[child]) - phi.of(before[child])))
			}
		}
	}
	factor := 1.0
	switch {
	case phi.kind == scorecard.Arithmetic:
	case near(f, g) || total == 0:
		if middle := (f + g) / 2; middle != 0 {
			factor = 1 / phi.slope(middle)
		} else {
			factor = 0
		}
	default:
		factor = (g - f) / total
	}
	for _, child := range children {
		x, y, w := before[child], after[child], c.nodes[child].part.Weight
		if math.IsNaN(y) || w == 0 {
			continue
		}
		s.by[child] += float64(w / weights * (phi.of(y) - phi.of(x)) * factor)
		if mean == scorecard.Relative || mean == scorecard.Position {
			continue // a rank does not follow its part in small steps
		}
		if middle := (x + y) / 2; phi.kind == scorecard.Arithmetic || middle != 0 {
			s.rate[child] = w / weights * phi.slope(middle) * factor
		}
	}
}

// splitBinding lets the parts that bind in the first state and moved carry the change, by weight; where none of them
// moved, those that bind in the second.
func (c *calculation) splitBinding(i int, before, after []float64, f, g float64, s *split) {
	binding, at := before, f
	carries := func(child int) bool { return same(binding[child], at) && before[child] != after[child] }
	weights := 0.0
	weigh := func() (n float64) {
		weights = 0
		for _, child := range c.nodes[i].children {
			if carries(child) {
				weights += c.nodes[child].part.Weight
				n++
			}
		}
		return n
	}
	n := weigh()
	if n == 0 {
		binding, at = after, g
		n = weigh()
	}
	for _, child := range c.nodes[i].children {
		if !carries(child) {
			continue
		}
		s.rate[child] = 1 / n
		if weights > 0 {
			s.rate[child] = c.nodes[child].part.Weight / weights
		}
		s.by[child] += float64(s.rate[child] * (g - f))
	}
}

// splitZero shares a change from or to 0 among the parts that hold the mean at 0, by weight. It reports whether there
// are any.
func (c *calculation) splitZero(i int, before, after []float64, change, weights float64, s *split) bool {
	phi, holding := c.phi(i), 0.0
	holds := func(child int) bool {
		return c.nodes[child].part.Weight > 0 && !math.IsNaN(after[child]) && (phi.absorbs(before[child]) || phi.absorbs(after[child]))
	}
	for _, child := range c.nodes[i].children {
		if holds(child) {
			holding += c.nodes[child].part.Weight
		}
	}
	if holding == 0 {
		return false
	}
	for _, child := range c.nodes[i].children {
		if holds(child) {
			s.by[child] += float64(change*c.nodes[child].part.Weight) / holding
		}
	}
	return true
}

// Bridge holds the four calculations that tell what moved a score: Before (the last release), Own (the new values
// under the old rules and the old parameters), Others (new values, old rules, new parameters) and After (the new
// release). Where the rules are the same, Others and After are one. A value that the old rules refuse leaves its
// player without a score in Own and Others.
type Bridge struct {
	Before, Own, Others, After *Result

	index map[string]int // player → place in Before
	same  bool           // the rules did not change
	gone  []int          // scored metrics of Before that After has no more, by node
}

// NewBridge calculates Own and Others. table holds the new values taken under the rules of before, for the players of
// after.Table in the same order; it is after.Table where the rules did not change.
func NewBridge(before, after *Result, table *Table, options Options) (*Bridge, error) {
	b := &Bridge{Before: before, After: after, Others: after, index: make(map[string]int, len(before.Table.Players))}
	for i, player := range before.Table.Players {
		b.index[player] = i
	}
	own, err := Score(before.Card, table, Options{Frozen: before.Frozen(), Workers: options.Workers, tolerant: true})
	if err != nil {
		return nil, err
	}
	b.Own = own
	if b.same = bytes.Equal(before.Card.Source, after.Card.Source) && table == after.Table; b.same {
		return b, nil
	}
	options.tolerant = true
	if b.Others, err = Score(before.Card, table, options); err != nil {
		return nil, err
	}
	for i := range before.nodes {
		if node := &before.nodes[i]; node.scored && before.isMetric(i) && !after.scoresMetric(node.part.Key) {
			b.gone = append(b.gone, i)
		}
	}
	return b, nil
}

func (c *calculation) scoresMetric(key string) bool {
	i, known := c.metric[key]
	return known && c.nodes[i].scored
}

// Moves tells what moved the score of player i of After, per part: those of the new scorecard depth first, then the
// metrics it scores no more, at depth 0. ok is false where the player was not scored in all four.
func (b *Bridge) Moves(i int) (moves []Move, ok bool) {
	was, known := b.index[b.After.Table.Players[i]]
	if !known || math.IsNaN(b.Before.Exact[was]) || math.IsNaN(b.After.Exact[i]) ||
		math.IsNaN(b.Own.Exact[i]) || math.IsNaN(b.Others.Exact[i]) {
		return nil, false
	}
	c := b.Before.calculation
	n := len(c.nodes)
	before, own, others := newStanding(n), newStanding(n), newStanding(n)
	c.stand(was, before)
	b.Own.stand(i, own)
	b.Others.stand(i, others)
	first, second := newSplit(n), newSplit(n)
	c.moved(before, own, first)
	b.Others.moved(own, others, second)
	told := func(node int, m *Move) {
		m.Own, m.Others = float64(first.by[node]*c.scale), float64(second.by[node]*c.scale)
	}

	after := b.After.calculation
	moves = make([]Move, 0, len(after.nodes)-1+len(b.gone))
	for k := 1; k < len(after.nodes); k++ {
		node := &after.nodes[k]
		move := Move{Key: node.part.Key, Part: node.part, Depth: node.depth}
		if b.same && node.scored {
			told(k, &move)
		} else if node.scored && after.isMetric(k) && c.scoresMetric(move.Key) {
			told(c.metric[move.Key], &move)
		}
		moves = append(moves, move)
	}
	if b.same {
		return moves, true
	}
	for _, k := range b.gone {
		move := Move{Key: c.nodes[k].part.Key, Part: c.nodes[k].part}
		told(k, &move)
		moves = append(moves, move)
	}
	b.rulesMoved(i, moves)
	for k := len(after.nodes) - 1; k > 0; k-- { // groups may have other children now: they carry what their metrics do
		if parent := after.nodes[k].parent; parent > 0 {
			moves[parent-1].Own += moves[k-1].Own
			moves[parent-1].Others += moves[k-1].Others
			moves[parent-1].Rules += moves[k-1].Rules
		}
	}
	return moves, true
}

// rulesMoved is, metric by metric, the points under the new rules less those under the old. Where a scorecard has no
// points, the metrics of the new one share what is left of the change by weight.
func (b *Bridge) rulesMoved(i int, moves []Move) {
	rules, told := map[string]float64{}, 0.0
	for _, side := range []struct {
		*Result
		sign float64
	}{{b.Others, -1}, {b.After, 1}} {
		var d Decomposition
		side.Decompose(i, &d)
		for k, points := range d.Points {
			if side.isMetric(k+1) && !math.IsNaN(points) {
				rules[side.nodes[k+1].part.Key] += float64(side.sign * points)
				told += float64(side.sign * points)
			}
		}
	}
	rest := b.After.Exact[i] - b.Others.Exact[i] - told
	if math.Abs(rest) <= 1e-12*max(math.Abs(b.After.Exact[i]), math.Abs(b.Others.Exact[i])) {
		rest = 0
	}
	for k := range moves {
		moves[k].Rules = rules[moves[k].Key]
		if k+1 < len(b.After.nodes) && b.After.isMetric(k+1) {
			moves[k].Rules += float64(rest * b.After.nodes[k+1].weight)
		}
	}
}
