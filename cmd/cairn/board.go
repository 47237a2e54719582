package main

import (
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"cairn/internal/app"
	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/scorecard"
)

// boardCommand holds what one does with boards.
type boardCommand struct {
	Create  boardCreateCommand  `cmd:"" help:"Make a board that follows a scorecard."`
	List    boardListCommand    `cmd:"" help:"List the boards."`
	Show    boardShowCommand    `cmd:"" help:"Show what a board is, who is on it and where its entries come from."`
	Revise  boardReviseCommand  `cmd:"" help:"Put a new version of the scorecard in force and say what changed."`
	Members boardMembersCommand `cmd:"" help:"List the players on a board."`
	Invite  boardInviteCommand  `cmd:"" help:"Invite people, by mail or with links to hand over."`
	Role    boardRoleCommand    `cmd:"" help:"Show, give or take the roles on a board."`
	Reveal  boardRevealCommand  `cmd:"" help:"Show or change who sees a board."`
	Rhythm  boardRhythmCommand  `cmd:"" help:"Show or change when a board is released by itself."`
	Target  boardTargetCommand  `cmd:"" help:"Show, set, end or propose targets, or move one to the team."`
	Tips    boardTipsCommand    `cmd:"" help:"Write the tips of a board as a file, or bring those of a file."`
	Trail   boardTrailCommand   `cmd:"" help:"Show who did what to a board."`
	Export  boardExportCommand  `cmd:"" help:"Write a board as a file: everything but its people and its data."`
	Import  boardImportCommand  `cmd:"" help:"Make a board of such a file, or bring one to it."`
}

// onBoard opens the database and finds a board.
func (f *dbFlags) onBoard(c *console, key string, do func(a *app.App, b *board.Board) error) error {
	a, err := f.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := boardOf(c, a, key)
	if err != nil {
		return err
	}
	return do(a, b)
}

// boardOf finds a board, or says where its key can be found.
func boardOf(c *console, a *app.App, key string) (*board.Board, error) {
	b, err := a.Boards.Board(c, key)
	if fault.Of(err) == fault.NotFound {
		err = fault.Wrap(fault.NotFound, err, "There is no board %q: \"cairn board list\" shows those there are.", key)
	}
	return b, err
}

// boardCreateCommand makes a board.
type boardCreateCommand struct {
	dbFlags
	Scorecard string `arg:"" optional:"" help:"Scorecard file; - reads standard input." placeholder:"SCORECARD"`
	Template  string `help:"Start from a template instead (\"cairn scorecard templates\" lists them)." placeholder:"TEMPLATE"`
	Key       string `help:"Key of the board, for addresses (default: the scorecard's)." placeholder:"KEY"`
	Name      string `help:"Name of the board (default: the scorecard's)." placeholder:"NAME"`
	Zone      string `help:"Time zone in which its periods begin and end, such as Europe/Berlin (default: UTC)." default:"UTC" placeholder:"ZONE"`
	Basis     string `help:"Why players are on it: opt-in, \"public record\" or things (default: things where the scorecard says so, else opt-in)." placeholder:"BASIS"`
	Stage     string `help:"How far it is revealed: stealth, private, unlisted or public (default: private for a board by opt-in, else public)." placeholder:"STAGE"`
	Retention int    `help:"Days that raw entries are kept (default: 90)." default:"90" placeholder:"DAYS"`
	Top       *int   `help:"How many players the public leaderboard shows; 0 shows all (default: 10 on a board by opt-in, else all)." placeholder:"N"`
	Owner     string `help:"Whose work the design is." placeholder:"NAME"`
	Licence   string `help:"Under which others may use it." placeholder:"LICENCE"`
	pagesFlags
}

// pagesFlags say who sees which page.
type pagesFlags struct {
	Leaderboard string `help:"Who sees the leaderboard: managers, player, members or everyone." placeholder:"AUDIENCE"`
	Scorecards  string `help:"Who sees a player's scorecard: managers, player, members or everyone." placeholder:"AUDIENCE"`
	History     string `help:"Who sees earlier releases: managers, player, members or everyone." placeholder:"AUDIENCE"`
}

func (p pagesFlags) pages() board.Pages {
	return board.Pages{Leaderboard: board.Audience(p.Leaderboard), Scorecards: board.Audience(p.Scorecards), History: board.Audience(p.History)}
}

// Run makes the board and says what to do next.
func (cmd *boardCreateCommand) Run(c *console) error {
	card, selfReported, err := cmd.card(c)
	if err != nil {
		return err
	}
	if cmd.Retention == 0 {
		return fault.New(fault.Invalid, "--retention: entries are kept for 1 to 36525 days; 0 is not.")
	}
	a, err := cmd.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	settings := board.Settings{
		Key: cmd.Key, Name: cmd.Name, Zone: cmd.Zone, Basis: board.Basis(cmd.Basis), Stage: board.Stage(cmd.Stage), Pages: cmd.pages(),
		Retention: cmd.Retention, Owner: cmd.Owner, Licence: cmd.Licence,
	}
	switch {
	case cmd.Top == nil:
	case *cmd.Top < 0:
		return fault.New(fault.Invalid, "--top: the leaderboard shows the top N players: N is 1 or more, or 0 for all; %d is not.", *cmd.Top)
	case *cmd.Top == 0:
		settings.TopN = board.All
	default:
		settings.TopN = *cmd.Top
	}
	design := settings.Design(card)
	if selfReported && design.Basis == board.OptIn {
		design.Terms = board.OfTheirOwn(card)
	}
	b, err := a.Boards.Make(c, identity.Actor{}, design)
	if err != nil {
		return err
	}
	tellMade(c, b.Key, b.Basis, card)
	return nil
}

func tellMade(c *console, key string, basis board.Basis, card *scorecard.Scorecard) {
	fmt.Fprintf(c.out, "Made the board %s: %s.\n", key, summary(card))
	if basis == board.OptIn {
		fmt.Fprintf(c.out, "Only people who accept an invitation are scored: cairn board invite %s LIST\n", key)
	}
	fmt.Fprintf(c.out, "Next: cairn import %s FILE\n", key)
}

// card reads the scorecard that was asked for.
// card is what the board is to follow; selfReported: a template of what players report of themselves.
func (cmd *boardCreateCommand) card(c *console) (card *scorecard.Scorecard, selfReported bool, err error) {
	switch {
	case cmd.Scorecard != "" && cmd.Template != "":
		return nil, false, fault.New(fault.Invalid, "A board follows one scorecard: give a file or --template, not both.")
	case cmd.Scorecard != "":
		card, err = c.scorecard(cmd.Scorecard)
		return card, false, err
	case cmd.Template == "":
		return nil, false, fault.New(fault.Invalid, "A board follows a scorecard: give a file, or --template (\"cairn scorecard templates\" lists them).")
	}
	template, nearest, ok := scorecard.TemplateOf(cmd.Template)
	if !ok {
		return nil, false, fault.New(fault.NotFound, "no template is called %q; did you mean %q? \"cairn scorecard templates\" lists them", cmd.Template, nearest)
	}
	card, err = template.Load()
	return card, template.SelfReported, err
}

// boardListCommand lists the boards.
type boardListCommand struct{ dbFlags }

// Run prints one line per board, unlisted ones too.
func (cmd *boardListCommand) Run(c *console) error {
	a, err := cmd.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	boards, err := a.Boards.List(c, true)
	if err != nil {
		return err
	}
	if len(boards) == 0 {
		fmt.Fprintln(c.err, "There are no boards yet: \"cairn board create SCORECARD\" makes one.")
		return nil
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "BOARD\tNAME\tPLAYERS\tSCORECARD\tZONE\tSTAGE")
	for _, b := range boards {
		fmt.Fprintf(table, "%s\t%s\t%d\tversion %d\t%s\t%s\n", b.Key, b.Name, b.Players, b.Version, b.Zone, b.Stage)
	}
	return table.Flush()
}

// boardShowCommand shows a board.
type boardShowCommand struct {
	dbFlags
	Board string `arg:"" help:"Key of the board." placeholder:"BOARD"`
}

// Run prints the board, its sources, and the receipts of what was purged.
func (cmd *boardShowCommand) Run(c *console) error {
	return cmd.onBoard(c, cmd.Board, func(a *app.App, b *board.Board) error {
		card, err := a.Boards.Scorecard(c, b.ID, b.Version)
		if err != nil {
			return err
		}
		sources, err := a.Entries.Sources(c, b.ID)
		if err != nil {
			return err
		}
		receipts, err := a.Entries.Receipts(c, b.ID)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		row := func(what, format string, args ...any) {
			fmt.Fprintf(table, "%s\t%s\n", what, fmt.Sprintf(format, args...))
		}
		row("board", "%s", b.Key)
		row("name", "%s", b.Name)
		row("scorecard", "version %d: %s", b.Version, summary(card))
		if card.Designer.Name != "" {
			row("designer", "%s", card.Designer.Name)
		}
		row("players", "%d", b.Players)
		row("zone", "%s", b.Zone)
		row("basis", "%s", b.Basis)
		row("stage", "%s", b.Stage)
		row("pages", "leaderboard for %s, scorecards for %s, earlier releases for %s", b.Pages.Leaderboard, b.Pages.Scorecards, b.Pages.History)
		if b.Suspended != "" {
			row("closed", "%s", b.Suspended)
		}
		if b.Owner != "" {
			row("owner", "%s", b.Owner)
		}
		if b.Licence != "" {
			row("licence", "%s", b.Licence)
		}
		if b.TopN > 0 {
			row("leaderboard", "the top %d", b.TopN)
		} else {
			row("leaderboard", "everyone")
		}
		row("retention", "%s", counted(b.Retention, "day"))
		next, ok, err := a.Clock.Next(c, b)
		if err != nil {
			return err
		}
		if ok {
			row("next release", "%s, %s", next.Period, next.Releases.Format(atMinute))
		}
		row("made", "%s", b.Created.Format(time.DateOnly))
		for _, s := range sources {
			row("source", "%s: %d entries, %s to %s", s.Name, s.Entries, s.First.In(b.Location()).Format(time.DateOnly), s.Last.In(b.Location()).Format(time.DateOnly))
		}
		for _, r := range receipts {
			kept := ""
			if r.Kept > 0 {
				kept = fmt.Sprintf("; %d of %s kept, since a window still reaches them", r.Kept, strings.Join(r.KeptKeys, ", "))
			}
			row("purged", "%s: %d entries before %s, digest %s%s", r.At.Format(time.DateOnly), r.Count, r.Before.Format(time.DateOnly), r.Digest, kept)
		}
		return table.Flush()
	})
}

// boardReviseCommand revises a board's scorecard.
type boardReviseCommand struct {
	dbFlags
	Board     string `arg:"" help:"Key of the board." placeholder:"BOARD"`
	Scorecard string `arg:"" help:"Scorecard file; - reads standard input." placeholder:"SCORECARD"`
}

func (boardReviseCommand) Help() string {
	return `Final releases stay as they are. The next one bridges: it shows the score under the old and the new rules, and what part of
each change the rules made. A scorecard of another period needs a board of its own.`
}

// Run puts the scorecard in force and prints what changed.
func (cmd *boardReviseCommand) Run(c *console) error {
	card, err := c.scorecard(cmd.Scorecard)
	if err != nil {
		return err
	}
	return cmd.onBoard(c, cmd.Board, func(a *app.App, b *board.Board) error {
		before, err := a.Boards.Scorecard(c, b.ID, b.Version)
		if err != nil {
			return err
		}
		version, err := a.Boards.Revise(c, b.ID, card)
		if err != nil {
			return err
		}
		if version == b.Version {
			fmt.Fprintf(c.out, "%s: version %d is this very scorecard; nothing changed.\n", b.Key, version)
			return nil
		}
		changes := scorecard.Diff(before, card)
		if len(changes) == 0 {
			fmt.Fprintf(c.out, "%s: version %d is in force; it differs in comments and spelling only.\n", b.Key, version)
			return nil
		}
		fmt.Fprintf(c.out, "%s: version %d is in force. What changed:\n", b.Key, version)
		for _, change := range changes {
			fmt.Fprintf(c.out, "  %s\n", change)
		}
		return nil
	})
}

// boardMembersCommand lists the players on a board.
type boardMembersCommand struct {
	dbFlags
	Board string `arg:"" help:"Key of the board." placeholder:"BOARD"`
	CSV   bool   `name:"csv" help:"Print CSV, with e-mail addresses and a column per tag group."`
}

// Run prints one line per player.
func (cmd *boardMembersCommand) Run(c *console) error {
	return cmd.onBoard(c, cmd.Board, func(a *app.App, b *board.Board) error {
		members, err := a.Boards.Members(c, b.ID)
		if err != nil {
			return err
		}
		return cmd.list(c, members)
	})
}

// list prints members, but those of whom nothing is left.
func (cmd *boardMembersCommand) list(c *console, members []board.Member) error {
	members = slices.DeleteFunc(members, func(m board.Member) bool { return m.State == board.Former })
	if cmd.CSV {
		return membersCSV(c, members)
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PLAYER\tNAME\tHANDLE\tSTATE\tTAGS")
	for _, m := range members {
		var tags []string
		for _, group := range slices.Sorted(maps.Keys(m.Tags)) {
			tags = append(tags, group+": "+m.Tags[group])
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", shown(m.Key), shown(m.Name), shown(m.Handle), m.State, shown(strings.Join(tags, ", ")))
	}
	return table.Flush()
}

func membersCSV(c *console, members []board.Member) error {
	var groups []string
	for _, m := range members {
		for group := range m.Tags {
			if !slices.Contains(groups, group) {
				groups = append(groups, group)
			}
		}
	}
	slices.Sort(groups)
	rows := [][]string{append([]string{"player", "name", "email", "handle"}, groups...)}
	for _, m := range members {
		row := []string{m.Key, m.Name, m.Email, m.Handle}
		for _, group := range groups {
			row = append(row, m.Tags[group])
		}
		rows = append(rows, row)
	}
	return csv.NewWriter(c.out).WriteAll(rows)
}
