package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Look is how a board looks. What is left out is Cairn's own.
type Look struct {
	Light   *Colours   `json:"light,omitempty" doc:"Of light pages."`
	Dark    *Colours   `json:"dark,omitempty" doc:"Of dark pages; left out, they are worked out of the light ones."`
	Type    string     `json:"type,omitempty" enum:"geometric,serif,slab,mono" doc:"A family that machines have."`
	Corners string     `json:"corners,omitempty" enum:"soft,square"`
	Words   *LookWords `json:"words,omitempty" doc:"What the board calls things, inside a sentence."`
}

// Colours are sRGB in hex.
type Colours struct {
	Ground string `json:"ground,omitempty" example:"#fffbe8" doc:"Behind everything."`
	Ink    string `json:"ink,omitempty" example:"#20160a" doc:"Text: it stands out from the ground by 4.5 to 1 or more."`
	Accent string `json:"accent,omitempty" example:"#d33f1c" doc:"What was won."`
}

// LookWords are for one and for many.
type LookWords struct {
	Player   string `json:"player,omitempty" example:"rider" maxLength:"30"`
	Players  string `json:"players,omitempty" example:"riders" maxLength:"30"`
	Board    string `json:"board,omitempty" maxLength:"30"`
	Boards   string `json:"boards,omitempty" maxLength:"30"`
	Release  string `json:"release,omitempty" maxLength:"30"`
	Releases string `json:"releases,omitempty" maxLength:"30"`
}

// Domain is a name under which a board is read, beside the server's own.
type Domain struct {
	Domain  string     `json:"domain" example:"scores.example.org" doc:"Empty: none."`
	Board   string     `json:"board,omitempty" doc:"Key of the board, in an operator's list."`
	Allowed *time.Time `json:"allowed,omitempty" doc:"Since when whoever runs the server allows it; absent: not yet, and nothing is shown under it."`
}

// Look returns how a board looks.
func (c *Client) Look(ctx context.Context, board string) (Look, error) {
	return ask[Look](ctx, c, http.MethodGet, lookPath(board), nil, nil)
}

// SetLook says how a board looks: all of it.
func (c *Client) SetLook(ctx context.Context, board string, l Look) error {
	return c.call(ctx, http.MethodPut, lookPath(board), nil, l, nil)
}

// SetLogo puts up a logo: a PNG or a JPEG of up to 1 MB.
func (c *Client) SetLogo(ctx context.Context, board string, picture []byte) error {
	return c.call(ctx, http.MethodPut, lookPath(board)+"/logo", nil, Raw{Type: http.DetectContentType(picture), Body: picture}, nil)
}

// RemoveLogo takes it down.
func (c *Client) RemoveLogo(ctx context.Context, board string) error {
	return c.call(ctx, http.MethodDelete, lookPath(board)+"/logo", nil, nil, nil)
}

// Domain returns the domain of a board.
func (c *Client) Domain(ctx context.Context, board string) (Domain, error) {
	return ask[Domain](ctx, c, http.MethodGet, lookPath(board)+"/domain", nil, nil)
}

// AskDomain asks for a domain; "" gives up the one there is.
func (c *Client) AskDomain(ctx context.Context, board, domain string) error {
	return c.call(ctx, http.MethodPut, lookPath(board)+"/domain", nil, Domain{Domain: domain}, nil)
}

// Domains returns every domain that a board asked for, those first that wait; for operators.
func (c *Client) Domains(ctx context.Context) (Page[Domain], error) {
	return ask[Page[Domain]](ctx, c, http.MethodGet, "/domains", nil, nil)
}

// AllowDomain lets a board be read under a domain, or no longer; for operators.
func (c *Client) AllowDomain(ctx context.Context, domain string, allow bool) error {
	method := http.MethodPut
	if !allow {
		method = http.MethodDelete
	}
	return c.call(ctx, method, "/domains/"+url.PathEscape(domain)+"/allowed", nil, nil, nil)
}

func lookPath(board string) string { return "/boards/" + url.PathEscape(board) + "/look" }
