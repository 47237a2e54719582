package story

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMessage_TakesAsManySentencesAsFit(t *testing.T) {
	long := strings.Repeat("x", 120) + "."
	for _, test := range []struct {
		board     string
		sentences []string
		want      string
	}{
		{"Sales", []string{"82 (+6), 3rd of 58.", "Personal best: 82.", "Next: 3 more calls."}, "Sales: 82 (+6), 3rd of 58. Personal best: 82. Next: 3 more calls."},
		{"Sales", []string{"82.", long, "A short one."}, "Sales: 82. " + long + " A short one."},
		{"Sales", []string{"82.", long, long, "A short one."}, "Sales: 82. " + long + " A short one."},
		{"Zażółć “gęślą” jaźń", []string{"−3."}, "Zazólc \"gesla\" jazn: -3."},
		{"山田", []string{"82.", "山田 leads.", "Up."}, "82. Up."},
		{strings.Repeat("W", 60), []string{"82."}, strings.Repeat("W", 37) + "...: 82."},
		{"Sales", []string{strings.Repeat("y", 158)}, strings.Repeat("y", 158)},
		{"Sales", []string{strings.Repeat("y", 200), "z"}, strings.Repeat("y", 157) + "..."},
		{"Sales", []string{"山"}, ""},
		{"Sales", nil, ""},
	} {
		if got := Message(test.board, test.sentences...); spelledAlike(got) != spelledAlike(test.want) {
			t.Errorf("%q, %q: %q, want %q", test.board, test.sentences, got, test.want)
		}
	}
}

// spelledAlike lets ó be spelled with or without its accent, which the alphabet lacks.
func spelledAlike(text string) string { return strings.ReplaceAll(text, "ó", "o") }

func TestMessage_FitsWhateverIsSaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		message := Message(rapid.String().Draw(t, "board"), rapid.SliceOf(rapid.String()).Draw(t, "sentences")...)
		if n, ok := septets(message); !ok || n > longest || strings.ContainsAny(message, "\r\n") {
			t.Fatalf("%d septets, %v: %q", n, ok, message)
		}
	})
}
