package intake

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/xuri/excelize/v2"

	"cairn/internal/fault"
)

// Sheet reads the rows of one file under their header, from the first to the last, once.
type Sheet struct {
	Name   string   // of the file, for messages
	Header []string // as written, without the blanks around each
	Title  string   // first cell of the row before the header, "" none

	rows     rows
	cells    bool // XLSX: places are cell names and dates are numbers
	date1904 bool // XLSX: which count from 1904
	close    func() error

	from *counted // nil: a stream of unknown length
	size int64
}

// rows is a file's rows, not blank ones: CSV or XLSX. A *Problem spoils one row; the next may be asked for.
type rows interface {
	next() (line int, cells []string, err error)
}

// Row is one row of a sheet; its cells are valid until the next one is read.
type Row struct {
	Line  int
	Cells []string
}

// Problem is what is wrong with one row or cell of a file, and what to do about it.
type Problem struct {
	File    string
	Line    int
	Column  string // header of the column, "" the row as a whole
	Cell    string // XLSX: the name of the cell
	Message string
}

// Error is the problem with its place in front: FILE:LINE: column HEADER: message, or FILE:CELL: message.
func (p *Problem) Error() string { return p.Place() + ": " + p.Message }

// Place says where the problem is.
func (p *Problem) Place() string {
	switch {
	case p.Cell != "":
		return p.File + ":" + p.Cell
	case p.Line == 0:
		return p.File
	case p.Column != "":
		return fmt.Sprintf("%s:%d: column %s", p.File, p.Line, p.Column)
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// Fault makes the problem an error with an exit code.
func (p *Problem) Fault() error { return fault.New(fault.Invalid, "%s", p.Error()) }

// Opening says how to find the header of a file. The zero Opening takes the first row that is not blank.
type Opening struct {
	Name      string                    // of the file, for messages; default: its path
	Delimiter rune                      // of CSV; 0: found by itself
	Skip      int                       // lines (XLSX: rows) before the header
	Comments  string                    // of CSV: lines that begin so are no rows; after the header they end its table
	Header    func(cells []string) bool // nil: any row is the header; else it is searched for, in all sheets of XLSX
}

// headerWithin is how many rows may stand before a header that is searched for.
const headerWithin = 50

// Open opens a file by its content: XLSX, else CSV. The errors are faults that name the file.
func Open(path string, how Opening) (*Sheet, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, cannotOpen(path, err)
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		file.Close()
		return nil, fault.New(fault.Invalid, "%s is a folder: name a CSV or XLSX file", path)
	}
	if how.Name == "" {
		how.Name = path
	}
	sheet, err := open(how.Name, &counted{from: file}, how, file.Close)
	if info, statErr := file.Stat(); err == nil && statErr == nil {
		sheet.size = info.Size()
	}
	return sheet, err
}

// counted counts the bytes that were read.
type counted struct {
	from io.Reader
	n    int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += int64(n)
	return n, err
}

// Progress returns how many bytes of the file were read and how many it has; 0 where that is unknown.
func (s *Sheet) Progress() (read, size int64) {
	if s.from == nil || s.cells { // an XLSX file is unpacked first, its bytes say nothing about its rows
		return 0, 0
	}
	return s.from.n, s.size
}

// Delimiter is what separates the cells of a CSV file; a comma for XLSX.
func (s *Sheet) Delimiter() rune {
	if c, ok := s.rows.(*csvRows); ok {
		return rune(c.delimiter)
	}
	return ','
}

// Read is Open for a stream, which name stands for in messages.
func Read(name string, from io.Reader, how Opening) (*Sheet, error) {
	return open(name, from, how, func() error { return nil })
}

// Head returns the first rows of a file, so that its kind can be told; each finds its delimiter for itself.
func Head(path string) (rows [][]string, err error) {
	sheet, err := Open(path, Opening{Header: func(cells []string) bool {
		rows = append(rows, append([]string(nil), cells...))
		return false
	}})
	if err == nil {
		sheet.Close()
	}
	if errors.Is(err, errNoHeader) {
		err = nil
	}
	return rows, err
}

// errNoHeader is the cause of the fault of a file that has no row like the header that was searched for.
var errNoHeader = errors.New("no header")

func cannotOpen(path string, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return fault.Wrap(fault.NotFound, err, "%s: there is no such file", path)
	}
	return fault.Wrap(fault.Invalid, err, "%s: the file cannot be opened for reading", path)
}

func open(name string, from io.Reader, how Opening, closing func() error) (*Sheet, error) {
	sheet := &Sheet{Name: name, close: closing}
	sheet.from, _ = from.(*counted)
	in := bufio.NewReaderSize(from, 1<<17)
	head, _ := in.Peek(8)
	var err error
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		err = sheet.openXLSX(in, how)
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		err = fault.New(fault.Invalid, "%s is an old XLS file, or one with a password: save it as XLSX or CSV without a password", name)
	default:
		err = sheet.openCSV(in, how)
	}
	if err == nil {
		err = sheet.checkHeader()
	}
	if err != nil {
		sheet.Close()
		return nil, err
	}
	return sheet, nil
}

// Close gives back what the sheet holds open.
func (s *Sheet) Close() error { return s.close() }

// checkHeader trims the header and refuses one that names a column twice.
func (s *Sheet) checkHeader() error {
	seen := map[string]int{}
	for i, text := range s.Header {
		text = strings.TrimSpace(text)
		s.Header[i] = text
		if text == "" {
			continue
		}
		if first, twice := seen[text]; twice {
			return s.fault("the header names %q twice, in columns %d and %d: rename one", text, first+1, i+1)
		}
		seen[text] = i
	}
	return nil
}

func (s *Sheet) fault(format string, args ...any) error {
	return fault.New(fault.Invalid, "%s: %s", s.Name, fmt.Sprintf(format, args...))
}

// Next returns the next row that is not blank, io.EOF after the last. A *Problem is of one row, and the next may be asked
// for; any other error ends the sheet.
func (s *Sheet) Next() (Row, error) {
	line, cells, err := s.rows.next()
	if err != nil {
		return Row{Line: line, Cells: cells}, err
	}
	if s.cells {
		for len(cells) > len(s.Header) && cells[len(cells)-1] == "" {
			cells = cells[:len(cells)-1] // a cell that only has a colour is no cell
		}
	}
	row := Row{line, cells}
	if len(cells) > len(s.Header) && !s.beyond() {
		return row, s.Problem(row, len(s.Header), "the row has %d cells and the header only %d: is a delimiter or a quote too many?", len(cells), len(s.Header))
	}
	return row, nil
}

// beyond reports whether the row that was read last belongs to another table, which follows in the same file.
func (s *Sheet) beyond() bool {
	c, ok := s.rows.(*csvRows)
	return ok && c.over
}

// Problem says what is wrong with a cell of a row; column −1 means the row as a whole.
func (s *Sheet) Problem(row Row, column int, format string, args ...any) *Problem {
	p := &Problem{File: s.Name, Line: row.Line, Message: fmt.Sprintf(format, args...)}
	if column >= 0 && column < len(s.Header) {
		p.Column = s.Header[column]
	}
	if s.cells && column >= 0 {
		p.Cell, _ = excelize.CoordinatesToCellName(column+1, row.Line)
	}
	return p
}

// Cell returns a cell of a row without the blanks around it; a cell that the row does not have is blank.
func (r Row) Cell(column int) string {
	if column < 0 || column >= len(r.Cells) {
		return ""
	}
	return strings.TrimSpace(r.Cells[column])
}

func blank(cells []string) bool {
	for _, cell := range cells {
		if strings.TrimSpace(cell) != "" {
			return false
		}
	}
	return true
}
