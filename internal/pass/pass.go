package pass

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// Kind is what a pass opens.
type Kind string

const (
	Letter  Kind = "letter"   // in a mail: the reader's own scorecard, how they are told, and the way to stop the mails
	Share   Kind = "share"    // one player's card of one release, by that player's own word
	Wall    Kind = "wall"     // a board on a screen in a room
	CheckIn Kind = "check-in" // the one that writes: what its player did on a day, of what one board counts
	Feed    Kind = "feed"     // a board's feed and calendar, for one reader's programs
)

// How long passes last.
const (
	letterReads = 60 * 24 * time.Hour  // a letter opens pages
	letterEnds  = 400 * 24 * time.Hour // and stops mails; a reader may find an old one
	shareLasts  = 365 * 24 * time.Hour
)

// Pass is one of them.
type Pass struct {
	ID       string // UUIDv7
	Kind     Kind
	Player   string // account whose record it opens, "" of a board alone
	Board    string // board_id
	Member   int64  // number on the board, −1 none
	Release  string // id; "" the latest, whichever that is
	Shows    string // what of it, in words of those who show it; "" all there is
	By       string // account that made it, "" the program itself
	Made     time.Time
	Expires  time.Time // it opens no page any more; zero: until it is revoked
	Opened   int64     // how often
	Followed int64     // how often somebody went on from there to the board
}

// Passes is the room.
type Passes struct {
	db    *db.DB
	trail *audit.Trail
	now   func() time.Time
}

// New builds the room; now is the only clock.
func New(d *db.DB, trail *audit.Trail, now func() time.Time) *Passes {
	return &Passes{db: d, trail: trail, now: now}
}

// Make makes a pass in the caller's transaction and returns it with its secret, which is kept nowhere.
func (p *Passes) Make(tx *db.Tx, made Pass) (Pass, string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Pass{}, "", fmt.Errorf("making an identifier: %w", err)
	}
	now := p.now()
	made.ID, made.Made, made.Opened, made.Followed = id.String(), now.UTC().Truncate(time.Microsecond), 0, 0
	ends := now.AddDate(100, 0, 0) // until it is revoked
	switch made.Kind {
	case Letter:
		made.Expires, ends = now.Add(letterReads), now.Add(letterEnds)
	case Share, CheckIn:
		made.Expires = now.Add(shareLasts)
		ends = made.Expires
	}
	secret := identity.NewSecret()
	_, err = tx.Exec(`INSERT INTO pass (pass_id, kind, secret, player_id, board_id, member, release_id, shows, made_by, made_at, expires_at, ends_at, revoked_at, opened, followed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 0, 0)`,
		made.ID, string(made.Kind), digest(secret), made.Player, made.Board, made.Member, made.Release, made.Shows, made.By, made.Made.UnixMicro(), micros(made.Expires), ends.UnixMicro())
	return made, secret, err
}

const columns = `pass_id, kind, player_id, board_id, member, release_id, shows, made_by, made_at, expires_at, opened, followed`

func scan(row func(...any) error, more ...any) (p Pass, err error) {
	var made, expires int64
	err = row(append([]any{&p.ID, &p.Kind, &p.Player, &p.Board, &p.Member, &p.Release, &p.Shows, &p.By, &made, &expires, &p.Opened, &p.Followed}, more...)...)
	p.Made, p.Expires = instant(made), instant(expires)
	return p, err
}

// read is scan where nothing but the pass is read.
func read(row func(...any) error) (Pass, error) { return scan(row) }

// Find returns the pass of a kind with a secret. NotFound for none, and for one that was revoked; expired reports that it opens
// no page any more, though a letter still stops mails.
func (p *Passes) Find(ctx context.Context, kind Kind, secret string) (found Pass, expired bool, err error) {
	gone := fault.New(fault.NotFound, "This address opens nothing: it is not whole, or it was taken back.")
	if len(secret) > 200 {
		return Pass{}, false, gone
	}
	var revoked, ends int64
	err = p.db.Read(ctx, func(tx *db.Tx) (err error) {
		found, err = scan(tx.QueryRow(`SELECT `+columns+`, revoked_at, ends_at FROM pass WHERE secret = $1 AND kind = $2`, digest(secret), string(kind)).Scan, &revoked, &ends)
		return err
	})
	now := p.now()
	switch {
	case fault.Of(err) == fault.NotFound || err == nil && (revoked != 0 || ends <= now.UnixMicro()):
		return Pass{}, false, gone
	case err != nil:
		return Pass{}, false, err
	}
	return found, !found.Expires.IsZero() && !now.Before(found.Expires), nil
}

// Count counts that a pass was opened, or followed to the board: by how many, never by whom.
func (p *Passes) Count(ctx context.Context, id string, followed bool) error {
	what := "opened"
	if followed {
		what = "followed"
	}
	return p.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE pass SET `+what+` = `+what+` + 1 WHERE pass_id = $1`, id)
		return err
	})
}

// OfPlayer returns the passes to an account's record that open something still, newest first: what was given out by somebody's word, then
// letters, which are many and are ended together.
func (p *Passes) OfPlayer(ctx context.Context, account string) ([]Pass, error) {
	return p.list(ctx, `player_id = $1`, account)
}

// OfBoard returns the passes of a kind to a board that open something still, newest first.
func (p *Passes) OfBoard(ctx context.Context, boardID string, kind Kind) ([]Pass, error) {
	return p.list(ctx, `board_id = $1 AND kind = $4`, boardID, string(kind))
}

const mostListed = 500

func (p *Passes) list(ctx context.Context, which string, args ...any) (all []Pass, err error) {
	args = append([]any{args[0], p.now().UnixMicro(), mostListed}, args[1:]...)
	err = p.db.Read(ctx, func(tx *db.Tx) error {
		all, err = db.All(tx, read, `SELECT `+columns+` FROM pass WHERE `+which+` AND revoked_at = 0 AND (expires_at = 0 OR expires_at > $2)
			ORDER BY CASE WHEN kind = 'letter' THEN 1 ELSE 0 END, made_at DESC, pass_id DESC LIMIT $3`, args...)
		return err
	})
	return all, err
}

// Counted is how often the cards of one release were opened and followed.
type Counted struct{ Cards, Opened, Followed int64 }

// Shared returns for each release of a board how often players' cards of it were looked at, revoked ones among them.
func (p *Passes) Shared(ctx context.Context, boardID string) (counted map[string]Counted, err error) {
	err = p.db.Read(ctx, func(tx *db.Tx) error {
		counted = map[string]Counted{}
		rows, err := tx.Query(`SELECT release_id, COUNT(*), SUM(opened), SUM(followed) FROM pass WHERE board_id = $1 AND kind = 'share' GROUP BY release_id`, boardID)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			var c Counted
			if err := rows.Scan(&id, &c.Cards, &c.Opened, &c.Followed); err != nil {
				return err
			}
			counted[id] = c
		}
		return rows.Err()
	})
	return counted, err
}

// Revoke ends a pass of the actor's own record, or, with a board, one of that board; NotFound where there is none such.
func (p *Passes) Revoke(ctx context.Context, a identity.Actor, boardID, id string) error {
	return p.db.Write(ctx, func(tx *db.Tx) error {
		one, err := scan(tx.QueryRow(`SELECT `+columns+` FROM pass WHERE pass_id = $1 AND revoked_at = 0`, id).Scan)
		switch {
		case fault.Of(err) == fault.NotFound || err == nil && (boardID != "" && (one.Board != boardID || one.Player != "") || boardID == "" && (a.Account == "" || one.Player != a.Account)):
			return fault.New(fault.NotFound, "There is no such link, or it was taken back already.")
		case err != nil:
			return err
		}
		if _, err := tx.Exec(`UPDATE pass SET revoked_at = $1 WHERE pass_id = $2`, p.now().UnixMicro(), id); err != nil {
			return err
		}
		return p.trail.Write(tx, told(a, "pass.revoke", one))
	})
}

// EndWalls takes back the walls of a board that somebody made whose role there is over: their addresses may still be known to them.
func (p *Passes) EndWalls(ctx context.Context, a identity.Actor, boardID, account string) error {
	walls, err := p.OfBoard(ctx, boardID, Wall)
	if err != nil {
		return err
	}
	for _, w := range walls {
		if account == "" || w.By != account {
			continue
		}
		if err := p.Revoke(ctx, a, boardID, w.ID); err != nil && fault.Of(err) != fault.NotFound {
			return err
		}
	}
	return nil
}

// RevokeLetters has the links in every mail to an account open no page any more. The mails can still be stopped by them.
func (p *Passes) RevokeLetters(ctx context.Context, a identity.Actor) error {
	return p.db.Write(ctx, func(tx *db.Tx) error {
		now := p.now().UnixMicro()
		if _, err := tx.Exec(`UPDATE pass SET expires_at = $1 WHERE player_id = $2 AND kind = 'letter' AND expires_at > $1`, now, a.Account); err != nil {
			return err
		}
		return p.trail.Write(tx, audit.Event{Actor: a.Account, Verb: "pass.revoke", Detail: map[string]string{"kind": string(Letter)}})
	})
}

// Sweep deletes the passes that have ended.
func (p *Passes) Sweep(ctx context.Context) error {
	return p.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`DELETE FROM pass WHERE ends_at <= $1`, p.now().UnixMicro())
		return err
	})
}

// Kept makes the room a keeper (package player), as Forget, Move and MoveBack do.
func (p *Passes) Kept(tx *db.Tx, account string) (map[string]any, error) {
	type link struct {
		Kind     Kind      `json:"kind"`
		Board    string    `json:"board"`
		Release  string    `json:"release,omitempty"`
		Shows    string    `json:"shows,omitempty"`
		Made     time.Time `json:"made"`
		Expires  time.Time `json:"expires,omitzero"`
		Opened   int64     `json:"opened"`
		Followed int64     `json:"followed"`
	}
	passes, err := db.All(tx, read, `SELECT `+columns+` FROM pass WHERE player_id = $1 OR made_by = $1 ORDER BY made_at, pass_id`, account)
	if err != nil || len(passes) == 0 {
		return nil, err
	}
	all := make([]link, len(passes))
	for i, one := range passes {
		all[i] = link{one.Kind, one.Board, one.Release, one.Shows, one.Made, one.Expires, one.Opened, one.Followed}
	}
	return map[string]any{"links.json": all}, nil
}

// Forget deletes every pass to an account's record, and who made those of boards.
func (p *Passes) Forget(tx *db.Tx, account string) error {
	if _, err := tx.Exec(`DELETE FROM pass WHERE player_id = $1`, account); err != nil {
		return err
	}
	_, err := tx.Exec(`UPDATE pass SET made_by = '' WHERE made_by = $1`, account)
	return err
}

// moved is what Move moved.
type moved struct {
	Passes []string `json:"passes,omitempty"`
	Made   []string `json:"made,omitempty"`
}

// Move makes the passes of one account another's.
func (p *Passes) Move(tx *db.Tx, from, into string) (json.RawMessage, error) {
	var m moved
	var err error
	if m.Passes, err = tx.Texts(`SELECT pass_id FROM pass WHERE player_id = $1 ORDER BY pass_id`, from); err != nil {
		return nil, err
	}
	if m.Made, err = tx.Texts(`SELECT pass_id FROM pass WHERE made_by = $1 ORDER BY pass_id`, from); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(`UPDATE pass SET player_id = $1 WHERE player_id = $2`, into, from); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(`UPDATE pass SET made_by = $1 WHERE made_by = $2`, into, from); err != nil {
		return nil, err
	}
	return json.Marshal(m)
}

// MoveBack moves back what Move moved, as far as it is still there.
func (p *Passes) MoveBack(tx *db.Tx, from, into string, note json.RawMessage) error {
	var m moved
	if err := json.Unmarshal(note, &m); err != nil {
		return fmt.Errorf("reading what was moved: %w", err)
	}
	for _, id := range m.Passes {
		if _, err := tx.Exec(`UPDATE pass SET player_id = $1 WHERE pass_id = $2 AND player_id = $3`, from, id, into); err != nil {
			return err
		}
	}
	for _, id := range m.Made {
		if _, err := tx.Exec(`UPDATE pass SET made_by = $1 WHERE pass_id = $2 AND made_by = $3`, from, id, into); err != nil {
			return err
		}
	}
	return nil
}

func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func micros(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMicro()
}

func instant(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}
