package newsletter

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"cairn/internal/audit"
	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/gateway"
	"cairn/internal/job"
	"cairn/internal/mail"
	"cairn/internal/pass"
	"cairn/internal/release"
)

// Kinds of job. A newsletter is sent by some jobs at a time, each of which begins at another part of the ledger and goes round, so that
// programs can share the work. All of them stop after a while and leave the rest to the next, so that no newsletter keeps other
// work waiting.
const (
	jobList = "newsletter"      // writes the lines of the ledger
	jobSend = "newsletter send" // sends to some of them
)

// queued is the payload of both.
type queued struct {
	Board   string `json:"board"`           // board_id
	Release string `json:"release"`         // of its first edition
	Asked   bool   `json:"asked,omitempty"` // by a manager: however old it is
	Part    int    `json:"part,omitempty"`  // of jobSend: where it begins, from 0
}

const (
	parts      = 4                  // jobs that send one newsletter
	settles    = time.Minute        // between a release and its newsletter: who published by mistake can stop it
	perList    = 1000               // lines that are written in one transaction
	perJob     = 200                // messages that one job sends at most
	jobTakes   = 40 * time.Second   // and about for how long
	heldFor    = 5 * time.Minute    // after which whoever began a message is given up; no message takes as long
	deliverFor = 2 * time.Minute    // what handing one message over may take
	triedFor   = 3 * 24 * time.Hour // for how long a message is tried
	looksAgain = time.Hour          // while a board is suspended
)

// queue puts the newsletter of a release that becomes final on its way, in that transaction. New editions have none.
func (n *Newsletters) queue(tx *db.Tx, made release.Made) error {
	if made.Edition != 1 {
		return nil
	}
	if readers, err := n.rooms.Boards.Claimed(tx, made.Board.ID); err != nil || !readers {
		return err
	}
	mode, err := modeIn(tx, made.Board.ID)
	if err != nil || mode == NoLetters {
		return err
	}
	state := sends
	if mode == WaitForMe {
		state = waits
	}
	_, err = tx.Exec(`INSERT INTO newsletter (board_id, release_id, period, made_at, state, why, next_member, unclaimed, begun_at, ended_at, counts)
		VALUES ($1, $2, $3, $4, $5, '', 0, 0, 0, 0, '')`, made.Board.ID, made.ID, made.Period.String(), made.At.UnixMicro(), state)
	if err != nil || state == waits {
		return err
	}
	return n.rooms.Queue.Enqueue(tx, jobList, made.ID, queued{Board: made.Board.ID, Release: made.ID}, made.At.Add(settles))
}

// open finds the newsletter that a job is about; nil where it is not to be sent now.
func (n *Newsletters) open(ctx context.Context, j job.Job) (*row, *board.Board, queued, error) {
	var q queued
	if err := j.Read(&q); err != nil {
		return nil, nil, q, err
	}
	at, err := n.rooms.Boards.ByID(ctx, q.Board)
	if fault.Of(err) == fault.NotFound {
		return nil, nil, q, nil
	}
	if err != nil {
		return nil, nil, q, err
	}
	unit, err := n.unit(ctx, at)
	if err != nil {
		return nil, nil, q, err
	}
	var r row
	err = n.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		r, err = scanRow(tx.QueryRow(`SELECT `+rowColumns+` FROM newsletter WHERE board_id = $1 AND release_id = $2`, q.Board, q.Release).Scan, unit)
		return err
	})
	if fault.Of(err) == fault.NotFound || err == nil && r.state != sends {
		return nil, nil, q, nil
	}
	if err == nil && at.Suspended != "" { // it goes on when the board is open again
		return nil, nil, q, n.again(ctx, j, q, looksAgain)
	}
	return &r, at, q, err
}

// again has a job done once more after a while.
func (n *Newsletters) again(ctx context.Context, j job.Job, q queued, after time.Duration) error {
	return n.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		return n.rooms.Queue.Enqueue(tx, j.Kind, j.Key, q, n.rooms.Now().Add(after))
	})
}

// list writes the lines of a newsletter, and has them sent.
func (n *Newsletters) list(ctx context.Context, j job.Job) error {
	r, at, q, err := n.open(ctx, j)
	if err != nil || r == nil {
		return err
	}
	if !q.Asked && r.Begun.IsZero() {
		if why, err := n.untimely(ctx, at, r); err != nil || why != "" {
			return errors.Join(err, n.wait(ctx, r, why))
		}
	}
	names, err := n.rooms.Boards.Directory(ctx, at)
	if err != nil {
		return err
	}
	for r.next >= 0 {
		if err := n.listSome(ctx, r, names, q); err != nil {
			return err
		}
	}
	return nil
}

// untimely says why a newsletter does not go by itself; "" it does.
func (n *Newsletters) untimely(ctx context.Context, at *board.Board, r *row) (why string, err error) {
	start, end := r.Period.Bounds(at.Location())
	usual := end.Sub(start) + 7*24*time.Hour
	if at.Rhythm.Mode != board.ByHand {
		usual = max(usual, time.Duration(at.Rhythm.Days+3)*24*time.Hour+time.Duration(at.Rhythm.Grace)*time.Hour)
	}
	if n.rooms.Now().Sub(end) > usual {
		return "An old period: it was over long before it was published.", nil
	}
	var later int
	err = n.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryRow(`SELECT COUNT(*) FROM newsletter WHERE board_id = $1 AND made_at > $2`, r.Board, r.Made.UnixMicro()).Scan(&later)
	})
	if later > 0 {
		why = "A later release was out before this newsletter was sent."
	}
	return why, err
}

// wait leaves it to a manager whether a newsletter is sent; with "" nothing is done.
func (n *Newsletters) wait(ctx context.Context, r *row, why string) error {
	if why == "" {
		return nil
	}
	return n.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE newsletter SET state = $1, why = $2 WHERE board_id = $3 AND release_id = $4 AND state = $5`, waits, why, r.Board, r.Release, sends)
		return err
	})
}

// listSome writes the next lines. Whoever has no account has none: they are counted.
func (n *Newsletters) listSome(ctx context.Context, r *row, names *board.Directory, q queued) error {
	next, unclaimed := r.next, r.Unclaimed
	return n.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		now := n.rooms.Now().UnixMicro()
		var state string
		var there int64
		if err := tx.QueryRow(`SELECT state, next_member FROM newsletter WHERE board_id = $1 AND release_id = $2`, r.Board, r.Release).Scan(&state, &there); err != nil {
			return err
		}
		if state != sends || there != next { // stopped, or another program is ahead
			r.next = -1
			return nil
		}
		insert, err := tx.Prepare(`INSERT INTO newsletter_delivery (board_id, release_id, member, channel, state, why, attempt, due, lease, address, token, changed_at)
			VALUES ($1, $2, $3, '', $4, $5, 0, $6, '', '', '', $6) ON CONFLICT (board_id, release_id, member) DO NOTHING`)
		if err != nil {
			return err
		}
		defer insert.Close()
		r.next, r.Unclaimed = next, unclaimed
		for lines := 0; r.next < names.Len() && lines < perList; r.next++ {
			m := names.Member(r.next)
			state, why := Queued, ""
			switch {
			case m.State != board.Accepted && m.State != board.Listed && m.State != board.Paused:
				continue // nobody, or not on the board
			case m.Player == "":
				r.Unclaimed++
				continue
			case m.State == board.Paused:
				state, why = Skipped, "paused"
			}
			if _, err := insert.Exec(r.Board, r.Release, r.next, string(state), why, now); err != nil {
				return err
			}
			lines++
		}
		insert.Close()
		if r.next < names.Len() {
			_, err := tx.Exec(`UPDATE newsletter SET next_member = $1, unclaimed = $2, begun_at = CASE WHEN begun_at = 0 THEN $3 ELSE begun_at END WHERE board_id = $4 AND release_id = $5`,
				r.next, r.Unclaimed, now, r.Board, r.Release)
			return err
		}
		r.next = -1
		_, err = tx.Exec(`UPDATE newsletter SET next_member = -1, unclaimed = $1, begun_at = CASE WHEN begun_at = 0 THEN $2 ELSE begun_at END WHERE board_id = $3 AND release_id = $4`,
			r.Unclaimed, now, r.Board, r.Release)
		if err != nil {
			return err
		}
		return n.enqueueSends(tx, q, n.rooms.Now())
	})
}

// enqueueSends has a newsletter sent, from every part of its ledger.
func (n *Newsletters) enqueueSends(tx *db.Tx, q queued, due time.Time) error {
	for part := range parts {
		if err := n.enqueueSend(tx, queued{Board: q.Board, Release: q.Release, Part: part}, due); err != nil {
			return err
		}
	}
	return nil
}

func (n *Newsletters) enqueueSend(tx *db.Tx, q queued, due time.Time) error {
	return n.rooms.Queue.Enqueue(tx, jobSend, fmt.Sprint(q.Release, " ", q.Part), q, due)
}

// round is what one job sends.
type round struct {
	n     *Newsletters
	q     queued
	lease string
	told  *told // what all letters of it share
	line  *mail.Line
	done  *outcome      // of the message before, not noted yet
	wrong error         // the first mistake of our own, for the log
	down  int           // messages in a row that nobody took
	wait  time.Duration // until another message may go
	begun bool          // those who died before were looked for
}

// outcome is what became of a message.
type outcome struct {
	member int64
	state  State
	why    string
	due    time.Time // of one queued again
	spoilt string    // digest of the address that does not exist, "" none
}

// claimed is a message that this round has to itself.
type claimed struct {
	member  int64
	attempt int
	account string
	channel Channel
	to      string // address or handle
	token   string // of the return path
	secret  string // of the pass
	losses  bool
	empty   bool
}

// send sends to some readers of a newsletter.
func (n *Newsletters) send(ctx context.Context, j job.Job) error {
	r, at, q, err := n.open(ctx, j)
	if err != nil || r == nil {
		return err
	}
	w := &round{n: n, q: q, lease: uuid.NewString()}
	if w.told, err = n.share(ctx, at, r); err != nil {
		return err
	}
	began := n.rooms.Now()
	for sent := 0; sent < perJob && n.rooms.Now().Sub(began) < jobTakes && w.down < 3 && w.turn(ctx); sent++ {
		var some *claimed
		if some, err = w.claim(ctx); err != nil || some == nil {
			break
		}
		w.done = w.deliver(ctx, some)
	}
	if w.line != nil {
		w.line.Close()
	}
	return errors.Join(err, w.finish(ctx), w.wrong)
}

// turn waits until a message may go, where that is soon; else it reports that this job is over.
func (w *round) turn(ctx context.Context) bool {
	for waited := time.Duration(0); ctx.Err() == nil; waited += w.wait {
		if w.wait = w.n.rooms.Post.Wait(w.n.rooms.Now()); w.wait == 0 {
			return true
		}
		if w.wait > 5*time.Second || waited > jobTakes {
			return false
		}
		select {
		case <-ctx.Done():
		case <-time.After(w.wait):
		}
	}
	return false
}

// claim notes what became of the message before and takes the next one, in one transaction; nil where none is due. From then on
// only this round sends it, or nobody knows whether it was sent.
func (w *round) claim(ctx context.Context) (some *claimed, err error) {
	names, err := w.n.rooms.Boards.Directory(ctx, w.told.at)
	if err != nil {
		return nil, err
	}
	err = w.n.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		some = nil
		if !w.begun {
			if err := w.giveUp(tx); err != nil {
				return err
			}
		}
		if err := w.note(tx); err != nil {
			return err
		}
		var state string
		if err := tx.QueryRow(`SELECT state FROM newsletter WHERE board_id = $1 AND release_id = $2`, w.q.Board, w.q.Release).Scan(&state); err != nil || state != sends {
			return err
		}
		for range perJob { // those who are not written to take no message's time
			c, stop, err := w.next(tx, names)
			if err != nil || stop {
				return err
			}
			if c != nil {
				some = c
				return nil
			}
		}
		return nil
	})
	if err == nil {
		w.done, w.begun = nil, true
	}
	return some, err
}

// next looks at the next line that is due: it is skipped, or taken. stop says that there is none.
func (w *round) next(tx *db.Tx, names *board.Directory) (c *claimed, stop bool, err error) {
	now := w.n.rooms.Now()
	c = &claimed{}
	from := names.Len() * int64(w.q.Part) / parts
	for {
		err = tx.QueryRow(`SELECT member, attempt FROM newsletter_delivery WHERE board_id = $1 AND release_id = $2 AND state = 'queued' AND due <= $3 AND member >= $4
			ORDER BY member LIMIT 1`, w.q.Board, w.q.Release, now.UnixMicro(), from).Scan(&c.member, &c.attempt)
		if fault.Of(err) != fault.NotFound || from == 0 {
			break
		}
		from = 0 // round
	}
	if fault.Of(err) == fault.NotFound {
		return nil, true, nil
	}
	if err != nil {
		return nil, true, err
	}
	why, address, err := w.n.reach(tx, w.told.at, names.Member(c.member), c)
	if err != nil {
		return nil, true, err
	}
	if why != "" {
		_, err := tx.Exec(`UPDATE newsletter_delivery SET state = $1, why = $2, channel = $3, changed_at = $4 WHERE board_id = $5 AND release_id = $6 AND member = $7`,
			string(Skipped), why, string(c.channel), now.UnixMicro(), w.q.Board, w.q.Release, c.member)
		return nil, false, err
	}
	c.attempt++
	c.token = strings.ToLower(rand.Text())
	_, c.secret, err = w.n.rooms.Passes.Make(tx, pass.Pass{Kind: pass.Letter, Player: c.account, Board: w.q.Board, Member: c.member, Release: w.q.Release})
	if err != nil {
		return nil, true, err
	}
	_, err = tx.Exec(`UPDATE newsletter_delivery SET state = $1, why = '', channel = $2, attempt = $3, due = $4, lease = $5, address = $6, token = $7, changed_at = $8
		WHERE board_id = $9 AND release_id = $10 AND member = $11`, string(Sending), string(c.channel), c.attempt, now.Add(heldFor).UnixMicro(), w.lease, address, digest(c.token),
		now.UnixMicro(), w.q.Board, w.q.Release, c.member)
	return c, false, err
}

// reach finds out how a member is told, as of now: the address or handle into c, the digest of the address; or why they are not.
func (n *Newsletters) reach(tx *db.Tx, at *board.Board, m board.Member, c *claimed) (why, address string, err error) {
	switch {
	case m.State == board.Paused:
		return "paused", "", nil
	case m.State != board.Accepted && m.State != board.Listed || m.Player == "":
		return "not on the board any more", "", nil
	}
	c.account = m.Player
	p, err := preferenceIn(tx, m.Player, at.ID)
	if err != nil {
		return "", "", err
	}
	c.channel, c.losses, c.empty = p.Channel, p.Losses, p.Empty
	if p.Channel == ByNobody {
		return "does not want to be told", "", nil
	}
	if n.rooms.Identity.Link("") == "" {
		return "this server does not know its own address: set base_url", "", nil
	}
	if p.Channel == ByText || p.Channel == ByChat {
		if c.to, err = handleIn(tx, m.Player, p.Channel); err != nil {
			return "", "", err
		}
		switch {
		case c.to == "":
			return "no proved " + handleWords[p.Channel], "", nil
		case !n.GatewayReady(p.Channel):
			return "this server passes on no such messages any more", "", nil
		}
		return "", "", nil
	}
	if n.Unready() != "" {
		return "this server sends no mail: set smtp_host", "", nil
	}
	c.to, why, err = n.addressOf(tx, m.Player)
	return why, digest(c.to), err
}

// addressOf returns the address that an account's mail goes to: one that its reader proved, the main one first; or why there is none.
func (n *Newsletters) addressOf(tx *db.Tx, account string) (address, why string, err error) {
	found, err := n.rooms.Identity.AccountIn(tx, account)
	if fault.Of(err) == fault.NotFound {
		return "", "no address", nil
	}
	if err != nil {
		return "", "", err
	}
	why = "no proved address"
	for _, a := range found.Addresses { // the main one first
		if a.Proved.IsZero() {
			continue
		}
		bad, err := suppressed(tx, a)
		if err != nil {
			return "", "", err
		}
		if bad == "" {
			return a.Address, "", nil
		}
		if bad == complaint { // they do not want it at another address either
			return "", "suppressed: complained", nil
		}
		why = "suppressed: mail came back (" + bad + ")"
	}
	return "", why, nil
}

// deliver writes a message and hands it over.
func (w *round) deliver(ctx context.Context, c *claimed) *outcome {
	ctx, cancel := context.WithTimeout(ctx, deliverFor)
	defer cancel()
	o := &outcome{member: c.member, state: Sent}
	written, why, err := w.told.write(ctx, c)
	switch {
	case err != nil && fault.Of(err) == fault.Internal:
		w.wrong = errors.Join(w.wrong, fmt.Errorf("writing the letter of member %d: %w", c.member, err))
		return w.later(o, c, err)
	case err != nil:
		return w.later(o, c, err)
	case why != "":
		o.state, o.why = Skipped, why
		return o
	}
	if c.channel == ByMail {
		if w.line == nil {
			if w.line, err = w.n.rooms.Post.Line(ctx); err != nil {
				w.line = nil
				w.down++
				return w.later(o, c, err)
			}
		}
		err = w.line.Deliver(ctx, w.told.message(c, written))
	} else {
		err = w.n.gateway(c.channel).Deliver(ctx, gateway.Message{ID: w.told.id(c.member), To: c.to, Text: written.Short})
	}
	switch {
	case err == nil:
		w.down = 0
	case mail.Doubtful(err) || gateway.Doubtful(err):
		o.state, o.why = Doubtful, "the connection broke after it was handed over"
		w.down++
	case fault.Of(err) == fault.Invalid:
		o.state, o.why = Failed, fault.Message(err)
		if c.channel == ByMail && mail.Gone(err) {
			o.spoilt = digest(c.to)
		}
		w.down = 0
	default:
		if fault.Of(err) != fault.Limited {
			w.down++
		}
		return w.later(o, c, err)
	}
	return o
}

// later puts a message that certainly was not taken back into the queue, or gives it up after three days.
func (w *round) later(o *outcome, c *claimed, err error) *outcome {
	now := w.n.rooms.Now()
	pause := min(time.Minute<<min(c.attempt-1, 7), 2*time.Hour)
	if f := (*fault.Fault)(nil); errors.As(err, &f) && f.Wait > 0 {
		pause = f.Wait
	}
	o.state, o.why, o.due = Queued, fault.Message(err), now.Add(pause)
	if now.Sub(w.told.letter.Begun) > triedFor || fault.Of(err) == fault.Internal && c.attempt >= 5 {
		o.state = Failed
	}
	return o
}

// note writes down what became of the message before, if there is one: also where it had been given up for dead meanwhile.
func (w *round) note(tx *db.Tx) error {
	if w.done == nil {
		return nil
	}
	o, now := w.done, w.n.rooms.Now()
	_, err := tx.Exec(`UPDATE newsletter_delivery SET state = $1, why = $2, due = $3, lease = '', changed_at = $4 WHERE board_id = $5 AND release_id = $6 AND member = $7
		AND lease = $8 AND (state = 'sending' OR state = 'doubtful')`, string(o.state), o.why, micros(o.due), now.UnixMicro(), w.q.Board, w.q.Release, o.member, w.lease)
	if err != nil || o.spoilt == "" {
		return err
	}
	return w.n.suppress(tx, o.spoilt, "address", true)
}

func micros(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMicro()
}

// giveUp marks the messages of programs that died over them: nobody knows whether they were sent.
func (w *round) giveUp(tx *db.Tx) error {
	now := w.n.rooms.Now().UnixMicro()
	_, err := tx.Exec(`UPDATE newsletter_delivery SET state = $1, why = $2, changed_at = $3 WHERE board_id = $4 AND release_id = $5 AND state = 'sending' AND due <= $3 AND lease <> $6`,
		string(Doubtful), "the program ended while it was handed over", now, w.q.Board, w.q.Release, w.lease)
	return err
}

// finish notes the last message, and leaves the rest to another job; where nothing is left the newsletter has ended. It is done
// however the job ends.
func (w *round) finish(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	return w.n.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if err := w.note(tx); err != nil {
			return err
		}
		if err := w.giveUp(tx); err != nil {
			return err
		}
		now := w.n.rooms.Now()
		var waiting, under, first, over int64
		if err := tx.QueryRow(`SELECT COUNT(*), COALESCE(MIN(due), 0) FROM newsletter_delivery WHERE board_id = $1 AND release_id = $2 AND state = 'queued'`,
			w.q.Board, w.q.Release).Scan(&waiting, &first); err != nil {
			return err
		}
		if err := tx.QueryRow(`SELECT COUNT(*), COALESCE(MAX(due), 0) FROM newsletter_delivery WHERE board_id = $1 AND release_id = $2 AND state = 'sending'`,
			w.q.Board, w.q.Release).Scan(&under, &over); err != nil {
			return err
		}
		switch {
		case waiting > 0:
			due := max(first, now.UnixMicro())
			if w.down >= 3 { // nobody takes anything now
				due = max(due, now.Add(time.Minute).UnixMicro())
			}
			due = max(due, now.Add(w.wait).UnixMicro())
			return w.n.enqueueSend(tx, w.q, time.UnixMicro(due))
		case under > 0: // another job sends it, or died
			return w.n.enqueueSend(tx, w.q, time.UnixMicro(over))
		}
		result, err := tx.Exec(`UPDATE newsletter SET state = $1, ended_at = $2 WHERE board_id = $3 AND release_id = $4 AND state = $5`, ended, now.UnixMicro(), w.q.Board, w.q.Release, sends)
		if err != nil {
			return err
		}
		if changed, err := result.RowsAffected(); err != nil || changed == 0 {
			return err
		}
		return w.n.rooms.Trail.Write(tx, audit.Event{Verb: "newsletter.sent", Board: w.q.Board, Detail: map[string]string{"period": w.told.letter.Period.String()}})
	})
}
