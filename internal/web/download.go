package web

import (
	"bytes"
	"encoding/csv"
	"math"
	"net/http"
	"strconv"

	"cairn/internal/fault"
	"cairn/internal/release"
)

// cardJSON sends a player's scorecard as data.
func (s *site) cardJSON(w http.ResponseWriter, r *visit) error {
	p, err := s.find(r)
	if err == nil {
		err = s.opens(r, p)
	}
	if err != nil {
		return err
	}
	body, err := p.release.AppendCardJSON(r.Context(), nil, r.PathValue("player"))
	if err != nil {
		return err
	}
	s.send(w, r, "application/json", body, asking)
	return nil
}

// bundleFile sends the bundle of a release, from which anyone recomputes it.
func (s *site) bundleFile(w http.ResponseWriter, r *visit) error {
	p, err := s.find(r)
	if err != nil {
		return err
	}
	if !p.sight.Everything {
		return fault.New(fault.NotFound, "The bundle of this release is not for everyone.")
	}
	leave, err := s.files.Take(r.Context(), r.asker())
	if err != nil {
		return err
	}
	defer leave()
	var body bytes.Buffer
	if err := p.release.WriteBundle(r.Context(), &body); err != nil {
		return err
	}
	leave() // it is written: others need not wait until it is fetched
	w.Header().Set("Content-Disposition", `attachment; filename="`+bundleName(p.board, p.release.Release)+`"`)
	s.send(w, r, "application/zip", body.Bytes(), asking)
	return nil
}

// scoresFile sends what the leaderboard shows its reader as a table: rank, player, score, and the points of the top parts.
func (s *site) scoresFile(w http.ResponseWriter, r *visit) error {
	p, err := s.find(r)
	if err != nil {
		return err
	}
	total := p.release.Shown()
	var body bytes.Buffer
	table := csv.NewWriter(&body)
	header := []string{"rank", "player", "name", "score", "change", "level", "note"}
	for _, g := range p.release.TagGroups {
		header = append(header, g.Group)
	}
	headed := false
	for from := 0; from < total; from += 1000 {
		rows, err := p.release.Rows(r.Context(), from, min(1000, total-from))
		if err != nil {
			return err
		}
		for _, row := range rows {
			if !headed {
				for _, part := range topParts(p.card, len(row.Points)) {
					header = append(header, part.Key+".points")
				}
				_ = table.Write(header) // into memory
				headed = true
			}
			line := []string{"", release.Unrun(row.Key), release.Unrun(row.Name), plainNumber(row.Score), plainNumber(row.Change), release.Unrun(row.Level), release.Unrun(row.Note)}
			if row.Rank > 0 {
				line[0] = plainNumber(row.Rank)
			}
			for _, g := range p.release.TagGroups {
				line = append(line, release.Unrun(row.Tags[g.Group]))
			}
			for _, points := range row.Points {
				line = append(line, plainNumber(points))
			}
			for len(line) < len(header) {
				line = append(line, "") // no score, no points
			}
			_ = table.Write(line)
		}
	}
	if !headed {
		_ = table.Write(header)
	}
	table.Flush()
	w.Header().Set("Content-Disposition", `attachment; filename="`+fileName(p.board, p.release.Release)+`.csv"`)
	s.send(w, r, "text/csv; charset=utf-8", body.Bytes(), asking)
	return nil
}

// plainNumber writes a number for programs; what is missing is blank.
func plainNumber(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return ""
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}
