package main

import (
	"fmt"

	"cairn/internal/app"
	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/scorecard"
)

// boardExportCommand writes a board as a file.
type boardExportCommand struct {
	dbFlags
	Board string `arg:"" help:"Key of the board." placeholder:"BOARD"`
	Out   string `help:"File to write; without it, standard output." placeholder:"FILE"`
	Force bool   `help:"Write over a file that is there."`
}

// Run writes it.
func (cmd *boardExportCommand) Run(c *console) error {
	return cmd.onBoard(c, cmd.Board, func(a *app.App, b *board.Board) error {
		design, err := a.Boards.Design(c, b)
		if err != nil {
			return err
		}
		if cmd.Out == "" {
			_, err := c.out.Write(design.Write())
			return err
		}
		if err := writeFile(cmd.Out, design.Write(), cmd.Force); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s: written: everything of the board but its people and its data.\n", cmd.Out)
		return nil
	})
}

// maxDesign is how long a design file may be, in bytes: the board, and its scorecard.
const maxDesign = 2 * scorecard.MaxBytes

// boardImportCommand makes a board of a file, or brings one to it.
type boardImportCommand struct {
	dbFlags
	Design string `arg:"" help:"Design file of a board, as \"cairn board export\" writes it; - reads standard input." placeholder:"FILE"`
	Into   string `help:"Bring this board to the design instead of making a new one." placeholder:"BOARD"`
	Key    string `help:"Key of the new board (default: the design's)." placeholder:"KEY"`
}

// Run makes or changes the board and says what to do next.
func (cmd *boardImportCommand) Run(c *console) error {
	if cmd.Into != "" && cmd.Key != "" {
		return fault.New(fault.Invalid, "A board's key never changes: give --into or --key, not both.")
	}
	name, text, err := c.text(cmd.Design, maxDesign)
	if err != nil {
		return err
	}
	design, err := board.ReadDesign(name, text)
	if err != nil {
		return err
	}
	if cmd.Key != "" {
		design.Key = cmd.Key
	}
	a, err := cmd.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	if cmd.Into == "" {
		b, err := a.Boards.Make(c, identity.Actor{}, design)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "Made the board %s: %s.\n", b.Key, summary(design.Card))
		fmt.Fprintf(c.out, "Next: cairn board role %s ADDRESS owner\n", b.Key)
		return nil
	}
	b, err := boardOf(c, a, cmd.Into)
	if err != nil {
		return err
	}
	if err := a.Boards.Redesign(c, identity.Actor{}, b, design); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s is as %s says.\n", b.Key, name)
	pending, err := a.Boards.Pending(c, b)
	if err == nil && pending != nil {
		fmt.Fprintf(c.out, "What shows more than before is announced to its players, and holds from %s on.\n", pending.Holds.In(b.Location()).Format("2 January 2006, 15:04"))
	}
	return err
}
