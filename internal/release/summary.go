package release

import (
	"cmp"
	"math"
	"slices"
)

const (
	mostMovers = 5
	bins       = 20
)

// summarise fills what the head says about all players.
func (c *calculation) summarise() head {
	r := c.result
	h := head{Ranked: c.ranked(), Parameters: r.Parameters(), Warnings: slices.Concat(c.silences, r.Warnings), Moves: c.bridge != nil, Fresh: c.fresh, Periods: c.periods}
	if c.previous != nil {
		h.Previous = c.previous.id
		if c.old != nil {
			h.OldVersion = c.previous.version
		}
	}
	if c.frozen != nil {
		h.Frozen = c.frozen.id
	}
	for _, m := range c.card.Metrics() {
		if narrow(m.Audience) {
			h.Narrow = append(h.Narrow, m.Key)
		}
	}
	var scores []float64
	for _, s := range r.Score {
		if !math.IsNaN(s) {
			scores = append(scores, s)
		}
	}
	h.describe(scores)
	for g, group := range c.layout.groups {
		h.Tags = append(h.Tags, c.countTags(g, group))
	}
	h.Refs = true
	for _, k := range c.kept {
		h.Kept = append(h.Kept, k.metric)
	}
	for _, s := range c.said {
		h.OwnWord = append(h.OwnWord, s.metric)
	}
	c.findLead(&h)
	c.findReturned(&h)
	c.findMovers(&h)
	return h
}

// describe fills in the figures about all scores; it sorts them.
func (h *head) describe(scores []float64) {
	h.Low, h.High, h.Mean, h.Median, h.Histogram = nil, nil, nil, nil, nil
	slices.Sort(scores)
	n := len(scores)
	if n == 0 {
		return
	}
	h.Low, h.High, h.Mean = &scores[0], &scores[n-1], mean(scores)
	median := scores[n/2]
	if n%2 == 0 {
		median = scores[n/2-1]/2 + scores[n/2]/2
	}
	h.Median = &median
	h.Histogram = make([]int, bins)
	for _, s := range scores {
		h.Histogram[bin(s, scores[0], scores[n-1], bins)]++
	}
}

// mean of scores in rising order, so that it does not depend on who has them.
func mean(scores []float64) *float64 {
	sum := 0.0
	for _, s := range scores {
		sum += s
	}
	m := sum / float64(len(scores))
	return &m
}

// bin is which of n bins between low and high holds a score; the highest belongs to the last.
func bin(s, low, high float64, n int) int {
	if high <= low {
		return 0
	}
	return min(n-1, int(float64(n)*((s-low)/(high-low))))
}

func (c *calculation) countTags(g int, group string) headTags {
	h := headTags{Group: group, Ranked: slices.Contains(c.card.Tags, group), Tags: c.tags[g]}
	if h.Tags == nil {
		h.Tags = []string{}
	}
	h.Players, h.Means = make([]int, len(h.Tags)), make([]*float64, len(h.Tags))
	scores := make([][]float64, len(h.Tags))
	for i, tag := range c.table.Tags[group] {
		if k, there := slices.BinarySearch(h.Tags, tag); there {
			h.Players[k]++
			if s := c.result.Score[i]; !math.IsNaN(s) {
				scores[k] = append(scores[k], s)
			}
		}
	}
	for k := range scores {
		if slices.Sort(scores[k]); len(scores[k]) > 0 {
			h.Means[k] = mean(scores[k])
		}
	}
	return h
}

// findMovers finds who climbed most places and who is new, best first.
func (c *calculation) findMovers(h *head) {
	if c.bridge == nil {
		return
	}
	before, now := c.bridge.Before, c.result
	returned := map[int]bool{}
	for _, r := range h.Returned {
		returned[r.Place] = true
	}
	for place, i := range now.Order {
		if now.Rank[i] == 0 {
			break
		}
		was, there := c.was[c.table.Players[i]]
		if !there || before.Rank[was] == 0 {
			if len(h.Newcomers) < mostMovers && !there && !returned[place] {
				h.Newcomers = append(h.Newcomers, place)
			}
			continue
		}
		if places := before.Rank[was] - now.Rank[i]; places > 0 {
			h.Climbs = append(h.Climbs, headClimb{c.member[i], place, places})
		}
	}
	h.Climbs = mostClimbed(h.Climbs)
	for _, climb := range h.Climbs {
		h.Movers = append(h.Movers, climb.Place)
	}
}

// mostClimbed returns the few who climbed most, most places first.
func mostClimbed(all []headClimb) []headClimb {
	slices.SortStableFunc(all, func(a, b headClimb) int { return cmp.Compare(b.Places, a.Places) })
	return slices.Clone(all[:min(len(all), mostMovers)])
}

// findLead finds who shares the first rank.
func (c *calculation) findLead(h *head) {
	r := c.result
	for _, i := range r.Order[:h.Ranked] {
		if r.Rank[i] != r.Rank[r.Order[0]] {
			break
		}
		h.Lead.Players++
		h.Lead.Score = r.Score[i]
		if len(h.Lead.Members) < 2 {
			h.Lead.Members = append(h.Lead.Members, c.member[i])
		}
	}
}

// findReturned finds who was in an earlier release, though not in the one before: they paused, or that one knew them by another
// reference.
func (c *calculation) findReturned(h *head) {
	for place, i := range c.result.Order {
		if _, there := c.was[c.table.Players[i]]; there {
			continue
		}
		for n := len(c.earlier) - 1; n >= 0; n-- {
			score, rank, there := c.earlier[n].standing.of(c.member[i])
			if !there {
				continue
			}
			back := headReturn{Place: place, Period: c.earlier[n].period.String()}
			if same := !slices.ContainsFunc(c.earlier[n+1:], func(e *held) bool { return e.head.Fresh }) && !c.fresh; same && !math.IsNaN(score) {
				back.Score, back.Rank = &score, rank
			}
			h.Returned = append(h.Returned, back)
			break
		}
	}
}
