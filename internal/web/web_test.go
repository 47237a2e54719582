package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/jba/templatecheck"

	"cairn/internal/board"
	"cairn/internal/entry"
)

func TestTemplates_FitTheirPages(t *testing.T) {
	pages, err := parsePages()
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]any{"home": homePage{}, "board_show": boardPage{}, "player_show": playerPage{}, "journey_show": journeyPage{}, "methodology_show": methodologyPage{}, "archive_show": archivePage{}, "error": errorPage{},
		"sign_in": signInPage{}, "sign_in_link": linkPage{}, "sign_in_operator": operatorPage{}, "sign_in_prove": provePage{}, "word": wordPage{}, "privacy_show": privacyPage{},
		"me_show": mePage{}, "me_profile": profilePage{}, "me_doors": doorsPage{}, "me_sources": sourcesPage{}, "me_entries": entriesPage{}, "me_record": recordPage{},
		"me_erase": erasePage{}, "me_merge": mergePage{}, "me_trail": trailPage{},
		"join_show": joinPage{}, "join_end": joinEnd{}, "membership_show": membershipPage{}, "membership_claim": claimPage{}, "manage_show": managePage{}, "manage_members": membersPage{},
		"manage_member": memberPage{}, "manage_invite": invitePage{}, "manage_roles": rolesPage{}, "manage_hooks": hooksPage{}, "manage_hooks_one": hookPage{}, "manage_hooks_message": messagePage{}, "manage_claims": claimsPage{}, "manage_reveal": revealPage{}, "manage_terms": termsPage{},
		"manage_plan": planPage{}, "manage_scorecard": scorecardPage{}, "manage_data": dataPage{}, "manage_sources": connectionsPage{}, "manage_source": connectionPage{}, "manage_releases": releasesPage{}, "manage_report": reportPage{}, "manage_trail": boardTrailPage{},
		"told": toldPage{}, "check_in": checkInPage{}, "letter_how": letterHow{}, "letter_stop": stopPage{},
		"share_show": sharePage{}, "share_made": linksPage{}, "embed_board": embedBoardPage{}, "embed_card": embedCardPage{}, "wall_show": wallPage{}, "wall_made": wallsPage{},
		"manage_targets": targetsPage{}, "manage_uplift": upliftPage{}, "manage_labels": labelsPage{}, "board_start": startPage{}, "board_new": newPage{}, "manage_settings": settingsPage{}, "manage_look": lookPage{}, "manage_rhythm": rhythmPage{}, "manage_newsletter": newsletterPage{}, "operate_jobs": operatePage{}, "coach_queue": coachPage{}, "coach_player": coachedPage{},
		"manage_tips": tipsPage{}, "manage_tip": tipPage{}, "manage_library": libraryPage{}, "help_show": helpPage{}, "help_edit": helpEditPage{}, "ask_show": askPage{}, "ask_list": questionsPage{}, "ask_question": questionPage{}}
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
		if got := get.Header.Get("Cache-Control") + "; " + get.Header.Get("Vary"); got != "public, no-cache; Cookie" {
			t.Errorf("%s: kept as %q: who is on it may hide tomorrow", path, got)
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
	if recorder.Code != http.StatusInternalServerError || len(number) != 36 || !strings.Contains(logged.String(), number) || !strings.Contains(logged.String(), "stumbled") || !strings.Contains(logged.String(), "web_test.go") {
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
	if old.StatusCode != http.StatusOK || old.body != current.body || old.Header.Get("Cache-Control") != "public, no-cache" {
		t.Errorf("a page kept since an older version gets %d %v", old.StatusCode, old.Header)
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
