package figure

import (
	"html/template"
	"math"
	"strings"

	"cairn/internal/theme"
)

// Moment is one release in a history.
type Moment struct {
	Label string  // of the period
	Value float64 // NaN: no score
	Best  bool    // the personal best
	Fresh bool    // the rules changed with this one
}

// Level is a named range of scores, from a threshold on.
type Level struct {
	From float64
	Name string
}

// History is a player's scores through the releases.
type History struct {
	ID, Title, Desc string
	Moments         []Moment // oldest first
	Levels          []Level  // in any order
	Low, High       float64  // the ends of the scale; NaN open
	Down            bool     // a lower score is better: drawn higher
	Write           func(float64) string
	Look            theme.Palette // of a PNG
}

// The drawing is as wide as its box and this high. Words keep their size whatever the width, so places along it are
// shares of the width; only the line itself, which has no words, is stretched.
const historyHeight = 220

// Draw draws the line, broken where a release has no score, with the best marked and the levels behind it.
func (h History) Draw() template.HTML {
	var c canvas
	c.begin(attrs{"class", "chart history", "width", "100%", "height", float64(historyHeight)}, h.ID, h.Title, h.Desc)
	low, high := h.scale()
	y := func(value float64) float64 {
		if h.Down {
			return historyHeight * along(value, low, high)
		}
		return historyHeight * (1 - along(value, low, high))
	}
	x := func(i int) float64 {
		if len(h.Moments) == 1 {
			return 0.5
		}
		return float64(i) / float64(len(h.Moments)-1)
	}
	h.bands(&c, low, high, y)
	for i, m := range h.Moments {
		if m.Fresh && i > 0 {
			between := (x(i-1) + x(i)) / 2
			c.empty("line", attrs{"class", "rules", "x1", percent(between), "x2", percent(between), "y1", 0.0, "y2", float64(historyHeight)})
		}
	}
	h.line(&c, x, y)
	h.dots(&c, x, y)
	h.names(&c, low, high, y)
	if n := len(h.Moments); n > 0 {
		c.text("text", h.Moments[0].Label, attrs{"class", "tick", "x", percent(x(0)), "y", historyHeight + 20.0, "text-anchor", anchor(x(0))})
		if n > 1 {
			c.text("text", h.Moments[n-1].Label, attrs{"class", "tick", "x", "100%", "y", historyHeight + 20.0, "text-anchor", "end"})
		}
	}
	return c.end()
}

// scale returns the range of scores drawn: round numbers around the scores, inside the scale's own ends.
func (h History) scale() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, m := range h.Moments {
		if finite(m.Value) {
			low, high = math.Min(low, m.Value), math.Max(high, m.Value)
		}
	}
	if low > high {
		low, high = finiteOr(h.Low, 0), finiteOr(h.High, 1)
	}
	room := (high - low) * 0.2
	if room == 0 {
		if room = math.Abs(high) * 0.1; room == 0 {
			room = 1
		}
		if finite(h.High) && finite(h.Low) {
			room = math.Max(room, (h.High-h.Low)*0.1)
		}
	}
	unit := step(high - low + 2*room)
	low, high = math.Floor((low-room)/unit)*unit, math.Ceil((high+room)/unit)*unit
	if finite(h.Low) && h.Low < high {
		low = math.Max(low, h.Low)
	}
	if finite(h.High) && h.High > low {
		high = math.Min(high, h.High)
	}
	if !finite(low) || !finite(high) || high <= low {
		return 0, 1
	}
	return low, high
}

// step returns a round distance (1, 2 or 5 of some power of ten) that divides a range into about four.
func step(span float64) float64 {
	if !finite(span) || span <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(span/4)))
	for _, round := range []float64{1, 2, 5} {
		if round*power >= span/4 {
			return round * power
		}
	}
	return 10 * power
}

func (h History) bands(c *canvas, low, high float64, y func(float64) float64) {
	unit := step(high - low)
	for i, value := 0, math.Ceil(low/unit-1e-9)*unit; value <= high+unit*1e-9 && i < 12; i, value = i+1, value+unit {
		c.empty("line", attrs{"class", "grid", "x1", "0%", "x2", "100%", "y1", y(value), "y2", y(value)})
		c.text("text", h.Write(value), attrs{"class", "tick", "x", -8.0, "y", y(value) + 4, "text-anchor", "end"})
	}
	for _, l := range h.Levels {
		if !finite(l.From) || l.From < low || l.From >= high {
			continue
		}
		c.empty("line", attrs{"class", "level", "x1", "0%", "x2", "100%", "y1", y(l.From), "y2", y(l.From)})
	}
}

// names writes the levels over the line, each in the band that it names.
func (h History) names(c *canvas, low, high float64, y func(float64) float64) {
	for _, l := range h.Levels {
		if !finite(l.From) || l.From < low || l.From >= high {
			continue
		}
		at := y(l.From) - 5
		if h.Down {
			at = y(l.From) + 13
		}
		if at > 9 && !h.crowded(at, y) {
			c.text("text", shorten(l.Name, 24), attrs{"class", "level-name", "x", "0%", "dx", 6.0, "y", at})
		}
	}
}

// crowded reports whether words at the left end at a height would lie under those of the best score.
func (h History) crowded(at float64, y func(float64) float64) bool {
	for i, m := range h.Moments {
		if m.Best && finite(m.Value) && i*3 < len(h.Moments) && math.Abs(y(m.Value)-13-at) < 14 {
			return true
		}
	}
	return false
}

func (h History) line(c *canvas, x func(int) float64, y func(float64) float64) {
	const wide = 1000
	var runs [][]string
	gap := true
	var first []int
	for i, m := range h.Moments {
		if !finite(m.Value) {
			gap = true
			continue
		}
		if gap {
			runs, first, gap = append(runs, nil), append(first, i), false
		}
		last := len(runs) - 1
		runs[last] = append(runs[last], number(x(i)*wide)+" "+number(y(m.Value)))
	}
	c.open("svg", attrs{"x", "0", "y", "0", "width", "100%", "height", float64(historyHeight), "viewBox", "0 0 1000 220", "preserveAspectRatio", "none"})
	for i, run := range runs {
		if len(run) < 2 {
			continue // a dot alone
		}
		from, to := x(first[i])*wide, x(first[i]+len(run)-1)*wide
		c.empty("path", attrs{"class", "under", "d", "M" + number(from) + " 220L" + strings.Join(run, "L") + "L" + number(to) + " 220Z"})
		c.empty("path", attrs{"class", "line", "d", "M" + strings.Join(run, "L")})
	}
	c.close("svg")
}

func (h History) dots(c *canvas, x func(int) float64, y func(float64) float64) {
	last, best := -1, -1
	for i, m := range h.Moments {
		if !finite(m.Value) {
			c.empty("line", attrs{"class", "absent", "x1", percent(x(i)), "x2", percent(x(i)), "y1", historyHeight - 6.0, "y2", float64(historyHeight)})
			continue
		}
		last = i
		if m.Best {
			best = i
		}
		if len(h.Moments) <= 60 {
			c.empty("circle", attrs{"class", "dot", "cx", percent(x(i)), "cy", y(m.Value), "r", 2.5})
		}
	}
	label := func(i int, words string) {
		at := y(h.Moments[i].Value) - 13
		if at < 6 {
			at = y(h.Moments[i].Value) + 24
		}
		c.text("text", words, attrs{"class", "value", "x", percent(x(i)), "y", at, "text-anchor", anchor(x(i))})
	}
	if best >= 0 {
		c.empty("circle", attrs{"class", "best", "cx", percent(x(best)), "cy", y(h.Moments[best].Value), "r", 7.0})
		label(best, "Best "+h.Write(h.Moments[best].Value))
	}
	if last >= 0 && last != best {
		c.empty("circle", attrs{"class", "now", "cx", percent(x(last)), "cy", y(h.Moments[last].Value), "r", 5.0})
		if best < 0 || x(last)-x(best) > 0.3 || math.Abs(y(h.Moments[last].Value)-y(h.Moments[best].Value)) > 40 {
			label(last, h.Write(h.Moments[last].Value))
		}
	}
}

// anchor keeps words at either end inside the drawing.
func anchor(share float64) string {
	switch {
	case share < 0.12:
		return "start"
	case share > 0.88:
		return "end"
	}
	return "middle"
}
