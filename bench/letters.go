package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"cairn/internal/app"
	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/job"
	"cairn/internal/mail"
	"cairn/internal/newsletter"
	"cairn/internal/period"
	"cairn/scorecard"
)

// sink takes mail on the loopback interface and forgets it, until its standard input ends. It prints its port, and then how many
// messages it took.
func sink() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var taken atomic.Int64
	go func() {
		for {
			wire, err := listener.Accept()
			if err != nil {
				return
			}
			go swallow(wire, &taken)
		}
	}()
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	_, _ = io.Copy(io.Discard, os.Stdin)
	fmt.Println(taken.Load())
	return nil
}

// swallow is one dialogue with a client that does everything right.
func swallow(wire net.Conn, taken *atomic.Int64) {
	defer wire.Close()
	in := bufio.NewReaderSize(wire, 64<<10)
	say := func(line string) bool {
		_, err := io.WriteString(wire, line+"\r\n")
		return err == nil
	}
	for ok := say("220 sink"); ok; {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		switch verb := strings.ToUpper(line[:min(4, len(line))]); verb {
		case "DATA":
			if ok = say("354 go on"); !ok {
				return
			}
			for line != ".\r\n" {
				if line, err = in.ReadString('\n'); err != nil {
					return
				}
			}
			taken.Add(1)
			ok = say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			ok = say("250 ok")
		}
	}
}

// startSink runs a sink in a process of its own. stop ends it and returns how many messages it took.
func startSink() (port string, stop func() (int, error), err error) {
	command, err := self("-task", string(taskSink))
	if err != nil {
		return "", nil, err
	}
	command.Stderr = os.Stderr
	in, out, err := pipes(command)
	if err != nil {
		return "", nil, err
	}
	lines := bufio.NewScanner(out)
	lines.Scan()
	port = lines.Text()
	return port, func() (n int, err error) {
		if err := in.Close(); err != nil {
			return 0, err
		}
		if lines.Scan() {
			n, err = strconv.Atoi(lines.Text())
		}
		if ended := command.Wait(); ended != nil {
			return n, ended
		}
		return n, err
	}, nil
}

func pipes(command *exec.Cmd) (io.WriteCloser, io.Reader, error) {
	in, err := command.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	return in, out, command.Start()
}

// server opens the whole program on a database, with a mail server on this machine.
func server(ctx context.Context, address, port string, now func() time.Time) (*app.App, error) {
	config, err := app.Read(map[string]string{"db": address, "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none", "mail_rate": "0",
		"smtp_from": "Cairn <cairn@bench.example>", "mail_sender": "Bench | 1 Bench Street", "base_url": "http://localhost:8080"}, "", app.Environment{})
	if err != nil {
		return nil, err
	}
	return app.Open(ctx, config, now)
}

// fillReaders publishes a release of so many players who claimed their records.
func fillReaders(address string, players int) (m Measurement, err error) {
	ctx := context.Background()
	a, err := server(ctx, address, "1", time.Now)
	if err != nil {
		return m, err
	}
	defer a.Close()
	return measure(func() error { return readers(ctx, a, players) })
}

// sendLetters sends each of these players a letter of their own, and then as many messages of about that size over one connection
// without any ledger, for comparison.
func sendLetters(address string, players int) (m Measurement, err error) {
	ctx := context.Background()
	port, stop, err := startSink()
	if err != nil {
		return m, err
	}
	var ahead atomic.Int64
	ahead.Store(int64(2 * time.Minute)) // a newsletter goes a little after its release
	a, err := server(ctx, address, port, func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) })
	if err != nil {
		return m, err
	}
	defer a.Close()
	b, err := a.Boards.Board(ctx, "social-selling")
	if err != nil {
		return m, err
	}
	rel, err := a.Releases.Latest(ctx, b)
	if err != nil {
		return m, err
	}
	m, err = measure(func() error {
		for {
			if _, err := a.Queue.RunDue(ctx); err != nil {
				return err
			}
			left, err := a.Queue.List(ctx, job.Filter{Limit: 1000})
			if err != nil {
				return err
			}
			waits := 0
			for _, j := range left {
				if strings.HasPrefix(j.Kind, "newsletter") {
					waits++
				}
			}
			if waits == 0 {
				return nil
			}
			ahead.Add(int64(time.Second))
		}
	})
	if err != nil {
		return m, err
	}
	sent, err := a.Newsletters.Of(ctx, b, rel.ID)
	if err != nil {
		return m, err
	}
	m.Facts["sent"] = float64(sent.Counts[newsletter.Sent])

	line, err := a.Post.Line(ctx)
	if err != nil {
		return m, err
	}
	body := strings.Repeat(strings.Repeat("x", 70)+"\r\n", 300) // about what a letter is without its picture
	plain, err := measure(func() error {
		for i := range players {
			if err := line.Deliver(ctx, mail.Message{ID: strconv.Itoa(i), To: fmt.Sprintf("p%d@bench.example", i), Subject: "A letter", Text: body, Bulk: true}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return m, err
	}
	line.Close()
	m.Facts["plain_wall"], m.Facts["plain_cpu"] = plain.Wall, plain.CPU
	taken, err := stop()
	m.Facts["taken"] = float64(taken - players)
	return m, err
}

// readers makes a board of so many players who claimed their records, and publishes the week that is just over.
func readers(ctx context.Context, a *app.App, players int) error {
	template, _, _ := scorecard.TemplateOf("social-selling")
	card, err := template.Load()
	if err != nil {
		return err
	}
	b, err := a.Boards.Create(ctx, card, board.Settings{Basis: board.PublicRecord, Stage: board.Private})
	if err != nil {
		return err
	}
	people := make([]board.Member, players)
	for i := range people {
		people[i] = board.Member{Key: playerKey(i), Name: "Player " + playerKey(i)}
	}
	numbers, err := a.Boards.Enrol(ctx, b.ID, board.ByKey, people)
	if err != nil {
		return err
	}
	// Nobody signs in 25,000 times for this: the accounts are written as signing in and claiming would.
	at := a.Now().UnixMicro()
	for from := 0; from < players; from += 1000 {
		err := a.DB.Write(ctx, func(tx *db.Tx) error {
			for i := from; i < min(from+1000, players); i++ {
				account := fmt.Sprintf("00000000-0000-7000-8000-%012d", i)
				for _, q := range []struct {
					text string
					args []any
				}{
					{`INSERT INTO account (account_id, operator, policy, policy_at, merged, created_at) VALUES ($1, 0, '2', $2, '', $2)`, []any{account, at}},
					{`INSERT INTO account_address (address, account_id, proved_at, main) VALUES ($1, $2, $3, 1)`, []any{fmt.Sprintf("p%d@bench.example", i), account, at}},
					{`UPDATE board_member SET player_id = $1 WHERE board_id = $2 AND number = $3`, []any{account, b.ID, numbers[i]}},
				} {
					if _, err := tx.Exec(q.text, q.args...); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	p := period.Of(card.Period, a.Now(), b.Location()).Add(-1)
	start, _ := p.Bounds(b.Location())
	for k, metric := range card.Metrics() {
		batch := make([]entry.Entry, players)
		values := column(k, players)
		for i := range batch {
			batch[i] = entry.Entry{Member: numbers[i], Key: metric.Entry, At: start.UnixMicro() + int64(k), Value: float64(int(values[i]) % 50), ID: fmt.Sprint(k, " ", i)}
		}
		if _, err := a.Entries.Append(ctx, b.ID, "bench", batch, false); err != nil && fault.Of(err) != fault.Conflict {
			return err
		}
	}
	_, err = a.Releases.Publish(ctx, b, p, false)
	return err
}

// letters measures a newsletter.
func (r *report) letters(size sizes) error {
	r.printf("## A newsletter: %d letters to a mail server on this machine\n", size.Board)
	address := filepath.Join(r.folder, "letters.db")
	if _, err := child(taskReaders, "-db", address, "-players", strconv.Itoa(size.Board)); err != nil {
		return err
	}
	m, err := child(taskLetters, "-db", address, "-players", strconv.Itoa(size.Board))
	if err != nil {
		return err
	}
	if int(m.Facts["sent"]) != size.Board || int(m.Facts["taken"]) != size.Board {
		return fmt.Errorf("of %d letters, %.0f were noted as sent and %.0f arrived", size.Board, m.Facts["sent"], m.Facts["taken"])
	}
	r.printf("Each letter is its reader's own, with a picture, a link, and a line of the ledger that is written before and after; the server takes all that comes.\n")
	r.printf("| what | a second | CPU | peak MiB |\n|---|---|---|---|")
	r.printf("| letters | %.0f | %.1f | %d |", float64(size.Board)/m.Wall, m.CPU, m.Peak>>20)
	r.printf("| messages of 21 KB without picture, link or ledger, over one connection | %.0f | %.1f | |\n", float64(size.Board)/m.Facts["plain_wall"], m.Facts["plain_cpu"])
	return os.Remove(address)
}
