package take

import (
	"math"
	"time"

	"cairn/internal/period"
	"cairn/scorecard"
)

// Taker collects entries and reduces them. It is used once: New, any number of Add, Columns.
type Taker struct {
	from, to int64
	keys     map[string]int // entry key → its number
	readers  [][]*metric    // by key: the metrics that read it
	metrics  []*metric      // in declared order
	labels   map[string]uint32
	days     dayClock
	without  map[string][]bool // by metric: the players who have no value in it, whatever their entries say
}

// metric is one metric with its window (microseconds UTC, half-open) and what it keeps of the entries in it.
type metric struct {
	key      string
	take     scorecard.Take
	from, to int64

	sums   sums      // sum, mean, share
	counts []int32   // count; mean, within: entries with a value
	below  []int32   // within: those at or below the bound
	values []float64 // min, max: the extreme so far, NaN none
	first  latest    // first, last, change, change_pct: the entry of the window
	before latest    // change, change_pct: the last one before the window
	marks  marks     // days, distinct
	cells  cells     // quantiles
}

// New returns a taker for a scorecard, a period and a zone. Metrics that are pure formulas take nothing.
func New(card *scorecard.Scorecard, p period.Period, zone *time.Location) *Taker {
	t := &Taker{keys: map[string]int{}, labels: map[string]uint32{}, days: dayClock{zone: zone}}
	start, end := p.Bounds(zone)
	t.from, t.to = start.UnixMicro(), end.UnixMicro()
	for _, part := range card.Metrics() {
		if part.Formula != nil && !part.Formula.UsesValue {
			continue
		}
		m := &metric{key: part.Key, take: part.Take}
		m.from, m.to = window(part.Over, p, zone)
		t.metrics = append(t.metrics, m)
		key, known := t.keys[part.Entry]
		if !known {
			key = len(t.readers)
			t.keys[part.Entry] = key
			t.readers = append(t.readers, nil)
		}
		t.readers[key] = append(t.readers[key], m)
		t.from, t.to = min(t.from, m.from), max(t.to, m.to)
		if m.take.Kind == scorecard.TakeChange || m.take.Kind == scorecard.TakeChangePct {
			t.from = math.MinInt64 // the last value before the window may be of any age
		}
	}
	return t
}

// window returns the instants between which the entries of a metric count.
func window(over scorecard.Over, p period.Period, zone *time.Location) (from, to int64) {
	start, end := p.Bounds(zone)
	switch over.Kind {
	case scorecard.OverPrevious:
		start, end = p.Add(-1).Bounds(zone)
	case scorecard.OverPeriods:
		start, _ = p.Add(1 - over.N).Bounds(zone)
	case scorecard.OverDays:
		start = (p.Last - period.Date(over.N) + 1).Start(zone)
	case scorecard.OverAll:
		return math.MinInt64, end.UnixMicro()
	}
	return start.UnixMicro(), end.UnixMicro()
}

// Span returns the instants (microseconds UTC, half-open) between which entries matter; from is math.MinInt64 where
// some window is "all" or some change may need an earlier value.
func (t *Taker) Span() (from, to int64) { return t.from, t.to }

// Key returns the number by which Add knows an entry key; ok is false where no metric reads it.
func (t *Taker) Key(entry string) (key int, ok bool) {
	key, ok = t.keys[entry]
	return key, ok
}

// Label returns the number by which Add knows a label or, for an entry without one, its external id.
func (t *Taker) Label(text string) uint32 {
	label, known := t.labels[text]
	if !known {
		label = uint32(len(t.labels))
		t.labels[text] = label
	}
	return label
}

// NeedsLabel reports whether some metric that reads the key counts distinct labels; else Add may be given 0.
func (t *Taker) NeedsLabel(key int) bool {
	for _, m := range t.readers[key] {
		if m.take.Kind == scorecard.TakeDistinct {
			return true
		}
	}
	return false
}

// Add takes one entry of a player (a small number, dense from 0). value is NaN where the entry has none; every other
// value is finite.
func (t *Taker) Add(player, key int, at int64, value float64, label uint32) {
	for _, m := range t.readers[key] {
		if at >= m.to {
			continue
		}
		if at < m.from {
			if m.take.Kind == scorecard.TakeChange || m.take.Kind == scorecard.TakeChangePct {
				m.before.keep(player, at, value, false)
			}
			continue
		}
		m.add(t, player, at, value, label)
	}
}

// add takes an entry that lies in the metric's window.
func (m *metric) add(t *Taker, player int, at int64, value float64, label uint32) {
	switch m.take.Kind { // these need no value
	case scorecard.TakeCount:
		bump(&m.counts, player)
		return
	case scorecard.TakeDays:
		m.marks.add(player, uint32(int32(t.days.of(at))))
		return
	case scorecard.TakeDistinct:
		m.marks.add(player, label)
		return
	}
	if math.IsNaN(value) {
		return
	}
	switch m.take.Kind {
	case scorecard.TakeSum, scorecard.TakeShare:
		m.sums.add(player, value)
	case scorecard.TakeMean:
		m.sums.add(player, value)
		bump(&m.counts, player)
	case scorecard.TakeMin:
		if had := at64(&m.values, player); !(value >= *had) { // NaN too
			*had = value + 0 // −0 and 0 are one value, whichever comes first
		}
	case scorecard.TakeMax:
		if had := at64(&m.values, player); !(value <= *had) {
			*had = value + 0
		}
	case scorecard.TakeFirst:
		m.first.keep(player, at, value, true)
	case scorecard.TakeLast, scorecard.TakeChange, scorecard.TakeChangePct:
		m.first.keep(player, at, value, false)
	case scorecard.TakeQuantile:
		m.cells.add(player, value)
	case scorecard.TakeWithin:
		bump(&m.counts, player)
		if value <= m.take.X {
			bump(&m.below, player)
		}
	}
}

// Without takes players, true by number, out of a metric: they have no value in it and no part in its total.
func (t *Taker) Without(metric string, players []bool) {
	if t.without == nil {
		t.without = map[string][]bool{}
	}
	t.without[metric] = players
}

// Columns reduces: metric key → one value for each of n players, NaN missing; totals are those of take: share, each
// the exactly rounded sum of the players' own sums. A value too great for a float64 is missing.
func (t *Taker) Columns(n int) (columns map[string][]float64, totals map[string]float64) {
	columns, totals = make(map[string][]float64, len(t.metrics)), map[string]float64{}
	for _, m := range t.metrics {
		column := m.column(n)
		for i, out := range t.without[m.key] {
			if out && i < n {
				column[i] = math.NaN()
			}
		}
		if m.take.Kind == scorecard.TakeShare {
			totals[m.key] = share(column)
		}
		for i, v := range column {
			if math.IsInf(v, 0) {
				column[i] = math.NaN()
			}
		}
		columns[m.key] = column
	}
	return columns, totals
}

func (m *metric) column(n int) []float64 {
	switch m.take.Kind {
	case scorecard.TakeSum, scorecard.TakeShare:
		return m.sums.column(n)
	case scorecard.TakeMean:
		column := m.sums.column(n)
		for i := range column {
			column[i] /= float64(count(m.counts, i)) // 0 entries: NaN stays NaN
		}
		return column
	case scorecard.TakeMin, scorecard.TakeMax:
		return fill(m.values, n)
	case scorecard.TakeDays, scorecard.TakeDistinct:
		return m.marks.column(n)
	case scorecard.TakeQuantile:
		return m.cells.column(n, m.take.X)
	case scorecard.TakeFirst, scorecard.TakeLast:
		return fill(m.first.value, n)
	}
	column := fill(nil, n)
	for i := range column {
		switch m.take.Kind {
		case scorecard.TakeCount:
			if c := count(m.counts, i); c > 0 {
				column[i] = float64(c)
			}
		case scorecard.TakeWithin:
			if c := count(m.counts, i); c > 0 {
				column[i] = float64(count(m.below, i)) / float64(c)
			}
		case scorecard.TakeChange:
			column[i] = m.first.of(i) - m.before.of(i)
		case scorecard.TakeChangePct:
			if earlier := m.before.of(i); earlier != 0 {
				column[i] = (m.first.of(i) - earlier) / earlier
			}
		}
	}
	return column
}

// fill returns a column of n values whose absent ones are NaN; it may be the one given.
func fill(values []float64, n int) []float64 {
	for len(values) < n {
		values = append(values, math.NaN())
	}
	return values[:n:n]
}

// at64 returns the place of a player's value, NaN until it is set.
func at64(values *[]float64, player int) *float64 {
	for len(*values) <= player {
		*values = append(*values, math.NaN())
	}
	return &(*values)[player]
}

func bump(counts *[]int32, player int) {
	for len(*counts) <= player {
		*counts = append(*counts, 0)
	}
	(*counts)[player]++
}

func count(counts []int32, player int) int32 {
	if player < len(counts) {
		return counts[player]
	}
	return 0
}
