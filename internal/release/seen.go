package release

import (
	"context"
	"math"
	"slices"

	"cairn/internal/consent"
	"cairn/scorecard"
)

// absent is where the players who leave no trace for a reader stand in one release: all others are ranked as if these were not
// there. A nil absent is nobody.
type absent struct {
	ties                    scorecard.Ties
	ranks                   []float64 // ascending; under dense ties only those that nobody else shares, once each
	players, scored, ranked int
}

// add adds a player; a rank of 0 or NaN is none.
func (a *absent) add(score, rank float64) {
	a.players++
	if !math.IsNaN(score) {
		a.scored++
	}
	if rank > 0 {
		a.ranked++
		a.ranks = append(a.ranks, rank)
	}
}

// settle is called once, after the last add; share tells how many players of the release have a rank.
func (a *absent) settle(share func(rank float64) int) {
	slices.Sort(a.ranks)
	if a.ties != scorecard.Dense {
		return
	}
	alone := a.ranks[:0]
	for i := 0; i < len(a.ranks); {
		n := i
		for n < len(a.ranks) && a.ranks[n] == a.ranks[i] {
			n++
		}
		if rank := a.ranks[i]; share(rank) == n-i {
			alone = append(alone, rank)
		}
		i = n
	}
	a.ranks = alone
}

// rank is what a rank is without them. It follows the scorecard's rule for ties.
func (a *absent) rank(rank float64) float64 {
	if a == nil || !(rank > 0) {
		return rank
	}
	ahead, _ := slices.BinarySearch(a.ranks, rank)
	less := float64(ahead)
	if a.ties == scorecard.Fractional { // the mean of the places that equals share
		for ; ahead < len(a.ranks) && a.ranks[ahead] == rank; ahead++ {
			less += 0.5
		}
	}
	return rank - less
}

// of is how many players and how many with a score are left.
func (a *absent) of(players, scored int) (int, int) {
	if a == nil {
		return players, scored
	}
	return players - a.players, scored - a.scored
}

// absentIn finds where members stand in a release; version changes with them. It is nil where none of them is in it.
func (r *Releases) absentIn(ctx context.Context, rec *record, hidden []int64, version string) (*absent, error) {
	if len(hidden) == 0 {
		return nil, nil
	}
	key := "absent " + rec.id + " " + version
	if a, ok := r.shelf.get(key).(*absent); ok {
		return a.orNobody(), nil
	}
	s, err := r.standingOf(ctx, rec)
	if err != nil {
		return nil, err
	}
	card, err := r.boards.Scorecard(ctx, rec.boardID, rec.version)
	if err != nil {
		return nil, err
	}
	a := &absent{ties: card.Ties}
	for _, number := range hidden {
		if score, rank, there := s.of(number); there {
			a.add(score, rank)
		}
	}
	a.settle(func(rank float64) (n int) {
		for member := range int64(s.members) {
			if _, other, there := s.of(member); there && other == rank {
				n++
			}
		}
		return n
	})
	r.shelf.put(key, a, int64(len(key)+8*len(a.ranks)+128))
	return a.orNobody(), nil
}

func (a *absent) orNobody() *absent {
	if a.players == 0 {
		return nil
	}
	return a
}

// seen is a release without the players who leave no trace for a reader: what it says about all is said anew of the others.
type seen struct {
	*absent
	gone   []int32     // their places, ascending
	before *absent     // in the release before
	tags   [][]*absent // by group and tag; nil nobody
	head   *head       // figures without them
	left   int         // how many of the others have a rank
}

// see returns a release without some members, nil where none of them is in it.
func (r *Releases) see(ctx context.Context, h *held, hidden []int64, version string) (*seen, error) {
	out, err := r.absentIn(ctx, &h.record, hidden, version)
	if err != nil || out == nil {
		return nil, err
	}
	key := "seen " + h.id + " " + version
	if s, ok := r.shelf.get(key).(*seen); ok {
		return s, nil
	}
	s := &seen{absent: out}
	for _, number := range hidden {
		if place := h.place(number); place >= 0 {
			s.gone = append(s.gone, int32(place))
		}
	}
	slices.Sort(s.gone)
	var was *standing
	if h.head.Previous != "" {
		previous, err := r.previous(ctx, h)
		if err != nil {
			return nil, err
		}
		if s.before, err = r.absentIn(ctx, previous, hidden, version); err != nil {
			return nil, err
		}
		if was, err = r.standingOf(ctx, previous); err != nil {
			return nil, err
		}
	}
	s.countTags(h)
	s.tellAgain(h, was)
	r.shelf.put(key, s, int64(4*len(s.gone)+4096))
	return s, nil
}

// previous is the row of the release before, as far as its standing needs it.
func (r *Releases) previous(ctx context.Context, h *held) (*record, error) {
	p, err := r.hold(ctx, h.boardID, h.head.Previous)
	if err != nil {
		return nil, err
	}
	return &p.record, nil
}

// countTags finds the absent of each tag.
func (s *seen) countTags(h *held) {
	s.tags = make([][]*absent, len(h.groups))
	for g := range h.groups {
		s.tags[g] = make([]*absent, len(h.tags[g]))
		for _, place := range s.gone {
			code := h.number(int(place), h.tag+g)
			if math.IsNaN(code) {
				continue
			}
			if s.tags[g][int(code)] == nil {
				s.tags[g][int(code)] = &absent{ties: h.card.Ties}
			}
			s.tags[g][int(code)].add(h.number(int(place), h.score), h.number(int(place), h.tagRank+g))
		}
		for k, a := range s.tags[g] {
			if a == nil {
				continue
			}
			a.settle(func(rank float64) (n int) {
				for _, place := range h.tagged(g)[k] {
					if h.number(int(place), h.tagRank+g) == rank {
						n++
					}
				}
				return n
			})
		}
	}
}

// tellAgain fills in the figures. was is the standing of the release before, nil for the first.
func (s *seen) tellAgain(h *held, was *standing) {
	again := h.head
	s.head = &again
	again.Lead, again.Climbs, again.Movers, again.Newcomers, again.Tags = headLead{}, nil, nil, nil, slices.Clone(again.Tags)
	returned := map[int]bool{}
	for _, r := range h.head.Returned {
		returned[r.Place] = true
	}
	var scores []float64
	var leader float64
	tagged := make([][][]float64, len(h.groups))
	for g := range h.groups {
		tagged[g] = make([][]float64, len(h.tags[g]))
		again.Tags[g].Players = make([]int, len(h.tags[g]))
		again.Tags[g].Means = make([]*float64, len(h.tags[g]))
	}
	gone := s.gone
	for place := range h.players {
		if len(gone) > 0 && int(gone[0]) == place {
			gone = gone[1:]
			continue
		}
		score, rank, member := h.number(place, h.score), h.number(place, h.rank), int64(h.number(place, h.member))
		if !math.IsNaN(score) {
			scores = append(scores, score)
		}
		for g := range h.groups {
			if code := h.number(place, h.tag+g); !math.IsNaN(code) {
				again.Tags[g].Players[int(code)]++
				if !math.IsNaN(score) {
					tagged[g][int(code)] = append(tagged[g][int(code)], score)
				}
			}
		}
		if !(rank > 0) {
			continue
		}
		s.left++
		if s.left == 1 {
			leader = rank
		}
		if rank == leader {
			again.Lead.Players++
			again.Lead.Score = score
			if len(again.Lead.Members) < 2 {
				again.Lead.Members = append(again.Lead.Members, member)
			}
		}
		if !h.moves {
			continue
		}
		if climbed := s.climbed(rank, h.number(place, h.climbed)); climbed > 0 {
			again.Climbs = append(again.Climbs, headClimb{member, place, climbed})
		}
		if was != nil && len(again.Newcomers) < mostMovers && !returned[place] {
			if _, _, there := was.of(member); !there {
				again.Newcomers = append(again.Newcomers, place)
			}
		}
	}
	again.Climbs = mostClimbed(again.Climbs)
	for _, c := range again.Climbs {
		again.Movers = append(again.Movers, c.Place)
	}
	again.Ranked = s.left
	again.describe(scores)
	for g := range tagged {
		for k, scores := range tagged[g] {
			if slices.Sort(scores); len(scores) > 0 {
				again.Tags[g].Means[k] = mean(scores)
			}
		}
	}
}

// climbed is how many places a player climbed among those who are seen.
func (s *seen) climbed(rank, climbed float64) float64 {
	if s == nil || math.IsNaN(climbed) {
		return climbed
	}
	return s.before.rank(rank+climbed) - s.rank(rank)
}

// place returns the place of the i-th player who is seen.
func (s *seen) place(i int) int {
	if s == nil {
		return i
	}
	low, high := 0, len(s.gone) // how many of the gone stand before
	for low < high {
		middle := (low + high) / 2
		if int(s.gone[middle])-middle <= i {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return i + low
}

// index returns which of those who are seen stands at a place; ok is false for one of the gone.
func (s *seen) index(place int) (i int, ok bool) {
	if s == nil {
		return place, true
	}
	before, gone := slices.BinarySearch(s.gone, int32(place))
	return place - before, !gone
}

// cohorts is which figures about several may be told to those who see no more than the top of a release.
type cohorts struct {
	everyone  bool
	tags      [][]bool // of the ranked groups, by tag
	histogram []int
	low, high float64
}

// mostWindows is of how many players below the top every member's window is looked at.
const mostWindows = 200

// windows is which of the players below the top, best first, each of the members sees anyway: themselves and their neighbours.
func windows(players int) (seen []consent.Cohort) {
	for own := -neighbours; own < players && players <= mostWindows; own++ { // those above stand in the top
		var window consent.Cohort
		for i := max(0, own-neighbours); i <= min(own+neighbours, players-1); i++ {
			window = append(window, i)
		}
		seen = append(seen, window)
	}
	return seen
}

// cohortsOf decides it. What is said of several is said of smallest or more whose scores are not shown anyway, whatever one
// subtracts: a cohort is those of its players who stand below the top and whom no member sees beside themselves.
func (r *Releases) cohortsOf(h *held, s *seen, key string, top, smallest int) *cohorts {
	if c, ok := r.shelf.get(key).(*cohorts); ok {
		return c
	}
	c := &cohorts{tags: make([][]bool, len(h.groups))}
	number := make([]int, h.players) // of each place, below the top and scored; −1 another
	players := 0
	for place := range h.players {
		number[place] = -1
		if i, ok := s.index(place); ok && i >= top && !math.IsNaN(h.number(place, h.score)) {
			number[place] = players
			players++
		}
	}
	everyone := make(consent.Cohort, players)
	for i := range everyone {
		everyone[i] = i
	}
	var asked []consent.Cohort
	var told []*bool
	ask := func(cohort consent.Cohort, tell *bool) {
		if *tell = len(cohort) == 0; !*tell { // of nobody but those who are shown
			asked, told = append(asked, cohort), append(told, tell)
		}
	}
	ask(everyone, &c.everyone)
	for g := range h.groups {
		if !h.head.Tags[g].Ranked {
			continue
		}
		c.tags[g] = make([]bool, len(h.tags[g]))
		for k, places := range h.tagged(g) {
			var cohort consent.Cohort
			for _, place := range places {
				if n := number[place]; n >= 0 {
					cohort = append(cohort, n)
				}
			}
			ask(cohort, &c.tags[g][k])
		}
	}
	if players > mostWindows {
		smallest += 2*neighbours + 1 // as if every cohort held a whole window
	}
	for i, may := range consent.Publishable(windows(players), players, asked, smallest) {
		*told[i] = may
	}
	if c.everyone {
		c.drawHistogram(h, s, number, smallest)
	}
	r.shelf.put(key, c, int64(256+8*len(h.groups)))
	return c
}

// drawHistogram counts scores in as many bins as leave none with some, but fewer than smallest, of those below the top. Its bounds
// are no player's score.
func (c *cohorts) drawHistogram(h *held, seen *seen, number []int, smallest int) {
	low, high := math.Inf(1), math.Inf(-1)
	var scores []float64
	var below []bool
	for place := range h.players {
		s := h.number(place, h.score)
		if _, ok := seen.index(place); !ok || math.IsNaN(s) {
			continue
		}
		low, high = math.Min(low, s), math.Max(high, s)
		scores, below = append(scores, s), append(below, number[place] >= 0)
	}
	if out := h.card.OutOf; out > 0 && low >= 0 && high <= out {
		low, high = 0, out
	} else {
		step := math.Pow10(int(math.Ceil(math.Log10(math.Max(high-low, 1e-9)))))
		low, high = math.Floor(low/step)*step, math.Ceil(high/step)*step
	}
	for _, n := range []int{bins, 10, 5, 4, 2} {
		counts, hidden := make([]int, n), make([]int, n)
		for i, s := range scores {
			k := bin(s, low, high, n)
			counts[k]++
			if below[i] {
				hidden[k]++
			}
		}
		if !slices.ContainsFunc(hidden, func(n int) bool { return n > 0 && n < smallest }) {
			c.histogram, c.low, c.high = counts, low, high
			return
		}
	}
}
