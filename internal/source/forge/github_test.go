package forge_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/source/forge"
)

// gitHub answers as GitHub's REST API, version 2022-11-28, is documented to: shapes are its, values are invented.
type gitHub struct {
	*testing.T
	*httptest.Server
	answers map[string]func(w http.ResponseWriter, r *http.Request) // by path
	came    []string                                                // path and status of every request
}

func newGitHub(t *testing.T) *gitHub {
	g := &gitHub{T: t, answers: map[string]func(http.ResponseWriter, *http.Request){}}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept") != "application/vnd.github+json" || r.Header.Get("User-Agent") == "" || r.Header.Get("Authorization") != "Bearer github_pat_x" {
			t.Errorf("%s came with %v", r.URL, r.Header)
		}
		status := &statusWriter{w, http.StatusOK}
		if answer := g.answers[r.URL.Path]; answer != nil {
			answer(status, r)
		} else {
			status.WriteHeader(http.StatusNotFound)
			fmt.Fprint(status, `{"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"}`)
		}
		g.came = append(g.came, fmt.Sprintf("%s %d", r.URL.Path, status.code))
	}))
	t.Cleanup(g.Close)
	return g
}

type statusWriter struct {
	http.ResponseWriter
	code int
}

func (s *statusWriter) WriteHeader(code int) { s.code = code; s.ResponseWriter.WriteHeader(code) }

// says answers with a body that has an ETag, and 304 to whoever knows it.
func (g *gitHub) says(path, body string) {
	g.answers[path] = func(w http.ResponseWriter, r *http.Request) {
		tag := fmt.Sprintf(`W/"%x"`, len(body)*31+len(r.URL.RawQuery))
		w.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		fmt.Fprint(w, body)
	}
}

func (g *gitHub) asked(what string) *asked {
	return &asked{T: g.T, forge: forge.GitHub(), settings: fmt.Sprintf(`{"base": %q, "repos": ["club/ship"], "what": [%s]}`, g.URL, what), token: "github_pat_x",
		now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
}

func gitHubCommit(sha, login, email, message string) string {
	author := `null`
	if login != "" {
		author = fmt.Sprintf(`{"login": %q, "id": 1, "type": %q, "site_admin": false}`, login, map[bool]string{true: "Bot", false: "User"}[strings.HasSuffix(login, "[bot]")])
	}
	return fmt.Sprintf(`{"sha": %q, "node_id": "C_x", "commit": {"author": {"name": "N", "email": %q, "date": "2026-11-20T10:00:00Z"},
		"committer": {"name": "GitHub", "email": "noreply@github.com", "date": "2026-11-20T10:00:00Z"}, "message": %q, "comment_count": 0,
		"verification": {"verified": false, "reason": "unsigned", "signature": null}}, "url": "https://api.github.com/x", "author": %s, "committer": %s, "parents": []}`, sha, email, message, author, author)
}

func TestGitHub_CommitsComeByComparison(t *testing.T) {
	g := newGitHub(t)
	g.says("/repos/club/ship/commits", "["+gitHubCommit("a2", "Ada", "ada@club.example", "two\n\nCo-authored-by: Bo <BO@club.example>")+","+
		gitHubCommit("a1", "dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com", "bump")+","+gitHubCommit("a0", "", "cy@club.example", "zero")+"]")
	a := g.asked(`"commits"`)
	a.wants(map[string]int{"Ada commit commits=1": 1, "bo@club.example commit commits=1": 1, "cy@club.example commit commits=1": 1})
	g.came = nil
	a.wants(map[string]int{})
	if len(g.came) != 1 || g.came[0] != "/repos/club/ship/commits 304" {
		t.Errorf("what had not changed was asked for by %q", g.came)
	}
	// Two pages lead from there to the new head. The address of the second is another host's: only its query is followed.
	g.says("/repos/club/ship/commits", "["+gitHubCommit("a4", "Ada", "ada@club.example", "four")+"]")
	g.answers["/repos/club/ship/compare/a2...a4"] = func(w http.ResponseWriter, r *http.Request) {
		sha := "a3"
		if r.URL.Query().Get("page") == "2" {
			sha = "a4"
		} else {
			w.Header().Set("Link", `<https://elsewhere.example/x?page=1&per_page=100>; rel="prev", <https://elsewhere.example/repositories/9/compare/a2...a4?per_page=100&page=2>; rel="next", <https://elsewhere.example/?page=2>; rel="last"`)
		}
		fmt.Fprintf(w, `{"status": "ahead", "ahead_by": 2, "behind_by": 0, "total_commits": 2, "commits": [%s], "files": []}`, gitHubCommit(sha, "Ada", "ada@club.example", "more"))
	}
	a.wants(map[string]int{"Ada commit commits=1": 2})
	// History was written anew: what it has now is told, and what was told stays.
	g.says("/repos/club/ship/commits", "["+gitHubCommit("b1", "Bo", "bo@club.example", "anew, and longer")+"]")
	a.wants(map[string]int{"Bo commit commits=1": 1})
	empty := newGitHub(t)
	empty.answers["/repos/club/ship/commits"] = func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusConflict)
		fmt.Fprint(w, `{"message": "Git Repository is empty.", "status": "409"}`)
	}
	empty.asked(`"commits"`).wants(map[string]int{})
}

const gitHubIssues = `[
{"id": 11, "number": 1, "state": "open", "user": {"login": "ada", "type": "User"}, "labels": [{"id": 1, "name": "bug"}], "created_at": "2026-11-16T08:00:00Z", "updated_at": "2026-11-16T08:00:00Z", "closed_at": null},
{"id": 12, "number": 2, "state": "closed", "user": {"login": "bo", "type": "User"}, "labels": [], "created_at": "2026-11-16T09:00:00Z", "updated_at": "2026-11-17T08:00:00Z", "closed_at": "2026-11-17T08:00:00Z",
 "pull_request": {"url": "https://api.github.com/x", "merged_at": "2026-11-17T08:00:00Z"}, "draft": false},
{"id": 13, "number": 3, "state": "closed", "user": null, "labels": [], "created_at": "2026-11-16T10:00:00Z", "updated_at": "2026-11-18T08:00:00Z", "closed_at": "2026-11-18T08:00:00Z", "state_reason": "completed"},
{"id": 14, "number": 4, "state": "closed", "user": {"login": "renovate[bot]", "type": "Bot"}, "labels": [], "created_at": "2026-11-18T10:00:00Z", "updated_at": "2026-11-19T08:00:00Z", "closed_at": "2026-11-19T08:00:00Z",
 "pull_request": {"url": "https://api.github.com/x", "merged_at": null}}]`

const gitHubReviews = `[
{"id": 80, "user": {"login": "ada", "type": "User"}, "body": "", "state": "APPROVED", "submitted_at": "2026-11-16T18:00:00Z", "author_association": "MEMBER"},
{"id": 81, "user": {"login": "ada", "type": "User"}, "body": "", "state": "PENDING", "author_association": "MEMBER"},
{"id": 82, "user": null, "body": "", "state": "COMMENTED", "submitted_at": "2026-11-16T18:00:00Z"},
{"id": 83, "user": {"login": "Bo", "type": "User"}, "body": "", "state": "COMMENTED", "submitted_at": "2026-11-16T19:00:00Z"},
{"id": 84, "user": {"login": "cy", "type": "User"}, "body": "", "state": "DISMISSED", "submitted_at": "2026-11-16T20:00:00Z"}]`

var whoDidWhat = map[string]int{"bo pull_request.opened pull_requests=1": 1, "bo pull_request.merged merged=1": 1, "ada review reviews=1": 1, "cy review reviews=1": 1, "cy issue.closed issues=1": 1}

func (g *gitHub) withIssues() {
	g.says("/repos/club/ship/issues", gitHubIssues)
	g.withReviews()
	g.says("/repos/club/ship/issues/3/events", `[{"id": 1, "actor": {"login": "bo", "type": "User"}, "event": "renamed", "created_at": "2026-11-16T11:00:00Z"},
		{"id": 2, "actor": {"login": "cy", "type": "User"}, "event": "closed", "created_at": "2026-11-17T07:00:00Z", "state_reason": null},
		{"id": 3, "actor": {"login": "bo", "type": "User"}, "event": "reopened", "created_at": "2026-11-17T09:00:00Z"},
		{"id": 4, "actor": {"login": "bo", "type": "User"}, "event": "closed", "created_at": "2026-11-18T08:00:00Z"}]`)
}

func (g *gitHub) withReviews() {
	g.says("/repos/club/ship/pulls/2/reviews", gitHubReviews)
	g.says("/repos/club/ship/pulls/4/reviews", `[]`)
}

func TestGitHub_IssuesAndPullRequestsCountForPeople(t *testing.T) {
	g := newGitHub(t)
	g.withIssues()
	a := g.asked(`"issues", "pull_requests", "reviews"`)
	a.wants(whoDidWhat)
	a.wants(map[string]int{}) // from the newest on
	g.came = nil
	a.wants(map[string]int{})
	if len(g.came) != 1 || g.came[0] != "/repos/club/ship/issues 304" {
		t.Errorf("what had not changed was asked for by %q", g.came)
	}
}

func TestGitHub_PullRequestsComeWhereIssuesAreSwitchedOff(t *testing.T) {
	g := newGitHub(t)
	g.answers["/repos/club/ship/issues"] = func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusGone)
		fmt.Fprint(w, `{"message": "Issues are disabled for this repo", "status": "410"}`)
	}
	g.says("/repos/club/ship/pulls", `[{"id": 12, "number": 2, "state": "closed", "user": {"login": "bo", "type": "User"}, "labels": [], "created_at": "2026-11-16T09:00:00Z",
		"updated_at": "2026-11-17T08:00:00Z", "closed_at": "2026-11-17T08:00:00Z", "merged_at": "2026-11-17T08:00:00Z"}]`)
	g.withReviews()
	a := g.asked(`"issues", "pull_requests"`)
	a.wants(map[string]int{"bo pull_request.opened pull_requests=1": 1, "bo pull_request.merged merged=1": 1})
	a.wants(map[string]int{})
}

func TestGitHub_StarsAreThoseGainedSinceTheFirstLook(t *testing.T) {
	g := newGitHub(t)
	stars := func(n int) {
		g.says("/repos/club/ship", fmt.Sprintf(`{"id": 1, "name": "ship", "full_name": "club/ship", "owner": {"login": "club", "type": "Organization"}, "stargazers_count": %d}`, n)) //nolint:misspell // GitHub's word
	}
	a := g.asked(`"stars"`)
	for _, step := range []struct {
		stars int
		want  map[string]int
	}{
		{40, map[string]int{}},
		{43, map[string]int{"club star stars=3": 1}},
		{41, map[string]int{}},
		{44, map[string]int{"club star stars=1": 1}},
	} {
		stars(step.stars)
		a.wants(step.want)
	}
}

func TestGitHub_FewerRequestsAreWantedInFourWays(t *testing.T) {
	reset := time.Date(2026, 11, 22, 12, 20, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		code   int
		header map[string]string
		body   string
		wait   time.Duration // 0: it is another refusal
	}{
		"nothing remains":      {403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": strconv.FormatInt(reset.Unix(), 10)}, `{"message": "API rate limit exceeded for user ID 1."}`, 20 * time.Minute},
		"nothing remains, 429": {429, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": strconv.FormatInt(reset.Unix(), 10)}, `{}`, 20 * time.Minute},
		"a wait":               {403, map[string]string{"Retry-After": "90"}, `{"message": "You have exceeded a secondary rate limit."}`, 90 * time.Second},
		"words alone":          {403, map[string]string{"X-RateLimit-Remaining": "4000"}, `{"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}`, time.Minute},
		"no permission":        {403, map[string]string{"X-RateLimit-Remaining": "4000"}, `{"message": "Resource not accessible by personal access token"}`, 0},
	} {
		g := newGitHub(t)
		g.answers["/repos/club/ship/commits"] = func(w http.ResponseWriter, _ *http.Request) {
			for key, value := range test.header {
				w.Header().Set(key, value)
			}
			w.WriteHeader(test.code)
			fmt.Fprint(w, test.body)
		}
		_, err := g.asked(`"commits"`).pull()
		f := (*fault.Fault)(nil)
		if !errors.As(err, &f) || f.Wait != test.wait || (f.Kind == fault.Limited) != (test.wait > 0) {
			t.Errorf("%s: %v, to wait %v", name, err, f.Wait)
		}
	}
}

func TestGitHub_APullThatIsCutShortGoesOnWhereItStopped(t *testing.T) {
	g := newGitHub(t)
	g.withIssues()
	whole := g.answers["/repos/club/ship/issues/3/events"]
	g.answers["/repos/club/ship/issues/3/events"] = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(http.StatusTooManyRequests)
	}
	a := g.asked(`"issues", "pull_requests", "reviews"`)
	first, err := a.pull()
	if fault.Of(err) != fault.Limited || len(first) != 4 || !strings.Contains(a.state, "2026-11-17T08:00:00Z") {
		t.Fatalf("%v, %v, %s", first, err, a.state)
	}
	g.answers["/repos/club/ship/issues/3/events"] = whole
	a.wants(map[string]int{"cy issue.closed issues=1": 1})
}

func TestConfigure_RefusesWhatCannotBe(t *testing.T) {
	for settings, field := range map[string]string{
		`{"base": "https://git.example.org"}`:                                      "repos",
		`{"base": "https://git.example.org", "owner": "a", "repos": ["a/b"]}`:      "repos",
		`{"base": "https://git.example.org", "repos": ["a"]}`:                      "repos",
		`{"base": "https://git.example.org", "repos": ["a/.."]}`:                   "repos",
		`{"base": "https://git.example.org", "repos": ["a/b?x=1"]}`:                "repos",
		`{"base": "https://git.example.org", "repos": ["a/b", "A/B"]}`:             "repos",
		`{"base": "https://git.example.org", "owner": "../admin"}`:                 "owner",
		`{"base": "https://git.example.org", "owner": "a", "login": "b c"}`:        "login",
		`{"base": "https://git.example.org", "owner": "a", "what": ["followers"]}`: "what",
		`{"base": "https://git.example.org", "owner": "a", "token": "x"}`:          "token",
		`{"base": "https://git.example.org", "owner": 7}`:                          "owner",
		`{"base": "https://me:secret@git.example.org", "owner": "a"}`:              "base",
		`{"base": "file:///etc", "owner": "a"}`:                                    "base",
		`{"base": "https://git.example.org?x=1", "owner": "a"}`:                    "base",
		`{"owner": "a"}`: "base",
		`7`:              "settings",
		``:               "settings",
	} {
		_, err := forge.Gitea().Configure([]byte(settings))
		f := (*fault.Fault)(nil)
		if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Field != field {
			t.Errorf("%s: %v, field %q; want %q", settings, err, f.Field, field)
		}
	}
	kept, err := forge.GitHub().Configure([]byte(`{"owner": "club"}`))
	if want := `{"base":"https://api.github.com","owner":"club","what":["commits","pull_requests","reviews","issues","stars"]}`; err != nil || string(kept) != want {
		t.Errorf("%s, %v", kept, err)
	}
}

func FuzzPull(f *testing.F) {
	f.Add(gitHubIssues, "<https://x/?page=2>; rel=\"next\"", "")
	f.Add("["+gitHubCommit("a", "b", "c", "Co-authored-by: <x@y>")+"]", "", `{"repos":{"club/ship":{"head":"a"}}}`)
	f.Add(`{"message": 7}`, `<::>; rel="next"`, `{"repos":{"club/ship":null}}`)
	f.Fuzz(func(t *testing.T, body, link, state string) {
		left := 20
		answers := answering(func(*http.Request) (*http.Response, error) {
			if left--; left < 0 {
				return &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody}, nil
			}
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Link": {link}}, Body: io.NopCloser(strings.NewReader(body))}, nil
		})
		a := &asked{T: t, forge: forge.GitHub(), settings: `{"repos": ["club/ship"]}`, state: state, now: time.Now()}
		at := a.at()
		at.Client = &http.Client{Transport: answers}
		_, checked := a.forge.Check(t.Context(), at)
		pulled := a.forge.Pull(t.Context(), at, func(intake.Batch, string) error { return nil })
		for _, err := range []error{checked, pulled} {
			if fault.Of(err) == fault.Internal {
				t.Errorf("%v", err)
			}
		}
	})
}

// answering answers requests without a network.
type answering func(*http.Request) (*http.Response, error)

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }
