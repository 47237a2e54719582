package source_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/intake"
	"cairn/internal/source"
)

// linked is a board with a source that sends.
type linked struct {
	*world
	rooms boardtest.Rooms
	ctx   context.Context
	owner source.Owner
	key   string
}

const shopRules = `[
	{"event": "Order Completed", "key": "posts", "number": "$.properties.total", "player": "$.userId", "by": "key"},
	{"event": "Call", "key": "calls", "player": "$.mail", "by": "email"},
	{"event": "Noise", "skip": true}
]`

func rules(t testing.TB, text string) intake.Rules {
	t.Helper()
	r, err := intake.ReadRules(json.RawMessage(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func newLinked(t *testing.T, d *db.DB) *linked {
	t.Helper()
	w := &linked{world: newWorld(t, d), ctx: context.Background()}
	w.rooms = boardtest.New(t, d, now)
	w.rooms.Players.Keep(w.sources)
	w.owner = source.Owner{Board: w.board.ID}
	if _, err := w.boards.Enrol(w.ctx, w.board.ID, board.ByKey, []board.Member{{Key: "ada", Email: "ada@example.org", Handle: "ada-l"}, {Key: "bo"}}); err != nil {
		t.Fatal(err)
	}
	_, secret, err := w.sources.Connect(w.ctx, identity.Actor{}, source.Connection{Board: w.board.ID, Name: "shop", Kind: source.Push, Rules: rules(t, shopRules)}, "")
	if err != nil {
		t.Fatal(err)
	}
	w.key = secret
	return w
}

// at is the connection as a program that shows its key has it.
func (w *linked) at() source.Connection {
	w.Helper()
	c, err := w.sources.ByKey(w.ctx, w.key)
	if err != nil {
		w.Fatal(err)
	}
	return c
}

// push sends events to the board's source; each is ID, type and data.
func (w *linked) push(events ...[3]string) source.Taken {
	w.Helper()
	taken, err := w.sources.Push(w.ctx, w.at(), batch(events...))
	if err != nil {
		w.Fatal(err)
	}
	return taken
}

func batch(events ...[3]string) (b intake.Batch) {
	for _, e := range events {
		b.Events = append(b.Events, intake.Event{ID: e[0], Type: e[1], At: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), Data: json.RawMessage(e[2])})
	}
	return b
}

func order(id, who string, total float64) [3]string {
	return [3]string{id, "Order Completed", fmt.Sprintf(`{"userId": %q, "properties": {"total": %v}}`, who, total)}
}

func TestPush_BecomesEntriesOrWaitsAndSaysWhy(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newLinked(t, d)
		got := w.push(order("1", "ada", 12.5), order("2", "cy", 3), order("3", "bo", 1), order("3", "bo", 1),
			[3]string{"4", "Noise", `{}`}, [3]string{"5", "Unheard", `{}`}, [3]string{"6", "Call", `{"mail": "Ada@Example.org"}`},
			[3]string{"7", "Call", `{}`}, [3]string{"", "Call", `{"mail": "ada@example.org", "n": 2}`})
		want := source.Taken{Events: 9, Added: 4, Duplicates: 1, Skipped: 1, Waiting: 3, MadeIDs: 1}
		if got != want {
			t.Errorf("taken %+v, want %+v", got, want)
		}
		w.wantSums(map[string]float64{"ada posts": 12.5, "bo posts": 1, "ada calls": 2})
		// Sent again, nothing is counted twice and nothing waits twice; with other content it waits, and the first stands.
		if again := w.push(order("1", "ada", 12.5), order("2", "cy", 3), order("3", "bo", 99)); again.Duplicates != 1 || again.Waiting != 2 || again.Conflicts != 1 || again.Added != 0 {
			t.Errorf("again %+v", again)
		}
		reasons, err := w.sources.Reasons(w.ctx, w.at())
		if err != nil || len(reasons) != 4 {
			t.Fatalf("%+v, %v", reasons, err)
		}
		held, err := w.sources.Waiting(w.ctx, w.at(), "Nobody on the board has this key.", "", 10)
		if err != nil || len(held) != 1 || len(held[0].Who) != 1 || held[0].Who[0] != "cy" {
			t.Fatalf("%+v, %v", held, err)
		}
		// When rules and members are mended, what waited counts: once.
		if _, err := w.boards.Enrol(w.ctx, w.board.ID, board.ByKey, []board.Member{{Key: "cy"}}); err != nil {
			t.Fatal(err)
		}
		mended := append(rules(t, `[{"event": "Unheard", "key": "calls", "player": "$.userId", "by": "key"}]`), rules(t, shopRules)...)
		if _, err := w.sources.Change(w.ctx, identity.Actor{}, w.owner, "shop", source.Changes{Rules: &mended}); err != nil {
			t.Fatal(err)
		}
		replayed, err := w.sources.Replay(w.ctx, identity.Actor{}, w.owner, "shop")
		if err != nil || replayed.Added != 1 || replayed.Waiting != 3 {
			t.Fatalf("replayed %+v, %v", replayed, err)
		}
		w.wantSums(map[string]float64{"ada posts": 12.5, "bo posts": 1, "cy posts": 3, "ada calls": 2})
		if gone, err := w.sources.Discard(w.ctx, identity.Actor{}, w.owner, "shop", "", ""); err != nil || gone != 0 {
			t.Errorf("discarding nobody's: %d, %v", gone, err)
		}
		if gone, err := w.sources.Discard(w.ctx, identity.Actor{}, w.owner, "shop", ""); err != nil || gone != 3 {
			t.Errorf("discarded %d, %v", gone, err)
		}
		tallies, err := w.sources.Tallies(w.ctx, w.owner, now())
		if got := tallies[w.at().ID]; err != nil || got.Events != 12 || got.Added != 5 || got.Waiting != 0 || got.Ever != 12 {
			t.Errorf("tally %+v, %v", got, err)
		}
	})
}

func TestPush_EnrolsWhoIsUnknownOnlyWhereTheSourceSaysSo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newLinked(t, d)
		if _, err := w.sources.Change(w.ctx, identity.Actor{}, w.owner, "shop", source.Changes{Settings: json.RawMessage(`{"enrol": true}`)}); err != nil {
			t.Fatal(err)
		}
		if got := w.push(order("1", "cy", 3), order("2", "..", 1), order("3", "dee", 2)); got.Added != 2 || got.Waiting != 1 {
			t.Errorf("%+v", got)
		}
		w.wantSums(map[string]float64{"cy posts": 3, "dee posts": 2})
	})
}

// Of who left or declined nothing is kept: no entry, no event in quarantine, none among the last ones.
func TestPush_KeepsNothingOfWhoLeft(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newLinked(t, d)
		ada := w.rooms.Accept(t, w.board, "ada", board.Choice{})
		if err := w.rooms.Boards.Leave(w.ctx, ada, w.board, false); err != nil {
			t.Fatal(err)
		}
		sent, err := w.rooms.Boards.Invite(w.ctx, identity.Actor{}, w.board, []board.Member{{Key: "bo"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.rooms.Boards.Decline(w.ctx, strings.TrimPrefix(sent[0].Link, "https://cairn.example/join/")); err != nil {
			t.Fatal(err)
		}
		if got := w.push(order("1", "ada", 1), order("2", "bo", 1)); got.Skipped != 2 || got.Added+got.Waiting != 0 {
			t.Errorf("%+v", got)
		}
		shown, err := w.sources.DryRun(w.ctx, identity.Actor{}, w.owner, "shop", rules(t, shopRules))
		if err != nil || len(shown) != 0 {
			t.Errorf("%+v, %v", shown, err)
		}
	})
}

func TestPush_WaitsWhereNoMetricReadsItsKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newLinked(t, d)
		slip := rules(t, `[{"event": "Order Completed", "key": "post", "player": "$.userId", "by": "key"}]`)
		if _, err := w.sources.Change(w.ctx, identity.Actor{}, w.owner, "shop", source.Changes{Rules: &slip}); err != nil {
			t.Fatal(err)
		}
		if got := w.push(order("1", "ada", 1)); got.Waiting != 1 || got.Added != 0 {
			t.Errorf("%+v", got)
		}
		const why = `No metric of the board reads the key "post"; did you mean "posts"?`
		shown, err := w.sources.DryRun(w.ctx, identity.Actor{}, w.owner, "shop", slip)
		if err != nil || len(shown) != 1 || shown[0].Why != why {
			t.Errorf("%+v, %v", shown, err)
		}
		if reasons, err := w.sources.Reasons(w.ctx, w.at()); err != nil || len(reasons) != 1 || reasons[0].Why != why {
			t.Errorf("%+v, %v", reasons, err)
		}
		// A place that is asked brings what it has: the board may come to read it later.
		asked := w.at()
		asked.Kind = source.Items
		if got, err := w.sources.Push(w.ctx, asked, batch(order("2", "ada", 1))); err != nil || got.Added != 1 {
			t.Errorf("%+v, %v", got, err)
		}
		mended := rules(t, shopRules)
		if _, err := w.sources.Change(w.ctx, identity.Actor{}, w.owner, "shop", source.Changes{Rules: &mended}); err != nil {
			t.Fatal(err)
		}
		if got, err := w.sources.Replay(w.ctx, identity.Actor{}, w.owner, "shop"); err != nil || got.Added != 1 || got.Waiting != 0 {
			t.Errorf("%+v, %v", got, err)
		}
		w.wantSums(map[string]float64{"ada posts": 1, "ada post": 1})
	})
}

func TestPush_WaitsWherePlayersBringItThemselves(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newLinked(t, d)
		from := func(from board.From) {
			t.Helper()
			terms, err := w.rooms.Boards.TermsOf(w.ctx, w.board, 0)
			if err != nil {
				t.Fatal(err)
			}
			for i := range terms.Fields {
				if f := &terms.Fields[i]; f.Metric == "posts" {
					f.From = from
				}
				terms.Fields[i].Value, terms.Fields[i].ToWhom = "It does.", "To all."
			}
			if _, err := w.rooms.Boards.SetTerms(w.ctx, identity.Actor{}, w.board, terms); err != nil {
				t.Fatal(err)
			}
		}
		from(board.FromPlayer)
		if got := w.push(order("1", "ada", 1)); got.Waiting != 1 || got.Added != 0 {
			t.Errorf("%+v", got)
		}
		const why = `The board's terms take the key "posts" from its players' own sources, so nothing that is sent to the board counts for it.`
		shown, err := w.sources.DryRun(w.ctx, identity.Actor{}, w.owner, "shop", rules(t, shopRules))
		if err != nil || len(shown) != 1 || shown[0].Why != why {
			t.Errorf("%+v, %v", shown, err)
		}
		if reasons, err := w.sources.Reasons(w.ctx, w.at()); err != nil || len(reasons) != 1 || reasons[0].Why != why {
			t.Errorf("%+v, %v", reasons, err)
		}
		from(board.FromBoard)
		if got, err := w.sources.Replay(w.ctx, identity.Actor{}, w.owner, "shop"); err != nil || got.Added != 1 || got.Waiting != 0 {
			t.Errorf("%+v, %v", got, err)
		}
		w.wantSums(map[string]float64{"ada posts": 1})
	})
}

func TestPush_WaitsUnderAFinalRelease(t *testing.T) {
	w := newLinked(t, dbtest.New(t))
	err := w.db.Write(w.ctx, func(tx *db.Tx) error {
		return w.entries.Close(tx, w.board.ID, time.Date(2026, 11, 24, 23, 0, 0, 0, time.UTC).UnixMicro())
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.push(order("1", "ada", 1)); got.TooLate != 1 || got.Waiting != 1 {
		t.Errorf("%+v", got)
	}
	w.wantSums(map[string]float64{})
}

func TestDryRun_ShowsWhatTheLastHundredWouldBecome(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newLinked(t, d)
		for i := range 130 {
			w.push(order(fmt.Sprint(i), "ada", float64(i)))
		}
		w.push(order("x", "cy", 1))
		shown, err := w.sources.DryRun(w.ctx, identity.Actor{}, w.owner, "shop", rules(t, `[{"key": "calls", "number": "$.properties.total", "player": "$.userId", "by": "key"}]`))
		if err != nil || len(shown) != 100 {
			t.Fatalf("%d, %v", len(shown), err)
		}
		seen := map[string]bool{}
		for _, s := range shown {
			seen[s.Event.ID] = true
			if s.Made[0].Entry.Key != "calls" || (s.Why != "") != (s.Event.ID == "x") {
				t.Fatalf("%+v", s)
			}
		}
		if len(seen) != 100 || !seen["x"] || !seen["31"] || seen["30"] {
			t.Errorf("not the last hundred: %v", seen)
		}
		w.wantSums(map[string]float64{"ada posts": 129 * 130 / 2})
	})
}

// Many who send at once are kept together, and each is told of its own.
func TestPush_SixtyFourAtOnceLoseNothingAndDoubleNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newLinked(t, d)
		const senders, each = 64, 10
		var wait sync.WaitGroup
		for n := range senders {
			wait.Go(func() {
				c := w.at()
				for i := range each {
					for range 2 { // as a sender that missed the answer
						taken, err := w.sources.Push(w.ctx, c, batch(order(fmt.Sprint(n, "-", i), []string{"ada", "bo"}[n%2], 1), order(fmt.Sprint("none-", n), "nobody", 1)))
						if err != nil || taken.Added+taken.Duplicates != 1 || taken.Waiting != 1 {
							t.Errorf("%+v, %v", taken, err)
						}
					}
				}
			})
		}
		wait.Wait()
		w.wantSums(map[string]float64{"ada posts": senders / 2 * each, "bo posts": senders / 2 * each})
		tallies, err := w.sources.Tallies(w.ctx, w.owner, now())
		if got := tallies[w.at().ID]; err != nil || got.Waiting != senders || got.Added != senders*each || got.Duplicates != senders*each || got.Ever != 4*senders*each {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestByKey_TheOldKeyWorksForADayOrEndsAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := now()
		w := newLinked(t, d)
		w.sources = source.New(source.Rooms{DB: d, Boards: w.boards, Entries: w.entries, Players: w.rooms.Players, Identity: w.rooms.Identity, Trail: w.rooms.Trail, Queue: w.rooms.Queue, Now: func() time.Time { return clock }})
		open := func(secret string) fault.Kind {
			c, err := w.sources.ByKey(w.ctx, secret)
			if err == nil && c.Name != "shop" {
				t.Fatalf("opened %+v", c)
			}
			return fault.Of(err)
		}
		old := w.key
		next, err := w.sources.NewKey(w.ctx, identity.Actor{}, w.owner, "shop", false)
		if err != nil || open(old) != "" || open(next) != "" {
			t.Fatalf("%v %v %v", err, open(old), open(next))
		}
		if clock = clock.Add(25 * time.Hour); open(old) != fault.Unauthenticated || open(next) != "" {
			t.Errorf("a day later: %v %v", open(old), open(next))
		}
		last, err := w.sources.NewKey(w.ctx, identity.Actor{}, w.owner, "shop", true)
		if err != nil || open(next) != fault.Unauthenticated || open(last) != "" {
			t.Errorf("at once: %v %v %v", err, open(next), open(last))
		}
		keys, err := w.sources.Keys(w.ctx, w.connection("shop"))
		if err != nil || len(keys) != 1 || keys[0].Used != clock.Format(time.DateOnly) {
			t.Errorf("%+v, %v", keys, err)
		}
		if err := w.sources.Pause(w.ctx, identity.Actor{}, w.owner, "shop", "for now"); err != nil || open(last) != fault.Unavailable {
			t.Errorf("paused: %v", err)
		}
		if err := w.sources.Resume(w.ctx, identity.Actor{}, w.owner, "shop"); err != nil || open(last) != "" {
			t.Errorf("resumed: %v", err)
		}
		if err := w.sources.Retire(w.ctx, identity.Actor{}, w.owner, "shop", "", "sold"); err != nil || open(last) != fault.Unauthenticated {
			t.Errorf("retired: %v", err)
		}
		for _, no := range []string{"", "cairn_key_", "cairn_key_wrong", strings.Repeat("x", 5000), "cairn_key_\x00"} {
			if open(no) != fault.Unauthenticated {
				t.Errorf("%q opens something", no)
			}
		}
	})
}

func (w *linked) connection(name string) source.Connection {
	w.Helper()
	c, err := w.sources.Connection(w.ctx, w.owner, name)
	if err != nil {
		w.Fatal(err)
	}
	return c
}

func TestRetire_NamesAnHeirOfTheSameOwner(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newLinked(t, d)
		connect := func(c source.Connection) (source.Connection, error) {
			c.Kind = source.Push
			made, _, err := w.sources.Connect(w.ctx, identity.Actor{}, c, "")
			return made, err
		}
		for name, kind := range map[string]fault.Kind{"shop": fault.Conflict, "Shop": fault.Invalid, "": fault.Invalid, "a b": fault.Invalid, strings.Repeat("a", 41): fault.Invalid} {
			if _, err := connect(source.Connection{Board: w.board.ID, Name: name}); fault.Of(err) != kind {
				t.Errorf("%q: %v", name, err)
			}
		}
		if err := w.sources.Retire(w.ctx, identity.Actor{}, w.owner, "shop", "till", ""); fault.Of(err) != fault.Invalid {
			t.Errorf("an heir that is not there: %v", err)
		}
		till, err := connect(source.Connection{Board: w.board.ID, Name: "till"})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.sources.Retire(w.ctx, identity.Actor{}, w.owner, "shop", "till", "It closed."); err != nil {
			t.Fatal(err)
		}
		if got := w.connection("shop"); got.State != source.Retired || got.Heir != till.ID || got.Why != "It closed." {
			t.Errorf("%+v", got)
		}
		if err := w.sources.Resume(w.ctx, identity.Actor{}, w.owner, "shop"); fault.Of(err) != fault.Conflict {
			t.Errorf("brought back: %v", err)
		}
		for i := range 49 {
			if _, err := connect(source.Connection{Board: w.board.ID, Name: fmt.Sprint("s", i)}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := connect(source.Connection{Board: w.board.ID, Name: "more"}); fault.Of(err) != fault.Conflict {
			t.Errorf("the 51st: %v", err)
		}
	})
}

// A player's own source brings to their record, never to a board; nobody else may touch it, and it goes with them.
func TestPush_OfAPlayersOwnGoesToTheirRecordAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newLinked(t, d)
		ada, bo := w.rooms.SignIn(t, "ada@example.org"), w.rooms.SignIn(t, "bo@example.org")
		own := source.Owner{Player: ada.Account}
		_, secret, err := w.sources.Connect(w.ctx, ada, source.Connection{Player: ada.Account, Name: "blog", Kind: source.Push, Rules: rules(t, `[{"key": "posts"}]`)}, "")
		if err != nil {
			t.Fatal(err)
		}
		for what, err := range map[string]error{
			"connect": second(w.sources.Connect(w.ctx, bo, source.Connection{Player: ada.Account, Name: "x", Kind: source.Push}, "")),
			"key":     first(w.sources.NewKey(w.ctx, bo, own, "blog", true)),
			"pause":   w.sources.Pause(w.ctx, bo, own, "blog", ""),
			"remove":  w.sources.Remove(w.ctx, bo, "blog"),
			"dry run": first(w.sources.DryRun(w.ctx, bo, own, "blog", nil)),
			"replay":  first(w.sources.Replay(w.ctx, bo, own, "blog")),
		} {
			if fault.Of(err) != fault.NotFound {
				t.Errorf("%s by another: %v", what, err)
			}
		}
		c, err := w.sources.ByKey(w.ctx, secret)
		if err != nil {
			t.Fatal(err)
		}
		post := [3]string{"1", "Post", `{"title": "On cairns"}`}
		if taken, err := w.sources.Push(w.ctx, c, batch(post, post)); err != nil || taken.Added != 1 || taken.Duplicates != 1 {
			t.Fatalf("%+v, %v", taken, err)
		}
		entries, err := w.rooms.Players.Entries(w.ctx, ada, "blog", 0, 10)
		if err != nil || len(entries) != 1 || entries[0].OwnWord {
			t.Errorf("%+v, %v", entries, err)
		}
		w.wantSums(map[string]float64{})
		if err := w.sources.Remove(w.ctx, ada, "blog"); err != nil {
			t.Fatal(err)
		}
		if entries, err := w.rooms.Players.Entries(w.ctx, ada, "blog", 0, 10); err != nil || len(entries) != 0 {
			t.Errorf("after removing: %+v, %v", entries, err)
		}
		if _, err := w.sources.ByKey(w.ctx, secret); fault.Of(err) != fault.Unauthenticated {
			t.Errorf("its key: %v", err)
		}
	})
}

func first[T any](_ T, err error) error          { return err }
func second[A, B any](_ A, _ B, err error) error { return err }

func TestForget_TakesWhatWaitsAboutThePerson(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newLinked(t, d)
		ada := w.rooms.Accept(t, w.board, "ada", board.Choice{})
		if _, _, err := w.sources.Connect(w.ctx, ada, source.Connection{Player: ada.Account, Name: "blog", Kind: source.Push}, ""); err != nil {
			t.Fatal(err)
		}
		w.push([3]string{"1", "Unheard", `{}`}, order("2", "bo", 1), [3]string{"3", "Call", `{"mail": "ADA@example.org"}`}, order("4", "ada", 1), order("4", "ada", 2))
		var kept map[string]any
		read := func() (waiting, recent int) {
			w.Helper()
			err := w.db.Read(w.ctx, func(tx *db.Tx) (err error) {
				if kept, err = w.sources.Kept(tx, ada.Account); err != nil {
					return err
				}
				if err := tx.QueryRow(`SELECT COUNT(*) FROM source_held`).Scan(&waiting); err != nil {
					return err
				}
				return tx.QueryRow(`SELECT COUNT(*) FROM source_recent`).Scan(&recent)
			})
			if err != nil {
				t.Fatal(err)
			}
			return waiting, recent
		}
		waiting, recent := read()
		if lines, _ := kept["events.csv"].([][]string); waiting != 2 || recent != 5 || len(lines) != 5 || kept["connections.json"] == nil {
			t.Errorf("%d, %d, %v", waiting, recent, kept)
		}
		if err := w.db.Write(w.ctx, func(tx *db.Tx) error { return w.sources.Forget(tx, ada.Account) }); err != nil {
			t.Fatal(err)
		}
		if waiting, recent = read(); waiting != 1 || recent != 2 || len(kept) != 0 {
			t.Errorf("%d, %d, %v", waiting, recent, kept)
		}
	})
}

func TestMove_AndBackIsTheConnectionsAsTheyWere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newLinked(t, d)
		old, into := w.rooms.SignIn(t, "old@example.org"), w.rooms.SignIn(t, "new@example.org")
		for _, of := range []struct {
			by   identity.Actor
			name string
		}{{old, "blog"}, {old, "both"}, {into, "both"}} {
			if _, _, err := w.sources.Connect(w.ctx, of.by, source.Connection{Player: of.by.Account, Name: of.name, Kind: source.Push}, ""); err != nil {
				t.Fatal(err)
			}
		}
		look := func() map[string]string {
			all := map[string]string{}
			for _, of := range []identity.Actor{old, into} {
				list, err := w.sources.Connections(w.ctx, source.Owner{Player: of.Account})
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range list {
					all[c.ID] = fmt.Sprint(c.Player == into.Account, c.Name, c.State)
				}
			}
			return all
		}
		before := look()
		var note json.RawMessage
		if err := w.db.Write(w.ctx, func(tx *db.Tx) (err error) { note, err = w.sources.Move(tx, old.Account, into.Account); return err }); err != nil {
			t.Fatal(err)
		}
		if list, err := w.sources.Connections(w.ctx, source.Owner{Player: into.Account}); err != nil || len(list) != 2 {
			t.Errorf("%+v, %v", list, err)
		}
		if err := w.db.Write(w.ctx, func(tx *db.Tx) error { return w.sources.MoveBack(tx, old.Account, into.Account, note) }); err != nil {
			t.Fatal(err)
		}
		if after := look(); !maps.Equal(before, after) {
			t.Errorf("%v, want %v", after, before)
		}
	})
}
