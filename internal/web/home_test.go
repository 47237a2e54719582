package web

import (
	"strings"
	"testing"

	"cairn/internal/board"
)

func TestHome_ListsPublicBoardsAndUnlistedOnesAreReachable(t *testing.T) {
	w := newWorld(t)
	w.open(sheet(t, "public", ""), board.Settings{Key: "open", Name: "Open board"}, people, 1)
	w.open(sheet(t, "public", ""), board.Settings{Key: "quiet", Name: "Quiet board", Stage: board.Unlisted}, people, 1)
	home := w.page("/")
	if text := words(home.Find("main")); !strings.Contains(text, "Open board") || strings.Contains(text, "Quiet board") {
		t.Errorf("home shows %q", text)
	}
	if got := words(home.Find(".board-card .line")); !strings.Contains(got, "Ada Lovelace leads with") {
		t.Errorf("the card's title line is %q", got)
	}
	quiet := w.page("/b/quiet")
	if got, _ := quiet.Find(`meta[name="robots"]`).Attr("content"); got != "noindex" {
		t.Errorf("an unlisted board asks search engines %q", got)
	}
	if w.page("/b/open").Find(`meta[name="robots"]`).Length() != 0 {
		t.Error("a public board hides from search engines")
	}
}
