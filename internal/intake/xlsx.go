package intake

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"

	"cairn/internal/fault"
)

// An XLSX file is a ZIP of XML. It may unpack to this much and no more, nor to more than so many times itself: sheets of people
// compress to a thirtieth. A sheet beyond inMemory goes to a temporary file.
const (
	maxUnpacked = 4 << 30
	maxRatio    = 100
	inMemory    = 16 << 20
)

// openXLSX opens the first sheet, or the first that has the header that is searched for. Values are read raw: as formatted text, a date would lose its day.
func (s *Sheet) openXLSX(from io.Reader, how Opening) error {
	packed, err := io.ReadAll(from)
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "%s: the file cannot be read further: try again", s.Name)
	}
	limit := min(maxUnpacked, max(2*inMemory, maxRatio*int64(len(packed))))
	file, err := excelize.OpenReader(bytes.NewReader(packed), excelize.Options{RawCellValue: true, UnzipSizeLimit: limit, UnzipXMLSizeLimit: inMemory})
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "%s: the XLSX file cannot be read: open it in a spreadsheet program and save it again, or as CSV", s.Name)
	}
	closing := s.close
	s.close = func() error { return errors.Join(file.Close(), closing()) }
	names := file.GetSheetList()
	if len(names) == 0 {
		return s.fault("the XLSX file has no sheet")
	}
	if properties, err := file.GetWorkbookProps(); err == nil && properties.Date1904 != nil {
		s.date1904 = *properties.Date1904
	}
	s.cells = true
	if how.Header == nil {
		names = names[:1]
	}
	for _, name := range names[:min(len(names), sheetsSearched)] {
		if found, err := s.openTable(file, name, how); found || err != nil {
			return err
		}
	}
	if how.Header != nil {
		return fault.Wrap(fault.Invalid, errNoHeader, "%s: none of the first %d rows of its sheets is the header that the mapping waits for", s.Name, headerWithin)
	}
	return s.fault("the first sheet is empty: it wants a header and a row per player or entry")
}

// sheetsSearched is in how many sheets of a file a header is searched for.
const sheetsSearched = 20

// openTable begins to read a sheet of the file at its header; found is false where it has none.
func (s *Sheet) openTable(file *excelize.File, name string, how Opening) (found bool, err error) {
	iterator, err := file.Rows(name)
	if err != nil {
		return false, fault.Wrap(fault.Invalid, err, "%s: the sheet %q cannot be read: save it as CSV", s.Name, name)
	}
	defer func() {
		if !found {
			err = errors.Join(err, iterator.Close())
		}
	}()
	rows := &xlsxRows{file: s.Name, rows: iterator, skip: how.Skip}
	s.Title = ""
	for range headerWithin {
		_, cells, err := rows.next()
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if how.Header == nil || how.Header(cells) {
			s.Header, s.rows = append([]string(nil), cells...), rows
			inner := s.close
			s.close = func() error { return errors.Join(iterator.Close(), inner()) }
			return true, nil
		}
		s.Title = strings.TrimSpace(cells[0])
	}
	return false, nil
}

type xlsxRows struct {
	file string
	rows *excelize.Rows
	skip int // rows of the preamble
	line int // of the row read last
}

func (x *xlsxRows) next() (line int, cells []string, err error) {
	for x.rows.Next() { // rows that the file leaves out come as blank ones, so counting them counts right
		x.line++
		cells, err := x.rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return x.line, nil, fault.Wrap(fault.Invalid, err, "%s: row %d cannot be read: save the sheet as CSV", x.file, x.line)
		}
		if x.line > x.skip && !blank(cells) {
			return x.line, cells, nil
		}
	}
	if err := x.rows.Error(); err != nil {
		return x.line, nil, fault.Wrap(fault.Invalid, err, "%s: the sheet cannot be read after row %d: save it as CSV", x.file, x.line)
	}
	return x.line, nil, io.EOF
}
