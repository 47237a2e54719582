package consent

import (
	"math/bits"
	"math/rand/v2"
	"slices"
)

// K is how many players there must be in what is said about several, unless the board asks for more.
const K = 5

// Cohort is a set of players of whom a figure may be published: a tag, a unit, everyone.
type Cohort []int // places of its players, ascending

// Publishable decides which of some cohorts of players 0 … players−1 may be published side by side: none with fewer than
// k players, and none that together with others, by any sums and differences, would say something of fewer than k.
// Earlier cohorts are preferred. Cohorts published before, elsewhere or to others, stand first in the list. Each of some
// readers knows some players' figures already, as members see their own and their neighbours': what such a reader does not
// know must be of k players or more as well.
//
// What a reader can work out of published sums are their linear combinations. A combination that involves fewer than k
// players is a vector of the row space of the published cohorts with so small a support, which is looked for exactly;
// where a search would take too long, the cohort is withheld. See e.g. Dobkin, Jones and Lipton, "Secure databases:
// protection against user influence" (1979).
func Publishable(readers []Cohort, players int, cohorts []Cohort, k int) []bool {
	publish := make([]bool, len(cohorts))
	var published []Cohort
	for i, cohort := range cohorts {
		if len(cohort) < k {
			continue
		}
		with := append(published, cohort)
		publish[i] = !tells(players, with, k) && !slices.ContainsFunc(readers, func(known Cohort) bool { return tells(players, without(with, known), k) })
		if publish[i] {
			published = with
		}
	}
	return publish
}

// without leaves out of cohorts the players of one.
func without(cohorts []Cohort, known Cohort) []Cohort {
	rest := make([]Cohort, len(cohorts))
	for i, cohort := range cohorts {
		for _, player := range cohort {
			if _, is := slices.BinarySearch(known, player); !is {
				rest[i] = append(rest[i], player)
			}
		}
	}
	return rest
}

// tells reports whether sums over the cohorts say something of fewer than k players together.
func tells(players int, cohorts []Cohort, k int) bool {
	rows, weights := atoms(players, cohorts)
	small := make([]int, 0, len(weights))
	for atom, weight := range weights {
		if weight < k {
			small = append(small, atom)
		}
	}
	if len(small) == 0 {
		return false
	}
	// A set of atoms supports a combination of the rows exactly where their coordinates in the vectors that all rows are
	// orthogonal to depend on each other. A few such vectors by lot, in a field of prime order, are as good as all of them:
	// what depends, depends in them too, so an error, which is next to impossible, would withhold and not tell.
	dual := orthogonal(rows, len(weights), k+1)
	s := search{k: k, left: budget}
	for _, atom := range small {
		point := make([]uint64, len(dual))
		for d := range dual {
			point[d] = dual[d][atom]
		}
		s.points = append(s.points, point)
		s.weights = append(s.weights, weights[atom])
	}
	return s.depends(s.points, s.weights, 0)
}

// atoms groups the players that the same cohorts hold. It returns each cohort as a 0/1 row over the groups, and how many
// players each group has; players in no cohort are in none.
func atoms(players int, cohorts []Cohort) (rows [][]uint64, weights []int) {
	group := make([]int, players) // 0: in no cohort so far
	size := []int{players}
	for _, cohort := range cohorts {
		split := map[int]int{}
		for _, player := range cohort {
			was := group[player]
			now, met := split[was]
			if !met {
				now = len(size)
				split[was] = now
				size = append(size, 0)
			}
			size[was]--
			size[now]++
			group[player] = now
		}
	}
	place := make([]int, len(size))
	for g := 1; g < len(size); g++ {
		if size[g] > 0 {
			place[g] = len(weights)
			weights = append(weights, size[g])
		}
	}
	for _, cohort := range cohorts {
		row := make([]uint64, len(weights))
		for _, player := range cohort {
			row[place[group[player]]] = 1
		}
		rows = append(rows, row)
	}
	return rows, weights
}

// orthogonal returns n vectors by lot among those that are orthogonal to all rows. The lot is the same each time.
func orthogonal(rows [][]uint64, columns, n int) [][]uint64 {
	pivots := reduce(rows)
	bound := map[int]bool{}
	for _, column := range pivots {
		bound[column] = true
	}
	lot := rand.New(rand.NewPCG(1979, 3))
	vectors := make([][]uint64, n)
	for i := range vectors {
		v := make([]uint64, columns)
		for column := range v {
			if !bound[column] {
				v[column] = lot.Uint64N(prime)
			}
		}
		for r, column := range pivots {
			var sum uint64
			for other, entry := range rows[r] {
				if other != column && entry != 0 {
					sum = add(sum, multiply(entry, v[other]))
				}
			}
			v[column] = subtract(0, sum)
		}
		vectors[i] = v
	}
	return vectors
}

// reduce brings rows into reduced echelon form, those without a pivot last, and returns the pivots' columns.
func reduce(rows [][]uint64) (pivots []int) {
	if len(rows) == 0 {
		return nil
	}
	for column := range rows[0] {
		at := len(pivots)
		for at < len(rows) && rows[at][column] == 0 {
			at++
		}
		if at == len(rows) {
			continue
		}
		top := len(pivots)
		rows[top], rows[at] = rows[at], rows[top]
		scale(rows[top], invert(rows[top][column]))
		for r := range rows {
			if r != top && rows[r][column] != 0 {
				take(rows[r], rows[top], rows[r][column])
			}
		}
		pivots = append(pivots, column)
	}
	return pivots
}

// budget is how many vectors a search may reduce: about a second's work.
const budget = 20_000_000

// search looks for points that depend on each other and weigh less than k together.
type search struct {
	k       int
	points  [][]uint64
	weights []int
	left    int
}

// depends reports whether some of the points, which were reduced by points that weigh used, depend on each other; true
// also where that would take too long to find out.
func (s *search) depends(points [][]uint64, weights []int, used int) bool {
	lightest := map[string]int{} // direction → the least weight of a point in it
	for i, p := range points {
		total := used + weights[i]
		if total >= s.k {
			continue
		}
		direction := normal(p)
		if direction == "" {
			return true
		}
		if other, met := lightest[direction]; met {
			if total+other < s.k {
				return true
			}
			lightest[direction] = min(other, weights[i])
		} else {
			lightest[direction] = weights[i]
		}
	}
	for i, p := range points {
		if used+weights[i]+2 >= s.k { // at least two more belong to a set that was not found above
			continue
		}
		rest := make([][]uint64, 0, len(points)-i-1)
		if s.left -= len(points) - i - 1; s.left < 0 {
			return true
		}
		lead := 0
		for p[lead] == 0 {
			lead++
		}
		inverse := invert(p[lead])
		for _, q := range points[i+1:] {
			reduced := append([]uint64(nil), q...)
			if q[lead] != 0 {
				take(reduced, p, multiply(q[lead], inverse))
			}
			rest = append(rest, reduced)
		}
		if s.depends(rest, weights[i+1:], used+weights[i]) {
			return true
		}
	}
	return false
}

// normal writes the direction of a point; "" for the origin, which has none.
func normal(p []uint64) string {
	lead := 0
	for lead < len(p) && p[lead] == 0 {
		lead++
	}
	if lead == len(p) {
		return ""
	}
	inverse := invert(p[lead])
	text := make([]byte, 0, 8*len(p))
	for _, x := range p {
		x = multiply(x, inverse)
		text = append(text, byte(x), byte(x>>8), byte(x>>16), byte(x>>24), byte(x>>32), byte(x>>40), byte(x>>48), byte(x>>56))
	}
	return string(text)
}

// Arithmetic in the field of prime order 2⁶¹ − 1.

const prime = 1<<61 - 1

func add(a, b uint64) uint64 {
	if a += b; a >= prime {
		a -= prime
	}
	return a
}

func subtract(a, b uint64) uint64 { return add(a, prime-b) }

func multiply(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return add(low&prime, high<<3|low>>61)
}

// invert returns the inverse of a number that is not 0: its power of the prime less two.
func invert(a uint64) uint64 {
	result := uint64(1)
	for e := uint64(prime - 2); e > 0; e >>= 1 {
		if e&1 == 1 {
			result = multiply(result, a)
		}
		a = multiply(a, a)
	}
	return result
}

func scale(row []uint64, by uint64) {
	for i, x := range row {
		row[i] = multiply(x, by)
	}
}

// take subtracts a row, so many times, from another.
func take(from, row []uint64, times uint64) {
	for i, x := range row {
		if x != 0 {
			from[i] = subtract(from[i], multiply(x, times))
		}
	}
}
