package release

import "context"

// further adds the stories that depend on who reads and on what stands beside the player: rivals, pace, norms, and losses for
// who asked for them.
func (v *View) further(ctx context.Context, c *Card, place int) error { return nil }
