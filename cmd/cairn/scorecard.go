package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"

	"cairn/internal/fault"
	"cairn/scorecard"
)

// scorecardCommand holds what one does with scorecard files beside checking them.
type scorecardCommand struct {
	Templates templatesCommand `cmd:"" help:"List the templates to start from."`
	New       newCommand       `cmd:"" help:"Write a scorecard from a template."`
	Diff      diffCommand      `cmd:"" help:"Say in words what changed from one scorecard to another, and what weight moved."`
}

// templatesCommand lists the templates.
type templatesCommand struct{}

func (templatesCommand) Run(c *console) error {
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TEMPLATE\tNAME\tWHAT IT SCORES")
	for _, template := range scorecard.Templates() {
		card, err := template.Load()
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", template.Key, card.Name, template.About)
	}
	return table.Flush()
}

// newCommand writes a scorecard from a template.
type newCommand struct {
	Template string `arg:"" help:"Key of a template (\"cairn scorecard templates\" lists them)." placeholder:"TEMPLATE"`
	Out      string `help:"File to write; without it, standard output." placeholder:"FILE"`
	Key      string `help:"Key of the new scorecard: a-z, 0-9 and hyphens." placeholder:"KEY"`
	Name     string `help:"Name of the new scorecard." placeholder:"NAME"`
	Force    bool   `help:"Write over a file that is there."`
}

func (cmd *newCommand) Run(c *console) error {
	template, nearest, ok := scorecard.TemplateOf(cmd.Template)
	if !ok {
		return fault.New(fault.NotFound, "no template is called %q; did you mean %q? \"cairn scorecard templates\" lists them", cmd.Template, nearest)
	}
	source := template.Renamed(cmd.Key, cmd.Name)
	if _, err := scorecard.Load(template.Key+".yaml", source); err != nil {
		return err
	}
	if cmd.Out == "" {
		_, err := c.out.Write(source)
		return err
	}
	if err := writeFile(cmd.Out, source, cmd.Force); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s: written. Next: change the weights and the reasons, then run: cairn check %s\n", cmd.Out, cmd.Out)
	return nil
}

// writeFile writes a file all or nothing; without force it never writes over another.
func writeFile(file string, content []byte, force bool) error {
	if _, err := os.Lstat(file); err == nil && !force {
		return fault.New(fault.Conflict, "%s is there already; choose another name, or write over it with --force", file)
	}
	return writeOut(file, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// diffCommand compares two scorecards.
type diffCommand struct {
	Before string `arg:"" help:"The scorecard as it was; - reads standard input." placeholder:"A"`
	After  string `arg:"" help:"The scorecard as it is to be." placeholder:"B"`
}

func (cmd *diffCommand) Run(c *console) error {
	before, errBefore := c.scorecard(cmd.Before)
	after, errAfter := c.scorecard(cmd.After)
	if err := bothProblems(errBefore, errAfter); err != nil {
		return err
	}
	changes := scorecard.Diff(before, after)
	if len(changes) == 0 {
		text := "no difference"
		if !bytes.Equal(before.Source, after.Source) {
			text += " but in comments and spelling"
		}
		fmt.Fprintf(c.out, "%s → %s: %s; every score stays as it is\n", before.File, after.File, text)
		return nil
	}
	scores := "scores may change"
	if !slices.ContainsFunc(changes, func(change scorecard.Change) bool { return change.Kind != scorecard.Told }) {
		scores = "words only, every score stays as it is"
	}
	fmt.Fprintf(c.out, "%s → %s: %s, %s\n", before.File, after.File, counted(len(changes), "change"), scores)
	for _, change := range changes {
		fmt.Fprintf(c.out, "  %s\n", change)
	}
	if slices.ContainsFunc(changes, func(change scorecard.Change) bool { return change.Kind == scorecard.Weighed }) {
		return weightTable(c, before, after)
	}
	return nil
}

// bothProblems joins the problems of two files into one report.
func bothProblems(first, second error) error {
	var all, found scorecard.Problems
	for _, err := range []error{first, second} {
		switch {
		case errors.As(err, &found):
			all = append(all, found...)
		case err != nil:
			return err
		}
	}
	if len(all) > 0 {
		return all
	}
	return nil
}

// weightTable prints the effective weight of every scored metric before and after.
func weightTable(c *console, before, after *scorecard.Scorecard) error {
	old, now := before.EffectiveWeights(), after.EffectiveWeights()
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\nMETRIC\tBEFORE\tAFTER\t")
	row := func(key string) {
		cell := func(weights map[string]float64) string {
			if w, scored := weights[key]; scored {
				return fmt.Sprintf("%.1f %%", 100*w)
			}
			return "–"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t\n", key, cell(old), cell(now))
	}
	for _, p := range after.Metrics() {
		if p.Scored {
			row(p.Key)
		}
	}
	for _, p := range before.Metrics() {
		if _, stays := now[p.Key]; p.Scored && !stays {
			row(p.Key)
		}
	}
	return table.Flush()
}
