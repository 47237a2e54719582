package release

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"cairn/internal/numeral"
	"cairn/internal/story"
	"cairn/score"
	"cairn/scorecard"
)

// Step is the small next step: the least change of one metric that would lift the score by a point, or past the next neighbour.
type Step struct {
	Metric   *scorecard.Part
	From, To float64 // raw values
	Gain     float64 // published points; better ones, whichever way better is
	Score    float64 // published, afterwards
	Passes   string  // the name of the neighbour who would be passed, "" nobody
	Headline string  // "3 more calls"
	Change   string  // what is to change, without a score: "from 4 to 7 calls"
	Text     string  // a sentence with what it comes to
	Short    string  // within a text message
}

// step finds the next step of the player of a card: of the behaviours that they can choose, are measured and whose values are for the
// reader, the one that takes the least of what they usually vary by. It is judged by the engine, all others staying as they are. nil where
// there is none.
func (v *View) step(ctx context.Context, c *Card, place int) (*Step, error) {
	if !v.close(c.Row.Member) || math.IsNaN(c.Row.Score) {
		return nil, nil
	}
	ways, err := v.ways(ctx, c, place)
	if err != nil || len(ways) == 0 {
		return nil, err
	}
	j, err := v.whatIfs(ctx, c, place)
	if err != nil || j == nil {
		return nil, err
	}
	if err := j.search(ways); err != nil {
		if refused := (*score.DataError)(nil); errors.As(err, &refused) {
			return nil, nil // the scorecard takes no such value
		}
		return nil, err
	}
	var best *way
	for i := range ways {
		if w := &ways[i]; w.found() && (best == nil || w.effort() < best.effort()) {
			best = w
		}
	}
	if best == nil {
		return nil, nil
	}
	return j.tell(c, best), nil
}

// way is a metric that could be changed, from a value in units up to most of them.
type way struct {
	metric    *scorecard.Part
	from      float64
	unit      float64 // negative where less is better
	variation float64 // what the player usually varies by
	most      int     // units that are realistic
	short     int     // so many units are known not to be enough
	enough    int     // so many are known to be; 0 none
	got       outcome // with enough
}

func (w *way) found() bool     { return w.enough > 0 }
func (w *way) effort() float64 { return math.Abs(w.at(w.enough)-w.from) / w.variation }

// at is the value after n units.
func (w *way) at(n int) float64 {
	size := math.Abs(w.unit)
	x := (math.Floor(w.from/size) + float64(n)) * size
	if w.unit < 0 {
		x = (math.Ceil(w.from/size) - float64(n)) * size
	}
	if size >= 1 {
		return x
	}
	x, _ = strconv.ParseFloat(strconv.FormatFloat(x, 'g', 12, 64), 64) // 0.3, not 0.30000000000000004
	return x
}

// mostUnits bounds how fine a change is looked for.
const mostUnits = 1 << 12

// ways are the metrics that the player of a card can act on, with how far they realistically go.
func (v *View) ways(ctx context.Context, c *Card, place int) (all []way, err error) {
	h := v.held
	merged := h.mergedAt(place, v.veil(v.classOf(c.Row.Member)))
	choose := leads(h.card)
	for _, part := range c.Parts {
		m := part.Part.Part
		if !slices.Contains(choose, m) || part.Kept != "" || part.Together != nil || merged.hides[m.Key] || v.moved[m.Key] || h.veiled(m, merged) ||
			m.Formula != nil || part.Weight <= 0 || part.State == score.Missing || part.State == score.Capped || part.ToGain <= 0 {
			continue
		}
		from := h.number(place, h.raw+slices.Index(h.metrics, m))
		if math.IsNaN(from) {
			if m.Missing.Kind != scorecard.MissingZero || slices.Contains(h.manifest.Silent, m.Key) {
				continue
			}
			from = 0
		}
		before, err := v.usual(ctx, m, c.Row.Member)
		if err != nil {
			return nil, err
		}
		if w, ok := newWay(m, from, before, h.period.Days()); ok {
			all = append(all, w)
		}
	}
	return all, nil
}

// veiled reports whether something in a group around a metric is told together, so that its values say less than they could.
func (h *held) veiled(m *scorecard.Part, merged *merged) bool {
	for k := h.above[slices.Index(h.parts, m)]; k >= 0; k = h.above[k] {
		if merged.affected[k+1] {
			return true
		}
	}
	return false
}

// mostUsual is in how many releases before it is looked what a player usually does.
const mostUsual = 6

// usual is what a player had of a metric in the releases before, as far as it was measured alike.
func (v *View) usual(ctx context.Context, m *scorecard.Part, member int64) (values []float64, err error) {
	h := v.held
	for n := 0; n < mostUsual && h.head.Previous != ""; n++ {
		if h, err = v.releases.hold(ctx, h.boardID, h.head.Previous); err != nil {
			return nil, err
		}
		place := h.place(member)
		for k, own := range h.metrics {
			if place >= 0 && own.Key == m.Key && measuresAlike(own, m) {
				if x := h.number(place, h.raw+k); !math.IsNaN(x) {
					values = append(values, x)
				}
			}
		}
	}
	return values, nil
}

// newWay bounds what is realistic: what the player did before, or half as much again as they usually do, or five more of what is
// counted; never below 0, beyond what the scorecard takes, or on more days than there are.
func newWay(m *scorecard.Part, from float64, before []float64, days int) (w way, ok bool) {
	all := append(slices.Clone(before), from)
	slices.Sort(all)
	least, most, middle := all[0], all[len(all)-1], all[len(all)/2]
	if len(all)%2 == 0 {
		middle = (all[len(all)/2-1] + middle) / 2
	}
	if least < 0 {
		return w, false
	}
	w = way{metric: m, from: from, unit: 1}
	whole := !slices.ContainsFunc(all, func(x float64) bool { return x != math.Trunc(x) }) && counts(m)
	if !whole {
		w.unit = math.Pow10(int(math.Floor(math.Log10(math.Max(math.Max(middle, from), 0.01)))) - 1)
	}
	mean, spread := 0.0, 0.0
	for _, x := range all {
		mean += x / float64(len(all))
	}
	for _, x := range all {
		spread += (x - mean) * (x - mean) / float64(len(all))
	}
	w.variation = math.Max(math.Sqrt(spread), math.Max(w.unit, 0.1*middle))
	bound := math.Max(most, 1.5*middle)
	if whole {
		bound = math.Max(bound, middle+5)
	}
	low := 0.0
	if m.Valid != nil {
		bound, low = math.Min(bound, m.Valid[1]), math.Max(0, m.Valid[0])
	}
	if m.Take.Kind == scorecard.TakeDays && m.Over.Kind == scorecard.OverPeriod {
		bound = math.Min(bound, float64(days))
	}
	if m.Unit == "%" {
		bound = math.Min(bound, 100)
	}
	if m.Better == scorecard.Lower {
		bound = math.Max(low, math.Min(least, 0.5*middle))
		w.unit = -w.unit
	}
	for w.most < mostUnits && (w.at(w.most+1)-bound)*w.unit <= 0 {
		w.most++
	}
	return w, w.most > 0
}

// outcome is what a change comes to.
type outcome struct {
	score  float64
	passes bool // the neighbour
}

// trial is a metric at another value.
type trial struct {
	metric *scorecard.Part
	value  float64
}

// whatIfs judges what would be.
type whatIfs struct {
	v     *View
	now   float64 // published
	point float64 // what is worth telling
	next  *Row    // the neighbour above, nil none who may be named
	fan   int     // how many values of a metric are tried at once
	judge func([]trial) ([]outcome, error)
}

// mostTogether is up to how many players a change is judged among all of them: then it is exact also where they are compared with one
// another. Beyond, a player is judged alone by the release's parameters, in which one player counts for little.
const mostTogether = 100

// whatIfs returns how changes of the player at a place are judged; nil where the scorecard compares too many players pair by pair, or place by
// place, so that nobody can be judged alone.
func (v *View) whatIfs(ctx context.Context, c *Card, place int) (*whatIfs, error) {
	h := v.held
	j := &whatIfs{v: v, now: c.Row.Score, point: point(h.card)}
	if n := len(c.Above); n > 0 && c.Above[n-1].Key != "" && c.Row.Rank > 0 {
		j.next = &c.Above[n-1]
	}
	if h.players <= mostTogether {
		all, err := v.releases.judged(ctx, h)
		if err != nil {
			return nil, err
		}
		j.fan, j.judge = 1, j.together(all, place)
		return j, nil
	}
	if byPlace(h.card) {
		return nil, nil
	}
	parameters, err := v.releases.parameters(ctx, h)
	if err != nil {
		return nil, err
	}
	exact, err := v.releases.exactParts(ctx, h, place)
	if err != nil {
		return nil, err
	}
	j.fan, j.judge = 12, j.alone(h.alone(place), others(parameters, exact))
	return j, nil
}

// byPlace reports whether some group of a scorecard compares the players with one another.
func byPlace(card *scorecard.Scorecard) bool {
	compares := func(c scorecard.Combine) bool { return c.Mean == scorecard.Relative || c.Mean == scorecard.Position }
	found := outranks(card) || compares(card.Combine)
	card.Walk(func(p, _ *scorecard.Part, _ int) { found = found || p.IsGroup() && compares(p.Combine) })
	return found
}

// point is the least change of a score that is worth telling: one point, and on small scales a hundredth of them, or what can be seen.
func point(card *scorecard.Scorecard) float64 {
	seen := math.Pow10(-card.Decimals)
	if card.OutOf > 0 && card.OutOf < 20 {
		return math.Max(seen, card.OutOf/100)
	}
	return math.Max(seen, 1)
}

// together judges changes of the player at a place among all players.
func (j *whatIfs) together(all judged, place int) func([]trial) ([]outcome, error) {
	h := j.v.held
	own := slices.Index(all.table.Players, string(h.text(place, keyText)))
	next := -1
	if j.next != nil {
		next = slices.Index(all.table.Players, string(h.text(h.place(j.next.Member), keyText)))
	}
	return func(trials []trial) (outcomes []outcome, err error) {
		for _, t := range trials {
			column := all.table.Columns[t.metric.Key]
			was := column[own]
			column[own] = t.value
			result, err := score.Score(all.card, all.table, score.Options{Frozen: all.frozen, Workers: 1})
			column[own] = was
			if err != nil {
				return nil, err
			}
			outcomes = append(outcomes, outcome{result.Score[own], next >= 0 && ahead(all.card, result.Score[own], result.Score[next])})
		}
		return outcomes, nil
	}
}

// alone judges changes of one player's inputs as the rows of one table.
func (j *whatIfs) alone(own *score.Table, parameters score.Parameters) func([]trial) ([]outcome, error) {
	return func(trials []trial) (outcomes []outcome, err error) {
		n := len(trials)
		t := &score.Table{Tags: map[string][]string{}, Columns: map[string][]float64{}, Carried: map[string][]float64{}, Totals: own.Totals, Silent: own.Silent}
		for i := range n {
			t.Players = append(t.Players, strconv.Itoa(i))
		}
		for group, tag := range own.Tags {
			t.Tags[group] = slices.Repeat(tag, n)
		}
		for key, value := range own.Columns {
			t.Columns[key] = slices.Repeat(value, n)
		}
		for key, value := range own.Carried {
			t.Carried[key] = slices.Repeat(value, n)
		}
		for i, trial := range trials {
			t.Columns[trial.metric.Key][i] = trial.value
		}
		card := j.v.held.card
		result, err := score.Score(card, t, score.Options{Frozen: parameters, Workers: 1})
		if err != nil {
			return nil, err
		}
		for _, x := range result.Score {
			outcomes = append(outcomes, outcome{x, j.next != nil && ahead(card, x, j.next.Score)})
		}
		return outcomes, nil
	}
}

// mostDistinct is up to how many different values a player is taken out of the others': among more of them one hardly counts.
const mostDistinct = 2000

// others are parameters in which the player whose parts these are is not among those whom they themselves could pass.
func others(all score.Parameters, own []score.Part) score.Parameters {
	without := score.Parameters{}
	for key, p := range all {
		without[key] = p
	}
	for _, part := range own {
		p := all[part.Part.Key]
		if p == nil || p.Distribution == nil || len(p.Distribution.Values) > mostDistinct || math.IsNaN(part.Treated) || math.IsInf(part.Treated, 0) {
			continue
		}
		d := &score.Distribution{N: p.Distribution.N, Values: slices.Clone(p.Distribution.Values), Counts: slices.Clone(p.Distribution.Counts)}
		at := -1
		for k, x := range d.Values {
			if at < 0 || math.Abs(x-part.Treated) < math.Abs(d.Values[at]-part.Treated) {
				at = k
			}
		}
		if at < 0 {
			continue
		}
		if d.Counts[at]--; d.Counts[at] == 0 {
			d.Values, d.Counts = slices.Delete(d.Values, at, at+1), slices.Delete(d.Counts, at, at+1)
		}
		if part.Part.Better == scorecard.Lower {
			d.Values, d.Counts = slices.Insert(d.Values, 0, -math.MaxFloat64), slices.Insert(d.Counts, 0, 1)
		} else {
			d.Values, d.Counts = append(d.Values, math.MaxFloat64), append(d.Counts, 1)
		}
		apart := *p
		apart.Distribution = d
		without[part.Part.Key] = &apart
	}
	return without
}

// good reports whether an outcome is worth a step.
func (j *whatIfs) good(o outcome) bool {
	card := j.v.held.card
	gain := difference(card, o.score, j.now)
	if card.Better == scorecard.Lower {
		gain = -gain
	}
	return gain >= j.point*(1-1e-9) || gain > 0 && o.passes
}

// search finds for each way the least number of units that is good. More is never worse: where a scorecard makes it so, a step may be
// overlooked, but what is found was judged.
func (j *whatIfs) search(ways []way) error {
	for first := true; ; first = false {
		var trials []trial
		var of, units []int
		try := func(i, n int) {
			trials, of, units = append(trials, trial{ways[i].metric, ways[i].at(n)}), append(of, i), append(units, n)
		}
		for i := range ways {
			w := &ways[i]
			if first {
				try(i, w.most)
				continue
			}
			last := w.short
			for k := 1; k <= j.fan && w.found(); k++ {
				if n := w.short + (w.enough-w.short)*k/(j.fan+1); n > last {
					try(i, n)
					last = n
				}
			}
		}
		if len(trials) == 0 {
			return nil
		}
		outcomes, err := j.judge(trials)
		if err != nil {
			return err
		}
		for k, o := range outcomes {
			w := &ways[of[k]]
			switch n := units[k]; {
			case math.IsNaN(o.score):
			case j.good(o) && (w.enough == 0 || n < w.enough):
				w.enough, w.got = n, o
			case !j.good(o) && n > w.short && (w.enough == 0 || n < w.enough):
				w.short = n
			}
		}
	}
}

// tell puts a step into words.
func (j *whatIfs) tell(c *Card, w *way) *Step {
	card, m := j.v.held.card, w.metric
	s := &Step{Metric: m, From: w.from, To: w.at(w.enough), Score: w.got.score}
	s.Gain = math.Abs(difference(card, s.Score, j.now))
	if w.got.passes {
		s.Passes = j.next.Name
	}
	change, less, name := math.Abs(s.To-s.From), m.Better == scorecard.Lower, m.Name
	switch s.Change = "from " + numeral.Amount(s.From) + c.OwnWord(m.Key) + " to " + numeral.WithUnit(s.To, m.Unit); {
	case m.Unit != "" || !counts(m):
	case m.Take.Kind == scorecard.TakeDays:
		s.Change += " days"
	default:
		s.Change += " " + lowered(name)
	}
	switch {
	case counts(m) && !less && m.Take.Kind == scorecard.TakeDays:
		s.Headline = numeral.Count(int(change), "more day", "more days") + ": " + name
	case counts(m) && !less && change == 1:
		s.Headline = name + ": 1 more"
	case counts(m) && !less && w.unit == 1:
		s.Headline = numeral.Amount(change) + " more " + lowered(name)
	case counts(m) && w.unit == -1:
		s.Headline = name + ": " + numeral.Amount(change) + " less"
	default:
		s.Headline = name + ": " + s.Change
	}
	points := strconv.FormatFloat(s.Score, 'f', card.Decimals, 64)
	gain := strconv.FormatFloat(s.Gain, 'f', card.Decimals, 64) + " more"
	if card.Better == scorecard.Lower {
		gain = strconv.FormatFloat(s.Gain, 'f', card.Decimals, 64) + " better"
	}
	tell := func(passes string) string {
		text := numeral.Capital(s.Change) + " would make the score " + points + ", " + gain
		if passes != "" {
			text += ", and pass " + passes
		}
		return text + ", while all else stays."
	}
	s.Text = tell(s.Passes)
	if s.Short = story.Message(c.Board, s.Headline+".", s.Text); s.Passes != "" && !strings.Contains(s.Short, " would ") { // a name that cannot be spelled
		s.Short = story.Message(c.Board, s.Headline+".", tell("the next above"))
	}
	return s
}

// lowered begins a name with a small letter, unless it begins with an abbreviation.
func lowered(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	if second, _ := utf8.DecodeRuneInString(name[size:]); unicode.IsUpper(second) || unicode.IsDigit(second) {
		return name
	}
	return string(unicode.ToLower(first)) + name[size:]
}
