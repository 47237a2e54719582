package score

import (
	"errors"
	"io"

	"cairn/scorecard"
)

type calculation struct{}

var errNotYet = errors.New("not yet")

// Score calculates. It fails with a *DataError where a value is refused.
func Score(card *scorecard.Scorecard, table *Table, options Options) (*Result, error) {
	return nil, errNotYet
}

// DataError names the player and part whose value the scorecard refuses.
type DataError struct{ Player, Part, Message string }

func (e *DataError) Error() string { return e.Player + ": " + e.Part + ": " + e.Message }

// Parts returns every part of player i, depth first in declared order, unscored metrics included.
func (r *Result) Parts(i int) []Part { return nil }

// Level returns the name of the level of player i, "" below the lowest or unscored.
func (r *Result) Level(i int) string { return "" }

// Parameters returns the data-driven parameters that were used.
func (r *Result) Parameters() Parameters { return nil }

// Publish rounds exact amounts (points, moves) to the scorecard's decimals so that they add up to total, itself a
// published number: largest remainder decides.
func Publish(card *scorecard.Scorecard, total float64, exact []float64) []float64 { return nil }

// Bridge holds the four calculations that tell what moved a score: Before (the last release), Own (the new values under the
// old rules and the old parameters), Others (new values, old rules, new parameters) and After (the new release). Where
// the rules are the same, Others and After are one.
type Bridge struct{ Before, Own, Others, After *Result }

// NewBridge calculates Own and Others. table holds the new values taken under the rules of before.Card; it may be
// after.Table where the rules did not change.
func NewBridge(before, after *Result, table *Table, options Options) (*Bridge, error) {
	return nil, errNotYet
}

// Moves tells what moved the score of a player (index i in After.Table), per part depth first; ok is false where the
// player was not scored in both. The Own, Others and Rules of the top parts add up to the change of the exact score.
func (b *Bridge) Moves(i int) (moves []Move, ok bool) { return nil, false }

// WriteCSV and WriteJSON write a result as cli-score.md says. ReadParameters reads those of a JSON result.
func (r *Result) WriteCSV(w io.Writer) error  { return errNotYet }
func (r *Result) WriteJSON(w io.Writer) error { return errNotYet }

func ReadParameters(r io.Reader) (Parameters, error) { return nil, errNotYet }
