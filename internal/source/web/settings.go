package web

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/theory/jsonpath"

	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/reach"
	"cairn/internal/source"
)

// Settings say how a site is asked and what its answers mean. Paths are JSONPaths (RFC 9535): Items and those of Pages are read
// in the whole answer, the others in an item.
type Settings struct {
	Preset  string            `json:"preset,omitempty"`  // a named site, of which the other settings change something
	URL     string            `json:"url"`               // with {since} {until} {page} {cursor} {player} and names of Fill
	Fill    map[string]string `json:"fill,omitempty"`    // what else stands in {braces}
	Method  string            `json:"method,omitempty"`  // GET, the default, or POST
	Body    string            `json:"body,omitempty"`    // of POST, with the same placeholders
	Headers map[string]string `json:"headers,omitempty"` // never a secret
	Auth    string            `json:"auth,omitempty"`    // where credentials go: "bearer", "basic" (name:password), "header NAME", "query NAME"; "" none
	Since   string            `json:"since,omitempty"`   // how {since} and {until} are written: "rfc3339" (default), "day", "unix", "unix_ms"
	Pages   Pages             `json:"pages,omitzero"`    //
	Players map[string]string `json:"players,omitempty"` // player → how the site calls them: the address is asked once for each

	Items  string `json:"items"`            // path of the items
	ID     string `json:"id,omitempty"`     // path of what tells one from another
	At     string `json:"at,omitempty"`     // path of its time; "" when it was asked
	Times  string `json:"times,omitempty"`  // how times are written: "rfc3339" (default, days too), "unix", "unix_ms", "day"
	Player string `json:"player,omitempty"` // path of the player's identifier; "" whose Players it is
	By     string `json:"by,omitempty"`     // which kind that is: "key" (default), "email" or "handle"
	Key    string `json:"key,omitempty"`    // of the entries; "" rules of the source say what items become
	Number string `json:"number,omitempty"` // path of its number; "" it counts 1
	Label  string `json:"label,omitempty"`  // path
	Type   string `json:"type,omitempty"`   // of the events that rules see, "item" by default
	Count  string `json:"count,omitempty"`  // "each" (default): an item is an entry; "gained": what its number grew by since it was last asked; "latest": its number when it changed
	Expect int    `json:"expect,omitempty"` // fewer items in a poll than this are a failure: something is expected
	Wait   string `json:"wait,omitempty"`   // path of a number of seconds that the site asks to wait
}

// Pages say how one page of answers leads to the next.
type Pages struct {
	By    string `json:"by,omitempty"`    // "" there is one, "page", "offset", "cursor", "link" (the header Link), "next" (an address in the answer)
	First int    `json:"first,omitempty"` // number of the first page, 0 or 1
	Size  int    `json:"size,omitempty"`  // items on a page: a shorter one is the last, and offsets grow by it
	Path  string `json:"path,omitempty"`  // of the cursor or the next address
	More  string `json:"more,omitempty"`  // path of what is true while there are more
	Most  int    `json:"most,omitempty"`  // pages in one poll, 20 by default
}

const (
	mostPages   = 200
	mostPlayers = 2000
	mostBody    = 10 << 20
)

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

// plan is settings that can be carried out.
type plan struct {
	Settings
	paths map[string]*jsonpath.Path // by the setting's name
}

// Configure refuses settings that cannot be, and returns them as they are kept: with what their preset says filled in.
func (p Puller) Configure(text json.RawMessage) (json.RawMessage, error) {
	s, err := read(text)
	if err != nil {
		return nil, err
	}
	if s.Preset != "" {
		base, known := presets()[s.Preset]
		if !known {
			return nil, fault.Wrong("preset", "There is no preset %q: choose one of %s.", s.Preset, strings.Join(slices.Sorted(maps.Keys(presets())), ", "))
		}
		if s, err = over(base, text); err != nil {
			return nil, err
		}
		s.Preset = ""
	}
	if _, err := compile(s); err != nil {
		return nil, err
	}
	return json.Marshal(s)
}

func read(text json.RawMessage) (s Settings, err error) { return over(nil, text) }

// Keys implements source.Puller.
func (Puller) Keys(settings json.RawMessage) []string {
	s, err := read(settings)
	if err != nil || s.Key == "" {
		return nil
	}
	return []string{s.Key}
}

// over reads settings on top of others.
func over(base, text json.RawMessage) (s Settings, err error) {
	for _, each := range []json.RawMessage{base, text} {
		if each == nil {
			continue
		}
		if err := source.ReadSettings(each, &s); err != nil {
			return s, err
		}
	}
	return s, nil
}

// compile checks settings and reads their paths.
func compile(s Settings) (*plan, error) {
	p := &plan{Settings: s, paths: map[string]*jsonpath.Path{}}
	if err := p.checkRequest(); err != nil {
		return nil, err
	}
	if s.Items == "" {
		return nil, fault.Wrong("items", "Say where the items stand in an answer, such as $.items[*].")
	}
	for name, path := range map[string]string{"items": s.Items, "id": s.ID, "at": s.At, "player": s.Player, "number": s.Number, "label": s.Label, "wait": s.Wait,
		"pages.path": s.Pages.Path, "pages.more": s.Pages.More} {
		if path == "" {
			continue
		}
		if len(path) > 500 {
			return nil, fault.Wrong(name, "A path is not longer than 500 letters.")
		}
		read, err := jsonpath.Parse(path)
		if err != nil {
			return nil, fault.Wrong(name, "%q is no JSONPath: write something like $.owner.name.", path)
		}
		if why := intake.Tame(read); why != "" {
			return nil, fault.Wrong(name, "%q %s.", path, why)
		}
		p.paths[name] = read
	}
	return p, p.checkMeaning()
}

// checkRequest checks how the site is asked.
func (p *plan) checkRequest() error {
	known := map[string]bool{"{since}": true, "{until}": true, "{page}": true, "{cursor}": true, "{player}": true}
	filled := placeholder.ReplaceAllStringFunc(p.URL, func(name string) string {
		if value, there := p.Fill[strings.Trim(name, "{}")]; there {
			return value
		}
		if known[name] {
			return "0"
		}
		return name
	})
	if err := reach.Check(filled); err != nil {
		return fault.In("url", err)
	}
	if left := placeholder.FindString(filled); left != "" {
		return fault.Wrong("fill", "The address has %s, which nothing fills in: give it under fill.", left)
	}
	if strings.Contains(strings.SplitN(strings.SplitN(p.URL, "://", 2)[1], "/", 2)[0], "{player}") {
		return fault.Wrong("url", "The host cannot depend on the player.")
	}
	switch kind, name, _ := strings.Cut(p.Auth, " "); {
	case !slices.Contains([]string{"", "bearer", "basic", "header", "query"}, kind):
		return fault.Wrong("auth", "Credentials go as bearer, basic, header NAME or query NAME, not as %q.", p.Auth)
	case (kind == "header" || kind == "query") && (name == "" || strings.ContainsAny(name, " \r\n:")):
		return fault.Wrong("auth", "Say under which name the credentials go, such as \"header X-Api-Key\".")
	}
	for name, value := range p.Headers {
		if canonical := http.CanonicalHeaderKey(name); canonical == "Authorization" || canonical == "Cookie" || canonical == "Host" || canonical == "Accept-Encoding" ||
			strings.ContainsAny(name+value, "\r\n\x00") || name == "" {
			return fault.Wrong("headers", "The header %q cannot be set here: secrets are given as credentials.", name)
		}
	}
	switch {
	case p.Method != "" && p.Method != http.MethodGet && p.Method != http.MethodPost:
		return fault.Wrong("method", "A site is asked by GET or POST, not by %q.", p.Method)
	case p.Body != "" && p.Method != http.MethodPost:
		return fault.Wrong("body", "Only POST has a body.")
	case !slices.Contains([]string{"", "rfc3339", "day", "unix", "unix_ms"}, p.Since):
		return fault.Wrong("since", "{since} is written as rfc3339, day, unix or unix_ms, not as %q.", p.Since)
	case len(p.Players) > mostPlayers:
		return fault.Wrong("players", "No more than %d players can be asked for one by one.", mostPlayers)
	case strings.Contains(p.URL+p.Body, "{player}") != (len(p.Players) > 0):
		return fault.Wrong("players", "{player} in the address and a list of players belong together.")
	}
	return p.checkPages()
}

func (p *plan) checkPages() error {
	switch by := p.Pages.By; {
	case !slices.Contains([]string{"", "page", "offset", "cursor", "link", "next"}, by):
		return fault.Wrong("pages.by", "Pages follow one another by page, offset, cursor, link or next, not by %q.", by)
	case (by == "cursor" || by == "next") != (p.Pages.Path != ""):
		return fault.Wrong("pages.path", "Say where the cursor or the next address stands in an answer; other kinds of pages have none.")
	case by == "offset" && p.Pages.Size <= 0:
		return fault.Wrong("pages.size", "Offsets need the number of items on a page.")
	case by == "page" && p.Pages.Size <= 0 && p.Pages.More == "":
		return fault.Wrong("pages.size", "Say how many items stand on a page, or where it says that there are more.")
	case (by == "page" || by == "offset") && !strings.Contains(p.URL+p.Body, "{page}"):
		return fault.Wrong("url", "The address has no {page}, so that every page would be the same.")
	case by == "cursor" && !strings.Contains(p.URL+p.Body, "{cursor}"):
		return fault.Wrong("url", "The address has no {cursor}, so that every page would be the same.")
	case p.Pages.Most < 0 || p.Pages.Most > mostPages || p.Pages.First < 0 || p.Pages.First > 1 || p.Pages.Size < 0 || p.Pages.Size > 10_000:
		return fault.Wrong("pages", "A poll asks for up to %d pages of up to 10,000 items, the first numbered 0 or 1.", mostPages)
	}
	return nil
}

// checkMeaning checks what answers mean.
func (p *plan) checkMeaning() error {
	switch {
	case !slices.Contains([]string{"", "key", "email", "handle"}, p.By):
		return fault.Wrong("by", "Players are told apart by key, email or handle, not by %q.", p.By)
	case !slices.Contains([]string{"", "rfc3339", "day", "unix", "unix_ms"}, p.Times):
		return fault.Wrong("times", "Times are written as rfc3339, day, unix or unix_ms, not as %q.", p.Times)
	case !slices.Contains([]string{"", "each", "gained", "latest"}, p.Count):
		return fault.Wrong("count", "Items count each, as what they gained, or as their latest number, not as %q.", p.Count)
	case p.counts() && (p.Number == "" || p.Key == ""):
		return fault.Wrong("number", "What grows is a number: say its path and the key of its entries.")
	case p.counts() && p.ID == "" && len(p.Players) == 0:
		return fault.Wrong("id", "What grows has to be told from other items: say where its id stands.")
	case p.Key != "" && p.Player == "" && len(p.Players) == 0:
		return fault.Wrong("player", "Say where the player of an item stands, or give the players to ask for.")
	case p.Expect < 0:
		return fault.Wrong("expect", "How many items are expected is no negative number.")
	}
	return nil
}

// counts reports whether an item is held against what it said before.
func (p *plan) counts() bool { return p.Count == "gained" || p.Count == "latest" }
