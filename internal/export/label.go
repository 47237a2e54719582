package export

import (
	"io"
	"math"

	"cairn/internal/release"
)

// Labels writes as CSV what came of labels: a line for all, for each tactic, and for each of its assets. What is withheld is empty.
func Labels(w io.Writer, told release.ByLabel) error {
	file, err := newCSV(w, []column{{"of", false}, {"tactic", false}, {"label", false},
		{"from_entries", true}, {"from_sum", true}, {"from_players", true}, {"to_entries", true}, {"to_sum", true}, {"to_players", true}, {"conversion", true}})
	if err != nil {
		return err
	}
	row := func(of, tactic string, l release.Labelled) error {
		cells := []cell{{text: of}, {text: tactic}, {text: l.Label}}
		for _, t := range []release.Tally{l.From, l.To} {
			cells = append(cells, cell{number: countOf(t.Entries)}, cell{number: t.Sum}, cell{number: countOf(t.Players)})
		}
		return file.row(append(cells, cell{number: l.Conversion()}))
	}
	if err := row("all", "", told.All); err != nil {
		return err
	}
	for _, tactic := range told.Tactics {
		if err := row("tactic", tactic.Label, tactic.Labelled); err != nil {
			return err
		}
		for _, asset := range tactic.Assets {
			if err := row("asset", tactic.Label, asset); err != nil {
				return err
			}
		}
	}
	return file.close()
}

// countOf is a count that may be withheld.
func countOf(n int) float64 {
	if n < 0 {
		return math.NaN()
	}
	return float64(n)
}
