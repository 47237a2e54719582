package board

import (
	"context"
	"time"

	"cairn/internal/identity"
	"cairn/scorecard"
)

// Design is a board as a file or as the five steps of making one: everything but people and data.
type Design struct {
	Key, Name string
	Zone      string
	Basis     Basis
	Stage     Stage
	Pages     Pages
	TopN      int
	Retention int
	Smallest  int
	Terms     Terms
	Plan      Plan
	Card      *scorecard.Scorecard
}

// Write returns the design as a file. Reading it again gives the same design, writing that the same bytes.
func (d Design) Write() ([]byte, error) { return nil, nil }

// ReadDesign reads a file. The error is scorecard.Problems, with line and column.
func ReadDesign(name string, text []byte) (Design, error) { return Design{}, nil }

// Design returns a board as a design.
func (b *Boards) Design(ctx context.Context, at *Board) (Design, error) { return Design{}, nil }

// Make makes a board of a design; the actor, where there is one, becomes its owner.
func (b *Boards) Make(ctx context.Context, a identity.Actor, d Design) (*Board, error) {
	return nil, nil
}

// Redesign brings a board to a design: settings, terms, plan, and the scorecard as a new version. Basis and period cannot
// change (Conflict); steps wider are announced.
func (b *Boards) Redesign(ctx context.Context, a identity.Actor, at *Board, d Design) error {
	return nil
}

// Draft is a board on its way through the five steps. Whoever began it can come back to it.
type Draft struct {
	ID      string
	Step    int               // 1 … 5: the step to go on with
	Answers map[string]string // as the forms sent them; "scorecard" holds the file
	Changed time.Time
}

// Drafts returns the actor's drafts, last changed first.
func (b *Boards) Drafts(ctx context.Context, a identity.Actor) ([]Draft, error) { return nil, nil }

// Draft returns one of the actor's drafts, or NotFound.
func (b *Boards) Draft(ctx context.Context, a identity.Actor, id string) (Draft, error) {
	return Draft{}, nil
}

// KeepDraft keeps a draft, a new one where it has no ID, and returns it.
func (b *Boards) KeepDraft(ctx context.Context, a identity.Actor, d Draft) (Draft, error) {
	return d, nil
}

// DropDraft deletes one.
func (b *Boards) DropDraft(ctx context.Context, a identity.Actor, id string) error { return nil }
