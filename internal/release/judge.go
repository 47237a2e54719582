package release

import (
	"math"
	"slices"
	"strconv"

	"cairn/score"
	"cairn/scorecard"
)

// basis is all that a release is calculated from: the same basis gives the same verdict, on a server and offline.
type basis struct {
	judged
	before *earlier // nil: the board's first release
	groups []string // tag groups, in the order of their columns
}

// judged is a table of values and the rules that judge it. Its players stand in the order of their keys.
type judged struct {
	card   *scorecard.Scorecard
	table  *score.Table
	frozen score.Parameters // nil: the parameters come from the players
}

func (j judged) score() (*score.Result, error) {
	return score.Score(j.card, j.table, score.Options{Frozen: j.frozen})
}

// earlier is the release before.
type earlier struct {
	judged
	now *score.Table // where the rules are new: the new values as the old rules take them, of the same players; else nil
}

// verdict is a calculated release.
type verdict struct {
	*layout
	basis
	result          *score.Result
	bridge          *score.Bridge  // nil: the board's first release
	member          []int64        // numbers, parallel to the table; nil offline
	told            []string       // packed claims, parallel to the table; nil offline
	was             map[string]int // places in the table before
	rankedPlayers   int
	finer           *scorecard.Scorecard // of the rules before and now those with more decimals: changes are told in them
	codes           [][]float64          // of each group: the players' tags
	taken, oldTaken [][]float64          // inputs, in the order of the layout
}

// judge calculates.
func judge(b basis) (*verdict, error) {
	result, err := b.score()
	if err != nil {
		return nil, err
	}
	v := &verdict{basis: b, result: result, finer: b.card}
	var old *scorecard.Scorecard
	if b.before != nil {
		before, err := b.before.score()
		if err != nil {
			return nil, err
		}
		now := b.table
		if b.before.now != nil {
			now, old = b.before.now, b.before.card
			if old.Decimals > b.card.Decimals {
				v.finer = old
			}
		}
		if v.bridge, err = score.NewBridge(before, result, now, score.Options{Frozen: b.before.frozen}); err != nil {
			return nil, err
		}
		v.was = make(map[string]int, len(before.Table.Players))
		for i, key := range before.Table.Players {
			v.was[key] = i
		}
	}
	tags, codes := tagsOf(b.table, b.groups)
	v.layout, v.codes = newLayout(b.card, old, b.groups, tags, b.before != nil), codes
	v.taken = columns(b.table, v.metrics, v.carried)
	if old != nil {
		v.oldTaken = columns(b.before.now, v.oldMetrics, v.oldCarried)
	}
	return v, nil
}

// tagsOf returns the tags of each group that some player has, sorted, and the place among them of each player's, NaN for
// none.
func tagsOf(t *score.Table, groups []string) (tags [][]string, codes [][]float64) {
	tags, codes = make([][]string, len(groups)), make([][]float64, len(groups))
	for g, group := range groups {
		place := map[string]float64{"": math.NaN()}
		for _, tag := range t.Tags[group] {
			if _, seen := place[tag]; !seen {
				place[tag] = 0
				tags[g] = append(tags[g], tag)
			}
		}
		slices.Sort(tags[g])
		for k, tag := range tags[g] {
			place[tag] = float64(k)
		}
		codes[g] = make([]float64, len(t.Players))
		for i := range codes[g] {
			codes[g][i] = math.NaN()
			if own := t.Tags[group]; own != nil {
				codes[g][i] = place[own[i]]
			}
		}
	}
	return tags, codes
}

// fill puts the lines of a chunk into a page. Pages of different chunks can be filled at the same time.
func (v *verdict) fill(p *page, chunk int) {
	order := v.result.Order[chunk*perChunk:]
	p.n = min(perChunk, len(order))
	var w work
	for at, player := range order[:p.n] {
		v.line(p, at, int(player), &w)
	}
}

// work is the memory that one line after another is calculated in.
type work struct {
	parts     score.Decomposition
	exact     []float64 // of each part
	amounts   []float64
	published []float64
	moves     [4][]float64 // of each moved part: all, own, others, rules; exact
}

func (v *verdict) line(p *page, at, i int, w *work) {
	r, t := v.result, v.table
	p.text[keyText][at] = t.Players[i]
	p.text[nameText][at] = ""
	if t.Names != nil {
		p.text[nameText][at] = t.Names[i]
	}
	p.text[noteText][at] = r.Note(i)
	p.text[toldText][at] = ""
	if v.told != nil {
		p.text[toldText][at] = v.told[i]
	}
	set := func(column int, x float64) { p.number[column][at] = x }
	set(v.layout.member, math.NaN())
	if v.member != nil {
		set(v.layout.member, float64(v.member[i]))
	}
	set(v.score, r.Score[i])
	set(v.exact, r.Exact[i])
	set(v.rank, r.Rank[i])
	set(v.coverage, r.Coverage[i])
	for g, group := range v.basis.groups {
		set(v.tag+g, v.codes[g][i])
		rank := 0.0
		if ranks := r.TagRanks[group]; ranks != nil {
			rank = ranks[i]
		}
		set(v.tagRank+g, rank)
	}
	for k, column := range v.taken {
		x := math.NaN()
		if column != nil {
			x = column[i]
		}
		p.number[v.raw+k][at] = x
	}
	v.putPoints(p, at, i, w)
	if v.bridge != nil {
		v.putMoves(p, at, i, w)
	}
}

// columns returns the columns of metrics, those of carried ones after them; nil where there is none.
func columns(t *score.Table, metrics, carried []*scorecard.Part) (all [][]float64) {
	for _, m := range metrics {
		all = append(all, t.Columns[m.Key])
	}
	for _, m := range carried {
		all = append(all, t.Carried[m.Key])
	}
	return all
}

// putPoints publishes the points of every part, so that those of the top parts add up to the score and those of a group's
// children to the group's.
func (v *verdict) putPoints(p *page, at, i int, w *work) {
	v.result.Decompose(i, &w.parts)
	w.exact = w.exact[:0]
	for _, k := range v.partAt {
		w.exact = append(w.exact, w.parts.Points[k])
	}
	v.share(p, at, v.points, v.below, v.card, v.result.Score[i], w.exact, w)
}

// share publishes exact amounts of parts level by level, so that the parts of each group add up to the group's.
func (v *verdict) share(p *page, at, first int, below [][]int, card *scorecard.Scorecard, total float64, exact []float64, w *work) {
	for group, parts := range below { // a group stands before its parts
		if len(parts) == 0 {
			continue
		}
		amount := total
		if group > 0 {
			amount = p.number[first+group-1][at]
		}
		w.amounts = w.amounts[:0]
		for _, k := range parts {
			x := exact[k]
			if math.IsNaN(amount) {
				x = math.NaN()
			}
			w.amounts = append(w.amounts, x) // that of a missing part is NaN and stays it
		}
		w.published = score.AppendPublished(w.published[:0], card, amount, w.amounts)
		for j, x := range w.published {
			p.number[first+parts[j]][at] = x
		}
	}
}

// putMoves publishes what moved the score of a player since the release before.
func (v *verdict) putMoves(p *page, at, i int, w *work) {
	set := func(column int, x float64) { p.number[column][at] = x }
	if v.old != nil {
		set(v.oldScore, v.bridge.Others.Score[i])
		set(v.oldRank, v.bridge.Others.Rank[i])
		for k, column := range v.oldTaken {
			x := math.NaN()
			if column != nil {
				x = column[i]
			}
			set(v.oldRaw+k, x)
		}
	}
	for column := v.change; column < v.numbers; column++ {
		set(column, math.NaN())
	}
	was, there := v.was[v.table.Players[i]]
	if !there {
		return
	}
	before, after := v.bridge.Before, v.result
	if before.Rank[was] > 0 && after.Rank[i] > 0 {
		set(v.climbed, before.Rank[was]-after.Rank[i])
	}
	if math.IsNaN(before.Score[was]) || math.IsNaN(after.Score[i]) {
		return
	}
	change := difference(v.finer, after.Score[i], before.Score[was])
	set(v.change, change)
	moves, ok := v.bridge.Moves(i)
	if !ok {
		return
	}
	for cause := range w.moves {
		w.moves[cause] = slices.Grow(w.moves[cause][:0], len(v.moved))[:len(v.moved)]
	}
	var causes [3]float64
	for n, m := range moves {
		k := v.movedAt[n]
		if k < 0 {
			continue
		}
		w.moves[0][k] = m.Own + m.Others + m.Rules
		w.moves[1][k], w.moves[2][k], w.moves[3][k] = m.Own, m.Others, m.Rules
		if v.movedAbove[k] < 0 {
			causes[0], causes[1], causes[2] = causes[0]+m.Own, causes[1]+m.Others, causes[2]+m.Rules
		}
	}
	if v.old != nil && v.old.Decimals != v.card.Decimals {
		causes[2] += v.spread(change-causes[0]-causes[1]-causes[2], w)
	}
	w.published = score.AppendPublished(w.published[:0], v.finer, change, causes[:])
	for k, x := range w.published {
		set(v.own+k, x)
	}
	v.share(p, at, v.move, v.movedBelow, v.finer, change, w.moves[0], w)
	for k := range v.moved {
		move := p.number[v.move+k][at]
		if math.IsNaN(move) {
			continue
		}
		split := [3]float64{w.moves[1][k], w.moves[2][k], w.moves[3][k]}
		if split[1] == 0 && split[2] == 0 { // the usual case: all of it is own action
			set(v.moveOwn+k, move)
			set(v.moveOthers+k, 0)
			set(v.moveRules+k, 0)
			continue
		}
		w.published = score.AppendPublished(w.published[:0], v.finer, move, split[:])
		for cause, x := range w.published {
			set(v.moveOwn+cause*len(v.moved)+k, x)
		}
	}
}

// spread gives to the parts in equal shares, group by group, what new decimals alone changed in the published score: it
// is the rules' doing. It returns that amount.
func (v *verdict) spread(amount float64, w *work) float64 {
	for group, parts := range v.movedBelow {
		share := amount
		if group > 0 {
			share = w.exact[group-1]
		}
		if group == 0 {
			w.exact = slices.Grow(w.exact[:0], len(v.moved))[:len(v.moved)]
		}
		for _, k := range parts {
			w.exact[k] = share / float64(len(parts))
			w.moves[0][k] += w.exact[k]
			w.moves[3][k] += w.exact[k]
		}
	}
	return amount
}

// difference is a − b of two published numbers, as a published number.
func difference(card *scorecard.Scorecard, a, b float64) float64 {
	d, _ := strconv.ParseFloat(strconv.FormatFloat(a-b, 'f', card.Decimals, 64), 64)
	return d + 0 // never −0
}
