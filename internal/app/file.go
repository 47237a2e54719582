package app

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"cairn/internal/fault"
)

// text is a value as written in the file and its line.
type text struct {
	text string
	line int
}

// readFile reads the configuration file: one mapping from known keys to plain values.
func readFile(asked string, variables map[string]string, folder string, known []key) (values map[string]text, path string, err error) {
	path, err = find(asked, variables, folder)
	if path == "" || err != nil {
		return nil, "", err
	}
	source, err := os.ReadFile(path)
	if err != nil {
		kind := fault.Invalid
		if os.IsNotExist(err) {
			kind = fault.NotFound
		}
		return nil, path, fault.Wrap(kind, err, "cannot read the configuration file %s; does it exist, and may this user read it?", path)
	}
	values, err = parse(path, source, known)
	return values, path, err
}

// parse reads the text of a configuration file.
func parse(path string, source []byte, known []key) (map[string]text, error) {
	wrong := func(at *token.Token, format string, args ...any) error {
		place := path
		if at != nil && at.Position != nil {
			place = fmt.Sprintf("%s:%d:%d", path, at.Position.Line, at.Position.Column)
		}
		return fault.New(fault.Invalid, "%s: %s", place, fmt.Sprintf(format, args...))
	}
	file, err := parser.ParseBytes(source, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		var at *token.Token
		if placed, ok := err.(interface{ GetToken() *token.Token }); ok {
			at = placed.GetToken()
		}
		return nil, wrong(at, "this is not YAML; a configuration file holds lines such as \"listen: 127.0.0.1:8080\"")
	}
	var names []string
	for _, k := range known {
		names = append(names, k.name)
	}
	values := map[string]text{}
	for i, document := range file.Docs {
		if document.Body == nil || document.Body.Type() == ast.CommentType || document.Body.Type() == ast.NullType {
			continue
		}
		if i > 0 {
			return nil, wrong(document.Body.GetToken(), "a second document begins here; keep everything in one")
		}
		mapping, ok := document.Body.(*ast.MappingNode)
		if !ok {
			return nil, wrong(document.Body.GetToken(), "wants lines of \"key: value\"")
		}
		for _, pair := range mapping.Values {
			at := pair.Key.GetToken()
			name := at.Value
			if !slices.Contains(names, name) {
				hint := "known are " + strings.Join(names, ", ")
				if near := fault.Nearest(name, names); near != "" {
					hint = fmt.Sprintf("did you mean %q?", near)
				}
				return nil, wrong(at, "unknown key %q; %s", name, hint)
			}
			if earlier, twice := values[name]; twice {
				return nil, wrong(at, "%q stands twice, first in line %d", name, earlier.line)
			}
			scalar, ok := pair.Value.(ast.ScalarNode)
			if !ok {
				return nil, wrong(pair.Value.GetToken(), "%q wants one plain value", name)
			}
			value := scalar.GetToken().Value
			if scalar.Type() == ast.NullType {
				value = ""
			}
			values[name] = text{text: value, line: at.Position.Line}
		}
	}
	return values, nil
}
