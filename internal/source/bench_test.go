package source_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/db/dbtest"
	"cairn/internal/identity"
	"cairn/internal/source"
	"cairn/scorecard"
)

// One entry a push, as web hooks send them. From 64 senders they are kept together, and come to many times what one sender gets, whose
// every push is a transaction of its own.
func BenchmarkPush(b *testing.B) {
	for _, senders := range []int{1, 64} {
		b.Run(fmt.Sprintf("senders=%d", senders), func(b *testing.B) {
			ctx, rooms := context.Background(), boardtest.New(b, dbtest.New(b), now)
			sources := source.New(source.Rooms{DB: rooms.DB, Boards: rooms.Boards, Entries: rooms.Entries, Players: rooms.Players, Identity: rooms.Identity, Trail: rooms.Trail, Queue: rooms.Queue, Now: now})
			loaded, err := scorecard.Load("club.yaml", []byte(card))
			if err != nil {
				b.Fatal(err)
			}
			at, err := rooms.Boards.Create(ctx, loaded, board.Settings{})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := rooms.Boards.Enrol(ctx, at.ID, board.ByKey, []board.Member{{Key: "ada"}}); err != nil {
				b.Fatal(err)
			}
			_, key, err := sources.Connect(ctx, identity.Actor{}, source.Connection{Board: at.ID, Name: "shop", Kind: source.Push, Rules: rules(b, shopRules)}, "")
			if err != nil {
				b.Fatal(err)
			}
			var n atomic.Int64
			work := func() {
				c, err := sources.ByKey(ctx, key)
				if err == nil {
					_, err = sources.Push(ctx, c, batch(order(fmt.Sprint(n.Add(1)), "ada", 1)))
				}
				if err != nil {
					b.Error(err)
				}
			}
			b.SetParallelism(senders) // times the processors
			b.ResetTimer()
			if senders == 1 {
				for range b.N {
					work()
				}
			} else {
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						work()
					}
				})
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
