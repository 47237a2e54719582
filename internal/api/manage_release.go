package api

import (
	"cmp"
	"context"
	"math"
	"strconv"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/period"
	"cairn/internal/release"
)

// finite is a number that may be missing.
func finite(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// mostOpen is how many periods that can be released are told: of a week, those of a year.
const mostOpen = 53

func (d *door) listOpenPeriods(ctx context.Context, v *visit, _ *InBoard) (*body[client.Page[client.OpenPeriod]], error) {
	open, err := d.openPeriods(ctx, v.board)
	return listOf(open), err
}

// openPeriods are those that can be released still, from the one after the latest release to the one under way, newest first.
func (d *door) openPeriods(ctx context.Context, b *board.Board) ([]client.OpenPeriod, error) {
	card, err := d.Boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	now := period.Of(card.Period, d.Now(), b.Location())
	due := now.Add(-1)
	first := due.Add(-7)
	latest, err := d.Releases.Latest(ctx, b)
	switch {
	case err == nil:
		first = latest.Period.Add(1)
		if first.First > due.First {
			due = first
		}
	case fault.Of(err) != fault.NotFound:
		return nil, err
	}
	var all []client.OpenPeriod
	for p := now; p.First >= first.First && len(all) < mostOpen; p = p.Add(-1) {
		_, ends := p.Bounds(b.Location())
		all = append(all, client.OpenPeriod{Period: p.String(), Label: p.Label(), Ends: ends, Over: !d.Now().Before(ends), Due: p == due})
	}
	return all, nil
}

func (d *door) makeDraft(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.Drafting
}) (*body[client.Draft], error) {
	p, err := d.periodIn(ctx, v.board, in.Body.Period, "period")
	if err != nil {
		return nil, err
	}
	if _, err := d.Releases.Draft(ctx, v.board, p); err != nil {
		return nil, err
	}
	return d.draft(ctx, v, p, 0, draftRows)
}

// draftRows is how many rows of a draft are told where nobody says otherwise.
const draftRows = 100

func (d *door) showDraft(ctx context.Context, v *visit, in *struct {
	InPeriod
	Cursor string `query:"cursor" doc:"Where to go on: next of the page before." maxLength:"20"`
	Limit  int    `query:"limit" default:"100" minimum:"1" maximum:"1000" doc:"At most so many rows."`
}) (*body[client.Draft], error) {
	p, err := d.periodOf(ctx, v.board, in.Period)
	if err != nil {
		return nil, err
	}
	from, err := strconv.Atoi(cmp.Or(in.Cursor, "0"))
	if err != nil || from < 0 {
		return nil, wrong("query.cursor", "This cursor is none of ours: give what stood in next, as it was.")
	}
	return d.draft(ctx, v, p, from, in.Limit)
}

func (d *door) draft(ctx context.Context, v *visit, p period.Period, from, limit int) (*body[client.Draft], error) {
	rel, err := d.Releases.Preview(ctx, v.board, p)
	if err != nil {
		return nil, err
	}
	view, err := d.viewOf(ctx, v, rel)
	if err != nil {
		return nil, err
	}
	rows, err := view.Rows(ctx, from, limit)
	if err != nil {
		return nil, err
	}
	told := client.Draft{Period: p.String(), Title: view.Title, Players: view.Players, Scored: view.Scored, Mean: finite(view.Mean), Median: finite(view.Median), Bridges: rel.RulesNew,
		Warnings: []string{}, Rows: make([]client.DraftRow, 0, len(rows))}
	for _, w := range view.Warnings {
		told.Warnings = append(told.Warnings, w.Message)
	}
	for _, r := range rows {
		told.Rows = append(told.Rows, client.DraftRow{Key: r.Key, Name: r.Name, Rank: finite(r.Rank), Score: finite(r.Score), Change: finite(r.Change), Climbed: finite(r.Climbed), Level: r.Level})
	}
	if end := from + len(rows); len(rows) > 0 && end < view.Shown() {
		told.Next = strconv.Itoa(end)
	}
	return answer(told), nil
}

// viewOf is a release as the visitor may see it.
func (d *door) viewOf(ctx context.Context, v *visit, rel *release.Release) (*release.View, error) {
	to, err := d.Releases.Reader(ctx, v.board, v.access)
	if err != nil {
		return nil, err
	}
	return d.Releases.View(ctx, v.board, rel, to)
}

func (d *door) publish(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.Publishing
}) (*body[client.Published], error) {
	p, err := d.periodIn(ctx, v.board, in.Body.Period, "period")
	if err != nil {
		return nil, err
	}
	rel, err := d.Releases.Publish(release.By(ctx, v.actor), v.board, p, in.Body.Early)
	if err != nil {
		return nil, err
	}
	return d.published(ctx, v, rel)
}

func (d *door) correct(ctx context.Context, v *visit, in *struct {
	InPeriod
	Body client.Erratum
}) (*body[client.Published], error) {
	p, err := d.periodOf(ctx, v.board, in.Period)
	if err != nil {
		return nil, err
	}
	rel, err := d.Releases.Erratum(release.By(ctx, v.actor), v.board, p, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return d.published(ctx, v, rel)
}

// published is a final release as whoever published it is told of it.
func (d *door) published(ctx context.Context, v *visit, rel *release.Release) (*body[client.Published], error) {
	view, err := d.viewOf(ctx, v, rel)
	if err != nil {
		return nil, err
	}
	return answer(client.Published{ID: rel.ID, Period: rel.Period.String(), Edition: rel.Edition, Reason: rel.Reason, Published: rel.Published, Players: view.Players, Scored: view.Scored,
		Digest: rel.Digest, Previous: rel.Previous}), nil
}
