package shallow

import (
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

const (
	maxDepth  = 12     // of brackets within one another
	maxColumn = 200    // at which a list or a key may begin outside brackets: the depth of indentation
	maxWords  = 50_000 // of one document
	maxKeys   = 2_000  // that begin at one column: a parser's time grows with the square
)

// Problem is why a text is refused, and where: line and column count from 1.
type Problem struct {
	Line, Column int
	Why          string
}

// Check returns why a text should not be parsed, nil where it may.
func Check(text string) *Problem {
	tokens := lexer.Tokenize(text)
	if len(tokens) > maxWords {
		return &Problem{1, 1, "the file says more than any file of this kind needs"}
	}
	depth := 0
	keys := map[int]int{}
	for i, t := range tokens {
		why := ""
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType, token.TagType:
			why = "YAML anchors, aliases, merge keys and tags are not read; write the value out"
		case token.SequenceStartType, token.MappingStartType:
			if depth++; depth > maxDepth {
				why = "brackets are nested too deep here"
			}
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType:
			if depth <= 0 && t.Position.Column > maxColumn {
				why = "lists are nested too deep here"
			}
		case token.MappingValueType:
			if depth > 0 || i == 0 {
				break
			}
			column := tokens[i-1].Position.Column
			if keys[column]++; column > maxColumn {
				why = "keys are nested too deep here"
			} else if keys[column] > maxKeys {
				why = "there are too many keys in this file"
			}
		}
		if why != "" {
			return &Problem{t.Position.Line, t.Position.Column, why}
		}
	}
	return nil
}
