package newsletter

import (
	"context"
	"fmt"
	"strings"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/job"
	"cairn/internal/mail"
	"cairn/internal/note"
	"cairn/internal/period"
	"cairn/internal/release"
)

// jobRemindOne tells one manager of a turn.
const jobRemindOne = "remind manager"

// reminded is its payload.
type reminded struct {
	release.Reminder
	Account string `json:"account"`
}

// remind has each owner and manager of a board told of a turn.
func (n *Newsletters) remind(ctx context.Context, j job.Job) error {
	var r release.Reminder
	if err := j.Read(&r); err != nil {
		return err
	}
	if n.Unready() != "" {
		return nil // the page says it
	}
	at, err := n.rooms.Boards.ByID(ctx, r.Board)
	if fault.Of(err) == fault.NotFound || err == nil && at.Suspended != "" {
		return nil
	}
	if err != nil {
		return err
	}
	holders, err := n.rooms.Boards.Holders(ctx, at)
	if err != nil {
		return err
	}
	return n.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		for _, h := range holders {
			if h.Account == "" || h.Role != board.Owner && h.Role != board.Manager {
				continue
			}
			if err := n.rooms.Queue.Enqueue(tx, jobRemindOne, j.ID+" "+h.Account, reminded{r, h.Account}, n.rooms.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// remindOne writes to one manager: what is due, what to look at, and where. It holds nobody's number and no name of a player.
func (n *Newsletters) remindOne(ctx context.Context, j job.Job) error {
	var r reminded
	if err := j.Read(&r); err != nil {
		return err
	}
	at, err := n.rooms.Boards.ByID(ctx, r.Board)
	if fault.Of(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	holders, err := n.rooms.Boards.Holders(ctx, at)
	if err != nil {
		return err
	}
	still := false // a manager
	for _, h := range holders {
		still = still || h.Account == r.Account && (h.Role == board.Owner || h.Role == board.Manager)
	}
	if !still {
		return nil
	}
	var address string
	err = n.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		address, _, err = n.addressOf(tx, r.Account)
		return err
	})
	if err != nil || address == "" {
		return err
	}
	notice, err := n.notice(ctx, at, r.Reminder)
	if err != nil {
		return err
	}
	text, html, err := notice.Write()
	if err != nil {
		return err
	}
	return n.rooms.Post.Deliver(ctx, mail.Message{ID: "reminder " + j.Key, To: address, Subject: notice.Subject, Text: text, HTML: html})
}

// notice puts a turn into words.
func (n *Newsletters) notice(ctx context.Context, at *board.Board, r release.Reminder) (w note.Note, err error) {
	unit, err := n.unit(ctx, at)
	if err != nil {
		return w, err
	}
	p, err := period.Parse(unit, r.Period)
	if err != nil {
		return w, err
	}
	name := strings.Join(strings.Fields(at.Name), " ")
	w = note.Note{Link: n.rooms.Identity.Link("/b/" + at.Key + "/manage/releases?period=" + p.String()), Button: "Look it over", Foot: "You get this as a manager of the board " + name + "."}
	line := ""
	due := r.Due.In(at.Location()).Format("Mon 2 January, 15:04 MST")
	switch {
	case r.State == release.TurnEmpty:
		w.Subject, line = "Nothing to release: "+name, "There was nothing to release for "+p.Label()+"."
		if r.Due.After(n.rooms.Now()) {
			line = "There is nothing yet to release for " + p.Label() + ". Late data is waited for until " + due + "."
		}
		w.Link, w.Button = n.rooms.Identity.Link("/b/"+at.Key+"/manage/data"), "Bring data"
	case r.State == release.TurnFailed:
		w.Subject, line = p.Label()+" could not be calculated: "+name, p.Label()+" could not be calculated. It is tried again."
	case r.Due.IsZero():
		w.Subject, line = p.Label()+" waits for you: "+name, p.Label()+" is drafted. It waits until you publish it."
	case r.Due.Before(n.rooms.Now()):
		w.Subject, line = p.Label()+" waits for you: "+name, p.Label()+" is drafted, and was due "+due+". It waits until you publish it."
	default:
		w.Subject, line = p.Label()+" is drafted: "+name, p.Label()+" is drafted. It is published "+due+", unless you hold it."
	}
	w.Begin = []string{line}
	if r.Why != "" {
		w.Begin = append(w.Begin, r.Why)
	}
	rel, err := n.rooms.Releases.Preview(ctx, at, p)
	if fault.Of(err) == fault.NotFound {
		return w, nil
	}
	if err != nil {
		return w, err
	}
	view, err := n.rooms.Releases.View(ctx, at, rel, release.Open)
	if err != nil {
		return w, err
	}
	w.Items = append(w.Items, note.Item{Text: fmt.Sprintf("%d in it, %d with a score", view.Players, view.Scored)})
	if some := len(view.Warnings); some > 0 {
		w.Items = append(w.Items, note.Item{Text: fmt.Sprintf("%d to look at: missing data and other warnings stand beside the draft", some)})
	}
	if rel.RulesNew {
		w.Items = append(w.Items, note.Item{Text: "the first under new rules: it shows old and new side by side"})
	}
	mode, err := n.Mode(ctx, at)
	if mode == WaitForMe {
		w.Items = append(w.Items, note.Item{Text: "its newsletter waits for you as well"})
	}
	return w, err
}
