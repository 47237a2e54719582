package newsletter

import (
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"net/url"
	"strings"
	"time"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/letter"
	"cairn/internal/mail"
	"cairn/internal/release"
)

// told is what all letters of a newsletter share.
type told struct {
	n       *Newsletters
	at      *board.Board
	letter  Newsletter
	release *release.Release // in its latest edition
	article string           // Markdown
	errata  []string
	next    time.Time
	logo    []byte
}

// mostHeroes is how many of the top a letter shows, where the board shows them.
const mostHeroes = 5

// share finds out what the letters of a newsletter share.
func (n *Newsletters) share(ctx context.Context, at *board.Board, r *row) (*told, error) {
	rel, err := n.rooms.Releases.Show(ctx, at, r.Period, 0)
	if err != nil {
		return nil, err
	}
	t, err := n.shareOf(ctx, at, rel, r.Made)
	if err != nil {
		return nil, err
	}
	t.letter = r.Newsletter
	return t, nil
}

// shareOf is share for any release, a draft too; made is when its newsletter was made.
func (n *Newsletters) shareOf(ctx context.Context, at *board.Board, rel *release.Release, made time.Time) (*told, error) {
	t := &told{n: n, at: at, release: rel}
	var err error
	if t.article, _, err = n.articleOf(ctx, at, rel); err != nil {
		return nil, err
	}
	if t.errata, err = n.errata(ctx, at, rel, made); err != nil {
		return nil, err
	}
	if at.Logo != "" {
		if t.logo, err = n.rooms.Boards.Logo(ctx, at.ID); err != nil && fault.Of(err) != fault.NotFound {
			return nil, err
		}
	}
	if n.rooms.Clock != nil {
		turn, ok, err := n.rooms.Clock.Next(ctx, at)
		if err != nil {
			return nil, err
		}
		if ok && turn.Period.First > rel.Period.Last {
			t.next = turn.Releases
		}
	}
	return t, nil
}

// errata returns the periods that were corrected since the newsletter before.
func (n *Newsletters) errata(ctx context.Context, at *board.Board, rel *release.Release, made time.Time) (periods []string, err error) {
	var before int64
	err = n.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryRow(`SELECT COALESCE(MAX(made_at), 0) FROM newsletter WHERE board_id = $1 AND made_at < $2`, at.ID, made.UnixMicro()).Scan(&before)
	})
	if err != nil || before == 0 {
		return nil, err
	}
	all, err := n.rooms.Releases.Archive(ctx, at)
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		if r.Edition > 1 && !r.Superseded && r.Period != rel.Period && r.Published.UnixMicro() > before {
			periods = append(periods, r.Period.Label())
		}
	}
	return periods, nil
}

// write writes the letter of one reader; why says that there is nothing to tell them.
func (t *told) write(ctx context.Context, c *claimed) (w letter.Written, why string, err error) {
	l, err := t.compose(ctx, c.member, c.account, c.losses, t.links(c.secret))
	if err != nil {
		return w, "", err
	}
	if !c.empty && l.Card == nil {
		return w, "not in this release, and wants no empty letters", nil
	}
	if !c.empty && math.IsNaN(l.Card.Row.Score) {
		return w, "no score in this release, and wants no empty letters", nil
	}
	w, err = letter.Write(l)
	return w, "", err
}

// compose gathers what the letter of one reader says: what they may see, and nothing beside.
func (t *told) compose(ctx context.Context, member int64, account string, losses bool, links letter.Links) (l letter.Letter, err error) {
	rooms := &t.n.rooms
	access, err := rooms.Boards.Reading(ctx, t.at, member, account)
	if err != nil {
		return l, err
	}
	to, err := rooms.Releases.Reader(ctx, t.at, access)
	if err != nil {
		return l, err
	}
	to.Losses = losses
	view, err := rooms.Releases.View(ctx, t.at, t.release, to)
	if err != nil {
		return l, err
	}
	m := access.Member
	l = letter.Letter{Board: t.at, View: view, Name: m.Name, Since: m.Joined, Shy: m.Shy, Article: t.article, Errata: t.errata, Next: t.next, Links: links, Sender: rooms.Sender, Logo: t.logo}
	if !access.May(board.SeeLeaderboard, t.at) {
		l.Links.Board = ""
	}
	l.Card, err = view.Card(ctx, m.Key)
	switch {
	case fault.Of(err) == fault.NotFound:
		l.Card, l.Why = nil, "You are not in this release: there was nothing of yours to count yet."
	case err != nil:
		return l, err
	case math.IsNaN(l.Card.Row.Score):
		l.Why = "There was not enough of yours yet for a score this time."
	}
	if l.Aims, err = view.Aims(ctx); err != nil {
		return l, err
	}
	if l.Card != nil {
		if l.Tip, err = rooms.Coaching.TipFor(ctx, t.at, l.Card); err != nil {
			return l, err
		}
	}
	l.Heroes, err = heroes(ctx, view, to)
	return l, err
}

// heroes returns the top as the board shows it to a reader.
func heroes(ctx context.Context, view *release.View, to release.Reader) ([]release.Row, error) {
	most := mostHeroes
	switch {
	case to.Top < 0:
		return nil, nil
	case to.Top > 0:
		most = min(most, to.Top)
	}
	rows, err := view.Rows(ctx, 0, most)
	if err != nil {
		return nil, err
	}
	for i, row := range rows {
		if !(row.Rank > 0) {
			return rows[:i], nil
		}
	}
	return rows, nil
}

// links are those of one reader, who holds the secret of their pass.
func (t *told) links(secret string) letter.Links {
	at := t.n.rooms.Identity.Link("/p/" + secret)
	return letter.Links{Card: at, Board: at + "/board", Preferences: at + "/how", Unsubscribe: at + "/stop"}
}

// id is what makes one reader's message of a release itself.
func (t *told) id(member int64) string {
	return fmt.Sprintf("newsletter %s %d", t.letter.Release, member)
}

// message is a letter as the post takes it.
func (t *told) message(c *claimed, w letter.Written) mail.Message {
	host := "localhost"
	if u, err := url.Parse(t.n.rooms.Identity.Link("")); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	return mail.Message{
		ID: t.id(c.member), To: c.to, Subject: w.Subject, Text: w.Text, HTML: w.HTML, Pictures: w.Pictures, Return: c.token, Bulk: true,
		Headers: map[string]string{
			"List-Unsubscribe":      "<" + t.links(c.secret).Unsubscribe + ">",
			"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
			"List-Id":               "<" + t.at.Key + ".boards." + host + ">",
		},
	}
}

// Preview returns the letter of a release that a member would get, with links that open nothing, and without stories of loss,
// which are between them and their mailbox. The release may be a draft. Withheld where the member is nobody who could be told.
func (n *Newsletters) Preview(ctx context.Context, at *board.Board, rel *release.Release, member int64) (w letter.Written, err error) {
	names, err := n.rooms.Boards.Directory(ctx, at)
	if err != nil {
		return w, err
	}
	m := names.Member(member)
	if m.Player == "" {
		return w, fault.New(fault.Withheld, "Nobody claimed this record yet, so that there is nobody to write to.")
	}
	t, err := n.shareOf(ctx, at, rel, n.rooms.Now())
	if err != nil {
		return w, err
	}
	l, err := t.compose(ctx, member, m.Player, false, t.links("preview"))
	if err != nil {
		return w, err
	}
	return letter.Write(l)
}

// Page is a letter as a page of its own, with its pictures inside, for whoever looks at it before it is sent.
func Page(w letter.Written) string {
	var pictures []string
	for _, p := range w.Pictures {
		pictures = append(pictures, "cid:"+p.ID, "data:image/png;base64,"+base64.StdEncoding.EncodeToString(p.PNG))
	}
	return strings.NewReplacer(pictures...).Replace(w.HTML)
}
