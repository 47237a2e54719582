package web

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cairn/internal/board"
	"cairn/internal/hook"
)

// drawHooks keeps the pages of hooks that answer, and of one that does not.
func drawHooks(keep func(string, answer), c *club) {
	c.t.Helper()
	ctx := context.Background()
	deaf := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	defer deaf.Close()
	keep("manage-hooks-refused", c.manager.send(c.at("/manage/hooks"), "name", strings.Repeat("HR ", 30), "kind", "slack", "address", "http://hr.example.org/", "events", "member.joined"))
	for _, made := range []hook.Made{
		{Name: "HR system", Kind: hook.Webhook, Address: "https://hr.example.org/cairn/in?key=secret", Events: hook.Events(hook.Webhook)},
		{Name: hostile, Kind: hook.Teams, Address: "https://teams.example.org/workflows/secret", Events: []string{hook.ReleaseFinal}},
	} {
		if _, _, err := c.hooks.Make(ctx, c.as, c.board, made); err != nil {
			c.t.Fatal(err)
		}
	}
	keep("manage-hook", c.manager.send(c.at("/manage/hooks"), "name", "Marketing", "kind", "webhook", "address", deaf.URL, "events", "release.final", "events", "source.unhealthy"))
	all, err := c.hooks.Hooks(ctx, c.board)
	if err != nil {
		c.t.Fatal(err)
	}
	path := c.at("/manage/hooks/" + all[len(all)-1].ID)
	c.manager.send(path+"/test").leads(c.t, path+"?done=hookrefused")
	keep("manage-hook-refused", c.manager.get(path+"?done=hookrefused"))
	link := mustRead(c.t, c.manager.get(path).body).Find(`a[href*="/msg_"]`).AttrOr("href", "")
	keep("manage-hook-message", c.manager.get(link))
	if _, err := c.hooks.NewSecret(ctx, c.as, c.board, all[len(all)-1].ID); err != nil {
		c.t.Fatal(err)
	}
	keep("manage-hook-secrets", c.manager.get(path))
	keep("manage-hooks", c.manager.get(c.at("/manage/hooks")))
}

func TestHooks_AreMadeTestedAndEndedOnTheirPages(t *testing.T) {
	c := newWorld(t).club(board.Settings{Key: "guild", Name: "Harbour guild"})
	var heard []string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		heard = append(heard, string(body))
	}))
	defer server.Close()
	at := c.at("/manage/hooks")
	c.manager.send(at, "name", "HR", "kind", "webhook", "address", server.URL, "events", "salary.changed").want(t, http.StatusUnprocessableEntity, "is told of")
	made := c.manager.send(at, "name", "HR", "kind", "webhook", "address", server.URL, "events", "release.final", "events", "member.joined")
	made.want(t, http.StatusOK, "never shown again")
	secret := mustRead(t, made.body).Find(".command code").Text()
	if !strings.HasPrefix(secret, "whsec_") {
		t.Errorf("no secret is shown: %q", secret)
	}
	link := mustRead(t, c.manager.get(at).body).Find("tbody th a").AttrOr("href", "")
	page := c.manager.get(link)
	if strings.Contains(page.body, secret) {
		t.Error("the secret is shown again")
	}
	c.manager.send(link+"/test").leads(t, link+"?done=hooktaken")
	message := mustRead(t, c.manager.get(link).body).Find("tbody th a").AttrOr("href", "")
	mustSay(t, words(mustRead(t, c.manager.get(message).body).Find("main")), `"type": "ping"`, "answer: 200")
	_, id, _ := strings.Cut(message, link+"/")
	c.manager.send(link+"/replay", "message", id).leads(t, link+"?done=hookagain")
	if _, err := c.rooms.Queue.RunDue(t.Context()); err != nil || len(heard) != 2 || heard[0] != heard[1] {
		t.Errorf("%q, %v", heard, err)
	}
	c.manager.send(link+"/turn", "do", "pause").leads(t, link+"?done=hookpaused")
	c.manager.send(link+"/test").want(t, http.StatusConflict, "Resume it first")
	c.manager.send(link+"/turn", "do", "resume").leads(t, link+"?done=hookresumed")
	c.manager.send(link, "name", "Human resources", "events", "grant.changed").leads(t, link+"?done=settings")
	mustSay(t, c.manager.says(at), "Human resources", "Active")
	again := c.manager.send(link + "/secret")
	again.want(t, http.StatusOK, "signs as well for a day")
	if mustRead(t, again.body).Find(".command code").Text() == secret {
		t.Error("the new secret is the old one")
	}
	mustSay(t, c.manager.says(link), "Former secret", "signs as well until")
	c.manager.send(link+"/secret/end").leads(t, link+"?done=hookformer")
	if says := c.manager.says(link); strings.Contains(says, "ormer secret") {
		t.Errorf("it signs still: %s", says)
	}

	// Stewards read all of it and have nothing to press; nobody reads another board's.
	steward := c.with(board.Steward, board.Scope{})
	for _, path := range []string{at, link, message} {
		page := steward.get(path)
		page.want(t, http.StatusOK, "You read along")
		if forms := mustRead(t, page.body).Find("main form"); forms.Length() > 0 {
			t.Errorf("%s: %d forms for a steward", path, forms.Length())
		}
	}
	other := c.world.club(board.Settings{Key: "other", Name: "Another"})
	for _, path := range []string{link, message} {
		other.manager.get(strings.Replace(path, "/b/guild/", "/b/other/", 1)).want(t, http.StatusNotFound, "")
	}
	other.manager.send(strings.Replace(link, "/b/guild/", "/b/other/", 1)+"/end").want(t, http.StatusNotFound, "")
	c.manager.send(link+"/end").leads(t, at+"?done=hookended")
	c.manager.get(link).want(t, http.StatusNotFound, "")
}
