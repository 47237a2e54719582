package theme

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"cairn/internal/fault"
)

// Theme is a board's look. The zero Theme is Cairn's own.
type Theme struct {
	Light   Colours `json:"light,omitzero" yaml:"light"`
	Dark    Colours `json:"dark,omitzero" yaml:"dark"` // for readers who ask for dark pages; what is left out is derived of Light
	Type    Type    `json:"type,omitempty" yaml:"type"`
	Corners Corners `json:"corners,omitempty" yaml:"corners"`
	Words   Words   `json:"words,omitzero" yaml:"words"`
}

// Colours are sRGB in hex, "#1c64f2". What is left out is Cairn's own.
type Colours struct {
	Ground string `json:"ground,omitempty" yaml:"ground"` // behind everything
	Ink    string `json:"ink,omitempty" yaml:"ink"`       // text
	Accent string `json:"accent,omitempty" yaml:"accent"` // what was won
}

// Type is one of the families that machines have: nothing is loaded.
type Type string

const (
	Humanist  Type = ""
	Geometric Type = "geometric"
	Serif     Type = "serif"
	Slab      Type = "slab"
	Mono      Type = "mono"
)

// Types are all of them, Cairn's own first.
func Types() []Type { return []Type{Humanist, Geometric, Serif, Slab, Mono} }

// families are what stands for a type in a style sheet: text, display.
var families = map[Type][2]string{
	Geometric: {`"Avenir Next", Avenir, Montserrat, Corbel, "URW Gothic", Seravek, sans-serif`, `Futura, "Century Gothic", Montserrat, "URW Gothic", "Avenir Next", sans-serif`},
	Serif:     {`Charter, "Bitstream Charter", "Sitka Text", Cambria, "Noto Serif", serif`, `"Iowan Old Style", "Palatino Linotype", "URW Palladio L", P052, serif`},
	Slab:      {`Seravek, "Segoe UI", Ubuntu, "Noto Sans", "Liberation Sans", sans-serif`, `Rockwell, "Rockwell Nova", "Roboto Slab", "DejaVu Serif", "Sitka Small", serif`},
	Mono:      {`ui-monospace, "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", monospace`, `ui-monospace, "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", monospace`},
}

// Corners are how round things are.
type Corners string

const (
	Round  Corners = ""
	Soft   Corners = "soft"
	Square Corners = "square"
)

// rounds are the radius of large things, in a style sheet.
var rounds = map[Corners]string{Soft: "0.5rem", Square: "0"}

// Words are what a board calls things, one and many, as they stand inside a sentence: "rider", "riders". "" Cairn's own word.
type Words struct {
	Player   string `json:"player,omitempty" yaml:"player"`
	Players  string `json:"players,omitempty" yaml:"players"`
	Board    string `json:"board,omitempty" yaml:"board"`
	Boards   string `json:"boards,omitempty" yaml:"boards"`
	Release  string `json:"release,omitempty" yaml:"release"`
	Releases string `json:"releases,omitempty" yaml:"releases"`
}

// Note is something about a theme that could be better; nothing is refused for it.
type Note struct {
	Field string
	Text  string // for people: what, and what would do
}

var hexColour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// Text has to stand out from what it stands on by so much (WCAG 2.2, 1.4.3), other things by so much (1.4.11).
const (
	readable = 4.5
	visible  = 3
)

// Check refuses, with Invalid and the field ("light.ink", "words.player"), a theme that cannot be, or whose text could not be
// read. Notes are what could be better.
func (t Theme) Check() (notes []Note, err error) {
	for _, side := range []struct {
		name string
		Colours
	}{{"light", t.Light}, {"dark", t.Dark}} {
		for _, c := range []struct{ name, hex string }{{"ground", side.Ground}, {"ink", side.Ink}, {"accent", side.Accent}} {
			if c.hex != "" && !hexColour.MatchString(c.hex) {
				return nil, wrong(side.name+"."+c.name, "A colour is # and six digits of 0-9 and a-f, such as #1c64f2; %q is none.", c.hex)
			}
		}
	}
	if _, known := families[t.Type]; !known && t.Type != Humanist {
		return nil, wrong("type", "There is no type %q: leave it out, or take geometric, serif, slab or mono.", t.Type)
	}
	if _, known := rounds[t.Corners]; !known && t.Corners != Round {
		return nil, wrong("corners", "There are no corners %q: leave it out, or take soft or square.", t.Corners)
	}
	if err := t.Words.check(); err != nil {
		return nil, err
	}
	for _, side := range []struct {
		name string
		Palette
	}{{"light", t.Palette()}, {"dark", t.DarkPalette()}} {
		ground, ink, accent := read(side.Ground), read(side.Ink), read(side.Accent)
		if r := contrast(ink, ground); r < readable {
			better := until(ink, away(ground), readable, ground)
			if contrast(better, ground) < readable {
				return nil, wrong(side.name+".ground", "No text can be read on %s: take a ground that is lighter or darker.", side.Ground)
			}
			return nil, wrong(side.name+".ink", "Text in %s on %s cannot be read: its contrast is %.1f to 1 and has to be %.1f. %s would do.", side.Ink, side.Ground, r, readable, better.hex())
		}
		if r := contrast(accent, ground); r < visible && (side.Accent != own.Accent || side.Ground != own.Ground) { // of what is ours nobody need hear
			notes = append(notes, Note{side.name + ".accent", fmt.Sprintf("The accent %s is faint on %s (%.1f to 1): where it stands alone, pages use %s instead.", side.Accent, side.Ground, r, side.Moss)})
		}
	}
	return notes, nil
}

func (w Words) check() error {
	pairs := []struct{ field, one, fieldMany, many string }{
		{"player", w.Player, "players", w.Players}, {"board", w.Board, "boards", w.Boards}, {"release", w.Release, "releases", w.Releases},
	}
	for _, p := range pairs {
		for _, word := range []struct{ field, text string }{{p.field, p.one}, {p.fieldMany, p.many}} {
			if utf8.RuneCountInString(word.text) > 30 || !utf8.ValidString(word.text) || strings.TrimSpace(word.text) != word.text || strings.ContainsFunc(word.text, notOfAWord) {
				return wrong("words."+word.field, "A word is at most 30 letters, with blanks and hyphens between them; %q is none.", word.text)
			}
		}
		if (p.one == "") != (p.many == "") {
			return wrong("words."+p.fieldMany, "Give both words, for one and for many, such as rider and riders.")
		}
	}
	return nil
}

func notOfAWord(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsMark(r) && r != ' ' && r != '-' && r != '\'' && r != '’'
}

// Whole returns the words with Cairn's own where the board has none.
func (w Words) Whole() Words {
	fill := func(one, many *string, ownOne, ownMany string) {
		if *one == "" {
			*one, *many = ownOne, ownMany
		}
	}
	fill(&w.Player, &w.Players, "player", "players")
	fill(&w.Board, &w.Boards, "board", "boards")
	fill(&w.Release, &w.Releases, "release", "releases")
	return w
}

func wrong(field, format string, args ...any) error {
	return &fault.Fault{Kind: fault.Invalid, Field: field, Message: fmt.Sprintf(format, args...)}
}
