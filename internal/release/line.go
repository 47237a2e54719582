package release

import (
	"context"
	"iter"
	"math"
	"slices"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/scorecard"
)

// Table says which columns a release has for one reader, beside those of a Row.
type Table struct {
	Tags     []string          // tag groups
	Measured []*scorecard.Part // metrics taken from entries whose values of somebody are for the reader
	Scored   []*scorecard.Part // parts and metrics with points, groups before what is in them
}

// Line is what a release shows one reader of one player, as a row of a Table.
type Line struct {
	Row    Row
	Values []float64 // of each that is Measured, to the bit as it was judged; NaN missing, or not for the reader
	Points []float64 // of each that is Scored, as published; likewise
}

// Table returns the columns of a release that was found. A measure that the reader may see of nobody has none.
func (f Found) Table(ctx context.Context) (t Table, err error) {
	v := f.View
	if v.held == nil {
		if err := v.open(ctx, v.Release); err != nil {
			return t, err
		}
	}
	h := v.held
	for _, group := range h.groups {
		if slices.Contains(h.card.Tags, group) {
			t.Tags = append(t.Tags, group)
		}
	}
	shown := func(m *scorecard.Part) bool {
		for _, of := range f.classes() {
			if !v.lineVeil(of).keys[m.Key] {
				return true
			}
		}
		return false
	}
	for _, m := range h.metrics {
		if shown(m) {
			t.Measured = append(t.Measured, m)
		}
	}
	for k, p := range h.parts {
		if h.above[k] < 0 || p.IsGroup() && len(f.classes()) > 0 || !p.IsGroup() && shown(p) {
			t.Scored = append(t.Scored, p)
		}
	}
	return t, nil
}

// classes are those of the players whose scorecards are for the reader.
func (f Found) classes() (all []class) {
	if f.Runs || f.Cards {
		all = append(all, ofOther)
	}
	if f.Number() >= 0 {
		all = append(all, ofReader)
	}
	if len(f.Given) > 0 {
		all = append(all, ofGiven)
	}
	return all
}

// Lines returns a line for each row of the leaderboard that the reader may see, best first. They are unpacked as they are read.
func (f Found) Lines(ctx context.Context, t Table) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		v := f.View
		if v.held == nil {
			if err := v.open(ctx, v.Release); err != nil {
				yield(Line{}, err)
				return
			}
		}
		for i := range v.Shown() {
			place := 0
			if i < v.top {
				place = v.seen.place(i)
			} else {
				place = int(v.extra[i-v.top])
			}
			if err := ctx.Err(); err != nil {
				yield(Line{}, err)
				return
			}
			if !yield(f.line(place, t), nil) {
				return
			}
		}
	}
}

func (f Found) line(place int, t Table) Line {
	v, nan := f.View, math.NaN()
	h := v.held
	l := Line{Row: v.row(place), Values: make([]float64, len(t.Measured)), Points: make([]float64, len(t.Scored))}
	open := l.Row.Key != "" && f.Opens(l.Row.Member)
	merged := h.mergedAt(place, v.lineVeil(v.classOf(l.Row.Member)))
	for i, m := range t.Measured {
		if l.Values[i] = nan; open && !merged.hides[m.Key] {
			l.Values[i] = h.number(place, h.raw+slices.Index(h.metrics, m))
		}
	}
	for i, p := range t.Scored {
		k := slices.Index(h.parts, p)
		if l.Points[i] = nan; merged.line[k] < 0 && (open || h.above[k] < 0) {
			l.Points[i] = h.number(place, h.points+k)
		}
	}
	return l
}

// History returns every final release of a board as somebody may see it, oldest first, with each edition beside the ones that it
// corrected. NotFound where a board's history or its leaderboard are not for them.
func (r *Releases) History(ctx context.Context, b *board.Board, a board.Access) (iter.Seq2[Found, error], error) {
	to, err := r.Reader(ctx, b, a)
	if err != nil {
		return nil, err
	}
	f := Found{Sight: sight(b, a)}
	f.Given, f.May = to.Given, to.May
	if !f.History || !f.Rows {
		return nil, fault.New(fault.NotFound, "The history of this board is not for everyone.")
	}
	return r.history(ctx, b, f, to)
}

// WholeHistory is History for an offline tool and the operator's console: all is shown.
func (r *Releases) WholeHistory(ctx context.Context, b *board.Board) (iter.Seq2[Found, error], error) {
	return r.history(ctx, b, Found{Sight: WholeSight}, Open)
}

// WholeSight is what Open reads with.
var WholeSight = Sight{Runs: true, Front: true, Rows: true, Cards: true, History: true, Whole: true, Everything: true, May: Open.May}

func (r *Releases) history(ctx context.Context, b *board.Board, f Found, to Reader) (iter.Seq2[Found, error], error) {
	all, err := r.Archive(ctx, b)
	if err != nil {
		return nil, err
	}
	return func(yield func(Found, error) bool) {
		for _, rel := range slices.Backward(all) {
			if rel.State != Final {
				continue
			}
			of := f
			of.View, err = r.View(ctx, b, rel, to)
			if err == nil {
				of.Card, err = r.boards.Scorecard(ctx, b.ID, rel.Version)
			}
			if !yield(of, err) || err != nil {
				return
			}
		}
	}, nil
}
