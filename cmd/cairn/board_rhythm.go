package main

import (
	"cmp"
	"fmt"
	"text/tabwriter"

	"cairn/internal/app"
	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/period"
	"cairn/internal/release"
)

// atMinute writes an instant with the board's own zone.
const atMinute = "Mon 2006-01-02 15:04 MST"

// boardRhythmCommand shows or changes when a board is released.
type boardRhythmCommand struct {
	dbFlags
	Board    string `arg:"" help:"Key of the board." placeholder:"BOARD"`
	Auto     bool   `help:"Draft each period when it closes, tell the managers, and publish it after the time of grace." xor:"mode"`
	Draft    bool   `help:"Draft each period when it closes and tell the managers, who publish it." xor:"mode"`
	ByHand   bool   `help:"Do nothing by itself." xor:"mode"`
	Days     *int   `help:"How many days after the first day that follows a period it closes, 0 to 27 (default: 0)." placeholder:"N"`
	At       string `help:"Time of day at which it closes, in the board's time zone (default: 09:00)." placeholder:"HH:MM"`
	Grace    *int   `help:"For how many hours late data is waited for (default: 24)." placeholder:"HOURS"`
	From     string `help:"First period that it holds for; one that is over is caught up (default: the one that closes next)." placeholder:"PERIOD"`
	Hold     string `help:"Keep a closed period from being published by itself." placeholder:"PERIOD" xor:"mode"`
	Go       string `help:"Let a period that was held go on." placeholder:"PERIOD" xor:"mode"`
	LeaveOut string `help:"Go on with the next period; of this one there is no release." placeholder:"PERIOD" xor:"mode"`
	Again    string `help:"Try at once what failed." placeholder:"PERIOD" xor:"mode"`
}

func (boardRhythmCommand) Help() string {
	return `Without flags it shows the rhythm, what comes next, and what became of each period so far. A program that runs ("cairn serve",
or "cairn job run" now and then) does the work; what was missed is caught up, oldest first.

  cairn board rhythm club --auto --days 0 --at 09:00 --grace 24`
}

// Run changes what is asked for, and prints how it stands.
func (cmd *boardRhythmCommand) Run(c *console) error {
	return cmd.onBoard(c, cmd.Board, func(a *app.App, b *board.Board) error {
		if err := cmd.change(c, a, b); err != nil {
			return err
		}
		b, err := boardOf(c, a, b.Key)
		if err != nil {
			return err
		}
		return tellRhythm(c, a, b)
	})
}

func (cmd *boardRhythmCommand) change(c *console, a *app.App, b *board.Board) error {
	switch {
	case cmd.Hold != "", cmd.Go != "":
		p, err := periodOf(c, a, b, cmp.Or(cmd.Hold, cmd.Go))
		if err != nil {
			return err
		}
		return a.Clock.Hold(c, identity.Actor{}, b, p, cmd.Hold != "")
	case cmd.LeaveOut != "":
		p, err := periodOf(c, a, b, cmd.LeaveOut)
		if err != nil {
			return err
		}
		return a.Clock.LeaveOut(c, identity.Actor{}, b, p)
	case cmd.Again != "":
		p, err := periodOf(c, a, b, cmd.Again)
		if err != nil {
			return err
		}
		return a.Clock.Again(c, b, p)
	}
	r := b.Rhythm
	if r.Mode == board.ByHand {
		r = board.Rhythm{At: "09:00", Grace: 24}
	}
	r.From = cmd.From
	switch {
	case cmd.Auto:
		r.Mode = board.Auto
	case cmd.Draft:
		r.Mode = board.ToDraft
	case cmd.ByHand:
		r.Mode = board.ByHand
	case cmd.Days == nil && cmd.At == "" && cmd.Grace == nil && cmd.From == "":
		return nil // only shown
	case b.Rhythm.Mode == board.ByHand:
		return fault.New(fault.Invalid, "The board is released by hand: say --auto or --draft.")
	}
	if cmd.Days != nil {
		r.Days = *cmd.Days
	}
	if cmd.Grace != nil {
		r.Grace = *cmd.Grace
	}
	r.At = cmp.Or(cmd.At, r.At)
	return a.Boards.SetRhythm(c, identity.Actor{}, b, r)
}

// periodOf reads a period of a board's unit.
func periodOf(c *console, a *app.App, b *board.Board, text string) (period.Period, error) {
	card, err := a.Boards.Scorecard(c, b.ID, b.Version)
	if err != nil {
		return period.Period{}, err
	}
	return period.Parse(card.Period, text)
}

// tellRhythm prints the rhythm of a board, what comes and what was.
func tellRhythm(c *console, a *app.App, b *board.Board) error {
	switch b.Rhythm.Mode {
	case board.ByHand:
		fmt.Fprintf(c.out, "%s is released by hand; \"cairn board rhythm %s --auto\" has it done by itself.\n", b.Key, b.Key)
	case board.ToDraft:
		fmt.Fprintf(c.out, "%s: each period is drafted %s; a manager publishes it.\n", b.Key, closing(b.Rhythm))
	case board.Auto:
		fmt.Fprintf(c.out, "%s: each period is drafted %s and published %s later.\n", b.Key, closing(b.Rhythm), counted(b.Rhythm.Grace, "hour"))
	}
	coming, err := a.Clock.Coming(c, b, 3)
	if err != nil {
		return err
	}
	turns, err := a.Clock.Turns(c, b, 12)
	if err != nil || len(coming)+len(turns) == 0 {
		return err
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PERIOD\tCLOSES\tRELEASED\tSTATE\tWHY")
	for i := len(coming) - 1; i >= 0; i-- {
		if coming[i].State == release.TurnWaiting {
			tellTurn(table, b, coming[i])
		}
	}
	for _, t := range turns {
		tellTurn(table, b, t)
	}
	return table.Flush()
}

func tellTurn(table *tabwriter.Writer, b *board.Board, t release.Turn) {
	fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", t.Period, t.Closes.In(b.Location()).Format(atMinute), t.Releases.In(b.Location()).Format(atMinute), t.State, cmp.Or(t.Why, "-"))
}

// closing says when a period closes.
func closing(r board.Rhythm) string {
	if r.Days == 0 {
		return "at " + r.At + " on the day after it"
	}
	return fmt.Sprintf("at %s on day %d after it", r.At, r.Days+1)
}
