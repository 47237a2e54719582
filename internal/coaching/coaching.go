package coaching

import (
	"context"
	"encoding/json"
	"time"

	"cairn/internal/audit"
	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/identity"
	"cairn/internal/release"
	"cairn/internal/story"
)

// Tip is a piece of advice.
type Tip struct {
	ID     string     // UUIDv7
	Board  string     // board_id
	Kind   story.Kind // of the story that it hangs on; "" any
	Metric string     // key of the metric that it hangs on; "" any
	Title  string     // a line
	Text   string     // Markdown
	Link   string     // https, "" none
	Author string     // as readers see it
	By     string     // account of who wrote it, "" gone
	Lent   bool       // every board of the server may take it over
	From   string     // board_id that lent it, "" it was written here
	Made   time.Time
}

// Coaching is the room.
type Coaching struct {
	db     *db.DB
	boards *board.Boards
	trail  *audit.Trail
	now    func() time.Time
}

// New builds the room; now is the only clock.
func New(d *db.DB, boards *board.Boards, trail *audit.Trail, now func() time.Time) *Coaching {
	return &Coaching{db: d, boards: boards, trail: trail, now: now}
}

// TipFor returns the tip that fits a player's scorecard best: one of the story that is told first, else of the metric of the next
// step, else of any; another one than in the release before while there is another. nil where the board has none that fits.
func (c *Coaching) TipFor(ctx context.Context, at *board.Board, card *release.Card) (*Tip, error) {
	return nil, nil
}

// WriteTip writes a tip, or changes the one with its ID.
func (c *Coaching) WriteTip(ctx context.Context, a identity.Actor, at *board.Board, t Tip) (Tip, error) {
	panic("to be written")
}

// Kept makes the room a keeper (package player), as Forget, Move and MoveBack do.
func (c *Coaching) Kept(tx *db.Tx, account string) (map[string]any, error) { return nil, nil }

// Forget takes an account out of all that was said.
func (c *Coaching) Forget(tx *db.Tx, account string) error { return nil }

// Move makes what one account said another's.
func (c *Coaching) Move(tx *db.Tx, from, into string) (json.RawMessage, error) { return nil, nil }

// MoveBack undoes it.
func (c *Coaching) MoveBack(tx *db.Tx, from, into string, note json.RawMessage) error { return nil }
