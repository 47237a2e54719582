package scorecard

import (
	"slices"
	"strings"
)

// Formula is a checked expression over other metrics, the board's constants and the metric's own taken value.
type Formula struct {
	Text      string
	Root      *Node
	UsesValue bool     // it reads "value", the metric's own taken value
	Reads     []string // keys of the metrics it reads, each once, in the order of first use
}

// NodeKind is the kind of an expression node.
type NodeKind int

const (
	NodeNumber   NodeKind = iota // Number
	NodeMissing                  // the word missing
	NodeMetric                   // Name: key of a metric
	NodeConstant                 // Name: key of a constant; Number holds its value
	NodeValue                    // the metric's own taken value
	NodeUnary                    // Op "-" or "not", one argument
	NodeBinary                   // Op "+ - * / % ** < <= > >= == != and or ??", two arguments
	NodeTernary                  // c ? a : b, three arguments
	NodeCall                     // Name: abs min max round floor ceil sqrt ln log10 exp clamp lookup
)

// Node is one node of a formula's syntax tree. A checked tree is well typed: only comparisons, and, or, not yield
// truth values, and they stand only where truth values may: as the condition of a NodeTernary and under and, or, not.
type Node struct {
	Kind         NodeKind
	Op           string
	Name         string
	Number       float64
	Args         []*Node // of lookup: x alone
	Table        []Band  // of lookup: its rising thresholds
	Line, Column int     // in the file: of the operator, else of the first character
}

// FormulaOrder returns the metrics that have a formula, each after those whose values it reads; where that leaves a
// choice, in declared order.
func (s *Scorecard) FormulaOrder() []*Part {
	formulas := map[string]*Part{}
	var declared, order []*Part
	for _, p := range s.Metrics() {
		if p.Formula != nil {
			formulas[p.Key] = p
			declared = append(declared, p)
		}
	}
	var visit func(p *Part)
	visit = func(p *Part) {
		if formulas[p.Key] == nil {
			return
		}
		delete(formulas, p.Key)
		for _, key := range p.Formula.Reads {
			if read := formulas[key]; read != nil {
				visit(read)
			}
		}
		order = append(order, p)
	}
	for _, p := range declared {
		visit(p)
	}
	return order
}

// formulas parses the formulas, now that every key is known, and finds cycles among them.
func (b *builder) formulas() {
	if b.count > maxParts {
		return
	}
	for _, m := range b.metrics {
		text := m.node.field("formula")
		m.part.Formula = b.formula(text, m.part)
		if f := m.part.Formula; f != nil && !f.UsesValue && m.node.keyOf("take") != nil {
			key := m.node.keyOf("take")
			b.at(key, "\"take\" beside a formula that does not read \"value\" plays no part; leave one of the two out")
		}
	}
	b.cycles()
}

// cycles reports each ring of formulas once, as a chain from its first declared member.
func (b *builder) cycles() {
	const (
		unseen = iota
		open
		done
	)
	state := map[string]int{}
	declared := map[string]int{}
	for i, m := range b.metrics {
		declared[m.part.Key] = i
	}
	rings := 0
	var chain []string
	var visit func(p *Part)
	visit = func(p *Part) {
		state[p.Key] = open
		chain = append(chain, p.Key)
		for _, key := range p.Formula.Reads {
			read := b.parts[key]
			switch {
			case read == nil || read.Formula == nil:
			case state[key] == unseen:
				visit(read)
			case state[key] == open && rings < maxProblems:
				rings++
				b.ring(chain[slices.Index(chain, key):], declared)
			}
		}
		state[p.Key] = done
		chain = chain[:len(chain)-1]
	}
	for _, m := range b.metrics {
		if m.part.Formula != nil && state[m.part.Key] == unseen {
			visit(m.part)
		}
	}
}

// ring reports a cycle at the formula of its first declared member.
func (b *builder) ring(keys []string, declared map[string]int) {
	at := 0
	for i, key := range keys {
		if declared[key] < declared[keys[at]] {
			at = i
		}
	}
	chain := slices.Concat(keys[at:], keys[:at], keys[at:at+1])
	n := b.metrics[declared[chain[0]]].node.field("formula")
	if len(chain) > 12 {
		chain = slices.Concat(chain[:8], []string{"…"}, chain[len(chain)-3:])
	}
	b.fault(n.line, n.column, "formula: a cycle, %s; no order of work can begin", strings.Join(chain, " → "))
}
