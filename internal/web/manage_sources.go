package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"cairn/internal/board"
	"cairn/internal/numeral"
	"cairn/internal/source"
)

// keeping is whose sources a page is about: a board's, or the visitor's own.
type keeping struct {
	owner   source.Owner
	address string // of the list
	zone    *time.Location
	changes bool
}

// connectionsPage lists the sources of a board, or of a player's own, and makes another.
type connectionsPage struct {
	*frame
	Managed *managed // nil: the player's own
	Done    string
	Problem *problem
	Action  string
	Changes bool
	Lines   []connectionLine
	Kinds   []link // of which one is being made
	Kind    string // which
	About   string // what it is, and what its settings mean
	Fields  []field
	More    []field
	New     *newKey
	Open    bool
}

// connectionLine is one source of the list.
type connectionLine struct {
	Name, Address string
	Kind          string
	State         string // in a word
	Sick          bool
	Words         string // how it does
	Last          string
	Brought       string // entries since the first of the month
	Waiting       string
}

// newKey is a key that was made just now, and how to use it.
type newKey struct {
	Name, Key string
	How       []howTo
}

// howTo is one way to send to a source.
type howTo struct{ Title, Code string }

// kindsOfSources says of each kind of source what it is called, what it is, and what its settings look like.
var kindsOfSources = map[source.Kind]struct{ name, about, example string }{
	source.Push:    {"Programs send it", "A program sends what happens, showing the key of this source: by JSON, CloudEvents, or any client of the Segment kind. Rules say what each message becomes.", ""},
	source.Git:     {"A git repository", "Commits of a repository are asked for again and again. Players are found by the address they commit under.", "{\n  \"url\": \"https://example.org/club/work.git\"\n}"},
	source.GitHub:  {"GitHub", "Commits, pull requests, reviews, issues and stars. Its credential is a token that may read.", "{\n  \"repos\": [\"club/work\"]\n}"},
	source.Gitea:   {"Gitea or Forgejo", "Commits, pull requests, reviews, issues and stars. Its credential is a token that may read.", "{\n  \"base\": \"https://git.example.org\",\n  \"repos\": [\"club/work\"]\n}"},
	source.Web:     {"A web service that answers JSON", "Which address is asked, and where in its answer the number, the time and the player stand, is written in the settings.", "{\n  \"url\": \"https://example.org/api/points?since={since}\",\n  \"auth\": \"bearer\",\n  \"items\": \"$.items[*]\",\n  \"id\": \"$.id\",\n  \"at\": \"$.when\",\n  \"player\": \"$.user\",\n  \"number\": \"$.points\",\n  \"key\": \"points\"\n}"},
	source.Sheet:   {"A published spreadsheet", "A CSV or XLSX file at an address, such as a published sheet of Google.", "{\n  \"url\": \"https://example.org/points.csv\"\n}"},
	source.Items:   {"A feed", "RSS, Atom or JSON Feed: each post counts on its day.", "{\n  \"feeds\": {\"https://example.org/feed.xml\": \"ada\"}\n}"},
	source.Another: {"Another board", "A score or a value of another board, of this Cairn or of another one.", "{\n  \"server\": \"https://scores.example.org\",\n  \"board\": \"club\",\n  \"score\": \"club-score\"\n}"},
	source.Counter: {"Counted by hand", "People count.", ""},
}

func kindName(k source.Kind) string {
	if words, known := kindsOfSources[k]; known {
		return words.name
	}
	return string(k)
}

// sourcesDone of these pages.
var connectionsDone = map[string]string{
	"changed":   "Kept. What comes from now on follows it.",
	"paused":    "Paused. Nothing is asked and nothing is taken until it is resumed.",
	"resumed":   "It goes on.",
	"retired":   "Retired. What it brought stays.",
	"replayed":  "Tried again. What still waits is below.",
	"discarded": "Deleted.",
	"asked":     "Asked. What became of it stands under “How it does”.",
	"removed":   "Removed, with all that it brought.",
	"key-ended": "The keys before have ended.",
}

// ofBoard is the board's sources; ofOwn the visitor's own.
func (s *site) ofBoard(v *visit) (keeping, error) {
	return keeping{source.Owner{Board: v.board.ID}, manageAddress(v.board) + "/sources", v.board.Location(), v.access.May(board.Manage, v.board)}, nil
}

func (s *site) ofOwn(v *visit) (keeping, error) {
	zone, err := s.zone(v.Context(), v)
	return keeping{source.Owner{Player: v.actor.Account}, "/me/sources/connections", zone, true}, err
}

var (
	boardSourcesScreen = screen{"manage_sources", func(s *site, v *visit, f *form) (any, error) { return s.boardSources(v, f) }}
	ownSourcesScreen   = screen{"manage_sources", func(s *site, v *visit, f *form) (any, error) { return s.ownConnections(v, f) }}
)

func (s *site) boardSources(v *visit, f *form) (*connectionsPage, error) {
	k, err := s.ofBoard(v)
	if err != nil {
		return nil, err
	}
	around, head := s.managed(v, "/sources", "Sources", "What brings entries by itself: programs that send, and places that are asked again and again. A source that fell silent makes its metrics missing, not zero.")
	page := &connectionsPage{frame: around, Managed: &head}
	head.Done = wasDone(v, connectionsDone)
	err = s.connections(v, k, page, f)
	head.Problem = f.problem()
	return page, err
}

func (s *site) ownConnections(v *visit, f *form) (*connectionsPage, error) {
	k, err := s.ofOwn(v)
	if err != nil {
		return nil, err
	}
	page := &connectionsPage{frame: s.own("Sources of my own", "My data"), Done: wasDone(v, connectionsDone)}
	err = s.connections(v, k, page, f)
	page.Problem = f.problem()
	return page, err
}

// connections fills in a list of sources and the form of another.
func (s *site) connections(v *visit, k keeping, page *connectionsPage, f *form) error {
	ctx := v.Context()
	page.Action, page.Changes = k.address, k.changes
	all, err := s.imports.Connections(ctx, k.owner)
	if err != nil {
		return err
	}
	now := s.now().In(k.zone)
	tallies, err := s.imports.Tallies(ctx, k.owner, time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		return err
	}
	for _, c := range all {
		t := tallies[c.ID]
		l := connectionLine{Name: c.Name, Address: k.address + "/" + url.PathEscape(c.Name), Kind: kindName(c.Kind), State: stateWord(c), Sick: c.Health.Sick, Words: healthWords(c, k.zone),
			Last: instantOr(c.Health.New, k.zone, "never"), Brought: amount(float64(t.Added))}
		if t.Waiting > 0 {
			l.Waiting = numeral.Count(t.Waiting, "waits", "wait")
		}
		page.Lines = append(page.Lines, l)
	}
	slices.SortStableFunc(page.Lines, func(a, b connectionLine) int { return order(a.State) - order(b.State) })
	s.connectFields(v, k, page, f)
	return nil
}

// order puts what needs somebody first, and what is over last.
func order(state string) int {
	return slices.Index([]string{"sick", "fails", "brings", "waits for its first", "paused", "retired"}, state)
}

// connectFields makes the form of a new source of the kind that the address asks for.
func (s *site) connectFields(v *visit, k keeping, page *connectionsPage, f *form) {
	kinds := append([]source.Kind{source.Push}, s.imports.Kinds()...)
	asked := source.Kind(v.URL.Query().Get("kind"))
	if f.typed != nil {
		asked = source.Kind(f.typed.Get("kind"))
	}
	if page.Open = asked != "" || f.err != nil || len(page.Lines) == 0; !slices.Contains(kinds, asked) {
		asked = source.Push
	}
	for _, kind := range kinds {
		page.Kinds = append(page.Kinds, link{Text: kindName(kind), Address: k.address + "?kind=" + url.QueryEscape(string(kind)) + "#connect", Here: kind == asked})
	}
	words := kindsOfSources[asked]
	page.Kind, page.About = string(asked), words.about
	page.Fields = []field{f.text("name", "Name", "Small letters, digits and dashes, such as crm-calls. Its entries are known by it.", "").most(40).must()}
	if asked == source.Push {
		if k.owner.Board != "" {
			page.Fields = append(page.Fields, enrolField(f, false))
		}
		page.Fields = append(page.Fields, expectField(f, k, ""))
	} else {
		page.Fields = append(page.Fields, f.make("code", "settings", "Settings", "JSON. Nothing secret belongs here.", words.example),
			f.text("credentials", "Credential", "Such as a token. It is kept sealed and never shown again. Left empty: none.", "").as("password").complete("off"),
			f.choice("choice", "every", "How often is it asked?", "", "1h", everyOptions("1h")))
	}
	if k.owner.Board != "" {
		page.Fields = append(page.Fields, sharedField(f, false))
	}
	page.More = []field{f.make("code", "rules", "Rules", rulesHint, "")}
}

func enrolField(f *form, kept bool) field {
	return f.tick("enrol", "People whom the board does not know are enrolled", "Otherwise what they did waits until somebody enrols them.", kept)
}

func sharedField(f *form, kept bool) field {
	return f.tick("shared", "It may bring what another source brings", "Otherwise a key that another source of the board brings is refused, since it would count twice.", kept)
}

// expectField asks how often a source that sends should bring something; kept is as in its settings.
func expectField(f *form, k keeping, kept string) field {
	hint := "Silent for three times as long, it is told as sick: what it alone measures is then missing, not zero."
	if k.owner.Board == "" {
		hint = "Silent for three times as long, it is told as sick."
	}
	options := everyOptions("1h")
	if expect, err := time.ParseDuration(kept); err == nil {
		kept = everyOf(expect)
		options = everyOptions(kept)
	}
	return f.choice("choice", "expect", "How often should it bring something?", hint, kept,
		append([]option{{Value: "", Text: "That cannot be said"}}, options...))
}

const rulesHint = "JSON: a list of rules. Left empty, only messages that say their entry themselves count. They can be tried on what came, and changed, at any time."

// everyOptions are how often a source can be asked; kept is one of them in any case.
func everyOptions(kept string) []option {
	options := []option{{Value: "15m", Text: "Every quarter of an hour"}, {Value: "1h", Text: "Every hour"}, {Value: "6h", Text: "Four times a day"}, {Value: "24h", Text: "Once a day"}, {Value: "168h", Text: "Once a week"}}
	if !slices.ContainsFunc(options, func(o option) bool { return o.Value == kept }) {
		options = append(options, option{Value: kept, Text: "Every " + kept})
	}
	return options
}

// everyOf writes a duration as one of everyOptions.
func everyOf(d time.Duration) string {
	text := d.String()
	if d%time.Minute == 0 {
		text = strings.TrimSuffix(text, "0s")
	}
	if d%time.Hour == 0 {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// stateWord says how a source does, in a word.
func stateWord(c source.Connection) string {
	switch {
	case c.State != source.Active:
		return string(c.State)
	case c.Health.Sick:
		return "sick"
	case c.Health.Last.IsZero():
		return "waits for its first"
	case c.Health.Failed > 0:
		return "fails"
	}
	return "brings"
}

// healthWords says how a source does, and what went wrong.
func healthWords(c source.Connection, zone *time.Location) string {
	h, missing := c.Health, "what it alone measures is missing, not zero."
	if c.Board == "" {
		missing = "boards get nothing of what it alone measures."
	}
	switch {
	case c.State == source.Retired || c.State == source.Paused:
		return c.Why
	case h.Sick && c.Kind == source.Push:
		return h.Trouble + " " + capital(missing)
	case h.Sick:
		return "No data for " + numeral.Count(max(h.Failed, source.Tolerance), "poll", "polls") + ": " + missing + " " + h.Trouble
	case h.Trouble != "":
		return "It failed " + numeral.Count(h.Failed, "time", "times") + " in a row: " + h.Trouble
	case !h.Next.IsZero() && c.Kind == source.Push:
		return "Something is expected by " + instant(h.Next, zone) + "."
	case !h.Next.IsZero():
		return "Asked next " + instant(h.Next, zone) + "."
	}
	return ""
}

func instantOr(at time.Time, zone *time.Location, none string) string {
	if at.IsZero() {
		return none
	}
	return instant(at, zone)
}

func (s *site) showBoardSources(w http.ResponseWriter, v *visit) error {
	return s.display(w, v, boardSourcesScreen)
}

func (s *site) showOwnSources(w http.ResponseWriter, v *visit) error {
	return s.display(w, v, ownSourcesScreen)
}

func (s *site) connectBoardSource(w http.ResponseWriter, v *visit) error {
	return s.connectSource(w, v, s.ofBoard, s.boardSources, boardSourcesScreen)
}

func (s *site) connectOwnSource(w http.ResponseWriter, v *visit) error {
	return s.connectSource(w, v, s.ofOwn, s.ownConnections, ownSourcesScreen)
}

// connectSource makes a source. Of one that sends, the key is shown in the answer itself: there is no other page that ever does.
func (s *site) connectSource(w http.ResponseWriter, v *visit, of func(*visit) (keeping, error), draw func(*visit, *form) (*connectionsPage, error), at screen) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	k, err := of(v)
	if err != nil {
		return err
	}
	c, credentials, err := readConnection(v, k)
	if err != nil {
		return s.refused(w, v, at, err)
	}
	made, secret, err := s.imports.Connect(v.Context(), v.actor, c, credentials)
	if err != nil {
		return s.refused(w, v, at, unnumbered(err))
	}
	if secret == "" {
		return done(w, v, k.address+"/"+url.PathEscape(made.Name), "changed")
	}
	page, err := draw(v, blank(at.template))
	if err != nil {
		return err
	}
	page.New = s.newKey(made, secret)
	return s.tell(w, v, http.StatusOK, at.template, page)
}

// newKey is a key with how it is used.
func (s *site) newKey(c source.Connection, secret string) *newKey {
	return &newKey{Name: c.Name, Key: secret, How: s.howTo(c, secret)}
}

// plainKey is a key that means nothing to a shell: whoever wrote the rules need not be who runs the example.
var plainKey = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:-]*$`)

// howTo says how to send to a source.
func (s *site) howTo(c source.Connection, key string) []howTo {
	base := s.base
	if base == "" {
		base = "https://this-server"
	}
	who, sample, data := `"player": "ada", `, "userId: 'ada', ", `{"player": "ada"}`
	if c.Player != "" {
		who, sample, data = "", "anonymousId: 'me', ", "{}"
	}
	counts := "calls"
	for _, r := range c.Rules { // a key that they name is one that counts here
		if plainKey.MatchString(r.Key) {
			counts = r.Key
			break
		}
	}
	return []howTo{
		{"From a shell", "curl " + base + "/api/v1/in \\\n  -H 'Authorization: Bearer " + key + "' \\\n  -H 'Content-Type: application/json' \\\n  -d '[{\"id\": \"call-1\", " + who + "\"key\": \"" + counts + "\", \"at\": \"" + s.now().UTC().Format(time.RFC3339) + "\", \"value\": 1}]'"},
		{"With any client of the Segment kind", "const cairn = new Analytics({ writeKey: '" + key + "', host: '" + base + "', path: '/v1/batch' })\ncairn.track({ " + sample + "event: 'Call Made', properties: { minutes: 12 } })"},
		{"As a CloudEvent", "curl " + base + "/api/v1/in/cloudevents \\\n  -H 'Authorization: Bearer " + key + "' \\\n  -H 'Content-Type: application/cloudevents+json' \\\n  -d '{\"specversion\": \"1.0\", \"id\": \"1\", \"source\": \"/crm\", \"type\": \"com.example.call\", \"data\": " + data + "}'"},
	}
}
