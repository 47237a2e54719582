package story

import (
	"fmt"
	"math"
	"strings"

	"cairn/scorecard"
)

// example works the claim out with its evidence, so that anybody can follow it with a pencil.
func (c Claim) example(b *Board) string {
	first, last := c.Evidence[0], c.Evidence[len(c.Evidence)-1]
	score, rank := c.last("score"), c.last("rank")
	at := func(release string) string { return " " + in(b.Period) + inWords(b.Period, release, last.Release) }
	values := func() string {
		all := make([]string, 0, len(c.Evidence))
		for _, e := range c.Evidence {
			if e.What == first.What {
				if e.What == "score" {
					all = append(all, b.points(e.Value))
				} else {
					all = append(all, plain(e.Value))
				}
			}
		}
		return strings.Join(all, ", ")
	}

	switch c.Kind {
	case FirstScore:
		return sentence(b.points(score), at(last.Release), ", the first of all")
	case NewEntry:
		return sentence("Rank ", plain(rank), c.of(), at(last.Release), ", the first of all")
	case Return:
		return sentence(b.points(score), at(last.Release), ", ", b.points(first.Value), at(first.Release), ", the score before")
	case FirstPlace:
		if c.N > 1 {
			return sentence("Rank 1 from ", inWords(b.Period, first.Release, last.Release), " to ", inWords(b.Period, last.Release, last.Release), ": ", fmt.Sprint(c.N), " in a row")
		}
		return sentence("Rank 1", c.of(), at(last.Release))
	case Milestone:
		level := "the next level"
		if names := c.cleanNames(); len(names) > 0 {
			level = "the level " + names[0]
		}
		return sentence(b.points(first.Value), at(first.Release), ", ", b.points(score), at(last.Release), ": ", level)
	case PersonalBest:
		switch {
		case c.N > 1:
			return sentence(b.points(score), at(last.Release), ", ", b.points(first.Value), at(first.Release), ": number ", fmt.Sprint(c.N), " of ", plain(c.last("scores")), " scores")
		case first.Value == score:
			return sentence(b.points(score), at(last.Release), ", ", b.points(first.Value), at(first.Release), ": the same")
		}
		return sentence(b.points(score), at(last.Release), ", ", b.points(first.Value), at(first.Release), ", the best until then: ", b.gain(score, first.Value))
	case Up:
		return sentence(b.points(score), at(last.Release), ", ", b.points(first.Value), at(first.Release), ": ", b.gain(score, first.Value))
	case UpInARow:
		return sentence(values(), ": ", b.gain(score, first.Value), " from the first to the last of them")
	case Steady:
		return sentence(values(), ": all within ", b.points(b.spread(c)))
	case Climbed:
		return sentence("Rank ", plain(first.Value), at(first.Release), ", rank ", plain(rank), at(last.Release), ": ", plain(first.Value-rank), " closer to the top")
	case Overtook:
		return sentence("Rank ", plain(first.Value), at(first.Release), ", rank ", plain(rank), at(last.Release), ": ", company(nil, c.N), " passed")
	case MetricRecord:
		value, old := apart(last.Value, first.Value)
		return sentence(value, at(last.Release), ", ", old, at(first.Release), ", the most until then: ", brief(last.Value-first.Value), " more")
	case Comeback:
		low := c.Evidence[1]
		return sentence(b.points(first.Value), at(first.Release), ", ", b.points(low.Value), at(low.Release), ", ", b.points(score), at(last.Release))
	case Streak:
		return sentence("One", at(first.Release), ", number ", fmt.Sprint(c.N), at(last.Release), ", and one each time between")
	case Total:
		return sentence(brief(first.Value), " + ", brief(c.Evidence[1].Value), " = ", brief(last.Value))
	case Rival:
		return sentence(b.points(math.Max(first.Value, score)), " - ", b.points(math.Min(first.Value, score)), " = ", b.points(math.Abs(first.Value-score)))
	case Pace:
		return sentence(brief(c.last(first.What)), at(last.Release), ", with ", brief(c.last(dueOf+first.What)), " on the path; ", plain(c.last("on pace")), " of ", plain(c.last("releases")), " so")
	case Team:
		if mean := c.last(meanOf + c.tag()); c.N != 1 {
			return sentence("A mean of ", b.points(first.Value), at(first.Release), ", ", b.points(mean), at(last.Release), ": ", b.gain(mean, first.Value))
		}
		return sentence("A mean of ", b.points(c.last(meanOf+c.tag())), at(last.Release), ", the best of ", plain(c.last("teams")))
	case Norm:
		return sentence(brief(float64(c.N)), " or more with at least 6 in 10 of the group; ", brief(first.Value), " here")
	case Compound:
		return sentence(b.points(first.Value), at(first.Release), ", times 1.01 for each of ", plain(c.last("releases")), " ", noun(b.Period), "s since: ", b.points(c.last("line")), "; ", b.points(score), " now")
	case Lower:
		return sentence(b.points(first.Value), at(first.Release), ", ", b.points(score), at(last.Release), ": ", b.points(math.Abs(score-first.Value)), " between them")
	case Places:
		return sentence("Rank ", plain(first.Value), at(first.Release), ", rank ", plain(rank), at(last.Release))
	}
	return ""
}

// gain says by how much a score is better than another: "3 more".
func (b *Board) gain(score, other float64) string {
	if b.Better == scorecard.Lower {
		return b.points(score-other) + " better"
	}
	return b.points(score-other) + " more"
}

// spread is how far apart the scores of a claim lie.
func (b *Board) spread(c Claim) float64 {
	low, high := c.Evidence[0].Value, c.Evidence[0].Value
	for _, e := range c.Evidence {
		low, high = math.Min(low, e.Value), math.Max(high, e.Value)
	}
	return high - low
}
