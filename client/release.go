package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Latest is the word for the latest release in the place of a period.
const Latest = "latest"

// Head is one release or edition of a board, in a line.
type Head struct {
	ID         string    `json:"id"`
	Period     string    `json:"period" example:"2026-W47"`
	Label      string    `json:"label" doc:"The period in words." example:"Week 47, 2026"`
	Edition    int       `json:"edition" doc:"1, then 2 and so on for errata."`
	Published  time.Time `json:"published"`
	Title      string    `json:"title" doc:"Its title line."`
	Players    int       `json:"players" doc:"In the release, as you may see it."`
	Scored     int       `json:"scored"`
	Reason     string    `json:"reason,omitempty" doc:"Of an erratum: what was wrong."`
	Superseded bool      `json:"superseded" doc:"A later edition mends it."`
	Scorecard  int       `json:"scorecard" doc:"Version of the rules."`
	RulesNew   bool      `json:"rules_new" doc:"The first under new rules: it shows old and new side by side."`
	Digest     string    `json:"digest" doc:"Hex SHA-256 of the manifest of its bundle: what it is known by."`
}

// Release is one release as its reader may see it. It never changes but for who is hidden from whom, and who is forgotten.
type Release struct {
	Head
	Board      string                 `json:"board"`
	First      string                 `json:"first" doc:"First day of the period, in the board's time zone." format:"date"`
	Last       string                 `json:"last" doc:"Last day." format:"date"`
	Engine     string                 `json:"engine" doc:"Version of the judge."`
	Previous   string                 `json:"previous,omitempty" doc:"Digest of the release before; absent: the first."`
	Mean       *float64               `json:"mean" doc:"null: withheld, since it would tell of too few, or none."`
	Median     *float64               `json:"median"`
	Spread     *Spread                `json:"spread" doc:"How the scores are distributed; null: withheld."`
	Movers     []Row                  `json:"movers" doc:"Who climbed most places, at most 5."`
	Newcomers  []Row                  `json:"newcomers" doc:"For the first time on the board, best first."`
	Tags       []TagGroup             `json:"tags" doc:"The leaderboard can be read by each of them."`
	Parameters map[string]RuleFinding `json:"parameters,omitempty" doc:"What the rules took from all players, by metric; only for whoever may see every value."`
	Warnings   []string               `json:"warnings,omitempty" doc:"What the judge noticed; only for whoever may see the whole release."`
	Page       string                 `json:"page" doc:"Address of its page, which never changes."`
	Picture    string                 `json:"picture,omitempty" doc:"Address of the leaderboard as a picture (PNG)."`
	Bundle     string                 `json:"bundle,omitempty" doc:"Address of all that is needed to recompute it; absent: not for you."`
}

// Spread is how scores are distributed, in bins of the same width.
type Spread struct {
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	Counts []int   `json:"counts" doc:"Players in each bin, from low to high."`
}

// TagGroup is a group of tags, and who has them.
type TagGroup struct {
	Group string     `json:"group"`
	Tags  []TagCount `json:"tags"`
}

// TagCount is a tag and who has it.
type TagCount struct {
	Tag     string   `json:"tag"`
	Players *int     `json:"players" doc:"null: withheld, since they are too few."`
	Mean    *float64 `json:"mean" doc:"Of their scores; null: withheld, or none."`
}

// RuleFinding is what one metric took from the players.
type RuleFinding struct {
	Values int                `json:"values,omitempty" doc:"Players with one."`
	Lowest *float64           `json:"lowest,omitempty"`
	Most   *float64           `json:"highest,omitempty"`
	Mean   *float64           `json:"mean,omitempty"`
	SD     *float64           `json:"sd,omitempty"`
	Total  *float64           `json:"total,omitempty"`
	Fill   *float64           `json:"fill,omitempty" doc:"What stands in for a missing value."`
	FillBy map[string]float64 `json:"fill_by,omitempty" doc:"The same by tag."`
}

// Row is one line of a leaderboard.
type Row struct {
	Player  string              `json:"player" doc:"Key; empty of one who is gone."`
	Name    string              `json:"name" doc:"As of now."`
	Rank    *float64            `json:"rank" doc:"null: not scored."`
	Score   *float64            `json:"score" doc:"null: not scored."`
	Level   string              `json:"level,omitempty"`
	Change  *float64            `json:"change" doc:"Of the score since the last release that the player was in; null: the first."`
	Climbed *float64            `json:"climbed" doc:"Places gained since then; negative: lost; null: the first."`
	TagRank *float64            `json:"tag_rank,omitempty" doc:"Within the tag that was asked for."`
	Tags    map[string]string   `json:"tags,omitempty" doc:"Group: tag."`
	Points  map[string]*float64 `json:"points,omitempty" doc:"Published points by part; null: not for you."`
	Note    string              `json:"note,omitempty" doc:"Why there is no score."`
	Mine    bool                `json:"mine,omitempty" doc:"It is you."`
}

// RowsOf says which lines of a leaderboard are wanted.
type RowsOf struct {
	Cut
	Edition int      // 0 the latest
	Tag     string   // only who has it, as "region:north"; "" everyone
	Fields  []string // only these of each line; nil all
}

// Releases returns the releases of a board, newest first, each edition by itself.
func (c *Client) Releases(ctx context.Context, board string, cut Cut) (Page[Head], error) {
	return ask[Page[Head]](ctx, c, http.MethodGet, at(board, "releases"), cut.query(), nil)
}

// edition is the query that names one; 0 the latest.
func edition(n int) url.Values {
	if n == 0 {
		return nil
	}
	return url.Values{"edition": {strconv.Itoa(n)}}
}

// Release returns one release; period may be Latest, edition 0 the latest.
func (c *Client) Release(ctx context.Context, board, period string, n int) (Release, error) {
	return ask[Release](ctx, c, http.MethodGet, at(board, "releases", period), edition(n), nil)
}

// Rows returns lines of the leaderboard of a release: those from the top that the board shows, one's own and those beside it.
func (c *Client) Rows(ctx context.Context, board, period string, of RowsOf) (Page[Row], error) {
	q := of.query()
	if of.Edition > 0 {
		q.Set("edition", strconv.Itoa(of.Edition))
	}
	if of.Tag != "" {
		q.Set("tag", of.Tag)
	}
	if of.Fields != nil {
		q.Set("fields", strings.Join(of.Fields, ","))
	}
	return ask[Page[Row]](ctx, c, http.MethodGet, at(board, "releases", period, "rows"), q, nil)
}

// ReleasedRules returns the file of the rules that a release was made by.
func (c *Client) ReleasedRules(ctx context.Context, board, period string, n int) ([]byte, error) {
	return ask[[]byte](ctx, c, http.MethodGet, at(board, "releases", period, "scorecard.yaml"), edition(n), nil)
}

// Bundle returns all that is needed to recompute a release, as a ZIP: cairn verify does it.
func (c *Client) Bundle(ctx context.Context, board, period string, n int) ([]byte, error) {
	return ask[[]byte](ctx, c.forFiles(), http.MethodGet, at(board, "releases", period, "bundle.zip"), edition(n), nil)
}
