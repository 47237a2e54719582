package web

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"cairn/internal/numeral"
	"cairn/score"
	"cairn/scorecard"
)

// The rules of a scorecard in plain words. Every sentence here says what scorecard.md says of the key it describes.

// players names the kind of player, one and many.
func players(kind scorecard.PlayerKind) (one, many string) { return numeral.Players(kind) }

// measured says what a metric's number is and over which days it is taken.
func measured(p *scorecard.Part, card *scorecard.Scorecard) string {
	if p.Formula != nil {
		text := "Calculated: " + p.Formula.Text + "."
		if p.Formula.UsesValue {
			return text + " There, value is " + lower(taken(p, card)) + "."
		}
		return text
	}
	return taken(p, card) + "."
}

func taken(p *scorecard.Part, card *scorecard.Scorecard) string {
	of := p.Entry
	var what string
	switch p.Take.Kind {
	case scorecard.TakeSum:
		what = "The sum of " + of
	case scorecard.TakeCount:
		what = "The number of entries of " + of
	case scorecard.TakeMean:
		what = "The mean of " + of
	case scorecard.TakeMin:
		what = "The least of " + of
	case scorecard.TakeMax:
		what = "The greatest of " + of
	case scorecard.TakeFirst:
		what = "The first value of " + of
	case scorecard.TakeLast:
		what = "The latest value of " + of
	case scorecard.TakeDistinct:
		what = "How many different " + of
	case scorecard.TakeDays:
		what = "The days with at least one entry of " + of
	case scorecard.TakeChange:
		what = "How much " + of + " changed since before the window"
	case scorecard.TakeChangePct:
		what = "By what share " + of + " changed since before the window"
	case scorecard.TakeQuantile:
		if p.Take.X == 0.5 {
			what = "The median of " + of
		} else {
			what = fmt.Sprintf("The value that %s of %s stay within", share(p.Take.X), of)
		}
	case scorecard.TakeShare:
		what = "The player's share of all players' " + of
	case scorecard.TakeWithin:
		what = "The share of " + of + " within " + amount(p.Take.X)
	default:
		what = "The value of " + of
	}
	return what + ", " + window(p.Over, card.Period)
}

func window(over scorecard.Over, unit scorecard.Period) string {
	switch over.Kind {
	case scorecard.OverPrevious:
		return "over the " + string(unit) + " before"
	case scorecard.OverPeriods:
		if over.N == 1 {
			return "over the " + string(unit)
		}
		return fmt.Sprintf("over the %d %ss that end with this one", over.N, unit)
	case scorecard.OverDays:
		if over.N == 1 {
			return "over the last day of the " + string(unit)
		}
		return fmt.Sprintf("over the %d days that end with the %s", over.N, unit)
	case scorecard.OverAll:
		return "over all time up to the end of the " + string(unit)
	}
	return "over the " + string(unit)
}

// marks says how a raw value becomes a mark. Numbers that came from the players are those of p, which may be nil.
func marks(m *scorecard.Part, p *score.Parameter) string {
	n := m.Normalise
	lowerBetter := m.Better == scorecard.Lower
	post := func(declared, found *float64, words string) string {
		switch {
		case declared != nil:
			return withUnit(*declared, m.Unit)
		case found != nil && len(m.Treat) == 0:
			return words + " (" + withUnit(*found, m.Unit) + ")"
		}
		return words
	}
	var least, most *float64
	if p != nil {
		least, most = p.Min, p.Max
	}
	switch n.Method {
	case scorecard.NormMinMax:
		from := post(n.From, least, "the lowest of all players")
		to := post(n.To, most, "the highest of all players")
		full, none, atFull, atNone := to, from, " or more", " or less"
		if lowerBetter {
			full, none, atFull, atNone = from, to, " or less", " or more"
		}
		if n.NoClip {
			return capital(full) + " is marked 1, " + none + " is marked 0; beyond either the mark goes on in proportion."
		}
		if n.Into != nil {
			return capital(full) + atFull + ": a mark of " + amount(n.Into[1]) + "; " + none + atNone + ": " + amount(n.Into[0]) + "; in between in proportion."
		}
		return capital(full) + atFull + ": full marks; " + none + atNone + ": none; in between in proportion."
	case scorecard.NormTarget:
		from := 0.0
		if n.From != nil {
			from = *n.From
		}
		beyond := " or more"
		if lowerBetter || from > n.At {
			beyond = " or less"
		}
		return capital(withUnit(n.At, m.Unit)) + beyond + ": full marks; from " + withUnit(from, m.Unit) + " on, in proportion."
	case scorecard.NormPercentile:
		return "The mark is the share of the other players who did less well; equals count half."
	case scorecard.NormPRank:
		return "The mark is the share of the other players who did less well; equals count as one."
	case scorecard.NormRank:
		return "The mark is the place counted from the last: 1 for the last, one more for each player passed."
	case scorecard.NormBorda:
		return "The mark is the number of players passed."
	case scorecard.NormFractionOfMax:
		if lowerBetter {
			return "The lowest of all players: full marks; the others less, in proportion to their distance from it."
		}
		return capital(post(nil, most, "the highest of all players")) + ": full marks; the others their share of it."
	case scorecard.NormZScore:
		text := "The mark is the distance from the players' mean, counted in standard deviations"
		if lowerBetter {
			text += "; below the mean is better"
		}
		if n.Mean != nil && n.SD != nil {
			text += fmt.Sprintf(", then moved to mean %s and deviation %s", amount(*n.Mean), amount(*n.SD))
		}
		return text + "."
	case scorecard.NormLogNormal:
		return fmt.Sprintf("%s: a mark of 0.9; %s: a mark of 0.5; in between and beyond along a log-normal curve. Less is better.",
			capital(withUnit(n.P10, m.Unit)), withUnit(n.Median, m.Unit))
	case scorecard.NormBands:
		steps := make([]string, len(n.Bands))
		for i, b := range n.Bands {
			steps[i] = amount(b.Value) + " from " + withUnit(b.From, m.Unit)
		}
		text := "The mark goes in steps: " + list(steps) + "."
		if len(n.Bands) > 0 && n.Bands[0].From != 0 {
			text += " Below that there is no mark."
		}
		return text
	case scorecard.NormPoints:
		if n.Points == 1 {
			return "One point for each" + of(m.Unit) + "."
		}
		return capital(amount(n.Points)) + " points for each" + of(m.Unit) + "."
	}
	if lowerBetter {
		return "The value counts as it is; less is better."
	}
	return "The value counts as it is."
}

func of(unit string) string {
	if unit == "" {
		return ""
	}
	return " of " + unit
}

// fullMarks says what earns full marks, in a few words; "" where no fixed number does.
func fullMarks(m *scorecard.Part) string {
	n := m.Normalise
	switch {
	case n.Method == scorecard.NormMinMax && m.Better == scorecard.Lower && n.From != nil:
		return withUnit(*n.From, m.Unit) + " or less"
	case n.Method == scorecard.NormMinMax && m.Better != scorecard.Lower && n.To != nil:
		return withUnit(*n.To, m.Unit)
	case n.Method == scorecard.NormTarget && m.Better == scorecard.Lower:
		return withUnit(n.At, m.Unit) + " or less"
	case n.Method == scorecard.NormTarget:
		return withUnit(n.At, m.Unit)
	case n.Method == scorecard.NormBands && len(n.Bands) > 0:
		best := n.Bands[0]
		for _, b := range n.Bands {
			if b.Value > best.Value {
				best = b
			}
		}
		return withUnit(best.From, m.Unit)
	}
	return ""
}

// treated says what happens to a raw value before it is marked.
func treated(m *scorecard.Part) []string {
	var steps []string
	for _, t := range m.Treat {
		switch t.Kind {
		case scorecard.TreatClip:
			switch {
			case t.Lo != nil && t.Hi != nil:
				steps = append(steps, "values are held between "+amount(*t.Lo)+" and "+amount(*t.Hi))
			case t.Lo != nil:
				steps = append(steps, "values below "+amount(*t.Lo)+" count as that")
			case t.Hi != nil:
				steps = append(steps, "values above "+amount(*t.Hi)+" count as that")
			}
		case scorecard.TreatWinsorise:
			if t.Points > 0 {
				steps = append(steps, fmt.Sprintf("the %d most extreme values of either side take the nearest kept value", t.Points))
				continue
			}
			var ends []string
			if t.Lo != nil {
				ends = append(ends, "below the "+share(*t.Lo)+" quantile")
			}
			if t.Hi != nil {
				ends = append(ends, "above the "+share(*t.Hi)+" quantile")
			}
			steps = append(steps, "values "+strings.Join(ends, " or ")+" count as that quantile")
		case scorecard.TreatLn:
			steps = append(steps, "the natural logarithm is taken: each doubling counts alike")
		case scorecard.TreatLog10:
			steps = append(steps, "the logarithm to base 10 is taken: each tenfold counts alike")
		case scorecard.TreatLog1p:
			steps = append(steps, "the natural logarithm of one more than the value is taken: the first steps count most")
		case scorecard.TreatSqrt:
			steps = append(steps, "the square root is taken: the first steps count most")
		case scorecard.TreatOutliers:
			text := fmt.Sprintf("where the values are very lopsided, up to %d outliers are drawn in to their neighbours", t.Points)
			if t.ElseLog {
				text += "; if that is not enough, the logarithm is taken"
			}
			steps = append(steps, text)
		}
	}
	return steps
}

// absent says what happens where a player has no value.
func absent(m *scorecard.Part) string {
	switch m.Missing.Kind {
	case scorecard.MissingZero:
		return "Nothing measured counts as zero."
	case scorecard.MissingMean, scorecard.MissingMedian:
		text := "Nothing measured is filled in with the " + string(m.Missing.Kind) + " of the players"
		if m.Missing.By != "" {
			text += " of the same " + m.Missing.By
		}
		return text + ", and marked as filled in."
	case scorecard.MissingCarry:
		return "Nothing measured is filled in with the last released value, and marked as filled in."
	case scorecard.MissingExclude:
		return "Without a value there is no score."
	case scorecard.MissingError:
		return "Without a value the release stops, for someone to look."
	case scorecard.MissingNumber:
		return "Nothing measured counts as " + withUnit(m.Missing.Number, m.Unit) + ", and is marked as filled in."
	}
	return "Nothing measured is not zero: the metric is left out and its weight goes to its siblings."
}

// bounded says what a part's own value is held to, and the steps before that.
func bounded(p *scorecard.Part, decimalsRound scorecard.Rounding) []string {
	var steps []string
	for _, s := range p.Then {
		switch s.Kind {
		case scorecard.StepBoost:
			steps = append(steps, fmt.Sprintf("what lies above %s counts %s more", amount(s.A), share(s.B)))
		case scorecard.StepFloor:
			steps = append(steps, "it is cut to "+count(s.Decimals, "decimal", "decimals"))
		case scorecard.StepRound:
			how := "halves up"
			if decimalsRound == scorecard.HalfEven {
				how = "halves to even"
			}
			steps = append(steps, "it is rounded to "+count(s.Decimals, "decimal", "decimals")+", "+how)
		case scorecard.StepClamp:
			steps = append(steps, "it is held between "+amount(s.A)+" and "+amount(s.B))
		case scorecard.StepScale:
			steps = append(steps, "it is multiplied by "+amount(s.A))
		}
	}
	if p.Floor != nil {
		steps = append(steps, "it is never below "+amount(*p.Floor))
	}
	if p.Cap != nil {
		steps = append(steps, "it is capped at "+amount(*p.Cap)+"; any surplus is shown and not counted")
	}
	return steps
}

// combined says how parts become one value.
func combined(c scorecard.Combine) string {
	switch c.Mean {
	case scorecard.Geometric:
		return "a geometric mean: a weak part cannot be bought back by a strong one"
	case scorecard.Harmonic:
		return "a harmonic mean: the weakest part weighs most"
	case scorecard.Power:
		return "a power mean with exponent " + amount(c.P)
	case scorecard.Sum:
		return "a sum: every part adds its own"
	case scorecard.Min:
		return "the least of the parts: the weakest decides"
	case scorecard.Max:
		return "the greatest of the parts: the strongest decides"
	case scorecard.Relative:
		return "a mean of relative ranks: each part counts by place among the players"
	case scorecard.Position:
		return "a sum of ranks: the lowest sum wins"
	case scorecard.Copeland:
		return "duels: how many players one beats on most parts, less how many beat one"
	}
	return "a weighted mean: a strong part makes up for a weak one"
}

// needed says how much must be present; "" where one part is enough.
func needed(n scorecard.Needs) string {
	var least []string
	if n.Count != nil {
		least = append(least, share(*n.Count)+" of its parts")
	}
	if n.Weight != nil {
		least = append(least, share(*n.Weight)+" of its weight")
	}
	if len(least) == 0 {
		return ""
	}
	return "At least " + list(least) + " must be present, else it is missing."
}

// tied says how equal players are ranked.
func tied(card *scorecard.Scorecard) string {
	text := "Equal scores share a place and the next places stay empty (1, 2, 2, 4)."
	switch card.Ties {
	case scorecard.Dense:
		text = "Equal scores share a place and the next place follows at once (1, 2, 2, 3)."
	case scorecard.Fractional:
		text = "Equal scores share the mean of their places (1, 2.5, 2.5, 4)."
	case scorecard.Ordinal:
		text = "Equal scores take places one after another, by player key."
	}
	if card.RankOn == scorecard.OnExact {
		text = "Ranks compare the exact score, before rounding. " + text
	} else {
		text = "Ranks compare the published score. " + text
	}
	if len(card.TieBreak) > 0 {
		names := make([]string, len(card.TieBreak))
		for i, key := range card.TieBreak {
			names[i] = partName(card, key)
		}
		text += " Before that, equal players are compared by " + list(names) + "."
	}
	return text
}

// rounded says how the published score comes from the exact one.
func rounded(card *scorecard.Scorecard) string {
	how := "halves away from zero"
	if card.Round == scorecard.HalfEven {
		how = "halves to the even neighbour"
	}
	if card.Decimals == 0 {
		return "The score is published as a whole number, " + how + "."
	}
	return "The score is published with " + count(card.Decimals, "decimal", "decimals") + ", " + how + "."
}

func partName(card *scorecard.Scorecard, key string) string {
	name := key
	card.Walk(func(p, _ *scorecard.Part, _ int) {
		if p.Key == key {
			name = p.Name
		}
	})
	return name
}

// withUnit writes a measured value with its unit.
func withUnit(x float64, unit string) string { return numeral.WithUnit(x, unit) }

// lower makes the first letter a small one.
func lower(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return ""
	}
	return string(unicode.ToLower(first)) + text[size:]
}
