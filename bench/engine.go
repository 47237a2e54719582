package main

import (
	"fmt"
	"math"
	"sync"

	"cairn/score"
)

// runEngine measures the engine on a table in memory; points adds the exact decomposition of every player.
func runEngine(players, metrics int, points bool, out string) (Measurement, error) {
	scorecard, err := card(metrics)
	if err != nil {
		return Measurement{}, err
	}
	t := table(players, metrics)
	var result *score.Result
	m, err := repeat(func() error {
		result, err = score.Score(scorecard, t, score.Options{})
		if err != nil || !points {
			return err
		}
		return decompose(result)
	})
	if err != nil {
		return m, err
	}
	v := &verdict{result.Exact, result.Rank, result.TagRanks["team"]}
	return m, v.write(out)
}

// decompose takes the points of every part of every player, on two cores, and checks that they add up to the score.
func decompose(result *score.Result) error {
	const workers = 2
	players := len(result.Table.Players)
	wrong := make([]error, workers)
	var done sync.WaitGroup
	for worker := range workers {
		done.Go(func() {
			var d score.Decomposition
			for i := worker * players / workers; i < (worker+1)*players/workers; i++ {
				result.Decompose(i, &d)
				sum := 0.0
				for _, points := range d.Points {
					sum += points
				}
				if math.Abs(sum-result.Exact[i]) > 1e-9 {
					wrong[worker] = fmt.Errorf("player %d: points add up to %v, the score is %v", i, sum, result.Exact[i])
					return
				}
			}
		})
	}
	done.Wait()
	for _, err := range wrong {
		if err != nil {
			return err
		}
	}
	return nil
}
