package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"cairn/internal/app"
	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/source"
	"cairn/internal/source/git"
)

// importCommand brings the entries of a file or a git repository to a board.
type importCommand struct {
	dbFlags
	Board   string `arg:"" help:"Key of the board."`
	File    string `arg:"" help:"CSV or XLSX file: entries (player, key, at, value) or wide (player, a column per key). - reads standard input. The word git: the next argument is a repository. The word singer: a tap is piped in."`
	Path    string `arg:"" optional:"" help:"Folder of a git repository, also a bare one."`
	Period  string `help:"Period of a file whose rows carry no time: 2026-W47, 2026-11, … Its entries stand at the start of its last day." placeholder:"P"`
	Source  string `help:"Name under which the entries are known (default: the export's, where it is known by its header, else the file's name)." placeholder:"NAME"`
	Map     string `help:"Mapping file, for a file with headers of its own." placeholder:"FILE"`
	Player  string `help:"Key of the one player that every row is about." placeholder:"KEY"`
	Strict  bool   `help:"All rows or none."`
	Replace bool   `help:"Let a row with a known id and other content take the place of the earlier one."`
	Amend   bool   `help:"Correct entries under a final release, for an erratum. Like --replace, but nothing final refuses."`
	Errors  string `help:"File for refused rows (default: FILE.rejected.csv, never over an older one)." placeholder:"FILE"`
	DryRun  bool   `help:"Only look for problems: add nothing."`
	Branch  string `help:"Of git: branch to read (default: the one checked out)." placeholder:"NAME"`
	Since   string `help:"Of git: first day to read." placeholder:"DATE"`
	Rules   string `help:"Of singer: file of rules (JSON) that say what records become." placeholder:"FILE"`
}

func (importCommand) Help() string {
	return `Importing the same file twice adds nothing, and after a crash the same command goes on where it stopped. Good rows are taken; refused ones
are reported and written, with the reason, to a file that can be corrected and imported again (exit code 0). With --strict one refused
row refuses the file (exit code 2). Players that the board does not have are enrolled.

Some exports are known by their header and need no --map: ` + presetNames() + `.
A LinkedIn Connections.csv keeps nothing but the number of new connections per day, and wants --player KEY.

Any Singer tap can be piped in: tap-github --config c.json | cairn import BOARD singer --source github --rules rules.json > state.jsonl
What is printed is the tap's STATE, and only once everything before it is on disk; all else is said on standard error.`
}

func presetNames() string {
	presets, err := intake.Presets()
	if err != nil {
		return err.Error()
	}
	names := make([]string, len(presets))
	for i, p := range presets {
		names[i] = p.Name
	}
	return strings.Join(names, ", ")
}

func (i *importCommand) Run(c *console) error {
	if (i.File == "git") != (i.Path != "") {
		return fault.New(fault.Invalid, "To import a repository write: cairn import %s git PATH; to import a file: cairn import %s FILE", i.Board, i.Board)
	}
	if i.Amend && i.Strict {
		return fault.New(fault.Invalid, "--amend takes the rows one by one: leave --strict out")
	}
	if err := i.misplaced(); err != nil {
		return err
	}
	rooms, err := i.open(c)
	if err != nil {
		return err
	}
	defer rooms.Close()
	to, err := boardOf(c, rooms, i.Board)
	if err != nil {
		return err
	}
	sources := rooms.Sources
	switch i.File {
	case "git":
		err = i.repository(c, sources, rooms, to)
	case "singer":
		err = i.tapBeside(c, sources, to)
	default:
		err = i.file(c, sources, to)
	}
	if told := newcomers(c, rooms, to); err == nil {
		err = told
	}
	return err
}

// newcomers says whom an import enrolled on a board that had players already, so that a misspelt key does not become a
// second player unseen.
func newcomers(c *console, rooms *app.App, before *board.Board) error {
	now, err := rooms.Boards.Board(c, before.Key)
	if err != nil || before.Players == 0 || now.Players <= before.Players {
		return err
	}
	members, err := rooms.Boards.Members(c, before.ID)
	if err != nil {
		return err
	}
	added := members[max(0, len(members)-(now.Players-before.Players)):] // by number: the last are the newest
	const named = 5
	var names []string
	for _, m := range added[:min(named, len(added))] {
		names = append(names, m.Key)
	}
	said := strings.Join(names, ", ")
	if more := len(added) - named; more > 0 {
		said += fmt.Sprintf(" and %d more", more)
	}
	fmt.Fprintf(c.err, "note: %s on the board: %s\n", counted(len(added), "new player"), said)
	return nil
}

// misplaced refuses flags that what is imported has no use for.
func (i *importCommand) misplaced() error {
	flags, what := map[string]bool{"--branch": i.Branch != "", "--since": i.Since != "", "--rules": i.Rules != ""}, "a file"
	switch i.File {
	case "git":
		flags, what = map[string]bool{"--period": i.Period != "", "--map": i.Map != "", "--player": i.Player != "", "--errors": i.Errors != "", "--rules": i.Rules != ""}, "a git repository"
	case "singer":
		flags, what = map[string]bool{"--period": i.Period != "", "--map": i.Map != "", "--player": i.Player != "", "--branch": i.Branch != "", "--since": i.Since != ""}, "what a tap says"
	}
	for _, flag := range slices.Sorted(maps.Keys(flags)) {
		if flags[flag] {
			return fault.New(fault.Invalid, "%s plays no part in importing %s: leave it out", flag, what)
		}
	}
	return nil
}

func (i *importCommand) file(c *console, sources *source.Sources, to *board.Board) error {
	f := source.File{
		Board: to, Path: i.File, Source: i.Source, Player: i.Player, Period: i.Period, Strict: i.Strict, Replace: i.Replace, Amend: i.Amend,
		Dry: i.DryRun, Errors: i.Errors,
	}
	if i.Map != "" {
		mapping, err := intake.LoadMapping(i.Map)
		if err != nil {
			return err
		}
		f.Mapping = mapping
	}
	if i.File == "-" {
		if i.Source == "" {
			return fault.New(fault.Invalid, "Standard input has no name: say under which the entries are known with --source NAME")
		}
		path, err := spool(c.in)
		if err != nil {
			return err
		}
		defer os.Remove(path)
		f.Path, f.Name = path, "standard input"
		f.Errors = cmp.Or(i.Errors, i.Source+source.RejectedSuffix)
	}
	bar := newProgress(c.err)
	f.Progress = bar.show
	done, err := sources.Import(c, f)
	bar.end()
	if done.Preset != "" {
		fmt.Fprintf(c.err, "note: read as %s, by its header\n", done.Preset)
	}
	for _, note := range done.Notes {
		fmt.Fprintln(c.err, "note:", note)
	}
	for _, problem := range done.Problems {
		fmt.Fprintln(c.err, problem.Error())
	}
	if len(done.Problems) == source.ProblemsShown && done.Rejected != "" {
		fmt.Fprintf(c.err, "note: these are the first %d problems; %s has every one\n", source.ProblemsShown, done.Rejected)
	}
	for _, why := range slices.Sorted(maps.Keys(done.Skipped)) {
		fmt.Fprintf(c.err, "note: skipped %s: %s\n", counted(done.Skipped[why], "row"), why)
	}
	if err != nil && done.Added > 0 && !i.DryRun {
		fmt.Fprintf(c.err, "note: %s added before that stay; the same command goes on from there\n", entries(done.Added))
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, i.summary(done.Report, done.Rejected))
	return nil
}

// summary says in one line what became of an import.
func (i *importCommand) summary(r source.Report, rejected string) string {
	if i.DryRun {
		return fmt.Sprintf("dry run: %s would be taken, %s refused; nothing was added", entries(r.Added), counted(r.Refused, "row"))
	}
	said := []string{entries(r.Added) + " added"}
	if r.Replaced > 0 {
		said = append(said, fmt.Sprintf("%d replaced", r.Replaced))
	}
	said = append(said, fmt.Sprintf("%d already there", r.Duplicates))
	if r.Refused > 0 {
		said = append(said, counted(r.Refused, "row")+" refused")
	}
	line := strings.Join(said, ", ")
	if rejected != "" {
		line += " → " + rejected
	}
	return line
}

func (i *importCommand) repository(c *console, sources *source.Sources, rooms *app.App, to *board.Board) error {
	options := git.Options{Branch: i.Branch}
	if i.Since != "" {
		since, err := time.ParseInLocation(time.DateOnly, i.Since, to.Location())
		if err != nil {
			return fault.New(fault.Invalid, "--since: %q is no day: write one such as 2026-11-22", i.Since)
		}
		options.Since = since
	}
	repository, err := git.Open(c, i.Path)
	if err != nil {
		return err
	}
	bar := newProgress(c.err)
	absolute, err := filepath.Abs(i.Path)
	if err != nil {
		absolute = i.Path
	}
	report, err := sources.Run(c, source.Feed{
		Board: to, Source: cmp.Or(i.Source, "git:"+strings.TrimSuffix(filepath.Base(absolute), ".git")), By: board.ByEmail,
		Replace: true, Amend: i.Amend, Whole: i.Strict, Dry: i.DryRun,
		Refused: func(_ *intake.Record, problem *intake.Problem) error {
			fmt.Fprintln(c.err, problem.Error())
			return nil
		},
		Taken: func(records int) { bar.show(int64(records), 0) },
	}, repository.Records(c, options))
	bar.end()
	if err != nil {
		return err
	}
	if i.Strict && report.Refused > 0 {
		return fault.New(fault.Invalid, "%s: %s refused, so nothing was imported", i.Path, counted(report.Refused, "commit"))
	}
	fmt.Fprintln(c.out, i.summary(report, ""))
	return nil
}

func entries(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}

// spool copies a stream to a temporary file, since a file is looked at before it is read.
func spool(in io.Reader) (path string, err error) {
	file, err := os.CreateTemp("", "cairn-import-*")
	if err == nil {
		_, err = io.Copy(file, in)
		if closing := file.Close(); err == nil {
			err = closing
		}
		if err != nil {
			os.Remove(file.Name())
		}
	}
	if err != nil {
		return "", fault.Wrap(fault.Unavailable, err, "Standard input could not be copied to a temporary file: is the disk full?")
	}
	return file.Name(), nil
}

// progress draws a bar where somebody is looking.
type progress struct {
	to  io.Writer
	bar *progressbar.ProgressBar
}

func newProgress(to io.Writer) *progress {
	if file, ok := to.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return &progress{to: to}
	}
	return &progress{}
}

func (p *progress) show(read, size int64) {
	if p.to == nil {
		return
	}
	if p.bar == nil {
		if size == 0 {
			size = -1 // unknown: a spinner
		}
		p.bar = progressbar.NewOptions64(size, progressbar.OptionSetWriter(p.to), progressbar.OptionClearOnFinish(), progressbar.OptionSetDescription("importing"),
			progressbar.OptionShowBytes(size > 0), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetWidth(30))
	}
	p.bar.Set64(read)
}

func (p *progress) end() {
	if p.bar != nil {
		p.bar.Clear()
	}
}
