package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"cairn/score"
	"cairn/scorecard"
)

const teams = 100

// column returns the values of one metric: skewed counts, counts with many zeros, long-tailed reals and shares, as real
// boards have them. The same seed gives the same values everywhere.
func column(metric, players int) []float64 {
	random := rand.New(rand.NewPCG(2026, uint64(metric)))
	values := make([]float64, players)
	for i := range values {
		switch metric % 5 {
		case 0: // posts: a few for most, many for some
			values[i] = math.Floor(math.Exp(1 + random.NormFloat64()))
		case 1: // reactions: hundreds, long tail
			values[i] = math.Floor(math.Exp(4 + 1.2*random.NormFloat64()))
		case 2: // hours: real, long tail
			values[i] = math.Exp(random.NormFloat64())
		case 3: // meetings: most have none
			if random.IntN(3) == 0 {
				values[i] = math.Floor(random.ExpFloat64() * 4)
			}
		case 4: // a share in percent, one decimal
			values[i] = math.Round(1000/(1+math.Exp(-random.NormFloat64()))) / 10
		}
	}
	return values
}

// teamsOf returns the team of every player; some are much larger than others.
func teamsOf(players int) []int32 {
	random := rand.New(rand.NewPCG(2026, 1<<32))
	list := make([]int32, players)
	for i := range list {
		x := random.Float64()
		list[i] = int32(x * x * teams)
	}
	return list
}

func playerKey(i int) string  { return fmt.Sprintf("p%07d", i) }
func teamName(t int32) string { return fmt.Sprintf("team-%02d", t) }
func metricKey(m int) string  { return fmt.Sprintf("m%02d", m) }

// weight of a metric; small whole numbers, not all alike.
func weight(m int) int { return 1 + m%3 }

// byPercentile says which half of the metrics is ranked; the other half is min-max. Each shape of column is in both halves.
func byPercentile(m int) bool { return m/5%2 == 1 }

// card returns a scorecard of so many metrics, half min-max between the least and the greatest player, half percentile.
func card(metrics int) (*scorecard.Scorecard, error) {
	var text strings.Builder
	text.WriteString("scorecard: 1\nkey: bench\nname: Bench\ntags: [team]\nrank_on: exact\ndecimals: 2\nparts:\n")
	for m := range metrics {
		method := "minmax"
		if byPercentile(m) {
			method = "percentile"
		}
		fmt.Fprintf(&text, "  - {key: %s, weight: %d, missing: zero, normalise: {%s: {}}}\n", metricKey(m), weight(m), method)
	}
	return scorecard.Load("bench.yaml", []byte(text.String()))
}

func table(players, metrics int) *score.Table {
	t := &score.Table{Players: make([]string, players), Columns: map[string][]float64{}}
	names := make([]string, teams)
	for i := range names {
		names[i] = teamName(int32(i))
	}
	team := make([]string, players)
	for i, n := range teamsOf(players) {
		t.Players[i] = playerKey(i)
		team[i] = names[n]
	}
	t.Tags = map[string][]string{"team": team}
	for m := range metrics {
		t.Columns[metricKey(m)] = column(m, players)
	}
	return t
}
