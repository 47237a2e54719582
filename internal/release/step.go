package release

import (
	"context"

	"cairn/scorecard"
)

// Step is the small next step: the least change of one metric that would lift the score by a point, or past the next neighbour.
type Step struct {
	Metric   *scorecard.Part
	From, To float64 // raw values
	Gain     float64 // published points
	Score    float64 // published, afterwards
	Passes   string  // the name of the neighbour who would be passed, "" nobody
	Headline string  // "3 more calls"
	Text     string  // a sentence with the evidence
	Short    string  // within a text message
}

// step finds the next step of the player of a card, from what is for the reader alone. nil where there is none.
func (v *View) step(ctx context.Context, c *Card, place int) (*Step, error) { return nil, nil }
