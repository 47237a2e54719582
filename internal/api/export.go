package api

import (
	"context"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"cairn/internal/export"
)

// InFormat says as what a file is written.
type InFormat struct {
	Format string `query:"format" default:"csv" enum:"csv,xlsx,json,parquet" doc:"What the file is: CSV, a spreadsheet, JSON or Parquet."`
}

// exports are the types of the files.
var exports = func() (all []string) {
	for _, f := range export.Formats() {
		all = append(all, f.Media())
	}
	return all
}()

func (d *door) exportRelease(ctx context.Context, v *visit, in *struct {
	InRelease
	InFormat
}) (*huma.StreamResponse, error) {
	found, err := d.found(ctx, v, in.InRelease, "")
	if err != nil {
		return nil, err
	}
	format, err := export.Read(in.Format)
	if err != nil {
		return nil, err
	}
	return d.stream(v, "export-release", format, releaseName(v.board, found.View.Release), func(w io.Writer) error { return export.Release(ctx, w, found, format) }), nil
}

func (d *door) exportHistory(ctx context.Context, v *visit, in *struct {
	InBoard
	InFormat
}) (*huma.StreamResponse, error) {
	all, err := d.Releases.History(ctx, v.board, v.access)
	if err != nil {
		return nil, err
	}
	format, err := export.Read(in.Format)
	if err != nil {
		return nil, err
	}
	return d.stream(v, "export-history", format, v.board.Key+"-history", func(w io.Writer) error { return export.History(ctx, w, all, format) }), nil
}

// stream answers with a file that goes out as it is written. What fails before its first byte is told; what fails later breaks the
// connection off, so that nobody takes half a file for a whole one.
func (d *door) stream(v *visit, operation string, f export.Format, name string, write func(io.Writer) error) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		r, w := humago.Unwrap(ctx)
		leave, err := d.Files.Take(ctx.Context(), v.asker())
		if err != nil {
			d.refuse(w, r, operation, err)
			return
		}
		defer leave()
		out := &begun{w: w, begin: func() {
			w.Header().Set("Content-Type", f.Media())
			w.Header().Set("Content-Disposition", `attachment; filename="`+name+`.`+string(f)+`"`)
		}}
		switch err := write(out); {
		case err == nil:
		case out.begin == nil:
			panic(http.ErrAbortHandler)
		default:
			d.refuse(w, r, operation, err)
		}
	}}
}

// begun does something before the first byte is written.
type begun struct {
	w     io.Writer
	begin func() // nil: it was
}

func (b *begun) Write(p []byte) (int, error) {
	if b.begin != nil {
		b.begin()
		b.begin = nil
	}
	return b.w.Write(p)
}
