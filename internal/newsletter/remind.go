package newsletter

import (
	"bytes"
	"context"
	"fmt"
	htmltemplate "html/template"
	"strings"
	"text/template"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/job"
	"cairn/internal/mail"
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
	var text, html bytes.Buffer
	if err := noticeText.Execute(&text, notice); err != nil {
		return fmt.Errorf("writing a reminder: %w", err)
	}
	if err := noticeHTML.Execute(&html, notice); err != nil {
		return fmt.Errorf("writing a reminder: %w", err)
	}
	return n.rooms.Post.Deliver(ctx, mail.Message{ID: "reminder " + j.Key, To: address, Subject: notice.Subject, Text: text.String(), HTML: html.String()})
}

// notice is a reminder in words.
type notice struct {
	Subject, Board string
	Line           string   // what is due
	Facts          []string // what to look at
	Link, Words    string   // where
}

// notice puts a turn into words.
func (n *Newsletters) notice(ctx context.Context, at *board.Board, r release.Reminder) (w notice, err error) {
	unit, err := n.unit(ctx, at)
	if err != nil {
		return w, err
	}
	p, err := period.Parse(unit, r.Period)
	if err != nil {
		return w, err
	}
	name := strings.Join(strings.Fields(at.Name), " ")
	w = notice{Board: name, Link: n.rooms.Identity.Link("/b/" + at.Key + "/manage/releases?period=" + p.String()), Words: "Look it over"}
	due := r.Due.In(at.Location()).Format("Mon 2 January, 15:04 MST")
	switch {
	case r.State == release.TurnEmpty:
		w.Subject, w.Line = "Nothing to release: "+name, "There was nothing to release for "+p.Label()+"."
		if r.Due.After(n.rooms.Now()) {
			w.Line = "There is nothing yet to release for " + p.Label() + ". Late data is waited for until " + due + "."
		}
		w.Link, w.Words = n.rooms.Identity.Link("/b/"+at.Key+"/manage/data"), "Bring data"
	case r.State == release.TurnFailed:
		w.Subject, w.Line = p.Label()+" could not be calculated: "+name, p.Label()+" could not be calculated. It is tried again."
	case r.Due.IsZero():
		w.Subject, w.Line = p.Label()+" waits for you: "+name, p.Label()+" is drafted. It waits until you publish it."
	case r.Due.Before(n.rooms.Now()):
		w.Subject, w.Line = p.Label()+" waits for you: "+name, p.Label()+" is drafted, and was due "+due+". It waits until you publish it."
	default:
		w.Subject, w.Line = p.Label()+" is drafted: "+name, p.Label()+" is drafted. It is published "+due+", unless you hold it."
	}
	if r.Why != "" {
		w.Facts = append(w.Facts, r.Why)
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
	w.Facts = append(w.Facts, fmt.Sprintf("%d in it, %d with a score", view.Players, view.Scored))
	if some := len(view.Warnings); some > 0 {
		w.Facts = append(w.Facts, fmt.Sprintf("%d to look at: missing data and other warnings stand beside the draft", some))
	}
	if rel.RulesNew {
		w.Facts = append(w.Facts, "the first under new rules: it shows old and new side by side")
	}
	mode, err := n.Mode(ctx, at)
	if mode == WaitForMe {
		w.Facts = append(w.Facts, "its newsletter waits for you as well")
	}
	return w, err
}

var noticeText = template.Must(template.New("notice").Parse(`{{.Line}}
{{range .Facts}}- {{.}}
{{end}}
{{.Words}}:
{{.Link}}

You get this as a manager of the board "{{.Board}}".
`))

var noticeHTML = htmltemplate.Must(htmltemplate.New("notice").Parse(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>{{.Subject}}</title></head><body style="margin:0;padding:24px;font:16px/1.5 sans-serif"><div style="max-width:600px">
<p><strong>{{.Line}}</strong></p>
{{if .Facts}}<ul>{{range .Facts}}<li>{{.}}</li>{{end}}</ul>{{end}}
<p><a href="{{.Link}}">{{.Words}}</a></p>
<p>You get this as a manager of the board {{.Board}}.</p>
</div></body></html>`))
