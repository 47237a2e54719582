package hook

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"cairn/internal/audit"
	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/release"
)

// message is one message to one hook, as it is kept.
type message struct {
	id     string
	board  string
	hook   string
	event  string
	about  about
	member int64 // -1 nobody, or forgotten
	made   time.Time
	tries  int
	next   time.Time
	state  string
	answer string
	tried  time.Time
}

// about is the identifiers of what a message tells of.
type about struct {
	Release   string `json:"release,omitempty"`
	Metric    string `json:"metric,omitempty"`
	Granted   bool   `json:"granted,omitempty"`
	Source    string `json:"source,omitempty"`
	Unclaimed bool   `json:"unclaimed,omitempty"` // nobody had claimed the member's record
}

// begins is what a webhook-id begins with.
const begins = "msg_"

func (m *message) delivery() Delivery {
	d := Delivery{ID: begins + m.id, Hook: m.hook, Event: m.event, Made: m.made, Tries: m.tries, Tried: m.tried, State: m.state, Answer: m.answer}
	if m.state == Waiting {
		d.Next = m.next
	}
	return d
}

const messageColumns = `message_id, board_id, hook_id, event, about, member, made_at, tries, next_at, state, answer, tried_at`

func scanMessage(scan func(...any) error) (m message, err error) {
	var text string
	var made, next, tried int64
	if err = scan(&m.id, &m.board, &m.hook, &m.event, &text, &m.member, &made, &m.tries, &next, &m.state, &m.answer, &tried); err != nil {
		return m, err
	}
	m.made, m.next, m.tried = instant(made), instant(next), instant(tried)
	if err = json.Unmarshal([]byte(text), &m.about); err != nil {
		err = fmt.Errorf("reading message %s: %w", m.id, err)
	}
	return m, err
}

// messageIn returns a message, or NotFound. The identifier is that of a job or a webhook-id.
func messageIn(tx *db.Tx, boardID, id string) (message, error) {
	id = strings.TrimPrefix(id, begins)
	absent := func(err error) error { return fault.Wrap(fault.NotFound, err, "There is no such message any more.") }
	if err := uuid.Validate(id); err != nil {
		return message{}, absent(err)
	}
	m, err := scanMessage(tx.QueryRow(`SELECT `+messageColumns+` FROM hook_message WHERE board_id = $1 AND message_id = $2`, boardID, id).Scan)
	if fault.Of(err) == fault.NotFound {
		err = absent(err)
	}
	return m, err
}

// events are what verbs of the trail are told as.
var events = map[string]string{
	"member.join": MemberJoined, "member.back": MemberJoined,
	"member.leave": MemberLeft, "member.off": MemberLeft,
	"grant.give": GrantChanged, "grant.withdraw": GrantChanged,
	"source.sick": SourceUnhealthy,
}

// heard puts a message about an event of the trail on its way, in its transaction.
func (h *Hooks) heard(tx *db.Tx, e audit.Event) error {
	event, told := events[e.Verb]
	if !told || e.Board == "" {
		return nil
	}
	to, err := h.listeners(tx, e.Board, event)
	if err != nil || len(to) == 0 {
		return err
	}
	m := message{board: e.Board, event: event, member: -1, made: e.At}
	switch event {
	case GrantChanged:
		numbers, err := h.rooms.Boards.MembershipsOf(tx, e.Player)
		if err != nil {
			return err
		}
		number, there := numbers[e.Board]
		if !there {
			return nil // they are gone
		}
		m.member, m.about = number, about{Metric: e.Detail["quantity"], Granted: e.Verb == "grant.give"}
	case SourceUnhealthy:
		m.about = about{Source: e.Detail["source"]}
	default:
		if m.member, err = strconv.ParseInt(e.Detail["member"], 10, 64); err != nil {
			return fmt.Errorf("reading whom the event %s concerns: %w", e.Verb, err)
		}
		m.about = about{Unclaimed: e.Player == ""}
	}
	return h.post(tx, m, to...)
}

// final puts a message about a release on its way, in the transaction in which it becomes final.
func (h *Hooks) final(tx *db.Tx, made release.Made) error {
	event := ReleaseFinal
	if made.Edition > 1 {
		event = ReleaseErratum
	}
	to, err := h.listeners(tx, made.Board.ID, event)
	if err != nil {
		return err
	}
	return h.post(tx, message{board: made.Board.ID, event: event, member: -1, made: made.At, about: about{Release: made.ID}}, to...)
}

// listeners are the hooks of a board that are told of an event.
func (h *Hooks) listeners(tx *db.Tx, boardID, event string) (ids []string, err error) {
	rows, err := db.All(tx, scanRow, `SELECT `+rowColumns+` FROM hook WHERE board_id = $1 AND state <> $2 ORDER BY hook_id`, boardID, Ended)
	for _, r := range rows {
		if slices.Contains(r.Events, event) {
			ids = append(ids, r.ID)
		}
	}
	return ids, err
}

// post puts a message to some hooks on its way.
func (h *Hooks) post(tx *db.Tx, m message, to ...string) error {
	for _, id := range to {
		if _, err := h.keep(tx, m, id, 0); err != nil {
			return err
		}
	}
	return nil
}

// keep writes a message to one hook, and the job that sends it after a while.
func (h *Hooks) keep(tx *db.Tx, m message, to string, after time.Duration) (message, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return m, fmt.Errorf("making an identifier: %w", err)
	}
	text, err := json.Marshal(m.about)
	if err != nil {
		return m, fmt.Errorf("writing a message: %w", err)
	}
	m.id, m.hook, m.state, m.next = id.String(), to, Waiting, h.now()
	if _, err := tx.Exec(`INSERT INTO hook_message (board_id, message_id, hook_id, event, about, member, made_at, tries, next_at, state, answer, tried_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, '', 0)`,
		m.board, m.id, m.hook, m.event, string(text), m.member, m.made.UnixMicro(), m.next.UnixMicro(), Waiting); err != nil {
		return m, err
	}
	return m, h.enqueue(tx, m, m.id, m.next.Add(after))
}

// sent is the payload of jobSend.
type sent struct {
	Board   string `json:"board"`
	Message string `json:"message"`
}

// enqueue has a message tried. Of one key one job waits: what is to go before a job that waits has a key of its own.
func (h *Hooks) enqueue(tx *db.Tx, m message, key string, due time.Time) error {
	return h.rooms.Queue.Enqueue(tx, jobSend, key, sent{m.board, m.id}, due)
}

// Deliveries returns the messages of a hook, newest first, from the one after before ("" the newest) on, without what they say.
// They are kept for 30 days. NotFound where the board has no such hook.
func (h *Hooks) Deliveries(ctx context.Context, at *board.Board, id, before string, limit int) (list []Delivery, err error) {
	before = strings.TrimPrefix(before, begins)
	if before != "" && uuid.Validate(before) != nil {
		return nil, fault.Wrong("before", "That is no message to go on from.")
	}
	err = h.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		list = []Delivery{}
		if _, err := rowIn(tx, at.ID, id); err != nil {
			return err
		}
		all, err := db.All(tx, scanMessage, `SELECT `+messageColumns+` FROM hook_message WHERE board_id = $1 AND hook_id = $2 AND ($3 = '' OR message_id < $3) ORDER BY message_id DESC LIMIT $4`,
			at.ID, id, before, limit)
		for _, m := range all {
			list = append(list, m.delivery())
		}
		return err
	})
	return list, err
}

// Delivery returns one message of a hook with what it says, as it would be sent now. NotFound where there is none.
func (h *Hooks) Delivery(ctx context.Context, at *board.Board, hookID, id string) (Delivery, error) {
	m, r, err := h.find(ctx, at.ID, hookID, id)
	if err != nil {
		return Delivery{}, err
	}
	d := m.delivery()
	body, err := h.body(ctx, at, &r, &m)
	if fault.Of(err) == fault.NotFound { // nothing of it is to be told any more
		return d, nil
	}
	d.Payload = body
	return d, err
}

// find returns a message and its hook; hookID "" takes any hook of the board.
func (h *Hooks) find(ctx context.Context, boardID, hookID, id string) (m message, r row, err error) {
	err = h.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		if m, err = messageIn(tx, boardID, id); err != nil {
			return err
		}
		if hookID != "" && m.hook != hookID {
			return fault.New(fault.NotFound, "The hook has no such message.")
		}
		r, err = rowIn(tx, boardID, m.hook)
		return err
	})
	return m, r, err
}

// Replay sends one message again, whatever became of it, under the same webhook-id: who took it already can tell.
func (h *Hooks) Replay(ctx context.Context, a identity.Actor, at *board.Board, hookID, id string) error {
	return h.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		m, err := messageIn(tx, at.ID, id)
		if err == nil && m.hook != hookID {
			err = fault.New(fault.NotFound, "The hook has no such message.")
		}
		if err != nil {
			return err
		}
		if err := h.open(tx, at.ID, hookID); err != nil {
			return err
		}
		if err := h.revive(tx, m); err != nil {
			return err
		}
		return h.note(tx, a, "hook.change", at.ID, hookID, map[string]string{"sent again": "1"})
	})
}

// ReplayDead sends every message again that is not tried any more, and returns how many there are.
func (h *Hooks) ReplayDead(ctx context.Context, a identity.Actor, at *board.Board, hookID string) (n int, err error) {
	err = h.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if err := h.open(tx, at.ID, hookID); err != nil {
			return err
		}
		if n, err = h.release(tx, at.ID, hookID, Dead); err != nil || n == 0 {
			return err
		}
		return h.note(tx, a, "hook.change", at.ID, hookID, map[string]string{"sent again": fmt.Sprint(n)})
	})
	return n, err
}

// open refuses a hook that nothing is sent to, and lets one that did not answer be tried at once.
func (h *Hooks) open(tx *db.Tx, boardID, id string) error {
	r, err := rowIn(tx, boardID, id)
	if err != nil {
		return err
	}
	if r.State == Paused || r.State == Ended {
		return fault.New(fault.Conflict, "Nothing is sent to this hook: it is %s. Resume it first.", r.State)
	}
	_, err = tx.Exec(`UPDATE hook SET failed = 0 WHERE board_id = $1 AND hook_id = $2`, boardID, id)
	return err
}

// release has every message of a hook in a state sent now, tests aside, and returns how many there are.
func (h *Hooks) release(tx *db.Tx, boardID, hookID, state string) (n int, err error) {
	all, err := db.All(tx, scanMessage, `SELECT `+messageColumns+` FROM hook_message WHERE board_id = $1 AND hook_id = $2 AND state = $3 AND event <> $4 ORDER BY message_id`, boardID, hookID, state, Ping)
	if err != nil {
		return 0, err
	}
	for _, m := range all {
		if err := h.revive(tx, m); err != nil {
			return 0, err
		}
	}
	return len(all), nil
}

// revive lets a message be tried now, with every try it had.
func (h *Hooks) revive(tx *db.Tx, m message) error {
	now := h.now()
	if _, err := tx.Exec(`UPDATE hook_message SET state = $1, tries = 0, next_at = $2 WHERE board_id = $3 AND message_id = $4`, Waiting, now.UnixMicro(), m.board, m.id); err != nil {
		return err
	}
	return h.enqueue(tx, m, fmt.Sprint(m.id, " ", now.UnixMicro()), now)
}

// kept is for how long it is known what became of a message.
const kept = 30 * 24 * time.Hour

// Sweep deletes what became of messages more than 30 days ago. A message that waits and whose job is gone is tried again.
func (h *Hooks) Sweep(ctx context.Context) error {
	return h.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		now := h.now()
		if _, err := tx.Exec(`DELETE FROM hook_message WHERE made_at < $1`, now.Add(-kept).UnixMicro()); err != nil {
			return err
		}
		lost, err := db.All(tx, scanMessage, `SELECT `+messageColumns+` FROM hook_message m WHERE state = $1 AND next_at < $2
			AND EXISTS (SELECT 1 FROM hook h WHERE h.board_id = m.board_id AND h.hook_id = m.hook_id AND h.state <> $3 AND h.state <> $4)`,
			Waiting, now.Add(-time.Hour).UnixMicro(), Paused, Ended)
		if err != nil {
			return err
		}
		for _, m := range lost { // nothing is added where the job waits still
			if err := h.enqueue(tx, m, m.id, now); err != nil {
				return err
			}
		}
		return nil
	})
}
