package letter

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"math"
	"strings"
	"time"

	"cairn/internal/board"
	"cairn/internal/coaching"
	"cairn/internal/figure"
	"cairn/internal/mail"
	"cairn/internal/numeral"
	"cairn/internal/release"
	"cairn/internal/story"
	"cairn/internal/theme"
)

// Letter is what one reader is told of one release.
type Letter struct {
	Board   *board.Board
	View    *release.View // as the reader may see it
	Card    *release.Card // the reader's own; nil: they are not in this release, or follow the board as readers alone
	Why     string        // why there is no card or score, in a sentence; "" there is, or they follow the board
	Name    string        // of the reader, "" not known
	Since   time.Time     // since when the reader is on the board by their own word; zero: not known
	Shy     bool          // does not want to see the own number
	Tip     *coaching.Tip // nil none
	Article string        // the board's, Markdown
	Aims    []release.Aim // of teams and of the board; the letter tells those of the reader's own
	Heroes  []release.Row // the top as the board shows it to this reader; nil none
	Errata  []string      // periods that were corrected since the last letter
	Next    time.Time     // when the next release comes, zero: not known
	Links   Links
	Sender  string // who sends it, with a postal address: lines
	Logo    []byte // of the board (PNG), nil none
}

// Links are full addresses. Those under the reader's own pass open without signing in, for reading.
type Links struct {
	Card        string // the reader's own scorecard
	Board       string // the board as they may see it, "" not for them
	Preferences string // how they are told
	Unsubscribe string // stops these mails, with one more click
	Ask         string // to ask a coach, "" nobody answers
}

// Written is a letter as it is sent.
type Written struct {
	Subject  string // one line of at most 60 letters
	Text     string // lines of at most 72 characters, but for links
	HTML     string
	Short    string // at most 160 letters of a text message
	Pictures []mail.Picture
}

// Write writes a letter. A reader who is shy finds neither score nor place in any part of it.
func Write(l Letter) (Written, error) {
	p := newPage(l)
	written := Written{Subject: p.Subject, Short: p.message()}
	if picture, ok, err := draw(l); err != nil {
		return Written{}, err
	} else if ok {
		p.Picture = &picturePlace{ID: picture.ID, Text: picture.Text}
		written.Pictures = []mail.Picture{picture}
	}
	written.Text = p.text()
	var html bytes.Buffer
	if len(l.Logo) > 0 {
		p.Logo = "logo"
		written.Pictures = append(written.Pictures, mail.Picture{ID: p.Logo, PNG: l.Logo, Text: p.Board})
	}
	worn, err := dressed(l.Board.Theme)
	if err != nil {
		return Written{}, err
	}
	if err := worn.Execute(&html, p); err != nil {
		return Written{}, fmt.Errorf("writing a letter: %w", err)
	}
	written.HTML = html.String()
	return written, nil
}

//go:embed letter.html
var frameText string

var frame = template.Must(template.New("letter").Funcs(template.FuncMap{"outlook": outlook}).Parse(frameText))

// outlook returns what only Outlook's old typesetter reads, which knows no greatest width. A template keeps no comments.
func outlook(html string) template.HTML {
	return template.HTML("<!--[if mso]>" + html + "<![endif]-->")
}

// message is the letter as one text message.
func (p *page) message() string {
	number := sentence(p.Title)
	if p.Score != "" {
		number = p.Score
		if p.Signed != "" {
			number += " (" + p.Signed + ")"
		}
		if p.Place != "" {
			number += ", " + p.Place
		}
		number = p.Week + ": " + number + "."
	}
	sentences := []string{number}
	if p.Story != nil {
		sentences = append(sentences, sentence(p.Story.Headline))
	}
	if p.Step != nil {
		sentences = append(sentences, "Next: "+sentence(p.Step.Headline))
	}
	return story.Message(p.Board, sentences...)
}

// lookOf is the palette of a letter's picture; the zero one is Cairn's own.
func lookOf(t theme.Theme) theme.Palette {
	if t.Light == (theme.Colours{}) {
		return theme.Palette{}
	}
	return t.Palette()
}

// dressed is the frame in a board's colours. What is put into it is nobody's text but ours: the colours are exchanged before it is.
func dressed(t theme.Theme) (*template.Template, error) {
	if t.Light == (theme.Colours{}) && t.Dark == (theme.Colours{}) {
		return frame, nil
	}
	light, dark := t.Palette(), t.DarkPalette()
	head, body, _ := strings.Cut(frameText, "</style>")
	head = strings.NewReplacer("#0c0b0a", dark.Ground, "#151412", dark.Sheet, "#26231f", light.Slab, "#ece8e0", dark.Ink, "#aba397", dark.Soft, "#cddb5c", dark.Moss, "#37332d", dark.Rule).Replace(head)
	pairs := append(light.Replace(theme.Theme{}.Palette()), "#aebb22", light.Accent, "#8d857a", light.Stones[0], "#6f685e", light.Stones[1])
	worn, err := template.New("letter").Funcs(template.FuncMap{"outlook": outlook}).Parse(head + "</style>" + strings.NewReplacer(pairs...).Replace(body))
	if err != nil {
		return nil, fmt.Errorf("dressing a letter: %w", err)
	}
	return worn, nil
}

// pictured is how many releases the picture goes back.
const pictured = 12

// draw draws the way of the reader's score, where it is to be shown and there is one.
func draw(l Letter) (picture mail.Picture, ok bool, err error) {
	if l.Card == nil || l.Shy || math.IsNaN(l.Card.Row.Score) {
		return picture, false, nil
	}
	best := -1 // of all
	for i, point := range l.Card.History {
		if point.Scored && point.Best {
			best = i
		}
	}
	scale := numeral.Of(l.Card.Card)
	from := max(0, len(l.Card.History)-pictured)
	h := figure.History{Look: lookOf(l.Board.Theme), Title: "Your scores", Low: math.NaN(), High: math.NaN(), Down: scale.Lower, Write: numeral.Amount}
	if scale.OutOf > 0 {
		h.Low, h.High = 0, scale.OutOf
	}
	first, last := "", ""
	var scores []string
	for i, point := range l.Card.History[from:] {
		m := figure.Moment{Label: short(point.Period), Value: math.NaN(), Best: from+i == best}
		if point.Scored {
			m.Value = point.Score
			if first == "" {
				first = m.Label
			}
			last, scores = m.Label, append(scores, scale.Score(point.Score))
		}
		h.Moments = append(h.Moments, m)
	}
	if len(scores) < 2 {
		return picture, false, nil
	}
	picture = mail.Picture{ID: "history", Text: "Your scores from " + first + " to " + last + ": " + numeral.List(scores) + "."}
	if best >= 0 {
		picture.Text += " Your best is " + scale.Score(l.Card.History[best].Score) + ", in " + short(l.Card.History[best].Period) + "."
	}
	picture.PNG, err = h.PNG()
	return picture, err == nil, err
}
