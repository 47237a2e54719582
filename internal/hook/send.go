package hook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/job"
	"cairn/internal/signature"
)

// jobSend sends one message. Its tries are its own, since they follow another rhythm than those of other work: it succeeds also
// where the other side did not answer.
const jobSend = "hook"

const (
	patience   = 15 * time.Second // for a whole answer
	answerMost = 64 << 10         // bytes of one that are read
	lasts      = time.Minute      // for how long whoever begins to send a message has it to themselves
	closed     = time.Hour        // until a message to a hook of a suspended board is looked at again
)

// pauses are those between tries: as the specification suggests, over three days in all.
var pauses = []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}

// Where this many tries in a row found nobody, other messages to the same hook let their turn pass for a while: thousands that wait
// for somebody who is away keep no other hook waiting.
const (
	awayAfter = 5
	awayFor   = 5 * time.Minute
)

// outcome is what became of one try.
type outcome struct {
	taken  bool
	gone   bool          // for good
	wait   time.Duration // that the other side asked for
	answer string        // for people
}

// send tries one message.
func (h *Hooks) send(ctx context.Context, j job.Job) error {
	var s sent
	if err := j.Read(&s); err != nil {
		return err
	}
	at, err := h.rooms.Boards.ByID(ctx, s.Board)
	if err != nil {
		return unlessAbsent(err)
	}
	m, r, err := h.take(ctx, at, s.Message)
	if err != nil || m == nil {
		return unlessAbsent(err)
	}
	if r.failed >= awayAfter && h.now().Sub(r.failedAt) < awayFor && m.event != Ping {
		return h.done(ctx, at, r, m, outcome{answer: m.answer}, false)
	}
	o, err := h.try(ctx, at, r, m)
	if fault.Of(err) == fault.NotFound { // nothing of it is to be told any more
		return h.drop(ctx, m)
	}
	if err != nil {
		return err
	}
	return h.done(ctx, at, r, m, o, true)
}

// unlessAbsent is an error, unless it says that what a job is about is gone: then there is nothing to do.
func unlessAbsent(err error) error {
	if fault.Of(err) == fault.NotFound {
		return nil
	}
	return err
}

// take finds a message that is to be tried now and has it to itself for a while; nil where there is none.
func (h *Hooks) take(ctx context.Context, at *board.Board, id string) (m *message, r *row, err error) {
	err = h.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		m, r = nil, nil
		found, err := messageIn(tx, at.ID, id)
		if err != nil || found.state != Waiting {
			return err
		}
		to, err := rowIn(tx, at.ID, found.hook)
		if err != nil || to.State == Paused || to.State == Ended {
			return err // it goes on when somebody resumes it
		}
		now := h.now()
		if at.Suspended != "" {
			found.next = now.Add(closed)
			return h.postpone(tx, &found)
		}
		if found.next.After(now) { // another one tries it, or the clock went back
			return h.enqueue(tx, found, found.id, found.next)
		}
		found.next = now.Add(lasts)
		if _, err := tx.Exec(`UPDATE hook_message SET next_at = $1 WHERE board_id = $2 AND message_id = $3`, found.next.UnixMicro(), at.ID, found.id); err != nil {
			return err
		}
		m, r = &found, &to
		return nil
	})
	return m, r, err
}

// postpone has a message looked at again when it is next due.
func (h *Hooks) postpone(tx *db.Tx, m *message) error {
	if _, err := tx.Exec(`UPDATE hook_message SET next_at = $1 WHERE board_id = $2 AND message_id = $3`, m.next.UnixMicro(), m.board, m.id); err != nil {
		return err
	}
	return h.enqueue(tx, *m, m.id, m.next)
}

// drop deletes a message of which nothing is to be told any more.
func (h *Hooks) drop(ctx context.Context, m *message) error {
	return h.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`DELETE FROM hook_message WHERE board_id = $1 AND message_id = $2`, m.board, m.id)
		return err
	})
}

// try sends a message once. The error is of our own making; what the other side does is the outcome.
func (h *Hooks) try(ctx context.Context, at *board.Board, r *row, m *message) (o outcome, err error) {
	body, err := h.body(ctx, at, r, m)
	if err != nil {
		return o, err
	}
	request, err := h.request(ctx, r, m, body)
	if fault.Of(err) == fault.Unavailable { // the key that seals is another: somebody may mend that
		return outcome{answer: fault.Message(err)}, nil
	}
	if err != nil {
		return o, err
	}
	answer, _, err := h.rooms.Reach.Do(h.client, request, answerMost) //nolint:bodyclose // package reach read and closed it
	if answer == nil {
		if errors.Is(ctx.Err(), context.Canceled) { // the program stops, or whoever tests went away
			return o, fault.Wrap(fault.Unavailable, err, "The program was stopped while it sent a message.")
		}
		return outcome{answer: fault.Message(err)}, nil
	}
	o.answer = strconv.Itoa(answer.StatusCode)
	switch code := answer.StatusCode; {
	case code >= 200 && code < 300:
		o.taken = true // whatever else it says
	case code >= 300 && code < 400:
		o.answer += ": it leads elsewhere, and what is signed goes nowhere else"
	case code == http.StatusGone:
		o.gone = true
	}
	if f := (*fault.Fault)(nil); errors.As(err, &f) && f.Kind == fault.Limited {
		o.wait = f.Wait
	}
	return o, nil
}

// request is a try of a message. Unavailable where what is sealed cannot be opened.
func (h *Hooks) request(ctx context.Context, r *row, m *message, body []byte) (*http.Request, error) {
	address, err := h.rooms.Seals.Open(useAddress(r.ID), r.address)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, fault.New(fault.Unavailable, "The address cannot be used: give the hook another.")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "Cairn")
	if r.Kind != Webhook {
		return request, nil
	}
	now := h.rooms.Now()
	sealed := []string{r.secret}
	if r.overlap(now) {
		sealed = append(sealed, r.former)
	}
	var keys [][]byte
	for _, text := range sealed {
		secret, err := h.rooms.Seals.Open(useSecret(r.ID), text)
		if err != nil {
			return nil, err
		}
		key, err := signature.Key(secret)
		if err != nil {
			return nil, fmt.Errorf("reading the secret of a hook: %w", err)
		}
		keys = append(keys, key)
	}
	signature.Sign(request.Header, begins+m.id, now, body, keys...)
	return request, nil
}

// done notes what became of a try, and when the next one is. tried is false where a turn passed without one.
func (h *Hooks) done(ctx context.Context, at *board.Board, r *row, m *message, o outcome, tried bool) error {
	return h.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		now := h.now()
		next := *m
		next.tries++
		next.answer = o.answer
		if tried {
			next.tried = now
		}
		switch {
		case o.taken:
			next.state = Delivered
		case o.gone, m.event == Ping, next.tries > len(pauses):
			next.state = Dead
		default:
			wait := max(pauses[next.tries-1], o.wait)
			next.next = now.Add(wait + rand.N(wait/10+time.Second))
		}
		if _, err := tx.Exec(`UPDATE hook_message SET tries = $1, state = $2, answer = $3, next_at = $4, tried_at = $5 WHERE board_id = $6 AND message_id = $7`,
			next.tries, next.state, next.answer, next.next.UnixMicro(), micros(next.tried), m.board, m.id); err != nil {
			return err
		}
		if next.state == Waiting {
			if err := h.enqueue(tx, next, next.id, next.next); err != nil {
				return err
			}
		}
		if !tried && next.state == Waiting {
			return nil
		}
		return h.judge(tx, at, r, &next, o, now)
	})
}

// judge notes how the other side of a hook does.
func (h *Hooks) judge(tx *db.Tx, at *board.Board, r *row, m *message, o outcome, now time.Time) error {
	now64 := now.UnixMicro()
	switch {
	case o.taken:
		_, err := tx.Exec(`UPDATE hook SET good_at = $1, failed = 0, state = CASE WHEN state = $2 THEN $3 ELSE state END WHERE board_id = $4 AND hook_id = $5`, now64, Failing, Active, at.ID, r.ID)
		return err
	case o.gone:
		if _, err := tx.Exec(`UPDATE hook_message SET state = $1 WHERE board_id = $2 AND hook_id = $3 AND state = $4`, Dead, at.ID, r.ID, Waiting); err != nil {
			return err
		}
		return h.fail(tx, at, r, Ended, now)
	}
	if _, err := tx.Exec(`UPDATE hook SET failed = failed + 1, failed_at = $1 WHERE board_id = $2 AND hook_id = $3`, now64, at.ID, r.ID); err != nil {
		return err
	}
	var good int64
	if err := tx.QueryRow(`SELECT good_at FROM hook WHERE board_id = $1 AND hook_id = $2`, at.ID, r.ID).Scan(&good); err != nil {
		return unlessAbsent(err)
	}
	if m.state == Dead && m.event != Ping && good < m.made.UnixMicro() {
		return h.fail(tx, at, r, Failing, now)
	}
	return nil
}

// fail notes that a hook fails or ended, and has its managers told, once.
func (h *Hooks) fail(tx *db.Tx, at *board.Board, r *row, to string, now time.Time) error {
	var state string
	if err := tx.QueryRow(`SELECT state FROM hook WHERE board_id = $1 AND hook_id = $2`, at.ID, r.ID).Scan(&state); err != nil {
		return unlessAbsent(err)
	}
	if state == to || state == Paused && to == Failing {
		return nil
	}
	if _, err := tx.Exec(`UPDATE hook SET state = $1 WHERE board_id = $2 AND hook_id = $3`, to, at.ID, r.ID); err != nil {
		return err
	}
	if err := h.note(tx, identity.Actor{}, "hook.change", at.ID, r.ID, map[string]string{"state": to}); err != nil {
		return err
	}
	return h.rooms.Queue.Enqueue(tx, jobNotice, r.ID, noticed{Board: at.ID, Hook: r.ID, State: to}, now)
}

// Test sends a message to a hook now, and returns what it answered. It is tried once. Conflict where nothing is sent to it;
// Limited where it was tested too often.
func (h *Hooks) Test(ctx context.Context, a identity.Actor, at *board.Board, id string) (d Delivery, err error) {
	if err := h.rooms.Identity.Take("hook", a.Account); err != nil {
		return d, err
	}
	var m message
	var r row
	err = h.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if err := h.open(tx, at.ID, id); err != nil {
			return err
		}
		if r, err = rowIn(tx, at.ID, id); err != nil {
			return err
		}
		m = message{board: at.ID, event: Ping, member: -1, made: h.now()}
		m, err = h.keep(tx, m, id, lasts) // should this program end meanwhile
		return err
	})
	if err != nil {
		return d, err
	}
	taken, _, err := h.take(ctx, at, m.id)
	if err != nil {
		return d, err
	}
	if taken != nil { // else the job was quicker
		o, err := h.try(ctx, at, &r, taken)
		if err != nil {
			return d, err
		}
		if err := h.done(ctx, at, &r, taken, o, true); err != nil {
			return d, err
		}
	}
	return h.Delivery(ctx, at, id, m.id)
}

func micros(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMicro()
}
