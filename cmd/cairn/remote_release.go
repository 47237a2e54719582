package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"cairn/client"
	"cairn/internal/fault"
)

// What is done with releases and newsletters on a server elsewhere.

// due is the period that comes next, where none was named.
func (f *boardPeriod) due(c *console, s *client.Client) (string, error) {
	if f.Period != "" {
		return f.Period, nil
	}
	open, err := s.OpenPeriods(c, f.Board)
	if err != nil {
		return "", err
	}
	for _, p := range open.Items {
		if p.Due {
			return p.Period, nil
		}
	}
	return "", fault.New(fault.NotFound, "No period of %q is over that has no release yet.", f.Board)
}

func (f *releaseDraft) over(c *console, s *client.Client) error {
	p, err := f.due(c, s)
	if err != nil {
		return err
	}
	d, err := s.MakeDraft(c, f.Board, p)
	if err != nil {
		return err
	}
	return printDraft(c, d)
}

func (f *releasePreview) over(c *console, s *client.Client) error {
	p, err := f.due(c, s)
	if err != nil {
		return err
	}
	d, err := s.Draft(c, f.Board, p, "", max(f.Top, 0))
	if err != nil {
		return err
	}
	return printDraft(c, d)
}

func printDraft(c *console, d client.Draft) error {
	fmt.Fprintf(c.out, "%s (draft, not published)\n%s\n%s, %d with a score\n\n", d.Period, shown(d.Title), counted(d.Players, "player"), d.Scored)
	for _, w := range d.Warnings {
		fmt.Fprintln(c.err, "warning:", w)
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "RANK\tPLAYER\tSCORE\tCHANGE")
	for _, r := range d.Rows {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", given(r.Rank), shown(r.Name), given(r.Score), given(r.Change))
	}
	return table.Flush()
}

// given writes a number, – where there is none.
func given(x *float64) string {
	if x == nil {
		return "–"
	}
	return fmt.Sprintf("%g", *x)
}

func (f *releasePublish) over(c *console, s *client.Client) error {
	p, err := f.due(c, s)
	if err != nil {
		return err
	}
	made, err := s.Publish(c, f.Board, client.Publishing{Period: p, Early: f.Early})
	if err == nil {
		printPublished(c, made)
	}
	return err
}

func (f *releaseErratum) over(c *console, s *client.Client) error {
	if f.Period == "" {
		return fault.New(fault.Invalid, "Name the period whose release is to be mended: cairn release erratum %s PERIOD --reason TEXT.", f.Board)
	}
	made, err := s.Correct(c, f.Board, f.Period, f.Reason)
	if err == nil {
		printPublished(c, made)
	}
	return err
}

func printPublished(c *console, made client.Published) {
	fmt.Fprintf(c.out, "%s, edition %d is final: %s, %d with a score.\ndigest %s\n", made.Period, made.Edition, counted(made.Players, "player"), made.Scored, made.Digest)
}

func (f *releaseList) over(c *console, s *client.Client) error {
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PERIOD\tEDITION\tPLAYERS\tSCORED\tPUBLISHED\tDIGEST\tTITLE")
	var cut client.Cut
	for {
		page, err := s.Releases(c, f.Board, cut)
		if err != nil {
			return err
		}
		for _, r := range page.Items {
			title := r.Title
			if r.Superseded {
				title = "(superseded) " + title
			}
			fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%s\t%.12s\t%s\n", r.Period, r.Edition, r.Players, r.Scored, r.Published.Format("2006-01-02 15:04"), r.Digest, shown(title))
		}
		if cut.Cursor = page.Next; cut.Cursor == "" {
			return table.Flush()
		}
	}
}

func (f *releaseShow) over(c *console, s *client.Client) error {
	p := cmp.Or(f.Period, client.Latest)
	if f.Player != "" {
		card, err := s.Card(c, f.Board, p, f.Edition, f.Player)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s, %s: %s, place %s of %d\n", shown(card.Name), card.Period, given(card.Score), given(card.Rank), card.Of)
		table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "PART\tPOINTS\tMOVE")
		for _, part := range card.Parts {
			fmt.Fprintf(table, "%s\t%s\t%s\n", cmp.Or(strings.Join(part.Together, ", "), part.Key), given(part.Points), given(part.Move))
		}
		return table.Flush()
	}
	rel, err := s.Release(c, f.Board, p, f.Edition)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s (edition %d, published %s)\n%s\n%s, %d with a score\n\n", rel.Label, rel.Edition, rel.Published.Format("2006-01-02 15:04"), shown(rel.Title), counted(rel.Players, "player"), rel.Scored)
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "RANK\tPLAYER\tSCORE\tCHANGE\tPLACES")
	rows, left := client.RowsOf{Edition: f.Edition}, f.Top
	for {
		page, err := s.Rows(c, f.Board, rel.Period, rows)
		if err != nil {
			return err
		}
		for _, r := range page.Items {
			if f.Top > 0 && left == 0 {
				return table.Flush()
			}
			left--
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", given(r.Rank), shown(r.Name), given(r.Score), given(r.Change), given(r.Climbed))
		}
		if rows.Cursor = page.Next; rows.Cursor == "" {
			return table.Flush()
		}
	}
}

func (f *releaseBundle) over(c *console, s *client.Client) error {
	rel, err := s.Release(c, f.Board, cmp.Or(f.Period, client.Latest), f.Edition)
	if err != nil {
		return err
	}
	file, err := s.Bundle(c, f.Board, rel.Period, rel.Edition)
	if err != nil {
		return err
	}
	out := cmp.Or(f.Out, fmt.Sprintf("%s-%s-%d.zip", f.Board, rel.Period, rel.Edition))
	if out == "-" {
		_, err := c.out.Write(file)
		return err
	}
	if err := writeOut(out, func(w io.Writer) error {
		_, err := w.Write(file)
		return err
	}); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s: %s, edition %d\ndigest %s\n", out, rel.Period, rel.Edition, rel.Digest)
	return nil
}

func (*releasePurge) over(*console, *client.Client) error {
	return fault.New(fault.Invalid, "The API purges nothing: a server deletes raw entries by itself when their time is over. To do it now, run the command on its own machine, without --server.")
}

// latest is the period of the latest release, where none was named.
func (f *boardPeriod) latest(c *console, s *client.Client) (string, error) {
	if f.Period != "" {
		return f.Period, nil
	}
	rel, err := s.Release(c, f.Board, client.Latest, 0)
	return rel.Period, err
}

func (f *newsletterPreview) over(c *console, s *client.Client) error {
	p, err := f.latest(c, s)
	if err != nil {
		return err
	}
	l, err := s.Letter(c, f.Board, p, f.Player)
	switch {
	case err != nil:
		return err
	case f.HTML != "":
		return writeOut(f.HTML, func(w io.Writer) error {
			_, err := io.WriteString(w, l.HTML)
			return err
		})
	case f.Short:
		fmt.Fprintln(c.out, shown(l.Short))
	default:
		fmt.Fprintf(c.out, "Subject: %s\n\n", shown(l.Subject))
		for line := range strings.Lines(l.Text) {
			fmt.Fprintln(c.out, strings.TrimRight(shown(line), " "))
		}
	}
	return nil
}

func (f *newsletterShow) over(c *console, s *client.Client) error {
	mode, err := s.LetterMode(c, f.Board)
	if err != nil {
		return err
	}
	if mode.Unready != "" {
		fmt.Fprintln(c.err, "note:", shown(mode.Unready))
	}
	page, err := s.Newsletters(c, f.Board)
	if err != nil {
		return err
	}
	return f.list(c, page.Items)
}

func (f *newsletterRetry) over(c *console, s *client.Client) error {
	p, err := f.latest(c, s)
	if err != nil {
		return err
	}
	m, err := s.Member(c, f.Board, f.Player)
	if err != nil {
		return err
	}
	if err := s.DecideLetter(c, f.Board, p, m.Number, true); err != nil {
		return err
	}
	f.tell(c)
	return nil
}

func (f *newsletterSend) over(c *console, s *client.Client) error {
	p, err := f.latest(c, s)
	if err == nil {
		err = s.LetGo(c, f.Board, p)
	}
	if err == nil {
		fmt.Fprintf(c.out, "The newsletter of %s is on its way.\n", p)
	}
	return err
}

func (f *newsletterLedger) over(c *console, s *client.Client) error {
	p, err := f.latest(c, s)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PLAYER\tHOW\tSTATE\tSINCE\tWHY")
	for cursor := ""; ; {
		page, err := s.LetterLines(c, f.Board, p, string(f.State), cursor)
		if err != nil {
			return err
		}
		for _, line := range page.Items {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", shown(line.Player), line.Channel, line.State, line.Changed.Format("2006-01-02 15:04"), line.Why)
		}
		if cursor = page.Next; cursor == "" {
			return table.Flush()
		}
	}
}
