package web

import (
	"context"
	"maps"
	"slices"
	"time"
)

// toldFor is how long a board's page says that one source took the place of another.
const toldFor = 28 * 24 * time.Hour

// silentNotices say to who is on a board or looks after it what is not measured at the moment, that it does not count as zero, and
// which source took the place of another of late.
func (s *site) silentNotices(ctx context.Context, p place) (all []notice, err error) {
	if !p.sight.Runs && p.sight.Member == nil || p.lasting {
		return nil, nil
	}
	silent, err := s.imports.SilentNow(ctx, p.board)
	if err != nil {
		return nil, err
	}
	for _, metric := range slices.Sorted(maps.Keys(silent)) {
		n := notice{Heading: metric + " is not measured at the moment", Text: sentence(silent[metric]) + " Who has no value is missing, which is not zero."}
		if p.sight.Runs {
			n.Link = link{Address: boardAddress(p.board) + "/manage/sources", Text: "Look at the sources"}
		}
		all = append(all, n)
	}
	followed, err := s.imports.Successions(ctx, p.board.ID, s.now().Add(-toldFor))
	for _, one := range followed {
		n := notice{Heading: "The source " + one.Name + " was retired", Text: one.Heir + " takes its place, and what it brought stays."}
		if one.Why != "" {
			n.Text += " The reason: " + sentence(one.Why)
		}
		all = append(all, n)
	}
	return all, err
}
