package release

import (
	"maps"
	"math"
	"slices"
	"strconv"

	"cairn/score"
	"cairn/scorecard"
)

// veil is what a reader may not see of a player's scorecard: the metrics that are not for them, and whatever gives these away.
type veil struct {
	keys  map[string]bool // metrics not for the reader
	parts []bool          // of each scored part of the layout, whether it is one of them
	some  bool            // there is one among the scored parts
	old   bool            // there was one under the rules of the release before, which are others
}

// newVeil finds what shows does not show. A formula that reads such a metric is not shown either: it could be solved.
func (l *layout) newVeil(shows func(m *scorecard.Part) bool) *veil {
	v := &veil{keys: hides(l.card, shows), parts: make([]bool, len(l.parts))}
	if l.old != nil {
		keys := hides(l.old, shows)
		v.old = slices.ContainsFunc(l.old.Metrics(), func(m *scorecard.Part) bool { return m.Scored && keys[m.Key] })
	}
	for k, p := range l.parts {
		v.parts[k] = !p.IsGroup() && v.keys[p.Key]
		v.some = v.some || v.parts[k]
	}
	return v
}

// hides returns the metrics of a scorecard that are not for a reader.
func hides(card *scorecard.Scorecard, shows func(m *scorecard.Part) bool) map[string]bool {
	keys := map[string]bool{}
	for _, m := range card.Metrics() {
		if !shows(m) {
			keys[m.Key] = true
		}
	}
	for _, m := range card.FormulaOrder() {
		if slices.ContainsFunc(m.Formula.Reads, func(key string) bool { return keys[key] }) {
			keys[m.Key] = true
		}
	}
	return keys
}

// nothing reports whether the reader may see everything.
func (v *veil) nothing() bool { return !v.some && !v.old }

// merged is which parts of a player's score are told together, so that no equation holds one of them alone.
//
// A metric that is not for the reader is told in one line with the heaviest part beside it that has points. Where there is none,
// its group is told with another part beside the group, and so on up; at the top only the score is left. What moved the parts is
// not told then: in the release before, others may have stood together, and a move would tell one of those apart.
type merged struct {
	line     []int           // of each scored part: the first of those in its line, −1 a line of its own
	with     map[int][]int   // of the first of a line: all parts of the line, without what is below them
	affected []bool          // of the score, then of each part: something below it is told together
	hides    map[string]bool // metrics of which nothing is told alone
}

func (l *layout) merge(v *veil, has func(k int) bool) *merged {
	n := len(l.parts)
	if v.nothing() {
		return &merged{line: l.apart, affected: l.calm, hides: v.keys}
	}
	m := &merged{line: slices.Repeat([]int{-1}, n), with: map[int][]int{}, affected: make([]bool, n+1), hides: maps.Clone(v.keys)}
	hidden := slices.Clone(v.parts)
	for group := n; group >= 0; group-- { // a group stands before its parts
		var together []int
		counted := 0
		for _, k := range l.below[group] {
			m.affected[group] = m.affected[group] || m.affected[k+1]
			if hidden[k] {
				together = append(together, k)
			}
		}
		for _, k := range together {
			if has(k) && !l.follows(k, together) {
				counted++
			}
		}
		if len(together) == 0 {
			continue
		}
		m.affected[group] = true
		if counted < 2 {
			beside := l.heaviest(group, hidden, v, has)
			switch {
			case beside >= 0:
				together = append(together, beside)
			case group > 0:
				hidden[group-1] = true
				continue
			default:
				together = slices.Clone(l.below[0])
			}
		}
		slices.Sort(together)
		first := together[0]
		m.with[first] = together
		for _, k := range together {
			m.tell(l, k, first)
		}
	}
	return m
}

// follows reports whether a part is a formula over others of some parts: who knows one knows both.
func (l *layout) follows(k int, parts []int) bool {
	f := l.parts[k].Formula
	return f != nil && slices.ContainsFunc(parts, func(other int) bool { return slices.Contains(f.Reads, l.parts[other].Key) })
}

// heaviest is the heaviest part of a group that has points, may be shown and does not follow from what is shown; −1 none.
func (l *layout) heaviest(group int, hidden []bool, v *veil, has func(k int) bool) int {
	best := -1
	for _, k := range l.below[group] {
		if !hidden[k] && l.free(k, v, has) && (best < 0 || l.parts[k].Weight > l.parts[best].Weight) {
			best = k
		}
	}
	return best
}

// free reports whether a part has points that do not follow from what else is shown, as those of a formula do and of what a formula
// reads.
func (l *layout) free(k int, v *veil, has func(k int) bool) bool {
	p := l.parts[k]
	if p.IsGroup() {
		return has(k) && slices.ContainsFunc(l.below[k+1], func(child int) bool { return l.free(child, v, has) })
	}
	return has(k) && !v.keys[p.Key] && (p.Formula == nil || p.Formula.UsesValue) && !slices.ContainsFunc(l.card.Metrics(), func(m *scorecard.Part) bool {
		return m.Formula != nil && !v.keys[m.Key] && slices.Contains(m.Formula.Reads, p.Key)
	})
}

// tell puts a part and all below it into a line.
func (m *merged) tell(l *layout, k, line int) {
	m.line[k] = line
	if !l.parts[k].IsGroup() {
		m.hides[l.parts[k].Key] = true
	}
	for _, child := range l.below[k+1] {
		m.tell(l, child, line)
	}
}

// mergedAt merges the parts of the player at a place.
func (h *held) mergedAt(place int, v *veil) *merged {
	return h.merge(v, func(k int) bool { return h.parts[k].Weight > 0 && !math.IsNaN(h.number(place, h.points+k)) })
}

// drape returns the parts of a card as a reader may see them.
func (l *layout) drape(all []Part, v *veil, m *merged) (shown []Part) {
	nan := math.NaN()
	scored, below := 0, -1 // below: the depth of the part whose line tells all that is below it, −1 none
	for _, part := range all {
		p := part.Part.Part
		if !p.Scored {
			switch {
			case below >= 0 && part.Depth > below:
			case v.keys[p.Key]:
				part.Raw, part.Treated, part.Uncapped, part.Value, part.State, part.Kept = nan, nan, nan, nan, score.Present, KeptFromReader
				shown = append(shown, part)
			default:
				shown = append(shown, part)
			}
			continue
		}
		k := scored
		scored++
		if k >= len(l.parts) { // only the old rules score it
			if v.nothing() {
				shown = append(shown, part)
			}
			continue
		}
		if m.line[k] >= 0 {
			if _, top := m.with[m.line[k]]; top && slices.Contains(m.with[m.line[k]], k) {
				below = part.Depth
			}
			if m.line[k] == k {
				shown = append(shown, l.together(all, part, m.with[k], v))
			}
			continue
		}
		below = -1
		if !v.nothing() {
			part.Move, part.Own, part.Others, part.Rules = nan, nan, nan, nan
		}
		if m.affected[k+1] {
			part.Treated, part.Uncapped, part.Value, part.Points = nan, nan, nan, nan
			part.ToGain = part.Possible - part.PointsPublished
		}
		shown = append(shown, part)
	}
	return shown
}

// together is one line of several parts.
func (l *layout) together(all []Part, first Part, parts []int, v *veil) Part {
	nan := math.NaN()
	of := make([]int, 0, len(l.parts)) // where each scored part stands
	for i, part := range all {
		if part.Part.Part.Scored {
			of = append(of, i)
		}
	}
	line := Part{Part: score.Part{Depth: first.Depth, Raw: nan, Treated: nan, Uncapped: nan, Value: nan, Possible: nan, Points: nan},
		PointsPublished: nan, Move: nan, Own: nan, Others: nan, Rules: nan, Kept: KeptFromReader}
	add := func(sum *float64, x float64) {
		if math.IsNaN(*sum) {
			*sum = x
		} else if !math.IsNaN(x) {
			*sum += x
		}
	}
	measures := 0
	var weight float64
	for _, k := range parts {
		part := all[of[k]]
		line.Weight += part.Weight
		weight += part.Part.Part.Weight
		add(&line.Possible, part.Possible)
		add(&line.PointsPublished, part.PointsPublished)
		line.Together = append(line.Together, part.Part.Part)
		measures += l.measures(k)
	}
	line.PointsPublished = rounded(l.card, line.PointsPublished)
	line.ToGain = line.Possible - line.PointsPublished
	line.Part.Part = &scorecard.Part{Key: first.Part.Part.Key, Name: inWords(measures) + " measures, together", Scored: true, Weight: weight}
	return line
}

// measures is how many scored metrics a part is made of.
func (l *layout) measures(k int) int {
	if len(l.below[k+1]) == 0 {
		return 1
	}
	n := 0
	for _, child := range l.below[k+1] {
		n += l.measures(child)
	}
	return n
}

// rounded is a sum of published numbers without the noise of adding them.
func rounded(card *scorecard.Scorecard, x float64) float64 {
	if math.IsNaN(x) {
		return x
	}
	return difference(card, x, 0)
}

// inWords is a number of measures at the beginning of a sentence.
func inWords(n int) string {
	words := [...]string{1: "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve"}
	if n < 1 || n >= len(words) {
		return strconv.Itoa(n)
	}
	return words[n]
}
