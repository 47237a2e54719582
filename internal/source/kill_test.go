package source_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"

	"cairn/internal/board/boardtest"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/mail"
	"cairn/internal/source"
)

// senderAddress and senderKey make this program push into a database, from many senders at once, until it is killed.
const (
	senderAddress = "CAIRN_TEST_SENDER"
	senderKey     = "CAIRN_TEST_SENDER_KEY"
)

func TestMain(m *testing.M) {
	if address := os.Getenv(senderAddress); address != "" {
		fmt.Fprintln(os.Stderr, pushUntilKilled(address, os.Getenv(senderKey)))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func pushUntilKilled(address, key string) error {
	ctx := context.Background()
	d, err := db.Open(ctx, address)
	if err != nil {
		return err
	}
	post, err := mail.New(mail.Server{})
	if err != nil {
		return err
	}
	rooms, err := boardtest.Build(d, now, post)
	if err != nil {
		return err
	}
	sources := source.New(source.Rooms{DB: d, Boards: rooms.Boards, Entries: rooms.Entries, Players: rooms.Players, Identity: rooms.Identity, Trail: rooms.Trail, Queue: rooms.Queue, Now: now})
	var told sync.Mutex
	failed := make(chan error)
	for sender := range 8 {
		go func() {
			for n := 0; ; n++ {
				id := fmt.Sprintf("%d-%d-%d", os.Getpid(), sender, n)
				c, err := sources.ByKey(ctx, key)
				if err == nil {
					_, err = sources.Push(ctx, c, batch(order(id, "ada", 1), order("w"+id, "nobody", 1)))
				}
				if err != nil {
					failed <- err
					return
				}
				told.Lock()
				fmt.Println(id)
				told.Unlock()
			}
		}()
	}
	return <-failed
}

// What was acknowledged is on disk, however the program ends: as an entry, or in quarantine.
func TestPush_KilledServerLosesNothingThatWasAcknowledged(t *testing.T) {
	dbtest.EachAddress(t, func(t *testing.T, address string) {
		w := newLinked(t, dbtest.Open(t, address))
		var acknowledged []string
		for range 2 {
			server := exec.Command(os.Args[0])
			server.Env = append(os.Environ(), senderAddress+"="+address, senderKey+"="+w.key)
			server.Stderr = os.Stderr
			out, err := server.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := server.Start(); err != nil {
				t.Fatal(err)
			}
			lines, before := bufio.NewScanner(out), len(acknowledged)
			for lines.Scan() {
				if acknowledged = append(acknowledged, lines.Text()); len(acknowledged) == before+100 {
					if err := server.Process.Kill(); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := server.Wait(); err == nil {
				t.Fatal("the server ended by itself")
			}
		}
		if len(acknowledged) < 200 {
			t.Fatalf("only %d were acknowledged", len(acknowledged))
		}
		held := w.sums()["ada posts"]
		for _, id := range acknowledged { // as senders that saw no answer send them again
			if taken := w.push(order(id, "ada", 1)); taken.Duplicates != 1 {
				t.Errorf("%s was acknowledged and is not there: %+v", id, taken)
			}
		}
		if after := w.sums()["ada posts"]; after != held {
			t.Errorf("%v entries, and %v when they came again", held, after)
		}
		reasons, err := w.sources.Reasons(w.ctx, w.at())
		if err != nil || len(reasons) != 1 || reasons[0].Events < len(acknowledged) {
			t.Errorf("%d were acknowledged, and these wait: %+v, %v", len(acknowledged), reasons, err)
		}
	})
}
