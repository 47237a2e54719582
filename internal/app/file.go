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

// text is a value as written in the file and where its key stands.
type text struct {
	text         string
	line, column int
}

// readFile reads the configuration file, if there is one.
func (r *reading) readFile(asked, folder string) (err error) {
	r.path, err = find(asked, r.variables, folder)
	if r.path == "" || err != nil {
		return err
	}
	source, err := os.ReadFile(r.path)
	if err != nil {
		kind := fault.Invalid
		if os.IsNotExist(err) {
			kind = fault.NotFound
		}
		return fault.Wrap(kind, err, "cannot read the configuration file %s; does it exist, and may this user read it?", r.path)
	}
	r.file, err = parse(r.path, source)
	return err
}

// unknown refuses the first key of the file that nothing reads.
func (r *reading) unknown(known []key) error {
	var names []string
	for _, k := range known {
		names = append(names, k.name)
	}
	first := ""
	for name, v := range r.file {
		if !slices.Contains(names, name) && (first == "" || v.line < r.file[first].line) {
			first = name
		}
	}
	if first == "" {
		return nil
	}
	at := r.file[first]
	hint := "known are " + strings.Join(names, ", ")
	if near := fault.Nearest(first, names); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	} else if strings.HasPrefix(first, "oidc_") {
		hint = "oidc has to name the provider"
	}
	return fault.New(fault.Invalid, "%s:%d:%d: unknown key %q; %s", r.path, at.line, at.column, first, hint)
}

// parse reads the text of a configuration file: one mapping from keys to plain values.
func parse(path string, source []byte) (map[string]text, error) {
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
			values[name] = text{text: value, line: at.Position.Line, column: at.Position.Column}
		}
	}
	return values, nil
}
