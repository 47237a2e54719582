package figure

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
	"golang.org/x/text/unicode/norm"
)

// poster is a picture that stands outside any page, with colours and letters of its own. It is laid out once, and printed as
// pixels or written as SVG.
type poster struct {
	width, height int
	ground        color.RGBA // zero: that of pages
	title         string     // what it shows, for those who do not see it
	marks         []mark
	buffer        sfnt.Buffer
}

// mark is one thing on a poster: a shape, or words.
type mark struct {
	ink   color.RGBA
	shape string  // path of M, C, H, V, L and Z with absolute coordinates; "" words
	from  float64 // nothing of the shape is painted left of it
	words string
	face  face
	size  float64 // of the letters, in pixels
	x, y  float64 // where the words begin, on their line
}

// face is one of the typefaces of a poster.
type face int

const (
	plain face = iota
	strong
	fixedWidth
)

// families are what stands for the typefaces where a poster is written as SVG: the reader's own.
var families = [...]string{
	plain:      `font-family="Avenir Next,Avenir,Seravek,Segoe UI,Ubuntu,Noto Sans,sans-serif"`,
	strong:     `font-weight="600" font-family="Avenir Next,Avenir,Seravek,Segoe UI,Ubuntu,Noto Sans,sans-serif"`,
	fixedWidth: `font-family="ui-monospace,Menlo,Consolas,DejaVu Sans Mono,monospace"`,
}

// typefaces are parsed once; they never change.
var typefaces = sync.OnceValue(func() (all [3]*sfnt.Font) {
	for i, file := range [...][]byte{plain: goregular.TTF, strong: gomedium.TTF, fixedWidth: gomono.TTF} {
		parsed, err := sfnt.Parse(file)
		if err != nil {
			panic(err) // they are compiled in
		}
		all[i] = parsed
	}
	return all
})

// tints are the colours of a poster: those of pages in the light.
var tints = struct{ ground, ink, soft, rule, lichen, onLichen, moss, graphite, paper color.RGBA }{
	ground: color.RGBA{0xf3, 0xf1, 0xec, 0xff}, ink: color.RGBA{0x21, 0x1e, 0x1a, 0xff}, soft: color.RGBA{0x63, 0x5c, 0x53, 0xff},
	rule: color.RGBA{0xdb, 0xd5, 0xcb, 0xff}, lichen: color.RGBA{0xbc, 0xcb, 0x34, 0xff}, onLichen: color.RGBA{0x1c, 0x1a, 0x16, 0xff}, moss: color.RGBA{0x52, 0x5d, 0x09, 0xff},
	graphite: color.RGBA{0x3a, 0x36, 0x31, 0xff}, paper: color.RGBA{0xff, 0xff, 0xff, 0xff},
}

// granites are those of stones, as on pages.
var granites = [...]color.RGBA{{0x8a, 0x82, 0x77, 0xff}, {0x6c, 0x64, 0x5a, 0xff}, {0x96, 0x8d, 0x80, 0xff}, {0x7a, 0x78, 0x71, 0xff}}

// Writes reports whether a picture of pixels has letters for all of some words. Where it has not, it leaves them out: an empty box
// is no letter.
func Writes(words string) bool {
	var buffer sfnt.Buffer
	for _, r := range norm.NFC.String(words) {
		if glyph, err := typefaces()[plain].GlyphIndex(&buffer, r); err != nil || glyph == 0 {
			return false
		}
	}
	return true
}

// paint puts a shape on the poster.
func (p *poster) paint(ink color.RGBA, shape string) {
	p.marks = append(p.marks, mark{ink: ink, shape: shape})
}

// write puts words on the poster and returns where they end.
func (p *poster) write(ink color.RGBA, f face, size, x, y float64, words string) (end float64) {
	if words = norm.NFC.String(words); words != "" {
		p.marks = append(p.marks, mark{ink: ink, words: words, face: f, size: size, x: x, y: y})
	}
	return x + p.measure(f, size, words)
}

// writeTo puts words on the poster so that they end at x.
func (p *poster) writeTo(ink color.RGBA, f face, size, x, y float64, words string) {
	p.write(ink, f, size, x-p.measure(f, size, words), y, words)
}

// measure is how wide words are. A letter that the typeface lacks counts as wide as it is high.
func (p *poster) measure(f face, size float64, words string) (width float64) {
	for _, r := range norm.NFC.String(words) {
		width += p.advance(f, size, r)
	}
	return width
}

func (p *poster) advance(f face, size float64, r rune) float64 {
	typeface, em := typefaces()[f], units(size)
	glyph, err := typeface.GlyphIndex(&p.buffer, r)
	if err != nil || glyph == 0 {
		return size
	}
	advance, err := typeface.GlyphAdvance(&p.buffer, glyph, em, font.HintingNone)
	if err != nil {
		return size
	}
	return pixels(advance)
}

func units(x float64) fixed.Int26_6  { return fixed.Int26_6(math.Round(x * 64)) }
func pixels(x fixed.Int26_6) float64 { return float64(x) / 64 }

// fit cuts words to a width, with an ellipsis in place of what was cut.
func (p *poster) fit(f face, size, width float64, words string) string {
	if p.measure(f, size, words) <= width {
		return words
	}
	room := width - p.measure(f, size, "…")
	used := 0.0
	for i, r := range words {
		if used += p.advance(f, size, r); used > room {
			return strings.TrimRight(words[:i], " ") + "…"
		}
	}
	return words
}

// shrink returns the greatest size, from most down to least, at which words fit into a width.
func (p *poster) shrink(f face, most, least, width float64, words string) float64 {
	if wide := p.measure(f, most, words); wide > width {
		return math.Max(least, math.Floor(most*width/wide))
	}
	return most
}

// wrap breaks words into so many lines at most; what does not fit into the last is cut.
func (p *poster) wrap(f face, size, width float64, most int, words string) (lines []string) {
	line := ""
	all := strings.Fields(words)
	for i, word := range all {
		longer := strings.TrimSpace(line + " " + word)
		if line == "" || p.measure(f, size, longer) <= width {
			line = longer
			continue
		}
		if len(lines) == most-1 {
			line = strings.Join(append([]string{line}, all[i:]...), " ")
			break
		}
		lines, line = append(lines, p.fit(f, size, width, line)), word
	}
	if line != "" {
		lines = append(lines, p.fit(f, size, width, line))
	}
	return lines
}

// stack puts a cairn of stones on the poster, the first on top, standing on the ground of a box.
func (p *poster) stack(stones []Stone, b box, most float64) {
	widest := Widest(stones)
	if widest <= 0 {
		return
	}
	course := math.Min(b.h/math.Max(float64(len(stones)), 1), most)
	top := b.y + b.h - course*float64(len(stones))
	for n, s := range stones {
		at := box{b.x, top + course*float64(n), b.w, course - 3}
		wide := math.Max(s.points()/widest*at.w, 6)
		laid := box{at.x + (at.w-wide)*lean(n), at.y, wide, at.h}
		if s.points() == 0 {
			continue
		}
		shape := pebble(n, laid)
		p.paint(granites[n%len(granites)], shape)
		if gained := math.Min(finiteOr(s.Gained, 0), s.points()); gained > 0 && s.Points > 0 {
			p.marks = append(p.marks, mark{ink: tints.lichen, shape: shape, from: laid.x + laid.w*(1-gained/s.points())})
		}
	}
}

// lay puts stones side by side on the poster, in proportion to full, the points of the whole width.
func (p *poster) lay(points []float64, full float64, b box) {
	const joint = 3
	sum := 0.0
	for _, n := range points {
		sum += math.Max(finiteOr(n, 0), 0)
	}
	if full = math.Max(finiteOr(full, 0), sum); full <= 0 {
		return
	}
	x := b.x
	for i, n := range points {
		wide := math.Max(finiteOr(n, 0), 0) / full * b.w
		if wide > joint+1 {
			p.paint(granites[i%len(granites)], pebble(i, box{x, b.y, wide - joint, b.h}))
		}
		x += wide
	}
}

// sign puts Cairn's own sign on the poster.
func (p *poster) sign(x, y, size float64) {
	inks := [3]color.RGBA{tints.lichen, granites[1], granites[0]}
	for i, b := range [3]box{{11, 3.5, 11.5, 7.5}, {6, 10.6, 19, 9}, {2, 19.2, 28, 10.3}} {
		scale := size / 32
		p.paint(inks[i], pebble(i+1, box{x + b.x*scale, y + b.y*scale, b.w * scale, b.h * scale}))
	}
}

// foot puts the sign, where the numbers come from and how they are checked at the bottom of a poster.
func (p *poster) foot(margin float64, host, verify string) {
	y := float64(p.height) - 40
	p.paint(tints.rule, rectangle(box{margin, y - 38, float64(p.width) - 2*margin, 2}))
	p.sign(margin, y-25, 32)
	end := p.write(tints.ink, strong, 22, margin+44, y, "Cairn")
	if host != "" {
		end = p.write(tints.soft, plain, 20, end+14, y, host)
	}
	size := p.shrink(fixedWidth, 18, 12, float64(p.width)-margin-end-30, verify)
	p.writeTo(tints.soft, fixedWidth, size, float64(p.width)-margin, y, verify)
}

func rectangle(b box) string {
	return "M" + number(b.x) + " " + number(b.y) + "H" + number(b.x+b.w) + "V" + number(b.y+b.h) + "H" + number(b.x) + "Z"
}

// under is the colour on which all stands.
func (p *poster) under() color.RGBA {
	if p.ground == (color.RGBA{}) {
		return tints.ground
	}
	return p.ground
}

// png prints the poster.
func (p *poster) png() ([]byte, error) {
	sheet := image.NewRGBA(image.Rect(0, 0, p.width, p.height))
	draw.Draw(sheet, sheet.Bounds(), image.NewUniform(p.under()), image.Point{}, draw.Src)
	for _, m := range p.marks {
		if m.shape != "" {
			printShape(sheet, m)
		} else if err := p.print(sheet, m); err != nil {
			return nil, err
		}
	}
	var file bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&file, p.few(sheet)); err != nil {
		return nil, fmt.Errorf("writing a picture: %w", err)
	}
	return file.Bytes(), nil
}

// printShape fills a path. Only the box around it is looked at.
func printShape(sheet *image.RGBA, m mark) {
	numbers, around := readPath(m.shape), image.Rectangle{}
	low, high := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	for _, step := range numbers {
		for i, at := range step.to {
			low[i%2], high[i%2] = math.Min(low[i%2], at), math.Max(high[i%2], at)
		}
	}
	around = image.Rect(int(math.Floor(low[0])), int(math.Floor(low[1])), int(math.Ceil(high[0]))+1, int(math.Ceil(high[1]))+1)
	x, y := float64(around.Min.X), float64(around.Min.Y)
	raster := vector.NewRasterizer(around.Dx(), around.Dy())
	at := func(i int, to []float64) (float32, float32) { return float32(to[2*i] - x), float32(to[2*i+1] - y) }
	for _, step := range numbers {
		switch step.kind {
		case 'M':
			raster.MoveTo(at(0, step.to))
		case 'L':
			raster.LineTo(at(0, step.to))
		case 'C':
			bx, by := at(0, step.to)
			cx, cy := at(1, step.to)
			dx, dy := at(2, step.to)
			raster.CubeTo(bx, by, cx, cy, dx, dy)
		case 'Z':
			raster.ClosePath()
		}
	}
	visible := around
	if from := int(math.Round(m.from)); from > visible.Min.X {
		visible.Min.X = min(from, visible.Max.X)
	}
	mask := image.NewAlpha(image.Rect(0, 0, around.Dx(), around.Dy()))
	raster.Draw(mask, mask.Bounds(), image.Opaque, image.Point{})
	draw.DrawMask(sheet, visible, image.NewUniform(m.ink), image.Point{}, mask, visible.Min.Sub(around.Min), draw.Over)
}

// pathStep is one command of a path; H and V are read as L.
type pathStep struct {
	kind byte
	to   []float64 // x and y in turn
}

// readPath reads a path as this package writes them.
func readPath(path string) (steps []pathStep) {
	x, y := 0.0, 0.0
	for i := 0; i < len(path); {
		kind := path[i]
		end := i + 1
		for end < len(path) && !strings.ContainsRune("MCLHVZ", rune(path[end])) {
			end++
		}
		var to []float64
		for _, text := range strings.Fields(path[i+1 : end]) {
			n, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return nil
			}
			to = append(to, n)
		}
		switch kind {
		case 'H':
			kind, to = 'L', []float64{to[0], y}
		case 'V':
			kind, to = 'L', []float64{x, to[0]}
		}
		if len(to) >= 2 {
			x, y = to[len(to)-2], to[len(to)-1]
		}
		steps = append(steps, pathStep{kind, to})
		i = end
	}
	return steps
}

// print prints words by their outlines. A letter that the typeface lacks is left out.
func (p *poster) print(sheet *image.RGBA, m mark) error {
	typeface, em := typefaces()[m.face], units(m.size)
	width := p.measure(m.face, m.size, m.words)
	around := image.Rect(int(m.x-m.size/2), int(m.y-m.size*1.2), int(m.x+width+m.size/2)+1, int(m.y+m.size*0.5)+1)
	raster := vector.NewRasterizer(around.Dx(), around.Dy())
	x, y := m.x-float64(around.Min.X), float32(m.y-float64(around.Min.Y))
	for _, r := range m.words {
		glyph, err := typeface.GlyphIndex(&p.buffer, r)
		if err != nil {
			return fmt.Errorf("finding a letter: %w", err)
		}
		if glyph != 0 {
			segments, err := typeface.LoadGlyph(&p.buffer, glyph, em, nil)
			if err != nil {
				return fmt.Errorf("reading a letter: %w", err)
			}
			at := func(to fixed.Point26_6) (float32, float32) {
				return float32(x + pixels(to.X)), y + float32(pixels(to.Y))
			}
			for _, s := range segments {
				bx, by := at(s.Args[0])
				cx, cy := at(s.Args[1])
				dx, dy := at(s.Args[2])
				switch s.Op {
				case sfnt.SegmentOpMoveTo:
					raster.MoveTo(bx, by)
				case sfnt.SegmentOpLineTo:
					raster.LineTo(bx, by)
				case sfnt.SegmentOpQuadTo:
					raster.QuadTo(bx, by, cx, cy)
				case sfnt.SegmentOpCubeTo:
					raster.CubeTo(bx, by, cx, cy, dx, dy)
				}
			}
		}
		x += p.advance(m.face, m.size, r)
	}
	raster.Draw(sheet, around, image.NewUniform(m.ink), image.Point{})
	return nil
}

// svg writes the poster as a file of its own.
func (p *poster) svg() []byte {
	var c canvas
	c.open("svg", attrs{"xmlns", "http://www.w3.org/2000/svg", "width", float64(p.width), "height", float64(p.height),
		"viewBox", "0 0 " + strconv.Itoa(p.width) + " " + strconv.Itoa(p.height), "role", "img", "aria-label", p.title})
	c.text("title", p.title, nil)
	c.empty("rect", attrs{"width", float64(p.width), "height", float64(p.height), "fill", hex(p.under())})
	for i, m := range p.marks {
		switch {
		case m.words != "":
			c.WriteString(`<text ` + families[m.face] + ` fill="` + hex(m.ink) + `" font-size="` + number(m.size) + `" x="` + number(m.x) + `" y="` + number(m.y) + `">` + escape(m.words) + `</text>`)
		case m.from > 0:
			id := "won-" + strconv.Itoa(i)
			c.open("clipPath", attrs{"id", id})
			c.empty("path", attrs{"d", rectangle(box{m.from, 0, float64(p.width) - m.from, float64(p.height)})})
			c.close("clipPath")
			c.empty("path", attrs{"fill", hex(m.ink), "clip-path", "url(#" + id + ")", "d", m.shape})
		default:
			c.empty("path", attrs{"fill", hex(m.ink), "d", m.shape})
		}
	}
	c.close("svg")
	return []byte(c.String())
}

func hex(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }
