package web

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"cairn/internal/board"
	"cairn/internal/identity"
)

// sendFile sends a form with a file.
func (b *guest) sendFile(path, field, name, content string) answer {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile(field, name)
	if err != nil {
		b.t.Fatal(err)
	}
	_, _ = part.Write([]byte(content)) // into memory
	if err := form.Close(); err != nil {
		b.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return b.do(r)
}

// says returns the words of a page that must be there.
func (b *guest) says(path string) string {
	b.t.Helper()
	a := b.get(path)
	a.want(b.t, http.StatusOK, "")
	return words(mustRead(b.t, a.body).Find("main"))
}

func mustSay(t *testing.T, page string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q: %s", want, page)
		}
	}
}

func TestMe_HasOneNumberABoardAndWhatWaits(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	b := w.open(sheet(t, "public", ""), board.Settings{Name: "Harbour", Basis: board.OptIn}, nil, 0)
	other := w.open(sheet(t, "public", ""), board.Settings{Key: "second", Name: "Second", Basis: board.OptIn}, nil, 0)
	now := w.clock
	w.clock = now.AddDate(0, 0, -21) // nothing is counted from before somebody's word
	ada := w.signIn("ada@example.org")
	ada.join(b, board.Member{Key: "ada", Name: "Ada Lovelace"}, board.Choice{})
	for _, key := range []string{"bo", "chidi", "dil", "eve", "farah"} {
		w.signIn(key+"@example.org").join(b, board.Member{Key: key, Name: strings.ToUpper(key)}, board.Choice{})
	}
	w.clock = now
	weekly := []person{{"ada", "Ada Lovelace", "north", -2, 1}, {"bo", "Bo Ek", "south", -20, 3}}
	w.week(b, weekly, -2)
	w.week(b, weekly, -1)
	if _, err := w.boards.Invite(ctx, identity.Actor{}, other, []board.Member{{Name: "Ada", Email: "ada@example.org"}}); err != nil {
		t.Fatal(err)
	}
	g := w.guest()
	ada.Actor = g.in(ada.address)

	page := g.says("/me")
	mustSay(t, page, "Harbour", "Second", "See what it asks", "out of 100", "since Week 46", "Next step")
	doc := mustRead(t, g.get("/me").body)
	if n := doc.Find(".mine-score strong").Length(); n != 1 {
		t.Errorf("there are %d numbers of one board", n)
	}
	number := words(doc.Find(".mine-score strong"))

	if err := w.boards.SetShy(ctx, ada.Actor, b, true); err != nil {
		t.Fatal(err)
	}
	page = g.says("/me")
	mustSay(t, page, "You chose not to see your number", "Next step")
	if mustRead(t, g.get("/me").body).Find(".mine-score").Length() > 0 || strings.Contains(page, number) || strings.Contains(page, "since Week") {
		t.Errorf("somebody shy is told the number %s: %s", number, page)
	}
	if err := w.boards.Pause(ctx, ada.Actor, b); err != nil {
		t.Fatal(err)
	}
	mustSay(t, g.says("/me"), "pausing")
	if err := w.boards.Leave(ctx, ada.Actor, b, false); err != nil {
		t.Fatal(err)
	}
	mustSay(t, g.says("/me"), "left")
}

func TestMe_LeadsWhoeverLooksAfterABoardThere(t *testing.T) {
	w := newWorld(t)
	b := w.open(sheet(t, "public", ""), board.Settings{Name: "Harbour", Basis: board.OptIn}, nil, 0)
	for role, wanted := range map[board.Role]string{board.Owner: "/b/sales/manage", board.Manager: "/b/sales/manage", board.Steward: "/b/sales/manage", board.Coach: "/b/sales/coach", board.Viewer: "/b/sales"} {
		g := w.guest()
		who := visitor{w, g.in(string(role) + "@example.org"), string(role) + "@example.org", ""}
		scope := board.Scope{}
		if role == board.Coach {
			if _, err := w.boards.Enrol(t.Context(), b.ID, board.ByKey, []board.Member{{Key: "ada"}}); err != nil {
				t.Fatal(err)
			}
			scope.Players = []string{"ada"}
		}
		who.give(b, role, scope)
		g.get("/b/sales").want(t, http.StatusOK, "")
		link := mustRead(t, g.get("/me").body).Find(`.mine-links a[href="` + wanted + `"]`)
		if link.Length() != 1 {
			t.Errorf("a %s is not led to %s: %s", role, wanted, g.says("/me"))
			continue
		}
		g.get(wanted).want(t, http.StatusOK, "")
	}
}

func TestMe_TellsThatABoardWillBeSeenByMore(t *testing.T) {
	w := newWorld(t)
	b := w.open(sheet(t, "public", ""), board.Settings{Name: "Harbour", Basis: board.OptIn}, nil, 0)
	g := w.guest()
	ada := visitor{w, g.in("ada@example.org"), "ada@example.org", ""}
	ada.join(b, board.Member{Key: "ada", Name: "Ada"}, board.Choice{})
	if _, err := w.boards.Reveal(context.Background(), identity.Actor{}, b, board.Reveal{Stage: board.Open, Pages: b.Pages}); err != nil {
		t.Fatal(err)
	}
	mustSay(t, g.says("/me"), "Harbour will be seen by more people", "From 26 November 2026, 09:00 on: the board is public. Until then you can pause, hide or leave.")
}

func TestMe_AsksToReadANewerPrivacyNotice(t *testing.T) {
	w := newWorld(t)
	g := w.guest()
	ada := g.in("ada@example.org")
	if err := w.rooms.Identity.AcceptPolicy(context.Background(), ada, "0"); err != nil {
		t.Fatal(err)
	}
	mustSay(t, g.says("/me"), "The privacy notice was changed")
	g.send("/me/policy").leads(t, "/me?done=policy")
	if page := g.says("/me"); strings.Contains(page, "was changed") {
		t.Errorf("it asks again: %s", page)
	}
}

func TestMeProfile_IsKeptAndWhatIsWrongIsSaidBesideItsField(t *testing.T) {
	w := newWorld(t)
	g := w.guest()
	g.in("ada@example.org")
	g.send("/me/profile", "name", "Ada Lovelace", "bio", "Mathematics\r\nand engines", "zone", "Europe/Berlin", "link-text-1", "Notes", "link-1", "https://ada.example/notes").leads(t, "/me/profile?done=saved")
	doc := mustRead(t, g.get("/me/profile?done=saved").body)
	for name, want := range map[string]string{"name": "Ada Lovelace", "zone": "Europe/Berlin", "link-text-1": "Notes", "link-1": "https://ada.example/notes"} {
		if got := doc.Find(`input[name="`+name+`"]`).AttrOr("value", ""); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	mustSay(t, words(doc.Find("main")), "Saved.", "Mathematics and engines")
	a := g.send("/me/profile", "name", "Ada the second", "zone", "Atlantis/Nowhere")
	a.want(t, http.StatusUnprocessableEntity, "Not yet.")
	doc = mustRead(t, a.body)
	if doc.Find(`input[name="name"]`).AttrOr("value", "") != "Ada the second" || doc.Find(`input[name="zone"][aria-invalid]`).Length() != 1 {
		t.Errorf("what was typed is lost, or nothing says where it is wrong: %s", words(doc.Find("main")))
	}
	if mustRead(t, g.get("/me").body).Find("h1").Text() != "Ada Lovelace" {
		t.Error("a refused form changed the profile")
	}
	g.send("/me/profile/identifiers", "kind", "handle", "value", "ada").leads(t, "/me/profile?done=added")
	mustSay(t, g.says("/me/profile"), "ada", "your own word: nobody checked it", "proved by a link")
	g.send("/me/profile/identifiers/remove", "kind", "handle", "value", "ada").leads(t, "/me/profile?done=removed")
}

func TestMeProfile_RefusesWhatIsNoPicture(t *testing.T) {
	w := newWorld(t)
	g := w.guest()
	g.in("ada@example.org")
	g.get("/me/picture").want(t, http.StatusNotFound, "")
	g.sendFile("/me/profile/picture", "picture", "x.png", "not a picture").want(t, http.StatusUnprocessableEntity, "Not yet.")
	g.sendFile("/me/profile/picture", "picture", "x.png", strings.Repeat("x", 7<<20)).want(t, http.StatusUnprocessableEntity, "larger than 5 MB")
	g.send("/me/profile/picture").want(t, http.StatusUnprocessableEntity, "No file came")
}

func TestMeDoors_ShowATokenOnceAndEndIt(t *testing.T) {
	w := newWorld(t)
	g := w.guest()
	g.in("ada@example.org")
	a := g.send("/me/doors/token", "name", "weekly report", "scopes", "own:read", "days", "30")
	a.want(t, http.StatusOK, "It is never shown again")
	secret := words(mustRead(t, a.body).Find(".command code"))
	if !strings.HasPrefix(secret, "cairn_") {
		t.Fatalf("the token is %q", secret)
	}
	if actor, err := w.rooms.Identity.ByToken(context.Background(), secret); err != nil || !actor.May(identity.ReadOwn) || actor.May(identity.WriteOwn) {
		t.Errorf("the token gives %+v, %v", actor, err)
	}
	page := g.get("/me/doors")
	page.want(t, http.StatusOK, "weekly report")
	if strings.Contains(page.body, secret) {
		t.Error("the token is shown again")
	}
	id := mustRead(t, page.body).Find(`input[name="token"]`).AttrOr("value", "")
	g.send("/me/doors/token/revoke", "token", id).leads(t, "/me/doors?done=token-gone")
	if _, err := w.rooms.Identity.ByToken(context.Background(), secret); err == nil {
		t.Error("a token that was ended still works")
	}
	for _, wrong := range [][]string{{"name", "x", "days", "30"}, {"name", "x", "scopes", "all", "days", "30"}, {"name", "x", "scopes", "own:read", "days", "4000"}, {"name", "", "scopes", "own:read", "days", "30"}} {
		g.send("/me/doors/token", wrong...).want(t, http.StatusUnprocessableEntity, "Not yet.")
	}
}

func TestMeDoors_EndOnePlaceOrAll(t *testing.T) {
	w := newWorld(t)
	here, there, stranger := w.guest(), w.guest(), w.guest()
	here.in("ada@example.org")
	there.in("ada@example.org")
	eve := stranger.in("eve@example.org")
	doc := mustRead(t, here.get("/me/doors").body)
	if n := doc.Find(`input[name="session"]`).Length(); n != 2 {
		t.Fatalf("there are %d places", n)
	}
	here.send("/me/doors/sign-out", "session", eve.Session).want(t, http.StatusNotFound, "")
	stranger.get("/me").want(t, http.StatusOK, "")
	other := doc.Find("#sessions ~ .lines li").FilterFunction(func(_ int, li *goquery.Selection) bool { return li.Find(".level-chip").Length() == 0 })
	here.send("/me/doors/sign-out", "session", other.Find(`input[name="session"]`).AttrOr("value", "")).leads(t, "/me/doors?done=ended")
	there.get("/me").want(t, http.StatusUnauthorized, "")
	there.in("ada@example.org")
	here.send("/me/doors/sign-out-everywhere").want(t, http.StatusOK, "Signed out everywhere")
	here.get("/me").want(t, http.StatusUnauthorized, "")
	there.get("/me").want(t, http.StatusUnauthorized, "")
}

func TestMeSources_CountADayOnceAndTakeFiles(t *testing.T) {
	w := newWorld(t)
	g, other := w.guest(), w.guest()
	g.in("ada@example.org")
	other.in("eve@example.org")
	g.send("/me/sources/check-in", "day", "2026-11-22", "other", "calls", "number", "4").leads(t, "/me/sources?done=taken")
	g.send("/me/sources/check-in", "day", "2026-11-22", "other", "calls", "number", "5").leads(t, "/me/sources?done=taken")
	mustSay(t, g.says("/me/sources"), "check-in", "1 entry")
	mustSay(t, g.says("/me/sources/entries?source=check-in"), "calls", "5")
	for _, wrong := range [][]string{{"day", "2026-11-24", "other", "calls", "number", "4"}, {"day", "soon", "other", "calls", "number", "4"}, {"day", "2026-11-22"}, {"day", "2026-11-22", "other", "calls", "number", "many"}} {
		g.send("/me/sources/check-in", wrong...).want(t, http.StatusUnprocessableEntity, "Not yet.")
	}

	const wide = "day,Calls,notes\n2026-11-16,3,1\n2026-11-17,,2\n2026-11-18,four,2\n"
	g.sendFile("/me/sources", "file", "mine.csv", wide).want(t, http.StatusUnprocessableEntity, "1 row was not")
	mustSay(t, g.says("/me/sources"), "mine.csv", "3 entries")
	g.sendFile("/me/sources", "file", "mine.csv", strings.Replace(wide, "four", "4", 1)).leads(t, "/me/sources?done=taken")
	mustSay(t, g.says("/me/sources"), "5 entries, 16 November 2026 to 18 November 2026")
	g.sendFile("/me/sources", "file", "long.csv", "at,key,value\n2026-11-16T10:00:00Z,calls,1\n2026-11-16T10:00:00Z,calls,1\n").leads(t, "/me/sources?done=taken")
	mustSay(t, g.says("/me/sources"), "long.csv 2 entries")
	g.sendFile("/me/sources", "file", "Connections.csv", "Notes:\n\nFirst Name,Last Name,URL,Email Address,Company,Position,Connected On\nBo,Ek,,,X,Y,16 Nov 2026\nCy,Ek,,,X,Y,16 Nov 2026\n").leads(t, "/me/sources?done=taken")
	mustSay(t, g.says("/me/sources/entries?source=linkedin-connections"), "new_connections", "2")
	for name, wrong := range map[string]string{"no day.csv": "calls\n3\n", "nothing.csv": "day\n2026-11-16\n", "empty.csv": "", "old.xls": "\xd0\xcf\x11\xe0 old"} {
		g.sendFile("/me/sources", "file", name, wrong).want(t, http.StatusUnprocessableEntity, "Not yet.")
	}

	if page := other.says("/me/sources"); strings.Contains(page, "mine.csv") {
		t.Errorf("somebody else sees it: %s", page)
	}
	mustSay(t, other.says("/me/sources/entries?source=mine.csv"), "There is nothing here")
	other.send("/me/sources/delete", "source", "mine.csv").want(t, http.StatusNotFound, "")
	id := mustRead(t, g.get("/me/sources/entries?source=long.csv").body).Find(`input[name="entry"]`).First().AttrOr("value", "")
	g.send("/me/sources/delete", "source", "long.csv", "entry", id).leads(t, "/me/sources/entries?done=entry-gone&source=long.csv")
	mustSay(t, g.says("/me/sources"), "long.csv 1 entry")
	g.send("/me/sources/delete", "source", "mine.csv").leads(t, "/me/sources?done=gone")
	if page := g.says("/me/sources"); strings.Contains(page, "mine.csv") {
		t.Errorf("it is still there: %s", page)
	}
}

func TestMeRecord_ExportIsWholeAndErasingLeavesNobody(t *testing.T) {
	w := newWorld(t)
	g := w.guest()
	ada := g.in("ada@example.org")
	g.send("/me/profile", "name", "Ada Lovelace").leads(t, "/me/profile?done=saved")
	a := g.send("/me/record/export")
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "application/zip" || a.Header.Get("Cache-Control") != "no-store" || !strings.Contains(a.Header.Get("Content-Disposition"), ".zip") {
		t.Fatalf("exporting answers %d %v", a.StatusCode, a.Header)
	}
	files, err := zip.NewReader(strings.NewReader(a.body), int64(len(a.body)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files.File {
		names = append(names, f.Name)
	}
	if len(names) < 3 || !strings.Contains(strings.Join(names, " "), "README") {
		t.Errorf("the export holds %v", names)
	}

	g.send("/me/record/erase", "confirm", "yes").want(t, http.StatusUnprocessableEntity, "Nothing was erased")
	g.get("/me").want(t, http.StatusOK, "Ada Lovelace")
	g.send("/me/record/erase", "confirm", " Erase my record ").want(t, http.StatusOK, "Your record is gone")
	g.get("/me").want(t, http.StatusUnauthorized, "")
	if _, err := w.rooms.Identity.Account(context.Background(), ada.Account); err == nil {
		t.Error("the account is still there")
	}
}

func TestMeRecord_TheLastOwnerIsToldWhoFollows(t *testing.T) {
	w := newWorld(t)
	b := w.open(sheet(t, "public", ""), board.Settings{Name: "Harbour"}, nil, 0)
	g := w.guest()
	ada := visitor{w, g.in("ada@example.org"), "ada@example.org", ""}
	ada.give(b, board.Owner, board.Scope{})
	mustSay(t, g.says("/me/record/erase"), "You are the last owner of Harbour")
	bo := visitor{w, w.guest().in("bo@example.org"), "bo@example.org", ""}
	bo.give(b, board.Owner, board.Scope{})
	if page := g.says("/me/record/erase"); strings.Contains(page, "last owner") {
		t.Errorf("of two owners one is called the last: %s", page)
	}
}

func TestMeRecord_TwoBecomeOneOnceBothWereProvedAndTwoAgain(t *testing.T) {
	w := newWorld(t)
	g := w.guest()
	stays := g.in("ada@example.org")
	g.send("/me/record/merge/begin").leads(t, "/sign-in?next=%2Fme%2Frecord%2Fmerge")
	mustSay(t, g.says("/sign-in?next=%2Fme%2Frecord%2Fmerge"), "sign in to your other record")
	if g.cookies["__Host-cairn"] != nil {
		t.Fatal("the first session is still the browser's")
	}
	goes := g.in("ada@home.example")
	mustSay(t, g.says("/me/record/merge"), "ada@example.org", "ada@home.example", "Make them one")
	if _, err := w.rooms.Identity.Account(context.Background(), goes.Account); err != nil {
		t.Fatal(err)
	}
	g.send("/me/record/merge", "yes", "yes").leads(t, "/me/record?done=merged")
	mustSay(t, g.says("/me/doors"), "ada@example.org", "ada@home.example")
	if g.cookies["__Host-cairn-merge"] != nil {
		t.Error("the session that waited is kept twice")
	}
	doc := mustRead(t, g.get("/me/record").body)
	mustSay(t, words(doc.Find("main")), "Until 23 December 2026 that can be undone")
	g.send("/me/record/unmerge", "merge", doc.Find(`input[name="merge"]`).AttrOr("value", "")).want(t, http.StatusOK, "two records again")
	if again := g.in("ada@home.example"); again.Account != goes.Account || again.Account == stays.Account {
		t.Errorf("the address leads to %s", again.Account)
	}
}

func TestMeRecord_MergingIsCalledOffOrRefusedWithoutChange(t *testing.T) {
	w := newWorld(t)
	g := w.guest()
	g.in("ada@example.org")
	g.get("/me/record/merge").want(t, http.StatusConflict, "Nothing waits to be joined")
	g.send("/me/record/merge/begin")
	g.in("ada@example.org")
	g.get("/me/record/merge").want(t, http.StatusConflict, "That is the same record")

	stays := g.in("ada@example.org")
	g.send("/me/record/merge/begin")
	g.in("ada@home.example")
	g.send("/me/record/merge").leads(t, "/me/record")
	actor, err := w.rooms.Identity.Actor(context.Background(), g.cookies["__Host-cairn"].Value, identity.Device{Agent: g.agent})
	if err != nil || actor.Account != stays.Account {
		t.Errorf("called off, the browser is signed in as %v, %v", actor, err)
	}

	g.send("/me/record/merge/begin")
	w.clock = w.clock.Add(identity.ProofLasts + time.Second)
	g.in("ada@home.example")
	g.send("/me/record/merge", "yes", "yes").want(t, http.StatusForbidden, "Not yet.")
}

func TestMeTrail_TellsWhatWasDoneToTheRecord(t *testing.T) {
	w := newWorld(t)
	g := w.guest()
	g.in("ada@example.org")
	for n := range 60 {
		g.send("/me/profile", "name", fmt.Sprintf("Ada %d", n)).leads(t, "/me/profile?done=saved")
	}
	g.send("/me/doors/token", "name", "x", "scopes", "own:read", "days", "1").want(t, http.StatusOK, "")
	doc := mustRead(t, g.get("/me/trail").body)
	mustSay(t, words(doc.Find("main")), "made a token", "You")
	earlier := doc.Find(`a[rel="next"]`).AttrOr("href", "")
	if earlier == "" {
		t.Fatal("sixty events stand on one page of fifty")
	}
	mustSay(t, g.says(earlier), "signed in")
}

func TestMeTrail_HasWordsForEveryVerb(t *testing.T) {
	rooms, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	verb := regexp.MustCompile(`"((?:session|operator|policy|address|passkey|provider|token|profile|identifier|source|entry|record|grant|member|board|release|hook)\.[a-z]+(?:\.[a-z]+)?)"`)
	found := map[string]bool{}
	for _, path := range rooms {
		if strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "../web/") || path == "../hook/hook.go" { // the words of hooks, for others
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range verb.FindAllStringSubmatch(string(text), -1) {
			if !strings.HasSuffix(m[1], ".json") && m[1] != "passkey.use" { // files of the export; a kind of ceremony
				found[m[1]] = true
			}
		}
	}
	if len(found) < 20 {
		t.Fatalf("only %d verbs were found", len(found))
	}
	for _, verb := range sortedKeys(found) {
		if verbs[verb] == "" {
			t.Errorf("nothing says what %s is", verb)
		}
	}
}

func TestMe_EveryPageOfOnesOwnIsForNobodyElseAndKeptByNobody(t *testing.T) {
	w := newWorld(t)
	g := w.guest()
	g.in("ada@example.org")
	n := 0
	for _, r := range routes {
		path, ok := strings.CutPrefix(r.pattern, "GET ")
		if !ok || !strings.HasPrefix(path, "/me") {
			continue
		}
		n++
		w.guest().get(path).want(t, http.StatusUnauthorized, "whoever is signed in")
		if a := g.get(path); a.StatusCode == http.StatusOK && a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s is kept: %s", path, a.Header.Get("Cache-Control"))
		}
	}
	if n < 8 {
		t.Errorf("only %d pages of one's own", n)
	}
}
