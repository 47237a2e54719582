package web

import (
	"net/url"
	"strconv"

	"cairn/internal/board"
	"cairn/internal/release"
)

// Addresses. A board's key, a period's name and an edition make an address that never changes its meaning; without
// an edition it is the edition in force, without a period the latest release.

func boardAddress(b *board.Board) string { return "/b/" + url.PathEscape(b.Key) }

func periodAddress(b *board.Board, rel *release.Release) string {
	return boardAddress(b) + "/" + url.PathEscape(rel.Period.String())
}

func releaseAddress(b *board.Board, rel *release.Release) string {
	return periodAddress(b, rel) + "/e/" + strconv.Itoa(rel.Edition)
}

func playerAddress(under, player string) string { return under + "/players/" + url.PathEscape(player) }

// bundleName is what a release's bundle is called when it is saved.
func bundleName(b *board.Board, rel *release.Release) string { return fileName(b, rel) + ".zip" }

func fileName(b *board.Board, rel *release.Release) string {
	return b.Key + "-" + rel.Period.String() + "-e" + strconv.Itoa(rel.Edition)
}
