package web

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// upload sends a form with a file.
func (b *guest) upload(path, field, name, content string, fields ...string) answer {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i+1 < len(fields); i += 2 {
		if err := form.WriteField(fields[i], fields[i+1]); err != nil {
			b.t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile(field, name)
	if err == nil {
		_, err = part.Write([]byte(content))
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		b.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return b.do(r)
}

// with signs somebody in who has a role on the board.
func (c *club) with(role board.Role, scope board.Scope) *guest {
	c.t.Helper()
	address := string(role) + ".here@example.org"
	if err := c.boards.GiveRole(context.Background(), c.as, c.board, address, role, scope); err != nil {
		c.t.Fatal(err)
	}
	g := c.guest()
	g.in(address)
	return g
}

// managing is every page on which a board by opt-in is managed.
var managing = []string{"", "/members", "/invite", "/data", "/releases", "/scorecard", "/terms", "/plan", "/reveal", "/roles", "/report", "/trail", "/board.yaml"}

func TestManage_StewardsReadAllOfItAndSeeNoFormThatChangesAnything(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	c.joins("Ada Lovelace", "all", "yes")
	steward := c.with(board.Steward, board.Scope{})
	for _, path := range append([]string{"/members/" + c.member("Ada Lovelace").Key}, managing...) {
		c.manager.get(c.at("/manage"+path)).want(t, http.StatusOK, "")
		a := steward.get(c.at("/manage" + path))
		a.want(t, http.StatusOK, "")
		if strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
			if forms := mustRead(t, a.body).Find(`main form[method="post"] button`); forms.Length() != 0 {
				t.Errorf("%s: a steward may press %q", path, words(forms))
			}
		}
	}
}

func TestManage_IsNotThereForAnyoneElse(t *testing.T) {
	c := newWorld(t).club(board.Settings{Stage: board.Open})
	member := c.joins("Ada Lovelace", "all", "yes")
	key := c.member("Ada Lovelace").Key
	coach := c.with(board.Coach, board.Scope{Players: []string{key}})
	stranger := c.guest()
	stranger.in("eve@example.org")
	for _, g := range []*guest{member, coach, stranger} {
		absent := g.get("/b/absent/manage")
		for _, path := range append([]string{"/members/" + key}, managing...) {
			if a := g.get(c.at("/manage" + path)); a.StatusCode != http.StatusNotFound || a.body != absent.body {
				t.Errorf("%s answers %d and not like what is absent", path, a.StatusCode)
			}
		}
	}
}

func TestManage_ThingsOfAnotherBoardAreNotThere(t *testing.T) {
	w := newWorld(t)
	c := w.club(board.Settings{Key: "mine"})
	other := w.record()
	ctx := context.Background()
	foreign, err := c.boards.Create(ctx, sheet(t, "player", ""), board.Settings{Key: "foreign", Basis: board.OptIn})
	if err != nil {
		t.Fatal(err)
	}
	sent, err := c.boards.Invite(ctx, identity.Actor{}, foreign, []board.Member{{Name: "Far Away"}})
	if err != nil || sent[0].Error != nil {
		t.Fatal(err, sent)
	}
	invitations, err := c.boards.Invitations(ctx, foreign)
	if err != nil || len(invitations) != 1 {
		t.Fatal(err, invitations)
	}
	absent := c.manager.get("/nothing").body
	for name, a := range map[string]answer{
		"member":      c.manager.get(c.at("/manage/members/" + sent[0].Person.Key)),
		"tags":        c.manager.send(c.at("/manage/members/"+sent[0].Person.Key+"/tags"), "tag.region", "x"),
		"note":        c.manager.send(c.at("/manage/members/"+sent[0].Person.Key+"/notes"), "text", "x"),
		"off":         c.manager.send(c.at("/manage/members/"+sent[0].Person.Key+"/off"), "x", "x"),
		"invitation":  c.manager.send(c.at("/manage/invite/revoke"), "id", invitations[0].ID),
		"claims":      c.manager.get(c.at("/manage/claims")),
		"invite":      other.manager.get(other.at("/manage/invite")),
		"other board": other.manager.get(c.at("/manage")),
		"no role":     other.manager.get("/b/foreign/manage"),
	} {
		if a.StatusCode != http.StatusNotFound || name != "invite" && a.body != absent {
			t.Errorf("%s answers %d, not like what is absent", name, a.StatusCode)
		}
	}
	if left, err := c.boards.Invitations(ctx, foreign); err != nil || len(left) != 1 {
		t.Errorf("another board's invitation was taken back: %v %v", left, err)
	}
}

func TestManage_InvitesByListByOpenLinkAndTakesBack(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	at := c.at("/manage/invite")
	a := c.manager.send(at, "people", "Ada Lovelace\nBo Ek <bo@example.org>\nBo Ek <bo@example.org>")
	a.want(t, http.StatusUnprocessableEntity, "Line 3 names the same address as line 2.")
	if typed := mustRead(t, a.body).Find("textarea").Text(); !strings.Contains(typed, "Ada Lovelace") {
		t.Errorf("what was typed is lost: %q", typed)
	}
	a = c.manager.send(at, "people", "Ada Lovelace\r\nBo Ek <bo@example.org>\r\n")
	a.want(t, http.StatusOK, "2 links are for you to hand over") // no mail can be sent here
	doc := mustRead(t, a.body)
	links := doc.Find(".sent code")
	if links.Length() != 2 || !strings.HasPrefix(words(links.First()), "https://cairn.example/join/") {
		t.Errorf("the links are %q", words(links))
	}
	if strings.Contains(c.manager.get(at).body, "/join/") {
		t.Error("a link is shown twice")
	}
	c.guest().get(strings.TrimPrefix(words(links.First()), "https://cairn.example")).want(t, http.StatusOK, "Will you join")

	for _, bad := range [][2]string{{"0", "2026-12-24"}, {"x", "2026-12-24"}, {"3", "yesterday"}, {"3", "2026-01-01"}, {"3", "2099-01-01"}} {
		c.manager.send(at+"/link", "uses", bad[0], "expires", bad[1]).want(t, http.StatusUnprocessableEntity, "Not yet.")
	}
	c.manager.send(at+"/link", "uses", "3", "expires", "2026-12-24").want(t, http.StatusOK, "Whoever has it can join.")

	page := mustRead(t, c.manager.get(at).body)
	rows := page.Find("table tbody tr")
	if rows.Length() != 3 {
		t.Fatalf("%d invitations wait", rows.Length())
	}
	id := page.Find(`tr:contains("Ada Lovelace") input[name="id"]`).AttrOr("value", "")
	c.manager.send(at+"/revoke", "id", id).leads(t, at+"?done=revoked")
	c.guest().get(strings.TrimPrefix(words(links.First()), "https://cairn.example")).want(t, http.StatusNotFound, "This invitation was taken back")
	c.manager.send(at, "people", " \n ").want(t, http.StatusUnprocessableEntity, "Name somebody")
}

func TestManage_ListsMembersByStateAndSearch(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	c.joins("Ada Lovelace", "all", "yes")
	c.link("Bo Ek")
	c.link("<b>Mallory</b>")
	names := func(query string) (found []string) {
		mustRead(t, c.manager.get(c.at("/manage/members"+query)).body).Find("table.members tbody th a").Each(func(_ int, a *goquery.Selection) { found = append(found, words(a)) })
		return found
	}
	for query, want := range map[string]string{"": "<b>Mallory</b> Ada Lovelace Bo Ek", "?state=accepted": "Ada Lovelace", "?state=invited": "<b>Mallory</b> Bo Ek", "?q=ADA": "Ada Lovelace", "?q=nobody": "", "?state=nonsense": ""} {
		if got := strings.Join(names(query), " "); got != want {
			t.Errorf("%q lists %q, want %q", query, got, want)
		}
	}
	c.manager.get(c.at("/manage/members?page=2")).want(t, http.StatusNotFound, "")
	for i := range membersAPage {
		c.link(fmt.Sprintf("Person %03d", i))
	}
	if more := mustRead(t, c.manager.get(c.at("/manage/members?state=invited")).body).Find(`a[rel="next"]`).AttrOr("href", ""); more != c.at("/manage/members?page=2&state=invited") {
		t.Errorf("the next page is %q", more)
	}
}

func TestManage_TagsNotesAndTakingOff(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	ada := c.joins("Ada Lovelace", "all", "yes")
	at := c.at("/manage/members/" + c.member("Ada Lovelace").Key)
	c.manager.send(at+"/tags", "tag.region", "north").leads(t, at+"?done=tags")
	if tag := c.member("Ada Lovelace").Tags["region"]; tag != "north" {
		t.Errorf("her region is %q", tag)
	}
	c.manager.send(at+"/tags", "tag.region", strings.Repeat("n", 300)).want(t, http.StatusUnprocessableEntity, "longer than 200")
	c.manager.send(at+"/notes", "text", "  ").want(t, http.StatusUnprocessableEntity, "The note is empty")
	c.manager.send(at+"/notes", "text", "Likes mornings.").leads(t, at+"?done=note")
	c.manager.get(at).want(t, http.StatusOK, "Likes mornings.")
	c.manager.get(at).want(t, http.StatusOK, "The player reads the same receipts.")
	c.manager.send(at+"/off").leads(t, c.at("/manage/members?done=off"))
	if state := c.member("Ada Lovelace").State; state != board.Left {
		t.Errorf("she is %s", state)
	}
	ada.get(c.at("/membership")).want(t, http.StatusOK, "in no release any more")
	c.manager.send(at+"/back").want(t, http.StatusConflict, "by their own word")
}

// From an empty board to a final release by the pages alone: data, draft, publish, and a new edition of what was wrong.
func TestManage_FromDataToAReleaseAndItsCorrection(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	c.joins("Ada Lovelace", "all", "yes")
	c.joins("Bo Ek", "grant", "calls")
	data := func(calls string) string {
		return "player,at,calls,answers\n" + c.member("Ada Lovelace").Key + ",2026-11-17," + calls + ",8\n" + c.member("Bo Ek").Key + ",2026-11-17,3,9\n"
	}
	at := c.at("/manage/data")
	a := c.manager.upload(at, "file", "week.csv", "player,at,calls\nada,2026-11-17,many\n", "dry", "yes")
	a.want(t, http.StatusOK, "nothing was added")
	if problems := mustRead(t, a.body).Find(".problems li"); problems.Length() != 1 || !strings.Contains(words(problems), "week.csv:2") {
		t.Errorf("the problems are %q", words(problems))
	}
	c.manager.upload(at, "file", "", "").want(t, http.StatusUnprocessableEntity, "Choose a file first")
	c.manager.upload(at, "file", "x.csv", "nonsense").want(t, http.StatusUnprocessableEntity, "")
	c.manager.upload(at, "file", "x.csv", data("7"), "preset", "no such export").want(t, http.StatusUnprocessableEntity, "no such export")
	c.manager.upload(at, "file", "x.csv", data("7"), "mapping", "mapping: x").want(t, http.StatusUnprocessableEntity, "Not yet.")
	undated := c.manager.upload(at, "file", "x.csv", "player,calls\nstranger,3\n")
	undated.want(t, http.StatusUnprocessableEntity, "More about the file")
	if strings.Contains(undated.body, "--period") {
		t.Error("a page speaks of a flag of the command line")
	}
	c.manager.upload(at, "file", "x.csv", "player,calls\nstranger,3\n", "period", "2026-W47").want(t, http.StatusOK, "1 of its people has not accepted an invitation and is not scored before: stranger.")
	c.manager.upload(at, "file", `C:\home\week 47.csv`, data("7")).want(t, http.StatusOK, "4 entries added.")
	c.manager.upload(at, "file", "week 47.csv", data("7")).want(t, http.StatusOK, "0 entries added, 4 already there.")
	c.manager.get(at).want(t, http.StatusOK, "week 47")
	if trail := words(mustRead(t, c.manager.get(c.at("/manage/trail")).body).Find("main")); strings.Count(trail, "brought data") != 2 {
		t.Errorf("what was brought is not told in the trail, each time once: %s", trail)
	}

	releases := c.at("/manage/releases")
	c.manager.send(releases+"/draft", "period", "2026-W99").want(t, http.StatusUnprocessableEntity, "")
	c.manager.send(releases+"/draft", "period", "2026-W47").leads(t, releases+"?done=drafted&period=2026-W47")
	draft := mustRead(t, c.manager.get(releases+"?done=drafted&period=2026-W47").body)
	if rows := draft.Find("table.draft tbody tr"); rows.Length() != 2 {
		t.Fatalf("the draft shows %q", words(draft.Find("main")))
	}
	if _, err := c.releases.Latest(context.Background(), c.board); fault.Of(err) != fault.NotFound {
		t.Errorf("a draft is out: %v", err)
	}
	c.manager.send(releases+"/publish", "period", "2026-W48").want(t, http.StatusConflict, "")
	c.manager.send(releases+"/publish", "period", "2026-W47").leads(t, releases+"?done=published")
	c.manager.send(releases+"/publish", "period", "2026-W47").want(t, http.StatusConflict, "")
	c.manager.send(releases+"/correct", "wrong", "2026-W47", "reason", "").want(t, http.StatusUnprocessableEntity, "")
	c.manager.send(releases+"/correct", "wrong", "2026-W47", "reason", "nothing was wrong").want(t, http.StatusConflict, "")
	c.manager.upload(at, "file", "week 47.csv", strings.Replace(data("7"), ",7,8", ",9,8", 1), "how", "amend").want(t, http.StatusOK, "")
	c.manager.send(releases+"/correct", "wrong", "2026-W47", "reason", "calls were miscounted").leads(t, releases+"?done=erratum")
	c.manager.get(releases).want(t, http.StatusOK, "edition 2 Calls were miscounted.")
}

func TestManage_TermsAskTheTwoQuestionsWhereOthersSeeANumber(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	at := c.at("/manage/terms")
	answers := []string{"purpose", "To get better.", "gives", "Your own card."}
	for _, metric := range []string{"calls", "notes", "answers", "hours"} {
		answers = append(answers, metric+".from", "board", metric+".purpose", "It counts.", metric+".gives", "A tip.")
	}
	a := c.manager.send(at, answers...)
	a.want(t, http.StatusUnprocessableEntity, "say whether showing it adds value")
	doc := mustRead(t, a.body)
	if wrong := doc.Find(`[aria-invalid="true"]`); wrong.AttrOr("name", "") != "calls.value" || doc.Find(".problem a").AttrOr("href", "") != "#"+wrong.AttrOr("id", "") {
		t.Errorf("the field %q is marked, the head leads to %q", wrong.AttrOr("name", ""), doc.Find(".problem a").AttrOr("href", ""))
	}
	if gives := doc.Find(`[name="calls.gives"]`).AttrOr("value", ""); gives != "A tip." {
		t.Errorf("what was typed is lost: %q", gives)
	}
	for _, metric := range []string{"calls", "notes", "hours"} {
		answers = append(answers, metric+".value", "It starts talk.", metric+".to_whom", "Newcomers.")
	}
	c.manager.send(at, answers...).leads(t, at+"?done=terms")
	c.manager.get(at).want(t, http.StatusOK, "Version 1 is in force.")
	path := c.link("Ada Lovelace")
	c.guest().get(path).want(t, http.StatusOK, "It starts talk. Newcomers.")
	answers[1] = strings.Repeat("x", 3000)
	c.manager.send(at, answers...).want(t, http.StatusUnprocessableEntity, "2000 characters")
}

func TestManage_PlanIsKept(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	at := c.at("/manage/plan")
	c.manager.send(at, "goal", "More answers", "measure", "CRM", "target", "10 %", "review", "someday").want(t, http.StatusUnprocessableEntity, "2027-03-31")
	c.manager.send(at, "goal", "More answers", "measure", "CRM", "target", "10 %", "review", "2027-03-31", "tag.region", "player").leads(t, at+"?done=plan")
	page := mustRead(t, c.manager.get(at).body)
	if page.Find(`[name="goal"]`).Text() != "\nMore answers" && strings.TrimSpace(page.Find(`[name="goal"]`).Text()) != "More answers" || page.Find(`[name="tag.region"][checked]`).AttrOr("value", "") != "player" {
		t.Errorf("the plan shows %q", words(page.Find("main")))
	}
	c.manager.get(c.at("/manage/report")).want(t, http.StatusOK, "More answers")
	c.manager.send(at, "talk", "javascript:alert(1)").want(t, http.StatusUnprocessableEntity, "begins with https://")
	c.manager.send(at, "talk", "https://chat.example/club", "prize", "A car.").leads(t, at+"?done=plan")
	c.manager.get(at).want(t, http.StatusOK, "A prize pays for the number")
	if to := mustRead(t, c.manager.get(c.at("")).body).Find("#talk").AttrOr("href", ""); to != "https://chat.example/club" {
		t.Errorf("the board leads to the conversation at %q", to)
	}
	c.manager.get(c.at("/methodology")).want(t, http.StatusOK, "Something is won here beside the score: A car.")
}

func TestManage_SettingsAreKeptAndALongerLeaderboardIsAnnounced(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	c.joins("Ada Lovelace", "all", "yes")
	at := c.at("/manage/settings")
	fields := func(top string) []string {
		return []string{"name", "Another name", "top", top, "smallest", "7", "retention", "30", "owner", "Mara", "licence", "CC-BY-4.0"}
	}
	c.manager.send(at, fields("many")...).want(t, http.StatusUnprocessableEntity, `"many" is no whole number`)
	c.manager.send(at, fields("-1")...).want(t, http.StatusUnprocessableEntity, "N is 1 or more")
	c.manager.send(at, "name", "", "top", "3", "smallest", "7", "retention", "30").want(t, http.StatusUnprocessableEntity, "needs a name")
	c.manager.send(at, "name", "Club", "top", "3", "smallest", "2", "retention", "30").want(t, http.StatusUnprocessableEntity, "5 or more")
	c.manager.send(at, fields("3")...).leads(t, at+"?done=settings")
	c.manager.get(at).want(t, http.StatusOK, "Another name")
	c.manager.send(at, fields("20")...).leads(t, c.at("/manage/reveal")+"?done=announced")
	page := mustRead(t, c.manager.get(at).body)
	for name, want := range map[string]string{"name": "Another name", "top": "3", "smallest": "7", "retention": "30", "licence": "CC-BY-4.0"} {
		if got := page.Find(`[name="`+name+`"]`).AttrOr("value", ""); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestManage_StepsWiderAreAnnouncedAndTakenBack(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	c.joins("Ada Lovelace", "all", "yes")
	at := c.at("/manage/reveal")
	wide := []string{"stage", "public", "leaderboard", "everyone", "scorecards", "player", "history", "player"}
	c.manager.send(at, wide...).leads(t, at+"?done=announced")
	c.manager.get(at).want(t, http.StatusOK, "From 26 November 2026")
	c.guest().get(c.at("")).want(t, http.StatusNotFound, "")
	c.manager.send(at+"/back").leads(t, at+"?done=back")
	c.manager.send(at, "stage", "stealth", "leaderboard", "managers", "scorecards", "managers", "history", "managers").leads(t, at+"?done=revealed")
	c.manager.send(at, "stage", "everywhere", "leaderboard", "everyone", "scorecards", "player", "history", "player").want(t, http.StatusUnprocessableEntity, "everywhere")
	c.manager.send(at).want(t, http.StatusUnprocessableEntity, "")
}

func TestManage_RolesAreGivenAndTakenByOwnersAlone(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	c.joins("Ada Lovelace", "all", "yes")
	key := c.member("Ada Lovelace").Key
	at := c.at("/manage/roles")
	manager := c.with(board.Manager, board.Scope{})
	manager.send(at, "address", "eve@example.org", "role", "owner").want(t, http.StatusNotFound, "")
	if mustRead(t, manager.get(at).body).Find("main form").Length() != 0 {
		t.Error("a manager is offered to give roles")
	}
	for field, bad := range map[string][]string{
		"address": {"address", "nobody", "role", "viewer"},
		"role":    {"address", "eve@example.org", "role", "king"},
		"players": {"address", "eve@example.org", "role", "coach", "players", "absent"},
		"tags":    {"address", "eve@example.org", "role", "coach", "tags", "shoe: 42"},
		"metrics": {"address", "eve@example.org", "role", "coach", "metrics", "absent"},
	} {
		a := c.manager.send(at, bad...)
		a.want(t, http.StatusUnprocessableEntity, "Not yet.")
		if to := mustRead(t, a.body).Find(".problem a").AttrOr("href", ""); to != "#manage_roles-"+field {
			t.Errorf("a wrong %s is told at %q", field, to)
		}
	}
	c.manager.send(at, "address", "Coach@Example.org", "role", "coach", "players", key, "tags", "region: north\nregion: south", "metrics", "calls").leads(t, at+"?done=role")
	page := mustRead(t, c.manager.get(at).body)
	if row := words(page.Find(`tr:contains("coach@example.org")`)); !strings.Contains(row, "whoever has region north and south") || !strings.Contains(row, "Calls") {
		t.Errorf("the coach's row says %q", row)
	}
	own := page.Find(`tr:contains("manager@example.org") form`).First()
	c.manager.send(at+"/take", "account", own.Find(`[name="account"]`).AttrOr("value", ""), "address", own.Find(`[name="address"]`).AttrOr("value", "")).want(t, http.StatusConflict, "")
	coach := page.Find(`tr:contains("coach@example.org") form`)
	take := []string{"account", coach.Find(`[name="account"]`).AttrOr("value", ""), "address", coach.Find(`[name="address"]`).AttrOr("value", "")}
	c.manager.send(at+"/take", take...).leads(t, at+"?done=taken")
	c.manager.send(at+"/take", take...).want(t, http.StatusConflict, "Nobody has that role any more")

	heir := c.with(board.Owner, board.Scope{})
	heir.get(at).want(t, http.StatusOK, "")
	own = mustRead(t, c.manager.get(at).body).Find(`tr:contains("manager@example.org") form`).First()
	c.manager.send(at+"/take", "account", own.Find(`[name="account"]`).AttrOr("value", ""), "address", own.Find(`[name="address"]`).AttrOr("value", "")).leads(t, "/me?done=handed")
	c.manager.get("/me?done=handed").want(t, http.StatusOK, "You look after that board no longer")
}

func TestManage_OnAClosedBoardNobodyIsCalledASteward(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	if err := c.boards.Suspend(context.Background(), identity.Actor{}, c.board, "A pause until January."); err != nil {
		t.Fatal(err)
	}
	page := words(mustRead(t, c.manager.get(c.at("/manage")).body).Find("main"))
	if !strings.Contains(page, "A pause until January.") || strings.Contains(page, "A steward sees everything") {
		t.Errorf("it says %q", page)
	}
}

func TestManage_AScorecardIsCheckedLineByLineBeforeItIsInForce(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	at := c.at("/manage/scorecard")
	text := strings.ReplaceAll(strings.ReplaceAll(sales, "AUDIENCE", "player"), "\n", "\r\n") // as browsers send it
	a := c.manager.send(at, "scorecard", strings.Replace(text, "weight: 40", "weight: many", 1), "answer", "keep")
	a.want(t, http.StatusUnprocessableEntity, "1 problem stands below")
	doc := mustRead(t, a.body)
	if told := words(doc.Find(".problem li")); !strings.HasPrefix(told, "Line 13, column ") {
		t.Errorf("the problem is told as %q", told)
	}
	if !strings.Contains(doc.Find("textarea").Text(), "weight: many") {
		t.Error("what was typed is lost")
	}
	c.manager.send(at, "scorecard", text, "answer", "check").want(t, http.StatusOK, "It says the same as the version in force")
	c.manager.send(at, "scorecard", text, "answer", "keep").leads(t, at+"?done=same")
	changed := strings.Replace(text, "weight: 40", "weight: 50", 1)
	c.manager.send(at, "scorecard", changed, "answer", "check").want(t, http.StatusOK, "Nothing is in force yet")
	if b, err := c.boards.Board(context.Background(), c.board.Key); err != nil || b.Version != 1 {
		t.Errorf("checking changed the board: %v, %v", b, err)
	}
	c.manager.send(at, "scorecard", changed, "answer", "keep").leads(t, at+"?done=card")
	c.manager.send(at, "scorecard", strings.Replace(changed, "name: Sales", "name: Sales\nperiod: month", 1), "answer", "keep").want(t, http.StatusConflict, "")
	c.manager.send(at, "scorecard", strings.Repeat("x", mostForm+1), "answer", "keep").want(t, http.StatusUnprocessableEntity, "")
}

func TestManage_TheBoardIsAFileAndTheFileABoard(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	file := c.manager.get(c.at("/manage/board.yaml"))
	if file.StatusCode != http.StatusOK || !strings.Contains(file.Header.Get("Content-Disposition"), "sales.board.yaml") {
		t.Fatalf("the file answers %d %v", file.StatusCode, file.Header)
	}
	at := c.at("/manage/board")
	c.manager.upload(at, "design", "sales.yaml", file.body).leads(t, c.at("/manage/scorecard?done=design"))
	if again := c.manager.get(c.at("/manage/board.yaml")); again.body != file.body {
		t.Error("bringing the board to its own file changed it")
	}
	c.manager.upload(at, "design", "sales.yaml", strings.Replace(file.body, "name: Sales", "name: Renamed", 1)).leads(t, c.at("/manage/scorecard?done=design"))
	c.manager.get(c.at("/manage")).want(t, http.StatusOK, "Running Renamed")
	c.manager.upload(at, "design", "x.yaml", "nonsense: [").want(t, http.StatusUnprocessableEntity, "Line 1")
	c.manager.upload(at, "design", "x.yaml", "").want(t, http.StatusUnprocessableEntity, "Choose a file first")
	c.manager.upload(at, "design", "x.yaml", strings.Replace(file.body, "basis: opt-in", "basis: things", 1)).want(t, http.StatusConflict, "")
}

func TestManage_TheTrailSaysWhoDidWhat(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	c.joins("Ada Lovelace", "all", "yes")
	c.manager.send(c.at("/manage/members/"+c.member("Ada Lovelace").Key+"/notes"), "text", "Secret words.")
	a := c.manager.get(c.at("/manage/trail"))
	a.want(t, http.StatusOK, "manager@example.org")
	said := words(mustRead(t, a.body).Find("main"))
	if !strings.Contains(said, "Ada Lovelace") || strings.Contains(said, "Secret") || strings.Contains(said, "ada.lovelace@example.org") {
		t.Errorf("the trail says %q", said)
	}
	c.manager.get(c.at("/manage/trail?before=absent")).want(t, http.StatusOK, "")
}

func TestCoach_SeesWhomTheyWereGivenAndWritesForThemAlone(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	c.joins("Ada Lovelace", "all", "yes")
	c.joins("Bo Ek", "all", "yes")
	hidden := c.joins("Zed", "all", "yes", "hidden", "yes")
	ada, bo, zed := c.member("Ada Lovelace").Key, c.member("Bo Ek").Key, c.member("Zed").Key
	coach := c.with(board.Coach, board.Scope{Players: []string{ada, zed}, Metrics: []string{"calls"}})
	page := coach.get(c.at("/coach"))
	page.want(t, http.StatusOK, "You see Calls, of these players")
	if strings.Contains(page.body, "Bo Ek") || strings.Contains(page.body, "Zed") || !strings.Contains(page.body, "Ada Lovelace") {
		t.Errorf("the coach sees %q", words(mustRead(t, page.body).Find("main")))
	}
	coach.send(c.at("/coach/"+ada), "text", "Well done.").leads(t, c.at("/coach/"+ada+"?done=note"))
	coach.get(c.at("/coach/"+ada)).want(t, http.StatusOK, "Well done.")
	for _, key := range []string{bo, zed, "absent"} {
		coach.get(c.at("/coach/"+key)).want(t, http.StatusNotFound, "Nothing stands here")
		coach.send(c.at("/coach/"+key), "text", "Hm.").want(t, http.StatusNotFound, "Nothing stands here")
	}
	c.manager.get(c.at("/coach")).want(t, http.StatusOK, "Bo Ek")
	hidden.get(c.at("/coach")).want(t, http.StatusNotFound, "")
}

func TestReport_HoldsAggregatesAndNobody(t *testing.T) {
	w := newWorld(t)
	c := w.club(board.Settings{})
	names := []string{"Ada Lovelace", "Bo Ek", "Cy", "Di", "Ed", "Flo"}
	var data strings.Builder
	data.WriteString("player,at,calls,answers,region\n")
	for i, name := range names {
		c.joins(name, "all", "yes")
		region := "north"
		if i == 5 {
			region = "south"
		}
		fmt.Fprintf(&data, "%s,2026-11-17,%d,%d,%s\n", c.member(name).Key, i, i+2, region)
	}
	c.manager.upload(c.at("/manage/data"), "file", "week.csv", data.String()).want(t, http.StatusOK, "entries added")
	c.manager.send(c.at("/manage/releases/publish"), "period", "2026-W47").leads(t, c.at("/manage/releases?done=published"))
	a := c.manager.get(c.at("/manage/report"))
	a.want(t, http.StatusOK, "Mean score")
	said := words(mustRead(t, a.body).Find("main"))
	for _, name := range names {
		if len(name) > 3 && strings.Contains(said, name) {
			t.Errorf("the report names %s", name)
		}
	}
	if south := words(mustRead(t, a.body).Find(`tr:contains("south")`)); south != "" && !strings.Contains(south, "withheld") {
		t.Errorf("of one player the report says %q", south)
	}
	if north := words(mustRead(t, a.body).Find(`tr:contains("north")`)); north != "" && !strings.Contains(north, "withheld") {
		t.Errorf("everyone less the north is one player: %q", north)
	}
}
