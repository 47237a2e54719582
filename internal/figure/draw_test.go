package figure

import (
	"math"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// The digits are those of the shortest number that reads back as the rounded one.
func TestNumber_IsTheShortestOfItsHundredths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.OneOf(numbers(), rapid.Map(rapid.Int64Range(-2e15, 2e15), func(n int64) float64 { return float64(n) / 100 }), rapid.Float64Range(-0.02, 0.02)).Draw(t, "x")
		want := strconv.FormatFloat(math.Round(x*100)/100+0, 'f', -1, 64) // + 0: no minus zero
		if got := number(x); got != want {
			t.Fatalf("%v is written as %q, not %q", x, got, want)
		}
	})
}

func TestEscape_LeavesWhatIsHarmlessAndNothingElse(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "M0 0L1.5-2Z": "M0 0L1.5-2Z", "stone tone-3 ~": "stone tone-3 ~", "Zoë 石 🪨": "Zoë 石 🪨",
		`a&b`: "a&amp;b", "<b>": "&lt;b&gt;", `"'`: "&#34;&#39;", "a\tb\nc\r": "a b c ", "a\x00b\x1f\x7f\u0085": "ab", "\xff\ufffe": "",
	} {
		if got := escape(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
