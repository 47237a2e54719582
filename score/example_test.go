package score_test

import (
	"fmt"
	"log"
	"math"
	"os"

	"cairn/score"
	"cairn/scorecard"
)

// A scorecard and a table of values give scores, ranks and where every point came from.
func ExampleScore() {
	card, err := scorecard.Load("club.yaml", []byte(`
scorecard: 1
key: club
name: Writing club
parts:
  - {key: posts, weight: 40, missing: zero, normalise: {minmax: {from: 0, to: 5}}}
  - {key: replies, weight: 60, normalise: {percentile: {}}}
`))
	if err != nil {
		log.Fatal(err)
	}
	result, err := score.Score(card, &score.Table{
		Players: []string{"ada", "bo", "cleo"},
		Columns: map[string][]float64{"posts": {5, 2, math.NaN()}, "replies": {31, 12, 18}},
	}, score.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, i := range result.Order {
		fmt.Printf("%v. %s %v:", result.Rank[i], result.Table.Players[i], result.Score[i])
		for _, part := range result.Parts(int(i)) {
			fmt.Printf(" %s %v of %v (%s)", part.Part.Key, part.Points, part.Possible, part.State)
		}
		fmt.Println()
	}
	// Output:
	// 1. ada 100: posts 40 of 40 (present) replies 60 of 60 (present)
	// 2. cleo 30: posts 0 of 40 (imputed) replies 30 of 60 (present)
	// 3. bo 16: posts 16 of 40 (present) replies 0 of 60 (present)
}

// What moved a score between two results: own action, the others, the rules.
func ExampleBridge() {
	card, err := scorecard.Load("club.yaml", []byte(`
scorecard: 1
key: club
name: Writing club
parts: [{key: replies, normalise: {percentile: {}}}]
`))
	if err != nil {
		log.Fatal(err)
	}
	week := func(replies ...float64) *score.Result {
		result, err := score.Score(card, &score.Table{Players: []string{"ada", "bo", "cleo"},
			Columns: map[string][]float64{"replies": replies}}, score.Options{})
		if err != nil {
			log.Fatal(err)
		}
		return result
	}
	last, now := week(31, 12, 18), week(31, 40, 18)
	bridge, err := score.NewBridge(last, now, now.Table, score.Options{})
	if err != nil {
		log.Fatal(err)
	}
	moves, _ := bridge.Moves(0)
	fmt.Printf("ada %v → %v: own %v, others %v\n", last.Score[0], now.Score[0], moves[0].Own, moves[0].Others)
	// Output:
	// ada 100 → 50: own 0, others -50
}

// A result as CSV, as cairn score prints it.
func ExampleResult_WriteCSV() {
	card, err := scorecard.Load("points.yaml", []byte(`
scorecard: 1
key: points
name: Points
out_of: none
combine: sum
parts: [{key: posts, normalise: {points: 2}, cap: 10}]
`))
	if err != nil {
		log.Fatal(err)
	}
	result, err := score.Score(card, &score.Table{Players: []string{"ada", "bo"}, Columns: map[string][]float64{"posts": {7, 3}}}, score.Options{})
	if err != nil {
		log.Fatal(err)
	}
	if err := result.WriteCSV(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// player,name,score,exact,rank,level,coverage,note,posts.value,posts.points
	// ada,,10,10,1,,1,,10,10
	// bo,,6,6,2,,1,,6,6
}
