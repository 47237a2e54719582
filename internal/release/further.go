package release

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"cairn/internal/story"
	"cairn/internal/target"
	"cairn/scorecard"
)

// close reports whether a card is the reader's own, or of somebody they help or run the board for: what depends on the reader is told on
// those alone.
func (v *View) close(member int64) bool { return v.reader.Everyone || v.classOf(member) != ofOther }

// further adds the stories that depend on who reads and on what stands beside the player, and puts the one to open with first.
func (v *View) further(ctx context.Context, c *Card, place int) error {
	if !v.close(c.Row.Member) {
		return nil
	}
	claims, err := v.beside(ctx, c, place)
	if err != nil {
		return err
	}
	b := v.furtherBoard()
	for _, claim := range claims {
		c.Stories = append(c.Stories, claim.Story(b))
	}
	return v.turnOver(ctx, c)
}

// furtherBoard is what the words of these stories are made of: every metric has its name.
func (v *View) furtherBoard() *story.Board {
	b := *v.held.teller
	b.Metrics = nil
	for _, m := range v.held.card.Metrics() {
		b.Metrics = append(b.Metrics, story.Metric{Key: m.Key, Name: m.Name, Unit: m.Unit})
	}
	return &b
}

// turnOver opens with another kind of story than the release before did for this reader, where another is true.
func (v *View) turnOver(ctx context.Context, c *Card) error {
	if len(c.Stories) < 2 {
		return nil
	}
	last, err := v.opened(ctx, c)
	if err != nil {
		return err
	}
	if next := slices.IndexFunc(c.Stories, func(s story.Story) bool { return s.Kind != last }); next > 0 {
		first := c.Stories[next]
		c.Stories = slices.Insert(slices.Delete(c.Stories, next, next+1), 0, first)
	}
	return nil
}

// opened is the kind of story that the release before opened with for this reader, as far as it could be that of the first story now;
// "" where it was another, or none.
//
// That release knew the same of the one before it, and so on. It ends where one opened with a story that it had found itself, and that the
// one before it did not have: no other could have come before it.
func (v *View) opened(ctx context.Context, c *Card) (story.Kind, error) {
	h := v.held
	if h.head.Previous == "" {
		return "", nil
	}
	before, err := v.releases.hold(ctx, h.boardID, h.head.Previous)
	if err != nil {
		return "", err
	}
	place := before.place(c.Row.Member)
	if place < 0 {
		return "", nil
	}
	if first := c.Stories[0].Kind; slices.Contains(kinds[:], first) && !before.tells(place, first) {
		return "", nil
	}
	past, err := v.releases.View(ctx, v.at, before.show(false), v.reader)
	if err != nil {
		return "", err
	}
	if i, there := past.seen.index(place); !there || i < 0 {
		return "", nil
	}
	was, err := past.bare(ctx, place)
	if err != nil {
		return "", err
	}
	if err := past.further(ctx, was, place); err != nil || len(was.Stories) == 0 {
		return "", err
	}
	return was.Stories[0].Kind, nil
}

// tells reports whether a release found a kind of story about the player at a place.
func (h *held) tells(place int, kind story.Kind) bool {
	now := story.Appearance{Release: h.period.String()}
	return slices.ContainsFunc(unpack(h.text(place, toldText), h.head.Periods, now), func(c story.Claim) bool { return c.Kind == kind })
}

// beside finds the claims that depend on the reader, those to open with first.
func (v *View) beside(ctx context.Context, c *Card, place int) (all []story.Claim, err error) {
	if math.IsNaN(c.Row.Score) {
		return nil, nil
	}
	merged := v.held.mergedAt(place, v.veil(v.classOf(c.Row.Member)))
	pace, err := v.pace(ctx, c, merged)
	if err != nil {
		return nil, err
	}
	team, err := v.team(ctx, c)
	if err != nil {
		return nil, err
	}
	norm, err := v.norm(ctx, c, merged)
	if err != nil {
		return nil, err
	}
	for _, claim := range []*story.Claim{pace, v.rival(c), team, norm, v.compound(c)} {
		if claim != nil {
			claim.OwnWord = v.held.ownWord(claim.Metric(), place, merged)
			all = append(all, *claim)
		}
	}
	return append(all, v.losses(c)...), nil
}

// ahead reports whether a score is better than another.
func ahead(card *scorecard.Scorecard, x, y float64) bool {
	if card.Better == scorecard.Lower {
		return x < y
	}
	return x > y
}

// rival is the nearest above, where they are within reach and their name is for the reader.
func (v *View) rival(c *Card) *story.Claim {
	if len(c.Above) == 0 || !(c.Row.Rank > 0) {
		return nil
	}
	next := c.Above[len(c.Above)-1]
	reach := math.Max(3*math.Pow10(-v.held.card.Decimals), 0.05*math.Max(v.held.card.OutOf, math.Abs(next.Score)))
	if next.Key == "" || !(next.Rank < c.Row.Rank) || ahead(v.held.card, c.Row.Score, next.Score) || math.Abs(next.Score-c.Row.Score) > reach || next.Score < 0 || c.Row.Score < 0 {
		return nil
	}
	now := v.Period.String()
	return &story.Claim{Kind: story.Rival, Names: []string{next.Name}, Evidence: []story.Evidence{
		{Release: now, What: "score of " + next.Name, Value: next.Score}, {Release: now, What: rankOf + next.Name, Value: next.Rank}, {Release: now, What: "score", Value: c.Row.Score}}}
}

// The releases that a pace is told of: at least three, at most six.
const leastPace, mostPace = 3, 6

// pace is the target of the player's own that they are on the way to most steadily.
func (v *View) pace(ctx context.Context, c *Card, m *merged) (best *story.Claim, err error) {
	for _, s := range c.Targets {
		if s.Target.Scope != target.Player || s.Target.Metric == "" || !s.Way.Reached() || m.hides[s.Target.Metric] || math.IsNaN(s.Value) || math.IsNaN(s.Due) {
			continue
		}
		on, of, h := 1, 1, v.held
		for of < mostPace && h.head.Previous != "" {
			if h, err = v.releases.hold(ctx, h.boardID, h.head.Previous); err != nil {
				return nil, err
			}
			part, place := metricOf(h.card, s.Target.Metric), h.place(c.Row.Member)
			if !s.Target.Holds(h.period) || part == nil {
				break
			}
			if place < 0 {
				continue // a pause costs nothing
			}
			value, err := v.releases.value(ctx, h, part, place)
			if err != nil {
				return nil, err
			}
			stood := s.Target.Stand(h.period, value, 1, v.higher(part)).Way
			if stood == target.NoValue || stood == target.NotDue {
				continue
			}
			of++
			if stood.Reached() {
				on++
			}
		}
		if of < leastPace || 3*on < 2*of || best != nil && on <= best.N {
			continue
		}
		now := v.Period.String()
		evidence := func(what string, value float64) story.Evidence {
			return story.Evidence{Release: now, What: what, Value: value}
		}
		best = &story.Claim{Kind: story.Pace, N: on, Evidence: []story.Evidence{evidence(s.Target.Metric, s.Value), evidence("due of "+s.Target.Metric, s.Due),
			evidence("releases", float64(of)), evidence("on pace", float64(on))}}
	}
	return best, nil
}

// team tells that the player's team is the best, or rose, where its mean may be told.
func (v *View) team(ctx context.Context, c *Card) (*story.Claim, error) {
	card, now := v.held.card, v.Period.String()
	var rose *story.Claim
	for _, own := range c.TagRanks {
		mean := v.teamMean(own.Group, own.Tag)
		if own.Tag == "" || !(mean > 0) {
			continue
		}
		teams, best := 0, true
		for _, g := range v.TagGroups {
			for _, t := range g.Tags {
				if g.Group == own.Group && t.Tag != "" {
					teams++
					best = best && (t.Tag == own.Tag || ahead(card, mean, v.teamMean(g.Group, t.Tag))) // never of one that is withheld
				}
			}
		}
		if best && teams > 1 {
			return &story.Claim{Kind: story.Team, N: 1, Names: []string{own.Tag, own.Group}, Evidence: []story.Evidence{
				{Release: now, What: "teams", Value: float64(teams)}, {Release: now, What: "mean of " + own.Tag, Value: mean}}}, nil
		}
		if rose != nil || v.held.head.Previous == "" || v.held.head.Fresh {
			continue
		}
		before, err := v.releases.hold(ctx, v.held.boardID, v.held.head.Previous)
		if err != nil {
			return nil, err
		}
		past, err := v.releases.View(ctx, v.at, before.show(false), v.reader)
		if err != nil {
			return nil, err
		}
		if was := past.teamMean(own.Group, own.Tag); was >= 0 && ahead(card, mean, was) {
			rose = &story.Claim{Kind: story.Team, N: 2, Names: []string{own.Tag, own.Group}, Evidence: []story.Evidence{
				{Release: before.period.String(), What: "mean of " + own.Tag, Value: was}, {Release: now, What: "mean of " + own.Tag, Value: mean}}}
		}
	}
	return rose, nil
}

// teamMean is the mean of a team as scores are shown; NaN where it may not be told, also to those who see every score of the few.
func (v *View) teamMean(group, tag string) float64 {
	for _, g := range v.TagGroups {
		for _, t := range g.Tags {
			if g.Group == group && t.Tag == tag && t.Players >= v.smallest {
				return difference(v.held.card, t.Mean, 0)
			}
		}
	}
	return math.NaN()
}

// norm is what most of the player's group did, of the first behaviour of which that may be told.
func (v *View) norm(ctx context.Context, c *Card, m *merged) (*story.Claim, error) {
	for _, part := range leads(v.held.card) {
		audience := v.reader.audience(part)
		if m.hides[part.Key] || v.moved[part.Key] || audience != scorecard.ForBoard && audience != scorecard.ForPublic || part.Better != scorecard.Higher ||
			part.Formula != nil || !counts(part) {
			continue
		}
		own := v.held.number(v.held.place(c.Row.Member), v.held.raw+slices.Index(v.held.metrics, part))
		if math.IsNaN(own) {
			continue
		}
		all, err := v.norms(ctx, part)
		if err != nil {
			return nil, err
		}
		most := all[""]
		for _, own := range c.TagRanks {
			if n, told := all[own.Group+":"+own.Tag]; told {
				most = n
				break
			}
		}
		if most > 0 {
			return &story.Claim{Kind: story.Norm, N: most, Evidence: []story.Evidence{{Release: v.Period.String(), What: part.Key, Value: own}}}, nil
		}
	}
	return nil, nil
}

// norms is what at least six in ten did of a metric, by tag as group:tag and "" of all, as far as that may be told.
func (v *View) norms(ctx context.Context, m *scorecard.Part) (map[string]int, error) {
	h := v.held
	key := fmt.Sprint("norms ", h.id, " ", v.version, " ", v.reader.Everyone, " ", v.reader.Top, " ", v.smallest, " ", v.lineVeil(ofOther).keys[m.Key], " ", m.Key)
	if all, ok := v.releases.shelf.get(key).(map[string]int); ok {
		return all, nil
	}
	values, err := v.releases.values(ctx, h, m.Key)
	if err != nil {
		return nil, err
	}
	values = slices.Clone(values)
	if v.seen != nil {
		for _, gone := range v.seen.gone {
			values[gone] = math.NaN()
		}
	}
	all, c := map[string]int{}, v.tellable(values, m.Key)
	most := func(some []float64) int {
		some = slices.DeleteFunc(some, math.IsNaN)
		slices.Sort(some)
		at := 2 * len(some) / 5
		if len(some) <= v.smallest || len(some)-at < v.smallest { // besides the player
			return 0
		}
		return int(math.Floor(some[at]))
	}
	if c.everyone {
		all[""] = most(slices.Clone(values))
	}
	for g, group := range h.groups {
		if !h.head.Tags[g].Ranked {
			continue
		}
		for k, tag := range h.tags[g] {
			if c.tags != nil && (c.tags[g] == nil || !c.tags[g][k]) {
				continue
			}
			some := make([]float64, 0, len(h.tagged(g)[k]))
			for _, place := range h.tagged(g)[k] {
				some = append(some, values[place])
			}
			if n := most(some); n > 0 {
				all[group+":"+tag] = n
			}
		}
	}
	if h.state == Final {
		v.releases.shelf.put(key, all, int64(len(key)+64*len(all)+256))
	}
	return all, nil
}

// leastCompound is how many periods it takes before a percent each of them means something.
const leastCompound = 8

// compound tells that the score is at or above what 1 % a period makes of the first one under the present rules.
func (v *View) compound(c *Card) *story.Claim {
	card, last := v.held.card, len(c.History)-1
	if card.Better == scorecard.Lower || last < 0 {
		return nil
	}
	first := last
	for i := last; i >= 0 && c.History[i].Version == c.History[last].Version; i-- {
		if c.History[i].Scored {
			first = i
		}
	}
	start, n := c.History[first], 0
	for p := start.Period; p.First < v.Period.First; p = p.Add(1) {
		n++
	}
	line := start.Score
	for range n {
		line *= 1.01
	}
	line = difference(card, line, 0)
	if n < leastCompound || !(start.Score > 0) || c.Row.Score < line || card.OutOf > 0 && line >= card.OutOf {
		return nil
	}
	now := v.Period.String()
	return &story.Claim{Kind: story.Compound, Evidence: []story.Evidence{{Release: start.Period.String(), What: "score", Value: start.Score},
		{Release: now, What: "releases", Value: float64(n)}, {Release: now, What: "line", Value: line}, {Release: now, What: "score", Value: c.Row.Score}}}
}

// losses are told to who asked for them, about themselves.
func (v *View) losses(c *Card) (all []story.Claim) {
	if !v.reader.Losses || v.classOf(c.Row.Member) != ofReader || math.IsNaN(c.Row.Change) {
		return nil
	}
	var scored []Point
	for _, p := range c.History {
		if p.Scored {
			scored = append(scored, p)
		}
	}
	if len(scored) < 2 {
		return nil
	}
	before, now := scored[len(scored)-2], v.Period.String()
	if ahead(v.held.card, before.Score, c.Row.Score) && before.Version == v.Version {
		claim := story.Claim{Kind: story.Lower, Evidence: []story.Evidence{{Release: before.Period.String(), What: "score", Value: before.Score}}}
		recent := scored[max(0, len(scored)-mostPace):]
		sum := 0.0
		for _, p := range recent {
			sum += p.Score
			if p.Version != v.Version {
				sum = math.NaN()
			}
		}
		if mean := sum / float64(len(recent)); len(recent) >= leastPace && !math.IsNaN(mean) {
			claim.Evidence = append(claim.Evidence, story.Evidence{Release: now, What: "scores", Value: float64(len(recent))},
				story.Evidence{Release: now, What: "mean", Value: difference(v.held.card, mean, 0)})
		}
		claim.Evidence = append(claim.Evidence, story.Evidence{Release: now, What: "score", Value: c.Row.Score})
		all = append(all, claim)
	}
	if c.Row.Climbed < 0 {
		all = append(all, story.Claim{Kind: story.Places, Evidence: []story.Evidence{{Release: before.Period.String(), What: "rank", Value: c.Row.Rank + c.Row.Climbed},
			{Release: now, What: "players", Value: float64(c.Of)}, {Release: now, What: "rank", Value: c.Row.Rank}}})
	}
	return all
}

// leads are the scored metrics that players can choose to act on: those that the scorecard calls so, or where it calls none so, those that
// it does not call results.
func leads(card *scorecard.Scorecard) (all []*scorecard.Part) {
	marked := slices.ContainsFunc(card.Metrics(), func(m *scorecard.Part) bool { return m.Kind == "lead" })
	for _, m := range card.Metrics() {
		if m.Scored && (m.Kind == "lead" || m.Kind == "" && !marked) {
			all = append(all, m)
		}
	}
	return all
}

// counts reports whether a metric's values are counts of what was done.
func counts(m *scorecard.Part) bool {
	switch m.Take.Kind {
	case scorecard.TakeSum, scorecard.TakeCount, scorecard.TakeDistinct, scorecard.TakeDays:
		return len(m.Unit) != 1 // % and currencies
	}
	return false
}

// Text is the card as one text message: at most 160 septets of GSM-7 with the board, the score, how it changed and the place; the same
// card gives the same bytes.
func (c *Card) Text() string {
	when := (&story.Board{Period: c.Release.Period.Unit}).When(c.Release.Period.String())
	if math.IsNaN(c.Row.Score) {
		return story.Message(c.Board, when+": no score this time.", c.Row.Note)
	}
	number := func(x float64) string { return strconv.FormatFloat(x, 'f', c.Card.Decimals, 64) }
	line := when + ": " + number(c.Row.Score)
	switch change := c.Row.Change; {
	case math.IsNaN(change):
	case change > 0:
		line += ", up " + number(change)
	case change < 0:
		line += ", down " + number(-change)
	default:
		line += ", level"
	}
	if c.Row.Rank > 0 {
		line += ", rank " + string(appendNumber(nil, c.Row.Rank)) + " of " + strconv.Itoa(c.Of)
	}
	sentences := []string{line + "."}
	if c.Row.Name != "" {
		sentences = append(sentences, c.Row.Name+".")
	}
	if len(c.Stories) > 0 {
		sentences = append(sentences, c.Stories[0].Headline+".")
	}
	return story.Message(c.Board, sentences...)
}
