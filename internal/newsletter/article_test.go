package newsletter

import (
	"strings"
	"testing"

	"cairn/internal/prose"
)

func TestPlainMarkdown_ShowsANameAsItIs(t *testing.T) {
	for _, name := range []string{"Jean-Luc & Sons", "C++", "# One", "- Two", "+ Three", "1. FC", "1) FC", "> Four", "=", "--", "A &amp; B", "A &#66;", "*Five*", "_Six_", "[a](https://a.org)", "<b>Seven</b>", "www.example.org",
		"https://example.org", "a@example.org", "`eight`", `nine\`, "~~ten~~", "| eleven |", "![twelve](x)", "A & B & C"} {
		if got := strings.TrimSpace(prose.Text(plainMarkdown(name), 0)); got != name {
			t.Errorf("%q reads %q", name, got)
		}
	}
	if got := plainMarkdown("Jean-Luc & Sons"); got != "Jean-Luc & Sons" {
		t.Errorf("whoever edits the article reads %q", got)
	}
}
