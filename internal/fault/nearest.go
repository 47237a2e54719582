package fault

import "strings"

// Nearest returns the word most like one that is not known, without regard to case, so that a message can offer it;
// "" where none is near.
func Nearest(given string, words []string) string {
	best, least := "", len(given)/3+2
	for _, word := range words {
		if d := distance(strings.ToLower(given), strings.ToLower(word)); d < least {
			best, least = word, d
		}
	}
	return best
}

// distance is Levenshtein's: the fewest letters to insert, delete or change.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
