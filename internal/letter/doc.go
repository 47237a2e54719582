// Package letter puts one reader's newsletter into words and pictures.
//
// A letter is a finished message of its reader's own: the number, what moved it, one story, one tip, the next small step, a picture,
// the board's article, and who stands high as far as the board shows it to them. HTML, plain text and the short text come from one
// object and say the same; the HTML works in mail programs that know no style sheet and show no picture, in light and dark.
//
// It is pure: the same letter gives the same bytes. It decides nothing about who may read what: it writes down what it is given.
package letter
