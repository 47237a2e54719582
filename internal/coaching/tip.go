package coaching

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"

	"cairn/internal/audit"
	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/prose"
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

	original string // tip_id that it is a copy of
	taken    string // account that took it over
}

// mostTips is how many tips a board may have.
const mostTips = 500

const tipColumns = `tip_id, board_id, kind, metric, title, content, link, author, written_by, taken_by, lent, came_from, original, made_at`

func scanTip(scan func(...any) error) (t Tip, err error) {
	var lent, made int64
	err = scan(&t.ID, &t.Board, &t.Kind, &t.Metric, &t.Title, &t.Text, &t.Link, &t.Author, &t.By, &t.taken, &lent, &t.From, &t.original, &made)
	t.Lent, t.Made = lent == 1, instant(made)
	return t, err
}

// Tips returns the tips of a board, eldest first.
func (c *Coaching) Tips(ctx context.Context, at *board.Board) (tips []Tip, err error) {
	err = c.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		tips, err = tipsIn(tx, at.ID)
		return err
	})
	return tips, err
}

func tipsIn(tx *db.Tx, boardID string) ([]Tip, error) {
	return db.All(tx, scanTip, `SELECT `+tipColumns+` FROM tip WHERE board_id = $1 ORDER BY made_at, tip_id`, boardID)
}

// Tip returns one tip of a board; NotFound where it has no such tip.
func (c *Coaching) Tip(ctx context.Context, at *board.Board, id string) (t Tip, err error) {
	err = c.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		t, err = tipIn(tx, at.ID, id)
		return err
	})
	return t, err
}

func tipIn(tx *db.Tx, boardID, id string) (Tip, error) {
	t, err := scanTip(tx.QueryRow(`SELECT `+tipColumns+` FROM tip WHERE board_id = $1 AND tip_id = $2`, boardID, id).Scan)
	if fault.Of(err) == fault.NotFound {
		return t, fault.New(fault.NotFound, "There is no such tip on the board.")
	}
	return t, err
}

var kindForm = regexp.MustCompile(`^[a-z0-9_]{0,40}$`)

// check refuses what cannot be a tip, and takes away the space around its texts.
func (t *Tip) check() (err error) {
	if t.Title, err = line("title", "The title", t.Title, MostTitle); err != nil {
		return err
	}
	if t.Author, err = line("author", "The author's name", t.Author, MostName); err != nil {
		return err
	}
	if t.Text, err = body("text", "The tip", t.Text, MostText); err != nil {
		return err
	}
	switch {
	case t.Title == "":
		return wrong("title", "A tip needs a title: what to do, in a few words.")
	case t.Text == "":
		return wrong("text", "The tip is empty: say how it is done, and why it helps.")
	case t.Link != "" && (len(t.Link) > 2000 || !prose.Leads(t.Link)):
		return wrong("link", "The link of a tip begins with https:// and names a page.")
	case !kindForm.MatchString(string(t.Kind)):
		return wrong("kind", "There is no kind of story %.40q.", t.Kind)
	}
	return nil
}

// WriteTip writes a tip, or changes the one with its ID. Managers write all of a board's; a coach writes about the metrics they were
// given, and changes their own. What changes of a tip that was lent does not change the copies of it.
func (c *Coaching) WriteTip(ctx context.Context, a identity.Actor, at *board.Board, t Tip) (Tip, error) {
	written, err := c.WriteTips(ctx, a, at, []Tip{t})
	if err != nil {
		return Tip{}, err
	}
	return written[0], nil
}

// WriteTips writes several tips, all of them or none. One without an ID takes the place of the board's own tip of the same kind, metric
// and title, so that a file can be brought again.
func (c *Coaching) WriteTips(ctx context.Context, a identity.Actor, at *board.Board, tips []Tip) ([]Tip, error) {
	tips = slices.Clone(tips)
	for i := range tips {
		t := &tips[i]
		if err := t.check(); err != nil {
			return nil, err
		}
		if err := c.measured(ctx, at, t.Metric); err != nil {
			return nil, err
		}
		if err := c.writes(ctx, a, at, t.Metric); err != nil {
			return nil, err
		}
	}
	manages, err := c.manages(ctx, a, at)
	if err != nil {
		return nil, err
	}
	written := make([]Tip, len(tips))
	err = c.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if err := c.still(tx, a); err != nil {
			return err
		}
		there, err := tipsIn(tx, at.ID)
		if err != nil {
			return err
		}
		for i, t := range tips {
			if written[i], err = c.writeTip(tx, a, at, t, &there, manages); err != nil {
				return err
			}
		}
		return nil
	})
	return written, err
}

// writeTip writes one; there is the tips of the board, and follows.
func (c *Coaching) writeTip(tx *db.Tx, a identity.Actor, at *board.Board, t Tip, there *[]Tip, manages bool) (Tip, error) {
	now := c.rooms.Now().UTC().Truncate(time.Microsecond)
	place := slices.IndexFunc(*there, func(old Tip) bool {
		if t.ID != "" {
			return old.ID == t.ID
		}
		return old.From == "" && old.Kind == t.Kind && old.Metric == t.Metric && old.Title == t.Title
	})
	if place >= 0 {
		old := &(*there)[place]
		if !manages && old.By != a.Account {
			return Tip{}, fault.New(fault.Forbidden, "Somebody else wrote this tip: ask a manager of the board to change it.")
		}
		old.Kind, old.Metric, old.Title, old.Text, old.Link, old.Author = t.Kind, t.Metric, t.Title, t.Text, t.Link, t.Author
		if old.From == "" {
			old.Lent = t.Lent // who took a tip over does not lend it on
		}
		if _, err := tx.Exec(`UPDATE tip SET kind = $1, metric = $2, title = $3, content = $4, link = $5, author = $6, lent = $7, changed_at = $8 WHERE board_id = $9 AND tip_id = $10`,
			string(old.Kind), old.Metric, old.Title, old.Text, old.Link, old.Author, truth(old.Lent), now.UnixMicro(), at.ID, old.ID); err != nil {
			return Tip{}, err
		}
		return *old, c.note(tx, a, at, "tip.write", "", map[string]string{"tip": old.ID})
	}
	if t.ID != "" {
		return Tip{}, fault.New(fault.NotFound, "There is no such tip on the board.")
	}
	if len(*there) >= mostTips {
		return Tip{}, fault.New(fault.Conflict, "The board has %d tips: take one back before you write another.", mostTips)
	}
	t.Board, t.By, t.Made, t.From, t.original, t.taken = at.ID, a.Account, now, "", "", ""
	if err := putTip(tx, &t); err != nil {
		return Tip{}, err
	}
	*there = append(*there, t)
	return t, c.note(tx, a, at, "tip.write", "", map[string]string{"tip": t.ID})
}

func putTip(tx *db.Tx, t *Tip) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("making an identifier: %w", err)
	}
	t.ID = id.String()
	_, err = tx.Exec(`INSERT INTO tip (`+tipColumns+`, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)`,
		t.ID, t.Board, string(t.Kind), t.Metric, t.Title, t.Text, t.Link, t.Author, t.By, t.taken, truth(t.Lent), t.From, t.original, t.Made.UnixMicro())
	return err
}

// LendTip lends a tip to every board of the server, or ends that; boards that took it over keep their copy.
func (c *Coaching) LendTip(ctx context.Context, a identity.Actor, at *board.Board, id string, lend bool) error {
	return c.change(ctx, a, at, id, func(tx *db.Tx, t Tip) error {
		if t.From != "" {
			return fault.New(fault.Conflict, "This tip was taken over from another board: whoever wrote it lends it.")
		}
		if _, err := tx.Exec(`UPDATE tip SET lent = $1 WHERE tip_id = $2`, truth(lend), t.ID); err != nil {
			return err
		}
		lent := "no"
		if lend {
			lent = "yes"
		}
		return c.note(tx, a, at, "tip.lend", "", map[string]string{"tip": t.ID, "lent": lent})
	})
}

// EndTip takes a tip back: no player is shown it any more. Copies of it on other boards stay.
func (c *Coaching) EndTip(ctx context.Context, a identity.Actor, at *board.Board, id string) error {
	return c.change(ctx, a, at, id, func(tx *db.Tx, t Tip) error {
		if _, err := tx.Exec(`DELETE FROM tip WHERE tip_id = $1`, t.ID); err != nil {
			return err
		}
		return c.note(tx, a, at, "tip.end", "", map[string]string{"tip": t.ID})
	})
}

// change does something to one tip that somebody may change.
func (c *Coaching) change(ctx context.Context, a identity.Actor, at *board.Board, id string, do func(tx *db.Tx, t Tip) error) error {
	manages, err := c.manages(ctx, a, at)
	if err != nil {
		return err
	}
	return c.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if err := c.still(tx, a); err != nil {
			return err
		}
		t, err := tipIn(tx, at.ID, id)
		if err != nil {
			return err
		}
		if !manages && t.By != a.Account && t.taken != a.Account {
			return fault.New(fault.Forbidden, "Somebody else wrote this tip: ask a manager of the board to change it.")
		}
		return do(tx, t)
	})
}

// Lent is a tip that another board lends.
type Lent struct {
	Tip
	BoardName string
	Taken     bool // the board has a copy
}

// Library returns the tips that other boards of the server lend, newest first, as they are for a board. Those of a board that is closed, or in
// stealth, are left out.
func (c *Coaching) Library(ctx context.Context, at *board.Board) (lent []Lent, err error) {
	err = c.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		lent, err = db.All(tx, func(scan func(...any) error) (l Lent, err error) {
			l.Tip, err = scanTip(func(into ...any) error { return scan(append(into, &l.BoardName)...) })
			return l, err
		}, `SELECT t.tip_id, t.board_id, t.kind, t.metric, t.title, t.content, t.link, t.author, t.written_by, t.taken_by, t.lent, t.came_from, t.original, t.made_at, b.name
			FROM tip t JOIN board b ON b.board_id = t.board_id WHERE t.lent = 1 AND t.board_id <> $1 AND b.suspended = '' AND b.stage <> 'stealth' ORDER BY t.made_at DESC, t.tip_id LIMIT 500`, at.ID)
		if err != nil {
			return err
		}
		own, err := tx.Texts(`SELECT original FROM tip WHERE board_id = $1 AND original <> ''`, at.ID)
		for i := range lent {
			lent[i].Taken = slices.Contains(own, lent[i].ID)
		}
		return err
	})
	return lent, err
}

// TakeTip takes a lent tip over, with its author's name; from then on it is the board's own, for a metric or kind of story of its own
// where it has the same, else for any. Conflict where the board has it already.
func (c *Coaching) TakeTip(ctx context.Context, a identity.Actor, at *board.Board, id string) (taken Tip, err error) {
	card, err := c.rooms.Boards.Scorecard(ctx, at.ID, at.Version)
	if err != nil {
		return Tip{}, err
	}
	manages, err := c.manages(ctx, a, at)
	if err != nil {
		return Tip{}, err
	}
	if !manages {
		return Tip{}, fault.New(fault.Forbidden, "Managers of the board take tips over: ask one of them.")
	}
	err = c.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if err := c.still(tx, a); err != nil {
			return err
		}
		t, err := scanTip(tx.QueryRow(`SELECT `+tipColumns+` FROM tip WHERE tip_id = $1 AND lent = 1 AND board_id <> $2
			AND board_id IN (SELECT board_id FROM board WHERE suspended = '' AND stage <> 'stealth')`, id, at.ID).Scan)
		if fault.Of(err) == fault.NotFound {
			return fault.New(fault.NotFound, "There is no such tip in the library any more.")
		}
		if err != nil {
			return err
		}
		own, err := tipsIn(tx, at.ID)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(own, func(o Tip) bool { return o.original == t.ID }) {
			return fault.New(fault.Conflict, "The board has this tip already.")
		}
		if len(own) >= mostTips {
			return fault.New(fault.Conflict, "The board has %d tips: take one back before you take another over.", mostTips)
		}
		taken = t
		taken.Board, taken.From, taken.original, taken.taken, taken.Lent = at.ID, t.Board, t.ID, a.Account, false
		taken.Made = c.rooms.Now().UTC().Truncate(time.Microsecond)
		known := false
		for _, m := range card.Metrics() {
			known = known || m.Key == t.Metric
		}
		if !known {
			taken.Metric = ""
		}
		if err := putTip(tx, &taken); err != nil {
			return err
		}
		return c.note(tx, a, at, "tip.take", "", map[string]string{"tip": taken.ID})
	})
	return taken, err
}

// manages reports whether somebody manages a board; the console does.
func (c *Coaching) manages(ctx context.Context, a identity.Actor, at *board.Board) (bool, error) {
	if !a.SignedIn() {
		return true, nil
	}
	access, err := c.rooms.Boards.Access(ctx, at, a)
	return access.May(board.Manage, at), err
}

// still refuses what somebody does whose account is gone meanwhile.
func (c *Coaching) still(tx *db.Tx, a identity.Actor) error {
	if !a.SignedIn() {
		return nil
	}
	return c.rooms.Identity.Still(tx, a.Account)
}

// note writes in the trail what was done; player is the account whose record it concerns, "" nobody's.
func (c *Coaching) note(tx *db.Tx, a identity.Actor, at *board.Board, verb, player string, detail map[string]string) error {
	return c.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: verb, Board: at.ID, Player: player, Detail: detail})
}
