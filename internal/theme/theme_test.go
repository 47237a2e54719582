package theme

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cairn/internal/fault"
)

func anyColour(t *rapid.T, name string) string {
	return fmt.Sprintf("#%06x", rapid.IntRange(0, 0xffffff).Draw(t, name))
}

// Whatever colours are given: either the theme is refused with one that would do, or all that is written can be read.
func TestCheck_LetsNoThemePassWhoseTextCannotBeRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		theme := Theme{Light: Colours{Ground: anyColour(t, "ground"), Ink: anyColour(t, "ink"), Accent: anyColour(t, "accent")}}
		if rapid.Bool().Draw(t, "dark too") {
			theme.Dark = Colours{Ground: anyColour(t, "dark ground"), Ink: anyColour(t, "dark ink"), Accent: anyColour(t, "dark accent")}
		}
		_, err := theme.Check()
		if fault.Of(err) == fault.Invalid {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []Palette{theme.Palette(), theme.DarkPalette()} {
			p.mustRead(t)
		}
	})
}

func (p Palette) mustRead(t interface{ Fatalf(string, ...any) }) {
	for _, c := range []struct{ what, front, back string }{
		{"ink on ground", p.Ink, p.Ground}, {"ink on sheet", p.Ink, p.Sheet}, {"soft on ground", p.Soft, p.Ground}, {"soft on sheet", p.Soft, p.Sheet}, {"moss on ground", p.Moss, p.Ground},
		{"moss on sheet", p.Moss, p.Sheet}, {"on accent", p.OnAccent, p.Accent}, {"on slab", p.OnSlab, p.Slab}, {"faint on slab", p.Faint, p.Slab}, {"bright on slab", p.Bright, p.Slab},
	} {
		if r := contrast(read(c.front), read(c.back)); r < readable {
			t.Fatalf("%s: %s on %s is %.2f to 1", c.what, c.front, c.back, r)
		}
	}
	if r := contrast(read(p.Edge), read(p.Ground)); r < visible {
		t.Fatalf("the edge %s on %s is %.2f to 1", p.Edge, p.Ground, r)
	}
}

func TestPalette_OfNoThemeIsCairnsOwn(t *testing.T) {
	own.mustRead(t)
	ownDark.mustRead(t)
	if notes, err := (Theme{}).Check(); err != nil || len(notes) > 0 {
		t.Errorf("a theme that says nothing is told %v, %v", notes, err)
	}
	if (Theme{}).Palette() != own || (Theme{}).DarkPalette() != ownDark || (Theme{}).Sheet() != "" {
		t.Error("the zero theme changes something")
	}
	half := Theme{Light: Colours{Accent: "#1c64f2"}}
	if p := half.Palette(); p.Ground != own.Ground || p.Accent != "#1c64f2" || half.DarkPalette().Accent != "#1c64f2" {
		t.Errorf("%+v", p)
	}
	barely := Theme{Light: Colours{Ground: "#000000", Ink: "#407e7e"}} // 4.6 to 1: nothing lighter may stand behind it
	barely.Palette().mustRead(t)
	night := Theme{Light: Colours{Ground: "#101418", Ink: "#e8eef4", Accent: "#4fc3f7"}}
	if night.DarkPalette() != night.Palette() {
		t.Error("a dark theme has two looks")
	}
}

func TestCheck_NamesTheFieldAndWhatWouldDo(t *testing.T) {
	for _, c := range []struct {
		theme       Theme
		field, says string
	}{
		{Theme{Light: Colours{Ink: "red"}}, "light.ink", "#1c64f2"},
		{Theme{Light: Colours{Accent: "#12345"}}, "light.accent", "six digits"},
		{Theme{Light: Colours{Accent: "#123456;}"}}, "light.accent", "six digits"},
		{Theme{Light: Colours{Ground: "#ffffff", Ink: "#aaaaaa"}}, "light.ink", "would do"},
		{Theme{Dark: Colours{Ground: "#202020", Ink: "#404040"}}, "dark.ink", "4.5"},
		{Theme{Type: "comic"}, "type", "serif"},
		{Theme{Corners: "9px"}, "corners", "soft"},
		{Theme{Words: Words{Player: "rider"}}, "words.players", "riders"},
		{Theme{Words: Words{Player: "<b>rider", Players: "riders"}}, "words.player", "letters"},
		{Theme{Words: Words{Release: strings.Repeat("r", 31), Releases: "x"}}, "words.release", "30"},
	} {
		_, err := c.theme.Check()
		f, ok := err.(*fault.Fault)
		if !ok || f.Kind != fault.Invalid || f.Field != c.field || !strings.Contains(f.Message, c.says) {
			t.Errorf("%+v: %v", c.theme, err)
		}
	}
	notes, err := Theme{Light: Colours{Ground: "#ffffff", Ink: "#111111", Accent: "#ffee00"}}.Check()
	if err != nil || len(notes) != 1 || notes[0].Field != "light.accent" {
		t.Errorf("%+v, %v", notes, err)
	}
}

// Whatever a theme says, what it is written as holds tokens and nothing else.
func TestSheet_HoldsTokensAndNothingElse(t *testing.T) {
	whole := regexp.MustCompile(`^(:root\{(--[a-z0-9-]+:[^;{}<>\\@]+;)+\})(@media screen and \(prefers-color-scheme:dark\)\{:root\{(--[a-z0-9-]+:[^;{}<>\\@]+;)+\}\}:root\.theme-light\{(--[a-z0-9-]+:#[0-9a-f]{6};)+\}:root\.theme-dark\{(--[a-z0-9-]+:#[0-9a-f]{6};)+\})?$`)
	rapid.Check(t, func(t *rapid.T) {
		theme := Theme{Type: Type(rapid.SampledFrom([]string{"", "geometric", "serif", "slab", "mono"}).Draw(t, "type")), Corners: Corners(rapid.SampledFrom([]string{"", "soft", "square"}).Draw(t, "corners"))}
		text := func(name string) string {
			return rapid.OneOf(rapid.Just(""), rapid.String(), rapid.StringMatching(`#[0-9a-f]{6}(;\}|url\(x\))?`)).Draw(t, name)
		}
		theme.Light = Colours{Ground: text("ground"), Ink: text("ink"), Accent: text("accent")}
		if _, err := theme.Check(); err != nil {
			return
		}
		sheet := string(theme.Sheet())
		if sheet != "" && !whole.MatchString(sheet) || strings.Contains(sheet, "url(") {
			t.Fatalf("%q", sheet)
		}
	})
}

func TestWords_AreThoseOfTheBoardOrCairnsOwn(t *testing.T) {
	w := Words{Player: "rider", Players: "riders"}.Whole()
	if w.Player != "rider" || w.Players != "riders" || w.Board != "board" || w.Releases != "releases" {
		t.Errorf("%+v", w)
	}
}
