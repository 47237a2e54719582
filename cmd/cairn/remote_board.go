package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/source"
	"cairn/scorecard"
)

// What is done with boards on a server elsewhere. The lines are those of the commands beside the database, as far as the API tells them.

func (cmd *boardListCommand) over(c *console, s *client.Client) error {
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "BOARD\tNAME\tZONE\tSTAGE")
	var cut client.Cut
	for {
		page, err := s.Boards(c, "", cut)
		if err != nil {
			return err
		}
		for _, b := range page.Items {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", b.Key, shown(b.Name), b.Zone, b.Stage)
		}
		if cut.Cursor = page.Next; cut.Cursor == "" {
			return table.Flush()
		}
	}
}

func (cmd *boardShowCommand) over(c *console, s *client.Client) error {
	b, err := s.Board(c, cmd.Board)
	if err != nil {
		return err
	}
	card, err := s.Scorecard(c, cmd.Board)
	if err != nil {
		return err
	}
	zone, err := located(b.Zone)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	row := func(what, format string, args ...any) {
		fmt.Fprintf(table, "%s\t%s\n", what, fmt.Sprintf(format, args...))
	}
	row("board", "%s", b.Key)
	row("name", "%s", shown(b.Name))
	row("scorecard", "version %d: %s, one score per %s and %s", card.Version, shown(card.Name), card.Players, card.Period)
	if card.Designer != "" {
		row("designer", "%s", shown(card.Designer))
	}
	row("zone", "%s", b.Zone)
	row("basis", "%s", b.Basis)
	row("stage", "%s", b.Stage)
	row("pages", "leaderboard for %s, scorecards for %s, earlier releases for %s", b.Pages.Leaderboard, b.Pages.Scorecards, b.Pages.History)
	for _, said := range []struct{ what, text string }{{"closed", b.Closed}, {"owner", b.Owner}, {"licence", b.Licence}} {
		if said.text != "" {
			row(said.what, "%s", shown(said.text))
		}
	}
	if b.Top > 0 {
		row("leaderboard", "the top %d", b.Top)
	} else {
		row("leaderboard", "everyone")
	}
	row("retention", "%s", counted(b.Retention, "day"))
	if b.Next.Releases != nil {
		row("next release", "%s, %s", b.Next.Period, b.Next.Releases.In(zone).Format(atMinute))
	}
	if data, err := s.Data(c, cmd.Board); err == nil { // for whoever runs it
		for _, from := range data.Sources {
			row("source", "%s: %d entries", shown(from.Name), from.Entries)
		}
	}
	return table.Flush()
}

func (cmd *boardCreateCommand) over(c *console, s *client.Client) error {
	b := client.NewBoard{Template: cmd.Template, Key: cmd.Key, Name: cmd.Name, Zone: cmd.Zone, Basis: cmd.Basis, Stage: cmd.Stage, Retention: cmd.Retention, Top: cmd.Top, Owner: cmd.Owner, Licence: cmd.Licence}
	card, _, err := cmd.card(c)
	if err != nil {
		return err
	}
	if cmd.Scorecard != "" {
		b.Scorecard = string(card.Source)
	}
	if p := cmd.pages(); p.Leaderboard != "" && p.Scorecards != "" && p.History != "" {
		b.Pages = &client.Pages{Leaderboard: string(p.Leaderboard), Scorecards: string(p.Scorecards), History: string(p.History)}
	} else if p.Leaderboard != "" || p.Scorecards != "" || p.History != "" {
		return fault.New(fault.Invalid, "Over --server give all of --leaderboard, --scorecards and --history, or none.")
	}
	made, err := s.MakeBoard(c, b)
	if err != nil {
		return err
	}
	tellMade(c, made.Board.Key, board.Basis(made.Board.Basis), card)
	return nil
}

func (cmd *boardExportCommand) over(c *console, s *client.Client) error {
	file, err := s.Design(c, cmd.Board)
	if err != nil {
		return err
	}
	if cmd.Out == "" {
		_, err := c.out.Write(file)
		return err
	}
	if err := writeFile(cmd.Out, file, cmd.Force); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s: written: everything of the board but its people and its data.\n", cmd.Out)
	return nil
}

func (cmd *boardImportCommand) over(c *console, s *client.Client) error {
	name, text, err := c.text(cmd.Design, maxDesign)
	if err != nil {
		return err
	}
	if cmd.Key != "" {
		return fault.New(fault.Invalid, "Over --server a design keeps its key: write another into %s.", name)
	}
	if cmd.Into == "" {
		made, err := s.MakeBoardOf(c, text)
		if err == nil {
			fmt.Fprintf(c.out, "Made the board %s.\n", made.Board.Key)
		}
		return err
	}
	changed, err := s.Redesign(c, cmd.Into, text)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s is as %s says.\n", cmd.Into, name)
	if changed.Pending != nil {
		fmt.Fprintf(c.out, "What shows more than before is announced to its players, and holds from %s on.\n", changed.Pending.Holds.Format("2 January 2006, 15:04 MST"))
	}
	return nil
}

func (cmd *boardReviseCommand) over(c *console, s *client.Client) error {
	name, text, err := c.text(cmd.Scorecard, scorecard.MaxBytes)
	if err != nil {
		return err
	}
	checked, err := s.CheckScorecard(c, cmd.Board, text)
	if err != nil {
		return err
	}
	for _, p := range checked.Problems {
		fmt.Fprintf(c.err, "%s:%d:%d: %s\n", name, p.Line, p.Column, p.Message)
	}
	if len(checked.Problems) > 0 {
		return fault.New(fault.Invalid, "The scorecard stays as it was.")
	}
	revised, err := s.Revise(c, cmd.Board, text)
	switch {
	case err != nil:
		return err
	case revised.Same:
		fmt.Fprintf(c.out, "%s: version %d is this very scorecard; nothing changed.\n", cmd.Board, revised.Version)
	case len(checked.Changes) == 0:
		fmt.Fprintf(c.out, "%s: version %d is in force; it differs in comments and spelling only.\n", cmd.Board, revised.Version)
	default:
		fmt.Fprintf(c.out, "%s: version %d is in force. What changed:\n  %s\n", cmd.Board, revised.Version, strings.Join(checked.Changes, "\n  "))
	}
	return nil
}

func (cmd *boardMembersCommand) over(c *console, s *client.Client) error {
	var members []board.Member
	which := client.Which{Limit: 1000}
	for {
		page, err := s.Members(c, cmd.Board, which)
		if err != nil {
			return err
		}
		for _, m := range page.Items {
			members = append(members, board.Member{Key: m.Key, Name: m.Name, Email: m.Email, Handle: m.Handle, Tags: m.Tags, State: board.State(m.State)})
		}
		if which.Cursor = page.Next; which.Cursor == "" {
			return cmd.list(c, members)
		}
	}
}

func (cmd *boardInviteCommand) over(c *console, s *client.Client) error {
	members, err := cmd.people(c)
	if err != nil {
		return err
	}
	if (len(members) > 0) == (cmd.Open > 0) {
		return fault.New(fault.Invalid, "Say whom to invite: a LIST or --email, or --open N for one link that N people may use.")
	}
	if cmd.Open > 0 {
		link, err := s.InviteAnyone(c, cmd.Board, client.OpenLink{Uses: cmd.Open, Expires: c.now().AddDate(0, 0, cmd.Days)})
		if err == nil {
			fmt.Fprintln(c.out, link.Link)
		}
		return err
	}
	var people []client.Person
	for _, m := range members {
		people = append(people, client.Person{Key: m.Key, Name: m.Name, Email: m.Email, Handle: m.Handle, Tags: m.Tags})
	}
	sent, err := s.Invite(c, cmd.Board, people...)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PERSON\tINVITATION")
	refused := 0
	for _, one := range sent.Items {
		what := cmp.Or(one.Link, "by mail")
		if one.Error != "" {
			what = "not invited: " + one.Error
			refused++
		}
		fmt.Fprintf(table, "%s\t%s\n", shown(cmp.Or(one.Person.Name, one.Person.Email, one.Person.Key, one.Person.Handle, "–")), what)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if refused > 0 {
		return fault.New(fault.Invalid, "%d of %d were not invited; the others were.", refused, len(sent.Items))
	}
	return nil
}

func (cmd *boardRhythmCommand) over(c *console, s *client.Client) error {
	for do, p := range map[string]string{client.HoldTurn: cmd.Hold, client.GoOnTurn: cmd.Go, client.LeaveOutTurn: cmd.LeaveOut, client.AgainTurn: cmd.Again} {
		if p != "" {
			if err := s.ChangeTurn(c, cmd.Board, p, do); err != nil {
				return err
			}
		}
	}
	r, err := s.Rhythm(c, cmd.Board)
	if err != nil {
		return err
	}
	if cmd.Auto || cmd.Draft || cmd.ByHand || cmd.Days != nil || cmd.At != "" || cmd.Grace != nil || cmd.From != "" {
		if r.Mode == "by hand" {
			r = client.Rhythm{Mode: r.Mode, At: "09:00", Grace: 24}
		}
		switch {
		case cmd.Auto:
			r.Mode = "auto"
		case cmd.Draft:
			r.Mode = "draft"
		case cmd.ByHand:
			r = client.Rhythm{Mode: "by hand"}
		}
		if cmd.Days != nil {
			r.Days = *cmd.Days
		}
		if cmd.Grace != nil {
			r.Grace = *cmd.Grace
		}
		r.At, r.From = cmp.Or(cmd.At, r.At), cmd.From
		if r, err = s.SetRhythm(c, cmd.Board, r); err != nil {
			return err
		}
	}
	fmt.Fprintf(c.out, "%s: %s\n", cmd.Board, r.Mode)
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PERIOD\tCLOSES\tRELEASED\tSTATE\tWHY")
	turns, err := s.Turns(c, cmd.Board)
	if err != nil {
		return err
	}
	for _, t := range append(slices.Clone(r.Coming), turns.Items...) {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", t.Period, t.Closes.Format(atMinute), t.Releases.Format(atMinute), t.State, t.Why)
	}
	return table.Flush()
}

func (cmd *boardTrailCommand) over(c *console, s *client.Client) error {
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TIME\tBY\tWHAT\tABOUT\tDETAIL")
	cursor, left := "", cmd.Limit
	for left > 0 {
		page, err := s.Trail(c, cmd.Board, cursor)
		if err != nil {
			return err
		}
		for _, e := range page.Items[:min(left, len(page.Items))] {
			var detail []string
			for _, key := range slices.Sorted(maps.Keys(e.Detail)) {
				detail = append(detail, key+": "+e.Detail[key])
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", e.At.Format(time.DateTime), shown(cmp.Or(e.Actor, "console")), e.Verb, shown(e.Player), shown(strings.Join(detail, "; ")))
		}
		if left -= len(page.Items); page.Next == "" {
			break
		}
		cursor = page.Next
	}
	return table.Flush()
}

// mostSent is how large a file may be that is brought to a server elsewhere, in bytes.
const mostSent = 64 << 20

func (i *importCommand) over(c *console, s *client.Client) error {
	if i.Path != "" {
		return fault.New(fault.Invalid, "A repository is read beside the database; a server elsewhere asks it by itself: make it a source of the board there.")
	}
	if err := i.misplaced(); err != nil {
		return err
	}
	if i.File == "singer" {
		return i.tapOver(c, s)
	}
	name, text, err := c.text(i.File, mostSent)
	if err != nil {
		return err
	}
	if len(text) > mostSent {
		return fault.New(fault.Invalid, "%s is larger than %d MB, which no request holds: bring it in parts, or import it beside the database.", name, mostSent>>20)
	}
	if i.File == "-" && i.Source == "" {
		return fault.New(fault.Invalid, "Standard input has no name: say under which the entries are known with --source NAME")
	}
	f := client.File{Name: filepath.Base(name), Body: text, Source: i.Source, Period: i.Period, Player: i.Player, Strict: i.Strict, Dry: i.DryRun}
	switch {
	case i.Amend:
		f.How = "amend"
	case i.Replace:
		f.How = "replace"
	}
	if i.Map != "" {
		mapping, err := os.ReadFile(i.Map)
		if err != nil {
			return fault.Wrap(fault.Invalid, err, "cannot read %s; does it exist, and may this user read it?", i.Map)
		}
		f.Mapping = string(mapping)
	}
	done, err := s.Import(c, i.Board, f)
	if err != nil {
		return err
	}
	if done.Preset != "" {
		fmt.Fprintf(c.err, "note: read as %s, by its header\n", done.Preset)
	}
	for _, note := range done.Notes {
		fmt.Fprintln(c.err, "note:", note)
	}
	for _, p := range done.Problems {
		where := fmt.Sprintf("%s:%d", name, p.Line)
		if p.Cell != "" {
			where = name + ":" + p.Cell
		}
		if p.Column != "" {
			where += ": column " + p.Column
		}
		fmt.Fprintf(c.err, "%s: %s\n", where, p.Message)
	}
	for _, why := range slices.Sorted(maps.Keys(done.Skipped)) {
		fmt.Fprintf(c.err, "note: skipped %s: %s\n", counted(done.Skipped[why], "row"), why)
	}
	rejected, err := i.keepRejected(done)
	if err != nil {
		return err
	}
	if done.Cut {
		fmt.Fprintln(c.err, "note: there are more refused rows than an answer holds, so that none is written to a file: mend what is wrong with them in the file itself")
	}
	fmt.Fprintln(c.out, i.summary(source.Report{Added: done.Added, Duplicates: done.Duplicates, Replaced: done.Replaced, Refused: done.Refused}, rejected))
	return nil
}

// keepRejected writes the refused rows to a file, which is no older one unless it was asked for, and returns its name; "" there are none.
func (i *importCommand) keepRejected(done client.Brought) (path string, err error) {
	if done.Rejected == "" {
		return "", nil
	}
	stem := i.File
	if stem == "-" {
		stem = i.Source
	}
	path = cmp.Or(i.Errors, stem+source.RejectedSuffix)
	for n := 2; i.Errors == ""; n++ {
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			break
		}
		path = fmt.Sprintf("%s.%d%s", stem, n, source.RejectedSuffix)
	}
	return path, writeFile(path, []byte(done.Rejected), true)
}
