package figure

import (
	"fmt"
	"image/color"

	"cairn/internal/theme"
)

// wear paints a poster that was laid out in Cairn's colours in those of a palette; the zero Palette changes nothing.
func (p *poster) wear(look theme.Palette) *poster {
	if look == (theme.Palette{}) {
		return p
	}
	slabbed, inked, accent := read(look.Slab), read(look.Faint), read(look.Bright)
	worn := map[color.RGBA]color.RGBA{
		tints.ground: read(look.Ground), tints.ink: read(look.Ink), tints.soft: read(look.Soft), tints.rule: read(look.Rule), tints.lichen: read(look.Accent), tints.onLichen: read(look.OnAccent), tints.moss: read(look.Moss),
		faint: inked, bright: read(look.OnSlab), grown: accent, seam: between(slabbed, inked, 0.2), bloom: between(slabbed, accent, 0.15),
	}
	for i, granite := range granites {
		worn[granite] = read(look.Stones[i])
	}
	if p.ground == slab { // the same tint as ink, which is another colour on a light poster
		p.ground, worn[slab] = slabbed, slabbed
	} else {
		p.ground = worn[p.under()]
	}
	for i, m := range p.marks {
		if to, known := worn[m.ink]; known {
			p.marks[i].ink = to
		}
	}
	return p
}

// read reads a colour of a palette.
func read(hex string) (c color.RGBA) {
	c.A = 0xff
	_, _ = fmt.Sscanf(hex, "#%02x%02x%02x", &c.R, &c.G, &c.B) // palettes hold nothing else
	return c
}

// between is a colour a share of the way from one to another.
func between(from, to color.RGBA, share float64) color.RGBA {
	mix := func(a, b uint8) uint8 { return uint8(float64(a) + (float64(b)-float64(a))*share) }
	return color.RGBA{mix(from.R, to.R), mix(from.G, to.G), mix(from.B, to.B), 0xff}
}
