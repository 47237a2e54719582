package web

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"cairn/internal/board"
	"cairn/internal/identity"
	"cairn/internal/theme"
)

// Whatever a board wears: every page, frame and card of it says by what it is scored, and leads to where that is checked.
func TestLook_NeverHidesTheMark(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	b, err := w.boards.Create(ctx, sheet(t, "board", ""), board.Settings{Key: "club", Basis: board.PublicRecord, Stage: board.Open})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.boards.Enrol(ctx, b.ID, board.ByKey, []board.Member{{Key: "ada", Name: "Ada"}, {Key: "bo", Name: "Bo"}}); err != nil {
		t.Fatal(err)
	}
	w.publish(b)
	look := theme.Theme{Light: theme.Colours{Ground: "#101820", Ink: "#f2f6fa", Accent: "#101820"}, Type: theme.Slab, Corners: theme.Square, Words: theme.Words{Player: "rider", Players: "riders", Release: "stage", Releases: "stages"}}
	if err := w.boards.SetTheme(ctx, identity.Actor{}, b, look); err != nil {
		t.Fatal(err)
	}
	nobody := w.nobody()
	for _, path := range []string{"/b/club", "/b/club/methodology", "/b/club/archive"} {
		page := nobody.page(path)
		mark := page.Find(".scored a")
		if mark.Text() != "Scored with Cairn" || mark.AttrOr("href", "") != "/b/club#verify" {
			t.Errorf("%s: the mark is %q and leads to %q", path, mark.Text(), mark.AttrOr("href", ""))
		}
		dress := page.Find(`link[rel="stylesheet"]`).Eq(1).AttrOr("href", "")
		css := nobody.ask("GET", dress)
		if css.StatusCode != 200 || !strings.HasPrefix(css.body, ":root{") || !strings.Contains(css.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: the look %q is %d %q", path, dress, css.StatusCode, css.body)
		}
	}
	page := nobody.page("/b/club")
	if page.Find("#verify").Length() != 1 || !strings.Contains(page.Find("table.leaderboard thead").Text(), "Rider") || !strings.Contains(page.Text(), "All stages") {
		t.Error("the page does not speak the board's words")
	}
	frame := nobody.page("/embed/" + b.ID + "/leaderboard")
	if !strings.Contains(frame.Find(".powered a").Text(), "Scored with Cairn") || frame.Find(`link[rel="stylesheet"]`).Length() != 2 {
		t.Error("the frame lacks its mark, or its look")
	}
	if other := nobody.page("/embed/" + b.ID + "/leaderboard?accent=rust"); other.Find(`link[rel="stylesheet"]`).Length() != 1 {
		t.Error("a frame with an accent of its own wears the board's look as well")
	}
}

func TestLook_IsChosenByWhoeverRunsTheBoard(t *testing.T) {
	w := newWorld(t)
	c := w.club(board.Settings{Key: "guild", Name: "Harbour guild"})
	c.manager.send(c.at("/manage/look"), "light.ground", "#fffbe8", "light.ink", "#20160a", "light.accent", "#d33f1c", "type", "serif").leads(t, c.at("/manage/look?done=look"))
	refused := c.manager.send(c.at("/manage/look"), "light.ground", "#ffffff", "light.ink", "#fafafa")
	if refused.StatusCode != 422 || !strings.Contains(mustRead(t, refused.body).Find(".field.wrong").Text(), "would do") {
		t.Errorf("%d %s", refused.StatusCode, mustRead(t, refused.body).Find(".field.wrong").Text())
	}
	c.manager.send(c.at("/manage/look/domain"), "domain", "scores.example.org").leads(t, c.at("/manage/look?done=domain"))
	operator := w.operator("operator@example.org")
	if page := operator.page("/operate"); !strings.Contains(page.Text(), "scores.example.org") {
		t.Error("the operator does not see the domain that waits")
	}
	operator.post("/operate/domain", url.Values{"domain": {"scores.example.org"}, "allow": {"yes"}}).leads(t, "/operate?done=domain")
	if page := mustRead(t, c.manager.get(c.at("/manage/look")).body); !strings.Contains(page.Text(), "It is allowed") {
		t.Error("the manager does not see that it is allowed")
	}
}
