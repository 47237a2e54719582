package git

import (
	"bufio"
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cairn/internal/fault"
)

// made is a repository that a test makes.
type made struct {
	*testing.T
	path string
	env  []string
}

func makeRepository(t *testing.T) *made {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Fatal("these tests need the git program: apt-get install git")
	}
	m := &made{T: t, path: filepath.Join(t.TempDir(), "work")}
	m.git("init", "-q", "-b", "main", m.path)
	return m
}

// git runs git as an author at a time, given by env.
func (m *made) git(args ...string) {
	m.Helper()
	cmd := exec.Command("git", args...)
	if _, err := os.Stat(m.path); err == nil {
		cmd.Dir = m.path
	}
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_COMMITTER_NAME=C", "GIT_COMMITTER_EMAIL=c@x.org"}, m.env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		m.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func (m *made) write(name, content string) {
	m.Helper()
	if err := os.WriteFile(filepath.Join(m.path, name), []byte(content), 0o600); err != nil {
		m.Fatal(err)
	}
	m.git("add", "-A")
}

func (m *made) commit(author, email, date, message string) {
	m.Helper()
	m.env = []string{"GIT_AUTHOR_NAME=" + author, "GIT_AUTHOR_EMAIL=" + email, "GIT_AUTHOR_DATE=" + date, "GIT_COMMITTER_DATE=" + date}
	m.git("commit", "-q", "--allow-empty", "-m", message)
}

// history is three authors' work, with a rename, a binary file, co-authors, reviewers, a merge and a mailmap.
func history(t *testing.T) *made {
	m := makeRepository(t)
	m.write(".mailmap", "Ada Lovelace <ada@example.org> <ada@old.org>\nBo Ek <bo@example.org> Bosse <bosse@home>\n")
	m.write("a.txt", "1\n2\n3\n")
	m.commit("ada", "ada@old.org", "2026-11-16T23:30:00-05:00", "first\n\nCo-authored-by: Bosse <bosse@home>\nCo-authored-by: Ada <ada@old.org>\nReviewed-by: Cy <cy@example.org>\nReviewed-by: nobody in particular\nReviewed-by: Bosse <bosse@home>\n")
	m.git("mv", "a.txt", "b name.txt")
	m.write("pic", "\x00\x01binary")
	m.write("b name.txt", "1\n2\n4\n")
	m.commit("Ada Lovelace", "Ada@Example.org", "2026-11-17T12:00:00Z", "rename")
	m.git("checkout", "-q", "-b", "side")
	m.write("c.txt", "x\ny\n")
	m.commit("Bosse", "bosse@home", "2026-11-18T12:00:00Z", "side")
	m.git("checkout", "-q", "main")
	m.env = []string{"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@old.org", "GIT_AUTHOR_DATE=2026-11-19T12:00:00Z", "GIT_COMMITTER_DATE=2026-11-19T12:00:00Z"}
	m.git("merge", "-q", "--no-ff", "-m", "merge", "side")
	m.commit("Old Timer", "svn", "2026-11-20T12:00:00Z", "from another age")
	return m
}

// counted returns the sum of every person and key, and all ids.
func counted(t *testing.T, path string, o Options) (sums map[string]float64, ids map[string]bool, people map[string]string) {
	t.Helper()
	r, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	sums, ids, people = map[string]float64{}, map[string]bool{}, map[string]string{}
	for record, err := range r.Records(context.Background(), o) {
		if err != nil {
			t.Fatal(err)
		}
		people[record.Who.Email] = record.Who.Name
		for _, e := range record.Entries {
			if ids[e.ID] {
				t.Errorf("the id %s stands twice", e.ID)
			}
			ids[e.ID] = true
			sums[record.Who.Email+" "+e.Key] += e.Value
		}
	}
	return sums, ids, people
}

var want = map[string]float64{
	"ada@example.org commit": 3, "ada@example.org lines_added": 6, "ada@example.org lines_removed": 1, "ada@example.org files_touched": 4,
	"bo@example.org commit": 2, "bo@example.org lines_added": 2, "bo@example.org lines_removed": 0, "bo@example.org files_touched": 1, "bo@example.org review": 1,
	"cy@example.org review": 1, "old-timer.svn@unknown.invalid commit": 1,
}

func TestRecords_CountsWhatEachPersonDid(t *testing.T) {
	m := history(t)
	sums, ids, people := counted(t, m.path, Options{})
	if !maps.Equal(sums, want) {
		t.Errorf("%v\nwant %v", sums, want)
	}
	if people["bo@example.org"] != "Bo Ek" || people["cy@example.org"] != "Cy" {
		t.Errorf("people %v", people)
	}
	bare := filepath.Join(t.TempDir(), "bare.git")
	m.git("clone", "-q", "--bare", m.path, bare)
	bareSums, bareIDs, _ := counted(t, bare, Options{})
	if !maps.Equal(bareSums, sums) || !maps.Equal(bareIDs, ids) {
		t.Errorf("the bare clone says %v; want what the work tree says, %v", bareSums, sums)
	}
}

func TestRecords_TimesAreTheAuthors(t *testing.T) {
	r, err := Open(context.Background(), history(t).path)
	if err != nil {
		t.Fatal(err)
	}
	var first time.Time
	for record, err := range r.Records(context.Background(), Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		first = record.Entries[0].At
	}
	if want := time.Date(2026, 11, 17, 4, 30, 0, 0, time.UTC); !first.Equal(want) {
		t.Errorf("the first commit is of %s; want %s", first, want)
	}
}

func TestRecords_OfABranchSinceADay(t *testing.T) {
	m := history(t)
	sums, _, _ := counted(t, m.path, Options{Branch: "side", Since: time.Date(2026, 11, 17, 6, 0, 0, 0, time.UTC)})
	if sums["ada@example.org commit"] != 1 || sums["bo@example.org commit"] != 1 || len(sums) != 8 {
		t.Errorf("%v", sums)
	}
	r, err := Open(context.Background(), m.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, branch := range []string{"nowhere", "--all", "-n1"} {
		for _, err := range r.Records(context.Background(), Options{Branch: branch}) {
			if fault.Of(err) != fault.NotFound {
				t.Errorf("branch %s: %v; want not found", branch, err)
			}
		}
	}
}

func TestRecords_CanBeLeftEarly(t *testing.T) {
	r, err := Open(context.Background(), history(t).path)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range r.Records(context.Background(), Options{}) {
		if n++; err != nil || n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d records before leaving", n)
	}
}

func TestRecords_AHostileRepositoryRunsNothing(t *testing.T) {
	m := history(t)
	trap := filepath.Join(t.TempDir(), "sprung")
	script := filepath.Join(t.TempDir(), "trap.sh")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho sprung >> "+trap+"\ncat\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, setting := range []string{"core.fsmonitor", "core.pager", "core.sshCommand", "core.editor", "core.askPass", "diff.external", "diff.evil.command", "diff.evil.textconv",
		"filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "gpg.program", "pager.log", "credential.helper", "uploadpack.packObjectsHook", "core.gitProxy", "alias.log", "alias.rev-parse"} {
		m.git("config", setting, script)
	}
	for setting, value := range map[string]string{"core.hooksPath": filepath.Dir(script), "log.showSignature": "true", "diff.orderFile": "/nowhere", "color.ui": "always", "log.showRoot": "false",
		"diff.renames": "false", "log.diffMerges": "m", "core.attributesFile": "/nowhere", "filter.evil.required": "true", "log.follow": "true", "format.pretty": "raw", "diff.noprefix": "true"} {
		m.git("config", setting, value)
	}
	if err := os.WriteFile(filepath.Join(m.path, ".git", "info", "attributes"), []byte("* diff=evil filter=evil\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sums, _, _ := counted(t, m.path, Options{})
	if !maps.Equal(sums, want) {
		t.Errorf("its settings change what is counted: %v\nwant %v", sums, want)
	}
	if content, err := os.ReadFile(trap); err == nil {
		t.Errorf("a command of the repository ran: %s", content)
	}
}

func TestOpen_RefusesWhatIsNoRepository(t *testing.T) {
	if _, err := Open(context.Background(), filepath.Join(t.TempDir(), "none")); fault.Of(err) != fault.NotFound {
		t.Errorf("no folder: %v", err)
	}
	if _, err := Open(context.Background(), t.TempDir()); fault.Of(err) != fault.Invalid || !strings.Contains(fault.Message(err), "no git repository") {
		t.Errorf("no repository: %v", err)
	}
	empty := makeRepository(t)
	r, err := Open(context.Background(), empty.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range r.Records(context.Background(), Options{}) {
		if fault.Of(err) != fault.Invalid || !strings.Contains(fault.Message(err), "--branch") {
			t.Errorf("no commit: %v", err)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := Open(context.Background(), empty.path); fault.Of(err) != fault.Unavailable || !strings.Contains(fault.Message(err), "install git") {
		t.Errorf("no git program: %v", err)
	}
}

// FuzzLog feeds the reader of git's output what git never writes: it may fail, but neither hang nor panic.
func FuzzLog(f *testing.F) {
	f.Add("0f\x00\x001\x00A\x00a@x\x00\x00\x00\n1\t2\tf\x003\t-\t\x00a\x00b\x000e\x00\x00x")
	f.Fuzz(func(t *testing.T, text string) {
		l := &log{in: bufio.NewReader(strings.NewReader(text))}
		for range len(text) + 1 {
			if _, err := l.next(); err != nil {
				return
			}
		}
		t.Error("more commits than bytes")
	})
}
