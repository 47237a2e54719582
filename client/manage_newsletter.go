package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// LetterMode is whether newsletters of a board go by themselves.
type LetterMode struct {
	Mode      string `json:"mode" enum:"send,wait,off" doc:"send: a minute after the release is final; wait: a manager lets each go; off: never."`
	Unready   string `json:"unready,omitempty" doc:"Why this server can send none by mail." readOnly:"true"`
	Captured  bool   `json:"captured,omitempty" doc:"Letters are written into a folder; nobody gets them." readOnly:"true"`
	Anonymous bool   `json:"anonymous,omitempty" doc:"They do not say who sends them, with a postal address." readOnly:"true"`
}

// Newsletter is that of one release.
type Newsletter struct {
	Period    string         `json:"period"`
	Release   string         `json:"release" doc:"Id of its first edition."`
	Counts    map[string]int `json:"counts" doc:"Readers by state: queued, sending, sent, doubtful, bounced, failed, skipped."`
	Unclaimed int            `json:"unclaimed" doc:"Members without an account: they are not written to."`
	Made      time.Time      `json:"made"`
	Begun     *time.Time     `json:"begun,omitempty"`
	Ended     *time.Time     `json:"ended,omitempty"`
	Waiting   bool           `json:"waiting" doc:"For a manager to let it go."`
	Stopped   bool           `json:"stopped"`
	Why       string         `json:"why,omitempty" doc:"It was not sent by itself."`
}

// Article is what a newsletter says to every reader alike, Markdown.
type Article struct {
	Text    string `json:"text" maxLength:"100000"`
	Written bool   `json:"written" doc:"By a manager; else it is the draft that follows from the release." readOnly:"true"`
}

// Letter is what one reader would get.
type Letter struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html" doc:"With its pictures inside."`
	Short   string `json:"short" doc:"As a text message."`
}

// LetterLine is what became of one reader's message.
type LetterLine struct {
	Member  int64     `json:"member" doc:"Their number on the board."`
	Player  string    `json:"player,omitempty" doc:"Their key; absent of somebody who is gone."`
	Name    string    `json:"name,omitempty"`
	Channel string    `json:"channel,omitempty" enum:"mail,text,chat,none"`
	State   string    `json:"state" enum:"queued,sending,sent,doubtful,bounced,failed,skipped"`
	Why     string    `json:"why,omitempty"`
	Changed time.Time `json:"changed"`
	Open    bool      `json:"open" doc:"Somebody has to decide on it."`
}

// Decided settles a line that is open.
type Decided struct {
	Again bool `json:"again" doc:"It is sent again; else it stays as it is."`
}

// LetterMode returns whether newsletters of a board go by themselves, and what is in their way.
func (c *Client) LetterMode(ctx context.Context, board string) (LetterMode, error) {
	return ask[LetterMode](ctx, c, http.MethodGet, at(board, "newsletter"), nil, nil)
}

// SetLetterMode changes it, from the next release on.
func (c *Client) SetLetterMode(ctx context.Context, board, mode string) error {
	return c.call(ctx, http.MethodPut, at(board, "newsletter"), nil, LetterMode{Mode: mode}, nil)
}

// Newsletters returns the newsletters of a board, newest first.
func (c *Client) Newsletters(ctx context.Context, board string) (Page[Newsletter], error) {
	return ask[Page[Newsletter]](ctx, c, http.MethodGet, at(board, "newsletters"), nil, nil)
}

// Newsletter returns that of a period.
func (c *Client) Newsletter(ctx context.Context, board, period string) (Newsletter, error) {
	return ask[Newsletter](ctx, c, http.MethodGet, at(board, "newsletters", period), nil, nil)
}

// Article returns the article for a period's newsletter.
func (c *Client) Article(ctx context.Context, board, period string) (Article, error) {
	return ask[Article](ctx, c, http.MethodGet, at(board, "newsletters", period, "article"), nil, nil)
}

// WriteArticle keeps a manager's article.
func (c *Client) WriteArticle(ctx context.Context, board, period, text string) error {
	return c.call(ctx, http.MethodPut, at(board, "newsletters", period, "article"), nil, Article{Text: text}, nil)
}

// DropArticle goes back to the draft that follows from the release.
func (c *Client) DropArticle(ctx context.Context, board, period string) error {
	return c.call(ctx, http.MethodDelete, at(board, "newsletters", period, "article"), nil, nil, nil)
}

// Letter returns what a player would get, with links that open nothing. The release may be a draft.
func (c *Client) Letter(ctx context.Context, board, period, player string) (Letter, error) {
	return ask[Letter](ctx, c, http.MethodGet, at(board, "newsletters", period, "letters", player), nil, nil)
}

// LetterLines returns what became of each message, of one state or ("") of all.
func (c *Client) LetterLines(ctx context.Context, board, period, state, cursor string) (Page[LetterLine], error) {
	q := url.Values{}
	for name, value := range map[string]string{"state": state, "cursor": cursor} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return ask[Page[LetterLine]](ctx, c, http.MethodGet, at(board, "newsletters", period, "ledger"), q, nil)
}

// LetGo has a newsletter sent that waits or was stopped.
func (c *Client) LetGo(ctx context.Context, board, period string) error {
	return c.call(ctx, http.MethodPost, at(board, "newsletters", period, "go"), nil, nil, nil)
}

// StopLetters stops a newsletter: messages under way are finished, no further one begins.
func (c *Client) StopLetters(ctx context.Context, board, period string) error {
	return c.call(ctx, http.MethodPost, at(board, "newsletters", period, "stop"), nil, nil, nil)
}

// DecideLetter settles a line that is open: it is sent again, or left as it is.
func (c *Client) DecideLetter(ctx context.Context, board, period string, member int64, again bool) error {
	return c.call(ctx, http.MethodPost, at(board, "newsletters", period, "ledger", strconv.FormatInt(member, 10)), nil, Decided{again}, nil)
}
