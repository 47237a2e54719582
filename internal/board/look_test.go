package board_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"strings"
	"testing"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/theme"
)

var race = theme.Theme{Light: theme.Colours{Ground: "#fffbe8", Ink: "#20160a", Accent: "#d33f1c"}, Dark: theme.Colours{Ground: "#1a1410"}, Type: theme.Serif, Corners: theme.Square,
	Words: theme.Words{Player: "rider", Players: "riders", Release: "stage", Releases: "stages"}}

func TestTheme_TravelsWithTheDesignAndIsRefusedWhereNobodyCouldReadIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newClub(t, d, board.Settings{}), context.Background()
		owner := w.SignIn(t, "owner@example.org")
		reload := func() *board.Board {
			b, err := w.Boards.ByID(ctx, w.at.ID)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		if err := w.Boards.SetTheme(ctx, owner, w.at, race); err != nil {
			t.Fatal(err)
		}
		design, err := w.Boards.Design(ctx, reload())
		if err != nil || design.Theme != race {
			t.Fatalf("%+v, %v", design.Theme, err)
		}
		file := design.Write()
		read, err := board.ReadDesign("race.yaml", file)
		if err != nil || read.Theme != race || !bytes.Equal(read.Write(), file) {
			t.Errorf("%+v, %v\n%s", read.Theme, err, file)
		}
		_, err = board.ReadDesign("race.yaml", bytes.Replace(file, []byte(`ink: "#20160a"`), []byte(`ink: "#fffbe7"`), 1))
		if err == nil || !strings.Contains(err.Error(), "cannot be read") || !strings.Contains(err.Error(), "race.yaml:") {
			t.Errorf("a theme that cannot be read: %v", err)
		}
		bad := race
		bad.Light.Ink = "#ffffff"
		if err := w.Boards.SetTheme(ctx, owner, w.at, bad); fault.Of(err) != fault.Invalid || reload().Theme != race {
			t.Errorf("%v, %+v", err, reload().Theme)
		}
		var logo bytes.Buffer
		if err := png.Encode(&logo, image.NewGray(image.Rect(0, 0, 40, 20))); err != nil {
			t.Fatal(err)
		}
		if err := w.Boards.PutLogo(ctx, owner, w.at, logo.Bytes()); err != nil {
			t.Fatal(err)
		}
		if kept, err := w.Boards.Logo(ctx, w.at.ID); err != nil || len(kept) == 0 || len(reload().Logo) != 16 {
			t.Errorf("%d bytes, %v, %q", len(kept), err, reload().Logo)
		}
		if err := w.Boards.PutLogo(ctx, owner, w.at, nil); err != nil || reload().Logo != "" {
			t.Errorf("%v, %q", err, reload().Logo)
		}
	})
}

func TestDomain_ShowsABoardOnceTheOperatorAllowsIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newClub(t, d, board.Settings{}), context.Background()
		owner := w.SignIn(t, "owner@example.org")
		for _, name := range []string{"https://x.example", "localhost", "a b.example", "x.example/y", "-x.example", "127.0.0.1", strings.Repeat("a", 64) + ".example"} {
			if err := w.Boards.AskDomain(ctx, owner, w.at, name); fault.Of(err) != fault.Invalid {
				t.Errorf("%q: %v", name, err)
			}
		}
		if err := w.Boards.AskDomain(ctx, owner, w.at, " Scores.Example.org. "); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Boards.ByDomain(ctx, "scores.example.org"); fault.Of(err) != fault.NotFound {
			t.Errorf("before it is allowed: %v", err)
		}
		operator := w.SignIn(t, "operator@example.org")
		if err := w.Boards.AllowDomain(ctx, operator, "scores.example.org", true); err != nil {
			t.Fatal(err)
		}
		if b, err := w.Boards.ByDomain(ctx, "SCORES.example.org"); err != nil || b.ID != w.at.ID {
			t.Errorf("%+v, %v", b, err)
		}
		other, err := w.Boards.Create(ctx, load(t, strings.Replace(clubCard, "key: club", "key: other", 1)), board.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Boards.AskDomain(ctx, owner, other, "scores.example.org"); fault.Of(err) != fault.Conflict {
			t.Errorf("another board's: %v", err)
		}
		if err := w.Boards.AskDomain(ctx, owner, w.at, "new.example.org"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Boards.ByDomain(ctx, "new.example.org"); fault.Of(err) != fault.NotFound {
			t.Errorf("a new one holds by itself: %v", err)
		}
		all, err := w.Boards.Domains(ctx)
		if err != nil || len(all) != 1 || all[0].Name != "new.example.org" || !all[0].Allowed.IsZero() {
			t.Errorf("%+v, %v", all, err)
		}
		if err := w.Boards.AllowDomain(ctx, operator, "scores.example.org", true); fault.Of(err) != fault.NotFound {
			t.Errorf("one that nobody asks for: %v", err)
		}
		if err := w.Boards.AskDomain(ctx, owner, w.at, ""); err != nil {
			t.Fatal(err)
		}
		if err := w.Boards.AskDomain(ctx, owner, w.at, ""); err != nil { // and again, where there is none
			t.Fatal(err)
		}
		if d, err := w.Boards.DomainOf(ctx, w.at.ID); err != nil || d != (board.Domain{}) {
			t.Errorf("%+v, %v", d, err)
		}
	})
}
