package intake

import (
	"math"
	"regexp"
	"strconv"
	"testing"
)

func TestNumber_TakesTheGrammarAndNothingElse(t *testing.T) {
	for text, want := range map[string]float64{"0": 0, "-1": -1, "+2.50": 2.5, "1e3": 1000, "1.5E-2": 0.015, "007": 7, "-0": 0} {
		if got, ok := Number(text); !ok || got != want {
			t.Errorf("Number(%q) = %v, %v; want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", " ", ".5", "5.", "1,5", "1 000", "1_000", "0x10", "inf", "NaN", "1e", "1e999", "--1", "1.2.3", "½", "١", "1e+", "€5", "5%"} {
		if got, ok := Number(text); ok {
			t.Errorf("Number(%q) = %v; want a refusal", text, got)
		}
	}
}

func TestNumbers_ReadsWhatAMappingSays(t *testing.T) {
	german, american := numbers{decimal: ',', thousands: "."}, numbers{decimal: '.', thousands: ","}
	for _, c := range []struct {
		how  numbers
		text string
		want float64
		ok   bool
	}{
		{german, "1.250,50", 1250.5, true}, {german, "12,5", 12.5, true}, {german, "1.250", 1250, true}, {german, "1.25", 0, false},
		{german, "1.2500", 0, false}, {german, "12345.678", 0, false}, {german, "1,250.5", 0, false}, {german, "-1.250.000", -1250000, true},
		{american, "1,250.5", 1250.5, true}, {american, "1,5", 0, false}, {american, ",500", 0, false}, {american, "1250", 1250, true},
		{numbers{decimal: ','}, "1.5", 0, false}, {numbers{decimal: ','}, "1,5", 1.5, true}, {numbers{decimal: ','}, "1,", 0, false},
		{numbers{decimal: '.', thousands: "'"}, "1'250.5", 1250.5, true},
	} {
		if got, ok := c.how.read(c.text); ok != c.ok || ok && got != c.want {
			t.Errorf("%q with decimal %c and thousands %q = %v, %v; want %v, %v", c.text, c.how.decimal, c.how.thousands, got, ok, c.want, c.ok)
		}
	}
}

func FuzzNumber(f *testing.F) {
	for _, text := range []string{"1", "-1.5e10", "1e999", "0x1p4", "1,5", "+", "٣"} {
		f.Add(text)
	}
	form := regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := Number(text)
		want, err := strconv.ParseFloat(text, 64)
		if wanted := form.MatchString(text) && err == nil && !math.IsInf(want, 0); ok != wanted || ok && got != want {
			t.Errorf("Number(%q) = %v, %v; want %v, %v", text, got, ok, want, wanted)
		}
	})
}
