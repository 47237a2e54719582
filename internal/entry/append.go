package entry

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"
	"unicode"
	"unicode/utf8"

	"cairn/internal/db"
	"cairn/internal/fault"
)

// Outcome tells what became of each entry of a batch, by index; the numbers add up to the length of the batch.
type Outcome struct {
	Added      int   // of an id that was not there
	Duplicates int   // already there with the same content
	Conflicts  []int // same id, other content: refused
	Replaced   int   // of Append with replace, and of Amend: took the place of another
	TooLate    []int // dated under a final release or in a purged day, or would replace such an entry: refused
}

// Append adds a batch from a source in one transaction; when it returns, the entries are on disk. With replace, an entry
// whose id is there with other content takes its place. The error is Invalid for an entry that cannot be kept (no id, no
// key, an infinite value); then nothing was added.
func (e *Entries) Append(ctx context.Context, boardID, source string, batch []Entry, replace bool) (Outcome, error) {
	return e.append(ctx, boardID, source, batch, appendRules{replace: replace})
}

// AppendIn is Append within a transaction of the caller's, who undoes it all where the outcome names what was refused.
func (e *Entries) AppendIn(tx *db.Tx, boardID, source string, batch []Entry, replace bool) (Outcome, error) {
	b, err := e.ready(boardID, source, batch, appendRules{replace: replace})
	if err != nil || len(batch) == 0 {
		return Outcome{}, err
	}
	return b.appendIn(tx)
}

// AppendEachIn is AppendIn without replace, and says by index which entries were added.
func (e *Entries) AppendEachIn(tx *db.Tx, boardID, source string, batch []Entry) (out Outcome, added []bool, err error) {
	b, err := e.ready(boardID, source, batch, appendRules{})
	if err != nil || len(batch) == 0 {
		return out, nil, err
	}
	a := appending{incoming: b, tx: tx, take: make([]bool, len(batch))}
	if err := a.run(); err != nil {
		return Outcome{}, nil, err
	}
	return a.out, a.take, nil
}

// Amend is Append with replace for the entries that an erratum corrects: being under a final release does not refuse
// them. Purged days stay closed.
func (e *Entries) Amend(ctx context.Context, boardID, source string, batch []Entry) (Outcome, error) {
	return e.append(ctx, boardID, source, batch, appendRules{replace: true, amend: true})
}

// appendRules are the ways in which Append and Amend differ.
type appendRules struct {
	replace bool // entries of a known id with other content take its place
	amend   bool // also under a final release
}

func (e *Entries) append(ctx context.Context, boardID, source string, batch []Entry, rules appendRules) (out Outcome, err error) {
	b, err := e.ready(boardID, source, batch, rules)
	if err != nil || len(batch) == 0 {
		return out, err
	}
	err = e.db.Write(ctx, func(tx *db.Tx) error {
		out, err = b.appendIn(tx)
		return err
	})
	return out, err
}

// incoming is a batch that can be kept, ready to be appended; that may be tried more than once.
type incoming struct {
	boardID, source string
	batch           []Entry
	marks           []mark
	order           []int32 // of the batch, by hash
	now             int64
	deflaters       *sync.Pool
	appendRules
}

// ready checks a batch and hashes it.
func (e *Entries) ready(boardID, source string, batch []Entry, rules appendRules) (*incoming, error) {
	if source == "" || len(source) > maxKey || !utf8.ValidString(source) || slices.ContainsFunc([]rune(source), unicode.IsControl) {
		return nil, fault.New(fault.Invalid, "A source has a name of 1 to %d bytes without control characters; %q is none.", maxKey, source)
	}
	in := &incoming{boardID: boardID, source: source, batch: batch, marks: make([]mark, len(batch)), order: make([]int32, len(batch)), now: e.now().UnixMicro(), deflaters: &e.deflaters, appendRules: rules}
	var scratch []byte
	for i := range batch {
		if err := batch[i].Check(); err != nil {
			return nil, err
		}
		in.marks[i], scratch = markOf(&batch[i], scratch)
		in.order[i] = int32(i)
	}
	// By hash, so that the index is read front to back; entries of one id stay in the order of the batch.
	slices.SortStableFunc(in.order, func(a, b int32) int { return cmp.Compare(in.marks[a].id, in.marks[b].id) })
	return in, nil
}

func (in *incoming) appendIn(tx *db.Tx) (Outcome, error) {
	a := appending{incoming: in, tx: tx, take: make([]bool, len(in.batch))}
	if err := a.run(); err != nil {
		return Outcome{}, err
	}
	return a.out, nil
}

// appending is one run of Append's transaction.
type appending struct {
	*incoming
	tx     *db.Tx
	closed closure
	index  *index
	take   []bool // which entries are written
	out    Outcome
	days   map[int32]map[string]place // of entries that may be replaced
	voided []place
	texts  *deflater
}

// place is where an entry is stored.
type place struct {
	day          string
	block, place int64
	at           int64
}

func (a *appending) run() (err error) {
	if a.texts, _ = a.deflaters.Get().(*deflater); a.texts == nil {
		a.texts = new(deflater)
	}
	defer a.deflaters.Put(a.texts)
	if a.closed, err = hold(a.tx, a.boardID); err != nil {
		return err
	}
	if a.index, err = openIndex(a.tx, a.boardID, a.source); err != nil {
		return err
	}
	for order := a.order; len(order) > 0; {
		// As many buckets as are read at once, or the one that the next id falls into where the batch is small.
		first := a.index.bucketOf(a.marks[order[0]].id)
		last := first
		n := 0
		for n < len(order) {
			b := a.index.bucketOf(a.marks[order[n]].id)
			if b > last+1 || b >= first+bucketsAtOnce {
				break
			}
			last = b
			n++
		}
		if err := a.judge(first, last, order[:n]); err != nil {
			return err
		}
		order = order[n:]
	}
	slices.Sort(a.out.Conflicts)
	slices.Sort(a.out.TooLate)
	if err := a.void(); err != nil {
		return err
	}
	if err := a.writeBlocks(); err != nil {
		return err
	}
	if err := a.index.settle(); err != nil {
		return err
	}
	return a.count()
}

// judge decides on the entries whose ids fall into the buckets from first to last, and enters the new ones there.
func (a *appending) judge(first, last int64, order []int32) error {
	buckets, err := a.index.read(first, last)
	if err != nil {
		return err
	}
	var runs []placed
	for len(order) > 0 {
		b := bucket{no: a.index.bucketOf(a.marks[order[0]].id)}
		for len(buckets) > 0 && buckets[0].no <= b.no {
			if buckets[0].no == b.no {
				b = buckets[0]
			}
			buckets = buckets[1:]
		}
		var marks []mark
		for len(order) > 0 && a.index.bucketOf(a.marks[order[0]].id) == b.no {
			same := 1
			for same < len(order) && a.marks[order[same]].id == a.marks[order[0]].id {
				same++
			}
			m, written, err := a.settleID(&b, order[:same])
			if err != nil {
				return err
			}
			if written {
				marks = append(marks, m)
			}
			order = order[same:]
		}
		if len(marks) > 0 {
			r, err := a.index.add(&b, marks)
			if err != nil {
				return err
			}
			runs = append(runs, r)
		}
	}
	return a.index.write(runs)
}

// settleID decides on the entries of one id, in the order of the batch. It returns the mark that holds at the end, if it
// is a new one.
func (a *appending) settleID(b *bucket, same []int32) (m mark, written bool, err error) {
	held, exists := b.find(a.marks[same[0]].id)
	stored := exists // what is held stands in a block; else it is the entry at holder
	var holder int32
	for _, i := range same {
		m := a.marks[i]
		if exists && held.content == m.content {
			a.out.Duplicates++
			continue
		}
		if a.tooLate(a.batch[i].At) {
			a.out.TooLate = append(a.out.TooLate, int(i))
			continue
		}
		if exists && !a.replace {
			a.out.Conflicts = append(a.out.Conflicts, int(i))
			continue
		}
		switch {
		case !exists:
			a.out.Added++
		case stored:
			old, err := a.find(held.day, a.batch[i].ID)
			if err != nil {
				return m, false, err
			}
			if a.tooLate(old.at) {
				a.out.TooLate = append(a.out.TooLate, int(i))
				continue
			}
			a.voided = append(a.voided, old)
			a.out.Replaced++
		default:
			a.take[holder] = false // another entry of this batch
			a.out.Replaced++
		}
		a.take[i] = true
		held, exists, stored, holder, written = m, true, false, i, true
	}
	return held, written, nil
}

// tooLate reports whether an entry of an instant can come or go no more.
func (a *appending) tooLate(at int64) bool {
	return at < a.closed.until && !a.amend || a.closed.purged != "" && isoDay(dayOf(at)) < a.closed.purged
}

// find returns where the entry with an id stands in the blocks of its day.
func (a *appending) find(day int32, id string) (place, error) {
	if a.days == nil {
		a.days = map[int32]map[string]place{}
	}
	ids, ok := a.days[day]
	if !ok {
		ids = map[string]place{}
		text := isoDay(int64(day))
		blocks, err := readBlocks(a.tx, a.boardID, text, -1, text, true)
		if err != nil {
			return place{}, err
		}
		for len(blocks) > 0 {
			for i := range blocks {
				if err := a.places(&blocks[i], ids); err != nil {
					return place{}, err
				}
			}
			if blocks, err = readBlocks(a.tx, a.boardID, text, blocks[len(blocks)-1].no, text, true); err != nil {
				return place{}, err
			}
		}
		a.days[day] = ids
	}
	found, ok := ids[id]
	if !ok {
		return place{}, fault.New(fault.Internal, "Entry %q of board %s is known but not to be found on %s: restore the database from a backup.", id, a.boardID, isoDay(int64(day)))
	}
	return found, nil
}

// places notes where in a block the entries of the source stand that are not voided.
func (a *appending) places(b *stored, ids map[string]place) error {
	var c columns
	t, err := b.decode(&c)
	if err != nil {
		return damaged(a.boardID, b.day, b.no, err)
	}
	voids, err := b.readVoids(a.tx, a.boardID)
	if err != nil {
		return err
	}
	for i, source := range t.source {
		if source == a.index.sourceNo && !voids[int64(i)] {
			ids[t.id[i]] = place{b.day, b.no, int64(i), c.at[i]}
		}
	}
	return nil
}

// void takes back the entries that were replaced.
func (a *appending) void() error {
	for _, old := range a.voided {
		if _, err := a.tx.Exec(`INSERT INTO entry_void (board_id, day, block_no, place, voided_at) VALUES ($1, $2, $3, $4, $5)`,
			a.boardID, old.day, old.block, old.place, a.now); err != nil {
			return err
		}
		if _, err := a.tx.Exec(`UPDATE entry_block SET voids = voids + 1 WHERE board_id = $1 AND day = $2 AND block_no = $3`,
			a.boardID, old.day, old.block); err != nil {
			return err
		}
	}
	return nil
}

// writeBlocks packs the entries that are taken into blocks, day by day.
func (a *appending) writeBlocks() error {
	var taken []int32
	for i, take := range a.take {
		if take {
			taken = append(taken, int32(i))
		}
	}
	slices.SortStableFunc(taken, func(x, y int32) int { return cmp.Compare(a.marks[x].day, a.marks[y].day) })
	for len(taken) > 0 {
		n := 1
		for n < len(taken) && n < mostInBlock && a.marks[taken[n]].day == a.marks[taken[0]].day {
			n++
		}
		if err := a.writeBlock(taken[:n]); err != nil {
			return err
		}
		taken = taken[n:]
	}
	return nil
}

const mostInBlock = 1 << 15

// writeBlock adds entries of one day, together with the last blocks of that day where those are not much larger.
func (a *appending) writeBlock(taken []int32) error {
	day := isoDay(int64(a.marks[taken[0]].day))
	rows, err := a.tx.Query(`SELECT block_no, entries, voids FROM entry_block WHERE board_id = $1 AND day = $2 ORDER BY block_no DESC LIMIT 20`, a.boardID, day)
	if err != nil {
		return err
	}
	no, next, size, open := int64(0), int64(0), len(taken), true
	for rows.Next() {
		var last int64
		var entries, voids int
		if err := rows.Scan(&last, &entries, &voids); err != nil {
			rows.Close()
			return err
		}
		if next == 0 {
			no, next = last+1, last+1
		}
		if open = open && voids == 0 && entries <= 2*size && entries+size <= mostInBlock; open {
			no, size = last, size+entries
		}
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return err
	}

	p := packer{places: map[string]int32{}}
	if no < next {
		blocks, err := readBlocks(a.tx, a.boardID, day, no-1, day, true)
		if err != nil {
			return err
		}
		for i := range blocks {
			if err := p.addBlock(&blocks[i]); err != nil {
				return damaged(a.boardID, day, blocks[i].no, err)
			}
		}
		if _, err := a.tx.Exec(`DELETE FROM entry_block WHERE board_id = $1 AND day = $2 AND block_no >= $3`, a.boardID, day, no); err != nil {
			return err
		}
	}
	for _, i := range taken {
		e := &a.batch[i]
		p.add(e.Member, e.Key, e.At, e.Value, a.index.sourceNo, e.ID, e.Label)
	}
	_, err = a.tx.Exec(`INSERT INTO entry_block (board_id, day, block_no, entries, voids, numbers, texts) VALUES ($1, $2, $3, $4, 0, $5, $6)`,
		a.boardID, day, no, len(p.member), encodeNumbers(&p.columns), a.texts.encode(&p.texts))
	return err
}

// count keeps what the source has brought.
func (a *appending) count() error {
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for i, take := range a.take {
		if take {
			first, last = min(first, a.batch[i].At), max(last, a.batch[i].At)
		}
	}
	if a.out.Added+a.out.Replaced == 0 {
		return nil
	}
	_, err := a.tx.Exec(`UPDATE entry_source SET
			first_at = CASE WHEN entries = 0 OR $1 < first_at THEN $1 ELSE first_at END,
			last_at = CASE WHEN entries = 0 OR $2 > last_at THEN $2 ELSE last_at END,
			entries = entries + $3, ids = $4, id_bits = $5
		WHERE board_id = $6 AND source_no = $7`,
		first, last, a.out.Added+a.out.Replaced, a.index.ids, a.index.bits, a.boardID, a.index.sourceNo)
	return err
}

// packer collects entries for a block.
type packer struct {
	columns
	texts
	places map[string]int32 // of the keys in the dictionary
}

func (p *packer) add(member int64, key string, at int64, value float64, source int64, id, label string) {
	k, ok := p.places[key]
	if !ok {
		k = int32(len(p.keys))
		p.places[key] = k
		p.keys = append(p.keys, key)
	}
	p.member, p.key, p.at, p.value = append(p.member, member), append(p.key, k), append(p.at, at), append(p.value, value)
	p.source, p.id, p.label = append(p.source, source), append(p.id, id), append(p.label, label)
}

// addBlock collects all entries of a block.
func (p *packer) addBlock(b *stored) error {
	var c columns
	t, err := b.decode(&c)
	if err != nil {
		return err
	}
	for i := range c.member {
		p.add(c.member[i], c.keys[c.key[i]], c.at[i], c.value[i], t.source[i], t.id[i], t.label[i])
	}
	return nil
}
