package figure

import (
	"html/template"
	"math"
)

// Spread is how scores are distributed: counts in bins of equal width from Low to High.
type Spread struct {
	ID, Title, Desc string
	Counts          []int
	Low, High       float64
	Median          float64 // NaN: not marked
	Write           func(float64) string
}

// Draw draws the bins as columns, as wide as their box, with the median marked.
func (s Spread) Draw() template.HTML {
	const height = 120
	var c canvas
	c.begin(attrs{"class", "chart spread", "width", "100%", "height", float64(height)}, s.ID, s.Title, s.Desc)
	most := 0
	for _, n := range s.Counts {
		most = max(most, n)
	}
	bins := math.Max(float64(len(s.Counts)), 1)
	for i, n := range s.Counts {
		if n <= 0 {
			continue
		}
		tall := math.Max(float64(n)/float64(most)*(height-22), 2)
		c.empty("rect", attrs{"class", "bin", "x", percent((float64(i) + 0.08) / bins), "width", percent(0.84 / bins), "y", height - tall, "height", tall, "rx", 3.0})
	}
	c.empty("line", attrs{"class", "axis", "x1", "0%", "x2", "100%", "y1", float64(height), "y2", float64(height)})
	if finite(s.Low) && finite(s.High) {
		c.text("text", s.Write(s.Low), attrs{"class", "tick", "x", "0%", "y", height + 18.0})
		c.text("text", s.Write(s.High), attrs{"class", "tick", "x", "100%", "y", height + 18.0, "text-anchor", "end"})
		if finite(s.Median) && s.High > s.Low {
			at := along(s.Median, s.Low, s.High)
			c.empty("line", attrs{"class", "median", "x1", percent(at), "x2", percent(at), "y1", 18.0, "y2", float64(height)})
			c.text("text", "Median "+s.Write(s.Median), attrs{"class", "value", "x", percent(at), "y", 11.0, "text-anchor", anchor(at)})
		}
	}
	return c.end()
}
