package app

import (
	"archive/zip"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/identity"
	"cairn/internal/mail/mailtest"
	"cairn/scorecard"
)

// browser is a visitor with cookies.
type browser struct {
	*testing.T
	*http.Client
	base string
}

func newBrowser(t *testing.T, base string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{T: t, Client: &http.Client{Jar: jar}, base: base}
}

// open opens a path or sends a form to it, and wants a status after the redirects.
func (b *browser) open(path string, form url.Values, want int) (text string) {
	b.Helper()
	var answer *http.Response
	var err error
	if form == nil {
		answer, err = b.Get(b.base + path)
	} else {
		answer, err = b.PostForm(b.base+path, form)
	}
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	whole, err := io.ReadAll(answer.Body)
	if err != nil {
		b.Fatal(err)
	}
	text = string(whole)
	if answer.StatusCode != want {
		b.Fatalf("%s: %d, want %d\n%s", path, answer.StatusCode, want, text)
	}
	return text
}

// From an empty server to a member, through real mail: the operator signs in by the printed link, somebody by a mailed one,
// and somebody else joins by a mailed invitation; what the program is told to send is sent by the program itself.
func TestServe_SignsInAndInvitesByMail(t *testing.T) {
	post := mailtest.Start(t)
	ctx, cancel := context.WithCancel(context.Background())
	listener, err := Listen(ctx, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c, err := Read(map[string]string{"db": filepath.Join(t.TempDir(), "cairn.db"), "listen": listener.Addr().String()}, "", Environment{})
	if err != nil {
		t.Fatal(err)
	}
	c.Mail = post.Server
	a, err := Open(ctx, c, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	var log strings.Builder
	stopped := make(chan error, 1)
	go func() { stopped <- a.Serve(ctx, listener, c.Logger(&log)) }()
	base := c.base()

	link, err := a.FirstOperator(ctx)
	if err != nil {
		t.Fatal(err)
	}
	operator := newBrowser(t, base)
	path, _ := strings.CutPrefix(link, base)
	operator.open(path, nil, http.StatusOK)
	operator.open(path, url.Values{"address": {"op@example.org"}}, http.StatusOK)
	operator.open("/me", nil, http.StatusOK)
	if again, err := a.FirstOperator(ctx); again != "" || err != nil {
		t.Errorf("there is an operator, and yet a link: %q, %v", again, err)
	}

	mia := newBrowser(t, base)
	mia.open("/me", nil, http.StatusUnauthorized)
	mia.open("/sign-in", url.Values{"address": {"mia@example.org"}}, http.StatusOK)
	mailed := regexp.MustCompile(regexp.QuoteMeta(base) + `(/[a-z-]+/[^\s"]+)`)
	found := mailed.FindStringSubmatch(post.Await(t, "mia@example.org").Text)
	if found == nil {
		t.Fatal("no link in the mail")
	}
	stranger := newBrowser(t, base)
	stranger.open(found[1], url.Values{}, http.StatusOK) // is told that it is another browser
	stranger.open("/me", nil, http.StatusUnauthorized)
	mia.open(found[1], nil, http.StatusOK)
	mia.open(found[1], url.Values{}, http.StatusOK)
	mia.open("/me", nil, http.StatusOK)

	template, _, _ := scorecard.TemplateOf("social-selling")
	card, err := template.Load()
	if err != nil {
		t.Fatal(err)
	}
	b, err := a.Boards.Create(ctx, card, board.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Boards.GiveRole(ctx, identity.Actor{}, b, "mia@example.org", board.Owner, board.Scope{}); err != nil {
		t.Fatal(err)
	}
	mia.open("/b/"+b.Key+"/manage", nil, http.StatusOK)
	operator.open("/b/"+b.Key+"/manage", nil, http.StatusNotFound)
	if _, err := a.Boards.Invite(ctx, identity.Actor{}, b, []board.Member{{Name: "Ada", Email: "ada@example.org"}}); err != nil {
		t.Fatal(err)
	}
	letter := post.Await(t, "ada@example.org")
	found = mailed.FindStringSubmatch(letter.Text)
	if found == nil || !strings.Contains(letter.Text, b.Name) {
		t.Fatalf("the invitation says\n%s", letter.Text)
	}
	ada := newBrowser(t, base)
	if text := ada.open(found[1], nil, http.StatusOK); !strings.Contains(text, b.Name) {
		t.Errorf("the page does not name the board:\n%s", text)
	}
	ada.open(found[1], url.Values{"answer": {"accept"}, "name": {"Ada"}}, http.StatusOK)
	ada.open("/b/"+b.Key+"/membership", nil, http.StatusOK)
	members, err := a.Boards.Members(ctx, b.ID)
	if err != nil || len(members) != 1 || members[0].State != board.Accepted {
		t.Errorf("members %+v, %v", members, err)
	}

	file := ada.open("/me/record/export", url.Values{}, http.StatusOK)
	kept, err := zip.NewReader(strings.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"README.txt", "account.json", "profile.json", "grants.json", "memberships.json", "scorecards.csv"} { // a file of every room
		if !slices.ContainsFunc(kept.File, func(f *zip.File) bool { return f.Name == name }) {
			t.Errorf("the export has no %s", name)
		}
	}

	cancel()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	for _, secret := range []string{"@example.org", strings.Split(found[1], "/")[2], strings.Split(path, "/")[2]} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log tells %q:\n%s", secret, log.String())
		}
	}
}
