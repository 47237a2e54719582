package app

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cairn/internal/fault"
	"cairn/internal/parttest"
)

// repository makes a bare git repository with commits of two people: Ada every week for n weeks up to that of last, Bo
// every third week. Every fifth week nobody commits.
func repository(t *testing.T, n int, last time.Time) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		parttest.Lacks(t, "THE HISTORY OF A REPOSITORY", "git is missing (make install brings it)")
	}
	path := filepath.Join(t.TempDir(), "Some Project.git")
	if out, err := exec.CommandContext(t.Context(), "git", "init", "-q", "--bare", "-b", "main", path).CombinedOutput(); err != nil {
		t.Fatalf("git init: %v\n%s", err, out)
	}
	var stream strings.Builder
	commit := func(name string, at time.Time, i int) {
		who := fmt.Sprintf("%s <%s@example.org> %d +0000", name, strings.ToLower(name), at.Unix())
		content := strings.Repeat(fmt.Sprintln(name, i), i%7+1)
		fmt.Fprintf(&stream, "commit refs/heads/main\nauthor %s\ncommitter %s\ndata 2\nx\nM 100644 inline %s-%d.txt\ndata %d\n%s\n", who, who, name, i%4, len(content), content)
	}
	for i := range n {
		at := last.AddDate(0, 0, -7*(n-1-i))
		if i%5 == 4 {
			continue
		}
		commit("Ada", at, i)
		if i%3 == 0 {
			commit("Bo", at.Add(time.Hour), i)
		}
	}
	command := exec.CommandContext(t.Context(), "git", "-C", path, "fast-import", "--quiet")
	command.Stdin = strings.NewReader(stream.String())
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("git fast-import: %v\n%s", err, out)
	}
	return path
}

func (d Demo) silent(t *testing.T) Demo {
	d.Progress = func(string, int, int) {}
	d.Note = func(text string) { t.Errorf("noted: %s", text) }
	return d
}

func TestDemo_ShowsTheLastWeeksOfARepositoryThatHaveCommits(t *testing.T) {
	a := show(t, "")
	key, err := a.buildGit(t.Context(), repository(t, 60, today()), Demo{}.silent(t))
	if err != nil {
		t.Fatal(err)
	}
	b, err := a.Boards.Board(t.Context(), key)
	if err != nil || b.Key != "contributors-some-project" || b.Name != "Contributors of Some Project" {
		t.Fatalf("%+v, %v", b, err)
	}
	archive, err := a.Releases.Archive(t.Context(), b)
	if err != nil || len(archive) != gitWeeks {
		t.Fatalf("%d releases, %v", len(archive), err)
	}
	if newest := archive[0].Period.String(); newest != "2026-W46" {
		t.Errorf("the newest is %s: the week of today is not over, and the one before has commits", newest)
	}
	rows, err := viewed(t, a, b).Rows(t.Context(), 0, 10)
	if err != nil || len(rows) != 2 || rows[0].Name != "Ada" {
		t.Errorf("%+v, %v", rows, err)
	}
	if again, err := a.buildGit(t.Context(), repository(t, 60, today()), Demo{}.silent(t)); err != nil || again != key {
		t.Errorf("once more: %s, %v", again, err)
	}
}

func TestDemo_ShowsARepositoryThatWasBegunThisWeek(t *testing.T) {
	a := show(t, "")
	key, err := a.buildGit(t.Context(), repository(t, 1, today().AddDate(0, 0, -1)), Demo{}.silent(t))
	if err != nil {
		t.Fatal(err)
	}
	b, err := a.Boards.Board(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if latest, err := a.Releases.Latest(t.Context(), b); err != nil || latest.Period.String() != "2026-W47" {
		t.Errorf("%+v, %v", latest, err)
	}
}

func TestDemo_NotesCommitsWhoseDateCannotBe(t *testing.T) {
	path := repository(t, 3, today().AddDate(0, 0, -7))
	var stream strings.Builder
	for i, at := range []int64{253402300800, today().AddDate(1, 0, 0).Unix()} {
		who := fmt.Sprintf("Eve <eve@example.org> %d +0000", at)
		fmt.Fprintf(&stream, "commit refs/heads/main\nauthor %s\ncommitter %s\ndata 2\nx\n", who, who)
		if i == 0 {
			stream.WriteString("from refs/heads/main^0\n")
		}
	}
	command := exec.CommandContext(t.Context(), "git", "-C", path, "fast-import", "--quiet")
	command.Stdin = strings.NewReader(stream.String())
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("git fast-import: %v\n%s", err, out)
	}
	a := show(t, "")
	var notes []string
	d := Demo{}.silent(t)
	d.Note = func(text string) { notes = append(notes, text) }
	key, err := a.buildGit(t.Context(), path, d)
	if err != nil {
		t.Fatal(err)
	}
	if all := strings.Join(notes, "\n"); len(notes) != 2 || !strings.Contains(all, "outside the years") || !strings.Contains(all, "later than this week") {
		t.Errorf("the notes are %q", notes)
	}
	b, err := a.Boards.Board(t.Context(), key)
	if err != nil || b.Players != 2 {
		t.Errorf("%+v, %v; want Ada and Bo", b, err)
	}
}

func TestDemo_RefusesWhatIsNoRepository(t *testing.T) {
	a := show(t, "")
	for path, want := range map[string]fault.Kind{t.TempDir(): fault.Invalid, filepath.Join(t.TempDir(), "absent"): fault.NotFound, repository(t, 0, today()): fault.Invalid} {
		if _, err := a.BuildDemo(t.Context(), Demo{Git: path}.silent(t)); fault.Of(err) != want || !strings.Contains(fault.Message(err), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if boards, err := a.Boards.List(t.Context(), true); err != nil || len(boards) != 0 {
		t.Errorf("boards were made all the same: %v, %v", boards, err)
	}
}
