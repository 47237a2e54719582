package theme

import (
	"cmp"
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// Palette is every colour of a page, a letter or a picture, in hex. Text in Ink, Soft and Moss can be read on Ground and Sheet,
// OnAccent on Accent, and OnSlab, Faint and Bright on Slab.
type Palette struct {
	Ground, Sheet    string // behind everything; behind what stands on it
	Ink, Soft        string // text; text that steps back
	Rule, Edge       string // a line between things; the line around what is to be filled in
	Accent, OnAccent string // what was won, and text on it
	Moss             string // the accent as text and thin lines
	Slab, OnSlab     string // what is to be pressed, and the dark field of a picture
	Faint, Bright    string // text that steps back on a slab; the accent on a slab
	Stones           [4]string
}

// Cairn's own colours, as its style sheet has them.
var (
	own = Palette{
		Ground: "#f3f1ec", Sheet: "#fcfbf8", Ink: "#211e1a", Soft: "#635c53", Rule: "#dbd5cb", Edge: "#8d8579", Accent: "#bccb34", OnAccent: "#1c1a16", Moss: "#525d09",
		Slab: "#211e1a", OnSlab: "#f3f1ec", Faint: "#b9b1a5", Bright: "#c8d744", Stones: [4]string{"#8a8277", "#6c645a", "#968d80", "#7a7871"},
	}
	ownDark = Palette{
		Ground: "#151412", Sheet: "#1e1c19", Ink: "#ece8e0", Soft: "#aba397", Rule: "#37332d", Edge: "#7d766b", Accent: "#c8d744", OnAccent: "#1c1a16", Moss: "#cddb5c",
		Slab: "#0c0b0a", OnSlab: "#ece8e0", Faint: "#aba397", Bright: "#c8d744", Stones: [4]string{"#938b7f", "#777065", "#aaa296", "#85827a"},
	}
)

// Palette is that of light pages.
func (t Theme) Palette() Palette { return derive(t.Light, own) }

// DarkPalette is that of dark pages. A theme whose light pages are dark already has one look for all.
func (t Theme) DarkPalette() Palette {
	dark := t.Dark
	if t.Dark == (Colours{}) && t.Light != (Colours{}) {
		if light := t.Palette(); light.dark() {
			return light
		}
		dark.Accent = t.Light.Accent
	}
	return derive(dark, ownDark)
}

func (p Palette) dark() bool { return luminance(read(p.Ground)) < 0.18 }

// derive makes a palette of the colours that were given.
func derive(given Colours, otherwise Palette) Palette {
	if given == (Colours{}) {
		return otherwise
	}
	ground, ink, accent := read(cmp.Or(given.Ground, otherwise.Ground)), read(cmp.Or(given.Ink, otherwise.Ink)), read(cmp.Or(given.Accent, otherwise.Accent))
	white := colour{255, 255, 255}
	sheet := mix(ground, white, 0.6)
	if luminance(ground) < 0.18 {
		sheet = mix(ground, white, 0.04)
	}
	if contrast(ink, sheet) < readable { // ink that is only just read: what stands on the ground may not come nearer to it
		if sheet = mix(ground, away(ink), 0.06); contrast(ink, sheet) < readable {
			sheet = ground
		}
	}
	p := Palette{Ground: ground.hex(), Sheet: sheet.hex(), Ink: ink.hex(), Accent: accent.hex()}
	p.Soft = until(mix(ink, ground, 0.3), ink, readable, ground, sheet).hex()
	p.Rule = mix(ground, ink, 0.15).hex()
	p.Edge = until(mix(ink, ground, 0.5), ink, visible, ground, sheet).hex()
	p.OnAccent = away(accent).hex()
	p.Moss = until(accent, ink, readable, ground, sheet).hex()
	p.Slab, p.OnSlab = ink.hex(), ground.hex()
	p.Faint = until(mix(ground, ink, 0.3), ground, readable, ink).hex()
	p.Bright = until(accent, ground, readable, ink).hex()
	for i, share := range [4]float64{0.45, 0.32, 0.52, 0.38} {
		p.Stones[i] = mix(ink, ground, share).hex()
	}
	return p
}

// Sheet writes the theme as values of the style sheet's tokens, "" where all are Cairn's own.
func (t Theme) Sheet() template.CSS {
	var out strings.Builder
	plain := ""
	if f, ok := families[t.Type]; ok {
		plain += "--text:" + f[0] + ";--display:" + f[1] + ";"
	}
	if r, ok := rounds[t.Corners]; ok {
		plain += "--round:" + r + ";"
	}
	if t.Light != (Colours{}) || t.Dark != (Colours{}) {
		plain += t.Palette().tokens()
	}
	if plain == "" {
		return ""
	}
	out.WriteString(":root{" + plain + "}")
	if t.Light != (Colours{}) || t.Dark != (Colours{}) {
		dark := t.DarkPalette().tokens()
		out.WriteString("@media screen and (prefers-color-scheme:dark){:root{" + dark + "}}")
		out.WriteString(":root.theme-light{" + t.Palette().tokens() + "}:root.theme-dark{" + dark + "}") // of frames that ask for one
	}
	return template.CSS(out.String()) // of colours that are six digits, and of our own words
}

func (p Palette) tokens() string {
	var out strings.Builder
	for _, token := range []struct{ name, value string }{
		{"ground", p.Ground}, {"sheet", p.Sheet}, {"ink", p.Ink}, {"soft", p.Soft}, {"rule", p.Rule}, {"edge", p.Edge}, {"lichen", p.Accent}, {"on-lichen", p.OnAccent}, {"moss", p.Moss},
		{"slab", p.Slab}, {"on-slab", p.OnSlab}, {"stone-0", p.Stones[0]}, {"stone-1", p.Stones[1]}, {"stone-2", p.Stones[2]}, {"stone-3", p.Stones[3]},
	} {
		out.WriteString("--" + token.name + ":" + token.value + ";")
	}
	return out.String()
}

// Replace returns what makes of Cairn's own colours in a text those of a palette: own is Palette of the zero Theme, or DarkPalette.
func (p Palette) Replace(own Palette) []string {
	var pairs []string
	seen := map[string]bool{}
	for i, from := range own.all() {
		if !seen[from] {
			seen[from] = true
			pairs = append(pairs, from, p.all()[i])
		}
	}
	return pairs
}

func (p Palette) all() []string {
	return append([]string{p.Ground, p.Sheet, p.Ink, p.Soft, p.Rule, p.Edge, p.Accent, p.OnAccent, p.Moss, p.Slab, p.OnSlab, p.Faint, p.Bright}, p.Stones[:]...)
}

// colour is sRGB, 0 to 255.
type colour [3]float64

// read reads six hex digits after a #; what is none is black, which Check refuses before.
func read(hex string) (c colour) {
	n, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 32)
	if err != nil {
		return colour{}
	}
	return colour{float64(n >> 16 & 255), float64(n >> 8 & 255), float64(n & 255)}
}

func (c colour) hex() string {
	return fmt.Sprintf("#%02x%02x%02x", int(math.Round(c[0])), int(math.Round(c[1])), int(math.Round(c[2])))
}

// luminance is relative luminance as WCAG 2.2 defines it, 0 to 1.
func luminance(c colour) (l float64) {
	for i, weight := range [3]float64{0.2126, 0.7152, 0.0722} {
		s := c[i] / 255
		if s <= 0.04045 {
			s /= 12.92
		} else {
			s = math.Pow((s+0.055)/1.055, 2.4)
		}
		l += weight * s
	}
	return l
}

// contrast is the contrast ratio as WCAG 2.2 defines it, 1 to 21, of the colours as they are written.
func contrast(a, b colour) float64 {
	la, lb := luminance(read(a.hex())), luminance(read(b.hex()))
	return (math.Max(la, lb) + 0.05) / (math.Min(la, lb) + 0.05)
}

// away is black or white, whichever stands out more.
func away(from colour) colour {
	if black := (colour{}); contrast(black, from) >= contrast(colour{255, 255, 255}, from) {
		return black
	}
	return colour{255, 255, 255}
}

// mix goes a share of the way from one colour to another.
func mix(from, to colour, share float64) (c colour) {
	for i := range c {
		c[i] = from[i] + (to[i]-from[i])*share
	}
	return c
}

// until goes from a colour towards another until it stands out from all of some by a ratio, or has arrived.
func until(from, toward colour, ratio float64, on ...colour) colour {
	for step := range 51 {
		c := mix(from, toward, float64(step)/50)
		least := math.Inf(1)
		for _, ground := range on {
			least = math.Min(least, contrast(c, ground))
		}
		if least >= ratio {
			return c
		}
	}
	return toward
}
