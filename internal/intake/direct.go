package intake

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"cairn/internal/fault"
)

// directFields are the fields of an entry that says itself.
var directFields = []string{"id", "player", "email", "handle", "key", "at", "value", "label"}

// ReadDirect reads messages of our own format: a JSON array of objects, one object, or objects one after another, such as one a
// line. Each says an entry:
//
//	{"id": "call-4711", "player": "ada", "key": "calls", "at": "2026-11-22T14:30:00Z", "value": 1, "label": "Acme"}
//
// player is a key; email or handle may stand in its place. Without value it is 1, one that happened, as where a rule names no number;
// null is none. at may be a day; without it the entry is of its receipt, and without id it gets one made of what it says. Where the source has rules, objects that are no
// entry are events for them, of the type that stands in "event" or "type".
//
// It is all or nothing: Invalid says, event by event, what is wrong, with the cause ErrBroken or ErrLarge for a body that cannot
// be read at all.
func ReadDirect(body []byte, a Arrival) (b Batch, err error) {
	all, err := objects(body)
	if err != nil {
		return b, err
	}
	b.Events = make([]Event, 0, len(all))
	names := ids{arrival: a}
	var problems []string
	wrong := 0
	for i, data := range all {
		e := Event{Received: a.At, Zone: a.Zone, Data: data}
		why := ""
		if len(data) > MaxEvent {
			why = fmt.Sprintf("it is longer than %d KiB", MaxEvent>>10)
		} else {
			why = e.readDirect(&names, a)
		}
		if why != "" {
			if wrong++; len(problems) < 5 {
				problems = append(problems, fmt.Sprintf("event %d: %s", i+1, why))
			}
			continue
		}
		b.Events = append(b.Events, e)
	}
	if wrong > 0 {
		said := strings.Join(problems, "; ")
		if more := wrong - len(problems); more > 0 {
			said += fmt.Sprintf("; and %d more", more)
		}
		if !strings.HasSuffix(said, "?") {
			said += "."
		}
		return Batch{}, fault.New(fault.Invalid, "Nothing was taken. %s", strings.ToUpper(said[:1])+said[1:])
	}
	b.Made = names.made
	return b, nil
}

// readDirect reads the fields of one object.
func (e *Event) readDirect(names *ids, a Arrival) (why string) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(e.Data, &fields); err != nil {
		return "it is no JSON object"
	}
	_, keyed := fields["key"]
	if !keyed && a.Ruled {
		return e.readAny(fields, names)
	}
	for field := range fields {
		if !slices.Contains(directFields, field) {
			return fmt.Sprintf("there is no field %.60q; %s", field, hint(field, directFields))
		}
	}
	e.Type, e.Entry, e.Players = "entry", &Direct{Value: 1}, map[string]string{}
	for field, kind := range map[string]string{"player": "key", "email": "email", "handle": "handle"} {
		if raw, there := fields[field]; there && string(raw) != "null" {
			who, ok := scalar(raw)
			if !ok {
				return fmt.Sprintf("%q names the player in a text", field)
			}
			e.Players[kind] = who
		}
	}
	var ok bool
	if e.Entry.Key, ok = scalar(fields["key"]); !ok {
		return "\"key\" says in a text what it counts"
	}
	if raw, there := fields["value"]; there {
		switch {
		case string(raw) == "null":
			e.Entry.Value = math.NaN()
		case raw[0] == '"':
			return "\"value\" is a number, not a text"
		default:
			if e.Entry.Value, ok = Number(string(raw)); !ok {
				return "\"value\" is no number that can be kept"
			}
		}
	}
	if raw, there := fields["label"]; there && string(raw) != "null" {
		if json.Unmarshal(raw, &e.Entry.Label) != nil {
			return "\"label\" is a text"
		}
	}
	if why := e.readAt(fields["at"]); why != "" {
		return why
	}
	if why := e.readID(fields["id"], names); why != "" {
		return why
	}
	made, why := e.direct()
	if why == "" && made.Who == "" && !a.Own {
		return "it names no player: say who by \"player\", \"email\" or \"handle\""
	}
	return why
}

// readAny reads what an object of no format of ours may say of itself; the rest is for rules.
func (e *Event) readAny(fields map[string]json.RawMessage, names *ids) (why string) {
	for _, field := range []string{"event", "type"} {
		if text, ok := scalar(fields[field]); ok && e.Type == "" {
			e.Type = text
		}
	}
	for _, field := range []string{"at", "time", "timestamp"} {
		if text, ok := scalar(fields[field]); ok && e.At.IsZero() {
			if at, ok := readTime(text, e.Zone); ok {
				e.At = at
			}
		}
	}
	if e.At.IsZero() {
		e.At, e.Loose = e.Received, true
	}
	e.Players = map[string]string{}
	for field, kind := range map[string]string{"player": "key", "email": "email", "handle": "handle"} {
		if who, ok := scalar(fields[field]); ok {
			e.Players[kind] = who
		}
	}
	if why := plain("type", e.Type, maxLabel); why != "" {
		return why
	}
	if _, ok := scalar(fields["id"]); !ok {
		delete(fields, "id")
	}
	return cmp.Or(e.readID(fields["id"], names), possible(e.At, e.Received))
}

func (e *Event) readAt(raw json.RawMessage) (why string) {
	if len(raw) == 0 || string(raw) == "null" {
		e.At, e.Loose = e.Received, true
		return ""
	}
	text, ok := scalar(raw)
	if ok {
		e.At, ok = readTime(text, e.Zone)
	}
	if !ok {
		return "\"at\" is a time such as 2026-11-22T14:30:00Z, or a day such as 2026-11-22"
	}
	return ""
}

func (e *Event) readID(raw json.RawMessage, names *ids) (why string) {
	if len(raw) == 0 || string(raw) == "null" {
		e.ID = names.of(e.Data, !e.Loose)
		return ""
	}
	id, ok := scalar(raw)
	if !ok {
		return "\"id\" is a text or a number that no other event of the source has"
	}
	e.ID = id
	return plain("id", id, maxID)
}
