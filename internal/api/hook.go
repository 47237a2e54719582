package api

import (
	"context"

	"cairn/client"
	"cairn/internal/hook"
)

// InHook is an address that names a hook of a board.
type InHook struct {
	InBoard
	Hook string `path:"hook" doc:"Its identifier." maxLength:"64"`
}

// InDelivery is an address that names one message of a hook.
type InDelivery struct {
	InHook
	Delivery string `path:"delivery" doc:"Its identifier, the webhook-id." maxLength:"64"`
}

func (d *door) listHooks(ctx context.Context, v *visit, _ *InBoard) (*body[client.Page[client.Hook]], error) {
	all, err := d.Hooks.Hooks(ctx, v.board)
	if err != nil {
		return nil, err
	}
	page := client.Page[client.Hook]{Items: []client.Hook{}}
	for _, one := range all {
		page.Items = append(page.Items, wireHook(one))
	}
	return answer(page), nil
}

func (d *door) showHook(ctx context.Context, v *visit, in *InHook) (*body[client.Hook], error) {
	one, err := d.Hooks.Hook(ctx, v.board, in.Hook)
	return answer(wireHook(one)), err
}

func (d *door) makeHook(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.NewHook
}) (*body[client.HookMade], error) {
	made, secret, err := d.Hooks.Make(ctx, v.actor, v.board, hook.Made{Name: in.Body.Name, Kind: hook.Kind(in.Body.Kind), Address: in.Body.Address, Events: in.Body.Events, Members: in.Body.Members})
	return answer(client.HookMade{Hook: wireHook(made), Secret: secret}), err
}

func (d *door) changeHook(ctx context.Context, v *visit, in *struct {
	InHook
	Body client.HookChange
}) (*body[client.Hook], error) {
	if err := d.Hooks.Change(ctx, v.actor, v.board, in.Hook, hook.Made{Name: in.Body.Name, Address: in.Body.Address, Events: in.Body.Events, Members: in.Body.Members}); err != nil {
		return nil, err
	}
	now, err := d.Hooks.Hook(ctx, v.board, in.Hook)
	switch {
	case err == nil && in.Body.Paused && now.State != hook.Paused:
		err = d.Hooks.Pause(ctx, v.actor, v.board, in.Hook)
	case err == nil && !in.Body.Paused && (now.State == hook.Paused || now.State == hook.Ended):
		err = d.Hooks.Resume(ctx, v.actor, v.board, in.Hook)
	}
	if err != nil {
		return nil, err
	}
	return d.showHook(ctx, v, &in.InHook)
}

func (d *door) endHook(ctx context.Context, v *visit, in *InHook) (*nothing, error) {
	return &nothing{}, d.Hooks.End(ctx, v.actor, v.board, in.Hook)
}

func (d *door) newHookSecret(ctx context.Context, v *visit, in *InHook) (*body[client.HookSecret], error) {
	secret, err := d.Hooks.NewSecret(ctx, v.actor, v.board, in.Hook)
	return answer(client.HookSecret{Secret: secret}), err
}

func (d *door) endFormerSecret(ctx context.Context, v *visit, in *InHook) (*nothing, error) {
	return &nothing{}, d.Hooks.EndFormer(ctx, v.actor, v.board, in.Hook)
}

func (d *door) testHook(ctx context.Context, v *visit, in *InHook) (*body[client.HookDelivery], error) {
	one, err := d.Hooks.Test(ctx, v.actor, v.board, in.Hook)
	return answer(wireDelivery(one)), err
}

func (d *door) listDeliveries(ctx context.Context, v *visit, in *struct {
	InHook
	Listed
}) (*body[client.Page[client.HookDelivery]], error) {
	all, err := d.Hooks.Deliveries(ctx, v.board, in.Hook, in.Cursor, in.Limit+1)
	if err != nil {
		return nil, err
	}
	page := client.Page[client.HookDelivery]{Items: []client.HookDelivery{}}
	if len(all) > in.Limit {
		all = all[:in.Limit]
		page.Next = all[in.Limit-1].ID
	}
	for _, one := range all {
		page.Items = append(page.Items, wireDelivery(one))
	}
	return answer(page), nil
}

func (d *door) showDelivery(ctx context.Context, v *visit, in *InDelivery) (*body[client.HookDelivery], error) {
	one, err := d.Hooks.Delivery(ctx, v.board, in.Hook, in.Delivery)
	return answer(wireDelivery(one)), err
}

func (d *door) replayDelivery(ctx context.Context, v *visit, in *InDelivery) (*nothing, error) {
	return &nothing{}, d.Hooks.Replay(ctx, v.actor, v.board, in.Hook, in.Delivery)
}

func (d *door) replayDead(ctx context.Context, v *visit, in *InHook) (*body[client.Replayed], error) {
	n, err := d.Hooks.ReplayDead(ctx, v.actor, v.board, in.Hook)
	return answer(client.Replayed{Messages: n}), err
}

// wireHook is a hook in the words of the API.
func wireHook(h hook.Hook) client.Hook {
	told := client.Hook{ID: h.ID, Name: h.Name, Kind: string(h.Kind), Address: h.Address, Events: h.Events, Members: h.Members, State: h.State, Made: h.Made, Waiting: h.Waiting, Dead: h.Dead}
	if !h.Good.IsZero() {
		told.Good = &h.Good
	}
	if !h.Former.IsZero() {
		told.Former = &h.Former
	}
	if h.Delivery != nil {
		told.Latest = new(wireDelivery(*h.Delivery))
	}
	return told
}

func wireDelivery(of hook.Delivery) client.HookDelivery {
	told := client.HookDelivery{ID: of.ID, Event: of.Event, Made: of.Made, Tries: of.Tries, State: of.State, Answer: of.Answer, Payload: of.Payload}
	if !of.Tried.IsZero() {
		told.Tried = &of.Tried
	}
	if !of.Next.IsZero() {
		told.Next = &of.Next
	}
	return told
}
