package intake

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// trackKinds are the calls of Segment-style clients.
var trackKinds = []string{"track", "identify", "page", "screen", "group", "alias"}

// maxSkew is how much of a sender's wrong clock is set right; a larger difference is more likely a message that waited long.
const maxSkew = 24 * time.Hour

// minSkew is how long a message may take to come without its time being called wrong.
const minSkew = 10 * time.Second

// track is what Segment-style calls say of themselves, in the words of Segment and of those that speak nearly the same.
type track struct {
	Type, Event                          json.RawMessage
	MessageID, UUID                      json.RawMessage
	UserID                               json.RawMessage `json:"userId"`
	DistinctID                           json.RawMessage `json:"distinct_id"`
	Timestamp, OriginalTimestamp, SentAt json.RawMessage
	Sent                                 json.RawMessage `json:"sent_at"`
	Context, Traits, Properties          json.RawMessage
	Batch                                []json.RawMessage
}

// ReadTrack reads the body of a call of the Segment kind: kind is track, identify, page, screen, group or alias, or batch for
// many at once. messageId is the event's id. Its time is timestamp, else originalTimestamp, else its receipt; where the sender
// says when it sent, the difference between its clock and ours is set right, up to a day.
//
// An event that is none is not refused but says Why, since such clients never send again what was refused. Invalid, with the
// cause ErrBroken or ErrLarge, for a body that cannot be read at all.
func ReadTrack(kind string, body []byte, a Arrival) (b Batch, err error) {
	if err := checkJSON(body); err != nil {
		return b, err
	}
	var whole track
	if err := json.Unmarshal(body, &whole); err != nil {
		return b, notJSON(err, "The body")
	}
	all, names := whole.Batch, ids{arrival: a}
	if kind != "batch" {
		all = []json.RawMessage{body}
	} else if all == nil {
		return b, broken("The body has no \"batch\", a list of events.")
	}
	if len(all) > MaxEvents {
		return b, tooLarge("A request brings at most %d events: send several.", MaxEvents)
	}
	if len(all)*len(whole.Context) > MaxBody { // each event is read with it
		return b, tooLarge("The context that the events share is too long for so many of them: send several requests.")
	}
	for i, data := range all {
		var one track
		if data[0] != '{' || json.Unmarshal(data, &one) != nil {
			return Batch{}, broken("Event %d of the batch is no JSON object.", i+1)
		}
		if kind != "batch" {
			one.Type = json.RawMessage(`"` + kind + `"`)
		}
		if one.Context == nil && whole.Context != nil {
			one.Context = whole.Context
			data = slices.Concat([]byte(`{"context":`), whole.Context, []byte(","), bytes.TrimSpace(data)[1:])
			if !json.Valid(data) { // it was {}
				data = []byte("{}")
			}
		}
		if one.SentAt == nil {
			one.SentAt = firstOf(one.Sent, whole.SentAt, whole.Sent)
		}
		b.Events = append(b.Events, one.event(data, a, &names))
	}
	b.Made = names.made
	return b, nil
}

// WriteKey returns the key that a body of the Segment kind carries itself, "" none.
func WriteKey(body []byte) string {
	var keys struct {
		WriteKey json.RawMessage
		APIKey   json.RawMessage `json:"api_key"`
	}
	if checkJSON(body) != nil || json.Unmarshal(body, &keys) != nil {
		return ""
	}
	key, _ := scalar(firstOf(keys.WriteKey, keys.APIKey))
	return key
}

// Unpack unpacks a body that is gzip by its first bytes, whatever its headers say, to at most so many bytes: else ErrLarge.
func Unpack(body []byte, most int) ([]byte, error) {
	if !bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		return body, nil
	}
	in, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, broken("The body begins like gzip and is none.")
	}
	plain, err := io.ReadAll(io.LimitReader(in, int64(most)+1))
	switch {
	case err != nil:
		return nil, broken("The body is damaged gzip.")
	case len(plain) > most:
		return nil, tooLarge("The body unpacks to more than %d KiB: send several.", most>>10)
	}
	return plain, nil
}

func firstOf(all ...json.RawMessage) json.RawMessage {
	for _, raw := range all {
		if len(raw) > 0 && string(raw) != "null" {
			return raw
		}
	}
	return nil
}

// event makes an event of one call.
func (t *track) event(data json.RawMessage, a Arrival, names *ids) Event {
	e := Event{Received: a.At, Zone: a.Zone, Data: data, Players: t.players()}
	why := func(format string, args ...any) {
		if e.Why == "" {
			e.Why = fmt.Sprintf(format, args...)
		}
	}
	kind, _ := scalar(t.Type)
	kind = strings.ToLower(kind)
	name, named := scalar(t.Event)
	if named && (kind == "" || kind == "capture") { // as PostHog's clients say it
		kind = "track"
	}
	switch {
	case !slices.Contains(trackKinds, kind):
		why("its type is %.40q, and there are track, identify, page, screen, group and alias", kind)
		e.Type = kind
	case kind != "track":
		e.Type, e.Aside = kind, true
	case !named:
		why("a track call needs the name of its event")
		e.Type = kind
	default:
		e.Type, e.Aside = name, strings.HasPrefix(name, "$")
	}
	if len(e.Type) > maxLabel {
		why("its type is too long")
		e.Type = e.Type[:100]
	}
	timed := e.date(t, a, why)
	id, said := scalar(firstOf(t.MessageID, t.UUID))
	switch {
	case !said:
		e.ID = names.of(data, timed)
	case len(id) > 100:
		why("its messageId is longer than 100 bytes")
		e.ID = digest(id)
	default:
		e.ID = short(id)
	}
	if far := possible(e.At, a.At); far != "" {
		why("%s", far)
	}
	if len(data) > MaxEvent {
		why("it is longer than %d KiB", MaxEvent>>10)
		e.Data, _ = json.Marshal(map[string]string{"messageId": e.ID, "type": e.Type})
	}
	return e
}

// date gives the event its time, and reports whether it said one.
func (e *Event) date(t *track, a Arrival, why func(string, ...any)) bool {
	e.At, e.Loose = a.At, true
	said := firstOf(t.Timestamp, t.OriginalTimestamp)
	if said == nil {
		return false
	}
	at, ok := stamp(said, a.Zone)
	if !ok {
		why("its timestamp is not of the form 2026-11-22T14:30:00Z")
		return true
	}
	e.At, e.Loose = at, false
	if sent, ok := stamp(t.SentAt, a.Zone); ok && !a.At.IsZero() {
		if skew := a.At.Sub(sent); skew.Abs() >= minSkew && skew.Abs() <= maxSkew {
			e.At, e.Loose = at.Add(skew), true
		}
	}
	return true
}

// stamp reads a time: text, or milliseconds since 1970.
func stamp(raw json.RawMessage, zone *time.Location) (time.Time, bool) {
	text, ok := scalar(raw)
	if !ok {
		return time.Time{}, false
	}
	if raw[0] != '"' {
		millis, ok := Number(text)
		if !ok || millis < 0 || millis > 253_402_300_799_999 {
			return time.Time{}, false
		}
		return time.UnixMilli(int64(millis)).UTC(), true
	}
	return readTime(text, zone)
}

// players is whom a call is about, as far as it says so.
func (t *track) players() map[string]string {
	who := map[string]string{}
	id, ok := scalar(firstOf(t.UserID, t.DistinctID))
	if !ok {
		var properties struct {
			DistinctID json.RawMessage `json:"distinct_id"`
		}
		_ = json.Unmarshal(t.Properties, &properties)
		id, ok = scalar(properties.DistinctID)
	}
	if ok {
		who["id"], who["key"] = id, id
		if strings.Contains(id, "@") {
			who["email"] = id
		}
	}
	var context struct{ Traits json.RawMessage }
	_ = json.Unmarshal(t.Context, &context) // what is no object says nothing
	for _, raw := range []json.RawMessage{context.Traits, t.Traits} {
		var traits struct{ Email, Username json.RawMessage }
		_ = json.Unmarshal(raw, &traits)
		if email, ok := scalar(traits.Email); ok {
			who["email"] = email
		}
		if handle, ok := scalar(traits.Username); ok {
			who["handle"] = handle
		}
	}
	return who
}
