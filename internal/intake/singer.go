package intake

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"cairn/internal/fault"
)

// maxLine is the longest line of a stream of messages.
const maxLine = 4 << 20

// Singer reads the messages of a Singer tap, one a line: SCHEMA, RECORD, STATE and ACTIVATE_VERSION, in any case; and, since
// they are nearly the same, those of an Airbyte source. Messages of other types are allowed and mean nothing here.
type Singer struct {
	in      *bufio.Reader
	arrival Arrival
	line    int
	streams map[string]singerStream
	unknown map[string]bool
}

type singerStream struct {
	keys   []string
	schema json.RawMessage // the whole message, to be written before a record that is handed back
}

// Message is one message of a tap: at most one of Event and State is set.
type Message struct {
	Line  int
	Event *Event          // of a RECORD; its type is the stream
	State json.RawMessage // of a STATE, as it is echoed
	Note  string          // for people: what was left aside, once per type
	Text  json.RawMessage // of a RECORD, as it came
}

// ReadSinger reads a tap's output. Each record's id is its stream and its key properties.
func ReadSinger(in io.Reader, a Arrival) *Singer {
	return &Singer{in: bufio.NewReaderSize(in, 1<<16), arrival: a, streams: map[string]singerStream{}, unknown: map[string]bool{}}
}

// Schema returns the SCHEMA message of a stream, nil where it had none.
func (s *Singer) Schema(stream string) json.RawMessage { return s.streams[stream].schema }

// Next returns the next message, io.EOF after the last. Any other error ends the stream: Invalid with the line.
func (s *Singer) Next() (Message, error) {
	for {
		text, err := s.read()
		if err != nil {
			return Message{}, err
		}
		m, skip, err := s.message(text)
		if err != nil || !skip {
			return m, err
		}
	}
}

// read returns the next line that is not blank.
func (s *Singer) read() (line []byte, err error) {
	for {
		s.line++
		line = nil
		for {
			part, err := s.in.ReadSlice('\n')
			line = append(line, part...)
			if len(line) > maxLine {
				return nil, s.wrong("the line is longer than %d MiB", maxLine>>20)
			}
			if errors.Is(err, bufio.ErrBufferFull) {
				continue
			}
			if err == io.EOF && len(bytes.TrimSpace(line)) > 0 {
				break
			}
			if err == io.EOF {
				return nil, io.EOF
			}
			if err != nil {
				return nil, fault.Wrap(fault.Unavailable, err, "Line %d cannot be read: the tap has gone.", s.line)
			}
			break
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return line, nil
		}
	}
}

func (s *Singer) wrong(format string, args ...any) error {
	return fault.New(fault.Invalid, "Line %d: %s.", s.line, fmt.Sprintf(format, args...))
}

// message reads one line; skip is true where there is nothing to tell of it.
func (s *Singer) message(text []byte) (m Message, skip bool, err error) {
	if err := checkJSON(text); err != nil {
		return m, false, s.wrong("%s", strings.TrimSuffix(strings.Replace(fault.Message(err), "The body", "it", 1), "."))
	}
	var of struct {
		Type          string
		Stream        string
		Record        json.RawMessage
		KeyProperties json.RawMessage `json:"key_properties"`
		TimeExtracted json.RawMessage `json:"time_extracted"`
		Value         json.RawMessage
		State         json.RawMessage
	}
	if err := json.Unmarshal(text, &of); err != nil || of.Type == "" {
		return m, false, s.wrong("it is no message of a tap, which is JSON such as {\"type\": \"RECORD\", \"stream\": \"users\", \"record\": {…}}; logs belong on stderr")
	}
	m.Line = s.line
	switch kind := strings.ToUpper(of.Type); kind {
	case "SCHEMA":
		var keys []string
		if len(of.KeyProperties) > 0 && json.Unmarshal(of.KeyProperties, &keys) != nil {
			return m, false, s.wrong("key_properties is a list of names")
		}
		if of.Stream == "" || len(of.Stream) > maxPath {
			return m, false, s.wrong("a SCHEMA names its stream")
		}
		if len(s.streams) >= 10_000 {
			return m, false, s.wrong("there are too many streams")
		}
		s.streams[of.Stream] = singerStream{keys, bytes.Clone(text)}
		return m, true, nil
	case "RECORD":
		var airbyte struct {
			Stream    string
			Data      json.RawMessage
			EmittedAt json.RawMessage `json:"emitted_at"`
		}
		m.Text = text
		if of.Stream == "" && json.Unmarshal(of.Record, &airbyte) == nil && airbyte.Stream != "" && len(airbyte.Data) > 0 {
			m.Event = s.record(airbyte.Stream, airbyte.Data, airbyte.EmittedAt)
			return m, false, nil
		}
		if len(of.Record) == 0 || of.Record[0] != '{' {
			return m, false, s.wrong("a RECORD has a \"record\", an object")
		}
		if _, known := s.streams[of.Stream]; !known {
			return m, false, s.wrong("a RECORD of %q comes before the SCHEMA of that stream", of.Stream)
		}
		m.Event = s.record(of.Stream, of.Record, of.TimeExtracted)
		return m, false, nil
	case "STATE":
		switch {
		case len(of.Value) > 0:
			m.State = of.Value
		case len(of.State) > 0:
			m.State = text // Airbyte's are echoed whole
		default:
			return m, false, s.wrong("a STATE has a \"value\"")
		}
		return m, false, nil
	case "ACTIVATE_VERSION", "LOG", "TRACE", "CATALOG", "SPEC", "CONNECTION_STATUS", "CONTROL":
		return m, true, nil
	default:
		if s.unknown[kind] || len(s.unknown) > 100 {
			return m, true, nil
		}
		s.unknown[kind] = true
		m.Note = fmt.Sprintf("messages of the type %.40q mean nothing here and are left aside", of.Type)
		return m, false, nil
	}
}

// record makes an event of a record. When it was read says little of when it happened: rules name the field that does.
func (s *Singer) record(stream string, data, extracted json.RawMessage) *Event {
	e := &Event{Type: stream, At: s.arrival.At, Loose: true, Received: s.arrival.At, Zone: s.arrival.Zone, Data: data}
	if at, ok := stamp(extracted, s.arrival.Zone); ok {
		e.At = at
	}
	keys := s.streams[stream].keys
	if len(keys) == 0 {
		e.ID = stream + "|" + digest(string(data)) // the same record read again is the same
		return e
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(data, &fields) != nil {
		e.Why = "the record is no JSON object"
		return e
	}
	id := stream
	for _, key := range keys {
		text, ok := scalar(fields[key])
		if !ok {
			e.Why = fmt.Sprintf("it has no %q, which is one of its key properties", key)
			return e
		}
		id += "|" + strings.ReplaceAll(text, "|", "||")
	}
	e.ID = short(id)
	return e
}
