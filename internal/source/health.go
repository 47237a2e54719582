package source

import (
	"context"
	"fmt"
	"time"

	"cairn/internal/audit"
	"cairn/internal/board"
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
	c, err := s.find(ctx, j.Key)
	if fault.Of(err) == fault.NotFound || err == nil && !c.Health.Sick || s.rooms.Post == nil || !s.rooms.Identity.Mails() {
		return nil // it is gone or well again, or no mail can be sent: the pages say it
	}
	if err != nil {
		return err
	}
	accounts, where, path := []string{c.Player}, "your own record", "/me/sources"
	if c.Board != "" {
		at, err := s.boards.ByID(ctx, c.Board)
		if fault.Of(err) == fault.NotFound || err == nil && at.Suspended != "" {
			return nil
		}
		if err != nil {
			return err
		}
		holders, err := s.boards.Holders(ctx, at)
		if err != nil {
			return err
		}
		accounts, where, path = nil, "the board "+at.Name, "/b/"+at.Key+"/manage/sources"
		for _, h := range holders {
			if h.Account != "" && (h.Role == board.Owner || h.Role == board.Manager) {
				accounts = append(accounts, h.Account)
			}
		}
	}
	said := note.Note{
		Subject: "The source " + c.Name + " brings nothing any more",
		Begin: []string{fmt.Sprintf("The source %s of %s failed %d times in a row. What it alone measures is missing until it is well again; it does not count as zero.", c.Name, where, max(c.Health.Failed, Tolerance)),
			"What went wrong last: " + c.Health.Trouble},
		Button: "Look at it", Link: s.rooms.Identity.Link(path),
		Foot: "You get this once, since you look after " + where + ".",
	}
	text, html, err := said.Write()
	if err != nil {
		return err
	}
	for _, account := range accounts {
		var addresses []string
		if err := s.rooms.DB.Read(ctx, func(tx *db.Tx) (err error) {
			addresses, err = s.rooms.Identity.AddressesIn(tx, account)
			return err
		}); err != nil {
			return err
		}
		if len(addresses) == 0 {
			continue
		}
		m := mail.Message{ID: "sick " + j.ID + " " + account, To: addresses[0], Subject: said.Subject, Text: text, HTML: html}
		if err := s.rooms.Post.Deliver(ctx, m); err != nil && fault.Of(err) != fault.Invalid { // one address that is refused keeps it from nobody else
			return err
		}
	}
	return nil
}
