package api

import (
	"context"
	"io"

	"github.com/danielgtaylor/huma/v2"

	"cairn/client"
	"cairn/internal/export"
	"cairn/internal/release"
)

// OfLabels is a question about labels.
type OfLabels struct {
	InBoard
	From  string `query:"from" doc:"Key of entries. Left out, as to: the first two of the scorecard." maxLength:"200"`
	To    string `query:"to" doc:"Key of what came of them." maxLength:"200"`
	First string `query:"first" doc:"Released period. Left out: the last four releases." maxLength:"40"`
	Last  string `query:"last" doc:"Released period." maxLength:"40"`
}

func (q OfLabels) question() release.LabelQuestion {
	return release.LabelQuestion{From: q.From, To: q.To, First: q.First, Last: q.Last}
}

func (d *door) showLabels(ctx context.Context, v *visit, in *OfLabels) (*body[client.Labels], error) {
	t, err := d.Releases.ByLabel(ctx, v.board, in.question())
	if err != nil {
		return nil, err
	}
	told := client.Labels{From: t.From, To: t.To, Window: []string{}, Purged: t.Purged, All: wireLabelled(t.All), Tactics: []client.Tactic{}, Withheld: t.Withheld, Left: t.Left}
	for _, p := range t.Window {
		told.Window = append(told.Window, p.String())
	}
	for _, tactic := range t.Tactics {
		of := client.Tactic{Labelled: wireLabelled(tactic.Labelled), Assets: []client.Labelled{}}
		for _, asset := range tactic.Assets {
			of.Assets = append(of.Assets, wireLabelled(asset))
		}
		told.Tactics = append(told.Tactics, of)
	}
	return answer(told), nil
}

func wireLabelled(l release.Labelled) client.Labelled {
	tally := func(t release.Tally) client.Tally {
		return client.Tally{Entries: counted(t.Entries), Sum: finite(t.Sum), Players: counted(t.Players)}
	}
	return client.Labelled{Label: l.Label, From: tally(l.From), To: tally(l.To), Conversion: finite(l.Conversion())}
}

func (d *door) exportLabels(ctx context.Context, v *visit, in *OfLabels) (*huma.StreamResponse, error) {
	told, err := d.Releases.ByLabel(ctx, v.board, in.question())
	if err != nil {
		return nil, err
	}
	return d.stream(v, "export-labels", export.CSV, v.board.Key+"-labels", func(w io.Writer) error { return export.Labels(w, told) }), nil
}
