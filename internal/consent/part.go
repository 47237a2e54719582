package consent

import "slices"

// PublishableParts decides which sums over parts may be published beside the sum over their whole, which is published where it is of k
// players or more. Each part is given by the players it is of. Parts lie apart: nothing is added up in two of them, though a player may
// have something in several. A part of nobody may always be published, since it is nothing. A part that is published may be a whole with
// parts of its own.
//
// What a reader can work out beyond that is what the whole has more than the published parts: nothing, or something of k players or
// more. Where the withheld parts are of too few even together, the smallest of the others is withheld with them.
func PublishableParts(parts []Cohort, k int) []bool {
	publish := make([]bool, len(parts))
	smallest := -1 // of those that may be published
	var rest Cohort
	for i, part := range parts {
		publish[i] = len(part) == 0 || len(part) >= k
		switch {
		case !publish[i]:
			rest = append(rest, part...)
		case len(part) > 0 && (smallest < 0 || len(part) < len(parts[smallest])):
			smallest = i
		}
	}
	slices.Sort(rest)
	if few := len(slices.Compact(rest)); smallest >= 0 && few > 0 && few < k {
		publish[smallest] = false
	}
	return publish
}
