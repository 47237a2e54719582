package hook_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/hook"
)

// What makes this program send the messages of a database until it is killed: the address of the database, and how far its clock is
// ahead, so that whoever follows a dead program finds that its leases are over.
const (
	senderAddress = "CAIRN_TEST_HOOK_SENDER"
	senderAhead   = "CAIRN_TEST_HOOK_SENDER_AHEAD"
)

func TestMain(m *testing.M) {
	if address := os.Getenv(senderAddress); address != "" {
		if err := sendUntilKilled(address); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func sendUntilKilled(address string) error {
	ahead, err := time.ParseDuration(os.Getenv(senderAhead))
	if err != nil {
		return err
	}
	ctx := context.Background()
	d, err := db.Open(ctx, address)
	if err != nil {
		return err
	}
	c := &club{}
	if err := c.build(d, func() time.Time { return time.Now().Add(ahead) }); err != nil {
		return err
	}
	c.rooms.Queue.Look(20 * time.Millisecond)
	return c.rooms.Queue.Run(ctx, slog.New(slog.DiscardHandler))
}

// A program that sends is killed again and again. Every message arrives, at least once, under the identifier it has, and the room
// knows of each that it arrived.
func TestWebhook_KilledAtAnyInstantLosesNothing(t *testing.T) {
	dbtest.EachAddress(t, func(t *testing.T, address string) {
		c := newClub(t, dbtest.Open(t, address))
		c.clock = time.Now().Truncate(time.Second).UTC()
		turns := make(chan bool, 10_000) // a request is answered when it gets a turn: nothing is over before the next death
		e := newEar(t, func(http.ResponseWriter, int) { <-turns })
		defer close(turns)
		made, _ := c.make(hook.Webhook, e.URL, hook.SourceUnhealthy)
		const messages = 150
		must(t, c.db.Write(t.Context(), func(tx *db.Tx) error {
			for i := range messages {
				if err := c.rooms.Trail.Write(tx, audit.Event{Verb: "source.sick", Board: c.at.ID, Detail: map[string]string{"source": fmt.Sprint("s", i)}}); err != nil {
					return err
				}
			}
			return nil
		}))
		for died := 0; ; died++ {
			command := exec.Command(os.Args[0])
			command.Env = append(os.Environ(), senderAddress+"="+address, senderAhead+"="+(time.Duration(died)*6*time.Minute).String())
			command.Stderr = os.Stderr
			must(t, command.Start())
			for range 1 + rand.IntN(40) {
				turns <- true
			}
			for end := time.Now().Add(2 * time.Minute); time.Now().Before(end) && len(turns) > 0 && c.hook(made.ID).Waiting > 0; {
				time.Sleep(5 * time.Millisecond)
			}
			_ = command.Process.Kill()
			_ = command.Wait()
			if one := c.hook(made.ID); one.Waiting == 0 {
				if one.Dead > 0 || died < 2 {
					t.Errorf("after %d deaths: %+v", died, one)
				}
				break
			}
			if died == 150 {
				t.Fatalf("it does not end: %+v", c.hook(made.ID))
			}
		}
		bodies := map[string]string{}
		for _, h := range e.all() {
			if was, again := bodies[h.id]; again && was != h.body {
				t.Errorf("%s is two messages: %s and %s", h.id, was, h.body)
			}
			bodies[h.id] = h.body
		}
		if list := c.deliveries(made.ID); len(bodies) != messages || len(list) != messages {
			t.Errorf("%d of %d messages arrived, in %d requests", len(bodies), len(list), len(e.all()))
		}
	})
}
