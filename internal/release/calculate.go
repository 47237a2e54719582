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
	sealed   *manifest
}

// calculate takes the entries as tx sees them and judges them. before are the final releases of earlier periods, each in
// its latest edition.
func (r *Releases) calculate(ctx context.Context, tx *db.Tx, b *board.Board, p period.Period, before []*record) (*calculation, error) {
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
	tables, member, err := r.gather(ctx, tx, b, p, cards, c.previous, now.groups)
	if err != nil {
		return nil, err
	}
	now.table = tables[0]
	if c.fresh {
		now.before.now = tables[1]
	}
	if c.previous != nil {
		if err := carry(&now); err != nil {
			return nil, err
		}
	}
	if c.verdict, err = judge(now); err != nil {
		return nil, refused(err)
	}
	c.member = member
	stories, values := storyBoard(b.Name, card, c.previous == nil)
	t := telling{v: c.verdict, board: stories, values: values, period: p.String(), gap: c.gap, fresh: c.fresh, earlier: c.earlier,
		periods: map[string]int{}}
	c.told = t.tell(member)
	c.periods = make([]string, len(t.periods))
	for name, i := range t.periods {
		c.periods[i] = name
	}
	return c, nil
}

// refused says for people why the engine refuses a value.
func refused(err error) error {
	if e, ok := err.(*score.DataError); ok {
		return fault.Wrap(fault.Invalid, err, "The scorecard refuses a value: %s. Correct the entry or the scorecard.", e.Error())
	}
	return err
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

// gather reduces the entries under each of the scorecards to tables of the same players, in the order of their keys. A
// player is in a release who has an entry in one of its windows, or was in the release before.
func (r *Releases) gather(ctx context.Context, tx *db.Tx, b *board.Board, p period.Period, cards []*scorecard.Scorecard, previous *held, groups []string) ([]*score.Table, []int64, error) {
	type reading struct {
		*take.Taker
		from, to int64
		keys     []int // of the block's dictionary, -1 where no metric reads one
	}
	takers := make([]reading, len(cards))
	from, to := int64(math.MaxInt64), int64(math.MinInt64)
	for i, card := range cards {
		t := take.New(card, p, b.Location())
		takers[i] = reading{Taker: t}
		takers[i].from, takers[i].to = t.Span()
		from, to = min(from, takers[i].from), max(to, takers[i].to)
	}
	var there []bool // by member's number
	for block, err := range r.entries.Window(ctx, tx, b.ID, from, to) {
		if err != nil {
			return nil, nil, err
		}
		for n := range takers {
			t := &takers[n]
			t.keys = t.keys[:0]
			labels := make([]bool, len(block.Keys))
			for i, name := range block.Keys {
				key, ok := t.Key(name)
				if !ok {
					key = -1
				}
				t.keys = append(t.keys, key)
				labels[i] = ok && t.NeedsLabel(key)
			}
			for i, m := range block.Member {
				key, at := t.keys[block.Key[i]], block.At[i]
				if key < 0 || at < t.from || at >= t.to {
					continue
				}
				for int(m) >= len(there) {
					there = append(there, make([]bool, max(1024, len(there)))...)
				}
				there[m] = true
				label := uint32(0)
				if labels[block.Key[i]] {
					text := block.Label(i)
					if text == "" {
						text = block.ID(i)
					}
					label = t.Label(text)
				}
				t.Add(int(m), key, at, block.Value[i], label)
			}
		}
	}
	if previous != nil {
		for _, c := range previous.chunks {
			numbers := c.column(textColumns + previous.member)
			for i := range c.n {
				m := int(numbers.number(i))
				for m >= len(there) {
					there = append(there, make([]bool, max(1024, len(there)))...)
				}
				there[m] = true
			}
		}
	}
	// The members are read after the entries, so that everyone who has an entry is among them.
	all, err := r.boards.Members(ctx, b.ID)
	if err != nil {
		return nil, nil, err
	}
	members := make([]board.Member, 0, len(all))
	for _, m := range all {
		if m.Number < int64(len(there)) && there[m.Number] {
			members = append(members, m)
		}
	}
	if len(members) == 0 {
		return nil, nil, fault.New(fault.Conflict, "No player of %q has an entry that counts for %s: import entries first, or look whether their keys are those of the scorecard.", b.Key, p)
	}
	sortByKey(members, func(m board.Member) string { return m.Key })
	numbers := make([]int64, len(members))
	most := int64(0)
	for i, m := range members {
		numbers[i] = m.Number
		most = max(most, m.Number)
	}
	players, names, tags := make([]string, len(members)), make([]string, len(members)), map[string][]string{}
	for _, group := range groups {
		tags[group] = make([]string, len(members))
	}
	for i, m := range members {
		players[i], names[i] = m.Key, m.Name
		for _, group := range groups {
			tags[group][i] = m.Tags[group]
		}
	}
	tables := make([]*score.Table, len(cards))
	for n := range takers {
		columns, totals := takers[n].Columns(int(most) + 1)
		for key, byNumber := range columns {
			column := make([]float64, len(numbers))
			for i, m := range numbers {
				column[i] = byNumber[m]
			}
			columns[key] = column
		}
		tables[n] = &score.Table{Players: players, Names: names, Tags: tags, Columns: columns, Totals: totals, Carried: map[string][]float64{}}
	}
	return tables, numbers, nil
}

// carry gives the metrics that keep their last released value that value: what the release before had, or itself carried.
func carry(b *basis) error {
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
				if at, there := was[key]; there {
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
