package web

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"cairn/internal/identity"
	"cairn/internal/identity/identitytest"
	"cairn/internal/mail"
	"cairn/internal/mail/mailtest"
)

// guest is somebody with a browser: it keeps cookies and sends forms.
type guest struct {
	*world
	agent   string
	cookies map[string]*http.Cookie
}

func (w *world) guest() *guest {
	return &guest{world: w, agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", cookies: map[string]*http.Cookie{}}
}

func (b *guest) do(r *http.Request) answer {
	b.t.Helper()
	r.Header.Set("User-Agent", b.agent)
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	recorder := httptest.NewRecorder()
	b.ServeHTTP(recorder, r)
	response := recorder.Result()
	for _, c := range response.Cookies() {
		b.cookies[c.Name] = c
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{response, string(body)}
}

func (b *guest) get(path string) answer {
	b.t.Helper()
	return b.do(httptest.NewRequest(http.MethodGet, path, nil))
}

// send sends a form of a page.
func (b *guest) send(path string, fields ...string) answer {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

// want fails unless an answer has a status and says something.
func (a answer) want(t testing.TB, status int, says string) {
	t.Helper()
	said := ""
	if strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
		said = words(mustRead(t, a.body).Find("main"))
	}
	if a.StatusCode != status || !strings.Contains(said, says) {
		t.Fatalf("answers %d with %q, not %d with %q", a.StatusCode, said, status, says)
	}
}

// leads fails unless an answer sends the browser on to an address.
func (a answer) leads(t testing.TB, to string) {
	t.Helper()
	if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != to {
		t.Fatalf("answers %d to %q, not on to %q: %s", a.StatusCode, a.Header.Get("Location"), to, words(mustRead(t, a.body).Find("main")))
	}
}

// in signs a browser in as whoever reads an address, by another way than the pages.
func (b *guest) in(address string) identity.Actor {
	b.t.Helper()
	signed, err := b.rooms.Identity.SignInProved(context.Background(), address, identity.Device{Agent: b.agent})
	if err != nil {
		b.t.Fatal(err)
	}
	b.cookies["__Host-cairn"] = &http.Cookie{Name: "__Host-cairn", Value: signed.Secret}
	return signed.Actor
}

// posted is a world whose mail arrives.
func posted(t *testing.T) (*world, *mailtest.Mailpit) {
	t.Helper()
	m := mailtest.Start(t)
	return newWorldAs(t, m.Server, identity.Settings{Base: "https://cairn.example", Name: "Cairn"}), m
}

// linkIn is the path of the link in a mail.
func linkIn(t *testing.T, m mailtest.Message) string {
	t.Helper()
	_, rest, ok := strings.Cut(m.Text, "https://cairn.example")
	if !ok {
		t.Fatalf("the mail holds no link: %s", m.Text)
	}
	return strings.Fields(rest)[0]
}

func TestSignIn_ByLinkInTheBrowserThatAskedAndOnce(t *testing.T) {
	w, post := posted(t)
	asks, finds := w.guest(), w.guest()
	asks.get("/me/doors").want(t, http.StatusUnauthorized, "This page is for whoever is signed in")
	if next := mustRead(t, asks.get("/me/doors").body).Find(`form[action="/sign-in"] input[name="next"]`).AttrOr("value", ""); next != "/me/doors" {
		t.Errorf("the way back is %q", next)
	}
	asks.send("/sign-in", "address", "Ada@example.org", "next", "/me/doors").leads(t, "/sign-in/sent")
	asks.get("/sign-in/sent").want(t, http.StatusOK, "Look into your mail")
	link := linkIn(t, post.Await(t, "ada@example.org"))

	finds.get(link).want(t, http.StatusOK, "This link belongs to another browser")
	if a := finds.get(link); strings.Contains(a.body, "ada@example.org") {
		t.Error("whoever finds a link is told whose it is")
	}
	finds.send(link).want(t, http.StatusOK, "This link belongs to another browser")
	if finds.cookies["__Host-cairn"] != nil {
		t.Error("a forwarded link signs in")
	}

	for range 2 { // as a scanner of mail would
		asks.get(link).want(t, http.StatusOK, "Sign in as ada@example.org?")
	}
	a := asks.send(link)
	a.leads(t, "/me/doors")
	c := asks.cookies["__Host-cairn"]
	if c == nil || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
		t.Errorf("the session's cookie is %+v", c)
	}
	page := asks.get("/me/doors")
	page.want(t, http.StatusOK, "Firefox on Linux")
	if page.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("a page of one's own is kept: %s", page.Header.Get("Cache-Control"))
	}
	asks.get(link).want(t, http.StatusNotFound, "This link lets nobody in any more")
	asks.send(link).want(t, http.StatusNotFound, "This link lets nobody in any more")

	asks.send("/sign-out").leads(t, "/")
	asks.cookies["__Host-cairn"] = c
	asks.get("/me").want(t, http.StatusUnauthorized, "")
}

func TestSignIn_ALinkEndsAfterAQuarterOfAnHour(t *testing.T) {
	w, post := posted(t)
	b := w.guest()
	b.send("/sign-in", "address", "ada@example.org").leads(t, "/sign-in/sent")
	link := linkIn(t, post.Await(t, "ada@example.org"))
	w.clock = w.clock.Add(16 * time.Minute)
	b.get(link).want(t, http.StatusNotFound, "works once and for 15 minutes")
	b.send(link).want(t, http.StatusNotFound, "Ask for a new link")
}

func TestSignIn_RefusesNoAddressAndKeepsWhatWasTyped(t *testing.T) {
	w, _ := posted(t)
	a := w.guest().send("/sign-in", "address", "ada at example", "next", "//evil.example")
	a.want(t, http.StatusUnprocessableEntity, "Not yet.")
	doc := mustRead(t, a.body)
	field := doc.Find(`input[name="address"]`)
	if field.AttrOr("value", "") != "ada at example" || field.AttrOr("aria-invalid", "") != "true" {
		t.Errorf("the field is %v", field.Nodes)
	}
	if next := doc.Find(`input[name="next"]`).AttrOr("value", "?"); next != "" {
		t.Errorf("the way back leads away: %q", next)
	}
}

func TestSignIn_SaysWhenToTryAgainWhereAskedTooOften(t *testing.T) {
	w, _ := posted(t)
	b := w.guest()
	for range 40 {
		if a := b.send("/sign-in", "address", "ada@example.org"); a.StatusCode != http.StatusSeeOther {
			a.want(t, http.StatusTooManyRequests, "")
			if a.Header.Get("Retry-After") == "" {
				t.Error("nothing says when")
			}
			return
		}
	}
	t.Error("a link could be asked for without end")
}

func TestSignIn_WithoutMailSaysWhoToAsk(t *testing.T) {
	w := newWorld(t)
	b := w.guest()
	b.get("/sign-in").want(t, http.StatusOK, "This server cannot send mail")
	b.send("/sign-in", "address", "ada@example.org").want(t, http.StatusServiceUnavailable, "smtp_host")
}

func TestSignIn_AFormFromAnotherSiteIsRefused(t *testing.T) {
	w := newWorld(t)
	b := w.guest()
	b.in("ada@example.org")
	for _, header := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
		r := httptest.NewRequest(http.MethodPost, "/me/doors/sign-out-everywhere", nil)
		r.Header.Set(header[0], header[1])
		b.do(r).want(t, http.StatusForbidden, "Another site sent this form")
	}
	b.get("/me").want(t, http.StatusOK, "")
}

func TestSignIn_AFormSentWithoutASessionChangesNothingAndSaysSo(t *testing.T) {
	w := newWorld(t)
	b := w.guest()
	r := httptest.NewRequest(http.MethodPost, "/me/profile", strings.NewReader("name=Ada"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Referer", "http://"+r.Host+"/me/profile")
	a := b.do(r)
	a.want(t, http.StatusUnauthorized, "Nothing was changed. Sign in, then try again")
	r = httptest.NewRequest(http.MethodPost, "/me/record/erase", nil)
	r.Header.Set("Referer", "https://evil.example/me")
	if doc := mustRead(t, b.do(r).body); doc.Find(`[data-next]`).AttrOr("data-next", "?") != "" {
		t.Error("another site says where to go on")
	}
}

func TestOperator_SignsInByTheLinkOfTheFirstStartOnce(t *testing.T) {
	w := newWorld(t)
	link, err := w.rooms.Identity.OperatorLink(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(link, "https://cairn.example")
	b, late := w.guest(), w.guest()
	b.get(path).want(t, http.StatusOK, "This link makes you its operator")
	b.send(path, "address", "nothing").want(t, http.StatusUnprocessableEntity, "Not yet.")
	b.send(path, "address", "op@example.org").leads(t, "/me/doors?done=operator")
	b.get("/me/doors?done=operator").want(t, http.StatusOK, "You run this server now")
	late.send(path, "address", "late@example.org").want(t, http.StatusNotFound, "cairn operator link")
	late.send("/operator/nothing", "address", "late@example.org").want(t, http.StatusNotFound, "cairn operator link")
}

func TestProve_IsAskedForBeforeWhatCannotBeUndoneAndLeadsBack(t *testing.T) {
	w, post := posted(t)
	b := w.guest()
	b.in("ada@example.org")
	b.get("/me/record/erase").want(t, http.StatusOK, "nobody can undo it")
	w.clock = w.clock.Add(identity.ProofLasts + time.Second)
	b.get("/me/record/erase").want(t, http.StatusForbidden, "Prove that it is you")
	b.send("/me/record/export").want(t, http.StatusForbidden, "Prove that it is you")
	b.send("/prove", "address", "mallory@example.org", "next", "/me/record/erase").want(t, http.StatusUnprocessableEntity, "one of your own addresses")
	b.send("/prove", "address", "ada@example.org", "next", "/me/record/erase").leads(t, "/sign-in/sent")
	before, link := b.cookies["__Host-cairn"], linkIn(t, post.Await(t, "ada@example.org"))
	b.get(link).want(t, http.StatusOK, "Is it you?")
	b.send(link).leads(t, "/me/record/erase")
	b.get("/me/record/erase").want(t, http.StatusOK, "nobody can undo it")
	b.cookies["__Host-cairn"] = before
	b.get("/me").want(t, http.StatusUnauthorized, "") // the proof took the session's place
}

func TestSession_IsWorthNothingInAnotherBrowser(t *testing.T) {
	w := newWorld(t)
	b, thief := w.guest(), w.guest()
	b.in("ada@example.org")
	b.get("/me").want(t, http.StatusOK, "")
	thief.agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
	thief.cookies["__Host-cairn"] = b.cookies["__Host-cairn"]
	thief.get("/me").want(t, http.StatusUnauthorized, "began in another browser")
	b.get("/me").want(t, http.StatusUnauthorized, "not signed in") // it ended, and its owner signs in again
	b.in("ada@example.org")
	mustSay(t, b.says("/me/trail"), "signed out asked for by another browser")
}

func TestLink_AnAddressOfSomebodyElseCannotBeAdded(t *testing.T) {
	w, post := posted(t)
	ada, bo := w.guest(), w.guest()
	ada.in("ada@example.org")
	bo.in("bo@example.org")
	ada.send("/me/doors/address", "address", "bo@example.org").leads(t, "/sign-in/sent")
	ada.send(linkIn(t, post.Await(t, "bo@example.org"))).want(t, http.StatusConflict, "belongs to another account")
	ada.send("/me/doors/address", "address", "ada@home.example").leads(t, "/sign-in/sent")
	ada.send(linkIn(t, post.Await(t, "ada@home.example"))).leads(t, "/me/doors")
	ada.get("/me/doors").want(t, http.StatusOK, "ada@home.example")
	ada.send("/me/doors/address/mail", "address", "ada@home.example").leads(t, "/me/doors?done=mail-to")
	ada.send("/me/doors/address/remove", "address", "ada@example.org").leads(t, "/me/doors?done=address-gone")
	ada.send("/me/doors/address/remove", "address", "ada@home.example").want(t, http.StatusConflict, "Not yet.")
}

func TestSignIn_WithAProviderAndBackToWhereOneWanted(t *testing.T) {
	const back = "https://cairn.example/sign-in/with/harbour/back"
	issuer := identitytest.Start(t, 0, back, map[string]identitytest.Claims{"ada": {Email: "ada@example.org", Verified: true}, "eve": {Email: "eve@example.org", Verified: false}})
	w := newWorldAs(t, mail.Server{}, identity.Settings{Base: "https://cairn.example", Name: "Cairn",
		Providers: []identity.Provider{{Key: "harbour", Name: "Harbour accounts", Issuer: issuer, Client: identitytest.Client, Secret: identitytest.Secret}}})
	w.clock = time.Now() // the provider's tokens live by it
	g := w.guest()
	start := mustRead(t, g.get("/sign-in?next=%2Fme%2Fdoors").body).Find(".providers a").AttrOr("href", "")
	if start != "/sign-in/with/harbour?next=%2Fme%2Fdoors" {
		t.Fatalf("the provider is offered at %q", start)
	}
	foreign := httptest.NewRequest(http.MethodGet, start, nil)
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	g.do(foreign).leads(t, "/sign-in?next=%2Fme%2Fdoors")

	sent := g.get(start)
	if sent.StatusCode != http.StatusSeeOther || !strings.HasPrefix(sent.Header.Get("Location"), issuer) {
		t.Fatalf("the browser is sent to %d %s", sent.StatusCode, sent.Header.Get("Location"))
	}
	answer := identitytest.Visit(t, sent.Header.Get("Location"), "ada", back).RequestURI()
	w.guest().get(answer).want(t, http.StatusUnauthorized, "") // somebody else's browser
	g.get(answer).leads(t, "/me/doors")
	mustSay(t, g.says("/me/doors"), "ada@example.org")
	again := w.guest()
	again.get(answer).want(t, http.StatusUnauthorized, "")

	eve := w.guest()
	sent = eve.get("/sign-in/with/harbour")
	eve.get(identitytest.Visit(t, sent.Header.Get("Location"), "eve", back).RequestURI()).want(t, http.StatusForbidden, "That did not sign you in")
	eve.get("/me").want(t, http.StatusUnauthorized, "")
	w.guest().get("/sign-in/with/nobody").want(t, http.StatusNotFound, "")
}

func TestLinks_LeaveNoSecretInTheLog(t *testing.T) {
	w := newWorld(t)
	if err := w.db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/sign-in/link/s3cret", "/join/s3cret"} {
		if a := w.guest().get(path); a.StatusCode < 500 {
			t.Errorf("%s answers %d without a database", path, a.StatusCode)
		}
	}
	w.guest().send("/operator/s3cret", "address", "op@example.org")
	if log := w.log.String(); !strings.Contains(log, "{token}") || strings.Contains(log, "s3cret") {
		t.Errorf("the log says %s", log)
	}
}
