package client

import (
	"context"
	"net/http"
	"time"
)

// Rhythm is when a board is released. A period closes some days after it, at a time of day in the board's zone; late data is waited
// for some hours.
type Rhythm struct {
	Mode   string `json:"mode" enum:"by hand,draft,auto" doc:"by hand: nothing happens by itself; draft: each period is calculated and managers are told; auto: and published after the time of grace."`
	Days   int    `json:"days,omitempty" doc:"On which day after a period it closes; 0 the first." minimum:"0" maximum:"27"`
	At     string `json:"at,omitempty" doc:"Time of day, in the board's zone." example:"09:00"`
	Grace  int    `json:"grace,omitempty" doc:"Hours that late data is waited for." minimum:"0" maximum:"336"`
	From   string `json:"from,omitempty" doc:"The first period that it holds for. Left out: as it is, else the one that closes next." example:"2026-W47"`
	Coming []Turn `json:"coming,omitempty" doc:"The next periods." readOnly:"true"`
}

// Turn is one period of a board's rhythm: it closes once and is released once.
type Turn struct {
	Period   string     `json:"period" example:"2026-W47"`
	Closes   time.Time  `json:"closes"`
	Releases time.Time  `json:"releases" doc:"The end of the grace."`
	State    string     `json:"state" enum:"waiting,closed,held,released,empty,failed,left out"`
	Why      string     `json:"why,omitempty" doc:"It is held, or failed."`
	Changed  *time.Time `json:"changed,omitempty"`
	Ended    bool       `json:"ended" doc:"Nothing more happens by itself."`
}

// What can be done with a turn.
const (
	HoldTurn     = "hold"      // it is not published by itself
	GoOnTurn     = "go"        // it is, after all
	LeaveOutTurn = "leave out" // of the period there is no release
	AgainTurn    = "again"     // what failed, or found nothing, is tried again
)

type turnChange struct {
	Do string `json:"do"`
}

// Rhythm returns when a board is released.
func (c *Client) Rhythm(ctx context.Context, board string) (Rhythm, error) {
	return ask[Rhythm](ctx, c, http.MethodGet, at(board, "rhythm"), nil, nil)
}

// SetRhythm changes it. The token needs the scope boards:release, since what follows is published by itself.
func (c *Client) SetRhythm(ctx context.Context, board string, r Rhythm) (Rhythm, error) {
	r.Coming = nil
	return ask[Rhythm](ctx, c, http.MethodPut, at(board, "rhythm"), nil, r)
}

// Turns returns the periods of a board's rhythm that began, newest first.
func (c *Client) Turns(ctx context.Context, board string) (Page[Turn], error) {
	return ask[Page[Turn]](ctx, c, http.MethodGet, at(board, "turns"), nil, nil)
}

// ChangeTurn holds a closed period, lets it go on, leaves it out or tries it again.
func (c *Client) ChangeTurn(ctx context.Context, board, period, do string) error {
	return c.call(ctx, http.MethodPost, at(board, "turns", period), nil, turnChange{do}, nil)
}
