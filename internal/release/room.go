package release

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"cairn/internal/audit"
	"cairn/internal/board"
	"cairn/internal/consent"
	"cairn/internal/db"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/period"
	"cairn/internal/player"
	"cairn/internal/target"
)

// Releases is the room.
type Releases struct {
	db       *db.DB
	boards   *board.Boards
	entries  *entry.Entries
	players  *player.Players
	consents *consent.Consents
	targets  *target.Targets
	trail    *audit.Trail
	now      func() time.Time
	shelf    *shelf
	told     []func(tx *db.Tx, made Made) error
	silent   func(ctx context.Context, tx *db.Tx, b *board.Board, p period.Period) (map[string]string, error)

	published atomic.Int64 // how many final releases this room has made
	asked     sync.Map     // question → asked; a question only ever names a release that is there
}

// Rooms is what the room is built on.
type Rooms struct {
	DB       *db.DB
	Boards   *board.Boards
	Entries  *entry.Entries
	Players  *player.Players
	Consents *consent.Consents
	Targets  *target.Targets
	Trail    *audit.Trail
	Now      func() time.Time // the only clock
	Hold     int64            // bytes of final releases that may be kept in memory
}

// New builds the room.
func New(r Rooms) *Releases {
	return &Releases{db: r.DB, boards: r.Boards, entries: r.Entries, players: r.Players, consents: r.Consents, targets: r.Targets, trail: r.Trail, now: r.Now, shelf: newShelf(r.Hold)}
}

// Made is a release that becomes final in a transaction.
type Made struct {
	Board   *board.Board
	ID      string
	Period  period.Period
	Edition int // 1, then 2 … for errata
	At      time.Time
}

// WhenFinal has something done in the transaction in which a release becomes final: an error undoes both. It may run twice.
// It is called by whoever builds the rooms.
func (r *Releases) WhenFinal(do func(tx *db.Tx, made Made) error) { r.told = append(r.told, do) }

// WhenSilent says who knows which keys of entries nothing could have brought to a board for a period, since all that brings them
// is sick, paused or retired: key → why, for people. What is missing of them is not taken for zero. It is called by whoever
// builds the rooms.
func (r *Releases) WhenSilent(ask func(ctx context.Context, tx *db.Tx, b *board.Board, p period.Period) (map[string]string, error)) {
	r.silent = ask
}

type actor struct{}

// By returns a context in which Publish and Erratum are the act of somebody: the trail says so.
func By(ctx context.Context, a identity.Actor) context.Context {
	return context.WithValue(ctx, actor{}, a.Account)
}

// by is the account of By, "" the program itself or its console.
func by(ctx context.Context) string {
	account, _ := ctx.Value(actor{}).(string)
	return account
}

// choice is which release of a board is to be made; put fills in the board and its final releases.
type choice struct {
	tx     *db.Tx
	board  *board.Board
	finals []*record // by period, then edition
	period period.Period
	record *record
	by     string // account, "" the console
}

// before returns the final releases of earlier periods, each in its latest edition.
func (c *choice) before() []*record {
	latest := latestEditions(c.finals, math.MaxInt64)
	return slices.DeleteFunc(latest, func(r *record) bool { return r.period.Last >= c.period.First })
}

// next refuses a period that does not come after the last final release.
func (c *choice) next(ctx context.Context, boards *board.Boards) error {
	card, err := boards.Scorecard(ctx, c.board.ID, c.board.Version)
	if err != nil {
		return err
	}
	if c.period.Unit != card.Period {
		return fault.New(fault.Invalid, "The board %q is released by %s; %s is none.", c.board.Key, card.Period, c.period)
	}
	if len(c.finals) == 0 {
		return nil
	}
	last := c.finals[len(c.finals)-1]
	for _, r := range c.finals {
		if r.period == c.period {
			return fault.New(fault.Conflict, "The release of %s is final. A mistake in it is mended by a new edition: cairn release erratum %s %s --reason TEXT.", c.period, c.board.Key, c.period)
		}
	}
	if last.period.Last >= c.period.First {
		return fault.New(fault.Conflict, "The release of %s is final, so that %s before it cannot be released any more: releases follow one another.", last.period, c.period)
	}
	return nil
}

// Draft calculates the release of a period and keeps it as the board's draft, in place of any draft before it. The error
// is Conflict where the period is final or lies before the last final release, or has no entries.
func (r *Releases) Draft(ctx context.Context, b *board.Board, p period.Period) (*Release, error) {
	rec, err := r.put(ctx, b.Key, func(c *choice) error {
		c.period = p
		c.record.state = Draft
		return c.next(ctx, r.boards)
	})
	if err != nil {
		return nil, err
	}
	return r.show(ctx, rec)
}

// Preview returns the board's draft as it was calculated last; NotFound where it has none of the period.
func (r *Releases) Preview(ctx context.Context, b *board.Board, p period.Period) (*Release, error) {
	var rec *record
	err := r.db.Read(ctx, func(tx *db.Tx) (err error) {
		rec, err = scanRecord(tx.QueryRow(`SELECT `+recordColumns+` FROM release WHERE board_id = $1 AND last_day = $2 AND state = 'draft'`,
			b.ID, p.Last.String()).Scan)
		return err
	})
	if fault.Of(err) == fault.NotFound || err == nil && rec.period != p {
		return nil, fault.New(fault.NotFound, "The board %q has no draft of %s: make one with cairn release draft %s %s.", b.Key, p, b.Key, p)
	}
	if err != nil {
		return nil, err
	}
	return r.show(ctx, rec)
}

// Publish calculates the release of a period from the entries as they stand at that instant, whatever an earlier draft
// said, and makes it final; entries dated before its end are too late from then on. The error is Conflict where the
// period is not over (unless early), is final already, or lies before the last final release.
func (r *Releases) Publish(ctx context.Context, b *board.Board, p period.Period, early bool) (*Release, error) {
	rec, err := r.put(ctx, b.Key, func(c *choice) error {
		c.period = p
		c.record.state = Final
		c.record.edition = 1
		c.record.number = int64(len(c.finals)) + 1
		if err := c.next(ctx, r.boards); err != nil {
			return err
		}
		start, end := p.Bounds(c.board.Location())
		if r.now().Before(start) {
			return fault.New(fault.Conflict, "%s has not begun: it begins %s. What is final cannot be taken back, so a period to come cannot be published, even early.", p.Label(), start.Format("2 Jan 2006 15:04 MST"))
		}
		if !early && r.now().Before(end) {
			return fault.New(fault.Conflict, "%s is not over before %s: wait, or publish it early, as it stands.", p.Label(), end.Format("2 Jan 2006 15:04 MST"))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r.show(ctx, rec)
}

// Erratum publishes a new edition of a final release from the corrected entries, under the rules of the edition before.
// That one stays readable, and later releases stay as they are. The error is Invalid without a reason, NotFound where
// the period has no final release, and Conflict where its raw entries have been purged or nothing would change.
func (r *Releases) Erratum(ctx context.Context, b *board.Board, p period.Period, reason string) (*Release, error) {
	if reason == "" {
		return nil, fault.Wrong("reason", "An erratum says why: give the reason that readers will see with --reason TEXT.")
	}
	rec, err := r.put(ctx, b.Key, func(c *choice) error {
		c.period = p
		for _, f := range c.finals {
			if f.period == p {
				c.record.replaced = f
			}
		}
		if c.record.replaced == nil {
			return fault.New(fault.NotFound, "The board %q has no final release of %s that could be mended.", b.Key, p)
		}
		c.record.state = Final
		c.record.edition = c.record.replaced.edition + 1
		c.record.number = int64(len(c.finals)) + 1
		c.record.reason, c.record.supersedes = reason, c.record.replaced.id
		version := *c.board
		version.Version = c.record.replaced.version
		c.board = &version
		return r.stillThere(ctx, c)
	})
	if err != nil {
		return nil, err
	}
	return r.show(ctx, rec)
}

// stillThere refuses to calculate a period again whose entries have been purged.
func (r *Releases) stillThere(ctx context.Context, c *choice) error {
	receipts, err := r.entries.Receipts(ctx, c.board.ID)
	if err != nil || len(receipts) == 0 {
		return err
	}
	card, err := r.boards.Scorecard(ctx, c.board.ID, c.board.Version)
	if err != nil {
		return err
	}
	for key, from := range needed(card, c.period, c.board.Location()) {
		for _, receipt := range receipts {
			if from < receipt.Before.UnixMicro() && !slices.Contains(receipt.KeptKeys, key) {
				return fault.New(fault.Conflict, "The raw entries before %s were purged on %s, so that %s cannot be calculated again; its release stays as it is.",
					receipt.Before.Format(time.DateOnly), receipt.At.Format(time.DateOnly), c.period)
			}
		}
	}
	return nil
}

// Latest returns the last final release of a board in its latest edition; NotFound where there is none yet.
func (r *Releases) Latest(ctx context.Context, b *board.Board) (*Release, error) {
	rel, err := r.answer(ctx, b, "latest", func(tx *db.Tx) (*record, error) {
		return scanRecord(tx.QueryRow(`SELECT `+recordColumns+` FROM release WHERE board_id = $1 AND state = 'final' ORDER BY last_day DESC, edition DESC LIMIT 1`, b.ID).Scan)
	})
	if fault.Of(err) == fault.NotFound {
		return nil, fault.New(fault.NotFound, "The board %q has no release yet: publish one with cairn release publish %s PERIOD.", b.Key, b.Key)
	}
	return rel, err
}

// Archive returns every final release of a board and every edition, newest first, to be listed: each without rows.
func (r *Releases) Archive(ctx context.Context, b *board.Board) (all []*Release, err error) {
	err = r.db.Read(ctx, func(tx *db.Tx) error {
		all = nil
		rows, err := tx.Query(`SELECT `+recordColumns+`, head FROM release WHERE board_id = $1 AND state = 'final' ORDER BY last_day DESC, edition DESC`, b.ID)
		if err != nil {
			return err
		}
		defer rows.Close()
		superseded := map[string]bool{}
		for rows.Next() {
			var text []byte
			rec, err := scanRecord(rows.Scan, &text)
			if err != nil {
				return err
			}
			h, err := readHead(text)
			if err != nil {
				return fmt.Errorf("release %s of %s: %w", rec.id, rec.period, err)
			}
			rel := h.release(rec)
			rel.Superseded = superseded[rec.id]
			superseded[rec.supersedes] = true
			all = append(all, rel)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	for _, rel := range all {
		card, err := r.boards.Scorecard(ctx, rel.BoardID, rel.Version)
		if err != nil {
			return nil, err
		}
		rel.decimals = card.Decimals
	}
	return all, nil
}

// Show returns one final release; edition 0 is the latest. NotFound where there is none.
func (r *Releases) Show(ctx context.Context, b *board.Board, p period.Period, edition int) (*Release, error) {
	rel, err := r.answer(ctx, b, fmt.Sprint(p, " ", edition), func(tx *db.Tx) (*record, error) {
		return scanRecord(tx.QueryRow(`SELECT `+recordColumns+` FROM release WHERE board_id = $1 AND last_day = $2 AND ($3 = 0 OR edition = $3) AND state = 'final'
			ORDER BY edition DESC LIMIT 1`, b.ID, p.Last.String(), int64(edition)).Scan)
	})
	if fault.Of(err) == fault.NotFound || err == nil && rel.Period != p {
		if edition > 0 {
			return nil, fault.New(fault.NotFound, "The board %q has no edition %d of a release of %s.", b.Key, edition, p)
		}
		return nil, fault.New(fault.NotFound, "The board %q has no release of %s.", b.Key, p)
	}
	return rel, err
}

// fresh is for how long an answer to "which release?" may be given again without asking the database: what another
// program publishes is seen that much later. What this room publishes is seen at once.
const fresh = time.Second

// asked is which release answered a question, and whether a later edition had superseded it.
type asked struct {
	id         string
	superseded bool
	at         time.Time
	published  int64 // the room's count of publications
}

// answer gives the release that answers a question about a board, from memory where it was asked just now.
func (r *Releases) answer(ctx context.Context, b *board.Board, question string, ask func(tx *db.Tx) (*record, error)) (*Release, error) {
	key := b.ID + " " + question
	now, published := r.now(), r.published.Load()
	if a, ok := r.asked.Load(key); ok {
		a := a.(asked)
		if age := now.Sub(a.at); age >= 0 && age < fresh && a.published == published {
			if h, ok := r.shelf.get(a.id).(*held); ok {
				return h.show(a.superseded), nil
			}
		}
	}
	var rec *record
	a := asked{at: now, published: published}
	err := r.db.Read(ctx, func(tx *db.Tx) (err error) {
		if rec, err = ask(tx); err != nil {
			return err
		}
		var later int
		err = tx.QueryRow(`SELECT COUNT(*) FROM release WHERE board_id = $1 AND last_day = $2 AND supersedes = $3 AND state = 'final'`,
			rec.boardID, rec.period.Last.String(), rec.id).Scan(&later)
		a.id, a.superseded = rec.id, later > 0
		return err
	})
	if err != nil {
		return nil, err
	}
	h, err := r.hold(ctx, rec.boardID, rec.id)
	if err != nil {
		return nil, err
	}
	r.asked.Store(key, a)
	return h.show(a.superseded), nil
}

// show returns a release that was just made or drafted.
func (r *Releases) show(ctx context.Context, rec *record) (*Release, error) {
	h, err := r.hold(ctx, rec.boardID, rec.id)
	if err != nil {
		return nil, err
	}
	return h.show(false), nil
}

func (h *held) show(superseded bool) *Release {
	rel := *h.shown
	rel.Superseded = superseded
	return &rel
}
