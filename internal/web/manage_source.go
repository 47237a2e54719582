package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/numeral"
	"cairn/internal/source"
)

// connectionPage is one source: how it does, what its messages become, and what waits.
type connectionPage struct {
	*frame
	Managed *managed // nil: the player's own
	Heading string
	Home    link // the list
	Done    string
	Problem *problem
	Action  string
	Changes bool
	Lives   bool // it is not retired

	Facts   []fact
	Unread  string // keys that no metric reads
	New     *newKey
	How     []howTo
	Keys    []string
	Ends    field
	Rules   field
	Rule    []field // of one more
	Shared  []field // whether it may bring what another brings, where rules say what it brings
	Tried   *tried
	Setting []field
	Asked   string // what it answered when it was asked
	Reasons []heldReason
	Why     string // of which reason those are that are shown
	Held    []heldLine
	Earlier string
	Dropped string

	CanAsk, CanPause, CanResume, CanRemove bool
	Reason                                 field // of pausing
	Heir                                   field
	Ending                                 field // why it is retired
}

// tried is what the last messages would become.
type tried struct {
	Words string
	Lines []triedLine
}

type triedLine struct {
	Type, When string
	Becomes    []becomes
	Why        string
}

// becomes is an entry that a message would become.
type becomes struct{ Who, What string }

type heldReason struct {
	Why         string // as it is kept
	Text        string // as a sentence
	Count, Last string
	Address     string
	Here        bool
}

type heldLine struct{ ID, When, Type, Who, Data string }

// shownHeld is how many waiting messages a page shows, and shownTried how many that were tried.
const (
	shownHeld  = 25
	shownTried = 100
)

var (
	boardSourceScreen = screen{"manage_source", func(s *site, v *visit, f *form) (any, error) { return s.boardSource(v, f) }}
	ownSourceScreen   = screen{"manage_source", func(s *site, v *visit, f *form) (any, error) { return s.ownConnection(v, f) }}
)

func (s *site) showBoardSource(w http.ResponseWriter, v *visit) error {
	return s.display(w, v, boardSourceScreen)
}

func (s *site) showOwnSource(w http.ResponseWriter, v *visit) error {
	return s.display(w, v, ownSourceScreen)
}

func (s *site) boardSource(v *visit, f *form) (*connectionPage, error) {
	k, err := s.ofBoard(v)
	if err != nil {
		return nil, err
	}
	around, head := s.managed(v, "/sources", v.PathValue("source"), "")
	page := &connectionPage{frame: around, Managed: &head, Home: link{Text: "All sources", Address: k.address}}
	head.Done = wasDone(v, connectionsDone)
	err = s.connection(v, k, page, f)
	head.Problem = f.problem()
	return page, err
}

func (s *site) ownConnection(v *visit, f *form) (*connectionPage, error) {
	k, err := s.ofOwn(v)
	if err != nil {
		return nil, err
	}
	page := &connectionPage{frame: s.own(v.PathValue("source"), "My data"), Heading: v.PathValue("source"), Home: link{Text: "Sources of my own", Address: k.address}, Done: wasDone(v, connectionsDone)}
	err = s.connection(v, k, page, f)
	page.Problem = f.problem()
	return page, err
}

// connection fills in the page of one source.
func (s *site) connection(v *visit, k keeping, page *connectionPage, f *form) error {
	ctx := v.Context()
	c, err := s.imports.Connection(ctx, k.owner, v.PathValue("source"))
	if err != nil {
		return err
	}
	page.Action, page.Changes, page.Lives = k.address+"/"+url.PathEscape(c.Name), k.changes, c.State != source.Retired
	page.CanAsk, page.CanPause, page.CanResume = c.Kind.Pulls() && c.State == source.Active, c.State == source.Active, c.State == source.Paused
	page.CanRemove = k.owner.Player != ""
	if err := s.connectionFacts(v, k, c, page); err != nil {
		return err
	}
	if c.Kind == source.Push && page.Lives {
		page.How = s.howTo(c, "KEY")
		keys, err := s.imports.Keys(ctx, c)
		if err != nil {
			return err
		}
		for _, key := range keys {
			words := "made " + instant(key.Made, k.zone) + ", last used " + cmp.Or(key.Used, "never")
			if !key.Ends.IsZero() {
				words += ", ends " + instant(key.Ends, k.zone)
			}
			page.Keys = append(page.Keys, words)
		}
		page.Ends = f.choice("radios", "ends", "What becomes of the key before?", "", "day", []option{{Value: "day", Text: "It works for a day more", Hint: "so that the program can be changed meanwhile"}, {Value: "now", Text: "It ends now", Hint: "somebody saw it who should not have"}})
	}
	page.Rules = f.make("code", "rules", "Rules", "JSON. They are tried in order, and every one that fits makes an entry. What is read of a message stands at a path such as $.properties.total.", rulesText(c.Rules))
	page.Rule = []field{f.text("rule-event", "What happened", "Its type, such as Order Completed. A trailing * stands for any end. Left empty: everything.", "").most(200),
		f.text("rule-key", "counts as", "The key that a metric reads, such as calls.", "").most(200),
		f.text("rule-number", "by the number at", "Such as $.properties.total. Left empty: it counts 1.", "").most(200),
		f.text("rule-player", "of the player at", "Such as $.userId. Left empty: whom the message itself names.", "").most(200),
		f.choice("choice", "rule-by", "which is their", "", "key", []option{{Value: "key", Text: "key"}, {Value: "email", Text: "e-mail address"}, {Value: "handle", Text: "handle"}})}
	s.settingFields(c, k, page, f)
	page.Reason = f.text("why", "Why? Others read it.", "", "").most(200)
	heirs := []option{{Value: "", Text: "Nothing"}}
	all, err := s.imports.Connections(ctx, k.owner)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.ID != c.ID && other.State != source.Retired {
			heirs = append(heirs, option{Value: other.Name, Text: other.Name})
		}
	}
	page.Heir = f.choice("choice", "heir", "What takes its place?", "", "", heirs)
	page.Ending = f.text("ending", "Why? Others read it.", "", "").most(200)
	return s.waitingLines(v, k, c, page)
}

// connectionFacts says how a source does.
func (s *site) connectionFacts(v *visit, k keeping, c source.Connection, page *connectionPage) error {
	ctx, now := v.Context(), s.now().In(k.zone)
	add := func(name, text string) {
		if text != "" {
			page.Facts = append(page.Facts, fact{Name: name, Text: text})
		}
	}
	tallies, err := s.imports.Tallies(ctx, k.owner, time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		return err
	}
	t := tallies[c.ID]
	add("What it is", kindName(c.Kind))
	add("How it does", strings.TrimSpace(capital(stateWord(c))+". "+healthWords(c, k.zone)))
	if c.Heir != "" {
		if heir, err := s.imports.ByID(ctx, c.Heir); err == nil {
			add("In its place", heir.Name)
		}
	}
	if c.Kind.Pulls() {
		add("Last asked", instantOr(c.Health.Last, k.zone, "never"))
	} else {
		add("Last message", instantOr(c.Health.Last, k.zone, "never"))
	}
	add("Last new data", instantOr(c.Health.New, k.zone, "never"))
	add("This month", fmt.Sprintf("%s: %s added, %s there already, %s left out, %s to wait", numeral.Count(t.Events, "message", "messages"), numeral.Count(t.Added, "entry", "entries"), amount(float64(t.Duplicates)), amount(float64(t.Skipped)), amount(float64(t.Held))))
	if t.Dropped > 0 {
		page.Dropped = numeral.Count(t.Dropped, "message that waited was", "messages that waited were") + " deleted: at most 10,000 wait, for 30 days."
	}
	keys, err := s.imports.Brought(ctx, c)
	if err != nil || len(keys) == 0 {
		return err
	}
	add("What it brought", strings.Join(keys, ", "))
	if v.board == nil {
		return nil
	}
	card, err := s.boards.Scorecard(ctx, v.board.ID, v.board.Version)
	if err != nil {
		return err
	}
	var unread []string
	for _, key := range keys {
		read := false
		for _, m := range card.Metrics() {
			read = read || m.Entry == key
		}
		if !read {
			unread = append(unread, key)
		}
	}
	if len(unread) > 0 {
		page.Unread = "No metric of the board reads " + list(unread) + ": such entries are kept, and count for nothing yet."
	}
	return nil
}

// settingFields makes what of a source can be changed beside its rules.
func (s *site) settingFields(c source.Connection, k keeping, page *connectionPage, f *form) {
	ticked := func(made field, kept bool, by ...string) field {
		if f.typed != nil && !slices.Contains(by, f.typed.Get("do")) { // another form of the page was sent
			made.Ticked = kept
		}
		return made
	}
	if c.Kind == source.Push {
		var set source.PushSettings
		_ = json.Unmarshal(c.Settings, &set) // they were read when they were kept
		if k.owner.Board != "" {
			page.Setting = append(page.Setting, ticked(enrolField(f, set.Enrol), set.Enrol, "settings"))
			page.Shared = []field{ticked(sharedField(f, c.Shared), c.Shared, "rules", "try")}
		}
		page.Setting = append(page.Setting, expectField(f, k, set.Expect))
		return
	}
	kept := "none is kept"
	if c.Opens {
		kept = "one is kept, sealed"
	}
	every := everyOf(c.Every)
	page.Setting = []field{f.make("code", "settings", "Settings", "JSON. Nothing secret belongs here.", indented(c.Settings)),
		f.text("credentials", "Credential", "Of these "+kept+". Left empty: as it is.", "").as("password").complete("off"),
		f.choice("choice", "every", "How often is it asked?", "", every, everyOptions(every))}
	if k.owner.Board != "" {
		page.Setting = append(page.Setting, ticked(sharedField(f, c.Shared), c.Shared, "settings"))
	}
}

// waitingLines says what waits and why.
func (s *site) waitingLines(v *visit, k keeping, c source.Connection, page *connectionPage) error {
	ctx, asked := v.Context(), v.URL.Query()
	reasons, err := s.imports.Reasons(ctx, c)
	if err != nil {
		return err
	}
	page.Why = asked.Get("why")
	for _, r := range reasons {
		page.Reasons = append(page.Reasons, heldReason{r.Why, sentence(r.Why), numeral.Count(r.Events, "message", "messages"), instant(r.Last, k.zone), page.Action + "?why=" + url.QueryEscape(r.Why) + "#waiting", r.Why == page.Why})
	}
	if page.Why == "" {
		return nil
	}
	held, err := s.imports.Waiting(ctx, c, page.Why, asked.Get("before"), shownHeld)
	if err != nil {
		return err
	}
	for _, h := range held {
		page.Held = append(page.Held, heldLine{h.ID, instant(h.At, k.zone), h.Type, strings.Join(h.Who, ", "), indented(h.Data)})
	}
	if len(held) == shownHeld {
		page.Earlier = page.Action + "?" + url.Values{"why": {page.Why}, "before": {held[len(held)-1].ID}}.Encode() + "#waiting"
	}
	return nil
}

// indented is JSON as people read it.
func indented(text json.RawMessage) string {
	var out bytes.Buffer
	if json.Indent(&out, text, "", "  ") != nil {
		return string(text)
	}
	return out.String()
}

// rulesText is rules as they are written, "" for none.
func rulesText(rules intake.Rules) string {
	if len(rules) == 0 {
		return ""
	}
	lines := make([]string, len(rules))
	for i, r := range rules {
		text, err := json.Marshal(r)
		if err != nil {
			return ""
		}
		lines[i] = "  " + string(text)
	}
	return "[\n" + strings.Join(lines, ",\n") + "\n]"
}

// unnumbered makes of a fault with a field within the rules one of the field of the rules.
func unnumbered(err error) error {
	if f := (*fault.Fault)(nil); errors.As(err, &f) && strings.HasPrefix(f.Field, "rules") {
		return wrong("rules", "%s", f.Message)
	}
	return err
}

// readRules reads the rules of a form, and the one more where its fields are filled in.
func readRules(v *visit) (intake.Rules, error) {
	sent := v.PostForm
	rules, err := intake.ReadRules(json.RawMessage(plainLines(sent.Get("rules"))))
	if err != nil {
		return nil, unnumbered(err)
	}
	typed := func(name string) string { return strings.TrimSpace(sent.Get("rule-" + name)) }
	if typed("key") == "" {
		if typed("event") != "" || typed("number") != "" || typed("player") != "" {
			return nil, wrong("rule-key", "Say what it counts as: the key that a metric reads.")
		}
		return rules, nil
	}
	more := intake.Rule{Event: typed("event"), Key: typed("key"), Number: typed("number"), Player: typed("player"), By: typed("by")}
	text, err := json.Marshal(append(slices.Clone(rules), more))
	if err != nil {
		return nil, wrong("rules", "The rules cannot be written as JSON.")
	}
	rules, err = intake.ReadRules(text)
	if f := (*fault.Fault)(nil); errors.As(err, &f) {
		if _, at, within := strings.Cut(f.Field, "]."); within {
			return nil, wrong("rule-"+at, "%s", f.Message)
		}
	}
	return rules, unnumbered(err)
}

// readConnection reads the form of a new source.
func readConnection(v *visit, k keeping) (c source.Connection, credentials string, err error) {
	sent := v.PostForm
	c = source.Connection{Board: k.owner.Board, Player: k.owner.Player, Name: strings.TrimSpace(sent.Get("name")), Kind: source.Kind(sent.Get("kind"))}
	if c.Kind == source.Counter {
		return c, "", wrong("name", "Choose what kind of source it is.")
	}
	if c.Rules, err = readRules(v); err != nil {
		return c, "", err
	}
	to, err := readSettings(v, c.Kind)
	if err != nil {
		return c, "", err
	}
	c.Settings, c.Shared = to.Settings, sent.Has("shared")
	if to.Every != nil {
		c.Every = *to.Every
	}
	return c, sent.Get("credentials"), nil
}

// readSettings reads what of a source can be changed beside its rules.
func readSettings(v *visit, kind source.Kind) (to source.Changes, err error) {
	sent := v.PostForm
	if !kind.Pulls() {
		to.Settings, err = json.Marshal(source.PushSettings{Enrol: sent.Has("enrol"), Expect: sent.Get("expect")})
		return to, err
	}
	shared := sent.Has("shared")
	to.Shared = &shared
	to.Settings = json.RawMessage(plainLines(sent.Get("settings")))
	if !json.Valid(to.Settings) {
		return to, wrong("settings", "The settings are no JSON: look for a comma too many, or a quote that is missing.")
	}
	every, err := time.ParseDuration(sent.Get("every"))
	if err != nil {
		return to, wrong("every", "Say how often it is asked.")
	}
	to.Every = &every
	if credentials := sent.Get("credentials"); credentials != "" {
		to.Credentials = &credentials
	}
	return to, nil
}

func (s *site) changeBoardSource(w http.ResponseWriter, v *visit) error {
	return s.changeSource(w, v, s.ofBoard, s.boardSource, boardSourceScreen)
}

func (s *site) changeOwnSource(w http.ResponseWriter, v *visit) error {
	return s.changeSource(w, v, s.ofOwn, s.ownConnection, ownSourceScreen)
}

// changeSource does to a source what a button of its page says. A new key, what was tried and what was answered are shown in the
// answer itself.
func (s *site) changeSource(w http.ResponseWriter, v *visit, of func(*visit) (keeping, error), draw func(*visit, *form) (*connectionPage, error), at screen) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	k, err := of(v)
	if err != nil {
		return err
	}
	ctx, sent, name := v.Context(), v.PostForm, v.PathValue("source")
	c, err := s.imports.Connection(ctx, k.owner, name)
	if err != nil {
		return err
	}
	here, word := k.address+"/"+url.PathEscape(name), "changed"
	show := func(fill func(*connectionPage)) error {
		page, err := draw(v, &form{id: at.template, typed: v.PostForm})
		if err != nil {
			return err
		}
		fill(page)
		return s.tell(w, v, http.StatusOK, at.template, page)
	}
	switch sent.Get("do") {
	case "try":
		var rules intake.Rules
		if rules, err = readRules(v); err != nil {
			break
		}
		shown, err := s.imports.DryRun(ctx, v.actor, k.owner, name, rules)
		if err != nil {
			return s.refused(w, v, at, unnumbered(err))
		}
		return show(func(page *connectionPage) { page.Tried = tellTried(shown, k.zone) })
	case "rules":
		var rules intake.Rules
		if rules, err = readRules(v); err == nil {
			to := source.Changes{Rules: &rules}
			if shared := sent.Has("shared"); c.Kind == source.Push {
				to.Shared = &shared
			}
			_, err = s.imports.Change(ctx, v.actor, k.owner, name, to)
		}
	case "settings":
		var to source.Changes
		if to, err = readSettings(v, c.Kind); err == nil {
			_, err = s.imports.Change(ctx, v.actor, k.owner, name, to)
		}
	case "key":
		secret, err := s.imports.NewKey(ctx, v.actor, k.owner, name, sent.Get("ends") == "now")
		if err != nil {
			return s.refused(w, v, at, err)
		}
		return show(func(page *connectionPage) { page.New = s.newKey(c, secret) })
	case "check":
		found, err := s.imports.Check(ctx, c, "")
		if err != nil && fault.Of(err) == fault.Internal {
			return err
		}
		if err != nil {
			found = "It could not be asked: " + fault.Message(err)
		}
		return show(func(page *connectionPage) { page.Asked = found })
	case "poll":
		word = "asked"
		_, err = s.imports.Poll(ctx, c)
	case "pause":
		word, err = "paused", s.imports.Pause(ctx, v.actor, k.owner, name, strings.TrimSpace(sent.Get("why")))
	case "resume":
		word, err = "resumed", s.imports.Resume(ctx, v.actor, k.owner, name)
	case "retire":
		word, err = "retired", s.imports.Retire(ctx, v.actor, k.owner, name, sent.Get("heir"), strings.TrimSpace(sent.Get("ending")))
	case "replay":
		word = "replayed"
		_, err = s.imports.Replay(ctx, v.actor, k.owner, name, sent["held"]...)
	case "discard":
		word = "discarded"
		if len(sent["held"]) == 0 && sent.Get("reason") == "" {
			err = wrong("", "Say which messages are to be deleted.")
			break
		}
		_, err = s.imports.Discard(ctx, v.actor, k.owner, name, sent.Get("reason"), sent["held"]...)
	case "remove":
		if k.owner.Player == "" {
			return fault.New(fault.NotFound, absence)
		}
		here, word, err = k.address, "removed", s.imports.Remove(ctx, v.actor, name)
	default:
		err = wrong("", "Choose what is to be done.")
	}
	if err != nil {
		return s.refused(w, v, at, unnumbered(err))
	}
	return done(w, v, here, word)
}

// tellTried says what the last messages would become.
func tellTried(shown []source.Shown, zone *time.Location) *tried {
	t := &tried{Words: "Nothing came yet that rules could be tried on."}
	fine := 0
	for _, s := range shown[:min(len(shown), shownTried)] {
		l := triedLine{Type: cmp.Or(s.Event.Type, "—"), When: instant(s.Event.Received, zone), Why: sentence(s.Why)}
		if s.Skipped {
			l.Why = "Left out by a rule."
		}
		for _, m := range s.Made {
			l.Becomes = append(l.Becomes, becomes{cmp.Or(m.Who, "you"), m.Entry.Key + " " + amount(m.Entry.Value)})
		}
		if s.Why == "" && !s.Skipped {
			fine++
		}
		t.Lines = append(t.Lines, l)
	}
	if len(shown) > 0 {
		t.Words = fmt.Sprintf("Of the last %s, %s would be taken.", numeral.Count(len(shown), "message", "messages"), amount(float64(fine)))
	}
	return t
}
