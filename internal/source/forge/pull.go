package forge

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/source"
)

// pull is one pull.
type pull struct {
	Settings
	forge *Forge
	at    source.Asking
	take  func(intake.Batch, string) error
	state state
	batch intake.Batch
}

// state is what the next pull goes on from.
type state struct {
	Since time.Time         `json:"since,omitzero"` // of the first pull: what was done before is not told, whenever it comes to light
	Repos map[string]*known `json:"repos"`          // by name in lower case
}

type known struct {
	Head    string    `json:"head,omitempty"`     // commit up to which commits were told
	HeadTag string    `json:"head_tag,omitempty"` // ETag of the answer that named it
	Since   time.Time `json:"since,omitzero"`     // up to which issues and pull requests were told, by when they changed
	SinceOf string    `json:"since_of,omitempty"` // the question that Tag belongs to
	Tag     string    `json:"tag,omitempty"`
	Stars   int       `json:"stars"`           // the most there were
	Starred bool      `json:"starred"`         // they were counted before
	Asked   []string  `json:"asked,omitempty"` // what was asked for: what is added to it is told from the start
}

func (f *Forge) begin(at source.Asking, take func(intake.Batch, string) error) (*pull, error) {
	s, err := f.read(at.Settings)
	if err != nil {
		return nil, err
	}
	p := &pull{Settings: s, forge: f, at: at, take: take}
	if at.State == "" || json.Unmarshal([]byte(at.State), &p.state) != nil {
		p.state = state{Since: at.Since} // of another kind: everything is told again, and known again
	}
	p.at.Since = p.state.Since
	if p.state.Repos == nil {
		p.state.Repos = map[string]*known{}
	}
	return p, nil
}

func (p *pull) zone() *time.Location { return cmp.Or(p.at.Zone, time.UTC) }

func (p *pull) wants(what ...string) bool {
	return slices.ContainsFunc(what, func(w string) bool { return slices.Contains(p.What, w) })
}

// flush hands over what was gathered, with the state that belongs to it.
func (p *pull) flush() error {
	text, err := json.Marshal(p.state)
	if err != nil {
		return err
	}
	if len(p.batch.Events) == 0 && string(text) == p.at.State {
		return nil
	}
	b := p.batch
	p.batch, p.at.State = intake.Batch{}, string(text)
	return p.take(b, p.at.State)
}

const perBatch = 500

// tell puts an event into the batch.
func (p *pull) tell(kind, id string, at time.Time, who map[string]string, entry intake.Direct, d detail) error {
	if at.Before(p.at.Since) {
		return nil
	}
	d.At = at
	data, err := json.Marshal(d)
	if err != nil {
		return err
	}
	p.batch.Events = append(p.batch.Events, intake.Event{ID: id, Type: kind, At: at, Received: p.at.Now, Players: who, Data: data, Entry: &entry})
	if len(p.batch.Events) >= perBatch {
		return p.flush()
	}
	return nil
}

// detail is what rules can read of an event, the same of both forges.
type detail struct {
	Repo   string    `json:"repo"`
	At     time.Time `json:"at"`
	Login  string    `json:"login,omitempty"`
	Email  string    `json:"email,omitempty"` // of a commit
	Commit string    `json:"commit,omitempty"`
	Number int64     `json:"number,omitempty"` // of the pull request or issue
	Labels []string  `json:"labels,omitempty"`
	State  string    `json:"state,omitempty"` // of a review, in lower case
	Gained int       `json:"gained,omitempty"`
}

// user is an account of the forge.
type user struct {
	Login string `json:"login"`
	Type  string `json:"type"` // GitHub: "Bot" of a program
}

// counts reports whether what somebody did is told: programs play no part, and where a login is set nobody else.
func (p *pull) counts(u *user) bool {
	return u != nil && u.Login != "" && u.Type != "Bot" && (p.Login == "" || strings.EqualFold(u.Login, p.Login))
}

// repository as both tell of it. Of a list of names only FullName is known at first.
type repository struct {
	Name     string    `json:"name"`
	FullName string    `json:"full_name"`
	Owner    user      `json:"owner"`
	GitHub   int       `json:"stargazers_count"`
	Gitea    int       `json:"stars_count"`
	Updated  time.Time `json:"updated_at"`
	Pushed   time.Time `json:"pushed_at"`
	Fork     bool      `json:"fork"`
}

func (r *repository) stars() int { return max(r.GitHub, r.Gitea) }

func (r *repository) changed() time.Time {
	if r.Pushed.After(r.Updated) {
		return r.Pushed
	}
	return r.Updated
}

// repositories are those that are named, or all of the owner that are no fork.
func (p *pull) repositories(ctx context.Context) (all []repository, err error) {
	for _, name := range p.Repos {
		all = append(all, repository{FullName: name})
	}
	if p.Owner == "" {
		return all, nil
	}
	_, err = list(ctx, p, question{path: "/users/" + url.PathEscape(p.Owner) + "/repos"}, func(page []repository) (bool, error) {
		for _, r := range page {
			if owner, name, _ := strings.Cut(r.FullName, "/"); !r.Fork && isName(owner) && isName(name) {
				all = append(all, r)
			}
		}
		if len(all) > mostRepos {
			return true, fault.Wrong("owner", "%s has more than %d repositories: name those that are to be read.", p.Owner, mostRepos)
		}
		return false, nil
	})
	if fault.Of(err) == fault.NotFound {
		return nil, fault.Wrap(fault.NotFound, err, "There is no user or organisation %q at this %s.", p.Owner, p.forge.name)
	}
	return all, err
}

// repository asks for one.
func (p *pull) repository(ctx context.Context, name string) (r repository, err error) {
	_, err = p.ask(ctx, question{path: "/repos/" + name}, &r)
	return r, p.about(name, err)
}

// about names the repository in what went wrong with it.
func (p *pull) about(name string, err error) error {
	switch fault.Of(err) {
	case fault.NotFound:
		return fault.Wrap(fault.NotFound, err, "%s: there is no such repository, or it is not open to this server: give a token that may read it.", name)
	case fault.Forbidden:
		return fault.Wrap(fault.Forbidden, err, "%s: %s does not let this server in: look at the token.", name, p.forge.name)
	}
	return err
}

// read tells what is new in a repository.
func (p *pull) read(ctx context.Context, r repository) error {
	key := strings.ToLower(r.FullName)
	k := p.state.Repos[key]
	if k == nil || slices.ContainsFunc(p.What, func(w string) bool { return !slices.Contains(k.Asked, w) }) {
		if k == nil {
			k = &known{}
		}
		*k = known{Stars: k.Stars, Starred: k.Starred}
		k.Asked = p.What
		p.state.Repos[key] = k
	}
	if p.wants(Stars) {
		if r.Name == "" {
			whole, err := p.repository(ctx, r.FullName)
			if err != nil {
				return err
			}
			r = whole
		}
		if err := p.stars(k, r); err != nil {
			return err
		}
	}
	if p.wants(Commits) {
		if err := p.commits(ctx, k, r.FullName); err != nil {
			return p.about(r.FullName, err)
		}
	}
	if p.wants(Pulls, Reviews, Issues) {
		return p.about(r.FullName, p.issues(ctx, k, r.FullName))
	}
	return nil
}

// stars tells how many stars the owner of a repository gained since the most there ever were: taking one away and giving it again
// gains nothing. What there was before the first look is nobody's gain.
func (p *pull) stars(k *known, r repository) error {
	gained := r.stars() - k.Stars
	first := !k.Starred
	k.Starred = true
	if gained <= 0 {
		return nil
	}
	k.Stars = r.stars()
	if first || !p.counts(&r.Owner) {
		return nil
	}
	id := fmt.Sprintf("stars %s %d", strings.ToLower(r.FullName), r.stars())
	return p.tell("star", id, p.at.Now, handle(r.Owner.Login), intake.Direct{Key: Stars, Value: float64(gained)},
		detail{Repo: r.FullName, Login: r.Owner.Login, Gained: gained})
}

func handle(login string) map[string]string { return map[string]string{"handle": login} }

// commit as both tell of it.
type commit struct {
	SHA    string `json:"sha"`
	Author *user  `json:"author"` // nil: no account has the address
	Commit struct {
		Message string `json:"message"`
		Author  struct {
			Email string    `json:"email"`
			Date  time.Time `json:"date"`
		} `json:"author"`
	} `json:"commit"`
}

// commits tells the commits of the default branch that were not told before, whatever their dates: those of a branch that was merged
// late as well.
func (p *pull) commits(ctx context.Context, k *known, repo string) error {
	path := "/repos/" + repo + "/commits"
	one := url.Values{p.forge.size: {"1"}, "stat": {"false"}, "verification": {"false"}, "files": {"false"}}
	var newest []commit
	a, err := p.ask(ctx, question{path: path, query: one, etag: k.HeadTag}, &newest)
	if a.code == http.StatusConflict {
		return nil // there is no commit yet
	}
	if err != nil || a.same || len(newest) == 0 {
		return err
	}
	head := newest[0].SHA
	if head != k.Head {
		err := p.between(ctx, path, k.Head, head)
		if k.Head != "" && (fault.Of(err) == fault.NotFound || fault.Of(err) == fault.Invalid) {
			err = p.between(ctx, path, "", head) // history was written anew
		}
		if err != nil {
			return err
		}
	}
	k.Head, k.HeadTag = head, a.etag
	return nil
}

// between tells the commits that lead to head and not to old, "" all of them.
func (p *pull) between(ctx context.Context, path, old, head string) error {
	q := url.Values{"sha": {head}, "stat": {"false"}, "verification": {"false"}, "files": {"false"}}
	repo := strings.TrimSuffix(strings.TrimPrefix(path, "/repos/"), "/commits")
	if old == "" && !p.at.Since.IsZero() {
		q.Set("since", p.at.Since.UTC().Format(time.RFC3339))
	}
	if old != "" && p.forge.sorted {
		return p.compare(ctx, repo, old, head)
	}
	if old != "" {
		q.Set("not", old)
	}
	_, err := list(ctx, p, question{path: path, query: q}, func(page []commit) (bool, error) { return false, p.told(repo, page) })
	return err
}

// compare is how GitHub tells what leads to one commit and not to another.
func (p *pull) compare(ctx context.Context, repo, old, head string) error {
	q := question{path: "/repos/" + repo + "/compare/" + url.PathEscape(old+"..."+head), query: url.Values{p.forge.size: {strconv.Itoa(p.forge.most)}}}
	for range mostPages {
		var page struct{ Commits []commit }
		a, err := p.ask(ctx, q, &page)
		if err == nil {
			err = p.told(repo, page.Commits)
		}
		if err != nil || a.next == "" || len(page.Commits) == 0 {
			return err
		}
		if q.query, err = url.ParseQuery(a.next); err != nil {
			return fault.Wrap(fault.Invalid, err, "%s leads to a next page that is none.", p.forge.name)
		}
	}
	return nil
}

var coauthor = regexp.MustCompile(`(?im)^co-authored-by:[^<\r\n]*<([^<>\s]{3,200})>\s*$`)

// told tells commits: each counts for its author and for every co-author.
func (p *pull) told(repo string, page []commit) error {
	for _, c := range page {
		said := detail{Repo: repo, Commit: c.SHA, Email: strings.ToLower(c.Commit.Author.Email)}
		who := map[string]string{"email": said.Email}
		if c.Author != nil && c.Author.Login != "" {
			who["handle"], said.Login = c.Author.Login, c.Author.Login
		}
		entry := intake.Direct{Key: Commits, Value: 1}
		if p.Login == "" && (c.Author == nil || c.Author.Type != "Bot") || p.counts(c.Author) {
			if err := p.tell("commit", c.SHA, c.Commit.Author.Date, who, entry, said); err != nil {
				return err
			}
		}
		if p.Login != "" {
			continue // of a co-author no login is known
		}
		once := map[string]bool{said.Email: true}
		for _, found := range coauthor.FindAllStringSubmatch(c.Commit.Message, 20) {
			email := strings.ToLower(found[1])
			if once[email] {
				continue
			}
			once[email] = true
			err := p.tell("commit", c.SHA+" "+email, c.Commit.Author.Date, map[string]string{"email": email}, entry, detail{Repo: repo, Commit: c.SHA, Email: email})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
