package intake

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"cairn/internal/fault"
	"cairn/internal/shallow"
)

// Mapping says how a file with headers of its own becomes entries. It is a YAML file:
//
//	mapping: 1                                # format version
//	headers: [Deal owner, Amount, Close Date] # by which the header is found, whatever stands before it
//	preamble: 3                               # or: so many lines stand before the header
//	comments: "#"                             # lines that begin so are no rows; after the header they end its table
//	title: Metric                             # a column that the file does not have: the first cell of the row before the header
//	delimiter: ";"                            # default: found by itself
//	decimal: comma                            # default: point
//	thousands: ","                            # what groups digits; default: nothing
//	dates: [D MMM YYYY, "YYYY-MM-DD HH:mm"]   # default: RFC 3339 and YYYY-MM-DD
//	constants: {Region: North}                # columns that the file does not have
//	player: {column: Deal owner, by: name}    # by: key (default), email, handle, name
//	name: Full name                           # columns that tell more about the player
//	email: Mail
//	handle: Login
//	tags: {region: Region}                    # tag group: column
//	at: Close Date                            # none: the file is of the --period
//	entries:
//	  - {column: Amount, key: revenue}        # one entry per row, of its number
//	  - {key: deals, as: count}               # one entry per row, of value 1
//	  - {key: calls, as: count, per: day}     # one entry per player and day, nothing else is kept
//	  - {column: Value, key_column: Metric}   # the key stands in a column
//	id: [Record ID]                           # columns that tell rows apart; none: their content
//	label: Deal Name
//	skip: [{column: Content, equals: Total, why: a total, not a video}, {column: Content, blank: true}]
//	private: true                             # rows are other people's: never shown or copied
//
// Columns are found as written, else without regard to case.
type Mapping struct {
	file      string
	Headers   []string
	preamble  int
	comments  string
	title     *field
	delimiter rune
	numbers   numbers
	dates     []dateLayout
	constants []field
	player    *field
	By        string
	name      *field
	email     *field
	handle    *field
	tags      []field
	at        *field
	entries   []entryRule
	id        []field
	label     *field
	skip      []skipColumn
	private   bool
}

// Keys returns the keys of entries that a mapping names itself, in its order.
func (m *Mapping) Keys() (keys []string) {
	for _, e := range m.entries {
		if e.key != "" && !slices.Contains(keys, e.key) {
			keys = append(keys, e.key)
		}
	}
	return keys
}

// field is a word of the mapping with its place; name is what it is called or stands for.
type field struct {
	name, text string
	at         *token.Token
}

type entryRule struct {
	key               string
	column, keyColumn *field
	perDay            bool
}

type skipColumn struct {
	column field
	rule   skipRule
}

const maxMapping = 64 << 10

// LoadMapping reads a mapping file, or, where there is none of that name, a preset. The error is a fault with file, line and column.
func LoadMapping(path string) (*Mapping, error) {
	source, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		if presets, broken := Presets(); broken == nil {
			if at := slices.IndexFunc(presets, func(p Preset) bool { return p.Name == path }); at >= 0 {
				return presets[at].Mapping, nil
			}
		}
	}
	if err != nil {
		return nil, cannotOpen(path, err)
	}
	return ParseMapping(path, source)
}

// ParseMapping reads the text of a mapping; file names it in messages.
func ParseMapping(file string, source []byte) (m *Mapping, err error) {
	d := &decoder{file: file}
	if len(source) > maxMapping {
		return nil, d.wrong(nil, "a mapping is not longer than 64 KiB")
	}
	if p := shallow.Check(string(source)); p != nil {
		return nil, d.wrong(&token.Token{Position: &token.Position{Line: p.Line, Column: p.Column}}, "%s", p.Why)
	}
	defer func() {
		if recover() != nil { // the parser is not ours: no file may bring the program down
			m, err = nil, d.wrong(nil, "this is not YAML that can be read")
		}
	}()
	parsed, err := parser.ParseBytes(source, 0, parser.AllowDuplicateMapKey()) // fields tells them, with a better message
	if err != nil {
		var placed interface{ GetToken() *token.Token }
		if errors.As(err, &placed) {
			return nil, d.wrong(placed.GetToken(), "this is not YAML: a mapping holds lines such as \"at: Close Date\"")
		}
		return nil, d.wrong(nil, "this is not YAML: a mapping holds lines such as \"at: Close Date\"")
	}
	if len(parsed.Docs) != 1 || parsed.Docs[0].Body == nil {
		return nil, d.wrong(nil, "a mapping is one YAML document; it begins with \"mapping: 1\"")
	}
	m = &Mapping{file: file, By: "key", numbers: numbers{decimal: '.'}}
	d.mapping(m, parsed.Docs[0].Body)
	if d.err != nil {
		return nil, d.err
	}
	return m, nil
}

// decoder walks the YAML of a mapping; it keeps the first fault.
type decoder struct {
	file string
	err  error
}

func (d *decoder) wrong(at *token.Token, format string, args ...any) error {
	place := d.file
	if at != nil && at.Position != nil {
		place = fmt.Sprintf("%s:%d:%d", d.file, at.Position.Line, at.Position.Column)
	}
	err := fault.New(fault.Invalid, "%s: %s", place, fmt.Sprintf(format, args...))
	if d.err == nil {
		d.err = err
	}
	return err
}

func (d *decoder) mapping(m *Mapping, body ast.Node) {
	version := false
	d.fields(body, "mapping", map[string]func(ast.Node){
		"mapping": func(n ast.Node) {
			version = true
			if d.text(n).text != "1" {
				d.wrong(n.GetToken(), "this program reads version 1 of the format: write \"mapping: 1\"")
			}
		},
		"about": func(n ast.Node) { d.text(n) },
		"headers": func(n ast.Node) {
			for _, f := range d.texts(n) {
				m.Headers = append(m.Headers, f.text)
			}
		},
		"preamble": func(n ast.Node) {
			var err error
			if m.preamble, err = strconv.Atoi(d.text(n).text); err != nil || m.preamble < 0 || m.preamble > 1000 {
				d.wrong(n.GetToken(), "preamble is how many lines stand before the header, 0 to 1000")
			}
		},
		"comments": func(n ast.Node) {
			m.comments = d.text(n).text
			if m.comments == "" || len(m.comments) > 8 || strings.ContainsAny(m.comments, "\"\r\n") {
				d.wrong(n.GetToken(), "comments is what such lines begin with, such as \"#\"")
			}
		},
		"title": d.column(&m.title),
		"delimiter": func(n ast.Node) {
			f := d.text(n)
			if f.text == `\t` || f.text == "tab" {
				f.text = "\t"
			}
			if len(f.text) != 1 || strings.ContainsAny(f.text, "\"\r\n") || f.text[0] >= 0x80 {
				d.wrong(n.GetToken(), "a delimiter is one character, such as \";\"")
				return
			}
			m.delimiter = rune(f.text[0])
		},
		"decimal": func(n ast.Node) {
			switch d.text(n).text {
			case "comma":
				m.numbers.decimal = ','
			case "point":
			default:
				d.wrong(n.GetToken(), "decimal is comma or point")
			}
		},
		"thousands": func(n ast.Node) {
			m.numbers.thousands = d.text(n).text
			if len([]rune(m.numbers.thousands)) != 1 || strings.ContainsAny(m.numbers.thousands, "0123456789+-eE") {
				d.wrong(n.GetToken(), "thousands is the one character that groups the digits, such as \",\"")
			}
		},
		"dates": func(n ast.Node) {
			for _, f := range d.texts(n) {
				layout, err := parseDateLayout(f.text)
				if err != nil {
					d.wrong(f.at, "%s", err)
				}
				m.dates = append(m.dates, layout)
			}
		},
		"constants": func(n ast.Node) { m.constants = d.pairs(n) },
		"player": func(n ast.Node) {
			d.fields(n, "player", map[string]func(ast.Node){
				"column": d.column(&m.player),
				"by": func(n ast.Node) {
					m.By = d.text(n).text
					if !slices.Contains([]string{"key", "email", "handle", "name"}, m.By) {
						d.wrong(n.GetToken(), "players are told apart by key, email, handle or name, not by %q", m.By)
					}
				},
			})
			if m.player == nil {
				d.wrong(n.GetToken(), "player needs the column that tells the players apart: {column: Owner, by: name}")
			}
		},
		"name":   d.column(&m.name),
		"email":  d.column(&m.email),
		"handle": d.column(&m.handle),
		"label":  d.column(&m.label),
		"at":     d.column(&m.at),
		"tags":   func(n ast.Node) { m.tags = d.pairs(n) },
		"id":     func(n ast.Node) { m.id = d.texts(n) },
		"entries": func(n ast.Node) {
			for _, each := range d.list(n) {
				m.entries = append(m.entries, d.entry(each))
			}
		},
		"skip": func(n ast.Node) {
			for _, each := range d.list(n) {
				m.skip = append(m.skip, d.skip(each))
			}
		},
		"private": func(n ast.Node) { m.private = d.truth(n) },
	})
	if d.err != nil {
		return
	}
	switch perDay := slices.ContainsFunc(m.entries, func(e entryRule) bool { return e.perDay }); {
	case !version:
		d.wrong(body.GetToken(), "the mapping does not say its version: begin with \"mapping: 1\"")
	case len(m.entries) == 0:
		d.wrong(body.GetToken(), "the mapping makes no entries: say which, such as \"entries: [{column: Amount, key: revenue}]\"")
	case perDay && m.at == nil:
		d.wrong(body.GetToken(), "entries per day need the column of their time: \"at: Connected On\"")
	case perDay && slices.ContainsFunc(m.entries, func(e entryRule) bool { return !e.perDay }):
		d.wrong(body.GetToken(), "entries per day and per row do not go into one mapping: write two")
	case m.private && !perDay:
		d.wrong(body.GetToken(), "a private mapping keeps counts per day only: add \"as: count, per: day\" to its entries")
	case m.numbers.thousands == string(m.numbers.decimal):
		d.wrong(body.GetToken(), "the thousands and the decimal sign are the same")
	}
}

func (d *decoder) entry(n ast.Node) (e entryRule) {
	var as, per string
	d.fields(n, "an entry", map[string]func(ast.Node){
		"key":        func(n ast.Node) { e.key = d.text(n).text },
		"column":     d.column(&e.column),
		"key_column": d.column(&e.keyColumn),
		"as": func(n ast.Node) {
			if as = d.text(n).text; as != "count" {
				d.wrong(n.GetToken(), "an entry can be taken as: count (one per row), not as %q", as)
			}
		},
		"per": func(n ast.Node) {
			if per = d.text(n).text; per != "day" {
				d.wrong(n.GetToken(), "counts are kept per: day, not per %q", per)
			}
		},
	})
	e.perDay = per != ""
	switch {
	case (e.key == "") == (e.keyColumn == nil):
		d.wrong(n.GetToken(), "an entry has either a key or a key_column")
	case (as == "") == (e.column == nil):
		d.wrong(n.GetToken(), "an entry has either a column with its number or \"as: count\"")
	case e.perDay && (as == "" || e.key == ""):
		d.wrong(n.GetToken(), "per: day goes with a key and \"as: count\"")
	}
	return e
}

func (d *decoder) skip(n ast.Node) (s skipColumn) {
	var column *field
	d.fields(n, "skip", map[string]func(ast.Node){
		"column": d.column(&column),
		"blank":  func(n ast.Node) { s.rule.blank = d.truth(n) },
		"equals": func(n ast.Node) {
			for _, f := range d.texts(n) {
				s.rule.equals = append(s.rule.equals, f.text)
			}
		},
		"why": func(n ast.Node) { s.rule.why = d.text(n).text },
	})
	if column == nil || !s.rule.blank && len(s.rule.equals) == 0 {
		d.wrong(n.GetToken(), "a row to skip is told by a column that is blank or equals a text: {column: Content, equals: Total}")
		return s
	}
	s.column = *column
	if s.rule.why == "" {
		s.rule.why = fmt.Sprintf("column %s says that it is no data", column.text)
	}
	return s
}

// fields calls, for every key of a YAML mapping, what knows it.
func (d *decoder) fields(n ast.Node, what string, known map[string]func(ast.Node)) {
	seen := map[string]bool{}
	for _, pair := range d.values(n, what) {
		at := pair.Key.GetToken()
		read, ok := known[at.Value]
		switch {
		case !ok:
			words := make([]string, 0, len(known))
			for word := range known {
				words = append(words, word)
			}
			d.wrong(at, "%s has no key %q; %s", what, at.Value, hint(at.Value, words))
		case seen[at.Value]:
			d.wrong(at, "%q stands twice", at.Value)
		default:
			seen[at.Value] = true
			read(pair.Value)
		}
	}
}

func (d *decoder) values(n ast.Node, what string) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	d.wrong(n.GetToken(), "%s wants lines of \"key: value\"", what)
	return nil
}

// text reads one plain value.
func (d *decoder) text(n ast.Node) field {
	scalar, ok := n.(ast.ScalarNode)
	if kind := n.Type(); !ok || kind == ast.NullType || kind == ast.LiteralType || kind == ast.AliasType || kind == ast.AnchorType || kind == ast.TagType {
		d.wrong(n.GetToken(), "one plain value is wanted here")
		return field{at: n.GetToken()}
	}
	return field{text: scalar.GetToken().Value, at: scalar.GetToken()}
}

func (d *decoder) truth(n ast.Node) bool {
	text := d.text(n).text
	if text != "true" && text != "false" {
		d.wrong(n.GetToken(), "true or false is wanted here")
	}
	return text == "true"
}

// column reads the name of a column into a place.
func (d *decoder) column(into **field) func(ast.Node) {
	return func(n ast.Node) {
		f := d.text(n)
		*into = &f
	}
}

func (d *decoder) list(n ast.Node) []ast.Node {
	if sequence, ok := n.(*ast.SequenceNode); ok {
		return sequence.Values
	}
	d.wrong(n.GetToken(), "a list is wanted here")
	return nil
}

// texts reads a plain value or a list of them.
func (d *decoder) texts(n ast.Node) (fields []field) {
	if _, ok := n.(*ast.SequenceNode); !ok {
		return []field{d.text(n)}
	}
	for _, each := range d.list(n) {
		fields = append(fields, d.text(each))
	}
	return fields
}

// pairs reads plain values under names of the user's own.
func (d *decoder) pairs(n ast.Node) (fields []field) {
	for _, pair := range d.values(n, "this") {
		f := d.text(pair.Value)
		f.name = pair.Key.GetToken().Value
		if slices.ContainsFunc(fields, func(other field) bool { return other.name == f.name }) {
			d.wrong(pair.Key.GetToken(), "%q stands twice", f.name)
		}
		fields = append(fields, f)
	}
	return fields
}

// Opening says how to open a file that the mapping describes.
func (m *Mapping) Opening() Opening {
	how := Opening{Delimiter: m.delimiter, Skip: m.preamble, Comments: m.comments}
	if len(m.Headers) > 0 {
		how.Header = m.Fits
	}
	return how
}

// Fits reports whether a row is the header that the mapping waits for: it has all its headers, in any order and case.
func (m *Mapping) Fits(cells []string) bool {
	for _, header := range m.Headers {
		if columnOf(cells, header) < 0 {
			return false
		}
	}
	return len(m.Headers) > 0
}

// PerDay reports whether the mapping keeps counts per day only.
func (m *Mapping) PerDay() bool { return m.entries[0].perDay }

// Preamble is how many lines stand before the header.
func (m *Mapping) Preamble() int { return m.preamble }

// Layout finds the columns of the mapping in the header of a sheet. player is the key of the one player that every row is
// about, "" where the mapping says.
func (m *Mapping) Layout(sheet *Sheet, zone *time.Location, player string) (*Layout, error) {
	l := newLayout(sheet, zone)
	l.numbers, l.instants.layouts, l.Private, l.PerDay = m.numbers, m.dates, m.private, m.PerDay()
	d := &decoder{file: m.file}
	constants := slices.Clone(m.constants)
	if m.title != nil {
		if sheet.Title == "" {
			d.wrong(m.title.at, "%s has no title in the row before its header", sheet.Name)
		}
		constants = append(constants, field{name: m.title.text, text: sheet.Title, at: m.title.at})
	}
	for _, constant := range constants {
		if columnOf(sheet.Header, constant.name) >= 0 {
			d.wrong(constant.at, "the file has a column %q already: name the constant otherwise", constant.name)
		}
		l.constants = append(l.constants, constant.text)
	}
	used := map[int]bool{}
	column := func(f *field) int {
		if f == nil {
			return -1
		}
		at := columnOf(sheet.Header, f.text)
		for i, constant := range constants {
			if at < 0 && constant.name == f.text {
				at = len(sheet.Header) + i
			}
		}
		if at < 0 {
			d.wrong(f.at, "%s has no column %q; %s", sheet.Name, f.text, hint(f.text, sheet.Header))
		}
		used[at] = true
		return at
	}
	l.player, l.By = column(m.player), m.By
	if player != "" {
		l.constants = append(l.constants, player)
		l.player, l.By = len(sheet.Header)+len(l.constants)-1, "key"
	} else if m.player == nil {
		return nil, fault.New(fault.Invalid, "%s does not say who it is about: name the player with --player KEY", sheet.Name)
	}
	l.name, l.email, l.handle, l.label, l.at = column(m.name), column(m.email), column(m.handle), column(m.label), column(m.at)
	l.Dated, l.Wide = m.at != nil, m.at == nil
	for _, tag := range m.tags {
		l.tags = append(l.tags, tagColumn{tag.name, column(&tag)})
	}
	for _, e := range m.entries {
		l.values = append(l.values, valueColumn{key: e.key, keyColumn: column(e.keyColumn), column: column(e.column)})
	}
	for _, f := range m.id {
		l.id = append(l.id, column(&f))
	}
	for _, s := range m.skip {
		s.rule.column = column(&s.column)
		l.skip = append(l.skip, s.rule)
	}
	if d.err != nil {
		return nil, d.err
	}
	for i, header := range sheet.Header {
		if !used[i] && header != "" && header != ReasonColumn {
			l.Ignored = append(l.Ignored, header)
		}
	}
	return l, nil
}

// columnOf finds a header as written, else without regard to case.
func columnOf(header []string, name string) int {
	if i := slices.IndexFunc(header, func(cell string) bool { return strings.TrimSpace(cell) == name }); i >= 0 {
		return i
	}
	return slices.IndexFunc(header, func(cell string) bool { return strings.EqualFold(strings.TrimSpace(cell), name) })
}

// hint names the known word most like one that is not known, or all of them.
func hint(given string, words []string) string {
	if near := fault.Nearest(given, words); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	words = slices.Sorted(slices.Values(words))
	if len(words) > 20 {
		words = append(words[:20], "…")
	}
	return "there are " + strings.Join(words, ", ")
}
