package entry

import (
	"context"
	"iter"

	"cairn/internal/db"
)

// Block is a run of entries as columns; its slices are valid until the next one is asked for.
type Block struct {
	Keys   []string // dictionary
	Member []int64
	Key    []int32 // index into Keys
	At     []int64
	Value  []float64
	Label  func(i int) string // "" where there is none
	ID     func(i int) string
	Source func(i int) string
}

// Window streams the entries of a board with from <= At < to (microseconds) in blocks, earliest days first; within one
// instant in the order they were added. from may be math.MinInt64, to math.MaxInt64. Between two blocks tx may be used for
// other queries. A damaged block, also one whose texts turn out so when Label or ID is asked, ends the stream with an
// error that names it.
func (e *Entries) Window(ctx context.Context, tx *db.Tx, boardID string, from, to int64) iter.Seq2[*Block, error] {
	return func(yield func(*Block, error) bool) {
		if from >= to {
			return
		}
		w := window{tx: tx, boardID: boardID, from: from, to: to}
		w.out.Label, w.out.ID, w.out.Source = w.label, w.id, w.source
		firstDay, lastDay := isoDay(dayOf(from)), isoDay(dayOf(to-1))
		day, no := firstDay, int64(-1)
		for {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			blocks, err := readBlocks(tx, boardID, day, no, lastDay, false)
			if err != nil {
				yield(nil, err)
				return
			}
			if len(blocks) == 0 {
				return
			}
			for i := range blocks {
				b := &blocks[i]
				day, no = b.day, b.no
				if err := w.open(b, b.day == firstDay || b.day == lastDay); err != nil {
					yield(nil, err)
					return
				}
				if len(w.out.Member) == 0 {
					continue
				}
				if !yield(&w.out, nil) {
					return
				}
				if w.failed != nil {
					yield(nil, w.failed)
					return
				}
			}
		}
	}
}

// window is the reading of one block after another.
type window struct {
	tx       *db.Tx
	boardID  string
	from, to int64

	columns columns
	out     Block
	places  []int32 // of the entries that are left in their block; nil all
	block   *stored
	texts   *texts // of the block, once they were asked for
	sources map[int64]string
	failed  error
}

// open decodes a block; edge says that some of its day may lie outside the window.
func (w *window) open(b *stored, edge bool) error {
	w.block, w.texts, w.places = b, nil, nil
	c := &w.columns
	if err := decodeNumbers(b.numbers, c); err != nil {
		return damaged(w.boardID, b.day, b.no, err)
	}
	if len(c.member) != b.entries {
		return damaged(w.boardID, b.day, b.no, corrupt{"it holds another number of entries than noted"})
	}
	if edge || b.voids > 0 {
		voids, err := b.readVoids(w.tx, w.boardID)
		if err != nil {
			return err
		}
		w.filter(voids)
	}
	w.out.Keys, w.out.Member, w.out.Key, w.out.At, w.out.Value = c.keys, c.member, c.key, c.at, c.value
	return nil
}

// filter leaves the entries that lie in the window and are not voided.
func (w *window) filter(voids map[int64]bool) {
	c := &w.columns
	w.places = make([]int32, 0, len(c.member))
	for i, at := range c.at {
		if at < w.from || at >= w.to || voids[int64(i)] {
			continue
		}
		n := len(w.places)
		w.places = append(w.places, int32(i))
		c.member[n], c.key[n], c.at[n], c.value[n] = c.member[i], c.key[i], at, c.value[i]
	}
	c.grow(len(w.places))
}

func (w *window) label(i int) string {
	if t, i := w.text(i); t != nil {
		return t.label[i]
	}
	return ""
}

func (w *window) id(i int) string {
	if t, i := w.text(i); t != nil {
		return t.id[i]
	}
	return ""
}

// source reads the names of the board's sources, if nobody asked before.
func (w *window) source(i int) string {
	t, i := w.text(i)
	if t == nil {
		return ""
	}
	if w.sources == nil && w.failed == nil {
		w.sources, w.failed = readSources(w.tx, w.boardID)
	}
	return w.sources[t.source[i]]
}

// text reads the texts of the block, if nobody asked before, and returns them with the place of entry i in it.
func (w *window) text(i int) (*texts, int) {
	if w.texts == nil && w.failed == nil {
		var packed []byte
		err := w.tx.QueryRow(`SELECT texts FROM entry_block WHERE board_id = $1 AND day = $2 AND block_no = $3`, w.boardID, w.block.day, w.block.no).Scan(&packed)
		if err == nil {
			if w.texts, err = decodeTexts(packed, w.block.entries); err != nil {
				err = damaged(w.boardID, w.block.day, w.block.no, err)
			}
		}
		w.failed = err
	}
	if w.places != nil {
		i = int(w.places[i])
	}
	return w.texts, i
}

// stored is a block as it is kept.
type stored struct {
	day            string
	no             int64
	entries, voids int
	numbers, texts []byte
}

// readBlocks reads the next few blocks after (day, no) up to the last day, in order; their texts only where asked for. The
// rows are read to their end, so that the caller may use the transaction.
func readBlocks(tx *db.Tx, boardID, day string, no int64, last string, texts bool) ([]stored, error) {
	wanted := `day, block_no, entries, voids, numbers`
	if texts {
		wanted += `, texts`
	}
	rows, err := tx.Query(`SELECT `+wanted+` FROM entry_block
		WHERE board_id = $1 AND (day, block_no) > ($2, $3) AND day <= $4 ORDER BY day, block_no LIMIT 32`, boardID, day, no, last)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var blocks []stored
	for rows.Next() {
		var b stored
		into := []any{&b.day, &b.no, &b.entries, &b.voids, &b.numbers}
		if texts {
			into = append(into, &b.texts)
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		blocks = append(blocks, b)
	}
	return blocks, rows.Err()
}

// decode unpacks all of a block.
func (b *stored) decode(c *columns) (*texts, error) {
	if err := decodeNumbers(b.numbers, c); err != nil {
		return nil, err
	}
	if len(c.member) != b.entries {
		return nil, corrupt{"it holds another number of entries than noted"}
	}
	return decodeTexts(b.texts, b.entries)
}

// readVoids returns the places of the block's entries that were replaced.
func (b *stored) readVoids(tx *db.Tx, boardID string) (map[int64]bool, error) {
	if b.voids == 0 {
		return nil, nil
	}
	rows, err := tx.Query(`SELECT place FROM entry_void WHERE board_id = $1 AND day = $2 AND block_no = $3`, boardID, b.day, b.no)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	voids := map[int64]bool{}
	for rows.Next() {
		var place int64
		if err := rows.Scan(&place); err != nil {
			return nil, err
		}
		voids[place] = true
	}
	return voids, rows.Err()
}
