package letter

import (
	"strings"
	"unicode/utf8"

	"cairn/internal/prose"
)

// columns is how wide a line of plain text is at most.
const columns = 72

// leaf is plain text that is being written, block after block with an empty line between them.
type leaf struct{ strings.Builder }

// text is the letter without any HTML.
func (p *page) text() string {
	var t leaf
	t.block(p.Board, p.When)
	if p.Score != "" {
		level := ""
		if p.Level != "" {
			level = " (" + p.Level + ")"
		}
		t.block("Your score: " + p.Score + " " + p.Span + level)
		place := p.Place
		if place != "" {
			place = sentence(place)
		}
		t.block(sentence(p.Change), place)
	} else {
		t.block(p.Title, p.Words)
	}
	if len(p.Causes) > 0 {
		t.head("What moved it")
		var lines []string
		for _, c := range p.Causes {
			line := "- " + c.Name + " " + c.Change
			for _, said := range []string{c.By, c.Word} {
				if said != "" {
					line += " (" + said + ")"
				}
			}
			lines = append(lines, line)
		}
		t.block(lines...)
	}
	t.block(p.Split)
	t.block(p.Bridge)
	if p.Story != nil {
		t.head(p.Story.Headline)
		t.block(p.Story.Text)
		t.block(p.Story.Example)
	}
	if p.Step != nil {
		t.head("Next step: " + p.Step.Headline)
		t.block(p.Step.Text)
	}
	if p.Tip != nil {
		t.head(p.Tip.Heading())
		t.block(p.Tip.Title)
		t.prose(p.Tip.Markdown)
		t.block(p.Tip.More)
		t.link("More about it", p.Tip.Link)
	}
	if len(p.Targets) > 0 {
		t.head("Targets")
		var lines []string
		for _, line := range p.Targets {
			lines = append(lines, "- "+line)
		}
		t.block(lines...)
	}
	t.link("Your scorecard", p.Links.Card)
	t.link("Ask a coach", p.Links.Ask)
	if p.Picture != nil {
		t.block(p.Picture.Text)
	}
	if p.Article != nil {
		t.head("From the board")
		t.prose(p.Article.Markdown)
		t.block(p.Article.More)
	}
	if p.Heroes != nil {
		t.head("At the top")
		t.block(p.Heroes.Title)
		var lines []string
		for _, h := range p.Heroes.Rows {
			own := ""
			if h.Own {
				own = " (you)"
			}
			lines = append(lines, h.Place+" "+h.Name+own+", "+h.Score)
		}
		t.block(lines...)
	}
	t.link("The board", p.Links.Board)
	t.block(p.Errata)
	t.block(p.Next)
	t.whole("-- \n" + wrap(p.Why, ""))
	t.link("Choose how you are told", p.Links.Preferences)
	t.link("Stop these mails", p.Links.Unsubscribe)
	t.block("Scored with Cairn")
	t.block(p.Sender...)
	return t.String()
}

// head begins a section.
func (t *leaf) head(words string) {
	lines := wrap(words, "")
	last := lines[strings.LastIndex(lines, "\n")+1:]
	t.whole(lines + "\n" + strings.Repeat("-", min(columns, utf8.RuneCountInString(last))))
}

// block writes lines one below the other, each broken where it is too long. Empty ones are left out.
func (t *leaf) block(lines ...string) {
	var wrapped []string
	for _, line := range lines {
		if line != "" {
			indent := ""
			if strings.HasPrefix(line, "- ") {
				indent = "  "
			}
			wrapped = append(wrapped, wrap(line, indent))
		}
	}
	t.whole(strings.Join(wrapped, "\n"))
}

// link writes an address on a line of its own, so that mail programs find it whole. "" is none.
func (t *leaf) link(words, address string) {
	if address != "" {
		t.whole(words + ":\n" + address)
	}
}

// prose writes what somebody wrote in Markdown. Words without an end are broken too.
func (t *leaf) prose(markdown string) {
	var lines []string
	for line := range strings.Lines(prose.Text(markdown, columns)) {
		if line = strings.TrimRight(line, "\n"); utf8.RuneCountInString(line) > columns {
			line = wrap(line, "")
		}
		lines = append(lines, line)
	}
	t.whole(strings.Join(lines, "\n"))
}

// whole writes text as it is.
func (t *leaf) whole(text string) {
	if text = strings.TrimRight(text, "\n"); text == "" {
		return
	}
	if t.Len() > 0 {
		t.WriteString("\n")
	}
	t.WriteString(text + "\n")
}

// wrap breaks words into lines; all but the first begin with indent.
func wrap(words, indent string) string {
	var b strings.Builder
	wide := 0
	for _, word := range strings.Fields(words) {
		n := utf8.RuneCountInString(word)
		switch {
		case wide == 0:
		case wide+1+n > columns:
			b.WriteString("\n" + indent)
			wide = len(indent)
		default:
			b.WriteString(" ")
			wide++
		}
		for wide+n > columns && !strings.HasPrefix(word, "https://") && !strings.HasPrefix(word, "http://") { // a word without an end
			letters := []rune(word)
			room := max(columns-wide, 1)
			b.WriteString(string(letters[:room]) + "\n" + indent)
			word, wide = string(letters[room:]), len(indent)
			n = utf8.RuneCountInString(word)
		}
		b.WriteString(word)
		wide += n
	}
	return b.String()
}
