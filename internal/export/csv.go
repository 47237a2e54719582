package export

import (
	"encoding/csv"
	"io"
	"strconv"

	"cairn/internal/release"
)

// text is a CSV file: RFC 4180, UTF-8, a header, full stops in numbers.
type text struct {
	*csv.Writer
	columns []column
	record  []string
}

func newCSV(w io.Writer, columns []column) (*text, error) {
	t := &text{csv.NewWriter(w), columns, make([]string, len(columns))}
	for i, c := range columns {
		t.record[i] = release.Unrun(c.name)
	}
	return t, t.Write(t.record)
}

func (t *text) row(cells []cell) error {
	for i, c := range cells {
		switch {
		case !t.columns[i].number:
			t.record[i] = release.Unrun(c.text)
		case missing(c.number):
			t.record[i] = ""
		default:
			t.record[i] = strconv.FormatFloat(c.number, 'f', -1, 64)
		}
	}
	return t.Write(t.record)
}

func (t *text) close() error {
	t.Flush()
	return t.Error()
}
