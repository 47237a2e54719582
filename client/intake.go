package client

import (
	"context"
	"net/http"
	"time"
)

// NewEntry is an entry as a source sends it. The player is named by one of Player, Email and Handle; a source of a player's own
// need not name them.
type NewEntry struct {
	ID     string    `json:"id,omitempty" maxLength:"600" doc:"Unique within the source: sent twice, it counts once. Without one it is made of what the entry says." example:"call-4711"`
	Player string    `json:"player,omitempty" maxLength:"320" doc:"Key of the player." example:"ada"`
	Email  string    `json:"email,omitempty" maxLength:"320" doc:"Or an address of theirs."`
	Handle string    `json:"handle,omitempty" maxLength:"320" doc:"Or their name elsewhere."`
	Key    string    `json:"key" minLength:"1" maxLength:"200" doc:"What it counts." example:"calls"`
	At     time.Time `json:"at,omitzero" doc:"When it happened; without it, when it comes in."`
	Value  *float64  `json:"value,omitempty" doc:"Its number; without one it counts as one that happened." example:"1"`
	Label  string    `json:"label,omitempty" maxLength:"4000" doc:"For people."`
}

// Intake says what became of what was sent. All of it is on disk.
type Intake struct {
	Events     int `json:"events" doc:"That came."`
	Added      int `json:"added" doc:"Entries that are new."`
	Duplicates int `json:"duplicates" doc:"Entries that were there already."`
	Skipped    int `json:"skipped" doc:"Events that rules leave out, and those of people who left or declined."`
	Waiting    int `json:"waiting" doc:"Events in quarantine, until somebody mends the rules or enrols players."`
	Conflicts  int `json:"conflicts" doc:"Of those, events of a known id that say something else."`
	TooLate    int `json:"too_late" doc:"Of those, events dated in a period that is final."`
	MadeIDs    int `json:"made_ids" doc:"Events without an id of their own: sent again without Idempotency-Key, they may count twice."`
}

// Send brings entries, at most 10,000, by the key of a source, which the client shows as its token. When it returns they are on
// disk: as entries, or in quarantine where nobody is known by that name.
func (c *Client) Send(ctx context.Context, entries []NewEntry) (Intake, error) {
	return ask[Intake](ctx, c.forFiles(), http.MethodPost, "/in", nil, entries)
}
