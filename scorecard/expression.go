package scorecard

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxFormulaDepth bounds how deep a formula's brackets, signs and choices may nest.
const maxFormulaDepth = 100

// functions of the formula language and how many arguments they take; -1 is one or more.
var functions = map[string]int{
	"abs": 1, "min": -1, "max": -1, "round": 1, "floor": 1, "ceil": 1, "sqrt": 1, "ln": 1, "log10": 1, "exp": 1,
	"clamp": 3, "lookup": 2,
}

// reserved reports whether a word means something in a formula.
func reserved(word string) bool {
	_, function := functions[word]
	return function || slices.Contains([]string{"missing", "value", "and", "or", "not"}, word)
}

// symbol is one piece of a formula: a number, a name or an operator, or the end ("").
type symbol struct {
	text         string
	line, column int
}

// expression parses one formula. After the first fault of syntax it stands at the end, so that nothing more is
// reported; faults of names and types do not stop it.
type expression struct {
	*builder
	owner   *Part
	symbols []symbol
	next    int
	depth   int
	failed  bool
	wrong   bool
	out     *Formula
}

// formula parses and checks the formula of a metric; nil where it has a fault.
func (b *builder) formula(n *node, owner *Part) *Formula {
	e := &expression{builder: b, owner: owner, out: &Formula{Text: strings.TrimSpace(n.text)}}
	if !e.split(n) {
		return nil
	}
	e.out.Root = e.choice()
	if s := e.peek(); s.text != "" && !e.failed {
		e.stray(s)
	}
	if !e.failed {
		e.number(e.out.Root)
	}
	if e.failed || e.wrong {
		return nil
	}
	return e.out
}

// split cuts the formula into symbols with their places in the file.
func (e *expression) split(n *node) bool {
	text := []rune(n.text)
	places := e.places(n, text)
	e.symbols = nil
	for i := 0; i < len(text); {
		c, start := text[i], i
		switch {
		case unicode.IsSpace(c):
			i++
			continue
		case digit(c) || c == '.' && i+1 < len(text) && digit(text[i+1]):
			i = numberEnd(text, i)
			if i < len(text) && (letter(text[i]) || text[i] == '.') {
				e.fault(places[start].line, places[start].column, "formula: %s is no number; write digits, with a point before the decimals", quote(string(text[start:i+1])))
				return false
			}
		case letter(c):
			for i < len(text) && (letter(text[i]) || digit(text[i])) {
				i++
			}
		default:
			i++
			if two := string(text[start:min(start+2, len(text))]); slices.Contains([]string{"**", "<=", ">=", "==", "!=", "??"}, two) {
				i++
			} else if hint, known := foreign[two]; known {
				e.fault(places[start].line, places[start].column, "formula: %q is not known; write %s", two, hint)
				return false
			} else if !strings.ContainsRune("+-*/%<>?:(),[]", c) {
				hint := ""
				if c == '"' || c == '\'' {
					hint = "; a formula holds numbers and keys, no texts"
				}
				if foreign[string(c)] != "" {
					hint = "; write " + foreign[string(c)]
				}
				e.fault(places[start].line, places[start].column, "formula: %q is not known%s", string(c), hint)
				return false
			}
		}
		e.symbols = append(e.symbols, symbol{string(text[start:i]), places[start].line, places[start].column})
	}
	end := symbol{line: n.line, column: n.column}
	if len(e.symbols) > 0 {
		last := e.symbols[len(e.symbols)-1]
		end = symbol{line: last.line, column: last.column + utf8.RuneCountInString(last.text)}
	}
	e.symbols = append(e.symbols, end)
	return true
}

// foreign says how other languages' signs are written here.
var foreign = map[string]string{
	"&&": "and", "||": "or", "&": "and", "|": "or", "!": "not", "=": "==", "^": "** for a power", "<>": "!=", "//": "floor(a / b)", "=>": ">=", "=<": "<=",
	"{": "( or [", "}": ") or ]", "×": "*", "÷": "/", "−": "-", "·": "*", ";": "a comma",
}

func digit(c rune) bool  { return c >= '0' && c <= '9' }
func letter(c rune) bool { return c == '_' || unicode.IsLetter(c) }

func numberEnd(text []rune, i int) int {
	digits := func() {
		for i < len(text) && digit(text[i]) {
			i++
		}
	}
	digits()
	if i < len(text) && text[i] == '.' {
		i++
		digits()
	}
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		mark := i
		if i++; i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		if i == len(text) || !digit(text[i]) {
			return mark
		}
		digits()
	}
	return i
}

// places finds every character of a scalar in the file. Quotes, escapes, folded lines and blocks change blanks and
// their neighbours only, so the two texts are walked side by side, blanks left out.
func (r *reader) places(n *node, text []rune) []symbol {
	places := make([]symbol, len(text))
	line, column := n.line, n.column
	var source []rune
	fetch := func() bool {
		if line > len(r.lines) {
			return false
		}
		source = []rune(r.lines[line-1])
		return true
	}
	at := func() rune {
		if column <= len(source) {
			return source[column-1]
		}
		return '\n'
	}
	known := fetch()
	quoted := rune(0)
	if known {
		switch first := at(); {
		case n.plain:
		case first == '"' || first == '\'':
			quoted = first
			column++
		case first == '|' || first == '>':
			line, column = line+1, 1
			known = fetch()
		}
	}
	for i, c := range text {
		places[i] = symbol{line: n.line, column: n.column}
		if unicode.IsSpace(c) {
			continue
		}
		for known && (unicode.IsSpace(at()) || quoted == '"' && at() == '\\' && (column == len(source) || strings.ContainsRune("ntr _NLP", source[column]))) {
			switch {
			case column > len(source):
				line, column = line+1, 1
				known = fetch()
			case at() == '\\':
				column += 2
			default:
				column++
			}
		}
		if !known {
			continue
		}
		places[i] = symbol{line: line, column: column}
		width := 1
		switch {
		case quoted == '\'' && at() == '\'':
			width = 2
		case quoted == '"' && at() == '\\':
			width = 2
			if column < len(source) {
				width = map[rune]int{'x': 4, 'u': 6, 'U': 10}[source[column]]
				width = max(width, 2)
			}
		}
		column += width
	}
	return places
}

func (e *expression) peek() symbol { return e.symbols[e.next] }

func (e *expression) take() symbol {
	s := e.symbols[e.next]
	if e.next < len(e.symbols)-1 {
		e.next++
	}
	return s
}

// accept takes the next symbol if it is one of these.
func (e *expression) accept(texts ...string) (symbol, bool) {
	if s := e.peek(); s.text != "" && slices.Contains(texts, s.text) {
		return e.take(), true
	}
	return symbol{}, false
}

func (e *expression) expect(text, purpose string) bool {
	if _, ok := e.accept(text); ok {
		return true
	}
	s := e.peek()
	e.fail(s, "%s is wanted %s, got %s", quote(text), purpose, s.shown())
	return false
}

func (s symbol) shown() string {
	if s.text == "" {
		return "the end of the formula"
	}
	return quote(s.text)
}

// fail reports a fault of syntax, once.
func (e *expression) fail(s symbol, format string, args ...any) *Node {
	if !e.failed {
		e.fault(s.line, s.column, "formula: %s", fmt.Sprintf(format, args...))
	}
	e.failed = true
	e.next = len(e.symbols) - 1
	return &Node{Kind: NodeMissing, Line: s.line, Column: s.column}
}

// complain reports a fault of names or types; parsing goes on.
func (e *expression) complain(line, column int, format string, args ...any) {
	if !e.failed {
		e.fault(line, column, "formula: %s", fmt.Sprintf(format, args...))
	}
	e.wrong = true
}

// stray reports what follows a whole expression.
func (e *expression) stray(s symbol) {
	before := e.symbols[e.next-1]
	switch {
	case slices.Contains(comparisons, s.text):
		e.fail(s, "comparisons do not chain; write a < b and b < c")
	case s.text == ")" || s.text == "]":
		e.fail(s, "%s closes nothing", quote(s.text))
	case s.text == "not":
		e.fail(s, "\"not\" stands before a whole condition: not (a < b)")
	default:
		e.fail(s, "%s after %s; an operator is missing between them", quote(s.text), quote(before.text))
	}
}

// deeper runs parse one level deeper, within the bound.
func (e *expression) deeper(parse func() *Node) *Node {
	if e.depth++; e.depth > maxFormulaDepth {
		return e.fail(e.peek(), "nested too deep; at most %d levels", maxFormulaDepth)
	}
	defer func() { e.depth-- }()
	return parse()
}

// The levels of precedence, from the loosest to the tightest.

func (e *expression) choice() *Node {
	return e.deeper(func() *Node {
		condition := e.either()
		s, ok := e.accept("?")
		if !ok {
			return condition
		}
		e.truth(condition)
		yes := e.number(e.choice())
		e.expect(":", "between the two sides of \"?\"")
		no := e.number(e.choice())
		return &Node{Kind: NodeTernary, Args: []*Node{condition, yes, no}, Line: s.line, Column: s.column}
	})
}

func (e *expression) either() *Node {
	left := e.both()
	for {
		s, ok := e.accept("or")
		if !ok {
			return left
		}
		left = binary(s, e.truth(left), e.truth(e.both()))
	}
}

func (e *expression) both() *Node {
	left := e.negation()
	for {
		s, ok := e.accept("and")
		if !ok {
			return left
		}
		left = binary(s, e.truth(left), e.truth(e.negation()))
	}
}

func (e *expression) negation() *Node {
	if s, ok := e.accept("not"); ok {
		return e.deeper(func() *Node {
			return &Node{Kind: NodeUnary, Op: "not", Args: []*Node{e.truth(e.negation())}, Line: s.line, Column: s.column}
		})
	}
	return e.comparison()
}

var comparisons = []string{"<", "<=", ">", ">=", "==", "!="}

func (e *expression) comparison() *Node {
	left := e.sum()
	if s, ok := e.accept(comparisons...); ok {
		return binary(s, e.number(left), e.number(e.sum()))
	}
	return left
}

func (e *expression) sum() *Node {
	left := e.product()
	for {
		s, ok := e.accept("+", "-")
		if !ok {
			return left
		}
		left = binary(s, e.number(left), e.number(e.product()))
	}
}

func (e *expression) product() *Node {
	left := e.sign()
	for {
		s, ok := e.accept("*", "/", "%")
		if !ok {
			return left
		}
		left = binary(s, e.number(left), e.number(e.sign()))
	}
}

// sign is looser than "**": -2 ** 2 is -4. On the right of "**" and "??" a sign may stand too: 2 ** -1, x ?? -1.
func (e *expression) sign() *Node {
	if s, ok := e.accept("-"); ok {
		return e.deeper(func() *Node {
			return &Node{Kind: NodeUnary, Op: "-", Args: []*Node{e.number(e.sign())}, Line: s.line, Column: s.column}
		})
	}
	return e.power()
}

func (e *expression) power() *Node {
	base := e.fallback()
	if s, ok := e.accept("**"); ok {
		return e.deeper(func() *Node { return binary(s, e.number(base), e.number(e.sign())) })
	}
	return base
}

func (e *expression) fallback() *Node {
	left := e.operand()
	for {
		s, ok := e.accept("??")
		if !ok {
			return left
		}
		right := e.operand
		if e.peek().text == "-" {
			right = e.sign
		}
		left = binary(s, e.number(left), e.number(right()))
	}
}

func (e *expression) operand() *Node {
	s := e.take()
	switch first, _ := utf8.DecodeRuneInString(s.text); {
	case s.text == "(":
		inside := e.choice()
		e.expect(")", fmt.Sprintf("to close the ( in column %d", s.column))
		return inside
	case digit(first) || first == '.':
		return e.literal(s, 1)
	case letter(first):
		return e.name(s)
	case s.text == "":
		return e.fail(s, "it ends where a number, a key or a function is wanted")
	case s.text == "+":
		return e.fail(s, "\"+\" stands between two values; leave the sign out")
	case s.text == "[":
		return e.fail(s, "a list may stand in lookup(x, [[from, value], …]) only")
	}
	return e.fail(s, "%s stands where a number, a key or a function is wanted", quote(s.text))
}

func (e *expression) literal(s symbol, sign float64) *Node {
	value, err := strconv.ParseFloat(s.text, 64)
	if err != nil || math.IsInf(value, 0) {
		return e.fail(s, "%s is larger than a number can be", quote(s.text))
	}
	return &Node{Kind: NodeNumber, Number: sign * value, Line: s.line, Column: s.column}
}

// name is a function, a word of the language, a metric or a constant.
func (e *expression) name(s symbol) *Node {
	n := &Node{Name: s.text, Line: s.line, Column: s.column}
	if e.peek().text == "(" {
		return e.call(s)
	}
	switch s.text {
	case "missing":
		return &Node{Kind: NodeMissing, Line: s.line, Column: s.column}
	case "value":
		e.out.UsesValue = true
		return &Node{Kind: NodeValue, Line: s.line, Column: s.column}
	case "and", "or", "not":
		return e.fail(s, "%q stands where a number, a key or a function is wanted", s.text)
	}
	constant, isConstant := e.card.Constants[s.text]
	part := e.parts[s.text]
	switch _, function := functions[s.text]; {
	case s.text == e.owner.Key:
		e.complain(s.line, s.column, "it reads itself; \"value\" is the metric's own taken value")
	case isConstant:
		n.Kind, n.Number = NodeConstant, constant
		return n
	case part != nil && part.Combine.Mean != "":
		e.complain(s.line, s.column, "%q is a group; a formula reads metrics", s.text)
	case part != nil:
		if !slices.Contains(e.out.Reads, s.text) {
			e.out.Reads = append(e.out.Reads, s.text)
		}
	case function:
		e.complain(s.line, s.column, "%q is a function; its arguments follow in brackets: %s(…)", s.text, s.text)
	default:
		e.complain(s.line, s.column, "no metric, constant or function is called %s%s", quote(s.text), instead(s.text, e.names()))
	}
	n.Kind = NodeMetric
	return n
}

// names are the words that a formula may use.
func (b *builder) names() []string {
	if b.full() {
		return nil
	}
	if b.vocabulary == nil {
		b.vocabulary = slices.Concat(slices.Collect(maps.Keys(b.parts)), slices.Collect(maps.Keys(b.card.Constants)), []string{"missing", "value"})
		b.vocabulary = slices.DeleteFunc(b.vocabulary, func(k string) bool { return b.parts[k] != nil && b.parts[k].Combine.Mean != "" })
		slices.Sort(b.vocabulary)
	}
	return b.vocabulary
}

func (e *expression) call(s symbol) *Node {
	arity, known := functions[s.text]
	if !known {
		return e.fail(s, "no function is called %s%s", quote(s.text), instead(s.text, slices.Sorted(maps.Keys(functions))))
	}
	open := e.take()
	n := &Node{Kind: NodeCall, Name: s.text, Line: s.line, Column: s.column}
	if s.text == "lookup" {
		n.Args = []*Node{e.number(e.choice())}
		if e.expect(",", "before lookup's table [[from, value], …]") {
			n.Table = e.table()
		}
		e.expect(")", fmt.Sprintf("to close the ( in column %d", open.column))
		return n
	}
	if _, none := e.accept(")"); !none {
		for {
			n.Args = append(n.Args, e.number(e.choice()))
			if _, more := e.accept(","); !more {
				break
			}
		}
		e.expect(")", fmt.Sprintf("to close the ( in column %d", open.column))
	}
	if !e.failed && (arity < 0 && len(n.Args) == 0 || arity >= 0 && len(n.Args) != arity) {
		e.complain(s.line, s.column, "%s takes %s, got %d", s.text, map[int]string{-1: "one argument or more", 1: "one argument", 3: "three arguments (x, lowest, highest)"}[arity], len(n.Args))
	}
	if s.text == "clamp" && len(n.Args) == 3 {
		if lo, hi := fixed(n.Args[1]), fixed(n.Args[2]); lo > hi {
			e.complain(n.Args[1].Line, n.Args[1].Column, "clamp: the wrong way round; write the lower bound first")
		}
	}
	return n
}

// fixed is the value of a number with or without a sign, else NaN.
func fixed(n *Node) float64 {
	switch {
	case n.Kind == NodeNumber:
		return n.Number
	case n.Kind == NodeUnary && n.Op == "-" && n.Args[0].Kind == NodeNumber:
		return -n.Args[0].Number
	}
	return math.NaN()
}

// table is lookup's list of rising thresholds and their values.
func (e *expression) table() []Band {
	var table []Band
	if !e.expect("[", "to begin lookup's table [[from, value], …]") {
		return nil
	}
	for {
		if !e.expect("[", "to begin a pair [from, value]") {
			return nil
		}
		from := e.signed()
		if !e.expect(",", "between from and value") {
			return nil
		}
		value := e.signed()
		if !e.expect("]", "to close the pair") {
			return nil
		}
		if i := len(table); i > 0 && from.Number <= table[i-1].From {
			e.complain(from.Line, from.Column, "lookup: %s after %s; thresholds must rise", plain(from.Number), plain(table[i-1].From))
		}
		table = append(table, Band{from.Number, value.Number})
		if _, more := e.accept(","); !more {
			break
		}
	}
	e.expect("]", "to close lookup's table")
	return table
}

func (e *expression) signed() *Node {
	sign := 1.0
	if _, minus := e.accept("-"); minus {
		sign = -1
	}
	s := e.take()
	if first, _ := utf8.DecodeRuneInString(s.text); digit(first) || first == '.' {
		return e.literal(s, sign)
	}
	return e.fail(s, "lookup's table holds numbers only, got %s", s.shown())
}

func binary(s symbol, left, right *Node) *Node {
	return &Node{Kind: NodeBinary, Op: s.text, Args: []*Node{left, right}, Line: s.line, Column: s.column}
}

// Truth reports whether a node yields a truth value rather than a number.
func (n *Node) Truth() bool {
	switch n.Op {
	case "not", "and", "or":
		return true
	}
	return slices.Contains(comparisons, n.Op)
}

func (e *expression) number(n *Node) *Node {
	if n.Truth() {
		e.complain(n.Line, n.Column, "%q yields true or false where a number is wanted; write condition ? 1 : 0", n.Op)
	}
	return n
}

func (e *expression) truth(n *Node) *Node {
	if !n.Truth() {
		e.complain(n.Line, n.Column, "a number stands where a condition is wanted; compare it, as in x > 0")
	}
	return n
}
