package intake

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"

	"cairn/internal/fault"
)

// maxRow is the longest row of a CSV file, in bytes. A quote that is never closed must not swallow the whole file.
const maxRow = 1 << 20

// delimiters that are told apart by themselves, the most usual first.
const delimiters = ",;\t"

// openCSV finds the encoding, the delimiter and the header.
func (s *Sheet) openCSV(in *bufio.Reader, how Opening) error {
	bom, _ := in.Peek(3)
	switch {
	case bytes.Equal(bom, []byte("\xef\xbb\xbf")):
		in.Discard(3)
	case bytes.HasPrefix(bom, []byte("\xff\xfe")), bytes.HasPrefix(bom, []byte("\xfe\xff")):
		in = bufio.NewReaderSize(unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Reader(in), 1<<17)
	}
	rows := &csvRows{file: s.Name, in: in, line: 1, delimiter: byte(how.Delimiter), comments: how.Comments}
	if how.Delimiter == 0 {
		rows.separatorLine()
	}
	known := rows.delimiter
	for range how.Skip {
		if !rows.skipLine() {
			break
		}
	}
	for range headerWithin {
		if known == 0 {
			rows.delimiter = rows.sniff()
		}
		_, cells, err := rows.next()
		if err == io.EOF {
			break
		}
		if problem, spoilt := err.(*Problem); spoilt && how.Header == nil {
			return problem.Fault()
		} else if err != nil && !spoilt {
			return err
		}
		if err == nil && (how.Header == nil || how.Header(cells)) {
			s.Header, s.rows, rows.begun = append([]string(nil), cells...), rows, true
			return nil
		}
		if s.Title = ""; err == nil {
			s.Title = strings.TrimSpace(cells[0])
		}
	}
	if how.Header != nil {
		return fault.Wrap(fault.Invalid, errNoHeader, "%s: none of its first %d rows is the header that the mapping waits for", s.Name, headerWithin)
	}
	return s.fault("the file is empty: it wants a header and a row per player or entry")
}

// csvRows reads CSV (RFC 4180) with any one-byte delimiter and any line end. A quote inside an unquoted cell is text.
type csvRows struct {
	file      string
	in        *bufio.Reader
	delimiter byte
	line      int // that begins next
	comments  string
	begun     bool // the header was found
	over      bool // its table has ended

	text  []byte // of the row, unquoted
	ends  []int  // of its cells, in text
	cells []string
}

func (c *csvRows) next() (line int, cells []string, err error) {
	for {
		for c.commented() {
			c.over = c.begun
		}
		line = c.line
		if err := c.scan(line); err != nil {
			return line, []string{string(c.text)}, err
		}
		text := string(c.text)
		c.cells = c.cells[:0]
		start := 0
		for _, end := range c.ends {
			c.cells = append(c.cells, text[start:end])
			start = end
		}
		if !blank(c.cells) {
			break
		}
	}
	if !utf8.Valid(c.text) || bytes.IndexByte(c.text, 0) >= 0 {
		return line, c.cells, fault.New(fault.Invalid, "%s:%d: the file is not UTF-8: save it as \"CSV UTF-8\"", c.file, line)
	}
	return line, c.cells, nil
}

// commented skips a line that is no row.
func (c *csvRows) commented() bool {
	if c.comments == "" {
		return false
	}
	head, _ := c.in.Peek(len(c.comments))
	return string(head) == c.comments && c.skipLine()
}

// scan reads one row into text and ends.
func (c *csvRows) scan(line int) error {
	c.text, c.ends = c.text[:0], c.ends[:0]
	begin := 0                                    // of the cell
	quoted, closed, spoilt := false, false, false // inside quotes; after the closing one; more text came then
	for {
		b, err := c.in.ReadByte()
		switch {
		case err == io.EOF && quoted:
			return &Problem{File: c.file, Line: line, Message: "a quote opens in this row and is never closed: close it"}
		case err == io.EOF && len(c.text) == 0 && len(c.ends) == 0 && !closed:
			return io.EOF
		case err == io.EOF:
			return c.endRow(line, spoilt)
		case err != nil:
			return fault.Wrap(fault.Unavailable, err, "%s:%d: the file cannot be read further: try again", c.file, c.line)
		case len(c.text)+len(c.ends) > maxRow:
			return fault.New(fault.Invalid, "%s:%d: the row that begins here is longer than 1 MiB: is a quote never closed?", c.file, line)
		case quoted && b == '"' && c.follows('"'):
			c.text = append(c.text, '"')
		case quoted && b == '"':
			quoted, closed = false, true
		case quoted:
			if b == '\n' {
				c.line++
			}
			c.text = append(c.text, b)
		case b == c.delimiter:
			c.ends = append(c.ends, len(c.text))
			begin, closed = len(c.text), false
		case b == '\n' || b == '\r':
			if b == '\r' {
				c.follows('\n')
			}
			c.line++
			return c.endRow(line, spoilt)
		case b == '"' && len(c.text) == begin && !closed:
			quoted = true
		case closed && (b == ' ' || b == '\t'):
		default:
			spoilt = spoilt || closed
			c.text = append(c.text, b)
		}
	}
}

// follows takes the next byte if it is b.
func (c *csvRows) follows(b byte) bool {
	if next, err := c.in.Peek(1); err != nil || next[0] != b {
		return false
	}
	c.in.Discard(1)
	return true
}

func (c *csvRows) endRow(line int, spoilt bool) error {
	c.ends = append(c.ends, len(c.text))
	if spoilt {
		return &Problem{File: c.file, Line: line, Message: "text follows a closing quote: write a quote inside a cell twice"}
	}
	return nil
}

// separatorLine obeys a first line such as "sep=;", which spreadsheets write for each other.
func (c *csvRows) separatorLine() {
	head, _ := c.in.Peek(7)
	if len(head) >= 5 && strings.EqualFold(string(head[:4]), "sep=") {
		c.delimiter = head[4]
		c.skipLine()
	}
}

// skipLine drops a line of the preamble, whatever quotes it has. It reports whether there was one.
func (c *csvRows) skipLine() bool {
	for n := 0; ; n++ {
		b, err := c.in.ReadByte()
		switch {
		case err != nil:
			return n > 0
		case b == '\n' || b == '\r':
			if b == '\r' {
				c.follows('\n')
			}
			c.line++
			return true
		}
	}
}

// sniff returns the delimiter of the row that comes next: the one that stands in it most often outside quotes.
func (c *csvRows) sniff() byte {
	head, _ := c.in.Peek(1 << 16)
	head = bytes.TrimLeft(head, "\r\n")
	var counts [len(delimiters)]int
	quoted := false
	for _, b := range head {
		if b == '"' {
			quoted = !quoted
		}
		if quoted {
			continue
		}
		if b == '\n' || b == '\r' {
			break
		}
		if i := strings.IndexByte(delimiters, b); i >= 0 {
			counts[i]++
		}
	}
	best := 0
	for i := range counts {
		if counts[i] > counts[best] {
			best = i
		}
	}
	return delimiters[best]
}
