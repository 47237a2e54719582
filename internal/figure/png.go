package figure

import (
	"fmt"
	"math"

	"github.com/go-analyze/charts"
)

// A mail program shows no SVG, so what goes into a mail is a PNG. It stands on its own dark slab: no program inverts that, and it
// reads the same on a light and on a dark page. Two pixels are drawn for each that is shown.
const (
	pngWidth, pngHeight = 1200, 600
	pngLeft, pngRight   = 110, 1130 // of the line itself
	pngTop, pngBottom   = 96, 500
	mostMoments         = 60 // that a line of this width still tells apart
)

// plate is what is drawn on.
type plate struct{ *charts.Painter }

var (
	slab   = charts.ColorFromHex("#211e1a")
	seam   = charts.ColorFromHex("#3d3832") // of the grid
	faint  = charts.ColorFromHex("#b9b1a5") // words along the axes
	lichen = charts.ColorFromHex("#c8d744")
	bloom  = charts.Color{R: 0xc8, G: 0xd7, B: 0x44, A: 38} // under the line
	bright = charts.ColorFromHex("#f3f1ec")
)

// PNG draws the last 60 moments of the history as Draw does, 1200 × 600 pixels to be shown in 600 × 300: the line, broken where there
// is no score, the personal best and the last score with their numbers. Titles, levels and names are left out: the words around the
// picture have them, in every script. The same history gives the same bytes; it may be called at once from many places.
func (h History) PNG() ([]byte, error) {
	if n := len(h.Moments); n > mostMoments {
		h.Moments = h.Moments[n-mostMoments:]
	}
	p := plate{charts.NewPainter(charts.PainterOptions{OutputFormat: charts.ChartOutputPNG, Width: pngWidth, Height: pngHeight})}
	p.FilledRect(0, 0, pngWidth, pngHeight, slab, slab, 0)
	low, high := h.scale()
	y := func(value float64) int {
		share := along(value, low, high)
		if h.Down {
			share = 1 - share
		}
		return pngBottom - int(math.Round(share*(pngBottom-pngTop)))
	}
	x := func(i int) int {
		if len(h.Moments) == 1 {
			return (pngLeft + pngRight) / 2
		}
		return pngLeft + int(math.Round(float64(i)/float64(len(h.Moments)-1)*(pngRight-pngLeft)))
	}
	unit := step(high - low)
	for i, value := 0, math.Ceil(low/unit-1e-9)*unit; value <= high+unit*1e-9 && i < 12; i, value = i+1, value+unit {
		p.LineStroke([]charts.Point{{X: pngLeft, Y: y(value)}, {X: pngRight, Y: y(value)}}, seam, 2)
		p.write(h.Write(value+0), pngLeft-18, y(value)+9, 1, 24, faint)
	}
	h.pngLine(p, x, y)
	h.pngMarks(p, x, y)
	h.pngLabels(p, x)
	picture, err := p.Bytes()
	if err != nil {
		return nil, fmt.Errorf("drawing a history: %w", err)
	}
	return picture, nil
}

// pngLine draws each run of scores, and a tick where there is none.
func (h History) pngLine(p plate, x func(int) int, y func(float64) int) {
	var run []charts.Point
	end := func() {
		if len(run) > 1 {
			first, last := run[0], run[len(run)-1]
			under := append([]charts.Point{{X: first.X, Y: pngBottom}}, run...)
			p.FillArea(append(under, charts.Point{X: last.X, Y: pngBottom}), bloom)
			p.LineStroke(run, lichen, 7)
		}
		run = nil
	}
	radius := 6.0
	if len(h.Moments) > mostMoments/2 {
		radius = 4 // a moment still stands apart from the next
	}
	for i, m := range h.Moments {
		if !finite(m.Value) {
			end()
			p.LineStroke([]charts.Point{{X: x(i), Y: pngBottom - 14}, {X: x(i), Y: pngBottom}}, faint, 3)
			continue
		}
		run = append(run, charts.Point{X: x(i), Y: y(m.Value)})
		defer p.Circle(radius, x(i), y(m.Value), lichen, lichen, 1) // over the lines
	}
	end()
}

// pngMarks rings the best score and the last one, and writes their numbers where one does not lie on the other.
func (h History) pngMarks(p plate, x func(int) int, y func(float64) int) {
	last, best := -1, -1
	for i, m := range h.Moments {
		if finite(m.Value) {
			if last = i; m.Best {
				best = i
			}
		}
	}
	label := func(i int, words string, size float64) {
		at := y(h.Moments[i].Value) - 26
		if at < 46 {
			at = y(h.Moments[i].Value) + 58
		}
		p.write(words, x(i), at, p.inside(words, x(i), size), size, bright)
	}
	if best >= 0 {
		p.Circle(15, x(best), y(h.Moments[best].Value), slab, lichen, 6)
		p.Circle(6, x(best), y(h.Moments[best].Value), lichen, lichen, 1)
		label(best, "Best "+h.Write(h.Moments[best].Value), 34)
	}
	if last >= 0 && last != best {
		p.Circle(12, x(last), y(h.Moments[last].Value), bright, slab, 4)
		if best < 0 || x(last)-x(best) > 260 || math.Abs(float64(y(h.Moments[last].Value)-y(h.Moments[best].Value))) > 80 {
			label(last, h.Write(h.Moments[last].Value), 34)
		}
	}
}

// pngLabels names the first and the last moment, and as many between as have room.
func (h History) pngLabels(p plate, x func(int) int) {
	const size = 24
	n, wide := len(h.Moments), 1
	if n == 0 {
		return
	}
	for _, m := range h.Moments {
		wide = max(wide, p.width(m.Label, size))
	}
	every := 1
	for n > 1 && every < n && (pngRight-pngLeft)*every/(n-1) < wide*3/2 {
		every++
	}
	for i := n - 1; i >= 0; i -= every { // counted from the last, which is the one that is told
		if words := h.Moments[i].Label; i > 0 || n == 1 || x(0) < x(every)-wide {
			p.write(words, x(i), pngBottom+48, p.inside(words, x(i), size), size, faint)
		}
	}
}

// inside is which share of words lies left of a place so that they stay inside the picture: a half where they can.
func (p plate) inside(words string, at int, size float64) float64 {
	const edge = 20
	wide := p.width(words, size)
	switch {
	case wide == 0:
		return 0.5
	case at+wide/2 > pngWidth-edge:
		return float64(at+wide-(pngWidth-edge)) / float64(wide)
	case at-wide/2 < edge:
		return float64(at-edge) / float64(wide)
	}
	return 0.5
}

// write writes words on a line with a share of them to the left of x. Words that the typeface has no letters for are not written:
// empty boxes tell nothing.
func (p plate) write(words string, x, y int, left, size float64, colour charts.Color) {
	if words = shorten(words, 24); spelled(words) {
		p.Text(words, x-int(left*float64(p.width(words, size))), y, 0, charts.FontStyle{FontSize: size, FontColor: colour})
	}
}

func (p plate) width(words string, size float64) int {
	box := p.MeasureText(shorten(words, 24), 0, charts.FontStyle{FontSize: size, FontColor: bright})
	return box.Width()
}

// spelled reports whether the typeface has every letter of some words.
func spelled(words string) bool {
	face := charts.GetDefaultFont()
	for _, r := range words {
		if face.Index(r) == 0 {
			return false
		}
	}
	return true
}
