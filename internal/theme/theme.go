package theme

import "html/template"

// Theme is a board's look. The zero Theme is Cairn's own.
type Theme struct {
	Colours Colours `json:"colours,omitzero"` // what is left out is Cairn's own, or derived
	Type    Type    `json:"type,omitempty"`
	Corners Corners `json:"corners,omitempty"`
	Words   Words   `json:"words,omitzero"`
	Logo    bool    `json:"logo,omitempty"` // there is one; kept apart
}

// Colours are sRGB in hex, "#1c64f2". Dark ones are for readers who asked for dark pages; without, they are derived.
type Colours struct {
	Ground string `json:"ground,omitempty"` // behind everything
	Ink    string `json:"ink,omitempty"`    // text
	Accent string `json:"accent,omitempty"` // what was won, and what is to be pressed
	Dark   *Dark  `json:"dark,omitempty"`
}

// Dark are the colours of dark pages.
type Dark struct {
	Ground string `json:"ground,omitempty"`
	Ink    string `json:"ink,omitempty"`
	Accent string `json:"accent,omitempty"`
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

// Corners are how round things are.
type Corners string

const (
	Round  Corners = ""
	Soft   Corners = "soft"
	Square Corners = "square"
)

// Words are what a board calls things, singular and plural, lower case: "rider", "riders". "" Cairn's own.
type Words struct {
	Player, Players   string
	Board, Boards     string
	Release, Releases string
}

// Finding is something that is wrong with a theme, or hard to read.
type Finding struct {
	Field string
	Text  string  // for people: what, and what would do
	Ratio float64 // of contrast, 0 not about that
}

// Check refuses, with Invalid and the field, a theme that cannot be or whose text cannot be read (WCAG 2.2, 4.5 to 1 for text,
// 3 to 1 for what is pressed); notes are what could be better.
func (t Theme) Check() (notes []Finding, err error) { return nil, nil }

// Sheet writes the theme as values of the style sheet's tokens, "" for the zero Theme.
func (t Theme) Sheet() template.CSS { return "" }
