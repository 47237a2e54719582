package figure

import (
	"html/template"
	"math"
	"strconv"
)

// Stone is one part of a score: as wide as its points. Amounts that are not finite count as none.
type Stone struct {
	Points   float64 // earned
	Possible float64 // the most there is to earn; drawn as a ghost outline around the stone
	Gained   float64 // of the points, those won since the last release: the lichen on the stone
}

func (s Stone) points() float64 { return math.Abs(finiteOr(s.Points, 0)) }

// reach is the width that the stone and its ghost take, in points.
func (s Stone) reach() float64 { return math.Max(s.points(), finiteOr(s.Possible, 0)) }

// Widest returns the reach of the widest stone: the scale on which stones of one cairn are drawn.
func Widest(stones []Stone) float64 {
	widest := 0.0
	for _, s := range stones {
		widest = math.Max(widest, s.reach())
	}
	return widest
}

// The box in which Lay draws one stone; stones of several boxes stack without a gap.
const (
	courseWidth  = 240
	courseHeight = 64
)

// Lay draws the n-th stone of a cairn (from 0, the top) alone, to stand beside its words. It stretches to whatever
// box the page gives it. widest is that of the whole cairn; id is unique on the page.
func Lay(s Stone, n int, widest float64, id string) template.HTML {
	var c canvas
	c.begin(attrs{"class", "stone-course", "viewBox", "0 0 240 64", "preserveAspectRatio", "none"}, "", "", "")
	c.stone(s, n, box{2, 1, courseWidth - 4, courseHeight - 2}, widest, id)
	return c.end()
}

// Cairn draws a stack of stones, the first on top. title and desc name it; without a title it is an ornament.
func Cairn(stones []Stone, id, title, desc string) template.HTML {
	const width, height = 120, 100
	var c canvas
	c.begin(attrs{"class", "cairn", "viewBox", "0 0 120 104"}, id, title, desc)
	course := math.Min(height/math.Max(float64(len(stones)), 1), 26)
	top := height + 2 - course*float64(len(stones))
	widest := Widest(stones)
	for i, s := range stones {
		c.stone(s, i, box{2, top + course*float64(i), width - 4, course}, widest, id+"-"+strconv.Itoa(i))
	}
	return c.end()
}

// Row draws stones side by side, in proportion to full, the points of the whole width: a score at a glance.
func Row(points []float64, full float64) template.HTML {
	const width, height, joint = 200, 14, 1.5
	var c canvas
	c.begin(attrs{"class", "stone-row", "viewBox", "0 0 200 14", "preserveAspectRatio", "none"}, "", "", "")
	sum := 0.0
	for _, p := range points {
		sum += math.Max(finiteOr(p, 0), 0)
	}
	if full = math.Max(finiteOr(full, 0), sum); full > 0 {
		c.empty("rect", attrs{"class", "bed", "x", 0.0, "y", height - 1.0, "width", float64(width), "height", 1.0})
		x := 0.0
		for i, p := range points {
			wide := math.Max(finiteOr(p, 0), 0) / full * width
			if wide > joint {
				c.empty("path", attrs{"class", "stone " + tone(i), "d", pebble(i, box{x, 1, wide - joint, height - 2})})
			}
			x += wide
		}
	}
	return c.end()
}

// Mark draws Cairn's own sign, three stones with lichen on the topmost. In colours it stands alone, as an icon.
func Mark(colours bool) template.HTML {
	fills := [3]attrs{{"class", "lichen"}, {"class", "stone t1"}, {"class", "stone t0"}}
	if colours {
		fills = [3]attrs{{"fill", "#aebb22"}, {"fill", "#8d857a"}, {"fill", "#6f685e"}}
	}
	var c canvas
	c.begin(attrs{"class", "mark", "viewBox", "0 0 32 32"}, "", "", "")
	for i, b := range [3]box{{11, 3.5, 11.5, 7.5}, {6, 10.6, 19, 9}, {2, 19.2, 28, 10.3}} {
		c.empty("path", append(attrs{"d", pebble(i+1, b)}, fills[i]...))
	}
	return c.end()
}

// box is where a shape is drawn: its corner, width and height.
type box struct{ x, y, w, h float64 }

func (c *canvas) stone(s Stone, n int, b box, widest float64, id string) {
	if widest <= 0 {
		return
	}
	within := func(amount float64, around box) box {
		w := math.Max(amount/widest*b.w, 3)
		return box{around.x + (around.w-w)*lean(n), b.y, w, b.h}
	}
	around := within(s.reach(), b)
	if finiteOr(s.Possible, 0) > s.points()*1.03 { // else the outline would lie on the stone's own edge
		c.empty("path", attrs{"class", "ghost", "d", pebble(n, around)})
	}
	if s.points() == 0 {
		return
	}
	laid := within(s.points(), around)
	shape := pebble(n, laid)
	class := "stone " + tone(n)
	if s.Points < 0 {
		class += " minus"
	}
	c.empty("path", attrs{"class", class, "d", shape})
	if gained := math.Min(finiteOr(s.Gained, 0), s.points()); gained > 0 && s.Points > 0 {
		wide := gained / s.points() * laid.w
		c.open("clipPath", attrs{"id", id + "-clip"})
		c.empty("path", attrs{"d", shape})
		c.close("clipPath")
		x, slant := laid.x+laid.w-wide, math.Min(b.h*0.25, wide)
		c.empty("path", attrs{"class", "lichen", "clip-path", "url(#" + id + "-clip)",
			"d", "M" + number(x+slant) + " " + number(b.y) + "H" + number(laid.x+laid.w) + "V" + number(b.y+b.h) + "H" + number(x) + "Z"})
	}
}

// tone is the class of the n-th stone's shade.
func tone(n int) string { return "t" + strconv.Itoa(n%4) }

// lean is where the n-th stone rests in the room it has, 0 left to 1 right: no two neighbours alike.
func lean(n int) float64 { return 0.5 + 0.16*chance(n, 0) }

// pebble is the outline of a stone that fills a box: four curves between its outermost points. Each n has its own
// shape, always the same.
func pebble(n int, b box) string {
	left, right := b.y+b.h*(0.54+0.09*chance(n, 1)), b.y+b.h*(0.54+0.09*chance(n, 2))
	top, bottom := b.x+b.w*(0.5+0.14*chance(n, 3)), b.x+b.w*(0.5+0.14*chance(n, 4))
	// How square each corner is, 0 to 1.
	square := func(k int) float64 { return 0.72 + 0.14*chance(n, k) }
	x1, y1 := b.x+b.w, b.y+b.h
	path := make([]byte, 0, 256)
	point := func(before byte, x, y float64) {
		path = appendNumber(append(appendNumber(append(path, before), x), ' '), y)
	}
	curve := func(ax, ay, bx, by, x, y float64) {
		point('C', ax, ay)
		point(' ', bx, by)
		point(' ', x, y)
	}
	point('M', b.x, left)
	curve(b.x, left+(b.y-left)*square(5), top+(b.x-top)*square(6), b.y, top, b.y)
	curve(top+(x1-top)*square(7), b.y, x1, right+(b.y-right)*square(8), x1, right)
	curve(x1, right+(y1-right)*square(9), bottom+(x1-bottom)*square(10), y1, bottom, y1)
	curve(bottom+(b.x-bottom)*square(11), y1, b.x, left+(y1-left)*square(12), b.x, left)
	return string(append(path, 'Z'))
}

// chance is the k-th number in -1..1 that belongs to n.
func chance(n, k int) float64 {
	x := uint32(n)*2654435761 + uint32(k)*40503 + 97
	x ^= x >> 15
	x *= 2246822519
	x ^= x >> 13
	x *= 3266489917
	x ^= x >> 16
	return float64(x)/math.MaxUint32*2 - 1
}
