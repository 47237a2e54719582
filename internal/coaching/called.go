package coaching

import (
	"context"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// Called is what an account is called where others on a board read it: as a player there, else by the name on its profile, else by as
// much of an address as its owner knows it by. "" somebody who is gone.
func (c *Coaching) Called(ctx context.Context, at *board.Board, account string) (string, error) {
	if account == "" || account == "-" { // who was asked is gone
		return "", nil
	}
	names, err := c.rooms.Boards.Directory(ctx, at)
	if err != nil {
		return "", err
	}
	for n := range names.Len() {
		if m := names.Member(n); m.Player == account && m.Name != "" && !m.Hidden {
			return m.Name, nil
		}
	}
	profile, err := c.rooms.Players.Profile(ctx, account)
	if err != nil || profile.Name != "" {
		return profile.Name, err
	}
	found, err := c.rooms.Identity.Account(ctx, account)
	if fault.Of(err) == fault.NotFound || err == nil && len(found.Addresses) == 0 {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return identity.Masked(found.Addresses[0].Address), nil
}
