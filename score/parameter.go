package score

import (
	"math"
	"sort"

	"cairn/internal/exact"
	"cairn/scorecard"
)

// Parameters are the data-driven numbers a calculation used, by part key.
type Parameters map[string]*Parameter

// Parameter holds what one metric (or, under relative and position, one part) took from the players. Absent numbers
// are nil. Values are in treated units, Fill in raw ones.
type Parameter struct {
	N      int                `json:"n,omitempty"` // players with a value
	Min    *float64           `json:"min,omitempty"`
	Max    *float64           `json:"max,omitempty"`
	Mean   *float64           `json:"mean,omitempty"`
	SD     *float64           `json:"sd,omitempty"`
	Total  *float64           `json:"total,omitempty"`   // of take: share
	Fill   *float64           `json:"fill,omitempty"`    // imputed mean or median
	FillBy map[string]float64 `json:"fill_by,omitempty"` // the same by tag
	Treat  []TreatParameter   `json:"treat,omitempty"`   // one per treat step

	Distribution *Distribution `json:"distribution,omitempty"` // rank methods: of the treated values
	Ranked       *Distribution `json:"ranked,omitempty"`       // children of relative and position: of the parts' own values
}

// TreatParameter is what one treatment step took from the players.
type TreatParameter struct {
	Lo     *float64 `json:"lo,omitempty"` // values below were moved to it
	Hi     *float64 `json:"hi,omitempty"` // values above were moved to it
	Moved  int      `json:"moved,omitempty"`
	Logged bool     `json:"logged,omitempty"` // outliers: the logarithm acted, ln(x − Min + 0.01·Range)
	Min    *float64 `json:"min,omitempty"`
	Range  *float64 `json:"range,omitempty"`
}

// Distribution is the values that ranks were taken among: distinct, rising, rounded to 12 significant digits, each
// with the number of players who have it. N counts also those outside the domain of a treatment.
type Distribution struct {
	N      int       `json:"n"`
	Values []float64 `json:"values"`
	Counts []int     `json:"counts"`

	upTo []int // players with Values[k] or less
}

// summed returns the distribution with its running counts; it never changes d, which calculations may share.
func (d *Distribution) summed() *Distribution {
	if len(d.upTo) == len(d.Counts) {
		return d
	}
	sum, total := *d, 0
	sum.upTo = make([]int, len(d.Counts))
	for k, n := range d.Counts {
		total += n
		sum.upTo[k] = total
	}
	return &sum
}

// outside is how many of the N lie outside the domain of a treatment. d is summed.
func (d *Distribution) outside() int {
	if len(d.upTo) == 0 {
		return d.N
	}
	return d.N - d.upTo[len(d.upTo)-1]
}

// place tells how many of the N are worse than x and how many equal it. d is summed.
func (d *Distribution) place(x float64, higher bool) (worse, equal int) {
	x = exact.Round12(x)
	k := sort.SearchFloat64s(d.Values, x)
	less := 0
	if k > 0 {
		less = d.upTo[k-1]
	}
	if k < len(d.Values) && d.Values[k] == x {
		equal = d.Counts[k]
	}
	if higher {
		return d.outside() + less, equal
	}
	return d.N - less - equal, equal
}

// Parameters returns the data-driven parameters that were used, without the distributions behind ranks, which grow
// with the number of players. Parts that took nothing from the players are absent.
func (r *Result) Parameters() Parameters {
	all := Parameters{}
	for i, p := range r.parameters {
		if p != nil {
			all[r.nodes[i].part.Key] = p
		}
	}
	return all
}

// Frozen returns the data-driven parameters that were used with the distributions behind ranks: all that Options.Frozen
// needs to judge other values by this result's measure.
func (r *Result) Frozen() Parameters {
	all := r.Parameters()
	for i := range r.nodes {
		part := r.nodes[i].part
		byRank := r.isMetric(i) && r.nodes[i].scored && rankMethod(part.Normalise.Method)
		ranked := i > 0 && r.nodes[i].scored && r.byRank(r.nodes[i].parent)
		if !byRank && !ranked {
			continue
		}
		p := Parameter{}
		if r.parameters[i] != nil {
			p = *r.parameters[i]
		}
		if frozen := r.frozen(i); frozen != nil {
			p.Distribution, p.Ranked = frozen.Distribution, frozen.Ranked
		}
		if byRank && p.Distribution == nil {
			p.Distribution = r.distribution(func(player int) float64 { return r.treated(i, player) })
		}
		if ranked && p.Ranked == nil {
			p.Ranked = r.distribution(func(player int) float64 { return r.value[i][player] })
		}
		all[part.Key] = &p
	}
	return all
}

func rankMethod(m scorecard.Method) bool {
	switch m {
	case scorecard.NormPercentile, scorecard.NormPRank, scorecard.NormRank, scorecard.NormBorda:
		return true
	}
	return false
}

// distribution collects the values of the players who stayed.
func (c *calculation) distribution(value func(player int) float64) *Distribution {
	s := <-c.scratch
	defer func() { c.scratch <- s }()
	s.reset(len(c.table.Players))
	d := &Distribution{}
	for player := range c.table.Players {
		if c.hasLeft(player) {
			continue
		}
		switch x := value(player); {
		case math.IsNaN(x):
		case math.IsInf(x, -1):
			d.N++
		default:
			d.N++
			s.add(int32(player), x, true)
		}
	}
	s.sort()
	for from, to := range s.runs() {
		d.Values = append(d.Values, exact.Round12(s.number(from)))
		d.Counts = append(d.Counts, to-from)
	}
	return d.summed()
}
