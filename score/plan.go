package score

import (
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"cairn/scorecard"
)

// node is a part with what the calculation needs to know of it. Node 0 is the scorecard itself, a group of the top
// parts; the others follow depth first, so that children come after their parent.
type node struct {
	part     *scorecard.Part
	parent   int
	depth    int
	children []int   // scored ones
	scored   bool    // and so is every group above
	weight   float64 // effective
	full     float64 // of a metric: full marks, NaN where it has none
}

// few players are not worth a second worker.
const few = 256

// calculation is the columns a result is made of. Columns by node are nil where they do not apply.
type calculation struct {
	card    *scorecard.Scorecard
	table   *Table
	options Options
	workers int
	scale   float64

	nodes  []node
	metric map[string]int   // metric key → node
	left   map[int32]string // players who were excluded or screened out, and why

	raw    [][]float64 // metrics: after formulas
	gaps   []bool      // metrics: somebody has no raw value
	inner  [][]float64 // metrics: normalised; groups: combined; both before then, floor and cap
	value  [][]float64 // the part's own value; shares its column with inner where nothing comes between
	places [][]float64 // children of relative: relative ranks; of position: ranks

	parameters []*Parameter
	warnings   [][]Warning // by node
	marks      bool        // every scored metric has full marks, and no outranking stands below a mean
	linear     bool        // every group is a plain weighted mean or sum without then, floor or cap
	scratch    chan *sorter
}

func newCalculation(card *scorecard.Scorecard, table *Table, options Options) (*calculation, error) {
	c := &calculation{card: card, table: table, options: options, scale: scale(card), metric: map[string]int{}, left: map[int32]string{}}
	if c.workers = options.Workers; c.workers <= 0 {
		c.workers = runtime.GOMAXPROCS(0)
	}
	if len(table.Players) < few {
		c.workers = 1
	}
	c.scratch = make(chan *sorter, c.workers)
	for range c.workers {
		c.scratch <- &sorter{}
	}
	if err := checkTable(table); err != nil {
		return nil, err
	}
	root := &scorecard.Part{Key: card.Key, Weight: 1, Combine: card.Combine, Needs: card.Needs, Parts: card.Parts, Scored: true}
	c.plan(root, -1, -1)
	n := len(c.nodes)
	c.raw, c.inner, c.value, c.places = make([][]float64, n), make([][]float64, n), make([][]float64, n), make([][]float64, n)
	c.gaps = make([]bool, n)
	c.parameters, c.warnings = make([]*Parameter, n), make([][]Warning, n)
	c.nodes[0].weight = 1
	for i := range c.nodes {
		c.shareWeight(i)
	}
	return c, nil
}

// checkTable refuses a table that breaks its own promises.
func checkTable(t *Table) error {
	n := len(t.Players)
	if t.Names != nil && len(t.Names) != n {
		return fmt.Errorf("the table has %d players and %d names", n, len(t.Names))
	}
	for group, tags := range t.Tags {
		if len(tags) != n {
			return fmt.Errorf("the table has %d players and %d tags of group %s", n, len(tags), group)
		}
	}
	for key, column := range t.Columns {
		if len(column) != n {
			return fmt.Errorf("the table has %d players and %d values of %s", n, len(column), key)
		}
	}
	for key, column := range t.Carried {
		if len(column) != n {
			return fmt.Errorf("the table has %d players and %d carried values of %s", n, len(column), key)
		}
	}
	return nil
}

// plan lays out a part and those below it and reports whether anything in it is scored.
func (c *calculation) plan(p *scorecard.Part, parent, depth int) bool {
	at := len(c.nodes)
	c.nodes = append(c.nodes, node{part: p, parent: parent, depth: depth, full: math.NaN()})
	if !p.IsGroup() {
		c.nodes[at].scored = p.Scored
		c.metric[p.Key] = at
		return p.Scored
	}
	var children []int
	for _, child := range p.Parts {
		next := len(c.nodes)
		if c.plan(child, at, depth+1) {
			children = append(children, next)
		}
	}
	c.nodes[at].children = children
	c.nodes[at].scored = len(children) > 0
	return len(children) > 0
}

// shareWeight hands a group's effective weight down to its scored children.
func (c *calculation) shareWeight(i int) {
	total := 0.0
	for _, k := range c.nodes[i].children {
		total += c.nodes[k].part.Weight
	}
	for _, k := range c.nodes[i].children {
		if total > 0 {
			c.nodes[k].weight = c.nodes[i].weight * (c.nodes[k].part.Weight / total)
		}
	}
}

// isMetric reports whether node i is a metric.
func (c *calculation) isMetric(i int) bool { return !c.nodes[i].part.IsGroup() }

// byRank reports whether the children of node i enter it by their ranks.
func (c *calculation) byRank(i int) bool {
	mean := c.nodes[i].part.Combine.Mean
	return len(c.nodes[i].children) > 0 && (mean == scorecard.Relative || mean == scorecard.Position)
}

// higherWins is a part's better direction where parts are compared with one another.
func higherWins(p *scorecard.Part) bool {
	if p.IsGroup() {
		return p.Combine.Mean != scorecard.Position
	}
	return p.Better != scorecard.Lower || p.Scored && p.Normalise.Method != scorecard.NormNone
}

func (c *calculation) warn(i int, format string, args ...any) {
	c.warnings[i] = append(c.warnings[i], Warning{Part: c.nodes[i].part.Key, Message: fmt.Sprintf(format, args...)})
}

func (c *calculation) collectWarnings() []Warning {
	var all []Warning
	for _, warnings := range c.warnings {
		all = append(all, warnings...)
	}
	return all
}

// each calls do for 0 … n−1, spread over the workers.
func (c *calculation) each(n int, do func(i int)) {
	if c.workers == 1 || n < 2 {
		for i := range n {
			do(i)
		}
		return
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(c.workers, n) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wait.Wait()
}

// run is how many players a worker takes at a time: enough to be worth a hand-over, few enough to stay in cache.
const run = 4096

// players calls do for runs of players from ≤ i < to, spread over the workers.
func (c *calculation) players(do func(from, to int)) {
	n := len(c.table.Players)
	c.each((n+run-1)/run, func(i int) { do(i*run, min(n, (i+1)*run)) })
}

// firstErrors keeps, of the errors that workers meet, the one of the first player.
type firstErrors struct {
	mutex  sync.Mutex
	player int
	err    error
}

func (f *firstErrors) add(player int, err error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.err == nil || player < f.player {
		f.player, f.err = player, err
	}
}

func (c *calculation) refuse(i, player int, format string, args ...any) error {
	return &DataError{Player: c.table.Players[player], Part: c.keyOf(i), Message: fmt.Sprintf(format, args...)}
}

// keyOf names node i in messages.
func (c *calculation) keyOf(i int) string {
	if i == 0 {
		return "the score"
	}
	return c.nodes[i].part.Key
}
