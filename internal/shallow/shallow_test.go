package shallow_test

import (
	"strings"
	"testing"

	"cairn/internal/shallow"
)

func TestCheck_RefusesWhatAParserWouldChokeOn(t *testing.T) {
	for name, text := range map[string]string{
		"brackets":     "name: " + strings.Repeat("[", 300_000),
		"braces":       strings.Repeat("{a: ", 1000),
		"lists":        strings.Repeat("- ", 1000) + "x",
		"keys in keys": ladder(1000),
		"many keys":    strings.Repeat("a: 1\n", 5000),
		"many words":   "a: [" + strings.Repeat("1, ", 60_000) + "]",
		"an anchor":    "a: &x 1\nb: *x\n",
		"a tag":        "a: !!binary x\n",
	} {
		t.Run(name, func(t *testing.T) {
			if p := shallow.Check(text); p == nil {
				t.Error("it would be parsed")
			}
		})
	}
	if p := shallow.Check("a: 1\nb: &x 2\n"); p == nil || p.Line != 2 || p.Column != 4 {
		t.Errorf("the place is %+v", p)
	}
}

func ladder(steps int) string {
	var text strings.Builder
	for i := range steps {
		text.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return text.String()
}

func TestCheck_LetsPlainFilesPass(t *testing.T) {
	text := "board: 1\npages: {a: b, c: [d, {e: f}]}\nfields:\n" + strings.Repeat("  - metric: x\n    from: board\n", 900)
	if p := shallow.Check(text); p != nil {
		t.Errorf("refused: %+v", p)
	}
}
