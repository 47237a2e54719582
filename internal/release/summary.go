package release

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
)

const (
	mostMovers = 5
	bins       = 20
)

// summarise fills what the head says about all players.
func (c *calculation) summarise() head {
	r := c.result
	h := head{Ranked: c.ranked(), Parameters: r.Parameters(), Warnings: r.Warnings, Moves: c.bridge != nil, Fresh: c.fresh, Periods: c.periods}
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
		if narrow(m) {
			h.Narrow = append(h.Narrow, m.Key)
		}
	}
	var scores []float64
	for _, s := range r.Score {
		if !math.IsNaN(s) {
			scores = append(scores, s)
		}
	}
	slices.Sort(scores)
	if n := len(scores); n > 0 {
		h.Low, h.High, h.Mean = &scores[0], &scores[n-1], mean(scores)
		median := scores[n/2]
		if n%2 == 0 {
			median = scores[n/2-1]/2 + scores[n/2]/2
		}
		h.Median = &median
		h.Histogram = make([]int, bins)
		for _, s := range scores {
			h.Histogram[bin(s, scores[0], scores[n-1])]++
		}
	}
	for g, group := range c.layout.groups {
		h.Tags = append(h.Tags, c.countTags(g, group))
	}
	c.findMovers(&h)
	h.Title = c.title(&h)
	return h
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

// bin is which of the bins between low and high holds a score; the highest belongs to the last.
func bin(s, low, high float64) int {
	if high <= low {
		return 0
	}
	return min(bins-1, int(bins*((s-low)/(high-low))))
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
	type climb struct {
		place  int
		places float64
	}
	var climbs []climb
	for place, i := range now.Order {
		if now.Rank[i] == 0 {
			break
		}
		was, there := c.was[c.table.Players[i]]
		if !there || before.Rank[was] == 0 {
			if len(h.Newcomers) < mostMovers && !there {
				h.Newcomers = append(h.Newcomers, place)
			}
			continue
		}
		if places := before.Rank[was] - now.Rank[i]; places > 0 {
			climbs = append(climbs, climb{place, places})
		}
	}
	slices.SortStableFunc(climbs, func(a, b climb) int { return cmp.Compare(b.places, a.places) })
	for _, m := range climbs[:min(len(climbs), mostMovers)] {
		h.Movers = append(h.Movers, m.place)
	}
}

// title says in one line who leads and who climbed.
func (c *calculation) title(h *head) string {
	if h.Ranked == 0 {
		return fmt.Sprintf("No scores for %s yet", c.period.Label())
	}
	r := c.result
	first := int(r.Order[0])
	var leaders []string
	for _, i := range r.Order {
		if r.Rank[i] != r.Rank[first] {
			break
		}
		leaders = append(leaders, c.name(int(i)))
	}
	score := written(c.card.Decimals, r.Score[first])
	line := ""
	switch n := len(leaders); {
	case n == 1:
		line = fmt.Sprintf("%s leads with %s", leaders[0], score)
	case n == 2:
		line = fmt.Sprintf("%s and %s lead with %s", leaders[0], leaders[1], score)
	default:
		line = fmt.Sprintf("%d players lead with %s", n, score)
	}
	shown := slices.IndexFunc(h.Movers, func(place int) bool { return c.board.TopN == 0 || place < c.board.TopN })
	if shown >= 0 { // nobody is named in public whom the leaderboard does not show
		i := int(r.Order[h.Movers[shown]])
		places := c.bridge.Before.Rank[c.was[c.table.Players[i]]] - r.Rank[i]
		unit := "places"
		if places == 1 {
			unit = "place"
		}
		if len(leaders) == 1 && i == first {
			return fmt.Sprintf("%s, up %s %s", line, strconv.FormatFloat(places, 'f', -1, 64), unit)
		}
		return fmt.Sprintf("%s; %s climbs %s %s", line, c.name(i), strconv.FormatFloat(places, 'f', -1, 64), unit)
	}
	return line
}

// name is what a player is called.
func (v *verdict) name(i int) string {
	if v.table.Names != nil && v.table.Names[i] != "" {
		return v.table.Names[i]
	}
	return v.table.Players[i]
}

// written is a published score for people.
func written(decimals int, score float64) string {
	return strconv.FormatFloat(score, 'f', decimals, 64)
}
