package release

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
)

// crowd makes a board of players with one entry per metric in each of some weeks.
func crowd(b *testing.B, players, metrics int, weeks ...string) *club {
	var card strings.Builder
	card.WriteString("scorecard: 1\nkey: crowd\nname: Crowd\ntags: [team]\nparts:\n")
	for k := range metrics {
		method := "{minmax: {from: 0}}"
		if k%2 == 1 {
			method = "{percentile: {}}"
		}
		fmt.Fprintf(&card, "  - {key: m%d, missing: zero, normalise: %s}\n", k, method)
	}
	c := newClub(b, dbtest.New(b), card.String())
	members := make([]board.Member, players)
	for i := range members {
		members[i] = board.Member{Key: fmt.Sprintf("player-%d", i), Name: fmt.Sprintf("Player %d", i), Tags: map[string]string{"team": fmt.Sprint("t", i%100)}}
	}
	numbers, err := c.boards.Enrol(context.Background(), c.board.ID, board.ByKey, members)
	if err != nil {
		b.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	var batch []entry.Entry
	flush := func() {
		if _, err := c.entries.Append(context.Background(), c.board.ID, "bench", batch, false); err != nil {
			b.Fatal(err)
		}
		batch = batch[:0]
	}
	for _, week := range weeks {
		from, _ := c.period(week).Bounds(c.board.Location())
		for _, m := range numbers {
			for k := range metrics {
				value := float64(int(random.ExpFloat64() * 20))
				if k%4 == 3 {
					value = random.ExpFloat64() * 20
				}
				c.ids++
				batch = append(batch, entry.Entry{Member: m, Key: fmt.Sprint("m", k), At: from.UnixMicro() + int64(random.IntN(6*86400))*1e6, Value: value, ID: fmt.Sprint(c.ids)})
			}
			if len(batch) > 50_000 {
				flush()
			}
		}
	}
	flush()
	return c
}

// BenchmarkPublish publishes the second week of 25,000 players and 50 metrics, from 1.25 million entries.
func BenchmarkPublish(b *testing.B) {
	c := crowd(b, 25_000, 50, "2026-W45", "2026-W46")
	b.ReportAllocs()
	for _, week := range []string{"2026-W45", "2026-W46"} {
		b.Run(week, func(b *testing.B) {
			for range b.N {
				if _, err := c.releases.Draft(context.Background(), c.board, c.period(week)); err != nil {
					b.Fatal(err)
				}
			}
		})
		rel := c.publish(week)
		stored := 0
		c.db.Read(context.Background(), func(tx *db.Tx) error {
			return tx.QueryRow(`SELECT (SELECT SUM(LENGTH(content)) FROM release_chunk WHERE release_id = $1) + (SELECT SUM(LENGTH(content)) FROM release_index WHERE release_id = $1)`, rel.ID).Scan(&stored)
		})
		b.Logf("%s: %.1f bytes a player", week, float64(stored)/25_000)
	}
}

// BenchmarkCard reads one player's scorecard of a published release: as JSON beside a static handler of the same size,
// and whole.
func BenchmarkCard(b *testing.B) {
	ctx := context.Background()
	c := crowd(b, 5_000, 20, "2026-W45", "2026-W46")
	c.publish("2026-W45")
	rel := c.publish("2026-W46")
	view := c.all(rel)
	fixed, err := view.AppendCardJSON(ctx, nil, "player-77")
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d bytes of JSON", len(fixed))
	b.Run("json", func(b *testing.B) {
		var dst []byte
		for i := range b.N {
			view, err := c.releases.View(ctx, c.board, rel, Open)
			if err != nil {
				b.Fatal(err)
			}
			dst, _ = view.AppendCardJSON(ctx, dst[:0], fmt.Sprintf("player-%d", i%5000))
		}
	})
	b.Run("json of another", func(b *testing.B) { // nothing is found for its reader alone
		var dst []byte
		for i := range b.N {
			view, err := c.releases.View(ctx, c.board, rel, Reader{Member: -1, May: Open.May})
			if err != nil {
				b.Fatal(err)
			}
			dst, _ = view.AppendCardJSON(ctx, dst[:0], fmt.Sprintf("player-%d", i%5000))
		}
	})
	b.Run("static", func(b *testing.B) {
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(fixed) })
		r := httptest.NewRequest("GET", "/", nil)
		for range b.N {
			h.ServeHTTP(httptest.NewRecorder(), r)
		}
	})
	b.Run("card", func(b *testing.B) {
		for i := range b.N {
			view, err := c.releases.View(ctx, c.board, rel, Open)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := view.Card(ctx, fmt.Sprintf("player-%d", i%5000)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
