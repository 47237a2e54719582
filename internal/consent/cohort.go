package consent

// K is how many players there must be in what is said about several, unless the board asks for more.
const K = 5

// Cohort is a set of players of whom a figure may be published: a tag, a unit, everyone.
type Cohort []int // places of its players, ascending

// Publishable decides which of some cohorts of players 0 … players−1 may be published side by side: none with fewer than
// k players, and none that together with others, by subtraction, would say something of fewer than k. Earlier cohorts
// are preferred. Cohorts published before, elsewhere or to others, stand first in the list.
func Publishable(players int, cohorts []Cohort, k int) []bool { return nil }
