package newsletter

import (
	"context"
	"strings"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/gateway"
	"cairn/internal/mail"
	"cairn/internal/note"
)

// Notice tells an account something short about a board, by the way that it chose for it; whoever chose no way is told nothing. id makes
// it itself; path is the page on this server where the rest stands. A notice that may have arrived is not sent again.
func (n *Newsletters) Notice(ctx context.Context, account string, at *board.Board, id, subject, text, path string) error {
	var channel Channel
	var to string
	err := n.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		p, err := preferenceIn(tx, account, at.ID)
		if err != nil {
			return err
		}
		switch channel = p.Channel; channel {
		case ByMail:
			to, _, err = n.addressOf(tx, account)
		case ByText, ByChat:
			to, err = handleIn(tx, account, channel)
		default:
			to = ""
		}
		return err
	})
	if err != nil || to == "" {
		return err
	}
	link := n.rooms.Identity.Link(path)
	switch {
	case channel == ByMail && n.rooms.Post.Ready():
		name := strings.Join(strings.Fields(at.Name), " ")
		w := note.Note{Subject: subject, Begin: []string{text}, Button: "Read it", Link: link, Foot: "You get this since you are on the board " + name + ". Under \"How I am told\" you choose another way, or none."}
		plain, html, err := w.Write()
		if err != nil {
			return err
		}
		err = n.rooms.Post.Deliver(ctx, mail.Message{ID: id, To: to, Subject: subject, Text: plain, HTML: html})
		if mail.Doubtful(err) {
			return nil
		}
		return err
	case channel != ByMail && n.GatewayReady(channel):
		words := subject + ": "
		if channel == ByText { // a board's name may cost a second message
			words = "Something to read on Cairn: "
		}
		return n.gateway(channel).Deliver(ctx, gateway.Message{ID: id, To: to, Text: words + link})
	}
	return nil
}
