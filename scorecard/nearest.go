package scorecard

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// nearest returns the known word that takes the fewest edits to reach from a word, and whether it is close enough to
// be what was meant. Among equals the first wins.
func nearest(word string, known []string) (best string, close bool) {
	if utf8.RuneCountInString(word) > 64 || len(known) == 0 {
		return "", false
	}
	least := -1
	for _, k := range known {
		if apart := utf8.RuneCountInString(k) - utf8.RuneCountInString(word); least >= 0 && max(apart, -apart) >= least {
			continue
		}
		if d := edits(strings.ToLower(word), k); least < 0 || d < least {
			best, least = k, d
		}
	}
	length := utf8.RuneCountInString(word)
	return best, least <= 1+length/3 && least < length
}

// edits is the Levenshtein distance where swapping two neighbours counts once.
func edits(from, to string) int {
	a, b := []rune(from), []rune(to)
	var buffer [3 * 65]int // for words of usual length; a file may have thousands of keys
	before, last, now := buffer[:65], buffer[65:130], buffer[130:]
	if len(b) > 64 {
		before, last, now = make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	}
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		now[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		before, last, now = last, now, before
	}
	return last[len(b)]
}

// instead is the end of a message about an unknown word: what was meant, or what there is.
func instead(word string, known []string) string {
	best, close := nearest(word, known)
	switch {
	case close:
		return fmt.Sprintf("; did you mean %q?", best)
	case len(known) == 0:
		return ""
	case len(known) <= 14:
		return "; known: " + strings.Join(known, ", ")
	case best != "":
		return fmt.Sprintf("; the nearest known one is %q", best)
	}
	return ""
}
