package client

import (
	"context"
	"net/http"
	"net/url"
)

// Board is one board.
type Board struct {
	Key   string `json:"key" doc:"In addresses; unique on the server." example:"sales-club"`
	Name  string `json:"name"`
	Stage string `json:"stage" enum:"stealth,private,unlisted,public" doc:"How far it is revealed."`
	Zone  string `json:"zone" doc:"IANA name of its time zone." example:"Europe/Berlin"`
}

// Boards returns the boards that are public, and those that the token's owner has to do with.
func (c *Client) Boards(ctx context.Context) (page Page[Board], err error) {
	return page, c.call(ctx, http.MethodGet, "/boards", nil, nil, &page)
}

// Board returns one board.
func (c *Client) Board(ctx context.Context, key string) (b Board, err error) {
	return b, c.call(ctx, http.MethodGet, "/boards/"+url.PathEscape(key), nil, nil, &b)
}
