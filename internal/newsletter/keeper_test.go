package newsletter_test

import (
	"context"
	"encoding/json"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/mail"
	"cairn/internal/mail/mailtest"
	"cairn/internal/newsletter"
	"cairn/internal/release"
)

// What is kept of somebody is told, moved and forgotten whole; that an address wants no mail outlives them.
func TestKeeper_TellsMovesAndForgets(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		sink := mailtest.NewSink(t, mailtest.Setup{})
		server := sink.Server
		server.Return = "b+{token}@cairn.example"
		c := newClub(t, d, server, board.OptIn)
		both := c.joins("ada", "bo")
		ada, bo := both[0], both[1]
		must(t, c.letters.BeginHandle(t.Context(), ada, newsletter.ByText, "+491701234567"))
		_, code, _ := strings.Cut(c.told[0], "code is ")
		must(t, c.letters.ConfirmHandle(t.Context(), ada, newsletter.ByText, code[:6]))
		must(t, c.letters.Prefer(t.Context(), ada.Account, c.at.ID, newsletter.Preference{Channel: newsletter.ByMail, Losses: true}, "page"))
		must(t, c.letters.WriteArticle(t.Context(), ada, c.at, c.week("2026-W46"), "Of last week."))
		c.counts("2026-W47", 0, 1)
		rel := c.publish("2026-W47")
		c.run(2 * time.Minute)
		token := between(deliveryTo(t, sink, "ada@example.org").From, "b+", "@")
		must(t, c.letters.Bounce(t.Context(), mail.Bounce{Token: token, Final: true, Why: "complaint"}))

		kept := func(account string) (text string) {
			t.Helper()
			must(t, d.Read(t.Context(), func(tx *db.Tx) error {
				files, err := c.letters.Kept(tx, account)
				if err != nil {
					return err
				}
				out, err := json.Marshal(files["newsletters.json"])
				text = string(out)
				return err
			}))
			return text
		}
		before := kept(ada.Account)
		for _, word := range []string{`"handle":"+491701234567"`, `"board":"club"`, `"losses":true`, `"state":"bounced"`, "Of last week.", `"why":"complaint"`} {
			if !strings.Contains(before, word) {
				t.Errorf("%s is not told: %s", word, before)
			}
		}
		ofBo := kept(bo.Account)
		if strings.Contains(ofBo, "491701234567") || strings.Contains(ofBo, "Of last week.") {
			t.Errorf("told to somebody else: %s", ofBo)
		}
		var note json.RawMessage
		must(t, d.Write(t.Context(), func(tx *db.Tx) (err error) {
			note, err = c.letters.Move(tx, ada.Account, bo.Account)
			return err
		}))
		if moved := kept(bo.Account); !strings.Contains(moved, "+491701234567") || !strings.Contains(moved, `"losses":true`) || !strings.Contains(moved, "Of last week.") {
			t.Errorf("after the move: %s", moved)
		}
		must(t, d.Write(t.Context(), func(tx *db.Tx) error { return c.letters.MoveBack(tx, ada.Account, bo.Account, note) }))
		if again := kept(ada.Account); again != before || kept(bo.Account) != ofBo {
			t.Errorf("after the move back: %s", again)
		}
		must(t, c.rooms.Players.Erase(t.Context(), c.rooms.SignIn(t, "bo@example.org")))
		must(t, d.Write(t.Context(), func(tx *db.Tx) error { return c.letters.Forget(tx, ada.Account) }))
		if left := kept(ada.Account); strings.Contains(left, "4917") || strings.Contains(left, "losses") || strings.Contains(left, "Of last week.") {
			t.Errorf("after forgetting: %s", left)
		}
		l, err := c.letters.Of(t.Context(), c.at, rel.ID)
		if err != nil || l.Total() != 2 || l.Counts[newsletter.Sent] != 1 {
			t.Errorf("the counts: %+v, %v", l, err)
		}
		if text, written, err := c.letters.Article(t.Context(), c.at, c.week("2026-W46")); err != nil || !written || text == "" {
			t.Errorf("the article went with its author: %q, %v", text, err)
		}

		// Half a year later the lines go and the counts stay.
		c.pass(181 * 24 * time.Hour)
		must(t, c.letters.Sweep(t.Context()))
		old, err := c.letters.Of(t.Context(), c.at, rel.ID)
		if err != nil || !old.Erased || old.Counts[newsletter.Sent] != 1 || old.Counts[newsletter.Bounced] != 1 || len(c.lines(rel)) != 0 {
			t.Errorf("%+v, %v, %v", old, err, c.lines(rel))
		}
	})
}

// Managers are told what is due, where to look, and nothing of anybody.
func TestRemind_TellsManagersWhatIsDueAndNobodysNumber(t *testing.T) {
	sink := mailtest.NewSink(t, mailtest.Setup{Keep: true})
	c := newClub(t, dbtest.New(t), sink.Server, board.OptIn)
	c.joins("ada", "bo")
	for address, role := range map[string]board.Role{"owner@example.org": board.Owner, "steward@example.org": board.Steward, "manager@example.org": board.Manager} {
		must(t, c.rooms.Boards.GiveRole(t.Context(), console, c.at, address, role, board.Scope{}))
		_, err := c.rooms.Boards.Access(t.Context(), c.at, c.rooms.SignIn(t, address))
		must(t, err)
	}
	must(t, c.rooms.Boards.GiveRole(t.Context(), console, c.at, "never.came@example.org", board.Manager, board.Scope{}))
	c.counts("2026-W47", 0, 1)
	_, err := c.releases.Draft(t.Context(), c.at, c.week("2026-W47"))
	must(t, err)
	remind := func(key string, r release.Reminder) {
		t.Helper()
		must(t, c.db.Write(t.Context(), func(tx *db.Tx) error {
			return c.rooms.Queue.Enqueue(tx, release.JobRemind, key, r, c.now())
		}))
		c.run(0)
	}
	remind("1", release.Reminder{Board: c.at.ID, Period: "2026-W47", State: release.TurnClosed, Due: c.now().Add(24 * time.Hour)})
	mails := sink.Deliveries()
	var to []string
	for _, m := range mails {
		to = append(to, m.To)
		m.Raw = strings.ReplaceAll(strings.ReplaceAll(m.Raw, "=\r\n", ""), "=3D", "=")
		if !strings.Contains(m.Raw, "Tue 24 November, 09:00") || !strings.Contains(m.Raw, "https://cairn.example/b/club/manage/releases") || !strings.Contains(m.Raw, "2 in it, 2 with a score") {
			t.Errorf("a reminder says %s", m.Raw)
		}
		if strings.Contains(m.Raw, "Ada") || strings.Contains(m.Raw, "Bo ") {
			t.Errorf("a reminder names a player: %s", m.Raw)
		}
	}
	slices.Sort(to)
	if !slices.Equal(to, []string{"manager@example.org", "owner@example.org"}) {
		t.Errorf("reminded: %v", to)
	}
	for i, r := range []release.Reminder{
		{Board: c.at.ID, Period: "2026-W47", State: release.TurnEmpty, Why: "There is no data."},
		{Board: c.at.ID, Period: "2026-W47", State: release.TurnFailed, Why: "The formula divides by zero."},
		{Board: c.at.ID, Period: "2026-W47", State: release.TurnClosed},
	} {
		remind(string(rune('a'+i)), r)
		if now := sink.Deliveries(); len(now) != len(mails)+2 || r.Why != "" && !strings.Contains(now[len(now)-1].Raw, r.Why) {
			t.Errorf("%s: %d mails", r.State, len(now)-len(mails))
		} else {
			mails = now
		}
	}
}

// A newsletter to many takes no more memory than one to few, and how far it is can be seen meanwhile.
func TestSend_ToManyIsFlatInMemoryAndSeen(t *testing.T) { sendToMany(t, 1000) }

// BenchmarkSend sends to as many readers as there shall be rounds: go test -run ^$ -bench Send -benchtime 25000x.
func BenchmarkSend(b *testing.B) { sendToMany(b, b.N) }

func sendToMany(t testing.TB, readers int) {
	each := max(1, readers/8)
	var c *club
	var rel *release.Release
	var held []int64
	var seen []int
	taken := 0
	sink := mailtest.NewSink(t, mailtest.Setup{Script: func(m mailtest.Moment) mailtest.Answer { // jobs run one after the other here
		if m.Step != mailtest.Taken {
			return mailtest.Answer{}
		}
		if taken++; taken%each == 0 {
			runtime.GC()
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			held = append(held, int64(now.HeapAlloc))
			l, err := c.letters.Of(context.Background(), c.at, rel.ID)
			if err != nil {
				t.Error(err)
			}
			seen = append(seen, l.Counts[newsletter.Sent])
		}
		return mailtest.Answer{}
	}})
	c = newClub(t, dbtest.New(t), sink.Server, board.PublicRecord)
	c.crowd(readers)
	var all []int64
	for i := range int64(readers) {
		all = append(all, i)
	}
	c.counts("2026-W47", all...)
	rel = c.publish("2026-W47")
	if b, measured := t.(*testing.B); measured {
		b.ResetTimer()
	}
	c.run(time.Duration(readers/200+5) * time.Minute)
	c.once(rel, readers, sink.Copies())
	if len(held) != readers/each || readers >= 1000 && (!slices.IsSorted(seen) || seen[0] < each-2) {
		t.Fatalf("it was seen at %v", seen)
	}
	t.Logf("%d KB held after an eighth, %d KB at most", held[0]>>10, slices.Max(held)>>10)
	if grown := slices.Max(held) - held[0]; grown > 6<<20 {
		t.Errorf("it held %d KB more in the end: %v", grown>>10, held)
	}
}
