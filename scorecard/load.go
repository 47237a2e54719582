package scorecard

import (
	"errors"
	"fmt"
	"strings"
)

// Problem is one fault of a scorecard file and its place.
type Problem struct {
	File         string
	Line, Column int
	Message      string
}

func (p Problem) Error() string { return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message) }

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
func Load(file string, source []byte) (*Scorecard, error) { return nil, errors.New("not yet") }
