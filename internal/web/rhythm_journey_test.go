package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"cairn/internal/board"
	"cairn/internal/entry"
	"cairn/internal/identity"
	"cairn/internal/mail/mailtest"
)

// Two weeks of a board: the manager sets a rhythm and writes an article; the period closes, is released and told by itself; a
// reader comes by the mail alone, and from the next week on nobody writes to who said so.
func TestJourney_TheWeeklyRhythm(t *testing.T) {
	ctx := context.Background()
	post := mailtest.Start(t)
	server := httptest.NewUnstartedServer(nil)
	_, port, _ := strings.Cut(server.Listener.Addr().String(), ":")
	base := "http://localhost:" + port
	w := newWorldAs(t, post.Server, identity.Settings{Base: base, Name: "Cairn"})
	server.Config.Handler = w.Handler
	server.Start()
	t.Cleanup(server.Close)
	until := func(at time.Time) { // the clock goes on, and what is due is done
		t.Helper()
		for range 3 { // a newsletter goes a little after its release
			w.clock, at = at, at.Add(2*time.Minute)
			if _, err := w.rooms.Queue.RunDue(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}

	b, err := w.boards.Create(ctx, sheet(t, "board", ""), board.Settings{Key: "club", Name: "The club", Basis: board.OptIn, Zone: "Europe/Amsterdam"})
	if err != nil {
		t.Fatal(err)
	}
	var numbers []int64
	for _, name := range []string{"Ada Lovelace", "Bo Ek"} {
		address := strings.ToLower(strings.Fields(name)[0]) + "@example.org"
		sent, err := w.boards.Invite(ctx, identity.Actor{}, b, []board.Member{{Name: name, Email: address}})
		if err != nil || sent[0].Error != nil {
			t.Fatal(err, sent)
		}
		waiting, err := w.boards.Waiting(ctx, w.signIn(address).Actor)
		if err != nil || len(waiting) != 1 {
			t.Fatal(err, waiting)
		}
		m, err := w.boards.Join(ctx, w.signIn(address).Actor, "", waiting[0].ID, board.Choice{})
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, m.Number)
	}
	works := func(week int) {
		t.Helper()
		var batch []entry.Entry
		for i, n := range numbers {
			for _, key := range []string{"calls", "notes", "answers"} {
				batch = append(batch, entry.Entry{Member: n, Key: key, At: w.clock.UnixMicro(), Value: float64(3*week + i), ID: fmt.Sprint(week, n, key)})
			}
		}
		if _, err := w.entries.Append(ctx, b.ID, "test", batch, false); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.boards.GiveRole(ctx, identity.Actor{}, b, "maria@example.org", board.Owner, board.Scope{}); err != nil {
		t.Fatal(err)
	}
	maria := opens(t, browser(t), 1280, "light", base, "maria@example.org", post)
	w.signIn(maria.address) // who proved the address
	link, err := w.rooms.Identity.LinkFor(ctx, maria.address)
	if err != nil {
		t.Fatal(err)
	}
	maria.visits(link, "Sign in as maria@example.org?")
	maria.presses("main form button", "My boards")

	// The rhythm, on a Monday: each week closes on Mondays at nine and is released a day later.
	maria.visits("/b/club/manage/rhythm", "The rhythm")
	maria.clicks(`input[name="mode"][value="auto"]`)
	maria.writes("at", "09:00")
	maria.writes("grace", "24")
	maria.presses(`form[action$="/rhythm"] button`, "Week 48")
	maria.visits("/b/club", "Tue 1 Dec 2026, 09:00")
	works(1)

	// The week closes: the manager is told, looks, and writes the article.
	until(time.Date(2026, 11, 30, 8, 0, 1, 0, time.UTC))
	maria.opensMail("/b/club/manage", "Week 48")
	maria.visits("/b/club/manage/newsletter", "A reader's letter")
	maria.writes("article", "A **good** week: thank you all.")
	maria.presses(`form[action$="/article"] button[value="keep"]`, "")
	if n := letters(t, post, "ada@example.org"); n != 0 {
		t.Fatalf("%d letters before the release", n)
	}

	// It is released and told.
	until(time.Date(2026, 12, 1, 8, 0, 1, 0, time.UTC))
	maria.visits("/b/club", "Ada Lovelace")
	ada := opens(t, browser(t), 390, "dark", base, "ada@example.org", post)
	ada.opensMail("/p/", "Ada Lovelace")
	ada.reads("You read this by the link in your mail")
	var toHow string
	run(t, ada.ctx, chromedp.Location(&toHow))
	ada.visits(toHow+"/how", "How you are told")
	ada.clicks(`input[name="channel"][value="none"]`)
	ada.presses("main form button", "Kept.")
	for _, to := range []string{"ada@example.org", "bo@example.org"} {
		if n := letters(t, post, to); n != 1 {
			t.Errorf("%d letters to %s", n, to)
		}
	}
	for _, m := range post.Messages(t) {
		if m.To != "bo@example.org" || m.Headers.Get("List-Unsubscribe") == "" {
			continue
		}
		if !strings.Contains(m.Text, "good week") || !strings.Contains(m.HTML, "good</strong>") {
			t.Errorf("the article is not in it: %s", m.Text)
		}
		address := strings.Trim(m.Headers.Get("List-Unsubscribe"), "<> ")
		answer, err := http.PostForm(address, url.Values{"List-Unsubscribe": {"One-Click"}})
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("one click: %v, %v", answer, err)
		}
		answer.Body.Close()
	}

	// The next week goes by without a hand, and without a letter to those two.
	works(2)
	until(time.Date(2026, 12, 7, 8, 0, 1, 0, time.UTC))
	until(time.Date(2026, 12, 8, 8, 0, 1, 0, time.UTC))
	if rel, err := w.releases.Latest(ctx, b); err != nil || rel.Period.String() != "2026-W49" {
		t.Fatalf("the latest release is %v, %v", rel, err)
	}
	for _, to := range []string{"ada@example.org", "bo@example.org"} {
		if n := letters(t, post, to); n != 1 {
			t.Errorf("%d letters to %s, who wanted no second one", n, to)
		}
	}
	if link, err = w.rooms.Identity.LinkFor(ctx, maria.address); err != nil {
		t.Fatal(err)
	}
	maria.visits(link, "Sign in as maria@example.org?") // the session ended unused
	maria.presses("main form button", "My boards")
	maria.visits("/b/club/manage/newsletter", "What became of each message")
	if got := text(t, maria.ctx, "main"); strings.Count(got, "does not want") != 2 {
		t.Errorf("the ledger does not say why those two got no letter: %s", got)
	}
}

// letters counts the newsletters that came to an address.
func letters(t *testing.T, post *mailtest.Mailpit, to string) (n int) {
	t.Helper()
	for _, m := range post.Messages(t) {
		if m.To == to && m.Headers.Get("List-Unsubscribe") != "" {
			n++
		}
	}
	return n
}
