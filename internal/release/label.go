package release

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"sort"
	"strings"

	"cairn/internal/board"
	"cairn/internal/consent"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/period"
	"cairn/scorecard"
)

const (
	// MostLabels is of how many labels is told at once.
	MostLabels = 500
	// mostTallied is how many labels, times periods, are added up at once: whoever sends entries may call each of them something else.
	mostTallied = 200_000
)

// LabelQuestion asks what came of what bears a label: how many entries of one key there were, and how many of another followed.
type LabelQuestion struct {
	From, To    string // keys of entries; both "": the first two of the scorecard. To "": none
	First, Last string // periods; "" the last four releases
}

// ByLabel is what the entries of released periods say by their labels, such as video/intro. What stands before the slash is a tactic,
// and a label is one of its assets. Whatever is of fewer players than the board's smallest cohort in any of the periods is withheld, and
// so is what would tell it: no two questions at one time tell by subtraction what one does not. Of questions at two times that is not
// so: see Releases.ByLabel.
type ByLabel struct {
	Released []period.Period // whose raw entries are all kept, oldest first: which may be asked for
	Purged   int             // releases before them, whose raw entries are gone
	Keys     []string        // of entries which may be asked for
	From, To string
	Window   []period.Period // oldest first; none: nothing was released, or nothing of it is kept

	All      Labelled
	Tactics  []Tactic // most entries first
	Withheld int      // labels of which nothing may be told
	Left     int      // labels beyond MostLabels
}

// Tactic is what its assets say together, and each of them. What bears no label is the tactic "".
type Tactic struct {
	Labelled
	Assets []Labelled
}

// Labelled is the entries with a label.
type Labelled struct {
	Label    string
	From, To Tally
}

// Tally is the entries of a key.
type Tally struct {
	Entries int     // −1 withheld
	Sum     float64 // of their numbers; NaN withheld
	Players int     // −1 withheld
}

// Conversion is how many entries there are of To for one of From; NaN where either is withheld, or there is none of From.
func (l Labelled) Conversion() float64 {
	if l.From.Entries <= 0 || l.To.Entries < 0 {
		return math.NaN()
	}
	return float64(l.To.Entries) / float64(l.From.Entries)
}

// ByLabel answers a question about labels. It counts the entries of whoever is scored on the board now; on a board by opt-in, those that
// some metric reads and that the player lets the board use. Whoever leaves, is taken off or takes a grant back is in no figure from then
// on: somebody who noted the figures before sees by how much they change. So do entries that come for a period that is released.
// Invalid, with the field, for a key or a period that cannot be asked for, and where there are too many labels to add up; with what may be
// asked for.
func (r *Releases) ByLabel(ctx context.Context, b *board.Board, q LabelQuestion) (told ByLabel, err error) {
	card, err := r.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return told, err
	}
	err = r.db.Read(ctx, func(tx *db.Tx) error {
		l := &labelling{gathering: gathering{board: b, at: r.now(), cards: []*scorecard.Scorecard{card}}}
		if err := r.readWords(ctx, tx, &l.gathering); err != nil {
			return err
		}
		all, err := finals(tx, b.ID)
		if err != nil {
			return err
		}
		whole, err := r.entries.Whole(tx, b.ID)
		if err != nil {
			return err
		}
		for _, rec := range latestEditions(all, math.MaxInt64) {
			if from, _ := rec.period.Bounds(b.Location()); from.UnixMicro() < whole {
				l.told.Purged++
			} else {
				l.told.Released = append(l.told.Released, rec.period)
			}
		}
		if err := l.ask(q); err != nil {
			return err
		}
		told = l.told
		if err := l.read(ctx, tx, r); err != nil {
			return err
		}
		told = l.tell()
		return nil
	})
	return told, err
}

// labelling is an answer on its way.
type labelling struct {
	gathering
	told   ByLabel
	assets map[string]*labelNode
}

// ask settles what is asked for.
func (l *labelling) ask(q LabelQuestion) error {
	t := &l.told
	metrics, _ := taken(l.cards[0])
	for _, m := range metrics {
		if !l.derived[m.Key] && !slices.Contains(t.Keys, m.Entry) {
			t.Keys = append(t.Keys, m.Entry)
		}
	}
	if t.From, t.To = q.From, q.To; q.From == "" && q.To == "" {
		for i, key := range []*string{&t.From, &t.To} {
			if i < len(t.Keys) {
				*key = t.Keys[i]
			}
		}
	}
	if t.From == t.To && t.To != "" {
		return fault.Wrong("to", "Choose two different keys: from what, and to what.")
	}
	for _, asked := range []struct{ field, key string }{{"from", t.From}, {"to", t.To}} {
		if asked.key != "" && l.board.Basis == board.OptIn && !slices.Contains(t.Keys, asked.key) {
			return fault.Wrong(asked.field, "No metric of the scorecard reads entries of %.100q that the board itself brings.", asked.key)
		}
	}
	find := func(field, name string, usual int) (int, error) {
		if name == "" {
			return usual, nil
		}
		i := slices.IndexFunc(t.Released, func(p period.Period) bool { return p.String() == name })
		if i < 0 {
			return 0, fault.Wrong(field, "There is no release of %.40q whose raw entries are kept.", name)
		}
		return i, nil
	}
	last, err := find("last", q.Last, len(t.Released)-1)
	if err != nil {
		return err
	}
	first, err := find("first", q.First, max(0, last+1-Usual))
	if err != nil {
		return err
	}
	if first > last && last >= 0 {
		return fault.Wrong("last", "The last period lies before the first.")
	}
	t.Window = t.Released[first : last+1]
	return nil
}

// counts returns by number whose entries of a key count.
func (l *labelling) counts(key string, all []board.Member) []bool {
	var read []*scorecard.Part
	metrics, _ := taken(l.cards[0])
	for _, m := range metrics {
		if m.Entry == key {
			read = append(read, m)
		}
	}
	counted := make([]bool, numbersOf(all))
	for _, member := range all {
		counted[member.Number] = key != "" && member.State.Scored() && (len(read) > 0 || l.board.Basis != board.OptIn) &&
			!slices.ContainsFunc(read, func(m *scorecard.Part) bool { return l.derived[m.Key] || !l.grants(member, m.Key) })
	}
	return counted
}

// read reads the entries of the window.
func (l *labelling) read(ctx context.Context, tx *db.Tx, r *Releases) error {
	l.assets = map[string]*labelNode{}
	window := l.told.Window
	if len(window) == 0 {
		return nil
	}
	all, err := r.boards.MembersIn(tx, l.board.ID)
	if err != nil {
		return err
	}
	counted := [2][]bool{l.counts(l.told.From, all), l.counts(l.told.To, all)}
	starts, ends := make([]int64, len(window)), make([]int64, len(window))
	for i, p := range window {
		from, to := p.Bounds(l.board.Location())
		starts[i], ends[i] = from.UnixMicro(), to.UnixMicro()
	}
	var met []string
	for block, err := range r.entries.Window(ctx, tx, l.board.ID, starts[0], ends[len(ends)-1]) {
		if err != nil {
			return err
		}
		met = append(met, block.Keys...)
		asked := make([]int, len(block.Keys))
		for i, key := range block.Keys {
			asked[i] = slices.Index([]string{l.told.From, l.told.To}, key)
		}
		for i, m := range block.Member {
			key := asked[block.Key[i]]
			if key < 0 || int(m) >= len(counted[key]) || !counted[key][m] {
				continue
			}
			if at := sort.Search(len(starts), func(n int) bool { return starts[n] > block.At[i] }) - 1; at >= 0 && block.At[i] < ends[at] {
				l.add(block.Label(i), key, at, int(m), block.Value[i])
			}
		}
		if len(l.assets)*len(window) > mostTallied {
			return fault.Wrong("first", "There are more than %d different labels in these periods: ask for fewer of them, or for keys whose entries bear fewer.", mostTallied/len(window))
		}
		slices.Sort(met)
		met = slices.Compact(met)
	}
	if l.board.Basis != board.OptIn {
		l.told.Keys = append(l.told.Keys, slices.DeleteFunc(met, func(key string) bool { return slices.Contains(l.told.Keys, key) })...)
	}
	return nil
}

// add counts an entry: of From (0) or To (1), in one period of the window.
func (l *labelling) add(label string, key, at, player int, value float64) {
	n := l.assets[label]
	if n == nil {
		n = newLabelNode(label, len(l.told.Window))
		l.assets[label] = n
	}
	c := &n.cells[key][at]
	c.entries++
	c.players[counting] = with(c.players[counting], player)
	if !math.IsNaN(value) {
		c.sum += value
		c.players[adding] = with(c.players[adding], player)
	}
}

// with notes one more player. The list is as long as there are players, however many entries they have.
func with(players consent.Cohort, one int) consent.Cohort {
	if n := len(players); n >= 64 && n == cap(players) {
		slices.Sort(players)
		players = slices.Compact(players)
		if len(players) > n/2 {
			players = slices.Grow(players, n)
		}
	}
	return append(players, one)
}

// tacticOf is what stands before the slash of a label; of an address its site.
func tacticOf(label string) string {
	if _, site, address := strings.Cut(label, "://"); address {
		label = site
	}
	if tactic, _, _ := strings.Cut(label, "/"); tactic != "" {
		return tactic
	}
	return label
}

// What is told of entries: how many there are, and what their numbers add up to. Not every entry has a number.
const (
	counting = iota
	adding
)

// labelNode is everything, a tactic or an asset.
type labelNode struct {
	label string
	parts []*labelNode
	cells [2][]labelCell // of From and To, by period of the window
}

// labelCell is the entries of one key in one period.
type labelCell struct {
	entries int
	sum     float64
	players [2]consent.Cohort // who has some that are counted, or added up
	told    [2]bool
}

func newLabelNode(label string, periods int) *labelNode {
	return &labelNode{label: label, cells: [2][]labelCell{make([]labelCell, periods), make([]labelCell, periods)}}
}

// tell puts the assets under their tactics, and says what may be told.
func (l *labelling) tell() ByLabel {
	t := l.told
	all, tactics := newLabelNode("", len(t.Window)), map[string]*labelNode{}
	for _, label := range slices.Sorted(maps.Keys(l.assets)) {
		name := tacticOf(label)
		if tactics[name] == nil {
			tactics[name] = newLabelNode(name, len(t.Window))
			all.parts = append(all.parts, tactics[name])
		}
		tactics[name].parts = append(tactics[name].parts, l.assets[label])
	}
	all.add()
	for key := range all.cells {
		for at := range all.cells[key] {
			c := &all.cells[key][at]
			for what, players := range c.players {
				c.told[what] = len(players) == 0 || len(players) >= l.board.Smallest
			}
		}
	}
	all.judge(l.board.Smallest)
	t.All = all.labelled()
	for _, tactic := range all.parts {
		of := Tactic{Labelled: tactic.labelled()}
		for _, asset := range tactic.parts {
			if a := asset.labelled(); a.says() {
				of.Assets = append(of.Assets, a)
			} else {
				t.Withheld++
			}
		}
		if of.says() {
			slices.SortStableFunc(of.Assets, mostEntries)
			t.Tactics = append(t.Tactics, of)
		}
	}
	slices.SortStableFunc(t.Tactics, func(a, b Tactic) int { return mostEntries(a.Labelled, b.Labelled) })
	t.cut()
	return t
}

// says reports whether something is told of a label: else not even its name is.
func (l Labelled) says() bool { return l.From.Entries > 0 || l.To.Entries > 0 }

func mostEntries(a, b Labelled) int {
	return cmp.Or(cmp.Compare(b.From.Entries, a.From.Entries), cmp.Compare(b.To.Entries, a.To.Entries))
}

// cut leaves out the last of more labels than are told at once.
func (t *ByLabel) cut() {
	room, told := MostLabels, 0
	for i := range t.Tactics {
		of := &t.Tactics[i]
		keep := min(len(of.Assets), room)
		t.Left += len(of.Assets) - keep
		of.Assets = of.Assets[:keep]
		if room > 0 {
			room, told = room-max(1, keep), i+1
		}
	}
	t.Tactics = t.Tactics[:told]
}

// add adds up the parts, and makes sets of players of lists.
func (n *labelNode) add() {
	for _, part := range n.parts {
		part.add()
	}
	for key := range n.cells {
		for at := range n.cells[key] {
			c := &n.cells[key][at]
			for _, part := range n.parts {
				p := &part.cells[key][at]
				c.entries, c.sum = c.entries+p.entries, c.sum+p.sum
				for what := range c.players {
					c.players[what] = append(c.players[what], p.players[what]...)
				}
			}
			for what := range c.players {
				slices.Sort(c.players[what])
				c.players[what] = slices.Compact(c.players[what])
			}
		}
	}
}

// judge decides of each period which parts of what may be told may be told too.
func (n *labelNode) judge(smallest int) {
	parts := make([]consent.Cohort, len(n.parts))
	for key := range n.cells {
		for at := range n.cells[key] {
			for what, told := range n.cells[key][at].told {
				for i, part := range n.parts {
					parts[i] = part.cells[key][at].players[what]
				}
				for i, may := range consent.PublishableParts(parts, smallest) {
					n.parts[i].cells[key][at].told[what] = may && told || len(parts[i]) == 0
				}
			}
		}
	}
	for _, part := range n.parts {
		part.judge(smallest)
	}
}

// labelled adds up the periods, of which each must be told.
func (n *labelNode) labelled() Labelled {
	var tallies [2]Tally
	for key, periods := range n.cells {
		var t Tally
		var players consent.Cohort
		counted, added := true, true
		for _, c := range periods {
			t.Entries, t.Sum = t.Entries+c.entries, t.Sum+c.sum
			players = append(players, c.players[counting]...)
			counted, added = counted && c.told[counting], added && c.told[counting] && c.told[adding]
		}
		slices.Sort(players)
		if t.Players = len(slices.Compact(players)); !counted {
			t.Entries, t.Players = -1, -1
		}
		if !added {
			t.Sum = math.NaN()
		}
		tallies[key] = t
	}
	return Labelled{Label: n.label, From: tallies[0], To: tallies[1]}
}
