package scorecard

import (
	"fmt"
	"strconv"
	"strings"
)

// Rules print as the file spells them, defaults left out, so that a page or a comparison can show them and a reader
// can copy them.

// String is "geometric" or "{power: 2}".
func (c Combine) String() string {
	if c.Mean == Power {
		return "{power: " + spell(c.P) + "}"
	}
	return string(c.Mean)
}

// String is "sum", "p95" or "{within: 6}".
func (t Take) String() string { return t.Text }

// String is "period", "3 periods" or "28d".
func (o Over) String() string {
	switch o.Kind {
	case OverPeriods:
		if o.N == 1 {
			return "1 period"
		}
		return strconv.Itoa(o.N) + " periods"
	case OverDays:
		return strconv.Itoa(o.N) + "d"
	}
	return string(o.Kind)
}

// String is "skip", "{mean: {by: region}}" or a number.
func (m Missing) String() string {
	switch {
	case m.Kind == MissingNumber:
		return spell(m.Number)
	case m.By != "":
		return fmt.Sprintf("{%s: {by: %s}}", m.Kind, scalar(m.By))
	}
	return string(m.Kind)
}

// String is "{count: 0.5, weight: 0.6}", or "one child" where nothing more is asked.
func (n Needs) String() string {
	if n.Count == nil && n.Weight == nil {
		return "one child"
	}
	return "{" + settings(setting("count", n.Count), setting("weight", n.Weight)) + "}"
}

// String is "{clamp: [0, 1]}".
func (s Step) String() string {
	switch s.Kind {
	case StepBoost:
		return fmt.Sprintf("{boost: {above: %s, by: %s}}", spell(s.A), spell(s.B))
	case StepFloor, StepRound:
		return fmt.Sprintf("{%s: %d}", s.Kind, s.Decimals)
	case StepClamp:
		return fmt.Sprintf("{clamp: [%s, %s]}", spell(s.A), spell(s.B))
	}
	return fmt.Sprintf("{%s: %s}", s.Kind, spell(s.A))
}

// String is "ln" or "{clip: [0, ~]}".
func (t Treatment) String() string {
	switch t.Kind {
	case TreatClip:
		return fmt.Sprintf("{clip: [%s, %s]}", spellOr(t.Lo, "~"), spellOr(t.Hi, "~"))
	case TreatWinsorise:
		if t.Points > 0 {
			return fmt.Sprintf("{winsorise: %d}", t.Points)
		}
		return "{winsorise: {" + settings(setting("lower", t.Lo), setting("upper", t.Hi)) + "}}"
	case TreatOutliers:
		otherwise := "none"
		if t.ElseLog {
			otherwise = "log"
		}
		return fmt.Sprintf("{outliers: {points: %d, skew: %s, kurtosis: %s, else: %s}}", t.Points, spell(t.Skew), spell(t.Kurtosis), otherwise)
	}
	return string(t.Kind)
}

// String is "none" or "{minmax: {from: 0, to: 20}}".
func (m Normalise) String() string {
	inner := ""
	switch m.Method {
	case NormNone:
		return "none"
	case NormPoints:
		return "{points: " + spell(m.Points) + "}"
	case NormBands:
		return "{bands: " + spellBands(m.Bands) + "}"
	case NormMinMax:
		clip, into := "", ""
		if m.NoClip {
			clip = "clip: false"
		}
		if m.Into != nil {
			into = fmt.Sprintf("into: [%s, %s]", spell(m.Into[0]), spell(m.Into[1]))
		}
		inner = settings(setting("from", m.From), setting("to", m.To), clip, into)
	case NormZScore:
		inner = settings(setting("mean", m.Mean), setting("sd", m.SD))
	case NormRank, NormBorda:
		if m.TiesMean {
			inner = "ties: mean"
		}
	case NormTarget:
		inner = settings(setting("from", m.From), "at: "+spell(m.At))
	case NormLogNormal:
		inner = fmt.Sprintf("p10: %s, median: %s", spell(m.P10), spell(m.Median))
	}
	return fmt.Sprintf("{%s: {%s}}", m.Method, inner)
}

func spellBands(bands []Band) string {
	texts := make([]string, len(bands))
	for i, b := range bands {
		texts[i] = fmt.Sprintf("[%s, %s]", spell(b.From), spell(b.Value))
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// spell writes a number in the shortest form that reads back to the same bits.
func spell(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

func spellOr(x *float64, none string) string {
	if x == nil {
		return none
	}
	return spell(*x)
}

func setting(key string, x *float64) string {
	if x == nil {
		return ""
	}
	return key + ": " + spell(*x)
}

// settings joins those that are not empty.
func settings(texts ...string) string {
	kept := texts[:0:0]
	for _, t := range texts {
		if t != "" {
			kept = append(kept, t)
		}
	}
	return strings.Join(kept, ", ")
}

// spelled joins rules to a list as the file has it.
func spelled[T fmt.Stringer](rules []T) string {
	texts := make([]string, len(rules))
	for i, rule := range rules {
		texts[i] = rule.String()
	}
	return "[" + strings.Join(texts, ", ") + "]"
}
