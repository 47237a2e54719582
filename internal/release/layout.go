package release

import (
	"slices"

	"cairn/scorecard"
)

// layout says which columns the chunks of a release have. It follows from the scorecards and from what the release
// tells: no column is stored for what cannot be there.
type layout struct {
	card   *scorecard.Scorecard
	old    *scorecard.Scorecard // of the release before, where the rules are new; else nil
	groups []string             // tag groups
	tags   [][]string           // of each group: its tags, sorted
	moves  bool                 // there is a release before

	all        []*scorecard.Part // every metric, those of the old rules after them
	metrics    []*scorecard.Part // with values taken from entries
	carried    []*scorecard.Part // with missing: carry
	parts      []*scorecard.Part // scored, depth first
	above      []int             // of each part: its group's place in parts, -1 for a top part
	apart      []int             // of each part −1: it is told in a line of its own
	calm       []bool            // of the score, then of each part false: nothing below it is told together
	below      [][]int           // of the score, then of each part: its children's places in parts
	moved      []*scorecard.Part // parts, then metrics that only the old rules score
	movedAbove []int
	movedBelow [][]int
	partAt     []int // of each part: its place among all parts of the scorecard
	movedAt    []int // of each move that the engine tells: its part's place in moved, -1 unscored
	oldMetrics []*scorecard.Part
	oldCarried []*scorecard.Part

	// Where each column, or the first of a run of columns, stands among the numbers.
	member, score, exact, rank, coverage int
	tag, tagRank                         int // one a group
	change, climbed, own, others, rules  int
	oldScore, oldRank                    int
	raw, carry, points                   int // one a metric, a carried metric, a part
	move, moveOwn, moveOthers, moveRules int // one a moved part
	oldRaw, oldCarry                     int
	numbers                              int
}

// The columns of texts.
const (
	keyText = iota
	nameText
	noteText
	toldText
	textColumns
)

func newLayout(card, old *scorecard.Scorecard, groups []string, tags [][]string, moves bool) *layout {
	l := &layout{card: card, old: old, groups: groups, tags: tags, moves: moves}
	l.metrics, l.carried = taken(card)
	l.all = card.Metrics()
	if old != nil {
		l.all = slices.Concat(l.all, old.Metrics())
	}
	l.parts, l.above = scoredParts(card)
	at := 0
	card.Walk(func(p, _ *scorecard.Part, _ int) {
		if p.Scored {
			l.partAt = append(l.partAt, at)
		}
		at++
	})
	l.below = below(l.above)
	l.apart, l.calm = slices.Repeat([]int{-1}, len(l.parts)), make([]bool, len(l.parts)+1)
	at = 0
	run := func(n int) (first int) {
		first = at
		at += n
		return first
	}
	l.member, l.score, l.exact, l.rank, l.coverage = run(1), run(1), run(1), run(1), run(1)
	l.tag, l.tagRank = run(len(groups)), run(len(groups))
	l.raw, l.carry, l.points = run(len(l.metrics)), run(len(l.carried)), run(len(l.parts))
	if moves {
		l.moved, l.movedAbove = l.parts, l.above
		if old != nil {
			l.addGoneParts()
			l.oldMetrics, l.oldCarried = taken(old)
			l.oldScore, l.oldRank = run(1), run(1)
			l.oldRaw, l.oldCarry = run(len(l.oldMetrics)), run(len(l.oldCarried))
		}
		l.change, l.climbed, l.own, l.others, l.rules = run(1), run(1), run(1), run(1), run(1)
		l.movedBelow = below(l.movedAbove)
		l.movedAt = l.movePlaces()
		n := len(l.moved)
		l.move, l.moveOwn, l.moveOthers, l.moveRules = run(n), run(n), run(n), run(n)
	}
	l.numbers = at
	return l
}

// addGoneParts adds the metrics that only the old rules score to the parts that can have moved, beside the top parts.
func (l *layout) addGoneParts() {
	l.moved, l.movedAbove = slices.Clone(l.parts), slices.Clone(l.above)
	stays := map[string]bool{}
	for _, p := range l.parts {
		if !p.IsGroup() {
			stays[p.Key] = true
		}
	}
	for _, p := range l.old.Metrics() {
		if p.Scored && !stays[p.Key] {
			l.moved, l.movedAbove = append(l.moved, p), append(l.movedAbove, -1)
		}
	}
}

// movePlaces follows the order in which the engine tells moves: all parts of the new rules, then the metrics that only
// the old rules score.
func (l *layout) movePlaces() (at []int) {
	next := 0
	l.card.Walk(func(p, _ *scorecard.Part, _ int) {
		if !p.Scored {
			at = append(at, -1)
			return
		}
		at = append(at, next)
		next++
	})
	for ; next < len(l.moved); next++ {
		at = append(at, next)
	}
	return at
}

// taken returns the metrics of a scorecard whose values come from entries, and those that carry their last value.
func taken(card *scorecard.Scorecard) (metrics, carried []*scorecard.Part) {
	for _, p := range card.Metrics() {
		if p.Formula == nil || p.Formula.UsesValue {
			metrics = append(metrics, p)
		}
		if p.Missing.Kind == scorecard.MissingCarry {
			carried = append(carried, p)
		}
	}
	return metrics, carried
}

func scoredParts(card *scorecard.Scorecard) (parts []*scorecard.Part, above []int) {
	place := map[*scorecard.Part]int{}
	card.Walk(func(p, parent *scorecard.Part, _ int) {
		if !p.Scored {
			return
		}
		group := -1
		if parent != nil {
			group = place[parent]
		}
		place[p] = len(parts)
		parts, above = append(parts, p), append(above, group)
	})
	return parts, above
}

// below turns the group of each part into the children of each group; those of the score stand first.
func below(above []int) [][]int {
	children := make([][]int, len(above)+1)
	for part, group := range above {
		children[group+1] = append(children[group+1], part)
	}
	return children
}

// tagGroups returns the tag groups that a scorecard names.
func tagGroups(card *scorecard.Scorecard) []string {
	groups := slices.Clone(card.Tags)
	for _, p := range card.Metrics() {
		if p.Missing.By != "" && !slices.Contains(groups, p.Missing.By) {
			groups = append(groups, p.Missing.By)
		}
	}
	return groups
}

// page is up to perChunk lines of a release as columns in memory.
type page struct {
	*layout
	n      int
	number [][]float64
	text   [][]string
}

func (l *layout) page() *page {
	p := &page{layout: l, number: make([][]float64, l.numbers), text: make([][]string, textColumns)}
	cells := make([]float64, l.numbers*perChunk)
	for i := range p.number {
		p.number[i] = cells[i*perChunk : (i+1)*perChunk]
	}
	for i := range p.text {
		p.text[i] = make([]string, perChunk)
	}
	return p
}

// columns is how many columns a chunk has.
func (l *layout) columns() int { return textColumns + l.numbers }

// store appends the page packed.
func (p *page) store(dst []byte, s *sheet) []byte {
	s.reset()
	for _, column := range p.text {
		s.texts(column[:p.n])
	}
	for _, column := range p.number {
		s.numbers(column[:p.n])
	}
	return s.appendTo(dst)
}

// load unpacks a chunk.
func (p *page) load(c *chunk) {
	p.n = c.n
	for k := range p.text {
		col := c.column(k)
		for i := range c.n {
			p.text[k][i] = string(col.text(i))
		}
	}
	for k := range p.number {
		col := c.column(textColumns + k)
		for i := range c.n {
			p.number[k][i] = col.number(i)
		}
	}
}
