package scorecard

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
)

// Reweighed returns the scorecard's file with other weights of its parts, by key, and all else as it was written, comments
// included. Keys that no part has are left out; a weight the file refuses is told by Load as always. The error is for a file
// written in a way that is not understood well enough to change it.
func (s *Scorecard) Reweighed(weights map[string]float64) (source []byte, err error) {
	defer func() {
		if recover() != nil { // the parser is not ours
			source, err = nil, errors.New("the file is written in a way that weights cannot be put into: change them in its text")
		}
	}()
	file, err := parser.Parse(lexer.Tokenize(string(s.Source)), 0)
	if err != nil || len(file.Docs) != 1 {
		return nil, errors.New("the file cannot be read")
	}
	var edits []edit
	ast.Walk(visitor(func(n ast.Node) {
		part, ok := n.(*ast.MappingNode)
		if !ok {
			return
		}
		var key, weight *ast.MappingValueNode
		for _, pair := range part.Values {
			switch pair.Key.GetToken().Value {
			case "key":
				key = pair
			case "weight":
				weight = pair
			}
		}
		if key == nil {
			return
		}
		to, wanted := weights[key.Value.GetToken().Value]
		if !wanted || part == file.Docs[0].Body {
			return
		}
		text := strconv.FormatFloat(to, 'f', -1, 64)
		if weight != nil {
			t := weight.Value.GetToken()
			edits = append(edits, edit{t.Position.Line, t.Position.Column, t.Value, text})
			return
		}
		// The weight goes before the key, which takes its place on the line.
		t := key.Key.GetToken()
		join := "weight: " + text + "\n" + strings.Repeat(" ", t.Position.Column-1)
		if part.IsFlowStyle {
			join = "weight: " + text + ", "
		}
		edits = append(edits, edit{t.Position.Line, t.Position.Column, "key", join + "key"})
	}), file.Docs[0].Body)

	lines := strings.SplitAfter(string(s.Source), "\n")
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Or(b.line-a.line, b.column-a.column) }) // from the end, so that places stay
	for _, e := range edits {
		if e.line > len(lines) {
			return nil, fmt.Errorf("line %d is not there", e.line)
		}
		line := []rune(lines[e.line-1])
		was := []rune(e.was)
		at := e.column - 1
		if at < 0 || at+len(was) > len(line) || string(line[at:at+len(was)]) != e.was {
			return nil, fmt.Errorf("%s:%d:%d: the weight cannot be changed where it stands: change it in the text", s.File, e.line, e.column)
		}
		lines[e.line-1] = string(line[:at]) + e.becomes + string(line[at+len(was):])
	}
	source = []byte(strings.Join(lines, ""))
	return source, s.onlyReweighed(source, weights)
}

// edit replaces a text at a place of a file.
type edit struct {
	line, column int // from 1; columns count characters
	was, becomes string
}

type visitor func(ast.Node)

func (v visitor) Visit(n ast.Node) ast.Visitor {
	v(n)
	return v
}

// onlyReweighed makes sure that a changed file says the same as before but for the weights.
func (s *Scorecard) onlyReweighed(source []byte, weights map[string]float64) error {
	after, err := Load(s.File, source)
	if err != nil {
		return err
	}
	wanted := maps.Clone(weights)
	for _, change := range Diff(s, after) {
		if change.Kind != Weighed {
			return fmt.Errorf("changing the weights would change more (%s): change them in the text", change)
		}
	}
	after.Walk(func(p, _ *Part, _ int) {
		if to, ok := wanted[p.Key]; ok && p.Weight == to {
			delete(wanted, p.Key)
		}
	})
	s.Walk(func(p, _ *Part, _ int) {
		if to, ok := wanted[p.Key]; ok && err == nil {
			err = fmt.Errorf("the weight of %s did not become %v: change it in the text", p.Key, to)
		}
	})
	return err
}
