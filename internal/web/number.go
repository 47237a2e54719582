package web

import (
	"cairn/internal/numeral"
	"cairn/scorecard"
)

// scale writes the numbers of one scorecard, as mails write them too.
type scale struct{ numeral.Scale }

func scaleOf(card *scorecard.Scorecard) scale { return scale{numeral.Of(card)} }

func (s scale) score(x float64) string  { return s.Score(x) }
func (s scale) signed(x float64) string { return s.Signed(x) }
func (s scale) moved(x float64) bool    { return s.Moved(x) }
func (s scale) direction() string       { return s.Direction() }
func (s scale) span() string            { return s.Span() }

func amount(x float64) string              { return numeral.Amount(x) }
func exactly(x float64) string             { return numeral.Exactly(x) }
func share(x float64) string               { return numeral.Share(x) }
func ordinal(rank float64) string          { return numeral.Ordinal(rank) }
func count(n int, one, many string) string { return numeral.Count(n, one, many) }
func list(words []string) string           { return numeral.List(words) }
func capital(text string) string           { return numeral.Capital(text) }
