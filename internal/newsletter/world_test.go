package newsletter_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/coaching"
	"cairn/internal/db"
	"cairn/internal/entry"
	"cairn/internal/gateway"
	"cairn/internal/identity"
	"cairn/internal/mail"
	"cairn/internal/newsletter"
	"cairn/internal/pass"
	"cairn/internal/period"
	"cairn/internal/release"
	"cairn/internal/target"
	"cairn/scorecard"
)

const clubCard = `
scorecard: 1
key: club
name: Club
designer: {name: A, statement: none}
period: week
parts:
  - {key: calls, audience: board, normalise: {minmax: {from: 0, to: 20}}}
  - {key: notes, audience: board, normalise: {minmax: {from: 0, to: 10}}}
`

// club is a board and all rooms that its newsletters are built on, on a real database.
type club struct {
	t        testing.TB
	db       *db.DB
	rooms    boardtest.Rooms
	releases *release.Releases
	passes   *pass.Passes
	letters  *newsletter.Newsletters
	at       *board.Board
	told     []string // texts that the gateway was handed

	mu    sync.Mutex
	clock time.Time
}

func (c *club) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.clock
}

func (c *club) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clock = c.clock.Add(d)
}

// open builds the rooms of a program.
func open(d *db.DB, now func() time.Time, server mail.Server, gate gateway.Server) (*club, error) {
	c := &club{db: d}
	dumb, err := mail.New(mail.Server{}) // so that invitations are links
	if err != nil {
		return nil, err
	}
	post, err := mail.New(server)
	if err != nil {
		return nil, err
	}
	texts, err := gateway.New(gate, now)
	if err != nil {
		return nil, err
	}
	if c.rooms, err = boardtest.Build(d, now, dumb); err != nil {
		return nil, err
	}
	r := c.rooms
	c.releases = release.New(release.Rooms{DB: d, Boards: r.Boards, Entries: r.Entries, Players: r.Players, Consents: r.Consents,
		Targets: target.New(d, r.Boards, r.Trail, now), Trail: r.Trail, Now: now, Hold: 1 << 24})
	c.passes = pass.New(d, r.Trail, now)
	tips := coaching.New(coaching.Rooms{DB: d, Boards: r.Boards, Releases: c.releases, Players: r.Players, Identity: r.Identity, Trail: r.Trail, Queue: r.Queue, Post: dumb, Now: now})
	c.letters = newsletter.New(newsletter.Rooms{DB: d, Boards: r.Boards, Releases: c.releases, Identity: r.Identity, Coaching: tips, Passes: c.passes,
		Trail: r.Trail, Queue: r.Queue, Post: post, Texts: texts, Chats: &gateway.Gateway{}, Clock: release.NewClock(c.releases, r.Queue), Now: now, Sender: "Club Ltd, 1 Stone Way, Inverness"})
	r.Players.Keep(c.releases, c.passes, c.letters)
	return c, nil
}

// newClub is a club with a board by opt-in, or of a public record, on Monday 23 November 2026 at nine.
func newClub(t testing.TB, d *db.DB, server mail.Server, basis board.Basis) *club {
	t.Helper()
	var c *club
	clock := &club{clock: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	texts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body strings.Builder
		_, _ = fmt.Fprint(&body, readAll(r))
		clock.mu.Lock()
		defer clock.mu.Unlock()
		clock.told = append(clock.told, body.String())
	}))
	t.Cleanup(texts.Close)
	c, err := open(d, clock.now, server, gateway.Server{URL: texts.URL, Secret: "a secret of sixteen or more"})
	must(t, err)
	clock.t, clock.db, clock.rooms, clock.releases, clock.passes, clock.letters = t, d, c.rooms, c.releases, c.passes, c.letters
	card, err := scorecard.Load("club.yaml", []byte(clubCard))
	must(t, err)
	clock.at, err = c.rooms.Boards.Create(t.Context(), card, board.Settings{Basis: basis, Stage: board.Private})
	must(t, err)
	return clock
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// joins has players accept an invitation, each with an address that they prove.
func (c *club) joins(keys ...string) (actors []identity.Actor) {
	c.t.Helper()
	var people []board.Member
	for _, key := range keys {
		people = append(people, board.Member{Key: key, Name: strings.ToUpper(key[:1]) + key[1:], Email: key + "@example.org"})
	}
	_, err := c.rooms.Boards.Enrol(c.t.Context(), c.at.ID, board.ByKey, people)
	must(c.t, err)
	for _, key := range keys {
		actors = append(actors, c.rooms.Accept(c.t, c.at, key, board.Choice{}))
	}
	return actors
}

// crowd puts so many players with accounts on a board of a public record at once, as nobody but a test would.
func (c *club) crowd(n int) {
	c.t.Helper()
	var people []board.Member
	for i := range n {
		people = append(people, board.Member{Key: fmt.Sprintf("p%05d", i), Name: fmt.Sprintf("Player %d", i)})
	}
	numbers, err := c.rooms.Boards.Enrol(c.t.Context(), c.at.ID, board.ByKey, people)
	must(c.t, err)
	must(c.t, c.db.Write(c.t.Context(), func(tx *db.Tx) error {
		now := c.now().UnixMicro()
		for i, number := range numbers {
			account := uuid.NewString()
			for _, s := range []struct {
				text string
				args []any
			}{
				{`INSERT INTO account (account_id, operator, policy, policy_at, merged, created_at) VALUES ($1, 0, '', 0, '', $2)`, []any{account, now}},
				{`INSERT INTO account_address (address, account_id, proved_at, main) VALUES ($1, $2, $3, 1)`, []any{people[i].Key + "@example.org", account, now}},
				{`UPDATE board_member SET player_id = $1, roster = roster + 1 WHERE board_id = $2 AND number = $3`, []any{account, c.at.ID, number}},
			} {
				if _, err := tx.Exec(s.text, s.args...); err != nil {
					return err
				}
			}
		}
		_, err := tx.Exec(`UPDATE board SET roster = roster + 1 WHERE board_id = $1`, c.at.ID)
		return err
	}))
}

// counts enters a week's values for members, the later the less.
func (c *club) counts(week string, members ...int64) {
	c.t.Helper()
	from, _ := c.week(week).Bounds(time.UTC)
	var batch []entry.Entry
	for i, m := range members {
		for _, key := range []string{"calls", "notes"} {
			batch = append(batch, entry.Entry{Member: m, Key: key, At: from.Add(time.Hour).UnixMicro(), Value: float64(10 - i%10), ID: fmt.Sprint(week, " ", m, " ", key)})
		}
	}
	_, err := c.rooms.Entries.Append(c.t.Context(), c.at.ID, "test", batch, false)
	must(c.t, err)
}

func (c *club) week(text string) period.Period {
	c.t.Helper()
	p, err := period.Parse(scorecard.Week, text)
	must(c.t, err)
	return p
}

func (c *club) publish(week string) *release.Release {
	c.t.Helper()
	rel, err := c.releases.Publish(c.t.Context(), c.at, c.week(week), false)
	must(c.t, err)
	return rel
}

// run does what is due, minute by minute, for a while.
func (c *club) run(d time.Duration) {
	c.t.Helper()
	for end := c.now().Add(d); ; c.pass(time.Minute) {
		_, err := c.rooms.Queue.RunDue(c.t.Context())
		must(c.t, err)
		if !c.now().Before(end) {
			return
		}
	}
}

// lines is the ledger by the keys of players, in words.
func (c *club) lines(rel *release.Release) map[string]string {
	c.t.Helper()
	lines, err := c.letters.Ledger(c.t.Context(), c.at, rel.ID, newsletter.Which{})
	must(c.t, err)
	names, err := c.rooms.Boards.Directory(c.t.Context(), c.at)
	must(c.t, err)
	all := map[string]string{}
	for _, l := range lines {
		all[names.Member(l.Member).Key] = strings.TrimSpace(fmt.Sprint(l.State, " ", l.Why))
	}
	return all
}

func (c *club) number(key string) int64 {
	c.t.Helper()
	names, err := c.rooms.Boards.Directory(context.Background(), c.at)
	must(c.t, err)
	return names.ByKey(key)
}
