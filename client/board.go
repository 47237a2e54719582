package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Board is one board, in a line.
type Board struct {
	Key   string `json:"key" doc:"In addresses; unique on the server." example:"sales-club"`
	Name  string `json:"name"`
	Stage string `json:"stage" enum:"stealth,private,unlisted,public" doc:"How far it is revealed."`
	Zone  string `json:"zone" doc:"IANA name of its time zone." example:"Europe/Berlin"`
	Basis string `json:"basis" enum:"opt-in,public record,things" doc:"Why anybody is on it."`
	Role  string `json:"role,omitempty" doc:"Yours on it: owner, manager, steward, coach or viewer; absent: none."`
	Mine  string `json:"mine,omitempty" doc:"Your own key as one of its players; absent: you are none."`
}

// Front is what a board says of itself.
type Front struct {
	Board
	Purpose   string            `json:"purpose" doc:"What the score is for."`
	Period    string            `json:"period" enum:"day,week,fortnight,month,quarter,year" doc:"How long a release covers."`
	Players   string            `json:"players" doc:"What is scored: people, teams, organisations or things."`
	Scorecard int               `json:"scorecard" doc:"Version of the scorecard in force."`
	Pages     Pages             `json:"pages" doc:"Who sees which page."`
	Pending   *Pending          `json:"pending,omitempty" doc:"A step wider that is announced and does not hold yet."`
	Top       int               `json:"top" doc:"How many stand on the leaderboard; 0 all."`
	Smallest  int               `json:"smallest" doc:"A figure about fewer players than this is withheld."`
	Retention int               `json:"retention" doc:"Days that raw entries are kept."`
	Tags      []string          `json:"tags" doc:"Groups of tags by which it ranks as well."`
	Owner     string            `json:"owner,omitempty" doc:"Whose work the design is."`
	Licence   string            `json:"licence,omitempty" doc:"Under which others may use it."`
	Talk      string            `json:"talk,omitempty" doc:"Where its people talk."`
	Prize     string            `json:"prize,omitempty" doc:"What is won beside the score."`
	Closed    string            `json:"closed,omitempty" doc:"Why whoever runs the server closed it; absent: it is open."`
	Silent    map[string]string `json:"silent,omitempty" doc:"Metrics that are not measured at the moment, each with the reason: who has no value is missing, which is not zero. For its players and for whoever runs it."`
	Terms     *Terms            `json:"terms,omitempty" doc:"What it asks of its players; for those and for whoever runs it."`
	Next      Next              `json:"next" doc:"Its next release."`
	Latest    string            `json:"latest,omitempty" doc:"Period of the latest release; absent: none yet, or its leaderboard is not for you." example:"2026-W47"`
	Page      string            `json:"page" doc:"Address of its page."`
}

// Next is the release of a board that comes next. Where a board is released by hand it has no more than the mode.
type Next struct {
	Board    string     `json:"board"`
	Zone     string     `json:"zone" example:"Europe/Berlin"`
	Mode     string     `json:"mode" enum:"by hand,draft,auto"`
	Period   string     `json:"period,omitempty" example:"2026-W48"`
	State    string     `json:"state,omitempty" enum:"waiting,closed" doc:"closed: its period is over, and it comes out after some hours of grace."`
	Closes   *time.Time `json:"closes_at,omitempty" doc:"The period closes."`
	Releases *time.Time `json:"releases_at,omitempty" doc:"It comes out; past: it is late."`
}

// Scorecard is the rules of a board: what counts, how much and why. Its file has every word of them.
type Scorecard struct {
	Version   int                `json:"version" doc:"Of this board, from 1."`
	Key       string             `json:"key"`
	Name      string             `json:"name"`
	Purpose   string             `json:"purpose"`
	Designer  string             `json:"designer" doc:"Who chose the weights."`
	Statement string             `json:"statement" doc:"The bias they admit to."`
	Period    string             `json:"period" enum:"day,week,fortnight,month,quarter,year"`
	Players   string             `json:"players"`
	OutOf     float64            `json:"out_of" doc:"The scale is 0 to this; 0: open, points are added up."`
	Decimals  int                `json:"decimals" doc:"Of the published score."`
	Better    string             `json:"better" enum:"higher,lower"`
	Combine   string             `json:"combine" doc:"How the parts join: arithmetic, geometric, sum …"`
	Levels    []Level            `json:"levels"`
	Tags      []string           `json:"tags" doc:"Groups of tags by which it ranks as well."`
	Constants map[string]float64 `json:"constants,omitempty"`
	Parts     []RulePart         `json:"parts"`
	Digest    string             `json:"digest" doc:"Hex SHA-256 of the file."`
}

// Level is a name for scores from some number on.
type Level struct {
	From float64 `json:"from"`
	Name string  `json:"name"`
}

// RulePart is a part of a scorecard: a metric, or a group that has parts of its own.
type RulePart struct {
	Key      string     `json:"key"`
	Name     string     `json:"name"`
	Why      string     `json:"why,omitempty"`
	Weight   float64    `json:"weight" doc:"Among the parts beside it."`
	Share    *float64   `json:"share" doc:"Of the whole score, 0 to 1; null: not scored, or points are added up."`
	Scored   bool       `json:"scored"`
	Unit     string     `json:"unit,omitempty"`
	Kind     string     `json:"kind,omitempty" doc:"lead: a behaviour one can choose; lag: an outcome."`
	Nature   string     `json:"nature,omitempty" doc:"fruit: a result; leaf: activity."`
	Audience string     `json:"audience,omitempty" doc:"Whom a measured value is for: public, board, player or steward."`
	Entry    string     `json:"entry,omitempty" doc:"Key of the entries that it counts."`
	Missing  string     `json:"missing,omitempty" doc:"What having no entry means: zero, or which other thing."`
	Better   string     `json:"better,omitempty" enum:"higher,lower"`
	Parts    []RulePart `json:"parts,omitempty"`
}

// Help says of one metric what success looks like, in Markdown.
type Help struct {
	Metric  string       `json:"metric"`
	Name    string       `json:"name"`
	Why     string       `json:"why,omitempty" doc:"Why it counts."`
	Good    string       `json:"good,omitempty" doc:"An entry that counts, as an example."`
	Bad     string       `json:"bad,omitempty" doc:"One that does not."`
	Changed *time.Time   `json:"changed,omitempty"`
	Answers []HelpAnswer `json:"answers" doc:"To what players asked."`
}

// HelpAnswer is a question that was answered for everybody.
type HelpAnswer struct {
	Question string `json:"question"`
	Answer   string `json:"answer"`
}

// Cut is which part of a list is wanted. The zero Cut is its beginning.
type Cut struct {
	Cursor string // next of the page before
	Limit  int    // at most so many; 0 as many as the server chooses
}

func (c Cut) query() url.Values {
	q := url.Values{}
	if c.Cursor != "" {
		q.Set("cursor", c.Cursor)
	}
	if c.Limit > 0 {
		q.Set("limit", strconv.Itoa(c.Limit))
	}
	return q
}

// Boards returns the boards that are public, and those that the token's owner has to do with, by name; named are those whose
// name or key has a text in it.
func (c *Client) Boards(ctx context.Context, named string, cut Cut) (Page[Board], error) {
	q := cut.query()
	if named != "" {
		q.Set("named", named)
	}
	return ask[Page[Board]](ctx, c, http.MethodGet, "/boards", q, nil)
}

// Board returns what a board says of itself.
func (c *Client) Board(ctx context.Context, key string) (Front, error) {
	return ask[Front](ctx, c, http.MethodGet, at(key), nil, nil)
}

// Next returns the next release of a board.
func (c *Client) Next(ctx context.Context, board string) (Next, error) {
	return ask[Next](ctx, c, http.MethodGet, at(board, "next"), nil, nil)
}

// Scorecard returns the rules in force on a board.
func (c *Client) Scorecard(ctx context.Context, board string) (Scorecard, error) {
	return ask[Scorecard](ctx, c, http.MethodGet, at(board, "scorecard"), nil, nil)
}

// ScorecardFile returns the file of the rules in force, byte for byte as it was read.
func (c *Client) ScorecardFile(ctx context.Context, board string) ([]byte, error) {
	return ask[[]byte](ctx, c, http.MethodGet, at(board, "scorecard.yaml"), nil, nil)
}

// Help returns what a board says of one of its metrics.
func (c *Client) Help(ctx context.Context, board, metric string) (Help, error) {
	return ask[Help](ctx, c, http.MethodGet, at(board, "metrics", metric, "help"), nil, nil)
}
