package api

import (
	"bytes"
	"context"
	"fmt"
	"math"

	"cairn/client"
	"cairn/internal/audit"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/player"
)

// One's own account and profile. What asks for a proof a moment ago has no operation: a token never proved anything just now.

func (d *door) showMe(ctx context.Context, v *visit, _ *struct{}) (*body[client.Account], error) {
	account, err := d.Identity.Account(ctx, v.actor.Account)
	if err != nil {
		return nil, err
	}
	profile, err := d.Players.Profile(ctx, v.actor.Account)
	if err != nil {
		return nil, err
	}
	told := client.Account{ID: account.ID, Name: profile.Name, Made: account.Created, Operator: account.Operator, Addresses: []client.MailAddress{},
		Accepted: account.Policy, Policy: identity.Policy}
	for _, a := range account.Addresses {
		told.Addresses = append(told.Addresses, client.MailAddress{Address: identity.Masked(a.Address), Proved: instant(a.Proved), Primary: a.Primary})
	}
	return answer(told), nil
}

func (d *door) acceptPolicy(ctx context.Context, v *visit, in *struct{ Body client.Accepted }) (*nothing, error) {
	if in.Body.Version != identity.Policy {
		return nil, wrong("version", "The privacy notice in force is version %s: read that one.", identity.Policy)
	}
	return &nothing{}, d.Identity.AcceptPolicy(ctx, v.actor, in.Body.Version)
}

func (d *door) showProfile(ctx context.Context, v *visit, _ *struct{}) (*body[client.Profile], error) {
	p, err := d.Players.Profile(ctx, v.actor.Account)
	if err != nil {
		return nil, err
	}
	told := client.Profile{Name: p.Name, Bio: p.Bio, Zone: p.Zone, Picture: p.Picture}
	for _, l := range p.Links {
		told.Links = append(told.Links, client.ProfileLink{Text: l.Text, Address: l.Address})
	}
	return answer(told), nil
}

func (d *door) writeProfile(ctx context.Context, v *visit, in *struct{ Body client.Profile }) (*body[client.Profile], error) {
	p := player.Profile{Name: in.Body.Name, Bio: in.Body.Bio, Zone: in.Body.Zone}
	for _, l := range in.Body.Links {
		p.Links = append(p.Links, player.Link{Text: l.Text, Address: l.Address})
	}
	if err := d.Players.Write(ctx, v.actor, p); err != nil {
		return nil, err
	}
	return d.showProfile(ctx, v, nil)
}

func (d *door) ownPicture(ctx context.Context, v *visit, _ *struct{}) (*file, error) {
	png, err := d.Players.Picture(ctx, v.actor.Account)
	if err != nil {
		return nil, err
	}
	return &file{Type: "image/png", Body: png}, nil
}

func (d *door) putPicture(ctx context.Context, v *visit, in *struct{ RawBody []byte }) (*nothing, error) {
	if len(in.RawBody) == 0 {
		return nil, fault.New(fault.Invalid, "Send the picture as the body: a PNG or a JPEG of up to 5 MB.")
	}
	return &nothing{}, d.Players.PutPicture(ctx, v.actor, bytes.NewReader(in.RawBody))
}

func (d *door) removePicture(ctx context.Context, v *visit, _ *struct{}) (*nothing, error) {
	return &nothing{}, d.Players.PutPicture(ctx, v.actor, nil)
}

func (d *door) listIdentifiers(ctx context.Context, v *visit, _ *struct{}) (*body[client.Page[client.Identifier]], error) {
	all, err := d.Players.Identifiers(ctx, v.actor.Account)
	if err != nil {
		return nil, err
	}
	told := []client.Identifier{}
	for _, id := range all {
		if id.Kind == player.Address {
			id.Value = identity.Masked(id.Value)
		}
		told = append(told, client.Identifier{Kind: id.Kind, Value: id.Value, Proof: id.Proof})
	}
	return listOf(told), nil
}

func (d *door) addIdentifier(ctx context.Context, v *visit, in *struct{ Body client.Identifier }) (*nothing, error) {
	return &nothing{}, d.Players.AddIdentifier(ctx, v.actor, player.Identifier{Kind: in.Body.Kind, Value: in.Body.Value})
}

func (d *door) removeIdentifier(ctx context.Context, v *visit, in *struct {
	Kind  string `path:"kind" enum:"handle,git"`
	Value string `path:"value"`
}) (*nothing, error) {
	return &nothing{}, d.Players.RemoveIdentifier(ctx, v.actor, player.Identifier{Kind: in.Kind, Value: in.Value})
}

func (d *door) listSessions(ctx context.Context, v *visit, _ *struct{}) (*body[client.Page[client.Session]], error) {
	all, err := d.Identity.Sessions(ctx, v.actor.Account)
	if err != nil {
		return nil, err
	}
	told := []client.Session{}
	for _, s := range all {
		told = append(told, client.Session{ID: s.ID, Device: s.Device, Began: s.Began, Seen: s.Seen, Expires: s.Expires})
	}
	return listOf(told), nil
}

func (d *door) endSession(ctx context.Context, v *visit, in *struct {
	Session string `path:"session"`
}) (*nothing, error) {
	return &nothing{}, d.Identity.SignOut(ctx, v.actor, in.Session)
}

func (d *door) endSessions(ctx context.Context, v *visit, _ *struct{}) (*nothing, error) {
	return &nothing{}, d.Identity.SignOutEverywhere(ctx, v.actor)
}

func (d *door) listTokens(ctx context.Context, v *visit, _ *struct{}) (*body[client.Page[client.AccessToken]], error) {
	all, err := d.Identity.Tokens(ctx, v.actor.Account)
	if err != nil {
		return nil, err
	}
	told := []client.AccessToken{}
	for _, t := range all {
		one := client.AccessToken{ID: t.ID, Name: t.Name, Scopes: []string{}, Made: t.Made, Used: instant(t.Used), Expires: t.Expires}
		for _, s := range t.Scopes {
			one.Scopes = append(one.Scopes, string(s))
		}
		told = append(told, one)
	}
	return listOf(told), nil
}

func (d *door) revokeToken(ctx context.Context, v *visit, in *struct {
	Token string `path:"token"`
}) (*nothing, error) {
	return &nothing{}, d.Identity.RevokeToken(ctx, v.actor, in.Token)
}

func (d *door) ownTrail(ctx context.Context, v *visit, in *Listed) (*body[client.Page[client.MyEvent]], error) {
	events, err := d.Players.Trail(ctx, v.actor, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	told := client.Page[client.MyEvent]{Items: []client.MyEvent{}}
	boards := map[string]string{}
	for _, e := range events {
		one := client.MyEvent{ID: e.ID, At: e.At, Who: whoDid(e, v.actor.Account), Verb: e.Verb, Detail: e.Detail}
		if key, known := boards[e.Board]; known {
			one.Board = key
		} else if b, err := d.Boards.ByID(ctx, e.Board); e.Board != "" && err == nil {
			one.Board, boards[e.Board] = b.Key, b.Key
		} else if err != nil && fault.Of(err) != fault.NotFound {
			return nil, err
		}
		told.Items = append(told.Items, one)
	}
	if len(events) == in.Limit {
		told.Next = events[len(events)-1].ID
	}
	return answer(told), nil
}

func whoDid(e audit.Event, account string) string {
	switch e.Actor {
	case account:
		return "you"
	case "":
		return "the program"
	}
	return "somebody else"
}

func (d *door) listJoined(ctx context.Context, v *visit, _ *struct{}) (*body[client.Page[client.Joined]], error) {
	all, err := d.Players.Merges(ctx, v.actor)
	if err != nil {
		return nil, err
	}
	told := []client.Joined{}
	for _, m := range all {
		told = append(told, client.Joined{ID: m.ID, At: m.At, Until: m.Until})
	}
	return listOf(told), nil
}

// orNaN is a number that may be missing.
func orNaN(x *float64) float64 {
	if x == nil {
		return math.NaN()
	}
	return *x
}

// placeOf is a rank; nil for who has none.
func placeOf(rank float64) *float64 {
	if !(rank > 0) {
		return nil
	}
	return &rank
}

func sprint(n int64) string { return fmt.Sprint(n) }
