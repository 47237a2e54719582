package client

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Target is which value of a metric is wanted by when. It never changes: another takes its place.
type Target struct {
	NewTarget
	ID     string     `json:"id"`
	Moved  bool       `json:"moved" doc:"From players to their team: single players' values of the metric are for themselves alone meanwhile."`
	Set    time.Time  `json:"set"`
	Ended  *time.Time `json:"ended,omitempty" doc:"Absent: it holds."`
	Stands []Aim      `json:"stands,omitempty" doc:"How it stands in the latest release, a line a team."`
}

// NewTarget is a target that is to be set: of the metric, or (left out) of the score, for each player's own value, one player's, the
// mean of each team or of one, or the board's.
type NewTarget struct {
	Metric    string  `json:"metric,omitempty" doc:"Its key. Left out: the score."`
	Scope     string  `json:"scope" enum:"player,team,board" doc:"Whose value is held against it: each player's own, or the mean of a team or of the board."`
	Player    string  `json:"player,omitempty" doc:"Of scope player: key of the one it is for; left out: each player."`
	Group     string  `json:"group,omitempty" doc:"Of scope team: a tag group, each of whose tags is a team."`
	Tag       string  `json:"tag,omitempty" doc:"Of scope team: the one team it is for; left out: each of the group."`
	Path      []Point `json:"path" minItems:"1" maxItems:"24" doc:"Between two points it changes evenly, and after the last it stays."`
	From      string  `json:"from,omitempty" doc:"ISO day from which on releases are held against it. Left out: today."`
	Guardrail string  `json:"guardrail,omitempty" doc:"Key of the metric that should not worsen meanwhile."`
	Why       string  `json:"why,omitempty" doc:"Players read it beside the target." maxLength:"2000"`
}

// Point is a value that is wanted on a day.
type Point struct {
	Day   string  `json:"day" doc:"ISO." example:"2026-12-31"`
	Value float64 `json:"value"`
}

// Aim is how players, a team or a board stand to a target in a release. What is of too few is null.
type Aim struct {
	Tag     string   `json:"tag,omitempty" doc:"Of a team."`
	Due     *float64 `json:"due" doc:"null: nothing yet."`
	Value   *float64 `json:"value" doc:"The mean."`
	Way     string   `json:"way,omitempty" doc:"Of a team or board: ahead, on path, behind, no value, not due."`
	Reached *int     `json:"reached,omitempty" doc:"Players on path or ahead."`
	Of      *int     `json:"of,omitempty" doc:"Players with a value that counts."`
}

// Proposal is a target found in what players did in up to twelve releases.
type Proposal struct {
	Value    float64  `json:"value" doc:"The best fifth of the values reached it."`
	Reached  *float64 `json:"reached" doc:"Share of the players of the last release who did."`
	Players  int      `json:"players"`
	Values   int      `json:"values"`
	Releases int      `json:"releases"`
}

// Uplift is how a metric, or the score, stood in two windows of releases.
type Uplift struct {
	Metric     string   `json:"metric,omitempty"`
	Before     []string `json:"before" doc:"Periods, oldest first."`
	After      []string `json:"after"`
	Same       Change   `json:"same" doc:"Of the players who have a value in both: nobody came or went."`
	All        Change   `json:"all" doc:"Of all who have one in either."`
	Overstates bool     `json:"overstates" doc:"The percentage is of so little that the numbers should be told first."`
}

// Change is a mean before and after; null: withheld, since it would tell of too few, or none.
type Change struct {
	Before        *float64 `json:"before"`
	After         *float64 `json:"after"`
	By            *float64 `json:"by"`
	Share         *float64 `json:"share" doc:"The change as a share of what was: 0.1 is ten per cent."`
	PlayersBefore *int     `json:"players_before"`
	PlayersAfter  *int     `json:"players_after"`
}

// Report tells whoever pays for a board how it goes, without a word about any one player. null: withheld, or none.
type Report struct {
	Members map[string]int `json:"members" doc:"By state."`
	SaidYes *float64       `json:"said_yes,omitempty" doc:"Share of those who were asked; on boards by opt-in."`
	Period  string         `json:"period,omitempty" doc:"Of the latest release; absent: there is none, nor figures of it."`
	Scored  *int           `json:"scored"`
	Mean    *float64       `json:"mean"`
	Median  *float64       `json:"median"`
	Groups  []ReportGroup  `json:"groups"`
	Guards  []Guard        `json:"guards" doc:"Targets whose guardrail worsened while the metric rose."`
	Success Success        `json:"success"`
}

// ReportGroup is the figures of one tag group.
type ReportGroup struct {
	Group string      `json:"group"`
	Tags  []ReportTag `json:"tags"`
}

// ReportTag is the figures of those with a tag.
type ReportTag struct {
	Tag     string   `json:"tag"`
	Players *int     `json:"players"`
	Mean    *float64 `json:"mean"`
}

// Guard is a target whose guardrail worsened while its metric rose.
type Guard struct {
	Target    string `json:"target" doc:"Its id."`
	Metric    string `json:"metric,omitempty"`
	Guardrail string `json:"guardrail"`
	Rose      Change `json:"rose"`
	Worsened  Change `json:"worsened"`
	Releases  int    `json:"releases" doc:"Since it was set."`
}

type toTeam struct {
	Group string `json:"group,omitempty"`
}

// Targets returns every target that a board ever had, in the order in which they were set.
func (c *Client) Targets(ctx context.Context, board string) (Page[Target], error) {
	return ask[Page[Target]](ctx, c, http.MethodGet, at(board, "targets"), nil, nil)
}

// SetTarget puts a target in force from now on, in place of one of the same metric and players.
func (c *Client) SetTarget(ctx context.Context, board string, w NewTarget) (Target, error) {
	return ask[Target](ctx, c, http.MethodPost, at(board, "targets"), nil, w)
}

// EndTarget ends a target.
func (c *Client) EndTarget(ctx context.Context, board, id string) error {
	return c.call(ctx, http.MethodDelete, at(board, "targets", id), nil, nil, nil)
}

// MoveTargetToTeam moves a target of players to their teams, those of a tag group, or ("") to the board as one team.
func (c *Client) MoveTargetToTeam(ctx context.Context, board, id, group string) (Target, error) {
	return ask[Target](ctx, c, http.MethodPost, at(board, "targets", id, "team"), nil, toTeam{group})
}

// ProposeTarget finds a target for each player in a metric, or ("") in the score.
func (c *Client) ProposeTarget(ctx context.Context, board, metric string) (Proposal, error) {
	return ask[Proposal](ctx, c, http.MethodGet, at(board, "targets", "proposal"), ofMetric(metric), nil)
}

func ofMetric(metric string) url.Values {
	if metric == "" {
		return nil
	}
	return url.Values{"metric": {metric}}
}

// Uplift compares two windows of releases, by the names of their periods; both empty: the first and the last four there are.
func (c *Client) Uplift(ctx context.Context, board, metric string, before, after []string) (Uplift, error) {
	q := url.Values{}
	for name, value := range map[string]string{"metric": metric, "before": strings.Join(before, ","), "after": strings.Join(after, ",")} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return ask[Uplift](ctx, c, http.MethodGet, at(board, "uplift"), q, nil)
}

// BoardReport returns how a board goes, in aggregates only.
func (c *Client) BoardReport(ctx context.Context, board string) (Report, error) {
	return ask[Report](ctx, c, http.MethodGet, at(board, "report"), nil, nil)
}
