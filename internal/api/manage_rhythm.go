package api

import (
	"context"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/period"
	"cairn/internal/release"
)

// byHand is what the API calls a rhythm by which nothing happens by itself.
const byHand = "by hand"

func rhythmOf(r client.Rhythm) board.Rhythm {
	made := board.Rhythm{Mode: board.Mode(r.Mode), Days: r.Days, At: r.At, Grace: r.Grace, From: r.From}
	if r.Mode == byHand {
		made.Mode = board.ByHand
	}
	return made
}

func wireRhythm(r board.Rhythm) client.Rhythm {
	wire := client.Rhythm{Mode: string(r.Mode), Days: r.Days, At: r.At, Grace: r.Grace, From: r.From}
	if r.Mode == board.ByHand {
		wire.Mode = byHand
	}
	return wire
}

func wireTurn(t release.Turn) client.Turn {
	wire := client.Turn{Period: t.Period.String(), Closes: t.Closes, Releases: t.Releases, State: string(t.State), Why: t.Why, Ended: t.Ended}
	if !t.Changed.IsZero() {
		wire.Changed = &t.Changed
	}
	return wire
}

// comingShown is how many periods to come are told with a rhythm.
const comingShown = 3

func (d *door) showRhythm(ctx context.Context, v *visit, _ *InBoard) (*body[client.Rhythm], error) {
	b, err := d.now(ctx, v)
	if err != nil {
		return nil, err
	}
	told := wireRhythm(b.Rhythm)
	coming, err := d.Clock.Coming(ctx, b, comingShown)
	for _, t := range coming {
		told.Coming = append(told.Coming, wireTurn(t))
	}
	return answer(told), err
}

func (d *door) setRhythm(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.Rhythm
}) (*body[client.Rhythm], error) {
	if err := d.Boards.SetRhythm(ctx, v.actor, v.board, rhythmOf(in.Body)); err != nil {
		return nil, err
	}
	return d.showRhythm(ctx, v, &in.InBoard)
}

// turnsShown is how many turns that began are told.
const turnsShown = 53

func (d *door) listTurns(ctx context.Context, v *visit, _ *InBoard) (*body[client.Page[client.Turn]], error) {
	turns, err := d.Clock.Turns(ctx, v.board, turnsShown)
	all := make([]client.Turn, 0, len(turns))
	for _, t := range turns {
		all = append(all, wireTurn(t))
	}
	return listOf(all), err
}

func (d *door) changeTurn(ctx context.Context, v *visit, in *struct {
	InPeriod
	Body struct {
		Do string `json:"do" enum:"hold,go,leave out,again"`
	}
}) (*nothing, error) {
	p, err := d.periodOf(ctx, v.board, in.Period)
	if err != nil {
		return nil, err
	}
	switch in.Body.Do {
	case client.HoldTurn:
		err = d.Clock.Hold(ctx, v.actor, v.board, p, true)
	case client.GoOnTurn:
		err = d.Clock.Hold(ctx, v.actor, v.board, p, false)
	case client.LeaveOutTurn:
		err = d.Clock.LeaveOut(ctx, v.actor, v.board, p)
	default:
		err = d.Clock.Again(ctx, v.board, p)
	}
	return &nothing{}, err
}

// InPeriod is an address that names a period of a board.
type InPeriod struct {
	InBoard
	Period string `path:"period" doc:"A period of the board's unit." example:"2026-W47" maxLength:"30"`
}

// periodOf reads a period of the address; NotFound where the board can have none of that name.
func (d *door) periodOf(ctx context.Context, b *board.Board, name string) (period.Period, error) {
	card, err := d.Boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return period.Period{}, err
	}
	p, err := period.Parse(card.Period, name)
	if err != nil {
		return p, fault.Wrap(fault.NotFound, err, "There is no such period.")
	}
	return p, nil
}

// periodIn reads a period that stands in a body.
func (d *door) periodIn(ctx context.Context, b *board.Board, name, field string) (period.Period, error) {
	card, err := d.Boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return period.Period{}, err
	}
	p, err := period.Parse(card.Period, name)
	if err != nil {
		return p, wrong(field, "%s", fault.Message(err))
	}
	return p, nil
}

// wrong is a fault of one field of what was sent.
func wrong(field, format string, args ...any) error {
	return fault.Wrong(field, format, args...)
}
