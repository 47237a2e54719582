package main

import (
	"fmt"

	"cairn/internal/app"
	"cairn/internal/board"
	"cairn/internal/coaching"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// boardTipsCommand writes the tips of a board as a file, or brings those of a file.
type boardTipsCommand struct {
	dbFlags
	Board string `arg:"" help:"Key of the board." placeholder:"BOARD"`
	What  string `arg:"" help:"export or import." enum:"export,import" placeholder:"export|import"`
	File  string `arg:"" optional:"" help:"YAML file; - reads standard input. Without it, export writes to standard output." placeholder:"FILE"`
	Force bool   `help:"Write over a file that is there."`
}

func (boardTipsCommand) Help() string {
	return `A file of tips is a library to share: each tip has a title and a text in Markdown, and may have the kind of story and the metric that it
hangs on, an author and a link. Importing is all or nothing, and a tip of the same kind, metric and title takes the place of the one
there, so a file can be brought again after it was changed.`
}

// Run writes or brings them.
func (cmd *boardTipsCommand) Run(c *console) error {
	if cmd.What == "import" {
		return cmd.bring(c)
	}
	return cmd.onBoard(c, cmd.Board, func(a *app.App, b *board.Board) error {
		tips, err := a.Coaching.Tips(c, b)
		if err != nil {
			return err
		}
		return cmd.write(c, tips)
	})
}

func (cmd *boardTipsCommand) write(c *console, tips []coaching.Tip) error {
	text, err := coaching.WriteFile(cmd.Board, tips)
	if err != nil {
		return err
	}
	if cmd.File == "" || cmd.File == "-" {
		_, err := c.out.Write(text)
		return err
	}
	if err := writeFile(cmd.File, text, cmd.Force); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s: written: %d tips.\n", cmd.File, len(tips))
	return nil
}

// read reads the tips of the file.
func (cmd *boardTipsCommand) read(c *console) ([]coaching.Tip, error) {
	if cmd.File == "" {
		return nil, fault.New(fault.Invalid, "Say which file to bring: cairn board tips %s import FILE.", cmd.Board)
	}
	name, text, err := c.text(cmd.File, coaching.MostLibrary)
	if err != nil {
		return nil, err
	}
	return coaching.ReadFile(name, text)
}

func (cmd *boardTipsCommand) bring(c *console) error {
	tips, err := cmd.read(c)
	if err != nil {
		return err
	}
	return cmd.onBoard(c, cmd.Board, func(a *app.App, b *board.Board) error {
		written, err := a.Coaching.WriteTips(c, identity.Actor{}, b, tips)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s: %d tips are there.\n", b.Key, len(written))
		return nil
	})
}
