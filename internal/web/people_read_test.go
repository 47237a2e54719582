package web

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cairn/internal/board"
	"cairn/internal/fault"
)

func TestReadPeople(t *testing.T) {
	people, err := readPeople("Ada Lovelace <Ada@Example.org>\r\n\n bo@example.org,\n王小明\n\"Ek, Bo\" <ek@example.org>;\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []board.Member{{Name: "Ada Lovelace", Email: "ada@example.org"}, {Email: "bo@example.org"}, {Name: "王小明"}, {Name: "Ek, Bo", Email: "ek@example.org"}}
	if diff := cmp.Diff(want, people); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadPeople_NamesTheLineThatIsWrong(t *testing.T) {
	for text, word := range map[string]string{
		"Ada\nbo@@example.org":                     "Line 2",
		"ada@example.org\n\nA <ADA@example.org>":   "Line 3 names the same address as line 1",
		"Ada\nBo \x07 Ek":                          "Line 2",
		strings.Repeat("x", 300):                   "Line 1",
		strings.Repeat("Somebody\n", mostPeople+1): "up to",
		"Ada <ada@example.org>\r\nBcc: <b@x.org>":  "Line 2",
	} {
		if _, err := readPeople(text); fault.Of(err) != fault.Invalid || !strings.Contains(fault.Message(err), word) {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}

func FuzzReadPeople(f *testing.F) {
	f.Add("Ada <ada@example.org>\nbo@example.org")
	f.Fuzz(func(t *testing.T, text string) {
		people, err := readPeople(text)
		if err != nil && fault.Of(err) != fault.Invalid {
			t.Fatalf("%q: %v", text, err)
		}
		for _, p := range people {
			if err := p.Check(); err != nil {
				t.Fatalf("%q gave %+v, which no board takes: %v", text, p, err)
			}
		}
	})
}
