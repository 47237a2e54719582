package numeral

import (
	"math"
	"strconv"
	"strings"

	"cairn/scorecard"
)

const minus = "−"

// Scale writes the numbers of one scorecard.
type Scale struct {
	Decimals int
	OutOf    float64 // 0: open
	Lower    bool    // a lower score is better
}

// Of is the scale of a scorecard.
func Of(card *scorecard.Scorecard) Scale {
	s := Scale{Decimals: card.Decimals, OutOf: card.OutOf, Lower: card.Better == scorecard.Lower}
	if combine := card.Combine.Mean; combine == scorecard.Position || combine == scorecard.Copeland {
		s.OutOf = 0
	}
	return s
}

// Score writes a published number: with the scorecard's decimals, a dash where there is none.
func (s Scale) Score(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "–"
	}
	return dress(strconv.FormatFloat(x, 'f', s.Decimals, 64))
}

// Signed writes a change: +6, −3, or 0.
func (s Scale) Signed(x float64) string {
	written := s.Score(x)
	if x > 0 && written != s.Score(0) {
		return "+" + written
	}
	return written
}

// Moved reports whether a change shows at the scorecard's decimals.
func (s Scale) Moved(x float64) bool {
	return !math.IsNaN(x) && s.Signed(x) != s.Score(0)
}

// Direction says which way is up.
func (s Scale) Direction() string {
	if s.Lower {
		return "Lower is better"
	}
	return "Higher is better"
}

// Span says what the scale runs to.
func (s Scale) Span() string {
	if s.OutOf > 0 {
		return "out of " + Amount(s.OutOf)
	}
	return "points"
}

// Amount writes a measured value for reading: whole numbers whole, others with few decimals.
func Amount(x float64) string {
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
		return dress(Trim(strconv.FormatFloat(x, 'f', 2, 64)))
	}
	return dress(Trim(strconv.FormatFloat(x, 'f', 4, 64)))
}

// Exactly writes a number with every digit it has: it reads back to the same float64.
func Exactly(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "–"
	}
	if size := math.Abs(x); size >= 1e15 || size > 0 && size < 1e-6 {
		return dress(strconv.FormatFloat(x, 'g', -1, 64))
	}
	return strings.Replace(strconv.FormatFloat(x, 'f', -1, 64), "-", minus, 1)
}

// Share writes a share of one as a percentage.
func Share(x float64) string {
	if math.IsNaN(x) {
		return "–"
	}
	return Trim(strconv.FormatFloat(100*x, 'f', 1, 64)) + " %"
}

// OwnWord says which share of a value its player reported of themselves; "" none.
func OwnWord(share float64) string {
	switch {
	case !(share > 0):
		return ""
	case share >= 1:
		return "self-reported"
	}
	return Share(share) + " self-reported"
}

// Trim drops the zeros behind the last decimal that says something.
func Trim(digits string) string {
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

// Ordinal writes a rank: 1st, 2nd, 2.5th.
func Ordinal(rank float64) string {
	if math.IsNaN(rank) || rank <= 0 {
		return "–"
	}
	digits := Amount(rank)
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

// Count writes a number of things: 1 player, 2 players.
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Amount(float64(n)) + " " + many
}

// List writes words in a row: a, b and c.
func List(words []string) string {
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// Capital makes the first letter a capital.
func Capital(text string) string {
	if text == "" {
		return ""
	}
	first := []rune(text)[0]
	return strings.ToUpper(string(first)) + text[len(string(first)):]
}

// WithUnit writes a measured value with its unit.
func WithUnit(x float64, unit string) string {
	switch unit {
	case "":
		return Amount(x)
	case "%":
		return Amount(x) + " %"
	}
	return Amount(x) + " " + unit
}

// Players names a kind of player, one and many.
func Players(kind scorecard.PlayerKind) (one, many string) {
	switch kind {
	case scorecard.Team:
		return "team", "teams"
	case scorecard.Organisation:
		return "organisation", "organisations"
	case scorecard.Thing:
		return "entrant", "entrants"
	}
	return "player", "players"
}
