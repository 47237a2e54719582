package coaching

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/period"
	"cairn/internal/release"
)

// Talk is one talk of a coach or manager with a player: when it was, and what was agreed. Those who coach the player on the board read
// it, and it is part of what the player can export.
type Talk struct {
	ID     string // UUIDv7
	Member int64
	Author string      // account; "" somebody who is gone, or the console
	On     period.Date // day of the talk
	Metric string      // key that it was about, "" the score
	Agreed string      // the next step
	Made   time.Time
}

const talkColumns = `talk_id, member, author, held_on, metric, agreed, created_at`

func scanTalk(scan func(...any) error) (t Talk, err error) {
	var on string
	var made int64
	if err = scan(&t.ID, &t.Member, &t.Author, &on, &t.Metric, &t.Agreed, &made); err == nil {
		t.On, err = period.ParseDate(on)
	}
	t.Made = instant(made)
	return t, err
}

// WriteTalk writes a talk down. The actor sees the player on the board, else the player is NotFound; what a coach was not given of
// metrics they write nothing about.
func (c *Coaching) WriteTalk(ctx context.Context, a identity.Actor, at *board.Board, m board.Member, t Talk) error {
	agreed, err := body("agreed", "What was agreed", t.Agreed, MostAsked)
	if err != nil {
		return err
	}
	today := period.DateOf(c.rooms.Now(), at.Location())
	switch {
	case agreed == "":
		return wrong("agreed", "Say what was agreed, in a sentence or two.")
	case t.On > today:
		return wrong("on", "The talk is still to come: write it down when it was held.")
	case t.On < today-5*366:
		return wrong("on", "The talk was held years ago: give the day as 2026-11-23.")
	}
	if err := c.measured(ctx, at, t.Metric); err != nil {
		return err
	}
	if err := c.writes(ctx, a, at, t.Metric); err != nil {
		return err
	}
	access, err := c.rooms.Boards.Access(ctx, at, a)
	if err != nil {
		return err
	}
	if a.SignedIn() && !(coaches(access, at) && SeesPlayer(access, at, m)) {
		return fault.New(fault.NotFound, "There is no such player.")
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("making an identifier: %w", err)
	}
	return c.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if err := c.still(tx, a); err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO talk (board_id, `+talkColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			at.ID, id.String(), m.Number, a.Account, t.On.String(), t.Metric, agreed, c.rooms.Now().UnixMicro()); err != nil {
			return err
		}
		return c.note(tx, a, at, "talk.write", m.Player, nil)
	})
}

// RemoveTalk deletes a talk that the actor wrote down.
func (c *Coaching) RemoveTalk(ctx context.Context, a identity.Actor, at *board.Board, m board.Member, id string) error {
	return c.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if err := c.still(tx, a); err != nil {
			return err
		}
		gone, err := changes(tx, `DELETE FROM talk WHERE board_id = $1 AND talk_id = $2 AND member = $3 AND author = $4`, at.ID, id, m.Number, a.Account)
		if err != nil {
			return err
		}
		if !gone {
			return fault.New(fault.NotFound, "There is no such talk of yours.")
		}
		return c.note(tx, a, at, "talk.remove", m.Player, nil)
	})
}

// Talks returns the talks with a player whom somebody sees, newest first; of a coach who was given some metrics only, those about
// them and about the score.
func (c *Coaching) Talks(ctx context.Context, access board.Access, at *board.Board, m board.Member) (talks []Talk, err error) {
	if !SeesPlayer(access, at, m) {
		return nil, nil
	}
	err = c.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		talks, err = db.All(tx, scanTalk, `SELECT `+talkColumns+` FROM talk WHERE board_id = $1 AND member = $2 ORDER BY held_on DESC, talk_id DESC LIMIT 200`, at.ID, m.Number)
		return err
	})
	return readable(access, at, talks), err
}

// readable leaves out what a talk says of metrics that a coach was not given.
func readable(access board.Access, at *board.Board, talks []Talk) []Talk {
	return slices.DeleteFunc(talks, func(t Talk) bool {
		return t.Metric != "" && !access.May(board.SeeTrail, at) && !access.Scope.Measures(t.Metric)
	})
}

// Outcome is what became of the score, or of the metric that a talk was about: in the release of the period in which the talk was held,
// or the last one before it, and in the release of the period after it.
type Outcome struct {
	Metric        string // key, "" the score
	Before, After Value
}

// Value is a value in one release.
type Value struct {
	Period period.Period
	Value  float64
}

// Outcome returns what became of a talk, as the reader of a release may see it; ok is false until the period after the talk is released,
// or where there is nothing to compare.
func (c *Coaching) Outcome(ctx context.Context, at *board.Board, t Talk, card *release.Card, to release.Reader) (o Outcome, ok bool, err error) {
	before, after := around(card.History, t.On)
	if before == nil || after == nil {
		return o, false, nil
	}
	o = Outcome{Metric: t.Metric, Before: Value{before.Period, before.Score}, After: Value{after.Period, after.Score}}
	if t.Metric == "" {
		return o, true, nil
	}
	for _, v := range []*Value{&o.Before, &o.After} {
		if v.Value, err = c.measurement(ctx, at, v.Period, card.Row.Key, t.Metric, to); err != nil {
			return o, false, err
		}
	}
	return o, !math.IsNaN(o.Before.Value) && !math.IsNaN(o.After.Value), nil
}

// around finds the releases around a day: the last one that begins on it or before, and the first one that begins after it.
func around(history []release.Point, day period.Date) (before, after *release.Point) {
	for i := range history {
		p := &history[i]
		switch {
		case !p.Scored:
		case p.Period.First <= day:
			before = p
		case after == nil:
			after = p
		}
	}
	return before, after
}

// measurement is a player's raw value of a metric in the release of a period; NaN where there is none for the reader.
func (c *Coaching) measurement(ctx context.Context, at *board.Board, p period.Period, key, metric string, to release.Reader) (float64, error) {
	none := math.NaN()
	rel, err := c.rooms.Releases.Show(ctx, at, p, 0)
	if fault.Of(err) == fault.NotFound {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	view, err := c.rooms.Releases.View(ctx, at, rel, to)
	if err != nil {
		return none, err
	}
	card, err := view.Brief(ctx, key)
	if fault.Of(err) == fault.NotFound {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	for _, part := range card.Parts {
		if part.Part.Part.Key == metric && part.Kept == "" && part.Together == nil {
			return part.Raw, nil
		}
	}
	return none, nil
}

// said joins words as they are said.
func said(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
