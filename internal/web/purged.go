package web

import (
	"context"
	"slices"
	"strings"

	"cairn/internal/board"
)

// purgedLine is the receipt of one deletion of raw entries.
type purgedLine struct{ When, Before, Entries, Digest, Kept string }

// purgedShown is how many receipts stand on a page: the latest. The command line lists all.
const purgedShown = 30

// purged lists what was deleted of a board's raw entries, newest first.
func (s *site) purged(ctx context.Context, b *board.Board) (lines []purgedLine, err error) {
	receipts, err := s.raw.Receipts(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	for _, r := range slices.Backward(receipts) {
		if len(lines) == purgedShown {
			break
		}
		line := purgedLine{When: day(r.At, b.Location()), Before: day(r.Before, b.Location()), Entries: amount(float64(r.Count)), Digest: r.Digest}
		if r.Kept > 0 {
			line.Kept = amount(float64(r.Kept)) + " of " + strings.Join(r.KeptKeys, ", ") + " stay: the next release still counts them"
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// keepingWords says for how long a board keeps raw entries.
func keepingWords(b *board.Board) string {
	return "Raw entries go by themselves once they are older than " + count(b.Retention, "day", "days") + " and a final release holds them. The release stays, and so does a receipt: how many they were, and a digest of them."
}
