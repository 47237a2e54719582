package intake

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"cairn/internal/fault"
)

// ReadCloudEvents reads CloudEvents 1.0 as HTTP carries them: one in structured mode (application/cloudevents+json), many in
// batched mode (application/cloudevents-batch+json), or one in binary mode, whose attributes stand in headers "ce-…". Rules see
// every one of them in its JSON form; its type is theirs, its source and id together are the event's id, and its subject, where
// there is one, stands for the key of a player. All or nothing: Invalid, with the cause ErrBroken or ErrLarge.
func ReadCloudEvents(header http.Header, body []byte, a Arrival) (b Batch, err error) {
	media, parameters, _ := mime.ParseMediaType(header.Get("Content-Type"))
	if charset := parameters["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "us-ascii") {
		return b, broken("The body is in %.40q: send UTF-8.", charset)
	}
	var all []json.RawMessage
	switch {
	case strings.HasPrefix(media, "application/cloudevents-batch"), strings.HasPrefix(media, "application/cloudevents"):
		if !strings.HasSuffix(media, "+json") && media != "application/cloudevents" && media != "application/cloudevents-batch" {
			return b, broken("%.80q is not read here: send CloudEvents as JSON.", media)
		}
		batch := strings.HasPrefix(media, "application/cloudevents-batch")
		text := strings.TrimSpace(string(body))
		if batch && strings.TrimSpace(strings.Trim(text, "[]")) == "" && len(text) >= 2 {
			return b, nil // a batch of none
		}
		if batch != strings.HasPrefix(text, "[") {
			return b, broken("A batch of CloudEvents is a JSON array, and a single one an object: the content type says otherwise.")
		}
		if all, err = objects(body); err != nil {
			return b, err
		}
		if !batch && len(all) > 1 {
			return b, broken("One request in structured mode holds one CloudEvent: send %d as application/cloudevents-batch+json.", len(all))
		}
	case header.Get("Ce-Specversion") != "":
		one, err := structured(header, media, body)
		if err != nil {
			return b, err
		}
		all = []json.RawMessage{one}
	default:
		return b, broken("This is no CloudEvent: send application/cloudevents+json, application/cloudevents-batch+json, or the headers ce-specversion, ce-id, ce-source and ce-type.")
	}
	for i, data := range all {
		e, why := cloudEvent(data, a)
		if why != "" {
			return Batch{}, broken("CloudEvent %d: %s.", i+1, why)
		}
		if len(data) > MaxEvent {
			return Batch{}, tooLarge("CloudEvent %d is longer than %d KiB: send less of it.", i+1, MaxEvent>>10)
		}
		b.Events = append(b.Events, e)
	}
	return b, nil
}

// structured writes an event of binary mode in its JSON form.
func structured(header http.Header, media string, body []byte) (json.RawMessage, error) {
	event := map[string]any{}
	for name, values := range header {
		attribute, ours := strings.CutPrefix(strings.ToLower(name), "ce-")
		if !ours {
			continue
		}
		if attribute == "" || attribute == "data" || strings.ContainsFunc(attribute, func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') }) {
			return nil, broken("%.60q is no attribute of a CloudEvent.", attribute)
		}
		value, err := url.PathUnescape(values[0])
		if err != nil || !utf8.ValidString(value) {
			return nil, broken("The header %.60s is not percent-encoded UTF-8.", name)
		}
		event[attribute] = value
	}
	if media != "" {
		event["datacontenttype"] = header.Get("Content-Type")
	}
	switch {
	case len(body) == 0:
	case media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json"):
		if err := checkJSON(body); err != nil {
			return nil, err
		}
		if !json.Valid(body) {
			return nil, broken("The body is not JSON, as its content type says.")
		}
		event["data"] = json.RawMessage(body)
	case utf8.Valid(body):
		event["data"] = string(body)
	default:
		event["data_base64"] = base64.StdEncoding.EncodeToString(body)
	}
	text, err := json.Marshal(event)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, ErrBroken, "The CloudEvent cannot be read.")
	}
	return text, nil
}

// cloudEvent reads the attributes of one event.
func cloudEvent(data json.RawMessage, a Arrival) (e Event, why string) {
	var of struct {
		SpecVersion, ID, Source, Type, Subject, Time json.RawMessage
	}
	if err := json.Unmarshal(data, &of); err != nil {
		return e, "it is no JSON object"
	}
	if version, _ := scalar(of.SpecVersion); version != "1.0" {
		return e, fmt.Sprintf("its specversion is %.20q, and 1.0 is read here", version)
	}
	var id, source string
	for _, each := range []struct {
		name string
		raw  json.RawMessage
		into *string
	}{{"id", of.ID, &id}, {"source", of.Source, &source}, {"type", of.Type, &e.Type}} {
		text, ok := scalar(each.raw)
		if !ok || each.raw[0] != '"' {
			return e, fmt.Sprintf("it has no %s, which is a text", each.name)
		}
		*each.into = text
	}
	e.ID, e.Received, e.Zone, e.Data = short(source+" "+id), a.At, a.Zone, data
	if len(e.Type) > maxLabel {
		return e, "its type is too long"
	}
	if who, ok := scalar(of.Subject); ok {
		e.Players = map[string]string{"key": who, "id": who}
		if strings.Contains(who, "@") {
			e.Players["email"] = who
		}
	}
	e.At, e.Loose = a.At, true
	if len(of.Time) > 0 && string(of.Time) != "null" {
		text, ok := scalar(of.Time)
		if ok {
			e.At, ok = readTime(text, a.Zone)
		}
		if !ok {
			return e, "its time is not of the form 2026-11-22T14:30:00Z"
		}
		e.Loose = false
	}
	return e, possible(e.At, a.At)
}
