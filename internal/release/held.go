package release

import (
	"bytes"
	"container/list"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sync"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/period"
	"cairn/internal/story"
	"cairn/score"
	"cairn/scorecard"
)

// record is the row of a release.
type record struct {
	id, boardID string
	number      int64 // of the board's final releases, in the order they were published; 0 for a draft
	period      period.Period
	edition     int
	state       State
	supersedes  string
	reason      string
	version     int
	engine      string
	players     int
	scored      int
	digest      string
	published   int64 // microseconds
	head        []byte
	replaced    *record // of an erratum that is being made
}

const recordColumns = `release_id, board_id, number, unit, first_day, last_day, edition, state, supersedes, reason, version, engine, players, scored, digest, published_at`

func scanRecord(scan func(...any) error, more ...any) (*record, error) {
	var r record
	var unit, first, last string
	err := scan(append([]any{&r.id, &r.boardID, &r.number, &unit, &first, &last, &r.edition, &r.state, &r.supersedes, &r.reason,
		&r.version, &r.engine, &r.players, &r.scored, &r.digest, &r.published}, more...)...)
	if err != nil {
		return nil, err
	}
	r.period.Unit = scorecard.Period(unit)
	if r.period.First, err = period.ParseDate(first); err == nil {
		r.period.Last, err = period.ParseDate(last)
	}
	if err != nil {
		return nil, fmt.Errorf("reading release %s: %w", r.id, err)
	}
	return &r, nil
}

// finals returns the rows of a board's final releases in the order of their periods, editions in theirs, without heads.
func finals(tx *db.Tx, boardID string) (all []*record, err error) {
	rows, err := tx.Query(`SELECT `+recordColumns+` FROM release WHERE board_id = $1 AND state = 'final' ORDER BY last_day, edition`, boardID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scanRecord(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// latestEditions returns of releases ordered by period and edition the latest edition of each period, as they stood when the
// release of a number was published.
func latestEditions(all []*record, number int64) (latest []*record) {
	for _, r := range all {
		if r.number > number {
			continue
		}
		if n := len(latest); n > 0 && latest[n-1].period == r.period {
			latest[n-1] = r
		} else {
			latest = append(latest, r)
		}
	}
	return latest
}

// head is what a release says about all players, as stored.
type head struct {
	Refs       bool             `json:"refs"`                // it knows its players by ref alone; else their keys and names as of then stand in it
	Title      string           `json:"title,omitempty"`     // of releases without refs
	Rewritten  bool             `json:"rewritten,omitempty"` // without refs: somebody was taken out
	Lead       headLead         `json:"lead"`
	Climbs     []headClimb      `json:"climbs"`             // of the movers
	Returned   []headReturn     `json:"returned,omitempty"` // who was in an earlier release, but not in the one before
	Kept       []string         `json:"kept,omitempty"`     // metrics that some players keep to themselves
	OwnWord    []string         `json:"own_word,omitempty"` // metrics of which some is by players' own word
	Ranked     int              `json:"ranked"`
	Mean       *float64         `json:"mean"`
	Median     *float64         `json:"median"`
	Low        *float64         `json:"low"`
	High       *float64         `json:"high"`
	Histogram  []int            `json:"histogram"`
	Movers     []int            `json:"movers"`    // places
	Newcomers  []int            `json:"newcomers"` // places
	Tags       []headTags       `json:"tags"`
	Parameters score.Parameters `json:"parameters"`
	Warnings   []score.Warning  `json:"warnings"`
	Moves      bool             `json:"moves"`       // there is a release before
	Previous   string           `json:"previous"`    // its id
	OldVersion int              `json:"old_version"` // of its scorecard, where the rules are new; else 0
	Fresh      bool             `json:"fresh"`       // stories do not compare with what was before
	Frozen     string           `json:"frozen"`      // id of the release whose parameters were used
	Periods    []string         `json:"periods"`     // that claims name
	Members    int              `json:"members"`     // length of the standing
	Narrow     []string         `json:"narrow"`      // metrics whose values not everybody on the board may see
	Manifest   string           `json:"manifest"`
}

// headLead is who shares the first rank.
type headLead struct {
	Players int     `json:"players"`
	Score   float64 `json:"score"`
	Members []int64 `json:"members"` // numbers of the first two
}

// headClimb is how far a mover climbed.
type headClimb struct {
	Member int64   `json:"member"`
	Place  int     `json:"place"`
	Places float64 `json:"places"` // climbed
}

// headReturn is what a player who returns after a pause had in the last release that they were in.
type headReturn struct {
	Place  int      `json:"place"` // now
	Period string   `json:"period"`
	Score  *float64 `json:"score"` // null: none, or one that the rules now cannot be compared with
	Rank   float64  `json:"rank"`  // 0 none
}

type headTags struct {
	Group   string     `json:"group"`
	Ranked  bool       `json:"ranked"` // the scorecard ranks within it
	Tags    []string   `json:"tags"`
	Players []int      `json:"players"`
	Means   []*float64 `json:"means"`
}

// held is a release in memory: its chunks as they are stored, read cell by cell. It never changes.
type held struct {
	record
	*layout
	head     head
	manifest manifest
	chunks   []*chunk
	byKey    column // places in the order of keys
	standing standing
	kept     []column           // of the metrics that head.Kept names, by place: 1 the player keeps it
	said     []column           // of the metrics that head.OwnWord names, by place: which share is by the player's own word
	returned map[int]headReturn // by place
	placed   sync.Once
	places   []int32 // by member's number, −1 not in the release
	bytes    int64

	frozenMu  sync.Mutex
	frozen    score.Parameters
	telling   sync.Once
	teller    *story.Board
	whole     sync.Once // of a scorecard that outranks: everybody judged together
	result    *score.Result
	refused   error
	tagOnce   []sync.Once
	tagPlaces [][][]int32 // by group and tag
	shown     *Release    // the read model, save for what later editions change
}

// standing is the score and rank of every member of the board by number. A rank is NaN for who was not in the release, 0
// for who was without one.
type standing struct {
	members     int
	score, rank column
}

func (s *standing) of(member int64) (score, rank float64, there bool) {
	if member < 0 || member >= int64(s.members) {
		return math.NaN(), math.NaN(), false
	}
	rank = s.rank.number(int(member))
	return s.score.number(int(member)), rank, !math.IsNaN(rank)
}

// readColumns reads columns that were stored one after another, each behind its size.
func readColumns(stored []byte, n, count int) ([]column, error) {
	r := unpacker{rest: slices.Concat(stored, make([]byte, spare))}
	all := make([]column, count)
	for i := range all {
		size := r.number()
		if r.broken || size > uint64(len(r.rest)-spare) {
			return nil, errDamaged
		}
		col, err := readColumn(r.rest, int(size), n)
		if err == nil {
			err = col.check(n)
		}
		if err != nil {
			return nil, err
		}
		all[i] = col
		r.rest = r.rest[size:]
	}
	if len(r.rest) != spare {
		return nil, errDamaged
	}
	return all, nil
}

// appendColumns appends columns, each behind its size.
func appendColumns(dst []byte, columns ...[]float64) []byte {
	for _, values := range columns {
		packed := appendNumbers(nil, values)
		dst = append(binary.AppendUvarint(dst, uint64(len(packed))), packed...)
	}
	return dst
}

// read reads a stored release whole.
func (r *Releases) read(ctx context.Context, boardID, id string) (*held, error) {
	h := &held{}
	var indexes = map[string][]byte{}
	var chunks [][]byte
	var players []int
	err := r.db.Read(ctx, func(tx *db.Tx) error {
		var headText []byte
		rec, err := scanRecord(tx.QueryRow(`SELECT `+recordColumns+`, head FROM release WHERE board_id = $1 AND release_id = $2`, boardID, id).Scan, &headText)
		if err != nil {
			return err
		}
		h.record = *rec
		h.record.head = headText
		rows, err := tx.Query(`SELECT name, content FROM release_index WHERE board_id = $1 AND release_id = $2`, boardID, id)
		if err != nil {
			return err
		}
		for rows.Next() {
			var name string
			var content []byte
			if err := rows.Scan(&name, &content); err != nil {
				return err
			}
			indexes[name] = content
		}
		if err := rows.Err(); err != nil {
			return err
		}
		rows.Close()
		if rows, err = tx.Query(`SELECT players, content FROM release_chunk WHERE board_id = $1 AND release_id = $2 ORDER BY chunk_no`, boardID, id); err != nil {
			return err
		}
		defer rows.Close()
		chunks, players = chunks[:0], players[:0]
		for rows.Next() {
			var n int
			var content []byte
			if err := rows.Scan(&n, &content); err != nil {
				return err
			}
			chunks, players = append(chunks, content), append(players, n)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	if err := h.open(ctx, r.boards, indexes, chunks, players); err != nil {
		if fault.Of(err) != fault.Internal {
			return nil, err
		}
		return nil, fmt.Errorf("release %s of %s (edition %d): %w", h.record.id, h.period, h.edition, err)
	}
	return h, nil
}

// open reads what was stored.
func (h *held) open(ctx context.Context, boards *board.Boards, indexes map[string][]byte, chunks [][]byte, players []int) error {
	if err := json.Unmarshal(h.record.head, &h.head); err != nil {
		return err
	}
	h.record.head = nil
	var err error
	if h.manifest, err = h.head.readManifest(); err != nil {
		return err
	}
	card, err := boards.Scorecard(ctx, h.boardID, h.version)
	if err != nil {
		return err
	}
	var old *scorecard.Scorecard
	if h.head.OldVersion > 0 {
		if old, err = boards.Scorecard(ctx, h.boardID, h.head.OldVersion); err != nil {
			return err
		}
	}
	groups, tags := make([]string, len(h.head.Tags)), make([][]string, len(h.head.Tags))
	for g, t := range h.head.Tags {
		groups[g], tags[g] = t.Group, t.Tags
	}
	h.layout = newLayout(card, old, groups, tags, h.head.Moves)
	h.tagOnce, h.tagPlaces = make([]sync.Once, len(groups)), make([][][]int32, len(groups))
	left := h.players
	for i, stored := range chunks {
		c, err := openChunk(stored, players[i], h.columns())
		if err != nil {
			return err
		}
		if c.n != min(left, perChunk) {
			return errDamaged
		}
		left -= c.n
		h.chunks = append(h.chunks, c)
		h.bytes += int64(len(stored)) + 64
	}
	if left != 0 {
		return errDamaged
	}
	byKey, err := readColumns(indexes[byKeyIndex], h.players, 1)
	if err != nil {
		return err
	}
	h.byKey = byKey[0]
	for i := range h.players {
		if place := h.byKey.number(i); !(place >= 0 && place < float64(h.players)) {
			return errDamaged
		}
	}
	for g := range h.groups {
		for _, c := range h.chunks {
			codes := c.column(textColumns + h.tag + g)
			for i := range c.n {
				if code := codes.number(i); code < 0 || code >= float64(len(tags[g])) {
					return errDamaged
				}
			}
		}
	}
	if h.standing, err = readStanding(indexes[standingIndex], h.head.Members); err != nil {
		return err
	}
	h.shown = h.head.release(&h.record)
	h.shown.held = h
	h.shown.decimals = card.Decimals
	if h.kept, err = readColumns(indexes[keptIndex], h.players, len(h.head.Kept)); err != nil {
		return err
	}
	if h.said, err = readColumns(indexes[saidIndex], h.players, len(h.head.OwnWord)); err != nil {
		return err
	}
	if !h.head.Refs {
		h.leadAndClimbs()
	}
	h.returned = make(map[int]headReturn, len(h.head.Returned))
	for _, r := range h.head.Returned {
		h.returned[r.Place] = r
	}
	h.bytes += int64(len(indexes[byKeyIndex]) + len(indexes[standingIndex]) + len(h.record.head) + 4096)
	return nil
}

func readStanding(stored []byte, members int) (standing, error) {
	columns, err := readColumns(stored, members, 2)
	if err != nil {
		return standing{}, err
	}
	return standing{members, columns[0], columns[1]}, nil
}

// The indexes of a release.
const (
	byKeyIndex    = "by_key"
	standingIndex = "standing"
	keptIndex     = "kept" // where players keep something to themselves: for each such metric 1 or 0 by place
	saidIndex     = "said" // where something is by players' own word: for each such metric the share by place
)

// number reads a number of the player at a place.
func (h *held) number(place, column int) float64 {
	c := h.chunks[place/perChunk].column(textColumns + column)
	return c.number(place % perChunk)
}

// text reads a text of the player at a place; it shares the memory of the release.
func (h *held) text(place, column int) []byte {
	c := h.chunks[place/perChunk].column(column)
	return c.text(place % perChunk)
}

// place returns the place of a member, −1 where they are not in the release.
func (h *held) place(number int64) int {
	h.placed.Do(func() {
		h.places = slices.Repeat([]int32{-1}, h.head.Members)
		for n, c := range h.chunks {
			members := c.column(textColumns + h.member)
			for i := range c.n {
				if m := members.number(i); m >= 0 && m < float64(len(h.places)) {
					h.places[int(m)] = int32(n*perChunk + i)
				}
			}
		}
	})
	if number < 0 || number >= int64(len(h.places)) {
		return -1
	}
	return int(h.places[number])
}

// leadAndClimbs finds for a release of before there were refs what its head does not say.
func (h *held) leadAndClimbs() {
	for place := range h.head.Ranked {
		if h.number(place, h.rank) != h.number(0, h.rank) {
			break
		}
		h.head.Lead.Players++
		h.head.Lead.Score = h.number(place, h.score)
		if len(h.head.Lead.Members) < 2 {
			h.head.Lead.Members = append(h.head.Lead.Members, int64(h.number(place, h.member)))
		}
	}
	for _, place := range h.head.Movers {
		h.head.Climbs = append(h.head.Climbs, headClimb{int64(h.number(place, h.member)), place, h.number(place, h.climbed)})
	}
}

// table returns the inputs of the release for the engine, players in the order of their keys, and their numbers.
func (h *held) table() (*score.Table, []int64) {
	n := h.players
	t := &score.Table{Players: make([]string, n), Names: make([]string, n), Tags: map[string][]string{}, Columns: map[string][]float64{},
		Carried: map[string][]float64{}, Totals: h.manifest.Totals, Silent: h.manifest.Silent}
	member := make([]int64, n)
	at := make([]int32, n) // by place
	for i := range n {
		at[int(h.byKey.number(i))] = int32(i)
	}
	tags := make([][]string, len(h.groups))
	for g, group := range h.groups {
		tags[g] = make([]string, n)
		t.Tags[group] = tags[g]
	}
	type filled struct {
		column int
		values []float64
	}
	var numbers []filled
	for k, m := range h.metrics {
		t.Columns[m.Key] = make([]float64, n)
		numbers = append(numbers, filled{h.raw + k, t.Columns[m.Key]})
	}
	for k, m := range h.carried {
		t.Carried[m.Key] = make([]float64, n)
		numbers = append(numbers, filled{h.carry + k, t.Carried[m.Key]})
	}
	for k, c := range h.chunks {
		keys, names, members := c.column(keyText), c.column(nameText), c.column(textColumns+h.member)
		own := at[k*perChunk:][:c.n]
		for i, to := range own {
			t.Players[to], t.Names[to] = string(keys.text(i)), string(names.text(i))
			member[to] = int64(members.number(i))
		}
		for g := range h.groups {
			codes := c.column(textColumns + h.tag + g)
			for i, to := range own {
				if code := codes.number(i); !math.IsNaN(code) {
					tags[g][to] = h.tags[g][int(code)]
				}
			}
		}
		for _, f := range numbers {
			col := c.column(textColumns + f.column)
			for i, to := range own {
				f.values[to] = col.number(i)
			}
		}
	}
	return t, member
}

// judged returns what the release was calculated from.
func (r *Releases) judged(ctx context.Context, h *held) (judged, error) {
	j := judged{card: h.card}
	j.table, _ = h.table()
	if h.head.Frozen == "" {
		return j, nil
	}
	from, err := r.hold(ctx, h.boardID, h.head.Frozen)
	if err != nil {
		return j, err
	}
	j.frozen, err = r.parameters(ctx, from)
	return j, err
}

// parameters returns the parameters of a release with the distributions behind ranks. They are calculated once from the
// release's own inputs, since stored they could be larger than the release.
func (r *Releases) parameters(ctx context.Context, h *held) (score.Parameters, error) {
	h.frozenMu.Lock()
	defer h.frozenMu.Unlock()
	if h.frozen != nil {
		return h.frozen, nil
	}
	j, err := r.judged(ctx, h)
	if err != nil {
		return nil, err
	}
	result, err := j.score()
	if err != nil {
		return nil, fmt.Errorf("release %s of %s: %w", h.id, h.period, err)
	}
	h.frozen = result.Frozen()
	return h.frozen, nil
}

// shelf keeps releases in memory, the ones used last, up to a number of bytes.
type shelf struct {
	mu    sync.Mutex
	most  int64
	bytes int64
	used  *list.List // of *shelved, the last used one first
	by    map[string]*list.Element
}

type shelved struct {
	id    string
	value any
	bytes int64
}

func newShelf(most int64) *shelf {
	return &shelf{most: most, used: list.New(), by: map[string]*list.Element{}}
}

func (s *shelf) get(id string) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.by[id]
	if e == nil {
		return nil
	}
	s.used.MoveToFront(e)
	return e.Value.(*shelved).value
}

func (s *shelf) put(id string, value any, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.by[id]; e != nil {
		old := s.used.Remove(e).(*shelved)
		s.bytes -= old.bytes
	}
	s.by[id] = s.used.PushFront(&shelved{id, value, bytes})
	s.bytes += bytes
	for s.bytes > s.most && s.used.Len() > 1 {
		e := s.used.Back()
		old := s.used.Remove(e).(*shelved)
		delete(s.by, old.id)
		s.bytes -= old.bytes
	}
}

// hold returns a final release, from memory where it is there.
func (r *Releases) hold(ctx context.Context, boardID, id string) (*held, error) {
	if h, ok := r.shelf.get(id).(*held); ok {
		return h, nil
	}
	h, err := r.read(ctx, boardID, id)
	if err != nil {
		return nil, err
	}
	if h.state == Final {
		r.shelf.put(id, h, h.bytes)
	}
	return h, nil
}

// standingOf returns the standing of a final release, without reading the rest of it.
func (r *Releases) standingOf(ctx context.Context, rec *record) (*standing, error) {
	if h, ok := r.shelf.get(rec.id).(*held); ok {
		return &h.standing, nil
	}
	id := "standing " + rec.id
	if s, ok := r.shelf.get(id).(*standing); ok {
		return s, nil
	}
	var stored []byte
	var members int
	err := r.db.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryRow(`SELECT cells, content FROM release_index WHERE board_id = $1 AND release_id = $2 AND name = $3`,
			rec.boardID, rec.id, standingIndex).Scan(&members, &stored)
	})
	if err != nil {
		return nil, err
	}
	s, err := readStanding(bytes.Clone(stored), members)
	if err != nil {
		return nil, fmt.Errorf("release %s of %s: %w", rec.id, rec.period, err)
	}
	r.shelf.put(id, &s, int64(len(stored))+256)
	return &s, nil
}
