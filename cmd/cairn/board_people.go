package main

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"cairn/client"
	"cairn/internal/app"
	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/scorecard"
)

// boardInviteCommand invites people.
type boardInviteCommand struct {
	dbFlags
	Board string   `arg:"" help:"Key of the board." placeholder:"BOARD"`
	List  string   `arg:"" optional:"" help:"CSV file with columns out of player, name, email and handle, every other column a tag group; - reads standard input." placeholder:"LIST"`
	Email []string `help:"Invite this address; may be given several times." placeholder:"ADDRESS"`
	Open  int      `help:"Make one link instead that so many people may use." placeholder:"N"`
	Days  int      `help:"For how many days the open link is good." default:"30" placeholder:"DAYS"`
}

func (boardInviteCommand) Help() string {
	return `Nobody is scored before they accept. Where the server can send mail, whoever has an address is written to once, by "cairn serve";
for everybody else a link is printed, to hand over. An invitation is good for 30 days; whoever never answers is forgotten after 90.`
}

// Run invites, and tells what became of each person.
func (cmd *boardInviteCommand) Run(c *console) error {
	people, err := cmd.people(c)
	if err != nil {
		return err
	}
	if (len(people) > 0) == (cmd.Open > 0) {
		return fault.New(fault.Invalid, "Say whom to invite: a LIST or --email, or --open N for one link that N people may use.")
	}
	return cmd.onBoard(c, cmd.Board, func(a *app.App, b *board.Board) error {
		if cmd.Open > 0 {
			link, err := a.Boards.InviteAnyone(c, identity.Actor{}, b, cmd.Open, c.now().AddDate(0, 0, cmd.Days))
			if err != nil {
				return err
			}
			fmt.Fprintln(c.out, whole(link))
			return nil
		}
		sent, err := a.Boards.Invite(c, identity.Actor{}, b, people)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "PERSON\tINVITATION")
		refused := 0
		for _, s := range sent {
			what := "by mail, as soon as \"cairn serve\" runs"
			if s.Link != "" {
				what = whole(s.Link)
			}
			if s.Error != nil {
				what = "not invited: " + fault.Message(s.Error)
				refused++
			}
			fmt.Fprintf(table, "%s\t%s\n", nameOf(s.Person), what)
		}
		if err := table.Flush(); err != nil {
			return err
		}
		if refused > 0 {
			return fault.New(fault.Invalid, "%d of %d were not invited; the others were.", refused, len(sent))
		}
		return nil
	})
}

// whole says where a link leads on a server that has no address yet.
func whole(link string) string {
	if strings.HasPrefix(link, "/") {
		return link + " (behind the address of the server)"
	}
	return link
}

func nameOf(m board.Member) string {
	for _, name := range []string{m.Name, m.Email, m.Key, m.Handle} {
		if name != "" {
			return name
		}
	}
	return "–"
}

// people reads whom to invite.
func (cmd *boardInviteCommand) people(c *console) (people []board.Member, err error) {
	for _, address := range cmd.Email {
		people = append(people, board.Member{Email: address})
	}
	if cmd.List == "" {
		return people, nil
	}
	name, text, err := c.text(cmd.List, scorecard.MaxBytes)
	if err != nil {
		return nil, err
	}
	rows := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\uFEFF"))))
	rows.TrimLeadingSpace = true
	all, err := rows.ReadAll()
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "%s: this is no CSV file: each line has as many fields as the first, which names the columns.", name)
	}
	if len(all) < 2 {
		return nil, fault.New(fault.Invalid, "%s: there is nobody in it: the first line names the columns, each further one is a person.", name)
	}
	for _, row := range all[1:] {
		var m board.Member
		for i, column := range all[0] {
			switch strings.ToLower(column) {
			case "player", "key":
				m.Key = row[i]
			case "name":
				m.Name = row[i]
			case "email", "e-mail", "address":
				m.Email = row[i]
			case "handle":
				m.Handle = row[i]
			default:
				if m.Tags == nil {
					m.Tags = map[string]string{}
				}
				m.Tags[column] = row[i]
			}
		}
		people = append(people, m)
	}
	return people, nil
}

// boardRoleCommand shows, gives or takes roles.
type boardRoleCommand struct {
	dbFlags
	Board   string            `arg:"" help:"Key of the board." placeholder:"BOARD"`
	Address string            `arg:"" optional:"" help:"Mail address of whoever has, or shall have, the role." placeholder:"ADDRESS"`
	Role    string            `arg:"" optional:"" help:"owner, manager, coach, steward or viewer." placeholder:"ROLE"`
	Take    bool              `help:"Take the role away."`
	Player  []string          `help:"Give a coach this player; may be given several times." placeholder:"KEY"`
	Tag     map[string]string `help:"Give a coach the players with this tag; may be given several times." placeholder:"GROUP=TAG"`
	Metric  []string          `help:"Give a coach this metric only; may be given several times." placeholder:"KEY"`
}

func (boardRoleCommand) Help() string {
	return `A role is given to an address; it becomes the role of whoever signs in and proves to read it. Without an address, the roles there are are
listed. This is also how a board that was made at the console gets its first owner.`
}

func (cmd *boardRoleCommand) check() error {
	if cmd.Address != "" && (cmd.Role == "") != cmd.Take {
		return fault.New(fault.Invalid, "Give an address and a role, or an address and --take.")
	}
	return nil
}

// Run lists, gives or takes.
func (cmd *boardRoleCommand) Run(c *console) error {
	if err := cmd.check(); err != nil {
		return err
	}
	return cmd.onBoard(c, cmd.Board, func(a *app.App, b *board.Board) error {
		switch {
		case cmd.Address == "":
			return cmd.list(c, a, b)
		case cmd.Take:
			address, err := identity.ParseAddress(cmd.Address)
			if err != nil {
				return err
			}
			if err := a.Boards.TakeRole(c, identity.Actor{}, b, board.Holder{Address: address}); err != nil {
				return err
			}
			cmd.taken(c, address)
			return nil
		}
		if err := a.Boards.GiveRole(c, identity.Actor{}, b, cmd.Address, board.Role(cmd.Role), cmd.scope()); err != nil {
			return err
		}
		cmd.given(c)
		return nil
	})
}

// scope is what a coach is given.
func (cmd *boardRoleCommand) scope() board.Scope {
	scope := board.Scope{Players: cmd.Player, Metrics: cmd.Metric}
	for group, tags := range cmd.Tag {
		if scope.Tags == nil {
			scope.Tags = map[string][]string{}
		}
		scope.Tags[group] = strings.Split(tags, ",")
	}
	return scope
}

func (cmd *boardRoleCommand) given(c *console) {
	fmt.Fprintf(c.out, "Whoever reads %s is %s of %s.\n", cmd.Address, cmd.Role, cmd.Board)
}

func (cmd *boardRoleCommand) taken(c *console, address string) {
	fmt.Fprintf(c.out, "%s has no role on %s any more.\n", address, cmd.Board)
}

func (cmd *boardRoleCommand) list(c *console, a *app.App, b *board.Board) error {
	holders, err := a.Boards.Holders(c, b)
	if err != nil {
		return err
	}
	all := make([]client.Role, len(holders))
	for i, h := range holders {
		all[i] = client.Role{Address: h.Address, Account: h.Account, Role: string(h.Role), Since: known(h.Since), Waits: h.Account == ""}
	}
	return cmd.tell(c, all)
}

func (cmd *boardRoleCommand) tell(c *console, all []client.Role) error {
	if len(all) == 0 {
		fmt.Fprintf(c.err, "Nobody has a role on %s: \"cairn board role %s ADDRESS owner\" gives it an owner.\n", cmd.Board, cmd.Board)
		return nil
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ADDRESS\tROLE\tSINCE\tSIGNED IN")
	for _, r := range all {
		came, since := "yes", "-"
		if r.Waits {
			came = "not yet"
		}
		if r.Since != nil {
			since = r.Since.UTC().Format(time.DateOnly)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", shown(cmp.Or(r.Address, r.Account)), r.Role, since, came)
	}
	return table.Flush()
}

// boardRevealCommand shows or changes who sees a board.
type boardRevealCommand struct {
	dbFlags
	Board string `arg:"" help:"Key of the board." placeholder:"BOARD"`
	Stage string `help:"stealth (managers only), private (members), unlisted (whoever knows the address) or public." placeholder:"STAGE"`
	pagesFlags
	Back bool `help:"Take an announced step back."`
}

func (boardRevealCommand) Help() string {
	return `A narrower step holds at once. A wider one is announced to the players first and holds three days later; until then it can be taken back.`
}

// Run changes what was asked for, and says what holds.
func (cmd *boardRevealCommand) Run(c *console) error {
	return cmd.onBoard(c, cmd.Board, func(a *app.App, b *board.Board) error {
		if cmd.Back {
			if err := a.Boards.TakeBack(c, identity.Actor{}, b); err != nil {
				return err
			}
		}
		to := board.Reveal{Stage: b.Stage, Pages: b.Pages}
		pending, err := a.Boards.Pending(c, b)
		if err != nil {
			return err
		}
		if pending != nil {
			to = pending.Reveal // what is asked now is asked beside it
		}
		if cmd.changes(&to) {
			if _, err := a.Boards.Reveal(c, identity.Actor{}, b, to); err != nil {
				return err
			}
		}
		if b, err = a.Boards.Board(c, b.Key); err != nil {
			return err
		}
		if pending, err = a.Boards.Pending(c, b); err != nil {
			return err
		}
		cmd.tell(c, "now", board.Reveal{Stage: b.Stage, Pages: b.Pages})
		if pending != nil {
			cmd.tell(c, "from "+pending.Holds.In(b.Location()).Format(atMinuteOf), pending.Reveal)
		}
		return nil
	})
}

// atMinuteOf is an instant to the minute, with its zone.
const atMinuteOf = "2006-01-02 15:04 MST"

// changes changes who sees a board as far as it was asked for, and reports whether it was.
func (cmd *boardRevealCommand) changes(to *board.Reveal) bool {
	asked := cmd.pages()
	to.Stage = cmp.Or(board.Stage(cmd.Stage), to.Stage)
	to.Pages.Leaderboard = cmp.Or(asked.Leaderboard, to.Pages.Leaderboard)
	to.Pages.Scorecards = cmp.Or(asked.Scorecards, to.Pages.Scorecards)
	to.Pages.History = cmp.Or(asked.History, to.Pages.History)
	return cmd.Stage != "" || asked != (board.Pages{})
}

func (cmd *boardRevealCommand) tell(c *console, when string, r board.Reveal) {
	fmt.Fprintf(c.out, "%s: %s; leaderboard for %s, scorecards for %s, earlier releases for %s\n", when, r.Stage, r.Pages.Leaderboard, r.Pages.Scorecards, r.Pages.History)
}

// boardTrailCommand shows the trail of a board.
type boardTrailCommand struct {
	dbFlags
	Board string `arg:"" help:"Key of the board." placeholder:"BOARD"`
	Limit int    `help:"How many events, newest first." default:"50" placeholder:"N"`
}

// Run prints it.
func (cmd *boardTrailCommand) Run(c *console) error {
	if cmd.Limit < 1 || cmd.Limit > 10_000 {
		return fault.New(fault.Invalid, "--limit: 1 to 10000 events, not %d.", cmd.Limit)
	}
	return cmd.onBoard(c, cmd.Board, func(a *app.App, b *board.Board) error {
		events, err := a.Boards.Trail(c, b, "", cmd.Limit)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "TIME\tBY\tWHAT\tABOUT\tDETAIL")
		for _, e := range events {
			var detail []string
			for _, key := range slices.Sorted(maps.Keys(e.Detail)) {
				if e.Detail[key] != "" {
					detail = append(detail, key+": "+e.Detail[key])
				}
			}
			by := e.Actor
			if by == "" {
				by = "console"
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", e.At.In(b.Location()).Format("2006-01-02 15:04:05"), by, e.Verb, e.Player, strings.Join(detail, "; "))
		}
		return table.Flush()
	})
}
