package release

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"math"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/score"
)

// freeze writes a calculated release: as the board's draft, or as its next final one. The row of the release comes last:
// from then on the database refuses every change to what belongs to a final one.
func (c *calculation) freeze(tx *db.Tx, rec *record, published time.Time) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("naming a release: %w", err)
	}
	rec.id, rec.boardID, rec.period = id.String(), c.board.ID, c.period
	rec.version, rec.engine = c.board.Version, score.Engine
	rec.players, rec.scored = len(c.table.Players), c.scored()
	rec.published = published.UnixMicro()

	const drafts = ` WHERE board_id = $1 AND release_id IN (SELECT release_id FROM release WHERE board_id = $1 AND state = 'draft')`
	for _, table := range []string{"release_chunk", "release_index", "release"} {
		if _, err := tx.Exec(`DELETE FROM `+table+drafts, rec.boardID); err != nil {
			return err
		}
	}
	h := c.summarise()
	files, err := c.writeChunks(tx, rec)
	if err != nil {
		return err
	}
	if h.Members, err = c.writeIndexes(tx, rec); err != nil {
		return err
	}
	m := c.manifest(rec, files)
	c.sealed = m
	text := m.text()
	h.Manifest = string(text)
	rec.digest = digest(text)
	if rec.head, err = json.Marshal(h); err != nil {
		return fmt.Errorf("writing the head of a release: %w", err)
	}
	_, err = tx.Exec(`INSERT INTO release (release_id, board_id, number, unit, first_day, last_day, edition, state, supersedes, reason, version, engine,
		players, scored, digest, published_at, head, format) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 2)`,
		rec.id, rec.boardID, rec.number, string(rec.period.Unit), rec.period.First.String(), rec.period.Last.String(), rec.edition, string(rec.state),
		rec.supersedes, rec.reason, rec.version, rec.engine, rec.players, rec.scored, rec.digest, rec.published, rec.head)
	if fault.Of(err) == fault.Conflict {
		return fault.Wrap(fault.Conflict, err, "Another publication of %s was quicker: look at it with cairn release show %s %s.", c.period, c.board.Key, c.period)
	}
	return err
}

// chunked is one chunk on its way to the database and into the digests.
type chunked struct {
	stored                  []byte
	inputs, results, bridge []byte
	players                 int
}

// writeChunks stores the lines of a release and returns what its bundle's tables come to.
func (c *calculation) writeChunks(tx *db.Tx, rec *record) (files []manifestContent, err error) {
	inputs, results, bridge := c.inputs(), c.results(), c.bridgeInputs()
	sums := []*counted{newCounted(inputsFile), newCounted(resultsFile), newCounted(bridgeFile)}
	sums[0].Write(inputs.appendHeader(nil))
	sums[1].Write(results.appendHeader(nil))
	sums[2].Write(bridge.appendHeader(nil))
	insert, err := tx.Prepare(`INSERT INTO release_chunk (board_id, release_id, chunk_no, players, content) VALUES ($1, $2, $3, $4, $5)`)
	if err != nil {
		return nil, err
	}
	defer insert.Close()

	n := c.chunks()
	done := make([]chan *chunked, n)
	for i := range done {
		done[i] = make(chan *chunked, 1)
	}
	next, stop := make(chan int), make(chan struct{})
	const most = 16 // chunks that may wait for the database
	ahead, used := make(chan struct{}, most), make(chan *chunked, most)
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			p, s := c.page(), &sheet{}
			for i := range next {
				c.fill(p, i)
				var out *chunked
				select {
				case out = <-used:
				default:
					out = &chunked{}
				}
				out.stored, out.players = p.store(out.stored[:0], s), p.n
				out.inputs = inputs.appendPage(out.inputs[:0], p)
				out.results = results.appendPage(out.results[:0], p)
				if c.old != nil {
					out.bridge = bridge.appendPage(out.bridge[:0], p)
				}
				done[i] <- out
			}
		})
	}
	workers.Go(func() {
		defer close(next)
		for i := range n {
			select {
			case ahead <- struct{}{}:
				next <- i
			case <-stop:
				return
			}
		}
	})
	defer workers.Wait()
	defer close(stop)
	for i := range n {
		out := <-done[i]
		<-ahead
		sums[0].Write(out.inputs)
		sums[1].Write(out.results)
		sums[2].Write(out.bridge)
		if _, err := insert.Exec(rec.boardID, rec.id, i, out.players, out.stored); err != nil {
			return nil, err
		}
		select {
		case used <- out:
		default:
		}
	}
	for _, sum := range sums {
		files = append(files, sum.content())
	}
	return files, nil
}

// counted sums up what is written to it.
type counted struct {
	name string
	n    int64
	sum  hash.Hash
}

func newCounted(name string) *counted { return &counted{name: name, sum: sha256.New()} }

func (c *counted) Write(data []byte) (int, error) {
	c.n += int64(len(data))
	return c.sum.Write(data)
}

func (c *counted) content() manifestContent {
	return manifestContent{c.name, c.n, hex.EncodeToString(c.sum.Sum(nil))}
}

// writeIndexes stores the ways into a release: its players by ref, the standing of every member by number, whose length it
// returns, and where there is such a thing what players keep to themselves and what is by
// their own word.
func (c *calculation) writeIndexes(tx *db.Tx, rec *record) (members int, err error) {
	byKey := make([]float64, len(c.table.Players))
	for place, i := range c.result.Order {
		byKey[i] = float64(place)
	}
	for _, m := range c.verdict.member {
		members = max(members, int(m)+1)
	}
	scores, ranks := slices.Repeat([]float64{math.NaN()}, members), slices.Repeat([]float64{math.NaN()}, members)
	for i, m := range c.verdict.member {
		scores[m], ranks[m] = c.result.Score[i], c.result.Rank[i]
	}
	type index struct {
		name    string
		cells   int
		content []byte
	}
	indexes := []index{{byKeyIndex, len(byKey), appendColumns(nil, byKey)}, {standingIndex, members, appendColumns(nil, scores, ranks)}}
	if len(c.kept) > 0 {
		content := []byte(nil)
		for _, k := range c.kept {
			byPlace := make([]float64, len(k.players))
			for place, i := range c.result.Order {
				if k.players[i] {
					byPlace[place] = 1
				}
			}
			content = appendColumns(content, byPlace)
		}
		indexes = append(indexes, index{keptIndex, len(byKey), content})
	}
	if len(c.said) > 0 {
		content := []byte(nil)
		for _, s := range c.said {
			byPlace := make([]float64, len(s.share))
			for place, i := range c.result.Order {
				byPlace[place] = s.share[i]
			}
			content = appendColumns(content, byPlace)
		}
		indexes = append(indexes, index{saidIndex, len(byKey), content})
	}
	for _, index := range indexes {
		if _, err := tx.Exec(`INSERT INTO release_index (board_id, release_id, name, cells, content) VALUES ($1, $2, $3, $4, $5)`,
			rec.boardID, rec.id, index.name, index.cells, index.content); err != nil {
			return 0, err
		}
	}
	return members, nil
}

// manifest describes the bundle of a release; tables are its inputs, results and bridge.
func (c *calculation) manifest(rec *record, tables []manifestContent) *manifest {
	m := &manifest{
		Format: format, Board: c.board.Key, Name: c.board.Name, Zone: c.board.Zone,
		Unit: string(c.period.Unit), Period: c.period.String(), First: c.period.First.String(), Last: c.period.Last.String(),
		Edition: rec.edition, Reason: rec.reason, Published: time.UnixMicro(rec.published).UTC().Format(time.RFC3339Nano), Engine: rec.engine,
		Scorecard: manifestScorecard{c.card.Key, rec.version, digest(c.card.Source)},
		Note:      refsNote, Players: rec.players, Scored: rec.scored, Groups: c.layout.groups, Totals: c.table.Totals, Silent: c.table.Silent,
	}
	if rec.replaced != nil {
		m.Supersedes = rec.replaced.digest
	}
	m.Files = append(m.Files, contentOf(scorecardFile, c.card.Source), tables[0])
	if c.frozen != nil {
		m.Frozen = &manifestRelease{c.frozen.period.String(), c.frozen.edition, c.frozen.digest}
		m.Files = append(m.Files, contentOf(frozenFile, parametersText(c.judged.frozen)))
	}
	m.Files = append(m.Files, contentOf(parametersFile, parametersText(c.result.Parameters())), tables[1])
	if c.previous == nil {
		return m
	}
	m.Previous = &manifestRelease{c.previous.period.String(), c.previous.edition, c.previous.digest}
	if c.old != nil {
		m.Bridge = &manifestBridge{c.before.now.Totals, c.before.now.Silent}
		m.Files = append(m.Files, tables[2])
	}
	m.Files = append(m.Files, contentOf(previousFolder+manifestFile, []byte(c.previous.head.Manifest)))
	for _, name := range []string{scorecardFile, inputsFile, frozenFile} {
		if f := c.previous.manifest.file(name); f != nil {
			m.Files = append(m.Files, manifestContent{previousFolder + name, f.Bytes, f.SHA256})
		}
	}
	return m
}

// put calculates a release inside a write transaction and stores it.
func (r *Releases) put(ctx context.Context, key string, choose func(c *choice) error) (rec *record, err error) {
	err = r.db.Write(ctx, func(tx *db.Tx) error {
		// The row is read first: it fixes the state of the database that the transaction sees.
		c := choice{record: &record{}, tx: tx, by: by(ctx)}
		var id string
		if err := tx.QueryRow(`SELECT board_id FROM board WHERE key = $1`, key).Scan(&id); err != nil {
			if fault.Of(err) == fault.NotFound {
				return fault.New(fault.NotFound, "There is no board %q.", key)
			}
			return err
		}
		var err error
		if c.board, err = r.boards.Board(ctx, key); err != nil {
			return err
		}
		if c.finals, err = finals(tx, id); err != nil {
			return err
		}
		if err := choose(&c); err != nil {
			return err
		}
		now := r.now()
		if c.record.state == Final {
			// Whoever pauses, leaves or withdraws in this moment does so before the release or after it.
			if err := r.boards.Hold(tx, id); err != nil {
				return err
			}
		}
		calculated, err := r.calculate(ctx, tx, c.board, c.period, c.before(), now)
		if err != nil {
			return err
		}
		if err := calculated.freeze(tx, c.record, now); err != nil {
			return err
		}
		rec = c.record
		if rec.replaced != nil {
			if err := r.mends(ctx, calculated, rec); err != nil {
				return err
			}
		}
		if rec.state != Final {
			return nil
		}
		_, end := c.period.Bounds(c.board.Location())
		if err := r.entries.Close(tx, id, end.UnixMicro()); err != nil {
			return err
		}
		for _, do := range r.told {
			if err := do(tx, Made{Board: c.board, ID: rec.id, Period: rec.period, Edition: rec.edition, At: now}); err != nil {
				return err
			}
		}
		return r.trail.Write(tx, rec.event(c.by))
	})
	if err == nil && rec.state == Final {
		r.published.Add(1)
	}
	return rec, err
}

// event is what the trail says of a release that became final.
func (r *record) event(by string) audit.Event {
	e := audit.Event{Actor: by, Verb: "release.publish", Board: r.boardID, Detail: map[string]string{"period": r.period.String(), "digest": r.digest}}
	if r.replaced != nil {
		e.Verb = "release.erratum"
		e.Detail["edition"] = strconv.Itoa(r.edition)
	}
	return e
}

// mends refuses an erratum that says the same as the edition before.
func (r *Releases) mends(ctx context.Context, c *calculation, rec *record) error {
	before, err := r.hold(ctx, rec.boardID, rec.replaced.id)
	if err != nil {
		return err
	}
	for _, name := range []string{inputsFile, resultsFile} {
		if *before.manifest.file(name) != *c.sealed.file(name) {
			return nil
		}
	}
	return fault.New(fault.Conflict, "The entries give the same release of %s as edition %d: correct them first, there is nothing to mend.", c.period, rec.replaced.edition)
}
