package take

import (
	"time"

	"cairn/internal/period"
	"cairn/scorecard"
)

// Taker collects entries and reduces them.
type Taker struct{}

// New returns a taker for a scorecard, a period and a zone.
func New(card *scorecard.Scorecard, p period.Period, zone *time.Location) *Taker { return nil }

// Span returns the instants (microseconds UTC, half-open) between which entries matter; from is math.MinInt64 where
// some window is "all".
func (t *Taker) Span() (from, to int64) { return }

// Key returns the number by which Add knows an entry key; ok is false where no metric reads it.
func (t *Taker) Key(entry string) (key int, ok bool) { return 0, false }

// Label returns the number by which Add knows a label or, for an entry without one, its external id.
func (t *Taker) Label(text string) uint32 { return 0 }

// NeedsLabel reports whether some metric that reads the key counts distinct labels; else Add may be given 0.
func (t *Taker) NeedsLabel(key int) bool { return false }

// Add takes one entry of a player (a small number, dense from 0). value is NaN where the entry has none.
func (t *Taker) Add(player, key int, at int64, value float64, label uint32) {}

// Columns reduces: metric key → one value for each of n players, NaN missing; totals are those of take: share.
func (t *Taker) Columns(n int) (columns map[string][]float64, totals map[string]float64) {
	return nil, nil
}
