package release

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"cairn/internal/board"
	"cairn/internal/consent"
	"cairn/internal/period"
	"cairn/internal/target"
	"cairn/scorecard"
)

// Aim is how the players of a release, one team of them or all together stand to one target.
type Aim struct {
	Target     target.Target
	Metric     *scorecard.Part // nil: the score itself
	Tag        string          // of a team's
	Due, Value float64         // Value is the mean; NaN withheld or none
	Way        target.Way      // of a team or board, "" withheld

	// Of a target of players. Of is how many have a value that counts; −1 withheld, as each of the others.
	Reached, Of               int // on path or ahead
	Ahead, On, Behind, NotDue int // of them
	Blank                     int // beside them: without a value
}

// metricOf returns the metric of a scorecard with a key, nil none.
func metricOf(card *scorecard.Scorecard, key string) *scorecard.Part {
	all := card.Metrics()
	if i := slices.IndexFunc(all, func(m *scorecard.Part) bool { return m.Key == key }); i >= 0 {
		return all[i]
	}
	return nil
}

// moved returns the metrics that are the team's in a release: single players' values of them are for themselves alone. Of a metric that
// is calculated, so is what it is calculated from. nil: none.
func (r *Releases) moved(ctx context.Context, boardID string, version int, at time.Time) (map[string]bool, error) {
	held, err := r.targets.InForce(ctx, boardID, at)
	if err != nil || !slices.ContainsFunc(held, func(w target.Target) bool { return w.Moved }) {
		return nil, err
	}
	card, err := r.boards.Scorecard(ctx, boardID, version)
	if err != nil {
		return nil, err
	}
	moved := map[string]bool{}
	for _, w := range held {
		moved[w.Metric] = moved[w.Metric] || w.Moved
	}
	order := card.FormulaOrder()
	for _, m := range slices.Backward(order) {
		for _, key := range m.Formula.Reads {
			moved[key] = moved[key] || moved[m.Key]
		}
	}
	return moved, nil
}

// keepTeams narrows what the reader sees of single players in the metrics that were moved to their team when the release was published:
// they are for the player, and for whoever runs the board on that player's card. No line of a leaderboard tells them.
func (v *View) keepTeams(ctx context.Context, rel *Release) (err error) {
	if v.moved, err = v.releases.moved(ctx, rel.BoardID, rel.Version, rel.Published); err != nil || v.moved == nil {
		return err
	}
	declared := v.reader
	v.declared = declared.audience
	v.reader.Audience = func(m *scorecard.Part) scorecard.Audience {
		if a := declared.audience(m); !v.moved[m.Key] || a == scorecard.ForSteward {
			return a
		}
		return scorecard.ForPlayer
	}
	return nil
}

// lineVeil is what is not told of the players of a class on the lines of a leaderboard: beside what their cards do not tell, whatever was
// moved to their team.
func (v *View) lineVeil(of class) *veil {
	if v.moved == nil || of == ofReader {
		return v.veil(of)
	}
	if v.lines[of] == nil {
		if v.lines == nil {
			v.lines = map[class]*veil{}
		}
		v.lines[of] = v.held.newVeil(func(m *scorecard.Part) bool { return !v.moved[m.Key] && v.shows(m, of) })
	}
	return v.lines[of]
}

// targets returns those that a release is held against: those that were in force when it was published, of what its scorecard measures.
func (v *View) targets(ctx context.Context) (all []target.Target, err error) {
	held, err := v.releases.targets.InForce(ctx, v.BoardID, v.Published)
	for _, w := range held {
		if w.Holds(v.Period) && (w.Metric == "" || metricOf(v.held.card, w.Metric) != nil) {
			all = append(all, w)
		}
	}
	return all, err
}

// Aims returns the targets of the board as they stood at the release, and how its players stand to them, as far as the reader may
// know: nothing of a metric that is not for them, no count or mean of a few, and of a single player's target nothing unless they run the
// board. A target of every team of a tag group gives one for each.
func (v *View) Aims(ctx context.Context) ([]Aim, error) {
	if v.held == nil {
		if err := v.open(ctx, v.Release); err != nil {
			return nil, err
		}
	}
	targets, err := v.targets(ctx)
	if err != nil {
		return nil, err
	}
	declared := v.declared
	if declared == nil {
		declared = v.reader.audience
	}
	kept := hides(v.held.card, func(m *scorecard.Part) bool { return v.reader.Everyone || v.reader.May(declared(m)) })
	var told []target.Target
	key := fmt.Sprint("aims ", v.held.id, " ", v.version, " ", v.reader.Everyone, " ", v.reader.Top, " ", v.smallest)
	for _, w := range targets {
		if kept[w.Metric] || w.Scope == target.Player && w.Member != target.Everyone && !v.reader.Everyone {
			continue
		}
		told = append(told, w)
		key += fmt.Sprint(" ", w.ID, " ", v.veil(ofOther).keys[w.Metric])
	}
	if aims, ok := v.releases.shelf.get(key).([]Aim); ok {
		return slices.Clone(aims), nil
	}
	var aims []Aim
	for _, w := range told {
		all, err := v.aim(ctx, w)
		if err != nil {
			return nil, err
		}
		aims = append(aims, all...)
	}
	if v.held.state == Final {
		v.releases.shelf.put(key, aims, int64(len(key)+512*len(aims)))
	}
	return slices.Clone(aims), nil
}

// aim holds a release against one target.
func (v *View) aim(ctx context.Context, w target.Target) ([]Aim, error) {
	values, err := v.releases.values(ctx, v.held, w.Metric)
	if err != nil {
		return nil, err
	}
	values = slices.Clone(values)
	if v.seen != nil {
		for _, gone := range v.seen.gone {
			values[gone] = math.NaN()
		}
	}
	c := v.tellable(values, w.Metric)
	of := Aim{Target: w, Metric: metricOf(v.held.card, w.Metric), Due: w.Due(v.Period.Last), Value: math.NaN(), Reached: -1, Of: -1, Ahead: -1, On: -1, Behind: -1, NotDue: -1, Blank: -1}
	switch w.Scope {
	case target.Player:
		if err := v.count(ctx, &of, values, c); err != nil {
			return nil, err
		}
		return []Aim{of}, nil
	case target.Board:
		if c.everyone {
			of.Value = meanAt(values, nil)
			of.Way = w.Stand(v.Period, of.Value, 1, v.higher(of.Metric)).Way
		}
		return []Aim{of}, nil
	}
	g := slices.Index(v.held.groups, w.Group)
	if g < 0 {
		return nil, nil
	}
	var all []Aim
	for k, tag := range v.held.tags[g] {
		if w.Tag != "" && w.Tag != tag || tag == "" {
			continue
		}
		places := v.held.tagged(g)[k]
		if v.seen != nil && !slices.ContainsFunc(places, func(place int32) bool { _, there := v.seen.index(int(place)); return there }) {
			continue // a tag of the hidden alone
		}
		team := of
		team.Tag = tag
		if c.tags == nil || c.tags[g] != nil && c.tags[g][k] {
			team.Value = meanAt(values, places)
			team.Way = w.Stand(v.Period, team.Value, 1, v.higher(of.Metric)).Way
		}
		all = append(all, team)
	}
	return all, nil
}

// higher reports whether more of a metric, or of the score, is better.
func (v *View) higher(m *scorecard.Part) bool {
	if m == nil {
		return v.held.card.Better != scorecard.Lower
	}
	return m.Better != scorecard.Lower
}

// meanAt is the mean of the values at some places, nil all; NaN of none.
func meanAt(values []float64, places []int32) float64 {
	sum, n := 0.0, 0
	add := func(x float64) {
		if !math.IsNaN(x) {
			sum += x
			n++
		}
	}
	if places == nil {
		for _, x := range values {
			add(x)
		}
	}
	for _, place := range places {
		add(values[place])
	}
	if n == 0 {
		return math.NaN()
	}
	return sum / float64(n)
}

// count counts how the players stand to a target of theirs.
func (v *View) count(ctx context.Context, a *Aim, values []float64, c *tellable) error {
	shares, err := v.shares(ctx, a.Metric)
	if err != nil {
		return err
	}
	ways := map[target.Way]int{}
	var sum float64
	of, counted, reached, missed := 0, 0, 0, 0
	apart := 0 // of those whose values the reader does not see, who are in the mean of all and not in this one
	for place, value := range values {
		if _, there := v.seen.index(place); !there {
			continue
		}
		member := int64(v.held.number(place, v.held.member))
		if !a.Target.For(member) {
			continue
		}
		s := a.Target.Stand(v.Period, value, shares.of(v.names, member), v.higher(a.Metric))
		if s.Way == target.NotDue && math.IsNaN(s.Due) && !math.IsNaN(a.Due) { // not there in the period
			s.Way = target.NoValue
		}
		ways[s.Way]++
		if s.Way == target.NoValue {
			if c.hidden(place) {
				apart++
			}
			continue
		}
		sum += value
		of++
		if c.hidden(place) {
			counted++
			if s.Way.Reached() {
				reached++
			} else {
				missed++
			}
		}
	}
	if v.reader.Everyone {
		a.Ahead, a.On, a.Behind, a.NotDue, a.Blank = ways[target.Ahead], ways[target.OnPath], ways[target.Behind], ways[target.NotDue], ways[target.NoValue]
	}
	few := func(n int) bool { return n > 0 && n < c.smallest }
	if !v.reader.Everyone && (!c.everyone || few(counted)) {
		return nil
	}
	if of > 0 && (v.reader.Everyone || !few(apart)) {
		a.Value = sum / float64(of)
	}
	if v.reader.Everyone || !few(reached) && !few(missed) {
		a.Reached, a.Of = ways[target.Ahead]+ways[target.OnPath], of
	}
	return nil
}

// tellable is which figures about the values of a metric may be told to a reader.
type tellable struct {
	everyone bool
	tags     [][]bool // by group and tag; nil: all
	number   []int    // of each place whose value the reader does not see anyway, −1 another; nil: they see all
	smallest int
}

func (c *tellable) hidden(place int) bool { return c.number != nil && c.number[place] >= 0 }

// tellable decides it, as cohortsOf does for scores: of a metric that is not told of single players, nobody's value is seen anyway.
func (v *View) tellable(values []float64, metric string) *tellable {
	h, c := v.held, &tellable{everyone: true, smallest: v.smallest}
	if v.reader.Everyone {
		return c
	}
	top := max(0, v.top)
	if metric != "" && v.lineVeil(ofOther).keys[metric] {
		top = 0
	}
	c.number, c.tags = make([]int, h.players), make([][]bool, len(h.groups))
	players := 0
	for place, value := range values {
		c.number[place] = -1
		if i, there := v.seen.index(place); there && i >= top && !math.IsNaN(value) {
			c.number[place] = players
			players++
		}
	}
	var asked []consent.Cohort
	var told []*bool
	ask := func(tell *bool, places func(yield func(int) bool)) {
		var cohort consent.Cohort
		for place := range places {
			if n := c.number[place]; n >= 0 {
				cohort = append(cohort, n)
			}
		}
		if *tell = len(cohort) == 0; !*tell { // of nobody but those who are shown
			asked, told = append(asked, cohort), append(told, tell)
		}
	}
	ask(&c.everyone, func(yield func(int) bool) {
		for place := range values {
			if !yield(place) {
				return
			}
		}
	})
	for g := range h.groups {
		if !h.head.Tags[g].Ranked {
			continue
		}
		c.tags[g] = make([]bool, len(h.tags[g]))
		for k, places := range h.tagged(g) {
			ask(&c.tags[g][k], func(yield func(int) bool) {
				for _, place := range places {
					if !yield(int(place)) {
						return
					}
				}
			})
		}
	}
	if players > mostWindows {
		c.smallest += 2*neighbours + 1 // as if every cohort held a whole window
	}
	for i, may := range consent.Publishable(windows(players), players, asked, c.smallest) {
		*told[i] = may
	}
	return c
}

// aims fills in how the player of a card stands to the targets that are for them, for the player alone, their coaches, and whoever runs the
// board.
func (v *View) aims(ctx context.Context, c *Card, place int) error {
	of := v.classOf(c.Row.Member)
	if of == ofOther && !v.reader.Everyone {
		return nil
	}
	targets, err := v.targets(ctx)
	if err != nil {
		return err
	}
	for _, w := range targets {
		if !w.For(c.Row.Member) || v.veil(of).keys[w.Metric] {
			continue
		}
		m := metricOf(v.held.card, w.Metric)
		value, err := v.releases.value(ctx, v.held, m, place)
		if err != nil {
			return err
		}
		shares, err := v.shares(ctx, m)
		if err != nil {
			return err
		}
		c.Targets = append(c.Targets, w.Stand(v.Period, value, shares.of(v.names, c.Row.Member), v.higher(m)))
	}
	return nil
}

// targets writes how the player stands to their targets, where there are any; the metric of one for the score itself is null.
func (w *jsonLine) targets(all []target.Standing) {
	if len(all) == 0 {
		return
	}
	open := `,"targets":[{"metric":`
	for _, s := range all {
		if s.Target.Metric == "" {
			w.dst = append(append(w.dst, open...), "null"...)
		} else {
			w.text(open, s.Target.Metric)
		}
		w.value(`,"due":`, s.Due)
		w.value(`,"value":`, s.Value)
		w.value(`,"share":`, s.Share)
		w.text(`,"way":`, string(s.Way))
		w.dst = append(w.dst, '}')
		open = `,{"metric":`
	}
	w.dst = append(w.dst, ']')
}

// Moved returns the metrics that are the team's in the release, in the order of its scorecard: single players' values of them are for
// themselves alone.
func (v *View) Moved(card *scorecard.Scorecard) (all []*scorecard.Part) {
	for _, m := range card.Metrics() {
		if v.moved[m.Key] {
			all = append(all, m)
		}
	}
	return all
}

// Value is what somebody had in one release.
type Value struct {
	Period period.Period
	Value  float64 // NaN none
}

// mostValues is how far back Values looks.
const mostValues = 12

// Values are what a player had of a metric, or of the score, in this release and up to eleven before it, oldest first; none for who may not
// see how they stand to a target in it.
func (v *View) Values(ctx context.Context, metric, key string) (all []Value, err error) {
	place, err := v.locate(ctx, key)
	if err != nil {
		return nil, err
	}
	member := int64(v.held.number(place, v.held.member))
	if of := v.classOf(member); of == ofOther && !v.reader.Everyone || v.veil(of).keys[metric] {
		return nil, nil
	}
	before, err := v.releases.upTo(ctx, v.held)
	if err != nil {
		return nil, err
	}
	for _, rec := range before[max(0, len(before)-mostValues+1):] {
		h, err := v.releases.hold(ctx, rec.boardID, rec.id)
		if err != nil {
			return nil, err
		}
		m, at := metricOf(h.card, metric), h.place(member)
		if at < 0 || m == nil && metric != "" {
			continue
		}
		x, err := v.releases.value(ctx, h, m, at)
		if err != nil {
			return nil, err
		}
		all = append(all, Value{rec.period, x})
	}
	x, err := v.releases.value(ctx, v.held, metricOf(v.held.card, metric), place)
	return append(all, Value{v.held.period, x}), err
}

// values are the values of a metric, or of the score, by place; NaN none. Nobody changes them.
func (r *Releases) values(ctx context.Context, h *held, metric string) ([]float64, error) {
	key := "values " + h.id + " " + metric
	if values, ok := r.shelf.get(key).([]float64); ok {
		return values, nil
	}
	values := slices.Repeat([]float64{math.NaN()}, h.players)
	m := metricOf(h.card, metric)
	switch {
	case metric == "":
		h.copyColumn(values, h.score)
	case m == nil: // not measured under these rules
	case m.Formula == nil:
		h.copyColumn(values, h.raw+slices.Index(h.metrics, m))
	default:
		j, err := r.judged(ctx, h)
		if err != nil {
			return nil, err
		}
		result, err := j.score()
		if err != nil {
			return nil, err
		}
		for place, i := range result.Order {
			for _, part := range result.Parts(int(i)) {
				if part.Part == m {
					values[place] = part.Raw
				}
			}
		}
	}
	if m != nil {
		for place := range values {
			values[place] = h.counted(m, place, values[place])
		}
	}
	if h.state == Final {
		r.shelf.put(key, values, int64(8*len(values)+len(key)))
	}
	return values, nil
}

// copyColumn copies a column of numbers.
func (h *held) copyColumn(into []float64, column int) {
	for n, c := range h.chunks {
		col := c.column(textColumns + column)
		for i := range c.n {
			into[n*perChunk+i] = col.number(i)
		}
	}
}

// value is the value of a metric, nil the score, of the player at a place; NaN none.
func (r *Releases) value(ctx context.Context, h *held, m *scorecard.Part, place int) (float64, error) {
	switch {
	case m == nil:
		return h.number(place, h.score), nil
	case m.Formula == nil:
		return h.counted(m, place, h.number(place, h.raw+slices.Index(h.metrics, m))), nil
	}
	parts, err := r.exactParts(ctx, h, place)
	if err != nil {
		return math.NaN(), err
	}
	for _, part := range parts {
		if part.Part == m {
			return h.counted(m, place, part.Raw), nil
		}
	}
	return math.NaN(), nil
}

// counted is a measured value as it counts: nothing measured is the number that the scorecard says, where it says a fixed one, and none of
// whoever keeps the metric to themselves.
func (h *held) counted(m *scorecard.Part, place int, raw float64) float64 {
	if k := slices.Index(h.head.Kept, m.Key); k >= 0 && h.kept[k].number(place) == 1 {
		return math.NaN()
	}
	if math.IsNaN(raw) && !slices.Contains(h.manifest.Silent, m.Key) {
		switch m.Missing.Kind {
		case scorecard.MissingZero:
			return 0
		case scorecard.MissingNumber:
			return m.Missing.Number
		}
	}
	return raw
}

// shares is which part of a period players were there, by account; who has none was there all of it.
type shares map[string]float64

func (s shares) of(names *board.Directory, member int64) float64 {
	if len(s) == 0 {
		return 1
	}
	if share, partly := s[names.Member(member).Player]; partly {
		return share
	}
	return 1
}

// additive reports whether half the time gives half the value: what is summed or counted over the period itself.
func additive(m *scorecard.Part) bool {
	if m == nil || m.Formula != nil || m.Over.Kind != scorecard.OverPeriod {
		return false
	}
	return slices.Contains([]scorecard.TakeKind{scorecard.TakeSum, scorecard.TakeCount, scorecard.TakeDays, scorecard.TakeDistinct}, m.Take.Kind)
}

// comings is what players do that makes a period shorter for them; of each, whether they were there before it.
var comings = map[string]bool{"member.join": false, "member.resume": false, "member.back": false, "member.pause": true, "member.leave": true, "member.off": true}

// shares finds who was there only part of the period of the release, for a metric that adds up over it.
func (v *View) shares(ctx context.Context, m *scorecard.Part) (shares, error) {
	if !additive(m) || v.zone == nil {
		return nil, nil
	}
	key := "shares " + v.held.id
	if s, ok := v.releases.shelf.get(key).(shares); ok {
		return s, nil
	}
	from, to := v.Period.Bounds(v.zone)
	verbs := make([]string, 0, len(comings))
	for verb := range comings {
		verbs = append(verbs, verb)
	}
	slices.Sort(verbs)
	events, err := v.releases.trail.Between(ctx, v.BoardID, from, v.Published, verbs...)
	if err != nil {
		return nil, err
	}
	type stay struct{ from, to time.Time }
	stays := map[string][]stay{}
	last := map[string]bool{} // there now
	for _, e := range events {
		before := comings[e.Verb]
		all, known := stays[e.Player]
		if !known && before {
			all = []stay{{from, to}}
			last[e.Player] = true
		}
		switch there := last[e.Player]; {
		case before && there:
			all[len(all)-1].to = e.At
			last[e.Player] = false
		case !before && !there:
			all = append(all, stay{e.At, to})
			last[e.Player] = true
		}
		if all == nil {
			all = []stay{}
		}
		stays[e.Player] = all
	}
	s := shares{}
	for account, all := range stays {
		days := 0
		for day := v.Period.First; day <= v.Period.Last; day++ {
			begins, ends := day.Start(v.zone), (day + 1).Start(v.zone)
			if slices.ContainsFunc(all, func(s stay) bool { return s.from.Before(ends) && s.to.After(begins) }) {
				days++
			}
		}
		if share := float64(days) / float64(v.Period.Days()); share < 1 && account != "" {
			s[account] = share
		}
	}
	if v.held.state == Final {
		v.releases.shelf.put(key, s, int64(64*len(s)+128))
	}
	return s, nil
}

// DaysThere says in words for which part of a period a target counts: "" all of it.
func DaysThere(s target.Standing, p period.Period) string {
	if !(s.Share < 1) {
		return ""
	}
	days := int(math.Round(s.Share * float64(p.Days())))
	return fmt.Sprintf("%d of %d days", days, p.Days())
}
