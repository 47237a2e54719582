package release

import "encoding/binary"

// perChunk is how many players one stored chunk holds: few enough that a page reads little, enough that columns pack well.
const perChunk = 128

// chunk is up to perChunk players of a release in rank order, as columns.
//
// Stored: the number of columns (2 bytes), the bytes an end takes (2 or 4), where each column ends, then the columns.
type chunk struct {
	n    int
	data []byte // with 8 bytes to spare at its end
	head int
	wide bool
}

// sheet gathers the columns of one chunk.
type sheet struct {
	ends []int
	body []byte
}

func (s *sheet) reset() { s.ends, s.body = s.ends[:0], s.body[:0] }

func (s *sheet) numbers(values []float64) {
	s.body = appendNumbers(s.body, values)
	s.ends = append(s.ends, len(s.body))
}

func (s *sheet) texts(texts []string) {
	s.body = appendTexts(s.body, texts)
	s.ends = append(s.ends, len(s.body))
}

// appendTo appends the chunk as it is stored.
func (s *sheet) appendTo(out []byte) []byte {
	size := 2
	if len(s.body) > 1<<16-1 {
		size = 4
	}
	out = binary.LittleEndian.AppendUint16(out, uint16(len(s.ends)))
	out = append(out, byte(size))
	for _, end := range s.ends {
		if size == 2 {
			out = binary.LittleEndian.AppendUint16(out, uint16(end))
		} else {
			out = binary.LittleEndian.AppendUint32(out, uint32(end))
		}
	}
	return append(out, s.body...)
}

// openChunk checks a stored chunk of n players and columns columns whole, so that reading it cannot fail.
func openChunk(stored []byte, n, columns int) (*chunk, error) {
	if len(stored) < 3 || n < 1 || n > perChunk || int(binary.LittleEndian.Uint16(stored)) != columns {
		return nil, errDamaged
	}
	size := int(stored[2])
	if size != 2 && size != 4 || len(stored) < 3+size*columns {
		return nil, errDamaged
	}
	data := make([]byte, len(stored)+spare)
	copy(data, stored)
	c := &chunk{n: n, data: data, head: 3 + size*columns, wide: size == 4}
	from := 0
	for i := range columns {
		end := c.end(i)
		if end < from || c.head+end > len(stored) {
			return nil, errDamaged
		}
		col, err := readColumn(data[c.head+from:], end-from, n)
		if err == nil {
			err = col.check(n)
		}
		if err != nil {
			return nil, err
		}
		from = end
	}
	if c.head+from != len(stored) {
		return nil, errDamaged
	}
	return c, nil
}

func (c *chunk) end(i int) int {
	if i < 0 {
		return 0
	}
	if c.wide {
		return int(binary.LittleEndian.Uint32(c.data[3+4*i:]))
	}
	return int(binary.LittleEndian.Uint16(c.data[3+2*i:]))
}

// column returns the i-th column.
func (c *chunk) column(i int) column {
	from, to := c.end(i-1), c.end(i)
	col, err := readColumn(c.data[c.head+from:], to-from, c.n)
	if err != nil {
		panic("release: " + err.Error()) // openChunk has checked it
	}
	return col
}
