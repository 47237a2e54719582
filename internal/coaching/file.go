package coaching

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"cairn/internal/fault"
	"cairn/internal/shallow"
	"cairn/internal/story"
	"cairn/scorecard"
)

// MostLibrary is how long a file of tips may be, in bytes.
const MostLibrary = 4 << 20

// tipFile is tips as a file has them.
type tipFile struct {
	Tips  int       `yaml:"tips"` // 1, the format
	Board string    `yaml:"board,omitempty"`
	List  []fileTip `yaml:"list"`
}

type fileTip struct {
	Title  string `yaml:"title"`
	Kind   string `yaml:"kind,omitempty"`
	Metric string `yaml:"metric,omitempty"`
	Author string `yaml:"author,omitempty"`
	Link   string `yaml:"link,omitempty"`
	Lend   bool   `yaml:"lend,omitempty"`
	Text   string `yaml:"text"`
}

// WriteFile writes tips as YAML that ReadFile reads; board is the key of theirs.
func WriteFile(board string, tips []Tip) ([]byte, error) {
	file := tipFile{Tips: 1, Board: board, List: []fileTip{}}
	for _, t := range tips {
		file.List = append(file.List, fileTip{t.Title, string(t.Kind), t.Metric, t.Author, t.Link, t.Lent, t.Text})
	}
	text, err := yaml.MarshalWithOptions(file, yaml.UseLiteralStyleIfMultiline(true), yaml.IndentSequence(true))
	if err != nil {
		return nil, fmt.Errorf("writing the tips of %s: %w", board, err)
	}
	return text, nil
}

// ReadFile reads a file of tips; name is the file's, for messages. The error is scorecard.Problems, with line and column, or Invalid with
// the number of the tip that cannot be.
func ReadFile(name string, text []byte) (tips []Tip, err error) {
	problem := func(line, column int, why string) error {
		return scorecard.Problems{{File: name, Line: line, Column: column, Message: why}}
	}
	const unreadable = "this is no YAML file of tips: it begins with \"tips: 1\" and has a list under \"list:\" (\"cairn board tips KEY export\" writes one)"
	defer func() {
		if recover() != nil { // the parser is not ours: no file may bring the program down
			tips, err = nil, problem(1, 1, unreadable)
		}
	}()
	if len(text) > MostLibrary || !utf8.Valid(text) {
		return nil, problem(1, 1, "a file of tips is UTF-8 text of at most 4 MiB")
	}
	if p := shallow.Check(string(text)); p != nil {
		return nil, problem(p.Line, p.Column, p.Why)
	}
	var file tipFile
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&file); err != nil {
		if refused := yaml.Error(nil); errors.As(err, &refused) && refused.GetToken() != nil && refused.GetToken().Position != nil {
			t := refused.GetToken()
			why := "this is not YAML, or not the kind of value that belongs here"
			if strings.Contains(refused.GetMessage(), "unknown field") {
				why = fmt.Sprintf("a tip has no key %q here; it has title, kind, metric, author, link, lend and text", t.Value)
			}
			return nil, problem(t.Position.Line, t.Position.Column, why)
		}
		return nil, problem(1, 1, unreadable)
	}
	if file.Tips != 1 {
		return nil, problem(1, 1, unreadable)
	}
	for i, f := range file.List {
		t := Tip{Title: f.Title, Kind: story.Kind(f.Kind), Metric: f.Metric, Author: f.Author, Link: f.Link, Lent: f.Lend, Text: f.Text}
		if err := t.check(); err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "%s: tip %d (%.40s): %s", name, i+1, f.Title, fault.Message(err))
		}
		tips = append(tips, t)
	}
	return tips, nil
}
