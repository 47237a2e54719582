package story

import (
	"cmp"
	"math"
	"slices"

	"cairn/scorecard"
)

// weighed is a claim and how telling it is, 0 to 100.
type weighed struct {
	Claim
	weight float64
}

// Find returns the true claims of the appearance that follows those that were added, as the function Find does. It leaves
// the standing as it was: Add the appearance to go on.
func (s *Standing) Find(b *Board, a Appearance, passed []Passed, lastTold Kind) []Claim {
	found := make([]weighed, 0, 8)
	tell := func(c Claim, weight float64) { found = append(found, weighed{c, weight}) }
	if a.Scored {
		now := b.moment(a)
		s.firsts(b, a, now, tell)
		s.bests(b, a, now, tell)
		s.runs(b, a, now, tell)
		s.comeback(b, a, now, tell)
		s.places(b, a, now, passed, tell)
	}
	s.record(b, a, tell)
	s.streak(a, tell)
	s.total(b, a, tell)

	slices.SortStableFunc(found, func(x, y weighed) int { return cmp.Compare(y.weight, x.weight) })
	if len(found) > 1 && found[0].Kind == lastTold {
		found[0], found[1] = found[1], found[0] // no two claims are of one kind
	}
	claims := make([]Claim, len(found))
	for i, f := range found {
		claims[i] = f.Claim
	}
	return claims
}

// firsts finds what happens for the first time, or again after a while.
func (s *Standing) firsts(b *Board, a Appearance, now moment, tell func(Claim, float64)) {
	standing := make([]Evidence, 0, 3)
	if a.Rank > 0 && a.Of > 0 {
		standing = append(standing, Evidence{a.Release, "rank", now.rank}, Evidence{a.Release, "players", float64(a.Of)})
	}
	standing = append(standing, Evidence{a.Release, "score", now.score})
	switch {
	case !s.ever:
		if b.tellable(now.score) {
			tell(Claim{Kind: FirstScore, Evidence: standing}, 100)
		}
		if !b.Opening && cheers(now.rank, float64(a.Of)) {
			tell(Claim{Kind: NewEntry, Evidence: standing[:2:2]}, 98)
		}
	case s.away > 0 || a.Gap:
		away := s.away
		if a.Gap {
			away++
		}
		if b.tellable(now.score) {
			tell(Claim{Kind: Return, Evidence: append([]Evidence{{s.last.release, "score", s.last.score}}, standing...)}, 45+8*math.Min(float64(away), 5))
		}
	}

	if s.scores == 0 || a.Fresh {
		return
	}
	reached := slices.Index(b.Levels, a.Level)
	before := slices.Index(b.Levels, s.level)
	if reached < 0 || before < 0 && s.level != "" || before >= 0 && before <= reached {
		return // no level that is known, or none that is better
	}
	claim := Claim{Kind: Milestone, N: 1, Names: []string{a.Level}, Evidence: []Evidence{{s.last.release, "score", s.last.score}, {a.Release, "score", now.score}}}
	weight := 90.0
	for _, name := range s.levels {
		if i := slices.Index(b.Levels, name); i < 0 || i <= reached {
			claim.N, weight = 2, 62 // it, or a better one, stood before
			if i < 0 {
				claim.N = 0 // a level that is no more: nobody can say how it compares
				break
			}
		}
	}
	tell(claim, weight)
}

// least is how many scores it takes before the best, the second and the third of them mean something.
var least = [...]int{1: 2, 2: 5, 3: 7}

// bests finds the place of the score among all of the player's.
func (s *Standing) bests(b *Board, a Appearance, now moment, tell func(Claim, float64)) {
	scores := s.scores + 1
	if a.Fresh || s.scores == 0 || !b.tellable(now.score) {
		return
	}
	better, equal := 0, 0
	for _, p := range s.best {
		switch {
		case p.times == 0:
		case p.score == now.score:
			equal = p.times
		case b.ahead(p.score, now.score):
			better += p.times
		}
	}
	place := better + 1
	lesser := s.scores - better - equal
	if place > 3 || scores < least[place] || lesser == 0 || place > 1 && 2*lesser < s.scores {
		return
	}
	old := s.best[0]
	claim := Claim{Kind: PersonalBest, N: place, Evidence: []Evidence{
		{old.release, "score", old.score}, {a.Release, "scores", float64(scores)}, {a.Release, "score", now.score}}}
	switch {
	case place == 1 && equal == 0:
		tell(claim, 84+math.Min(float64(scores), 24)/4)
	case place == 1:
		tell(claim, 58)
	case place == 2:
		tell(claim, 60)
	default:
		tell(claim, 52)
	}
}

// runs finds rises and scores that hold.
func (s *Standing) runs(b *Board, a Appearance, now moment, tell func(Claim, float64)) {
	if !s.follows(a) || !b.tellable(now.score) {
		return
	}
	if rise := s.rise.next(b.ahead(now.score, s.last.score), s.last, now); rise.n > 0 && s.last.score >= 0 && rise.from.score >= 0 {
		gain := math.Abs(now.score-s.last.score) / math.Max(s.last.score, math.Abs(now.score-s.last.score))
		evidence := s.told(rise.n, rise.from, now, func(m moment) Evidence { return Evidence{m.release, "score", m.score} })
		if rise.n == 1 {
			tell(Claim{Kind: Up, Paused: rise.paused, Evidence: evidence}, 22+18*gain)
		} else {
			tell(Claim{Kind: UpInARow, N: rise.n, Paused: rise.paused, Evidence: evidence}, 44+8*math.Min(float64(rise.n), 6))
		}
	}

	low, high, n, paused := now.score, now.score, 1, false
	for i := s.running - 1; i >= 0; i-- {
		l, h := math.Min(low, s.recent[i].score), math.Max(high, s.recent[i].score)
		if h-l > b.narrow(h) {
			break
		}
		low, high, n = l, h, n+1
		paused = paused || i == s.running-1 && now.paused || i < s.running-1 && s.recent[i+1].paused
	}
	weakest := low
	if b.Better == scorecard.Lower {
		weakest = high
	}
	if n < 4 || low < 0 || now.score == weakest && low != high {
		return
	}
	from := s.recent[s.running-n+1]
	evidence := s.told(n-1, from, now, func(m moment) Evidence { return Evidence{m.release, "score", m.score} })
	tell(Claim{Kind: Steady, N: n, Paused: paused, Evidence: evidence}, 20+4*math.Min(float64(n), 10))
}

// narrow is how far apart scores around x may lie and still be called steady: one unit of the last decimal, or 3 %.
func (b *Board) narrow(x float64) float64 {
	return math.Max(math.Pow10(-b.Decimals), 0.03*math.Abs(x)) * (1 + 1e-9)
}

// comeback finds the best score that was followed by lesser ones, all of them until now, when it is reached again.
func (s *Standing) comeback(b *Board, a Appearance, now moment, tell func(Claim, float64)) {
	if !s.follows(a) || !b.tellable(now.score) {
		return
	}
	var before, lowest moment
	high, low := s.last, s.last // of those since
	for i := s.running - 2; i >= 0 && !b.ahead(s.recent[i].score, now.score); i-- {
		m := s.recent[i]
		if b.ahead(m.score, high.score) {
			if math.Abs(m.score-low.score) > b.narrow(m.score) {
				before, lowest = m, low
			}
			high = m
		}
		if b.ahead(low.score, m.score) {
			low = m
		}
	}
	if before.release == "" || !b.tellable(before.score) || lowest.score < 0 {
		return
	}
	dip := math.Abs(before.score-lowest.score) / math.Max(before.score, lowest.score)
	tell(Claim{Kind: Comeback, Evidence: []Evidence{{before.release, "score", before.score}, {lowest.release, "score", lowest.score}, {a.Release, "score", now.score}}}, 64+10*dip)
}

// streak finds a round number of releases running with something done.
func (s *Standing) streak(a Appearance, tell func(Claim, float64)) {
	run := s.activeWith(a)
	if !isRound(run.n) {
		return
	}
	tell(Claim{Kind: Streak, N: run.n, Paused: run.paused, Evidence: []Evidence{{run.from.release, "running", 1}, {a.Release, "running", float64(run.n)}}},
		50+math.Min(float64(run.n), 100)/3)
}

// isRound reports whether a run of n is one to tell of: 5, 10, 20 … 50, 75, 100, 150 and so on.
func isRound(n int) bool {
	switch {
	case n <= 5:
		return n == 5
	case n <= 50:
		return n%10 == 0
	case n <= 100:
		return n%25 == 0
	}
	return n%50 == 0
}

// total finds the greatest round number that what was done of a metric since the beginning passes now.
func (s *Standing) total(b *Board, a Appearance, tell func(Claim, float64)) {
	best, passes := -1, 0
	for i, v := range a.Metrics {
		if i >= len(s.records) || !b.Metrics[i].Adds || !(v > 0) || s.records[i].values == 0 {
			continue
		}
		before := s.records[i].total
		if round := roundUpTo(before + v); before >= 0 && before < float64(round) && round > passes {
			best, passes = i, round
		}
	}
	if best < 0 {
		return
	}
	was, key, value := s.records[best], b.Metrics[best].Key, a.Metrics[best]
	tell(Claim{Kind: Total, N: passes, Evidence: []Evidence{{was.latest, totalOf + key, was.total}, {a.Release, key, value}, {a.Release, totalOf + key, was.total + value}}},
		54+4*math.Min(math.Log10(float64(passes)), 6))
}

// roundUpTo is the greatest round number up to x: 100, 250, 500, 1000, 2500 and so on; 0 below the first.
func roundUpTo(x float64) (round int) {
	for power := 100.0; power <= x && power <= 1e12; power *= 10 {
		for _, step := range []float64{1, 2.5, 5} {
			if step*power <= x {
				round = int(step * power)
			}
		}
	}
	return round
}

// told is the evidence of a run of n steps from a moment until now: where it began and up to a dozen since.
func (s *Standing) told(n int, from, now moment, of func(moment) Evidence) []Evidence {
	recent := s.recent[s.running-min(n-1, s.running) : s.running]
	evidence := make([]Evidence, 0, len(recent)+4)
	evidence = append(evidence, of(from))
	for _, m := range recent {
		evidence = append(evidence, of(m))
	}
	return append(evidence, of(now))
}

// places finds what happened in the ranking.
func (s *Standing) places(b *Board, a Appearance, now moment, passed []Passed, tell func(Claim, float64)) {
	if a.Rank <= 0 {
		return
	}
	rankOf := func(m moment) Evidence { return Evidence{m.release, "rank", m.rank} }
	players := Evidence{a.Release, "players", float64(a.Of)}
	if lead := s.leadWith(a, now); lead.n == 1 {
		tell(Claim{Kind: FirstPlace, N: 1, Evidence: []Evidence{players, {a.Release, "score", now.score}, rankOf(now)}}, 95)
	} else if lead.n > 1 {
		evidence := append(s.told(lead.n-1, lead.from, now, rankOf), players, Evidence{a.Release, "score", now.score})
		tell(Claim{Kind: FirstPlace, N: lead.n, Paused: lead.paused, Evidence: evidence}, 60+math.Min(float64(lead.n), 20))
	}
	if !s.follows(a) || s.last.rank <= 0 {
		return
	}
	if n := s.last.rank - now.rank; n > 0 {
		share := 1.0
		if a.Of > 0 {
			share = math.Min(1, 3*n/float64(a.Of))
		}
		tell(Claim{Kind: Climbed, Evidence: []Evidence{rankOf(s.last), players, rankOf(now)}}, 30+5*math.Min(n, 4)+35*share)
	}
	if !b.ahead(now.score, s.last.score) {
		return // who passes others by their decline alone has no story, nor have they
	}
	claim := Claim{Kind: Overtook, Evidence: []Evidence{rankOf(s.last)}}
	for _, p := range passed {
		if p.Was <= 0 || p.Was >= s.last.rank || p.Is <= now.rank {
			continue
		}
		if claim.N++; claim.N <= 3 {
			claim.Names = append(claim.Names, p.Name)
			claim.Evidence = append(claim.Evidence, Evidence{s.last.release, "rank of " + p.Name, p.Was}, Evidence{a.Release, "rank of " + p.Name, p.Is})
		}
	}
	if claim.N > 0 {
		claim.Evidence = append(claim.Evidence, Evidence{a.Release, "passed", float64(claim.N)}, rankOf(now))
		tell(claim, 40+2*math.Min(float64(claim.N), 10))
	}
}

// record finds the metric whose value stands out most above all before it. One that sets a record every time, as totals
// that only grow do, counts for less each time.
func (s *Standing) record(b *Board, a Appearance, tell func(Claim, float64)) {
	best, weight := -1, math.Inf(-1)
	for i, v := range a.Metrics {
		if i >= len(s.records) || math.IsNaN(v) {
			continue
		}
		old := s.records[i]
		if old.values < 3 || old.value < 0 || v <= old.value {
			continue
		}
		gain := 1.0
		if old.value > 0 {
			gain = math.Min(1, (v-old.value)/old.value)
		}
		if w := 48 + 30*gain - 12*math.Min(float64(old.running), 3); w > weight {
			best, weight = i, w
		}
	}
	if best >= 0 {
		old := s.records[best]
		key := b.Metrics[best].Key
		tell(Claim{Kind: MetricRecord, Evidence: []Evidence{{old.release, key, old.value}, {a.Release, key, a.Metrics[best]}}}, weight)
	}
}

// cheers reports whether a rank is in the upper half: others are not spelled out unless they were gained.
func cheers(rank, of float64) bool { return rank > 0 && of > 1 && 2*rank <= of+1 }
