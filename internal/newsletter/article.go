package newsletter

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"cairn/internal/audit"
	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/period"
	"cairn/internal/release"
)

// mostArticle is how long an article may be, in bytes.
const mostArticle = 20_000

// Article returns the article for a period's newsletter, Markdown: the manager's, or where none is written a draft that follows from the
// release (final or draft): movers, new entries, records. "" where there is no release of the period yet.
func (n *Newsletters) Article(ctx context.Context, at *board.Board, p period.Period) (text string, written bool, err error) {
	rel, err := n.rooms.Releases.Show(ctx, at, p, 0)
	if fault.Of(err) == fault.NotFound {
		rel, err = n.rooms.Releases.Preview(ctx, at, p)
	}
	if fault.Of(err) == fault.NotFound {
		text, err = n.writtenArticle(ctx, at, p)
		return text, text != "", err
	}
	if err != nil {
		return "", false, err
	}
	return n.articleOf(ctx, at, rel)
}

func (n *Newsletters) articleOf(ctx context.Context, at *board.Board, rel *release.Release) (text string, written bool, err error) {
	if text, err = n.writtenArticle(ctx, at, rel.Period); err != nil || text != "" {
		return text, text != "", err
	}
	text, err = n.draftArticle(ctx, at, rel)
	return text, false, err
}

// writtenArticle is the manager's, "" none.
func (n *Newsletters) writtenArticle(ctx context.Context, at *board.Board, p period.Period) (text string, err error) {
	err = n.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryRow(`SELECT content FROM newsletter_article WHERE board_id = $1 AND period = $2`, at.ID, p.String()).Scan(&text)
	})
	if fault.Of(err) == fault.NotFound {
		return "", nil
	}
	return text, err
}

// draftArticle says in Markdown what every member may see of a release: who leads, who climbed, who is new, and who was never better.
func (n *Newsletters) draftArticle(ctx context.Context, at *board.Board, rel *release.Release) (string, error) {
	access := board.Access{Member: &board.Member{Number: -1, State: board.Accepted}} // any member
	to, err := n.rooms.Releases.Reader(ctx, at, access)
	if err != nil || to.Top < 0 {
		return "", err
	}
	view, err := n.rooms.Releases.View(ctx, at, rel, to)
	if err != nil {
		return "", err
	}
	var lines []string // the title of the release stands in the letter already
	if len(view.Movers) > 0 {
		var all []string
		for _, row := range view.Movers {
			all = append(all, fmt.Sprintf("%s (%s)", called(row), places(row.Climbed)))
		}
		lines = append(lines, "Climbing: "+listed(all)+".")
	}
	if len(view.Newcomers) > 0 {
		var all []string
		for _, row := range view.Newcomers {
			all = append(all, called(row))
		}
		lines = append(lines, "New on the board: "+listed(all)+". Welcome.")
	}
	if access.May(board.SeeScorecards, at) && access.May(board.SeeHistory, at) {
		top, err := heroes(ctx, view, to)
		if err != nil {
			return "", err
		}
		var all []string
		for _, row := range top {
			if row.Key == "" {
				continue
			}
			card, err := view.Card(ctx, row.Key)
			if err != nil {
				return "", err
			}
			if last := len(card.History) - 1; last > 1 && card.History[last].Best {
				all = append(all, called(row))
			}
		}
		if len(all) > 0 {
			lines = append(lines, "Never better: "+listed(all)+".")
		}
	}
	if len(lines) == 0 {
		lines = append(lines, plainMarkdown(view.Title))
	}
	return strings.Join(lines, "\n\n"), nil
}

// places is how far somebody climbed.
func places(n float64) string {
	if n == 1 {
		return "up a place"
	}
	return fmt.Sprintf("up %.0f places", n)
}

// called is a player's name in Markdown.
func called(row release.Row) string { return plainMarkdown(cmp.Or(row.Name, row.Key, "somebody")) }

func listed(all []string) string {
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
}

// plainMarkdown writes a text so that Markdown shows it as it is, and so that a manager who edits it reads Jean-Luc & Sons.
func plainMarkdown(text string) string {
	var b strings.Builder
	text = strings.Join(strings.Fields(text), " ")
	for i, r := range text {
		begins := i == 0 && strings.ContainsRune("#+-=", r) // a heading, a list
		entity := r == '&' && !strings.HasPrefix(text[i:], "& ")
		if begins || entity || strings.ContainsRune("\\`*_{}[]()<>.!|~:@/\"", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// WriteArticle keeps the manager's article for a period; "" goes back to the draft. Invalid, with the field "article", for one that is
// too long; Conflict where the newsletter is going out.
func (n *Newsletters) WriteArticle(ctx context.Context, a identity.Actor, at *board.Board, p period.Period, text string) error {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if len(text) > mostArticle || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return &fault.Fault{Kind: fault.Invalid, Field: "article", Message: fmt.Sprintf("An article is text of at most %d characters.", mostArticle)}
	}
	return n.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		begun, err := tx.Texts(`SELECT release_id FROM newsletter WHERE board_id = $1 AND period = $2 AND begun_at > 0`, at.ID, p.String())
		if err != nil {
			return err
		}
		if len(begun) > 0 {
			return fault.New(fault.Conflict, "The newsletter of %s is going out, or is out: its article stays as it is.", p.Label())
		}
		if text == "" {
			_, err = tx.Exec(`DELETE FROM newsletter_article WHERE board_id = $1 AND period = $2`, at.ID, p.String())
		} else {
			_, err = tx.Exec(`INSERT INTO newsletter_article (board_id, period, content, written_by, changed_at) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT (board_id, period) DO UPDATE SET content = $3, written_by = $4, changed_at = $5`, at.ID, p.String(), text, a.Account, n.rooms.Now().UnixMicro())
		}
		if err != nil {
			return err
		}
		return n.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: "newsletter.article", Board: at.ID, Detail: map[string]string{"period": p.String()}})
	})
}
