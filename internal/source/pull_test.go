package source_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
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
	"cairn/internal/period"
	"cairn/internal/reach"
	"cairn/internal/seal"
	"cairn/internal/source"
	"cairn/internal/source/web"
	"cairn/scorecard"
)

// asked is a board whose source calls is asked at a server of the test's, by the clock of the test.
type asked struct {
	*world
	rooms  boardtest.Rooms
	key    string // of seals
	shared bool   // what is connected may bring what another source brings
	mu     sync.Mutex
	at     time.Time
	server *httptest.Server
	asked  []string
	answer func(w http.ResponseWriter, r *http.Request)
}

func newAsked(t *testing.T, d *db.DB) *asked {
	t.Helper()
	a := &asked{at: now(), key: "a key of sixteen letters"}
	clock := func() time.Time { a.mu.Lock(); defer a.mu.Unlock(); return a.at }
	a.rooms = boardtest.New(t, d, clock)
	a.world = &world{T: t, db: d, boards: a.rooms.Boards, entries: a.rooms.Entries}
	room := reach.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, clock)
	a.sources = source.New(source.Rooms{DB: d, Boards: a.boards, Entries: a.entries, Players: a.rooms.Players, Identity: a.rooms.Identity, Trail: a.rooms.Trail, Queue: a.rooms.Queue,
		Reach: room, Seals: seal.New(func() (string, error) { return a.key, nil }), Pullers: map[source.Kind]source.Puller{source.Web: web.Puller{}}, Now: clock})
	loaded, err := scorecard.Load("club.yaml", []byte(card))
	if err != nil {
		t.Fatal(err)
	}
	if a.board, err = a.boards.Create(t.Context(), loaded, board.Settings{Zone: "Europe/Berlin"}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.boards.Enrol(t.Context(), a.board.ID, board.ByKey, []board.Member{{Key: "ada"}, {Key: "bo"}}); err != nil {
		t.Fatal(err)
	}
	a.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.asked = append(a.asked, r.URL.RequestURI())
		answer := a.answer
		a.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(a.server.Close)
	return a
}

func (a *asked) says(answer func(w http.ResponseWriter, r *http.Request)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer = answer
}

func (a *asked) lists(items string) {
	a.says(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"list": [`+items+`]}`) })
}

func (a *asked) owner() source.Owner { return source.Owner{Board: a.board.ID} }

func (a *asked) connect(name, more string) source.Connection {
	a.Helper()
	settings := `{"url": "` + a.server.URL + `/", "items": "$.list[*]", "id": "$.id", "player": "$.who", "at": "$.at", "key": "calls"` + more + `}`
	c, _, err := a.sources.Connect(a.Context(), identity.Actor{}, source.Connection{Board: a.board.ID, Name: name, Kind: source.Web, Settings: json.RawMessage(settings), Every: time.Hour, Shared: a.shared}, "secret")
	if err != nil {
		a.Fatal(err)
	}
	return c
}

func (a *asked) connection(name string) source.Connection {
	a.Helper()
	c, err := a.sources.Connection(a.Context(), a.owner(), name)
	if err != nil {
		a.Fatal(err)
	}
	return c
}

// pass lets time go by until an instant after a duration, doing what is due every two minutes.
func (a *asked) pass(d time.Duration) {
	a.Helper()
	for end := a.at.Add(d); ; {
		if _, err := a.rooms.Queue.RunDue(a.Context()); err != nil {
			a.Fatal(err)
		}
		if !a.at.Before(end) {
			return
		}
		a.mu.Lock()
		a.at = a.at.Add(min(2*time.Minute, end.Sub(a.at)))
		a.mu.Unlock()
	}
}

func (a *asked) times() int { a.mu.Lock(); defer a.mu.Unlock(); return len(a.asked) }

func TestPoll_BringsEachItemOnceByTheClock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAsked(t, d)
		a.lists(`{"id": 1, "who": "ada", "at": "2026-11-24"}, {"id": 2, "who": "eve", "at": "2026-11-24"}`)
		a.connect("crm", "")
		a.pass(time.Minute)
		a.wantSums(map[string]float64{"ada calls": 1})
		c := a.connection("crm")
		if h := c.Health; h.Good.IsZero() || h.Trouble != "" || h.Next.Sub(a.at) < 50*time.Minute || h.Next.Sub(a.at) > 70*time.Minute {
			t.Errorf("after the first poll %+v", h)
		}
		a.lists(`{"id": 1, "who": "ada", "at": "2026-11-24"}, {"id": 3, "who": "bo", "at": "2026-11-25"}`)
		a.pass(40 * time.Minute)
		if a.times() != 1 {
			t.Errorf("asked %d times before it was due", a.times())
		}
		a.pass(45 * time.Minute)
		a.wantSums(map[string]float64{"ada calls": 1, "bo calls": 1})
		if waiting, err := a.sources.Waiting(t.Context(), c, "", "", 10); err != nil || len(waiting) != 1 {
			t.Errorf("of a stranger waits %v, %v; want one event", waiting, err)
		}
		hourly := 5 * time.Minute // what is changed to be asked more often is, at once
		if _, err := a.sources.Change(t.Context(), identity.Actor{}, a.owner(), "crm", source.Changes{Every: &hourly}); err != nil {
			t.Fatal(err)
		}
		was := a.times()
		a.pass(30 * time.Minute)
		if n := a.times() - was; n < 4 || n > 7 {
			t.Errorf("asked %d times in half an hour, every five minutes", n)
		}
		if err := a.sources.Pause(t.Context(), identity.Actor{}, a.owner(), "crm", ""); err != nil {
			t.Fatal(err)
		}
		was = a.times()
		a.pass(time.Hour)
		if a.times() != was {
			t.Error("a paused source was asked")
		}
		if _, err := a.sources.Poll(t.Context(), a.connection("crm")); fault.Of(err) != fault.Conflict {
			t.Errorf("asking a paused source by hand: %v", err)
		}
	})
}

func TestPoll_BacksOffFallsIllOnceAndGetsWell(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAsked(t, d)
		a.says(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
		a.connect("crm", "")
		a.pass(30 * time.Hour)
		c := a.connection("crm")
		if n := a.times(); n < 4 || n > 7 || !c.Health.Sick || c.Health.Failed != n || !strings.Contains(c.Health.Trouble, "(502)") {
			t.Errorf("asked %d times in 30 hours of trouble, which is %+v", n, c.Health)
		}
		a.says(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7200")
			w.WriteHeader(http.StatusTooManyRequests)
		})
		if done, err := a.sources.Poll(t.Context(), c); err != nil || done.Trouble == "" || done.Next.Sub(a.at) < 2*time.Hour || done.Next.Sub(a.at) > 150*time.Minute {
			t.Errorf("told to wait two hours: %+v, %v", done, err)
		}
		a.lists(`{"id": 1, "who": "ada", "at": "2026-11-25"}`)
		if done, err := a.sources.Poll(t.Context(), c); err != nil || done.Taken.Added != 1 || done.Trouble != "" {
			t.Errorf("%+v, %v", done, err)
		}
		if h := a.connection("crm").Health; h.Sick || h.Failed != 0 {
			t.Errorf("well again: %+v", h)
		}
		events, err := a.rooms.Trail.Between(t.Context(), a.board.ID, now().Add(-time.Hour), a.at.Add(time.Hour), "source.sick", "source.well")
		var verbs []string
		for _, e := range events {
			verbs = append(verbs, e.Verb+" "+e.Detail["source"])
		}
		if want := []string{"source.sick crm", "source.well crm"}; err != nil || !slices.Equal(verbs, want) {
			t.Errorf("the trail says %q, %v; want %q", verbs, err, want)
		}
	})
}

func TestPoll_CountsGrowthOnceWhateverHappensInBetween(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAsked(t, d)
		views := 100
		a.says(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"list": [{"id": "v", "who": "ada", "n": %d}]}`, views)
		})
		settings := `{"url": "` + a.server.URL + `/", "items": "$.list[*]", "id": "$.id", "player": "$.who", "key": "calls", "number": "$.n", "count": "gained"}`
		c, _, err := a.sources.Connect(t.Context(), identity.Actor{}, source.Connection{Board: a.board.ID, Name: "views", Kind: source.Web, Settings: json.RawMessage(settings), Every: time.Hour}, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.sources.Poll(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		views = 250
		var polls sync.WaitGroup // side by side, as by hand while the clock asks
		for range 4 {
			polls.Go(func() {
				if _, err := a.sources.Poll(context.Background(), c); err != nil && fault.Of(err) != fault.Conflict && fault.Of(err) != fault.Limited {
					t.Error(err)
				}
			})
		}
		polls.Wait()
		a.wantSums(map[string]float64{"ada calls": 150})
	})
}

// What somebody's own record has no room for is told where they look, and the source is asked again.
func TestPoll_TellsWhyWhatItBringsCannotBeKept(t *testing.T) {
	a := newAsked(t, dbtest.New(t))
	a.rooms.Players.HoldAtMost(1)
	ada := a.rooms.SignIn(t, "ada@example.org")
	settings := `{"url": "` + a.server.URL + `/", "items": "$.list[*]", "id": "$.id", "player": "$.who", "at": "$.at", "key": "calls"}`
	if _, _, err := a.sources.Connect(t.Context(), ada, source.Connection{Player: ada.Account, Name: "blog", Kind: source.Web, Settings: json.RawMessage(settings), Every: time.Hour}, ""); err != nil {
		t.Fatal(err)
	}
	a.lists(`{"id": 1, "who": "ada", "at": "2026-11-24"}`)
	a.pass(time.Minute)
	a.lists(`{"id": 2, "who": "ada", "at": "2026-11-24"}`)
	a.pass(3 * time.Hour)
	c, err := a.sources.Connection(t.Context(), source.Owner{Player: ada.Account}, "blog")
	if err != nil || !strings.Contains(c.Health.Trouble, "at most 1 are kept") || c.Health.Failed < 2 || !c.Health.Next.After(a.at) {
		t.Errorf("%+v, %v", c.Health, err)
	}
	if entries, err := a.rooms.Players.Entries(t.Context(), ada, "blog", 0, 10); err != nil || len(entries) != 1 {
		t.Errorf("%+v, %v", entries, err)
	}
}

func TestCheck_KeepsNothingAndNeedsNoConnection(t *testing.T) {
	a := newAsked(t, dbtest.New(t))
	a.lists(`{"id": 1, "who": "ada", "at": "2026-11-24"}`)
	c := a.connect("crm", "")
	if found, err := a.sources.Check(t.Context(), c, ""); err != nil || found != "1 items, the newest of 2026-11-24; the last one counts 1 for calls" {
		t.Errorf("%q, %v", found, err)
	}
	c.ID = ""
	if _, err := a.sources.Check(t.Context(), c, ""); err != nil {
		t.Error(err)
	}
	a.wantSums(map[string]float64{})
	if h := a.connection("crm").Health; !h.Last.IsZero() {
		t.Errorf("a look is no poll: %+v", h)
	}
}

func TestSilent_IsWhatNothingThatIsWellCouldHaveBrought(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAsked(t, d)
		silent := func() (why map[string]string) {
			t.Helper()
			err := d.Read(t.Context(), func(tx *db.Tx) (err error) {
				p, err := period.Parse(scorecard.Week, "2026-W48")
				if err != nil {
					return err
				}
				why, err = a.sources.Silent(t.Context(), tx, a.board, p)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return why
		}
		a.lists(`{"id": 1, "who": "ada", "at": "2026-11-24"}`)
		a.connect("crm", "")
		a.pass(time.Minute)
		if why := silent(); len(why) != 0 {
			t.Errorf("a source that is well is silent: %q", why)
		}
		a.says(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
		a.pass(12 * time.Hour)
		if why := silent()["calls"]; why != "the source crm brought nothing since 25 November 2026" {
			t.Errorf("a sick source: %q", why)
		}
		a.folder = t.TempDir()
		if _, err := a.bring(source.File{Path: a.file("e.csv", "player,key,at,value\nbo,calls,2026-11-16,1\n")}); err != nil {
			t.Fatal(err)
		}
		if why := silent(); why["calls"] == "" {
			t.Error("an import of the week before speaks for this one")
		}
		if _, err := a.bring(source.File{Path: a.file("f.csv", "player,key,at,value\nbo,calls,2026-11-24,1\n")}); err != nil {
			t.Fatal(err)
		}
		if why := silent(); len(why) != 0 {
			t.Errorf("somebody brought calls by hand: %q", why)
		}
	})
}

func TestSilent_AnHeirAnswersForWhatIsRetired(t *testing.T) {
	a := newAsked(t, dbtest.New(t))
	silent := func() (why map[string]string) {
		t.Helper()
		err := a.db.Read(t.Context(), func(tx *db.Tx) (err error) {
			p, err := period.Parse(scorecard.Week, "2026-W49")
			if err != nil {
				return err
			}
			why, err = a.sources.Silent(t.Context(), tx, a.board, p)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return why
	}
	a.lists(`{"id": 1, "who": "ada", "at": "2026-11-24"}`)
	a.connect("klout", "")
	a.shared = true
	a.connect("kred", "")
	a.pass(time.Minute)
	if err := a.sources.Pause(t.Context(), identity.Actor{}, a.owner(), "kred", ""); err != nil {
		t.Fatal(err)
	}
	if err := a.sources.Retire(t.Context(), identity.Actor{}, a.owner(), "klout", "kred", "it closed"); err != nil {
		t.Fatal(err)
	}
	if why := silent()["calls"]; why == "" {
		t.Error("neither the retired source nor its paused heir brings anything")
	}
	if err := a.sources.Resume(t.Context(), identity.Actor{}, a.owner(), "kred"); err != nil {
		t.Fatal(err)
	}
	if why := silent(); len(why) != 0 {
		t.Errorf("the heir is well: %q", why)
	}
}

func TestCheck_AsksFewAtOnceForOneOwner(t *testing.T) {
	a := newAsked(t, dbtest.New(t))
	c, wait, came := a.connect("calls", ""), make(chan struct{}), make(chan struct{}, 9)
	a.says(func(w http.ResponseWriter, _ *http.Request) {
		came <- struct{}{}
		<-wait
		io.WriteString(w, `{"list": [{"id": 1, "who": "ada", "at": "2026-11-20"}]}`)
	})
	var slow sync.WaitGroup
	for range 2 {
		slow.Go(func() {
			if _, err := a.sources.Check(t.Context(), c, ""); err != nil {
				t.Error(err)
			}
		})
		<-came
	}
	if _, err := a.sources.Check(t.Context(), c, ""); fault.Of(err) != fault.Limited {
		t.Errorf("a third at once: %v", err)
	}
	if _, err := a.sources.Poll(t.Context(), c); fault.Of(err) != fault.Limited {
		t.Errorf("or a poll: %v", err)
	}
	close(wait)
	slow.Wait()
	if _, err := a.sources.Check(t.Context(), c, ""); err != nil {
		t.Errorf("when they are done: %v", err)
	}
}

func TestChange_SendsCredentialsNowhereElse(t *testing.T) {
	a := newAsked(t, dbtest.New(t))
	c := a.connect("calls", `, "fill": {"site": "a"}`)
	change := func(settings, credentials string) error {
		to := source.Changes{Settings: json.RawMessage(settings)}
		if credentials != "" {
			to.Credentials = &credentials
		}
		_, err := a.sources.Change(t.Context(), identity.Actor{}, a.owner(), "calls", to)
		return err
	}
	settings := string(c.Settings)
	for _, elsewhere := range []string{strings.ReplaceAll(settings, a.server.URL, "https://mine.example"), strings.ReplaceAll(settings, `"site":"a"`, `"site":"b"`)} {
		if elsewhere == settings {
			t.Fatalf("nothing is another in %s", settings)
		}
		err := change(elsewhere, "")
		if f, ok := err.(*fault.Fault); !ok || f.Field != "credentials" {
			t.Errorf("%s: %v", elsewhere, err)
		}
		if err := change(elsewhere, "another secret"); err != nil {
			t.Errorf("with credentials of its own: %v", err)
		}
		if err := change(settings, "secret"); err != nil {
			t.Fatal(err)
		}
	}
	if err := change(strings.Replace(settings, `"$.at"`, `"$.day"`, 1), ""); err != nil {
		t.Errorf("the same address: %v", err)
	}
}
