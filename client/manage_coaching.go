package client

import (
	"context"
	"net/http"
	"time"
)

// Tip is a piece of advice, which hangs on a kind of story or on a metric.
type Tip struct {
	TipWords
	ID   string    `json:"id"`
	Lent bool      `json:"lent" doc:"Every board of the server may take it over."`
	From string    `json:"from,omitempty" doc:"Name of the board that lent it."`
	Made time.Time `json:"made"`
	Mine bool      `json:"mine" doc:"The token's owner wrote it."`
}

// TipWords is what a tip says, and when.
type TipWords struct {
	Title  string `json:"title" doc:"What to do, in a few words." minLength:"1" maxLength:"120"`
	Text   string `json:"text" doc:"How, and why it helps. Markdown; numbers of players do not belong here." minLength:"1" maxLength:"8000"`
	Kind   string `json:"kind,omitempty" doc:"Of the story after which it is told; left out: any." example:"personal_best"`
	Metric string `json:"metric,omitempty" doc:"Key of the metric that it is about; left out: any."`
	Link   string `json:"link,omitempty" doc:"A page to read on, https." maxLength:"2000"`
	Author string `json:"author,omitempty" doc:"As readers see it." maxLength:"80"`
}

// LentTip is a tip that another board lends.
type LentTip struct {
	Tip
	Taken bool `json:"taken" doc:"The board has a copy."`
}

// HelpWords is what a board says of one of its metrics to those who want to do well. Markdown.
type HelpWords struct {
	Why  string `json:"why,omitempty" doc:"Why it counts." maxLength:"8000"`
	Good string `json:"good,omitempty" doc:"An entry that counts, as an example." maxLength:"8000"`
	Bad  string `json:"bad,omitempty" doc:"One that does not." maxLength:"8000"`
}

// CoachQueue is whom somebody may talk to on a board: those with the most urgent reasons first, and last those with none.
type CoachQueue struct {
	Period string   `json:"period,omitempty" doc:"Of the release that the reasons follow from; absent: there is none."`
	Left   int      `json:"left" doc:"Players who moved less, of whom the release was not looked at."`
	Items  []Prompt `json:"items"`
}

// Prompt is one player of the queue.
type Prompt struct {
	Player  string            `json:"player" doc:"Their key."`
	Name    string            `json:"name,omitempty"`
	State   string            `json:"state"`
	Tags    map[string]string `json:"tags,omitempty"`
	Reasons []Reason          `json:"reasons" doc:"The most urgent one first."`
	Last    *Talk             `json:"last,omitempty" doc:"The last talk."`
	Outcome *Outcome          `json:"outcome,omitempty" doc:"What became of the score since."`
	Since   bool              `json:"since" doc:"They talked since the last release: what follows from it can wait."`
}

// Reason is why to talk to somebody, with the values that show it.
type Reason struct {
	Why      string   `json:"why" enum:"asked,fell,missing,paused,behind,new,rose"`
	Text     string   `json:"text" doc:"A sentence."`
	Evidence []string `json:"evidence,omitempty" example:"61 in Week 45"`
}

// Talk is one talk with a player: when it was, and what was agreed. Coaches and managers of the board read it, and the player can.
type Talk struct {
	ID      string   `json:"id"`
	On      string   `json:"on" doc:"ISO day."`
	By      string   `json:"by,omitempty" doc:"As others on the board know them."`
	Mine    bool     `json:"mine"`
	Metric  string   `json:"metric,omitempty" doc:"That it was about; absent: the score."`
	Agreed  string   `json:"agreed" doc:"The next step."`
	Outcome *Outcome `json:"outcome,omitempty" doc:"What the releases around it say; absent until there are."`
}

// Outcome is a value before and after a talk.
type Outcome struct {
	BeforePeriod string   `json:"before_period"`
	Before       *float64 `json:"before"`
	AfterPeriod  string   `json:"after_period"`
	After        *float64 `json:"after"`
}

// Talked is a talk that is written down.
type Talked struct {
	On     string `json:"on" doc:"ISO day." example:"2026-11-23"`
	Metric string `json:"metric,omitempty" doc:"Left out: the score as a whole."`
	Agreed string `json:"agreed" minLength:"1" maxLength:"2000"`
}

// Coached is what was talked about with one player.
type Coached struct {
	Player string `json:"player"`
	Name   string `json:"name,omitempty"`
	State  string `json:"state"`
	Talks  []Talk `json:"talks" doc:"Newest first."`
	Notes  []Note `json:"notes"`
}

// Wall is a board on a screen in a room. Its address is a key that is shown once, when it is made.
type Wall struct {
	ID     string    `json:"id"`
	Shows  string    `json:"shows" enum:"members,public"`
	Made   time.Time `json:"made"`
	Opened int64     `json:"opened" doc:"How often."`
}

// NewWall says as whom a wall looks at its board.
type NewWall struct {
	Shows string `json:"shows" enum:"members,public" doc:"What the screen shows: the board as members see it, or as everyone does. Hidden players are never on it."`
}

type lend struct {
	Lend bool `json:"lend"`
}

type taking struct {
	Tip string `json:"tip"`
}

type publishing struct {
	Words string `json:"words,omitempty"`
}

// Tips returns the tips of a board, eldest first.
func (c *Client) Tips(ctx context.Context, board string) (Page[Tip], error) {
	return ask[Page[Tip]](ctx, c, http.MethodGet, at(board, "tips"), nil, nil)
}

// WriteTip writes a tip. Managers write all of a board's; a coach writes about the metrics they were given.
func (c *Client) WriteTip(ctx context.Context, board string, t TipWords) (Tip, error) {
	return ask[Tip](ctx, c, http.MethodPost, at(board, "tips"), nil, t)
}

// Tip returns one that the token's owner may change.
func (c *Client) Tip(ctx context.Context, board, id string) (Tip, error) {
	return ask[Tip](ctx, c, http.MethodGet, at(board, "tips", id), nil, nil)
}

// ChangeTip writes it anew. Copies on other boards stay as they are.
func (c *Client) ChangeTip(ctx context.Context, board, id string, t TipWords) (Tip, error) {
	return ask[Tip](ctx, c, http.MethodPut, at(board, "tips", id), nil, t)
}

// LendTip lends a tip to every board of the server, or ends that.
func (c *Client) LendTip(ctx context.Context, board, id string, yes bool) error {
	return c.call(ctx, http.MethodPost, at(board, "tips", id, "lend"), nil, lend{yes}, nil)
}

// EndTip takes a tip back.
func (c *Client) EndTip(ctx context.Context, board, id string) error {
	return c.call(ctx, http.MethodDelete, at(board, "tips", id), nil, nil, nil)
}

// Library returns the tips that other boards of the server lend, newest first.
func (c *Client) Library(ctx context.Context, board string) (Page[LentTip], error) {
	return ask[Page[LentTip]](ctx, c, http.MethodGet, at(board, "library"), nil, nil)
}

// TakeTip takes a lent tip over: a copy of the board's own, with its author's name.
func (c *Client) TakeTip(ctx context.Context, board, id string) (Tip, error) {
	return ask[Tip](ctx, c, http.MethodPost, at(board, "library"), nil, taking{id})
}

// WriteHelp writes what a board says of a metric.
func (c *Client) WriteHelp(ctx context.Context, board, metric string, h HelpWords) error {
	return c.call(ctx, http.MethodPut, at(board, "metrics", metric, "help"), nil, h, nil)
}

// EndAnswer takes an answer out of the help for a metric.
func (c *Client) EndAnswer(ctx context.Context, board, metric, id string) error {
	return c.call(ctx, http.MethodDelete, at(board, "metrics", metric, "answers", id), nil, nil, nil)
}

// PublishAnswer makes part of the help what the token's owner answered. words is the question as it is published: "" as it was asked,
// which whoever asked has to have allowed.
func (c *Client) PublishAnswer(ctx context.Context, board, question, words string) error {
	return c.call(ctx, http.MethodPost, at(board, "questions", question, "publish"), nil, publishing{words}, nil)
}

// CoachQueue returns whom to talk to next, and why.
func (c *Client) CoachQueue(ctx context.Context, board string) (CoachQueue, error) {
	return ask[CoachQueue](ctx, c, http.MethodGet, at(board, "coach"), nil, nil)
}

// Coached returns what was talked about with a player, and what became of it.
func (c *Client) Coached(ctx context.Context, board, player string) (Coached, error) {
	return ask[Coached](ctx, c, http.MethodGet, at(board, "coach", player), nil, nil)
}

// WriteTalk writes a talk down.
func (c *Client) WriteTalk(ctx context.Context, board, player string, t Talked) error {
	return c.call(ctx, http.MethodPost, at(board, "coach", player, "talks"), nil, t, nil)
}

// RemoveTalk deletes a talk that the token's owner wrote down.
func (c *Client) RemoveTalk(ctx context.Context, board, player, id string) error {
	return c.call(ctx, http.MethodDelete, at(board, "coach", player, "talks", id), nil, nil, nil)
}

// NoteCoached writes a note about a player whom the token's owner coaches.
func (c *Client) NoteCoached(ctx context.Context, board, player, text string) error {
	return c.call(ctx, http.MethodPost, at(board, "coach", player, "notes"), nil, Words{text}, nil)
}

// Walls returns the walls of a board, newest first.
func (c *Client) Walls(ctx context.Context, board string) (Page[Wall], error) {
	return ask[Page[Wall]](ctx, c, http.MethodGet, at(board, "walls"), nil, nil)
}

// MakeWall makes one. The answer holds its address, once.
func (c *Client) MakeWall(ctx context.Context, board, shows string) (Link, error) {
	return ask[Link](ctx, c, http.MethodPost, at(board, "walls"), nil, NewWall{shows})
}

// TakeWallBack ends one.
func (c *Client) TakeWallBack(ctx context.Context, board, id string) error {
	return c.call(ctx, http.MethodDelete, at(board, "walls", id), nil, nil, nil)
}
