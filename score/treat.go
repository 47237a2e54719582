package score

import (
	"math"
	"slices"
	"strconv"

	"cairn/internal/exact"
	"cairn/scorecard"
)

// outside marks a value outside the domain of a treatment. It ranks below every other and stays what it is.
var outside = math.Inf(-1)

// treat applies a metric's treatments to a column, each after its parameters were taken from the column or were frozen.
func (c *calculation) treat(i int, x []float64) error {
	steps := c.nodes[i].part.Treat
	if len(steps) == 0 {
		return nil
	}
	parameter, frozen := c.parameter(i), c.frozen(i)
	parameter.Treat = make([]TreatParameter, len(steps))
	for k, step := range steps {
		if frozen != nil && k < len(frozen.Treat) {
			parameter.Treat[k] = frozen.Treat[k]
		} else {
			parameter.Treat[k] = c.treatParameter(i, step, x)
		}
		lost := 0
		for player, value := range x {
			y := treatValue(step, &parameter.Treat[k], value)
			if math.IsInf(y, -1) && !math.IsInf(value, -1) {
				lost++
			}
			x[player] = y
		}
		if lost > 0 {
			c.warn(i, "%s outside the domain of %s", count(lost, "value"), step.Kind)
		}
	}
	return nil
}

// treatValue applies one treatment to one value.
func treatValue(step scorecard.Treatment, p *TreatParameter, x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, -1) {
		return x
	}
	inDomain := func(inside bool, y float64) float64 {
		if !inside {
			return outside
		}
		return y
	}
	switch step.Kind {
	case scorecard.TreatClip:
		return clip(x, step.Lo, step.Hi)
	case scorecard.TreatWinsorise:
		return clip(x, p.Lo, p.Hi)
	case scorecard.TreatOutliers:
		if p.Logged {
			shifted := x - *p.Min + float64(0.01**p.Range)
			return inDomain(shifted > 0, exact.Ln(shifted))
		}
		return clip(x, p.Lo, p.Hi)
	case scorecard.TreatLn:
		return inDomain(x > 0, exact.Ln(x))
	case scorecard.TreatLog10:
		return inDomain(x > 0, exact.Log10(x))
	case scorecard.TreatLog1p:
		return inDomain(x > -1, exact.Log1p(x))
	case scorecard.TreatSqrt:
		return inDomain(x >= 0, math.Sqrt(x))
	}
	return x
}

func clip(x float64, lo, hi *float64) float64 {
	if lo != nil && x < *lo {
		return *lo
	}
	if hi != nil && x > *hi {
		return *hi
	}
	return x
}

// transform brings a goalpost from raw to treated units: through the logarithms and roots, not the clipping.
func (c *calculation) transform(i int, post float64) float64 {
	for k, step := range c.nodes[i].part.Treat {
		p := &c.parameters[i].Treat[k]
		if step.Kind == scorecard.TreatClip || step.Kind == scorecard.TreatWinsorise || step.Kind == scorecard.TreatOutliers && !p.Logged {
			continue
		}
		post = treatValue(step, p, post)
	}
	return post
}

// treated is the value of a player after missing and treat.
func (c *calculation) treated(i, player int) float64 {
	x := c.raw[i][player]
	if !c.nodes[i].scored {
		return x
	}
	if math.IsNaN(x) && !c.hasLeft(player) {
		x = c.imputation(i, player)
	}
	for k, step := range c.nodes[i].part.Treat {
		x = treatValue(step, &c.parameters[i].Treat[k], x)
	}
	return x
}

// treatParameter takes what a treatment needs from the players.
func (c *calculation) treatParameter(i int, step scorecard.Treatment, x []float64) TreatParameter {
	switch step.Kind {
	case scorecard.TreatWinsorise:
		return c.winsorise(i, step, x)
	case scorecard.TreatOutliers:
		return c.outliers(i, step, x)
	}
	return TreatParameter{}
}

func (c *calculation) winsorise(i int, step scorecard.Treatment, x []float64) TreatParameter {
	values := present(x)
	slices.Sort(values)
	var p TreatParameter
	if step.Points > 0 {
		if 2*step.Points >= len(values) {
			c.warn(i, "winsorise: %d points of either side are all of the %d values; nothing moved", step.Points, len(values))
			return p
		}
		p.Lo, p.Hi = &values[step.Points], &values[len(values)-1-step.Points]
	} else if len(values) > 0 {
		if step.Lo != nil {
			lo := exact.Quantile(values, *step.Lo)
			p.Lo = &lo
		}
		if step.Hi != nil {
			hi := exact.Quantile(values, *step.Hi)
			p.Hi = &hi
		}
	}
	p.Moved = moved(values, p)
	return TreatParameter{Lo: copyOf(p.Lo), Hi: copyOf(p.Hi), Moved: p.Moved}
}

func moved(values []float64, p TreatParameter) int {
	n := 0
	for _, v := range values {
		if clip(v, p.Lo, p.Hi) != v {
			n++
		}
	}
	return n
}

// copyOf lets go of the column that a number stands in.
func copyOf(x *float64) *float64 {
	if x == nil {
		return nil
	}
	y := *x
	return &y
}

// outliers moves extreme points inwards until the column passes, or takes the logarithm of the untreated column
// (COINr: Becker et al., COINr: an R package for developing composite indicators, 2022).
func (c *calculation) outliers(i int, step scorecard.Treatment, x []float64) TreatParameter {
	values := present(x)
	slices.Sort(values)
	if len(values) < 4 || same(values[0], values[len(values)-1]) {
		return TreatParameter{}
	}
	untreated := slices.Clone(values)
	var p TreatParameter
	above, under := 0, 0 // points moved on either side, each counted once however often it moves
	for {
		skew, kurtosis := shape(values)
		if exact.Round12(math.Abs(skew)) < step.Skew || exact.Round12(kurtosis) < step.Kurtosis {
			break
		}
		if p.Moved >= step.Points {
			if !step.ElseLog {
				return TreatParameter{}
			}
			least, span := untreated[0], untreated[len(untreated)-1]-untreated[0]
			return TreatParameter{Logged: true, Min: &least, Range: &span}
		}
		if skew > 0 {
			k := len(values) - 1
			for k >= 0 && same(values[k], values[len(values)-1]) {
				k--
			}
			next := values[k]
			above = len(values) - 1 - k
			fill(values[k+1:], next)
			p.Hi = &next
		} else {
			k := 0
			for same(values[k], values[0]) {
				k++
			}
			next := values[k]
			under = k
			fill(values[:k], next)
			p.Lo = &next
		}
		p.Moved = above + under
		if same(values[0], values[len(values)-1]) {
			break // constant by now: nothing left to judge
		}
	}
	return p
}

func fill(values []float64, x float64) {
	for i := range values {
		values[i] = x
	}
}

// same compares two computed numbers, binary noise apart.
func same(x, y float64) bool { return exact.Round12(x) == exact.Round12(y) }

// shape is the skewness and excess kurtosis by the type-2 estimators (Joanes and Gill, Comparing measures of sample
// skewness and kurtosis, 1998). There are at least four values and they are not all equal.
func shape(values []float64) (skew, kurtosis float64) {
	n, mean := float64(len(values)), exact.Mean(values)
	var s2, s3, s4 exact.Sum
	for _, v := range values {
		d := v - mean
		square := float64(d * d)
		s2.Add(square)
		s3.Add(float64(square * d))
		s4.Add(float64(square * square))
	}
	m2, m3, m4 := s2.Value()/n, s3.Value()/n, s4.Value()/n
	g1 := m3 / float64(m2*math.Sqrt(m2))
	g2 := m4/float64(m2*m2) - 3
	skew = float64(g1*math.Sqrt(float64(n*(n-1)))) / (n - 2)
	kurtosis = float64((float64((n+1)*g2)+6)*(n-1)) / float64((n-2)*(n-3))
	return skew, kurtosis
}

// count says how many of something, in words.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
