package figure

import "cairn/internal/theme"

// Leaderboard is the top of a release as a picture. All of it is in words for people already.
type Leaderboard struct {
	Board, When  string
	Line         string // the title line, "" none
	Places       []Place
	Full         float64 // points of the whole width of a row of stones; 0 no stones
	Host, Verify string
	Look         theme.Palette
}

// Place is one line of it.
type Place struct {
	Rank, Name, Score, Change string
	Better                    bool
	Points                    []float64 // of the top parts
}

// Words say what is on the picture, for those who do not see it.
func (l Leaderboard) Words() string {
	words := "Leaderboard of " + l.Board + ", " + l.When + "."
	for _, p := range l.Places {
		words += " " + p.Rank + ": " + p.Name + ", " + p.Score + "."
	}
	return words
}

// PNG draws the leaderboard 1200 pixels wide, and higher the more places it has. A name in letters that it does not have is left
// out.
func (l Leaderboard) PNG() ([]byte, error) {
	for _, text := range []*string{&l.When, &l.Line} {
		if !Writes(*text) {
			*text = ""
		}
	}
	if !Writes(l.Board) {
		l.Board = "A scoreboard"
	}
	places := make([]Place, len(l.Places))
	for i, p := range l.Places {
		if !Writes(p.Name) {
			p.Name = "–"
		}
		places[i] = p
	}
	l.Places = places
	return l.lay().wear(l.Look).png()
}

// SVG draws the same as a file of its own, with all names: who looks at it has the letters.
func (l Leaderboard) SVG() []byte { return l.lay().wear(l.Look).svg() }

func (l Leaderboard) lay() *poster {
	const (
		margin, width = 72.0, 1200.0
		each          = 60.0
		named, laid   = 154.0, 640.0
		score, change = 990.0, width - margin
	)
	height := 330 + each*float64(len(l.Places))
	top := 150.0
	if l.Line != "" {
		top, height = top+46, height+46
	}
	p := &poster{width: int(width), height: int(max(height, 420)), title: l.Words()}
	p.write(tints.ink, strong, 52, margin, 96, p.fit(strong, 52, width-2*margin, l.Board))
	p.write(tints.soft, plain, 28, margin, 142, p.fit(plain, 28, width-2*margin, l.When))
	if l.Line != "" {
		p.write(tints.ink, strong, 30, margin, 192, p.fit(strong, 30, width-2*margin, l.Line))
	}
	for i, place := range l.Places {
		y := top + 72 + each*float64(i)
		p.paint(tints.rule, rectangle(box{margin, y - 40, width - 2*margin, 1}))
		p.write(tints.ink, strong, 28, margin, y, place.Rank)
		room := laid - named - 24
		if l.Full <= 0 {
			room = score - named - 140
		}
		p.write(tints.ink, plain, 28, named, y, p.fit(plain, 28, room, place.Name))
		p.lay(place.Points, l.Full, box{laid, y - 25, 230, 32})
		p.writeTo(tints.ink, strong, 30, score, y, place.Score)
		shade := tints.soft
		if place.Better {
			shade = tints.moss
		}
		p.writeTo(shade, plain, 26, change, y, place.Change)
	}
	if len(l.Places) == 0 {
		p.write(tints.soft, plain, 30, margin, top+72, "Nobody is on it yet.")
	}
	p.foot(margin, l.Host, l.Verify)
	return p
}

// Height is how high the picture is.
func (l Leaderboard) Height() int { return l.lay().height }
