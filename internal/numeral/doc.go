// Package numeral writes numbers for people: scores as their scorecard publishes them, amounts, places and counts.
//
// A page, a mail and a text message that tell the same number write it alike. It is pure, and the words are English.
package numeral
