package figure

import (
	"html/template"
	"math"
	"strconv"
	"strings"
)

// canvas collects the markup of one drawing.
type canvas struct{ strings.Builder }

// attrs are the attributes of an element, name and value in turn. A value is a string, which is escaped, or a float64,
// written with at most two decimals.
type attrs []any

func (c *canvas) open(name string, a attrs) {
	c.tag(name, a)
	c.WriteByte('>')
}

func (c *canvas) close(name string) {
	c.WriteString("</" + name + ">")
}

func (c *canvas) empty(name string, a attrs) {
	c.tag(name, a)
	c.WriteString("/>")
}

func (c *canvas) text(name, content string, a attrs) {
	c.open(name, a)
	c.WriteString(escape(content))
	c.close(name)
}

func (c *canvas) tag(name string, a attrs) {
	c.WriteString("<" + name)
	for i := 0; i+1 < len(a); i += 2 {
		c.WriteString(" " + a[i].(string) + `="`)
		switch value := a[i+1].(type) {
		case string:
			c.WriteString(escape(value))
		case float64:
			c.WriteString(number(value))
		}
		c.WriteByte('"')
	}
}

// begin opens the drawing. With a title it is a picture of its own, named by ids that begin with id; without one it
// repeats what stands beside it and is hidden from assistive technology.
func (c *canvas) begin(a attrs, id, title, desc string) {
	a = append(attrs{"xmlns", "http://www.w3.org/2000/svg"}, a...)
	if title == "" {
		c.open("svg", append(a, "aria-hidden", "true", "focusable", "false"))
		return
	}
	named := id + "-title"
	if desc != "" {
		named += " " + id + "-desc"
	}
	c.open("svg", append(a, "role", "img", "aria-labelledby", named))
	c.text("title", title, attrs{"id", id + "-title"})
	if desc != "" {
		c.text("desc", desc, attrs{"id", id + "-desc"})
	}
}

// end closes the drawing.
func (c *canvas) end() template.HTML {
	c.close("svg")
	return template.HTML(c.String()) // all text and attributes were escaped on the way in
}

// escape makes text safe in an attribute or between tags, and drops what XML cannot hold.
func escape(text string) string {
	if harmless(text) {
		return text
	}
	return escaper.Replace(strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case r < 0x20, r >= 0x7f && r < 0xa0, r == 0xfffe, r == 0xffff, r == '\uFFFD':
			return -1
		}
		return r
	}, text))
}

// harmless reports whether a text stays as it is, as most attributes do: paths, classes, colours.
func harmless(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || strings.IndexByte(`&<>"'`, c) >= 0 {
			return false
		}
	}
	return true
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;")

// number writes a coordinate with at most two decimals.
func number(x float64) string { return string(appendNumber(nil, x)) }

// appendNumber is number for drawings of many coordinates. Whole hundredths are digits of an integer, which are found sooner than the
// shortest ones of a float64, and are the same.
func appendNumber(text []byte, x float64) []byte {
	x = math.Round(x * 100)
	if !(math.Abs(x) < 1e15) { // beyond, a float64 does not hold every hundredth
		return strconv.AppendFloat(text, x/100, 'f', -1, 64)
	}
	hundredths := int64(x)
	if hundredths < 0 {
		text, hundredths = append(text, '-'), -hundredths
	}
	text = strconv.AppendInt(text, hundredths/100, 10)
	if part := byte(hundredths % 100); part > 0 {
		text = append(text, '.', '0'+part/10)
		if part%10 > 0 {
			text = append(text, '0'+part%10)
		}
	}
	return text
}

// percent writes a share of the drawing's width, which stays inside it.
func percent(share float64) string { return number(100*math.Min(math.Max(share, 0), 1)) + "%" }

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// finiteOr returns x, or other where x is not finite.
func finiteOr(x, other float64) float64 {
	if finite(x) {
		return x
	}
	return other
}

// along returns where x lies between two ends, 0 to 1; the halves keep the greatest numbers from overflowing.
func along(x, from, to float64) float64 {
	share := (x/2 - from/2) / (to/2 - from/2)
	if math.IsNaN(share) {
		return 0.5
	}
	return math.Min(math.Max(share, 0), 1)
}

// shorten cuts text to n runes, with an ellipsis in place of what was cut.
func shorten(text string, n int) string {
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	return strings.TrimRight(string(runes[:n-1]), " ") + "…"
}
