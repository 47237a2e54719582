package target

import (
	"math"
	"slices"

	"cairn/internal/fault"
	"cairn/internal/period"
)

// Point is a value that is wanted on a day.
type Point struct {
	Day   string  `json:"day"` // ISO
	Value float64 `json:"value"`
}

// mostPoints is how many points a path may have.
const mostPoints = 24

// Way says how a value stands to a target.
type Way string

const (
	Ahead   Way = "ahead"
	OnPath  Way = "on path"
	Behind  Way = "behind"
	NoValue Way = "no value"
	NotDue  Way = "not due" // the path begins later, and its first value is not reached yet; or they were not there in the period
)

// Reached reports whether what is due is there, or more.
func (w Way) Reached() bool { return w == Ahead || w == OnPath }

// Standing is how somebody or a team stands to a target in one release.
type Standing struct {
	Target Target
	Due    float64 // what is wanted at the end of the period; NaN not due
	Value  float64 // NaN none
	Share  float64 // of the period for which they were there, to which Due is cut; 1 all of it
	Way    Way
}

// Due is what is wanted on a day; NaN before the first point.
func (w Target) Due(on period.Date) float64 {
	last := math.NaN()
	var from period.Date
	for _, p := range w.Path {
		day, err := period.ParseDate(p.Day)
		if err != nil {
			return math.NaN() // Set refuses it
		}
		if on < day {
			if math.IsNaN(last) {
				return last
			}
			way := float64(on-from) / float64(day-from)
			return last*(1-way) + p.Value*way // neither leaves the two values nor overflows
		}
		last, from = p.Value, day
	}
	return last
}

// Holds reports whether periods like this one are held against the target.
func (w Target) Holds(p period.Period) bool {
	from, err := period.ParseDate(w.From)
	return err == nil && from <= p.Last
}

// Stand says how a value stands to a target on the last day of a period. share is the part of the period that counts: 1 all of it, less
// for who joined or paused within it, and what is due is cut to it. higher says that more is better.
func (w Target) Stand(p period.Period, value, share float64, higher bool) Standing {
	s := Standing{Target: w, Due: w.Due(p.Last), Value: value, Share: share}
	switch {
	case math.IsNaN(value):
		s.Way = NoValue
	case !(share > 0):
		s.Due, s.Way = math.NaN(), NotDue
	case math.IsNaN(s.Due):
		s.Way = NotDue
		if len(w.Path) > 0 && (value == w.Path[0].Value || (value > w.Path[0].Value) == higher) {
			s.Way = Ahead
		}
	default:
		if share < 1 {
			s.Due *= share
		}
		s.Way = compare(value, s.Due, higher)
	}
	return s
}

// compare holds a value against what is due.
func compare(value, due float64, higher bool) Way {
	over := value - due
	if !higher {
		over = -over
	}
	switch room := Room(due); {
	case over > room:
		return Ahead
	case over < -room:
		return Behind
	}
	return OnPath
}

// Room is how far from what is due one may be to be on path: 5 % of it; where that is less than half a unit half a unit, but not more than
// 10 %.
func Room(due float64) float64 {
	size := math.Abs(due)
	return math.Max(size*0.05, math.Min(0.5, size*0.1))
}

// checkPath refuses a path that no value can be held against.
func checkPath(path []Point) error {
	switch {
	case len(path) == 0:
		return fault.Wrong("path", "A target needs a value and a day by which it is wanted.")
	case len(path) > mostPoints:
		return fault.Wrong("path", "A path has %d points at most; this one has %d.", mostPoints, len(path))
	}
	for i, p := range path {
		if _, err := period.ParseDate(p.Day); err != nil {
			return fault.Wrong("path", "%q is no day: write it like 2027-03-31.", p.Day)
		}
		if math.IsNaN(p.Value) || math.Abs(p.Value) > 1e15 {
			return fault.Wrong("path", "What is wanted on %s is no number that can be measured.", p.Day)
		}
		if i > 0 && path[i-1].Day >= p.Day {
			return fault.Wrong("path", "The days of a path follow one another: %s does not come after %s.", p.Day, path[i-1].Day)
		}
	}
	return nil
}

// clone returns a target that shares nothing.
func (w Target) clone() Target {
	w.Path = slices.Clone(w.Path)
	return w
}
