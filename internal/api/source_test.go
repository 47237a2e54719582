package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/identity"
)

func TestAPI_ASourceIsConnectedMendedReplayedAndRetired(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	ada, bo := w.signIn("ada@example.org"), w.signIn("bo@example.org")
	b := w.board(ada, "club")
	if _, err := w.Boards.Enrol(ctx, b.ID, board.ByKey, []board.Member{{Key: "cy"}}); err != nil {
		t.Fatal(err)
	}
	sources := w.by(ada).BoardSources("club")
	made, err := sources.Connect(ctx, client.NewSource{Name: "crm", Kind: "push"})
	must(t, err)
	if !strings.HasPrefix(made.Key, "cairn_key_") || made.Source.Name != "crm" || made.Source.State != "active" {
		t.Fatalf("%+v", made)
	}
	_, err = sources.Connect(ctx, client.NewSource{Name: "crm", Kind: "push"})
	is(t, "a name twice", err, "conflict")
	_, err = sources.Connect(ctx, client.NewSource{Name: "Not A Name", Kind: "push"})
	is(t, "no name", err, "invalid", "name")
	_, err = sources.Connect(ctx, client.NewSource{Name: "x", Kind: "fax"})
	is(t, "no kind", err, "invalid", "kind")
	_, err = sources.Connect(ctx, client.NewSource{Name: "x", Kind: "push", Rules: []client.SourceRule{{Event: "x", Key: "k", Player: "$..["}}})
	is(t, "no path", err, "invalid", "rules")

	// By the key entries come, and nothing else is possible.
	sender := w.with(made.Key)
	taken, err := sender.Send(ctx, []client.NewEntry{{ID: "1", Player: "cy", Key: "calls", At: w.now()}, {ID: "2", Player: "dee", Key: "calls", At: w.now()}})
	must(t, err)
	if taken.Added != 1 || taken.Waiting != 1 {
		t.Fatalf("%+v", taken)
	}
	for _, path := range []string{"/boards", "/boards/club", "/boards/club/sources", "/boards/club/sources/crm", "/me/connections", "/me/profile"} {
		if answer, _ := w.ask(http.MethodGet, "/api/v1"+path, made.Key, ""); answer.StatusCode != http.StatusUnauthorized {
			t.Errorf("a source's key reads %s: %d", path, answer.StatusCode)
		}
	}
	token, _, err := w.Identity.MakeToken(ctx, ada, "x", identity.Scopes()[:4], w.now().AddDate(0, 1, 0))
	must(t, err)
	_, err = w.with(token).Send(ctx, []client.NewEntry{{ID: "3", Player: "cy", Key: "calls", At: w.now()}})
	is(t, "a token sends", err, "unauthenticated")

	reasons, err := sources.Reasons(ctx, "crm")
	must(t, err)
	if len(reasons.Items) != 1 || reasons.Items[0].Messages != 1 || !strings.Contains(reasons.Items[0].Why, "key") {
		t.Errorf("%+v", reasons)
	}
	if _, err := w.Boards.Enrol(ctx, b.ID, board.ByKey, []board.Member{{Key: "dee"}}); err != nil {
		t.Fatal(err)
	}
	waiting, err := sources.Waiting(ctx, "crm", "", "", 1)
	must(t, err)
	if len(waiting.Items) != 1 || waiting.Items[0].Who[0] != "dee" {
		t.Fatalf("%+v", waiting)
	}
	again, err := sources.Replay(ctx, "crm", waiting.Items[0].ID)
	must(t, err)
	if again.Added != 1 || again.Waiting != 0 {
		t.Errorf("%+v", again)
	}
	rules := []client.SourceRule{{Event: "Call*", Key: "calls", Player: "$.userId", By: "key"}}
	changed, err := sources.Change(ctx, "crm", client.SourceChange{Rules: &rules})
	must(t, err)
	if len(changed.Rules) != 1 || changed.Rules[0].Event != "Call*" || changed.Month.Added != 2 || len(changed.Brought) != 1 || len(changed.Keys) != 1 {
		t.Errorf("%+v", changed)
	}
	trial, err := sources.Try(ctx, "crm", rules)
	must(t, err)
	if len(trial.Items) != 2 || trial.Items[0].Entries[0].Key != "calls" {
		t.Errorf("%+v", trial)
	}
	next, err := sources.NewKey(ctx, "crm", true)
	must(t, err)
	if _, err = sender.Send(ctx, []client.NewEntry{{ID: "4", Player: "cy", Key: "calls", At: w.now()}}); err == nil {
		t.Error("the old key still works")
	}
	must(t, sources.Pause(ctx, "crm", "for now"))
	front, err := w.by(ada).Board(ctx, "club")
	must(t, err)
	if len(front.Silent) != 1 || !strings.Contains(front.Silent["Calls"], "crm is paused") {
		t.Errorf("what is not measured: %q", front.Silent)
	}
	if answer, _ := w.ask(http.MethodPost, "/api/v1/in", next.Key, `[]`); answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a paused source takes: %d", answer.StatusCode)
	}
	must(t, sources.Resume(ctx, "crm"))
	crm, err := sources.Source(ctx, "crm")
	must(t, err)
	second := client.NewSource{Name: "crm-two", Kind: "push", Rules: crm.Rules, Settings: []byte(`{"expect": "24h"}`)}
	_, err = sources.Connect(ctx, second)
	is(t, "a key that another source brings", err, "conflict")
	second.Shared = true
	both, err := sources.Connect(ctx, second)
	if err != nil || !both.Source.Shared || crm.Shared {
		t.Errorf("on purpose: %+v, %v", both, err)
	}
	no := false
	_, err = sources.Change(ctx, "crm-two", client.SourceChange{Shared: &no})
	is(t, "no longer on purpose", err, "conflict")
	must(t, sources.Retire(ctx, "crm", "crm-two", "sold"))
	one, err := sources.Source(ctx, "crm")
	must(t, err)
	if one.State != "retired" || one.Heir != "crm-two" || one.Why != "sold" || len(one.Keys) != 0 {
		t.Errorf("%+v", one)
	}
	// Of others' sources nobody learns a thing.
	for _, of := range []*client.Sources{w.by(bo).BoardSources("club"), w.by(ada).BoardSources("none")} {
		_, err = of.List(ctx)
		is(t, "another's board", err, "not_found")
		_, err = of.NewKey(ctx, "crm", false)
		is(t, "another's key", err, "not_found")
	}
}

func TestAPI_APlayersOwnSourceIsTheirsAlone(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	ada, bo := w.signIn("ada@example.org"), w.signIn("bo@example.org")
	own := w.by(ada).MySources()
	made, err := own.Connect(ctx, client.NewSource{Name: "blog", Kind: "push"})
	must(t, err)
	taken, err := w.with(made.Key).Send(ctx, []client.NewEntry{{ID: "1", Key: "posts", At: w.now().Add(-time.Hour)}})
	must(t, err)
	if taken.Added != 1 {
		t.Errorf("%+v", taken)
	}
	_, err = w.by(bo).MySources().Source(ctx, "blog")
	is(t, "another's", err, "not_found")
	_, err = w.by(ada, identity.ReadOwn).MySources().NewKey(ctx, "blog", true)
	is(t, "without the scope", err, "forbidden")
	list, err := own.List(ctx)
	must(t, err)
	if len(list.Items) != 1 || list.Items[0].Month.Added != 1 {
		t.Errorf("%+v", list)
	}
	must(t, own.Remove(ctx, "blog"))
	_, err = own.Source(ctx, "blog")
	is(t, "removed", err, "not_found")
}
