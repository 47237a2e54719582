package intake

import (
	"cmp"
	"iter"
	"slices"

	"cairn/internal/period"
)

// DayCount counts rows per player, key and day, and forgets all else of them.
type DayCount struct {
	layout *Layout
	counts map[dayCell]int
}

type dayCell struct {
	player, key string
	day         period.Date
}

// NewDayCount returns the count of a layout with PerDay.
func NewDayCount(l *Layout) *DayCount { return &DayCount{l, map[dayCell]int{}} }

// Add counts the entries of a record.
func (c *DayCount) Add(record *Record) {
	for _, e := range record.Entries {
		c.counts[dayCell{c.player(record.Who), e.Key, period.DateOf(e.At, c.layout.instants.zone)}]++
	}
}

// player is what tells the players apart.
func (c *DayCount) player(who Who) string {
	switch c.layout.By {
	case "email":
		return who.Email
	case "handle":
		return who.Handle
	case "name":
		return who.Name
	}
	return who.Key
}

// who is the player whom a text tells apart, and nothing more about them.
func (c *DayCount) who(player string) Who {
	switch c.layout.By {
	case "email":
		return Who{Email: player}
	case "handle":
		return Who{Handle: player}
	case "name":
		return Who{Name: player}
	}
	return Who{Key: player}
}

// Records yields one record per player, key and day, the earliest day first.
func (c *DayCount) Records() iter.Seq[*Record] {
	return func(yield func(*Record) bool) {
		cells := make([]dayCell, 0, len(c.counts))
		for cell := range c.counts {
			cells = append(cells, cell)
		}
		slices.SortFunc(cells, func(a, b dayCell) int {
			return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.player, b.player), cmp.Compare(a.key, b.key))
		})
		for _, cell := range cells {
			record := &Record{From: c.layout.sheet.Name, Who: c.who(cell.player), Entries: []Entry{{
				Key: cell.key, At: cell.day.Start(c.layout.instants.zone), Value: float64(c.counts[cell]), Once: cell.day.String(), Column: -1,
			}}}
			if !yield(record) {
				return
			}
		}
	}
}
