package source

import (
	"context"
	"fmt"
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
	since := h.Good
	if since.Before(c.Made) {
		since = c.Made
	}
	h.Sick = h.Failed >= Tolerance || h.Sick && taken.Added == 0 || now.Sub(since) > (Tolerance+1)*max(c.Every, shortest)+24*time.Hour
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
	said := func(where, path string) note.Note {
		return note.Note{
			Subject: "The source " + c.Name + " brings nothing any more",
			Begin: []string{fmt.Sprintf("The source %s of %s could not be read several times in a row. What it alone measures is missing until it is well again; it does not count as zero.", c.Name, where),
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
