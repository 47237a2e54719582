package web

import (
	"context"
	"strings"
	"testing"

	"cairn/internal/board"
	"cairn/internal/identity"
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

func TestHome_LeadsEveryoneToWhatIsTheirsToDoNext(t *testing.T) {
	w := newWorld(t)
	g := w.guest()
	mustSay(t, g.says("/"), "This server is new", "cairn operator link")
	link, err := w.rooms.Identity.OperatorLink(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	w.guest().send(strings.TrimPrefix(link, "https://cairn.example"), "address", "op@example.org")
	mustSay(t, g.says("/"), "No board here is public", "sign in")

	b := w.open(sheet(t, "public", ""), board.Settings{Name: "Harbour", Basis: board.OptIn}, nil, 0)
	ada := visitor{w, g.in("ada@example.org"), "ada@example.org", ""}
	mustSay(t, g.says("/"), "You are on none yet", "Make a board")
	if _, err := w.boards.Invite(context.Background(), identity.Actor{}, b, []board.Member{{Name: "Ada", Email: ada.address}}); err != nil {
		t.Fatal(err)
	}
	mustSay(t, g.says("/"), "1 invitation waits for your answer")
	ada.give(b, board.Manager, board.Scope{})
	mustSay(t, g.says("/"), "Harbour", "My numbers")
	if page := w.guest().says("/"); strings.Contains(page, "Harbour") {
		t.Errorf("a private board is named to somebody: %s", page)
	}
}
