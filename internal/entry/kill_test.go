package entry_test

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"testing"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
)

// writerAddress makes this program write batches into a database until it is killed.
const writerAddress = "CAIRN_TEST_WRITER"

func TestMain(m *testing.M) {
	if address := os.Getenv(writerAddress); address != "" {
		writeUntilKilled(address)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const batchSize = 300

// numbered is batch n of the stream that the writer writes; its entries fall on four days.
func numbered(n int) []entry.Entry {
	batch := make([]entry.Entry, batchSize)
	for i := range batch {
		batch[i] = entry.Entry{Member: int64(i), Key: "posts", At: start + int64(i%4)*day, Value: 1, ID: fmt.Sprintf("%d-%d", n, i)}
	}
	return batch
}

func writeUntilKilled(address string) {
	d, err := db.Open(context.Background(), address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	e := entry.New(d, clock)
	for n := 0; ; n++ {
		if _, err := e.Append(context.Background(), "b", "stream", numbered(n), false); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return
		}
		fmt.Fprintln(os.Stdout, n)
	}
}

// A writer that is killed at any instant has lost nothing that Append returned for, and left no half of a batch; what it
// does again counts once.
func TestAppend_KilledWriterLosesNothingAndDoublesNothing(t *testing.T) {
	dbtest.EachAddress(t, func(t *testing.T, address string) {
		d := dbtest.Open(t, address)
		e, board := entry.New(d, clock), newBoard(t, d, "b")
		for round := 1; round <= 3; round++ {
			writer := exec.Command(os.Args[0])
			writer.Env = append(os.Environ(), writerAddress+"="+address)
			writer.Stderr = os.Stderr
			out, err := writer.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := writer.Start(); err != nil {
				t.Fatal(err)
			}
			acknowledged := -1
			lines := bufio.NewScanner(out)
			for acknowledged < 12*round && lines.Scan() {
				if _, err := fmt.Sscan(lines.Text(), &acknowledged); err != nil {
					t.Fatal(err)
				}
			}
			if err := writer.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			for lines.Scan() { // acknowledged before the kill
				if _, err := fmt.Sscan(lines.Text(), &acknowledged); err != nil {
					t.Fatal(err)
				}
			}
			if err := writer.Wait(); err == nil {
				t.Fatal("the writer ended by itself")
			}

			n := len(window(t, d, e, board, math.MinInt64, math.MaxInt64))
			if n%batchSize != 0 || n < (acknowledged+1)*batchSize {
				t.Fatalf("round %d: %d entries after %d batches of %d were acknowledged", round, n, acknowledged+1, batchSize)
			}
		}
		held := len(window(t, d, e, board, math.MinInt64, math.MaxInt64))
		duplicates := 0
		for n := range held/batchSize + 2 {
			duplicates += appendAll(t, e, board, "stream", numbered(n)...).Duplicates
		}
		if duplicates != held {
			t.Errorf("%d entries, %d known when they came again", held, duplicates)
		}
	})
}
