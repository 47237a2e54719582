package source

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cairn/internal/board"
)

// Waiting is somebody whose rows were taken and are not scored, since they did not accept to be.
type Waiting struct {
	Key    string
	Scored string // key of somebody of the same name who takes part: perhaps the same person under another key; "" none
}

// waits finds out who of the run is not scored on a board by opt-in. Keys that fit nobody make strangers, and without being told so a
// manager would look for their numbers in vain.
func (r *run) waits() error {
	if r.Board.Basis != board.OptIn || r.Dry || r.Whole && r.report.Refused > 0 {
		return nil
	}
	names, err := r.room.boards.Directory(r.ctx, r.Board)
	if err != nil {
		return err
	}
	byName := map[string][]int{} // places among the waiting
	for _, k := range r.numbers {
		m := names.Member(k.number)
		if k.number < 0 || m.State != board.Invited {
			continue
		}
		name := cmp.Or(m.Name, m.Key) // who writes no name writes it where the key belongs
		byName[name] = append(byName[name], len(r.report.Waiting))
		r.report.Waiting = append(r.report.Waiting, Waiting{Key: m.Key})
	}
	if len(byName) > 0 {
		for number := range names.Len() {
			if m := names.Member(number); m.State == board.Accepted {
				for _, at := range byName[m.Name] {
					r.report.Waiting[at].Scored = m.Key
				}
			}
		}
	}
	slices.SortFunc(r.report.Waiting, func(a, b Waiting) int { return cmp.Compare(a.Key, b.Key) })
	return nil
}

// waitingShown is how many of those who wait are named.
const waitingShown = 10

// WaitingWords says who was brought something and is not scored yet; "" where nobody waits.
func (r *Report) WaitingWords() string {
	var keys []string
	for _, w := range r.Waiting {
		keys = append(keys, w.Key)
	}
	switch len(keys) {
	case 0:
		return ""
	case 1:
		return "1 of its people has not accepted an invitation and is not scored before: " + keys[0]
	}
	return fmt.Sprintf("%d of its people have not accepted an invitation and are not scored before: %s", len(keys), some(keys))
}

// twinWords says who of those that wait may be somebody who takes part; "" nobody.
func (r *Report) twinWords() string {
	var twins []string
	for _, w := range r.Waiting {
		if w.Scored != "" {
			twins = append(twins, fmt.Sprintf("%s has the name of %s", w.Key, w.Scored))
		}
	}
	if len(twins) == 0 {
		return ""
	}
	return "perhaps on the board under another key: " + some(twins) + ", who takes part; if so, write that key in the file and bring it again"
}

// some lists the first few.
func some(words []string) string {
	if more := len(words) - waitingShown; more > 0 {
		return strings.Join(words[:waitingShown], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(words, ", ")
}
