package release

import (
	"context"
	"math"
	"slices"
	"time"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/entry"
	"cairn/internal/fault"
)

// Purge deletes the raw entries that are older than the board's retention and lie under a final release, and returns
// the receipt. Entries whose key a window of the next release still reaches (over: all, N periods) are kept, and the
// receipt says so. What was released stays, and so does what its bundle recomputes it from.
func (r *Releases) Purge(ctx context.Context, b *board.Board, rel *Release) (entry.Receipt, error) {
	if rel.State != Final {
		return entry.Receipt{}, fault.New(fault.Conflict, "%s is a draft: raw entries go only under a final release.", rel.Period)
	}
	_, end := rel.Period.Bounds(b.Location())
	now := r.now().In(b.Location())
	due := time.Date(now.Year(), now.Month(), now.Day()-b.Retention, 0, 0, 0, 0, b.Location())
	before := min(end.UnixMicro(), due.UnixMicro())
	reach, err := r.reach(ctx, b)
	if err != nil {
		return entry.Receipt{}, err
	}
	return r.entries.Purge(ctx, b.ID, rel.ID, before, func(key string) bool {
		from, read := reach[key]
		return read && from < before
	})
}

// reach returns for each entry key how far back the next release reads it, under the rules in force and, since the next
// release compares with them, under those of the last one.
func (r *Releases) reach(ctx context.Context, b *board.Board) (map[string]int64, error) {
	var all []*record
	if err := r.db.Read(ctx, func(tx *db.Tx) (err error) {
		all, err = finals(tx, b.ID)
		return err
	}); err != nil {
		return nil, err
	}
	latest := latestEditions(all, math.MaxInt64)
	if len(latest) == 0 {
		return nil, fault.New(fault.Conflict, "The board %q has no final release: raw entries go only under one.", b.Key)
	}
	last := latest[len(latest)-1]
	reach := map[string]int64{}
	for _, version := range slices.Compact([]int{last.version, b.Version}) {
		card, err := r.boards.Scorecard(ctx, b.ID, version)
		if err != nil {
			return nil, err
		}
		for key, from := range needed(card, last.period.Add(1), b.Location()) {
			if before, known := reach[key]; !known || from < before {
				reach[key] = from
			}
		}
	}
	return reach, nil
}
