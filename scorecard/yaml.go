package scorecard

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	maxDepth = 2*maxNesting + 16 // levels of YAML: two for each level of parts, and what a part itself needs
	maxKeys  = 500               // in one block mapping; the parser's time grows with the square
)

// nodeKind is the shape of a YAML value.
type nodeKind int

const (
	nullNode nodeKind = iota
	scalarNode
	listNode
	mappingNode
)

// node is a YAML value with its place. Scalars keep their text: what it means is for the format to say.
type node struct {
	kind         nodeKind
	text         string // of a scalar
	plain        bool   // a scalar without quotes
	items        []*node
	pairs        []pair
	line, column int
	bad          bool // reported; readers take it for absent
}

type pair struct{ key, value *node }

// field returns the value of a key, nil where it is absent or was reported as wrong.
func (n *node) field(key string) *node {
	if n == nil || n.kind != mappingNode {
		return nil
	}
	for _, p := range n.pairs {
		if p.key.text == key && !p.key.bad {
			if p.value.bad {
				return nil
			}
			return p.value
		}
	}
	return nil
}

// keyOf returns the key under which field would find a value, nil where there is none.
func (n *node) keyOf(key string) *node {
	for _, p := range n.pairs {
		if p.key.text == key && !p.key.bad {
			return p.key
		}
	}
	return nil
}

// parse turns the bytes of a file into a tree, or reports why they cannot be one and returns nil.
func (r *reader) parse(source []byte) *node {
	if len(source) > MaxBytes {
		r.fault(1, 1, "the file has %d bytes; a scorecard has at most %d (1 MiB)", len(source), MaxBytes)
		return nil
	}
	text := string(bytes.TrimPrefix(source, []byte("\uFEFF")))
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	r.lines = strings.Split(text, "\n")
	if !r.readable() {
		return nil
	}
	tokens := lexer.Tokenize(text)
	if !r.plainYAML(tokens) {
		return nil
	}
	documents := r.documents(tokens)
	if len(r.problems) > 0 {
		return nil
	}
	if len(documents) > 1 {
		line, _ := place(documents[1].Body)
		r.fault(line, 1, "a second document begins here; a scorecard file holds one, so keep each in a file of its own")
		return nil
	}
	if len(documents) == 0 || documents[0].Body == nil {
		r.fault(1, 1, "the file is empty; a scorecard begins with \"scorecard: 1\" (\"cairn scorecard new\" writes one to start from)")
		return nil
	}
	return tree(documents[0].Body)
}

// readable refuses what is not text, and tabs where YAML wants spaces.
func (r *reader) readable() bool {
	for i, line := range r.lines {
		column, indent := 1, true
		for at, c := range line {
			switch {
			case c == utf8.RuneError && !strings.HasPrefix(line[at:], "\uFFFD"):
				r.fault(i+1, column, "byte %#x is not UTF-8; save the file as UTF-8", line[at])
				return false
			case c == '\t' && indent:
				r.fault(i+1, column, "a tab in the indentation; YAML wants spaces")
				return false
			case c != '\t' && unicode.IsControl(c), c == '\uFEFF':
				r.fault(i+1, column, "control character %U; a scorecard is plain text", c)
				return false
			}
			indent = indent && c == ' '
			column++
		}
	}
	return true
}

// plainYAML refuses, before anything recursive sees the tokens, the parts of YAML that let a small file grow large or
// mean something else than it shows: aliases, tags, directives, complex keys and deep nesting.
func (r *reader) plainYAML(tokens token.Tokens) bool {
	type level struct {
		column, entries int
		list            bool
	}
	var block []level
	flow := 0
	enter := func(column int, list bool) *level {
		for len(block) > 0 {
			top := &block[len(block)-1]
			if top.column == column && top.list == list {
				top.entries++
				return top
			}
			if top.column < column || top.column == column && list {
				break // a list may stand right under its key, without indentation
			}
			block = block[:len(block)-1]
		}
		block = append(block, level{column: column, list: list, entries: 1})
		return &block[len(block)-1]
	}
	begun := false
	for i, t := range tokens {
		refused := ""
		switch t.Type {
		case token.CommentType:
			continue
		case token.DocumentHeaderType:
			if begun {
				r.fault(t.Position.Line, 1, "a second document begins here; a scorecard file holds one, so keep each in a file of its own")
				return false
			}
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			refused = "YAML anchors, aliases and merge keys are not read; write the value out"
		case token.TagType:
			refused = "YAML tags are not read; put text in quotes and leave the tag out"
		case token.MappingKeyType:
			refused = "\"?\" keys are not read; write \"key: value\", with quotes around a text that begins with \"?\""
		case token.DirectiveType:
			refused = "\"%\" cannot begin a value; put it in quotes: \"%\""
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		case token.SequenceEntryType:
			if flow <= 0 {
				enter(t.Position.Column, true)
			}
		case token.MappingValueType:
			if flow <= 0 && i > 0 {
				key := tokens[i-1].Position
				if enter(key.Column, false).entries > maxKeys {
					r.fault(key.Line, key.Column, "more than %d keys in one mapping", maxKeys)
					return false
				}
			}
		}
		begun = true
		if refused != "" {
			r.fault(t.Position.Line, t.Position.Column, "%s", refused)
		}
		if len(block)+flow > maxDepth {
			r.fault(t.Position.Line, t.Position.Column, "nested too deep; groups may stand in groups up to %d levels", maxNesting)
			return false
		}
	}
	return len(r.problems) == 0
}

// documents parses tokens; a fault of syntax is reported with its place.
func (r *reader) documents(tokens token.Tokens) (documents []*ast.DocumentNode) {
	defer func() {
		if recover() != nil { // the parser is not ours: no file may bring the program down
			documents = nil
			r.fault(1, 1, "%s", notYAML)
		}
	}()
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey()) // duplicates are ours to name
	if err == nil {
		return file.Docs
	}
	line, column, near, message := 1, 1, "", notYAML
	if syntax := yaml.Error(nil); errors.As(err, &syntax) {
		if t := syntax.GetToken(); t != nil && t.Position != nil {
			line, column, near = t.Position.Line, t.Position.Column, strings.TrimSpace(t.Value)
		}
		for _, known := range syntaxWords {
			if strings.Contains(syntax.GetMessage(), known.theirs) {
				message = known.ours
				break
			}
		}
	}
	if near != "" {
		message += fmt.Sprintf(" (near %s)", quote(near))
	}
	r.fault(line, column, "%s", message)
	return nil
}

const notYAML = "this cannot be read as YAML; look at the indentation, the quotes and the space after each colon"

// syntaxWords says the parser's findings in words for people.
var syntaxWords = []struct{ theirs, ours string }{
	{"quoted text", "this quote is never closed"},
	{"mapping value is not allowed", "a second \": \" in one line, or a line indented further than it may be; put a text with \": \" in quotes"},
	{"']'", "a list in [ ] lacks a comma or its closing ]"},
	{"'}'", "a mapping in { } lacks a comma or its closing }"},
	{"expected sequence element", "a comma too many in this list"},
	{"unexpected key name", "a key that does not line up with the lines above, or a line without \"key: value\" (a space follows the colon)"},
	{"non-map value", "a line without \"key: value\" (a space follows the colon)"},
	{"cannot start any token", "this character cannot begin a value; put the text in quotes"},
}

// tree converts the parser's nodes. Depth is bounded by plainYAML.
func tree(n ast.Node) *node {
	switch n := n.(type) {
	case *ast.MappingNode:
		m := &node{kind: mappingNode}
		m.line, m.column = place(n)
		for i, v := range n.Values {
			p := pairOf(v)
			if i == 0 && !n.IsFlowStyle {
				m.line, m.column = p.key.line, p.key.column
			}
			m.pairs = append(m.pairs, p)
		}
		return m
	case *ast.MappingValueNode:
		p := pairOf(n)
		return &node{kind: mappingNode, pairs: []pair{p}, line: p.key.line, column: p.key.column}
	case *ast.SequenceNode:
		list := &node{kind: listNode}
		list.line, list.column = place(n)
		for _, v := range n.Values {
			list.items = append(list.items, tree(v))
		}
		return list
	case *ast.LiteralNode:
		scalar := &node{kind: scalarNode, text: n.Value.Value}
		scalar.line, scalar.column = place(n)
		return scalar
	}
	return leaf(n)
}

func leaf(n ast.Node) *node {
	line, column := place(n)
	if n == nil || n.Type() == ast.NullType {
		return &node{kind: nullNode, line: line, column: column}
	}
	t := n.GetToken()
	return &node{
		kind: scalarNode, text: t.Value, line: line, column: column,
		plain: t.Type != token.SingleQuoteType && t.Type != token.DoubleQuoteType,
	}
}

func pairOf(v *ast.MappingValueNode) pair {
	p := pair{key: leaf(v.Key), value: tree(v.Value)}
	p.key.text, p.key.kind = v.Key.GetToken().Value, scalarNode
	if v.Value != nil && v.Value.GetToken().Type == token.ImplicitNullType {
		p.value.line, p.value.column = p.key.line, p.key.column // nothing stands there: show the key
	}
	return p
}

func place(n ast.Node) (line, column int) {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 1, 1
	}
	p := n.GetToken().Position
	return p.Line, p.Column
}

var numeral = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$`)

// number reads a plain scalar as a finite number. Octal, hexadecimal and grouped digits are no numbers here, since
// two readers could take them for two values.
func (n *node) number() (value float64, ok bool) {
	if n.kind != scalarNode || !n.plain || !numeral.MatchString(n.text) || octal.MatchString(n.text) {
		return 0, false
	}
	value, err := strconv.ParseFloat(n.text, 64)
	return value, err == nil && !math.IsInf(value, 0)
}

var (
	octal   = regexp.MustCompile(`^[+-]?0\d`)
	radix   = regexp.MustCompile(`^[+-]?0[xob][0-9a-fA-F_]+$`)
	grouped = regexp.MustCompile(`^[+-]?\d[\d_, ']*[_, '][\d_, ']*(\.\d+)?$`)
	percent = regexp.MustCompile(`^[+-]?\d+(\.\d+)? ?%$`)
	endless = regexp.MustCompile(`(?i)^[+-]?\.?(inf|nan|infinity)$`)
)

// numberHint says what a scalar that was meant as a number should look like, "" where it was not meant so.
func (n *node) numberHint() string {
	switch {
	case n.kind != scalarNode:
		return ""
	case endless.MatchString(n.text):
		return "only finite numbers are read"
	case numeral.MatchString(n.text) && !n.plain:
		return "write it without quotes"
	case octal.MatchString(n.text):
		return "write it without the leading zero"
	case numeral.MatchString(n.text):
		return "only finite numbers are read"
	case radix.MatchString(n.text):
		return "write it in decimal digits"
	case grouped.MatchString(n.text):
		return "write plain digits, with a point before the decimals"
	case percent.MatchString(n.text):
		return "write a share, such as 0.1 for 10 %"
	}
	return ""
}

// flag reads a plain true or false.
func (n *node) flag() (value, ok bool) {
	if n.kind != scalarNode || !n.plain {
		return false, false
	}
	return n.text == "true", n.text == "true" || n.text == "false"
}

// found says what stands at a node, for "wants …, got …".
func (n *node) found() string {
	switch n.kind {
	case nullNode:
		return "nothing"
	case listNode:
		return "a list"
	case mappingNode:
		if len(n.pairs) > 0 {
			return fmt.Sprintf("a mapping ({%s: …})", shorten(n.pairs[0].key.text))
		}
		return "an empty mapping"
	}
	if _, ok := n.number(); ok {
		return "the number " + shorten(n.text)
	}
	if _, ok := n.flag(); ok {
		return n.text
	}
	return "text " + quote(n.text)
}

// quote shows a text in a message: in quotes, on one line, not too long.
func quote(text string) string { return strconv.Quote(shorten(text)) }

func shorten(text string) string {
	const most = 60
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}
