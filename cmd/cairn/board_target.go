package main

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"cairn/client"
	"cairn/internal/app"
	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/release"
	"cairn/internal/target"
)

// boardTargetCommand holds what one does with targets.
type boardTargetCommand struct {
	List    boardTargetListCommand    `cmd:"" help:"List what is wanted on a board and how it stands."`
	Set     boardTargetSetCommand     `cmd:"" help:"Set a target, in place of one of the same metric and players."`
	End     boardTargetEndCommand     `cmd:"" help:"End a target."`
	Team    boardTargetTeamCommand    `cmd:"" help:"Move a target from players to their team."`
	Propose boardTargetProposeCommand `cmd:"" help:"Propose a target from what players did."`
}

// boardTargetListCommand lists targets.
type boardTargetListCommand struct {
	dbFlags
	Board string `arg:"" help:"Key of the board." placeholder:"BOARD"`
	All   bool   `help:"Those that ended, too."`
}

// Run prints one line a target, with how it stands in the latest release.
func (cmd *boardTargetListCommand) Run(c *console) error {
	return cmd.onBoard(c, cmd.Board, func(a *app.App, b *board.Board) error {
		all, err := a.Targets.List(c, b)
		if err != nil {
			return err
		}
		stands, err := cmd.stands(c, a, b)
		if err != nil {
			return err
		}
		names, err := a.Boards.Directory(c, b)
		if err != nil {
			return err
		}
		lines := make([]targetLine, len(all))
		for i, w := range all {
			lines[i] = targetLine{w, "", w.Scope == target.Player && w.Member != target.Everyone, stands[w.ID]}
			if lines[i].one {
				lines[i].player = names.Member(w.Member).Key
			}
		}
		return cmd.list(c, lines, b.Location())
	})
}

// targetLine is a target, whose it is where it is of one player, and how it stands.
type targetLine struct {
	target.Target
	player string // "" of somebody who is gone
	one    bool
	stands string
}

func (cmd *boardTargetListCommand) list(c *console, all []targetLine, zone *time.Location) error {
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TARGET\tMETRIC\tWHOSE\tPATH\tSTANDS")
	listed := 0
	for _, w := range all {
		if !w.Ended.IsZero() {
			w.stands = "ended " + w.Ended.In(zone).Format(time.DateOnly)
		}
		if w.Ended.IsZero() || cmd.All {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", w.ID, cmp.Or(w.Metric, "the score"), shown(w.whose()), pathText(w.Path), shown(w.stands))
			listed++
		}
	}
	if listed == 0 {
		fmt.Fprintf(c.err, "Nothing is wanted yet: \"cairn board target set %s --at 2026-12-31=70\" sets a target of the score.\n", cmd.Board)
		return nil
	}
	return table.Flush()
}

// stands says how each target stands in the latest release.
func (cmd *boardTargetListCommand) stands(c *console, a *app.App, b *board.Board) (map[string]string, error) {
	latest, err := a.Releases.Latest(c, b)
	if fault.Of(err) == fault.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	view, err := a.Releases.View(c, b, latest, release.Open)
	if err != nil {
		return nil, err
	}
	aims, err := view.Aims(c)
	stands := map[string]string{}
	for _, aim := range aims {
		text := fmt.Sprintf("%d of %d on path or ahead", aim.Reached, aim.Of)
		if aim.Target.Scope != target.Player {
			value := &aim.Value
			if math.IsNaN(aim.Value) {
				value = nil
			}
			text = meanText(aim.Tag, value, string(aim.Way))
		}
		if before := stands[aim.Target.ID]; before != "" {
			text = before + "; " + text
		}
		stands[aim.Target.ID] = text
	}
	return stands, err
}

// meanText says how a team, or the board, stands to a target; value is nil where there is none.
func meanText(tag string, value *float64, way string) string {
	text := "no value"
	if value != nil {
		text = fmt.Sprintf("%.4g, %s", *value, way)
	}
	if tag != "" {
		text = tag + ": " + text
	}
	return text
}

func (w targetLine) whose() string {
	switch {
	case w.Scope == target.Player && !w.one:
		return "each player"
	case w.Scope == target.Player:
		return cmp.Or(w.player, "a former player")
	case w.Scope == target.Team && w.Tag != "":
		return w.Group + " " + w.Tag
	case w.Scope == target.Team:
		return "each " + w.Group
	}
	return "the board"
}

func pathText(path []target.Point) string {
	points := make([]string, len(path))
	for i, p := range path {
		points[i] = p.Day + "=" + strconv.FormatFloat(p.Value, 'f', -1, 64)
	}
	return strings.Join(points, " ")
}

// boardTargetSetCommand sets a target.
type boardTargetSetCommand struct {
	dbFlags
	Board     string   `arg:"" help:"Key of the board." placeholder:"BOARD"`
	At        []string `help:"A value that is wanted on a day, such as 2026-12-31=70; several make a path." placeholder:"DAY=VALUE" required:""`
	Metric    string   `help:"Key of the metric (default: the score)." placeholder:"METRIC"`
	Player    string   `help:"For one player, by key (default: for each)." placeholder:"PLAYER"`
	Team      string   `help:"For the mean of every team of a tag group, or of one: GROUP or GROUP:TAG." placeholder:"TEAM"`
	Whole     bool     `help:"For the mean of the board."`
	From      string   `help:"Day from which on releases are held against it (default: today)." placeholder:"DAY"`
	Guardrail string   `help:"Metric that should not worsen meanwhile." placeholder:"METRIC"`
	Why       string   `help:"Why; players read it." placeholder:"TEXT"`
}

func (boardTargetSetCommand) Help() string {
	return `Between two days of a path what is due changes evenly; after the last it stays, and before the first nothing is due. Each release is
held against the targets as they stood when it was published.`
}

// wanted is the target that the flags ask for; of one player it does not say yet of whom.
func (cmd *boardTargetSetCommand) wanted() (target.Target, error) {
	w := target.Target{Metric: cmd.Metric, Scope: target.Player, Member: target.Everyone, From: cmd.From, Guardrail: cmd.Guardrail, Why: cmd.Why}
	for _, text := range cmd.At {
		day, number, _ := strings.Cut(text, "=")
		value, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return w, fault.New(fault.Invalid, "--at: %q is no day and value: write them like 2026-12-31=70.", text)
		}
		w.Path = append(w.Path, target.Point{Day: day, Value: value})
	}
	scopes := 0
	for _, given := range []bool{cmd.Player != "", cmd.Team != "", cmd.Whole} {
		if given {
			scopes++
		}
	}
	if scopes > 1 {
		return w, fault.New(fault.Invalid, "A target is for one player, a team or the board: give one of --player, --team and --whole.")
	}
	switch {
	case cmd.Whole:
		w.Scope = target.Board
	case cmd.Team != "":
		w.Scope = target.Team
		w.Group, w.Tag, _ = strings.Cut(cmd.Team, ":")
	}
	return w, nil
}

// Run sets it.
func (cmd *boardTargetSetCommand) Run(c *console) error {
	w, err := cmd.wanted()
	if err != nil {
		return err
	}
	return cmd.onBoard(c, cmd.Board, func(a *app.App, b *board.Board) error {
		if cmd.Player != "" {
			names, err := a.Boards.Directory(c, b)
			if err != nil {
				return err
			}
			if w.Member = names.ByKey(cmd.Player); w.Member < 0 {
				return fault.New(fault.NotFound, "There is no player %q: \"cairn board members %s\" lists them.", cmd.Player, b.Key)
			}
		}
		set, err := a.Targets.Set(c, identity.Actor{}, b, w)
		if err != nil {
			return err
		}
		cmd.tell(c, set.ID, set.From)
		return nil
	})
}

func (cmd *boardTargetSetCommand) tell(c *console, id, from string) {
	fmt.Fprintf(c.out, "Set %s: releases of periods that end on %s or later are held against it.\n", id, from)
}

// boardTargetEndCommand ends a target.
type boardTargetEndCommand struct {
	dbFlags
	Board  string `arg:"" help:"Key of the board." placeholder:"BOARD"`
	Target string `arg:"" help:"The target, as \"cairn board target list\" names it." placeholder:"TARGET"`
}

// Run ends it.
func (cmd *boardTargetEndCommand) Run(c *console) error {
	return cmd.onBoard(c, cmd.Board, func(a *app.App, b *board.Board) error {
		if err := a.Targets.End(c, identity.Actor{}, b, cmd.Target); err != nil {
			return err
		}
		cmd.tell(c)
		return nil
	})
}

func (cmd *boardTargetEndCommand) tell(c *console) {
	fmt.Fprintln(c.out, "Ended. Releases that are out stay as they are.")
}

// boardTargetTeamCommand moves a target to the team.
type boardTargetTeamCommand struct {
	dbFlags
	Board  string `arg:"" help:"Key of the board." placeholder:"BOARD"`
	Target string `arg:"" help:"A target of each player, as \"cairn board target list\" names it." placeholder:"TARGET"`
	Group  string `arg:"" optional:"" help:"Tag group whose teams take it; without one the board as a whole." placeholder:"GROUP"`
}

// Run moves it.
func (cmd *boardTargetTeamCommand) Run(c *console) error {
	return cmd.onBoard(c, cmd.Board, func(a *app.App, b *board.Board) error {
		team, err := a.Targets.MoveToTeam(c, identity.Actor{}, b, cmd.Target, cmd.Group)
		if err != nil {
			return err
		}
		cmd.tell(c, team.ID, team.Metric)
		return nil
	})
}

func (cmd *boardTargetTeamCommand) tell(c *console, id, metric string) {
	fmt.Fprintf(c.out, "Moved, as %s. From the next release on nobody is shown what single players have of %s, save they themselves.\n", id, metric)
}

// boardTargetProposeCommand proposes a target.
type boardTargetProposeCommand struct {
	dbFlags
	Board  string `arg:"" help:"Key of the board." placeholder:"BOARD"`
	Metric string `arg:"" optional:"" help:"Key of the metric (default: the score)." placeholder:"METRIC"`
}

// Run prints the proposal and what it rests on.
func (cmd *boardTargetProposeCommand) Run(c *console) error {
	return cmd.onBoard(c, cmd.Board, func(a *app.App, b *board.Board) error {
		p, err := a.Releases.Propose(c, b, cmd.Metric, release.Open)
		if err != nil {
			return err
		}
		cmd.tell(c, client.Proposal{Value: p.Value, Reached: &p.Reached, Players: p.Players, Values: p.Values, Releases: p.Releases})
		return nil
	})
}

func (cmd *boardTargetProposeCommand) tell(c *console, p client.Proposal) {
	fmt.Fprintf(c.out, "%s: the best fifth of %d values in the last %s reached it", strconv.FormatFloat(p.Value, 'g', 6, 64), p.Values, counted(p.Releases, "release"))
	if p.Reached != nil {
		fmt.Fprintf(c.out, "; in the last one %.0f %% of %s did", 100**p.Reached, counted(p.Players, "player"))
	}
	fmt.Fprintln(c.out, ".")
}
