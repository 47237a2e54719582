package board

import (
	"context"
	"time"

	"cairn/internal/db"
	"cairn/scorecard"
)

// Visibility says who can find a board.
type Visibility string

const (
	Public   Visibility = "public"   // listed on the home page
	Unlisted Visibility = "unlisted" // by its address only
)

// Board is one board.
type Board struct {
	ID         string // UUIDv7
	Key        string // [a-z0-9-]+, in addresses; unique on the server
	Name       string
	Visibility Visibility
	Zone       string // IANA name
	TopN       int    // how many the public leaderboard shows; 0 all
	Retention  int    // days that raw entries are kept, 90 by default
	Version    int    // of its scorecard in force
	Created    time.Time
}

// Location returns the board's time zone.
func (b *Board) Location() *time.Location { return nil }

// Member is a player on a board.
type Member struct {
	Number int64  // dense from 0 on the board
	Key    string // the player's identifier on the board: in addresses, files and bundles
	Name   string
	Email  string
	Handle string
	Tags   map[string]string // tag group → tag
	Joined time.Time
}

// Boards is the room.
type Boards struct{}

func New(d *db.DB, now func() time.Time) *Boards { return nil }

// New board settings.
type Settings struct {
	Key, Name  string // default: the scorecard's
	Visibility Visibility
	Zone       string
	TopN       int
	Retention  int
}

func (b *Boards) Create(ctx context.Context, card *scorecard.Scorecard, s Settings) (*Board, error) {
	return nil, nil
}
func (b *Boards) Board(ctx context.Context, key string) (*Board, error) { return nil, nil }
func (b *Boards) List(ctx context.Context, all bool) ([]*Board, error)  { return nil, nil } // all: unlisted too
func (b *Boards) Scorecard(ctx context.Context, boardID string, version int) (*scorecard.Scorecard, error) {
	return nil, nil
}

// Revise puts a new version of the scorecard in force; the same bytes as the version in force change nothing.
func (b *Boards) Revise(ctx context.Context, boardID string, card *scorecard.Scorecard) (version int, err error) {
	return 0, nil
}

// Members returns every member by number.
func (b *Boards) Members(ctx context.Context, boardID string) ([]Member, error) { return nil, nil }

// Enrol finds members by key (or e-mail, handle, name, as by says) and adds those that are not there; names and tags
// that are given replace those that stood. It returns their numbers in order.
func (b *Boards) Enrol(ctx context.Context, boardID string, by string, people []Member) ([]int64, error) {
	return nil, nil
}
