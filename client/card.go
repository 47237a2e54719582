package client

import (
	"context"
	"net/http"
)

// Card is one player's scorecard in one release: the number, what it is made of, what moved it, and what it means. What is not
// for its reader is not in it; points that would tell of it are told together.
type Card struct {
	Board    string              `json:"board" doc:"Its key."`
	Period   string              `json:"period" example:"2026-W47"`
	Edition  int                 `json:"edition"`
	Digest   string              `json:"digest" doc:"Of the release."`
	Player   string              `json:"player" doc:"Key."`
	Ref      string              `json:"ref,omitempty" doc:"Under which the bundle knows the player; for that player and whoever runs the board."`
	Name     string              `json:"name"`
	Score    *float64            `json:"score" doc:"null: not scored; note says why."`
	Exact    *float64            `json:"exact,omitempty" doc:"Before it was rounded; only where every value is for you."`
	Rank     *float64            `json:"rank"`
	Of       int                 `json:"of" doc:"So many are ranked."`
	Level    string              `json:"level"`
	Coverage *float64            `json:"coverage" doc:"Share of the metrics that were measured, 0 to 1."`
	Note     string              `json:"note"`
	Change   *float64            `json:"change,omitempty" doc:"Since the last release that the player was in."`
	Climbed  *float64            `json:"climbed,omitempty" doc:"Places gained since then."`
	Own      *float64            `json:"own,omitempty" doc:"Of the change: by what the player did."`
	Others   *float64            `json:"others,omitempty" doc:"Of the change: by what others did."`
	Rules    *float64            `json:"rules,omitempty" doc:"Of the change: by new rules."`
	OldRules *OldRules           `json:"old_rules,omitempty" doc:"Under the rules of the release before; where they are new."`
	Tags     []CardTag           `json:"tags"`
	Parts    []PointsOf          `json:"parts" doc:"They add up to the score."`
	NoLonger []PointsOf          `json:"no_longer_counted" doc:"What new rules do not count any more."`
	Stories  []Story             `json:"stories" doc:"What the numbers mean."`
	Step     *Step               `json:"step,omitempty" doc:"What would help most next; for the player and whoever coaches them."`
	Values   map[string]*float64 `json:"values" doc:"Measured values by metric; null: none."`
	OwnWord  map[string]float64  `json:"own_word,omitempty" doc:"By metric: which share of it, 0 to 1, is by the player's own word."`
	Targets  []Standing          `json:"targets,omitempty" doc:"How the player stands to targets."`
}

// OldRules is a score under the rules of the release before.
type OldRules struct {
	Score *float64 `json:"score"`
	Rank  *float64 `json:"rank"`
}

// CardTag is a place within one tag.
type CardTag struct {
	Group string   `json:"group"`
	Tag   string   `json:"tag"`
	Rank  *float64 `json:"rank"`
}

// PointsOf is what a part gave, and what moved it. Parts of which one alone would tell what is not for the reader are told as one.
type PointsOf struct {
	Key      string   `json:"key"`
	Together []string `json:"together,omitempty" doc:"Keys of the parts that this line is about; absent: the one."`
	Points   *float64 `json:"points,omitempty" doc:"Published."`
	Move     *float64 `json:"move,omitempty" doc:"Since the last release that the player was in."`
	Own      *float64 `json:"own,omitempty"`
	Others   *float64 `json:"others,omitempty"`
	Rules    *float64 `json:"rules,omitempty"`
}

// Story is one thing worth saying, with the numbers that show it.
type Story struct {
	Kind     string     `json:"kind"`
	Headline string     `json:"headline" example:"Personal best: 82"`
	Text     string     `json:"text"`
	Short    string     `json:"short" doc:"It fits one text message."`
	Example  string     `json:"example" doc:"How it comes about."`
	Metric   string     `json:"metric,omitempty"`
	Evidence []Evidence `json:"evidence" nullable:"true"`
}

// Evidence is one number behind a story.
type Evidence struct {
	Release string  `json:"release" doc:"Period."`
	What    string  `json:"what" doc:"score, rank, players, passed, a metric's key, …"`
	Value   float64 `json:"value"`
}

// Step is what would help most next: one metric, from one value to another.
type Step struct {
	Metric   string   `json:"metric"`
	From     *float64 `json:"from"`
	To       *float64 `json:"to"`
	Gain     *float64 `json:"gain" doc:"Points that it would give."`
	Score    *float64 `json:"score" doc:"That it would make."`
	Passes   string   `json:"passes" doc:"Who would be passed; empty: nobody."`
	Headline string   `json:"headline"`
	Text     string   `json:"text"`
	Short    string   `json:"short"`
}

// Standing is how a player stands to a target.
type Standing struct {
	Metric *string  `json:"metric" doc:"null: the score."`
	Due    *float64 `json:"due" doc:"What is wanted by now."`
	Value  *float64 `json:"value"`
	Share  *float64 `json:"share" doc:"Of the way, 0 to 1."`
	Way    string   `json:"way" doc:"How it goes."`
}

// Journey is a player's whole way on a board.
type Journey struct {
	Player string         `json:"player"`
	Name   string         `json:"name"`
	Points []JourneyPoint `json:"points" doc:"Every final release, oldest first."`
	Notes  []JourneyNote  `json:"notes" doc:"What the player wrote beside it, as far as it is for you."`
}

// JourneyPoint is one release on a player's way.
type JourneyPoint struct {
	Period  string   `json:"period"`
	Edition int      `json:"edition"`
	Score   *float64 `json:"score" doc:"null: not scored in it."`
	Rank    *float64 `json:"rank"`
	Of      int      `json:"of" doc:"So many were ranked."`
	Best    bool     `json:"best" doc:"The best of all until then."`
	Version int      `json:"scorecard" doc:"Version of the rules."`
}

// JourneyNote is a player's own words on a day.
type JourneyNote struct {
	ID    string `json:"id,omitempty" doc:"Of your own."`
	Day   string `json:"day" format:"date"`
	Text  string `json:"text"`
	Shown bool   `json:"shown" doc:"To whoever may see the scorecard."`
}

// Card returns a player's scorecard in a release; period may be Latest, edition 0 the latest.
func (c *Client) Card(ctx context.Context, board, period string, n int, player string) (Card, error) {
	return ask[Card](ctx, c, http.MethodGet, at(board, "releases", period, "players", player), edition(n), nil)
}

// Journey returns a player's whole way on a board.
func (c *Client) Journey(ctx context.Context, board, player string) (Journey, error) {
	return ask[Journey](ctx, c, http.MethodGet, at(board, "players", player, "journey"), nil, nil)
}

// PlayerPicture returns a player's picture, where they show it on the board: PNG.
func (c *Client) PlayerPicture(ctx context.Context, board, player string) ([]byte, error) {
	return ask[[]byte](ctx, c, http.MethodGet, at(board, "players", player, "picture"), nil, nil)
}
