package source

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/job"
	"cairn/internal/mail"
	"cairn/internal/note"
)

// note brings the health up to date after a poll.
func (h *Health) note(c Connection, taken Taken, trouble error, now time.Time) {
	h.Last = now
	if taken.Added > 0 {
		h.New = now
	}
	if trouble == nil {
		h.Good, h.Failed, h.Trouble, h.Sick = now, 0, "", false
		return
	}
	h.Trouble = fault.Message(trouble)
	switch {
	case taken.Added > 0: // it broke off, but it is not dead
		h.Failed = 0
	case fault.Of(trouble) != fault.Limited: // who asks us to wait is well
		h.Failed++
	}
	h.Sick = h.Failed >= Tolerance || h.Sick && taken.Added == 0 || now.Sub(c.lastGood()) > (Tolerance+1)*max(c.Every, shortest)+24*time.Hour
}

// lastGood is when a connection was last known to be well, at the earliest when it was made.
func (c Connection) lastGood() time.Time {
	if c.Health.Good.Before(c.Made) {
		return c.Made
	}
	return c.Health.Good
}

// well is health from which all trouble is gone.
func (h Health) well() Health {
	h.Failed, h.Trouble, h.Sick = 0, "", false
	return h
}

// listen looks whether a connection that sends has been silent for too long.
func (s *Sources) listen(tx *db.Tx, c Connection) error {
	if c.Health.Sick {
		return nil // until it sends
	}
	if at := c.silentAt(); s.rooms.Now().Before(at) {
		return s.due(tx, c.ID, at)
	}
	h := c.Health
	h.Sick, h.Trouble = true, fmt.Sprintf("Nothing came for %d times as long as is expected of it, which is every %s.", Tolerance, Spoken(c.rhythm()))
	return s.putHealth(tx, c, h)
}

// Spoken is a duration for people, such as 24h or 1h30m.
func Spoken(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// heard has a connection that was silent for too long be well again, in the transaction in which it sends something. What it was
// silent for is not told afterwards: it stays a gap.
func (s *Sources) heard(tx *db.Tx, id string) error {
	c, err := s.connectionIn(tx, id)
	if err != nil {
		return err
	}
	if err := s.gap(tx, id, c.lastGood(), gapSilent); err != nil {
		return err
	}
	c.Health.Good = s.rooms.Now()
	if err := s.putHealth(tx, c, c.Health.well()); err != nil {
		return err
	}
	return s.wind(tx, c)
}

// Why a connection brought nothing for a while.
const (
	gapPaused = "paused"
	gapSilent = "silent"
)

// gap notes that a connection brought nothing from an instant until now.
func (s *Sources) gap(tx *db.Tx, id string, from time.Time, why string) error {
	_, err := tx.Exec(`INSERT INTO source_gap (source_id, from_at, to_at, why) VALUES ($1, $2, $3, $4) ON CONFLICT (source_id, from_at, why) DO UPDATE SET to_at = excluded.to_at`,
		id, from.UnixMicro(), s.rooms.Now().UnixMicro(), why)
	return err
}

// putHealth keeps the health of a connection. Falling ill and getting well are told in the trail, and to whoever can do something
// about it once.
func (s *Sources) putHealth(tx *db.Tx, c Connection, h Health) error {
	_, err := tx.Exec(`UPDATE source SET last_at = $2, good_at = $3, new_at = $4, failed = $5, trouble = $6, sick = $7 WHERE source_id = $1`,
		c.ID, micros(h.Last), micros(h.Good), micros(h.New), h.Failed, h.Trouble, truth(h.Sick))
	if err != nil || h.Sick == c.Health.Sick {
		return err
	}
	verb := "source.well"
	if h.Sick {
		verb = "source.sick"
		if err := s.rooms.Queue.Enqueue(tx, jobSick, c.ID, nil, s.rooms.Now()); err != nil {
			return err
		}
	}
	return s.rooms.Trail.Write(tx, audit.Event{Verb: verb, Board: c.Board, Player: c.Player, Detail: map[string]string{"source": c.Name, "kind": string(c.Kind)}})
}

// micros is an instant as it is kept, 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// jobSick tells by mail that a connection is sick; its key is the connection's number.
const jobSick = "tell of sick source"

// tellSick writes to the owners and managers of the board, or to the player whose connection it is.
func (s *Sources) tellSick(ctx context.Context, j job.Job) error {
	c, err := s.ByID(ctx, j.Key)
	if fault.Of(err) == fault.NotFound || err == nil && !c.Health.Sick {
		return nil // it is gone, or well again
	}
	if err != nil {
		return err
	}
	what := "could not be read several times in a row"
	if c.Kind == Push {
		what = "has sent nothing for longer than it should"
	}
	missing := "What it alone measures is missing until it is well again; it does not count as zero."
	if c.Board == "" { // a board knows no player's sources
		missing = "Boards get nothing of what it alone measures until it is well again; what that counts for, each board's scorecard says."
	}
	said := func(where, path string) note.Note {
		return note.Note{
			Subject: "The source " + c.Name + " brings nothing any more",
			Begin: []string{fmt.Sprintf("The source %s of %s %s. %s", c.Name, where, what, missing),
				"What went wrong last: " + c.Health.Trouble},
			Button: "Look at it", Link: s.rooms.Identity.Link(path), Foot: "You get this once, since you look after " + where + ".",
		}
	}
	if c.Board == "" {
		return s.mailAccount(ctx, c.Player, said("your own record", "/me/connections"), "sick "+j.ID)
	}
	at, err := s.boards.ByID(ctx, c.Board)
	if fault.Of(err) == fault.NotFound || err == nil && at.Suspended != "" {
		return nil
	}
	if err != nil {
		return err
	}
	return s.mailManagers(ctx, at, said("the board "+at.Name, "/b/"+at.Key+"/manage/sources"), "sick "+j.ID, "")
}

// mailAccount writes to one account where it reads mail. once tells the mail from every other.
func (s *Sources) mailAccount(ctx context.Context, account string, said note.Note, once string) error {
	if s.rooms.Post == nil || !s.rooms.Identity.Mails() {
		return nil // the pages say it
	}
	text, html, err := said.Write()
	if err != nil {
		return err
	}
	var addresses []string
	err = s.rooms.DB.Read(ctx, func(tx *db.Tx) (err error) {
		addresses, err = s.rooms.Identity.AddressesIn(tx, account)
		return err
	})
	if err != nil || len(addresses) == 0 {
		return err
	}
	return s.rooms.Post.Deliver(ctx, mail.Message{ID: once + " " + account, To: addresses[0], Subject: said.Subject, Text: text, HTML: html})
}
