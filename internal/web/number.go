package web

import (
	"math"
	"strconv"
	"strings"

	"cairn/scorecard"
)

const minus = "−"

// scale writes the numbers of one scorecard.
type scale struct {
	decimals int
	outOf    float64 // 0: open
	lower    bool    // a lower score is better
}

func scaleOf(card *scorecard.Scorecard) scale {
	s := scale{decimals: card.Decimals, outOf: card.OutOf, lower: card.Better == scorecard.Lower}
	if combine := card.Combine.Mean; combine == scorecard.Position || combine == scorecard.Copeland {
		s.outOf = 0
	}
	return s
}

// score writes a published number: with the scorecard's decimals, a dash where there is none.
func (s scale) score(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "–"
	}
	return dress(strconv.FormatFloat(x, 'f', s.decimals, 64))
}

// signed writes a change: +6, −3, or 0.
func (s scale) signed(x float64) string {
	written := s.score(x)
	if x > 0 && written != s.score(0) {
		return "+" + written
	}
	return written
}

// moved reports whether a change shows at the scorecard's decimals.
func (s scale) moved(x float64) bool {
	return !math.IsNaN(x) && s.signed(x) != s.score(0)
}

// direction says which way is up.
func (s scale) direction() string {
	if s.lower {
		return "Lower is better"
	}
	return "Higher is better"
}

// span says what the scale runs to.
func (s scale) span() string {
	if s.outOf > 0 {
		return "out of " + amount(s.outOf)
	}
	return "points"
}

// amount writes a measured value for reading: whole numbers whole, others with few decimals.
func amount(x float64) string {
	switch size := math.Abs(x); {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return "–"
	case size >= 1e15 || size > 0 && size < 1e-4:
		return dress(strconv.FormatFloat(x, 'g', 4, 64))
	case x == math.Trunc(x):
		return dress(strconv.FormatFloat(x, 'f', 0, 64))
	case size >= 1000:
		return dress(strconv.FormatFloat(x, 'f', 0, 64))
	case size >= 1:
		return dress(trim(strconv.FormatFloat(x, 'f', 2, 64)))
	}
	return dress(trim(strconv.FormatFloat(x, 'f', 4, 64)))
}

// exactly writes a number with every digit it has: it reads back to the same float64.
func exactly(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "–"
	}
	if size := math.Abs(x); size >= 1e15 || size > 0 && size < 1e-6 {
		return dress(strconv.FormatFloat(x, 'g', -1, 64))
	}
	return strings.Replace(strconv.FormatFloat(x, 'f', -1, 64), "-", minus, 1)
}

// share writes a share of one as a percentage.
func share(x float64) string {
	if math.IsNaN(x) {
		return "–"
	}
	return trim(strconv.FormatFloat(100*x, 'f', 1, 64)) + " %"
}

// trim drops the zeros behind the last decimal that says something.
func trim(digits string) string {
	if !strings.Contains(digits, ".") {
		return digits
	}
	return strings.TrimSuffix(strings.TrimRight(digits, "0"), ".")
}

// dress groups thousands and gives a number its proper minus.
func dress(digits string) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		if digits = digits[1:]; strings.ContainsAny(digits, "123456789") {
			sign = minus
		}
	}
	whole, rest := digits, ""
	if i := strings.IndexAny(digits, ".e"); i >= 0 {
		whole, rest = digits[:i], digits[i:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return sign + whole + rest
}

// ordinal writes a rank: 1st, 2nd, 2.5th.
func ordinal(rank float64) string {
	if math.IsNaN(rank) || rank <= 0 {
		return "–"
	}
	digits := amount(rank)
	if rank != math.Trunc(rank) {
		return digits + "th"
	}
	n := int64(rank)
	if teens := n % 100; teens >= 11 && teens <= 13 {
		return digits + "th"
	}
	switch n % 10 {
	case 1:
		return digits + "st"
	case 2:
		return digits + "nd"
	case 3:
		return digits + "rd"
	}
	return digits + "th"
}

// count writes a number of things: 1 player, 2 players.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return amount(float64(n)) + " " + many
}

// list writes words in a row: a, b and c.
func list(words []string) string {
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// capital makes the first letter a capital.
func capital(text string) string {
	if text == "" {
		return ""
	}
	first := []rune(text)[0]
	return strings.ToUpper(string(first)) + text[len(string(first)):]
}
