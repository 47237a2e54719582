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
	Releases     []archived
	Newer, Older string // addresses of further pages
	Where        string // page 2 of 3
	Exports      []exported
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
	Shared        string // for those who run the board: how often cards of it were looked at; "" there are none
}

// pageReleases is how many releases stand on one page of the archive.
const pageReleases = 52

func (s *site) showArchive(w http.ResponseWriter, r *visit) error {
	ctx := r.Context()
	releases, err := s.releases.Archive(ctx, r.board)
	if err != nil {
		return err
	}
	n, err := readPage(r.URL.Query(), len(releases), pageReleases)
	if err != nil {
		return err
	}
	to, err := s.releases.Reader(ctx, r.board, r.access)
	if err != nil {
		return err
	}
	from := (n - 1) * pageReleases
	var shown []*release.View
	for _, rel := range releases[from:min(from+pageReleases, len(releases))] {
		view, err := s.releases.View(ctx, r.board, rel, to)
		if err != nil {
			return err
		}
		shown = append(shown, view)
	}
	page := s.newArchivePage(r.board, shown)
	page.pages(boardAddress(r.board)+"/archive", n, len(releases))
	page.Exports = historyExports(r.board, r.access)
	return s.page(w, r, "archive_show", page, asking)
}

func (s *site) newArchivePage(b *board.Board, releases []*release.View) archivePage {
	page := archivePage{frame: s.frame("Archive of "+b.Name, b).here("Archive"), Releases: make([]archived, 0, len(releases))}
	page.Description = "Every release of " + b.Name + ", newest first."
	page.Canonical = s.base + boardAddress(b) + "/archive"
	for _, view := range releases {
		a := newArchived(b, view.Release)
		a.Line, a.Scored = view.Title, amount(float64(view.Scored))
		page.Releases = append(page.Releases, a)
	}
	return page
}

// pages says where earlier and later releases stand.
func (page *archivePage) pages(address string, n, total int) {
	last := (total + pageReleases - 1) / pageReleases
	if last < 2 {
		return
	}
	page.Where = "Page " + strconv.Itoa(n) + " of " + strconv.Itoa(last)
	if n > 1 {
		page.Newer = address + "?page=" + strconv.Itoa(n-1)
	}
	if n < last {
		page.Older = address + "?page=" + strconv.Itoa(n+1)
	}
}

// newArchived is an edition without what depends on its reader.
func newArchived(b *board.Board, rel *release.Release) archived {
	a := archived{When: rel.Period.Label(), Address: releaseAddress(b, rel), Reason: sentence(rel.Reason), Superseded: rel.Superseded, RulesNew: rel.RulesNew}
	if rel.Edition > 1 || rel.Superseded {
		a.Edition = "edition " + strconv.Itoa(rel.Edition)
	}
	if len(rel.Digest) >= 12 {
		a.Digest = rel.Digest[:12]
	}
	return a
}
