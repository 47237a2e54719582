package web

import (
	"context"
	"maps"
	"slices"
)

// silentNotices say to who is on a board or looks after it what is not measured at the moment, and that it does not count as zero.
func (s *site) silentNotices(ctx context.Context, p place) (all []notice, err error) {
	if !p.reading.runs && p.reading.member == nil || p.lasting {
		return nil, nil
	}
	silent, err := s.imports.SilentNow(ctx, p.board)
	if err != nil {
		return nil, err
	}
	for _, metric := range slices.Sorted(maps.Keys(silent)) {
		n := notice{Heading: metric + " is not measured at the moment", Text: sentence(silent[metric]) + " Who has no value is missing, which is not zero."}
		if p.reading.runs {
			n.Link = link{Address: boardAddress(p.board) + "/manage/sources", Text: "Look at the sources"}
		}
		all = append(all, n)
	}
	return all, nil
}
