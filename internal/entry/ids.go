package entry

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"math"
	"slices"
	"sort"

	"cairn/internal/db"
	"cairn/internal/fault"
)

// mark is what the index knows of an entry: 64 bits of the hash of its id, 64 of all it says, and its day.
type mark struct {
	id, content uint64
	day         int32
}

// markOf hashes an entry of a source; scratch is memory to work in.
func markOf(e *Entry, scratch []byte) (mark, []byte) {
	id := sha256.Sum256(append(scratch[:0], e.ID...))
	scratch = append(scratch[:0], id[:]...)
	scratch = binary.AppendVarint(scratch, e.Member)
	scratch = appendText(scratch, e.Key)
	scratch = binary.AppendVarint(scratch, e.At)
	bits := math.Float64bits(e.Value)
	if math.IsNaN(e.Value) {
		bits = math.Float64bits(math.NaN()) // there are many
	}
	scratch = binary.BigEndian.AppendUint64(scratch, bits)
	scratch = append(scratch, e.Label...)
	content := sha256.Sum256(scratch)
	return mark{
		id:      binary.BigEndian.Uint64(id[:]),
		content: binary.BigEndian.Uint64(content[:]),
		day:     int32(dayOf(e.At)),
	}, scratch
}

// run is a packed list of marks by rising id: n ids, n contents, n days, all fixed and little-endian, and a CRC-32C.
type run []byte

const markSize = 8 + 8 + 4

func packRun(marks []mark) run {
	r := make(run, 0, len(marks)*markSize+4)
	for _, m := range marks {
		r = binary.LittleEndian.AppendUint64(r, m.id)
	}
	for _, m := range marks {
		r = binary.LittleEndian.AppendUint64(r, m.content)
	}
	for _, m := range marks {
		r = binary.LittleEndian.AppendUint32(r, uint32(m.day))
	}
	return binary.LittleEndian.AppendUint32(r, crc32.Checksum(r, castagnoli))
}

func (r run) intact() bool {
	end := len(r) - 4
	return end >= 0 && end%markSize == 0 && crc32.Checksum(r[:end], castagnoli) == binary.LittleEndian.Uint32(r[end:])
}

func (r run) len() int        { return len(r) / markSize }
func (r run) id(i int) uint64 { return binary.LittleEndian.Uint64(r[i*8:]) }

func (r run) mark(i int) mark {
	n := r.len()
	return mark{
		id:      r.id(i),
		content: binary.LittleEndian.Uint64(r[n*8+i*8:]),
		day:     int32(binary.LittleEndian.Uint32(r[n*16+i*4:])),
	}
}

// find returns the mark with an id.
func (r run) find(id uint64) (mark, bool) {
	i := sort.Search(r.len(), func(i int) bool { return r.id(i) >= id })
	if i < r.len() && r.id(i) == id {
		return r.mark(i), true
	}
	return mark{}, false
}

// merge makes one list of runs, given oldest first; of an id that stands in several, the newest mark holds. Marks of days
// before from are left out.
func merge(runs []run, from int64) []mark {
	var merged []mark
	for _, r := range runs {
		older := merged
		merged = make([]mark, 0, len(older)+r.len())
		for i := range r.len() {
			m := r.mark(i)
			for len(older) > 0 && older[0].id < m.id {
				merged = append(merged, older[0])
				older = older[1:]
			}
			if len(older) > 0 && older[0].id == m.id {
				older = older[1:]
			}
			merged = append(merged, m)
		}
		merged = append(merged, older...)
	}
	return slices.DeleteFunc(merged, func(m mark) bool { return int64(m.day) < from })
}

// index is the ids that a source has brought to a board, in 1<<bits buckets by the leading bits of their hash.
type index struct {
	tx       *db.Tx
	boardID  string
	sourceNo int64
	ids      int64
	bits     int
}

// bucket is what is stored of one bucket: its runs, oldest first, and their numbers.
type bucket struct {
	no      int64
	runs    []run
	numbers []int64
}

const (
	mostInBucket  = 1 << 15
	bucketsAtOnce = 32 // read together: some 20 MB at most
)

func (x *index) bucketOf(id uint64) int64 { return int64(id >> (64 - x.bits)) }

// read returns the buckets from first to last that hold anything, by number.
func (x *index) read(first, last int64) ([]bucket, error) {
	rows, err := x.tx.Query(`SELECT bucket, run, content FROM entry_id
		WHERE board_id = $1 AND source_no = $2 AND bucket BETWEEN $3 AND $4 ORDER BY bucket, run`, x.boardID, x.sourceNo, first, last)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var buckets []bucket
	for rows.Next() {
		var no, number int64
		var content []byte
		if err := rows.Scan(&no, &number, &content); err != nil {
			return nil, err
		}
		if !run(content).intact() {
			return nil, fault.New(fault.Internal, "The list of known ids of board %s, source %d, bucket %d is damaged: restore the database from a backup.", x.boardID, x.sourceNo, no)
		}
		if len(buckets) == 0 || buckets[len(buckets)-1].no != no {
			buckets = append(buckets, bucket{no: no})
		}
		b := &buckets[len(buckets)-1]
		b.runs, b.numbers = append(b.runs, content), append(b.numbers, number)
	}
	return buckets, rows.Err()
}

// find returns the mark of an id.
func (b *bucket) find(id uint64) (mark, bool) {
	for _, r := range slices.Backward(b.runs) {
		if m, ok := r.find(id); ok {
			return m, true
		}
	}
	return mark{}, false
}

// placed is a run to be written.
type placed struct {
	bucket, number int64
	content        run
}

// add writes marks, by rising id, into a bucket: as a run of their own, or merged with the last runs where those are not
// much longer.
func (x *index) add(b *bucket, marks []mark) (placed, error) {
	fresh := packRun(marks)
	keep := len(b.runs)
	size := fresh.len()
	for keep > 0 && b.runs[keep-1].len() <= 2*size {
		keep--
		size += b.runs[keep].len()
	}
	if keep == len(b.runs) {
		number := int64(0)
		if keep > 0 {
			number = b.numbers[keep-1] + 1
		}
		x.ids += int64(fresh.len())
		return placed{b.no, number, fresh}, nil
	}
	number := b.numbers[keep]
	for _, r := range b.runs[keep:] {
		x.ids -= int64(r.len())
	}
	merged := packRun(merge(append(slices.Clone(b.runs[keep:]), fresh), math.MinInt32))
	x.ids += int64(merged.len())
	_, err := x.tx.Exec(`DELETE FROM entry_id WHERE board_id = $1 AND source_no = $2 AND bucket = $3 AND run >= $4`, x.boardID, x.sourceNo, b.no, number)
	return placed{b.no, number, merged}, err
}

// write stores runs.
func (x *index) write(runs []placed) error {
	if len(runs) == 0 {
		return nil
	}
	insert, err := x.tx.Prepare(`INSERT INTO entry_id (board_id, source_no, bucket, run, content) VALUES ($1, $2, $3, $4, $5)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, r := range runs {
		if _, err := insert.Exec(x.boardID, x.sourceNo, r.bucket, r.number, []byte(r.content)); err != nil {
			return err
		}
	}
	return nil
}

// settle splits the buckets in four until none is crowded.
func (x *index) settle() error {
	for x.ids > mostInBucket<<x.bits {
		if err := x.rewrite(x.bits+2, math.MinInt32); err != nil {
			return err
		}
	}
	return nil
}

// rewrite spreads the ids over 1<<bits buckets, one run each, without those of days before from.
func (x *index) rewrite(bits int, from int64) error {
	old := x.bits
	x.bits, x.ids = bits, 0
	for no := int64(1)<<old - 1; no >= 0; no-- { // last first: the new numbers of a bucket lie above its old one
		found, err := x.read(no, no)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			continue
		}
		if _, err := x.tx.Exec(`DELETE FROM entry_id WHERE board_id = $1 AND source_no = $2 AND bucket = $3`, x.boardID, x.sourceNo, no); err != nil {
			return err
		}
		var runs []placed
		for rest := merge(found[0].runs, from); len(rest) > 0; {
			to := x.bucketOf(rest[0].id)
			n := sort.Search(len(rest), func(i int) bool { return x.bucketOf(rest[i].id) > to })
			runs = append(runs, placed{to, 0, packRun(rest[:n])})
			x.ids += int64(n)
			rest = rest[n:]
		}
		if err := x.write(runs); err != nil {
			return err
		}
	}
	return nil
}

// drop forgets marks, given in any order, where they are those of the same day: an id whose day was purged may have come
// again for a later one.
func (x *index) drop(marks []mark) error {
	slices.SortFunc(marks, func(a, b mark) int { return cmp.Compare(a.id, b.id) })
	for len(marks) > 0 {
		no := x.bucketOf(marks[0].id)
		n := sort.Search(len(marks), func(i int) bool { return x.bucketOf(marks[i].id) > no })
		gone := make(map[mark]bool, n)
		for _, m := range marks[:n] {
			gone[mark{id: m.id, day: m.day}] = true
		}
		marks = marks[n:]
		found, err := x.read(no, no)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			continue
		}
		if _, err := x.tx.Exec(`DELETE FROM entry_id WHERE board_id = $1 AND source_no = $2 AND bucket = $3`, x.boardID, x.sourceNo, no); err != nil {
			return err
		}
		for _, r := range found[0].runs {
			x.ids -= int64(r.len())
		}
		rest := slices.DeleteFunc(merge(found[0].runs, math.MinInt32), func(m mark) bool { return gone[mark{id: m.id, day: m.day}] })
		if len(rest) == 0 {
			continue
		}
		if err := x.write([]placed{{no, 0, packRun(rest)}}); err != nil {
			return err
		}
		x.ids += int64(len(rest))
	}
	return nil
}

// openIndex returns the index of a source, which it makes where there is none.
func openIndex(tx *db.Tx, boardID, source string) (*index, error) {
	x := &index{tx: tx, boardID: boardID}
	err := tx.QueryRow(`SELECT source_no, ids, id_bits FROM entry_source WHERE board_id = $1 AND name = $2`, boardID, source).Scan(&x.sourceNo, &x.ids, &x.bits)
	if fault.Of(err) != fault.NotFound {
		return x, err
	}
	if err := tx.QueryRow(`SELECT COALESCE(MAX(source_no) + 1, 0) FROM entry_source WHERE board_id = $1`, boardID).Scan(&x.sourceNo); err != nil {
		return nil, err
	}
	_, err = tx.Exec(`INSERT INTO entry_source (board_id, source_no, name, entries, first_at, last_at, ids, id_bits) VALUES ($1, $2, $3, 0, 0, 0, 0, 0)`,
		boardID, x.sourceNo, source)
	return x, err
}
