package api

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/scorecard"
)

// faulty is a file that cannot be taken, with what is wrong with it, place by place.
type faulty struct {
	*fault.Fault
	places []place
}

// place is what is wrong with one place of a file.
type place struct{ at, message string }

func (f *faulty) Unwrap() error { return f.Fault }

// details are the places as an answer tells them.
func (f *faulty) details() (all []*huma.ErrorDetail) {
	for _, p := range f.places {
		all = append(all, &huma.ErrorDetail{Message: p.message, Location: p.at})
	}
	return all
}

// inFile makes of what is wrong with a file the fault that says so; other errors stay as they are.
func inFile(err error) error {
	var problems scorecard.Problems
	if !errors.As(err, &problems) {
		return err
	}
	told := &faulty{Fault: fault.New(fault.Invalid, "The file cannot be taken: what is wrong with it stands in errors, each with its line and column.")}
	for _, p := range problems {
		told.places = append(told.places, place{fmt.Sprintf("line %d, column %d", p.Line, p.Column), p.Message})
	}
	return told
}

// mostDesign is how long a design may be, in bytes: a scorecard and as much again.
const mostDesign = scorecard.MaxBytes * 2

// InFileOf is a YAML file that is sent to a board.
type InFileOf struct {
	InBoard
	RawBody []byte `contentType:"application/yaml"`
}

func (d *door) listTemplates(context.Context, *visit, *struct{}) (*body[client.Page[client.Template]], error) {
	page := client.Page[client.Template]{Items: []client.Template{}}
	for _, t := range scorecard.Templates() {
		card, err := t.Load()
		if err != nil {
			return nil, err
		}
		page.Items = append(page.Items, client.Template{Key: t.Key, Name: card.Name, About: t.About, Scorecard: string(t.Source)})
	}
	return answer(page), nil
}

func (d *door) makeBoard(ctx context.Context, v *visit, in *struct{ Body client.NewBoard }) (*body[client.Made], error) {
	design, err := designOf(in.Body)
	if err != nil {
		return nil, err
	}
	if len(in.Body.Invite) > 0 && design.Basis != board.OptIn {
		return nil, wrong("invite", "People are invited to a board by their own word only; this one has another basis.")
	}
	return d.made(ctx, v, design, in.Body.Invite)
}

func (d *door) makeBoardOfFile(ctx context.Context, v *visit, in *struct {
	RawBody []byte `contentType:"application/yaml"`
}) (*body[client.Made], error) {
	design, err := board.ReadDesign("line", in.RawBody)
	if err != nil {
		return nil, inFile(err)
	}
	return d.made(ctx, v, design, nil)
}

// made makes a board of a design and invites people to it.
func (d *door) made(ctx context.Context, v *visit, design board.Design, people []client.Person) (*body[client.Made], error) {
	b, err := d.Boards.Make(ctx, v.actor, design)
	if err != nil {
		return nil, err
	}
	v.board = b
	if v.access, err = d.Boards.Access(ctx, b, v.actor); err != nil {
		return nil, err
	}
	told := client.Made{Board: wireBoard(b)}
	if len(people) > 0 {
		if told.Invited, err = d.invited(ctx, v.actor, b, people); err != nil {
			return nil, err
		}
	}
	return answer(told), nil
}

// designOf is the board that somebody wants, with what they left out as a new board has it.
func designOf(want client.NewBoard) (made board.Design, err error) {
	if (want.Scorecard == "") == (want.Template == "") {
		return made, wrong("scorecard", "Send the scorecard's file, or the key of a template: one of the two.")
	}
	source, selfReported := []byte(want.Scorecard), false
	if want.Template != "" {
		t, nearest, ok := scorecard.TemplateOf(want.Template)
		if !ok {
			return made, wrong("template", "There is no template %q; the nearest is %q.", want.Template, nearest)
		}
		source, selfReported = t.Source, t.SelfReported
	}
	card, err := scorecard.Load("scorecard", source)
	if err != nil {
		return made, inFile(err)
	}
	settings := board.Settings{Key: want.Key, Name: want.Name, Owner: want.Owner, Licence: want.Licence, Zone: want.Zone, Basis: board.Basis(want.Basis), Stage: board.Stage(want.Stage),
		Retention: want.Retention, Smallest: want.Smallest}
	if want.Pages != nil {
		settings.Pages = pagesOf(*want.Pages)
	}
	if want.Rhythm != nil {
		settings.Rhythm = rhythmOf(*want.Rhythm)
	}
	made = settings.Design(card)
	if want.Top != nil {
		made.TopN = *want.Top
	}
	switch {
	case want.Terms != nil:
		made.Terms = termsOf(*want.Terms)
	case selfReported && made.Basis == board.OptIn:
		made.Terms = board.OfTheirOwn(card)
	}
	if want.Plan != nil {
		made.Plan = planOf(*want.Plan)
	}
	return made, nil
}

func (d *door) showDesign(ctx context.Context, v *visit, _ *InBoard) (*file, error) {
	design, err := d.Boards.Design(ctx, v.board)
	if err != nil {
		return nil, err
	}
	return download(client.YAML, v.board.Key+".board.yaml", design.Write()), nil
}

func (d *door) redesign(ctx context.Context, v *visit, in *InFileOf) (*body[client.Changed], error) {
	design, err := board.ReadDesign("line", in.RawBody)
	if err != nil {
		return nil, inFile(err)
	}
	now := v.board.Rhythm
	if now.From = ""; design.Rhythm != now {
		if err := mayRelease(v.actor); err != nil {
			return nil, err
		}
	}
	return d.redesigned(ctx, v, design)
}

// mayRelease refuses a token that is not for publishing: a rhythm publishes by itself.
func mayRelease(a identity.Actor) error {
	if a.May(releaseScope) {
		return nil
	}
	return fault.New(fault.Forbidden, "The file has another rhythm, by which the board is released by itself, and this token is not for releases: leave the rhythm as it is, or make a token that may %q.", releaseScope)
}

// redesigned brings the board to a design and says what was announced.
func (d *door) redesigned(ctx context.Context, v *visit, design board.Design) (*body[client.Changed], error) {
	if err := d.Boards.Redesign(ctx, v.actor, v.board, design); err != nil {
		return nil, err
	}
	pending, err := d.pending(ctx, v.board)
	return answer(client.Changed{Pending: pending}), err
}

func (d *door) pending(ctx context.Context, b *board.Board) (*client.Pending, error) {
	p, err := d.Boards.Pending(ctx, b)
	if err != nil || p == nil {
		return nil, err
	}
	return &client.Pending{Stage: string(p.Stage), Pages: wirePages(p.Pages), Top: p.TopN, Asked: p.Asked, Holds: p.Holds}, nil
}

func (d *door) showSettings(ctx context.Context, v *visit, _ *InBoard) (*body[client.Settings], error) {
	b, err := d.now(ctx, v)
	if err != nil {
		return nil, err
	}
	return answer(client.Settings{Name: b.Name, Owner: b.Owner, Licence: b.Licence, Top: b.TopN, Smallest: b.Smallest, Retention: b.Retention,
		Key: b.Key, Zone: b.Zone, Basis: string(b.Basis)}), nil
}

// now is the board of the visit as it is kept by now, after a change.
func (d *door) now(ctx context.Context, v *visit) (*board.Board, error) {
	return d.Boards.ByID(ctx, v.board.ID)
}

func (d *door) setSettings(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.Settings
}) (*body[client.Changed], error) {
	design, err := d.Boards.Design(ctx, v.board)
	if err != nil {
		return nil, err
	}
	s := in.Body
	for _, fixed := range []struct{ name, said, is string }{{"key", s.Key, design.Key}, {"zone", s.Zone, design.Zone}, {"basis", s.Basis, string(design.Basis)}} {
		if fixed.said != "" && fixed.said != fixed.is {
			return nil, wrong(fixed.name, "The %s of a board never changes: it is %q.", fixed.name, fixed.is)
		}
	}
	design.Name, design.Owner, design.Licence = s.Name, s.Owner, s.Licence
	design.TopN, design.Smallest, design.Retention = s.Top, s.Smallest, s.Retention
	return d.redesigned(ctx, v, design)
}

func (d *door) showPlan(ctx context.Context, v *visit, _ *InBoard) (*body[client.Plan], error) {
	b, err := d.now(ctx, v)
	if err != nil {
		return nil, err
	}
	p := client.Plan{Success: client.Success(b.Plan.Success), Talk: b.Plan.Talk, Prize: b.Plan.Prize, TagsBy: map[string]string{}}
	for group, by := range b.Plan.TagsBy {
		p.TagsBy[group] = string(by)
	}
	return answer(p), nil
}

func (d *door) setPlan(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.Plan
}) (*body[client.Plan], error) {
	if err := d.Boards.SetPlan(ctx, v.actor, v.board, planOf(in.Body)); err != nil {
		return nil, err
	}
	return d.showPlan(ctx, v, &in.InBoard)
}

func planOf(p client.Plan) board.Plan {
	plan := board.Plan{Success: board.Success(p.Success), Talk: p.Talk, Prize: p.Prize, TagsBy: map[string]board.TagsBy{}}
	for group, by := range p.TagsBy {
		plan.TagsBy[group] = board.TagsBy(by)
	}
	return plan
}

func (d *door) showTerms(ctx context.Context, v *visit, _ *InBoard) (*body[client.Terms], error) {
	b, err := d.asking(ctx, v)
	if err != nil {
		return nil, err
	}
	t, err := d.Boards.TermsOf(ctx, b, b.Terms)
	if err != nil {
		return nil, err
	}
	return answer(wireTerms(t)), nil
}

// asking is the board of the visit, where it asks for anything.
func (d *door) asking(ctx context.Context, v *visit) (*board.Board, error) {
	if v.board.Basis == board.Things {
		return nil, fault.New(fault.NotFound, "Things are asked for nothing.")
	}
	return d.now(ctx, v)
}

func (d *door) setTerms(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.Terms
}) (*body[client.Terms], error) {
	if _, err := d.asking(ctx, v); err != nil {
		return nil, err
	}
	if _, err := d.Boards.SetTerms(ctx, v.actor, v.board, termsOf(in.Body)); err != nil {
		return nil, inTerms(err, in.Body)
	}
	return d.showTerms(ctx, v, &in.InBoard)
}

// inTerms says where in what was sent a fault of terms is: the room knows metrics by their keys.
func inTerms(err error, t client.Terms) error {
	f := (*fault.Fault)(nil)
	if !errors.As(err, &f) {
		return err
	}
	metric, rest, _ := strings.Cut(f.Field, ".")
	i := slices.IndexFunc(t.Fields, func(one client.TermField) bool { return one.Metric == metric })
	if i < 0 {
		return err
	}
	return wrong(strings.TrimSuffix(fmt.Sprintf("fields[%d].%s", i, rest), "."), "%s", f.Message)
}

func termsOf(t client.Terms) board.Terms {
	terms := board.Terms{Purpose: t.Purpose, Gives: t.Gives}
	for _, f := range t.Fields {
		terms.Fields = append(terms.Fields, board.Field{Metric: f.Metric, From: board.From(f.From), Purpose: f.Purpose, Gives: f.Gives, Value: f.Value, ToWhom: f.ToWhom})
	}
	return terms
}

func wireTerms(t board.Terms) client.Terms {
	terms := client.Terms{Version: t.Version, Purpose: t.Purpose, Gives: t.Gives, Fields: []client.TermField{}}
	for _, f := range t.Fields {
		terms.Fields = append(terms.Fields, client.TermField{Metric: f.Metric, From: string(f.From), Purpose: f.Purpose, Gives: f.Gives, Value: f.Value, ToWhom: f.ToWhom})
	}
	return terms
}

func (d *door) showReveal(ctx context.Context, v *visit, _ *InBoard) (*body[client.Reveal], error) {
	b, err := d.now(ctx, v)
	if err != nil {
		return nil, err
	}
	pending, err := d.pending(ctx, b)
	return answer(client.Reveal{Stage: string(b.Stage), Pages: wirePages(b.Pages), Pending: pending}), err
}

func (d *door) setReveal(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.Reveal
}) (*body[client.Reveal], error) {
	if _, err := d.Boards.Reveal(ctx, v.actor, v.board, board.Reveal{Stage: board.Stage(in.Body.Stage), Pages: pagesOf(in.Body.Pages)}); err != nil {
		return nil, err
	}
	return d.showReveal(ctx, v, &in.InBoard)
}

func (d *door) takeRevealBack(ctx context.Context, v *visit, _ *InBoard) (*nothing, error) {
	return &nothing{}, d.Boards.TakeBack(ctx, v.actor, v.board)
}

func pagesOf(p client.Pages) board.Pages {
	return board.Pages{Leaderboard: board.Audience(p.Leaderboard), Scorecards: board.Audience(p.Scorecards), History: board.Audience(p.History)}
}

func wirePages(p board.Pages) client.Pages {
	return client.Pages{Leaderboard: string(p.Leaderboard), Scorecards: string(p.Scorecards), History: string(p.History)}
}

func (d *door) checkScorecard(ctx context.Context, v *visit, in *InFileOf) (*body[client.Checked], error) {
	told := client.Checked{Problems: []client.FileProblem{}, Changes: []string{}, Advice: []client.FileProblem{}}
	card, err := scorecard.Load("line", in.RawBody)
	if problems := (scorecard.Problems)(nil); errors.As(err, &problems) {
		told.Problems = wireProblems(problems)
		return answer(told), nil
	}
	if err != nil {
		return nil, err
	}
	now, err := d.Boards.Scorecard(ctx, v.board.ID, v.board.Version)
	if err != nil {
		return nil, err
	}
	for _, change := range scorecard.Diff(now, card) {
		told.Changes = append(told.Changes, change.String())
	}
	told.Advice = wireProblems(scorecard.Advise(card))
	return answer(told), nil
}

func wireProblems(problems []scorecard.Problem) []client.FileProblem {
	all := []client.FileProblem{}
	for _, p := range problems {
		all = append(all, client.FileProblem{Line: p.Line, Column: p.Column, Message: p.Message})
	}
	return all
}

func (d *door) revise(ctx context.Context, v *visit, in *InFileOf) (*body[client.Revised], error) {
	card, err := scorecard.Load("line", in.RawBody)
	if err != nil {
		return nil, inFile(err)
	}
	version, err := d.Boards.ReviseBy(ctx, v.actor, v.board.ID, card)
	return answer(client.Revised{Version: version, Same: version == v.board.Version}), err
}

// metricOf is a metric of the scorecard in force by its key.
func (d *door) metricOf(ctx context.Context, b *board.Board, key string) (*scorecard.Part, error) {
	card, err := d.Boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	for _, m := range card.Metrics() {
		if m.Key == key {
			return m, nil
		}
	}
	return nil, fault.New(fault.NotFound, "There is no such metric.")
}

// tagsOf are tags that may be kept: a copy, so that a directory's own stay as they are.
func tagsOf(tags map[string]string) map[string]string {
	kept := maps.Clone(tags)
	maps.DeleteFunc(kept, func(_, tag string) bool { return tag == "" })
	return kept
}

// listOf makes a page of all there is.
func listOf[T any](items []T) *body[client.Page[T]] {
	return answer(client.Page[T]{Items: append([]T{}, items...)})
}
