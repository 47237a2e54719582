package figure

import (
	"math"

	"cairn/internal/theme"
)

// Size of a card in pixels: what sites that show a link's picture ask for.
const (
	CardWidth  = 1200
	CardHeight = 630
)

// Card is a player's scorecard of one release as a picture to show around. All of it is in words for people already; what is empty
// is not on it.
type Card struct {
	Board, When string
	Name        string
	Score, Span string  // the one big number, and out of what
	Level       string  //
	Change      string  // "Up 3.2 since Week 46"
	Better      bool    // the change is one for the better
	Place       string  // "3rd of 58"
	Headline    string  // of a story
	Stones      []Stone // the parts
	Host        string  // where it comes from
	Verify      string  // how it is checked
	Look        theme.Palette
}

// Words say what is on the card, for those who do not see it.
func (c Card) Words() string {
	words := c.Board + ", " + c.When
	if c.Name != "" {
		words = c.Name + " on " + words
	}
	if c.Score != "" {
		words += ": " + c.Score + " " + c.Span
	}
	for _, more := range []string{c.Change, c.Place, c.Headline} {
		if more != "" {
			words += ". " + more
		}
	}
	return words + "."
}

// PNG draws the card. The same card gives the same bytes. Words in letters that it does not have are left out.
func (c Card) PNG() ([]byte, error) { return c.lay().wear(c.Look).png() }

func (c Card) lay() *poster {
	const margin, middle = 72.0, 740.0
	p := &poster{width: CardWidth, height: CardHeight, title: c.Words()}
	if !Writes(c.Board) {
		c.Board = "A scoreboard"
	}
	for _, text := range []*string{&c.Name, &c.Level, &c.Headline, &c.Span, &c.When} {
		if !Writes(*text) {
			*text = ""
		}
	}
	width := middle - margin - 20
	stones := false
	for _, s := range c.Stones {
		stones = stones || s.points() > 0
	}
	if !stones {
		width = CardWidth - 2*margin
	}
	p.write(tints.soft, strong, 30, margin, 82, p.fit(strong, 30, width, c.Board))
	p.write(tints.soft, plain, 26, margin, 120, p.fit(plain, 26, width, c.When))
	y := 120.0
	if c.Name != "" {
		y += 80
		size := p.shrink(strong, 62, 40, width, c.Name)
		p.write(tints.ink, strong, size, margin, y, p.fit(strong, size, width, c.Name))
	}
	if c.Score != "" {
		size := p.shrink(strong, 220, 90, width-150, c.Score)
		y += 40 + size*0.72
		end := p.write(tints.ink, strong, size, margin-size*0.06, y, c.Score) + 24
		p.write(tints.ink, plain, 30, end, y-34, p.fit(plain, 30, margin+width-end, c.Span))
		p.write(tints.soft, plain, 26, end, y, p.fit(plain, 26, margin+width-end, c.Level))
	}
	if c.Change != "" || c.Place != "" {
		y += 62
		p.standing(c, margin, y, width)
	}
	if c.Headline != "" {
		size, most := 34.0, 1
		if c.Score == "" {
			size, most = 64, 3
			if c.Name == "" {
				size = 76
			}
		}
		if y += size + 24; c.Score == "" {
			y += 24
		}
		lines := p.wrap(strong, size, width, most, c.Headline)
		if len(lines) > 1 && y+float64(len(lines)-1)*size*1.2 > CardHeight-96 {
			lines = p.wrap(strong, size, width, 1, c.Headline)
		}
		for _, line := range lines {
			p.write(tints.ink, strong, size, margin, y, line)
			y += size * 1.2
		}
	}
	p.stack(c.Stones, box{middle, 88, CardWidth - margin - middle, 440}, 104)
	p.foot(margin, c.Host, c.Verify)
	return p
}

// standing puts the change and the place in one line.
func (p *poster) standing(c Card, x, y, width float64) {
	const size = 30
	if c.Change != "" {
		words, shade := p.fit(strong, size, width, c.Change), tints.soft
		wide := p.measure(strong, size, words)
		if c.Better {
			p.paint(tints.lichen, pebble(3, box{x - 6, y - 37, wide + 44, 54}))
			shade, x = tints.onLichen, x+16
		}
		x = p.write(shade, strong, size, x, y, words) + 44
	}
	if c.Place != "" && x < width {
		p.write(tints.ink, plain, size, x, y, p.fit(plain, size, math.Max(0, 72+width-x), c.Place))
	}
}
