package intake

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cairn/internal/fault"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// digests are cut short in what tests compare.
var digests = regexp.MustCompile(`sha256:[0-9a-f]{64}`)

// tapped writes what is read of a tap, one line per message.
func tapped(in io.Reader) (string, error) {
	s := ReadSinger(in, Arrival{At: now})
	var out strings.Builder
	for {
		m, err := s.Next()
		if err != nil {
			return digests.ReplaceAllString(out.String(), "sha256:"), err
		}
		switch {
		case m.Event != nil:
			fmt.Fprintf(&out, "%d %s %q %s", m.Line, m.Event.Type, m.Event.ID, m.Event.Data)
			if !m.Event.At.Equal(now) {
				fmt.Fprintf(&out, " at %s", m.Event.At.Format(time.RFC3339))
			}
			if m.Event.Why != "" {
				fmt.Fprintf(&out, " why %s", m.Event.Why)
			}
			out.WriteByte('\n')
		case m.State != nil:
			fmt.Fprintf(&out, "%d state %s\n", m.Line, m.State)
		default:
			fmt.Fprintf(&out, "%d note %s\n", m.Line, m.Note)
		}
	}
}

func TestSinger_ReadsTheStreamsOfTheSpecifications(t *testing.T) {
	for _, name := range []string{"specification", "versions", "airbyte"} {
		in, err := os.Open(filepath.Join("testdata", "singer", name+".jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		got, err := tapped(in)
		if err != io.EOF {
			t.Errorf("%s: %v", name, err)
		}
		want, err := os.ReadFile(filepath.Join("testdata", "singer", name+".golden"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(digests.ReplaceAllString(string(want), "sha256:"), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestSinger_SaysWhichLineIsNoMessage(t *testing.T) {
	for text, want := range map[string]string{
		"\n\nINFO tap begins\n":                                        "Line 3: it is no message of a tap",
		`{"type": "RECORD", "stream": "a", "record": {}}`:              `Line 1: a RECORD of "a" comes before the SCHEMA`,
		`{"type": "RECORD", "stream": "a", "record": 1}`:               `Line 1: a RECORD has a "record", an object`,
		`{"type": "STATE"}`:                                            `Line 1: a STATE has a "value"`,
		`{"type": "SCHEMA", "stream": "a", "key_properties": "id"}`:    "Line 1: key_properties is a list of names",
		`{"type": "X", "y": ` + strings.Repeat("[", 1000):              "Line 1: it nests deeper than 32 brackets",
		`{"type": "X", "y": "` + strings.Repeat("y", maxLine) + `"}`:   "Line 1: the line is longer than 4 MiB",
		"{\"type\": \"RECORD\", \"stream\": \"\xff\", \"record\": {}}": "Line 1: it is not UTF-8",
	} {
		if _, err := tapped(strings.NewReader(text)); fault.Of(err) != fault.Invalid || !strings.HasPrefix(fault.Message(err), want) {
			t.Errorf("%.60s: %v; want %s", text, err, want)
		}
	}
}

func FuzzSinger(f *testing.F) {
	for _, name := range []string{"specification", "versions", "airbyte"} {
		text, err := os.ReadFile(filepath.Join("testdata", "singer", name+".jsonl"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	rules, err := ReadRules([]byte(`[{"event": "*", "key": "seen", "number": "$..id", "player": "$.name", "by": "key"}]`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s := ReadSinger(strings.NewReader(string(text)), Arrival{At: now})
		for {
			m, err := s.Next()
			if err == io.EOF {
				return
			}
			if err != nil {
				if fault.Of(err) != fault.Invalid {
					t.Fatal(err)
				}
				return
			}
			if m.Event != nil {
				sound(t, rules, *m.Event)
			}
		}
	})
}

// sound holds an event that a parser let through against what every event is.
func sound(t *testing.T, rules Rules, e Event) {
	t.Helper()
	if e.Why == "" && (e.ID == "" || len(e.ID) > maxID || strings.ContainsRune(e.ID, 0)) {
		t.Fatalf("the id is %q", e.ID)
	}
	if e.Received.IsZero() || e.At.IsZero() {
		t.Fatalf("no time: %+v", e)
	}
	made, skipped, why := rules.Apply(e)
	if (len(made) > 0) == (why != "" || skipped) || skipped && why != "" {
		t.Fatalf("%d made, skipped %v, why %q", len(made), skipped, why)
	}
	for _, m := range made {
		if m.Entry.Key == "" || m.Entry.ID == "" || len(m.Entry.ID) > 1000 || len(m.Entry.Key) > maxKey || len(m.Entry.Label) > maxLabel ||
			m.Entry.At.Year() < 1 || m.Entry.At.Year() > 9999 || m.Entry.Value-m.Entry.Value != 0 && m.Entry.Value == m.Entry.Value {
			t.Fatalf("it made %+v", m)
		}
	}
}
