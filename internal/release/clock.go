package release

import (
	"context"
	"time"

	"cairn/internal/board"
	"cairn/internal/identity"
	"cairn/internal/job"
	"cairn/internal/period"
)

// TurnState is how far a turn is.
type TurnState string

const (
	TurnWaiting  TurnState = "waiting"  // the period is not closed yet
	TurnClosed   TurnState = "closed"   // drafted; the managers were told
	TurnHeld     TurnState = "held"     // a manager does not want it published by itself
	TurnReleased TurnState = "released" // by itself or by hand
	TurnEmpty    TurnState = "empty"    // there was nothing to release
	TurnFailed   TurnState = "failed"   // it could not be calculated; Why says what to do
)

// Turn is one period of a board's rhythm. Each closes once and is released once.
type Turn struct {
	Board    string // board_id
	Period   period.Period
	Closes   time.Time
	Releases time.Time // the end of the grace
	State    TurnState
	Why      string
	Release  string // id, "" none
	Changed  time.Time
}

// JobRemind is the kind of job by which the clock has the managers of a board told; its payload is a Reminder.
const JobRemind = "remind managers"

// Reminder is what managers are told of a turn.
type Reminder struct {
	Board  string    `json:"board"` // board_id
	Period string    `json:"period"`
	State  TurnState `json:"state"`
	Why    string    `json:"why,omitempty"`
	Due    time.Time `json:"due"` // when it is published by itself; zero: a manager has to
}

// Clock opens and closes the periods of every board that has a rhythm.
type Clock struct {
	releases *Releases
	queue    *job.Queue
}

// NewClock builds it on the room, and says to the queue what to do at each instant.
func NewClock(r *Releases, queue *job.Queue) *Clock { return &Clock{releases: r, queue: queue} }

// Next returns the turn that comes next on a board; ok is false where it has no rhythm, or is suspended. Every page of a board
// shows it, so it reads memory or one row.
func (c *Clock) Next(ctx context.Context, b *board.Board) (next Turn, ok bool, err error) {
	return Turn{}, false, nil
}

// Coming returns the next turns of a board as they will be, for its calendar.
func (c *Clock) Coming(ctx context.Context, b *board.Board, n int) ([]Turn, error) { return nil, nil }

// Turns returns the turns of a board that began, newest first.
func (c *Clock) Turns(ctx context.Context, b *board.Board, limit int) ([]Turn, error) {
	return nil, nil
}

// Hold keeps a closed turn from being published by itself, or lets it go on.
func (c *Clock) Hold(ctx context.Context, a identity.Actor, b *board.Board, p period.Period, hold bool) error {
	panic("to be written")
}

// Wind sees to it that the next instant of every rhythm is among the jobs. It is called when a program starts and once a day, and
// may be called at any time.
func (c *Clock) Wind(ctx context.Context) error { return nil }

// Purge deletes the raw entries of every board that are due, under its last final release. It is called once a day.
func (c *Clock) Purge(ctx context.Context) error { return nil }
