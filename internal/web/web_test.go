package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/jba/templatecheck"

	"cairn/internal/board"
	"cairn/internal/entry"
	"cairn/internal/release"
	"cairn/scorecard"
)

func TestTemplates_FitTheirPages(t *testing.T) {
	pages, err := parsePages()
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]any{"home": homePage{}, "board_show": boardPage{}, "player_show": playerPage{}, "methodology_show": methodologyPage{}, "archive_show": archivePage{}, "error": errorPage{}}
	for name, page := range pages {
		data, known := types[name]
		if !known {
			t.Errorf("the page %s has no type", name)
			continue
		}
		if err := templatecheck.CheckHTML(page, data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(pages) != len(types) {
		t.Errorf("%d pages for %d types", len(pages), len(types))
	}
}

func TestRoutes_OnlyReadAndOnlyForAnyone(t *testing.T) {
	for _, r := range routes {
		if !strings.HasPrefix(r.pattern, "GET /") {
			t.Errorf("%s: pages are only read", r.pattern)
		}
		if r.permission != anyone {
			t.Errorf("%s: %s is a permission that nothing checks yet", r.pattern, r.permission)
		}
	}
}

func TestPages_CarryTheHeadersAndAnswerHeadAndIfNoneMatch(t *testing.T) {
	w := newWorld(t)
	b := w.open(sheet(t, "public", ""), board.Settings{}, people, 2)
	rel, err := w.releases.Latest(context.Background(), b)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range pages(b, rel, "slash/key") {
		get := w.ask("GET", path)
		if get.StatusCode != http.StatusOK || get.body == "" {
			t.Errorf("%s answers %d with %d bytes", path, get.StatusCode, len(get.body))
			continue
		}
		want := "no-cache"
		if strings.Contains(path, "/e/1") {
			want = "public, max-age=31536000, immutable"
		}
		if got := get.Header.Get("Cache-Control"); got != want {
			t.Errorf("%s: Cache-Control %q, want %q", path, got, want)
		}
		csp := get.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || get.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: the headers let too much through: %v", path, get.Header)
		}
		head := w.ask("HEAD", path)
		if head.StatusCode != http.StatusOK || head.body != "" || head.Header.Get("ETag") != get.Header.Get("ETag") || head.Header.Get("Content-Length") != strconv.Itoa(len(get.body)) {
			t.Errorf("%s: HEAD answers %d, %d bytes, %v", path, head.StatusCode, len(head.body), head.Header)
		}
		again := w.ask("GET", path, "If-None-Match", get.Header.Get("ETag"))
		if again.StatusCode != http.StatusNotModified || again.body != "" {
			t.Errorf("%s: with its ETag it answers %d", path, again.StatusCode)
		}
		if other := w.ask("GET", path, "If-None-Match", `"other"`); other.StatusCode != http.StatusOK {
			t.Errorf("%s: with another ETag it answers %d", path, other.StatusCode)
		}
		for _, method := range []string{"POST", "PUT", "DELETE"} {
			if a := w.ask(method, path); a.StatusCode != http.StatusMethodNotAllowed || a.Header.Get("Content-Security-Policy") == "" {
				t.Errorf("%s %s answers %d", method, path, a.StatusCode)
			}
		}
	}
}

func TestPages_GiveTheSameAnswerForAllThatIsNotThere(t *testing.T) {
	w := newWorld(t)
	b := w.open(sheet(t, "public", ""), board.Settings{}, people, 2)
	waiting := w.open(sheet(t, "public", ""), board.Settings{Key: "waiting"}, nil, 0)
	narrow := w.open(sheet(t, "player", ""), board.Settings{Key: "narrow"}, people, 1)
	latest, err := w.releases.Latest(context.Background(), b)
	if err != nil {
		t.Fatal(err)
	}
	// A draft is not for the public.
	draft := latest.Period.Add(1)
	members := []entry.Entry{{Member: 0, Key: "calls", At: w.clock.UnixMicro(), Value: 2, ID: "draft"}}
	if _, err := w.entries.Append(context.Background(), b.ID, "test", members, false); err != nil {
		t.Fatal(err)
	}
	if _, err := w.releases.Draft(context.Background(), b, draft); err != nil {
		t.Fatal(err)
	}
	under := releaseAddress(b, latest)
	first := ""
	for _, path := range []string{
		"/nothing", "/b", "/b/", "/b/nobody", "/b/nobody/archive", "/b/nobody/methodology", "/b/nobody/players/ada", "/b/nobody/2026-W47/e/1",
		"/b/" + b.Key + "/2020-W01", "/b/" + b.Key + "/2020-W01/e/1", "/b/" + b.Key + "/2026-W99", "/b/" + b.Key + "/rubbish", "/b/" + b.Key + "/2026-11/e/1",
		"/b/" + b.Key + "/" + draft.String(), "/b/" + b.Key + "/" + draft.String() + "/e/1",
		periodAddress(b, latest) + "/e/2", periodAddress(b, latest) + "/e/0", periodAddress(b, latest) + "/e/-1", periodAddress(b, latest) + "/e/01", periodAddress(b, latest) + "/e/x",
		"/b/" + b.Key + "/players/nobody", under + "/players/nobody", under + "/players/nobody/card.json", "/b/" + b.Key + "/players/",
		"/b/" + b.Key + "?tag=region:nowhere", "/b/" + b.Key + "?tag=shoe:42", "/b/" + b.Key + "?tag=x", "/b/" + b.Key + "?page=0", "/b/" + b.Key + "?page=2", "/b/" + b.Key + "?page=-1", "/b/" + b.Key + "?page=1e3", "/b/" + b.Key + "?page=99999999999999999999",
		"/b/waiting/players/ada", "/b/waiting/2026-W47", boardAddress(waiting) + "/2026-W47/e/1/bundle.zip",
		releaseAddress(narrow, latest) + "/bundle.zip",
		"/static/other.css", "/static/..%2froutes.go", "/favicon.ico", "/b/%00", "/b/" + b.Key + "/%ff",
	} {
		a := w.ask("GET", path)
		if a.StatusCode != http.StatusNotFound {
			t.Errorf("%s answers %d", path, a.StatusCode)
			continue
		}
		if first == "" {
			first = a.body
		}
		if a.body != first {
			t.Errorf("%s is told apart from the others:\n%s", path, a.body)
		}
		if a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept: %q", path, a.Header.Get("Cache-Control"))
		}
	}
	if doc, err := goquery.NewDocumentFromReader(strings.NewReader(first)); err != nil || doc.Find("main h1").Length() != 1 || doc.Find(`main a[href="/"]`).Length() != 1 {
		t.Errorf("the page does not say what to do: %s", first)
	}
}

func TestHome_ListsPublicBoardsAndUnlistedOnesAreReachable(t *testing.T) {
	w := newWorld(t)
	w.open(sheet(t, "public", ""), board.Settings{Key: "open", Name: "Open board"}, people, 1)
	w.open(sheet(t, "public", ""), board.Settings{Key: "quiet", Name: "Quiet board", Visibility: board.Unlisted}, people, 1)
	home := w.page("/")
	if text := words(home.Find("main")); !strings.Contains(text, "Open board") || strings.Contains(text, "Quiet board") {
		t.Errorf("home shows %q", text)
	}
	if got := words(home.Find(".board-card .line")); !strings.Contains(got, "Ada Lovelace leads with") {
		t.Errorf("the card's title line is %q", got)
	}
	quiet := w.page("/b/quiet")
	if got, _ := quiet.Find(`meta[name="robots"]`).Attr("content"); got != "noindex" {
		t.Errorf("an unlisted board asks search engines %q", got)
	}
	if w.page("/b/open").Find(`meta[name="robots"]`).Length() != 0 {
		t.Error("a public board hides from search engines")
	}
}

func TestBoard_SaysWhatMattersAndKeepsTheDesignersOrder(t *testing.T) {
	w := newWorld(t)
	b := w.open(sheet(t, "public", ""), board.Settings{Name: "Harbour"}, people, 3)
	doc := w.page(boardAddress(b))
	if got := words(doc.Find("h1")); got != "Harbour" {
		t.Errorf("h1 %q", got)
	}
	if got := words(doc.Find(".title-line")); !strings.Contains(got, "leads with") {
		t.Errorf("title line %q", got)
	}
	rows := doc.Find("table.leaderboard tbody tr")
	if rows.Length() != len(people) {
		t.Errorf("%d rows", rows.Length())
	}
	if got, _ := rows.First().Attr("id"); got != "player-ada" {
		t.Errorf("the first row is %q", got)
	}
	if doc.Find("table caption").Length() == 0 || doc.Find(`table th[scope="col"]`).Length() == 0 || rows.Find(`th[scope="row"]`).Length() != len(people) {
		t.Error("the table does not say what it is")
	}
	if doc.Find(`a[href*="sort"], th a`).Length() != rows.Find("th a").Length() {
		t.Error("the table can be sorted by something else")
	}
	for _, want := range []string{"#movers", "#archive", "#next-release", "#verify", "svg.spread"} {
		if doc.Find(want).Length() == 0 {
			t.Errorf("%s is not on the page", want)
		}
	}
	if got := words(doc.Find("#next-release").Parent()); !strings.Contains(got, "ends on Sunday 29 November 2026") {
		t.Errorf("the next release: %q", got)
	}
	// A tag shows its players only, ranked among themselves.
	north := w.page(boardAddress(b) + "?tag=region%3Anorth")
	if got := north.Find("table.leaderboard tbody tr").Length(); got != 3 {
		t.Errorf("%d players in the north", got)
	}
	if got := words(north.Find("table.leaderboard tbody tr").Last().Find(".rank")); got != "3" {
		t.Errorf("the last in the north is ranked %q", got)
	}
	if got := words(north.Find(`.tabs a[aria-current]`)); got != "north 3" {
		t.Errorf("the tab that is here: %q", got)
	}
}

func TestBoard_WithoutAReleaseSaysWhenTheFirstIsDue(t *testing.T) {
	w := newWorld(t)
	b := w.open(sheet(t, "public", ""), board.Settings{}, nil, 0)
	if got := words(w.page(boardAddress(b)).Find("main")); !strings.Contains(got, "The first release is still to come. Week 48, 23–29 Nov 2026 ends on Sunday 29 November 2026; its release follows.") {
		t.Errorf("it says %q", got)
	}
	if got := w.page(boardAddress(b) + "/methodology").Find("article.rule").Length(); got == 0 {
		t.Error("the methodology waits for a release")
	}
	w.page(boardAddress(b) + "/archive")
}

func TestBoard_TopNIsAllThatThePublicSees(t *testing.T) {
	w := newWorld(t)
	b := w.open(sheet(t, "public", ""), board.Settings{TopN: 3}, people, 1)
	doc := w.page(boardAddress(b))
	if got := doc.Find("table.leaderboard tbody tr").Length(); got != 3 {
		t.Errorf("%d rows of the first 3", got)
	}
	rel, _ := w.releases.Latest(context.Background(), b)
	under := releaseAddress(b, rel)
	if rows, err := csv.NewReader(strings.NewReader(w.ask("GET", under+"/scores.csv").body)).ReadAll(); err != nil || len(rows) != 4 {
		t.Errorf("the table has %d rows with its header (%v)", len(rows), err)
	}
	if a := w.ask("GET", under+"/bundle.zip"); a.StatusCode != http.StatusNotFound {
		t.Errorf("the bundle, which names everyone, answers %d", a.StatusCode)
	}
	if text := words(doc.Find(".verify")); !strings.Contains(text, "cairn verify") || !strings.Contains(text, rel.Digest) {
		t.Errorf("it does not say how to verify: %q", text)
	}
	if w.page(playerAddress(boardAddress(b), "zed")).Find(`meta[name="robots"][content="noindex"]`).Length() != 1 {
		t.Error("a player outside the first 3 is offered to search engines")
	}
}

func TestBoard_PagesThroughManyPlayers(t *testing.T) {
	w := newWorld(t)
	var many []person
	for i := range 120 {
		many = append(many, person{"p" + strconv.Itoa(1000+i), "Player " + strconv.Itoa(i), "north", i % 40, 0})
	}
	b := w.open(sheet(t, "public", ""), board.Settings{}, many, 1)
	seen := map[string]bool{}
	path := boardAddress(b)
	for n := 1; ; n++ {
		doc := w.page(path)
		doc.Find("table.leaderboard tbody tr").Each(func(_ int, row *goquery.Selection) {
			id, _ := row.Attr("id")
			if seen[id] {
				t.Errorf("%s stands on two pages", id)
			}
			seen[id] = true
		})
		next, more := doc.Find(`.pages a[rel="next"]`).Attr("href")
		if !more {
			if n != 3 {
				t.Errorf("%d pages", n)
			}
			break
		}
		path, _, _ = strings.Cut(next, "#")
	}
	if len(seen) != 120 {
		t.Errorf("%d of 120 players are to be found", len(seen))
	}
}

var digits = regexp.MustCompile(`[−+]?[0-9][0-9,.]*`)

// figureOf reads the first number in words.
func figureOf(t *testing.T, text string) float64 {
	t.Helper()
	found := strings.NewReplacer("−", "-", ",", "", "+", "").Replace(digits.FindString(text))
	x, err := strconv.ParseFloat(found, 64)
	if err != nil {
		t.Fatalf("there is no number in %q", text)
	}
	return x
}

func TestPlayer_ShowsOneHeadlineNumberWhosePartsAddUp(t *testing.T) {
	w := newWorld(t)
	b := w.open(sheet(t, "public", ""), board.Settings{}, people, 3)
	for _, who := range people {
		doc := w.page(playerAddress(boardAddress(b), who.key))
		headline := doc.Find("p.score strong")
		if headline.Length() != 1 {
			t.Fatalf("%s: %d headline numbers", who.key, headline.Length())
		}
		points, moves := 0.0, 0.0
		doc.Find(".stack > li").Each(func(_ int, stone *goquery.Selection) {
			points += figureOf(t, stone.Find("summary .stone-points strong").First().Text())
			if move := stone.Find("summary .delta").First(); move.Length() == 1 {
				moves += figureOf(t, move.Text())
			}
		})
		if score := figureOf(t, headline.Text()); math.Abs(points-score) > 1e-9 {
			t.Errorf("%s: the stones add up to %v, the score is %v", who.key, points, score)
		}
		change := words(doc.Find(".change-line"))
		want := 0.0
		if strings.HasPrefix(change, "Up ") {
			want = figureOf(t, change)
		} else if strings.HasPrefix(change, "Down ") {
			want = -figureOf(t, change)
		}
		if math.Abs(moves-want) > 1e-9 {
			t.Errorf("%s: the moves add up to %v, the page says %q", who.key, moves, change)
		}
		if got := words(doc.Find(".leaderboard tr.own th")); !strings.HasPrefix(got, strings.Join(strings.Fields(who.name), " ")) {
			t.Errorf("%s: its own row is %q", who.key, got)
		}
		if rows := doc.Find(".leaderboard tbody tr").Length(); rows < 3 || rows > 5 {
			t.Errorf("%s: %d rows around it", who.key, rows)
		}
	}
	for _, path := range []string{"/", boardAddress(b), boardAddress(b) + "/methodology", boardAddress(b) + "/archive"} {
		if n := w.page(path).Find("p.score").Length(); n != 0 {
			t.Errorf("%s shows %d headline numbers", path, n)
		}
	}
}

func TestPlayer_OpensDownToEveryDigit(t *testing.T) {
	w := newWorld(t)
	b := w.open(sheet(t, "public", ""), board.Settings{}, people, 2)
	rel, _ := w.releases.Latest(context.Background(), b)
	card, err := w.releases.Card(context.Background(), rel, "ada")
	if err != nil {
		t.Fatal(err)
	}
	doc := w.page(playerAddress(boardAddress(b), "ada"))
	exact := map[string]string{}
	doc.Find("table.digits tbody tr").Each(func(_ int, row *goquery.Selection) {
		exact[row.Find("code").Text()] = row.Find("td").Eq(6).Text()
	})
	sum := 0.0
	for _, part := range card.Parts {
		if !part.Part.Part.Scored {
			continue
		}
		if got := exact[part.Part.Part.Key]; got != exactly(part.Points) {
			t.Errorf("%s: the page says %q, the release %v", part.Part.Part.Key, got, part.Points)
		}
		if part.Depth == 0 {
			x, err := strconv.ParseFloat(exact[part.Part.Part.Key], 64)
			if err != nil {
				t.Fatal(err)
			}
			sum += x
		}
	}
	if math.Abs(sum-card.Exact) > 1e-9 || !strings.Contains(words(doc.Find(".stones")), "Together exactly "+exactly(card.Exact)) {
		t.Errorf("the exact points add up to %v, the exact score is %v", sum, card.Exact)
	}
	if text := words(doc.Find("#part-activity")); !strings.Contains(text, "capped: 1 counted as 0.8") {
		t.Errorf("the surplus over the cap is not shown: %q", text)
	}
	if got := words(doc.Find("#unscored + dl dt, #unscored + dl dd")); got != "Hours21 h" {
		t.Errorf("what is not scored is shown as %q", got)
	}
}

func TestPlayer_AKeptValueIsOnNoPage(t *testing.T) {
	w := newWorld(t)
	b := w.open(sheet(t, "player", ""), board.Settings{}, []person{{"ada", "Ada", "north", 3, 0}, {"bo", "Bo", "south", 7, 0}}, 2)
	rel, _ := w.releases.Latest(context.Background(), b)
	doc := w.page(playerAddress(boardAddress(b), "bo"))
	text := words(doc.Find("#part-answers"))
	if !strings.Contains(text, "kept for the player") {
		t.Errorf("it does not say that the value is kept: %q", text)
	}
	doc.Find("#part-answers table.parts tbody td").Each(func(_ int, cell *goquery.Selection) {
		if got := words(cell); got == "7" || got == "0.7" {
			t.Errorf("the kept value is in a cell: %q", got)
		}
	})
	if doc.Find("#part-answers table.digits").Length() != 0 || strings.Contains(words(doc.Find("main")), "Together exactly") {
		t.Error("the kept value can be calculated from the digits around it")
	}
	if doc.Find("#part-activity table.digits").Length() != 1 {
		t.Error("the digits of other parts are gone too")
	}
	if a := w.ask("GET", releaseAddress(b, rel)+"/bundle.zip"); a.StatusCode != http.StatusNotFound {
		t.Errorf("the bundle, which holds the values, answers %d", a.StatusCode)
	}
}

func TestPages_TakeNamesForWords(t *testing.T) {
	w := newWorld(t)
	b := w.open(sheet(t, "public", ""), board.Settings{Name: `<b>Bold</b> "board"`}, people, 2)
	rel, _ := w.releases.Latest(context.Background(), b)
	for _, path := range pages(b, rel, "mallory") {
		a := w.ask("GET", path)
		if strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") && (strings.Contains(a.body, "<script") || strings.Contains(a.body, "<b>Bold")) {
			t.Errorf("%s: a name became markup", path)
		}
	}
	doc := w.page(playerAddress(boardAddress(b), "eve"))
	if doc.Find("h1 bdi").Length() != 1 {
		t.Error("a name that turns the direction of writing is not fenced in")
	}
	rows, err := csv.NewReader(strings.NewReader(w.ask("GET", releaseAddress(b, rel)+"/scores.csv").body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, field := range row[1:] {
			if field != "" && strings.ContainsAny(field[:1], "=+@") {
				t.Errorf("a spreadsheet would calculate %q", field)
			}
		}
	}
}

func TestRelease_ACorrectionStandsBesideTheOldEdition(t *testing.T) {
	w := newWorld(t)
	b := w.open(sheet(t, "public", ""), board.Settings{}, people, 2)
	first, _ := w.releases.Latest(context.Background(), b)
	before := w.ask("GET", releaseAddress(b, first)+"/scores.csv").body
	from, _ := first.Period.Bounds(b.Location())
	if _, err := w.entries.Amend(context.Background(), b.ID, "test", []entry.Entry{{Member: 0, Key: "calls", At: from.Add(time.Hour).UnixMicro(), Value: 2, ID: first.Period.String() + "-ada-calls"}}); err != nil {
		t.Fatal(err)
	}
	second, err := w.releases.Erratum(context.Background(), b, first.Period, "a meeting was counted twice")
	if err != nil {
		t.Fatal(err)
	}
	old := w.page(releaseAddress(b, first))
	if text := words(old.Find(".notice")); !strings.Contains(text, "Another edition is in force") {
		t.Errorf("the old edition says %q", text)
	}
	if after := w.ask("GET", releaseAddress(b, first)+"/scores.csv").body; after != before {
		t.Error("the old edition's scores changed")
	}
	fresh := w.page(releaseAddress(b, second))
	if text := words(fresh.Find(".notice")); !strings.Contains(text, "Corrected: edition 2. A meeting was counted twice. See the edition before") {
		t.Errorf("the new edition says %q", text)
	}
	if got := words(w.page(periodAddress(b, first)).Find(".notice")); !strings.Contains(got, "edition 2") {
		t.Errorf("the period's own address shows %q", got)
	}
	if got := w.page(boardAddress(b) + "/archive").Find("tbody tr").Length(); got != 3 {
		t.Errorf("the archive has %d rows", got)
	}
}

func TestRelease_NewRulesAreBridged(t *testing.T) {
	w := newWorld(t)
	b := w.open(sheet(t, "public", ""), board.Settings{}, people, 2)
	first, _ := w.releases.Latest(context.Background(), b)
	version, err := w.boards.Revise(context.Background(), b.ID, sheet(t, "public", "90"))
	if err != nil {
		t.Fatal(err)
	}
	if b, err = w.boards.Board(context.Background(), b.Key); err != nil || b.Version != version {
		t.Fatal(err, b.Version)
	}
	if text := words(w.page(boardAddress(b) + "/methodology").Find(".notice")); !strings.Contains(text, "newer than the latest release") {
		t.Errorf("the methodology says %q", text)
	}
	w.clock = w.clock.AddDate(0, 0, 7)
	w.week(b, people, -1)
	if text := words(w.page(boardAddress(b)).Find(".notice")); !strings.Contains(text, "New rules since the release before") {
		t.Errorf("the board says %q", text)
	}
	text := words(w.page(playerAddress(boardAddress(b), "bo")).Find(".hero"))
	if !strings.Contains(text, "Under the rules before, this score would be") || !strings.Contains(text, "new rules") {
		t.Errorf("the player's page says %q", text)
	}
	// The first release keeps the rules it was made by.
	if got := words(w.page(releaseAddress(b, first) + "/methodology").Find("#part-activity > header .weight")); got != "40 %" {
		t.Errorf("the old release's methodology weighs activity at %q", got)
	}
}

func TestMethodology_TellsEveryWeightWithItsReasonAndDrawsTheCurves(t *testing.T) {
	w := newWorld(t)
	b := w.open(sheet(t, "public", ""), board.Settings{}, people, 1)
	doc := w.page(boardAddress(b) + "/methodology")
	for part, want := range map[string][]string{
		"activity": {"40 %", "It is one's own choice."},
		"calls":    {"50 %", "20 % of the score", "They open doors.", "20 calls or more: full marks; 0 calls or less: none", "Nothing measured counts as zero."},
		"notes":    {"The mark goes in steps: 0 from 0 notes, 0.5 from 2 notes and 1 from 4 notes.", "capped at 0.8"},
		"answers":  {"60 %", "They are what calls are for.", "10 or more: full marks"},
		"hours":    {"not scored"},
	} {
		text := words(doc.Find("#part-" + part))
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s does not say %q: %q", part, w, text)
			}
		}
	}
	if got := doc.Find("svg.curve[role=img] title").Length(); got != 3 {
		t.Errorf("%d curves are drawn", got)
	}
	text := words(doc.Find("main"))
	for _, want := range []string{"I favour answers over noise.", "Ada, who chose the weights", "Higher is better", "Strong", "cairn verify sales-2026-W47-e1.zip --against "} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestDownloads_AreTheReleaseItself(t *testing.T) {
	w := newWorld(t)
	card := sheet(t, "public", "")
	b := w.open(card, board.Settings{}, people, 2)
	rel, _ := w.releases.Latest(context.Background(), b)
	under := releaseAddress(b, rel)
	bundle := w.ask("GET", under+"/bundle.zip")
	verified, err := release.Verify(bytes.NewReader([]byte(bundle.body)), int64(len(bundle.body)))
	if err != nil || verified.Digest != rel.Digest {
		t.Errorf("the bundle does not verify: %v", err)
	}
	if got := bundle.Header.Get("Content-Disposition"); got != `attachment; filename="sales-2026-W47-e1.zip"` {
		t.Errorf("it is saved as %s", got)
	}
	if !strings.Contains(words(w.page(boardAddress(b)).Find(".verify")), "cairn verify sales-2026-W47-e1.zip --against "+rel.Digest) {
		t.Error("the page does not show the line that verifies it")
	}
	if got := w.ask("GET", under+"/scorecard.yaml").body; got != string(card.Source) {
		t.Error("the scorecard is not the one that was used")
	}
	var data map[string]any
	if err := json.Unmarshal([]byte(w.ask("GET", under+"/players/ada/card.json").body), &data); err != nil {
		t.Errorf("the card is no JSON: %v", err)
	}
	rows, err := csv.NewReader(strings.NewReader(w.ask("GET", under+"/scores.csv").body)).ReadAll()
	if err != nil || len(rows) != len(people)+1 {
		t.Fatalf("the table has %d rows: %v", len(rows), err)
	}
	if got := strings.Join(rows[0], ","); got != "rank,player,name,score,change,level,note,region,activity.points,answers.points" {
		t.Errorf("its header is %s", got)
	}
}

func TestServer_AFaultIsLoggedAndShowsItsNumberOnly(t *testing.T) {
	w := newWorld(t)
	if err := w.db.Close(); err != nil {
		t.Fatal(err)
	}
	a := w.ask("GET", "/b/any")
	if a.StatusCode < 500 {
		t.Fatalf("without a database it answers %d", a.StatusCode)
	}
	if strings.Contains(a.body, "sql") || !strings.Contains(w.log.String(), "page failed") {
		t.Errorf("the page tells too much or the log too little: %s\n%s", words(mustRead(t, a.body).Find("main")), w.log.String())
	}
}

func TestServer_APanicIsAPageWithANumber(t *testing.T) {
	s := newBook(t).site
	var logged bytes.Buffer
	s.log = slog.New(slog.NewTextHandler(&logged, nil))
	recorder := httptest.NewRecorder()
	s.guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("stumbled") })).ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/", nil))
	number := words(mustRead(t, recorder.Body.String()).Find("main code"))
	if recorder.Code != http.StatusInternalServerError || len(number) != 36 || !strings.Contains(logged.String(), number) || !strings.Contains(logged.String(), "stumbled") {
		t.Errorf("it answers %d, number %q, log %q", recorder.Code, number, logged.String())
	}
}

func TestStyle_HasANameOfItsOwnAndOldNamesStillWork(t *testing.T) {
	w := newWorld(t)
	address, _ := w.page("/").Find(`link[rel="stylesheet"]`).Attr("href")
	current := w.ask("GET", address)
	if current.StatusCode != http.StatusOK || current.Header.Get("Cache-Control") != string(forEver) || !strings.HasPrefix(current.Header.Get("Content-Type"), "text/css") {
		t.Errorf("%s answers %d %v", address, current.StatusCode, current.Header)
	}
	old := w.ask("GET", "/static/cairn-0123456789ab.css")
	if old.StatusCode != http.StatusOK || old.body != current.body || old.Header.Get("Cache-Control") != string(asking) {
		t.Errorf("a page kept since an older version gets %d %v", old.StatusCode, old.Header)
	}
}

func TestNumbers_AreWrittenForPeople(t *testing.T) {
	s := scale{decimals: 1}
	for _, test := range []struct{ got, want string }{
		{s.score(1234.56), "1,234.6"}, {s.score(math.NaN()), "–"}, {s.score(-0.04), "0.0"}, {s.score(-2), "−2.0"},
		{s.signed(3), "+3.0"}, {s.signed(-3), "−3.0"}, {s.signed(0.04), "0.0"}, {s.signed(-0.04), "0.0"},
		{amount(1000000), "1,000,000"}, {amount(0.25), "0.25"}, {amount(12.3456), "12.35"}, {amount(math.Copysign(0, -1)), "0"}, {amount(math.Inf(1)), "–"}, {amount(1234.5), "1,234"},
		{exactly(math.Nextafter(0.3, 1)), "0.30000000000000004"}, {exactly(-1.5), "−1.5"}, {exactly(math.NaN()), "–"},
		{ordinal(1), "1st"}, {ordinal(2), "2nd"}, {ordinal(3), "3rd"}, {ordinal(11), "11th"}, {ordinal(112), "112th"}, {ordinal(1021), "1,021st"}, {ordinal(2.5), "2.5th"}, {ordinal(0), "–"},
		{share(0.286), "28.6 %"}, {share(1), "100 %"},
		{count(1, "player", "players"), "1 player"}, {count(1200, "player", "players"), "1,200 players"},
		{list([]string{"a", "b", "c"}), "a, b and c"}, {list(nil), ""},
		{sentence("too late"), "Too late."}, {sentence("Why?"), "Why?"}, {sentence(""), ""},
	} {
		if test.got != test.want {
			t.Errorf("%q, want %q", test.got, test.want)
		}
	}
}

func TestAddresses_LeadBackToTheirPlayer(t *testing.T) {
	for _, key := range []string{"a b", "a/b", "ä?x=1#y", "100%", `"><script>`, ".."} {
		address := playerAddress("/b/x", key)
		u, err := url.Parse(address)
		if err != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "/b/x/players/"+key {
			t.Errorf("%q becomes %q: %v", key, address, err)
		}
	}
}

func TestPlain_EveryMethodHasItsSentence(t *testing.T) {
	for _, template := range scorecard.Templates() {
		card, err := template.Load()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range card.Metrics() {
			for _, text := range []string{marks(m, nil), absent(m), measured(m, card)} {
				if len(text) < 10 || !strings.HasSuffix(text, ".") || strings.Contains(text, "%!") || strings.Contains(text, "  ") {
					t.Errorf("%s %s: %q", card.Key, m.Key, text)
				}
			}
		}
	}
	for _, method := range []scorecard.Method{scorecard.NormNone, scorecard.NormMinMax, scorecard.NormZScore, scorecard.NormPercentile, scorecard.NormPRank, scorecard.NormRank,
		scorecard.NormBorda, scorecard.NormFractionOfMax, scorecard.NormTarget, scorecard.NormLogNormal, scorecard.NormBands, scorecard.NormPoints} {
		for _, better := range []scorecard.Direction{scorecard.Higher, scorecard.Lower} {
			m := &scorecard.Part{Key: "m", Name: "M", Better: better, Normalise: scorecard.Normalise{Method: method, Bands: []scorecard.Band{{From: 1, Value: 0.5}}}}
			if text := marks(m, nil); len(text) < 10 || !strings.HasSuffix(text, ".") {
				t.Errorf("%s, %s: %q", method, better, text)
			}
		}
	}
}

func FuzzReadAsked(f *testing.F) {
	rel := &release.Release{Players: 120, TagGroups: []release.TagGroup{{Group: "region", Tags: []release.TagCount{{Tag: "north", Players: 60}, {Tag: "a:b", Players: 1}}}}}
	for _, query := range []string{"", "tag=region:north", "tag=region:a:b&page=1", "page=3", "page=4", "page=-1", "page=9223372036854775807", "tag=", "tag=:", "page=03"} {
		f.Add(query, 0)
		f.Add(query, 7)
	}
	f.Fuzz(func(t *testing.T, query string, top int) {
		values, err := url.ParseQuery(query)
		if err != nil || top < 0 {
			return
		}
		ask, players, err := readAsked(values, rel, top)
		if err != nil {
			return
		}
		from := (ask.page - 1) * pageRows
		if ask.page < 1 || from < 0 || from > 0 && from >= players || players > 120 || top > 0 && players > top {
			t.Errorf("%q asks for page %d of %d players", query, ask.page, players)
		}
		if ask.tag != "" && ask.group != "region" {
			t.Errorf("%q asks for %q", query, ask.group)
		}
	})
}

func mustRead(t *testing.T, body string) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
