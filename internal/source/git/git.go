package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"cairn/internal/fault"
	"cairn/internal/intake"
)

// Keys of the entries that a repository gives.
const (
	Commit       = "commit"        // 1 per commit, for its author and each co-author
	LinesAdded   = "lines_added"   // per commit that is no merge, for its author
	LinesRemoved = "lines_removed" // likewise
	FilesTouched = "files_touched" // likewise
	Review       = "review"        // 1 per Reviewed-by trailer
)

// Options say which commits are read.
type Options struct {
	Branch  string    // default: the one checked out, of a bare repository its HEAD
	Since   time.Time // authored and committed then or later; zero: all
	After   string    // hash of a commit: neither it nor what led to it; "" all
	Authors bool      // no lines and files are counted: the repository may lack the files
}

// Repository is a git repository on this machine.
type Repository struct{ path string }

// Open finds a repository, bare or with a work tree. The error is Unavailable where there is no git program, NotFound where
// there is no such folder, and Invalid where it is no repository.
func Open(ctx context.Context, path string) (*Repository, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return nil, fault.New(fault.NotFound, "%s: there is no such folder", path)
	}
	r := &Repository{path}
	if _, err := r.ask(ctx, "rev-parse", "--git-dir"); err != nil {
		if fault.Of(err) == fault.Unavailable {
			return nil, err
		}
		return nil, fault.Wrap(fault.Invalid, err, "%s: this is no git repository: name the folder that has .git in it, or a bare repository", path)
	}
	return r, nil
}

// hardened are settings that keep a repository's own from running or fetching anything, and from changing what is counted.
var hardened = []string{
	"core.fsmonitor=false", "core.hooksPath=" + os.DevNull, "core.attributesFile=" + os.DevNull, "protocol.allow=never",
	"log.showSignature=false", "log.showRoot=true", "log.mailmap=true", "mailmap.file=", "i18n.logOutputEncoding=UTF-8", "color.ui=false",
	"diff.renameLimit=1000", "diff.ignoreSubmodules=none",
}

func (r *Repository) command(ctx context.Context, args ...string) *exec.Cmd {
	all := []string{"--no-pager", "--no-replace-objects", "--literal-pathspecs", "-C", r.path}
	for _, setting := range append(hardened, "safe.directory=*") {
		all = append(all, "-c", setting)
	}
	cmd := exec.CommandContext(ctx, "git", append(all, args...)...)
	cmd.Env = []string{
		"LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_ATTR_NOSYSTEM=1", "GIT_OPTIONAL_LOCKS=0",
		"GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none",
	}
	cmd.WaitDelay = time.Second
	return cmd
}

// ask runs a git command and returns what it prints.
func (r *Repository) ask(ctx context.Context, args ...string) (string, error) {
	var errs limited
	cmd := r.command(ctx, args...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return "", r.failed(ctx, err, errs.String())
	}
	return strings.TrimSpace(string(out)), nil
}

func (r *Repository) failed(ctx context.Context, err error, said string) error {
	switch cause := fmt.Errorf("%w: %s", err, said); {
	case errors.Is(err, exec.ErrNotFound):
		return fault.Wrap(fault.Unavailable, cause, "There is no git program on this machine: install git and try again.")
	case ctx.Err() != nil:
		return fault.Wrap(fault.Unavailable, cause, "%s: reading the repository was stopped; run the same command again to go on", r.path)
	default:
		return fault.Wrap(fault.Invalid, cause, "%s: git cannot read this repository: see what \"git -C %s fsck\" says", r.path, r.path)
	}
}

// Records yields what every commit says of the people in it, newest commit first: first its author, then co-authors and
// reviewers.
func (r *Repository) Records(ctx context.Context, o Options) iter.Seq2[*intake.Record, error] {
	return func(yield func(*intake.Record, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		if err := r.read(ctx, o, yield); err != nil {
			yield(nil, err)
		}
	}
}

// errEnough says that the caller wants no more records.
var errEnough = errors.New("enough")

const (
	fields = 7 // of a commit in the log, each closed by a NUL, which no commit can contain
	format = "--format=%H%x00%P%x00%at%x00%aN%x00%aE%x00%(trailers:key=Co-authored-by,valueonly,unfold,separator=%x1f)%x00%(trailers:key=Reviewed-by,valueonly,unfold,separator=%x1f)"
)

func (r *Repository) read(ctx context.Context, o Options, yield func(*intake.Record, error) bool) error {
	revision := "HEAD"
	if o.Branch != "" {
		revision = o.Branch
	}
	head, err := r.ask(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{commit}")
	if fault.Of(err) == fault.Invalid {
		if o.Branch == "" {
			return fault.Wrap(fault.Invalid, err, "%s has no commit on the branch that is checked out: name another with --branch", r.path)
		}
		return fault.Wrap(fault.NotFound, err, "%s has no branch %q", r.path, o.Branch)
	}
	if err != nil {
		return err
	}
	args := []string{"log", "-z", "--no-color", "--no-notes", "--no-show-signature", format}
	if o.Authors {
		args = append(args, "--no-patch")
	} else {
		args = append(args, "--numstat", "-M", "--no-ext-diff", "--no-textconv", "--diff-merges=off", "--diff-algorithm=default", "-O"+os.DevNull)
	}
	if !o.Since.IsZero() {
		args = append(args, "--since-as-filter="+o.Since.UTC().Format(time.RFC3339))
	}
	args = append(args, head)
	if o.After != "" {
		args = append(args, "^"+o.After)
	}
	cmd := r.command(ctx, append(args, "--")...)
	var errs limited
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		return r.failed(ctx, err, "")
	}
	if err := cmd.Start(); err != nil {
		return r.failed(ctx, err, "")
	}
	people := &mailmap{repository: r, known: map[string]person{}}
	defer people.close()
	l := &log{in: bufio.NewReaderSize(out, 1<<16)}
	for {
		c, err := l.next()
		if err == io.EOF {
			break
		}
		if err == nil && (o.Since.IsZero() || !time.Unix(c.at, 0).Before(o.Since)) {
			err = r.tell(ctx, c, people, yield)
		}
		if err != nil {
			_ = cmd.Cancel() // it may have ended already
			cmd.Wait()
			if err == errEnough {
				return nil
			}
			return r.failed(ctx, err, errs.String())
		}
	}
	if err := cmd.Wait(); err != nil {
		return r.failed(ctx, err, errs.String())
	}
	return nil
}

// tell yields the records of a commit.
func (r *Repository) tell(ctx context.Context, c *commit, people *mailmap, yield func(*intake.Record, error) bool) error {
	if c.at < -62135596800 || c.at >= 253402300800 {
		record := &intake.Record{From: r.path}
		if !yield(record, record.Problem("commit %.12s is dated outside the years 1 to 9999: it is left out", c.hash)) {
			return errEnough
		}
		return nil
	}
	at := time.Unix(c.at, 0).UTC()
	say := func(who person, entries ...intake.Entry) error {
		for i := range entries {
			entries[i].At, entries[i].Column = at, -1
		}
		if !yield(&intake.Record{From: r.path, Who: intake.Who{Name: who.name, Email: who.email}, Entries: entries}, nil) {
			return errEnough
		}
		return nil
	}
	author := tidy(c.name, c.email)
	entries := []intake.Entry{{Key: Commit, Value: 1, ID: c.hash}}
	if c.files > 0 {
		entries = append(entries,
			intake.Entry{Key: LinesAdded, Value: float64(c.added), ID: c.hash + "|" + LinesAdded},
			intake.Entry{Key: LinesRemoved, Value: float64(c.removed), ID: c.hash + "|" + LinesRemoved},
			intake.Entry{Key: FilesTouched, Value: float64(c.files), ID: c.hash + "|" + FilesTouched})
	}
	if err := say(author, entries...); err != nil {
		return err
	}
	for _, trailer := range []struct {
		contacts []string
		key      string
		told     map[string]bool
	}{{c.coauthors, Commit, map[string]bool{author.email: true}}, {c.reviewers, Review, map[string]bool{}}} {
		for _, contact := range trailer.contacts {
			who, ok, err := people.find(ctx, contact)
			if err != nil {
				return err
			}
			if !ok || trailer.told[who.email] {
				continue // no name and address, or said twice
			}
			trailer.told[who.email] = true
			if err := say(who, intake.Entry{Key: trailer.key, Value: 1, ID: c.hash + "|" + trailer.key + "|" + who.email}); err != nil {
				return err
			}
		}
	}
	return nil
}

// commit is one commit of the log.
type commit struct {
	hash                 string
	at                   int64 // author date, seconds
	name, email          string
	coauthors, reviewers []string
	added, removed       int64
	files                int
}

// log reads the output of git log -z --numstat: the fields of a commit, then a record per changed file.
type log struct {
	in      *bufio.Reader
	pending string // hash of the commit that was read too far
}

func (l *log) next() (*commit, error) {
	var head [fields]string
	var err error
	for i := range head {
		if i == 0 && l.pending != "" {
			head[0], l.pending = l.pending, ""
			continue
		}
		if head[i], err = l.token(); err != nil {
			if i == 0 && err == io.EOF {
				return nil, io.EOF
			}
			return nil, fmt.Errorf("reading the log: %w", noEOF(err))
		}
	}
	c := &commit{hash: head[0], name: head[3], email: head[4], coauthors: contacts(head[5]), reviewers: contacts(head[6])}
	if c.at, err = strconv.ParseInt(head[2], 10, 64); err != nil {
		return nil, fmt.Errorf("reading the log: a commit has no date")
	}
	for {
		token, err := l.token()
		if err == io.EOF {
			return c, nil
		}
		if err != nil {
			return nil, err
		}
		added, rest, isFile := strings.Cut(strings.TrimPrefix(token, "\n"), "\t")
		if !isFile {
			l.pending = token
			return c, nil
		}
		removed, path, _ := strings.Cut(rest, "\t")
		if path == "" { // renamed: the old and the new path follow
			for range 2 {
				if _, err := l.token(); err != nil {
					return nil, noEOF(err)
				}
			}
		}
		c.files++
		c.added += lines(added)
		c.removed += lines(removed)
	}
}

// lines reads a count of lines; a binary file has "-".
func lines(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

// maxToken bounds a field of the log: a commit message of trailers only must not fill the memory.
const maxToken = 1 << 20

func (l *log) token() (string, error) {
	var token []byte
	for {
		part, err := l.in.ReadSlice(0)
		if token = append(token, part...); len(token) > maxToken {
			return "", errors.New("a field of the log is longer than 1 MiB")
		}
		switch {
		case err == nil:
			return string(token[:len(token)-1]), nil
		case err == io.EOF && len(token) > 0:
			return string(token), nil
		case err != bufio.ErrBufferFull:
			return "", err
		}
	}
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func contacts(field string) []string {
	if field == "" {
		return nil
	}
	return strings.Split(field, "\x1f")
}

// limited keeps the first of what a program says on standard error.
type limited struct{ bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if room := 4096 - l.Len(); room > 0 {
		l.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}
