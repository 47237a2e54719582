package entry

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"

	"cairn/internal/fault"
)

// The numbers of a block, version 1:
//
//	byte     1
//	uvarint  n, the number of entries
//	uvarint  number of keys; for each its length (uvarint) and bytes
//	4 × uvarint  lengths in bytes of the columns below
//	members  zigzag varint, each the difference from the one before
//	keys     uvarint, place in the list of keys
//	instants zigzag varint, each the difference from the one before
//	values   uvarint: an integer x of at most 53 bits as 2·zigzag(x); 1 and eight bytes for any other number; 3 for none
//	uint32   CRC-32C of all before, little-endian
//
// The texts of a block, version 1:
//
//	byte     1
//	uvarint  number of bytes before deflating
//	deflated:
//	  uvarint  number of runs of entries of one source; for each the source's number and how many entries (uvarints)
//	  ids      for each entry its length (uvarint) and bytes
//	  labels   the same
//	uint32   CRC-32C of all before, little-endian
const codecVersion = 1

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// corrupt is what a decoder says of bytes that no encoder wrote.
type corrupt struct{ what string }

func (c corrupt) Error() string { return "a block of entries is damaged: " + c.what }

// columns are the entries of a block; the slices are parallel.
type columns struct {
	keys   []string // dictionary
	member []int64
	key    []int32 // place in keys
	at     []int64
	value  []float64
}

// encodeNumbers packs columns, which hold at least one entry.
func encodeNumbers(c *columns) []byte {
	n := len(c.member)
	var parts [4][]byte
	for i := range parts {
		parts[i] = make([]byte, 0, n*2)
	}
	var last int64
	for _, m := range c.member {
		parts[0] = binary.AppendVarint(parts[0], m-last)
		last = m
	}
	for _, k := range c.key {
		parts[1] = binary.AppendUvarint(parts[1], uint64(k))
	}
	last = 0
	for _, at := range c.at {
		parts[2] = binary.AppendVarint(parts[2], at-last)
		last = at
	}
	for _, v := range c.value {
		parts[3] = appendValue(parts[3], v)
	}

	packed := []byte{codecVersion}
	packed = binary.AppendUvarint(packed, uint64(n))
	packed = binary.AppendUvarint(packed, uint64(len(c.keys)))
	for _, key := range c.keys {
		packed = appendText(packed, key)
	}
	for _, part := range parts {
		packed = binary.AppendUvarint(packed, uint64(len(part)))
	}
	for _, part := range parts {
		packed = append(packed, part...)
	}
	return seal(packed)
}

// seal adds the checksum.
func seal(packed []byte) []byte {
	return binary.LittleEndian.AppendUint32(packed, crc32.Checksum(packed, castagnoli))
}

// unseal checks version and checksum and returns what stands between them.
func unseal(packed []byte) ([]byte, error) {
	if len(packed) < 5 || packed[0] != codecVersion {
		return nil, corrupt{"it is cut short or of an unknown version"}
	}
	end := len(packed) - 4
	if crc32.Checksum(packed[:end], castagnoli) != binary.LittleEndian.Uint32(packed[end:]) {
		return nil, corrupt{"its checksum does not match"}
	}
	return packed[1:end], nil
}

const (
	codeFloat = 1
	codeNone  = 3
)

func appendValue(to []byte, v float64) []byte {
	if x := int64(v); x > -1<<53 && x < 1<<53 && math.Float64bits(float64(x)) == math.Float64bits(v) {
		return binary.AppendUvarint(to, uint64(x<<1^x>>63)<<1)
	}
	if math.IsNaN(v) {
		return append(to, codeNone)
	}
	return binary.LittleEndian.AppendUint64(append(to, codeFloat), math.Float64bits(v))
}

func appendText(to []byte, text string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(text))), text...)
}

// decodeNumbers unpacks into c, reusing its memory. Any bytes that encodeNumbers did not write give an error.
func decodeNumbers(packed []byte, c *columns) error {
	body, err := unseal(packed)
	if err != nil {
		return err
	}
	r := reader{rest: body}
	n, nKeys := r.number(), r.number()
	if nKeys > uint64(len(r.rest)) {
		return corrupt{"its list of keys"}
	}
	c.keys = c.keys[:0]
	for range nKeys {
		c.keys = append(c.keys, r.text())
	}
	var parts [4][]byte
	var lengths [4]uint64
	for i := range lengths {
		lengths[i] = r.number()
	}
	for i := range parts {
		parts[i] = r.take(lengths[i])
		if n > uint64(len(parts[i])) { // an entry takes at least a byte of each column
			return corrupt{"its columns are too short"}
		}
	}
	if r.bad || len(r.rest) > 0 {
		return corrupt{"its columns"}
	}
	c.grow(int(n))

	members, ok := deltas(parts[0], c.member)
	if !ok || members != 0 {
		return corrupt{"its members"}
	}
	part := parts[1]
	for i := range c.key {
		k, size := uvarint(part)
		if size <= 0 || k >= nKeys {
			return corrupt{"its keys"}
		}
		part = part[size:]
		c.key[i] = int32(k)
	}
	if len(part) > 0 {
		return corrupt{"its keys"}
	}
	instants, ok := deltas(parts[2], c.at)
	if !ok || instants != 0 {
		return corrupt{"its instants"}
	}
	part = parts[3]
	for i := range c.value {
		u, size := uvarint(part)
		if size <= 0 {
			return corrupt{"its values"}
		}
		part = part[size:]
		switch {
		case u&1 == 0:
			u >>= 1
			c.value[i] = float64(int64(u>>1) ^ -int64(u&1))
		case u == codeFloat && len(part) >= 8:
			c.value[i] = math.Float64frombits(binary.LittleEndian.Uint64(part))
			part = part[8:]
		case u == codeNone:
			c.value[i] = math.NaN()
		default:
			return corrupt{"its values"}
		}
	}
	if len(part) > 0 {
		return corrupt{"its values"}
	}
	return nil
}

// grow gives the columns room for n entries.
func (c *columns) grow(n int) {
	if cap(c.member) < n {
		c.member, c.key, c.at, c.value = make([]int64, n), make([]int32, n), make([]int64, n), make([]float64, n)
	}
	c.member, c.key, c.at, c.value = c.member[:n], c.key[:n], c.at[:n], c.value[:n]
}

// deltas reads a column of differences; it returns how many bytes are left over.
func deltas(part []byte, into []int64) (rest int, ok bool) {
	var last int64
	for i := range into {
		u, size := uvarint(part)
		if size <= 0 {
			return 0, false
		}
		part = part[size:]
		last += int64(u>>1) ^ -int64(u&1)
		into[i] = last
	}
	return len(part), true
}

// uvarint is binary.Uvarint with a short way for the commonest length.
func uvarint(b []byte) (uint64, int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	return binary.Uvarint(b)
}

// texts are the texts of a block's entries, parallel to its columns.
type texts struct {
	source []int64
	id     []string
	label  []string
}

// deflater packs texts; it keeps the deflating machinery, which is large, between blocks.
type deflater struct {
	raw     []byte
	deflate *flate.Writer
}

func (d *deflater) encode(t *texts) []byte {
	raw := d.raw[:0]
	var runs, run uint64
	var packedRuns []byte
	for i, s := range t.source {
		run++
		if i+1 == len(t.source) || t.source[i+1] != s {
			packedRuns = binary.AppendUvarint(binary.AppendUvarint(packedRuns, uint64(s)), run)
			runs, run = runs+1, 0
		}
	}
	raw = append(binary.AppendUvarint(raw, runs), packedRuns...)
	for _, id := range t.id {
		raw = appendText(raw, id)
	}
	for _, label := range t.label {
		raw = appendText(raw, label)
	}

	packed := binary.AppendUvarint([]byte{codecVersion}, uint64(len(raw)))
	to := bytes.NewBuffer(packed)
	var err error
	if d.deflate == nil {
		d.deflate, err = flate.NewWriter(to, flate.BestSpeed)
	} else {
		d.deflate.Reset(to)
	}
	if err == nil {
		_, err = d.deflate.Write(raw)
	}
	if err == nil {
		err = d.deflate.Close()
	}
	if err != nil {
		panic(err) // the level is a constant and memory does not refuse bytes
	}
	d.raw = raw
	return seal(to.Bytes())
}

// decodeTexts unpacks the texts of n entries.
func decodeTexts(packed []byte, n int) (*texts, error) {
	body, err := unseal(packed)
	if err != nil {
		return nil, err
	}
	r := reader{rest: body}
	size := r.number()
	const mostDeflated = 1032 // times: no deflated bytes can hold more
	if r.bad || size > uint64(len(r.rest))*mostDeflated {
		return nil, corrupt{"the size of its texts"}
	}
	raw := make([]byte, size)
	inflate := flate.NewReader(bytes.NewReader(r.rest))
	if _, err := io.ReadFull(inflate, raw); err != nil {
		return nil, corrupt{"its texts do not inflate"}
	}
	if more, _ := inflate.Read(make([]byte, 1)); more > 0 {
		return nil, corrupt{"its texts are longer than noted"}
	}

	all := string(raw) // the texts are parts of one string
	r = reader{rest: raw}
	text := func() string {
		n := len(r.take(r.number()))
		end := len(all) - len(r.rest)
		return all[end-n : end]
	}
	runs := r.number()
	if runs > uint64(len(raw)) || uint64(n) > uint64(len(raw)) {
		return nil, corrupt{"its texts are too short"}
	}
	t := &texts{source: make([]int64, 0, n), id: make([]string, n), label: make([]string, n)}
	for range runs {
		source, run := r.number(), r.number()
		if run > uint64(n-len(t.source)) {
			return nil, corrupt{"its sources"}
		}
		for range run {
			t.source = append(t.source, int64(source))
		}
	}
	for i := range t.id {
		t.id[i] = text()
	}
	for i := range t.label {
		t.label[i] = text()
	}
	if r.bad || len(r.rest) > 0 || len(t.source) != n {
		return nil, corrupt{"its texts"}
	}
	return t, nil
}

// reader reads bytes front to back; once something is amiss it stays bad and gives zeros.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) number() uint64 {
	u, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return u
}

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) text() string { return string(r.take(r.number())) }

// damaged names the block that could not be read.
func damaged(boardID, day string, block int64, err error) error {
	return fault.Wrap(fault.Internal, err, "The entries of board %s on %s, block %d, are damaged: restore the database from a backup.", boardID, day, block)
}
