package coaching

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"cairn/internal/audit"
	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/job"
	"cairn/internal/mail"
	"cairn/internal/player"
	"cairn/internal/release"
)

// Rooms is what the room is built on.
type Rooms struct {
	DB       *db.DB
	Boards   *board.Boards
	Releases *release.Releases
	Players  *player.Players
	Identity *identity.Identity
	Trail    *audit.Trail
	Queue    *job.Queue
	Post     *mail.Post
	Now      func() time.Time // the only clock
}

// Coaching is the room.
type Coaching struct {
	rooms Rooms

	mu      sync.Mutex
	through Notice // how somebody is told that there is something to read
}

// New builds the room, and says to the queue how its notices are sent.
func New(r Rooms) *Coaching {
	c := &Coaching{rooms: r}
	c.through = c.mail
	r.Queue.Handle(jobNotice, c.notify)
	return c
}

// How long texts may be, in characters.
const (
	MostTitle = 120
	MostName  = 80
	MostText  = 8_000
	MostAsked = 2_000
)

// SeesPlayer reports whether a player is one of those whom somebody coaches on a board: for managers and stewards everybody who is
// scored or pauses, for a coach those given to them. Who hid is hidden from coaches too.
func SeesPlayer(a board.Access, at *board.Board, m board.Member) bool {
	if !m.State.Scored() && m.State != board.Paused {
		return false
	}
	return a.May(board.SeeTrail, at) || a.May(board.SeeGiven, at) && !m.Hidden && a.Scope.Given(m)
}

// coaches reports whether somebody may write to and about the players whom they see: stewards only read.
func coaches(a board.Access, at *board.Board) bool {
	return a.May(board.Manage, at) || a.May(board.SeeGiven, at)
}

// writes refuses who may not write what players read about a metric ("" about all of them). The console may.
func (c *Coaching) writes(ctx context.Context, a identity.Actor, at *board.Board, metric string) error {
	if !a.SignedIn() {
		return nil
	}
	access, err := c.rooms.Boards.Access(ctx, at, a)
	switch {
	case err != nil:
		return err
	case access.May(board.Manage, at):
		return nil
	case !access.May(board.SeeGiven, at):
		return fault.New(fault.Forbidden, "Only managers and coaches of the board do this.")
	case !access.Scope.Measures(metric):
		return wrong("metric", "You coach some of the metrics only: choose one of those.")
	}
	return nil
}

// measured refuses the key of a metric that the board's scorecard does not have.
func (c *Coaching) measured(ctx context.Context, at *board.Board, metric string) error {
	if metric == "" {
		return nil
	}
	card, err := c.rooms.Boards.Scorecard(ctx, at.ID, at.Version)
	if err != nil {
		return err
	}
	for _, m := range card.Metrics() {
		if m.Key == metric {
			return nil
		}
	}
	return wrong("metric", "The scorecard has no metric %.40q.", metric)
}

func wrong(field, format string, args ...any) error {
	return fault.Wrong(field, format, args...)
}

// line returns a text of one line without the space around it, and refuses one that no page could show well.
func line(field, what, text string, most int) (string, error) {
	text = strings.TrimSpace(text)
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }) {
		return "", wrong(field, "%s is one line of text.", what)
	}
	if utf8.RuneCountInString(text) > most {
		return "", wrong(field, "%s is longer than %d characters.", what, most)
	}
	return text, nil
}

// body returns a text of several lines without the space around it.
func body(field, what, text string, most int) (string, error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		return "", wrong(field, "%s is plain text.", what)
	}
	if utf8.RuneCountInString(text) > most {
		return "", wrong(field, "%s is longer than %d characters.", what, most)
	}
	return text, nil
}

func instant(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

func truth(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// changes runs a statement and reports whether it changed a row.
func changes(tx *db.Tx, query string, args ...any) (bool, error) {
	result, err := tx.Exec(query, args...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// members returns the members of a board by number.
func (c *Coaching) member(ctx context.Context, at *board.Board, number int64) (board.Member, error) {
	names, err := c.rooms.Boards.Directory(ctx, at)
	if err != nil {
		return board.Member{}, err
	}
	return names.Member(number), nil
}

// playing reports whether a member is a player now.
func playing(m board.Member) bool {
	return slices.Contains([]board.State{board.Accepted, board.Listed, board.Paused}, m.State)
}
