package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/period"
	"cairn/internal/source"
)

// Puller asks sites. It implements source.Puller.
type Puller struct{}

// state is what is kept between two polls.
type state struct {
	Since time.Time          `json:"since,omitzero"` // of the last poll that went through to its end
	Seq   int64              `json:"seq,omitempty"`  // of the entries that come of growing numbers
	Seen  map[string]float64 `json:"seen,omitempty"` // item → its number when it was last asked
}

// mostSeen bounds how many growing numbers are remembered.
const mostSeen = 20_000

// overlap is how far a poll reaches back behind the last one: what came in late there is found, and what was there already is
// known by its id.
const overlap = time.Hour

// Check asks for the first page alone.
func (p Puller) Check(ctx context.Context, at source.Asking) (found string, err error) {
	a, err := begin(ctx, at)
	if err != nil {
		return "", err
	}
	players := a.plan.players()
	page, err := a.ask(players[0], a.first())
	if err != nil {
		return "", err
	}
	var newest time.Time
	var last intake.Event
	for _, item := range page.items {
		e := a.event(players[0], item)
		if last = e; e.Why == "" && e.At.After(newest) {
			newest = e.At
		}
	}
	if len(page.items) == 0 {
		return "", fault.New(fault.Invalid, "The answer has no items at %s: look at the path, or whether there are any.", a.plan.Items)
	}
	if last.Why != "" {
		return "", fault.New(fault.Invalid, "Of %d items the last cannot be read: %s.", len(page.items), last.Why)
	}
	found = fmt.Sprintf("%d items, the newest of %s", len(page.items), newest.In(at.Zone).Format(time.DateOnly))
	if e := last.Entry; e != nil && !math.IsNaN(e.Value) {
		found += fmt.Sprintf("; the last one counts %s for %s", strconv.FormatFloat(e.Value, 'g', -1, 64), e.Key)
	}
	return found, nil
}

// Pull asks for every page and player. The state moves on when all of them were read; growing numbers are kept with their page.
func (p Puller) Pull(ctx context.Context, at source.Asking, take func(b intake.Batch, state string) error) error {
	a, err := begin(ctx, at)
	if err != nil {
		return err
	}
	items := 0
	for _, player := range a.plan.players() {
		n, err := a.walk(player, func(page *page) error {
			var b intake.Batch
			for _, item := range page.items {
				if e, some := a.grown(player, a.event(player, item)); some {
					b.Events = append(b.Events, e)
				}
			}
			if len(b.Events) == 0 && !a.plan.counts() {
				return nil
			}
			return take(b, a.text())
		})
		items += n
		if err != nil {
			return err
		}
	}
	if items < a.plan.Expect {
		return fault.New(fault.Unavailable, "It brought %d items where at least %d are expected.", items, a.plan.Expect)
	}
	a.state.Since = at.Now.UTC()
	return take(intake.Batch{}, a.text())
}

// asking is one poll.
type asking struct {
	source.Asking
	ctx   context.Context
	plan  *plan
	state state
	host  string
	said  source.Sayings
}

func begin(ctx context.Context, at source.Asking) (*asking, error) {
	s, err := read(at.Settings)
	if err != nil {
		return nil, err
	}
	a := &asking{Asking: at, ctx: ctx, said: source.Sayings{}}
	if a.plan, err = compile(s); err != nil {
		return nil, err
	}
	a.Client = guarded(at.Client, s.Auth)
	if err := at.ReadState(&a.state); err != nil {
		return nil, err
	}
	if a.state.Seen == nil {
		a.state.Seen = map[string]float64{}
	}
	return a, nil
}

func (a *asking) text() string {
	if !a.plan.counts() {
		a.state.Seen = nil
	}
	text, err := json.Marshal(a.state)
	if err != nil {
		panic(fmt.Sprintf("source/web: %v", err)) // finite numbers and texts
	}
	return string(text)
}

// subject is for whom the address is asked; zero: for everybody at once.
type subject struct{ player, is string }

func (p *plan) players() (all []subject) {
	if len(p.Players) == 0 {
		return []subject{{}}
	}
	for _, player := range slices.Sorted(maps.Keys(p.Players)) {
		all = append(all, subject{player, p.Players[player]})
	}
	return all
}

// place is where in the pages of an answer a poll is.
type place struct {
	page   int
	cursor string
	url    string // whole, "" by the template
}

func (a *asking) first() place { return place{page: a.plan.Pages.First} }

// page is one answer.
type page struct {
	items []any
	next  place
	more  bool
}

// walk asks for one page after another and returns how many items came.
func (a *asking) walk(player subject, each func(*page) error) (items int, err error) {
	at, most := a.first(), cmp.Or(a.plan.Pages.Most, 20)
	for range most {
		page, err := a.ask(player, at)
		if err != nil {
			return items, err
		}
		items += len(page.items)
		if err := each(page); err != nil || !page.more {
			return items, err
		}
		at = page.next
	}
	return items, fault.New(fault.Invalid, "There are more than %d pages, and not all were read: ask more often, for less at a time, or raise pages.most.", most)
}

// ask asks for one page.
func (a *asking) ask(player subject, at place) (*page, error) {
	request, err := a.request(player, at)
	if err != nil {
		return nil, err
	}
	answer, body, err := a.Reach.Do(a.Client, request, mostBody) //nolint:bodyclose // Do reads it whole and closes it
	if err != nil {
		return nil, err
	}
	root, err := decode(body)
	if err != nil {
		return nil, err
	}
	if path := a.plan.paths["wait"]; path != nil {
		if seconds, there := number(first(path.Select(root))); there && seconds > 0 {
			if err := a.rest(time.Duration(min(seconds, 86400) * float64(time.Second))); err != nil {
				return nil, err
			}
		}
	}
	p := &page{items: a.plan.paths["items"].Select(root)}
	if err := bearable(p.items); err != nil {
		return nil, err
	}
	return p, a.follow(p, at, answer, root)
}

// What the items of one answer come to at most: in number, and written one by one, since items that lie within one another say the
// same many times over.
const (
	mostItems = 50_000
	mostSaid  = 3 * mostBody
)

// bearable refuses more items than one answer should have.
func bearable(items []any) error {
	if len(items) > mostItems {
		return fault.New(fault.Invalid, "The answer has %d items, and at most %d are read of one: ask for less at a time.", len(items), mostItems)
	}
	left := mostSaid
	for _, item := range items {
		if left -= weight(item); left < 0 {
			return fault.New(fault.Invalid, "The items lie within one another, and say the same over and over: name those at one depth.")
		}
	}
	return nil
}

// weight is about how many bytes a value takes when it is written.
func weight(value any) (n int) {
	switch v := value.(type) {
	case string:
		return len(v) + 2
	case json.Number:
		return len(v)
	case []any:
		for _, each := range v {
			n += weight(each) + 1
		}
	case map[string]any:
		for name, each := range v {
			n += len(name) + weight(each) + 4
		}
	}
	return n + 5
}

// rest waits as the site asks between two pages; longer than a few seconds ends the poll.
func (a *asking) rest(d time.Duration) error {
	if d > 5*time.Second {
		f := fault.New(fault.Limited, "The other side wants fewer requests.")
		f.Wait = d
		return f
	}
	select {
	case <-a.ctx.Done():
		return fault.Wrap(fault.Unavailable, a.ctx.Err(), "Asking took too long.")
	case <-time.After(d):
		return nil
	}
}

// decode reads one JSON value whole; numbers keep all their digits.
func decode(body []byte) (root any, err error) {
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.UseNumber()
	err = d.Decode(&root)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more than one value")
		}
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The answer is no JSON: look whether the address is that of an API.")
	}
	return root, nil
}

// request writes a request.
func (a *asking) request(player subject, at place) (*http.Request, error) {
	values := map[string]string{"{since}": a.moment(a.since()), "{until}": a.moment(a.Now), "{page}": strconv.Itoa(at.page), "{cursor}": at.cursor, "{player}": player.is}
	if a.plan.Pages.By == "offset" {
		values["{page}"] = strconv.Itoa((at.page - a.plan.Pages.First) * a.plan.Pages.Size)
	}
	for name, value := range a.plan.Fill {
		values["{"+name+"}"] = value
	}
	address := at.url
	if address == "" {
		query := strings.IndexByte(a.plan.URL, '?')
		if query < 0 {
			query = len(a.plan.URL)
		}
		asked := a.plan.URL[query:]
		if at.cursor == "" { // of the first page nobody knows one, and an empty one is refused
			asked = emptyCursor.ReplaceAllString(asked, "$1")
		}
		address = fill(a.plan.URL[:query], values, url.PathEscape) + fill(asked, values, url.QueryEscape)
	}
	var body io.Reader
	if a.plan.Method == http.MethodPost {
		body = strings.NewReader(fill(a.plan.Body, values, func(text string) string {
			quoted, _ := json.Marshal(text) // a text always can be
			return string(quoted[1 : len(quoted)-1])
		}))
	}
	r, err := http.NewRequestWithContext(a.ctx, cmp.Or(a.plan.Method, http.MethodGet), address, body)
	if err != nil {
		return nil, fault.Wrong("url", "That is no whole address.")
	}
	if a.host == "" {
		a.host = r.URL.Scheme + "://" + r.URL.Host
	}
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, value := range a.plan.Headers {
		r.Header.Set(name, value)
	}
	if r.URL.Scheme+"://"+r.URL.Host == a.host { // credentials are for the site that they were given for
		a.authorise(r)
	}
	return r, nil
}

func (a *asking) authorise(r *http.Request) {
	if a.Credentials == "" {
		return
	}
	switch kind, name, _ := strings.Cut(a.plan.Auth, " "); kind {
	case "bearer":
		r.Header.Set("Authorization", "Bearer "+a.Credentials)
	case "basic":
		user, password, _ := strings.Cut(a.Credentials, ":")
		r.SetBasicAuth(user, password)
	case "header":
		r.Header.Set(name, a.Credentials)
	case "query":
		q := r.URL.Query()
		q.Set(name, a.Credentials)
		r.URL.RawQuery = q.Encode()
	}
}

// emptyCursor is the part of a query that is the cursor alone.
var emptyCursor = regexp.MustCompile(`([?&])[^=&]+=\{cursor\}&?`)

// guarded is a client that gives credentials in a header of the site's own to nobody else, as the standard ones are by right.
func guarded(client *http.Client, auth string) *http.Client {
	kind, name, _ := strings.Cut(auth, " ")
	if kind != "header" {
		return client
	}
	own := *client
	own.CheckRedirect = func(next *http.Request, before []*http.Request) error {
		if next.URL.Host != before[0].URL.Host {
			next.Header.Del(name)
		}
		return client.CheckRedirect(next, before)
	}
	return &own
}

// fill puts values into a template.
func fill(template string, values map[string]string, escape func(string) string) string {
	return placeholder.ReplaceAllStringFunc(template, func(name string) string {
		if value, known := values[name]; known {
			return escape(value)
		}
		return name
	})
}

// since is from when on is asked.
func (a *asking) since() time.Time {
	if a.state.Since.IsZero() {
		return a.Since
	}
	return a.state.Since.Add(-overlap)
}

func (a *asking) moment(t time.Time) string {
	switch a.plan.Settings.Since {
	case "day":
		return t.In(a.Zone).Format(time.DateOnly)
	case "unix":
		return strconv.FormatInt(t.Unix(), 10)
	case "unix_ms":
		return strconv.FormatInt(t.UnixMilli(), 10)
	}
	return t.UTC().Format(time.RFC3339)
}

// follow finds the page after one.
func (a *asking) follow(p *page, at place, answer *http.Response, root any) error {
	pages := a.plan.Pages
	p.next = place{page: at.page + 1}
	switch pages.By {
	case "":
		return nil
	case "page", "offset":
		p.more = len(p.items) > 0 && (pages.Size == 0 || len(p.items) >= pages.Size)
	case "cursor":
		p.next.cursor = text(first(a.plan.paths["pages.path"].Select(root)))
		p.more = p.next.cursor != "" && p.next.cursor != at.cursor
	case "link", "next":
		address := linked(answer.Header.Values("Link"))
		if pages.By == "next" {
			address = text(first(a.plan.paths["pages.path"].Select(root)))
		}
		if address == "" {
			return nil
		}
		next, err := answer.Request.URL.Parse(address)
		if err != nil || next.Scheme != answer.Request.URL.Scheme || next.Host != answer.Request.URL.Host {
			return fault.New(fault.Invalid, "The next page lies at another host: this is not followed.")
		}
		p.next.url, p.more = next.String(), next.String() != at.url
	}
	if path := a.plan.paths["pages.more"]; path != nil {
		more, _ := first(path.Select(root)).(bool)
		p.more = p.more && more
	}
	return nil
}

// linked returns the address that headers Link (RFC 8288) give as the next page, "" none.
func linked(headers []string) string {
	for _, header := range headers {
		for _, link := range strings.Split(header, ",") {
			address, rest, ok := strings.Cut(strings.TrimSpace(link), ">")
			if !ok || !strings.HasPrefix(address, "<") {
				continue
			}
			for _, parameter := range strings.Split(rest, ";") {
				name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
				if strings.EqualFold(name, "rel") && slices.Contains(strings.Fields(strings.Trim(value, `"`)), "next") {
					return address[1:]
				}
			}
		}
	}
	return ""
}

// event reads one item.
func (a *asking) event(player subject, item any) intake.Event {
	p := a.plan
	e := intake.Event{Type: cmp.Or(p.Type, "item"), At: a.Now, Received: a.Now, Zone: a.Zone, Players: map[string]string{}, Loose: p.At == ""}
	data, err := json.Marshal(item)
	if err != nil {
		e.Why = "it cannot be written down"
		return e
	}
	e.Data = data
	get := func(name string) any {
		if path := p.paths[name]; path != nil {
			return first(path.Select(item))
		}
		return nil
	}
	switch e.ID = text(get("id")); {
	case e.ID == "" && !p.counts(): // asked again, it says the same
		e.ID = a.said.ID(player.is, string(data))
	case e.ID != "" && player.is != "": // one site may number the items of each player from 1
		e.ID = player.is + " " + e.ID
	}
	who := player.player
	if p.Player != "" {
		who = text(get("player"))
	}
	if who != "" {
		e.Players[cmp.Or(p.By, "key")] = who
	}
	if p.At != "" {
		at, ok := a.instant(get("at"))
		if !ok {
			e.Why = fmt.Sprintf("it has no time at %s that can be read as %s", p.At, cmp.Or(p.Times, "rfc3339"))
			return e
		}
		e.At = at
	}
	if p.Key == "" {
		return e
	}
	value := 1.0
	if p.Number != "" {
		var ok bool
		if value, ok = number(get("number")); !ok {
			e.Why = fmt.Sprintf("it has no number at %s", p.Number)
			return e
		}
	}
	e.Entry = &intake.Direct{Key: p.Key, Value: value, Label: text(get("label"))}
	return e
}

// grown holds an item that grows against what it said before: some is false where it did not.
func (a *asking) grown(player subject, e intake.Event) (_ intake.Event, some bool) {
	if !a.plan.counts() || e.Why != "" {
		return e, true
	}
	id := cmp.Or(e.ID, player.is)
	was, known := a.state.Seen[id]
	now := e.Entry.Value
	if known && was == now {
		return e, false
	}
	if !known && len(a.state.Seen) >= mostSeen {
		e.Why = fmt.Sprintf("more than %d growing numbers are not remembered", mostSeen)
		return e, true
	}
	a.state.Seen[id] = now
	if a.plan.Count == "gained" {
		if !known || now < was { // the first time it is only noted; what fell, such as views taken back, begins anew from there
			return e, false
		}
		e.Entry.Value = now - was
	}
	a.state.Seq++
	e.ID = id + "#" + strconv.FormatInt(a.state.Seq, 10)
	e.At, e.Loose = a.Now, false // when it grew, not when it was made
	return e, true
}

// instant reads a time.
func (a *asking) instant(value any) (time.Time, bool) {
	switch a.plan.Times {
	case "unix", "unix_ms":
		n, ok := number(value)
		if !ok || math.Abs(n) > 1e15 {
			return time.Time{}, false
		}
		if a.plan.Times == "unix" {
			n *= 1000
		}
		return time.UnixMilli(int64(n)).UTC(), true
	}
	written := text(value)
	if day, err := period.ParseDate(written); err == nil {
		return day.Start(a.Zone), true
	}
	if a.plan.Times == "day" && len(written) > 10 {
		if day, err := period.ParseDate(written[:10]); err == nil {
			return day.Start(a.Zone), true
		}
	}
	at, err := time.Parse(time.RFC3339Nano, written)
	return at, err == nil
}

func first(nodes []any) any {
	if len(nodes) == 0 {
		return nil
	}
	return nodes[0]
}

// text is a value as text; lists, objects and null are none.
func text(value any) string {
	switch v := value.(type) {
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// number reads a finite number, also one that is written as a text.
func number(value any) (float64, bool) {
	switch v := value.(type) {
	case json.Number:
		return intake.Number(v.String())
	case string:
		return intake.Number(strings.TrimSpace(v))
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}
