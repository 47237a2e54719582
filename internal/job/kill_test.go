package job_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/job"
)

// workerAddress makes this program run the jobs of a database until it is killed.
const workerAddress = "CAIRN_TEST_WORKER"

func TestMain(m *testing.M) {
	if address := os.Getenv(workerAddress); address != "" {
		workUntilKilled(address)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func workUntilKilled(address string) {
	d, err := db.Open(context.Background(), address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	q := job.New(d, time.Now)
	q.Handle("k", func(ctx context.Context, j job.Job) error {
		if j.Key == "quick" {
			fmt.Fprintln(os.Stdout, "did quick")
			return nil
		}
		fmt.Fprintln(os.Stdout, "began", j.Key)
		<-ctx.Done()
		return ctx.Err()
	})
	if err := q.Run(context.Background(), slog.New(slog.DiscardHandler)); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// What a program was doing when it was killed is done by another once the lease is over, not before; what it had done is
// not done again, and what it had not begun is done at once.
func TestRun_KilledBetweenClaimAndFinishLosesNothing(t *testing.T) {
	dbtest.EachAddress(t, func(t *testing.T, address string) {
		d := dbtest.Open(t, address)
		real := job.New(d, time.Now)
		for _, key := range []string{"quick", "slow one", "slow two"} {
			enqueue(t, d, real, "k", key, nil, time.Now())
		}
		enqueue(t, d, real, "k", "later", nil, time.Now().Add(time.Minute))

		worker := exec.Command(os.Args[0])
		worker.Env = append(os.Environ(), workerAddress+"="+address)
		worker.Stderr = os.Stderr
		out, err := worker.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := worker.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range 3 {
			if !lines.Scan() {
				t.Fatal("the worker ended by itself")
			}
		}
		for deadline := time.Now().Add(2 * time.Minute); len(list(t, real)) > 3; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the quick job's end was not noted")
			}
		}
		if err := worker.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := worker.Wait(); err == nil {
			t.Fatal("the worker ended by itself")
		}

		ahead := time.Minute
		q := job.New(d, func() time.Time { return time.Now().Add(ahead) })
		var did []string
		q.Handle("k", func(_ context.Context, j job.Job) error {
			did = append(did, fmt.Sprintf("%s %d", j.Key, j.Attempt))
			return nil
		})
		runDue(t, q, 1)
		ahead = 6 * time.Minute
		runDue(t, q, 2)
		slices.Sort(did)
		if got, want := strings.Join(did, ", "), "later 1, slow one 2, slow two 2"; got != want {
			t.Errorf("did %s; want %s", got, want)
		}
	})
}
