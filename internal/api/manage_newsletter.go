package api

import (
	"cmp"
	"context"
	"strconv"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/newsletter"
	"cairn/internal/period"
	"cairn/internal/release"
)

func (d *door) showLetterMode(ctx context.Context, v *visit, _ *InBoard) (*body[client.LetterMode], error) {
	mode, err := d.Newsletters.Mode(ctx, v.board)
	return answer(client.LetterMode{Mode: string(mode), Unready: d.Newsletters.Unready(), Captured: d.Newsletters.Captured(), Anonymous: d.Newsletters.Anonymous()}), err
}

func (d *door) setLetterMode(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.LetterMode
}) (*nothing, error) {
	return &nothing{}, d.Newsletters.SetMode(ctx, v.actor, v.board, newsletter.Mode(in.Body.Mode))
}

// newslettersShown is how many newsletters are told.
const newslettersShown = 100

func (d *door) listNewsletters(ctx context.Context, v *visit, _ *InBoard) (*body[client.Page[client.Newsletter]], error) {
	found, err := d.Newsletters.All(ctx, v.board, newslettersShown)
	all := make([]client.Newsletter, 0, len(found))
	for _, n := range found {
		all = append(all, wireNewsletter(n))
	}
	return listOf(all), err
}

func wireNewsletter(n newsletter.Newsletter) client.Newsletter {
	told := client.Newsletter{Period: n.Period.String(), Release: n.Release, Counts: map[string]int{}, Unclaimed: n.Unclaimed, Made: n.Made, Begun: instant(n.Begun), Ended: instant(n.Ended),
		Waiting: n.Waiting, Stopped: n.Stopped, Why: n.Why}
	for state, count := range n.Counts {
		told.Counts[string(state)] = count
	}
	return told
}

// newsletterOf is the newsletter of the period that the address names.
func (d *door) newsletterOf(ctx context.Context, v *visit, name string) (newsletter.Newsletter, error) {
	p, err := d.periodOf(ctx, v.board, name)
	if err != nil {
		return newsletter.Newsletter{}, err
	}
	return d.Newsletters.OfPeriod(ctx, v.board, p)
}

func (d *door) showNewsletter(ctx context.Context, v *visit, in *InPeriod) (*body[client.Newsletter], error) {
	n, err := d.newsletterOf(ctx, v, in.Period)
	if err != nil {
		return nil, err
	}
	return answer(wireNewsletter(n)), nil
}

func (d *door) showArticle(ctx context.Context, v *visit, in *InPeriod) (*body[client.Article], error) {
	p, err := d.periodOf(ctx, v.board, in.Period)
	if err != nil {
		return nil, err
	}
	text, written, err := d.Newsletters.Article(ctx, v.board, p)
	return answer(client.Article{Text: text, Written: written}), err
}

func (d *door) writeArticle(ctx context.Context, v *visit, in *struct {
	InPeriod
	Body client.Article
}) (*nothing, error) {
	p, err := d.periodOf(ctx, v.board, in.Period)
	if err != nil {
		return nil, err
	}
	if in.Body.Text == "" {
		return nil, wrong("text", "The article is empty: write something, or delete it, so that the draft holds again.")
	}
	return &nothing{}, d.Newsletters.WriteArticle(ctx, v.actor, v.board, p, in.Body.Text)
}

func (d *door) dropArticle(ctx context.Context, v *visit, in *InPeriod) (*nothing, error) {
	p, err := d.periodOf(ctx, v.board, in.Period)
	if err != nil {
		return nil, err
	}
	return &nothing{}, d.Newsletters.WriteArticle(ctx, v.actor, v.board, p, "")
}

// releaseOrDraft is the release of a period, else its draft.
func (d *door) releaseOrDraft(ctx context.Context, b *board.Board, p period.Period) (*release.Release, error) {
	rel, err := d.Releases.Show(ctx, b, p, 0)
	if fault.Of(err) == fault.NotFound {
		return d.Releases.Preview(ctx, b, p)
	}
	return rel, err
}

func (d *door) showLetter(ctx context.Context, v *visit, in *struct {
	InPeriod
	Player string `path:"player" doc:"Key of the player." maxLength:"200"`
}) (*body[client.Letter], error) {
	p, err := d.periodOf(ctx, v.board, in.Period)
	if err != nil {
		return nil, err
	}
	rel, err := d.releaseOrDraft(ctx, v.board, p)
	if err != nil {
		return nil, err
	}
	m, err := d.member(ctx, v, in.Player)
	if err != nil {
		return nil, err
	}
	written, err := d.Newsletters.Preview(ctx, v.board, rel, m.Number)
	if err != nil {
		return nil, err
	}
	return answer(client.Letter{Subject: written.Subject, Text: written.Text, HTML: newsletter.Page(written), Short: written.Short}), nil
}

func (d *door) listLetterLines(ctx context.Context, v *visit, in *struct {
	InPeriod
	State  string `query:"state" enum:"queued,sending,sent,doubtful,bounced,failed,skipped"`
	Cursor string `query:"cursor" doc:"Where to go on: next of the page before." maxLength:"20"`
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"1000" doc:"At most so many."`
}) (*body[client.Page[client.LetterLine]], error) {
	n, err := d.newsletterOf(ctx, v, in.Period)
	if err != nil {
		return nil, err
	}
	from, err := strconv.ParseInt(cmp.Or(in.Cursor, "0"), 10, 64)
	if err != nil || from < 0 {
		return nil, wrong("query.cursor", "This cursor is none of ours: give what stood in next, as it was.")
	}
	lines, err := d.Newsletters.Ledger(ctx, v.board, n.Release, newsletter.Which{State: newsletter.State(in.State), From: from, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	told := client.Page[client.LetterLine]{Items: []client.LetterLine{}}
	if len(lines) > in.Limit {
		told.Next = strconv.FormatInt(lines[in.Limit].Member, 10)
		lines = lines[:in.Limit]
	}
	names, err := d.Boards.Directory(ctx, v.board)
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		m := names.Member(l.Member)
		told.Items = append(told.Items, client.LetterLine{Member: l.Member, Player: m.Key, Name: m.Name, Channel: string(l.Channel), State: string(l.State), Why: l.Why, Changed: l.Changed, Open: l.Open()})
	}
	return answer(told), nil
}

func (d *door) letGo(ctx context.Context, v *visit, in *InPeriod) (*nothing, error) {
	n, err := d.newsletterOf(ctx, v, in.Period)
	if err != nil {
		return nil, err
	}
	return &nothing{}, d.Newsletters.LetGo(ctx, v.actor, v.board, n.Release)
}

func (d *door) stopLetters(ctx context.Context, v *visit, in *InPeriod) (*nothing, error) {
	n, err := d.newsletterOf(ctx, v, in.Period)
	if err != nil {
		return nil, err
	}
	return &nothing{}, d.Newsletters.Stop(ctx, v.actor, v.board, n.Release)
}

func (d *door) decideLetter(ctx context.Context, v *visit, in *struct {
	InPeriod
	Member int64 `path:"member" doc:"Number of the reader on the board." minimum:"0"`
	Body   client.Decided
}) (*nothing, error) {
	n, err := d.newsletterOf(ctx, v, in.Period)
	if err != nil {
		return nil, err
	}
	return &nothing{}, d.Newsletters.Decide(ctx, v.actor, v.board, n.Release, in.Member, in.Body.Again)
}
