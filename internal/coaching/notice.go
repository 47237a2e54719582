package coaching

import (
	"context"
	"fmt"
	"strings"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/job"
	"cairn/internal/mail"
)

// jobNotice tells one person that a question waits for them, or was answered.
const jobNotice = "question notice"

// noticed is the payload of jobNotice. It names nobody.
type noticed struct {
	Board    string `json:"board"`
	Question string `json:"question"`
	To       string `json:"to"` // Person's ID; "" whoever asked
}

// Notice tells an account something short, by the way that they chose for a board. id makes it itself; path is the page on this server
// where the rest stands: no question and no answer travels in a notice.
type Notice func(ctx context.Context, account string, at *board.Board, id, subject, text, path string) error

// Through says how notices reach people. Until it is called they go by mail, where the server can send one. It is called while the
// rooms are built.
func (c *Coaching) Through(n Notice) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.through = n
}

// notify tells one person.
func (c *Coaching) notify(ctx context.Context, j job.Job) error {
	var to noticed
	if err := j.Read(&to); err != nil {
		return err
	}
	at, err := c.rooms.Boards.ByID(ctx, to.Board)
	if fault.Of(err) == fault.NotFound || err == nil && at.Suspended != "" {
		return nil
	}
	if err != nil {
		return err
	}
	var q Question
	err = c.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		q, err = questionIn(tx, at.ID, to.Question)
		return err
	})
	if fault.Of(err) == fault.NotFound {
		return nil // it was taken back
	}
	if err != nil {
		return err
	}
	account, subject := q.asker, "Your question on "+oneLine(at.Name)+" was answered"
	text := "Your question on the board " + oneLine(at.Name) + " was answered. The answer stands on its page."
	if to.To != "" {
		if !q.Answered.IsZero() {
			return nil // somebody was quicker
		}
		account, subject = q.To, "You have a question on "+oneLine(at.Name)
		text = "A player of the board " + oneLine(at.Name) + " asks you something. The question stands on its page."
		if q.To == "" {
			if account, err = c.manager(ctx, at, to.To); err != nil || account == "" {
				return err
			}
		}
	}
	c.mu.Lock()
	through := c.through
	c.mu.Unlock()
	return through(ctx, account, at, "question "+q.ID+" "+to.To, subject, text, "/b/"+at.Key+"/questions/"+q.ID)
}

// manager returns the account of a manager by their name on the board, "" where they manage it no more.
func (c *Coaching) manager(ctx context.Context, at *board.Board, id string) (string, error) {
	holders, err := c.rooms.Boards.Holders(ctx, at)
	for _, h := range holders {
		if h.Account != "" && (h.Role == board.Owner || h.Role == board.Manager) && personID(at.ID, h.Account) == id {
			return h.Account, err
		}
	}
	return "", err
}

// mail is a notice by mail, to the address that its owner proved. Where no mail can be sent the pages tell all the same.
func (c *Coaching) mail(ctx context.Context, account string, at *board.Board, id, subject, text, path string) error {
	if !c.rooms.Post.Ready() {
		return nil
	}
	found, err := c.rooms.Identity.Account(ctx, account)
	if fault.Of(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	var failed error
	for _, address := range found.Addresses {
		if address.Primary && !address.Proved.IsZero() {
			failed = c.rooms.Post.Deliver(ctx, mail.Message{ID: id, To: address.Address, Subject: subject, Text: fmt.Sprintf("Hello,\n\n%s\n\n%s\n", text, c.rooms.Identity.Link(path))})
		}
	}
	return failed
}

// oneLine makes a name fit for a subject.
func oneLine(name string) string { return strings.Join(strings.Fields(name), " ") }
