package git_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/reach"
	"cairn/internal/source"
	"cairn/internal/source/forge/forgetest"
	"cairn/internal/source/git"
)

// pulled is a source that is asked again and again.
type pulled struct {
	*testing.T
	puller    *git.Puller
	settings  string
	token     string
	state     string
	outside   bool // private networks are closed to it
	batches   int
	identical map[string]bool // ids that came
}

func (p *pulled) at() source.Asking {
	var open []netip.Prefix
	if !p.outside {
		open = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	}
	r := reach.New(open, time.Now)
	at := source.Asking{Settings: json.RawMessage(p.settings), Credentials: p.token, State: p.state, Client: r.Client(), Reach: r, Now: time.Now()}
	if p.state != "" {
		at.Since = at.Now
	}
	return at
}

func (p *pulled) pull() (map[string]float64, error) {
	sums := map[string]float64{}
	if p.identical == nil {
		p.identical = map[string]bool{}
	}
	err := p.puller.Pull(context.Background(), p.at(), func(b intake.Batch, state string) error {
		for _, e := range b.Events {
			if e.Entry == nil || p.identical[e.ID] {
				p.Errorf("%+v came", e)
			}
			p.identical[e.ID] = true
			sums[e.Players["email"]+" "+e.Entry.Key] += e.Entry.Value
		}
		p.state = state
		p.batches++
		return nil
	})
	return sums, err
}

func (p *pulled) wants(want map[string]float64) {
	p.Helper()
	got, err := p.pull()
	if err != nil {
		p.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		p.Error(d)
	}
}

func (p *pulled) refuses(kind fault.Kind, words string) {
	p.Helper()
	got, err := p.pull()
	if fault.Of(err) != kind || !strings.Contains(fault.Message(err), words) || len(got) > 0 {
		p.Errorf("%v %v; want %s: %s", got, err, kind, words)
	}
}

func run(t *testing.T, folder string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@old.example",
		"GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@old.example")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func TestPuller_AFolderIsReadOnlyWhereItIsOpen(t *testing.T) {
	open, closed := t.TempDir(), t.TempDir()
	repository := filepath.Join(open, "ship")
	run(t, open, "init", "-q", "-b", "main", repository)
	run(t, repository, "commit", "-q", "--allow-empty", "-m", "one")
	run(t, closed, "init", "-q", filepath.Join(closed, "secret"))
	if err := os.Symlink(filepath.Join(closed, "secret"), filepath.Join(open, "link")); err != nil {
		t.Fatal(err)
	}
	puller := git.NewPuller(open)
	for path, good := range map[string]bool{
		repository: true, filepath.Join(closed, "secret"): false, filepath.Join(open, "link"): false, filepath.Join(open, "..", filepath.Base(closed), "secret"): false,
		"ship": false, filepath.Join(open, "none"): false, "/": false,
	} {
		settings, err := json.Marshal(map[string]string{"path": path})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := puller.Configure(settings); (err == nil) != good || err != nil && fault.Of(err) != fault.Invalid {
			t.Errorf("%s: %v", path, err)
		}
		if _, err := git.NewPuller().Configure(settings); err == nil {
			t.Errorf("%s is open where nothing is", path)
		}
	}
	p := &pulled{T: t, puller: puller, settings: fmt.Sprintf(`{"path": %q, "lines": true}`, repository)}
	p.wants(map[string]float64{"ada@old.example commit": 1})
	p.wants(map[string]float64{})
	if err := os.WriteFile(filepath.Join(repository, "a"), []byte("1\n2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, repository, "add", "a")
	run(t, repository, "commit", "-q", "-m", "two", "--date=2020-01-01T00:00:00Z")
	p.wants(map[string]float64{"ada@old.example commit": 1, "ada@old.example lines_added": 2, "ada@old.example lines_removed": 0, "ada@old.example files_touched": 1})
	run(t, repository, "checkout", "-q", "--orphan", "anew")
	run(t, repository, "commit", "-q", "-m", "history begins again")
	run(t, repository, "branch", "-q", "-M", "main")
	run(t, repository, "reflog", "expire", "--expire=now", "--all")
	run(t, repository, "gc", "-q", "--prune=now")
	p.wants(map[string]float64{"ada@old.example commit": 1, "ada@old.example lines_added": 2, "ada@old.example lines_removed": 0, "ada@old.example files_touched": 1})
	if found, err := puller.Check(t.Context(), p.at()); err != nil || !strings.HasPrefix(found, "A repository whose newest commit is ") {
		t.Errorf("%q, %v", found, err)
	}
	p.settings = fmt.Sprintf(`{"path": %q, "branch": "none"}`, repository)
	p.refuses(fault.NotFound, `no branch "none"`)
}

func TestPuller_FetchesFromARealServer(t *testing.T) {
	g := forgetest.Start(t)
	t.Setenv("TMPDIR", t.TempDir())
	g.Do(t, "", "POST", "/user/repos", map[string]any{"name": "ship", "private": true, "default_branch": "main"}, nil)
	write := func(name, content, message string) {
		g.Do(t, "", "POST", "/repos/"+forgetest.Root+"/ship/contents/"+name, map[string]any{"content": base64.StdEncoding.EncodeToString([]byte(content)), "message": message,
			"author": map[string]string{"name": "Ada", "email": "ada@old.example"}}, nil)
	}
	address := g.Base + "/" + forgetest.Root + "/ship.git"
	p := &pulled{T: t, puller: git.NewPuller(), settings: fmt.Sprintf(`{"url": %q}`, address), token: g.Token}
	p.wants(map[string]float64{}) // without a commit yet
	write("a.txt", "1\n2\n3\n", "one\n\nCo-authored-by: Bo <bo@club.example>")
	p.wants(map[string]float64{"ada@old.example commit": 1, "bo@club.example commit": 1})
	p.batches = 0
	p.wants(map[string]float64{})
	if p.batches != 0 {
		t.Error("what had not changed was fetched again")
	}
	write(".mailmap", "Ada <ada@club.example> <ada@old.example>\n", "who is who")
	p.wants(map[string]float64{"ada@club.example commit": 1})
	lines := &pulled{T: t, puller: p.puller, settings: fmt.Sprintf(`{"url": %q, "lines": true, "branch": "main"}`, address), token: "anybody:" + g.Token}
	lines.wants(map[string]float64{"ada@club.example commit": 2, "bo@club.example commit": 1, "ada@club.example lines_added": 4, "ada@club.example lines_removed": 0, "ada@club.example files_touched": 2})
	if found, err := p.puller.Check(t.Context(), p.at()); err != nil || !strings.HasPrefix(found, "A repository whose newest commit is ") {
		t.Errorf("%q, %v", found, err)
	}

	inside := &pulled{T: t, puller: p.puller, settings: p.settings, token: g.Token, outside: true}
	inside.refuses(fault.Invalid, "private network")
	for _, token := range []string{"", "wrong"} {
		stranger := &pulled{T: t, puller: p.puller, settings: p.settings, token: token}
		stranger.refuses(fault.Forbidden, "does not let this server in")
	}
	absent := &pulled{T: t, puller: p.puller, settings: fmt.Sprintf(`{"url": %q, "branch": "none"}`, address), token: g.Token}
	absent.refuses(fault.NotFound, `no branch "none"`)
	leftovers, err := filepath.Glob(filepath.Join(os.TempDir(), "cairn-git-*"))
	if err != nil || len(leftovers) > 0 {
		t.Errorf("%q stay behind, %v", leftovers, err)
	}
}

func TestPuller_FollowsNoRedirect(t *testing.T) {
	reached := false
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer inner.Close()
	outer := httptest.NewServer(http.RedirectHandler(inner.URL+"/x.git/info/refs?service=git-upload-pack", http.StatusFound))
	defer outer.Close()
	p := &pulled{T: t, puller: git.NewPuller(), settings: fmt.Sprintf(`{"url": %q}`, outer.URL+"/x.git")}
	p.refuses(fault.Invalid, "leads to another")
	if reached {
		t.Error("a redirect was followed")
	}
}

func TestConfigure_RefusesWhatIsNoRepository(t *testing.T) {
	for settings, field := range map[string]string{
		`{}`:                       "url",
		`{"url": "ssh://a/b"}`:     "url",
		`{"url": "ext::sh -c id"}`: "url",
		`{"url": "file:///etc"}`:   "url",
		`{"url": "http://git.example.org/x.git"}`:                             "url",
		`{"url": "https://u:p@git.example.org/x.git"}`:                        "url",
		`{"url": "https://git.example.org/x.git", "path": "/srv"}`:            "url",
		`{"url": "https://git.example.org/x.git", "branch": "--upload-pack"}`: "branch",
		`{"url": "https://git.example.org/x.git", "branch": "a..b"}`:          "branch",
		`{"url": "https://git.example.org/x.git", "depth": 1}`:                "depth",
		`{"url": 7}`: "url",
	} {
		_, err := git.NewPuller().Configure([]byte(settings))
		f, is := err.(*fault.Fault)
		if !is || f.Kind != fault.Invalid || f.Field != field {
			t.Errorf("%s: %v; want %q", settings, err, field)
		}
	}
}
