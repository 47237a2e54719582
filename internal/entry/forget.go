package entry

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"

	"cairn/internal/db"
)

// Forget deletes every raw entry of a member, replaced and late ones included, whatever release they are under, and returns
// how many there were. What a final release made of them stays as it is, and so do the receipts of purges: they count and
// digest what was there then. Of the member nothing is left here; how many entries a source ever brought still counts
// them, and the other members' entries keep their order.
//
// Their ids are forgotten as well, so that the same file may bring them again, for whoever they belong to then.
func (e *Entries) Forget(tx *db.Tx, boardID string, member int64) (gone int, err error) {
	if _, err := hold(tx, boardID); err != nil {
		return 0, err
	}
	f := forgetting{tx: tx, boardID: boardID, member: member, marks: map[int64][]mark{}}
	for day, no := "", int64(-1); ; {
		blocks, err := readBlocks(tx, boardID, day, no, isoDay(math.MaxInt32), false)
		if err != nil {
			return 0, err
		}
		if len(blocks) == 0 {
			break
		}
		for i := range blocks {
			if err := f.forget(&blocks[i]); err != nil {
				return 0, err
			}
		}
		day, no = blocks[len(blocks)-1].day, blocks[len(blocks)-1].no
	}
	for source, marks := range f.marks {
		x := index{tx: tx, boardID: boardID, sourceNo: source}
		if err := tx.QueryRow(`SELECT ids, id_bits FROM entry_source WHERE board_id = $1 AND source_no = $2`, boardID, source).Scan(&x.ids, &x.bits); err != nil {
			return 0, err
		}
		if err := x.drop(marks); err != nil {
			return 0, err
		}
		if _, err := tx.Exec(`UPDATE entry_source SET ids = $1 WHERE board_id = $2 AND source_no = $3`, x.ids, boardID, source); err != nil {
			return 0, err
		}
	}
	return f.gone, nil
}

// forgetting is one run of Forget.
type forgetting struct {
	tx      *db.Tx
	boardID string
	member  int64
	columns columns
	texts   deflater
	marks   map[int64][]mark // by source: the ids that are gone, with their days
	gone    int
}

// forget takes the member's entries out of a block.
func (f *forgetting) forget(b *stored) error {
	c := &f.columns
	if err := decodeNumbers(b.numbers, c); err != nil {
		return damaged(f.boardID, b.day, b.no, err)
	}
	if !slices.Contains(c.member, f.member) {
		return nil
	}
	if err := f.tx.QueryRow(`SELECT texts FROM entry_block WHERE board_id = $1 AND day = $2 AND block_no = $3`, f.boardID, b.day, b.no).Scan(&b.texts); err != nil {
		return err
	}
	t, err := b.decode(c)
	if err != nil {
		return damaged(f.boardID, b.day, b.no, err)
	}
	voided, err := f.voids(b)
	if err != nil {
		return err
	}
	left := packer{places: map[string]int32{}}
	moved := map[int64]int64{} // place among those left → when it was voided
	for i, member := range c.member {
		at, void := voided[int64(i)]
		if member == f.member {
			f.gone++
			if !void { // else its id is that of the entry in its place
				id := sha256.Sum256([]byte(t.id[i]))
				f.marks[t.source[i]] = append(f.marks[t.source[i]], mark{id: binary.BigEndian.Uint64(id[:]), day: int32(dayOf(c.at[i]))})
			}
			continue
		}
		if void {
			moved[int64(len(left.member))] = at
		}
		left.add(member, c.keys[c.key[i]], c.at[i], c.value[i], t.source[i], t.id[i], t.label[i])
	}
	where := []any{f.boardID, b.day, b.no}
	if len(left.member) == 0 {
		_, err := f.tx.Exec(`DELETE FROM entry_block WHERE board_id = $1 AND day = $2 AND block_no = $3`, where...)
		return err
	}
	if _, err := f.tx.Exec(`DELETE FROM entry_void WHERE board_id = $1 AND day = $2 AND block_no = $3`, where...); err != nil {
		return err
	}
	for place, at := range moved {
		if _, err := f.tx.Exec(`INSERT INTO entry_void (board_id, day, block_no, place, voided_at) VALUES ($1, $2, $3, $4, $5)`, append(where, place, at)...); err != nil {
			return err
		}
	}
	_, err = f.tx.Exec(`UPDATE entry_block SET entries = $4, voids = $5, numbers = $6, texts = $7 WHERE board_id = $1 AND day = $2 AND block_no = $3`,
		append(where, len(left.member), len(moved), encodeNumbers(&left.columns), f.texts.encode(&left.texts))...)
	return err
}

// voids returns the places of the block's entries that were replaced, and when.
func (f *forgetting) voids(b *stored) (map[int64]int64, error) {
	if b.voids == 0 {
		return nil, nil
	}
	rows, err := f.tx.Query(`SELECT place, voided_at FROM entry_void WHERE board_id = $1 AND day = $2 AND block_no = $3`, f.boardID, b.day, b.no)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	voided := map[int64]int64{}
	for rows.Next() {
		var place, at int64
		if err := rows.Scan(&place, &at); err != nil {
			return nil, err
		}
		voided[place] = at
	}
	return voided, rows.Err()
}
