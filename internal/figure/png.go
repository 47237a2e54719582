package figure

import (
	"image"
	"image/color"
	"math"
)

// A mail program shows no SVG, so what goes into a mail is a PNG. It stands on its own dark slab: no program inverts that, and it
// reads the same on a light and on a dark page. Two pixels are drawn for each that is shown.
const (
	pngWidth, pngHeight         = 1200, 600
	pngLeft, pngRight   float64 = 120, 1130 // of the line itself
	pngTop, pngBottom   float64 = 104, 496
	mostMoments                 = 60 // that a line of this width still tells apart
)

var (
	slab   = color.RGBA{0x21, 0x1e, 0x1a, 0xff}
	seam   = color.RGBA{0x3d, 0x38, 0x32, 0xff} // of the grid
	faint  = color.RGBA{0xb9, 0xb1, 0xa5, 0xff} // words along the axes
	bright = color.RGBA{0xf3, 0xf1, 0xec, 0xff} // numbers beside the line
	grown  = color.RGBA{0xc8, 0xd7, 0x44, 0xff} // the line
	bloom  = color.RGBA{0x3a, 0x3a, 0x20, 0xff} // under it
)

// PNG draws the last 60 moments of the history as Draw does, 1200 × 600 pixels to be shown in 600 × 300: the line, broken where there
// is no score, the personal best and the last score with their numbers. Levels and names are left out: the words around the picture
// have them, in every script. The same history gives the same bytes.
func (h History) PNG() ([]byte, error) {
	if n := len(h.Moments); n > mostMoments {
		h.Moments = h.Moments[n-mostMoments:]
	}
	p := &poster{width: pngWidth, height: pngHeight, ground: slab, title: h.Title}
	low, high := h.scale()
	y := func(value float64) float64 {
		share := along(value, low, high)
		if h.Down {
			share = 1 - share
		}
		return math.Round(pngBottom - share*(pngBottom-pngTop))
	}
	x := func(i int) float64 {
		if len(h.Moments) == 1 {
			return (pngLeft + pngRight) / 2
		}
		return math.Round(pngLeft + float64(i)/float64(len(h.Moments)-1)*(pngRight-pngLeft))
	}
	runs := h.runs(x, y)
	for _, run := range runs {
		if last := run[len(run)-1]; len(run) > 1 {
			p.paint(bloom, polygon(append(run, XY{last.X, pngBottom}, XY{run[0].X, pngBottom})))
		}
	}
	unit := step(high - low)
	for i, value := 0, math.Ceil(low/unit-1e-9)*unit; value <= high+unit*1e-9 && i < 12; i, value = i+1, value+unit {
		p.paint(seam, rectangle(box{pngLeft, y(value) - 1, pngRight - pngLeft, 2}))
		p.legend(faint, 34, pngLeft-20, y(value)+12, 1, h.Write(value+0)) // no minus zero
	}
	h.pngLine(p, runs, x)
	h.pngMarks(p, x, y)
	h.pngLabels(p, x)
	return p.wear(h.Look).png()
}

// runs are the places of the scores, one list for each stretch without a gap.
func (h History) runs(x func(int) float64, y func(float64) float64) (runs [][]XY) {
	gap := true
	for i, m := range h.Moments {
		if !finite(m.Value) {
			gap = true
			continue
		}
		if gap {
			runs, gap = append(runs, nil), false
		}
		runs[len(runs)-1] = append(runs[len(runs)-1], XY{x(i), y(m.Value)})
	}
	return runs
}

// pngLine draws each run of scores, and a tick where there is none.
func (h History) pngLine(p *poster, runs [][]XY, x func(int) float64) {
	const thick = 7
	dot := 8.0
	if len(h.Moments) > mostMoments/2 {
		dot = thick / 2.0 // no more than the line itself
	}
	for _, run := range runs {
		for i, at := range run {
			if i > 0 {
				p.paint(grown, stroke(run[i-1], at, thick))
			}
			p.paint(grown, disc(at, dot))
		}
	}
	for i, m := range h.Moments {
		if !finite(m.Value) {
			p.paint(faint, rectangle(box{x(i) - 1.5, pngBottom - 14, 3, 14}))
		}
	}
}

// pngMarks rings the best score and the last one, and writes their numbers where one does not lie on the other.
func (h History) pngMarks(p *poster, x func(int) float64, y func(float64) float64) {
	last, best := -1, -1
	for i, m := range h.Moments {
		if finite(m.Value) {
			if last = i; m.Best {
				best = i
			}
		}
	}
	place := func(i int) XY { return XY{x(i), y(h.Moments[i].Value)} }
	label := func(i int, words string) {
		at := place(i)
		line := at.Y - 30
		if line < 50 {
			line = at.Y + 66
		}
		p.legend(bright, 44, at.X, line, 0.5, words)
	}
	if best >= 0 {
		for _, ring := range []struct {
			ink    color.RGBA
			radius float64
		}{{grown, 19}, {slab, 13}, {grown, 7}} {
			p.paint(ring.ink, disc(place(best), ring.radius))
		}
		label(best, "Best "+h.Write(h.Moments[best].Value))
	}
	if last >= 0 && last != best {
		p.paint(slab, disc(place(last), 16))
		p.paint(bright, disc(place(last), 12))
		if best < 0 || x(last)-x(best) > 260 || math.Abs(place(last).Y-place(best).Y) > 80 {
			label(last, h.Write(h.Moments[last].Value))
		}
	}
}

// pngLabels names the last moment, and as many before it as have room.
func (h History) pngLabels(p *poster, x func(int) float64) {
	const size = 34
	wide := 0.0
	for _, m := range h.Moments {
		wide = max(wide, p.measure(plain, size, shorten(m.Label, 24)))
	}
	every := 1
	for every < len(h.Moments) && x(every)-x(0) < wide+40 {
		every++
	}
	for i := len(h.Moments) - 1; i >= 0; i -= every {
		p.legend(faint, size, x(i), pngBottom+62, 0.5, h.Moments[i].Label)
	}
}

// legend writes words with a share of them left of x, and inside the picture. Words that the typeface has no letters for are not
// written: empty boxes tell nothing.
func (p *poster) legend(ink color.RGBA, size, x, y, left float64, words string) {
	const edge = 20
	words = shorten(words, 24)
	if !Writes(words) {
		return
	}
	wide := p.measure(plain, size, words)
	p.write(ink, plain, size, max(edge, min(x-left*wide, float64(p.width)-edge-wide)), y, words)
}

// polygon is the path around some places.
func polygon(around []XY) string {
	path := ""
	for i, at := range around {
		path += string("ML"[min(i, 1)]) + number(at.X) + " " + number(at.Y)
	}
	return path + "Z"
}

// stroke is the path of a straight line of some thickness.
func stroke(from, to XY, thick float64) string {
	long := math.Hypot(to.X-from.X, to.Y-from.Y)
	if long == 0 {
		return disc(from, thick/2)
	}
	dx, dy := (from.Y-to.Y)/long*thick/2, (to.X-from.X)/long*thick/2
	return polygon([]XY{{from.X + dx, from.Y + dy}, {to.X + dx, to.Y + dy}, {to.X - dx, to.Y - dy}, {from.X - dx, from.Y - dy}})
}

// disc is the path of a circle.
func disc(at XY, radius float64) string {
	bend := radius * 4 / 3 * (math.Sqrt2 - 1) // of curves that lie on a circle to a thousandth
	path := "M" + number(at.X+radius) + " " + number(at.Y)
	for _, turn := range [4]XY{{1, 0}, {0, 1}, {-1, 0}, {0, -1}} {
		next := XY{-turn.Y, turn.X}
		for i, point := range [3]XY{
			{turn.X*radius + next.X*bend, turn.Y*radius + next.Y*bend},
			{next.X*radius + turn.X*bend, next.Y*radius + turn.Y*bend},
			{next.X * radius, next.Y * radius},
		} {
			path += string("C  "[i]) + number(at.X+point.X) + " " + number(at.Y+point.Y)
		}
	}
	return path + "Z"
}

// few returns the poster's picture with a palette: a quarter of the bytes and of the time to pack them. The inks are in it as they are;
// of the colours that lie between a shape and its ground, those that look alike become the one that was met first.
func (p *poster) few(sheet *image.RGBA) *image.Paletted {
	const coarse = 4 // bits of each channel that are told apart
	packed := image.NewPaletted(sheet.Rect, nil)
	var index [1 << (3 * coarse)]int16 // 1 + the colour's place in the palette
	find := func(r, g, b uint8) int16 {
		kind := int(r>>(8-coarse))<<(2*coarse) | int(g>>(8-coarse))<<coarse | int(b>>(8-coarse))
		if index[kind] == 0 {
			ink := color.RGBA{r, g, b, 0xff}
			if len(packed.Palette) == 256 {
				index[kind] = int16(packed.Palette.Index(ink)) + 1
			} else {
				packed.Palette = append(packed.Palette, ink)
				index[kind] = int16(len(packed.Palette))
			}
		}
		return index[kind] - 1
	}
	find(p.under().R, p.under().G, p.under().B)
	for _, m := range p.marks {
		find(m.ink.R, m.ink.G, m.ink.B)
	}
	for i := range packed.Pix {
		packed.Pix[i] = uint8(find(sheet.Pix[4*i], sheet.Pix[4*i+1], sheet.Pix[4*i+2]))
	}
	return packed
}
