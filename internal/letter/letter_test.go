package letter_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image/png"
	"math"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/PuerkitoBio/goquery"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"cairn/internal/board"
	"cairn/internal/coaching"
	"cairn/internal/letter"
	"cairn/internal/mail"
	"cairn/internal/mail/mailtest"
	"cairn/internal/release"
	"cairn/internal/story"
	"cairn/internal/target"
)

func write(t testing.TB, l letter.Letter) (letter.Written, *goquery.Document) {
	t.Helper()
	written, err := letter.Write(l)
	if err != nil {
		t.Fatal(err)
	}
	page, err := goquery.NewDocumentFromReader(strings.NewReader(written.HTML))
	if err != nil {
		t.Fatal(err)
	}
	return written, page
}

// words are what an element says, with single spaces.
func words(s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") }

func TestWrite_TellsTheNumberWhatMovedItAndWhatToDo(t *testing.T) {
	c := newClub(t, clubCard)
	rel := c.season()
	l := fullLetter(c, rel, 0)
	l.Aims = []release.Aim{
		{Target: target.Target{Scope: target.Team, Group: "team"}, Metric: l.Card.Step.Metric, Tag: "red", Due: 20, Value: 24, Way: target.Ahead},
		{Target: target.Target{Scope: target.Team, Group: "team"}, Metric: l.Card.Step.Metric, Tag: "blue", Due: 20, Value: 17, Way: target.Behind},
	}
	l.Errata = []string{"Week 44"}
	written, page := write(t, l)
	row := l.Card.Row
	score := fmt.Sprintf("%.1f", row.Score)

	if want := fmt.Sprintf("Sales north, week 47: %s, your best so far", score); written.Subject != want {
		t.Errorf("the subject is %q, want %q", written.Subject, want)
	}
	if got, want := words(page.Find("[aria-level='1']")), score+" out of 100 · Summit"; strings.ReplaceAll(got, score+"out", score+" out") != want {
		t.Errorf("the number is %q, want %q", got, want)
	}
	var headings []string
	page.Find("[role=heading]").Each(func(_ int, s *goquery.Selection) { headings = append(headings, words(s)) })
	want := []string{headings[0], "What moved it", "Personal best: " + score, "3 more calls", "Call before ten", "The way so far", "From the board", "At the top"}
	if diff := cmp.Diff(want, headings); diff != "" {
		t.Errorf("headings (-want +got):\n%s", diff)
	}
	// What the HTML says, the text says too, in its lines.
	flat := strings.Join(strings.Fields(written.Text), " ")
	for _, text := range []string{"Up 2.5 since Week 46", "1st of 12 players", "Quick answers", "A tip from Grace Hopper", "before ten", "Calls: 31, ahead of the 30 due", "Meetings: 10, 11 due",
		"Team red, Calls: 24, ahead of the 20 due", "Bo Ek is up four places", "Ada Lovelace leads with 81.8; Grace Hopper climbs 4 places.", "Corrected since the last letter: Week 44.", "Tuesday 1 December at 09:00 (Europe/Vienna)",
		"as Ada Lovelace, by your own word since 12 August 2026.", "Ringstrasse 1, 1010 Vienna, Austria"} {
		if !strings.Contains(words(page.Selection), text) || !strings.Contains(flat, text) {
			t.Errorf("%q is in the HTML: %v, in the text: %v", text, strings.Contains(words(page.Selection), text), strings.Contains(flat, text))
		}
	}
	if strings.Contains(written.HTML, "Team blue") {
		t.Error("it tells of another team's target")
	}
	for _, address := range []string{links.Card, links.Board, links.Preferences, links.Unsubscribe, links.Ask, "https://example.org/calls"} {
		if page.Find(`a[href="`+address+`"]`).Length() != 1 || !strings.Contains(written.Text, "\n"+address+"\n") {
			t.Errorf("%s is no link of its own", address)
		}
	}
	if n := page.Find("table[role=presentation]").Length(); n < 5 || page.Find("table").Length() != n+1 {
		t.Errorf("%d of %d tables are for show alone: all but the one of the top should be", n, page.Find("table").Length())
	}
	if lang, _ := page.Find("html").Attr("lang"); lang != "en" || words(page.Find("title")) != written.Subject {
		t.Errorf("lang %q, title %q", lang, words(page.Find("title")))
	}

	if chip := page.Find(`td[bgcolor="#bccb34"]`); words(chip) != "Up 2.5 since Week 46" {
		t.Errorf("what was won is %q", words(chip))
	}

	again := l
	again.Article = l.View.Title + ", says the board."
	if _, page := write(t, again); strings.Count(words(page.Find("body")), l.View.Title) != 1 {
		t.Error("who leads is said twice")
	}

	// A fall is told as what it is, and not shouted.
	fell, page := write(t, c.letter(rel, 2))
	if got := words(page.Find("body")); !strings.Contains(got, "Down 43.1 since Week 46") || page.Find(`td[bgcolor="#bccb34"]`).Length() > 0 || fell.Subject != "Sales north, week 47: 28.8" {
		t.Errorf("a fall, %q: %s", fell.Subject, got)
	}

	// The picture says in words what it shows, and nothing is fetched from anywhere.
	if len(written.Pictures) != 1 {
		t.Fatalf("%d pictures", len(written.Pictures))
	}
	picture := written.Pictures[0]
	_, page = write(t, l)
	alt, _ := page.Find(`img[src="cid:` + picture.ID + `"]`).Attr("alt")
	if alt != picture.Text || !strings.Contains(alt, score) || !strings.Contains(alt, "Your best is 81.8, in Week 47.") {
		t.Errorf("the picture says %q", alt)
	}
	if config, err := png.DecodeConfig(bytes.NewReader(picture.PNG)); err != nil || config.Width != 1200 || config.Height != 600 || len(picture.PNG) > 60_000 {
		t.Errorf("the picture: %+v, %d bytes, %v", config, len(picture.PNG), err)
	}
	if page.Find("img").Length() != 1 || page.Find("script, iframe, form, object, link, [background], [onclick]").Length() > 0 || strings.Contains(written.HTML, "url(") || strings.Contains(written.HTML, "@import") {
		t.Error("it fetches or runs something")
	}
	if !strings.HasPrefix(written.Short, "Sales north: Week 47: "+score+" (+2.5), 1st of 12 players. ") {
		t.Errorf("the text message is %q", written.Short)
	}
}

// Whatever a player reported of themselves is marked in every telling: where it moved the score, in a story, in the next step, and by a target.
func TestWrite_MarksWhatIsSelfReported(t *testing.T) {
	c := newClubWith(t, clubCard, "calls")
	share := func(n int) func(int) float64 {
		return func(player int) float64 { return min(1, 0.2+0.06*float64(n)+0.02*float64(player%3)) }
	}
	var rel *release.Release
	for n := range 5 {
		rel = c.week(40+n, share(n))
	}
	l := c.letter(rel, 0)
	at := slices.IndexFunc(l.Card.Stories, func(s story.Story) bool { return s.Metric == "calls" })
	if at < 0 {
		t.Fatalf("no story tells of calls: %+v", l.Card.Stories)
	}
	if told := l.Card.Stories[at]; !strings.HasSuffix(told.Headline, "self-reported") || !strings.Contains(told.Short, "self-reported") {
		t.Errorf("the story does not say whose word it is: %+v", told)
	}
	l.Card.Stories = l.Card.Stories[at:]
	written, err := letter.Write(l)
	if err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string]string{"the text": `- Calls \+\d+\.\d \(self-reported\)`, "the story": `Calls[^\n]*, (in part )?self-reported\n-`} {
		if !regexp.MustCompile(want).MatchString(written.Text) {
			t.Errorf("%s does not mark it (%s):\n%s", what, want, written.Text)
		}
	}
	if regexp.MustCompile(`Meetings[^\n]*self-reported`).MatchString(written.Text) {
		t.Error("what the board brought is marked as well")
	}
	_, sheet, _ := strings.Cut(written.HTML, "</div>") // behind what mail programs show beside the subject
	if n, said := strings.Count(sheet, "self-reported"), strings.Count(strings.Join(strings.Fields(written.Text), " "), "self-reported"); n != said {
		t.Errorf("the HTML marks %d places, the text %d", n, said)
	}
	if !strings.Contains(written.Short, "self-reported") {
		t.Errorf("the text message does not: %s", written.Short)
	}
	l.Shy = true
	if written, err = letter.Write(l); err != nil || l.Card.Step.Metric.Key == "calls" && !strings.Contains(written.Text, "(self-reported) to") {
		t.Errorf("%v\n%s", err, written.Text)
	}
}

func TestWrite_SaysWhyThereIsNoNumber(t *testing.T) {
	c := newClub(t, clubCard)
	first := c.week(33, usual(33))
	firstLetter, page := write(t, c.letter(first, 1))
	if got := words(page.Find("body")); !strings.Contains(got, "Your first score on this board") || !strings.Contains(got, "leads with 82.1.") || strings.Contains(got, "since Week") || len(firstLetter.Pictures) > 0 || !strings.HasSuffix(firstLetter.Subject, "your first score") {
		t.Errorf("the first ever: %s", got)
	}
	rel := c.week(34, usual(34))
	none := c.letter(rel, 1)
	card := *none.Card
	card.Row.Score, card.Row.Rank, card.Row.Note = math.NaN(), math.NaN(), "too little was measured"
	none.Card = &card
	unscored, page := write(t, none)
	if got := words(page.Find("body")); !strings.Contains(got, "No score this time Too little was measured. The next release is a new beginning.") || len(unscored.Pictures) > 0 || unscored.Subject != "Sales north, week 34 is out" {
		t.Errorf("unscored, %q: %s", unscored.Subject, got)
	}
	none.Card, none.Why = nil, "You are pausing"
	if _, page := write(t, none); !strings.Contains(words(page.Find("body")), "You are pausing.") {
		t.Errorf("absent: %s", words(page.Find("body")))
	}
	none.Why = ""
	if _, page := write(t, none); words(page.Find("[aria-level='1']")) != none.View.Title || !strings.Contains(words(page.Find("body")), "because you follow Sales north") {
		t.Errorf("a follower: %s", words(page.Find("body")))
	}
	things := *c.board
	things.Basis = board.PublicRecord
	owner := c.letter(rel, 1)
	owner.Board, owner.Since = &things, time.Time{}
	if _, page := write(t, owner); !strings.Contains(words(page.Find("body")), "because the scorecard of Bo Ek on Sales north is yours.") {
		t.Errorf("of the public record: %s", words(page.Find("body")))
	}
}

func TestWrite_CutsALongArticleAndSaysSo(t *testing.T) {
	c := newClub(t, clubCard)
	l := c.letter(c.week(33, usual(33)), 0)
	for name, text := range map[string]string{
		"paragraphs": strings.Repeat("A paragraph that a manager wrote at length.\n\n", 1400),
		"links":      strings.Repeat("[a](https://b.cc)", 3000), // each makes many times as much HTML
		"quotes":     strings.Repeat("\"&<", 20_000),
		"lists":      strings.Repeat("- a\n", 15_000),
	} {
		l.Article = text + "\n\nThe last words."
		l.Tip = &coaching.Tip{Title: "A tip", Text: l.Article}
		written, page := write(t, l)
		if len(written.HTML) > 80_000 || strings.Contains(written.HTML, "The last words") || !strings.Contains(written.HTML, "goes on on the board") || !strings.Contains(written.Text, "goes on on the board") || !strings.Contains(written.Text, "more of it on your scorecard") {
			t.Errorf("%s: the letter has %d bytes", name, len(written.HTML))
		}
		if page.Find(`a[href="`+links.Unsubscribe+`"]`).Length() != 1 {
			t.Errorf("%s: the link that stops the mails is gone", name)
		}
	}
}

// whole is all that a letter says anywhere, to people and to programs.
func whole(w letter.Written) string {
	text := w.Subject + "\n" + w.Text + "\n" + w.HTML + "\n" + w.Short
	for _, p := range w.Pictures {
		text += "\n" + p.Text
	}
	return text
}

// numbers are the numbers that stand in a text by themselves.
func numbers(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsDigit(r) && r != '.' })
}

// No shy reader of any release finds their score, their change or their place, whatever else the letter says.
func TestWrite_TheShySeeNoNumber(t *testing.T) {
	c := newClub(t, clubCard)
	var releases []*release.Release
	for n := 34; n <= 41; n++ {
		releases = append(releases, c.week(n, usual(n)))
	}
	tried := 0
	rapid.Check(t, func(rt *rapid.T) {
		player := rapid.IntRange(0, len(people)-1).Draw(rt, "player")
		l := fullLetter(c, releases[rapid.IntRange(0, len(releases)-1).Draw(rt, "release")], player)
		row := l.Card.Row
		score := fmt.Sprintf("%.1f", row.Score)
		l.Card.Targets = append(l.Card.Targets, target.Standing{Target: target.Target{}, Due: 90, Value: row.Score, Share: 1, Way: target.Behind})
		l.Aims = []release.Aim{{Target: target.Target{Scope: target.Board}, Value: row.Score, Due: 50, Way: target.Ahead}}
		l.Heroes = slices.DeleteFunc(slices.Clone(l.Heroes), func(r release.Row) bool { return r.Member != row.Member && r.Score == row.Score }) // another's number
		l.Tip = &coaching.Tip{Title: "Try", Text: "again"}
		l.Next, l.Since, l.Card.History = time.Time{}, time.Time{}, nil // drawing takes its time
		if rapid.Bool().Draw(rt, "the article names them") {
			l.Article = "Well done " + strings.ToUpper(people[player]) + " with " + score + "!"
		}
		bold, err := letter.Write(l)
		if err != nil || !strings.Contains(whole(bold), score) {
			rt.Fatalf("who is not shy does not see %s: %v", score, err)
		}
		l.Shy = true
		shy, err := letter.Write(l)
		if err != nil {
			rt.Fatal(err)
		}
		text := whole(shy)
		if slices.Contains(numbers(text), score) || len(shy.Pictures) > 0 {
			rt.Fatalf("%s stands in\n%s", score, shy.Text)
		}
		if !math.IsNaN(row.Change) && row.Change != 0 && slices.Contains(numbers(text), fmt.Sprintf("%.1f", math.Abs(row.Change))) {
			rt.Fatalf("the change %.1f stands in\n%s", row.Change, shy.Text)
		}
		for _, end := range []string{"st", "nd", "rd", "th"} {
			if place := fmt.Sprintf("%.0f%s of", row.Rank, end); strings.Contains(text, place) {
				rt.Fatalf("%q stands in\n%s", place, shy.Text)
			}
		}
		if slices.ContainsFunc(l.Heroes, func(r release.Row) bool { return r.Member == row.Member }) && strings.Contains(shy.Text, "At the top") {
			rt.Fatalf("they stand in the top, and it is listed:\n%s", shy.Text)
		}
		tried++
	})
	if tried == 0 {
		t.Error("nothing was tried")
	}
}

// strange are names and texts that mean to break out of where they stand.
var strange = rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
	"", "<img src=x onerror=alert(1)>", "\"><script>alert(1)</script>", "a\r\nBcc: eve@example.org", "\u202egnp.exe", "{{.}}", "](javascript:alert(1))", "<!--", "]]>", "</title><script>",
	strings.Repeat("W", 300), strings.Repeat("山", 90), "قائمة", "a\x00b", "\xff\xfe", "🏔️👩‍👩‍👧‍👦", "==========", "-- ", "https://" + strings.Repeat("x", 300), "Ada\u2028Lovelace",
}))

func TestWrite_NoTextBreaksOut(t *testing.T) {
	c := newClub(t, clubCard)
	c.week(33, usual(33))
	rel := c.week(34, usual(34))
	base := fullLetter(c, rel, 0)
	base.Card.History = nil // drawing takes its time
	rapid.Check(t, func(rt *rapid.T) {
		l := base
		draw := func(what string) string { return strange.Draw(rt, what) }
		at, card := *l.Board, *l.Card
		at.Name = draw("board")
		card.Row.Name, card.Row.Level, card.Row.Note = draw("own name"), draw("level"), draw("note")
		card.Stories = slices.Clone(card.Stories)
		for i := range card.Stories {
			card.Stories[i].Headline, card.Stories[i].Text, card.Stories[i].Example = draw("headline"), draw("text"), draw("example")
		}
		if rapid.Bool().Draw(rt, "no score") {
			card.Row.Score = math.NaN()
		}
		l.Board, l.Card, l.Name, l.Why, l.Sender = &at, &card, draw("name"), draw("why"), draw("sender")
		l.Tip = &coaching.Tip{Title: draw("tip"), Author: draw("author"), Text: draw("advice"), Link: draw("link")}
		l.Article, l.Errata = draw("article"), []string{draw("erratum")}
		l.Heroes = slices.Clone(l.Heroes)
		for i := range l.Heroes {
			l.Heroes[i].Name = draw("hero")
		}
		l.Shy = rapid.Bool().Draw(rt, "shy")
		written, err := letter.Write(l)
		if err != nil {
			rt.Fatal(err)
		}
		again, _ := letter.Write(l)
		if diff := cmp.Diff(written, again); diff != "" {
			rt.Fatalf("the same letter differs:\n%s", diff)
		}
		if n := utf8.RuneCountInString(written.Subject); n > 60 || !utf8.ValidString(written.Subject) || strings.ContainsFunc(written.Subject, func(r rune) bool {
			return unicode.IsControl(r) || r == '\u2028' || unicode.Is(unicode.Bidi_Control, r)
		}) {
			rt.Fatalf("the subject has %d letters: %q", n, written.Subject)
		}
		if n := len([]rune(written.Short)); n > 160 || strings.ContainsAny(written.Short, "\r\n") {
			rt.Fatalf("the text message has %d letters: %q", n, written.Short)
		}
		for line := range strings.Lines(written.Text) {
			if line = strings.TrimRight(line, "\n"); utf8.RuneCountInString(line) > 78 && !strings.Contains(line, "https://") && !strings.Contains(line, "http://") || strings.Contains(line, "\r") {
				rt.Fatalf("a line of the text is %q", line)
			}
		}
		page, err := goquery.NewDocumentFromReader(strings.NewReader(written.HTML))
		if err != nil {
			rt.Fatal(err)
		}
		if page.Find("script, iframe, form, object, [onerror], [onclick], img:not([src^='cid:'])").Length() > 0 || page.Find("img").Length() > 1 || len(written.HTML) > 90_000 {
			rt.Fatalf("it broke out of the HTML:\n%s", written.HTML)
		}
		page.Find("a").Each(func(_ int, a *goquery.Selection) {
			href, _ := a.Attr("href")
			if u, err := url.Parse(href); err != nil || u.Scheme != "https" {
				rt.Fatalf("a link leads to %q", href)
			}
		})
		if page.Find(`a[href="`+links.Unsubscribe+`"]`).Length() != 1 {
			rt.Fatal("the link that stops the mails is gone")
		}
	})
}

func TestWrite_ReadsWellWhereverItIsRead(t *testing.T) {
	var names []string
	letters := map[string]letter.Written{}
	for _, chapter := range chapters(t) {
		written, err := letter.Write(chapter.letter)
		if err != nil {
			t.Fatal(err)
		}
		names, letters[chapter.name] = append(names, chapter.name), written
	}
	t.Run("in mail programs", func(t *testing.T) { shownByMailPrograms(t, names, letters) })
	t.Run("in the browser", func(t *testing.T) { shownInTheBrowser(t, names, letters) })
}

// shownByMailPrograms asks how much of the HTML mail programs show, by mailpit's list of 186 features of theirs.
func shownByMailPrograms(t *testing.T, names []string, letters map[string]letter.Written) {
	m := mailtest.Start(t)
	post, err := mail.New(m.Server)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		written := letters[name]
		to := fmt.Sprintf("reader-%d@example.org", i)
		if err := post.Deliver(t.Context(), mail.Message{ID: to, To: to, Subject: written.Subject, Text: written.Text, HTML: written.HTML, Pictures: written.Pictures}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if shown := m.HTMLSupport(t, to); shown < 98 {
			t.Errorf("%s: %.1f %% of what it uses is shown by mail programs, want 98", name, shown)
		}
	}
}

// shownInTheBrowser looks for faults of contrast and structure, and whether anything must be scrolled sideways, with and without pictures.
func shownInTheBrowser(t *testing.T, names []string, letters map[string]letter.Written) {
	axe, err := os.ReadFile(filepath.Join("..", "..", "test", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal("axe-core is not there: run npm ci --prefix test (make install does).")
	}
	path := os.Getenv("CHROME_PATH")
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path == "" {
			path, _ = exec.LookPath(name)
		}
	}
	if path == "" {
		t.Fatal("No Chromium was found: run make install, or set CHROME_PATH.")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WSURLReadTimeout(time.Minute), chromedp.UserDataDir(t.TempDir()))
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	defer stop()
	ctx, stop = chromedp.NewContext(ctx)
	defer stop()
	awaited := func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }
	check := string(axe) + `;
		axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).then(r => r.violations.map(
			v => v.id + ": " + v.help + " " + v.nodes.slice(0, 3).map(n => n.html + " (" + n.failureSummary + ")").join(" | ")).join("\n"))`
	folder := t.TempDir()
	planted := filepath.Join(folder, "planted.html")
	if err := os.WriteFile(planted, []byte(`<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>x</title><body style="background:#fff"><p style="color:#bbb">faint</p><p style="width:900px">wide</p>`), 0o644); err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{"planted": planted}
	order := []string{"planted"}
	put := func(name, html string) {
		pages[name] = filepath.Join(folder, name+".html")
		if err := os.WriteFile(pages[name], []byte(html), 0o644); err != nil {
			t.Fatal(err)
		}
		order = append(order, name)
	}
	for _, name := range names {
		html := letters[name].HTML
		for _, p := range letters[name].Pictures {
			html = strings.ReplaceAll(html, "cid:"+p.ID, "data:image/png;base64,"+base64.StdEncoding.EncodeToString(p.PNG))
		}
		put(name, html)
	}
	put("full-blocked", letters["full"].HTML)                  // its picture is not shown
	main := []string{"planted", "full", "full-blocked", "shy"} // stand for their kind where every letter would be too many
	for _, view := range []struct {
		width  int64
		scheme string
		pages  []string
	}{{320, "light", order}, {320, "dark", main}, {700, "light", main}, {700, "dark", order}} {
		if err := chromedp.Run(ctx, emulation.SetDeviceMetricsOverride(view.width, 900, 1, view.width < 500),
			emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: view.scheme}})); err != nil {
			t.Fatal(err)
		}
		for _, name := range view.pages {
			var found, ground string
			var wide bool
			err := chromedp.Run(ctx, chromedp.Navigate("file://"+pages[name]),
				chromedp.Evaluate(check, &found, awaited),
				chromedp.Evaluate(`document.documentElement.scrollWidth > document.documentElement.clientWidth`, &wide),
				chromedp.Evaluate(`getComputedStyle(document.body).backgroundColor`, &ground))
			if err != nil {
				t.Fatal(err)
			}
			if name == "planted" { // a check that finds nothing must be able to find something
				if !strings.Contains(found, "color-contrast") || !wide && view.width < 900 {
					t.Errorf("planted faults are overlooked: %q, %v", found, wide)
				}
				continue
			}
			if found != "" || wide {
				t.Errorf("%s at %d, %s: must be scrolled sideways: %v; %s", name, view.width, view.scheme, wide, found)
			}
			if dark := ground == "rgb(12, 11, 10)"; dark != (view.scheme == "dark") {
				t.Errorf("%s, %s: the ground is %s", name, view.scheme, ground)
			}
		}
	}
}
