package web

import (
	"math"

	"cairn/internal/figure"
	"cairn/score"
	"cairn/scorecard"
)

// curveOf returns the picture of how a metric's value becomes a mark; ok is false where the players of a release
// decide the curve and none is known. The picture follows the rule; the engine alone calculates marks.
func curveOf(m *scorecard.Part, p *score.Parameter) (curve figure.Curve, ok bool) {
	n := m.Normalise
	curve = figure.Curve{
		ID: "curve-" + m.Key, Title: "Marks for " + m.Name, Desc: marks(m, p),
		Low: 0, High: 1, XName: m.Name, WriteX: amount, WriteY: amount,
	}
	if m.Unit != "" {
		curve.XName += " (" + m.Unit + ")"
	}
	bend, bent := shapeOf(m.Treat)
	line := func(from, to float64, mark func(x float64) float64) bool {
		if !(from < to) {
			return false
		}
		const steps = 60
		for i := 0; i <= steps; i++ {
			x := from + (to-from)*float64(i)/steps
			curve.Points = append(curve.Points, figure.XY{X: x, Y: mark(x)})
		}
		return true
	}
	ends := func(declared, found *float64) (float64, bool) {
		if declared != nil {
			return *declared, true
		}
		if found != nil {
			return *found, true
		}
		return 0, false
	}
	rising := m.Better != scorecard.Lower
	if p == nil {
		p = &score.Parameter{}
	}
	switch n.Method {
	case scorecard.NormMinMax:
		from, known := ends(n.From, p.Min)
		to, too := ends(n.To, p.Max)
		if !known || !too {
			return curve, false
		}
		if bent && (n.From == nil || n.To == nil) {
			bend = func(x float64) float64 { return x } // posts found among treated values: the axis shows those
			curve.XName += ", treated"
		}
		lo, hi := 0.0, 1.0
		if n.Into != nil {
			lo, hi = n.Into[0], n.Into[1]
		}
		curve.Low, curve.High = math.Min(lo, 0), math.Max(hi, 1)
		margin := (to - from) * 0.12
		start := from - margin
		if from >= 0 {
			start = math.Max(start, 0)
		}
		return curve, line(start, to+margin, func(x float64) float64 {
			at := (bend(x) - bend(from)) / (bend(to) - bend(from))
			if !rising {
				at = 1 - at
			}
			if math.IsNaN(at) || math.IsInf(at, 0) {
				at = 0
			}
			if !n.NoClip {
				at = math.Min(math.Max(at, 0), 1)
			}
			return lo + at*(hi-lo)
		})
	case scorecard.NormTarget:
		from := 0.0
		if n.From != nil {
			from = *n.From
		}
		low, high := math.Min(from, n.At), math.Max(from, n.At)
		return curve, line(low-math.Max(0, (high-low)*0.1*sign(low)), high+(high-low)*0.25, func(x float64) float64 {
			return math.Min(math.Max((x-from)/(n.At-from), 0), 1)
		})
	case scorecard.NormFractionOfMax:
		if p.Max == nil || *p.Max <= 0 {
			return curve, false
		}
		if !rising {
			if p.Min == nil {
				return curve, false
			}
			return curve, line(*p.Min, *p.Max, func(x float64) float64 { return 1 - (x-*p.Min) / *p.Max })
		}
		return curve, line(0, *p.Max, func(x float64) float64 { return x / *p.Max })
	case scorecard.NormZScore:
		if p.Mean == nil || p.SD == nil || *p.SD <= 0 {
			return curve, false
		}
		mean, sd := 0.0, 1.0
		if n.Mean != nil {
			mean = *n.Mean
		}
		if n.SD != nil {
			sd = *n.SD
		}
		curve.Low, curve.High = mean-2.5*sd, mean+2.5*sd
		if bent {
			curve.XName += ", treated"
		}
		return curve, line(*p.Mean-2.5**p.SD, *p.Mean+2.5**p.SD, func(x float64) float64 {
			z := (x - *p.Mean) / *p.SD
			if !rising {
				z = -z
			}
			return mean + z*sd
		})
	case scorecard.NormLogNormal:
		if n.P10 <= 0 || n.Median <= n.P10 {
			return curve, false
		}
		return curve, line(0, n.Median*2.5, func(x float64) float64 { return score.LogNormal(n.P10, n.Median, x) })
	case scorecard.NormBands:
		if len(n.Bands) == 0 {
			return curve, false
		}
		curve.Steps = true
		for _, b := range n.Bands {
			curve.Points = append(curve.Points, figure.XY{X: b.From, Y: b.Value})
			curve.Low, curve.High = math.Min(curve.Low, b.Value), math.Max(curve.High, b.Value)
		}
		first, last := n.Bands[0], n.Bands[len(n.Bands)-1]
		curve.Points = append(curve.Points, figure.XY{X: last.From + math.Max((last.From-first.From)*0.2, 1), Y: last.Value})
		return curve, true
	case scorecard.NormPoints:
		to := 10.0
		most := n.Points * to
		if m.Cap != nil && n.Points > 0 {
			most = *m.Cap
			to = *m.Cap / n.Points * 1.3
		}
		curve.High = math.Max(most, 0)
		curve.Low = math.Min(most, 0)
		return curve, line(0, to, func(x float64) float64 {
			mark := n.Points * x
			if m.Cap != nil {
				mark = math.Min(mark, *m.Cap)
			}
			return mark
		})
	case scorecard.NormPercentile, scorecard.NormPRank:
		curve.XName, curve.WriteX = "other players who did less well", share
		return curve, line(0, 1, func(x float64) float64 { return x })
	case scorecard.NormRank, scorecard.NormBorda:
		last := 1.0
		if n.Method == scorecard.NormBorda {
			last = 0
		}
		curve.XName, curve.High = "players passed", math.Max(float64(p.N), 1)
		return curve, line(0, float64(p.N-1), func(x float64) float64 { return last + x })
	}
	return curve, false
}

// shapeOf returns the bend that logarithms and roots give an axis.
func shapeOf(steps []scorecard.Treatment) (bend func(float64) float64, bent bool) {
	bend = func(x float64) float64 { return x }
	for _, t := range steps {
		var next func(float64) float64
		switch t.Kind {
		case scorecard.TreatLn:
			next = math.Log
		case scorecard.TreatLog10:
			next = math.Log10
		case scorecard.TreatLog1p:
			next = math.Log1p
		case scorecard.TreatSqrt:
			next = math.Sqrt
		default:
			continue
		}
		before := bend
		bend, bent = func(x float64) float64 { return next(before(x)) }, true
	}
	return bend, bent
}

func sign(x float64) float64 {
	if x > 0 {
		return 1
	}
	return 0
}
