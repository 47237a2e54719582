package board

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/period"
	"cairn/scorecard"
)

// Mode is what happens by itself when a period is over.
type Mode string

const (
	ByHand  Mode = ""      // nothing: a manager drafts and publishes
	ToDraft Mode = "draft" // the draft is calculated and the managers are told; one of them publishes
	Auto    Mode = "auto"  // and after the time of grace it is published
)

// Rhythm is when a board is released. A period closes Days days after the first day that follows it, at a time of day in the board's
// time zone: the draft is calculated and the managers are told. Data may be late for so many hours of grace; then it is released.
// Days and hours are those of the clock on the wall: 24 hours of grace end at the same time of day, whatever daylight saving does.
type Rhythm struct {
	Mode  Mode   `json:"mode"`
	Days  int    `json:"days"`  // 0 … 27
	At    string `json:"at"`    // "09:00"
	Grace int    `json:"grace"` // hours, 0 … 336, and shorter than a period
	From  string `json:"from"`  // the first period that it holds for, as period.Parse reads it
}

const (
	mostDays  = 27
	mostGrace = 336
	// mostCaughtUp is how many periods a new rhythm may reach back.
	mostCaughtUp = 53
)

// JobWind is the kind of job by which the clock is told that the rhythm of a board is another now; its payload is the board's id.
const JobWind = "wind board"

// Instants returns when a period closes and when it is released, in the board's time zone: the first instant at which the clocks
// there show that time or a later one.
func (r Rhythm) Instants(p period.Period, zone *time.Location) (closes, releases time.Time) {
	day := p.Last + 1 + period.Date(r.Days)
	of := r.timeOfDay()
	return day.At(of, zone), day.At(of+time.Duration(r.Grace)*time.Hour, zone)
}

// timeOfDay is At since midnight.
func (r Rhythm) timeOfDay() time.Duration {
	at, err := time.Parse("15:04", r.At)
	if err != nil {
		return 0 // check refuses it
	}
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
}

// Start returns the first period that the rhythm holds for.
func (r Rhythm) Start(unit scorecard.Period) (period.Period, error) {
	return period.Parse(unit, r.From)
}

// closesNext returns the first period that closes after an instant.
func (r Rhythm) closesNext(unit scorecard.Period, now time.Time, zone *time.Location) period.Period {
	p := period.Of(unit, now, zone)
	for {
		closes, _ := r.Instants(p.Add(-1), zone)
		if !closes.After(now) {
			return p
		}
		p = p.Add(-1)
	}
}

// check refuses a rhythm that cannot be, and writes it in one form.
func (r Rhythm) check(unit scorecard.Period) (Rhythm, error) {
	switch r.Mode {
	case ByHand:
		return Rhythm{}, nil
	case ToDraft, Auto:
	default:
		return r, fault.Wrong("mode", "A board is released by itself (auto), drafted by itself (draft), or neither (left empty), not %q.", r.Mode)
	}
	if r.Days < 0 || r.Days > mostDays {
		return r, fault.Wrong("days", "A period closes 0 to %d days after the first day that follows it; %d is not.", mostDays, r.Days)
	}
	at, err := time.Parse("15:04", r.At)
	if err != nil {
		return r, fault.Wrong("at", "A time of day looks like 09:00; %q does not.", r.At)
	}
	r.At = at.Format("15:04")
	if most := min(mostGrace, shortest[unit]*24-1); r.Grace < 0 || r.Grace > most {
		return r, fault.Wrong("grace", "Late data is waited for 0 to %d hours on a board that is released by %s, so that one period is out before the next closes; %d is not.", most, unit, r.Grace)
	}
	if r.From != "" {
		if _, err := r.Start(unit); err != nil {
			return r, fault.In("from", err)
		}
	}
	return r, nil
}

// shortest is how many days a period of each unit has at least.
var shortest = map[scorecard.Period]int{scorecard.Day: 1, scorecard.Week: 7, scorecard.Fortnight: 14, scorecard.Month: 28, scorecard.Quarter: 90, scorecard.Year: 365}

// begins fills in From where it was left empty: the first period that closes from now on, or what held before.
func (r Rhythm) begins(unit scorecard.Period, before Rhythm, now time.Time, zone *time.Location) (Rhythm, error) {
	if r.Mode == ByHand {
		return r, nil
	}
	if r.From == "" {
		r.From = cmp.Or(before.From, r.closesNext(unit, now, zone).String())
		return r, nil
	}
	from, err := r.Start(unit)
	if err != nil {
		return r, err
	}
	if oldest := period.Of(unit, now, zone).Add(-mostCaughtUp); from.First < oldest.First && r.From != before.From {
		return r, fault.Wrong("from", "%s is too long ago: what was missed is caught up from %s on at the earliest. Publish what is older by hand.", from.Label(), oldest.Label())
	}
	return r, nil
}

// SetRhythm says when a board is released. Where From is left empty, what holds already goes on from there, and a new rhythm
// begins with the first period that closes from now on; an earlier one is caught up. Invalid, with the field, for a rhythm that
// cannot be.
func (b *Boards) SetRhythm(ctx context.Context, a identity.Actor, at *Board, r Rhythm) error {
	return b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := b.boardIn(tx, at.ID)
		if err != nil {
			return err
		}
		return b.setRhythm(tx, a, now, r)
	})
}

func (b *Boards) setRhythm(tx *db.Tx, a identity.Actor, at *Board, r Rhythm) error {
	card, err := b.cardIn(tx, at.ID, at.Version)
	if err != nil {
		return err
	}
	if r, err = r.check(card.Period); err != nil {
		return err
	}
	if r, err = r.begins(card.Period, at.Rhythm, b.rooms.Now(), at.location); err != nil {
		return err
	}
	if r == at.Rhythm {
		return nil
	}
	if _, err := tx.Exec(`UPDATE board SET rhythm = $1 WHERE board_id = $2`, r.text(), at.ID); err != nil {
		return err
	}
	if err := b.wind(tx, at.ID); err != nil {
		return err
	}
	detail := map[string]string{"mode": "by hand"}
	if r.Mode != ByHand {
		detail = map[string]string{"mode": string(r.Mode), "days": strconv.Itoa(r.Days), "at": r.At, "grace": strconv.Itoa(r.Grace), "from": r.From}
	}
	return b.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: "board.rhythm", Board: at.ID, Detail: detail})
}

// wind tells the clock of a board's rhythm.
func (b *Boards) wind(tx *db.Tx, boardID string) error {
	return b.rooms.Queue.Enqueue(tx, JobWind, boardID, boardID, b.rooms.Now())
}

// text is the rhythm as it is kept.
func (r Rhythm) text() string {
	if r.Mode == ByHand {
		return ""
	}
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // texts and numbers always have a JSON form
	}
	return string(text)
}

func readRhythm(text string) (r Rhythm, err error) {
	if text != "" {
		err = json.Unmarshal([]byte(text), &r)
	}
	return r, err
}

// rhythmFile is the rhythm in the file of a design. Since when it holds is the board's own.
type rhythmFile struct {
	Mode  string `yaml:"mode"`
	Days  int    `yaml:"days"`
	At    string `yaml:"at"`
	Grace int    `yaml:"grace"`
}

// file is the rhythm as the file of a design has it, "" by hand.
func (r Rhythm) file() string {
	if r.Mode == ByHand {
		return ""
	}
	return fmt.Sprintf("rhythm: {mode: %s, days: %d, at: %s, grace: %d}\n", r.Mode, r.Days, quoted(r.At), r.Grace)
}
