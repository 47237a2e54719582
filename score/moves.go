package score

import (
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
		case c.nodes[i].part.Combine.Mean == scorecard.Copeland:
			c.hand(i, b, whole, s)
		default:
			c.splitGroup(i, a, b, s)
			if i == 0 {
				continue
			}
			factor := float64(s.rate[i] * c.slope(c.nodes[i].part, before))
			if !near(before, after) {
				factor = whole / (after - before)
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
	carries := func(child int) bool { return binding[child] == at && before[child] != after[child] }
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
// release). Where the rules are the same, Others and After are one.
type Bridge struct {
	Before, Own, Others, After *Result

	index map[string]int // player → place in Before
	keys  []string       // of the parts of Moves, depth first
	old   map[string]int // part key → node in Before
	fresh map[string]int // part key → node in After
	same  bool           // the rules did not change
}

// NewBridge calculates Own and Others. table holds the new values taken under the rules of before, for the players of
// after.Table in the same order; it is after.Table where the rules did not change.
func NewBridge(before, after *Result, table *Table, options Options) (*Bridge, error) {
	b := &Bridge{Before: before, After: after, Others: after, index: make(map[string]int, len(before.Table.Players)),
		old: map[string]int{}, fresh: map[string]int{}}
	for i, player := range before.Table.Players {
		b.index[player] = i
	}
	own, err := Score(before.Card, table, Options{Frozen: before.Frozen(), Workers: options.Workers})
	if err != nil {
		return nil, err
	}
	b.Own = own
	if b.same = string(before.Card.Source) == string(after.Card.Source) && table == after.Table; !b.same {
		if b.Others, err = Score(before.Card, table, options); err != nil {
			return nil, err
		}
	}
	for i := 1; i < len(after.nodes); i++ {
		b.fresh[after.nodes[i].part.Key] = i
		b.keys = append(b.keys, after.nodes[i].part.Key)
	}
	for i := 1; i < len(before.nodes); i++ {
		key := before.nodes[i].part.Key
		b.old[key] = i
		if _, stays := b.fresh[key]; !stays {
			b.keys = append(b.keys, key)
		}
	}
	return b, nil
}

// Moves tells what moved the score of player i of After, per part: those of the new scorecard depth first, then those
// it has no more. ok is false where the player was not scored in both.
func (b *Bridge) Moves(i int) (moves []Move, ok bool) {
	player := b.After.Table.Players[i]
	was, known := b.index[player]
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

	rules := map[string]float64{}
	if !b.same {
		b.rulesMoved(i, rules)
	}
	moves = make([]Move, 0, len(b.keys))
	for _, key := range b.keys {
		move := Move{Key: key, Rules: rules[key]}
		if at, stays := b.fresh[key]; stays {
			move.Part, move.Depth = b.After.nodes[at].part, b.After.nodes[at].depth
		}
		if at, was := b.old[key]; was {
			if move.Part == nil {
				move.Part, move.Depth = c.nodes[at].part, c.nodes[at].depth
			}
			if c.nodes[at].scored {
				move.Own, move.Others = float64(first.by[at]*c.scale), float64(second.by[at]*c.scale)
			}
		}
		moves = append(moves, move)
	}
	return moves, true
}

// rulesMoved is, part by part, the points under the new rules less those under the old. Where a scorecard has no
// points to compare, the top parts of the new one share the change by weight.
func (b *Bridge) rulesMoved(i int, rules map[string]float64) {
	var d Decomposition
	told := 0.0
	add := func(r *Result, sign float64) (whole bool) {
		r.Decompose(i, &d)
		for k := range d.Points {
			if points := d.Points[k]; !math.IsNaN(points) {
				rules[r.nodes[k+1].part.Key] += float64(sign * points)
				if r.nodes[k+1].parent == 0 {
					told += float64(sign * points)
					whole = true
				}
			}
		}
		return whole
	}
	oldTold, newTold := add(b.Others, -1), false
	d = Decomposition{}
	newTold = add(b.After, 1)
	if oldTold && newTold {
		return
	}
	rest := b.After.Exact[i] - b.Others.Exact[i] - told
	for _, child := range b.After.nodes[0].children {
		rules[b.After.nodes[child].part.Key] += float64(rest * b.After.nodes[child].weight)
	}
}
