package newsletter

import (
	"context"
	"encoding/json"
	"time"

	"cairn/internal/audit"
	"cairn/internal/board"
	"cairn/internal/coaching"
	"cairn/internal/db"
	"cairn/internal/gateway"
	"cairn/internal/identity"
	"cairn/internal/job"
	"cairn/internal/letter"
	"cairn/internal/mail"
	"cairn/internal/pass"
	"cairn/internal/period"
	"cairn/internal/release"
)

// Rooms is what the room is built on.
type Rooms struct {
	DB       *db.DB
	Boards   *board.Boards
	Releases *release.Releases
	Identity *identity.Identity
	Coaching *coaching.Coaching
	Passes   *pass.Passes
	Trail    *audit.Trail
	Queue    *job.Queue
	Post     *mail.Post
	Texts    *gateway.Gateway
	Chats    *gateway.Gateway
	Now      func() time.Time // the only clock
	Sender   string           // who sends the mails, with a postal address; "" not set
}

// Newsletters is the room.
type Newsletters struct{ rooms Rooms }

// New builds the room, says to the queue how it works, and to releases that it wants to know when one is final.
func New(r Rooms) *Newsletters { return &Newsletters{rooms: r} }

// Channel is how a reader wants to be told.
type Channel string

const (
	ByMail   Channel = "mail"
	ByText   Channel = "text" // 160 letters, through the operator's gateway
	ByChat   Channel = "chat"
	ByNobody Channel = "none" // not at all: the pages are there
)

// Preference is how an account wants to be told of a board, or of every board.
type Preference struct {
	Channel Channel
	Losses  bool // stories of loss as well
	Empty   bool // a message also where there is no score of theirs
	Own     bool // said for this board; else it is what they said for all, or nothing was said
}

// Preference returns how an account wants to be told of a board; boardID "" of every board. Where nothing was said it is by mail,
// without losses, and nothing when empty.
func (n *Newsletters) Preference(ctx context.Context, account, boardID string) (Preference, error) {
	return Preference{Channel: ByMail}, nil
}

// Prefer says how an account wants to be told of a board, or with boardID "" of every board, what was said for single ones
// included. how names where that was said: "page", "letter", "one click", "bounce".
func (n *Newsletters) Prefer(ctx context.Context, account, boardID string, p Preference, how string) error {
	panic("to be written")
}

// State of a line of the ledger.
type State string

const (
	Queued   State = "queued"
	Sending  State = "sending"
	Sent     State = "sent"
	Doubtful State = "doubtful" // handed over, or not: nobody knows. Never repeated by itself
	Bounced  State = "bounced"
	Skipped  State = "skipped" // Why says why
	Failed   State = "failed"  // refused for good
)

// Line is one reader of one newsletter.
type Line struct {
	Member  int64
	Channel Channel
	State   State
	Why     string
	Changed time.Time
	Attempt int
}

// Newsletter is that of one release.
type Newsletter struct {
	Release string // id
	Board   string
	Period  period.Period
	Counts  map[State]int
	Begun   time.Time
	Ended   time.Time // zero: under way
	Stopped bool      // by a manager
}

// Of returns the newsletter of a release; NotFound where there is none.
func (n *Newsletters) Of(ctx context.Context, at *board.Board, releaseID string) (Newsletter, error) {
	panic("to be written")
}

// Ledger returns the lines of a newsletter, by member.
func (n *Newsletters) Ledger(ctx context.Context, at *board.Board, releaseID string) ([]Line, error) {
	panic("to be written")
}

// Article returns the article for a period's newsletter, Markdown: the manager's, or where none is written a draft that follows from the
// release (final or draft): movers, new entries, records.
func (n *Newsletters) Article(ctx context.Context, at *board.Board, p period.Period) (text string, written bool, err error) {
	panic("to be written")
}

// WriteArticle keeps the manager's article for a period; "" goes back to the draft. Conflict where the newsletter is out.
func (n *Newsletters) WriteArticle(ctx context.Context, a identity.Actor, at *board.Board, p period.Period, text string) error {
	panic("to be written")
}

// Preview returns the letter of a release that a member would get, with links that open nothing. The release may be a draft.
func (n *Newsletters) Preview(ctx context.Context, at *board.Board, rel *release.Release, member int64) (letter.Written, error) {
	panic("to be written")
}

// Bounce notes what a mail server reported of one message: token is what stood in its return path. Final ones suppress the
// address. What names no message is NotFound.
func (n *Newsletters) Bounce(ctx context.Context, b mail.Bounce) error { panic("to be written") }

// Kept makes the room a keeper (package player), as Forget, Move and MoveBack do.
func (n *Newsletters) Kept(tx *db.Tx, account string) (map[string]any, error) { return nil, nil }

// Forget deletes what an account said and takes it out of the ledger; the counts stay.
func (n *Newsletters) Forget(tx *db.Tx, account string) error { return nil }

// Move makes one account's preferences another's.
func (n *Newsletters) Move(tx *db.Tx, from, into string) (json.RawMessage, error) { return nil, nil }

// MoveBack undoes it.
func (n *Newsletters) MoveBack(tx *db.Tx, from, into string, note json.RawMessage) error { return nil }
