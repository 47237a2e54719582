package release

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/mail"
	"cairn/internal/period"
	"cairn/scorecard"
)

// reopen builds the rooms on a database that holds a club.
func reopen(t testing.TB, address string) *club {
	t.Helper()
	d := dbtest.Open(t, address)
	c := &club{t: t, db: d, now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	now := func() time.Time { return c.now }
	c.build(now, 1<<24)
	b, err := c.boards.Board(context.Background(), "club")
	if err != nil {
		t.Fatal(err)
	}
	c.board = b
	return c
}

// publisher is the environment variable by which the test starts itself as a program that drafts and publishes the
// release of the database that it names.
const publisher = "CAIRN_TEST_PUBLISHER"

func TestMain(m *testing.M) {
	if address := os.Getenv(publisher); address != "" {
		os.Exit(publishAndDie(address))
	}
	if address := os.Getenv(ticker); address != "" {
		fmt.Fprintln(os.Stderr, tickUntilKilled(address, os.Getenv(ticker+"_WHERE")))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func publishAndDie(address string) int {
	ctx := context.Background()
	d, err := db.Open(ctx, address)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	now := func() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }
	post, err := mail.New(mail.Server{})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	rooms, err := boardtest.Build(d, now, post)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	boards := rooms.Boards
	releases := room(rooms, boards, rooms.Entries, now, 1<<20)
	b, err := boards.Board(ctx, "club")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	p, err := period.Parse(scorecard.Week, "2026-W45")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	if _, err := releases.Draft(ctx, b, p); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("drafted")
	if _, err := releases.Publish(ctx, b, p, false); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("published")
	time.Sleep(time.Minute)
	return 0
}

// TestPublish_KilledAtAnyInstantLeavesTheDraftOrTheFinalRelease kills a publishing program without warning, at instants
// spread over the time that it takes.
func TestPublish_KilledAtAnyInstantLeavesTheDraftOrTheFinalRelease(t *testing.T) {
	drafts, finals := 0, 0
	crash := func(t *testing.T, address string, wait time.Duration) (took time.Duration) {
		command := exec.Command(os.Args[0])
		command.Env = append(os.Environ(), publisher+"="+address)
		out, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		if lines.Scan(); lines.Text() != "drafted" {
			t.Fatalf("the program says %q", lines.Text())
		}
		start := time.Now()
		if wait < 0 {
			lines.Scan()
			took = time.Since(start)
		} else {
			time.Sleep(wait)
		}
		command.Process.Kill() // SIGKILL: nothing of the program runs any more
		command.Wait()

		c := reopen(t, address)
		ctx := context.Background()
		rel, err := c.releases.Latest(ctx, c.board)
		switch fault.Of(err) {
		case "":
			finals++
			c.verify(c.bundle(rel))
			_, err := c.releases.Publish(ctx, c.board, rel.Period, false)
			wantKind(t, err, fault.Conflict)
		case fault.NotFound:
			drafts++
			if draft, err := c.releases.Preview(ctx, c.board, c.period("2026-W45")); err == nil && draft.players != 400 {
				t.Fatal("the draft is broken")
			}
			// The same command goes on. Where a server was in the middle of the last step, it has been done meanwhile.
			rel, err := c.releases.Publish(ctx, c.board, c.period("2026-W45"), false)
			if fault.Of(err) == fault.Conflict {
				rel, err = c.releases.Latest(ctx, c.board)
			}
			if err != nil {
				t.Fatal(err)
			}
			c.verify(c.bundle(rel))
		default:
			t.Fatal(err)
		}
		return took
	}
	dbtest.EachAddress(t, func(t *testing.T, first string) {
		var took time.Duration
		address := first
		for i := range 7 {
			if i > 0 {
				if first[0] == 'p' {
					address = dbtest.Postgres(t)
				} else {
					address = dbtest.SQLite(t)
				}
			}
			d, err := db.Open(context.Background(), address)
			if err != nil {
				t.Fatal(err)
			}
			c := newClub(t, d, clubCard)
			var members []board.Member
			for i := range 400 {
				members = append(members, board.Member{Key: fmt.Sprint("p", i)})
			}
			numbers, err := c.boards.Enrol(context.Background(), c.board.ID, board.ByKey, members)
			if err != nil {
				t.Fatal(err)
			}
			at := time.Date(2026, 11, 4, 0, 0, 0, 0, time.UTC).UnixMicro()
			var batch []entry.Entry
			for i, m := range numbers {
				batch = append(batch, entry.Entry{Member: m, Key: "posts", At: at, Value: float64(i % 12), ID: fmt.Sprint(i)})
			}
			if _, err := c.entries.Append(context.Background(), c.board.ID, "test", batch, false); err != nil {
				t.Fatal(err)
			}
			d.Close()
			if i == 0 {
				took = crash(t, address, -1)
				continue
			}
			crash(t, address, took*time.Duration(i-1)/4) // from at once to a little later than it took
		}
	})
	t.Logf("killed before it was final %d times, after %d times", drafts, finals)
	if drafts == 0 || finals == 0 {
		t.Errorf("killed before it was final %d times, after %d times: the test has seen one side only", drafts, finals)
	}
}
