package identity_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/identity/identitytest"
	"cairn/internal/mail"
)

const back = "https://cairn.example/sign-in/with/test/back"

// people are those whom a provider knows, by subject.
type people = map[string]identitytest.Claims

func startProvider(t *testing.T, port int, known people) (issuer string) {
	t.Helper()
	return identitytest.Start(t, port, back, known)
}

func providerWorld(t *testing.T, d *db.DB, issuer string) world {
	t.Helper()
	w := worldWith(t, d, mail.Server{}, identity.Settings{Base: "https://cairn.example", Name: "Cairn", Providers: []identity.Provider{
		{Key: "test", Name: "The Club", Issuer: issuer, Client: identitytest.Client, Secret: identitytest.Secret},
	}})
	w.clock.now = time.Now() // as that of the provider, which is another program
	return w
}

func visitProvider(t *testing.T, address, subject string) url.Values {
	t.Helper()
	return identitytest.Visit(t, address, subject, back).Query()
}

// signInWith signs in through the provider from begin to end.
func (w world) signInWith(subject string) (identity.SignIn, error) {
	w.t.Helper()
	ctx := context.Background()
	address, secret, err := w.BeginProvider(ctx, "test", "/me", "")
	if err != nil {
		w.t.Fatal(err)
	}
	return w.FinishProvider(ctx, "test", secret, visitProvider(w.t, address, subject), firefox)
}

func TestProvider_SignsInByItsSubjectElseByAVerifiedAddress(t *testing.T) {
	issuer := startProvider(t, 0, people{
		"ada":  {Email: "Ada@Example.org", Verified: true},
		"twin": {Email: "ada@example.org", Verified: true},
		"text": {Email: "grace@example.org", Verified: "true"},
		"open": {Email: "open@example.org", Verified: false},
		"mute": {},
	})
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := providerWorld(t, d, issuer), context.Background()

		first, err := w.signInWith("ada")
		if err != nil || !first.New || first.Next != "/me" {
			t.Fatalf("%+v, %v", first, err)
		}
		if a, err := w.Actor(ctx, first.Secret, firefox); err != nil || a.Account != first.Actor.Account {
			t.Errorf("%+v, %v", a, err)
		}
		again, err := w.signInWith("ada")
		if err != nil || again.New || again.Actor.Account != first.Actor.Account {
			t.Errorf("a second time: %+v, %v", again, err)
		}

		// Somebody else at the provider who has the same address now is not let in.
		_, err = w.signInWith("twin")
		wantKind(t, err, fault.Conflict, "another subject with the address of an account")
		if !strings.Contains(fault.Message(err), "The Club knows as somebody else") {
			t.Errorf("it is not explained: %q", fault.Message(err))
		}

		// An account that is there is found by the address, and known by the subject from then on.
		there := w.proved("grace@example.org")
		in, err := w.signInWith("text")
		if err != nil || in.New || in.Actor.Account != there.Actor.Account {
			t.Errorf("an account that was there: %+v, %v", in, err)
		}

		for _, subject := range []string{"open", "mute"} {
			_, err := w.signInWith(subject)
			wantKind(t, err, fault.Forbidden, "an address that is not verified")
		}
		_, err = w.ByAddress(ctx, "open@example.org")
		wantKind(t, err, fault.NotFound, "the account of an address that is not verified")
	})
}

func TestProvider_RefusesAnAnswerThatIsNotOneToThisQuestion(t *testing.T) {
	issuer := startProvider(t, 0, people{"ada": {Email: "ada@example.org", Verified: true}})
	w, ctx := providerWorld(t, dbtest.New(t), issuer), context.Background()
	begin := func() (address, secret string) {
		t.Helper()
		address, secret, err := w.BeginProvider(ctx, "test", "", "")
		if err != nil {
			t.Fatal(err)
		}
		return address, secret
	}
	with := func(address, parameter, value string) string {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Set(parameter, value)
		u.RawQuery = q.Encode()
		return u.String()
	}
	refused := func(err error, doing string) {
		t.Helper()
		wantKind(t, err, fault.Unauthenticated, doing)
	}

	address, secret := begin()
	answer := visitProvider(t, with(address, "state", "another"), "ada")
	_, err := w.FinishProvider(ctx, "test", secret, answer, firefox)
	refused(err, "another state")

	address, secret = begin()
	answer = visitProvider(t, with(address, "nonce", "another"), "ada")
	_, err = w.FinishProvider(ctx, "test", secret, answer, firefox)
	refused(err, "another nonce")

	address, _ = begin()
	answer = visitProvider(t, address, "ada")
	_, err = w.FinishProvider(ctx, "test", "another browser's", answer, firefox)
	refused(err, "an answer in another browser")

	// Somebody else's code, put into an answer that fits: it was asked for with another verifier.
	address, _ = begin()
	stolen := visitProvider(t, address, "ada")
	address, secret = begin()
	answer = visitProvider(t, address, "ada")
	answer.Set("code", stolen.Get("code"))
	_, err = w.FinishProvider(ctx, "test", secret, answer, firefox)
	refused(err, "another's code")

	address, secret = begin()
	answer = visitProvider(t, address, "ada")
	answer.Set("iss", "https://elsewhere.example")
	_, err = w.FinishProvider(ctx, "test", secret, answer, firefox)
	refused(err, "an answer of another issuer")

	address, secret = begin()
	answer = visitProvider(t, address, "ada")
	if _, err := w.FinishProvider(ctx, "test", secret, answer, firefox); err != nil {
		t.Fatalf("an answer that fits: %v", err)
	}
	_, err = w.FinishProvider(ctx, "test", secret, answer, firefox)
	refused(err, "an answer told twice")

	_, secret = begin()
	asked, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.FinishProvider(ctx, "test", secret, url.Values{"error": {"access_denied"}, "state": {asked.Query().Get("state")}}, firefox)
	refused(err, "a refusal with another state")

	address, secret = begin()
	answer = visitProvider(t, address, "ada")
	w.clock.pass(2 * time.Minute) // the provider's word is good for one
	_, err = w.FinishProvider(ctx, "test", secret, answer, firefox)
	refused(err, "an answer that expired")

	address, secret = begin()
	answer = visitProvider(t, address, "ada")
	w.clock.pass(15 * time.Minute)
	_, err = w.FinishProvider(ctx, "test", secret, answer, firefox)
	refused(err, "an answer after a quarter of an hour")

	_, _, err = w.BeginProvider(ctx, "other", "", "")
	wantKind(t, err, fault.NotFound, "a provider that is none")
}

func TestProvider_WhenThePersonSaysNoNothingHappens(t *testing.T) {
	issuer := startProvider(t, 0, people{"ada": {Email: "ada@example.org", Verified: true}})
	w, ctx := providerWorld(t, dbtest.New(t), issuer), context.Background()
	address, secret, err := w.BeginProvider(ctx, "test", "", "")
	if err != nil {
		t.Fatal(err)
	}
	asked, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.FinishProvider(ctx, "test", secret, url.Values{"error": {"access_denied"}, "state": {asked.Query().Get("state")}}, firefox)
	wantKind(t, err, fault.Unauthenticated, "saying no")
	if !strings.Contains(fault.Message(err), "nothing happened") {
		t.Errorf("%q", fault.Message(err))
	}
}

func TestProvider_ThatIsDownIsAskedAgainOnceItIsBack(t *testing.T) {
	hole, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := hole.Addr().(*net.TCPAddr).Port
	if err := hole.Close(); err != nil {
		t.Fatal(err)
	}
	w, ctx := providerWorld(t, dbtest.New(t), fmt.Sprintf("http://127.0.0.1:%d", port)), context.Background()
	_, _, err = w.BeginProvider(ctx, "test", "", "")
	wantKind(t, err, fault.Unavailable, "a provider that is down")
	if !strings.Contains(fault.Message(err), "The Club") || strings.Contains(fault.Message(err), "connection refused") {
		t.Errorf("%q", fault.Message(err))
	}
	startProvider(t, port, people{"ada": {Email: "ada@example.org", Verified: true}})
	_, _, err = w.BeginProvider(ctx, "test", "", "")
	wantKind(t, err, fault.Unavailable, "within the rest that it is given")
	w.clock.pass(6 * time.Second)
	if _, err := w.signInWith("ada"); err != nil {
		t.Errorf("once it is back: %v", err)
	}
}

func TestNew_RefusesSettingsThatCannotBe(t *testing.T) {
	good := identity.Provider{Key: "club", Name: "The Club", Issuer: "https://club.example", Client: "cairn"}
	change := func(change func(*identity.Provider)) []identity.Provider {
		p := good
		change(&p)
		return []identity.Provider{p}
	}
	post, err := mail.New(mail.Server{})
	if err != nil {
		t.Fatal(err)
	}
	base := "https://cairn.example"
	for name, s := range map[string]identity.Settings{
		"a base that is no address":    {Base: "cairn.example"},
		"a base of another scheme":     {Base: "ftp://cairn.example"},
		"a provider without a base":    {Providers: []identity.Provider{good}},
		"a provider twice":             {Base: base, Providers: []identity.Provider{good, good}},
		"a key with a slash":           {Base: base, Providers: change(func(p *identity.Provider) { p.Key = "a/b" })},
		"an issuer without encryption": {Base: base, Providers: change(func(p *identity.Provider) { p.Issuer = "http://club.example" })},
		"an issuer that is no address": {Base: base, Providers: change(func(p *identity.Provider) { p.Issuer = "club" })},
		"no client":                    {Base: base, Providers: change(func(p *identity.Provider) { p.Client = "" })},
		"no name":                      {Base: base, Providers: change(func(p *identity.Provider) { p.Name = "" })},
	} {
		_, err := identity.New(nil, post, nil, time.Now, s)
		wantKind(t, err, fault.Invalid, name)
	}
	i, err := identity.New(nil, post, nil, time.Now, identity.Settings{Base: base + "/", Providers: change(func(p *identity.Provider) { p.Secret = "hush" })})
	if err != nil {
		t.Fatal(err)
	}
	if shown := i.Providers(); len(shown) != 1 || shown[0].Secret != "" || shown[0].Name != "The Club" {
		t.Errorf("shown: %+v", shown)
	}
	if i.Link("/me") != "https://cairn.example/me" {
		t.Errorf("a link: %q", i.Link("/me"))
	}
}
