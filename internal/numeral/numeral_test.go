package numeral

import (
	"math"
	"testing"
)

func TestNumbers_AreWrittenForPeople(t *testing.T) {
	s := Scale{Decimals: 1}
	for _, test := range []struct{ got, want string }{
		{s.Score(1234.56), "1,234.6"}, {s.Score(math.NaN()), "–"}, {s.Score(-0.04), "0.0"}, {s.Score(-2), "−2.0"},
		{s.Signed(3), "+3.0"}, {s.Signed(-3), "−3.0"}, {s.Signed(0.04), "0.0"}, {s.Signed(-0.04), "0.0"},
		{Amount(1000000), "1,000,000"}, {Amount(0.25), "0.25"}, {Amount(12.3456), "12.35"}, {Amount(math.Copysign(0, -1)), "0"}, {Amount(math.Inf(1)), "–"}, {Amount(1234.5), "1,234"},
		{Exactly(math.Nextafter(0.3, 1)), "0.30000000000000004"}, {Exactly(-1.5), "−1.5"}, {Exactly(math.NaN()), "–"},
		{Ordinal(1), "1st"}, {Ordinal(2), "2nd"}, {Ordinal(3), "3rd"}, {Ordinal(11), "11th"}, {Ordinal(112), "112th"}, {Ordinal(1021), "1,021st"}, {Ordinal(2.5), "2.5th"}, {Ordinal(0), "–"},
		{Share(0.286), "28.6 %"}, {Share(1), "100 %"},
		{Count(1, "player", "players"), "1 player"}, {Count(1200, "player", "players"), "1,200 players"},
		{List([]string{"a", "b", "c"}), "a, b and c"}, {List(nil), ""},
	} {
		if test.got != test.want {
			t.Errorf("%q, want %q", test.got, test.want)
		}
	}
}
