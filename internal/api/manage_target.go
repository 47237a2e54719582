package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/release"
	"cairn/internal/target"
	"cairn/scorecard"
)

// InTarget is an address that names a target.
type InTarget struct {
	InBoard
	ID string `path:"target" maxLength:"64"`
}

func (d *door) listTargets(ctx context.Context, v *visit, _ *InBoard) (*body[client.Page[client.Target]], error) {
	targets, err := d.Targets.List(ctx, v.board)
	if err != nil {
		return nil, err
	}
	names, err := d.Boards.Directory(ctx, v.board)
	if err != nil {
		return nil, err
	}
	aims, err := d.aims(ctx, v)
	if err != nil {
		return nil, err
	}
	all := make([]client.Target, 0, len(targets))
	for _, t := range targets {
		one := wireTarget(t, names)
		for _, a := range aims {
			if a.Target.ID == t.ID && t.Ended.IsZero() {
				one.Stands = append(one.Stands, wireAim(a))
			}
		}
		all = append(all, one)
	}
	return listOf(all), nil
}

// aims is how the targets of the board stand in its latest release; none before the first.
func (d *door) aims(ctx context.Context, v *visit) ([]release.Aim, error) {
	latest, err := d.Releases.Latest(ctx, v.board)
	if fault.Of(err) == fault.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	view, err := d.viewOf(ctx, v, latest)
	if err != nil {
		return nil, err
	}
	return view.Aims(ctx)
}

func wireTarget(t target.Target, names *board.Directory) client.Target {
	told := client.Target{ID: t.ID, Moved: t.Moved, Set: t.Set, Ended: instant(t.Ended),
		NewTarget: client.NewTarget{Metric: t.Metric, Scope: string(t.Scope), Group: t.Group, Tag: t.Tag, From: t.From, Guardrail: t.Guardrail, Why: t.Why, Path: []client.Point{}}}
	if t.Scope == target.Player && t.Member != target.Everyone {
		told.Player = names.Member(t.Member).Key
	}
	for _, p := range t.Path {
		told.Path = append(told.Path, client.Point(p))
	}
	return told
}

func wireAim(a release.Aim) client.Aim {
	told := client.Aim{Tag: a.Tag, Due: finite(a.Due), Value: finite(a.Value), Way: string(a.Way)}
	if a.Target.Scope == target.Player {
		told.Reached, told.Of = counted(a.Reached), counted(a.Of)
	}
	return told
}

// counted is a count that may be withheld.
func counted(n int) *int {
	if n < 0 {
		return nil
	}
	return &n
}

func (d *door) setTarget(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.NewTarget
}) (*body[client.Target], error) {
	w := in.Body
	wanted := target.Target{Metric: w.Metric, Scope: target.Scope(w.Scope), Member: target.Everyone, Group: w.Group, Tag: w.Tag, From: w.From, Guardrail: w.Guardrail, Why: w.Why}
	names, err := d.Boards.Directory(ctx, v.board)
	if err != nil {
		return nil, err
	}
	if w.Player != "" {
		if wanted.Scope != target.Player {
			return nil, wrong("player", "A target for one player has the scope player, not %s.", w.Scope)
		}
		if wanted.Member = names.ByKey(w.Player); wanted.Member < 0 {
			return nil, wrong("player", "There is no player with this key on the board.")
		}
	}
	for _, p := range w.Path {
		wanted.Path = append(wanted.Path, target.Point(p))
	}
	slices.SortStableFunc(wanted.Path, func(a, b target.Point) int { return cmp.Compare(a.Day, b.Day) })
	set, err := d.Targets.Set(ctx, v.actor, v.board, wanted)
	if err != nil {
		return nil, err
	}
	return answer(wireTarget(set, names)), nil
}

func (d *door) endTarget(ctx context.Context, v *visit, in *InTarget) (*nothing, error) {
	return &nothing{}, d.Targets.End(ctx, v.actor, v.board, in.ID)
}

func (d *door) moveTarget(ctx context.Context, v *visit, in *struct {
	InTarget
	Body struct {
		Group string `json:"group,omitempty" doc:"Tag group whose tags are the teams. Left out: the board as one team." maxLength:"200"`
	}
}) (*body[client.Target], error) {
	moved, err := d.Targets.MoveToTeam(ctx, v.actor, v.board, in.ID, in.Body.Group)
	if err != nil {
		return nil, err
	}
	names, err := d.Boards.Directory(ctx, v.board)
	if err != nil {
		return nil, err
	}
	return answer(wireTarget(moved, names)), nil
}

// conflicts is for what is read and can lack what it follows from.
func conflicts(op *huma.Operation) { op.Errors = append(op.Errors, http.StatusConflict) }

func (d *door) proposeTarget(ctx context.Context, v *visit, in *struct {
	InBoard
	Metric string `query:"metric" doc:"Its key. Left out: the score." maxLength:"200"`
}) (*body[client.Proposal], error) {
	to, err := d.Releases.Reader(ctx, v.board, v.access)
	if err != nil {
		return nil, err
	}
	p, err := d.Releases.Propose(ctx, v.board, in.Metric, to)
	if err != nil {
		return nil, err
	}
	return answer(client.Proposal{Value: p.Value, Reached: finite(p.Reached), Players: p.Players, Values: p.Values, Releases: p.Releases}), nil
}

func (d *door) showUplift(ctx context.Context, v *visit, in *struct {
	InBoard
	Metric string   `query:"metric" doc:"Its key. Left out: the score." maxLength:"200"`
	Before []string `query:"before" doc:"Periods of the first window, after a comma each. Left out, as after: the first and the last four releases." maxItems:"400"`
	After  []string `query:"after" doc:"Periods of the second window." maxItems:"400"`
}) (*body[client.Uplift], error) {
	u, err := d.Releases.Uplift(ctx, v.board, in.Metric, in.Before, in.After)
	if err != nil {
		return nil, err
	}
	told := client.Uplift{Metric: in.Metric, Before: []string{}, After: []string{}, Same: wireChange(u.Same), All: wireChange(u.All), Overstates: u.Overstates()}
	for _, p := range u.Before {
		told.Before = append(told.Before, p.String())
	}
	for _, p := range u.After {
		told.After = append(told.After, p.String())
	}
	return answer(told), nil
}

func wireChange(c release.Change) client.Change {
	return client.Change{Before: finite(c.Before), After: finite(c.After), By: finite(c.By()), Share: finite(c.Percent()), PlayersBefore: counted(c.NumBefore), PlayersAfter: counted(c.NumAfter)}
}

func (d *door) showReport(ctx context.Context, v *visit, _ *InBoard) (*body[client.Report], error) {
	b, err := d.now(ctx, v)
	if err != nil {
		return nil, err
	}
	told := client.Report{Members: map[string]int{}, Success: client.Success(b.Plan.Success), Groups: []client.ReportGroup{}, Guards: []client.Guard{}}
	members, err := d.Boards.Members(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		if m.State != board.Former {
			told.Members[string(m.State)]++
		}
	}
	yes := told.Members[string(board.Accepted)] + told.Members[string(board.Paused)] + told.Members[string(board.Left)]
	if asked := yes + told.Members[string(board.Invited)]; b.Basis == board.OptIn && asked > 0 {
		told.SaidYes = finite(float64(yes) / float64(asked))
	}
	latest, err := d.Releases.Latest(ctx, b)
	if fault.Of(err) == fault.NotFound {
		return answer(told), nil
	}
	if err != nil {
		return nil, err
	}
	// As somebody sees it who may see the figures and nobody's row: the view withholds what is of too few.
	view, err := d.Releases.View(ctx, b, latest, release.Reader{Member: -1, Top: -1, May: func(scorecard.Audience) bool { return false }})
	if err != nil {
		return nil, err
	}
	told.Period, told.Scored, told.Mean, told.Median = latest.Period.String(), counted(view.Scored), finite(view.Mean), finite(view.Median)
	for _, g := range view.TagGroups {
		group := client.ReportGroup{Group: g.Group, Tags: []client.ReportTag{}}
		for _, t := range g.Tags {
			group.Tags = append(group.Tags, client.ReportTag{Tag: t.Tag, Players: counted(t.Players), Mean: finite(t.Mean)})
		}
		told.Groups = append(told.Groups, group)
	}
	guards, err := d.Releases.Guards(ctx, b)
	for _, g := range guards {
		told.Guards = append(told.Guards, client.Guard{Target: g.Target.ID, Metric: g.Target.Metric, Guardrail: g.Guardrail.Key, Rose: wireChange(g.Rose.Same), Worsened: wireChange(g.Worsened.Same), Releases: g.Releases})
	}
	return answer(told), err
}
