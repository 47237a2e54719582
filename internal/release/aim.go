package release

import (
	"context"

	"cairn/internal/target"
)

// Aim is how the players of a release stand to one target.
type Aim struct {
	Target                   target.Target
	Tag                      string  // of a team's
	Due, Value               float64 // of a team or board: the mean; NaN withheld or none
	Way                      target.Way
	Ahead, On, Behind, Blank int // players; −1 withheld
}

// Aims returns the targets of the board as they stood at the release, and how its players stand to them, as far as the reader may
// know.
func (v *View) Aims(ctx context.Context) ([]Aim, error) { return nil, nil }

// aims fills in how the player of a card stands to the targets that are for them.
func (v *View) aims(ctx context.Context, c *Card, place int) error { return nil }
