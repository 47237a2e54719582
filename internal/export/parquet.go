package export

import (
	"io"

	"github.com/parquet-go/parquet-go"
)

// columnar is a Parquet file: numbers are DOUBLE, texts UTF-8, a missing one is null.
type columnar struct {
	*parquet.Writer
	columns []column
	rows    []parquet.Row // of one batch
	n       int
}

const (
	batchRows = 256
	groupRows = 10_000 // that wait in memory
)

// inOrder is a group whose columns stand in the order of the table, not in that of their names.
type inOrder struct {
	parquet.Group
	columns []column
}

func (g inOrder) Fields() []parquet.Field {
	byName := map[string]parquet.Field{}
	for _, f := range g.Group.Fields() {
		byName[f.Name()] = f
	}
	fields := make([]parquet.Field, len(g.columns))
	for i, c := range g.columns {
		fields[i] = byName[c.name]
	}
	return fields
}

func newParquet(w io.Writer, columns []column) (*columnar, error) {
	group := parquet.Group{}
	for _, c := range columns {
		if c.number {
			group[c.name] = parquet.Optional(parquet.Leaf(parquet.DoubleType))
		} else {
			group[c.name] = parquet.Optional(parquet.String())
		}
	}
	schema := parquet.NewSchema("scores", inOrder{group, columns})
	c := &columnar{columns: columns, rows: make([]parquet.Row, batchRows),
		Writer: parquet.NewWriter(w, schema, parquet.Compression(&parquet.Snappy), parquet.MaxRowsPerRowGroup(groupRows), parquet.CreatedBy("Cairn", "1", ""))}
	for i := range c.rows {
		c.rows[i] = make(parquet.Row, len(columns))
	}
	return c, nil
}

func (c *columnar) row(cells []cell) error {
	row := c.rows[c.n]
	for i, cell := range cells {
		switch {
		case c.columns[i].number && !missing(cell.number):
			row[i] = parquet.DoubleValue(cell.number).Level(0, 1, i)
		case !c.columns[i].number && cell.text != "":
			row[i] = parquet.ByteArrayValue([]byte(cell.text)).Level(0, 1, i)
		default:
			row[i] = parquet.NullValue().Level(0, 0, i)
		}
	}
	if c.n++; c.n == batchRows {
		return c.put()
	}
	return nil
}

func (c *columnar) put() error {
	_, err := c.WriteRows(c.rows[:c.n])
	c.n = 0
	return err
}

func (c *columnar) close() error {
	if err := c.put(); err != nil {
		return err
	}
	return c.Close()
}
