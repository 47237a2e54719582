package newsletter_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/gateway"
	"cairn/internal/mail"
	"cairn/internal/mail/mailtest"
	"cairn/internal/newsletter"
	"cairn/internal/period"
	"cairn/scorecard"
)

// What makes this program send the newsletters of a database until it is killed: the address of the database, the port of its mail
// server, and how far its clock is ahead.
const (
	senderAddress = "CAIRN_TEST_SENDER"
	senderPort    = "CAIRN_TEST_SENDER_PORT"
	senderAhead   = "CAIRN_TEST_SENDER_AHEAD"
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
	port, err := strconv.Atoi(os.Getenv(senderPort))
	if err != nil {
		return err
	}
	ahead, err := time.ParseDuration(os.Getenv(senderAhead))
	if err != nil {
		return err
	}
	ctx := context.Background()
	d, err := db.Open(ctx, address)
	if err != nil {
		return err
	}
	now := func() time.Time { return time.Now().Add(ahead) }
	server := mail.Server{Host: "127.0.0.1", Port: port, From: "Cairn <cairn@cairn.example>", Security: "none"}
	c, err := open(d, now, server, gateway.Server{})
	if err != nil {
		return err
	}
	if err := c.letters.Wind(ctx); err != nil {
		return err
	}
	c.rooms.Queue.Look(20 * time.Millisecond)
	return c.rooms.Queue.Run(ctx, slog.New(slog.DiscardHandler))
}

// sender is such a program.
type sender struct {
	t       *testing.T
	address string
	sink    *mailtest.Sink

	mu      sync.Mutex
	command *exec.Cmd
	died    int
}

func (s *sender) start() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.command = exec.Command(os.Args[0])
	// Whoever follows a dead program finds that its leases are over.
	ahead := time.Duration(s.died) * 6 * time.Minute
	s.command.Env = append(os.Environ(), senderAddress+"="+s.address, senderPort+"="+strconv.Itoa(s.sink.Server.Port), senderAhead+"="+ahead.String())
	s.command.Stderr = os.Stderr
	must(s.t, s.command.Start())
	if s.died == 0 {
		s.t.Cleanup(s.kill)
	}
}

// kill ends the program as a power cut would. It says nothing more once kill returns.
func (s *sender) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.command.Process.Kill()
	_ = s.command.Wait()
	s.died++
}

// slowly leaves each program something to do.
func slowly(m mailtest.Moment) (a mailtest.Answer) {
	if m.Step == mailtest.Data {
		a.Wait = 10 * time.Millisecond
	}
	return a
}

// Two programs send one newsletter to a thousand readers; one of them is killed at every step of handing a message over, and then at
// random instants. Afterwards every reader was sent one copy, or is doubtful, and has at most one.
func TestSend_KilledAtAnyInstantSkipsNobodyAndSendsNobodyTwo(t *testing.T) {
	const readers, unwilling = 1000, 20
	address := dbtest.Postgres(t)
	c := newClub(t, dbtest.Open(t, address), mail.Server{}, board.PublicRecord)
	c.clock = time.Now().Truncate(time.Second).UTC()
	p := period.Of(scorecard.Week, c.now(), time.UTC).Add(-1)
	c.crowd(readers)
	var all []int64
	names, err := c.rooms.Boards.Directory(t.Context(), c.at)
	must(t, err)
	for i := range int64(readers) {
		all = append(all, i)
		if i%(readers/unwilling) == 0 {
			must(t, c.letters.Prefer(t.Context(), names.Member(i).Player, "", newsletter.Preference{Channel: newsletter.ByNobody}, "page"))
		}
	}
	c.counts(p.String(), all...)
	rel := c.publish(p.String())

	// The one that dies: at each step in turn, some messages after the last time.
	steps := []mailtest.Step{mailtest.Greeting, mailtest.Hello, mailtest.Sender, mailtest.Recipient, mailtest.Data, mailtest.Body, mailtest.Dot, mailtest.Taken, mailtest.Answered}
	deaths := make(chan mailtest.Step)
	var mu sync.Mutex
	since := 0
	mortal := &sender{t: t, address: address}
	mortal.sink = mailtest.NewSink(t, mailtest.Setup{Script: func(m mailtest.Moment) mailtest.Answer {
		mu.Lock()
		defer mu.Unlock()
		if m.Step == mailtest.Sender {
			since++
		}
		early := m.Step == mailtest.Greeting || m.Step == mailtest.Hello
		if len(steps) == 0 || m.Step != steps[0] || since < 5 && !early {
			return slowly(m)
		}
		mortal.kill()
		deaths <- steps[0]
		steps, since = steps[1:], 0
		return mailtest.Answer{Drop: true}
	}})
	steady := &sender{t: t, address: address, sink: mailtest.NewSink(t, mailtest.Setup{Script: slowly})}
	must(t, c.db.Write(t.Context(), func(tx *db.Tx) error { // at once, not a minute later
		_, err := tx.Exec(`UPDATE job SET due = 0`)
		return err
	}))
	mortal.start()
	steady.start()
	over := time.After(5 * time.Minute)
	for left := len(steps); left > 0; left-- {
		select {
		case <-deaths:
			mortal.start()
		case <-over:
			t.Fatalf("it was not killed at %v", steps)
		}
	}
	for range 6 {
		time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
		mortal.kill()
		mortal.start()
	}
	for end := time.Now().Add(5 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		l, err := c.letters.Of(t.Context(), c.at, rel.ID)
		must(t, err)
		if !l.Ended.IsZero() {
			break
		}
		if time.Now().After(end) {
			t.Errorf("it does not end: %+v", l)
			break
		}
	}
	mortal.kill()
	copies := mortal.sink.Copies()
	shared := len(copies)
	for to, n := range steady.sink.Copies() {
		copies[to] += n
	}
	counts := c.once(rel, readers, copies)
	if counts[newsletter.Skipped] != unwilling || counts[newsletter.Doubtful] > 2*mortal.died+2 || shared == 0 || len(steady.sink.Copies()) == 0 { // how they share it is up to the machine
		t.Errorf("%v; %d deaths; %d by the one that died", counts, mortal.died, shared)
	}
}
