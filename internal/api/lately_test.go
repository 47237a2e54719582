package api_test

import (
	"net/http"
	"strings"
	"testing"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/identity"
	"cairn/scorecard"
)

// Within one second the same is answered again without a look at what it was made of. The clock of this test stands still, so that all
// of it is one second: what changes must be so for the very next asker, and what one reader sees must be nobody else's.
func TestAnswers_OfAMomentAgoEndWithWhatChanges(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	ada := w.signIn("ada@example.org")
	manager, token := w.by(ada), w.secret(ada)
	b, players, keys := w.released(ada, "Birgitta", "Cyprian", "Di", "Ed")

	const page, api = "/b/sales", "/api/v1/boards/sales/releases/latest/rows"
	look := func(path, token string) string {
		t.Helper()
		answer, text := w.ask(http.MethodGet, path, token, "")
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %s", path, answer.Status, text)
		}
		return text
	}
	// shown looks twice, the second time at what the first left behind.
	shown := func(path, what string) bool {
		t.Helper()
		first := look(path, "")
		if look(path, "") != first {
			t.Errorf("%s is not the same twice", path)
		}
		return strings.Contains(first, what)
	}
	everywhere := func(when, what string, want bool) {
		t.Helper()
		for _, path := range []string{page, api} {
			if shown(path, what) != want {
				t.Errorf("%s: %q stands on %s: %v", when, what, path, !want)
			}
		}
	}
	everywhere("at first", "Birgitta", true)

	_, err := players["Birgitta"].Choose(ctx, b.Key, client.Choices{Hidden: true})
	must(t, err)
	everywhere("once Birgitta hides", "Birgitta", false)
	if mine := look(api, token); !strings.Contains(mine, "Birgitta") {
		t.Error("whoever runs the board was given what nobody in particular sees")
	}
	everywhere("after a manager looked", "Birgitta", false)
	_, err = players["Birgitta"].Choose(ctx, b.Key, client.Choices{Shows: []string{"name"}})
	must(t, err)
	everywhere("once Birgitta shows up again", "Birgitta", true)

	if shown(page, "/look/") {
		t.Error("a board without a look of its own wears one")
	}
	must(t, manager.SetLook(ctx, b.Key, client.Look{Light: &client.Colours{Ground: "#fffbe8", Ink: "#20160a", Accent: "#d33f1c"}}))
	if !shown(page, "/look/") {
		t.Error("the board's own look is not there at once")
	}

	right := client.File{Name: "calls.csv", Body: []byte("player,key,at,value,id\n" + keys[0] + ",calls,2026-11-18,20,late\n"), How: "amend"}
	_, err = manager.Import(ctx, b.Key, right)
	must(t, err)
	if shown(page, "A call was missing.") {
		t.Error("an erratum is told before there is one")
	}
	_, err = manager.Correct(ctx, b.Key, "2026-W47", "A call was missing.")
	must(t, err)
	if !shown(page, "A call was missing.") {
		t.Error("an erratum is not told at once")
	}

	before, _ := w.ask(http.MethodGet, api, "", "")
	after, _ := w.ask(http.MethodGet, api, "", "")
	if one, other := before.Header.Get("RateLimit"), after.Header.Get("RateLimit"); one == "" || one == other {
		t.Errorf("how many requests are left was said as %q and then as %q", one, other)
	}
	kept, _ := w.ask(http.MethodGet, page, "", "")
	if same, _ := w.ask(http.MethodGet, page, "", "", "If-None-Match", kept.Header.Get("ETag")); same.StatusCode != http.StatusNotModified {
		t.Errorf("whoever has the page already is answered %s", same.Status)
	}
	must(t, players["Cyprian"].Leave(ctx, b.Key, true))
	everywhere("once Cyprian left and hid", "Cyprian", false)
}

// released makes a public board of somebody's whose players show their names, with a release of last week.
func (w *world) released(owner identity.Actor, names ...string) (b *board.Board, players map[string]*client.Client, keys []string) {
	w.Helper()
	t, ctx, manager := w.T, w.Context(), w.by(owner)
	card, err := scorecard.Load("sales.yaml", []byte(sales))
	must(t, err)
	everyone := board.Pages{Leaderboard: board.ToEveryone, Scorecards: board.ToEveryone, History: board.ToEveryone}
	b, err = w.Boards.Create(ctx, card, board.Settings{Name: "Sales", Basis: board.OptIn, Stage: board.Open, Pages: everyone})
	must(t, err)
	must(t, w.Boards.GiveRole(ctx, identity.Actor{}, b, w.addressOf(owner), board.Owner, board.Scope{}))
	players = map[string]*client.Client{}
	for _, name := range names {
		address := strings.ToLower(name) + "@example.org"
		invited, err := manager.Invite(ctx, b.Key, client.Person{Name: name, Email: address})
		must(t, err)
		_, secret, _ := strings.Cut(invited.Items[0].Link, "/join/")
		players[name] = w.by(w.signIn(address))
		_, err = players[name].AcceptLink(ctx, secret, client.Joining{Choices: client.Choices{Shows: []string{"name"}}})
		must(t, err)
	}
	members, err := manager.Members(ctx, b.Key, client.Which{State: "accepted"})
	must(t, err)
	for _, m := range members.Items {
		keys = append(keys, m.Key)
	}
	_, err = manager.Import(ctx, b.Key, client.File{Name: "calls.csv", Body: entries(keys...)})
	must(t, err)
	w.publish(b)
	return b, players, keys
}
