package scorecard

import (
	"fmt"
	"slices"
	"strings"
)

// MaxBytes is how long a scorecard file may be. Within this and the other limits Load takes a second at most; beyond
// them it refuses, whatever else the file says.
const MaxBytes = 1 << 20

const (
	maxParts    = 10_000
	maxNesting  = 32    // groups within groups, and levels of the score
	maxFormula  = 4_096 // characters
	maxProblems = 200   // told at once; a file with more is not a scorecard with slips
)

// Problem is one fault of a scorecard file and its place: that of the key when the key is wrong, else of the value.
// Lines and columns count from 1, columns in characters.
type Problem struct {
	File         string
	Line, Column int
	Message      string
}

func (p Problem) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// Problems are all the faults found in a file, in the order of their places. It is the error that Load returns.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.Error()
	}
	return strings.Join(lines, "\n")
}

// Load reads and checks a scorecard; file names it in messages. Every fault found is reported at once, as Problems.
func Load(file string, source []byte) (*Scorecard, error) {
	r := &reader{file: file}
	root := r.parse(source)
	if root == nil {
		return nil, r.sorted()
	}
	r.value(root, topShape, "scorecard")
	if root.kind != mappingNode {
		return nil, r.sorted()
	}
	card := r.build(root)
	if len(r.problems) > 0 {
		return nil, r.sorted()
	}
	card.File, card.Source = file, slices.Clone(source)
	return card, nil
}

// reader collects the problems of one file while it is parsed, matched against the format and built.
type reader struct {
	file     string
	lines    []string // of the text, for places inside a formula
	problems Problems
	dropped  int // problems beyond maxProblems
}

// fault reports a problem at a place.
func (r *reader) fault(line, column int, format string, args ...any) {
	if r.full() {
		r.dropped++
		return
	}
	r.problems = append(r.problems, Problem{File: r.file, Line: line, Column: column, Message: fmt.Sprintf(format, args...)})
}

// full reports whether further problems are only counted, so that nobody looks for their nearest known word.
func (r *reader) full() bool { return len(r.problems) >= maxProblems }

// at reports a problem with a node and marks it, so that what is built later takes it for absent.
func (r *reader) at(n *node, format string, args ...any) {
	n.bad = true
	r.fault(n.line, n.column, format, args...)
}

// sorted returns the problems in the order of their places, each once.
func (r *reader) sorted() Problems {
	slices.SortStableFunc(r.problems, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	problems := slices.Compact(r.problems)
	if r.dropped > 0 {
		last := problems[len(problems)-1]
		last.Message = fmt.Sprintf("and %d problems more; mend these first", r.dropped)
		problems = append(problems, last)
	}
	return problems
}
