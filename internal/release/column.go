package release

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"slices"
)

// A column holds one number or one text for each of n players, packed so that any cell is read at once without
// unpacking the rest. Every number comes back bit for bit. NaN is a cell without a number.
//
//	blank    every cell is NaN or empty
//	decimals n/10^e as whole numbers above the least of the column, in as few bits as the widest needs
//	listed   few distinct numbers: the list, and an index a cell
//	plain    8 bytes a cell
//	texts    the lengths as packed whole numbers, then the bytes
//	phrases  few distinct texts: an index a cell, and the list as a column of texts
//
// The first byte is the kind in its low 3 bits, "some cells are NaN" in the next, and e in the high 4.
type column struct {
	kind   byte
	blanks uint64 // 1: code 0 says NaN, and codes of numbers begin at 1
	width  uint   // bits a cell
	least  int64
	scale  float64
	list   []byte // listed: 8 bytes each; phrases: a column, with bytes to spare
	count  int    // phrases: how many
	cells  []byte // packed bits with 8 bytes to spare, plain numbers, or the bytes of texts
	sizes  []byte // texts: packed lengths
}

const (
	blankColumn = iota
	decimalColumn
	listedColumn
	plainColumn
	textColumn
	phraseColumn

	mostListed   = 32
	mostDecimals = 15
	spare        = 8 // a cell is read as 8 bytes from its first
)

var tens = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// whole returns the n with n/10^e == x to the bit, n being exact in a float64.
func whole(x float64, e int) (n int64, ok bool) {
	scaled := x
	if e > 0 {
		scaled = math.RoundToEven(float64(x * tens[e]))
	}
	if !(math.Abs(scaled) < 1<<53) {
		return 0, false
	}
	n = int64(scaled)
	return n, math.Float64bits(float64(n)/tens[e]) == math.Float64bits(x)
}

// appendNumbers appends a column of numbers.
func appendNumbers(dst []byte, values []float64) []byte {
	blank := 0
	e, decimal := 0, true
	for _, x := range values {
		if x != x {
			blank++
			continue
		}
		for decimal {
			if _, ok := whole(x, e); ok {
				break
			}
			e++
			decimal = e <= mostDecimals
		}
		if !decimal {
			break
		}
	}
	switch {
	case decimal && blank == len(values):
		return append(dst, blankColumn)
	case decimal:
		if out, ok := appendDecimals(dst, values, e, blank > 0); ok {
			return out
		}
	}
	return appendReals(dst, values)
}

// appendDecimals appends numbers that are whole at e decimals; ok is false where one of them is not.
func appendDecimals(dst []byte, values []float64, e int, blanks bool) (out []byte, ok bool) {
	least, most := int64(math.MaxInt64), int64(math.MinInt64)
	for _, x := range values {
		if x == x {
			n, ok := whole(x, e)
			if !ok {
				return dst, false
			}
			least, most = min(least, n), max(most, n)
		}
	}
	var first uint64
	kind := byte(decimalColumn | e<<4)
	if blanks {
		kind |= 8
		first = 1
	}
	width := uint(bits.Len64(uint64(most-least) + first))
	dst = append(dst, kind, byte(width))
	dst = binary.AppendVarint(dst, least)
	p := packer{dst: dst, width: width}
	for _, x := range values {
		if x == x {
			n, _ := whole(x, e)
			p.add(uint64(n-least) + first)
		} else {
			p.add(0)
		}
	}
	return p.done(), true
}

// appendReals appends numbers as they are: as a list of the distinct ones where these are few, else 8 bytes each.
func appendReals(dst []byte, values []float64) []byte {
	var list [mostListed]uint64
	n := 0
	index := func(b uint64) int {
		for i, l := range list[:n] {
			if l == b {
				return i
			}
		}
		return -1
	}
	for _, x := range values {
		b := realBits(x)
		if index(b) < 0 {
			if n == mostListed || 2*n >= len(values) {
				n = 0
				break
			}
			list[n] = b
			n++
		}
	}
	if n == 0 {
		dst = append(dst, plainColumn)
		for _, x := range values {
			dst = binary.LittleEndian.AppendUint64(dst, realBits(x))
		}
		return dst
	}
	width := uint(bits.Len(uint(n - 1)))
	dst = append(dst, listedColumn, byte(n))
	for _, b := range list[:n] {
		dst = binary.LittleEndian.AppendUint64(dst, b)
	}
	p := packer{dst: dst, width: width}
	for _, x := range values {
		p.add(uint64(index(realBits(x))))
	}
	return p.done()
}

// realBits gives every NaN the same bits.
func realBits(x float64) uint64 {
	if x != x {
		return math.Float64bits(math.NaN())
	}
	return math.Float64bits(x)
}

// appendTexts appends a column of texts.
func appendTexts(dst []byte, texts []string) []byte {
	longest := 0
	for _, t := range texts {
		longest = max(longest, len(t))
	}
	if longest == 0 {
		return append(dst, blankColumn)
	}
	var phrases [mostListed]string
	index, n := make([]byte, 0, perChunk), 0
	for _, t := range texts {
		k := slices.Index(phrases[:n], t)
		if k < 0 {
			if k = n; n == mostListed || 2*n >= len(texts) {
				return appendEach(dst, texts, longest)
			}
			phrases[n] = t
			n++
		}
		index = append(index, byte(k))
	}
	p := packer{dst: append(dst, phraseColumn, byte(n)), width: uint(bits.Len(uint(n - 1)))}
	for _, k := range index {
		p.add(uint64(k))
	}
	return appendEach(p.done(), phrases[:n], longest)
}

// appendEach appends a column of texts one by one, of which the longest has so many bytes.
func appendEach(dst []byte, texts []string, longest int) []byte {
	width := uint(bits.Len(uint(longest)))
	dst = append(dst, textColumn, byte(width))
	p := packer{dst: dst, width: width}
	for _, t := range texts {
		p.add(uint64(len(t)))
	}
	dst = p.done()
	for _, t := range texts {
		dst = append(dst, t...)
	}
	return dst
}

// packer appends codes of width bits, the lowest bits first.
type packer struct {
	dst   []byte
	width uint
	acc   uint64
	held  uint
}

func (p *packer) add(code uint64) {
	p.acc |= code << p.held
	p.held += p.width
	if p.held < 64 {
		return
	}
	p.dst = binary.LittleEndian.AppendUint64(p.dst, p.acc)
	p.held -= 64
	p.acc = code >> (p.width - p.held) // a shift by the whole width gives 0
}

func (p *packer) done() []byte {
	for ; p.held > 0; p.held -= min(8, p.held) {
		p.dst = append(p.dst, byte(p.acc))
		p.acc >>= 8
	}
	return p.dst
}

// cell reads the i-th code of width bits; data has 8 bytes to spare after the packed ones.
func cell(data []byte, width uint, i int) uint64 {
	if width == 0 {
		return 0
	}
	at := uint(i) * width
	word := binary.LittleEndian.Uint64(data[at>>3:])
	return word >> (at & 7) & (1<<width - 1)
}

var errDamaged = errors.New("a stored column is damaged")

// readColumn reads the outline of a column of n cells that is data[:size]; data reaches at least 8 bytes further.
func readColumn(data []byte, size, n int) (column, error) {
	if size < 1 || size+spare > len(data) {
		return column{}, errDamaged
	}
	c := column{kind: data[0] & 7}
	at := 1
	packed := func(width uint) (int, bool) {
		if width > 55 || n > math.MaxInt32 {
			return 0, false
		}
		end := at + int((uint64(n)*uint64(width)+7)/8)
		return end, end <= size
	}
	switch c.kind {
	case blankColumn:
		return c, nil
	case decimalColumn:
		if size < 3 {
			return column{}, errDamaged
		}
		c.blanks = uint64(data[0] >> 3 & 1)
		c.scale = tens[data[0]>>4]
		c.width = uint(data[1])
		least, used := binary.Varint(data[2:size])
		if used <= 0 {
			return column{}, errDamaged
		}
		c.least = least
		at = 2 + used
		if end, ok := packed(c.width); !ok || end != size {
			return column{}, errDamaged
		}
		c.cells = data[at : size+spare]
	case listedColumn:
		if size < 2 || data[1] == 0 || int(data[1]) > mostListed || size < 2+8*int(data[1]) {
			return column{}, errDamaged
		}
		c.width = uint(bits.Len(uint(data[1] - 1)))
		at = 2 + 8*int(data[1])
		c.list = data[2:at]
		if end, ok := packed(c.width); !ok || end != size {
			return column{}, errDamaged
		}
		c.cells = data[at : size+spare]
	case plainColumn:
		if size != 1+8*n {
			return column{}, errDamaged
		}
		c.cells = data[1:size]
	case textColumn:
		if size < 2 {
			return column{}, errDamaged
		}
		c.width = uint(data[1])
		at = 2
		end, ok := packed(c.width)
		if !ok {
			return column{}, errDamaged
		}
		c.sizes = data[at : size+spare]
		c.cells = data[end:size]
	case phraseColumn:
		if size < 2 || data[1] == 0 || int(data[1]) > mostListed {
			return column{}, errDamaged
		}
		c.count = int(data[1])
		c.width = uint(bits.Len(uint(data[1] - 1)))
		at = 2
		end, ok := packed(c.width)
		if !ok {
			return column{}, errDamaged
		}
		c.cells, c.list = data[at:size+spare], data[end:size+spare]
	default:
		return column{}, errDamaged
	}
	return c, nil
}

// phrases is the list of distinct texts.
func (c *column) phrases() (column, error) {
	list, err := readColumn(c.list, len(c.list)-spare, c.count)
	if err == nil && list.kind != textColumn {
		err = errDamaged
	}
	return list, err
}

// check looks at every one of n cells; after it no cell can fail to be read.
func (c *column) check(n int) error {
	switch c.kind {
	case listedColumn:
		for i := range n {
			if cell(c.cells, c.width, i) >= uint64(len(c.list)/8) {
				return errDamaged
			}
		}
	case phraseColumn:
		for i := range n {
			if cell(c.cells, c.width, i) >= uint64(c.count) {
				return errDamaged
			}
		}
		list, err := c.phrases()
		if err != nil {
			return err
		}
		return list.check(c.count)
	case textColumn:
		var sum uint64
		for i := range n {
			sum += cell(c.sizes, c.width, i)
			if sum > uint64(len(c.cells)) {
				return errDamaged
			}
		}
		if sum != uint64(len(c.cells)) {
			return errDamaged
		}
	}
	return nil
}

// number reads the i-th number.
func (c *column) number(i int) float64 {
	switch c.kind {
	case decimalColumn:
		code := cell(c.cells, c.width, i)
		if code < c.blanks {
			return math.NaN()
		}
		return float64(c.least+int64(code-c.blanks)) / c.scale
	case listedColumn:
		k := cell(c.cells, c.width, i)
		return math.Float64frombits(binary.LittleEndian.Uint64(c.list[8*k:]))
	case plainColumn:
		return math.Float64frombits(binary.LittleEndian.Uint64(c.cells[8*i:]))
	}
	return math.NaN()
}

// text reads the i-th text; it shares the memory of the column.
func (c *column) text(i int) []byte {
	if c.kind == phraseColumn {
		list, err := c.phrases()
		if err != nil {
			panic("release: " + err.Error()) // check has seen it
		}
		return list.text(int(cell(c.cells, c.width, i)))
	}
	if c.kind != textColumn {
		return nil
	}
	from := uint64(0)
	for k := range i {
		from += cell(c.sizes, c.width, k)
	}
	return c.cells[from : from+cell(c.sizes, c.width, i)]
}
