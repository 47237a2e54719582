package release

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"cairn/internal/board"
	"cairn/internal/consent"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/period"
	"cairn/internal/player"
	"cairn/internal/take"
	"cairn/score"
	"cairn/scorecard"
)

// gathering is the values of a release on their way from entries, members and grants to tables.
type gathering struct {
	board    *board.Board
	at       time.Time // of the grants
	period   period.Period
	cards    []*scorecard.Scorecard // the rules, and where they are new those of the release before
	previous *held                  // nil: the first
	groups   []string               // tag groups

	members []board.Member                      // of the release, in the order of their refs
	numbers []int64                             // theirs
	granted map[string]map[string]consent.Grant // account → metric; of a board by opt-in, else nil
	readBy  map[string][]string                 // metric → the formulas among what the board asks for that read it
	derived map[string]bool                     // metrics whose values come from the players' own sources
	silent  map[string]string                   // entry keys that nothing could have brought → why
	tables  []*score.Table                      // one for each of the rules
	kept    []kept
	words   map[string]map[int64]float64 // metric → number: which share of it is by the player's own word
	said    []said
}

// said is a metric of the rules of which some is by players' own word.
type said struct {
	metric string
	share  []float64 // parallel to the table, 0 nothing
}

// kept is a metric of the rules that some players keep to themselves.
type kept struct {
	metric  string
	players []bool // parallel to the table
}

// reading is how the entries are read under one scorecard.
type reading struct {
	*take.Taker
	from, to int64
	keys     []int // of the block's dictionary, -1 where no metric reads one
}

// gather fills in the tables, of the same players. In a release is who is scored on the board at this instant and has an entry
// in one of its windows, or was in the release before. On a board by opt-in nothing is taken that is not granted at this
// instant: a value without a grant is missing.
func (r *Releases) gather(ctx context.Context, tx *db.Tx, g *gathering) error {
	all, err := r.boards.MembersIn(tx, g.board.ID)
	if err != nil {
		return err
	}
	if err := r.readWords(ctx, tx, g); err != nil {
		return err
	}
	takers, there, err := r.takeEntries(ctx, tx, g)
	if err != nil {
		return err
	}
	if g.previous != nil {
		for _, c := range g.previous.chunks {
			numbers := c.column(textColumns + g.previous.member)
			for i := range c.n {
				there = grown(there, int(numbers.number(i)))
			}
		}
	}
	if r.silent != nil {
		if g.silent, err = r.silent(ctx, tx, g.board, g.period); err != nil {
			return err
		}
	}
	columns := make([]map[string][]float64, len(g.cards)) // by number
	totals := make([]map[string]float64, len(g.cards))
	for n, card := range g.cards {
		metrics, _ := taken(card)
		for _, m := range metrics {
			if out := g.without(m, all); out != nil {
				takers[n].Without(m.Key, out)
			}
		}
		columns[n], totals[n] = takers[n].Columns(numbersOf(all))
		if err := r.derive(tx, g, card, all, columns[n]); err != nil {
			return err
		}
	}
	was := map[int64]bool{}
	if g.previous != nil && g.board.Basis == board.OptIn { // there, only what may be taken shows that somebody is
		for _, m := range all {
			_, _, was[m.Number] = g.previous.standing.of(m.Number)
		}
	}
	for _, m := range all {
		if !m.State.Scored() || g.board.Basis != board.OptIn && (m.Number >= int64(len(there)) || !there[m.Number]) {
			continue
		}
		if g.board.Basis == board.OptIn && !was[m.Number] && !slices.ContainsFunc(columns, func(of map[string][]float64) bool { return has(of, m.Number) }) {
			continue
		}
		g.members = append(g.members, m)
	}
	if len(g.members) == 0 {
		return fault.Wrap(fault.Conflict, errNobody, "No player of %q has an entry that counts for %s: import entries first, or look whether their keys are those of the scorecard.%s", g.board.Key, g.period, g.whoCounts())
	}
	g.fill(columns, totals)
	return nil
}

// whoCounts adds to a refusal what else may be the cause.
func (g *gathering) whoCounts() string {
	if g.board.Basis == board.OptIn {
		return " Only players who accepted are scored, on what they granted."
	}
	return ""
}

// readWords reads what the players granted, and which metrics come from their own sources.
func (r *Releases) readWords(ctx context.Context, tx *db.Tx, g *gathering) (err error) {
	terms, err := r.boards.TermsOf(ctx, g.board, g.board.Terms)
	if err != nil {
		return err
	}
	g.derived, g.words = map[string]bool{}, map[string]map[int64]float64{}
	for _, f := range terms.Fields {
		g.derived[f.Metric] = f.From == board.FromPlayer
	}
	if g.board.Basis == board.OptIn {
		g.findFormulas(terms.Fields)
		g.granted, err = r.consents.InForce(tx, g.board.ID, g.at)
	}
	return err
}

// takeEntries reads the board's entries of all windows. It returns a taker for each of the rules, and by number who has an
// entry that one of them reads.
func (r *Releases) takeEntries(ctx context.Context, tx *db.Tx, g *gathering) (takers []reading, there []bool, err error) {
	takers = make([]reading, len(g.cards))
	from, to := int64(math.MaxInt64), int64(math.MinInt64)
	for i, card := range g.cards {
		t := take.New(card, g.period, g.board.Location())
		takers[i] = reading{Taker: t}
		takers[i].from, takers[i].to = t.Span()
		from, to = min(from, takers[i].from), max(to, takers[i].to)
	}
	for block, err := range r.entries.Window(ctx, tx, g.board.ID, from, to) {
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
				there = grown(there, int(m))
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
	return takers, there, nil
}

// grown marks a number.
func grown(there []bool, m int) []bool {
	for m >= len(there) {
		there = append(there, make([]bool, max(1024, len(there)))...)
	}
	there[m] = true
	return there
}

// has reports whether a player has a value in some column.
func has(columns map[string][]float64, number int64) bool {
	for _, column := range columns {
		if !math.IsNaN(column[number]) {
			return true
		}
	}
	return false
}

// numbersOf is how many numbers members have, those given up among them.
func numbersOf(all []board.Member) int {
	if len(all) == 0 {
		return 0
	}
	return int(all[len(all)-1].Number) + 1
}

// without returns by number who has no value in a metric of the board's entries, whatever these say: nil nobody.
func (g *gathering) without(m *scorecard.Part, all []board.Member) []bool {
	out := slices.Repeat([]bool{true}, numbersOf(all))
	some := len(out)
	for _, member := range all {
		if member.State.Scored() && !g.derived[m.Key] && g.grants(member, m.Key) {
			out[member.Number] = false
			some--
		}
	}
	if some == 0 {
		return nil
	}
	return out
}

// grants reports whether a member lets the board have a metric, and every formula that the board asked for and that reads it:
// a formula is missing where what it reads is.
func (g *gathering) grants(m board.Member, metric string) bool {
	if g.board.Basis != board.OptIn {
		return true
	}
	own := g.granted[m.Player]
	if _, granted := own[metric]; !granted {
		return false
	}
	for _, formula := range g.readBy[metric] {
		if _, granted := own[formula]; !granted {
			return false
		}
	}
	return true
}

// findFormulas fills in readBy: under the rules of the release, the formulas among the fields that read a metric, be it by way
// of others.
func (g *gathering) findFormulas(fields []board.Field) {
	g.readBy = map[string][]string{}
	asked := map[string]bool{}
	for _, f := range fields {
		asked[f.Metric] = true
	}
	reads := map[string][]string{}
	for _, p := range g.cards[0].FormulaOrder() {
		for _, key := range p.Formula.Reads {
			reads[p.Key] = append(append(reads[p.Key], key), reads[key]...)
		}
		if asked[p.Key] && !p.Formula.UsesValue {
			for _, key := range reads[p.Key] {
				g.readBy[key] = append(g.readBy[key], p.Key)
			}
		}
	}
}

// derive puts the values that come from the players' own sources into the columns.
func (r *Releases) derive(tx *db.Tx, g *gathering, card *scorecard.Scorecard, all []board.Member, columns map[string][]float64) error {
	metrics, _ := taken(card)
	var wanted []player.Wanted
	var numbers []int64
	for _, m := range metrics {
		if !g.derived[m.Key] {
			continue
		}
		for _, member := range all {
			if member.State.Scored() && member.Player != "" && g.grants(member, m.Key) {
				wanted, numbers = append(wanted, player.Wanted{Player: member.Player, Metric: m.Key}), append(numbers, member.Number)
			}
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	values, words, err := r.players.Derive(tx, g.board.ID, card, g.period, g.board.Location(), wanted)
	if err != nil {
		return err
	}
	for i, w := range wanted {
		if x, there := values[w]; there && !math.IsInf(x, 0) {
			columns[w.Metric][numbers[i]] = x
		}
		if share := words[w].Share(); share > 0 && card == g.cards[0] {
			if g.words[w.Metric] == nil {
				g.words[w.Metric] = map[int64]float64{}
			}
			g.words[w.Metric][numbers[i]] = share
		}
	}
	return nil
}

// fill makes the tables.
func (g *gathering) fill(columns []map[string][]float64, totals []map[string]float64) {
	// Releases know a member by ref alone: it says nothing about a person, and stays when they are gone.
	sortByKey(g.members, func(m board.Member) string { return m.Ref })
	g.numbers = make([]int64, len(g.members))
	players, tags := make([]string, len(g.members)), map[string][]string{}
	for _, group := range g.groups {
		tags[group] = make([]string, len(g.members))
	}
	for i, m := range g.members {
		g.numbers[i], players[i] = m.Number, m.Ref
		for _, group := range g.groups {
			tags[group][i] = m.Tags[group]
		}
	}
	g.tables = make([]*score.Table, len(g.cards))
	for n := range g.cards {
		for key, byNumber := range columns[n] {
			column := make([]float64, len(g.numbers))
			for i, m := range g.numbers {
				column[i] = byNumber[m]
			}
			columns[n][key] = column
		}
		g.tables[n] = &score.Table{Players: players, Tags: tags, Columns: columns[n], Totals: totals[n], Carried: map[string][]float64{}, Silent: g.silentMetrics(g.cards[n])}
	}
	if g.board.Basis != board.OptIn {
		return
	}
	metrics, _ := taken(g.cards[0])
	for _, m := range metrics {
		if len(g.words[m.Key]) == 0 {
			continue
		}
		s := said{metric: m.Key, share: make([]float64, len(g.members))}
		for i, number := range g.numbers {
			s.share[i] = g.words[m.Key][number]
		}
		g.said = append(g.said, s)
	}
	for _, m := range metrics {
		k := kept{metric: m.Key, players: make([]bool, len(g.members))}
		some := false
		for i, member := range g.members {
			k.players[i] = !g.grants(member, m.Key)
			some = some || k.players[i]
		}
		if some {
			g.kept = append(g.kept, k)
		}
	}
}

// silentMetrics returns the metrics of the board's entries whose key nothing could have brought, sorted.
func (g *gathering) silentMetrics(card *scorecard.Scorecard) (keys []string) {
	metrics, _ := taken(card)
	for _, m := range metrics {
		if g.silent[m.Entry] != "" && !g.derived[m.Key] {
			keys = append(keys, m.Key)
		}
	}
	slices.Sort(keys)
	return keys
}

// silences says of each metric without a source what is the matter.
func (g *gathering) silences() (all []score.Warning) {
	for _, m := range g.cards[0].Metrics() {
		if slices.Contains(g.tables[0].Silent, m.Key) {
			all = append(all, score.Warning{Part: m.Key, Message: g.silent[m.Entry] + ": who has no value is missing, which is not zero"})
		}
	}
	return all
}

// withheld reports whether a player of the table keeps a metric to themselves.
func (g *gathering) withheld(metric string, i int) bool { return !g.grants(g.members[i], metric) }

// refused says for people why the engine refuses a value.
func (g *gathering) refused(err error) error {
	e := (*score.DataError)(nil)
	if !errors.As(err, &e) {
		return err
	}
	said := *e
	for _, m := range g.members {
		if m.Ref == e.Player {
			said.Player = m.Key
		}
	}
	return fault.Wrap(fault.Invalid, err, "The scorecard refuses a value: %s. Correct the entry or the scorecard.", said.Error())
}
