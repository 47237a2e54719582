package prose

import (
	"bytes"
	"fmt"
	"html/template"
	"net/url"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
)

// MaxSize is how many bytes of a text are read; what stands behind them is left out.
const MaxSize = 64 << 10

// HTML returns a text as HTML for a page: paragraphs, emphasis, lists, quotations, code, headings below those of the page, and
// links, which carry rel="nofollow noreferrer".
func HTML(markdown string) template.HTML {
	source := clean(markdown)
	var out bytes.Buffer
	if err := converter().Renderer().Render(&out, source, document(source)); err != nil {
		return template.HTML(template.HTMLEscapeString(string(source))) // a buffer takes everything: never seen
	}
	return template.HTML(policy().SanitizeBytes(out.Bytes()))
}

// Mail returns a text as HTML for a mail. What needs a style carries its own, since mail programs drop style sheets; paragraphs, lists
// and headings keep the spaces that every mail program gives them. No style names a colour of letters or paper, so it reads in the
// dark as well.
func Mail(markdown string) template.HTML {
	// In what HTML returns every < begins one of its own elements.
	return template.HTML(styles.Replace(string(HTML(markdown))))
}

var styles = strings.NewReplacer(
	"<blockquote>", `<blockquote style="border-left:3px solid #8b9187;padding:0 0 0 12px">`,
	"<pre>", `<pre style="white-space:pre-wrap;font-family:monospace">`,
	"<code>", `<code style="font-family:monospace">`,
	"<a ", `<a style="color:inherit;text-decoration:underline" `,
)

// Leads reports whether a link may be followed from a page or a mail: an https address with a host, that hides no name or password.
func Leads(link string) bool {
	if strings.ContainsAny(link, " \t\r\n\"'<>\\") {
		return false
	}
	u, err := url.Parse(link)
	return err == nil && u.Scheme == "https" && u.Hostname() != "" && u.User == nil
}

// clean cuts a text to its size, and takes out what no reader sees: control characters, and marks that turn the order of letters.
func clean(markdown string) []byte {
	if len(markdown) > MaxSize {
		markdown = strings.ToValidUTF8(markdown[:MaxSize], "")
	}
	markdown = strings.ReplaceAll(strings.ToValidUTF8(markdown, "�"), "\r\n", "\n")
	return []byte(flatten(sober(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return '\n'
		case r < ' ' || r == 0x7f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return -1
		}
		return r
	}, markdown))))
}

// Of so many marks a text has use. Those behind them stand as they were typed: finding the end of each costs time by their square.
const (
	mostBrackets = 200
	mostStresses = 4000
)

// sober escapes the brackets and stresses of a text that has far too many.
func sober(markdown string) string {
	if strings.Count(markdown, "[") <= mostBrackets && strings.Count(markdown, "*")+strings.Count(markdown, "_") <= mostStresses {
		return markdown
	}
	var b strings.Builder
	brackets, stresses := 0, 0
	for i := range len(markdown) {
		c, one := markdown[i], false
		switch c {
		case '[':
			brackets++
			one = brackets > mostBrackets
		case '*', '_':
			stresses++
			one = stresses > mostStresses
		}
		if one {
			fmt.Fprintf(&b, "&#%d;", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// deepest is how many quotations and lists may stand within one another. Each level costs its line time and memory again.
const deepest = 16

// flatten takes from every line the marks of quotations and lists that are nested deeper.
func flatten(markdown string) string {
	lines := strings.Split(markdown, "\n")
	for i, line := range lines {
		at, marks := 0, 0
		for at < len(line) {
			if n := mark(line[at:]); n > 0 {
				if marks++; marks > deepest {
					lines[i] = line[:at] + strings.TrimLeft(line[at:], " \t>-+*.)0123456789")
					break
				}
				at += n
			} else if line[at] == ' ' || line[at] == '\t' {
				at++
			} else {
				break
			}
		}
	}
	return strings.Join(lines, "\n")
}

// mark returns the length of the mark with which a quotation or a list begins, 0 none.
func mark(text string) int {
	n := 1
	switch c := text[0]; {
	case c == '>':
		return n
	case c >= '0' && c <= '9':
		for n < len(text) && text[n] >= '0' && text[n] <= '9' {
			n++
		}
		if n == len(text) || text[n] != '.' && text[n] != ')' {
			return 0
		}
		n++
	case c != '-' && c != '+' && c != '*':
		return 0
	}
	if n < len(text) && text[n] != ' ' && text[n] != '\t' {
		return 0
	}
	return n
}

// converter is built per text: it keeps state while it parses.
func converter() goldmark.Markdown {
	return goldmark.New(goldmark.WithRendererOptions(html.WithXHTML()))
}

// document reads a text, and keeps of it what may be shown: no raw HTML, of pictures the words, headings of the third and fourth
// rank, links that lead somewhere.
func document(source []byte) ast.Node {
	doc := converter().Parser().Parse(text.NewReader(source))
	var odd []ast.Node
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			n.Level = min(max(n.Level+1, 3), 4)
		case *ast.HTMLBlock, *ast.RawHTML, *ast.Image:
			odd = append(odd, n)
		case *ast.Link:
			n.Title = nil
			if !Leads(string(n.Destination)) {
				odd = append(odd, n)
			}
		case *ast.AutoLink:
			if !Leads(string(n.URL(source))) {
				odd = append(odd, n)
			}
		}
		return ast.WalkContinue, nil
	})
	for _, n := range odd {
		parent := n.Parent()
		switch n := n.(type) {
		case *ast.AutoLink:
			parent.InsertBefore(parent, n, ast.NewString(n.Label(source)))
		case *ast.Link, *ast.Image:
			for c := n.FirstChild(); c != nil; {
				next := c.NextSibling()
				parent.InsertBefore(parent, n, c)
				c = next
			}
		}
		parent.RemoveChild(parent, n)
	}
	return doc
}

// policy is the second wall: whatever the first one let through, these elements leave.
func policy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "strong", "em", "ul", "ol", "li", "blockquote", "code", "pre", "h3", "h4", "br", "hr")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("https")
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	return p
}
