package release

import (
	"context"
	"math"
	"slices"
	"time"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/period"
	"cairn/internal/take"
	"cairn/score"
	"cairn/scorecard"
)

// calculation is a release on its way from the entries to the database.
type calculation struct {
	*verdict
	board    *board.Board
	period   period.Period
	previous *held // nil: the first
	frozen   *held // whose parameters are used, nil: the players' own
	earlier  []*held
	periods  []string // that claims name
	gap      bool     // a period without a release lies before
	fresh    bool     // the rules changed since the release before
	kept     []kept   // what players keep to themselves
	silences []score.Warning
	said     []said // what is by their own word
	sealed   *manifest
}

// calculate takes the entries, members and grants as tx sees them, and judges them. before are the final releases of earlier
// periods, each in its latest edition.
func (r *Releases) calculate(ctx context.Context, tx *db.Tx, b *board.Board, p period.Period, before []*record, at time.Time) (*calculation, error) {
	card, err := r.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	c := &calculation{board: b, period: p}
	for _, rec := range before {
		h, err := r.hold(ctx, b.ID, rec.id)
		if err != nil {
			return nil, err
		}
		c.earlier = append(c.earlier, h)
		c.previous = h
	}
	now := basis{judged: judged{card: card}, groups: tagGroups(card)}
	if card.Freeze != "" {
		if c.frozen, now.frozen, err = r.freeze(ctx, b, card, before); err != nil {
			return nil, err
		}
	}
	cards := []*scorecard.Scorecard{card}
	if c.previous != nil {
		j, err := r.judged(ctx, c.previous)
		if err != nil {
			return nil, err
		}
		now.before = &earlier{judged: j}
		c.gap = c.previous.period.Add(1) != p
		if c.fresh = !sameRules(card, j.card); c.fresh {
			cards = append(cards, j.card)
			for _, group := range tagGroups(j.card) {
				if !slices.Contains(now.groups, group) {
					now.groups = append(now.groups, group)
				}
			}
		}
	}
	g := gathering{board: b, at: at, period: p, cards: cards, previous: c.previous, groups: now.groups}
	if err := r.gather(ctx, tx, &g); err != nil {
		return nil, err
	}
	now.table, c.kept, c.said, c.silences = g.tables[0], g.kept, g.said, g.silences()
	if c.fresh {
		now.before.now = g.tables[1]
	}
	if c.previous != nil {
		if err := carry(&now, g.withheld); err != nil {
			return nil, err
		}
	}
	if c.verdict, err = judge(now); err != nil {
		return nil, g.refused(err)
	}
	c.member = g.numbers
	stories, values := storyBoard(b.Name, card, c.previous == nil)
	t := telling{v: c.verdict, board: stories, values: values, period: p.String(), gap: c.gap, fresh: c.fresh, earlier: c.earlier,
		periods: map[string]int{}}
	c.told = t.tell(c.member)
	c.periods = make([]string, len(t.periods))
	for name, i := range t.periods {
		c.periods[i] = name
	}
	return c, nil
}

// freeze finds the release whose parameters a scorecard uses.
func (r *Releases) freeze(ctx context.Context, b *board.Board, card *scorecard.Scorecard, before []*record) (*held, score.Parameters, error) {
	p, err := period.Parse(card.Period, card.Freeze)
	if err != nil {
		return nil, nil, fault.Wrap(fault.Invalid, err, "The scorecard says \"freeze: %s\", which is no %s: name a period of this board that is released.", card.Freeze, card.Period)
	}
	for _, rec := range before {
		if rec.period == p {
			h, err := r.hold(ctx, b.ID, rec.id)
			if err != nil {
				return nil, nil, err
			}
			frozen, err := r.parameters(ctx, h)
			return h, frozen, err
		}
	}
	return nil, nil, fault.New(fault.Conflict, "The scorecard says \"freeze: %s\", but the board %q has no final release of that period before this one: publish it first, or name another.", card.Freeze, b.Key)
}

// carry gives the metrics that keep their last released value that value: what the release before had, or itself carried.
// What a player withholds is not carried on.
func carry(b *basis, withheld func(metric string, player int) bool) error {
	tables := map[*scorecard.Scorecard]*score.Table{b.card: b.table}
	if b.before.now != nil {
		tables[b.before.card] = b.before.now
	}
	was := make(map[string]int, len(b.before.table.Players))
	for i, key := range b.before.table.Players {
		was[key] = i
	}
	var result *score.Result
	for card, table := range tables {
		_, carried := taken(card)
		for _, m := range carried {
			if result == nil {
				var err error
				if result, err = b.before.score(); err != nil {
					return err
				}
			}
			column := make([]float64, len(table.Players))
			for i, key := range table.Players {
				column[i] = math.NaN()
				if at, there := was[key]; there && !withheld(m.Key, i) {
					column[i] = released(result, at, m.Key)
				}
			}
			table.Carried[m.Key] = column
		}
	}
	return nil
}

// released is the value that a release gave a player for a metric, in raw units.
func released(result *score.Result, i int, key string) float64 {
	for _, p := range result.Parts(i) {
		if p.Part.Key == key && !math.IsNaN(p.Raw) {
			return p.Raw
		}
	}
	if carried := result.Table.Carried[key]; carried != nil {
		return carried[i]
	}
	return math.NaN()
}

// sameRules reports whether two scorecards judge alike, whatever they say about it.
func sameRules(a, b *scorecard.Scorecard) bool {
	if string(a.Source) == string(b.Source) {
		return true
	}
	return !slices.ContainsFunc(scorecard.Diff(a, b), func(c scorecard.Change) bool { return c.Kind != scorecard.Told })
}

// needed returns for each entry key how far back (microseconds) the metrics of a period read it.
func needed(card *scorecard.Scorecard, p period.Period, zone *time.Location) map[string]int64 {
	metrics, _ := taken(card)
	from := map[string]int64{}
	for _, m := range metrics {
		alone := *card
		alone.Parts = []*scorecard.Part{m}
		first, _ := take.New(&alone, p, zone).Span()
		if before, known := from[m.Entry]; !known || first < before {
			from[m.Entry] = first
		}
	}
	return from
}
