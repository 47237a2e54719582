package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"time"

	"cairn/internal/board"
	"cairn/internal/identity"
)

// letterFrame is the beginning of a frame with its page.
var letterFrame = regexp.MustCompile(`<iframe class="letter-frame" src="[^"]*"`)

// managePages are the pages of joining, membership and management, as the storybook draws them.
var managePages = []string{"join", "join-refused", "join-in", "join-gone", "join-forwarded", "join-declined", "membership", "membership-paused", "membership-left", "claim", "claims",
	"manage-new", "manage", "manage-steward", "manage-members", "manage-member", "manage-invite", "manage-invited", "manage-data", "manage-data-refused", "manage-sources", "manage-sources-key", "manage-source", "my-source", "manage-draft", "manage-releases", "manage-newsletter", "manage-newsletter-refused",
	"manage-scorecard", "manage-scorecard-refused", "manage-terms", "manage-terms-refused", "manage-plan", "manage-settings", "manage-look", "manage-reveal", "manage-roles", "manage-roles-refused", "manage-report", "manage-uplift", "manage-labels", "manage-targets", "manage-targets-refused", "manage-hooks", "manage-hooks-refused", "manage-hook", "manage-hook-refused", "manage-hook-message", "manage-trail", "coach", "coached"}

// drawManaging has people join a board and others run it, and keeps the pages that they are shown.
func drawManaging(b *book) {
	w := newWorld(b.t)
	keep := func(name string, a answer) {
		b.t.Helper()
		if a.StatusCode == http.StatusNotFound && name != "join-gone" {
			b.t.Fatalf("%s is not there", name)
		}
		b.pages[name] = letterFrame.ReplaceAllString(a.body, "<iframe") // the book has no page to frame
		b.order = append(b.order, name)
	}
	c := w.club(board.Settings{Key: "guild", Name: "Harbour guild", Zone: "Europe/Berlin"})
	keep("manage-new", c.manager.get(c.at("/manage?done=made")))
	if err := c.boards.SetPlan(context.Background(), c.as, c.board, board.Plan{TagsBy: map[string]board.TagsBy{"region": board.ByPlayer}, Success: board.Success{Goal: "More customers are called back", Measure: "Complaints, from the desk", Target: "a third fewer", Review: "2027-03-31"}}); err != nil {
		b.t.Fatal(err)
	}
	keep("join", c.guest().get(c.link("Ada Lovelace")))
	path := c.link(guildsfolk[0])
	ada := c.guest()
	ada.in("ada@example.org")
	keep("join-refused", ada.send(path, "answer", "accept", "grant", "calls", "name", strings.Repeat("Ada ", 60), "tag.region", "north"))
	keep("join-in", ada.get(path))
	ada.send(path, "answer", "accept", "grant", "calls", "grant", "answers", "name", guildsfolk[0], "tag.region", "north")
	keep("join-gone", ada.get(path))
	keep("join-declined", c.guest().send(c.link("Zed"), "answer", "decline"))
	var data strings.Builder
	data.WriteString("player,at,calls,answers\n")
	for i, name := range guildsfolk[1:] {
		g := c.guest()
		g.in(fmt.Sprintf("player-%d@example.org", i))
		g.send(c.link(name), "answer", "accept", "all", "yes", "name", name, "tag.region", []string{"north", "south"}[i%2]).leads(b.t, c.at("/membership?done=joined"))
	}
	for i, name := range guildsfolk {
		fmt.Fprintf(&data, "%s,2026-11-17,%d,%d\n", c.member(name).Key, 3*i, 9-i)
	}
	ada.send(c.at("/membership/grants"), "metric", "answers", "give", "no")
	if err := c.boards.WriteNote(context.Background(), c.as, c.board, c.member(guildsfolk[0]).Key, "Asked for a call on Thursday."); err != nil {
		b.t.Fatal(err)
	}
	if _, err := c.boards.Reveal(context.Background(), c.as, c.board, board.Reveal{Stage: board.Open, Pages: board.Pages{Leaderboard: board.ToEveryone, Scorecards: board.ToMembers, History: board.ToMembers}}); err != nil {
		b.t.Fatal(err)
	}
	keep("membership", ada.get(c.at("/membership?done=taken")))
	keep("manage-invited", c.manager.send(c.at("/manage/invite"), "people", "Bo Ek\nCy <cy@example.org>\n"+guildsfolk[2]))
	keep("manage-invite", c.manager.get(c.at("/manage/invite")))
	keep("manage-data-refused", c.manager.upload(c.at("/manage/data"), "file", "week 47.csv", data.String()+"nobody,yesterday,many,\n=1+1,2026-11-17,x,2\n"))
	keep("manage-data", c.manager.get(c.at("/manage/data")))
	made := c.manager.send(c.at("/manage/sources"), "kind", "push", "name", "crm", "rules", `[{"event": "Call*", "key": "calls", "player": "$.userId", "by": "key"}]`)
	c.sends(sourceKey.FindString(made.body), "1", "Call Made", fmt.Sprintf(`{"userId": %q, "minutes": 4}`, c.member(guildsfolk[0]).Key))
	c.sends(sourceKey.FindString(made.body), "2", "Call Made", `{"userId": "شيماء 🪨", "minutes": 4}`)
	made.body = sourceKey.ReplaceAllString(made.body, "cairn_key_"+strings.Repeat("x", 43))
	keep("manage-sources-key", made)
	keep("manage-sources", c.manager.get(c.at("/manage/sources?kind=push")))
	keep("manage-source", c.manager.send(c.at("/manage/sources/crm?why=Nobody+on+the+board+has+this+key."), "do", "try", "rules", `[{"event": "Call*", "key": "calls", "player": "$.userId", "by": "key"}]`))
	ada.send("/me/sources/connections", "kind", "push", "name", "blog", "rules", `[{"key": "posts"}]`)
	keep("my-source", ada.get("/me/sources/connections/blog"))
	c.manager.send(c.at("/manage/releases/draft"), "period", "2026-W47")
	keep("manage-draft", c.manager.get(c.at("/manage/releases?done=drafted&period=2026-W47")))
	c.manager.send(c.at("/manage/targets"), "metric", "calls", "whose", "players", "from", "2026-11-01", "day1", "2026-11-01", "value1", "6", "day2", "2027-05-01", "value2", "12", "guardrail", "hours", "why", "To open doors.")
	c.manager.send(c.at("/manage/targets"), "whose", "team:region", "from", "2026-11-01", "day1", "2026-11-01", "value1", "50")
	c.manager.send(c.at("/manage/releases/publish"), "period", "2026-W47").leads(b.t, c.at("/manage/releases?done=published"))
	keep("manage-releases", c.manager.get(c.at("/manage/releases?done=published")))
	c.clock = c.clock.Add(2 * time.Minute)
	if _, err := c.rooms.Queue.RunDue(context.Background()); err != nil {
		b.t.Fatal(err)
	}
	keep("manage-newsletter", c.manager.get(c.at("/manage/newsletter?done=article&player="+c.member(guildsfolk[0]).Key)))
	keep("manage-newsletter-refused", c.manager.send(c.at("/manage/newsletter/article"), "period", "2026-W48", "do", "keep", "article", strings.Repeat(hostile+" ", 3000)))
	ada.send(c.at("/membership/pause"))
	keep("membership-paused", ada.get(c.at("/membership?done=paused")))
	keep("manage", c.manager.get(c.at("/manage")))
	keep("manage-steward", c.with(board.Steward, board.Scope{}).get(c.at("/manage")))
	keep("manage-members", c.manager.get(c.at("/manage/members")))
	keep("manage-member", c.manager.get(c.at("/manage/members/"+c.member(guildsfolk[0]).Key)))
	keep("manage-scorecard", c.manager.send(c.at("/manage/scorecard"), "answer", "check", "scorecard", strings.ReplaceAll(strings.Replace(sales, "weight: 40", "weight: 50", 1), "AUDIENCE", "board")))
	keep("manage-scorecard-refused", c.manager.send(c.at("/manage/scorecard"), "answer", "keep", "scorecard", strings.ReplaceAll(sales, "weight: 40", "weight: many")))
	keep("manage-terms", c.manager.get(c.at("/manage/terms")))
	keep("manage-terms-refused", c.manager.send(c.at("/manage/terms"), "purpose", "To get better.", "calls.from", "player"))
	keep("manage-plan", c.manager.get(c.at("/manage/plan")))
	keep("manage-settings", c.manager.get(c.at("/manage/settings")))
	keep("manage-look", c.manager.get(c.at("/manage/look")))
	c.manager.send(c.at("/manage/rhythm"), "mode", "auto", "days", "0", "at", "09:00", "grace", "24", "from", "2026-W48").leads(b.t, c.at("/manage/rhythm?done=rhythm"))
	keep("manage-rhythm", c.manager.get(c.at("/manage/rhythm?done=rhythm")))
	keep("manage-rhythm-refused", c.manager.send(c.at("/manage/rhythm"), "mode", "auto", "days", "0", "at", "09:00", "grace", "900"))
	keep("manage-reveal", c.manager.get(c.at("/manage/reveal")))
	keep("manage-roles-refused", c.manager.send(c.at("/manage/roles"), "address", "coach@example.org", "role", "coach", "players", "nobody"))
	coach := c.with(board.Coach, board.Scope{Tags: map[string][]string{"region": {"north"}}, Metrics: []string{"calls", "notes"}})
	keep("manage-roles", c.manager.get(c.at("/manage/roles")))
	keep("manage-report", c.manager.get(c.at("/manage/report")))
	keep("manage-uplift", c.manager.get(c.at("/manage/uplift")))
	keep("manage-labels", c.manager.get(c.at("/manage/labels")))
	keep("manage-targets", c.manager.get(c.at("/manage/targets?propose=yes&metric=calls")))
	keep("manage-targets-refused", c.manager.send(c.at("/manage/targets"), "whose", "one", "player", hostile, "value1", "3"))
	drawHooks(keep, c)
	keep("manage-trail", c.manager.get(c.at("/manage/trail")))
	keep("coach", coach.get(c.at("/coach")))
	keep("coached", coach.get(c.at("/coach/"+c.member(guildsfolk[1]).Key)))
	ada.send(c.at("/membership/leave"))
	keep("membership-left", ada.get(c.at("/membership")))
	drawInvitations(keep, c)

	r := w.record()
	keep("claim", r.guest().get(r.at("/claim/acme")))
	boss := r.guest()
	boss.in("boss@zeta.example")
	boss.send(r.at("/claim/zeta"))
	keep("claims", r.manager.get(r.at("/manage/claims")))
}

// guildsfolk are the storybook's members of a board by opt-in.
var guildsfolk = []string{"Ada Lovelace", "Maximiliana Theodora von und zu Oberwinterfeldt-Schleiermacher-Hohenstaufen the Younger", "王小明", hostile, "Bo Berg", "Di Prince", "محمد الفارسي"}

// drawInvitations draws what somebody is told who holds another's invitation.
func drawInvitations(keep func(string, answer), c *club) {
	s := c.site
	page := s.newForwarded(invited{Invitation: &board.Invitation{Board: c.board, Address: "ada@home.example"}})
	body, err := s.fill(&visit{Request: httptest.NewRequest(http.MethodGet, "/join/x", nil), actor: identity.Actor{Account: "x"}, known: true}, "join_end", page)
	if err != nil {
		c.t.Fatal(err)
	}
	keep("join-forwarded", answer{&http.Response{StatusCode: http.StatusForbidden}, string(body)})
}
