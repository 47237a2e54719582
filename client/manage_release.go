package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// OpenPeriod is a period that can be released still.
type OpenPeriod struct {
	Period string    `json:"period" example:"2026-W47"`
	Label  string    `json:"label"`
	Ends   time.Time `json:"ends"`
	Over   bool      `json:"over" doc:"Else it can be published early only."`
	Due    bool      `json:"due" doc:"It is the one that comes next."`
}

// Draft is a release before it is published: nobody but managers and stewards sees it.
type Draft struct {
	Period   string     `json:"period"`
	Title    string     `json:"title" doc:"Its title line."`
	Players  int        `json:"players"`
	Scored   int        `json:"scored"`
	Mean     *float64   `json:"mean" doc:"null: withheld, or none."`
	Median   *float64   `json:"median"`
	Bridges  bool       `json:"bridges" doc:"The first under new rules: it shows old and new side by side."`
	Warnings []string   `json:"warnings"`
	Rows     []DraftRow `json:"rows" doc:"Best first."`
	Next     string     `json:"next,omitempty" doc:"Cursor of the rows that follow; absent at the end."`
}

// DraftRow is one player in a draft.
type DraftRow struct {
	Key     string   `json:"key"`
	Name    string   `json:"name"`
	Rank    *float64 `json:"rank"`
	Score   *float64 `json:"score" doc:"null: not scored."`
	Change  *float64 `json:"change" doc:"Of the score since their last release; null: the first."`
	Climbed *float64 `json:"climbed" doc:"Places gained; negative lost; null: the first."`
	Level   string   `json:"level,omitempty"`
}

// Published is a final release.
type Published struct {
	ID        string    `json:"id"`
	Period    string    `json:"period"`
	Edition   int       `json:"edition" doc:"1, then 2 and so on for errata."`
	Reason    string    `json:"reason,omitempty" doc:"Of an erratum."`
	Published time.Time `json:"published"`
	Players   int       `json:"players"`
	Scored    int       `json:"scored"`
	Digest    string    `json:"digest" doc:"Hex SHA-256 of the manifest of its bundle."`
	Previous  string    `json:"previous,omitempty" doc:"That of the release before."`
}

// Publishing says which period is published.
type Publishing struct {
	Period string `json:"period" example:"2026-W47"`
	Early  bool   `json:"early,omitempty" doc:"Although it is not over; what is dated before its end and comes later is too late then."`
}

// Drafting says which period is calculated.
type Drafting struct {
	Period string `json:"period" example:"2026-W47"`
}

// Erratum says what was wrong with a release. Everyone reads it beside the new edition.
type Erratum struct {
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
}

// OpenPeriods returns the periods of a board that can be released still, newest first.
func (c *Client) OpenPeriods(ctx context.Context, board string) (Page[OpenPeriod], error) {
	return ask[Page[OpenPeriod]](ctx, c, http.MethodGet, at(board, "drafts"), nil, nil)
}

// MakeDraft calculates the release of a period and keeps it as the board's draft, in place of any before it.
func (c *Client) MakeDraft(ctx context.Context, board, period string) (Draft, error) {
	return ask[Draft](ctx, c, http.MethodPost, at(board, "drafts"), nil, Drafting{period})
}

// Draft returns the board's draft of a period as it was calculated last, with rows from a cursor on.
func (c *Client) Draft(ctx context.Context, board, period, cursor string, limit int) (Draft, error) {
	q := url.Values{}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	return ask[Draft](ctx, c, http.MethodGet, at(board, "drafts", period), q, nil)
}

// Publish calculates the release of a period from the entries as they stand now, and makes it final.
func (c *Client) Publish(ctx context.Context, board string, p Publishing) (Published, error) {
	return ask[Published](ctx, c, http.MethodPost, at(board, "releases"), nil, p)
}

// Correct publishes a new edition of a final release from the corrected entries. The one before stays readable.
func (c *Client) Correct(ctx context.Context, board, period, reason string) (Published, error) {
	return ask[Published](ctx, c, http.MethodPost, at(board, "releases", period, "errata"), nil, Erratum{reason})
}
