package entry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"cairn/internal/db"
	"cairn/internal/fault"
)

// Receipt says what was deleted.
//
// Digest is the SHA-256 over the deleted entries, those that had been replaced included, in the order of day, block and
// place: for each the seven fields source, id, player's number, key, instant (microseconds), value ("" none, else the
// shortest decimal form that reads back to it) and label, each written as a netstring ("5:posts,"), and a line feed.
type Receipt struct {
	BoardID, ReleaseID string
	Before             time.Time // entries of the UTC days before this one
	Count              int64
	Digest             string   // hex
	Kept               int64    // entries of those days that a window of the scorecard still needs
	KeptKeys           []string // and their keys, in order
	At                 time.Time
}

// Purge deletes the raw entries of the whole UTC days that end at or before an instant (microseconds), save those whose
// key is to be kept, and notes it in a receipt; keep may be nil. The days must lie under a final release (see Close), else
// the error is Conflict. Where there is nothing to delete, the receipt counts 0 and is not kept. The ids of purged days are
// forgotten: what comes for such a day is too late, and what comes with such an id for a later day is new.
func (e *Entries) Purge(ctx context.Context, boardID, releaseID string, before int64, keep func(key string) bool) (receipt Receipt, err error) {
	err = e.db.Write(ctx, func(tx *db.Tx) error {
		end := dayOf(before)
		p := purging{
			tx: tx, boardID: boardID, end: end, keep: keep, digest: sha256.New(), kept: map[string]bool{},
			receipt: Receipt{BoardID: boardID, ReleaseID: releaseID, Before: time.UnixMicro(end * microsOfDay).UTC(), At: e.now().UTC().Truncate(time.Microsecond)},
		}
		if err := p.run(); err != nil {
			return err
		}
		receipt = p.receipt
		return nil
	})
	return receipt, err
}

// purging is one run of Purge's transaction.
type purging struct {
	tx      *db.Tx
	boardID string
	end     int64 // the first day that stays
	keep    func(key string) bool
	sources map[int64]string
	digest  hash.Hash
	kept    map[string]bool
	texts   deflater
	receipt Receipt
}

func (p *purging) run() error {
	c, err := hold(p.tx, p.boardID)
	if err != nil {
		return err
	}
	if p.end*microsOfDay > c.until {
		return fault.New(fault.Conflict, "Entries before %s cannot be purged: no final release holds them all yet.", isoDay(p.end))
	}
	if p.sources, err = readSources(p.tx, p.boardID); err != nil {
		return err
	}
	last := isoDay(p.end - 1)
	for day, no := "", int64(-1); ; {
		blocks, err := readBlocks(p.tx, p.boardID, day, no, last, true)
		if err != nil {
			return err
		}
		if len(blocks) == 0 {
			break
		}
		for i := range blocks {
			if err := p.purge(&blocks[i]); err != nil {
				return err
			}
		}
		day, no = blocks[len(blocks)-1].day, blocks[len(blocks)-1].no
	}
	p.receipt.Digest = hex.EncodeToString(p.digest.Sum(nil))
	p.receipt.KeptKeys = slices.Sorted(maps.Keys(p.kept))
	if isoDay(p.end) > c.purged {
		if _, err := p.tx.Exec(`UPDATE entry_closed SET purged = $1 WHERE board_id = $2`, isoDay(p.end), p.boardID); err != nil {
			return err
		}
		if err := p.forget(); err != nil {
			return err
		}
	}
	if p.receipt.Count == 0 {
		return nil
	}
	keys, err := json.Marshal(p.receipt.KeptKeys)
	if err != nil {
		return err
	}
	_, err = p.tx.Exec(`INSERT INTO entry_receipt (board_id, receipt_no, release_id, before_day, entries, sha256, kept, kept_keys, created_at)
		VALUES ($1, (SELECT COALESCE(MAX(receipt_no) + 1, 0) FROM entry_receipt WHERE board_id = $1), $2, $3, $4, $5, $6, $7, $8)`,
		p.boardID, p.receipt.ReleaseID, isoDay(p.end), p.receipt.Count, p.receipt.Digest, p.receipt.Kept, string(keys), p.receipt.At.UnixMicro())
	return err
}

func readSources(tx *db.Tx, boardID string) (map[int64]string, error) {
	rows, err := tx.Query(`SELECT source_no, name FROM entry_source WHERE board_id = $1`, boardID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	sources := map[int64]string{}
	for rows.Next() {
		var no int64
		var name string
		if err := rows.Scan(&no, &name); err != nil {
			return nil, err
		}
		sources[no] = name
	}
	return sources, rows.Err()
}

// purge deletes what may go of a block.
func (p *purging) purge(b *stored) error {
	var c columns
	t, err := b.decode(&c)
	if err != nil {
		return damaged(p.boardID, b.day, b.no, err)
	}
	voids, err := b.readVoids(p.tx, p.boardID)
	if err != nil {
		return err
	}
	stays := make([]bool, len(c.keys))
	for k, key := range c.keys {
		stays[k] = p.keep != nil && p.keep(key)
	}
	left := packer{places: map[string]int32{}}
	var line []byte
	for i := range c.member {
		if stays[c.key[i]] && !voids[int64(i)] {
			left.add(c.member[i], c.keys[c.key[i]], c.at[i], c.value[i], t.source[i], t.id[i], t.label[i])
			p.kept[c.keys[c.key[i]]] = true
			p.receipt.Kept++
			continue
		}
		line = appendCanonical(line[:0], p.sources[t.source[i]], &Entry{
			Member: c.member[i], Key: c.keys[c.key[i]], At: c.at[i], Value: c.value[i], Label: t.label[i], ID: t.id[i],
		})
		p.digest.Write(line)
		p.receipt.Count++
	}
	if len(left.member) == len(c.member) {
		return nil
	}
	if _, err := p.tx.Exec(`DELETE FROM entry_block WHERE board_id = $1 AND day = $2 AND block_no = $3`, p.boardID, b.day, b.no); err != nil {
		return err
	}
	if len(left.member) == 0 {
		return nil
	}
	_, err = p.tx.Exec(`INSERT INTO entry_block (board_id, day, block_no, entries, voids, numbers, texts) VALUES ($1, $2, $3, $4, 0, $5, $6)`,
		p.boardID, b.day, b.no, len(left.member), encodeNumbers(&left.columns), p.texts.encode(&left.texts))
	return err
}

// appendCanonical writes an entry as the digest of a receipt reads it.
func appendCanonical(to []byte, source string, e *Entry) []byte {
	netstring := func(text string) {
		to = strconv.AppendInt(to, int64(len(text)), 10)
		to = append(append(append(to, ':'), text...), ',')
	}
	netstring(source)
	netstring(e.ID)
	netstring(strconv.FormatInt(e.Member, 10))
	netstring(e.Key)
	netstring(strconv.FormatInt(e.At, 10))
	if math.IsNaN(e.Value) {
		netstring("")
	} else {
		netstring(strconv.FormatFloat(e.Value, 'g', -1, 64))
	}
	netstring(e.Label)
	return append(to, '\n')
}

// forget drops the ids of purged days: what comes for such a day is too late anyway.
func (p *purging) forget() error {
	for no := range p.sources {
		x := &index{tx: p.tx, boardID: p.boardID, sourceNo: no}
		if err := p.tx.QueryRow(`SELECT ids, id_bits FROM entry_source WHERE board_id = $1 AND source_no = $2`, p.boardID, no).Scan(&x.ids, &x.bits); err != nil {
			return err
		}
		if err := x.rewrite(x.bits, p.end); err != nil {
			return err
		}
		if _, err := p.tx.Exec(`UPDATE entry_source SET ids = $1 WHERE board_id = $2 AND source_no = $3`, x.ids, p.boardID, no); err != nil {
			return err
		}
	}
	return nil
}

// Whole returns the instant (microseconds) from which on all raw entries of a board are kept: the days before it were purged.
// math.MinInt64: none were.
func (e *Entries) Whole(tx *db.Tx, boardID string) (int64, error) {
	days, err := tx.Texts(`SELECT purged FROM entry_closed WHERE board_id = $1 AND purged <> ''`, boardID)
	if err != nil || len(days) == 0 {
		return math.MinInt64, err
	}
	first, err := time.Parse(time.DateOnly, days[0])
	return first.UnixMicro(), err
}

// Receipts returns what was purged of a board, oldest first.
func (e *Entries) Receipts(ctx context.Context, boardID string) (receipts []Receipt, err error) {
	err = e.db.Read(ctx, func(tx *db.Tx) error {
		receipts = nil
		rows, err := tx.Query(`SELECT release_id, before_day, entries, sha256, kept, kept_keys, created_at FROM entry_receipt WHERE board_id = $1 ORDER BY receipt_no`, boardID)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			r := Receipt{BoardID: boardID}
			var before, keys string
			var at int64
			if err := rows.Scan(&r.ReleaseID, &before, &r.Count, &r.Digest, &r.Kept, &keys, &at); err != nil {
				return err
			}
			if r.Before, err = time.Parse(time.DateOnly, before); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(keys), &r.KeptKeys); err != nil {
				return err
			}
			r.At = time.UnixMicro(at).UTC()
			receipts = append(receipts, r)
		}
		return rows.Err()
	})
	return receipts, err
}
