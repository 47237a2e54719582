package forge_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/reach"
	"cairn/internal/source"
	"cairn/internal/source/forge"
	"cairn/internal/source/forge/forgetest"
)

// asked pulls once and returns what came by who, type and how often, and the state that is kept. An id may come again only where
// nothing else came with it.
type asked struct {
	*testing.T
	forge    *forge.Forge
	settings string
	token    string
	state    string
	since    time.Time
	now      time.Time
	ids      map[string]bool
}

func (a *asked) at() source.Asking {
	r := reach.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, func() time.Time { return a.now })
	return source.Asking{Settings: json.RawMessage(a.settings), Credentials: a.token, State: a.state, Since: a.since, Zone: time.UTC, Client: r.Client(), Reach: r, Now: a.now}
}

func (a *asked) pull() (map[string]int, error) {
	if a.state != "" {
		a.since = a.now // as the engine has it: of the last pull, and what was done before it may come to light late
	}
	came := map[string]int{}
	if a.ids == nil {
		a.ids = map[string]bool{}
	}
	err := a.forge.Pull(context.Background(), a.at(), func(b intake.Batch, state string) error {
		for _, e := range b.Events {
			if a.ids[e.ID] {
				continue
			}
			a.ids[e.ID] = true
			who := e.Players["handle"]
			if who == "" {
				who = e.Players["email"]
			}
			came[fmt.Sprintf("%s %s %s=%g", who, e.Type, e.Entry.Key, e.Entry.Value)]++
			if e.At.IsZero() || !json.Valid(e.Data) {
				a.Errorf("%+v", e)
			}
		}
		a.state = state
		return nil
	})
	return came, err
}

func (a *asked) wants(want map[string]int) {
	a.Helper()
	got, err := a.pull()
	if err != nil {
		a.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		a.Error(d)
	}
}

// club is a Gitea with two people and a repository.
func club(t *testing.T) *forgetest.Gitea {
	g := forgetest.Start(t)
	for _, name := range []string{"ada", "bo"} {
		g.Do(t, "", "POST", "/admin/users", map[string]any{"username": name, "email": name + "@club.example", "password": "a-long-enough-1", "must_change_password": false}, nil)
	}
	g.Do(t, "ada", "POST", "/user/repos", map[string]any{"name": "ship", "auto_init": true, "default_branch": "main"}, nil)
	g.Do(t, "ada", "PUT", "/repos/ada/ship/collaborators/bo", map[string]any{"permission": "write"}, nil)
	return g
}

// write commits a file, "" to the default branch.
func write(t *testing.T, g *forgetest.Gitea, as, name, branch, message string) {
	in := map[string]any{"content": base64.StdEncoding.EncodeToString([]byte(name)), "message": message}
	if branch != "" {
		in["new_branch"] = branch
	}
	g.Do(t, as, "POST", "/repos/ada/ship/contents/"+name, in, nil)
}

func TestGitea_TellsWhatWasDoneAndNothingTwice(t *testing.T) {
	g := club(t)
	write(t, g, "bo", "old.txt", "late", "on a branch of its own")
	a := &asked{T: t, forge: forge.Gitea(), settings: fmt.Sprintf(`{"base": %q, "repos": ["ada/ship"]}`, g.Base), token: g.Token, now: time.Now()}
	a.wants(map[string]int{"ada commit commits=1": 1})
	a.wants(map[string]int{})

	// A commit that is older than the last pull comes with the branch that brings it.
	g.Do(t, "bo", "POST", "/repos/ada/ship/pulls", map[string]any{"head": "late", "base": "main", "title": "late"}, nil)
	a.wants(map[string]int{"bo pull_request.opened pull_requests=1": 1})
	g.Do(t, "ada", "POST", "/repos/ada/ship/pulls/1/reviews", map[string]any{"event": "APPROVED", "body": "well done"}, nil)
	g.Do(t, "bo", "POST", "/repos/ada/ship/pulls/1/reviews", map[string]any{"event": "COMMENT", "body": "by myself"}, nil)
	a.wants(map[string]int{"ada review reviews=1": 1})
	g.Do(t, "ada", "POST", "/repos/ada/ship/pulls/1/merge", map[string]any{"Do": "merge"}, nil)
	a.wants(map[string]int{"bo pull_request.merged merged=1": 1, "bo commit commits=1": 1, "ada commit commits=1": 1})

	write(t, g, "ada", "pair.txt", "", "together\n\nCo-authored-by: Bo <Bo@club.example>\nCo-authored-by: Ada <ada@club.example>")
	g.Do(t, "ada", "POST", "/repos/ada/ship/issues", map[string]any{"title": "a leak"}, nil)
	g.Do(t, "bo", "PUT", "/user/starred/ada/ship", nil, nil)
	a.wants(map[string]int{"ada commit commits=1": 1, "bo@club.example commit commits=1": 1, "ada star stars=1": 1})
	for _, state := range []string{"closed", "open", "closed"} {
		g.Do(t, "bo", "PATCH", "/repos/ada/ship/issues/2", map[string]any{"state": state}, nil)
	}
	g.Do(t, "bo", "DELETE", "/user/starred/ada/ship", nil, nil)
	a.wants(map[string]int{"bo issue.closed issues=1": 1})
	g.Do(t, "bo", "PUT", "/user/starred/ada/ship", nil, nil) // the same star again gains nothing
	a.wants(map[string]int{})

	found, err := a.forge.Check(t.Context(), a.at())
	if err != nil || !strings.HasPrefix(found, "1 repository: ada/ship (stars: 1, last changed 20") {
		t.Errorf("%q, %v", found, err)
	}

	// Whoever begins anew hears all of it, and the ids are those of before.
	anew := &asked{T: t, forge: a.forge, settings: fmt.Sprintf(`{"base": %q, "owner": "ada"}`, g.Base+"/"), token: a.token, now: a.now}
	if _, err := anew.pull(); err != nil {
		t.Fatal(err)
	}
	for _, id := range slices.Sorted(maps.Keys(a.ids)) {
		if !anew.ids[id] && !strings.HasPrefix(id, "stars ") {
			t.Errorf("%s has another id when it is told again", id)
		}
	}
	one := &asked{T: t, forge: a.forge, settings: fmt.Sprintf(`{"base": %q, "owner": "ada", "login": "BO", "what": ["commits", "reviews"]}`, g.Base), now: a.now}
	one.wants(map[string]int{"bo commit commits=1": 1})
	later := &asked{T: t, forge: a.forge, settings: a.settings, since: a.now.Add(time.Hour), now: a.now}
	later.wants(map[string]int{})
	for _, test := range []struct {
		settings, token string
		kind            fault.Kind
		says            string
	}{
		{fmt.Sprintf(`{"base": %q, "repos": ["ada/none", "ada/ship"]}`, g.Base), "", fault.NotFound, "ada/none: there is no such repository"},
		{fmt.Sprintf(`{"base": %q, "owner": "nobody-here"}`, g.Base), "", fault.NotFound, `no user or organisation "nobody-here"`},
		{fmt.Sprintf(`{"base": %q, "repos": ["ada/ship"]}`, g.Base), "wrong", fault.Forbidden, "look at the token"},
		{fmt.Sprintf(`{"base": %q, "repos": ["ada/ship"]}`, g.Base+"/nothing"), "", fault.NotFound, "no such repository"},
	} {
		b := &asked{T: t, forge: a.forge, settings: test.settings, token: test.token, now: a.now}
		came, err := b.pull()
		if fault.Of(err) != test.kind || !strings.Contains(fault.Message(err), test.says) {
			t.Errorf("%s: %v", test.settings, err)
		}
		if strings.Contains(test.settings, "none") && came["ada commit commits=1"] != 3 {
			t.Errorf("a repository that is gone kept another from being read: %v", came)
		}
	}
}

func TestGitea_ReadsEveryPage(t *testing.T) {
	g := club(t)
	for i := range 53 { // more than a page
		g.Do(t, "ada", "POST", "/repos/ada/ship/issues", map[string]any{"title": fmt.Sprint(i), "closed": true}, nil)
	}
	a := &asked{T: t, forge: forge.Gitea(), settings: fmt.Sprintf(`{"base": %q, "repos": ["ada/ship"], "what": ["issues"]}`, g.Base), token: g.Token, now: time.Now()}
	a.wants(map[string]int{"ada issue.closed issues=1": 53})
	a.wants(map[string]int{})
}
