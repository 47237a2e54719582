package intake

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/theory/jsonpath"

	"cairn/internal/fault"
)

// Rule says what events of a type become. It is data: what it reads of an event stands at JSONPaths (RFC 9535), each of which
// finds one text or number.
type Rule struct {
	Event  string            `json:"event"`            // type; "" every one. A trailing * stands for any end
	When   map[string]string `json:"when,omitempty"`   // path → text: all of them must be so
	Key    string            `json:"key"`              // key of the entry; or a path, beginning with $
	Number string            `json:"number,omitempty"` // path of its number; "" it counts 1
	Times  float64           `json:"times,omitempty"`  // what the number is multiplied by: the weight of this source beside another; 0 is 1
	Player string            `json:"player"`           // path of the player's identifier; "" whom the event itself names
	By     string            `json:"by"`               // which kind that is: "key" (also ""), "email" or "handle"
	At     string            `json:"at,omitempty"`     // path of its time; "" the event's
	Label  string            `json:"label,omitempty"`  // path
	ID     string            `json:"id,omitempty"`     // path of its id; "" the event's. The key stands behind it: another rule is another entry
	Skip   bool              `json:"skip,omitempty"`   // such events are left out on purpose: they are counted, and do not wait

	paths map[string]*jsonpath.Path // compiled by ReadRules; nil: by whoever asks
}

// Rules are tried in order; every one that fits makes an entry, and Skip ends the search. An event that says its entry itself
// needs none.
type Rules []Rule

// Bounds of rules: what somebody writes by hand, and what a path may cost on an event of the largest size.
const (
	maxRules     = 100
	maxRulesText = 64 << 10
	maxPath      = 200
	maxWhen      = 10
	maxWide      = 40 // paths of all rules that look at more than one place: each may walk through a whole event
)

// ReadRules reads rules from JSON; null and nothing are none. Invalid, with the rule and its field, for what cannot be.
func ReadRules(text json.RawMessage) (Rules, error) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || string(text) == "null" {
		return nil, nil
	}
	wrong := func(format string, args ...any) error {
		return fault.Wrong("rules", format, args...)
	}
	if len(text) > maxRulesText {
		return nil, wrong("The rules are longer than 64 KiB.")
	}
	if err := checkJSON(text); err != nil {
		return nil, wrong("%s", strings.Replace(fault.Message(err), "The body", "The text of the rules", 1))
	}
	var rules Rules
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(&rules); err != nil {
		return nil, wrong("The rules cannot be read: %s. They are a JSON list such as [{\"event\": \"Order Completed\", \"key\": \"orders\", \"by\": \"email\", \"player\": \"$.context.traits.email\"}].", decoding(err))
	}
	if _, err := in.Token(); err != io.EOF {
		return nil, wrong("Something follows the list of rules.")
	}
	if len(rules) > maxRules {
		return nil, wrong("There are %d rules; a source has at most %d.", len(rules), maxRules)
	}
	for i := range rules {
		if field, why := rules[i].compile(); why != "" {
			return nil, fault.Wrong(fmt.Sprintf("rules[%d].%s", i, field), "Rule %d, %s: %s.", i+1, field, why)
		}
	}
	if n := rules.wide(); n > maxWide {
		return nil, wrong("%d paths search with \"..\", \"*\", a slice or a filter; all rules together may have %d: name the place itself where it is known.", n, maxWide)
	}
	return rules, nil
}

// wide counts the paths that look at more than one place.
func (r Rules) wide() (n int) {
	for _, rule := range r {
		for _, path := range rule.paths {
			if strings.ContainsAny(unquoted(path.String()), "*?:") || strings.Contains(unquoted(path.String()), "..") {
				n++
			}
		}
	}
	return n
}

// decoding says in words of ours what a JSON decoder met.
func decoding(err error) string {
	syntax, kind := (*json.SyntaxError)(nil), (*json.UnmarshalTypeError)(nil)
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("they go wrong at byte %d", syntax.Offset)
	case errors.As(err, &kind) && kind.Field != "":
		return fmt.Sprintf("%q is not the kind of value that is expected there", kind.Field)
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		given := strings.Trim(strings.TrimPrefix(err.Error(), "json: unknown field "), `"`)
		return fmt.Sprintf("a rule has no field %q; %s", given, hint(given, []string{"event", "when", "key", "number", "times", "player", "by", "at", "label", "id", "skip"}))
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "they end too early"
	}
	return "they are no list of rules"
}

// compile checks a rule and makes its paths ready. why is empty where it may be used.
func (r *Rule) compile() (field, why string) {
	r.paths = map[string]*jsonpath.Path{}
	if r.By == "" {
		r.By = "key"
	}
	switch {
	case strings.Contains(strings.TrimSuffix(r.Event, "*"), "*"):
		return "event", "a * stands at the end of a type only"
	case len(r.Event) > maxPath:
		return "event", "it is longer than 200 bytes"
	case len(r.When) > maxWhen:
		return "when", fmt.Sprintf("a rule has at most %d conditions", maxWhen)
	case r.By != "key" && r.By != "email" && r.By != "handle":
		return "by", fmt.Sprintf("players are told apart by key, email or handle, not by %q", r.By)
	case r.Key == "" && !r.Skip:
		return "key", "it says what the entry counts: name a key, or write \"skip\": true"
	case !strings.HasPrefix(r.Key, "$") && plain("key", r.Key, maxKey) != "":
		return "key", plain("key", r.Key, maxKey)
	}
	for path := range r.When {
		if why := r.prepare(path); why != "" {
			return "when", why
		}
	}
	key := ""
	if strings.HasPrefix(r.Key, "$") {
		key = r.Key
	}
	for _, p := range []struct{ field, path string }{{"key", key}, {"number", r.Number}, {"player", r.Player}, {"at", r.At}, {"label", r.Label}, {"id", r.ID}} {
		if p.path == "" {
			continue
		}
		if why := r.prepare(p.path); why != "" {
			return p.field, why
		}
	}
	return "", ""
}

// prepare compiles a path, unless it could cost more than a few walks through an event.
func (r *Rule) prepare(path string) (why string) {
	if len(path) > maxPath {
		return fmt.Sprintf("a path is not longer than %d bytes", maxPath)
	}
	compiled, err := jsonpath.Parse(path)
	if err != nil {
		return fmt.Sprintf("%q is no JSONPath: write one such as $.properties.total", path)
	}
	if why := Tame(compiled); why != "" {
		return fmt.Sprintf("%q %s", path, why)
	}
	r.paths[path] = compiled
	return ""
}

// Tame says why a path could look at parts of a text more than a few times, "" it cannot. Lists of choices multiply, searches within
// searches square, filters that search from the root do both, and patterns that stand in the text itself cost whoever reads it as much
// as its writer likes.
func Tame(path *jsonpath.Path) (why string) {
	before, filter, filtered := strings.Cut(unquoted(path.String()), "?")
	if strings.Count(before, "..") > 1 || strings.ContainsAny(before, ",") || strings.Contains(filter, "?") ||
		filtered && (strings.Contains(filter, "..") || strings.Contains(filter, "$")) {
		return `searches too widely: a path may have one ".." and one filter, no lists of choices, and a filter looks only at what it filters`
	}
	for rest := filter; ; { // what stands behind a comma is what match and search look for
		var comma bool
		if _, rest, comma = strings.Cut(rest, ","); !comma {
			return ""
		}
		if !strings.HasPrefix(strings.TrimSpace(rest), ")") {
			return "has a list of choices, or takes a pattern out of the text: write the pattern itself, between quotes"
		}
	}
}

// unquoted is a path, as the parser writes it, without names and texts between quotes.
func unquoted(path string) string {
	bare := make([]byte, 0, len(path))
	quote := byte(0)
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case quote != 0 && c == '\\':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
		case c == '"' || c == '\'':
			quote = c
		default:
			bare = append(bare, c)
		}
	}
	return string(bare)
}

// Made is what rules made of one event.
type Made struct {
	By, Who string // which kind of identifier names the player, and it; Who is "" where neither the event nor the rule names one
	Entry   Entry
	Loose   bool // its time is not its own: with a known id it is the same entry, whatever its time
}

// Apply makes entries of an event. why says what is lacking, for people, where nothing could be made; skipped: a rule leaves it
// out. A rule that fits and cannot be carried out keeps the whole event waiting, so that nothing of it is lost unseen.
func (r Rules) Apply(e Event) (made []Made, skipped bool, why string) {
	if e.Why != "" {
		return nil, false, e.Why
	}
	if e.Entry != nil {
		one, why := e.direct()
		if why != "" {
			return nil, false, why
		}
		return []Made{one}, false, ""
	}
	of := reading{Event: e}
	for i := range r {
		rule := &r[i]
		if rule.paths == nil { // written in Go
			own := *rule
			if field, why := own.compile(); why != "" {
				return nil, false, fmt.Sprintf("rule %d, %s: %s", i+1, field, why)
			}
			rule = &own
		}
		fits, why := of.fits(rule)
		switch {
		case why != "":
			return nil, false, why
		case !fits:
			continue
		case rule.Skip:
			return made, len(made) == 0, ""
		}
		one, why := of.make(rule)
		if why != "" {
			return nil, false, fmt.Sprintf("rule %d (%s): %s", i+1, rule.Key, why)
		}
		for n, stem := 2, one.Entry.ID; slices.ContainsFunc(made, func(m Made) bool { return m.Entry.ID == one.Entry.ID }); n++ {
			one.Entry.ID = fmt.Sprintf("%s|%d", stem, n)
		}
		made = append(made, one)
	}
	switch {
	case len(made) > 0:
		return made, false, ""
	case e.Aside:
		return nil, true, ""
	case len(r) == 0:
		return nil, false, "the source has no rules that say what an event becomes"
	}
	why = fmt.Sprintf("no rule of the source is about %q", cmp.Or(e.Type, "an event without a type"))
	if i := slices.IndexFunc(r, func(rule Rule) bool {
		return rule.Event != "" && rule.Event != e.Type && strings.EqualFold(rule.Event, e.Type)
	}); i >= 0 {
		why += fmt.Sprintf("; rule %d is about %q", i+1, r[i].Event)
	}
	return nil, false, why
}

// direct is the entry that an event says itself.
func (e Event) direct() (Made, string) {
	made := Made{Entry: Entry{Key: e.Entry.Key, At: e.At, Value: e.Entry.Value, Label: e.Entry.Label, ID: e.ID, Column: -1}, Loose: e.Loose}
	if e.At.IsZero() {
		made.Entry.At, made.Loose = e.Received, true
	}
	for _, by := range []string{"key", "email", "handle"} {
		if who := strings.TrimSpace(e.Players[by]); who != "" {
			made.By, made.Who = by, who
			break
		}
	}
	return made, made.check(e.Received)
}

// check says what an entry cannot be kept for.
func (m *Made) check(received time.Time) (why string) {
	switch {
	case m.Entry.Key == "":
		return "its key is blank"
	case m.Entry.ID == "":
		return "it has no id"
	case math.IsInf(m.Entry.Value, 0):
		return "its number is not finite"
	case strings.ContainsRune(m.Entry.Label, 0):
		return "its label has control characters"
	case len(m.Entry.Label) > maxLabel:
		return fmt.Sprintf("its label is longer than %d bytes", maxLabel)
	}
	return cmp.Or(plain("key", m.Entry.Key, maxKey), plain("id", m.Entry.ID, maxID+maxKey+10), plain("player", m.Who, maxPlayer), possible(m.Entry.At, received))
}

// reading is an event while rules look at it: it is decoded once, and only where a path is asked for.
type reading struct {
	Event
	tree    any
	decoded bool
}

// find returns what a path finds, in the order of the event.
func (r *reading) find(rule *Rule, path string) (jsonpath.NodeList, string) {
	if !r.decoded {
		r.decoded = true
		in := json.NewDecoder(bytes.NewReader(r.Data))
		in.UseNumber() // identifiers of many digits stay what they are
		if len(r.Data) > 0 && in.Decode(&r.tree) != nil {
			return nil, "it is not JSON"
		}
	}
	return rule.paths[path].Select(r.tree), ""
}

// one returns the one thing that a path finds; nil with no why where it finds nothing, or null.
func (r *reading) one(rule *Rule, path string) (any, string) {
	found, why := r.find(rule, path)
	if why != "" || len(found) == 0 {
		return nil, why
	}
	if len(found) > 1 {
		return nil, fmt.Sprintf("%s finds %d things, and a rule takes one", path, len(found))
	}
	return found[0], ""
}

// text returns the one text or number that a path finds.
func (r *reading) text(rule *Rule, path string) (string, string) {
	found, why := r.one(rule, path)
	if why != "" {
		return "", why
	}
	text, ok := words(found)
	if !ok {
		return "", fmt.Sprintf("%s finds no text or number", path)
	}
	return strings.TrimSpace(text), ""
}

// words is a scalar of JSON as text.
func words(of any) (string, bool) {
	switch of := of.(type) {
	case string:
		return of, true
	case json.Number:
		return of.String(), true
	case bool:
		return fmt.Sprint(of), true
	}
	return "", false
}

func (r *reading) fits(rule *Rule) (bool, string) {
	switch stem, open := strings.CutSuffix(rule.Event, "*"); {
	case rule.Event == "":
		if r.Aside {
			return false, ""
		}
	case open && (stem == "" && r.Aside || !strings.HasPrefix(r.Type, stem)):
		return false, ""
	case !open && r.Type != rule.Event:
		return false, ""
	}
	for path, want := range rule.When {
		found, why := r.find(rule, path)
		if why != "" {
			return false, why
		}
		if !slices.ContainsFunc(found, func(each any) bool { text, ok := words(each); return ok && text == want }) {
			return false, ""
		}
	}
	return true, ""
}

// make carries out a rule that fits.
func (r *reading) make(rule *Rule) (made Made, why string) {
	made = Made{By: rule.By, Entry: Entry{Key: rule.Key, At: r.At, Value: 1, ID: r.ID, Column: -1}, Loose: r.Loose}
	if r.At.IsZero() {
		made.Entry.At, made.Loose = r.Received, true
	}
	if strings.HasPrefix(rule.Key, "$") {
		if made.Entry.Key, why = r.text(rule, rule.Key); why != "" {
			return made, why
		}
	}
	if rule.Number != "" {
		if made.Entry.Value, why = r.number(rule); why != "" {
			return made, why
		}
	}
	made.Entry.Value *= cmp.Or(rule.Times, 1)
	if rule.Player == "" {
		made.Who = strings.TrimSpace(r.Players[rule.By])
	} else if made.Who, why = r.text(rule, rule.Player); why != "" {
		return made, why
	} else if made.Who == "" {
		return made, fmt.Sprintf("%s names nobody", rule.Player)
	}
	if rule.At != "" {
		if made.Entry.At, why = r.time(rule); why != "" {
			return made, why
		}
		made.Loose = false
	}
	if rule.Label != "" {
		found, why := r.one(rule, rule.Label)
		if why != "" {
			return made, why
		}
		made.Entry.Label, _ = words(found) // a label that is not there is none
	}
	if rule.ID != "" {
		if made.Entry.ID, why = r.text(rule, rule.ID); why != "" {
			return made, why
		}
		if made.Entry.ID == "" {
			return made, fmt.Sprintf("%s is blank, and is to be its id", rule.ID)
		}
		made.Entry.ID = short(made.Entry.ID)
	}
	if made.Entry.ID != "" {
		made.Entry.ID += "|" + made.Entry.Key
	}
	return made, made.check(r.Received)
}

// number reads the number of an entry: a number, one written as text, or yes and no as 1 and 0.
func (r *reading) number(rule *Rule) (float64, string) {
	found, why := r.one(rule, rule.Number)
	if why != "" {
		return 0, why
	}
	text := ""
	switch found := found.(type) {
	case bool:
		if found {
			return 1, ""
		}
		return 0, ""
	case json.Number:
		text = found.String()
	case string:
		text = strings.TrimSpace(found)
	case nil:
		return 0, fmt.Sprintf("there is no number at %s", rule.Number)
	}
	value, ok := Number(text)
	if !ok {
		return 0, fmt.Sprintf("what stands at %s is no number", rule.Number)
	}
	return value, ""
}

// time reads the time of an entry: RFC 3339, a day, or the seconds or milliseconds since 1970.
func (r *reading) time(rule *Rule) (time.Time, string) {
	text, why := r.text(rule, rule.At)
	if why != "" {
		return time.Time{}, why
	}
	if at, ok := readTime(text, r.Zone); ok {
		return at, ""
	}
	const secondsEnd = 1e11 // as seconds, the year 5138; as milliseconds, 1973
	switch since, ok := Number(text); {
	case !ok || math.Abs(since) > 253_402_300_799_999:
	case math.Abs(since) < secondsEnd:
		return time.UnixMicro(int64(math.Round(since * 1e6))).UTC(), ""
	default:
		return time.UnixMicro(int64(math.Round(since * 1e3))).UTC(), ""
	}
	return time.Time{}, fmt.Sprintf("what stands at %s is no time: one is 2026-11-22T14:30:00Z, 2026-11-22, or seconds or milliseconds since 1970", rule.At)
}
