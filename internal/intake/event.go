package intake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"cairn/internal/fault"
	"cairn/internal/period"
)

// Event is one thing that another system says happened: what every format of messages comes down to before rules make
// entries of it.
type Event struct {
	ID       string // its own, unique within the source; "" none: one is made of what it says
	Type     string // what happened: "Order Completed", "com.example.order", a Singer stream
	At       time.Time
	Received time.Time
	Zone     *time.Location    // in which a day that is told without a time is meant; nil: UTC
	Loose    bool              // At is its receipt, or was corrected for the sender's clock: sent again it may say another one, and be the same
	Aside    bool              // of a kind that is seldom wanted: where no rule names it, it is left out and does not wait
	Players  map[string]string // by which kinds of identifier it names somebody: "key", "email", "handle", "id" of the other system
	Data     json.RawMessage   // all of it, as it came: what rules read
	Entry    *Direct           // of a message that says the entry itself; nil: rules say what it becomes
	Why      string            // why nothing can be made of it, "" something can
}

// Direct is an entry as a message says it.
type Direct struct {
	Key   string
	Value float64 // NaN none
	Label string
}

// Batch is what one request, line of a stream or answer brought.
type Batch struct {
	Events []Event
	Made   int // ids that were made, since none was given
}

// Arrival is when and where messages come in.
type Arrival struct {
	At    time.Time
	Zone  *time.Location // in which a day that is told without a time is meant; nil: UTC
	Once  string         // what the sender calls this request, the same when it is sent again; "" nothing
	Ruled bool           // the source has rules, for messages that do not say their entry themselves
	Own   bool           // the source is a player's own: whatever comes is theirs, and need not name them
}

// What messages may come to. Segment's clients keep to 500 KB a request; those of its kin send twenty events of 32 KB.
const (
	MaxBody   = 10 << 20 // bytes of one request of our own format
	MaxTrack  = 1 << 20  // bytes of one request of the Segment kind, unpacked
	MaxEvent  = 32 << 10 // bytes of one event
	MaxEvents = 10_000   // of one request
	maxDepth  = 32       // of brackets within one another
	maxID     = 600      // bytes of an event's id: an entry's is made of it and the key
	maxPlayer = 320      // bytes of what names a player
	maxKey    = 200
	maxLabel  = 4000
	ahead     = 366 * 24 * time.Hour // how far in the future something may be said to have happened
)

// The causes of the faults of bodies that are refused as a whole, for doors that tell them apart.
var (
	ErrBroken = errors.New("not the format")
	ErrLarge  = errors.New("too large")
)

func broken(format string, args ...any) error {
	return fault.Wrap(fault.Invalid, ErrBroken, format, args...)
}

func tooLarge(format string, args ...any) error {
	return fault.Wrap(fault.Invalid, ErrLarge, format, args...)
}

// checkJSON refuses text that a parser should not even begin with. Whether it is JSON is the parser's to say.
func checkJSON(text []byte) error {
	if !utf8.Valid(text) {
		return broken("The body is not UTF-8: write JSON in UTF-8.")
	}
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return broken("The body nests deeper than %d brackets: send flatter events.", maxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// notJSON says where text stops being JSON.
func notJSON(err error, of string) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return broken("%s is not JSON: it goes wrong at byte %d.", of, syntax.Offset)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return broken("%s is not JSON: it ends too early.", of)
	}
	return broken("%s is not the JSON that is expected here.", of)
}

// objects splits a body into its JSON objects: those of an array, or those that follow one another. Refused as a whole with
// ErrBroken or ErrLarge.
func objects(body []byte) (all []json.RawMessage, err error) {
	if err := checkJSON(body); err != nil {
		return nil, err
	}
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))
	in := json.NewDecoder(bytes.NewReader(body))
	array := len(body) > 0 && body[0] == '['
	if array {
		if _, err := in.Token(); err != nil {
			return nil, notJSON(err, "The body")
		}
	}
	for !array || in.More() {
		var one json.RawMessage
		if err := in.Decode(&one); err == io.EOF && !array {
			break
		} else if err != nil {
			return nil, notJSON(err, "The body")
		}
		if one[0] != '{' {
			return nil, broken("Event %d is no JSON object.", len(all)+1)
		}
		if len(all) == MaxEvents {
			return nil, tooLarge("A request brings at most %d events: send several.", MaxEvents)
		}
		all = append(all, one)
	}
	if array {
		if _, err := in.Token(); err != nil {
			return nil, notJSON(err, "The body")
		}
		if _, err := in.Token(); err != io.EOF {
			return nil, broken("The body goes on after its JSON array.")
		}
	}
	if len(all) == 0 {
		return nil, broken("The body holds no events.")
	}
	return all, nil
}

// readTime reads an instant, or a day, which is its first instant in the zone.
func readTime(text string, zone *time.Location) (time.Time, bool) {
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil && strings.IndexByte(text, ',') < 0 {
		return at, true
	}
	day, err := period.ParseDate(text)
	if err != nil {
		return time.Time{}, false
	}
	if zone == nil {
		zone = time.UTC
	}
	return day.Start(zone), true
}

// possible says what is wrong with a time at which something is said to have happened.
func possible(at, received time.Time) (why string) {
	switch {
	case at.Year() < 1 || at.Year() > 9999:
		return "its time lies outside the years 1 to 9999"
	case !received.IsZero() && at.After(received.Add(ahead)):
		return fmt.Sprintf("its time, %s, lies more than a year in the future", at.UTC().Format(time.RFC3339))
	}
	return ""
}

// plain says what is wrong with a text that names something; "" nothing.
func plain(what, text string, most int) (why string) {
	switch {
	case len(text) > most:
		return fmt.Sprintf("its %s is longer than %d bytes", what, most)
	case strings.ContainsFunc(text, unicode.IsControl):
		return fmt.Sprintf("its %s has control characters", what)
	case !utf8.ValidString(text):
		return fmt.Sprintf("its %s is not UTF-8", what)
	}
	return ""
}

// scalar is the text of a JSON string or number; ok is false for anything else, also for an empty one.
func scalar(raw json.RawMessage) (text string, ok bool) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return "", false
	}
	if raw[0] == '"' {
		if json.Unmarshal(raw, &text) != nil {
			return "", false
		}
		text = strings.TrimSpace(text)
		return text, text != ""
	}
	if raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9' {
		return string(raw), true
	}
	return "", false
}

// ids gives the events of one batch their ids.
type ids struct {
	arrival Arrival
	seen    map[string]int // contents, by digest, and how often they came
	made    int
}

// of returns the id of an event that has none: of what it says where it says when, else of the request, so that the same
// request sent again is the same. Without either, every receipt is another event.
func (m *ids) of(data []byte, timed bool) string {
	m.made++
	said := string(data)
	switch {
	case m.arrival.Once != "":
		said = m.arrival.Once + "\x00" + said
	case !timed:
		said = m.arrival.At.UTC().Format(time.RFC3339Nano) + "\x00" + said
	}
	sum := sha256.Sum256([]byte(said))
	id := hex.EncodeToString(sum[:12])
	if m.seen == nil {
		m.seen = map[string]int{}
	}
	m.seen[id]++
	return id + "-" + strconv.Itoa(m.seen[id])
}

// short is an id that fits, whatever it was made of.
func short(id string) string {
	if len(id) <= maxID && !strings.ContainsFunc(id, unicode.IsControl) {
		return id
	}
	return digest(id)
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256:" + hex.EncodeToString(sum[:])
}
