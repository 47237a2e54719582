package web

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"cairn/internal/identity"
	"cairn/internal/mail/mailtest"
	"cairn/internal/period"
	"cairn/internal/release"
	"cairn/scorecard"
)

// reader is a person with a browser of their own, and a mailbox.
type reader struct {
	*testing.T
	ctx     context.Context
	base    string
	address string
	post    *mailtest.Mailpit
}

// opens opens a browser that shares nothing with the others'.
func opens(t *testing.T, browser context.Context, width int, scheme, base, address string, post *mailtest.Mailpit) *reader {
	t.Helper()
	return &reader{T: t, ctx: leaf(t, browser, width, scheme), base: base, address: address, post: post}
}

// visits goes to an address and expects words on the page.
func (p *reader) visits(address, says string) {
	p.Helper()
	if strings.HasPrefix(address, "/") {
		address = p.base + address
	}
	run(p.T, p.ctx, chromedp.Navigate(address))
	p.reads(says)
}

// reads expects words on the page.
func (p *reader) reads(says string) {
	p.Helper()
	if got := text(p.T, p.ctx, "main"); !strings.Contains(got, says) {
		var at string
		run(p.T, p.ctx, chromedp.Location(&at))
		p.Fatalf("%s, in place of %q, says: %s", at, says, got)
	}
	var wide bool
	run(p.T, p.ctx, chromedp.Evaluate(`document.documentElement.scrollWidth > innerWidth`, &wide))
	if wide {
		p.Errorf("a page is wider than the window where it says %q", says)
	}
}

// writes fills in a field in place of what stands there.
func (p *reader) writes(name, value string) {
	p.Helper()
	run(p.T, p.ctx, chromedp.SetValue(`main [name="`+name+`"]`, value, chromedp.ByQuery))
}

// clicks clicks something that does not leave the page.
func (p *reader) clicks(selector string) {
	p.Helper()
	run(p.T, p.ctx, chromedp.ScrollIntoView(selector, chromedp.ByQuery), chromedp.Click(selector, chromedp.ByQuery))
}

// presses presses a button and expects words on the page behind it.
func (p *reader) presses(button, says string) {
	p.Helper()
	run(p.T, p.ctx, chromedp.WaitVisible(button, chromedp.ByQuery))
	if _, err := chromedp.RunResponse(p.ctx, chromedp.ScrollIntoView(button, chromedp.ByQuery), chromedp.Click(button, chromedp.ByQuery)); err != nil {
		p.Fatalf("pressing %s: %v", button, err)
	}
	p.reads(says)
}

// saves presses a button that sends a ZIP, and returns what is in it.
func (p *reader) saves(button string) map[string]string {
	p.Helper()
	folder := p.TempDir()
	run(p.T, p.ctx, cdpbrowser.SetDownloadBehavior(cdpbrowser.SetDownloadBehaviorBehaviorAllowAndName).WithDownloadPath(folder))
	p.clicks(button)
	for range 200 {
		saved, err := filepath.Glob(filepath.Join(folder, "*"))
		if err != nil {
			p.Fatal(err)
		}
		if len(saved) == 1 {
			if archive, err := zip.OpenReader(saved[0]); err == nil { // until it is whole it is none
				defer archive.Close()
				files := map[string]string{}
				for _, f := range archive.File {
					content, err := f.Open()
					if err != nil {
						p.Fatal(err)
					}
					text, err := io.ReadAll(content)
					if err != nil {
						p.Fatal(err)
					}
					files[f.Name] = string(text)
				}
				return files
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.Fatalf("%s saves no ZIP", button)
	return nil
}

var mailed = regexp.MustCompile(`http://localhost:\d+/\S+`)

// opensMail follows the link of the newest mail whose link holds a word.
func (p *reader) opensMail(word, says string) {
	p.Helper()
	for range 2400 { // two minutes
		for _, m := range p.post.Messages(p.T) {
			for _, link := range mailed.FindAllString(m.Text, -1) {
				if strings.EqualFold(m.To, p.address) && strings.Contains(link, word) {
					p.visits(link, says)
					return
				}
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.Fatalf("no mail to %s has a link with %q", p.address, word)
}

// The whole programme: from the first start of a server to a player who takes the record away and erases it.
func TestJourney_Programme(t *testing.T) {
	for _, view := range []struct {
		width  int
		scheme string
	}{{1280, "light"}, {390, "dark"}} {
		t.Run(fmt.Sprint(view.width), func(t *testing.T) { programme(t, view.width, view.scheme) })
	}
}

func programme(t *testing.T, width int, scheme string) {
	ctx := context.Background()
	post := mailtest.Start(t)
	server := httptest.NewUnstartedServer(nil)
	_, port, _ := strings.Cut(server.Listener.Addr().String(), ":")
	base := "http://localhost:" + port
	w := newWorldAs(t, post.Server, identity.Settings{Base: base, Name: "Cairn"})
	server.Config.Handler = w.Handler
	server.Start()
	t.Cleanup(server.Close)
	work := func() {
		t.Helper()
		if _, err := w.rooms.Queue.RunDue(ctx); err != nil {
			t.Fatal(err)
		}
	}
	maria := opens(t, browser(t), width, scheme, base, "maria@example.org", post)
	ada := opens(t, browser(t), width, scheme, base, "ada@example.org", post)

	// The operator's first sign-in.
	link, err := w.rooms.Identity.OperatorLink(ctx)
	if err != nil {
		t.Fatal(err)
	}
	maria.visits(link, "Run this server")
	maria.writes("address", maria.address)
	maria.presses("main button", "")
	maria.visits("/me", "")

	// A board from a template, and one invitation.
	maria.visits("/boards/new", "Begin with a template")
	maria.presses(`button[value="social-selling"]`, "The weights say what matters")
	maria.presses(`button[value="on"]`, "A board has a name")
	maria.writes("name", "Tuesdays")
	maria.writes("key", "tuesdays")
	maria.writes("people", "Ada Lovelace <ada@example.org>")
	maria.presses(`button[value="on"]`, "Each quantity comes from")
	maria.presses(`button[value="on"]`, "Begin narrow")
	maria.presses(`button[value="on"]`, "A score is a means")
	maria.writes("goal", "More first meetings")
	maria.presses(`button[value="on"]`, "1 person is invited by mail")
	work()

	// The player joins and refuses one field.
	ada.opensMail("/join/", "Will you join Tuesdays?")
	ada.clicks(`input[name="all"]`)
	ada.reads("What you leave out is missing from your score")
	var ticked bool
	run(t, ada.ctx, chromedp.Evaluate(`(() => { for (const box of document.querySelectorAll('input[name="grant"]')) box.checked = box.value != "followers";
		document.querySelector('input[name="all"]').checked = false; return document.querySelectorAll('input[name="grant"]').length > 5 })()`, &ticked))
	if !ticked {
		t.Fatal("the invitation does not ask field by field")
	}
	ada.presses(`button[value="accept"]`, "")
	ada.visits("/b/tuesdays/membership", "What this board has of you")
	if got := text(t, ada.ctx, ".asks"); !strings.Contains(got, "Followers you keep this to yourself") || strings.Count(got, "keep this to yourself") != 1 {
		t.Fatalf("what was granted: %s", got)
	}

	// Data and a release.
	publish := func(week, rows string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "week-"+week+".csv")
		if err := os.WriteFile(file, []byte("player,followers,new_connections,posts,comments,replies\nada-lovelace,"+rows+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		maria.visits("/b/tuesdays/manage/data", "Bring a file")
		run(t, maria.ctx, chromedp.SetUploadFiles(`input[name="file"]`, []string{file}, chromedp.ByQuery))
		maria.clicks("main form summary")
		maria.writes("period", week)
		maria.presses("main form button.button", "5 entries")
		maria.visits("/b/tuesdays/manage/releases", "Draft a release")
		maria.presses(`form[action$="/draft"] button`, "Draft of Week")
		maria.presses(`form[action$="/publish"] button`, "This release is final now")
	}
	publish("2026-W47", "900,12,3,8,4")
	ada.visits("/b/tuesdays/players/ada-lovelace", "Ada Lovelace")
	var first string // of the closed stones too
	run(t, ada.ctx, chromedp.Evaluate(`document.querySelector("main").textContent`, &first))
	if !strings.Contains(first, "keep this to yourself") {
		t.Errorf("the page does not say that followers are the player's own affair: %s", first)
	}
	ada.visits("/me", "Tuesdays")

	// Withdrawing holds from the next release on.
	ada.visits("/b/tuesdays/membership", "What you give")
	run(t, ada.ctx, chromedp.Evaluate(`document.querySelector('input[name="metric"][value="replies"]').closest("form").id = "withdraw"`, nil))
	ada.presses("#withdraw button", "Replies received you keep this to yourself")
	w.clock = w.clock.AddDate(0, 0, 7)
	publish("2026-W48", "950,14,4,9,6")
	b, err := w.boards.Board(ctx, "tuesdays")
	if err != nil {
		t.Fatal(err)
	}
	for week, wanted := range map[string]bool{"2026-W47": true, "2026-W48": false} {
		at, err := period.Parse(scorecard.Week, week)
		if err != nil {
			t.Fatal(err)
		}
		rel, err := w.releases.Show(ctx, b, at, 0)
		if err != nil {
			t.Fatal(err)
		}
		view, err := w.releases.View(ctx, b, rel, release.Open)
		if err != nil {
			t.Fatal(err)
		}
		card, err := view.Card(ctx, "ada-lovelace")
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range card.Parts {
			if part.Part.Part.Key == "replies" && (part.Raw == part.Raw) != wanted {
				t.Errorf("%s: replies %v", week, part.Raw)
			}
		}
	}
	ada.visits("/b/tuesdays/players/ada-lovelace", "Ada Lovelace")

	// Taking the record away takes a fresh proof.
	ada.visits("/me/record", "All of this takes a fresh proof")
	ada.presses(`a[href^="/prove"]`, "Prove that it is you")
	ada.presses(`main form button`, "")
	ada.opensMail("/sign-in/link/", "Is it you?")
	ada.presses("main form button", "My record")
	record := ada.saves(`form[action="/me/record/export"] button`)
	if len(record) < 5 || !strings.Contains(record["README.txt"], "receipts.json") || !strings.Contains(record["receipts.json"], "new_connections") {
		t.Errorf("the export holds %d files; its README says: %s", len(record), record["README.txt"])
	}

	// Erasing leaves numbers and no name.
	ada.visits("/me/record/erase", "This happens at once")
	ada.writes("confirm", confirmErase)
	ada.presses("main form button", "")
	ada.visits("/me", "Sign in")
	maria.visits("/b/tuesdays", "")
	for _, page := range []string{"/b/tuesdays", "/b/tuesdays/archive", "/b/tuesdays/manage/members", "/b/tuesdays/manage/trail", "/b/tuesdays/2026-W47/e/1"} {
		maria.visits(page, "")
		if got := text(t, maria.ctx, "body"); strings.Contains(got, "Ada") || strings.Contains(got, "ada@") {
			t.Errorf("%s still names her: %s", page, got)
		}
	}
	rel, err := w.releases.Latest(ctx, b)
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := os.Create(filepath.Join(t.TempDir(), "bundle.zip"))
	if err != nil {
		t.Fatal(err)
	}
	view, err := w.releases.View(ctx, b, rel, release.Open)
	if err != nil {
		t.Fatal(err)
	}
	if err := view.WriteBundle(ctx, bundle); err != nil {
		t.Fatalf("the digests do not hold after erasing: %v", err)
	}
	if err := bundle.Close(); err != nil {
		t.Fatal(err)
	}
}
