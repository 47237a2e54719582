package board

import (
	"context"
	"slices"

	"cairn/internal/identity"
	"cairn/scorecard"
)

// Wanted is a quantity that a board derives from a player's own sources.
type Wanted struct {
	Board   *Board
	Member  Member
	Card    *scorecard.Scorecard
	Metric  *scorecard.Part
	Purpose string // why, as the terms in force say
	Granted bool
}

// Wanted returns what the actor's boards derive, or would, from their own sources.
func (b *Boards) Wanted(ctx context.Context, a identity.Actor) (all []Wanted, err error) {
	mine, err := b.Mine(ctx, a)
	if err != nil {
		return nil, err
	}
	for _, m := range mine {
		if m.Access.Member == nil || !m.Access.May(SeeOwn, m.Board) || m.Board.Basis != OptIn {
			continue
		}
		terms, err := b.TermsOf(ctx, m.Board, m.Board.Terms)
		if err != nil {
			return nil, err
		}
		card, err := b.Scorecard(ctx, m.Board.ID, m.Board.Version)
		if err != nil {
			return nil, err
		}
		grants, err := b.rooms.Consents.Grants(ctx, a.Account, m.Board.ID)
		if err != nil {
			return nil, err
		}
		metrics := card.Metrics()
		for _, f := range terms.Fields {
			at := slices.IndexFunc(metrics, func(p *scorecard.Part) bool { return p.Key == f.Metric })
			if f.From != FromPlayer || at < 0 {
				continue
			}
			_, granted := grants[f.Metric]
			all = append(all, Wanted{Board: m.Board, Member: *m.Access.Member, Card: card, Metric: metrics[at], Purpose: f.Purpose, Granted: granted})
		}
	}
	return all, nil
}
