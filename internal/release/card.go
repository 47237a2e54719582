package release

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"time"
	"unicode/utf8"

	"cairn/internal/db"
	"cairn/internal/numeral"
	"cairn/internal/story"
	"cairn/score"
	"cairn/scorecard"
)

func readHead(text []byte) (*head, error) {
	var h head
	return &h, json.Unmarshal(text, &h)
}

func (h *head) readManifest() (m manifest, err error) {
	err = json.Unmarshal([]byte(h.Manifest), &m)
	return m, err
}

// release is the read model of a release, without what it says about players.
func (h *head) release(rec *record) *Release {
	rel := &Release{
		ID: rec.id, BoardID: rec.boardID, Period: rec.period, Edition: rec.edition, State: rec.state, Reason: rec.reason,
		Supersedes: rec.supersedes, Version: rec.version, Engine: rec.engine,
		Published: time.UnixMicro(rec.published).UTC(), Digest: rec.digest, RulesNew: h.OldVersion > 0, Narrow: h.Narrow,
		head: h, players: rec.players, scored: rec.scored,
	}
	if m, err := h.readManifest(); err == nil && m.Previous != nil {
		rel.Previous = m.Previous.Digest
	}
	return rel
}

func orNaN(x *float64) float64 {
	if x == nil {
		return math.NaN()
	}
	return *x
}

// row reads a line of the leaderboard, without the player's key and name.
func (h *held) row(place int) Row {
	c, i := h.chunks[place/perChunk], place%perChunk
	number := func(k int) float64 {
		col := c.column(textColumns + k)
		return col.number(i)
	}
	text := func(k int) string {
		col := c.column(k)
		return string(col.text(i))
	}
	row := Row{Member: int64(number(h.member)), Score: number(h.score), Rank: number(h.rank),
		Change: math.NaN(), Climbed: math.NaN(), Note: text(noteText), Tags: map[string]string{}}
	row.Level = score.LevelOf(h.card, row.Score)
	if h.moves {
		row.Change, row.Climbed = number(h.change), number(h.climbed)
	}
	for g, group := range h.groups {
		if code := number(h.tag + g); !math.IsNaN(code) {
			row.Tags[group] = h.tags[g][int(code)]
		}
	}
	for k, above := range h.above {
		if above < 0 {
			row.Points = append(row.Points, number(h.points+k))
		}
	}
	return row
}

// tagged returns the places of the players with each tag of a group, in order.
func (h *held) tagged(g int) [][]int32 {
	h.tagOnce[g].Do(func() {
		places := make([][]int32, len(h.tags[g]))
		for n, c := range h.chunks {
			codes := c.column(textColumns + h.tag + g)
			for i := range c.n {
				if code := codes.number(i); !math.IsNaN(code) {
					places[int(code)] = append(places[int(code)], int32(n*perChunk+i))
				}
			}
		}
		h.tagPlaces[g] = places
	})
	return h.tagPlaces[g]
}

// tagStandings returns a player's places within the tags by which the scorecard ranks.
func (v *View) tagStandings(place int) (all []TagStanding) {
	h := v.held
	for g, group := range h.groups {
		code := h.number(place, h.tag+g)
		if math.IsNaN(code) || !h.head.Tags[g].Ranked {
			continue
		}
		places := h.tagged(g)[int(code)]
		of := sort.Search(len(places), func(i int) bool { return int(places[i]) >= h.head.Ranked })
		if v.seen != nil {
			for _, gone := range v.seen.gone {
				if int(gone) < h.head.Ranked && h.number(int(gone), h.tag+g) == code {
					of--
				}
			}
		}
		all = append(all, TagStanding{group, h.tags[g][int(code)], v.tagRank(g, place), of})
	}
	return all
}

// Card returns a player's scorecard by key, with what the reader may see of it: NotFound where that is nothing. A metric
// that is not for the reader shows no value, mark or points, and neither does the part beside it from which its points could
// be worked out; the two are one line.
func (v *View) Card(ctx context.Context, key string) (*Card, error) {
	place, err := v.locate(ctx, key)
	if err != nil {
		return nil, err
	}
	return v.card(ctx, place)
}

// Brief is Card without the next step, for whoever tells none: it takes a hundred times as long to find as all the rest.
func (v *View) Brief(ctx context.Context, key string) (*Card, error) {
	place, err := v.locate(ctx, key)
	if err != nil {
		return nil, err
	}
	return v.brief(ctx, place)
}

func (v *View) brief(ctx context.Context, place int) (*Card, error) {
	c, err := v.bare(ctx, place)
	if err != nil {
		return nil, err
	}
	return c, v.further(ctx, c, place)
}

func (v *View) card(ctx context.Context, place int) (*Card, error) {
	c, err := v.brief(ctx, place)
	if err != nil {
		return nil, err
	}
	c.Step, err = v.step(ctx, c, place)
	return c, err
}

// bare is a card without what is found for its reader alone.
func (v *View) bare(ctx context.Context, place int) (*Card, error) {
	h, r, nan := v.held, v.releases, math.NaN()
	c := &Card{Release: v.Release, Card: h.card, Board: h.manifest.Name, Row: v.row(place), Of: v.ranked(), TagRanks: v.tagStandings(place),
		Coverage: h.number(place, h.coverage), Exact: h.number(place, h.exact), Own: nan, Others: nan, Rules: nan}
	of := v.classOf(c.Row.Member)
	if v.knowsRefs(of) {
		c.Ref = string(h.text(place, keyText))
	}
	veil := v.veil(of)
	if h.moves && veil.nothing() {
		c.Own, c.Others, c.Rules = h.number(place, h.own), h.number(place, h.others), h.number(place, h.rules)
		if h.old != nil {
			c.OldRules = &OldRules{h.number(place, h.oldScore), h.number(place, h.oldRank)}
			if v.seen != nil {
				c.OldRules.Rank = nan // who is hidden stands somewhere in it too
			}
		}
	}
	if veil.some {
		c.Exact = nan
	}
	all, err := r.parts(ctx, h, place)
	if err != nil {
		return nil, err
	}
	if of == ofReader || v.reader.Everyone {
		h.markKept(all, place)
	}
	merged := h.mergedAt(place, veil)
	c.Parts = h.drape(all, veil, merged)
	for i := range c.Parts {
		if p := c.Parts[i].Part.Part; !p.IsGroup() {
			c.Parts[i].OwnWord = h.ownWord(p.Key, place, merged)
		}
	}
	releases, err := r.upTo(ctx, h)
	if err != nil {
		return nil, err
	}
	if c.History, err = v.history(ctx, releases, c.Row.Member); err != nil {
		return nil, err
	}
	c.History = mark(append(c.History, pointOf(&h.record, &h.standing, v.absent(), c.Row.Member)...), h.card.Better)
	if c.Stories, err = v.stories(ctx, place, merged); err != nil {
		return nil, err
	}
	if c.Row.Rank > 0 {
		i, _ := v.seen.index(place)
		for n := max(0, i-neighbours); n <= min(i+neighbours, c.Of-1); n++ {
			other := v.seen.place(n)
			switch {
			case n == i || !v.lists(other):
			case n < i:
				c.Above = append(c.Above, v.row(other))
			default:
				c.Below = append(c.Below, v.row(other))
			}
		}
	}
	return c, v.aims(ctx, c, place)
}

// ranked is how many players have a rank, for this reader.
func (v *View) ranked() int {
	if v.seen != nil {
		return v.seen.left
	}
	return v.held.head.Ranked
}

// absent is who leaves no trace in the release, nil nobody.
func (v *View) absent() *absent {
	if v.seen != nil {
		return v.seen.absent
	}
	return nil
}

// markKept marks what the player at a place keeps to themselves.
func (h *held) markKept(all []Part, place int) {
	for i := range all {
		p := all[i].Part.Part
		if k := slices.Index(h.head.Kept, p.Key); k >= 0 && !p.IsGroup() && h.kept[k].number(place) == 1 {
			all[i].Kept = KeptByPlayer
		}
	}
}

// OwnWord is the mark behind the value of a metric, by its key, that the player reported of themselves: " (self-reported)"; "" it was
// brought.
func (c *Card) OwnWord(metric string) string {
	at := slices.IndexFunc(c.Parts, func(p Part) bool { return p.OwnWord > 0 && p.Part.Part.Key == metric })
	if at < 0 {
		return ""
	}
	return " (" + numeral.OwnWord(c.Parts[at].OwnWord) + ")"
}

// ownWord is which share of a measure, by its key, is by the word of the player at a place, 0 where the reader may not know.
func (h *held) ownWord(metric string, place int, hidden *merged) float64 {
	k := slices.Index(h.head.OwnWord, metric)
	if k < 0 || hidden.hides[metric] {
		return 0
	}
	return h.said[k].number(place)
}

// parts returns what each part did for a player. The exact values are the engine's, from the player's recorded inputs
// and the recorded parameters; what was published is read.
func (r *Releases) parts(ctx context.Context, h *held, place int) ([]Part, error) {
	exact, err := r.exactParts(ctx, h, place)
	if err != nil {
		return nil, err
	}
	nan := math.NaN()
	var all []Part
	put := func(e score.Part, k int) { // k is the place of a scored part among the moved ones, -1 for another
		part := Part{Part: e, PointsPublished: nan, ToGain: e.Possible - e.Points, Move: nan, Own: nan, Others: nan, Rules: nan}
		if k >= 0 && k < len(h.parts) {
			part.PointsPublished = h.number(place, h.points+k)
		}
		if k >= 0 && h.moves {
			part.Move, part.Own = h.number(place, h.move+k), h.number(place, h.moveOwn+k)
			part.Others, part.Rules = h.number(place, h.moveOthers+k), h.number(place, h.moveRules+k)
		}
		all = append(all, part)
	}
	scored := 0
	for _, e := range exact {
		if !e.Part.Scored {
			put(e, -1)
			continue
		}
		put(e, scored)
		scored++
	}
	for k := len(h.parts); k < len(h.moved); k++ { // what only the old rules score
		put(score.Part{Part: h.moved[k], Raw: nan, Treated: nan, Uncapped: nan, Value: nan, Possible: nan, Points: nan, State: score.Missing}, k)
	}
	return all, nil
}

func (r *Releases) exactParts(ctx context.Context, h *held, place int) ([]score.Part, error) {
	if outranks(h.card) { // nobody can be judged alone
		j, err := r.judged(ctx, h)
		if err != nil {
			return nil, err
		}
		h.whole.Do(func() { h.result, h.refused = j.score() })
		if h.refused != nil {
			return nil, h.refused
		}
		return h.result.Parts(int(h.result.Order[place])), nil
	}
	parameters, err := r.parameters(ctx, h)
	if err != nil {
		return nil, err
	}
	result, err := score.Score(h.card, h.alone(place), score.Options{Frozen: parameters, Workers: 1})
	if err != nil {
		return nil, err
	}
	return result.Parts(0), nil
}

// outranks reports whether some group compares the players with one another pair by pair.
func outranks(card *scorecard.Scorecard) bool {
	found := card.Combine.Mean == scorecard.Copeland
	card.Walk(func(p, _ *scorecard.Part, _ int) { found = found || p.Combine.Mean == scorecard.Copeland })
	return found
}

// alone is a table of one player's inputs.
func (h *held) alone(place int) *score.Table {
	t := &score.Table{Players: []string{string(h.text(place, keyText))}, Tags: map[string][]string{}, Columns: map[string][]float64{},
		Carried: map[string][]float64{}, Totals: h.manifest.Totals, Silent: h.manifest.Silent}
	for g, group := range h.groups {
		tag := ""
		if code := h.number(place, h.tag+g); !math.IsNaN(code) {
			tag = h.tags[g][int(code)]
		}
		t.Tags[group] = []string{tag}
	}
	for k, m := range h.metrics {
		t.Columns[m.Key] = []float64{h.number(place, h.raw+k)}
	}
	for k, m := range h.carried {
		t.Carried[m.Key] = []float64{h.number(place, h.carry+k)}
	}
	return t
}

// upTo returns the rows of the releases before one, as they stood when that one was published.
func (r *Releases) upTo(ctx context.Context, h *held) (before []*record, err error) {
	var all []*record
	if err := r.db.Read(ctx, func(tx *db.Tx) (err error) {
		all, err = finals(tx, h.boardID)
		return err
	}); err != nil {
		return nil, err
	}
	number := h.record.number
	if h.state != Final {
		number = math.MaxInt64
	}
	return slices.DeleteFunc(latestEditions(all, number), func(rec *record) bool { return rec.period.Last >= h.period.First }), nil
}

// history is a player's points of some releases, as the reader may see them.
func (v *View) history(ctx context.Context, releases []*record, member int64) (points []Point, err error) {
	for _, rec := range releases {
		s, err := v.releases.standingOf(ctx, rec)
		if err != nil {
			return nil, err
		}
		out, err := v.releases.absentIn(ctx, rec, v.hidden, v.version)
		if err != nil {
			return nil, err
		}
		points = append(points, pointOf(rec, s, out, member)...)
	}
	return points, nil
}

// pointOf is a player's point of a release, none where the player was not in it.
func pointOf(rec *record, s *standing, out *absent, member int64) []Point {
	published, rank, there := s.of(member)
	if !there {
		return nil
	}
	_, scored := out.of(rec.players, rec.scored)
	return []Point{{Period: rec.period, Edition: rec.edition, Scored: !math.IsNaN(published), Score: published, Rank: out.rank(rank), Of: scored, Version: rec.version}}
}

// mark marks every point that was the best so far.
func mark(points []Point, better scorecard.Direction) []Point {
	best := math.NaN()
	for i := range points {
		p := &points[i]
		if p.Scored && (math.IsNaN(best) || better == scorecard.Higher && p.Score > best || better == scorecard.Lower && p.Score < best) {
			best, p.Best = p.Score, true
		}
	}
	return points
}

// AppendCardJSON appends Card as JSON, from what was published and from the values that are for the reader; the exact score only
// where those are all, since a withheld value could be calculated from it. For readers who
// are not close to the player it reads memory only, once the release is there.
func (v *View) AppendCardJSON(ctx context.Context, dst []byte, key string) ([]byte, error) {
	place, err := v.locate(ctx, key)
	if err != nil {
		return dst, err
	}
	h := v.held
	w := jsonLine{dst: dst, c: h.chunks[place/perChunk], i: place % perChunk}
	member := int64(w.cell(h.member))
	of := v.classOf(member)
	veil := v.veil(of)
	key, name := called(v.names.Member(member))
	w.text(`{"board":`, h.manifest.Board)
	w.text(`,"period":`, h.manifest.Period)
	w.dst = strconv.AppendInt(append(w.dst, `,"edition":`...), int64(h.edition), 10)
	w.text(`,"digest":`, h.digest)
	w.text(`,"player":`, key)
	if v.knowsRefs(of) {
		w.string(`,"ref":`, keyText)
	}
	w.text(`,"name":`, name)
	published := w.number(`,"score":`, h.score)
	if len(veil.keys) == 0 {
		w.number(`,"exact":`, h.exact)
	}
	rank := w.cell(h.rank)
	w.value(`,"rank":`, orNone(v.absent().rank(rank)))
	w.dst = strconv.AppendInt(append(w.dst, `,"of":`...), int64(v.ranked()), 10)
	w.text(`,"level":`, score.LevelOf(h.card, published))
	w.number(`,"coverage":`, h.coverage)
	w.string(`,"note":`, noteText)
	if h.moves {
		change, climbed := v.changed(place, Row{Score: published, Rank: rank, Change: w.cell(h.change), Climbed: w.cell(h.climbed)})
		w.value(`,"change":`, change)
		w.value(`,"climbed":`, climbed)
		w.withheld(`,"own":`, h.own, !veil.nothing())
		w.withheld(`,"others":`, h.others, !veil.nothing())
		w.withheld(`,"rules":`, h.rules, !veil.nothing())
	}
	if h.old != nil && veil.nothing() {
		w.number(`,"old_rules":{"score":`, h.oldScore)
		w.value(`,"rank":`, orNone(w.cell(h.oldRank)))
		w.dst = append(w.dst, '}')
	}
	w.dst = append(w.dst, `,"tags":[`...)
	open := `{"group":`
	for g, group := range h.groups {
		code := w.cell(h.tag + g)
		if math.IsNaN(code) {
			continue
		}
		w.text(open, group)
		w.text(`,"tag":`, h.tags[g][int(code)])
		w.value(`,"rank":`, orNone(v.tagRank(g, place)))
		w.dst = append(w.dst, '}')
		open = `,{"group":`
	}
	merged := h.mergedAt(place, veil)
	w.parts(h, veil, merged)
	stories, step, err := v.told(ctx, place, merged)
	if err != nil {
		return dst, err
	}
	told, err := json.Marshal(stories)
	if err != nil {
		return dst, fmt.Errorf("writing the stories of member %d: %w", member, err)
	}
	w.dst = append(append(w.dst, `,"stories":`...), told...)
	if step != nil {
		w.step(step)
	}
	w.dst = append(w.dst, `,"values":{`...)
	open = `"`
	for k, m := range h.metrics {
		if merged.hides[m.Key] {
			continue
		}
		w.dst = append(append(w.dst, open...), m.Key...)
		w.number(`":`, h.raw+k)
		open = `,"`
	}
	w.dst = append(w.dst, '}')
	w.ownWord(h, place, merged)
	stands := Card{Row: Row{Member: member}}
	if err := v.aims(ctx, &stands, place); err != nil {
		return dst, err
	}
	w.targets(stands.Targets)
	return append(w.dst, '}'), nil
}

// told is what a card tells beside its numbers. What is found for its reader alone takes a whole card.
func (v *View) told(ctx context.Context, place int, m *merged) (stories []story.Story, step *Step, err error) {
	if !v.close(int64(v.held.number(place, v.held.member))) {
		stories, err = v.stories(ctx, place, m)
	} else if c, problem := v.card(ctx, place); problem != nil {
		err = problem
	} else {
		stories, step = c.Stories, c.Step
	}
	if stories == nil {
		stories = []story.Story{}
	}
	return stories, step, err
}

// step writes a step.
func (w *jsonLine) step(s *Step) {
	w.text(`,"step":{"metric":`, s.Metric.Key)
	w.value(`,"from":`, s.From)
	w.value(`,"to":`, s.To)
	w.value(`,"gain":`, s.Gain)
	w.value(`,"score":`, s.Score)
	w.text(`,"passes":`, s.Passes)
	w.text(`,"headline":`, s.Headline)
	w.text(`,"text":`, s.Text)
	w.text(`,"short":`, s.Short)
	w.dst = append(w.dst, '}')
}

// orNone is a rank, NaN for who has none.
func orNone(rank float64) float64 {
	if rank > 0 {
		return rank
	}
	return math.NaN()
}

// narrow reports whether an audience is not everybody on the board.
func narrow(a scorecard.Audience) bool {
	return a == scorecard.ForPlayer || a == scorecard.ForSteward
}

// jsonLine writes cells of one line as JSON.
type jsonLine struct {
	dst []byte
	c   *chunk
	i   int
}

func (w *jsonLine) cell(k int) float64 {
	col := w.c.column(textColumns + k)
	return col.number(w.i)
}

func (w *jsonLine) number(label string, k int) float64 {
	x := w.cell(k)
	w.dst = append(w.dst, label...)
	if x != x {
		w.dst = append(w.dst, "null"...)
	} else {
		w.dst = appendNumber(w.dst, x)
	}
	return x
}

// withheld writes a number, or that there is none for the reader.
func (w *jsonLine) withheld(label string, k int, withheld bool) {
	if withheld {
		w.value(label, math.NaN())
		return
	}
	w.number(label, k)
}

// value writes a number.
func (w *jsonLine) value(label string, x float64) {
	w.dst = append(w.dst, label...)
	if x != x {
		w.dst = append(w.dst, "null"...)
	} else {
		w.dst = appendNumber(w.dst, x)
	}
}

// parts writes the points of the parts and what moved them, those that are told together in one.
func (w *jsonLine) parts(h *held, veil *veil, m *merged) {
	w.dst = append(w.dst, `],"parts":[`...)
	open := `{"key":"`
	for k, p := range h.parts {
		first := m.line[k]
		if first >= 0 && first != k {
			continue
		}
		w.dst = append(append(w.dst, open...), p.Key...)
		open = `,{"key":"`
		if first == k {
			w.together(h, m.with[k])
			continue
		}
		w.number(`","points":`, h.points+k)
		if h.moves {
			w.move(h, `,`, k, !veil.nothing())
		}
		w.dst = append(w.dst, '}')
	}
	w.dst = append(w.dst, `],"no_longer_counted":[`...)
	open = `{"key":"`
	for k := len(h.parts); k < len(h.moved) && veil.nothing(); k++ {
		w.dst = append(append(w.dst, open...), h.moved[k].Key...)
		w.move(h, `",`, k, false)
		w.dst = append(w.dst, '}')
		open = `,{"key":"`
	}
	w.dst = append(w.dst, ']')
}

// ownWord writes which share of which measures is by the player's own word, where some is.
func (w *jsonLine) ownWord(h *held, place int, hidden *merged) {
	open, end := `,"own_word":{"`, ""
	for _, m := range h.metrics {
		if share := h.ownWord(m.Key, place, hidden); share > 0 {
			w.dst = append(append(w.dst, open...), m.Key...)
			w.value(`":`, share)
			open, end = `,"`, "}"
		}
	}
	w.dst = append(w.dst, end...)
}

// together writes one line of several parts.
func (w *jsonLine) together(h *held, parts []int) {
	sum := math.NaN()
	w.dst = append(w.dst, `","together":[`...)
	for i, k := range parts {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		w.dst = appendJSON(w.dst, h.parts[k].Key)
		switch x := w.cell(h.points + k); {
		case math.IsNaN(sum):
			sum = x
		case !math.IsNaN(x):
			sum += x
		}
	}
	w.value(`],"points":`, rounded(h.card, sum))
	w.dst = append(w.dst, '}')
}

// move writes what moved the k-th moved part.
func (w *jsonLine) move(h *held, label string, k int, withheld bool) {
	w.dst = append(w.dst, label...)
	w.withheld(`"move":`, h.move+k, withheld)
	w.withheld(`,"own":`, h.moveOwn+k, withheld)
	w.withheld(`,"others":`, h.moveOthers+k, withheld)
	w.withheld(`,"rules":`, h.moveRules+k, withheld)
}

func (w *jsonLine) string(label string, k int) {
	col := w.c.column(k)
	w.dst = appendJSON(append(w.dst, label...), col.text(w.i))
}

func (w *jsonLine) text(label, text string) {
	w.dst = appendJSON(append(w.dst, label...), text)
}

// appendJSON appends a JSON string.
func appendJSON[T string | []byte](dst []byte, text T) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
			i++
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			i++
		case c < utf8.RuneSelf:
			dst = append(dst, c)
			i++
		default:
			r, size := utf8.DecodeRuneInString(string(text[i:min(i+utf8.UTFMax, len(text))]))
			dst = utf8.AppendRune(dst, r) // U+FFFD for what is no UTF-8
			i += size
		}
	}
	return append(dst, '"')
}
