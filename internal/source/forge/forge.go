package forge

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/reach"
	"cairn/internal/source"
)

// What can be asked for.
const (
	Commits = "commits"
	Pulls   = "pull_requests" // opened and merged
	Reviews = "reviews"
	Issues  = "issues" // closed
	Stars   = "stars"
)

var everything = []string{Commits, Pulls, Reviews, Issues, Stars}

// Forge is a kind of server that keeps repositories. It is a source.Puller.
type Forge struct {
	name    string
	root    string // of its API, below the base
	home    string // its base where none is given
	size    string // query parameter: how many on a page
	most    int    // on a page
	accept  string
	scheme  string   // of the Authorization header
	sorted  bool     // it lists issues by when they were changed
	closing string   // last segment of the path under which it lists what happened to an issue
	given   []string // states of a review that somebody has given
}

var _ source.Puller = (*Forge)(nil)

// GitHub is github.com, or a GitHub of one's own where the base names it.
func GitHub() *Forge {
	return &Forge{name: "GitHub", home: "https://api.github.com", size: "per_page", most: 100, accept: "application/vnd.github+json", scheme: "Bearer ",
		sorted: true, closing: "events", given: []string{"APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED"}}
}

// Gitea is a Gitea, or a Forgejo, which speaks the same.
func Gitea() *Forge {
	return &Forge{name: "Gitea", root: "/api/v1", size: "limit", most: 50, accept: "application/json", scheme: "token ",
		closing: "timeline", given: []string{"APPROVED", "REQUEST_CHANGES", "COMMENT"}}
}

// Settings of a source. Either Owner or Repos is given.
type Settings struct {
	Base  string   `json:"base,omitempty"`  // address: of a Gitea its front page, of a GitHub of one's own https://HOST/api/v3
	Owner string   `json:"owner,omitempty"` // user or organisation: all its repositories
	Repos []string `json:"repos,omitempty"` // OWNER/NAME
	What  []string `json:"what,omitempty"`  // default: everything
	Login string   `json:"login,omitempty"` // only what this login did; "" everybody
}

const (
	mostRepos = 100
	mostBytes = 16 << 20 // of an answer
)

var (
	oneName  = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,100}$`)
	dotsOnly = regexp.MustCompile(`^\.+$`)
)

func isName(text string) bool { return oneName.MatchString(text) && !dotsOnly.MatchString(text) }

// Configure refuses what is no setting of a forge.
func (f *Forge) Configure(text json.RawMessage) (json.RawMessage, error) {
	s, err := f.read(text)
	if err != nil {
		return nil, err
	}
	return json.Marshal(s)
}

func (f *Forge) read(text json.RawMessage) (s Settings, err error) {
	if err := source.ReadSettings(text, &s); err != nil {
		return s, err
	}
	s.Base = strings.TrimRight(cmp.Or(strings.TrimSpace(s.Base), f.home), "/")
	if s.Base == "" {
		return s, fault.Wrong("base", "Say where the %s is, such as https://git.example.org.", f.name)
	}
	if err := reach.Check(s.Base); err != nil {
		return s, fault.In("base", err)
	}
	if u, err := url.Parse(s.Base); err != nil || u.RawQuery != "" || u.Fragment != "" {
		return s, fault.Wrong("base", "Leave out what follows the path of the address.")
	}
	switch {
	case (s.Owner == "") == (len(s.Repos) == 0):
		return s, fault.Wrong("repos", "Name repositories as OWNER/NAME, or an owner whose repositories are all read: one of the two.")
	case s.Owner != "" && !isName(s.Owner):
		return s, fault.Wrong("owner", "%q is no name of a user or an organisation.", s.Owner)
	case s.Login != "" && !isName(s.Login):
		return s, fault.Wrong("login", "%q is no login.", s.Login)
	case len(s.Repos) > mostRepos:
		return s, fault.Wrong("repos", "A source reads at most %d repositories: make another for the rest.", mostRepos)
	}
	for i, r := range s.Repos {
		owner, name, _ := strings.Cut(r, "/")
		if !isName(owner) || !isName(name) {
			return s, fault.Wrong("repos", "%q is no repository: write OWNER/NAME.", r)
		}
		if slices.ContainsFunc(s.Repos[:i], func(other string) bool { return strings.EqualFold(r, other) }) {
			return s, fault.Wrong("repos", "%s stands twice.", r)
		}
	}
	if len(s.What) == 0 {
		s.What = everything
	}
	for _, what := range s.What {
		if !slices.Contains(everything, what) {
			return s, fault.Wrong("what", "%q cannot be asked for; these can: %s.", what, strings.Join(everything, ", "))
		}
	}
	return s, nil
}

// Keys implements source.Puller.
func (f *Forge) Keys(settings json.RawMessage) []string {
	s, err := f.read(settings)
	if err != nil {
		return nil
	}
	if slices.Contains(s.What, Pulls) {
		return append(slices.Clone(s.What), "merged")
	}
	return s.What
}

// Check says which repositories it found.
func (f *Forge) Check(ctx context.Context, at source.Asking) (string, error) {
	p, err := f.begin(at, nil)
	if err != nil {
		return "", err
	}
	all, err := p.repositories(ctx)
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "", fault.New(fault.NotFound, "%s has no repository that this server may read.", p.Owner)
	}
	const named = 3
	var said []string
	for i, r := range all {
		if i == named {
			said = append(said, fmt.Sprintf("and %d more", len(all)-named))
			break
		}
		if r.Name == "" { // of a list: not asked for yet
			if all[i], err = p.repository(ctx, r.FullName); err != nil {
				return "", err
			}
			r = all[i]
		}
		line := fmt.Sprintf("%s (stars: %d", r.FullName, r.stars())
		if changed := r.changed(); !changed.IsZero() {
			line += ", last changed " + changed.In(p.zone()).Format(time.DateOnly)
		}
		said = append(said, line+")")
	}
	found := "1 repository: "
	if len(all) > 1 {
		found = fmt.Sprintf("%d repositories: ", len(all))
	}
	return found + strings.Join(said, ", "), nil
}

// Pull tells what is new in each repository. One that cannot be read keeps no other from being read; it is told at the end.
func (f *Forge) Pull(ctx context.Context, at source.Asking, take func(intake.Batch, string) error) error {
	p, err := f.begin(at, take)
	if err != nil {
		return err
	}
	all, err := p.repositories(ctx)
	if err != nil {
		return err
	}
	var absent error
	for _, r := range all {
		err := p.read(ctx, r)
		if told := p.flush(); told != nil { // what was read before an error is kept
			return told
		}
		switch fault.Of(err) {
		case "":
		case fault.NotFound, fault.Forbidden:
			absent = cmp.Or(absent, err)
		default:
			return err
		}
	}
	return absent
}
