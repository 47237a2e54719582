package newsletter_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/identity"
	post "cairn/internal/mail"
	"cairn/internal/mail/mailtest"
	"cairn/internal/newsletter"
	"cairn/internal/pass"
	"cairn/internal/release"
)

func readAll(r *http.Request) string {
	body, _ := io.ReadAll(r.Body)
	return string(body)
}

var console = identity.Actor{}

// Everybody on a board is told in the way that they said, once, or the ledger says why not.
func TestNewsletter_TellsEachReaderInTheirWayOrSaysWhyNot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		sink := mailtest.NewSink(t, mailtest.Setup{Keep: true, Script: func(m mailtest.Moment) mailtest.Answer {
			if m.Step == mailtest.Recipient && strings.HasPrefix(m.To, "gus@") {
				return mailtest.Answer{Reply: "550 5.1.1 no such user"}
			}
			return mailtest.Answer{}
		}})
		server := sink.Server
		server.Return = "bounces+{token}@cairn.example"
		c := newClub(t, d, server, board.OptIn)
		all := c.joins("ada", "bo", "cy", "di", "ed", "flo", "gus", "hal", "ivy")
		ada, bo, cy, di, flo, ivy := all[0], all[1], all[2], all[3], all[5], all[8]
		_, err := c.rooms.Boards.Enrol(t.Context(), c.at.ID, board.ByKey, []board.Member{{Key: "jo", Name: "Jo", Email: "jo@example.org"}}) // never answers
		must(t, err)
		prefer := func(a identity.Actor, boardID string, p newsletter.Preference) {
			t.Helper()
			must(t, c.letters.Prefer(t.Context(), a.Account, boardID, p, "page"))
		}
		prefer(bo, c.at.ID, newsletter.Preference{Channel: newsletter.ByNobody})
		must(t, d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE account_address SET proved_at = 0 WHERE account_id = $1`, cy.Account)
			return err
		}))
		must(t, c.rooms.Boards.Pause(t.Context(), di, c.at))
		must(t, c.letters.BeginHandle(t.Context(), flo, newsletter.ByText, "+49 170 1234567"))
		_, code, _ := strings.Cut(c.told[0], "code is ")
		must(t, c.letters.ConfirmHandle(t.Context(), flo, newsletter.ByText, code[:6]))
		prefer(flo, "", newsletter.Preference{Channel: newsletter.ByText})
		prefer(ivy, c.at.ID, newsletter.Preference{Channel: newsletter.ByMail, Empty: true})
		for _, key := range []string{"ada", "bo", "cy", "flo", "gus"} {
			c.counts("2026-W47", c.number(key))
		}
		rel := c.publish("2026-W47")
		c.run(0)
		if n := len(sink.Deliveries()); n != 0 {
			t.Errorf("%d mails before who published could think again", n)
		}
		c.run(2 * time.Minute)

		want := map[string]string{
			"ada": "sent", "bo": "skipped does not want to be told", "cy": "skipped no proved address", "di": "skipped paused", "ed": "skipped not in this release, and wants no empty letters",
			"flo": "sent", "gus": "failed The mail server refuses this address.", "hal": "skipped not in this release, and wants no empty letters", "ivy": "sent",
		}
		got := c.lines(rel)
		for key, text := range got {
			if strings.HasPrefix(text, "skipped no score in this release") { // whether somebody without data stands in a release is the scorecard's to say
				got[key] = "skipped not in this release, and wants no empty letters"
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("ledger: %s", diff)
		}
		if copies := sink.Copies(); !maps.Equal(copies, map[string]int{"ada@example.org": 1, "ivy@example.org": 1}) {
			t.Errorf("mails: %v", copies)
		}
		if len(c.told) != 2 || !strings.Contains(c.told[1], `"to":"+491701234567"`) {
			t.Errorf("texts: %q", c.told)
		}
		l, err := c.letters.Of(t.Context(), c.at, rel.ID)
		if err != nil || l.Ended.IsZero() || l.Total() != 9 || l.Counts[newsletter.Sent] != 3 {
			t.Errorf("%+v, %v", l, err)
		}

		// What the mail carries: a way out with one click, a way in without signing in, and a return path of its own.
		mine := deliveryTo(t, sink, "ada@example.org")
		whole, err := mail.ReadMessage(strings.NewReader(mine.Raw))
		must(t, err)
		link := strings.Trim(whole.Header.Get("List-Unsubscribe"), "<>")
		secret, found := strings.CutSuffix(strings.TrimPrefix(link, "https://cairn.example/p/"), "/stop")
		if !found || whole.Header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" || whole.Header.Get("List-Id") != "<club.boards.cairn.example>" {
			t.Errorf("headers: %v", whole.Header)
		}
		held, expired, err := c.passes.Find(t.Context(), pass.Letter, secret)
		if err != nil || expired || held.Player != ada.Account || held.Member != c.number("ada") {
			t.Errorf("the pass of the letter: %+v, %v", held, err)
		}

		// Mail that comes back: an address that is no more is written to by no board until its reader proves it again.
		token := between(mine.From, "bounces+", "@")
		if err := c.letters.Bounce(t.Context(), post.Bounce{Token: "another"}); fault.Of(err) != fault.NotFound {
			t.Errorf("a report of somebody else's mail: %v", err)
		}
		must(t, c.letters.Bounce(t.Context(), post.Bounce{Token: token, Final: true, Status: "5.1.1", Why: "address"}))
		must(t, c.letters.Bounce(t.Context(), post.Bounce{Token: token, Final: true, Status: "5.1.1", Why: "address"}))
		if got := c.lines(rel)["ada"]; got != "bounced there is no such address" {
			t.Errorf("ada: %s", got)
		}
		c.pass(6 * 24 * time.Hour)
		c.counts("2026-W48", c.number("ada"), c.number("gus"))
		c.pass(24 * time.Hour)
		next := c.publish("2026-W48")
		c.run(2 * time.Minute)
		if got := c.lines(next); got["ada"] != "skipped suppressed: mail came back (address)" || got["gus"] != "skipped suppressed: mail came back (address)" {
			t.Errorf("ada: %s; gus: %s", got["ada"], got["gus"])
		}
		c.rooms.SignIn(t, "ada@example.org") // she reads her mail again
		must(t, c.letters.Decide(t.Context(), console, c.at, rel.ID, c.number("ada"), true))
		c.run(time.Minute)
		if got := c.lines(rel)["ada"]; got != "sent" || sink.Copies()["ada@example.org"] != 2 {
			t.Errorf("sent again by a person's word: %s, %v", got, sink.Copies())
		}
	})
}

func deliveryTo(t *testing.T, sink *mailtest.Sink, to string) mailtest.Delivery {
	t.Helper()
	for _, d := range sink.Deliveries() {
		if d.To == to {
			return d
		}
	}
	t.Fatalf("nothing for %s", to)
	return mailtest.Delivery{}
}

func between(text, before, after string) string {
	_, text, _ = strings.Cut(text, before)
	text, _, _ = strings.Cut(text, after)
	return text
}

// Whatever the mail server does, nobody gets two copies, who is marked as sent has one, and who can be reached in the end is.
func TestNewsletter_AnUnsteadyServerCostsNobodyALetterAndGivesNobodyTwo(t *testing.T) {
	for name, script := range map[string]mailtest.Script{
		"greylists":                    mailtest.Greylist(2),
		"drops after the dot":          mailtest.DropAt(mailtest.Taken),
		"drops before the dot":         mailtest.DropAt(mailtest.Body),
		"drops once it has answered":   mailtest.DropAt(mailtest.Answered),
		"drops where and when it will": mailtest.DropByLot(7, 0.04),
	} {
		t.Run(name, func(t *testing.T) {
			sink := mailtest.NewSink(t, mailtest.Setup{Script: script})
			c := newClub(t, dbtest.New(t), sink.Server, board.PublicRecord)
			const readers = 40
			c.crowd(readers)
			var all []int64
			for i := range readers {
				all = append(all, int64(i))
			}
			c.counts("2026-W47", all...)
			rel := c.publish("2026-W47")
			c.run(3 * time.Hour)
			c.once(rel, readers, sink.Copies())
		})
	}
}

// once holds the ledger against what mail servers took: everybody was sent one, or it is doubtful, and then there is at most one.
func (c *club) once(rel *release.Release, readers int, copies map[string]int) (counts map[newsletter.State]int) {
	c.t.Helper()
	counts = map[newsletter.State]int{}
	for key, text := range c.lines(rel) {
		state, _, _ := strings.Cut(text, " ")
		counts[newsletter.State(state)]++
		switch took := copies[key+"@example.org"]; newsletter.State(state) {
		case newsletter.Sent:
			if took != 1 {
				c.t.Errorf("%s is %s, and got %d copies", key, text, took)
			}
		case newsletter.Doubtful:
			if took > 1 {
				c.t.Errorf("%s is %s, and got %d copies", key, text, took)
			}
		case newsletter.Skipped:
			if took != 0 {
				c.t.Errorf("%s is %s, and got %d copies", key, text, took)
			}
		default:
			c.t.Errorf("%s is %s in the end", key, text)
		}
	}
	if all := counts[newsletter.Sent] + counts[newsletter.Doubtful] + counts[newsletter.Skipped]; all != readers {
		c.t.Errorf("%d of %d readers are settled: %v", all, readers, counts)
	}
	if l, err := c.letters.Of(context.Background(), c.at, rel.ID); err != nil || l.Ended.IsZero() {
		c.t.Errorf("it has not ended: %+v, %v", l, err)
	}
	return counts
}

func TestNewsletter_GoesWhenAManagerSays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		sink := mailtest.NewSink(t, mailtest.Setup{})
		c := newClub(t, d, sink.Server, board.OptIn)
		c.joins("ada", "bo")
		c.counts("2026-W47", 0, 1)
		must(t, c.letters.SetMode(t.Context(), console, c.at, newsletter.WaitForMe))
		p := c.week("2026-W47")
		_, err := c.releases.Draft(t.Context(), c.at, p)
		must(t, err)
		draft, written, err := c.letters.Article(t.Context(), c.at, p)
		if err != nil || written || !strings.Contains(draft, "Ada") {
			t.Errorf("the draft of the article: %q, %v", draft, err)
		}
		rel := c.publish("2026-W47")
		c.run(5 * time.Minute)
		if l, err := c.letters.Of(t.Context(), c.at, rel.ID); err != nil || !l.Waiting || len(sink.Deliveries()) != 0 {
			t.Fatalf("%+v, %v, %v", l, err, sink.Copies())
		}
		must(t, c.letters.WriteArticle(t.Context(), console, c.at, p, "We won the *cup*."))
		must(t, c.letters.LetGo(t.Context(), console, c.at, rel.ID))
		must(t, c.letters.Stop(t.Context(), console, c.at, rel.ID))
		c.run(5 * time.Minute)
		if len(sink.Deliveries()) != 0 {
			t.Error("it was stopped, and went")
		}
		must(t, c.letters.LetGo(t.Context(), console, c.at, rel.ID))
		if err := c.letters.LetGo(t.Context(), console, c.at, rel.ID); fault.Of(err) != fault.Conflict {
			t.Errorf("let go twice: %v", err)
		}
		c.run(5 * time.Minute)
		if got := sink.Copies(); len(got) != 2 || got["ada@example.org"] != 1 {
			t.Errorf("copies: %v", got)
		}
		if err := c.letters.WriteArticle(t.Context(), console, c.at, p, "No, lost it."); fault.Of(err) != fault.Conflict {
			t.Errorf("an article that is out: %v", err)
		}

		// A board that is closed sends nothing until it is open again.
		must(t, c.letters.SetMode(t.Context(), console, c.at, newsletter.WithRelease))
		c.pass(7 * 24 * time.Hour)
		c.counts("2026-W48", 0, 1)
		c.publish("2026-W48")
		must(t, c.rooms.Boards.Suspend(t.Context(), console, c.at, "a complaint"))
		c.run(3 * time.Hour)
		if got := sink.Copies()["ada@example.org"]; got != 1 {
			t.Errorf("a closed board sent %d", got-1)
		}
		must(t, c.rooms.Boards.Suspend(t.Context(), console, c.at, ""))
		c.run(2 * time.Hour)
		if got := sink.Copies()["ada@example.org"]; got != 2 {
			t.Errorf("an open one sent %d", got-1)
		}
	})
}

// History that is brought and published in one go is no news.
func TestNewsletter_OldPeriodsAndThoseThatAreOvertakenWait(t *testing.T) {
	sink := mailtest.NewSink(t, mailtest.Setup{})
	c := newClub(t, dbtest.New(t), sink.Server, board.OptIn)
	c.joins("ada")
	var ids []string
	for week := 30; week <= 47; week++ {
		name := fmt.Sprintf("2026-W%d", week)
		c.counts(name, 0)
		ids = append(ids, c.publish(name).ID)
		c.pass(time.Second)
	}
	c.run(10 * time.Minute)
	if got := sink.Copies()["ada@example.org"]; got != 1 {
		t.Errorf("%d mails for 18 releases at once", got)
	}
	for i, id := range ids {
		l, err := c.letters.Of(t.Context(), c.at, id)
		must(t, err)
		if last := i == len(ids)-1; l.Waiting == last || l.Ended.IsZero() == last || (l.Why == "") != last {
			t.Errorf("%s: %+v", l.Period, l)
		}
	}
	must(t, c.letters.LetGo(t.Context(), console, c.at, ids[0]))
	c.run(time.Minute)
	if got := sink.Copies()["ada@example.org"]; got != 2 {
		t.Errorf("%d mails after one was let go", got)
	}
}

func TestPreference_HoldsForOneBoardOrForAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, post.Server{}, board.OptIn)
		ada := c.joins("ada")[0]
		is := func(boardID string, want newsletter.Preference) {
			t.Helper()
			if got, err := c.letters.Preference(t.Context(), ada.Account, boardID); err != nil || got != want {
				t.Errorf("of %q %+v, %v; want %+v", boardID, got, err, want)
			}
		}
		say := func(boardID string, p newsletter.Preference) {
			t.Helper()
			must(t, c.letters.Prefer(t.Context(), ada.Account, boardID, p, "letter"))
		}
		is("x", newsletter.Preference{Channel: newsletter.ByMail})
		say("x", newsletter.Preference{Channel: newsletter.ByNobody})
		is("x", newsletter.Preference{Channel: newsletter.ByNobody, Own: true})
		is("y", newsletter.Preference{Channel: newsletter.ByMail})
		say("", newsletter.Preference{Channel: newsletter.ByMail, Losses: true})
		is("x", newsletter.Preference{Channel: newsletter.ByMail, Losses: true})
		is("", newsletter.Preference{Channel: newsletter.ByMail, Losses: true, Own: true})
		for _, p := range []newsletter.Channel{newsletter.ByText, "pigeon"} {
			if err := c.letters.Prefer(t.Context(), ada.Account, "", newsletter.Preference{Channel: p}, "page"); fault.Of(err) != fault.Invalid {
				t.Errorf("by %s: %v", p, err)
			}
		}
	})
}

func TestHandle_IsProvedByItsCodeAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, post.Server{}, board.OptIn)
		ada := c.joins("ada")[0]
		begin := func(to string) (code string) {
			t.Helper()
			must(t, c.letters.BeginHandle(t.Context(), ada, newsletter.ByText, to))
			_, code, _ = strings.Cut(c.told[len(c.told)-1], "code is ")
			return code[:6]
		}
		confirm := func(code string, want fault.Kind) {
			t.Helper()
			if err := c.letters.ConfirmHandle(t.Context(), ada, newsletter.ByText, code); fault.Of(err) != want {
				t.Errorf("code %s: %v", code, err)
			}
		}
		handle := func(want string, proved bool) {
			t.Helper()
			if got, is, err := c.letters.Handle(t.Context(), ada.Account, newsletter.ByText); err != nil || got != want || is != proved {
				t.Errorf("handle %q %v %v, want %q", got, is, err, want)
			}
		}
		for _, bad := range []string{"", "0170 123", "+49 170 abc", "+0123456789"} {
			if err := c.letters.BeginHandle(t.Context(), ada, newsletter.ByText, bad); fault.Of(err) != fault.Invalid {
				t.Errorf("%q: %v", bad, err)
			}
		}
		code := begin("0049 (170) 12-34-567")
		handle("+49…67", false)
		c.pass(16 * time.Minute)
		handle("", false)
		confirm(code, fault.Invalid)
		code = begin("+491701234567")
		for range 5 {
			confirm("another", fault.Invalid)
		}
		confirm(code, fault.Invalid) // somebody guesses
		code = begin("+491701234567")
		confirm(code, "")
		confirm(code, fault.Invalid)
		must(t, c.letters.Prefer(t.Context(), ada.Account, "", newsletter.Preference{Channel: newsletter.ByText}, "page"))
		begin("+441632960961") // the one of before holds until this one is proved
		handle("+49…67", true)
		if ways, err := c.letters.Ways(t.Context(), ada.Account); err != nil || !slices.Equal(ways, []newsletter.Channel{newsletter.ByMail, newsletter.ByText, newsletter.ByNobody}) {
			t.Errorf("%v, %v", ways, err)
		}
		must(t, c.letters.DropHandle(t.Context(), ada, newsletter.ByText))
		if p, err := c.letters.Preference(t.Context(), ada.Account, c.at.ID); err != nil || p.Channel != newsletter.ByMail {
			t.Errorf("%+v, %v", p, err)
		}
		limited := false
		for range 20 {
			limited = limited || fault.Of(c.letters.BeginHandle(t.Context(), ada, newsletter.ByText, "+491701234567")) == fault.Limited
		}
		if !limited {
			t.Error("codes without end")
		}
	})
}
