package api

import (
	"context"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/theme"
)

func (d *door) showLook(_ context.Context, v *visit, _ *InBoard) (*body[client.Look], error) {
	t := v.board.Theme
	look := client.Look{Type: string(t.Type), Corners: string(t.Corners)}
	for _, side := range []struct {
		from theme.Colours
		to   **client.Colours
	}{{t.Light, &look.Light}, {t.Dark, &look.Dark}} {
		if side.from != (theme.Colours{}) {
			*side.to = &client.Colours{Ground: side.from.Ground, Ink: side.from.Ink, Accent: side.from.Accent}
		}
	}
	if t.Words != (theme.Words{}) {
		words := client.LookWords(t.Words)
		look.Words = &words
	}
	return answer(look), nil
}

type InLook struct {
	InBoard
	Body client.Look
}

func (d *door) setLook(ctx context.Context, v *visit, in *InLook) (*nothing, error) {
	t := theme.Theme{Type: theme.Type(in.Body.Type), Corners: theme.Corners(in.Body.Corners)}
	if c := in.Body.Light; c != nil {
		t.Light = theme.Colours(*c)
	}
	if c := in.Body.Dark; c != nil {
		t.Dark = theme.Colours(*c)
	}
	if w := in.Body.Words; w != nil {
		t.Words = theme.Words(*w)
	}
	return &nothing{}, d.Boards.SetTheme(ctx, v.actor, v.board, t)
}

type InLogo struct {
	InBoard
	RawBody []byte
}

func (d *door) setLogo(ctx context.Context, v *visit, in *InLogo) (*nothing, error) {
	content := in.RawBody
	if content == nil {
		content = []byte{} // which is no picture
	}
	return &nothing{}, d.Boards.PutLogo(ctx, v.actor, v.board, content)
}

func (d *door) removeLogo(ctx context.Context, v *visit, _ *InBoard) (*nothing, error) {
	return &nothing{}, d.Boards.PutLogo(ctx, v.actor, v.board, nil)
}

func (d *door) showDomain(ctx context.Context, v *visit, _ *InBoard) (*body[client.Domain], error) {
	found, err := d.Boards.DomainOf(ctx, v.board.ID)
	return answer(wireDomain(found)), err
}

func wireDomain(d board.Domain) client.Domain {
	wire := client.Domain{Domain: d.Name}
	if !d.Allowed.IsZero() {
		wire.Allowed = &d.Allowed
	}
	return wire
}

type InDomain struct {
	InBoard
	Body client.Domain
}

func (d *door) askDomain(ctx context.Context, v *visit, in *InDomain) (*nothing, error) {
	return &nothing{}, d.Boards.AskDomain(ctx, v.actor, v.board, in.Body.Domain)
}

func (d *door) listDomains(ctx context.Context, _ *visit, _ *struct{}) (*body[client.Page[client.Domain]], error) {
	all, err := d.Boards.Domains(ctx)
	if err != nil {
		return nil, err
	}
	page := client.Page[client.Domain]{Items: []client.Domain{}}
	for _, one := range all {
		of, err := d.Boards.ByID(ctx, one.Board)
		if err != nil {
			return nil, err
		}
		wire := wireDomain(one)
		wire.Board = of.Key
		page.Items = append(page.Items, wire)
	}
	return answer(page), nil
}

type namedDomain struct {
	Domain string `path:"domain" doc:"The domain." maxLength:"253"`
}

func (d *door) allowDomain(ctx context.Context, v *visit, in *namedDomain) (*nothing, error) {
	return &nothing{}, d.Boards.AllowDomain(ctx, v.actor, in.Domain, true)
}

func (d *door) disallowDomain(ctx context.Context, v *visit, in *namedDomain) (*nothing, error) {
	return &nothing{}, d.Boards.AllowDomain(ctx, v.actor, in.Domain, false)
}
