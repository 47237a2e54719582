package main

import (
	"strings"
	"time"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/fault"
)

// What is done on a server elsewhere with who runs a board and who sees it.

func (cmd *boardRoleCommand) over(c *console, s *client.Client) error {
	if err := cmd.check(); err != nil {
		return err
	}
	address := strings.ToLower(strings.TrimSpace(cmd.Address))
	switch {
	case address == "":
		page, err := s.Roles(c, cmd.Board)
		if err != nil {
			return err
		}
		return cmd.tell(c, page.Items)
	case cmd.Take:
		if err := s.TakeRole(c, cmd.Board, client.Role{Address: address}); err != nil {
			return err
		}
		cmd.taken(c, address)
		return nil
	}
	r := client.Role{Address: address, Role: cmd.Role}
	if scope := cmd.scope(); len(scope.Players)+len(scope.Tags)+len(scope.Metrics) > 0 {
		r.Scope = &client.Scope{Players: scope.Players, Tags: scope.Tags, Metrics: scope.Metrics}
	}
	if err := s.GiveRole(c, cmd.Board, r); err != nil {
		return err
	}
	cmd.given(c)
	return nil
}

func (cmd *boardRevealCommand) over(c *console, s *client.Client) error {
	zone, err := boardZone(c, s, cmd.Board)
	if err != nil {
		return err
	}
	if cmd.Back {
		if err := s.TakeRevealBack(c, cmd.Board); err != nil {
			return err
		}
	}
	now, err := s.Reveal(c, cmd.Board)
	if err != nil {
		return err
	}
	to := revealOf(now.Stage, now.Pages)
	if now.Pending != nil {
		to = revealOf(now.Pending.Stage, now.Pending.Pages) // what is asked now is asked beside it
	}
	if cmd.changes(&to) {
		asked := client.Reveal{Stage: string(to.Stage), Pages: client.Pages{Leaderboard: string(to.Pages.Leaderboard), Scorecards: string(to.Pages.Scorecards), History: string(to.Pages.History)}}
		if now, err = s.SetReveal(c, cmd.Board, asked); err != nil {
			return err
		}
	}
	cmd.tell(c, "now", revealOf(now.Stage, now.Pages))
	if now.Pending != nil {
		cmd.tell(c, "from "+now.Pending.Holds.In(zone).Format(atMinuteOf), revealOf(now.Pending.Stage, now.Pending.Pages))
	}
	return nil
}

func revealOf(stage string, p client.Pages) board.Reveal {
	return board.Reveal{Stage: board.Stage(stage), Pages: board.Pages{Leaderboard: board.Audience(p.Leaderboard), Scorecards: board.Audience(p.Scorecards), History: board.Audience(p.History)}}
}

// located is a time zone, by the name that a server calls it.
func located(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "This program does not know the time zone %s of the board: is it older than the server?", name)
	}
	return zone, nil
}

// boardZone is the time zone of a board.
func boardZone(c *console, s *client.Client, key string) (*time.Location, error) {
	b, err := s.Board(c, key)
	if err != nil {
		return nil, err
	}
	return located(b.Zone)
}
