package figure

import (
	"html/template"
	"math"
	"strings"
)

// XY is one point of a curve.
type XY struct{ X, Y float64 }

// Curve is how a raw value becomes a mark.
type Curve struct {
	ID, Title, Desc string
	Points          []XY // X rising
	Steps           bool // flat from each point to the next
	Low, High       float64
	XName           string // what runs along the bottom
	WriteX, WriteY  func(float64) string
}

// Draw draws the curve from its first to its last point over marks from Low to High.
func (v Curve) Draw() template.HTML {
	const (
		height              = 170
		left, right         = 40, 312
		top, bottom float64 = 12, 124
	)
	var c canvas
	c.begin(attrs{"class", "chart curve", "viewBox", "0 0 320 170"}, v.ID, v.Title, v.Desc)
	points := make([]XY, 0, len(v.Points))
	for _, p := range v.Points {
		if finite(p.X) && finite(p.Y) {
			points = append(points, p)
		}
	}
	low, high := finiteOr(v.Low, 0), finiteOr(v.High, 1)
	if high <= low {
		low, high = math.Min(low, high)-0.5, math.Max(low, high)+0.5
	}
	y := func(value float64) float64 {
		return bottom - along(value, low, high)*(bottom-top)
	}
	for _, value := range [2]float64{low, high} {
		c.empty("line", attrs{"class", "grid", "x1", float64(left), "x2", float64(right), "y1", y(value), "y2", y(value)})
		c.text("text", v.WriteY(value), attrs{"class", "tick", "x", left - 6.0, "y", y(value) + 4, "text-anchor", "end"})
	}
	if len(points) > 0 {
		from, to := points[0].X, points[len(points)-1].X
		x := func(value float64) float64 {
			return left + along(value, from, to)*(right-left)
		}
		var path strings.Builder
		for i, p := range points {
			switch {
			case i == 0:
				path.WriteString("M" + number(x(p.X)) + " " + number(y(p.Y)))
			case v.Steps:
				path.WriteString("H" + number(x(p.X)) + "V" + number(y(p.Y)))
			default:
				path.WriteString("L" + number(x(p.X)) + " " + number(y(p.Y)))
			}
		}
		line := path.String()
		c.empty("path", attrs{"class", "under", "d", line + "V" + number(bottom) + "H" + number(x(from)) + "Z"})
		c.empty("path", attrs{"class", "line", "d", line})
		c.text("text", v.WriteX(from), attrs{"class", "tick", "x", x(from), "y", bottom + 18, "text-anchor", anchor((x(from) - left) / (right - left))})
		if to > from {
			c.text("text", v.WriteX(to), attrs{"class", "tick", "x", x(to), "y", bottom + 18, "text-anchor", "end"})
		}
	}
	c.text("text", shorten(v.XName, 40), attrs{"class", "axis-name", "x", (left + right) / 2.0, "y", height - 8.0, "text-anchor", "middle"})
	return c.end()
}
