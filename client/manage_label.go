package client

import (
	"context"
	"net/http"
	"net/url"
)

// LabelQuestion asks what came of what bears a label. Left out are the first two keys of the scorecard, and the last four releases.
type LabelQuestion struct {
	From, To    string // keys of entries
	First, Last string // periods
}

// Labels is what the entries of released periods say by their labels, such as video/intro. null: withheld, since it would tell of
// fewer players than the board's smallest cohort in one of the periods, or by subtraction.
type Labels struct {
	From     string   `json:"from,omitempty" doc:"Key of the entries that something came of."`
	To       string   `json:"to,omitempty" doc:"Key of what came of them."`
	Window   []string `json:"window" doc:"Released periods, oldest first, whose raw entries are all kept."`
	Purged   int      `json:"purged" doc:"Releases whose raw entries are gone."`
	All      Labelled `json:"all"`
	Tactics  []Tactic `json:"tactics" doc:"Most entries first."`
	Withheld int      `json:"withheld" doc:"Labels of which nothing may be told."`
	Left     int      `json:"left" doc:"Labels beyond those told at once."`
}

// Tactic is what stands before the slash of labels, with each of these.
type Tactic struct {
	Labelled
	Assets []Labelled `json:"assets"`
}

// Labelled is the entries with a label.
type Labelled struct {
	Label      string   `json:"label" doc:"Empty: none."`
	From       Tally    `json:"from"`
	To         Tally    `json:"to"`
	Conversion *float64 `json:"conversion" doc:"Entries of to for one of from: 0.1 is ten per cent."`
}

// Tally is the entries of a key.
type Tally struct {
	Entries *int     `json:"entries"`
	Sum     *float64 `json:"sum"`
	Players *int     `json:"players"`
}

func (q LabelQuestion) values() url.Values {
	asked := url.Values{}
	for name, value := range map[string]string{"from": q.From, "to": q.To, "first": q.First, "last": q.Last} {
		if value != "" {
			asked.Set(name, value)
		}
	}
	return asked
}

// Labels returns what came of what bears a label, by tactic and asset.
func (c *Client) Labels(ctx context.Context, board string, q LabelQuestion) (Labels, error) {
	return ask[Labels](ctx, c, http.MethodGet, at(board, "labels"), q.values(), nil)
}

// ExportLabels returns the same as CSV.
func (c *Client) ExportLabels(ctx context.Context, board string, q LabelQuestion) ([]byte, error) {
	return ask[[]byte](ctx, c.forFiles(), http.MethodGet, at(board, "labels", "export"), q.values(), nil)
}
