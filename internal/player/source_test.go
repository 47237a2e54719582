package player_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/player"
)

func TestAppend_TheSameIdCountsOnceAndTheLastWordHolds(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.signIn(t, "ann@example.org")
		a, b := post("a", 0, 1), entry.Entry{Key: "réponses", At: start.UnixMicro() + 1, Value: math.NaN(), ID: "日本", Label: "x\ny"}
		if added := w.append(t, ann, "blog", a, b, a); added != 2 {
			t.Errorf("added %d of two", added)
		}
		if added := w.append(t, ann, "blog", b, a); added != 0 {
			t.Errorf("added %d again", added)
		}
		corrected := post("a", 5, 2)
		if added := w.append(t, ann, "blog", post("a", 5, 7), corrected); added != 0 {
			t.Errorf("a correction counts as %d new", added)
		}
		equal(t, "entries", w.entries(t, ann, "blog"), []entry.Entry{corrected, b})
		// The same id at another source is another thing.
		if added := w.append(t, ann, "code", a); added != 1 {
			t.Errorf("added %d to another source", added)
		}
		w.time = w.time.Add(time.Hour)
		sources, err := w.players.Sources(ctx, ann)
		if err != nil {
			t.Fatal(err)
		}
		connected := start.AddDate(0, 0, 7)
		equal(t, "sources", sources, []player.Source{
			{Name: "blog", Entries: 2, First: start.Add(time.Microsecond), Last: start.Add(5 * time.Microsecond), Connected: connected},
			{Name: "code", Entries: 1, First: start, Last: start, Connected: connected},
		})
	})
}

// Any batches, with corrections and repetitions within and across, and any removals, leave what a plain map would hold.
func TestAppend_BehavesAsAPlainMapWould(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, bob := w.signIn(t, "ann@example.org"), w.signIn(t, "bob@example.org")
		rapid.Check(t, func(r *rapid.T) {
			w.afresh(r, ann)
			model := map[string]entry.Entry{}
			batches := rapid.SliceOfN(rapid.SliceOfN(rapid.Custom(drawEntry), 0, 60), 1, 5).Draw(r, "batches")
			for _, batch := range batches {
				fresh := 0
				for _, e := range batch {
					if _, known := model[e.ID]; !known {
						fresh++
					}
					model[e.ID] = e
				}
				if added := w.append(r, ann, "blog", batch...); added != fresh {
					r.Fatalf("added %d, want %d", added, fresh)
				}
				if added := w.append(r, ann, "blog", batch...); added != 0 {
					r.Fatalf("added %d the second time", added)
				}
				if gone := rapid.StringMatching(`[0-9]`).Draw(r, "gone"); rapid.Bool().Draw(r, "removes") {
					_, there := model[gone]
					err := w.players.Disconnect(ctx, ann, "blog", gone)
					if there && err != nil || !there && fault.Of(err) != fault.NotFound {
						r.Fatalf("removing %s: %v", gone, err)
					}
					delete(model, gone)
				}
			}
			byID := func(a, b entry.Entry) int { return cmp.Compare(a.ID, b.ID) }
			got := w.entries(r, ann, "blog")
			slices.SortFunc(got, byID)
			equal(r, "entries", got, slices.SortedFunc(maps.Values(model), byID))
			equal(r, "somebody else's", w.entries(r, bob, "blog"), []entry.Entry{})
		})
	})
}

func drawEntry(r *rapid.T) entry.Entry {
	return entry.Entry{
		ID:    fmt.Sprint(rapid.IntRange(0, 70).Draw(r, "id")),
		Key:   rapid.SampledFrom([]string{"posts", "likes"}).Draw(r, "key"),
		At:    start.UnixMicro() + rapid.Int64Range(-9, 9).Draw(r, "day")*day + rapid.Int64Range(0, 2).Draw(r, "hour")*day/24,
		Value: rapid.SampledFrom([]float64{math.NaN(), -3, 0, 0.1, 0.25, 1, 2, 1e300}).Draw(r, "value"),
		Label: rapid.SampledFrom([]string{"", "x", "y"}).Draw(r, "label"),
	}
}

func TestAppend_RefusesTheWholeBatchForOneThatCannotBeKept(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	ann := w.signIn(t, "ann@example.org")
	for _, test := range []struct {
		source, field, says string
		bad                 entry.Entry
	}{
		{"blog", "", "no id", entry.Entry{Key: "posts"}},
		{"blog", "key", "no key", entry.Entry{ID: "x"}},
		{"blog", "key", "control", entry.Entry{ID: "x", Key: "po\x00sts"}},
		{"blog", "id", "UTF-8", entry.Entry{ID: "x\xff", Key: "posts"}},
		{"blog", "label", "control", entry.Entry{ID: "x", Key: "posts", Label: "\x00"}},
		{"blog", "value", "finite", entry.Entry{ID: "x", Key: "posts", Value: math.Inf(1)}},
		{"blog", "at", "years 1 to 9999", entry.Entry{ID: "x", Key: "posts", At: math.MaxInt64}},
		{"", "source", "has a name", post("x", 0, 1)},
		{" blog", "source", "blanks", post("x", 0, 1)},
		{"bl\x00og", "source", "control", post("x", 0, 1)},
	} {
		_, err := w.players.Append(ctx, ann, test.source, []entry.Entry{post("good", 0, 1), test.bad})
		refused(t, err, fault.Invalid, test.field, test.says)
	}
	_, err := w.players.Append(ctx, ann, "blog", make([]entry.Entry, 10_001))
	refused(t, err, fault.Invalid, "entries", "at most 10000")
	_, err = w.players.Append(ctx, identity.Actor{}, "blog", nil)
	refused(t, err, fault.Unauthenticated, "", "Sign in")
	reading := identity.Actor{Account: ann.Account, Scopes: []identity.Scope{identity.ReadOwn}}
	_, err = w.players.Append(ctx, reading, "blog", []entry.Entry{post("x", 0, 1)})
	refused(t, err, fault.Forbidden, "", "own:write")
	_, err = w.players.Entries(ctx, identity.Actor{Account: ann.Account, Scopes: []identity.Scope{identity.WriteOwn}}, "blog", 0, 1)
	refused(t, err, fault.Forbidden, "", "own:read")
	sources, err := w.players.Sources(ctx, ann)
	if err != nil || len(sources) > 0 {
		t.Errorf("left %+v, %v", sources, err)
	}
}

func TestAppend_WritersAtOnceCountEachIdOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.signIn(t, "ann@example.org")
		var all sync.WaitGroup
		var added atomic.Int64
		for range 4 {
			all.Go(func() {
				var batch []entry.Entry
				for i := range 50 {
					batch = append(batch, post(fmt.Sprint(i), int64(i), 1))
				}
				n, err := w.players.Append(ctx, ann, "blog", batch)
				if err != nil {
					t.Error(err)
				}
				added.Add(int64(n))
			})
		}
		all.Wait()
		sources, err := w.players.Sources(ctx, ann)
		if err != nil || added.Load() != 50 || len(w.entries(t, ann, "blog")) != 50 || sources[0].Entries != 50 {
			t.Errorf("%d added, sources %+v, %v", added.Load(), sources, err)
		}
	})
}

func TestEntries_PagesTogetherAreAllOfThem(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.signIn(t, "ann@example.org")
		var want []entry.Entry
		for i := range 40 {
			want = append(want, post(fmt.Sprintf("%02d", i), int64(i/7), 1)) // seven of each instant
		}
		w.append(t, ann, "blog", want...)
		slices.Reverse(want)
		var got []entry.Entry
		pages := 0
		for before := int64(0); ; pages++ {
			page, err := w.players.Entries(ctx, ann, "blog", before, 10)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, e := range page {
				got = append(got, e.Entry)
			}
			before = page[len(page)-1].At
		}
		equal(t, "entries", got, want)
		if pages != 3 {
			t.Errorf("%d pages", pages)
		}
	})
}

func TestDisconnect_DeletesAtOnceAndOnlyOnesOwn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, bob := w.signIn(t, "ann@example.org"), w.signIn(t, "bob@example.org")
		for _, a := range []identity.Actor{ann, bob} {
			w.append(t, a, "blog", post("a", 0, 1), post("b", 1, 1))
			w.append(t, a, "code", post("a", 0, 1))
		}
		refused(t, w.players.Disconnect(ctx, ann, "none", ""), fault.NotFound, "", "none")
		refused(t, w.players.Disconnect(ctx, ann, "blog", "none"), fault.NotFound, "", "entry")
		if err := w.players.Disconnect(ctx, ann, "blog", "a"); err != nil {
			t.Fatal(err)
		}
		equal(t, "left", w.entries(t, ann, "blog"), []entry.Entry{post("b", 1, 1)})
		if err := w.players.Disconnect(ctx, ann, "blog", ""); err != nil {
			t.Fatal(err)
		}
		refused(t, w.players.Disconnect(ctx, ann, "blog", ""), fault.NotFound, "", "blog")
		sources, err := w.players.Sources(ctx, ann)
		if err != nil || len(sources) != 1 || sources[0].Name != "code" || sources[0].Entries != 1 {
			t.Errorf("left %+v, %v", sources, err)
		}
		equal(t, "bob's", len(w.entries(t, bob, "blog")), 2)
	})
}

// On PostgreSQL the database itself keeps players apart: whatever SQL somebody writes, without a word for whom there is
// no row to read, to change or to delete.
func TestOwnEntries_RowSecurityHidesThemFromWhoeverDoesNotActForThePlayer(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, dbtest.Postgres(t)))
	ann, bob := w.signIn(t, "ann@example.org"), w.signIn(t, "bob@example.org")
	for _, a := range []identity.Actor{ann, bob} {
		w.append(t, a, "blog", post("a", 0, 1), post("b", 1, 2))
	}
	queries := []string{
		`SELECT COUNT(*) FROM player_entry`,
		`SELECT COUNT(*) FROM player_source`,
		`SELECT COUNT(*) FROM player_entry WHERE player_id = '` + ann.Account + `'`,
		`SELECT COUNT(*) FROM player_entry WHERE value > 0 OR 1 = 1`,
		`SELECT COUNT(*) FROM player_profile p RIGHT JOIN player_entry e ON e.player_id = p.player_id`,
		`SELECT COALESCE(SUM(entries), 0) FROM player_source`,
		`SELECT COUNT(*) FROM (SELECT player_id FROM player_entry UNION ALL SELECT player_id FROM player_source) x`,
	}
	count := func(tx *db.Tx, query string) (n int) {
		if err := tx.QueryRow(query).Scan(&n); err != nil {
			t.Fatal(query, err)
		}
		return n
	}
	w.write(t, func(tx *db.Tx) error {
		nobody := func() {
			t.Helper()
			for _, query := range queries {
				if n := count(tx, query); n != 0 {
					t.Errorf("%s finds %d", query, n)
				}
			}
		}
		nobody()
		if err := tx.As(ann.Account); err != nil {
			t.Fatal(err)
		}
		for _, query := range queries {
			if n := count(tx, query); n == 0 || n > 3 {
				t.Errorf("as ann, %s finds %d: none, or bob's too", query, n)
			}
		}
		if _, err := tx.Exec(`UPDATE player_entry SET value = 9`); err != nil {
			t.Fatal(err)
		}
		if err := tx.As(); err != nil {
			t.Fatal(err)
		}
		nobody()
		for _, statement := range []string{`UPDATE player_entry SET value = 0`, `DELETE FROM player_entry`, `DELETE FROM player_source`} {
			result, err := tx.Exec(statement)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := result.RowsAffected(); err != nil || n != 0 {
				t.Errorf("%s changed %d rows, %v", statement, n, err)
			}
		}
		return nil
	})
	// The next transaction on the same connection acts for nobody again.
	w.read(t, func(tx *db.Tx) error {
		if n := count(tx, queries[0]); n != 0 {
			t.Errorf("a new transaction finds %d", n)
		}
		return nil
	})
	equal(t, "bob's", []float64{w.entries(t, bob, "blog")[0].Value, w.entries(t, bob, "blog")[1].Value}, []float64{2, 1})
	equal(t, "ann's", w.entries(t, ann, "blog")[0].Value, 9.0)
	err := w.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.As(bob.Account); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO player_source (player_id, name, connected_at, entries, last_seq, came) VALUES ($1, 'forged', 0, 0, 0, '')`, ann.Account)
		return err
	})
	if err == nil {
		t.Error("bob could write into ann's record")
	}
}

// On SQLite nobody but this room may name the tables; and nobody else may act for a player.
func TestOwnEntries_NoOtherRoomNamesTheirTables(t *testing.T) {
	root := filepath.Join("..", "..")
	named := regexp.MustCompile(`\bplayer_(entry|source)\b|\.As\(|[Pp]layers\.(Kept|Forget|Move|MoveBack)\(`)
	allowed := regexp.MustCompile(`^internal/(player/|db/migrations/|db/(tx|copy_test)\.go$|db/testdata/)`)
	asError := regexp.MustCompile(`errors\.As\(`)
	found := 0
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if d.IsDir() {
			if name == ".git" || strings.HasSuffix(name, "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		if ext := filepath.Ext(name); ext != ".go" && ext != ".sql" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rest := asError.ReplaceAll(text, nil)
		if !named.Match(rest) {
			return nil
		}
		found++
		if !allowed.MatchString(name) {
			t.Errorf("%s names %q", name, named.Find(rest))
		}
		return nil
	})
	if err != nil || found < 3 {
		t.Errorf("%d files, %v: this test does not find what it looks for", found, err)
	}
}

// Nothing that this room offers gives entries to anybody but their owner: whoever else asks, by whatever method, gets none.
func TestOwnEntries_TheSurfaceGivesThemToTheirOwnerAlone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, eve := w.signIn(t, "ann@example.org"), w.signIn(t, "eve@example.org")
		w.append(t, ann, "blog", entry.Entry{Key: "posts", At: start.UnixMicro(), Value: 424242, ID: "secret-id", Label: "secret-label"})
		operator := eve
		operator.Operator = true
		for name, a := range map[string]identity.Actor{"a stranger": eve, "an operator": operator} {
			var out strings.Builder
			sources, err := w.players.Sources(ctx, a)
			fmt.Fprint(&out, sources, err)
			entries, err := w.players.Entries(ctx, a, "blog", 0, 10)
			fmt.Fprint(&out, entries, err)
			fmt.Fprint(&out, w.players.Disconnect(ctx, a, "blog", "secret-id"), w.players.Disconnect(ctx, a, "blog", ""))
			profile, err := w.players.Profile(ctx, ann.Account)
			fmt.Fprint(&out, profile, err)
			if text := out.String(); strings.Contains(text, "secret") || strings.Contains(text, "424242") || strings.Contains(text, start.Format(time.DateOnly)) {
				t.Errorf("%s sees %s", name, text)
			}
		}
		if len(w.entries(t, ann, "blog")) != 1 {
			t.Error("somebody else deleted it")
		}
	})
}
