package web

import (
	"context"
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"cairn/internal/board"
	"cairn/internal/release"
)

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
	shown := map[string]bool{}
	doc.Find("table.leaderboard tbody tr").Each(func(_ int, row *goquery.Selection) { shown[row.AttrOr("id", "")] = true })
	for _, tag := range []string{"region:north", "region:south"} {
		w.page(boardAddress(b) + "?" + url.Values{"tag": {tag}}.Encode()).Find("table.leaderboard tbody tr").Each(func(_ int, row *goquery.Selection) {
			if id := row.AttrOr("id", ""); !shown[id] {
				t.Errorf("%s stands outside the first 3 and is shown under %s", id, tag)
			}
		})
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
	if a := w.ask("GET", playerAddress(boardAddress(b), "zed")); a.StatusCode != http.StatusNotFound {
		t.Errorf("the scorecard of a player outside the first 3 answers %d", a.StatusCode)
	}
	latecomers := append(slices.Clone(people), person{"low", "Low", "south", 0, 0}, person{"high", "High", "south", 30, 0})
	w.week(b, latecomers, 0)
	if got := words(w.page(boardAddress(b)).Find(".news")); !strings.Contains(got, "High") || strings.Contains(got, "Low") {
		t.Errorf("the news is %q; it names who enters the first 3, nobody below", got)
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

func FuzzReadAsked(f *testing.F) {
	groups := []release.TagGroup{{Group: "region", Tags: []release.TagCount{{Tag: "north", Players: 60}, {Tag: "a:b", Players: 1}}}}
	for _, query := range []string{"", "tag=region:north", "tag=region:a:b&page=1", "page=3", "page=4", "page=-1", "page=9223372036854775807", "tag=", "tag=:", "page=03"} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		ask, err := readAsked(values, groups)
		if err != nil {
			return
		}
		if from := (ask.page - 1) * pageRows; ask.page < 1 || from < 0 {
			t.Errorf("%q asks for page %d", query, ask.page)
		}
		if ask.tag != "" && (ask.group != "region" || ask.tag != "north" && ask.tag != "a:b") {
			t.Errorf("%q asks for %q of %q", query, ask.tag, ask.group)
		}
	})
}

func FuzzReadPage(f *testing.F) {
	for _, query := range []string{"", "page=1", "page=2", "page=-1", "page=03", "page=9223372036854775807"} {
		f.Add(query, 120)
	}
	f.Fuzz(func(t *testing.T, query string, things int) {
		values, err := url.ParseQuery(query)
		if err != nil || things < 0 {
			return
		}
		if n, err := readPage(values, things, pageRows); err == nil && (n < 1 || n > 1 && (n-1)*pageRows >= things) {
			t.Errorf("%q asks for page %d of %d things", query, n, things)
		}
	})
}
