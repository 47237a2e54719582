package forge

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"cairn/internal/intake"
)

// issue is an issue or a pull request, as both tell of them.
type issue struct {
	ID      int64      `json:"id"`
	Number  int64      `json:"number"`
	State   string     `json:"state"`
	User    *user      `json:"user"`
	Created time.Time  `json:"created_at"`
	Updated time.Time  `json:"updated_at"`
	Closed  *time.Time `json:"closed_at"`
	Merged  *time.Time `json:"merged_at"` // where pull requests are listed alone
	Labels  []struct{ Name string }
	Pull    *struct {
		Merged *time.Time `json:"merged_at"`
	} `json:"pull_request"`
}

// issues tells what changed among issues and pull requests.
func (p *pull) issues(ctx context.Context, k *known, repo string) error {
	since := k.Since
	if since.IsZero() {
		since = p.at.Since
	}
	q := url.Values{"state": {"all"}}
	if !since.IsZero() {
		q.Set("since", since.UTC().Format(time.RFC3339))
	}
	if p.forge.sorted {
		q.Set("sort", "updated")
		q.Set("direction", "asc")
	}
	asked, etag := q.Encode(), ""
	if asked == k.SinceOf {
		etag = k.Tag
	}
	newest := k.Since
	first, err := list(ctx, p, question{path: "/repos/" + repo + "/issues", query: q, etag: etag}, func(page []issue) (bool, error) {
		for i := range page {
			if err := p.issue(ctx, repo, &page[i]); err != nil {
				return true, err
			}
			if page[i].Updated.After(newest) {
				newest = page[i].Updated
			}
			if p.forge.sorted {
				k.Since = newest // all before it were told: a pull that is cut short goes on here
			}
		}
		if p.forge.sorted {
			return false, p.flush()
		}
		return false, nil
	})
	if first.code == http.StatusGone { // issues are switched off here; pull requests are listed by themselves
		return p.pulls(ctx, k, repo, since)
	}
	if err != nil {
		return err
	}
	k.Since, k.SinceOf = newest, asked
	if !first.same {
		k.Tag = first.etag
	}
	return nil
}

// pulls tells what changed among pull requests of a repository without issues, the newest first.
func (p *pull) pulls(ctx context.Context, k *known, repo string, since time.Time) error {
	newest := k.Since
	q := url.Values{"state": {"all"}, "sort": {"updated"}, "direction": {"desc"}}
	_, err := list(ctx, p, question{path: "/repos/" + repo + "/pulls", query: q}, func(page []issue) (bool, error) {
		for i := range page {
			if page[i].Updated.Before(since) {
				return true, nil
			}
			page[i].Pull = &struct {
				Merged *time.Time `json:"merged_at"`
			}{page[i].Merged}
			if err := p.issue(ctx, repo, &page[i]); err != nil {
				return true, err
			}
			if page[i].Updated.After(newest) {
				newest = page[i].Updated
			}
		}
		return false, nil
	})
	if err == nil {
		k.Since = newest
	}
	return err
}

// issue tells what one issue or pull request says.
func (p *pull) issue(ctx context.Context, repo string, i *issue) error {
	said := detail{Repo: repo, Number: i.Number}
	for _, l := range i.Labels {
		said.Labels = append(said.Labels, l.Name)
	}
	id := strconv.FormatInt(i.ID, 10)
	if i.Pull == nil {
		if p.wants(Issues) && i.State == "closed" {
			return p.closed(ctx, repo, i, said)
		}
		return nil
	}
	if p.wants(Pulls) && p.counts(i.User) {
		said.Login = i.User.Login
		if err := p.tell("pull_request.opened", "pull "+id+" opened", i.Created, handle(said.Login), intake.Direct{Key: Pulls, Value: 1}, said); err != nil {
			return err
		}
		if i.Pull.Merged != nil {
			if err := p.tell("pull_request.merged", "pull "+id+" merged", *i.Pull.Merged, handle(said.Login), intake.Direct{Key: "merged", Value: 1}, said); err != nil {
				return err
			}
		}
	}
	if p.wants(Reviews) {
		return p.reviews(ctx, repo, i, said)
	}
	return nil
}

// review of a pull request.
type review struct {
	ID        int64      `json:"id"`
	User      *user      `json:"user"`
	State     string     `json:"state"`
	Submitted *time.Time `json:"submitted_at"`
}

// reviews tells the reviews that were given of a pull request; looking at one's own counts for nothing.
func (p *pull) reviews(ctx context.Context, repo string, i *issue, said detail) error {
	path := "/repos/" + repo + "/pulls/" + strconv.FormatInt(i.Number, 10) + "/reviews"
	_, err := list(ctx, p, question{path: path}, func(page []review) (bool, error) {
		for _, r := range page {
			own := i.User != nil && r.User != nil && strings.EqualFold(i.User.Login, r.User.Login)
			if own || !p.counts(r.User) || r.Submitted == nil || !slices.Contains(p.forge.given, r.State) {
				continue
			}
			said.Login, said.State = r.User.Login, strings.ToLower(r.State)
			err := p.tell("review", "review "+strconv.FormatInt(r.ID, 10), *r.Submitted, handle(said.Login), intake.Direct{Key: Reviews, Value: 1}, said)
			if err != nil {
				return true, err
			}
		}
		return false, nil
	})
	return err
}

// happening is something that was done to an issue: GitHub names it event and who did it actor, Gitea type and user.
type happening struct {
	Event   string    `json:"event"`
	Type    string    `json:"type"`
	Actor   *user     `json:"actor"`
	User    *user     `json:"user"`
	Created time.Time `json:"created_at"`
}

// closed tells who closed an issue first: opening and closing it again gains nothing.
func (p *pull) closed(ctx context.Context, repo string, i *issue, said detail) error {
	path := "/repos/" + repo + "/issues/" + strconv.FormatInt(i.Number, 10) + "/" + p.forge.closing
	_, err := list(ctx, p, question{path: path}, func(page []happening) (bool, error) {
		for _, h := range page {
			if what := cmp.Or(h.Event, h.Type); what != "closed" && what != "close" {
				continue
			}
			by := cmp.Or(h.Actor, h.User)
			if !p.counts(by) {
				return true, nil
			}
			said.Login = by.Login
			return true, p.tell("issue.closed", "issue "+strconv.FormatInt(i.ID, 10)+" closed", h.Created, handle(by.Login), intake.Direct{Key: Issues, Value: 1}, said)
		}
		return false, nil
	})
	return err
}
