package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"cairn/internal/app"
	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/period"
	"cairn/internal/release"
	"cairn/scorecard"
)

// releaseCommand is what is done with the releases of a board.
type releaseCommand struct {
	Draft   releaseDraft   `cmd:"" help:"Calculate the release of a period from the entries, to be looked at before it is published."`
	Preview releasePreview `cmd:"" help:"Print the draft of a period."`
	Publish releasePublish `cmd:"" help:"Calculate the release of a period and make it final."`
	List    releaseList    `cmd:"" help:"List the final releases of a board, newest first."`
	Show    releaseShow    `cmd:"" help:"Print a final release, or one player's scorecard in it."`
	Bundle  releaseBundle  `cmd:"" help:"Write one file from which anyone can recompute a release."`
	Export  releaseExport  `cmd:"" help:"Write a release, or all of a board's, as CSV, XLSX, JSON or Parquet."`
	Erratum releaseErratum `cmd:"" help:"Publish a new edition of a release from the corrected entries."`
	Purge   releasePurge   `cmd:"" help:"Delete raw entries older than the board's retention under a final release."`
}

// boardPeriod names a board and one of its periods.
type boardPeriod struct {
	dbFlags
	Board  string `arg:"" help:"Key of the board."`
	Period string `arg:"" optional:"" help:"Period, as 2026-11-22, 2026-W47, 2026-11, 2026-Q4 or 2026."`
}

// open opens the database and finds the board. The caller closes the App.
func (f *boardPeriod) open(c *console) (*app.App, *board.Board, error) {
	a, err := f.dbFlags.open(c)
	if err != nil {
		return nil, nil, err
	}
	b, err := a.Boards.Board(c, f.Board)
	if err != nil {
		a.Close()
		return nil, nil, err
	}
	return a, b, nil
}

// period reads the period; without one it is the last that is over.
func (f *boardPeriod) period(c *console, a *app.App, b *board.Board) (period.Period, error) {
	card, err := a.Boards.Scorecard(c, b.ID, b.Version)
	if err != nil {
		return period.Period{}, err
	}
	if f.Period == "" {
		return period.Of(card.Period, c.now(), b.Location()).Add(-1), nil
	}
	return period.Parse(card.Period, f.Period)
}

// final opens the database and calls do with a final release of the board.
func (f *boardPeriod) final(c *console, edition int, do func(a *app.App, b *board.Board, rel *release.Release) error) error {
	a, b, err := f.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	rel, err := f.release(c, a, b, edition)
	if err != nil {
		return err
	}
	return do(a, b, rel)
}

// release finds a final release; without a period it is the latest.
func (f *boardPeriod) release(c *console, a *app.App, b *board.Board, edition int) (*release.Release, error) {
	if f.Period == "" {
		latest, err := a.Releases.Latest(c, b)
		if err != nil || edition == 0 {
			return latest, err
		}
		return a.Releases.Show(c, b, latest.Period, edition)
	}
	p, err := f.period(c, a, b)
	if err != nil {
		return nil, err
	}
	return a.Releases.Show(c, b, p, edition)
}

// at opens the database and calls do with the board and the period.
func (f *boardPeriod) at(c *console, do func(a *app.App, b *board.Board, p period.Period) error) error {
	a, b, err := f.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	p, err := f.period(c, a, b)
	if err != nil {
		return err
	}
	return do(a, b, p)
}

// noteGap says which periods are passed over: once a later one is final they cannot be released any more.
func (f *boardPeriod) noteGap(c *console, a *app.App, b *board.Board, p period.Period) error {
	latest, err := a.Releases.Latest(c, b)
	if fault.Of(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if first, last := latest.Period.Add(1), p.Add(-1); first == last {
		fmt.Fprintf(c.err, "note: %s has no release; once %s is final it cannot have one.\n", first, p)
	} else if first.First < p.First {
		fmt.Fprintf(c.err, "note: %s to %s have no release; once %s is final they cannot have one.\n", first, last, p)
	}
	return nil
}

type releaseDraft struct{ boardPeriod }

func (releaseDraft) Help() string {
	return `Without a period it is the last one that is over. A board has one draft at a time; calculating it again replaces it.`
}

func (f *releaseDraft) Run(c *console) error {
	return f.at(c, func(a *app.App, b *board.Board, p period.Period) error {
		if err := f.noteGap(c, a, b, p); err != nil {
			return err
		}
		rel, err := a.Releases.Draft(c, b, p)
		if err != nil {
			return err
		}
		return printRelease(c, a, b, rel, 10)
	})
}

type releasePreview struct {
	boardPeriod
	Top int `help:"How many players to print; 0 prints all." default:"10"`
}

func (f *releasePreview) Run(c *console) error {
	return f.at(c, func(a *app.App, b *board.Board, p period.Period) error {
		rel, err := a.Releases.Preview(c, b, p)
		if err != nil {
			return err
		}
		return printRelease(c, a, b, rel, f.Top)
	})
}

type releasePublish struct {
	boardPeriod
	Early bool `help:"Publish a period that is not over yet; entries that come later for it are refused."`
}

func (releasePublish) Help() string {
	return `Calculates the release from the entries as they stand now, whatever an earlier draft said, and makes it final:
it never changes again, and entries dated before its end are refused from then on. A mistake is mended by an erratum.
Without a period it is the last one that is over.`
}

func (f *releasePublish) Run(c *console) error {
	return f.at(c, func(a *app.App, b *board.Board, p period.Period) error {
		if err := f.noteGap(c, a, b, p); err != nil {
			return err
		}
		rel, err := a.Releases.Publish(c, b, p, f.Early)
		if err != nil {
			return err
		}
		return printFinal(c, a, b, rel)
	})
}

// printFinal says that a release is final, in a line and its digest.
func printFinal(c *console, a *app.App, b *board.Board, made *release.Release) error {
	rel, err := a.Releases.View(c, b, made, release.Open)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s, edition %d is final: %s, %d with a score.\n%s\ndigest %s\n", rel.Period, rel.Edition, counted(rel.Players, "player"), rel.Scored, rel.Title, rel.Digest)
	printWarnings(c, rel)
	return nil
}

func printWarnings(c *console, rel *release.View) {
	for _, w := range rel.Warnings {
		if w.Part == "" {
			fmt.Fprintln(c.err, "warning:", w.Message)
		} else {
			fmt.Fprintf(c.err, "warning: %s: %s\n", w.Part, w.Message)
		}
	}
}

type releaseErratum struct {
	boardPeriod
	Reason string `required:"" help:"Why, in words that readers will see." placeholder:"TEXT"`
}

func (releaseErratum) Help() string {
	return `Correct the entries first (cairn import … --amend), then publish the new edition. It is calculated under the rules
of the edition before, which stays readable and says what superseded it. Later releases stay as they are.`
}

func (f *releaseErratum) Run(c *console) error {
	if f.Period == "" {
		return fault.New(fault.Invalid, "Name the period whose release is to be mended: cairn release erratum %s PERIOD --reason TEXT.", f.Board)
	}
	return f.at(c, func(a *app.App, b *board.Board, p period.Period) error {
		rel, err := a.Releases.Erratum(c, b, p, f.Reason)
		if err != nil {
			return err
		}
		return printFinal(c, a, b, rel)
	})
}

type releaseList struct {
	dbFlags
	Board string `arg:"" help:"Key of the board."`
}

func (f *releaseList) Run(c *console) error {
	at := boardPeriod{dbFlags: f.dbFlags, Board: f.Board}
	a, b, err := at.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	all, err := a.Releases.Archive(c, b)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		fmt.Fprintf(c.err, "The board %q has no release yet.\n", b.Key)
		return nil
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PERIOD\tEDITION\tPLAYERS\tSCORED\tPUBLISHED\tDIGEST\tTITLE")
	for _, made := range all {
		rel, err := a.Releases.View(c, b, made, release.Open)
		if err != nil {
			return err
		}
		title := rel.Title
		if rel.Superseded {
			title = "(superseded) " + title
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%s\t%.12s\t%s\n", rel.Period, rel.Edition, rel.Players, rel.Scored,
			rel.Published.In(b.Location()).Format("2006-01-02 15:04"), rel.Digest, shown(title))
	}
	return table.Flush()
}

type releaseShow struct {
	boardPeriod
	Edition int    `help:"Edition of the release (default: the latest)."`
	Top     int    `help:"How many players to print; 0 prints all." default:"10"`
	Player  string `help:"Print this player's scorecard." placeholder:"KEY"`
}

func (releaseShow) Help() string { return `Without a period it is the latest release.` }

func (f *releaseShow) Run(c *console) error {
	return f.final(c, f.Edition, func(a *app.App, b *board.Board, rel *release.Release) error {
		if f.Player != "" {
			view, err := a.Releases.View(c, b, rel, release.Open)
			if err != nil {
				return err
			}
			card, err := view.Card(c, f.Player)
			if err != nil {
				return err
			}
			return printCard(c.out, card)
		}
		return printRelease(c, a, b, rel, f.Top)
	})
}

// printRelease prints a release for people: the title, the first rows, who climbed, who is new.
func printRelease(c *console, a *app.App, b *board.Board, made *release.Release, top int) error {
	rel, err := a.Releases.View(c, b, made, release.Open)
	if err != nil {
		return err
	}
	card, err := a.Boards.Scorecard(c, b.ID, rel.Version)
	if err != nil {
		return err
	}
	state := "draft, not published"
	if rel.State == release.Final {
		state = fmt.Sprintf("edition %d, published %s", rel.Edition, rel.Published.In(b.Location()).Format("2006-01-02 15:04"))
	}
	fmt.Fprintf(c.out, "%s: %s (%s)\n%s\n", shown(b.Name), rel.Period.Label(), state, shown(rel.Title))
	if rel.Reason != "" {
		fmt.Fprintf(c.out, "Erratum: %s\n", shown(rel.Reason))
	}
	if rel.Superseded {
		fmt.Fprintln(c.out, "A later edition of this release mends a mistake in it.")
	}
	if rel.RulesNew {
		fmt.Fprintln(c.out, "The rules are new since the release before; changes count what they did as \"rules\".")
	}
	fmt.Fprintf(c.out, "%s, %d with a score", counted(rel.Players, "player"), rel.Scored)
	if rel.Scored > 0 {
		fmt.Fprintf(c.out, ", median %s", published(card, rel.Median))
	}
	fmt.Fprintln(c.out)
	fmt.Fprintln(c.out)
	if top <= 0 {
		top = rel.Players
	}
	rows, err := rel.Rows(c, 0, top)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "RANK\tPLAYER\tSCORE\tCHANGE\tPLACES")
	for _, p := range card.Parts {
		if p.Scored {
			fmt.Fprintf(table, "\t%s", strings.ToUpper(shown(p.Name)))
		}
	}
	fmt.Fprintln(table)
	for _, row := range rows {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s", rank(row.Rank), shown(row.Name), published(card, row.Score), moved(card, row.Change), signed(row.Climbed))
		for _, points := range row.Points {
			fmt.Fprintf(table, "\t%s", published(card, points))
		}
		if row.Note != "" {
			fmt.Fprintf(table, "\t%s", shown(row.Note))
		}
		fmt.Fprintln(table)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if more := rel.Players - len(rows); more > 0 {
		fmt.Fprintf(c.out, "… and %d more\n", more)
	}
	printNamed(c.out, "Climbed: ", rel.Movers, func(row release.Row) string { return shown(row.Name) + " " + signed(row.Climbed) })
	printNamed(c.out, "New: ", rel.Newcomers, func(row release.Row) string { return shown(row.Name) })
	if rel.State != release.Final {
		printWarnings(c, rel)
	}
	return nil
}

func printNamed(w io.Writer, label string, rows []release.Row, say func(release.Row) string) {
	if len(rows) == 0 {
		return
	}
	words := make([]string, len(rows))
	for i, row := range rows {
		words[i] = say(row)
	}
	fmt.Fprintf(w, "%s%s\n", label, strings.Join(words, ", "))
}

// printCard prints a player's scorecard for people.
func printCard(w io.Writer, card *release.Card) error {
	rel, row := card.Release, card.Row
	fmt.Fprintf(w, "%s, %s: %s\n", shown(row.Name), rel.Period.Label(), published(card.Card, row.Score))
	if row.Note != "" {
		fmt.Fprintln(w, shown(row.Note))
	}
	if row.Rank > 0 {
		fmt.Fprintf(w, "Rank %s of %d", rank(row.Rank), card.Of)
		for _, t := range card.TagRanks {
			fmt.Fprintf(w, "; %s of %d in %s %s", rank(t.Rank), t.Of, shown(t.Group), shown(t.Tag))
		}
		fmt.Fprintln(w)
	}
	if !math.IsNaN(row.Change) {
		fmt.Fprintf(w, "Change %s", moved(card.Card, row.Change))
		if !math.IsNaN(card.Own) {
			fmt.Fprintf(w, ": own %s, others %s, rules %s", moved(card.Card, card.Own), moved(card.Card, card.Others), moved(card.Card, card.Rules))
		}
		fmt.Fprintln(w)
	}
	for _, s := range card.Stories {
		fmt.Fprintf(w, "* %s\n", shown(s.Text))
	}
	fmt.Fprintln(w)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PART\tVALUE\tPOINTS\tTO GAIN\tCHANGE")
	for _, p := range card.Parts {
		raw := ""
		if !math.IsNaN(p.Raw) {
			raw = strings.TrimSpace(strconv.FormatFloat(p.Raw, 'g', -1, 64) + " " + p.Part.Part.Unit)
		}
		gain := ""
		if !math.IsNaN(p.ToGain) {
			gain = published(card.Card, p.ToGain)
		}
		fmt.Fprintf(table, "%s%s\t%s\t%s\t%s\t%s\n", strings.Repeat("  ", p.Depth), shown(p.Part.Part.Name), shown(raw), published(card.Card, p.PointsPublished), gain, moved(card.Card, p.Move))
	}
	return table.Flush()
}

// shown is text for a terminal: one line, without characters that steer it.
func shown(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
}

func published(card *scorecard.Scorecard, x float64) string {
	if math.IsNaN(x) {
		return "–"
	}
	return strconv.FormatFloat(x, 'f', card.Decimals, 64)
}

func rank(x float64) string {
	if x == 0 || math.IsNaN(x) {
		return "–"
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}

// moved is a change of a published number, with its decimals.
func moved(card *scorecard.Scorecard, x float64) string {
	switch {
	case x > 0:
		return "+" + published(card, x)
	case x < 0:
		return "−" + published(card, -x)
	}
	return signed(x)
}

// signed is a change: +3, −2, = for none, and nothing where there is nothing to compare with.
func signed(x float64) string {
	switch {
	case math.IsNaN(x):
		return ""
	case x > 0:
		return "+" + strconv.FormatFloat(x, 'f', -1, 64)
	case x < 0:
		return "−" + strconv.FormatFloat(-x, 'f', -1, 64)
	}
	return "="
}

type releaseBundle struct {
	boardPeriod
	Edition int    `help:"Edition of the release (default: the latest)."`
	Out     string `required:"" help:"File to write; - writes to standard output." placeholder:"FILE"`
}

func (releaseBundle) Help() string {
	return `The bundle is a ZIP file of plain text: the scorecard, what was scored, what came out, and what of the release before
is needed to recompute the changes. "cairn verify FILE" recomputes it. Players stand in it by reference; names.csv, the last file, says
who they are now. Save for that file the same release gives the same bytes each time. Without a period it is the latest
release. The bundle holds the values of all metrics, also of those that not everybody may see.`
}

func (f *releaseBundle) Run(c *console) error {
	return f.final(c, f.Edition, func(a *app.App, b *board.Board, made *release.Release) error {
		rel, err := a.Releases.View(c, b, made, release.Open)
		if err != nil {
			return err
		}
		if len(rel.Narrow) > 0 {
			fmt.Fprintf(c.err, "note: the bundle holds the values of %s, which not everybody on the board may see: mind whom you give it to.\n", strings.Join(rel.Narrow, ", "))
		}
		if f.Out == "-" {
			return rel.WriteBundle(c, c.out)
		}
		if err := writeOut(f.Out, func(w io.Writer) error { return rel.WriteBundle(c, w) }); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s: %s, edition %d\ndigest %s\n", f.Out, rel.Period, rel.Edition, rel.Digest)
		return nil
	})
}

type releasePurge struct{ boardPeriod }

func (releasePurge) Help() string {
	return `Entries of whole days that are older than the board's retention and lie under the release are deleted; the receipt
says how many, with a digest of what they were. Entries that a window of the next release still reaches are kept.
Without a period it is the latest release.`
}

func (f *releasePurge) Run(c *console) error {
	a, b, err := f.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	rel, err := f.release(c, a, b, 0)
	if err != nil {
		return err
	}
	receipt, err := a.Releases.Purge(c, b, rel)
	if err != nil {
		return err
	}
	day := receipt.Before.Format(time.DateOnly)
	if receipt.Count == 0 {
		fmt.Fprintf(c.out, "Nothing to delete: no raw entry under the release of %s is older than %d days (before %s).\n", rel.Period, b.Retention, day)
	} else {
		fmt.Fprintf(c.out, "%d raw entries before %s deleted.\nsha256 %s\n", receipt.Count, day, receipt.Digest)
	}
	if receipt.Kept > 0 {
		fmt.Fprintf(c.out, "%d entries kept: windows of the next release still reach %s.\n", receipt.Kept, strings.Join(receipt.KeptKeys, ", "))
	}
	return nil
}
