package score

import (
	"math"

	"cairn/internal/exact"
	"cairn/scorecard"
)

// normalise makes a treated column comparable, in place.
func (c *calculation) normalise(i int, x []float64) error {
	part := c.nodes[i].part
	switch part.Normalise.Method {
	case scorecard.NormPercentile, scorecard.NormPRank, scorecard.NormRank, scorecard.NormBorda:
		c.normaliseByRank(i, x)
		return nil
	case scorecard.NormMinMax:
		return c.minmax(i, x)
	}
	lost := 0
	for player, v := range x {
		if math.IsInf(v, -1) {
			x[player] = missing
			lost++
		}
	}
	if lost > 0 {
		c.warn(i, "%s outside the domain of a treatment: missing", count(lost, "value"))
	}
	switch part.Normalise.Method {
	case scorecard.NormZScore:
		return c.zscore(i, x)
	case scorecard.NormFractionOfMax:
		return c.fractionOfMax(i, x)
	case scorecard.NormTarget:
		return c.target(i, x)
	default:
		for player, v := range x {
			x[player] = absolute(&part.Normalise, v)
		}
	}
	return nil
}

// absolute are the methods that need nothing but the value.
func absolute(norm *scorecard.Normalise, x float64) float64 {
	switch {
	case math.IsNaN(x):
		return x
	case norm.Method == scorecard.NormPoints:
		return float64(norm.Points * x)
	case norm.Method == scorecard.NormBands:
		return bandOf(norm.Bands, x)
	case norm.Method == scorecard.NormLogNormal:
		return LogNormal(norm.P10, norm.Median, x)
	}
	return x
}

// LogNormal is the complementary log-normal curve through (p10, 0.9) and (median, 0.5), 0 < p10 < median, as
// Lighthouse draws it (GoogleChrome/lighthouse, shared/statistics.js).
func LogNormal(p10, median, x float64) float64 {
	const inverseErfcOneFifth = 0.9061938024368232
	if x <= 0 {
		return 1
	}
	spread := -exact.Ln(p10 / median)
	z := float64(exact.Ln(x/median)*inverseErfcOneFifth) / spread
	y := (1 - exact.Erf(z)) / 2
	switch {
	case x <= p10:
		return max(0.9, min(1, y))
	case x <= median:
		return max(0.5, min(math.Nextafter(0.9, 0), y))
	}
	return max(0, min(math.Nextafter(0.5, 0), y))
}

// extent records the least and greatest value that count for data-driven posts.
func (c *calculation) extent(i int, x []float64) *Parameter {
	p := c.parameter(i)
	if frozen := c.frozen(i); frozen != nil && frozen.Min != nil && frozen.Max != nil {
		p.Min, p.Max, p.N = frozen.Min, frozen.Max, frozen.N
		return p
	}
	least, most, n := math.Inf(1), math.Inf(-1), 0
	for _, v := range x {
		if v-v == 0 {
			least, most = min(least, v), max(most, v)
			n++
		}
	}
	if p.N = n; n > 0 {
		p.Min, p.Max = &least, &most
	}
	return p
}

// constant reports whether data-driven posts cannot tell players apart, and warns.
func (c *calculation) constant(i int, p *Parameter, becomes string) bool {
	if p.Min == nil || !same(*p.Min, *p.Max) {
		return false
	}
	if p.N == 1 {
		c.warn(i, "a single player: the value becomes %s", becomes)
	} else {
		c.warn(i, "constant column: every value is %s and becomes %s", short(exact.Round12(*p.Min)), becomes)
	}
	return true
}

func (c *calculation) minmax(i int, x []float64) error {
	part := c.nodes[i].part
	norm := part.Normalise
	lo, hi := 0.0, 1.0
	if norm.Into != nil {
		lo, hi = norm.Into[0], norm.Into[1]
	}
	middle := lo + float64(0.5*(hi-lo))
	from, to, err := c.posts(i, norm.From, norm.To)
	if err != nil {
		return err
	}
	flat := false
	if norm.From == nil || norm.To == nil {
		p := c.extent(i, x)
		flat = p.Min == nil || c.constant(i, p, short(middle)) // nil: nobody has a value within the domain
		if !flat && norm.From == nil {
			from = *p.Min
		}
		if !flat && norm.To == nil {
			to = *p.Max
		}
	}
	if !flat && !(from < to) {
		c.warn(i, "the lower goalpost %s is not below the upper one %s: every value becomes %s", short(from), short(to), short(middle))
		flat = true
	}
	mirrored := part.Better == scorecard.Lower
	span := to - from
	if math.IsInf(span, 0) {
		return c.tooFarApart(i)
	}
	for player, v := range x {
		switch {
		case math.IsNaN(v):
			continue
		case math.IsInf(v, -1):
			v = 0
		case flat:
			x[player] = middle
			continue
		default:
			v = (v - from) / span
		}
		if !norm.NoClip {
			v = min(max(v, 0), 1)
		}
		if mirrored {
			v = 1 - v
		}
		x[player] = v
		if norm.Into != nil {
			x[player] = lo + float64(v*(hi-lo))
		}
	}
	return nil
}

// posts brings explicit goalposts to treated units.
func (c *calculation) posts(i int, from, to *float64) (a, b float64, err error) {
	bring := func(post *float64, word string) float64 {
		if post == nil {
			return missing
		}
		y := c.transform(i, *post)
		if math.IsInf(y, 0) {
			err = &DataError{Part: c.nodes[i].part.Key, Message: "normalise: " + word + " " + short(*post) +
				" lies outside the domain of the treatment; choose a goalpost inside it"}
		}
		return y
	}
	return bring(from, "from"), bring(to, "to"), err
}

func (c *calculation) target(i int, x []float64) error {
	norm := c.nodes[i].part.Normalise
	from := 0.0
	if norm.From != nil {
		from = *norm.From
	}
	a, b, err := c.posts(i, &from, &norm.At)
	if err != nil {
		return err
	}
	for player, v := range x {
		if !math.IsNaN(v) {
			x[player] = min(max((v-a)/(b-a), 0), 1)
		}
	}
	return nil
}

// tooFarApart refuses a column whose spread is beyond float64.
func (c *calculation) tooFarApart(i int) error {
	return &DataError{Part: c.nodes[i].part.Key, Message: "the values lie too far apart for a number; measure in a greater unit"}
}

func (c *calculation) zscore(i int, x []float64) error {
	part := c.nodes[i].part
	center, width := 0.0, 1.0
	if part.Normalise.Mean != nil {
		center = *part.Normalise.Mean
	}
	if part.Normalise.SD != nil {
		width = *part.Normalise.SD
	}
	p := c.parameter(i)
	if frozen := c.frozen(i); frozen != nil && frozen.Mean != nil {
		p.Mean, p.SD, p.N, p.Min, p.Max = frozen.Mean, frozen.SD, frozen.N, frozen.Min, frozen.Max
	} else {
		c.extent(i, x)
		if p.N > 0 {
			values := present(x)
			mean := exact.Mean(values)
			p.Mean = &mean
			if p.N > 1 {
				var squares exact.Sum
				for _, v := range values {
					d := v - mean
					squares.Add(float64(d * d))
				}
				sd := math.Sqrt(squares.Value() / float64(p.N-1))
				p.SD = &sd
			}
		}
	}
	if p.SD != nil && !(*p.SD <= math.MaxFloat64) {
		return c.tooFarApart(i)
	}
	flat := c.constant(i, p, short(center)) || p.SD == nil || *p.SD == 0
	for player, v := range x {
		switch {
		case math.IsNaN(v):
		case flat:
			x[player] = center
		default:
			z := (v - *p.Mean) / *p.SD
			if part.Better == scorecard.Lower {
				z = -z
			}
			x[player] = center + float64(width*z)
		}
	}
	return nil
}

func (c *calculation) fractionOfMax(i int, x []float64) error {
	for player, v := range x {
		if v < 0 && !c.options.tolerant {
			return c.refuse(i, player, "%s is below 0; fraction_of_max takes values from 0 on", short(v))
		}
	}
	p := c.extent(i, x)
	if p.Min == nil {
		return nil
	}
	flat := c.constant(i, p, "0.5")
	lower := c.nodes[i].part.Better == scorecard.Lower
	for player, v := range x {
		switch {
		case math.IsNaN(v):
		case flat:
			x[player] = 0.5
		case lower:
			x[player] = min(max(1 - (v-*p.Min) / *p.Max, 0), 1)
		default:
			x[player] = min(max(v / *p.Max, 0), 1)
		}
	}
	return nil
}
