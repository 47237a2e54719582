package web

import (
	"io"
	"net/http"
	"strings"

	"cairn/internal/board"
	"cairn/internal/export"
	"cairn/internal/release"
)

// exported is a file that can be fetched of a release or of a history.
type exported struct{ Name, Address string }

// exports are the files below an address.
func exports(under string) (all []exported) {
	for _, f := range export.Formats() {
		name := strings.ToUpper(string(f))
		if f == export.Parquet {
			name = "Parquet"
		}
		all = append(all, exported{name, under + "/file/" + string(f)})
	}
	return all
}

// releaseExport sends a release as a file: what its reader may see of every player, value by value.
func (s *site) releaseExport(w http.ResponseWriter, v *visit) error {
	p, err := s.find(v)
	if err != nil {
		return err
	}
	found := release.Found{Sight: p.sight, View: p.release, Card: p.card}
	return s.stream(w, v, fileName(p.board, p.release.Release), func(w io.Writer, f export.Format) error { return export.Release(v.Context(), w, found, f) })
}

// historyExport sends every release of a board as one file.
func (s *site) historyExport(w http.ResponseWriter, v *visit) error {
	all, err := s.releases.History(v.Context(), v.board, v.access)
	if err != nil {
		return err
	}
	return s.stream(w, v, v.board.Key+"-history", func(w io.Writer, f export.Format) error { return export.History(v.Context(), w, all, f) })
}

// stream sends a file as it is written.
func (s *site) stream(w http.ResponseWriter, v *visit, name string, write func(io.Writer, export.Format) error) error {
	f, err := export.Read(v.PathValue("format"))
	if err != nil {
		return err
	}
	leave, err := s.files.Take(v.Context(), v.asker())
	if err != nil {
		return err
	}
	defer leave()
	out := &lateHead{ResponseWriter: w, kind: f.Media(), name: name + "." + string(f)}
	err = write(out, f)
	if err != nil && out.began {
		s.log.WarnContext(v.Context(), "export broke off", "error", err.Error())
		panic(http.ErrAbortHandler) // so that nobody takes half a file for a whole one
	}
	return err
}

// historyExports are the files of a board's history, where that is for the reader.
func historyExports(b *board.Board, a board.Access) []exported {
	if !a.May(board.SeeHistory, b) || !a.May(board.SeeLeaderboard, b) {
		return nil
	}
	return exports(boardAddress(b) + "/archive")
}
