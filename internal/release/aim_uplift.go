package release

import (
	"context"
	"fmt"
	"math"
	"slices"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/period"
	"cairn/internal/target"
	"cairn/scorecard"
)

// Usual is how many releases a window has where nobody says otherwise.
const Usual = 4

// Change is a mean before and after. Each player counts once, with the mean over the releases of a window in which they have a value.
type Change struct {
	Before, After       float64 // NaN withheld or none
	NumBefore, NumAfter int     // players; −1 withheld
}

// By is how much the mean changed; NaN unknown.
func (c Change) By() float64 { return c.After - c.Before }

// Percent is the same as a share of the mean before; NaN unknown, or where that was nothing.
func (c Change) Percent() float64 {
	if c.Before == 0 {
		return math.NaN()
	}
	return c.By() / math.Abs(c.Before)
}

// What makes a percentage say more than there is.
const (
	smallBase = 5   // of what is counted, a player
	tallClaim = 2.0 // 200 %
)

// Uplift is how a metric, or the score, stood in two windows of releases.
type Uplift struct {
	Metric        *scorecard.Part // nil: the score
	Before, After []period.Period // oldest first
	Same          Change          // of the players who have a value in both: nobody came or went
	All           Change          // of all who have one in either
}

// Overstates reports whether the percentage is of so little that the numbers themselves should be told first.
func (u Uplift) Overstates() bool {
	c := u.Same
	if math.IsNaN(c.By()) {
		return false
	}
	return c.Before == 0 || math.Abs(c.Percent()) > tallClaim || additive(u.Metric) && math.Abs(c.Before) < smallBase
}

// Windows returns the final releases of a board in their latest editions, oldest first, of which windows are made.
func (r *Releases) Windows(ctx context.Context, b *board.Board) (all []period.Period, err error) {
	records, err := r.finalsOf(ctx, b)
	for _, rec := range records {
		all = append(all, rec.period)
	}
	return all, err
}

func (r *Releases) finalsOf(ctx context.Context, b *board.Board) (all []*record, err error) {
	err = r.db.Read(ctx, func(tx *db.Tx) error {
		all, err = finals(tx, b.ID)
		return err
	})
	return latestEditions(all, math.MaxInt64), err
}

// Uplift compares two windows of releases, by the names of their periods; both empty: the first and the last four there are, fewer where they
// would overlap. It is about all who are seen, names nobody, and withholds what would tell of fewer than the board's smallest cohort.
// Invalid for a metric or a period that there is none of, and where there are fewer than two releases.
func (r *Releases) Uplift(ctx context.Context, b *board.Board, metric string, before, after []string) (Uplift, error) {
	records, err := r.finalsOf(ctx, b)
	if err != nil {
		return Uplift{}, err
	}
	if len(records) < 2 {
		return Uplift{}, unfit("Before and after takes two releases: this board has %d.", len(records))
	}
	was, is := records[:min(Usual, len(records)/2)], records[len(records)-min(Usual, len(records)/2):]
	if len(before) > 0 {
		if was, err = named(records, before, "before"); err != nil {
			return Uplift{}, err
		}
	}
	if len(after) > 0 {
		if is, err = named(records, after, "after"); err != nil {
			return Uplift{}, err
		}
	}
	if was[len(was)-1].period.Last >= is[0].period.First {
		f := unfit("The releases before must all lie before those after.")
		f.Field = "after"
		return Uplift{}, f
	}
	return r.uplift(ctx, b, metric, was, is)
}

func unfit(format string, args ...any) *fault.Fault { return fault.New(fault.Invalid, format, args...) }

// named finds releases by the names of their periods.
func named(records []*record, names []string, field string) (found []*record, err error) {
	for _, rec := range records {
		if slices.Contains(names, rec.period.String()) {
			found = append(found, rec)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(found, func(rec *record) bool { return rec.period.String() == name }) {
			f := unfit("There is no release of %q on this board.", name)
			f.Field = field
			return nil, f
		}
	}
	return found, nil
}

func (r *Releases) uplift(ctx context.Context, b *board.Board, metric string, before, after []*record) (Uplift, error) {
	card, err := r.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return Uplift{}, err
	}
	u := Uplift{Metric: metricOf(card, metric)}
	if metric != "" && u.Metric == nil {
		f := unfit("The scorecard has no metric %q.", metric)
		f.Field = "metric"
		return u, f
	}
	names, err := r.boards.Directory(ctx, b)
	if err != nil {
		return u, err
	}
	hidden, _ := names.Hidden()
	var means [2]map[int64]float64
	for i, window := range [2][]*record{before, after} {
		if means[i], err = r.meansOf(ctx, window, metric, hidden); err != nil {
			return u, err
		}
	}
	for _, rec := range before {
		u.Before = append(u.Before, rec.period)
	}
	for _, rec := range after {
		u.After = append(u.After, rec.period)
	}
	same := [2]map[int64]float64{{}, {}}
	for member, was := range means[0] {
		if is, there := means[1][member]; there {
			same[0][member], same[1][member] = was, is
		}
	}
	u.Same, u.All = changeOf(same), changeOf(means)
	few := func(n int) bool { return n > 0 && n < b.Smallest }
	if few(u.Same.NumBefore) {
		u.Same = Change{Before: math.NaN(), After: math.NaN(), NumBefore: -1, NumAfter: -1}
	}
	// The two groups beside each other tell of those who are in the one and not in the other.
	if few(u.All.NumBefore) || few(u.All.NumAfter) || u.Same.NumBefore < 0 || few(u.All.NumBefore-u.Same.NumBefore) || few(u.All.NumAfter-u.Same.NumAfter) {
		u.All = Change{Before: math.NaN(), After: math.NaN(), NumBefore: -1, NumAfter: -1}
	}
	return u, nil
}

// meansOf is each player's mean over the releases of a window in which they have a value.
func (r *Releases) meansOf(ctx context.Context, window []*record, metric string, hidden []int64) (map[int64]float64, error) {
	sums, counts := map[int64]float64{}, map[int64]float64{}
	for _, rec := range window {
		h, err := r.hold(ctx, rec.boardID, rec.id)
		if err != nil {
			return nil, err
		}
		values, err := r.values(ctx, h, metric)
		if err != nil {
			return nil, err
		}
		for place, x := range values {
			member := int64(h.number(place, h.member))
			if _, gone := slices.BinarySearch(hidden, member); gone || math.IsNaN(x) {
				continue
			}
			sums[member] += x
			counts[member]++
		}
	}
	for member := range sums {
		sums[member] /= counts[member]
	}
	return sums, nil
}

// changeOf is the mean of players before and after.
func changeOf(means [2]map[int64]float64) Change {
	of := func(by map[int64]float64) float64 { // in a fixed order: sums of floats depend on it
		values := make([]float64, 0, len(by))
		for _, x := range by {
			values = append(values, x)
		}
		slices.Sort(values)
		return meanAt(values, nil)
	}
	return Change{Before: of(means[0]), After: of(means[1]), NumBefore: len(means[0]), NumAfter: len(means[1])}
}

// Proposal is a target found in what players did.
type Proposal struct {
	Value    float64 // that the best fifth reached: the 80th percentile, of a metric of which less is better the 20th
	Reached  float64 // what share of the players of the last release did; NaN nobody has a value in it
	Players  int     // of the last release, with a value
	Values   int     // that it is taken of
	Releases int     // of the last twelve
}

// lookedBack is of how many releases a target is proposed.
const lookedBack = 12

// Propose finds a target for each player in a metric, or in the score, from the values of the last twelve releases. The error is Conflict
// where there are none, and Withheld for who does not run the board where they are of fewer players than its smallest cohort.
func (r *Releases) Propose(ctx context.Context, b *board.Board, metric string, to Reader) (Proposal, error) {
	card, err := r.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return Proposal{}, err
	}
	m := metricOf(card, metric)
	if metric != "" && m == nil {
		return Proposal{}, fault.New(fault.NotFound, "The scorecard has no metric %q.", metric)
	}
	if !to.Everyone && (m != nil && !to.May(to.audience(m))) {
		return Proposal{}, fault.New(fault.Withheld, "The values of %s are not for you.", m.Name)
	}
	records, err := r.finalsOf(ctx, b)
	if err != nil {
		return Proposal{}, err
	}
	records = records[max(0, len(records)-lookedBack):]
	var all, last []float64
	p := Proposal{}
	players := map[int64]bool{}
	for _, rec := range records {
		h, err := r.hold(ctx, rec.boardID, rec.id)
		if err != nil {
			return Proposal{}, err
		}
		values, err := r.values(ctx, h, metric)
		if err != nil {
			return Proposal{}, err
		}
		last = last[:0]
		for place, x := range values {
			if !math.IsNaN(x) {
				last = append(last, x)
				players[int64(h.number(place, h.member))] = true
			}
		}
		all = append(all, last...)
		p.Releases++
	}
	if len(all) == 0 {
		return Proposal{}, fault.New(fault.Conflict, "There are no values yet from which a target could be proposed: publish a release first.")
	}
	if !to.Everyone && len(players) < b.Smallest {
		return Proposal{}, fault.New(fault.Withheld, "The values are of fewer than %d players.", b.Smallest)
	}
	higher := card.Better != scorecard.Lower
	if m != nil {
		higher = m.Better != scorecard.Lower
	}
	p.Value = bestFifth(all, higher)
	p.Players, p.Values = len(last), len(all)
	for _, x := range last {
		if x == p.Value || (x > p.Value) == higher {
			p.Reached++
		}
	}
	p.Reached /= float64(len(last))
	return p, nil
}

// bestFifth is the value that the best fifth of some values reach: the 80th percentile, or the 20th where less is better. Between two values
// it is interpolated; what is counted in whole numbers stays one.
func bestFifth(values []float64, higher bool) float64 {
	slices.Sort(values)
	whole := !slices.ContainsFunc(values, func(x float64) bool { return x != math.Trunc(x) })
	share := 0.8
	if !higher {
		share = 0.2
	}
	at := share * float64(len(values)-1)
	low := int(at)
	high := min(low+1, len(values)-1)
	x := values[low] + (values[high]-values[low])*(at-float64(low))
	switch {
	case whole && higher:
		return math.Floor(x)
	case whole:
		return math.Ceil(x)
	}
	return x
}

// Guarded is a target whose guardrail worsened while its metric rose.
type Guarded struct {
	Target            target.Target
	Metric, Guardrail *scorecard.Part // Metric is nil for the score
	Rose, Worsened    Uplift
	Releases          int // since it was set
}

// worth is by which share of what it was a mean must change to say that it did.
const worth = 0.05

// Guards returns the targets of players whose guardrail worsened while the metric rose, by more than 5 % each: means over the last four
// releases before the target was set and the last four since, of the players who have values in both. What is of too few is not told.
func (r *Releases) Guards(ctx context.Context, b *board.Board) (found []Guarded, err error) {
	all, err := r.targets.List(ctx, b)
	if err != nil {
		return nil, err
	}
	records, err := r.finalsOf(ctx, b)
	if err != nil {
		return nil, err
	}
	card, err := r.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	for _, w := range all {
		m, guard := metricOf(card, w.Metric), metricOf(card, w.Guardrail)
		if !w.Ended.IsZero() || w.Scope != target.Player || w.Guardrail == "" || guard == nil || m == nil && w.Metric != "" {
			continue
		}
		since := target.Since(all, w)
		split := slices.IndexFunc(records, func(rec *record) bool { _, end := rec.period.Bounds(b.Location()); return end.After(since) })
		if split <= 0 {
			continue // nothing before, or nothing since
		}
		before, after := records[max(0, split-Usual):split], records[max(split, len(records)-Usual):]
		g := Guarded{Target: w, Metric: m, Guardrail: guard, Releases: len(records) - split}
		if g.Rose, err = r.uplift(ctx, b, w.Metric, before, after); err != nil {
			return nil, fmt.Errorf("the guardrail of target %s: %w", w.ID, err)
		}
		if g.Worsened, err = r.uplift(ctx, b, w.Guardrail, before, after); err != nil {
			return nil, fmt.Errorf("the guardrail of target %s: %w", w.ID, err)
		}
		higher := card.Better != scorecard.Lower
		if m != nil {
			higher = m.Better != scorecard.Lower
		}
		if improved(g.Rose.Same, higher) && improved(g.Worsened.Same, guard.Better == scorecard.Lower) {
			found = append(found, g)
		}
	}
	return found, nil
}

// improved reports whether a mean changed for the better by more than is worth saying.
func improved(c Change, higher bool) bool {
	by := c.By()
	if !higher {
		by = -by
	}
	return by > worth*math.Abs(c.Before)
}
