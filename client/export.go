package client

import (
	"context"
	"net/http"
	"net/url"
)

// Format is what an exported file is.
type Format string

const (
	AsCSV     Format = "csv"
	AsXLSX    Format = "xlsx"
	AsJSON    Format = "json"
	AsParquet Format = "parquet"
)

// ExportRelease returns what a release shows the token's owner as a file: a row a player, with rank, score, change, level and tags, and
// of each metric that is for them value and points. period may be Latest, edition 0 the latest. Numbers are those that were judged, to
// the bit; missing ones are empty, or null.
func (c *Client) ExportRelease(ctx context.Context, board, period string, n int, as Format) ([]byte, error) {
	q := edition(n)
	if q == nil {
		q = url.Values{}
	}
	q.Set("format", string(as))
	return ask[[]byte](ctx, c.forFiles(), http.MethodGet, at(board, "releases", period, "export"), q, nil)
}

// ExportHistory returns every final release of a board as ExportRelease does, oldest first, with all editions.
func (c *Client) ExportHistory(ctx context.Context, board string, as Format) ([]byte, error) {
	return ask[[]byte](ctx, c.forFiles(), http.MethodGet, at(board, "export"), url.Values{"format": {string(as)}}, nil)
}
