package figure

import (
	"html/template"
	"math"
	"strings"
)

// Path is what is wanted by when, and what there was so far.
type Path struct {
	ID, Title, Desc string
	Wanted, Had     []XY // X rising: days
	Write, WriteX   func(float64) string
}

// Draw draws the path as a line of dashes, level after its last point, and a dot for each value that there was.
func (p Path) Draw() template.HTML {
	const (
		height              = 130
		left, right         = 40.0, 312.0
		top, bottom float64 = 12, 104
	)
	var c canvas
	c.begin(attrs{"class", "chart path", "viewBox", "0 0 320 130"}, p.ID, p.Title, p.Desc)
	first, last, low, high := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	var all [2][]XY
	for i, points := range [2][]XY{p.Wanted, p.Had} {
		for _, at := range points {
			if finite(at.X) && finite(at.Y) {
				all[i] = append(all[i], at)
				first, last, low, high = math.Min(first, at.X), math.Max(last, at.X), math.Min(low, at.Y), math.Max(high, at.Y)
			}
		}
	}
	if first > last {
		return c.end()
	}
	if low == high {
		low, high = low-math.Max(1, math.Abs(low)*0.1), high+math.Max(1, math.Abs(high)*0.1)
	}
	x := func(at float64) float64 {
		if last == first {
			return right
		}
		return left + along(at, first, last)*(right-left)
	}
	y := func(value float64) float64 { return bottom - along(value, low, high)*(bottom-top) }
	for _, value := range [2]float64{low, high} {
		c.empty("line", attrs{"class", "grid", "x1", left, "x2", right, "y1", y(value), "y2", y(value)})
		c.text("text", p.Write(value), attrs{"class", "tick", "x", left - 6, "y", y(value) + 4, "text-anchor", "end"})
	}
	if n := len(all[0]); n > 0 {
		steps := make([]string, 0, n+1)
		for _, at := range all[0] {
			steps = append(steps, number(x(at.X))+" "+number(y(at.Y)))
		}
		steps = append(steps, number(right)+" "+number(y(all[0][n-1].Y)))
		c.empty("path", attrs{"class", "wanted", "d", "M" + strings.Join(steps, "L")})
	}
	for i, at := range all[1] {
		class, size := "dot", 2.5
		if i == len(all[1])-1 {
			class, size = "now", 5
		}
		c.empty("circle", attrs{"class", class, "cx", x(at.X), "cy", y(at.Y), "r", size})
	}
	c.text("text", p.WriteX(first), attrs{"class", "tick", "x", left, "y", height - 6.0, "text-anchor", "start"})
	if last > first {
		c.text("text", p.WriteX(last), attrs{"class", "tick", "x", right, "y", height - 6.0, "text-anchor", "end"})
	}
	return c.end()
}
