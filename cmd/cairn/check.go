package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"cairn/internal/fault"
	"cairn/scorecard"
)

// checkCommand reads scorecards and says all that is wrong with them.
type checkCommand struct {
	Files  []string `arg:"" name:"file" help:"Scorecard files; - reads standard input." placeholder:"FILE"`
	Advise bool     `help:"Also say what a careful designer would look at again: weights without a reason, words that shame, more weight on activity than on results."`
}

func (checkCommand) Help() string {
	return `Reads each scorecard and prints one line when it is right, else every problem with file, line and column, the
offending text and the nearest known word. Exit code 2 where a scorecard has problems. Advice is no problem.`
}

// Run checks every file before it fails, so that one run tells everything.
func (cmd *checkCommand) Run(c *console) error {
	var problems scorecard.Problems
	var unread error
	for _, file := range cmd.Files {
		card, err := c.scorecard(file)
		if found := (scorecard.Problems)(nil); errors.As(err, &found) {
			problems = append(problems, found...)
			continue
		}
		if err != nil {
			if unread != nil {
				fmt.Fprintln(c.err, "cairn:", fault.Message(unread))
			}
			unread = err
			continue
		}
		fmt.Fprintf(c.out, "%s: ok — %s\n", card.File, summary(card))
		if cmd.Advise {
			for _, advice := range scorecard.Advise(card) {
				fmt.Fprintf(c.out, "%s:%d:%d: advice: %s\n", advice.File, advice.Line, advice.Column, advice.Message)
			}
		}
	}
	if len(problems) == 0 {
		return unread
	}
	if unread != nil {
		fmt.Fprintln(c.err, "cairn:", fault.Message(unread))
	}
	return problems
}

// summary says in a line what a scorecard is.
func summary(card *scorecard.Scorecard) string {
	metrics, scored, groups := 0, 0, 0
	card.Walk(func(p, _ *scorecard.Part, _ int) {
		switch {
		case p.IsGroup():
			groups++
		case p.Scored:
			scored++
			metrics++
		default:
			metrics++
		}
	})
	text := card.Name + ", " + counted(metrics, "metric")
	if scored < metrics {
		text += fmt.Sprintf(" (%d scored)", scored)
	}
	if groups > 0 {
		text += " in " + counted(groups, "group")
	}
	return fmt.Sprintf("%s, one score per %s and %s", text, card.Players, card.Period)
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// scorecard reads and checks a scorecard file; "-" is standard input.
func (c *console) scorecard(file string) (*scorecard.Scorecard, error) {
	name, source, err := c.text(file, scorecard.MaxBytes)
	if err != nil {
		return nil, err
	}
	return scorecard.Load(name, source)
}

// text reads a file, or with - standard input, up to one byte more than most: whoever reads the text says that it is too long.
func (c *console) text(file string, most int64) (name string, source []byte, err error) {
	in := c.in
	if file == "-" {
		file = "standard input"
	} else {
		opened, err := os.Open(file)
		if err != nil {
			return file, nil, unreadable(file, err)
		}
		defer opened.Close()
		in = opened
	}
	if source, err = io.ReadAll(io.LimitReader(in, most+1)); err != nil {
		return file, nil, unreadable(file, err)
	}
	return file, source, nil
}

// unreadable says why a file cannot be read.
func unreadable(file string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault.Wrap(fault.NotFound, err, "%s: there is no such file", file)
	case errors.Is(err, fs.ErrPermission):
		return fault.Wrap(fault.Forbidden, err, "%s: this account may not read the file", file)
	}
	if info, statErr := os.Stat(file); statErr == nil && info.IsDir() {
		return fault.Wrap(fault.Invalid, err, "%s is a folder; name a file in it", file)
	}
	return fault.Wrap(fault.Unavailable, err, "%s: the file cannot be read now", file)
}
