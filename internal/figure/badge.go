package figure

import "math"

// Badge is a label and what there is to say, in one line: for a page of one's own, or a project's.
type Badge struct{ Label, Message string }

// The colours of a badge, behind its message and its label, for programs that draw it themselves.
const (
	BadgeColour      = "#525d09"
	BadgeLabelColour = "#3a3631"
)

// SVG draws the badge as a file of its own, 20 pixels high.
func (b Badge) SVG() []byte {
	const height, size, side = 20.0, 11.0, 6.0
	var measured poster
	label, message := shorten(b.Label, 60), shorten(b.Message, 80)
	wide := func(words string) float64 { return math.Ceil(measured.measure(plain, size, words) * 1.06) }
	left, right := wide(label)+2*side, wide(message)+2*side
	if label == "" {
		left = 0
	}
	title := label + ": " + message
	if label == "" {
		title = message
	}
	var c canvas
	c.open("svg", attrs{"xmlns", "http://www.w3.org/2000/svg", "width", left + right, "height", height, "viewBox", "0 0 " + number(left+right) + " 20", "role", "img", "aria-label", title})
	c.text("title", title, nil)
	c.open("clipPath", attrs{"id", "round"})
	c.empty("rect", attrs{"width", left + right, "height", height, "rx", 5.0})
	c.close("clipPath")
	c.open("g", attrs{"clip-path", "url(#round)"})
	c.empty("rect", attrs{"width", left, "height", height, "fill", hex(tints.graphite)})
	c.empty("rect", attrs{"x", left, "width", right, "height", height, "fill", hex(tints.moss)})
	c.close("g")
	c.open("g", attrs{"fill", hex(tints.paper), "font-family", "Verdana,Geneva,DejaVu Sans,sans-serif", "font-size", size})
	if label != "" {
		c.text("text", label, attrs{"x", side, "y", 14.0, "textLength", left - 2*side})
	}
	c.text("text", message, attrs{"x", left + side, "y", 14.0, "textLength", right - 2*side})
	c.close("g")
	c.close("svg")
	return []byte(c.String())
}
