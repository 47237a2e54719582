package git

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/reach"
	"cairn/internal/source"
)

// Puller reads a repository again and again: one that is fetched over https, or one in a folder that the operator opened. It is a
// source.Puller.
type Puller struct{ folders []string }

var _ source.Puller = (*Puller)(nil)

// NewPuller makes one. Repositories on this machine are read below these folders alone.
func NewPuller(folders ...string) *Puller { return &Puller{folders} }

// Settings of a source. Either URL or Path is given.
type Settings struct {
	URL    string `json:"url,omitempty"`
	Path   string `json:"path,omitempty"`   // of a folder on the server's machine
	Branch string `json:"branch,omitempty"` // default: the repository's
	Lines  bool   `json:"lines,omitempty"`  // lines and files are counted too: over https all files are fetched for it
}

const mostBytes = 512 << 20 // of one fetch

var branchName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._/+-]{0,199}$`)

// Configure refuses what is no setting of a repository.
func (p *Puller) Configure(text json.RawMessage) (json.RawMessage, error) {
	s, err := p.read(text)
	if err != nil {
		return nil, err
	}
	return json.Marshal(s)
}

// Keys implements source.Puller.
func (p *Puller) Keys(settings json.RawMessage) []string {
	var s Settings
	if source.ReadSettings(settings, &s) != nil {
		return nil
	}
	if s.Lines {
		return []string{Commit, Review, LinesAdded, LinesRemoved, FilesTouched}
	}
	return []string{Commit, Review}
}

func (p *Puller) read(text json.RawMessage) (s Settings, err error) {
	if err := source.ReadSettings(text, &s); err != nil {
		return s, err
	}
	if (s.URL == "") == (s.Path == "") {
		return s, fault.Wrong("url", "Give the https address from which the repository is cloned, or the path of a folder on the server: one of the two.")
	}
	if s.Branch != "" && (!branchName.MatchString(s.Branch) || strings.Contains(s.Branch, "..")) {
		return s, fault.Wrong("branch", "%q is no name of a branch.", s.Branch)
	}
	if s.Path != "" {
		s.Path, err = p.within(s.Path)
		return s, err
	}
	if err := reach.Check(s.URL); err != nil {
		return s, fault.In("url", err)
	}
	u, err := url.Parse(s.URL)
	if err != nil || u.Fragment != "" || u.Scheme != "https" && !local(u.Hostname()) {
		return s, fault.Wrong("url", "A repository is fetched over https: give the address that begins with it.")
	}
	return s, nil
}

// local reports whether a host is the server's own machine, to which nothing travels readable.
func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// within returns the true path of a folder that is below one of those that are open.
func (p *Puller) within(path string) (string, error) {
	refused := fault.Wrong("path", "This folder is not open to sources: the operator of the server opens folders with git_folders. A repository elsewhere is read over https.")
	if !filepath.IsAbs(path) {
		return "", refused
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", refused // not there, or not to be told from what is not open
	}
	for _, folder := range p.folders {
		if open, err := filepath.EvalSymlinks(folder); err == nil {
			if below, err := filepath.Rel(open, real); err == nil && filepath.IsLocal(below) {
				return real, nil
			}
		}
	}
	return "", refused
}

// told is what the next pull goes on from.
type told struct {
	Head  string    `json:"head"`
	Since time.Time `json:"since,omitzero"` // of the first pull: what was done before is not told, whenever it is merged
}

// Check says which commit it found at the head of the branch.
func (p *Puller) Check(ctx context.Context, at source.Asking) (string, error) {
	s, err := p.read(at.Settings)
	if err != nil {
		return "", err
	}
	var head string
	if s.Path != "" {
		r, err := Open(ctx, s.Path)
		if err != nil {
			return "", err
		}
		if head, err = r.tip(ctx, s.Branch); err != nil {
			return "", err
		}
	} else {
		f, err := newFetch(ctx, s, at)
		if err != nil {
			return "", err
		}
		defer f.close()
		if head, err = f.tip(ctx); err != nil {
			return "", err
		}
	}
	if head == "" {
		return "A repository without a commit.", nil
	}
	return fmt.Sprintf("A repository whose newest commit is %.12s.", head), nil
}

// Pull tells the commits that were not told before, whatever their dates.
func (p *Puller) Pull(ctx context.Context, at source.Asking, take func(intake.Batch, string) error) error {
	s, err := p.read(at.Settings)
	if err != nil {
		return err
	}
	var last told
	if at.State == "" || json.Unmarshal([]byte(at.State), &last) != nil {
		last = told{Since: at.Since}
	}
	if s.Path != "" {
		r, err := Open(ctx, s.Path)
		if err != nil {
			return err
		}
		head, err := r.tip(ctx, s.Branch)
		if err != nil || head == last.Head {
			return err
		}
		return r.hand(ctx, s, last, head, at, take)
	}
	f, err := newFetch(ctx, s, at)
	if err != nil {
		return err
	}
	defer f.close()
	head, err := f.tip(ctx)
	if err != nil || head == last.Head {
		return err
	}
	r, err := f.clone(ctx)
	if err != nil {
		return err
	}
	if head, err = r.tip(ctx, ""); err != nil {
		return err
	}
	s.Branch = ""
	return r.hand(ctx, s, last, head, at, take)
}

// tip is the newest commit of a branch, "" where there is none.
func (r *Repository) tip(ctx context.Context, branch string) (string, error) {
	revision := "HEAD"
	if branch != "" {
		revision = "refs/heads/" + branch
	}
	head, err := r.ask(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{commit}")
	if fault.Of(err) == fault.Invalid {
		if branch != "" {
			return "", fault.Wrap(fault.NotFound, err, "The repository has no branch %q.", branch)
		}
		return "", nil
	}
	return head, err
}

const perBatch = 1000

// hand hands over what commits say. The state is kept with the last of them: a pull that is cut short begins anew, and doubles nothing.
func (r *Repository) hand(ctx context.Context, s Settings, last told, head string, at source.Asking, take func(intake.Batch, string) error) error {
	if head == "" {
		return nil
	}
	o := Options{Branch: s.Branch, Since: last.Since, Authors: !s.Lines}
	if last.Head != "" {
		if _, err := r.ask(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", last.Head+"^{commit}"); err == nil {
			o.After = last.Head // else history was written anew
		}
	}
	var b intake.Batch
	for record, err := range r.Records(ctx, o) {
		if problem := (*intake.Problem)(nil); errors.As(err, &problem) {
			b.Events = append(b.Events, intake.Event{Type: Commit, At: at.Now, Received: at.Now, Why: problem.Message})
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range record.Entries {
			data, err := json.Marshal(map[string]any{"at": e.At, "commit": strings.SplitN(e.ID, "|", 2)[0], "email": record.Who.Email, "key": e.Key, "value": e.Value})
			if err != nil {
				return err
			}
			b.Events = append(b.Events, intake.Event{ID: e.ID, Type: e.Key, At: e.At, Received: at.Now, Players: map[string]string{"email": record.Who.Email}, Data: data,
				Entry: &intake.Direct{Key: e.Key, Value: e.Value}})
		}
		if len(b.Events) >= perBatch {
			if err := take(b, at.State); err != nil {
				return err
			}
			b = intake.Batch{}
		}
	}
	last.Head = head
	state, err := json.Marshal(last)
	if err != nil {
		return err
	}
	return take(b, string(state))
}

// fetch gets a repository from elsewhere, through a door that leads there and nowhere else.
type fetch struct {
	Settings
	door   *reach.Proxy
	header string // that shows the credentials, "" none
	folder string
}

func newFetch(ctx context.Context, s Settings, at source.Asking) (*fetch, error) {
	f := &fetch{Settings: s}
	if at.Credentials != "" {
		user, password, both := strings.Cut(at.Credentials, ":")
		if !both {
			user, password = "cairn", at.Credentials // forges look at the token alone
		}
		f.header = "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	}
	var err error
	if f.door, err = at.Reach.Proxy(ctx, s.URL, mostBytes); err != nil {
		return nil, err
	}
	if f.folder, err = os.MkdirTemp("", "cairn-git-"); err != nil {
		_ = f.door.Close()
		return nil, fault.Wrap(fault.Unavailable, err, "This server has no room for the repository.")
	}
	return f, nil
}

func (f *fetch) close() {
	_ = f.door.Close()
	_ = os.RemoveAll(f.folder) // what stays is in the folder that the system clears
}

// git runs git with a way out. Nothing secret stands among its arguments, which everybody on the machine may see.
func (f *fetch) git(ctx context.Context, args ...string) (string, error) {
	all := []string{"--no-pager"}
	for _, setting := range append(hardened, "http.followRedirects=false", "http.proxyAuthMethod=basic", "http.lowSpeedLimit=100", "http.lowSpeedTime=60",
		"credential.helper=", "core.askPass=", "fetch.recurseSubmodules=false", "pack.windowMemory=64m", "core.bigFileThreshold=8m", "gc.auto=0") {
		all = append(all, "-c", setting)
	}
	cmd := exec.CommandContext(ctx, "git", append(all, args...)...)
	cmd.Env = []string{
		"LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_ATTR_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0", "GIT_ALLOW_PROTOCOL=http:https",
		"GIT_CONFIG_COUNT=2", "GIT_CONFIG_KEY_0=http.proxy", "GIT_CONFIG_VALUE_0=" + f.door.Address, "GIT_CONFIG_KEY_1=http.extraHeader", "GIT_CONFIG_VALUE_1=" + f.header,
	}
	var errs limited
	cmd.Stderr = &errs
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return "", f.failed(ctx, err, errs.String())
	}
	return strings.TrimSpace(string(out)), nil
}

func (f *fetch) failed(ctx context.Context, err error, said string) error {
	cause := fmt.Errorf("%w: %s", err, said)
	says := func(any ...string) bool {
		for _, words := range any {
			if strings.Contains(said, words) {
				return true
			}
		}
		return false
	}
	switch refused := f.door.Refused(); {
	case errors.Is(err, exec.ErrNotFound):
		return fault.Wrap(fault.Unavailable, cause, "There is no git program on this machine: install git and try again.")
	case refused != nil:
		return refused
	case ctx.Err() != nil:
		return fault.Wrap(fault.Unavailable, cause, "The repository could not be fetched in time.")
	case says("error: 429"):
		limited := fault.Wrap(fault.Limited, cause, "The other side wants fewer requests.")
		limited.Wait = time.Hour
		return limited
	case says("could not read Username", "Authentication failed", "error: 401", "error: 403"):
		return fault.Wrap(fault.Forbidden, cause, "The other side does not let this server in, or has no such repository: look at the address and the credentials.")
	case says("not found", "error: 404", "not valid: is this a git repository"):
		return fault.Wrap(fault.NotFound, cause, "There is no repository at this address.")
	case says("error: 301", "error: 302", "error: 307", "error: 308", "redirect"):
		return fault.Wrap(fault.Invalid, cause, "The address leads to another one: give that.")
	case says("Remote branch"):
		return fault.Wrap(fault.NotFound, cause, "The repository has no branch %q.", f.Branch)
	}
	return fault.Wrap(fault.Unavailable, cause, "The repository could not be fetched from this address.")
}

// tip asks which commit is the newest, "" where there is none.
func (f *fetch) tip(ctx context.Context) (string, error) {
	name := "HEAD"
	if f.Branch != "" {
		name = "refs/heads/" + f.Branch
	}
	said, err := f.git(ctx, "ls-remote", "--", f.URL, name)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(said) {
		if hash, of, _ := strings.Cut(strings.TrimSpace(line), "\t"); of == name {
			return hash, nil
		}
	}
	if f.Branch != "" {
		return "", fault.New(fault.NotFound, "The repository has no branch %q.", f.Branch)
	}
	return "", nil
}

// clone fetches the branch: its commits and folders, and its files where lines are counted.
func (f *fetch) clone(ctx context.Context) (*Repository, error) {
	to := filepath.Join(f.folder, "repository")
	args := []string{"clone", "--quiet", "--bare", "--single-branch", "--no-tags", "--template="}
	if f.Branch != "" {
		args = append(args, "--branch="+f.Branch)
	}
	if !f.Lines {
		args = append(args, "--filter=blob:none")
	}
	if _, err := f.git(ctx, append(args, "--", f.URL, to)...); err != nil {
		return nil, err
	}
	r := &Repository{path: to}
	if !f.Lines { // of all files, who is who is the one that is read
		if said, err := r.ask(ctx, "ls-tree", "HEAD", "--", ".mailmap"); err == nil && said != "" {
			if _, err := f.git(ctx, "-C", to, "cat-file", "-e", "HEAD:.mailmap"); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}
