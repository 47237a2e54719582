package player

import (
	"context"

	"cairn/internal/audit"
	"cairn/internal/identity"
)

// Trail returns what was done to the actor's record and what the actor did, newest first, from the event after before
// ("" the newest) on.
func (p *Players) Trail(ctx context.Context, a identity.Actor, before string, limit int) ([]audit.Event, error) {
	return p.trail.OfPlayer(ctx, a.Account, before, limit)
}
