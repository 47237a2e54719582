package newsletter

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cairn/internal/audit"
	"cairn/internal/board"
	"cairn/internal/coaching"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/gateway"
	"cairn/internal/identity"
	"cairn/internal/job"
	"cairn/internal/mail"
	"cairn/internal/pass"
	"cairn/internal/period"
	"cairn/internal/release"
	"cairn/scorecard"
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
	Clock    *release.Clock   // when the next release comes
	Now      func() time.Time // the only clock
	Sender   string           // who sends the mails, with a postal address; "" not set
}

// Newsletters is the room.
type Newsletters struct{ rooms Rooms }

// New builds the room, says to the queue how it works, and to releases that it wants to know when one is final.
func New(r Rooms) *Newsletters {
	n := &Newsletters{rooms: r}
	r.Releases.WhenFinal(n.queue)
	r.Queue.Handle(jobList, n.list)
	r.Queue.Handle(jobSend, n.send)
	r.Queue.Handle(release.JobRemind, n.remind)
	r.Queue.Handle(jobRemindOne, n.remindOne)
	return n
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

// States in the order in which pages tell them.
var States = []State{Queued, Sending, Sent, Doubtful, Bounced, Failed, Skipped}

// Line is one reader of one newsletter.
type Line struct {
	Member  int64
	Channel Channel // "" not known yet
	State   State
	Why     string
	Changed time.Time
	Due     time.Time // of one queued: when it may be sent
	Attempt int
}

// Newsletter is that of one release.
type Newsletter struct {
	Release   string // id of its first edition
	Board     string
	Period    period.Period
	Counts    map[State]int
	Unclaimed int // members without an account: they have no line
	Made      time.Time
	Begun     time.Time // zero: not yet
	Ended     time.Time // zero: under way
	Waiting   bool      // for a manager, who said that it shall
	Stopped   bool      // by a manager
	Why       string    // it ended before it was sent to all; "" it did not
	Erased    bool      // its lines are old and deleted, the counts stay
}

// Total returns how many lines the ledger has.
func (l Newsletter) Total() (n int) {
	for _, count := range l.Counts {
		n += count
	}
	return n
}

// Mode is whether newsletters of a board go by themselves.
type Mode string

const (
	WithRelease Mode = "send" // a minute after the release is final
	WaitForMe   Mode = "wait" // a manager lets each go
	NoLetters   Mode = "off"
)

// Mode returns whether newsletters of a board go by themselves: they do where nothing was said.
func (n *Newsletters) Mode(ctx context.Context, at *board.Board) (m Mode, err error) {
	err = n.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		m, err = modeIn(tx, at.ID)
		return err
	})
	return m, err
}

func modeIn(tx *db.Tx, boardID string) (Mode, error) {
	m := WithRelease
	err := tx.QueryRow(`SELECT mode FROM newsletter_setting WHERE board_id = $1`, boardID).Scan(&m)
	if fault.Of(err) == fault.NotFound {
		return WithRelease, nil
	}
	return m, err
}

// SetMode says whether newsletters of a board go by themselves, from the next release on.
func (n *Newsletters) SetMode(ctx context.Context, a identity.Actor, at *board.Board, m Mode) error {
	if m != WithRelease && m != WaitForMe && m != NoLetters {
		return &fault.Fault{Kind: fault.Invalid, Field: "mode", Message: "A newsletter goes with the release, waits for a manager, or there is none: say send, wait or off."}
	}
	return n.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if was, err := modeIn(tx, at.ID); err != nil || was == m {
			return err
		}
		_, err := tx.Exec(`INSERT INTO newsletter_setting (board_id, mode) VALUES ($1, $2) ON CONFLICT (board_id) DO UPDATE SET mode = $2`, at.ID, string(m))
		if err != nil {
			return err
		}
		return n.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: "newsletter.mode", Board: at.ID, Detail: map[string]string{"mode": string(m)}})
	})
}

// Unready says why no newsletter can be sent by mail from this server, and what whoever runs it does about it; "" one can.
func (n *Newsletters) Unready() string {
	switch {
	case n.rooms.Identity.Link("") == "":
		return "This server does not know its own address: whoever runs it has to set base_url."
	case !n.rooms.Post.Ready() && !n.rooms.Post.Captures():
		return "This server sends no mail: whoever runs it has to set smtp_host."
	}
	return ""
}

// Captured reports whether letters are written into a folder instead of being sent: nobody gets them.
func (n *Newsletters) Captured() bool { return !n.rooms.Post.Ready() && n.rooms.Post.Captures() }

// Anonymous reports whether the mails say nowhere who sends them, which the law of most countries asks for.
func (n *Newsletters) Anonymous() bool { return n.rooms.Sender == "" }

// row is a newsletter as its row says it.
type row struct {
	Newsletter
	state string
	next  int64 // whose line is written next, −1 all are
}

// States of a newsletter.
const (
	waits   = "waiting"
	sends   = "sending"
	stopped = "stopped"
	ended   = "ended"
)

const rowColumns = `board_id, release_id, period, made_at, state, why, next_member, unclaimed, begun_at, ended_at, counts`

func scanRow(scan func(...any) error, unit scorecard.Period) (r row, err error) {
	var name, counts string
	var made, begun, over int64
	if err := scan(&r.Board, &r.Release, &name, &made, &r.state, &r.Why, &r.next, &r.Unclaimed, &begun, &over, &counts); err != nil {
		return r, err
	}
	r.Made, r.Begun, r.Ended = instant(made), instant(begun), instant(over)
	r.Waiting, r.Stopped, r.Erased = r.state == waits, r.state == stopped, counts != ""
	if counts != "" {
		if err := json.Unmarshal([]byte(counts), &r.Counts); err != nil {
			return r, fmt.Errorf("reading the counts of a newsletter: %w", err)
		}
	}
	r.Period, err = period.Parse(unit, name)
	return r, err
}

func instant(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// unit is what a board's releases are for: a week, a month.
func (n *Newsletters) unit(ctx context.Context, at *board.Board) (scorecard.Period, error) {
	card, err := n.rooms.Boards.Scorecard(ctx, at.ID, at.Version)
	if err != nil {
		return "", err
	}
	return card.Period, nil
}

// Of returns the newsletter of a release; NotFound where there is none.
func (n *Newsletters) Of(ctx context.Context, at *board.Board, releaseID string) (l Newsletter, err error) {
	unit, err := n.unit(ctx, at)
	if err != nil {
		return l, err
	}
	err = n.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := scanRow(tx.QueryRow(`SELECT `+rowColumns+` FROM newsletter WHERE board_id = $1 AND release_id = $2`, at.ID, releaseID).Scan, unit)
		if err != nil {
			return err
		}
		l = r.Newsletter
		return counted(tx, &l)
	})
	if fault.Of(err) == fault.NotFound {
		return l, fault.New(fault.NotFound, "This release has no newsletter.")
	}
	return l, err
}

// OfPeriod is Of by the period.
func (n *Newsletters) OfPeriod(ctx context.Context, at *board.Board, p period.Period) (Newsletter, error) {
	var id string
	err := n.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryRow(`SELECT release_id FROM newsletter WHERE board_id = $1 AND period = $2`, at.ID, p.String()).Scan(&id)
	})
	if fault.Of(err) == fault.NotFound {
		return Newsletter{}, fault.New(fault.NotFound, "The release of %s has no newsletter.", p.Label())
	}
	if err != nil {
		return Newsletter{}, err
	}
	return n.Of(ctx, at, id)
}

// All returns the newsletters of a board, newest first, at most limit.
func (n *Newsletters) All(ctx context.Context, at *board.Board, limit int) (all []Newsletter, err error) {
	unit, err := n.unit(ctx, at)
	if err != nil {
		return nil, err
	}
	err = n.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		all = nil
		rows, err := tx.Query(`SELECT `+rowColumns+` FROM newsletter WHERE board_id = $1 ORDER BY made_at DESC, release_id DESC LIMIT $2`, at.ID, limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			r, err := scanRow(rows.Scan, unit)
			if err != nil {
				return err
			}
			all = append(all, r.Newsletter)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		rows.Close()
		for i := range all {
			if err := counted(tx, &all[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

// counted fills in how many lines stand where.
func counted(tx *db.Tx, l *Newsletter) error {
	if l.Erased {
		return nil
	}
	l.Counts = map[State]int{}
	rows, err := tx.Query(`SELECT state, COUNT(*) FROM newsletter_delivery WHERE board_id = $1 AND release_id = $2 GROUP BY state`, l.Board, l.Release)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var s State
		var many int
		if err := rows.Scan(&s, &many); err != nil {
			return err
		}
		l.Counts[s] = many
	}
	return rows.Err()
}

// Which is what part of a ledger is asked for.
type Which struct {
	State State // "" every one
	From  int64 // members from this number on
	Limit int   // 0 all
}

// Ledger returns the lines of a newsletter, by member.
func (n *Newsletters) Ledger(ctx context.Context, at *board.Board, releaseID string, w Which) (lines []Line, err error) {
	if w.Limit <= 0 {
		w.Limit = 1 << 30
	}
	err = n.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		lines = nil
		rows, err := tx.Query(`SELECT member, channel, state, why, changed_at, due, attempt FROM newsletter_delivery
			WHERE board_id = $1 AND release_id = $2 AND ($3 = '' OR state = $3) AND member >= $4 ORDER BY member LIMIT $5`, at.ID, releaseID, string(w.State), w.From, w.Limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var l Line
			var changed, due int64
			if err := rows.Scan(&l.Member, &l.Channel, &l.State, &l.Why, &changed, &due, &l.Attempt); err != nil {
				return err
			}
			l.Changed, l.Due = instant(changed), instant(due)
			lines = append(lines, l)
		}
		return rows.Err()
	})
	return lines, err
}
