package scorecard

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shape is what a value of the file may look like: one alternative per kind of YAML value. The same shapes check
// files and make the JSON Schema, so the two cannot disagree.
type shape struct {
	number *numberShape
	words  []word            // fixed texts
	meant  map[string]string // what people write who know another tool: the word that it is here
	text   *textShape        // any other text
	flag   bool              // true or false
	null   bool              // ~
	list   *listShape
	object *objectShape
	ref    string // a shape of its own name: "part"
	wants  string // what a message says is wanted, "" for words made from the alternatives
}

// numberShape bounds a number; a nil bound is none.
type numberShape struct {
	whole      bool
	least      *float64
	above      *float64 // exclusive
	most       *float64
	complaints string // why a number out of bounds is wrong, "" for words made from the bounds
}

// word is one of the fixed texts of a key.
type word struct{ text, doc string }

// textShape is free text; whoever writes `name: 2026` means the text.
type textShape struct {
	pattern *regexp.Regexp // nil: anything printable
	example string
	empty   bool // may be empty
	many    bool // may have several lines
	most    int  // characters
}

// listShape is a list of items, or of exactly the places of a tuple.
type listShape struct {
	item   *shape
	tuple  []*shape
	least  int
	most   int // 0: any number
	unique bool
}

// objectShape is a mapping of known keys.
type objectShape struct {
	fields []field
	single bool // exactly one key: a choice among methods
	some   bool // at least one key; for the schema, the words are the builder's
	open   *openShape
}

// openShape is a mapping whose keys the file chooses.
type openShape struct {
	key   *textShape
	value *shape
}

// field is one key of a mapping.
type field struct {
	key      string
	shape    *shape
	doc      string
	standard any  // the default, nil none; for the schema
	required bool // the key must stand
	on       where
}

// where a key of a part may stand.
type where int

const (
	onBoth where = iota
	onGroup
	onMetric
)

// value matches a node with a shape and reports what does not fit. label is the key, for messages.
func (r *reader) value(n *node, s *shape, label string) {
	if s.ref != "" {
		s = named(s.ref)
	}
	switch n.kind {
	case nullNode:
		if !s.null {
			r.misfit(n, s, label)
		}
	case listNode:
		if s.list == nil {
			r.misfit(n, s, label)
			return
		}
		r.list(n, s.list, label)
	case mappingNode:
		if s.object == nil {
			r.misfit(n, s, label)
			return
		}
		r.object(n, s.object, label)
	case scalarNode:
		r.scalar(n, s, label)
	}
}

// misfit reports a value of the wrong kind.
func (r *reader) misfit(n *node, s *shape, label string) {
	hint := ""
	if s.number != nil {
		hint = n.numberHint()
	}
	if n.kind == scalarNode && s.object != nil && s.object.single {
		for _, f := range s.object.fields {
			if f.key == n.text {
				hint = fmt.Sprintf("write {%s: {}}, with its settings inside", n.text)
				if f.shape.object == nil {
					hint = fmt.Sprintf("write {%s: …}, with its setting after the colon", n.text)
				}
			}
		}
	}
	if n.kind == scalarNode && n.plain && s.object != nil && strings.Contains(n.text, ":") {
		hint = "a space is missing after the colon"
	}
	if n.kind == nullNode && len(s.words) > 0 && slices.ContainsFunc(s.words, func(w word) bool { return w.text == "none" }) {
		hint = "write none, or leave the key out"
	}
	if hint != "" {
		hint = "; " + hint
	}
	r.at(n, "%s: wants %s, got %s%s", label, s.wanted(), n.found(), hint)
}

func (r *reader) scalar(n *node, s *shape, label string) {
	if _, ok := n.flag(); ok && s.flag {
		return
	}
	value, isNumber := n.number()
	if isNumber && s.number != nil {
		r.bounds(n, value, s.number, label)
		return
	}
	if slices.ContainsFunc(s.words, func(w word) bool { return w.text == n.text }) {
		return
	}
	if s.text != nil && (s.text.pattern == nil || s.text.pattern.MatchString(n.text)) {
		r.text(n, s.text, label)
		return
	}
	_, isFlag := n.flag()
	switch {
	case len(s.words) > 0 && !isNumber && !isFlag && n.numberHint() == "" && !s.names(n.text):
		if meant, ok := s.meant[strings.ToLower(n.text)]; ok {
			r.at(n, "%s: %s is not known; did you mean %q?", label, quote(n.text), meant)
			return
		}
		known := make([]string, len(s.words))
		for i, w := range s.words {
			known[i] = w.text
		}
		if s.object != nil {
			for _, f := range s.object.fields {
				known = append(known, f.key)
			}
		}
		if _, close := nearest(n.text, known); !close && s.wants != "" {
			r.at(n, "%s: %s is not known; it wants %s", label, quote(n.text), s.wants)
			return
		}
		r.at(n, "%s: %s is not known%s", label, quote(n.text), instead(n.text, known))
	case s.text != nil && s.text.pattern != nil && s.number == nil:
		r.at(n, "%s: %s does not fit; it wants %s", label, quote(n.text), s.wanted())
	default:
		r.misfit(n, s, label)
	}
}

// names reports whether a text is one of the keys of the shape's mapping.
func (s *shape) names(text string) bool {
	return s.object != nil && slices.ContainsFunc(s.object.fields, func(f field) bool { return f.key == text })
}

func (r *reader) bounds(n *node, value float64, s *numberShape, label string) {
	out := s.whole && value != math.Trunc(value) ||
		s.least != nil && value < *s.least || s.above != nil && value <= *s.above || s.most != nil && value > *s.most
	if out {
		r.at(n, "%s: wants %s, got %s", label, s.wanted(), shorten(n.text))
	}
}

func (r *reader) text(n *node, s *textShape, label string) {
	count := utf8.RuneCountInString(n.text)
	switch {
	case strings.TrimSpace(n.text) == "" && !s.empty:
		r.at(n, "%s: wants text, got nothing", label)
	case count > s.most:
		r.at(n, "%s: %d characters; at most %d", label, count, s.most)
	case strings.ContainsFunc(n.text, func(c rune) bool { return unicode.IsControl(c) && !(s.many && (c == '\n' || c == '\t')) }):
		r.at(n, "%s: control characters or line breaks in %s", label, quote(n.text))
	}
}

func (r *reader) list(n *node, s *listShape, label string) {
	if s.tuple != nil {
		if len(n.items) != len(s.tuple) {
			r.at(n, "%s: wants %s, got a list of %d", label, s.wanted(), len(n.items))
			return
		}
		for i, item := range n.items {
			r.value(item, s.tuple[i], label)
			n.bad = n.bad || item.bad
		}
		return
	}
	if len(n.items) < s.least {
		r.at(n, "%s: an empty list; it wants at least one item", label)
		return
	}
	if s.most > 0 && len(n.items) > s.most {
		r.at(n, "%s: %d of them; at most %d", label, len(n.items), s.most)
		return
	}
	seen := map[string]*node{}
	for _, item := range n.items {
		r.value(item, s.item, label)
		if !s.unique || item.kind != scalarNode || item.bad {
			continue
		}
		if first := seen[item.text]; first != nil {
			r.at(item, "%s: %s stands twice; first on line %d", label, quote(item.text), first.line)
		}
		seen[item.text] = item
	}
}

func (r *reader) object(n *node, s *objectShape, label string) {
	seen := map[string]*node{}
	group := s.isPart() && slices.ContainsFunc(n.pairs, func(p pair) bool { return p.key.text == "parts" })
	for _, p := range n.pairs {
		if first := seen[p.key.text]; first != nil {
			r.at(p.key, "key %s stands twice; first on line %d", quote(p.key.text), first.line)
			continue
		}
		seen[p.key.text] = p.key
		if s.open != nil {
			r.scalar(p.key, &shape{text: s.open.key}, label)
			r.value(p.value, s.open.value, p.key.text)
			continue
		}
		i := slices.IndexFunc(s.fields, func(f field) bool { return f.key == p.key.text })
		if i < 0 {
			known := make([]string, len(s.fields))
			for i, f := range s.fields {
				known[i] = f.key
			}
			r.at(p.key, "unknown key %s%s%s", quote(p.key.text), within(label), instead(p.key.text, known))
			continue
		}
		f := s.fields[i]
		switch {
		case f.on == onGroup && !group:
			r.at(p.key, "%q belongs to a group, and this part is a metric: it has no \"parts\"", f.key)
		case f.on == onMetric && group:
			r.at(p.key, "%q belongs to a metric, and this part is a group: it has \"parts\"", f.key)
		default:
			r.value(p.value, f.shape, f.key)
		}
	}
	if s.single && len(n.pairs) != 1 {
		r.at(n, "%s: wants exactly one of %s", label, s.keys())
		return
	}
	for _, f := range s.fields {
		if f.required && seen[f.key] == nil {
			r.fault(n.line, n.column, "%q is missing%s: %s", f.key, within(label), strings.TrimSuffix(lowerFirst(f.doc), "."))
		}
	}
}

// within names the mapping of a key where that helps.
func within(label string) string {
	switch label {
	case "scorecard":
		return ""
	case "parts":
		return " in this part"
	}
	return fmt.Sprintf(" under %q", label)
}

func (s *objectShape) isPart() bool {
	return slices.ContainsFunc(s.fields, func(f field) bool { return f.on != onBoth })
}

func (s *objectShape) keys() string {
	keys := make([]string, len(s.fields))
	for i, f := range s.fields {
		keys[i] = f.key
	}
	return either(keys)
}

// wanted says in words what values fit.
func (s *shape) wanted() string {
	if s.wants != "" {
		return s.wants
	}
	if s.ref != "" {
		s = named(s.ref)
	}
	var ways []string
	if s.number != nil {
		ways = append(ways, s.number.wanted())
	}
	for _, w := range s.words {
		ways = append(ways, w.text)
	}
	switch {
	case s.text != nil && s.text.pattern != nil:
		ways = append(ways, "text such as "+s.text.example)
	case s.text != nil:
		ways = append(ways, "text")
	}
	if s.flag {
		ways = append(ways, "true or false")
	}
	if s.list != nil {
		ways = append(ways, s.list.wanted())
	}
	if s.object != nil {
		ways = append(ways, s.object.wanted())
	}
	if s.null {
		ways = append(ways, "~")
	}
	return either(ways)
}

func (s *numberShape) wanted() string {
	if s.complaints != "" {
		return s.complaints
	}
	what := "a number"
	if s.whole {
		what = "a whole number"
	}
	switch {
	case s.least != nil && s.most != nil:
		return fmt.Sprintf("%s from %s to %s", what, plain(*s.least), plain(*s.most))
	case s.above != nil:
		return fmt.Sprintf("%s above %s", what, plain(*s.above))
	case s.least != nil:
		return fmt.Sprintf("%s, %s or more", what, plain(*s.least))
	}
	return what
}

func (s *listShape) wanted() string {
	if s.tuple == nil {
		return "a list"
	}
	ways := make([]string, len(s.tuple))
	for i, t := range s.tuple {
		ways[i] = t.wanted()
	}
	return "a list of " + strconv.Itoa(len(ways)) + ": [" + strings.Join(ways, ", ") + "]"
}

func (s *objectShape) wanted() string {
	if s.open != nil || s.isPart() {
		return "a mapping"
	}
	if s.single {
		ways := make([]string, len(s.fields))
		for i, f := range s.fields {
			ways[i] = "{" + f.key + ": …}"
		}
		return either(ways)
	}
	keys := make([]string, len(s.fields))
	for i, f := range s.fields {
		keys[i] = f.key
	}
	return "{" + strings.Join(keys, ", ") + "}"
}

// plain writes a number as short as it reads back.
func plain(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func either(ways []string) string {
	if len(ways) < 2 {
		return strings.Join(ways, "")
	}
	return strings.Join(ways[:len(ways)-1], ", ") + " or " + ways[len(ways)-1]
}

func lowerFirst(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToLower(first)) + text[size:]
}
