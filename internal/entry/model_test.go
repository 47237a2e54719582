package entry_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
)

// model is what the room promises, kept in the plainest way.
type model struct {
	entries map[string]held // by source and id
	replies int             // numbers given out, in the order of arrival
	until   int64
	purged  int64
	brought map[string]int64
}

type held struct {
	entry.Entry
	source string
	order  int
}

func (m *model) append(source string, batch []entry.Entry, replace, amend bool) (out entry.Outcome) {
	tooLate := func(at int64) bool { return at < m.until && !amend || at < m.purged }
	for i, e := range batch {
		name := source + "|" + e.ID
		old, exists := m.entries[name]
		switch {
		case exists && old.Entry == e:
			out.Duplicates++
			continue
		case tooLate(e.At):
			out.TooLate = append(out.TooLate, i)
			continue
		case exists && !replace:
			out.Conflicts = append(out.Conflicts, i)
			continue
		case exists && tooLate(old.At):
			out.TooLate = append(out.TooLate, i)
			continue
		case exists:
			out.Replaced++
		default:
			out.Added++
		}
		m.entries[name] = held{e, source, m.replies}
		m.replies++
		m.brought[source]++
	}
	return out
}

func (m *model) window(from, to int64) []entry.Entry {
	in := slices.SortedFunc(maps.Values(m.entries), func(a, b held) int {
		if a.At/day != b.At/day {
			return int(a.At/day - b.At/day)
		}
		return a.order - b.order
	})
	var all []entry.Entry
	for _, h := range in {
		if h.At >= from && h.At < to {
			all = append(all, h.Entry)
		}
	}
	return all
}

// purge deletes, and reports how many that hold it deleted and kept.
func (m *model) purge(before int64, keep func(string) bool) (gone, kept int64) {
	before -= before % day
	for name, h := range m.entries {
		switch {
		case h.At >= before:
		case keep(h.Key):
			kept++
		default:
			delete(m.entries, name)
			gone++
		}
	}
	return gone, kept
}

// forget deletes what a member has, and reports how many entries that is.
func (m *model) forget(member int64) (gone int) {
	for name, h := range m.entries {
		if h.Member == member {
			delete(m.entries, name)
			gone++
		}
	}
	return gone
}

// Any sequence of batches, replacements, releases, purges and members who are forgotten leaves what a plain map would hold.
func TestEntries_BehaveAsAPlainMapWould(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		e := entry.New(d, clock)
		ctx := context.Background()
		boards := 0
		rapid.Check(t, func(r *rapid.T) {
			boards++
			board := newBoard(t, d, fmt.Sprint("b", boards))
			m := model{entries: map[string]held{}, brought: map[string]int64{}, until: math.MinInt64, purged: math.MinInt64}
			instant := rapid.Custom(func(r *rapid.T) int64 {
				return start + rapid.Int64Range(0, 4).Draw(r, "day")*day + rapid.Int64Range(0, 3).Draw(r, "quarter")*day/4
			})
			one := rapid.Custom(func(r *rapid.T) entry.Entry {
				return entry.Entry{
					ID: fmt.Sprint(rapid.IntRange(0, 12).Draw(r, "id")), Member: rapid.Int64Range(0, 2).Draw(r, "member"),
					Key: rapid.SampledFrom([]string{"posts", "likes"}).Draw(r, "key"), At: instant.Draw(r, "at"),
					Value: rapid.SampledFrom([]float64{1, 2, 0.5}).Draw(r, "value"),
				}
			})
			// A day that was purged knows ids no more, so an id of it may come again as new; the model keeps to ids
			// of its own for each purge.
			generation := 0
			actions := map[string]func(){
				"append": func() {
					batch := rapid.SliceOfN(one, 1, 12).Draw(r, "batch")
					for i := range batch {
						batch[i].ID = fmt.Sprint(generation, "-", batch[i].ID)
					}
					source := rapid.SampledFrom([]string{"crm", "git"}).Draw(r, "source")
					mode := rapid.SampledFrom([]string{"append", "replace", "amend"}).Draw(r, "mode")
					var got entry.Outcome
					var err error
					if mode == "amend" {
						got, err = e.Amend(ctx, board, source, batch)
					} else {
						got, err = e.Append(ctx, board, source, batch, mode == "replace")
					}
					if err != nil {
						r.Fatal(err)
					}
					equal(r, "outcome", got, m.append(source, batch, mode != "append", mode == "amend"))
				},
				"close": func() {
					until := instant.Draw(r, "until")
					if err := d.Write(ctx, func(tx *db.Tx) error { return e.Close(tx, board, until) }); err != nil {
						r.Fatal(err)
					}
					m.until = max(m.until, until)
				},
				"purge": func() {
					if m.until < start {
						return
					}
					before := rapid.Int64Range(start, m.until).Draw(r, "before")
					keep := func(key string) bool { return key == "likes" }
					gone, kept := m.purge(before, keep)
					receipt, err := e.Purge(ctx, board, "r", before, keep)
					if err != nil {
						r.Fatal(err)
					}
					if receipt.Count < gone || receipt.Kept != kept { // replaced entries are counted besides
						r.Fatalf("deleted %d and kept %d, want %d and %d", receipt.Count, receipt.Kept, gone, kept)
					}
					m.purged = max(m.purged, before-before%day)
					generation++
				},
			}
			actions["forget"] = func() {
				member := rapid.Int64Range(0, 2).Draw(r, "forgotten")
				var gone int
				err := d.Write(ctx, func(tx *db.Tx) (err error) {
					gone, err = e.Forget(tx, board, member)
					return err
				})
				if err != nil {
					r.Fatal(err)
				}
				if want := m.forget(member); gone < want { // replaced entries are counted besides
					r.Fatalf("forgot %d entries, want %d", gone, want)
				}
			}
			check := func() {
				equal(r, "all", window(r, d, e, board, math.MinInt64, math.MaxInt64), m.window(math.MinInt64, math.MaxInt64))
				from, to := instant.Draw(r, "from"), instant.Draw(r, "to")
				equal(r, "window", window(r, d, e, board, from, to), m.window(from, to))
				sources, err := e.Sources(ctx, board)
				if err != nil {
					r.Fatal(err)
				}
				brought := map[string]int64{}
				for _, s := range sources {
					brought[s.Name] = s.Entries
				}
				equal(r, "brought", brought, m.brought)
				err = d.Read(ctx, func(tx *db.Tx) error {
					whole, err := e.Whole(tx, board)
					equal(r, "whole since", whole, m.purged)
					return err
				})
				if err != nil {
					r.Fatal(err)
				}
			}
			for range rapid.IntRange(1, 9).Draw(r, "actions") {
				actions[rapid.SampledFrom([]string{"append", "append", "append", "close", "purge", "forget"}).Draw(r, "action")]()
			}
			check()
		})
	})
}
