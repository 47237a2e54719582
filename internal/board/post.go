package board

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/job"
	"cairn/internal/mail"
	"cairn/internal/note"
)

// Kinds of job.
const (
	jobInvitation = "invitation"    // writes an invitation's mail
	jobReveal     = "reveal"        // has every player of a board told of a step wider
	jobNotice     = "reveal.notice" // tells one
)

// invited is the payload of jobInvitation.
type invited struct {
	Board      string `json:"board"`
	Invitation string `json:"invitation"`
}

// announced is the payload of jobReveal and jobNotice.
type announced struct {
	Board  string `json:"board"`
	Asked  int64  `json:"asked"`  // of the step: another one may have taken its place
	Member int64  `json:"member"` // of jobNotice
}

// mailInvitation writes and sends the mail of an invitation. Its link is made now, so that no secret waits anywhere; should the
// mail be sent twice, both links are good.
func (b *Boards) mailInvitation(ctx context.Context, j job.Job) error {
	var to invited
	if err := j.Read(&to); err != nil {
		return err
	}
	var i *Invitation
	var terms Terms
	err := b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		i = nil
		found, err := b.invitationsIn(tx, `i.board_id = $1 AND i.invitation_id = $2`, to.Board, to.Invitation)
		if err != nil || len(found) == 0 || !found[0].mailed || found[0].usable(b.rooms.Now()) != nil {
			return err
		}
		if i, err = b.whole(tx, found[0]); err != nil {
			return err
		}
		terms, err = b.termsIn(tx, i.Board, i.Board.Terms)
		return err
	})
	if err != nil || i == nil || i.Member == nil || i.Board.Suspended != "" {
		return err
	}
	inviter, err := b.writesTo(ctx, i.By)
	if err != nil {
		return err
	}
	card, err := b.Scorecard(ctx, i.Board.ID, i.Board.Version)
	if err != nil {
		return err
	}
	letter := invitationLetter{Name: i.Member.Name, Inviter: inviter, Board: i.Board.Name, Purpose: terms.Purpose, Gives: terms.Gives, Expires: i.Expires.In(i.Board.Location()).Format("2 January 2006")}
	for _, metric := range card.Metrics() {
		f, _ := terms.Field(metric.Key)
		letter.Asks = append(letter.Asks, note.Item{Name: metric.Name, Text: f.Purpose})
	}
	err = b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		letter.Link, err = b.newLink(tx, i.Board.ID, i.ID)
		return err
	})
	if err != nil {
		return err
	}
	text, html, err := letter.write()
	if err != nil {
		return err
	}
	failed := ""
	err = b.rooms.Post.Deliver(ctx, mail.Message{
		ID: fmt.Sprintf("invitation %s %d", i.ID, i.Made.UnixMicro()), To: i.Address, Subject: "Would you like to join " + oneLine(i.Board.Name) + "?", Text: text, HTML: html,
	})
	if fault.Of(err) == fault.Invalid {
		failed = fault.Message(err)
	} else if err != nil {
		return err
	}
	noted := b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		sent := b.rooms.Now().UnixMicro()
		if failed != "" {
			sent = 0
		}
		_, err := tx.Exec(`UPDATE board_invitation SET sent_at = $1, failed = $2 WHERE board_id = $3 AND invitation_id = $4`, sent, failed, i.Board.ID, i.ID)
		return err
	})
	if noted != nil {
		return noted
	}
	return err
}

// announce has every player of a board told of a step wider that was announced.
func (b *Boards) announce(ctx context.Context, j job.Job) error {
	var step announced
	if err := j.Read(&step); err != nil {
		return err
	}
	members, err := b.Members(ctx, step.Board)
	if err != nil {
		return err
	}
	members = slices.DeleteFunc(members, func(m Member) bool {
		return m.Player == "" || m.State != Accepted && m.State != Paused && m.State != Listed && m.State != Left
	})
	for part := range slices.Chunk(members, 500) {
		err := b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
			for _, m := range part {
				if err := b.rooms.Queue.Enqueue(tx, jobNotice, fmt.Sprint(step.Board, " ", step.Asked, " ", m.Number), announced{step.Board, step.Asked, m.Number}, b.rooms.Now()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// mailNotice tells one player of it. The boards' own pages tell them too, so nothing is lost where no mail can be sent.
func (b *Boards) mailNotice(ctx context.Context, j job.Job) error {
	var step announced
	if err := j.Read(&step); err != nil || !b.rooms.Post.Ready() {
		return err
	}
	var at *Board
	var m Member
	err := b.rooms.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if at, err = b.boardIn(tx, step.Board); err != nil {
			return err
		}
		m, err = (&change{Tx: tx, boards: b, boardID: step.Board}).numbered(step.Member)
		return err
	})
	if absent(err) {
		return nil
	}
	if err != nil || at.pending == nil || at.pending.Asked.UnixMicro() != step.Asked || m.Player == "" {
		return err
	}
	address, err := b.writesTo(ctx, m.Player)
	if err != nil || address == "" {
		return err
	}
	p := at.pending
	letter := noticeLetter{
		Board: at.Name, Holds: p.Holds.In(at.Location()).Format("2 January 2006, 15:04 MST"), Stage: stageTold[p.Stage],
		Pages: []note.Item{{Name: "Leaderboard", Text: audienceTold[p.Pages.Leaderboard]}, {Name: "Scorecards", Text: audienceTold[p.Pages.Scorecards]}, {Name: "Earlier releases", Text: audienceTold[p.Pages.History]}},
		Link:  b.rooms.Identity.Link("/b/" + at.Key + "/membership"),
	}
	text, html, err := letter.write()
	if err != nil {
		return err
	}
	return b.rooms.Post.Deliver(ctx, mail.Message{
		ID: fmt.Sprintf("reveal %s %d %d", step.Board, step.Asked, step.Member), To: address, Subject: "More people will see " + oneLine(at.Name) + " soon", Text: text, HTML: html,
	})
}

var stageTold = map[Stage]string{
	Stealth: "only its managers", Private: "its members", Unlisted: "whoever knows its address", Open: "everyone; it is listed on the home page",
}

var audienceTold = map[Audience]string{
	ToManagers: "managers", ToPlayer: "managers, and the player it is about", ToMembers: "the members of the board", ToEveryone: "everyone who sees the board",
}

// oneLine makes a name fit for a subject.
func oneLine(name string) string { return string(bytes.Join(bytes.Fields([]byte(name)), []byte(" "))) }

type invitationLetter struct {
	Name, Inviter, Board, Purpose, Gives, Expires, Link string
	Asks                                                []note.Item
}

func (l invitationLetter) write() (text, html string, err error) {
	begin := []string{"Hello,"}
	if l.Name != "" {
		begin[0] = "Hello " + l.Name + ","
	}
	who := "you are invited"
	if l.Inviter != "" {
		who = l.Inviter + " invites you"
	}
	begin = append(begin, who+" to the board \""+l.Board+"\".")
	if l.Purpose != "" {
		begin = append(begin, "What it is for: "+l.Purpose)
	}
	if l.Gives != "" {
		begin = append(begin, "What you get: "+l.Gives)
	}
	return note.Note{
		Subject: "Would you like to join " + oneLine(l.Board) + "?",
		Begin:   append(begin, "It asks you for:"), Items: l.Asks,
		Then:   []string{"You choose which of these you share, and can change your mind on any day. Say yes or no on the next page, each with one click, until " + l.Expires + "."},
		Button: "Say yes or no", Link: l.Link,
		End: []string{"Saying nothing means nothing: you are not scored, nobody is told, and what the board noted about you is deleted after 90 days. This is the only mail about it."},
	}.Write()
}

type noticeLetter struct {
	Board, Holds, Stage, Link string
	Pages                     []note.Item
}

func (l noticeLetter) write() (text, html string, err error) {
	return note.Note{
		Subject: "More people will see " + oneLine(l.Board) + " soon",
		Begin:   []string{"Hello,", "from " + l.Holds + " on, more people will see the board \"" + l.Board + "\", on which you are a player."},
		Items:   append([]note.Item{{Name: "The board", Text: l.Stage}}, l.Pages...),
		Then:    []string{"Should you not want that: hide yourself on the board, pause or leave, before then or at any time. It costs nothing."},
		Button:  "Your membership", Link: l.Link,
	}.Write()
}

// Sweep does what is due: announced steps that hold now, and stubs that never answered within 90 days: they go with their
// entries, address and invitations.
func (b *Boards) Sweep(ctx context.Context) error {
	var boards []*Board
	var steps, stubs []string
	now := b.rooms.Now()
	err := b.rooms.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if boards, err = b.boardsIn(tx, `pending <> ''`); err != nil {
			return err
		}
		steps = nil
		for _, at := range boards {
			if at.pending == nil { // it holds, and is written down where it is read
				steps = append(steps, at.ID)
			}
		}
		stubs, err = tx.Texts(`SELECT DISTINCT board_id FROM board_member WHERE state = $1 AND changed_at < $2 ORDER BY board_id`, string(Invited), now.Add(-answerWithin).UnixMicro())
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range steps {
		if err := b.settle(ctx, id); err != nil {
			return err
		}
	}
	for _, id := range stubs {
		if err := b.dropStubs(ctx, id, now.Add(-answerWithin)); err != nil {
			return err
		}
	}
	return b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`DELETE FROM board_invitation WHERE expires_at < $1 AND ended_at < $1`, now.Add(-answerWithin).UnixMicro())
		return err
	})
}

// settle writes an announced step down that holds now.
func (b *Boards) settle(ctx context.Context, boardID string) error {
	return b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		at, err := b.boardIn(tx, boardID)
		if err != nil || at.pending != nil {
			return err
		}
		result, err := tx.Exec(`UPDATE board SET stage = $1, leaderboard = $2, scorecards = $3, history = $4, top_n = $5, pending = '' WHERE board_id = $6 AND pending <> ''`,
			string(at.Stage), string(at.Pages.Leaderboard), string(at.Pages.Scorecards), string(at.Pages.History), at.TopN, boardID)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return b.rooms.Trail.Write(tx, audit.Event{Verb: "board.reveal", Board: boardID, Detail: map[string]string{"stage": string(at.Stage), "holds": b.rooms.Now().UTC().Format(time.RFC3339)}})
	})
}

// dropStubs makes numbers without names of the stubs that have not answered since an instant, some at a time.
func (b *Boards) dropStubs(ctx context.Context, boardID string, since time.Time) error {
	for more := true; more; {
		err := b.change(ctx, boardID, func(c *change) error {
			found, err := (&memberReader{}).query(c.Tx, `board_id = $1 AND state = $2 AND changed_at < $3 ORDER BY number LIMIT 20`, boardID, string(Invited), since.UnixMicro())
			if err != nil {
				return err
			}
			for _, m := range found {
				if err := c.blank(m); err != nil {
					return err
				}
				if err := c.note("", "member.silent", m, nil); err != nil {
					return err
				}
			}
			more = len(found) > 0
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Imported notes in the trail that somebody ("" the console) brought so many entries to a board.
func (b *Boards) Imported(ctx context.Context, actor string, at *Board, entries int) error {
	return b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		return b.rooms.Trail.Write(tx, audit.Event{Actor: actor, Verb: "board.import", Board: at.ID, Detail: map[string]string{"entries": fmt.Sprint(entries)}})
	})
}

// Trail returns what was done to a board, newest first, from the event after before ("" the newest) on.
func (b *Boards) Trail(ctx context.Context, at *Board, before string, limit int) ([]audit.Event, error) {
	return b.rooms.Trail.OfBoard(ctx, at.ID, before, limit)
}
