package score

import (
	"math"

	"cairn/scorecard"
)

// Engine names the rules of this engine; it changes whenever any published number could.
const Engine = "cairn/1"

// Table is what is scored: one taken value per player and metric, as columns. Every slice is as long as Players;
// NaN is missing, every other value is finite.
type Table struct {
	Players []string             // identifiers, unique, not empty
	Names   []string             // for people; nil or parallel to Players
	Tags    map[string][]string  // tag group → tag of each player, "" none
	Columns map[string][]float64 // metric key → values; a metric without a column is missing for everyone
	Totals  map[string]float64   // of metrics with take: share, the sum over all players that the values are shares of
	Carried map[string][]float64 // of metrics with missing: carry, the last released values
	Silent  []string             // metrics whose sources told nothing: what is missing of them is not taken for zero or another fixed number
}

// Options of a calculation.
type Options struct {
	Frozen  Parameters // data-driven parameters to use instead of those of the players; nil: from the players
	Workers int        // 0: as many as there are processors

	tolerant bool // a refused value is missing, rather than an error
}

// State says how a part came by its value.
type State uint8

// The states of a part. Imputed outranks Capped where both hold.
const (
	Present State = iota
	Missing
	Imputed
	Capped // floor or cap changed it
)

func (s State) String() string { return [...]string{"present", "missing", "imputed", "capped"}[s] }

// Warning is something a careful reader should know about a calculation.
type Warning struct {
	Part    string `json:"part,omitempty"`
	Message string `json:"message"`
}

// DataError names the player and the part whose value the scorecard refuses.
type DataError struct{ Player, Part, Message string }

func (e *DataError) Error() string {
	if e.Player == "" {
		return e.Part + ": " + e.Message
	}
	return "player " + e.Player + ", " + e.Part + ": " + e.Message
}

// Result is one calculation. Slices by player are parallel to Table.Players; an unscored player has NaN scores and
// rank 0.
type Result struct {
	Card     *scorecard.Scorecard
	Table    *Table
	Warnings []Warning

	Exact    []float64            // before rounding
	Score    []float64            // published
	Rank     []float64            // 1 is best; halves only under ties: fractional
	TagRanks map[string][]float64 // tag group → rank among players with the same tag, 0 none
	Coverage []float64            // share of scored metric weight that was present before imputation
	Order    []int32              // players best first, then unscored ones, in the order of the table among equals

	*calculation
}

// Part is what one part did for one player. Absent numbers are NaN.
type Part struct {
	Part     *scorecard.Part
	Depth    int // 0 for the top parts
	Raw      float64
	Treated  float64 // after missing and treat; −Inf where it lies outside the domain of a step
	Uncapped float64 // the part's value after then, before floor and cap
	Value    float64 // the part's own value, before its weight; of an unscored metric its raw value
	Weight   float64 // effective weight over all scored siblings, top down; the metrics' add up to 1
	Possible float64 // most points this player could have here; NaN where the score has no full marks
	Points   float64 // exact; the top parts' add up to the exact score, a group's children's to the group's
	State    State
}

// Score calculates. It fails with a *DataError where the scorecard refuses a value, and changes neither card nor
// table. The result keeps both.
func Score(card *scorecard.Scorecard, table *Table, options Options) (*Result, error) {
	c, err := newCalculation(card, table, options)
	if err != nil {
		return nil, err
	}
	if err := c.readMetrics(); err != nil {
		return nil, err
	}
	c.leave()
	if err := c.valueMetrics(); err != nil {
		return nil, err
	}
	if err := c.combineGroups(); err != nil {
		return nil, err
	}
	r := &Result{Card: card, Table: table, calculation: c}
	if err := r.publish(); err != nil {
		return nil, err
	}
	r.rank()
	r.cover()
	r.Warnings = c.collectWarnings()
	return r, nil
}

// Note says why player i has no score, "" if they have one.
func (r *Result) Note(i int) string {
	switch note, left := r.left[int32(i)]; {
	case left:
		return note
	case math.IsNaN(r.Score[i]):
		return r.absence(i)
	}
	return ""
}

// Level returns the name of the level of player i, "" below the lowest or unscored.
func (r *Result) Level(i int) string { return LevelOf(r.Card, r.Score[i]) }

// LevelOf returns the name of the level of a published score, "" below the lowest or for NaN.
func LevelOf(card *scorecard.Scorecard, published float64) string {
	best := -1
	for k, level := range card.Levels {
		if published >= level.From && (best < 0 || level.From > card.Levels[best].From) {
			best = k
		}
	}
	if best < 0 {
		return ""
	}
	return card.Levels[best].Name
}

// scale is what the combined value is multiplied by.
func scale(card *scorecard.Scorecard) float64 {
	if card.OutOf == 0 || card.Combine.Mean == scorecard.Position || card.Combine.Mean == scorecard.Copeland {
		return 1
	}
	return card.OutOf
}
