package hook

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"cairn/internal/audit"
	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/reach"
	"cairn/internal/signature"
)

const (
	most     = 20             // hooks of one board
	overlaps = 24 * time.Hour // for how long a secret signs beside the one that took its place
)

// Made says what a hook is to be. Of a change, an empty Address leaves it as it is, and Kind does not count.
type Made struct {
	Name    string
	Kind    Kind
	Address string
	Events  []string
	Members bool
}

// check refuses, with the field, a hook that cannot be.
func (m *Made) check(addressToo bool) error {
	m.Name, m.Address = strings.TrimSpace(m.Name), strings.TrimSpace(m.Address)
	if m.Name == "" || utf8.RuneCountInString(m.Name) > 60 || !utf8.ValidString(m.Name) || strings.ContainsFunc(m.Name, unicode.IsControl) {
		return fault.Wrong("name", "Give it a name of at most 60 characters, after what is told.")
	}
	if !slices.Contains(Kinds(), m.Kind) {
		return fault.Wrong("kind", "A hook is a webhook, or a chat of slack, discord or teams, not %q.", m.Kind)
	}
	var events []string // in this order, each once
	for _, event := range Events(m.Kind) {
		if slices.Contains(m.Events, event) {
			events = append(events, event)
		}
	}
	for _, event := range m.Events {
		if !slices.Contains(events, event) {
			return fault.Wrong("events", "A %s is told of %s, not of %q.", m.Kind, strings.Join(Events(m.Kind), ", "), event)
		}
	}
	if len(events) == 0 {
		return fault.Wrong("events", "Choose at least one thing that it is told.")
	}
	m.Events = events
	m.Members = m.Members && m.Kind != Webhook
	if addressToo || m.Address != "" {
		if err := checkAddress(m.Address); err != nil {
			return fault.In("address", err)
		}
	}
	return nil
}

// checkAddress refuses an address that cannot be, or to which messages would travel readable.
func checkAddress(address string) error {
	if len(address) > 2000 || strings.ContainsFunc(address, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return fault.New(fault.Invalid, "An address has at most 2,000 characters, and no blanks.")
	}
	if err := reach.Check(address); err != nil {
		return err
	}
	u, err := url.Parse(address)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "That is no whole address: it begins with https:// and names a host.")
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if inside := err == nil && (ip.IsLoopback() || ip.IsPrivate()) || u.Hostname() == "localhost"; u.Scheme == "http" && !inside {
		return fault.New(fault.Invalid, "Messages would travel readable: give an address that begins with https://.")
	}
	return nil
}

// masked is what of an address may be shown: no part that may be a secret.
func masked(k Kind, address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "…"
	}
	host := u.Scheme + "://" + u.Host
	if k != Webhook {
		return host + "/…"
	}
	segments := strings.Split(u.EscapedPath(), "/")
	for i, s := range segments {
		if len(s) >= 16 {
			segments[i] = "…"
		}
	}
	path := strings.Join(segments, "/")
	if len(path) > 100 {
		path = path[:100] + "…"
	}
	if u.RawQuery != "" {
		path += "?…"
	}
	return host + path
}

// Make makes a hook. Of a webhook the secret that signs is returned, "whsec_…", shown once. Invalid, with the field; Conflict
// where the board has twenty; Unavailable where the server has no key to seal secrets with.
func (h *Hooks) Make(ctx context.Context, a identity.Actor, at *board.Board, m Made) (made Hook, secret string, err error) {
	if err := m.check(true); err != nil {
		return made, "", err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return made, "", fmt.Errorf("making an identifier: %w", err)
	}
	made = Hook{ID: id.String(), Board: at.ID, Name: m.Name, Kind: m.Kind, Address: masked(m.Kind, m.Address), Events: m.Events, Members: m.Members, State: Active, Made: h.now()}
	address, err := h.rooms.Seals.Seal(useAddress(made.ID), m.Address)
	if err != nil {
		return Hook{}, "", err
	}
	sealed := ""
	if m.Kind == Webhook {
		secret = signature.New()
		if sealed, err = h.rooms.Seals.Seal(useSecret(made.ID), secret); err != nil {
			return Hook{}, "", err
		}
	}
	err = h.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		var there int
		if err := tx.QueryRow(`SELECT COUNT(*) FROM hook WHERE board_id = $1`, at.ID).Scan(&there); err != nil {
			return err
		}
		if there >= most {
			return fault.New(fault.Conflict, "The board has %d hooks already: end one first.", there)
		}
		if _, err := tx.Exec(`INSERT INTO hook (board_id, hook_id, name, kind, address, shown, secret, former, former_until, events, members, state, good_at, failed, failed_at, made_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, '', 0, $8, $9, $10, 0, 0, 0, $11)`,
			at.ID, made.ID, made.Name, string(made.Kind), address, made.Address, sealed, strings.Join(made.Events, " "), truth(made.Members), Active, made.Made.UnixMicro()); err != nil {
			return err
		}
		return h.note(tx, a, "hook.make", at.ID, made.ID, map[string]string{"kind": string(made.Kind), "events": strings.Join(made.Events, ", ")})
	})
	if err != nil {
		return Hook{}, "", err
	}
	return made, secret, nil
}

// note writes what was done to a hook.
func (h *Hooks) note(tx *db.Tx, a identity.Actor, verb, boardID, id string, detail map[string]string) error {
	told := map[string]string{"hook": id}
	for key, text := range detail {
		told[key] = text
	}
	return h.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: verb, Board: boardID, Detail: told})
}

// Secrets open for one use alone.
func useAddress(id string) string { return "hook address " + id }
func useSecret(id string) string  { return "hook " + id }

func (h *Hooks) now() time.Time { return h.rooms.Now().UTC().Truncate(time.Microsecond) }

// Change changes what a hook is called, where it leads and what it is told; an empty address leaves that as it is. A new address
// begins anew: the hook is active. NotFound where the board has none such; Invalid, with the field.
func (h *Hooks) Change(ctx context.Context, a identity.Actor, at *board.Board, id string, m Made) error {
	now, err := h.Hook(ctx, at, id)
	if err != nil {
		return err
	}
	m.Kind = now.Kind
	if err := m.check(false); err != nil {
		return err
	}
	sealed := ""
	if m.Address != "" {
		if sealed, err = h.rooms.Seals.Seal(useAddress(id), m.Address); err != nil {
			return err
		}
	}
	return h.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(`UPDATE hook SET name = $1, events = $2, members = $3 WHERE board_id = $4 AND hook_id = $5`,
			m.Name, strings.Join(m.Events, " "), truth(m.Members), at.ID, id); err != nil {
			return err
		}
		if sealed != "" {
			if _, err := tx.Exec(`UPDATE hook SET address = $1, shown = $2, state = CASE WHEN state = $3 THEN state ELSE $4 END, failed = 0 WHERE board_id = $5 AND hook_id = $6`,
				sealed, masked(m.Kind, m.Address), Paused, Active, at.ID, id); err != nil {
				return err
			}
		}
		return h.note(tx, a, "hook.change", at.ID, id, map[string]string{"events": strings.Join(m.Events, ", "), "address": map[bool]string{true: "another", false: "the same"}[sealed != ""]})
	})
}

// Pause keeps messages waiting.
func (h *Hooks) Pause(ctx context.Context, a identity.Actor, at *board.Board, id string) error {
	return h.turn(ctx, a, at, id, Paused)
}

// Resume sends what waits, and what comes. What the other side ended begins again, too.
func (h *Hooks) Resume(ctx context.Context, a identity.Actor, at *board.Board, id string) error {
	return h.turn(ctx, a, at, id, Active)
}

func (h *Hooks) turn(ctx context.Context, a identity.Actor, at *board.Board, id, to string) error {
	return h.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		row, err := rowIn(tx, at.ID, id)
		if err != nil || row.State == to {
			return err
		}
		if _, err := tx.Exec(`UPDATE hook SET state = $1, failed = 0 WHERE board_id = $2 AND hook_id = $3`, to, at.ID, id); err != nil {
			return err
		}
		if to == Active {
			if _, err := h.release(tx, at.ID, id, Waiting); err != nil {
				return err
			}
		}
		return h.note(tx, a, "hook.change", at.ID, id, map[string]string{"state": to})
	})
}

// End deletes a hook, its secret and what became of its messages.
func (h *Hooks) End(ctx context.Context, a identity.Actor, at *board.Board, id string) error {
	return h.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := rowIn(tx, at.ID, id); err != nil {
			return err
		}
		for _, table := range []string{"hook_message", "hook"} {
			if _, err := tx.Exec(`DELETE FROM `+table+` WHERE board_id = $1 AND hook_id = $2`, at.ID, id); err != nil {
				return err
			}
		}
		return h.note(tx, a, "hook.end", at.ID, id, nil)
	})
}

// NewSecret gives a webhook another secret, which is returned and never shown again. The one before it signs as well for a day, so
// that nothing is refused while the other side learns the new one. Conflict for a chat, which has none.
func (h *Hooks) NewSecret(ctx context.Context, a identity.Actor, at *board.Board, id string) (secret string, err error) {
	secret = signature.New()
	sealed, err := h.rooms.Seals.Seal(useSecret(id), secret)
	if err != nil {
		return "", err
	}
	err = h.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		row, err := rowIn(tx, at.ID, id)
		if err != nil {
			return err
		}
		if row.Kind != Webhook {
			return fault.New(fault.Conflict, "Messages to chats are not signed: the address is the secret. Give the hook another address.")
		}
		if _, err := tx.Exec(`UPDATE hook SET former = secret, former_until = $1, secret = $2 WHERE board_id = $3 AND hook_id = $4`,
			h.rooms.Now().Add(overlaps).UnixMicro(), sealed, at.ID, id); err != nil {
			return err
		}
		return h.note(tx, a, "hook.secret", at.ID, id, nil)
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// EndFormer ends the secret that was there before, which else signs for a day: somebody has it who should not. Where none signs any
// more nothing is done.
func (h *Hooks) EndFormer(ctx context.Context, a identity.Actor, at *board.Board, id string) error {
	return h.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		row, err := rowIn(tx, at.ID, id)
		if err != nil || !row.overlap(h.now()) {
			return err
		}
		if _, err := tx.Exec(`UPDATE hook SET former = '', former_until = 0 WHERE board_id = $1 AND hook_id = $2`, at.ID, id); err != nil {
			return err
		}
		return h.note(tx, a, "hook.secret", at.ID, id, map[string]string{"former": "ended"})
	})
}

// row is a hook as it is kept.
type row struct {
	Hook
	address, secret, former string // sealed
	formerUntil             time.Time
	failed                  int // tries in a row
	failedAt                time.Time
}

// overlap reports whether the former secret signs as well.
func (r *row) overlap(now time.Time) bool { return r.former != "" && now.Before(r.formerUntil) }

const rowColumns = `hook_id, board_id, name, kind, address, shown, secret, former, former_until, events, members, state, good_at, failed, failed_at, made_at`

func scanRow(scan func(...any) error) (r row, err error) {
	var events string
	var until, members, good, failedAt, made int64
	err = scan(&r.ID, &r.Board, &r.Name, &r.Kind, &r.address, &r.Address, &r.secret, &r.former, &until, &events, &members, &r.State, &good, &r.failed, &failedAt, &made)
	r.Events, r.Members = strings.Fields(events), members != 0
	r.formerUntil, r.Good, r.failedAt, r.Made = instant(until), instant(good), instant(failedAt), instant(made)
	return r, err
}

// rowIn returns a board's hook, or NotFound.
func rowIn(tx *db.Tx, boardID, id string) (row, error) {
	if uuid.Validate(id) != nil { // a text that no database takes is none of ours
		return row{}, fault.New(fault.NotFound, "The board has no such hook.")
	}
	r, err := scanRow(tx.QueryRow(`SELECT `+rowColumns+` FROM hook WHERE board_id = $1 AND hook_id = $2`, boardID, id).Scan)
	if fault.Of(err) == fault.NotFound {
		return r, fault.Wrap(fault.NotFound, err, "The board has no such hook.")
	}
	return r, err
}

// Hooks returns the hooks of a board, oldest first.
func (h *Hooks) Hooks(ctx context.Context, at *board.Board) (all []Hook, err error) {
	err = h.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		rows, err := db.All(tx, scanRow, `SELECT `+rowColumns+` FROM hook WHERE board_id = $1 ORDER BY hook_id`, at.ID)
		if err != nil {
			return err
		}
		all = make([]Hook, len(rows))
		for i, r := range rows {
			if all[i], err = h.whole(tx, r); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

// Hook returns one hook of a board, or NotFound.
func (h *Hooks) Hook(ctx context.Context, at *board.Board, id string) (one Hook, err error) {
	err = h.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := rowIn(tx, at.ID, id)
		if err != nil {
			return err
		}
		one, err = h.whole(tx, r)
		return err
	})
	return one, err
}

// whole adds what became of a hook's messages.
func (h *Hooks) whole(tx *db.Tx, r row) (Hook, error) {
	one := r.Hook
	if r.overlap(h.now()) {
		one.Former = r.formerUntil
	}
	for state, n := range map[string]*int{Waiting: &one.Waiting, Dead: &one.Dead} {
		if err := tx.QueryRow(`SELECT COUNT(*) FROM hook_message WHERE board_id = $1 AND hook_id = $2 AND state = $3 AND event <> $4`, r.Board, r.ID, state, Ping).Scan(n); err != nil {
			return one, err
		}
	}
	latest, err := db.All(tx, scanMessage, `SELECT `+messageColumns+` FROM hook_message WHERE board_id = $1 AND hook_id = $2 ORDER BY message_id DESC LIMIT 1`, r.Board, r.ID)
	if err == nil && len(latest) > 0 {
		one.Delivery = new(latest[0].delivery())
	}
	return one, err
}

func truth(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

func instant(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}
