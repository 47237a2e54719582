package api

import (
	"context"
	"slices"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/newsletter"
)

// How one is told of releases.

func (d *door) showTold(ctx context.Context, v *visit, _ *struct{}) (*body[client.Preference], error) {
	return d.preference(ctx, v.actor.Account, "")
}

func (d *door) showToldOf(ctx context.Context, v *visit, _ *InBoard) (*body[client.Preference], error) {
	return d.preference(ctx, v.actor.Account, v.board.ID)
}

func (d *door) preference(ctx context.Context, account, boardID string) (*body[client.Preference], error) {
	p, err := d.Newsletters.Preference(ctx, account, boardID)
	if err != nil {
		return nil, err
	}
	ways, err := d.Newsletters.Ways(ctx, account)
	if err != nil {
		return nil, err
	}
	told := client.Preference{Channel: string(p.Channel), Losses: p.Losses, Empty: p.Empty, Own: p.Own}
	for _, w := range ways {
		told.Ways = append(told.Ways, string(w))
	}
	return answer(told), nil
}

func (d *door) setTold(ctx context.Context, v *visit, in *struct{ Body client.Preference }) (*body[client.Preference], error) {
	return d.prefer(ctx, v, "", in.Body)
}

func (d *door) setToldOf(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.Preference
}) (*body[client.Preference], error) {
	m, err := v.own()
	if err != nil {
		return nil, err
	}
	if !slices.Contains([]board.State{board.Accepted, board.Paused, board.Listed}, m.State) {
		return nil, wrong("channel", "You are not on this board any more: it tells you nothing.")
	}
	return d.prefer(ctx, v, v.board.ID, in.Body)
}

func (d *door) prefer(ctx context.Context, v *visit, boardID string, said client.Preference) (*body[client.Preference], error) {
	wanted := newsletter.Preference{Channel: newsletter.Channel(said.Channel), Losses: said.Losses, Empty: said.Empty}
	if err := d.Newsletters.Prefer(ctx, v.actor.Account, boardID, wanted, "program"); err != nil {
		return nil, err
	}
	return d.preference(ctx, v.actor.Account, boardID)
}

func (d *door) listHandles(ctx context.Context, v *visit, _ *struct{}) (*body[client.Page[client.Handle]], error) {
	told := []client.Handle{}
	for _, c := range []newsletter.Channel{newsletter.ByText, newsletter.ByChat} {
		if !d.Newsletters.GatewayReady(c) {
			continue
		}
		masked, proved, err := d.Newsletters.Handle(ctx, v.actor.Account, c)
		if err != nil {
			return nil, err
		}
		told = append(told, client.Handle{Channel: string(c), Is: masked, Proved: proved})
	}
	return listOf(told), nil
}

func (d *door) beginHandle(ctx context.Context, v *visit, in *struct{ Body client.NewHandle }) (*nothing, error) {
	return &nothing{}, d.Newsletters.BeginHandle(ctx, v.actor, newsletter.Channel(in.Body.Channel), in.Body.To)
}

type InChannel struct {
	Channel string `path:"channel" enum:"text,chat"`
}

func (d *door) proveHandle(ctx context.Context, v *visit, in *struct {
	InChannel
	Body client.Code
}) (*nothing, error) {
	return &nothing{}, d.Newsletters.ConfirmHandle(ctx, v.actor, newsletter.Channel(in.Channel), in.Body.Code)
}

func (d *door) dropHandle(ctx context.Context, v *visit, in *InChannel) (*nothing, error) {
	return &nothing{}, d.Newsletters.DropHandle(ctx, v.actor, newsletter.Channel(in.Channel))
}
