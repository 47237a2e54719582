package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// RunBoard is a board as whoever runs the server sees it: that it is there, and nothing of its players.
type RunBoard struct {
	Key       string    `json:"key"`
	Name      string    `json:"name"`
	Stage     string    `json:"stage" enum:"stealth,private,unlisted,public"`
	Basis     string    `json:"basis"`
	Players   int       `json:"players" doc:"Members ever enrolled."`
	Made      time.Time `json:"made"`
	Suspended string    `json:"suspended,omitempty" doc:"Why it is closed."`
}

// Suspension closes a board for its readers, who see why. Nothing is deleted.
type Suspension struct {
	Why string `json:"why" minLength:"1" maxLength:"500"`
}

// Job is a piece of the server's work that is not done.
type Job struct {
	ID       string     `json:"id"`
	Kind     string     `json:"kind"`
	About    string     `json:"about,omitempty"`
	State    string     `json:"state" enum:"waiting,running,dead,skipped"`
	Attempts int        `json:"attempts"`
	Next     *time.Time `json:"next,omitempty" doc:"When it is begun, or when it is given up to run."`
	Ended    *time.Time `json:"ended,omitempty"`
	Reason   string     `json:"reason,omitempty" doc:"Why it was not done at the last attempt."`
}

// JobCount is how many jobs of a kind stand alike.
type JobCount struct {
	Kind  string     `json:"kind"`
	State string     `json:"state"`
	N     int        `json:"n"`
	First *time.Time `json:"first,omitempty" doc:"When the first of them is due, or was."`
}

// Again names which jobs run once more.
type Again struct {
	Kind string `json:"kind,omitempty" doc:"Dead ones of this kind; absent: of every kind."`
}

// RunAgain says how many do.
type RunAgain struct {
	Jobs int `json:"jobs"`
}

// AllBoards returns every board of the server. For operators.
func (c *Client) AllBoards(ctx context.Context, cut Cut) (Page[RunBoard], error) {
	return ask[Page[RunBoard]](ctx, c, http.MethodGet, "/operate/boards", cut.query(), nil)
}

// Suspend closes a board for its readers, who see why; nothing is deleted. For operators.
func (c *Client) Suspend(ctx context.Context, board, why string) error {
	return c.call(ctx, http.MethodPut, "/operate/boards/"+url.PathEscape(board)+"/suspension", nil, Suspension{why}, nil)
}

// Reopen opens it again. For operators.
func (c *Client) Reopen(ctx context.Context, board string) error {
	return c.call(ctx, http.MethodDelete, "/operate/boards/"+url.PathEscape(board)+"/suspension", nil, nil, nil)
}

// Jobs returns work that is not done, dead jobs first; kind and state narrow it where they are not "". For operators.
func (c *Client) Jobs(ctx context.Context, kind, state string, limit int) (Page[Job], error) {
	q := url.Values{}
	for name, value := range map[string]string{"kind": kind, "state": state} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	return ask[Page[Job]](ctx, c, http.MethodGet, "/operate/jobs", q, nil)
}

// JobCounts returns how many jobs stand how. For operators.
func (c *Client) JobCounts(ctx context.Context) (Page[JobCount], error) {
	return ask[Page[JobCount]](ctx, c, http.MethodGet, "/operate/counts", nil, nil)
}

// RunJob lets a dead or skipped job run once more. For operators.
func (c *Client) RunJob(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodPost, "/operate/jobs/"+url.PathEscape(id)+"/again", nil, nil, nil)
}

// RunJobs lets every dead job of a kind run once more, "" of every kind. For operators.
func (c *Client) RunJobs(ctx context.Context, kind string) (RunAgain, error) {
	return ask[RunAgain](ctx, c, http.MethodPost, "/operate/again", nil, Again{kind})
}
