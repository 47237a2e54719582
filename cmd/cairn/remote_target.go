package main

import (
	"fmt"
	"strings"

	"cairn/client"
	"cairn/internal/coaching"
	"cairn/internal/fault"
	"cairn/internal/story"
	"cairn/internal/target"
)

// What is done with targets and tips on a server elsewhere.

func (cmd *boardTargetListCommand) over(c *console, s *client.Client) error {
	zone, err := boardZone(c, s, cmd.Board)
	if err != nil {
		return err
	}
	page, err := s.Targets(c, cmd.Board)
	if err != nil {
		return err
	}
	lines := make([]targetLine, len(page.Items))
	for i, t := range page.Items {
		w := target.Target{ID: t.ID, Metric: t.Metric, Scope: target.Scope(t.Scope), Group: t.Group, Tag: t.Tag}
		if t.Ended != nil {
			w.Ended = *t.Ended
		}
		for _, p := range t.Path {
			w.Path = append(w.Path, target.Point(p))
		}
		lines[i] = targetLine{w, t.Player, t.Player != "", standsText(w.Scope, t.Stands)}
	}
	return cmd.list(c, lines, zone)
}

// standsText says how a target stands in the latest release.
func standsText(of target.Scope, aims []client.Aim) string {
	texts := make([]string, len(aims))
	for i, aim := range aims {
		switch {
		case of != target.Player:
			texts[i] = meanText(aim.Tag, aim.Value, aim.Way)
		case aim.Reached == nil || aim.Of == nil:
			texts[i] = "of too few to be told"
		default:
			texts[i] = fmt.Sprintf("%d of %d on path or ahead", *aim.Reached, *aim.Of)
		}
	}
	return strings.Join(texts, "; ")
}

func (cmd *boardTargetSetCommand) over(c *console, s *client.Client) error {
	w, err := cmd.wanted()
	if err != nil {
		return err
	}
	n := client.NewTarget{Metric: w.Metric, Scope: string(w.Scope), Player: cmd.Player, Group: w.Group, Tag: w.Tag, From: w.From, Guardrail: w.Guardrail, Why: w.Why}
	for _, p := range w.Path {
		n.Path = append(n.Path, client.Point(p))
	}
	set, err := s.SetTarget(c, cmd.Board, n)
	if err != nil {
		return err
	}
	cmd.tell(c, set.ID, set.From)
	return nil
}

func (cmd *boardTargetEndCommand) over(c *console, s *client.Client) error {
	if err := s.EndTarget(c, cmd.Board, cmd.Target); err != nil {
		return err
	}
	cmd.tell(c)
	return nil
}

func (cmd *boardTargetTeamCommand) over(c *console, s *client.Client) error {
	team, err := s.MoveTargetToTeam(c, cmd.Board, cmd.Target, cmd.Group)
	if err != nil {
		return err
	}
	cmd.tell(c, team.ID, team.Metric)
	return nil
}

func (cmd *boardTargetProposeCommand) over(c *console, s *client.Client) error {
	p, err := s.ProposeTarget(c, cmd.Board, cmd.Metric)
	if err != nil {
		return err
	}
	cmd.tell(c, p)
	return nil
}

func (cmd *boardTipsCommand) over(c *console, s *client.Client) error {
	if cmd.What == "import" {
		return cmd.bringOver(c, s)
	}
	page, err := s.Tips(c, cmd.Board)
	if err != nil {
		return err
	}
	tips := make([]coaching.Tip, len(page.Items))
	for i, t := range page.Items {
		tips[i] = coaching.Tip{Title: t.Title, Text: t.Text, Kind: story.Kind(t.Kind), Metric: t.Metric, Link: t.Link, Author: t.Author, Lent: t.Lent}
	}
	return cmd.write(c, tips)
}

// bringOver brings tips one by one, since the API takes no file of them: what was brought before an error stays, and takes its own place
// when the file is brought again.
func (cmd *boardTipsCommand) bringOver(c *console, s *client.Client) error {
	tips, err := cmd.read(c)
	if err != nil {
		return err
	}
	for n, t := range tips {
		written, err := s.WriteTip(c, cmd.Board, client.TipWords{Title: t.Title, Text: t.Text, Kind: string(t.Kind), Metric: t.Metric, Link: t.Link, Author: t.Author})
		if err == nil && t.Lent {
			err = s.LendTip(c, cmd.Board, written.ID, true)
		}
		if err != nil {
			err = told(err)
			return fault.New(fault.Of(err), "The tip %q was not brought: %s %d of %d are there; bring the file again to go on.", t.Title, fault.Message(err), n, len(tips))
		}
	}
	fmt.Fprintf(c.out, "%s: %d tips are there.\n", cmd.Board, len(tips))
	return nil
}
