package web

import (
	"net/http"
	"strconv"

	"cairn/internal/board"
	"cairn/internal/release"
)

// archivePage lists every release and edition of a board.
type archivePage struct {
	*frame
	Releases []archived
}

// archived is one edition of one release.
type archived struct {
	When, Address string
	Line          string
	Scored        string
	Edition       string // "" where there is only one
	Reason        string
	Superseded    bool
	RulesNew      bool
	Digest        string // its first digits
}

func (s *site) showArchive(w http.ResponseWriter, r *visit) error {
	b, err := s.boards.Board(r.Context(), r.PathValue("board"))
	if err != nil {
		return err
	}
	releases, err := s.releases.Archive(r.Context(), b)
	if err != nil {
		return err
	}
	return s.page(w, r, "archive_show", s.newArchivePage(b, releases), asking)
}

func (s *site) newArchivePage(b *board.Board, releases []*release.Release) archivePage {
	page := archivePage{frame: s.frame("Archive of "+b.Name, b).here("Archive"), Releases: newArchive(b, releases)}
	page.Description = "Every release of " + b.Name + ", newest first."
	page.Canonical = s.base + boardAddress(b) + "/archive"
	return page
}

func newArchive(b *board.Board, releases []*release.Release) []archived {
	all := make([]archived, 0, len(releases))
	for _, rel := range releases {
		a := archived{When: rel.Period.Label(), Address: releaseAddress(b, rel), Line: rel.Title, Scored: amount(float64(rel.Scored)),
			Reason: sentence(rel.Reason), Superseded: rel.Superseded, RulesNew: rel.RulesNew}
		if rel.Edition > 1 || rel.Superseded {
			a.Edition = "edition " + strconv.Itoa(rel.Edition)
		}
		if len(rel.Digest) >= 12 {
			a.Digest = rel.Digest[:12]
		}
		all = append(all, a)
	}
	return all
}
