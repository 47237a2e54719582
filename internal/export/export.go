package export

import (
	"context"
	"io"

	"cairn/internal/release"
)

// Format of a file.
type Format string

const (
	CSV     Format = "csv"
	XLSX    Format = "xlsx"
	JSON    Format = "json" // one object
	Parquet Format = "parquet"
)

// Formats are all of them.
func Formats() []Format { return []Format{CSV, XLSX, JSON, Parquet} }

// Media is the content type of a format.
func (f Format) Media() string { return "" }

// Release writes what a view of a release shows: a row a player, with rank, score, change, level, tags, and of each metric
// that is for the reader value and points.
func Release(ctx context.Context, w io.Writer, v *release.View, f Format) error {
	panic("to be written")
}

// History writes every final release that the views show, oldest first: a row a player and release.
func History(ctx context.Context, w io.Writer, views func(yield func(*release.View, error) bool), f Format) error {
	panic("to be written")
}
