package board_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/scorecard"
)

var today = time.Date(2026, 11, 22, 9, 30, 0, 123_456_000, time.UTC)

func clock() time.Time { return today }

func card(t testing.TB, period string, weight int) *scorecard.Scorecard {
	t.Helper()
	source := fmt.Sprintf("scorecard: 1\nkey: club\nname: The club\nperiod: %s\nparts:\n  - {key: posts, weight: %d, normalise: {minmax: {from: 0, to: 10}}}\n", period, weight)
	c, err := scorecard.Load("club.yaml", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func create(t testing.TB, boards *board.Boards, s board.Settings) *board.Board {
	t.Helper()
	b, err := boards.Create(context.Background(), card(t, "week", 1), s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(board.Board{})); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestCreate_TakesItsDefaultsFromTheScorecard(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		boards := boardtest.New(t, d, clock).Boards
		made := create(t, boards, board.Settings{})
		want := &board.Board{ID: made.ID, Key: "club", Name: "The club", Basis: board.OptIn, Stage: board.Private, Pages: board.Pages{Leaderboard: board.ToMembers, Scorecards: board.ToPlayer, History: board.ToPlayer}, Smallest: 5, TopN: 10, Zone: "UTC", Retention: 90, Version: 1, Created: today}
		equal(t, "made", made, want)
		found, err := boards.Board(context.Background(), "club")
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "found", found, want)
		if found.Location() != time.UTC {
			t.Errorf("location %v", found.Location())
		}
	})
}

func TestCreate_RefusesWhatCannotBe(t *testing.T) {
	d := dbtest.New(t)
	boards := boardtest.New(t, d, clock).Boards
	create(t, boards, board.Settings{Key: "taken"})
	for _, c := range []struct {
		settings board.Settings
		kind     fault.Kind
		field    string
	}{
		{board.Settings{Key: "Club"}, fault.Invalid, "key"},
		{board.Settings{Key: "a/b"}, fault.Invalid, "key"},
		{board.Settings{Key: strings.Repeat("a", 65)}, fault.Invalid, "key"},
		{board.Settings{Name: "a\nb"}, fault.Invalid, "name"},
		{board.Settings{Name: " "}, fault.Invalid, "name"},
		{board.Settings{Stage: "secret"}, fault.Invalid, "stage"},
		{board.Settings{Zone: "Europe/Bärlin"}, fault.Invalid, "zone"},
		{board.Settings{Zone: "Local"}, fault.Invalid, "zone"},
		{board.Settings{TopN: -2}, fault.Invalid, "top"},
		{board.Settings{Retention: -1}, fault.Invalid, "retention"},
		{board.Settings{Key: "taken"}, fault.Conflict, ""},
	} {
		_, err := boards.Create(context.Background(), card(t, "week", 1), c.settings)
		var f *fault.Fault
		if !errors.As(err, &f) || f.Kind != c.kind || f.Field != c.field {
			t.Errorf("%+v: %v", c.settings, err)
		}
	}
}

func TestList_HidesUnlistedBoards(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		boards := boardtest.New(t, d, clock).Boards
		create(t, boards, board.Settings{Key: "b", Name: "beta", Stage: board.Open})
		unlisted := create(t, boards, board.Settings{Key: "a", Name: "Alpha", Stage: board.Unlisted})
		keys := func(all bool) (keys []string) {
			list, err := boards.List(ctx, all)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range list {
				keys = append(keys, b.Key)
			}
			return keys
		}
		equal(t, "public", keys(false), []string{"b"})
		equal(t, "all", keys(true), []string{"a", "b"})
		for _, key := range []string{"nowhere", "", "\x00", "\xff"} {
			if _, err := boards.Board(ctx, key); fault.Of(err) != fault.NotFound {
				t.Errorf("board %q: %v", key, err)
			}
			if _, err := boards.Member(ctx, unlisted.ID, key); fault.Of(err) != fault.NotFound {
				t.Errorf("player %q: %v", key, err)
			}
		}
	})
}

func TestRevise_KeepsEveryVersion(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		boards := boardtest.New(t, d, clock).Boards
		b := create(t, boards, board.Settings{})
		for _, step := range []struct{ weight, version int }{{1, 1}, {2, 2}, {2, 2}, {1, 3}} {
			version, err := boards.Revise(ctx, b.ID, card(t, "week", step.weight))
			if err != nil || version != step.version {
				t.Fatalf("weight %d: version %d, %v; want %d", step.weight, version, err, step.version)
			}
		}
		for version, weight := range map[int]int{1: 1, 2: 2, 3: 1} {
			kept, err := boardtest.New(t, d, clock).Boards.Scorecard(ctx, b.ID, version)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, fmt.Sprint("source of version ", version), string(kept.Source), string(card(t, "week", weight).Source))
		}
		if _, err := boards.Scorecard(ctx, b.ID, 4); fault.Of(err) != fault.NotFound {
			t.Errorf("version 4: %v", err)
		}
		if _, err := boards.Revise(ctx, b.ID, card(t, "month", 1)); fault.Of(err) != fault.Conflict {
			t.Errorf("another period: %v", err)
		}
		found, err := boards.Board(ctx, b.Key)
		if err != nil || found.Version != 3 {
			t.Errorf("in force: %+v, %v", found, err)
		}
	})
}

func TestEnrol_FindsAndAdds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		boards := boardtest.New(t, d, clock).Boards
		b := create(t, boards, board.Settings{})
		enrol := func(by string, people ...board.Member) []int64 {
			t.Helper()
			numbers, err := boards.Enrol(ctx, b.ID, by, people)
			if err != nil {
				t.Fatal(err)
			}
			return numbers
		}
		equal(t, "first", enrol("key", board.Member{Key: "ada", Name: " Ada  Lovelace "}, board.Member{Key: "bo"}, board.Member{Key: "ada", Tags: map[string]string{"team": "red"}}), []int64{0, 1, 0})
		equal(t, "blank keeps, given replaces", enrol("", board.Member{Key: "ada", Email: "Ada@Example.org", Tags: map[string]string{"region": "north", "team": " "}}), []int64{0})
		equal(t, "by address", enrol("email", board.Member{Email: "ADA@example.ORG", Handle: "@Ada"}, board.Member{Email: "ci.ty@example.org"}), []int64{0, 2})
		equal(t, "by handle", enrol("handle", board.Member{Handle: "ada"}, board.Member{Handle: "@bo"}), []int64{0, 3})
		equal(t, "by name", enrol("name", board.Member{Name: "Ada Lovelace"}, board.Member{Name: "Zoë Ek"}, board.Member{Name: "Zoë  Ek"}), []int64{0, 4, 4})
		equal(t, "known by key, address new", enrol("email", board.Member{Key: "bo", Email: "bo@example.org"}), []int64{1})

		members, err := boards.Members(ctx, b.ID)
		if err != nil {
			t.Fatal(err)
		}
		for i := range members {
			m := &members[i]
			if !strings.HasPrefix(m.Ref, "p-") || m.State != board.Invited || m.Changed != today {
				t.Errorf("nobody said yes yet: %+v", m)
			}
			m.Ref, m.State, m.Changed = "", "", time.Time{}
		}
		equal(t, "members", members, []board.Member{
			{Number: 0, Key: "ada", Name: "Ada Lovelace", Email: "ada@example.org", Handle: "ada", Tags: map[string]string{"team": "red", "region": "north"}, Joined: today},
			{Number: 1, Key: "bo", Email: "bo@example.org", Joined: today},
			{Number: 2, Key: "ci-ty", Email: "ci.ty@example.org", Joined: today},
			{Number: 3, Key: "bo-2", Handle: "bo", Joined: today},
			{Number: 4, Key: "zoë-ek", Name: "Zoë Ek", Joined: today},
		})
		found, err := boards.Member(ctx, b.ID, "bo-2")
		if err != nil || found.Number != 3 {
			t.Errorf("member bo-2: %+v, %v", found, err)
		}
		if _, err := boards.Member(ctx, b.ID, "Bo"); fault.Of(err) != fault.NotFound {
			t.Errorf("member Bo: %v", err)
		}
	})
}

func TestEnrol_RefusesTheUnclearAndAddsNobody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		boards := boardtest.New(t, d, clock).Boards
		b := create(t, boards, board.Settings{})
		if _, err := boards.Enrol(ctx, b.ID, "key", []board.Member{{Key: "a", Name: "Sam Ek"}, {Key: "b", Name: "Sam Ek"}, {Key: "c", Email: "c@example.org"}}); err != nil {
			t.Fatal(err)
		}
		fresh := board.Member{Key: "new", Name: "New", Email: "new@example.org", Handle: "new"}
		for name, c := range map[string]struct {
			by     string
			person board.Member
			kind   fault.Kind
			says   string
		}{
			"ambiguous":        {"name", board.Member{Name: "Sam Ek"}, fault.Conflict, "a and b"},
			"key of another":   {"email", board.Member{Key: "c", Email: "d@example.org"}, fault.Conflict, "c@example.org"},
			"nothing to go by": {"email", board.Member{Key: "x"}, fault.Invalid, "no email"},
			"control":          {"key", board.Member{Key: "x\ty"}, fault.Invalid, "control"},
			"dots":             {"key", board.Member{Key: ".."}, fault.Invalid, "addresses"},
			"a handle of dots": {"handle", board.Member{Handle: "@.."}, fault.Invalid, "addresses"},
			"long":             {"key", board.Member{Key: strings.Repeat("é", 201)}, fault.Invalid, "200"},
			"no address":       {"key", board.Member{Key: "x", Email: "nobody"}, fault.Invalid, "e-mail"},
			"bad tag":          {"key", board.Member{Key: "x", Tags: map[string]string{"team": "a\x00"}}, fault.Invalid, "team"},
			"unknown by":       {"shoe size", board.Member{Key: "x"}, fault.Invalid, "shoe size"},
		} {
			_, err := boards.Enrol(ctx, b.ID, c.by, []board.Member{fresh, c.person})
			if fault.Of(err) != c.kind || !strings.Contains(fault.Message(err), c.says) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := boards.Enrol(ctx, "nowhere", "key", []board.Member{fresh}); fault.Of(err) != fault.NotFound {
			t.Errorf("no board: %v", err)
		}
		members, err := boards.Members(ctx, b.ID)
		if err != nil || len(members) != 3 {
			t.Errorf("%d members, %v", len(members), err)
		}
	})
}

// Large batches in any order give everyone one number, and the same one for ever.
func TestEnrol_LargeBatchesGiveOneNumberEach(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		boards := boardtest.New(t, d, clock).Boards
		b := create(t, boards, board.Settings{})
		const players = 3_000
		random := rand.New(rand.NewPCG(1, 2))
		known := map[string]int64{}
		for range 3 {
			var people []board.Member
			for range players {
				key := fmt.Sprint("p", random.IntN(players))
				people = append(people, board.Member{Key: key, Name: "Player " + key, Email: key + "@example.org"})
			}
			for _, by := range []string{"key", "email"} {
				numbers, err := boards.Enrol(ctx, b.ID, by, people)
				if err != nil {
					t.Fatal(err)
				}
				for i, p := range people {
					if n, ok := known[p.Key]; ok && n != numbers[i] {
						t.Fatalf("%s is %d and %d", p.Key, n, numbers[i])
					}
					known[p.Key] = numbers[i]
				}
			}
		}
		members, err := boards.Members(ctx, b.ID)
		if err != nil || len(members) != len(known) {
			t.Fatalf("%d members, %v; want %d", len(members), err, len(known))
		}
		for i, m := range members {
			if m.Number != int64(i) || known[m.Key] != m.Number {
				t.Fatalf("member %d is %+v", i, m)
			}
		}
	})
}

func TestEnrol_AtOnceGivesEveryoneOneNumber(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		boards := boardtest.New(t, d, clock).Boards
		b := create(t, boards, board.Settings{})
		var all sync.WaitGroup
		for writer := range 3 {
			all.Go(func() {
				for n := range 8 {
					if _, err := boards.Enrol(ctx, b.ID, "key", []board.Member{{Key: fmt.Sprint("p", n)}, {Key: fmt.Sprint("w", writer, "-", n)}}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		members, err := boards.Members(ctx, b.ID)
		if err != nil || len(members) != 4*8 {
			t.Fatalf("%d members, %v", len(members), err)
		}
		for i, m := range members {
			if m.Number != int64(i) {
				t.Errorf("member %d has number %d", i, m.Number)
			}
		}
	})
}

func TestRename_KeepsKeyAndNumber(t *testing.T) {
	d := dbtest.New(t)
	ctx := context.Background()
	boards := boardtest.New(t, d, clock).Boards
	b := create(t, boards, board.Settings{})
	if _, err := boards.Enrol(ctx, b.ID, "key", []board.Member{{Key: "ada", Name: "Ada"}}); err != nil {
		t.Fatal(err)
	}
	if err := boards.Rename(ctx, b.ID, "ada", "Ada  L."); err != nil {
		t.Fatal(err)
	}
	m, err := boards.Member(ctx, b.ID, "ada")
	if err != nil || m.Name != "Ada L." || m.Number != 0 {
		t.Errorf("%+v, %v", m, err)
	}
	if err := boards.Rename(ctx, b.ID, "bo", "Bo"); fault.Of(err) != fault.NotFound {
		t.Errorf("nobody: %v", err)
	}
}

func BenchmarkMembers(b *testing.B) {
	d := dbtest.New(b)
	ctx := context.Background()
	boards := boardtest.New(b, d, clock).Boards
	made := create(b, boards, board.Settings{})
	var people []board.Member
	for i := range 25_000 {
		people = append(people, board.Member{Key: fmt.Sprintf("p%05d", i), Name: fmt.Sprintf("Player %d", i), Tags: map[string]string{"team": fmt.Sprint("t", i%100), "region": fmt.Sprint("r", i%7)}})
	}
	began := time.Now()
	if _, err := boards.Enrol(ctx, made.ID, "key", people); err != nil {
		b.Fatal(err)
	}
	enrolled := time.Since(began)
	for b.Loop() {
		if m, err := boards.Members(ctx, made.ID); err != nil || len(m) != len(people) {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(enrolled.Milliseconds()), "enrol-ms")
}
