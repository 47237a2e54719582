package release

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"sort"
	"strconv"
	"time"
	"unicode/utf8"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/story"
	"cairn/score"
	"cairn/scorecard"
)

func readHead(text []byte) (*head, error) {
	var h head
	return &h, json.Unmarshal(text, &h)
}

func (h *head) readManifest() (m manifest, err error) {
	return m, json.Unmarshal([]byte(h.Manifest), &m)
}

// release is the read model of a release, without rows.
func (h *head) release(rec *record) *Release {
	rel := &Release{
		ID: rec.id, BoardID: rec.boardID, Period: rec.period, Edition: rec.edition, State: rec.state, Reason: rec.reason,
		Supersedes: rec.supersedes, Version: rec.version, Engine: rec.engine, Players: rec.players, Scored: rec.scored,
		Published: time.UnixMicro(rec.published).UTC(), Digest: rec.digest, Title: h.Title,
		Mean: orNaN(h.Mean), Median: orNaN(h.Median), Low: orNaN(h.Low), High: orNaN(h.High), Histogram: h.Histogram,
		Parameters: h.Parameters, Warnings: h.Warnings, RulesNew: h.OldVersion > 0, Narrow: h.Narrow,
	}
	if m, err := h.readManifest(); err == nil && m.Previous != nil {
		rel.Previous = m.Previous.Digest
	}
	for _, t := range h.Tags {
		if !t.Ranked {
			continue
		}
		group := TagGroup{Group: t.Group}
		for k, tag := range t.Tags {
			group.Tags = append(group.Tags, TagCount{tag, t.Players[k], orNaN(t.Means[k])})
		}
		rel.TagGroups = append(rel.TagGroups, group)
	}
	return rel
}

func orNaN(x *float64) float64 {
	if x == nil {
		return math.NaN()
	}
	return *x
}

// row reads a line of the leaderboard.
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
	row := Row{Member: int64(number(h.member)), Key: text(keyText), Name: text(nameText), Score: number(h.score), Rank: number(h.rank),
		Change: math.NaN(), Climbed: math.NaN(), Note: text(noteText), Tags: map[string]string{}}
	if row.Name == "" {
		row.Name = row.Key
	}
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
func (h *held) tagStandings(place int) (all []TagStanding) {
	for g, group := range h.groups {
		code, rank := h.number(place, h.tag+g), h.number(place, h.tagRank+g)
		if math.IsNaN(code) || !h.head.Tags[g].Ranked {
			continue
		}
		places := h.tagged(g)[int(code)]
		of := sort.Search(len(places), func(i int) bool { return int(places[i]) >= h.head.Ranked })
		all = append(all, TagStanding{group, h.tags[g][int(code)], rank, of})
	}
	return all
}

// Card returns a player's scorecard in a release, by the player's key; NotFound where the player is not in it.
func (r *Releases) Card(ctx context.Context, rel *Release, player string) (*Card, error) {
	h, place, err := r.locate(ctx, rel, player)
	if err != nil {
		return nil, err
	}
	c := &Card{Release: rel, Card: h.card, Row: h.row(place), Of: h.head.Ranked, TagRanks: h.tagStandings(place),
		Coverage: h.number(place, h.coverage), Exact: h.number(place, h.exact), Own: math.NaN(), Others: math.NaN(), Rules: math.NaN()}
	if h.moves {
		c.Own, c.Others, c.Rules = h.number(place, h.own), h.number(place, h.others), h.number(place, h.rules)
		if h.old != nil {
			c.OldRules = &OldRules{h.number(place, h.oldScore), h.number(place, h.oldRank)}
		}
	}
	if c.Parts, err = r.parts(ctx, h, place); err != nil {
		return nil, err
	}
	if c.History, err = r.historyUpTo(ctx, h, c.Row.Member); err != nil {
		return nil, err
	}
	c.Stories = h.stories(place)
	if c.Row.Rank > 0 {
		for p := max(0, place-2); p < place; p++ {
			c.Above = append(c.Above, h.row(p))
		}
		for p := place + 1; p < h.head.Ranked && p <= place+2; p++ {
			c.Below = append(c.Below, h.row(p))
		}
	}
	return c, nil
}

// stories words what was told to the player at a place.
func (h *held) stories(place int) (all []story.Story) {
	h.telling.Do(func() { h.teller, _ = storyBoard(h.manifest.Name, h.card, !h.moves) })
	now := story.Appearance{Release: h.period.String(), Score: h.number(place, h.score), Rank: h.number(place, h.rank), Of: h.head.Ranked}
	for _, claim := range unpack(h.text(place, toldText), h.head.Periods, now) {
		all = append(all, claim.Story(h.teller))
	}
	return all
}

func (r *Releases) locate(ctx context.Context, rel *Release, player string) (*held, int, error) {
	h, err := r.held(ctx, rel)
	if err != nil {
		return nil, 0, err
	}
	place, there := h.find(player)
	if !there {
		return nil, 0, fault.New(fault.NotFound, "There is no player %q in the release of %s.", player, h.period)
	}
	return h, place, nil
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
		Carried: map[string][]float64{}, Totals: h.manifest.Totals}
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

// historyUpTo returns a player's releases up to one, as they stood when that one was published.
func (r *Releases) historyUpTo(ctx context.Context, h *held, member int64) ([]Point, error) {
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
	var upTo []*record
	for _, rec := range latestEditions(all, number) {
		if rec.period.Last < h.period.First {
			upTo = append(upTo, rec)
		}
	}
	points, err := r.points(ctx, upTo, member)
	if err != nil {
		return nil, err
	}
	return mark(append(points, pointOf(&h.record, &h.standing, member)...), h.card.Better), nil
}

// History returns a player's releases, oldest first, in their latest editions; NotFound where the board has no such
// player.
func (r *Releases) History(ctx context.Context, b *board.Board, player string) ([]Point, error) {
	m, err := r.boards.Member(ctx, b.ID, player)
	if err != nil {
		return nil, err
	}
	var all []*record
	if err := r.db.Read(ctx, func(tx *db.Tx) (err error) {
		all, err = finals(tx, b.ID)
		return err
	}); err != nil {
		return nil, err
	}
	card, err := r.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	points, err := r.points(ctx, latestEditions(all, math.MaxInt64), m.Number)
	return mark(points, card.Better), err
}

func (r *Releases) points(ctx context.Context, all []*record, member int64) (points []Point, err error) {
	for _, rec := range all {
		s, err := r.standingOf(ctx, rec)
		if err != nil {
			return nil, err
		}
		points = append(points, pointOf(rec, s, member)...)
	}
	return points, nil
}

// pointOf is a player's point of a release, none where the player was not in it.
func pointOf(rec *record, s *standing, member int64) []Point {
	published, rank, there := s.of(member)
	if !there {
		return nil
	}
	return []Point{{Period: rec.period, Edition: rec.edition, Scored: !math.IsNaN(published), Score: published, Rank: rank, Of: rec.scored, Version: rec.version}}
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

// AppendCardJSON appends a player's scorecard in a release as JSON, from what was published and from the values that
// everybody on the board may see; the exact score only where those are all, since a withheld value could be calculated
// from it. It reads memory only, once the release is there.
func (r *Releases) AppendCardJSON(ctx context.Context, dst []byte, rel *Release, player string) ([]byte, error) {
	h, place, err := r.locate(ctx, rel, player)
	if err != nil {
		return dst, err
	}
	w := jsonLine{dst: dst, c: h.chunks[place/perChunk], i: place % perChunk}
	w.text(`{"board":`, h.manifest.Board)
	w.text(`,"period":`, h.manifest.Period)
	w.dst = strconv.AppendInt(append(w.dst, `,"edition":`...), int64(h.edition), 10)
	w.text(`,"digest":`, h.digest)
	w.string(`,"player":`, keyText)
	w.string(`,"name":`, nameText)
	published := w.number(`,"score":`, h.score)
	if len(h.head.Narrow) == 0 {
		w.number(`,"exact":`, h.exact)
	}
	w.rank(`,"rank":`, h.rank)
	w.dst = strconv.AppendInt(append(w.dst, `,"of":`...), int64(h.head.Ranked), 10)
	w.text(`,"level":`, score.LevelOf(h.card, published))
	w.number(`,"coverage":`, h.coverage)
	w.string(`,"note":`, noteText)
	if h.moves {
		w.number(`,"change":`, h.change)
		w.number(`,"climbed":`, h.climbed)
		w.number(`,"own":`, h.own)
		w.number(`,"others":`, h.others)
		w.number(`,"rules":`, h.rules)
	}
	if h.old != nil {
		w.number(`,"old_rules":{"score":`, h.oldScore)
		w.rank(`,"rank":`, h.oldRank)
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
		w.rank(`,"rank":`, h.tagRank+g)
		w.dst = append(w.dst, '}')
		open = `,{"group":`
	}
	w.dst = append(w.dst, `],"parts":[`...)
	open = `{"key":"`
	for k, p := range h.parts {
		w.dst = append(append(w.dst, open...), p.Key...)
		w.number(`","points":`, h.points+k)
		if h.moves {
			w.move(h, `,`, k)
		}
		w.dst = append(w.dst, '}')
		open = `,{"key":"`
	}
	w.dst = append(w.dst, `],"no_longer_counted":[`...)
	open = `{"key":"`
	for k := len(h.parts); k < len(h.moved); k++ {
		w.dst = append(append(w.dst, open...), h.moved[k].Key...)
		w.move(h, `",`, k)
		w.dst = append(w.dst, '}')
		open = `,{"key":"`
	}
	w.dst = append(w.dst, `],"stories":`...)
	stories := h.stories(place)
	if stories == nil {
		stories = []story.Story{}
	}
	told, err := json.Marshal(stories)
	if err != nil {
		return dst, fmt.Errorf("writing the stories of %s: %w", player, err)
	}
	w.dst = append(w.dst, told...)
	w.dst = append(w.dst, `,"values":{`...)
	open = `"`
	for k, m := range h.metrics {
		if narrow(m) {
			continue
		}
		w.dst = append(append(w.dst, open...), m.Key...)
		w.number(`":`, h.raw+k)
		open = `,"`
	}
	return append(w.dst, "}}"...), nil
}

// narrow reports whether not everybody on the board may see a metric's values.
func narrow(m *scorecard.Part) bool {
	return m.Audience == scorecard.ForPlayer || m.Audience == scorecard.ForSteward
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

// move writes what moved the k-th moved part.
func (w *jsonLine) move(h *held, label string, k int) {
	w.dst = append(w.dst, label...)
	w.number(`"move":`, h.move+k)
	w.number(`,"own":`, h.moveOwn+k)
	w.number(`,"others":`, h.moveOthers+k)
	w.number(`,"rules":`, h.moveRules+k)
}

// rank writes null for who has none.
func (w *jsonLine) rank(label string, k int) {
	w.dst = append(w.dst, label...)
	if x := w.cell(k); x > 0 {
		w.dst = appendNumber(w.dst, x)
	} else {
		w.dst = append(w.dst, "null"...)
	}
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
