package prose

import (
	"bufio"
	"bytes"
	"fmt"
	"html"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	gold "github.com/yuin/goldmark/renderer/html"
)

// Text returns a text as it reads without HTML, in lines of at most width characters (a longer word stays whole; 0 breaks no line);
// links stand behind their words. It ends without a line break.
func Text(markdown string, width int) string {
	source := clean(markdown)
	w := plain{source: source, width: width}
	w.blocks(document(source), "", "")
	return strings.Join(w.lines, "\n")
}

// plain writes a document in lines.
type plain struct {
	source []byte
	width  int
	lines  []string
}

// blocks writes what stands in a block: its first line behind first, the others behind rest.
func (w *plain) blocks(parent ast.Node, first, rest string) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if n.PreviousSibling() != nil && !(tight(parent) && n.Kind() != ast.KindParagraph) {
			w.lines = append(w.lines, strings.TrimRight(rest, " "))
		}
		switch n := n.(type) {
		case *ast.List:
			w.list(n, first, rest)
		case *ast.Blockquote:
			w.blocks(n, first+"> ", rest+"> ")
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			for i := range n.Lines().Len() {
				line := n.Lines().At(i)
				w.lines = append(w.lines, strings.TrimRight(first+"    "+string(line.Value(w.source)), " \n"))
				first = rest
			}
		case *ast.ThematicBreak:
			w.lines = append(w.lines, first+"* * *")
		default:
			w.wrap(w.words(n), first, rest)
		}
		first = rest
	}
}

// tight reports whether the parts of a block stand without an empty line between them.
func tight(n ast.Node) bool {
	list, ok := n.Parent().(*ast.List)
	return ok && list.IsTight
}

func (w *plain) list(list *ast.List, first, rest string) {
	number := list.Start
	for item := list.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "- "
		if list.IsOrdered() {
			mark = fmt.Sprintf("%d. ", number)
			number++
		}
		if item.PreviousSibling() != nil && !list.IsTight {
			w.lines = append(w.lines, strings.TrimRight(rest, " "))
		}
		if item.FirstChild() == nil {
			w.lines = append(w.lines, strings.TrimRight(first+mark, " "))
		}
		w.blocks(item, first+mark, rest+strings.Repeat(" ", len(mark)))
		first = rest
	}
}

// words returns what stands in a line of a document. "\n" is a break that its author wants.
func (w *plain) words(parent ast.Node) string {
	var b strings.Builder
	_ = ast.Walk(parent, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if n == parent {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			if entering {
				value := n.Segment.Value(w.source)
				if n.Parent().Kind() == ast.KindCodeSpan {
					b.Write(value)
				} else {
					b.WriteString(written(value))
				}
				if n.HardLineBreak() {
					b.WriteByte('\n')
				} else if n.SoftLineBreak() {
					b.WriteByte(' ')
				}
			}
		case *ast.String:
			if entering {
				b.Write(n.Value)
			}
		case *ast.AutoLink:
			if entering {
				b.Write(n.URL(w.source))
			}
		case *ast.Link:
			if entering {
				if words, to := w.words(n), string(n.Destination); words == "" || words == to {
					b.WriteString(to)
				} else {
					fmt.Fprintf(&b, "%s (%s)", words, to)
				}
			}
			return ast.WalkSkipChildren, nil
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// wrap breaks words into lines.
func (w *plain) wrap(words, first, rest string) {
	for line := range strings.SplitSeq(words, "\n") {
		at, room := first, 0
		for word := range strings.FieldsSeq(line) {
			n := utf8.RuneCountInString(word)
			if room > 0 && w.width > 0 && utf8.RuneCountInString(at)+1+n > w.width {
				w.lines = append(w.lines, at)
				at, room = rest, 0
			}
			if room > 0 {
				at += " "
			}
			at += word
			room++
		}
		w.lines = append(w.lines, strings.TrimRight(at, " "))
		first = rest
	}
}

// written returns letters as they are meant: "&amp;" as "&", "\\*" as "*".
func written(markdown []byte) string {
	var b bytes.Buffer
	out := bufio.NewWriter(&b)
	gold.DefaultWriter.Write(out, markdown)
	_ = out.Flush() // a buffer takes everything
	return html.UnescapeString(b.String())
}
