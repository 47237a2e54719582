package api

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"net/url"
	"strings"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/release"
	"cairn/score"
	"cairn/scorecard"
)

// InRelease is an address that names a release of a board.
type InRelease struct {
	InBoard
	Period  string `path:"period" doc:"Name of the period, or latest." example:"2026-W47" maxLength:"40"`
	Edition int    `query:"edition" minimum:"1" doc:"Of its editions; left out, the latest."`
}

// found is the release that an address names, as far as it is for the visitor.
func (d *door) found(ctx context.Context, v *visit, in InRelease, player string) (release.Found, error) {
	found, err := d.Releases.Find(ctx, v.board, v.access, release.Asked{Period: in.Period, Edition: in.Edition, Player: player, Losses: func() (bool, error) {
		told, err := d.Newsletters.Preference(ctx, v.access.Account, v.board.ID)
		return told.Losses, err
	}})
	if err == nil && found.View == nil {
		err = fault.New(fault.NotFound, absence)
	}
	return found, err
}

func (d *door) listReleases(ctx context.Context, v *visit, in *struct {
	InBoard
	Listed
}) (*body[client.Page[client.Head]], error) {
	all, err := d.Releases.Archive(ctx, v.board)
	if err != nil {
		return nil, err
	}
	to, err := d.Releases.Reader(ctx, v.board, v.access)
	if err != nil {
		return nil, err
	}
	cut, err := page(all, in.Listed, func(r *release.Release) string { return r.ID }, func(r *release.Release) *release.Release { return r })
	if err != nil {
		return nil, err
	}
	told := client.Page[client.Head]{Items: []client.Head{}, Next: cut.Body.Next}
	for _, rel := range cut.Body.Items {
		view, err := d.Releases.View(ctx, v.board, rel, to)
		if err != nil {
			return nil, err
		}
		told.Items = append(told.Items, wireHead(view))
	}
	return answer(told), nil
}

func wireHead(v *release.View) client.Head {
	return client.Head{ID: v.ID, Period: v.Period.String(), Label: v.Period.Label(), Edition: v.Edition, Published: v.Published, Title: v.Title, Players: v.Players, Scored: v.Scored,
		Reason: v.Reason, Superseded: v.Superseded, Scorecard: v.Version, RulesNew: v.RulesNew, Digest: v.Digest}
}

func (d *door) showRelease(ctx context.Context, v *visit, in *InRelease) (*body[client.Release], error) {
	found, err := d.found(ctx, v, *in, "")
	if err != nil {
		return nil, err
	}
	view := found.View
	// The week of a board's year begins and ends on civil days.
	first, last := view.Period.First.String(), view.Period.Last.String()
	under := d.whole(releaseAddress(v.board, view.Release))
	told := client.Release{Head: wireHead(view), Board: v.board.Key, First: first, Last: last, Engine: view.Engine, Previous: view.Previous,
		Mean: known(view.Mean), Median: known(view.Median), Movers: []client.Row{}, Newcomers: []client.Row{}, Tags: []client.TagGroup{}, Page: under}
	if len(view.Histogram) > 0 && !math.IsNaN(view.Median) {
		told.Spread = &client.Spread{Low: view.Low, High: view.High, Counts: view.Histogram}
	}
	for _, row := range view.Movers {
		told.Movers = append(told.Movers, wireRow(row, found))
	}
	for _, row := range view.Newcomers {
		told.Newcomers = append(told.Newcomers, wireRow(row, found))
	}
	for _, g := range view.TagGroups {
		group := client.TagGroup{Group: g.Group, Tags: []client.TagCount{}}
		for _, t := range g.Tags {
			one := client.TagCount{Tag: t.Tag, Mean: known(t.Mean)}
			if t.Players >= 0 {
				one.Players = &t.Players
			}
			group.Tags = append(group.Tags, one)
		}
		told.Tags = append(told.Tags, group)
	}
	if found.Whole {
		told.Parameters = wireFindings(found.Parameters(found.Card, view.Parameters))
		for _, w := range view.Warnings {
			text := w.Message
			if w.Part != "" {
				text = w.Part + ": " + text
			}
			told.Warnings = append(told.Warnings, text)
		}
	}
	if found.Rows {
		told.Picture = under + "/leaderboard.png"
	}
	if found.Everything {
		told.Bundle = d.whole(fmt.Sprintf("%s/boards/%s/releases/%s/bundle.zip?edition=%d", Prefix, url.PathEscape(v.board.Key), view.Period, view.Edition))
	}
	return answer(told), nil
}

// releaseAddress is where the page of an edition stands for ever.
func releaseAddress(b *board.Board, r *release.Release) string {
	return fmt.Sprintf("/b/%s/%s/e/%d", url.PathEscape(b.Key), r.Period, r.Edition)
}

// known is a number, nil where there is none.
func known(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// placed is a rank, nil where there is none.
func placed(rank float64) *float64 {
	if rank > 0 {
		return known(rank)
	}
	return nil
}

func wireFindings(all score.Parameters) map[string]client.RuleFinding {
	told := map[string]client.RuleFinding{}
	for key, p := range all {
		told[key] = client.RuleFinding{Values: p.N, Lowest: p.Min, Most: p.Max, Mean: p.Mean, SD: p.SD, Total: p.Total, Fill: p.Fill, FillBy: p.FillBy}
	}
	return told
}

// wireRow is a line of a leaderboard in the words of the API.
func wireRow(row release.Row, found release.Found) client.Row {
	told := client.Row{Player: row.Key, Name: row.Name, Rank: placed(row.Rank), Score: known(row.Score), Level: row.Level, Change: known(row.Change), Climbed: known(row.Climbed),
		TagRank: placed(row.TagRank), Tags: row.Tags, Note: row.Note, Mine: found.Is(row.Member)}
	if parts := topParts(found.Card, len(row.Points)); parts != nil {
		told.Points = map[string]*float64{}
		for i, p := range parts {
			told.Points[p.Key] = known(row.Points[i])
		}
	}
	return told
}

// topParts are the parts that the points of a line are about; nil where they cannot be told.
func topParts(card *scorecard.Scorecard, n int) (parts []*scorecard.Part) {
	for _, p := range card.Parts {
		if p.Scored || len(card.Parts) == n {
			parts = append(parts, p)
		}
	}
	if n == 0 || len(parts) != n {
		return nil
	}
	return parts
}

func (d *door) listRows(ctx context.Context, v *visit, in *struct {
	InRelease
	Chosen
	Tag string `query:"tag" maxLength:"200" doc:"Only who has this tag, and their places within it." example:"region:north"`
}) (*body[client.Page[client.Row]], error) {
	found, err := d.found(ctx, v, in.InRelease, "")
	if err != nil {
		return nil, err
	}
	view, from := found.View, 0
	if in.Cursor != "" {
		var last cursor
		if err := last.read(in.Cursor); err != nil {
			return nil, err
		}
		if last.Key != view.ID { // latest is another one by now
			return nil, fault.New(fault.Conflict, "A new release came out meanwhile: begin again, without a cursor.")
		}
		from = last.At
	}
	var rows []release.Row
	total := view.Shown()
	if in.Tag == "" {
		rows, err = view.Rows(ctx, from, in.Limit)
	} else {
		group, tag, _ := strings.Cut(in.Tag, ":")
		if !hasTag(view.TagGroups, group, tag) {
			return nil, fault.New(fault.NotFound, absence)
		}
		rows, total, err = view.TagRows(ctx, group, tag, from, in.Limit)
	}
	if err != nil {
		return nil, err
	}
	told := client.Page[client.Row]{Items: []client.Row{}}
	for _, row := range rows {
		told.Items = append(told.Items, wireRow(row, found))
	}
	if end := from + len(rows); end < total && len(rows) > 0 {
		told.Next = cursor{Key: view.ID, At: end}.String()
	}
	return answer(told), nil
}

func hasTag(groups []release.TagGroup, group, tag string) bool {
	for _, g := range groups {
		for _, t := range g.Tags {
			if g.Group == group && t.Tag == tag {
				return true
			}
		}
	}
	return false
}

func (d *door) showReleasedRules(ctx context.Context, v *visit, in *InRelease) (*file, error) {
	found, err := d.found(ctx, v, *in, "")
	if err != nil {
		return nil, err
	}
	return rulesFile(found.Card, releaseName(v.board, found.View.Release))
}

// releaseName is what files of a release are called.
func releaseName(b *board.Board, r *release.Release) string {
	return fmt.Sprintf("%s-%s-e%d", b.Key, r.Period, r.Edition)
}

func (d *door) showBundle(ctx context.Context, v *visit, in *InRelease) (*file, error) {
	found, err := d.found(ctx, v, *in, "")
	if err != nil {
		return nil, err
	}
	if !found.Everything {
		return nil, fault.New(fault.NotFound, absence)
	}
	leave, err := d.Files.Take(ctx, v.asker())
	if err != nil {
		return nil, err
	}
	defer leave()
	var whole bytes.Buffer
	if err := found.View.WriteBundle(ctx, &whole); err != nil {
		return nil, err
	}
	return download("application/zip", releaseName(v.board, found.View.Release)+".zip", whole.Bytes()), nil
}
