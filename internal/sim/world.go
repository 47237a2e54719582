package sim

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"cairn/internal/period"
)

// World is invented players and their entries over some periods.
type World struct {
	Players []Player
	Periods []period.Period // oldest first
	Entries [][]Entry       // per period, in the order of time
}

// Player is an invented person or organisation.
type Player struct {
	Key, Name string
	Tags      map[string]string
	Joins     int // index of the period from which there are entries
}

// Entry is one thing an invented player did.
type Entry struct {
	Player int // index into World.Players
	Key    string
	At     time.Time
	Value  float64
	ID     string // unique in the world
}

// maker makes a world.
type maker struct {
	World
	zone *time.Location
}

// periods are the n that end with last.
func newMaker(last period.Period, n int, zone *time.Location) *maker {
	m := &maker{zone: zone}
	for i := range n {
		m.Periods = append(m.Periods, last.Add(i-n+1))
	}
	m.Entries = make([][]Entry, n)
	return m
}

// enter adds an entry of a player at a local time of day on the day-th day of a period.
func (m *maker) enter(p, player, day, minute int, key string, value float64) {
	y, month, d := m.Periods[p].First.Start(m.zone).Date()
	at := time.Date(y, month, d+day, minute/60, minute%60, 0, 0, m.zone)
	id := key + ":" + m.Players[player].Key + ":" + at.Format("2006-01-02") + ":" + strconv.Itoa(len(m.Entries[p]))
	m.Entries[p] = append(m.Entries[p], Entry{Player: player, Key: key, At: at, Value: value, ID: id})
}

// made puts the entries into the order of time.
func (m *maker) made() *World {
	for _, entries := range m.Entries {
		slices.SortStableFunc(entries, func(a, b Entry) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Player, b.Player)) })
	}
	return &m.World
}

// luck is a seeded source of the shapes that real numbers have. It multiplies and adds only, so that every machine draws
// the same.
type luck struct{ *rand.Rand }

// newLuck is the luck of one player (or of everyone) under a seed: adding a player changes nobody else's.
func newLuck(seed, of uint64) luck { return luck{rand.New(rand.NewPCG(seed, of))} }

// normal draws from very nearly the standard normal distribution: the sum of twelve uniform numbers, less six.
func (l luck) normal() float64 {
	sum := -6.0
	for range 12 {
		sum += l.Float64()
	}
	return sum
}

// skewed turns a normal draw into a factor around 1 with a long tail to the right, close to the log-normal of that sigma.
func skewed(z, sigma float64) float64 {
	root := max(1+float64(z*sigma)/4, 0.1)
	square := root * root
	return square * square
}

// count draws how often something happened that was expected so many times.
func (l luck) count(expected float64) int {
	if expected <= 0 {
		return 0
	}
	chances := max(64, int(4*expected))
	chance, n := expected/float64(chances), 0
	for range chances {
		if l.Float64() < chance {
			n++
		}
	}
	return n
}

// pick draws an index by weight.
func (l luck) pick(weights []float64) int {
	total := 0.0
	for _, w := range weights {
		total += w
	}
	x := float64(l.Float64() * total)
	for i, w := range weights {
		if x -= w; x < 0 {
			return i
		}
	}
	return len(weights) - 1
}

// spread deals n happenings over days by weight.
func (l luck) spread(n int, weights []float64) []int {
	days := make([]int, len(weights))
	for range n {
		days[l.pick(weights)]++
	}
	return days
}
