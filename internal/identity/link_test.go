package identity_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/mail"
	"cairn/internal/mail/mailtest"
)

// mailWorld is a world that sends mail, and the server that takes it.
type mailWorld struct {
	world
	mailpit *mailtest.Mailpit
	seen    []string
}

func newMailWorld(t *testing.T, d *db.DB, mailpit *mailtest.Mailpit) *mailWorld {
	t.Helper()
	w := worldWith(t, d, mailpit.Server, identity.Settings{Base: "https://cairn.example", Name: "Cairn"})
	return &mailWorld{world: w, mailpit: mailpit}
}

var linkForm = regexp.MustCompile(`https://cairn\.example/sign-in/link/([A-Za-z0-9_-]{43})\s`)

// ask asks for a link and returns its token, as the mail carries it.
func (w *mailWorld) ask(a identity.Ask) string {
	w.t.Helper()
	if err := w.AskLink(context.Background(), a); err != nil {
		w.t.Fatal(err)
	}
	for range 12_000 { // two minutes
		m := w.mailpit.Await(w.t, strings.ToLower(strings.TrimSpace(a.Address)))
		found := linkForm.FindStringSubmatch(m.Text)
		if found == nil {
			w.t.Fatalf("no link in %q", m.Text)
		}
		if !slices.Contains(w.seen, found[1]) {
			w.seen = append(w.seen, found[1])
			return found[1]
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.t.Fatal("the mail did not arrive")
	return ""
}

func TestLink_SignsInOnceInTheBrowserThatAsked(t *testing.T) {
	mailpit := mailtest.Start(t)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newMailWorld(t, d, mailpit), context.Background()
		token := w.ask(identity.Ask{Address: " Ada@Example.org", Browser: "ada's", Next: "/b/club"})

		shown, err := w.ShowLink(ctx, token, "ada's")
		if err != nil || shown != (identity.LinkShown{Address: "ada@example.org", Here: true}) {
			t.Errorf("shown %+v, %v", shown, err)
		}
		// Forwarded: another browser sees that it is another, and spends nothing.
		if shown, err = w.ShowLink(ctx, token, "another"); err != nil || shown.Here {
			t.Errorf("elsewhere %+v, %v", shown, err)
		}
		for _, browser := range []string{"another", ""} {
			_, err = w.UseLink(ctx, token, browser, chrome)
			wantKind(t, err, fault.NotFound, "a forwarded link")
		}
		in, err := w.UseLink(ctx, token, "ada's", firefox)
		if err != nil || !in.New || in.Next != "/b/club" {
			t.Fatalf("%+v, %v", in, err)
		}
		if a, err := w.Actor(ctx, in.Secret, firefox); err != nil || a.Account != in.Actor.Account {
			t.Errorf("%+v, %v", a, err)
		}
		_, err = w.UseLink(ctx, token, "ada's", firefox)
		wantKind(t, err, fault.NotFound, "a link used twice")
		_, err = w.ShowLink(ctx, token, "ada's")
		wantKind(t, err, fault.NotFound, "a used link")
		_, err = w.ShowLink(ctx, "none", "ada's")
		wantKind(t, err, fault.NotFound, "no link")

		late := w.ask(identity.Ask{Address: "ada@example.org", Browser: "ada's", Next: "https://elsewhere.example"})
		w.clock.pass(15*time.Minute - time.Second)
		if _, err := w.ShowLink(ctx, late, "ada's"); err != nil {
			t.Errorf("within fifteen minutes: %v", err)
		}
		w.clock.pass(time.Second)
		_, err = w.ShowLink(ctx, late, "ada's")
		wantKind(t, err, fault.NotFound, "an expired link")
		_, err = w.UseLink(ctx, late, "ada's", firefox)
		wantKind(t, err, fault.NotFound, "an expired link")

		again := w.ask(identity.Ask{Address: "ada@example.org", Browser: "ada's", Next: "https://elsewhere.example"})
		back, err := w.UseLink(ctx, again, "ada's", firefox)
		if err != nil || back.New || back.Actor.Account != in.Actor.Account || back.Next != "" {
			t.Errorf("a second sign-in %+v, %v", back, err)
		}
	})
}

func TestLink_TwoAtOnceBothWorkAndAFourthEndsTheFirst(t *testing.T) {
	w, ctx := newMailWorld(t, dbtest.New(t), mailtest.Start(t)), context.Background()
	ask := identity.Ask{Address: "ada@example.org", Browser: "ada's"}
	var tokens []string
	for range 4 {
		tokens = append(tokens, w.ask(ask))
		w.clock.pass(time.Second)
	}
	elsewhere := ask
	elsewhere.Browser = "somebody's" // who asks for another's address in a browser of their own ends none of theirs
	w.ask(elsewhere)
	_, err := w.ShowLink(ctx, tokens[0], "ada's")
	wantKind(t, err, fault.NotFound, "the first of four")
	for _, token := range tokens[1:] {
		if _, err := w.UseLink(ctx, token, "ada's", firefox); err != nil {
			t.Errorf("one of the three newest: %v", err)
		}
	}
}

func TestLink_AHundredAtOnceSignInOnce(t *testing.T) {
	mailpit := mailtest.Start(t)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newMailWorld(t, d, mailpit), context.Background()
		token := w.ask(identity.Ask{Address: "ada@example.org", Browser: "ada's"})
		var mu sync.Mutex
		var signedIn []identity.SignIn
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				in, err := w.UseLink(ctx, token, "ada's", firefox)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					signedIn = append(signedIn, in)
				} else if fault.Of(err) != fault.NotFound {
					t.Errorf("one of a hundred: %v", err)
				}
			})
		}
		wg.Wait()
		if len(signedIn) != 1 {
			t.Fatalf("%d of a hundred signed in", len(signedIn))
		}
		if sessions, err := w.Sessions(ctx, signedIn[0].Actor.Account); err != nil || len(sessions) != 1 {
			t.Errorf("%d sessions, %v", len(sessions), err)
		}
	})
}

func TestLink_TwoForANewAddressAtOnceMakeOneAccount(t *testing.T) {
	mailpit := mailtest.Start(t)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newMailWorld(t, d, mailpit), context.Background()
		ask := identity.Ask{Address: "ada@example.org", Browser: "ada's"}
		tokens := []string{w.ask(ask), w.ask(ask)}
		in := make([]identity.SignIn, len(tokens))
		var wg sync.WaitGroup
		for n, token := range tokens {
			wg.Go(func() {
				var err error
				if in[n], err = w.UseLink(ctx, token, "ada's", firefox); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if in[0].Actor.Account != in[1].Actor.Account || in[0].New == in[1].New {
			t.Errorf("%+v and %+v", in[0], in[1])
		}
	})
}

func TestAskLink_AnswersTheSameWhetherThereIsAnAccountOrNot(t *testing.T) {
	w := newMailWorld(t, dbtest.New(t), mailtest.Start(t))
	w.proved("known@example.org")
	w.ask(identity.Ask{Address: "known@example.org", Browser: "b", Agent: firefox.Agent})
	w.ask(identity.Ask{Address: "unknown@example.org", Browser: "b", Agent: firefox.Agent})
	known, unknown := w.mailpit.Await(t, "known@example.org"), w.mailpit.Await(t, "unknown@example.org")
	same := func(m mailtest.Message) string { return linkForm.ReplaceAllString(m.Subject+"\n"+m.Text, "LINK") }
	if same(known) != same(unknown) {
		t.Errorf("the mails differ:\n%s\n%s", same(known), same(unknown))
	}
	for _, words := range []string{"Firefox on Linux", "15 minutes", "do nothing"} {
		if !strings.Contains(known.Text, words) || !strings.Contains(known.HTML, words) {
			t.Errorf("the mail does not say %q", words)
		}
	}
	if !strings.Contains(known.HTML, `href="https://cairn.example/sign-in/link/`) {
		t.Errorf("no button in %s", known.HTML)
	}
}

func TestAskLink_Refuses(t *testing.T) {
	ctx := context.Background()
	silent := newWorld(t, dbtest.New(t))
	wantKind(t, silent.AskLink(ctx, identity.Ask{Address: "ada@example.org", Browser: "b"}), fault.Unavailable, "without a mail server")
	if silent.Mails() {
		t.Error("it says that it can mail")
	}
	nowhere := mail.Server{Host: "127.0.0.1", Port: 1, From: "cairn@cairn.example", Security: "none"}
	down := worldWith(t, dbtest.New(t), nowhere, identity.Settings{Base: "https://cairn.example"})
	wantKind(t, down.AskLink(ctx, identity.Ask{Address: "ada@example.org", Browser: "b"}), fault.Unavailable, "while the mail server is down")
	wantKind(t, down.AskLink(ctx, identity.Ask{Address: "ada", Browser: "b"}), fault.Invalid, "what is no address")
	wantKind(t, down.AskLink(ctx, identity.Ask{Address: "ada@example.org"}), fault.Invalid, "a browser without cookies")
	nameless := worldWith(t, dbtest.New(t), nowhere, identity.Settings{})
	wantKind(t, nameless.AskLink(ctx, identity.Ask{Address: "ada@example.org", Browser: "b"}), fault.Unavailable, "a server that does not know its address")
}

func TestLink_AddsAnAddressToTheAccountThatAsked(t *testing.T) {
	mailpit := mailtest.Start(t)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newMailWorld(t, d, mailpit), context.Background()
		ada := w.proved("ada@example.org")
		token := w.ask(identity.Ask{Address: "ada@work.example", Browser: "ada's", For: ada.Actor})
		if shown, err := w.ShowLink(ctx, token, "ada's"); err != nil || !shown.Adds || shown.Proves || !shown.Here {
			t.Errorf("shown %+v, %v", shown, err)
		}
		on := firefox
		on.Holds = ada.Actor.Session
		in, err := w.UseLink(ctx, token, "ada's", on)
		if err != nil || in.New || in.Actor.Account != ada.Actor.Account {
			t.Fatalf("%+v, %v", in, err)
		}
		_, err = w.Actor(ctx, ada.Secret, firefox)
		wantKind(t, err, fault.Unauthenticated, "the session that the browser held before")
		a, err := w.ByAddress(ctx, "ada@work.example")
		if err != nil || len(a.Addresses) != 2 || a.Addresses[0].Address != "ada@example.org" || !a.Addresses[0].Primary || a.Addresses[1].Primary {
			t.Errorf("%+v, %v", a, err)
		}
		if err := w.MailTo(ctx, in.Actor, "ada@work.example"); err != nil {
			t.Fatal(err)
		}
		if a, err = w.Account(ctx, a.ID); err != nil || a.Addresses[0].Address != "ada@work.example" || !a.Addresses[0].Primary || a.Addresses[1].Primary {
			t.Errorf("%+v, %v", a, err)
		}
		if err := d.Read(ctx, func(tx *db.Tx) error {
			addresses, err := w.AddressesIn(tx, a.ID)
			if !slices.Equal(addresses, []string{"ada@work.example", "ada@example.org"}) {
				t.Errorf("the addresses are %v", addresses)
			}
			return err
		}); err != nil {
			t.Error(err)
		}
		wantKind(t, w.MailTo(ctx, in.Actor, "grace@example.org"), fault.NotFound, "mail to another's address")

		// One that belongs to somebody else stays theirs.
		grace := w.proved("grace@example.org")
		token = w.ask(identity.Ask{Address: "grace@example.org", Browser: "ada's", For: in.Actor})
		_, err = w.UseLink(ctx, token, "ada's", firefox)
		wantKind(t, err, fault.Conflict, "adding an address of somebody else's")
		if a, err := w.ByAddress(ctx, "grace@example.org"); err != nil || a.ID != grace.Actor.Account {
			t.Errorf("%+v, %v", a, err)
		}

		// A session alone, stolen or forgotten, adds no way in; it may prove an address that is there already.
		w.clock.pass(identity.ProofLasts + time.Second)
		wantKind(t, w.AskLink(ctx, identity.Ask{Address: "thief@example.org", Browser: "b", For: in.Actor}), fault.Forbidden, "adding an address without a fresh proof")
		wantKind(t, w.RemoveAddress(ctx, in.Actor, "ada@example.org"), fault.Forbidden, "removing an address without a fresh proof")
		token = w.ask(identity.Ask{Address: "ada@example.org", Browser: "ada's", Next: "/me/record", For: in.Actor})
		if shown, err := w.ShowLink(ctx, token, "ada's"); err != nil || shown.Adds || !shown.Proves {
			t.Errorf("shown %+v, %v", shown, err)
		}
		if m := w.mailpit.Await(t, "ada@example.org"); m.Subject != "Prove that it is you to Cairn" || !strings.Contains(m.HTML, "This link tells Cairn once more that it is you.") {
			t.Errorf("the mail says %q: %s", m.Subject, m.HTML)
		}
		again, err := w.UseLink(ctx, token, "ada's", firefox)
		if err != nil || !again.Actor.JustProved(w.clock.Now()) || again.Next != "/me/record" {
			t.Errorf("%+v, %v", again, err)
		}

		if err := w.RemoveAddress(ctx, again.Actor, "ada@work.example"); err != nil {
			t.Fatal(err)
		}
		if a, err = w.Account(ctx, a.ID); err != nil || len(a.Addresses) != 1 || !a.Addresses[0].Primary {
			t.Errorf("mail goes nowhere: %+v, %v", a, err)
		}
		wantKind(t, w.RemoveAddress(ctx, again.Actor, "ada@example.org"), fault.Conflict, "removing the last way in")
		wantKind(t, w.RemoveAddress(ctx, again.Actor, "grace@example.org"), fault.NotFound, "removing somebody else's address")
	})
}

func TestLinkFor_SignsInFromTheConsoleInAnyBrowserOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		address, err := w.LinkFor(ctx, "Ada@example.org")
		if err != nil {
			t.Fatal(err)
		}
		token, found := strings.CutPrefix(address, "https://cairn.example/sign-in/link/")
		if !found {
			t.Fatalf("the link is %q", address)
		}
		w.clock.pass(59 * time.Minute)
		if shown, err := w.ShowLink(ctx, token, ""); err != nil || !shown.Here || shown.Address != "ada@example.org" {
			t.Errorf("%+v, %v", shown, err)
		}
		in, err := w.UseLink(ctx, token, "any", firefox)
		if err != nil || !in.New || in.Actor.Operator {
			t.Fatalf("%+v, %v", in, err)
		}
		if a, err := w.Account(ctx, in.Actor.Account); err != nil || !a.Addresses[0].Proved.IsZero() {
			t.Errorf("nobody proved to read it: %+v, %v", a, err)
		}
		_, err = w.UseLink(ctx, token, "any", firefox)
		wantKind(t, err, fault.NotFound, "a second time")
		if got := w.verbs(in.Actor.Account); !slices.Equal(got, []string{"session.console", "session.begin"}) {
			t.Errorf("the trail says %v", got)
		}
		address, err = w.LinkFor(ctx, "ada@example.org")
		if err != nil {
			t.Fatal(err)
		}
		w.clock.pass(time.Hour)
		_, err = w.UseLink(ctx, strings.TrimPrefix(address, "https://cairn.example/sign-in/link/"), "any", firefox)
		wantKind(t, err, fault.NotFound, "after an hour")
		_, err = w.LinkFor(ctx, "nobody")
		wantKind(t, err, fault.Invalid, "what is no address")
	})
}
