package score

import (
	"math"

	"cairn/scorecard"
)

// standing is one player's values by node: NaN missing.
type standing struct {
	value, inner, place []float64
}

func newStanding(n int) *standing {
	all := make([]float64, 3*n)
	return &standing{value: all[:n], inner: all[n : 2*n], place: all[2*n:]}
}

// stand gathers a player's values.
func (c *calculation) stand(player int, s *standing) {
	for i := range c.nodes {
		if !c.nodes[i].scored {
			continue
		}
		s.value[i], s.inner[i] = c.value[i][player], c.inner[i][player]
		if c.places[i] != nil {
			s.place[i] = c.places[i][player]
		}
	}
}

// entering is the column of what all nodes enter a group with.
func (s *standing) entering(c *calculation, group int) []float64 {
	if c.byRank(group) {
		return s.place
	}
	return s.value
}

// top fills full with the state of full marks in everything that s has.
func (c *calculation) top(s, full *standing) {
	for i := len(c.nodes) - 1; i >= 0; i-- {
		node := &c.nodes[i]
		switch {
		case !node.scored:
			continue
		case math.IsNaN(s.value[i]):
			full.inner[i], full.value[i] = missing, missing
		case c.isMetric(i):
			full.inner[i], full.value[i] = node.full, node.full
		case c.isOutranking(i):
			full.inner[i], full.value[i] = s.inner[i], s.value[i]
		default:
			full.inner[i] = c.mean(i, full.entering(c, i))
			full.value[i] = full.inner[i]
			if bounded(node.part) {
				full.value[i] = c.bound(node.part, c.then(node.part, full.inner[i]))
			}
		}
		full.place[i] = 1 // the best relative rank
		if math.IsNaN(s.value[i]) {
			full.place[i] = missing
		}
	}
}

// isOutranking reports whether a group has no shares to hand to its children.
func (c *calculation) isOutranking(i int) bool {
	mean := c.nodes[i].part.Combine.Mean
	return len(c.nodes[i].children) > 0 && (mean == scorecard.Position || mean == scorecard.Copeland)
}

// shares gives each present child of a group its Euler share s·∂g/∂s of the group's combined value, into out by node.
func (c *calculation) shares(i int, s *standing, out []float64) {
	children, g := c.nodes[i].children, s.inner[i]
	entering := s.entering(c, i)
	mean := c.nodes[i].part.Combine.Mean
	weights := c.presentWeight(i, entering)
	switch mean {
	case scorecard.Min, scorecard.Max:
		c.bind(i, entering, g, g, out)
		return
	}
	phi := c.phi(i)
	for _, child := range children {
		x, weight := entering[child], c.nodes[child].part.Weight
		switch {
		case math.IsNaN(x):
			out[child] = missing
		case mean == scorecard.Sum:
			out[child] = float64(weight * x)
		case mean == scorecard.Arithmetic || mean == scorecard.Relative:
			out[child] = float64(weight*x) / weights
		case g == 0 || weight == 0 || x == 0:
			out[child] = 0
		case phi.kind == scorecard.Geometric:
			out[child] = weight / weights * g
		default: // s·∂g/∂s = (w/W)·g·φ-ratio, of degree one
			out[child] = weight / weights * g * (float64(x*phi.slope(x)) / float64(g*phi.slope(g)))
		}
	}
}

func (c *calculation) presentWeight(i int, entering []float64) float64 {
	weights := 0.0
	for _, child := range c.nodes[i].children {
		if !math.IsNaN(entering[child]) {
			weights += c.nodes[child].part.Weight
		}
	}
	return weights
}

// bind shares an amount among the children at the least or greatest value g, by weight; the others get nothing.
func (c *calculation) bind(i int, entering []float64, g, amount float64, out []float64) {
	weights, n := 0.0, 0.0
	for _, child := range c.nodes[i].children {
		if same(entering[child], g) {
			weights += c.nodes[child].part.Weight
			n++
		}
	}
	for _, child := range c.nodes[i].children {
		switch {
		case math.IsNaN(entering[child]):
			out[child] = missing
		case !same(entering[child], g):
			out[child] = 0
		case weights == 0:
			out[child] = amount / n
		default:
			out[child] = float64(amount*c.nodes[child].part.Weight) / weights
		}
	}
}

// rescale makes the shares of a group's children add up to amount: alike, or by weight where they sum to 0.
func (c *calculation) rescale(i int, entering []float64, amount float64, out []float64) {
	sum, size := 0.0, 0.0
	for _, child := range c.nodes[i].children {
		if !math.IsNaN(out[child]) {
			sum += out[child]
			size += math.Abs(out[child])
		}
	}
	if math.Abs(sum-amount) <= 1e-13*size {
		return // also where they cancel out
	}
	weights := c.presentWeight(i, entering)
	byWeight := math.Abs(sum) <= 1e-13*size
	for _, child := range c.nodes[i].children {
		switch {
		case math.IsNaN(out[child]):
		case !byWeight:
			out[child] *= amount / sum
		case weights > 0:
			out[child] = float64(amount*c.nodes[child].part.Weight) / weights
		}
	}
}

// Decomposition is what each part did for one player: slices by part, depth first in declared order, as the parts of
// Result.Parts. Reuse one for many players.
type Decomposition struct {
	Value    []float64
	Points   []float64 // NaN: missing, unscored, or there is no decomposition
	Possible []float64

	own, full *standing
	lost      []float64
	split     *split
}

// Decompose fills d for player i.
func (r *Result) Decompose(i int, d *Decomposition) {
	n := len(r.nodes)
	if d.own == nil || len(d.own.value) != n {
		all := make([]float64, 4*n)
		*d = Decomposition{Value: all[1:n], Points: all[n+1 : 2*n], Possible: all[2*n+1 : 3*n],
			own: newStanding(n), full: newStanding(n), lost: all[3*n:], split: newSplit(n)}
	}
	points, possible := d.Points[:0], d.Possible[:0]
	for k := 1; k < n; k++ {
		value := missing
		if r.value[k] != nil {
			value = r.value[k][i]
		}
		d.Value[k-1] = value
		points, possible = append(points, missing), append(possible, missing)
	}
	if math.IsNaN(r.Exact[i]) || r.isOutranking(0) {
		return
	}
	if r.linear {
		r.decomposeLinear(i, d)
		return
	}
	r.stand(i, d.own)
	r.decompose(d)
}

// decomposeLinear is decompose where every group is a plain weighted mean or sum: a part's points are its value times
// the weights above it.
func (r *Result) decomposeLinear(i int, d *Decomposition) {
	factors := d.lost // by node: score units per unit of what the node's children make
	factors[0] = r.scale
	for g := range r.nodes {
		group := &r.nodes[g]
		if g > 0 && math.IsNaN(d.Value[g-1]) {
			factors[g] = missing // and with it all that stands below
		}
		weights := 1.0
		if group.part.Combine.Mean == scorecard.Arithmetic {
			weights = 0
			for _, child := range group.children {
				if !math.IsNaN(d.Value[child-1]) {
					weights += r.nodes[child].part.Weight
				}
			}
		}
		for _, child := range group.children {
			value := d.Value[child-1]
			factor := factors[g] * (r.nodes[child].part.Weight / weights)
			factors[child] = factor
			d.Points[child-1] = float64(factor * value)
			if r.marks && r.isMetric(child) && !math.IsNaN(value) {
				d.Possible[child-1] = float64(factor * r.nodes[child].full)
			}
		}
	}
	if !r.marks {
		return
	}
	for g := len(r.nodes) - 1; g > 0; g-- {
		if children := r.nodes[g].children; len(children) > 0 && !math.IsNaN(d.Points[g-1]) {
			possible := 0.0
			for _, child := range children {
				if !math.IsNaN(d.Value[child-1]) {
					possible += d.Possible[child-1]
				}
			}
			d.Possible[g-1] = possible
		}
	}
}

// at returns the points of node i, whose slices leave out node 0.
func (d *Decomposition) at(amounts []float64, i int, whole float64) float64 {
	if i == 0 {
		return whole
	}
	return amounts[i-1]
}

func (c *calculation) decompose(d *Decomposition) {
	if c.marks {
		c.top(d.own, d.full)
		c.moved(d.own, d.full, d.split)
	}
	out := d.lost // scratch by node
	for i := range c.nodes {
		if len(c.nodes[i].children) == 0 || math.IsNaN(d.own.value[i]) || c.isOutranking(i) {
			continue
		}
		points := d.at(d.Points, i, float64(d.own.value[0]*c.scale))
		if math.IsNaN(points) {
			continue
		}
		mean := c.nodes[i].part.Combine.Mean
		binding := mean == scorecard.Min || mean == scorecard.Max
		if c.marks {
			possible := d.at(d.Possible, i, float64(d.full.value[0]*c.scale))
			c.share(i, d.full, possible, out)
			if binding {
				c.bind(i, d.own.value, d.own.inner[i], possible, out)
			}
			lost := 0.0
			for _, child := range c.nodes[i].children {
				d.Possible[child-1] = out[child]
				lost += d.split.by[child]
			}
			factor := c.scale
			if lost != 0 && i > 0 {
				factor = (possible - points) / lost
			}
			for _, child := range c.nodes[i].children {
				out[child] -= float64(d.split.by[child] * factor)
			}
			c.rescale(i, d.own.entering(c, i), points, out) // where only others keep it from full marks: alike
		} else {
			c.share(i, d.own, points, out)
		}
		if binding {
			c.bind(i, d.own.value, d.own.inner[i], points, out)
		}
		for _, child := range c.nodes[i].children {
			d.Points[child-1] = out[child]
		}
	}
}

// share gives a group's amount to its present children in the proportion of their shares of its combined value.
func (c *calculation) share(i int, s *standing, amount float64, out []float64) {
	c.shares(i, s, out)
	for _, child := range c.nodes[i].children {
		out[child] *= c.scale * c.nodes[i].weight // score units, as far as weights alone tell
	}
	c.rescale(i, s.entering(c, i), amount, out)
}

// Parts returns every part of player i, depth first in declared order, unscored metrics included.
func (r *Result) Parts(i int) []Part {
	var d Decomposition
	r.Decompose(i, &d)
	parts := make([]Part, len(r.nodes)-1)
	for k := range parts {
		node := &r.nodes[k+1]
		p := Part{Part: node.part, Depth: node.depth, Raw: missing, Treated: missing, Uncapped: missing,
			Value: d.Value[k], Weight: node.weight, Possible: d.Possible[k], Points: d.Points[k]}
		if r.inner[k+1] != nil {
			p.Uncapped = r.inner[k+1][i]
			if node.scored {
				p.Uncapped = r.then(node.part, p.Uncapped)
			}
		}
		if r.isMetric(k + 1) {
			p.Raw, p.Treated = r.raw[k+1][i], r.treated(k+1, i)
		}
		switch {
		case math.IsNaN(p.Value):
			p.State = Missing
		case r.isMetric(k+1) && math.IsNaN(p.Raw):
			p.State = Imputed
		case !same(p.Value, p.Uncapped):
			p.State = Capped
		}
		parts[k] = p
	}
	return parts
}
