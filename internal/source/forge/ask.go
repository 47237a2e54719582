package forge

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"cairn/internal/fault"
)

// question is one request.
type question struct {
	path  string // below the root of the API
	query url.Values
	etag  string // of the answer that is known; "" none
}

// answered is what came, beside the body.
type answered struct {
	same bool   // as known by its ETag: there is no body
	etag string //
	next string // query of the next page; "" there is none
	code int
}

// ask sends a question and reads its answer.
func (p *pull) ask(ctx context.Context, q question, into any) (a answered, err error) {
	address := p.Base + p.forge.root + q.path
	if len(q.query) > 0 {
		address += "?" + q.query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return a, fault.Wrap(fault.Invalid, err, "That is no address.")
	}
	request.Header.Set("Accept", p.forge.accept)
	request.Header.Set("User-Agent", "Cairn")
	if p.at.Credentials != "" {
		request.Header.Set("Authorization", p.forge.scheme+p.at.Credentials)
	}
	if q.etag != "" {
		request.Header.Set("If-None-Match", q.etag)
	}
	answer, body, err := p.at.Reach.Do(p.at.Client, request, mostBytes) //nolint:bodyclose // it is read and closed there
	if answer != nil {
		a = answered{same: answer.StatusCode == http.StatusNotModified, etag: answer.Header.Get("ETag"), next: nextQuery(answer.Header), code: answer.StatusCode}
	}
	if err != nil {
		return a, p.limited(answer, body, err)
	}
	if a.same {
		return a, nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return a, fault.Wrap(fault.Invalid, err, "%s answers something other than its API: look at the address.", p.forge.name)
	}
	return a, nil
}

// limited makes Limited of the answers by which GitHub asks for fewer requests without saying 429: 403 with nothing remaining,
// and 403 with a wait.
func (p *pull) limited(answer *http.Response, body []byte, err error) error {
	if answer == nil || answer.StatusCode != http.StatusForbidden && answer.StatusCode != http.StatusTooManyRequests {
		return err
	}
	var wait time.Duration
	said := answer.Header
	if seconds, bad := strconv.Atoi(said.Get("Retry-After")); bad == nil {
		wait = time.Duration(min(seconds, 86400)) * time.Second
	} else if reset, bad := strconv.ParseInt(said.Get("X-RateLimit-Reset"), 10, 64); bad == nil && said.Get("X-RateLimit-Remaining") == "0" {
		wait = time.Unix(min(reset, 253402300799), 0).Sub(p.at.Now)
	} else if answer.StatusCode == http.StatusForbidden && !strings.Contains(strings.ToLower(string(body)), "rate limit") {
		return err
	}
	f := fault.Wrap(fault.Limited, errors.Unwrap(err), "%s wants fewer requests.", p.forge.name)
	f.Wait = min(max(wait, time.Minute), 24*time.Hour)
	return f
}

var nextLink = regexp.MustCompile(`<([^>]*)>[^,]*;\s*rel="next"`)

// nextQuery is the query of the next page. Only that is taken of the address: a forge behind another name writes its own there, and
// no answer may lead credentials elsewhere.
func nextQuery(header http.Header) string {
	found := nextLink.FindStringSubmatch(header.Get("Link"))
	if found == nil {
		return ""
	}
	u, err := url.Parse(found[1])
	if err != nil {
		return ""
	}
	return u.RawQuery
}

// mostPages bounds a list, in case its pages never end.
const mostPages = 2000

// list reads a list page by page until told that it is enough. The first page is not read again where its ETag says that it is the
// same; first is how that was answered.
func list[T any](ctx context.Context, p *pull, q question, each func(page []T) (enough bool, err error)) (first answered, err error) {
	if q.query == nil {
		q.query = url.Values{}
	}
	q.query.Set(p.forge.size, strconv.Itoa(p.forge.most))
	for page := 1; page <= mostPages; page++ {
		var items []T
		a, err := p.ask(ctx, q, &items)
		if page == 1 {
			first = a
		}
		if err != nil || a.same {
			return first, err
		}
		enough, err := each(items)
		if err != nil || enough || a.next == "" || len(items) == 0 {
			return first, err
		}
		q.etag = ""
		if q.query, err = url.ParseQuery(a.next); err != nil {
			return first, fault.Wrap(fault.Invalid, err, "%s leads to a next page that is none.", p.forge.name)
		}
	}
	return first, fault.New(fault.Invalid, "%s lists more than %d pages: name fewer repositories.", p.forge.name, mostPages)
}
