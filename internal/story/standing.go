package story

import (
	"math"
	"slices"

	"cairn/scorecard"
)

// memory is how many running appearances a standing keeps with their values. Longer runs are counted on, with the value
// they began at; scores are called steady for one more than this at most.
const memory = 12

// Standing is what is left of a player's appearances so far for finding the stories of the next one: it lets a release
// be told without the list of all the releases before. The zero Standing is that of a player who never appeared.
// b.Metrics is the same for every call on one standing.
type Standing struct {
	ever    bool           // scored before, on whatever scale
	scores  int            // on the present scale
	best    [3]peak        // the best different scores, best first
	levels  []string       // reached on the present scale, each once
	level   string         // at the last score
	running int            // scored appearances without a gap among them, up to the last, as far as memory goes
	recent  [memory]moment // these, oldest first
	rise    run            // rises running up to the last score
	lead    run            // first places running up to the last appearance
	last    moment         // the last score, on whatever scale
	away    int            // appearances and gaps since then
	records []highest      // parallel to Board.Metrics
	active  run            // appearances running with something done, up to the last
}

// moment is a scored appearance.
type moment struct {
	release     string
	score, rank float64
	paused      bool // it came after a pause
}

// peak is a score and how often it was reached.
type peak struct {
	release string // the latest
	score   float64
	times   int
}

// run counts appearances that follow one another; from is where it began.
type run struct {
	n      int
	from   moment
	paused bool // there was a pause in it
}

// highest is the best value of a metric so far.
type highest struct {
	release string
	value   float64
	values  int // how many there were
	running int // records in a row, up to the last value
	total   float64
	latest  string // release of the last value
}

// Add takes one more appearance in.
func (s *Standing) Add(b *Board, a Appearance) {
	s.addRecords(b, a)
	s.active = s.activeWith(a)
	if a.Fresh {
		*s = Standing{ever: s.ever, last: s.last, away: s.away, records: s.records, active: s.active}
	}
	if a.Gap {
		s.away++
	}
	if !a.Scored {
		s.away++
		s.running, s.rise, s.lead = 0, run{}, run{}
		return
	}
	now := b.moment(a)
	follows := s.follows(a)
	s.rise = s.rise.next(follows && b.ahead(now.score, s.last.score), s.last, now)
	s.lead = s.leadWith(a, now)
	if !follows {
		s.running = 0
	}
	if s.running == memory {
		copy(s.recent[:], s.recent[1:])
		s.running--
	}
	s.recent[s.running] = now
	s.running++
	s.addPeak(b, now)
	if a.Level != "" && !slices.Contains(s.levels, a.Level) {
		s.levels = append(s.levels, a.Level)
	}
	s.level = a.Level
	s.last = now
	s.away = 0
	s.ever = true
	s.scores++
}

// follows reports whether an appearance comes right after a score that it may be compared with.
func (s *Standing) follows(a Appearance) bool {
	return a.Scored && !a.Gap && !a.Fresh && s.scores > 0 && s.away == 0
}

// next is the run after one more step, from before to now.
func (r run) next(goesOn bool, before, now moment) run {
	switch {
	case !goesOn:
		return run{}
	case r.n == 0:
		return run{n: 1, from: before, paused: now.paused}
	}
	return run{n: r.n + 1, from: r.from, paused: r.paused || now.paused}
}

// leadWith is the run of first places with an appearance.
func (s *Standing) leadWith(a Appearance, now moment) run {
	switch {
	case a.Rank != 1 || a.Of < 2:
		return run{}
	case s.lead.n > 0 && s.follows(a):
		return run{n: s.lead.n + 1, from: s.lead.from, paused: s.lead.paused || now.paused}
	}
	return run{n: 1, from: now}
}

// activeWith is the run of appearances with something done, with one more.
func (s *Standing) activeWith(a Appearance) run {
	now := moment{release: a.Release, paused: a.Paused}
	switch {
	case !slices.ContainsFunc(a.Metrics, func(v float64) bool { return v > 0 }):
		return run{}
	case s.active.n > 0 && !a.Gap:
		return run{n: s.active.n + 1, from: s.active.from, paused: s.active.paused || a.Paused}
	}
	return run{n: 1, from: now}
}

func (s *Standing) addPeak(b *Board, now moment) {
	for i := range s.best {
		switch p := &s.best[i]; {
		case p.times == 0:
			*p = peak{now.release, now.score, 1}
			return
		case p.score == now.score:
			p.release = now.release
			p.times++
			return
		case b.ahead(now.score, p.score):
			copy(s.best[i+1:], s.best[i:])
			s.best[i] = peak{now.release, now.score, 1}
			return
		}
	}
}

func (s *Standing) addRecords(b *Board, a Appearance) {
	if s.records == nil && len(b.Metrics) > 0 {
		s.records = make([]highest, len(b.Metrics))
	}
	for i, v := range a.Metrics[:min(len(a.Metrics), len(s.records))] {
		if math.IsNaN(v) {
			continue
		}
		r := &s.records[i]
		if r.values == 0 || v > r.value {
			if r.values > 0 {
				r.running++
			}
			r.release, r.value = a.Release, v
		} else {
			r.running = 0
		}
		r.values++
		r.total += v
		r.latest = a.Release
	}
}

// moment is a scored appearance as stories see it: the score to the decimals that are shown.
func (b *Board) moment(a Appearance) moment {
	return moment{a.Release, b.round(a.Score), a.Rank, a.Paused}
}

func (b *Board) round(score float64) float64 {
	power := math.Pow10(b.Decimals)
	if r := math.Round(score*power) / power; !math.IsInf(r, 0) {
		return r + 0 // never −0
	}
	return score
}

// ahead reports whether score x is better than y.
func (b *Board) ahead(x, y float64) bool {
	if b.Better == scorecard.Lower {
		return x < y
	}
	return x > y
}

// tellable reports whether a score is one that stories show: negative ones, and nothing at all where more is better,
// say little that cheers.
func (b *Board) tellable(score float64) bool {
	return score > 0 || score == 0 && b.Better == scorecard.Lower
}
