package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"cairn/client"
	"cairn/internal/app"
	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/newsletter"
	"cairn/internal/period"
)

// newsletterCommand is what is done with the newsletters of a board.
type newsletterCommand struct {
	Preview newsletterPreview `cmd:"" help:"Print the letter that a player gets, of a draft or a release."`
	Show    newsletterShow    `cmd:"" help:"Say how far a board's newsletters are."`
	Ledger  newsletterLedger  `cmd:"" help:"Print what became of each message of a newsletter, and why."`
	Send    newsletterSend    `cmd:"" help:"Let a newsletter go that waits or was stopped."`
	Retry   newsletterRetry   `cmd:"" help:"Send a message again that is doubtful, was refused or came back."`
}

// newsletter finds the newsletter of a period; without one it is that of the latest release.
func (f *boardPeriod) newsletter(c *console, do func(a *app.App, b *board.Board, l newsletter.Newsletter) error) error {
	a, b, err := f.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	p, err := f.letterPeriod(c, a, b)
	if err != nil {
		return err
	}
	l, err := a.Newsletters.OfPeriod(c, b, p)
	if err != nil {
		return err
	}
	return do(a, b, l)
}

// letterPeriod reads the period; without one it is that of the latest release.
func (f *boardPeriod) letterPeriod(c *console, a *app.App, b *board.Board) (period.Period, error) {
	if f.Period != "" {
		return f.period(c, a, b)
	}
	latest, err := a.Releases.Latest(c, b)
	if err != nil {
		return period.Period{}, err
	}
	return latest.Period, nil
}

// member finds a player by key.
func member(c *console, a *app.App, b *board.Board, key string) (int64, error) {
	m, err := a.Boards.Member(c, b.ID, key)
	return m.Number, err
}

type newsletterPreview struct {
	boardPeriod
	Player string `required:"" help:"Whose letter." placeholder:"KEY"`
	HTML   string `help:"Write it as a page into this file, as mail programs show it." placeholder:"FILE"`
	Short  bool   `help:"Print the text message instead."`
}

func (newsletterPreview) Help() string {
	return `Nothing is sent, and the links in it open nothing. Without a period it is the latest release; of a period that is drafted and not
published it is the draft. Stories of loss, which some players ask for, are left out.`
}

func (f *newsletterPreview) Run(c *console) error {
	a, b, err := f.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	p, err := f.letterPeriod(c, a, b)
	if err != nil {
		return err
	}
	rel, err := a.Releases.Show(c, b, p, 0)
	if fault.Of(err) == fault.NotFound {
		rel, err = a.Releases.Preview(c, b, p)
	}
	if err != nil {
		return err
	}
	number, err := member(c, a, b, f.Player)
	if err != nil {
		return err
	}
	written, err := a.Newsletters.Preview(c, b, rel, number)
	switch {
	case err != nil:
		return err
	case f.HTML != "":
		return writeOut(f.HTML, func(w io.Writer) error {
			_, err := io.WriteString(w, newsletter.Page(written))
			return err
		})
	case f.Short:
		fmt.Fprintln(c.out, shown(written.Short))
	default:
		fmt.Fprintf(c.out, "Subject: %s\n\n", shown(written.Subject))
		for line := range strings.Lines(written.Text) {
			fmt.Fprintln(c.out, strings.TrimRight(shown(line), " "))
		}
	}
	return nil
}

type newsletterShow struct {
	dbFlags
	Board string `arg:"" help:"Key of the board."`
}

func (f *newsletterShow) Run(c *console) error {
	at := boardPeriod{dbFlags: f.dbFlags, Board: f.Board}
	a, b, err := at.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	if why := a.Newsletters.Unready(); why != "" {
		fmt.Fprintln(c.err, "note:", why)
	}
	const most = 26
	all, err := a.Newsletters.All(c, b, most)
	if err != nil {
		return err
	}
	told := make([]client.Newsletter, len(all))
	for i, l := range all {
		told[i] = client.Newsletter{Period: l.Period.String(), Counts: map[string]int{}, Unclaimed: l.Unclaimed, Ended: known(l.Ended), Waiting: l.Waiting, Stopped: l.Stopped, Why: l.Why}
		for state, n := range l.Counts {
			told[i].Counts[string(state)] = n
		}
	}
	return f.list(c, told)
}

func (f *newsletterShow) list(c *console, all []client.Newsletter) error {
	if len(all) == 0 {
		fmt.Fprintf(c.err, "The board %q has sent no newsletter yet.\n", f.Board)
		return nil
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "PERIOD\tSTATE")
	for _, state := range newsletter.States {
		fmt.Fprintf(table, "\t%s", state)
	}
	fmt.Fprintln(table, "\tWITHOUT ACCOUNT\tWHY")
	for _, l := range all {
		fmt.Fprintf(table, "%s\t%s", l.Period, standing(l))
		for _, state := range newsletter.States {
			fmt.Fprintf(table, "\t%d", l.Counts[string(state)])
		}
		fmt.Fprintf(table, "\t%d\t%s\n", l.Unclaimed, l.Why)
	}
	return table.Flush()
}

// standing is how far a newsletter is, in a word.
func standing(l client.Newsletter) string {
	switch {
	case l.Waiting:
		return "waiting"
	case l.Stopped:
		return "stopped"
	case l.Ended != nil:
		return "out"
	}
	return "sending"
}

type newsletterLedger struct {
	boardPeriod
	State newsletter.State `help:"Only lines that stand so: ${enum}." enum:"queued,sending,sent,doubtful,bounced,skipped,failed," default:"" placeholder:"STATE"`
}

func (newsletterLedger) Help() string { return `Without a period it is that of the latest release.` }

func (f *newsletterLedger) Run(c *console) error {
	return f.newsletter(c, func(a *app.App, b *board.Board, l newsletter.Newsletter) error {
		names, err := a.Boards.Directory(c, b)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "PLAYER\tHOW\tSTATE\tSINCE\tWHY")
		const some = 1000
		for from := int64(0); ; {
			lines, err := a.Newsletters.Ledger(c, b, l.Release, newsletter.Which{State: f.State, From: from, Limit: some})
			if err != nil {
				return err
			}
			for _, line := range lines {
				from = line.Member + 1
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", shown(names.Member(line.Member).Key), line.Channel, line.State, line.Changed.In(b.Location()).Format("2006-01-02 15:04"), line.Why)
			}
			if len(lines) < some {
				break
			}
		}
		return table.Flush()
	})
}

type newsletterSend struct{ boardPeriod }

func (newsletterSend) Help() string {
	return `It is sent by "cairn serve". Without a period it is that of the latest release.`
}

func (f *newsletterSend) Run(c *console) error {
	return f.newsletter(c, func(a *app.App, b *board.Board, l newsletter.Newsletter) error {
		if err := a.Newsletters.LetGo(c, identity.Actor{}, b, l.Release); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "The newsletter of %s is on its way.\n", l.Period)
		return nil
	})
}

type newsletterRetry struct {
	boardPeriod
	Player string `required:"" help:"To whom." placeholder:"KEY"`
}

func (newsletterRetry) Help() string {
	return `A doubtful message may have arrived: sent again, its reader may get two. That is for a person to decide.`
}

func (f *newsletterRetry) Run(c *console) error {
	return f.newsletter(c, func(a *app.App, b *board.Board, l newsletter.Newsletter) error {
		number, err := member(c, a, b, f.Player)
		if err != nil {
			return err
		}
		if err := a.Newsletters.Decide(c, identity.Actor{}, b, l.Release, number, true); err != nil {
			return err
		}
		f.tell(c)
		return nil
	})
}

func (f *newsletterRetry) tell(c *console) {
	fmt.Fprintf(c.out, "%s is written to again.\n", shown(f.Player))
}
