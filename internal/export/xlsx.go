package export

import (
	"io"

	"github.com/xuri/excelize/v2"

	"cairn/internal/fault"
	"cairn/internal/release"
)

// book is a spreadsheet of one sheet. Its rows wait in a file of the system's beyond 16 MB.
type book struct {
	*excelize.StreamWriter
	whole   *excelize.File
	to      io.Writer
	columns []column
	record  []any
	rows    int
}

// The most that a sheet can hold.
const (
	mostRows    = 1_048_576
	mostColumns = 16_384
)

func newXLSX(w io.Writer, columns []column) (*book, error) {
	if len(columns) > mostColumns {
		return nil, fault.New(fault.Invalid, "A spreadsheet holds %d columns at most: take CSV or Parquet.", mostColumns)
	}
	file := excelize.NewFile()
	if err := file.SetSheetName("Sheet1", "scores"); err != nil {
		return nil, err
	}
	stream, err := file.NewStreamWriter("scores")
	if err != nil {
		return nil, err
	}
	b := &book{StreamWriter: stream, whole: file, to: w, columns: columns, record: make([]any, len(columns))}
	if err := stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return nil, err
	}
	for i, c := range columns {
		b.record[i] = release.Unrun(c.name)
	}
	return b, b.put()
}

func (b *book) put() error {
	if b.rows++; b.rows > mostRows {
		return fault.New(fault.Invalid, "A spreadsheet holds %d rows at most: take CSV or Parquet.", mostRows)
	}
	at, err := excelize.CoordinatesToCellName(1, b.rows)
	if err != nil {
		return err
	}
	return b.SetRow(at, b.record)
}

func (b *book) row(cells []cell) error {
	for i, c := range cells {
		switch {
		case !b.columns[i].number && c.text != "":
			b.record[i] = release.Unrun(c.text)
		case !b.columns[i].number || missing(c.number):
			b.record[i] = nil
		default:
			b.record[i] = c.number
		}
	}
	return b.put()
}

func (b *book) close() error {
	if err := b.Flush(); err != nil {
		return err
	}
	return b.whole.Write(b.to)
}

// drop deletes the files in which rows wait, however far writing came.
func (b *book) drop() { _ = b.whole.Close() }
