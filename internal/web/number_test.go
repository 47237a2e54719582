package web

import (
	"math"
	"testing"
)

func TestNumbers_AreWrittenForPeople(t *testing.T) {
	s := scale{decimals: 1}
	for _, test := range []struct{ got, want string }{
		{s.score(1234.56), "1,234.6"}, {s.score(math.NaN()), "–"}, {s.score(-0.04), "0.0"}, {s.score(-2), "−2.0"},
		{s.signed(3), "+3.0"}, {s.signed(-3), "−3.0"}, {s.signed(0.04), "0.0"}, {s.signed(-0.04), "0.0"},
		{amount(1000000), "1,000,000"}, {amount(0.25), "0.25"}, {amount(12.3456), "12.35"}, {amount(math.Copysign(0, -1)), "0"}, {amount(math.Inf(1)), "–"}, {amount(1234.5), "1,234"},
		{exactly(math.Nextafter(0.3, 1)), "0.30000000000000004"}, {exactly(-1.5), "−1.5"}, {exactly(math.NaN()), "–"},
		{ordinal(1), "1st"}, {ordinal(2), "2nd"}, {ordinal(3), "3rd"}, {ordinal(11), "11th"}, {ordinal(112), "112th"}, {ordinal(1021), "1,021st"}, {ordinal(2.5), "2.5th"}, {ordinal(0), "–"},
		{share(0.286), "28.6 %"}, {share(1), "100 %"},
		{count(1, "player", "players"), "1 player"}, {count(1200, "player", "players"), "1,200 players"},
		{list([]string{"a", "b", "c"}), "a, b and c"}, {list(nil), ""},
		{sentence("too late"), "Too late."}, {sentence("Why?"), "Why?"}, {sentence(""), ""},
	} {
		if test.got != test.want {
			t.Errorf("%q, want %q", test.got, test.want)
		}
	}
}
