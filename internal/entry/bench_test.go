//go:build unix

package entry_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"syscall"
	"testing"
	"time"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
)

// cpu returns the seconds of processor time that this program has used.
func cpu() float64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return math.NaN()
	}
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9
}

// fill appends one entry per player, metric and week in batches of 20,000, as an import would.
func fill(b *testing.B, e *entry.Entries, board string, players, metrics, days int) (entries int) {
	var batch []entry.Entry
	flush := func() {
		if out, err := e.Append(context.Background(), board, "import", batch, false); err != nil || out.Added != len(batch) {
			b.Fatal(out, err)
		}
		entries += len(batch)
		batch = batch[:0]
	}
	for on := range days {
		for p := range players {
			for m := range metrics {
				batch = append(batch, entry.Entry{
					Member: int64(p), Key: fmt.Sprintf("metric_%02d", m), At: start + int64(on)*day, Value: float64((p*7 + m*13) % 40),
					ID: fmt.Sprintf("p%05d|metric_%02d|%d", p, m, on),
				})
				if len(batch) == 20_000 {
					flush()
				}
			}
		}
	}
	if len(batch) > 0 {
		flush()
	}
	return entries
}

// BenchmarkAppend prints entries per second of wall and of processor time for an import of a million and a quarter.
func BenchmarkAppend(b *testing.B) {
	for b.Loop() {
		path := dbtest.SQLite(b)
		d := dbtest.Open(b, path)
		e, board := entry.New(d, clock), newBoard(b, d, "b")
		used, began := cpu(), time.Now()
		n := fill(b, e, board, 25_000, 50, 1)
		b.ReportMetric(float64(n)/time.Since(began).Seconds(), "entries/s")
		b.ReportMetric(float64(n)/(cpu()-used), "entries/cpu-s")
		if info, err := os.Stat(path); err == nil {
			b.ReportMetric(float64(info.Size())/float64(n), "bytes/entry")
		}
	}
}

// BenchmarkWindow prints entries per second for reading them back.
func BenchmarkWindow(b *testing.B) {
	d := dbtest.New(b)
	e, board := entry.New(d, clock), newBoard(b, d, "b")
	want := fill(b, e, board, 25_000, 50, 1)
	used, began, n := cpu(), time.Now(), 0
	for b.Loop() {
		err := d.Read(context.Background(), func(tx *db.Tx) error {
			for block, err := range e.Window(context.Background(), tx, board, math.MinInt64, math.MaxInt64) {
				if err != nil {
					return err
				}
				n += len(block.Member)
			}
			return nil
		})
		if err != nil || n%want != 0 {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(n)/time.Since(began).Seconds(), "entries/s")
	b.ReportMetric(float64(n)/(cpu()-used), "entries/cpu-s")
}
