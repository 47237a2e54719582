package source

import (
	"context"
	"fmt"
	"time"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/job"
	"cairn/internal/mail"
	"cairn/internal/note"
)

// Retire ends a connection for good: what it brought stays, and its key and credentials are gone. heir is the name of the
// source of the same owner that takes its place, "" none. Who keeps it is told by mail. Invalid where there is no such source that
// lives.
func (s *Sources) Retire(ctx context.Context, a identity.Actor, o Owner, name, heir, why string) error {
	if err := checkWhy(why); err != nil {
		return err
	}
	return s.act(ctx, a, o, name, func(tx *db.Tx, c Connection) error {
		if c.State == Retired {
			return nil
		}
		follows := ""
		if heir != "" {
			next, err := named(tx, o, heir)
			if fault.Of(err) == fault.NotFound || err == nil && (next.ID == c.ID || next.State == Retired) {
				return fault.Wrong("heir", "There is no other source %q that could take its place.", heir)
			}
			if err != nil {
				return err
			}
			follows = next.ID
		}
		if _, err := tx.Exec(`DELETE FROM source_key WHERE source_id = $1`, c.ID); err != nil {
			return err
		}
		if c.Health.Sick {
			if err := s.gap(tx, c.ID, c.lastGood(), gapSilent); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(`UPDATE source SET credentials = '', sick = 0, trouble = '' WHERE source_id = $1`, c.ID); err != nil {
			return err
		}
		if err := s.turn(tx, a, c, Retired, why, follows, "source.retire"); err != nil || c.Board == "" {
			return err
		}
		return s.rooms.Queue.Enqueue(tx, jobRetired, c.ID, retiredBy{a.Account}, s.rooms.Now())
	})
}

// Succession is a connection that was retired and what takes its place.
type Succession struct {
	Name, Heir string
	Why        string // for people; "" nobody said
}

// Successions returns the connections of a board that were retired since an instant with another in their place, the latest
// first. Of those that leave nothing in their place SilentNow tells, as long as that is missed.
func (s *Sources) Successions(ctx context.Context, boardID string, since time.Time) (all []Succession, err error) {
	err = s.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = db.All(tx, func(row func(...any) error) (one Succession, err error) {
			return one, row(&one.Name, &one.Heir, &one.Why)
		}, `SELECT s.name, h.name, s.why FROM source s JOIN source h ON h.source_id = s.heir
			WHERE s.board_id = $1 AND s.state = 'retired' AND s.state_at >= $2 ORDER BY s.state_at DESC, s.name`, boardID, since.UnixMicro())
		return err
	})
	return all, err
}

// jobRetired tells by mail that a board's connection is retired; its key is the connection's number.
const jobRetired = "tell of retired source"

// retiredBy is its payload.
type retiredBy struct {
	By string `json:"by"` // account, who need not be told
}

// mailRetired writes to whoever manages the board, whoever retired it aside.
func (s *Sources) mailRetired(ctx context.Context, j job.Job) error {
	var by retiredBy
	if err := j.Read(&by); err != nil {
		return err
	}
	c, err := s.ByID(ctx, j.Key)
	if fault.Of(err) == fault.NotFound || err == nil && c.State != Retired {
		return nil
	}
	if err != nil {
		return err
	}
	at, err := s.boards.ByID(ctx, c.Board)
	if fault.Of(err) == fault.NotFound || err == nil && at.Suspended != "" {
		return nil
	}
	if err != nil {
		return err
	}
	said := note.Note{
		Subject: "The source " + c.Name + " was retired",
		Begin:   []string{fmt.Sprintf("The source %s of the board %s was retired: it brings nothing more, and what it brought stays. %s", c.Name, at.Name, s.follows(ctx, c))},
		Button:  "Look at the sources", Link: s.rooms.Identity.Link("/b/" + at.Key + "/manage/sources"),
		Foot: "You get this once, since you look after the board " + at.Name + ".",
	}
	if c.Why != "" {
		said.Begin = append(said.Begin, "The reason that was given: "+c.Why)
	}
	return s.mailManagers(ctx, at, said, "retired "+j.ID, by.By)
}

// follows says what takes the place of a retired connection.
func (s *Sources) follows(ctx context.Context, c Connection) string {
	if c.Heir != "" {
		if heir, err := s.ByID(ctx, c.Heir); err == nil {
			return fmt.Sprintf("The source %s takes its place.", heir.Name)
		}
	}
	return "Nothing takes its place: what it alone measured is missing from now on, and does not count as zero."
}

// mailManagers writes to the owners and managers of a board, one account aside. once tells the mail from every other.
func (s *Sources) mailManagers(ctx context.Context, at *board.Board, said note.Note, once, aside string) error {
	if s.rooms.Post == nil || !s.rooms.Identity.Mails() {
		return nil // the pages say it
	}
	text, html, err := said.Write()
	if err != nil {
		return err
	}
	holders, err := s.boards.Holders(ctx, at)
	if err != nil {
		return err
	}
	for _, h := range holders {
		if h.Account == "" || h.Account == aside || h.Role != board.Owner && h.Role != board.Manager {
			continue
		}
		var addresses []string
		err := s.rooms.DB.Read(ctx, func(tx *db.Tx) (err error) {
			addresses, err = s.rooms.Identity.AddressesIn(tx, h.Account)
			return err
		})
		if err != nil {
			return err
		}
		if len(addresses) == 0 {
			continue
		}
		m := mail.Message{ID: once + " " + h.Account, To: addresses[0], Subject: said.Subject, Text: text, HTML: html}
		if err := s.rooms.Post.Deliver(ctx, m); err != nil && fault.Of(err) != fault.Invalid { // one address that is refused keeps it from nobody else
			return err
		}
	}
	return nil
}
