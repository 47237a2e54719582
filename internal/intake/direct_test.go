package intake

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cairn/internal/fault"
)

// events writes what a parser read, one line per event.
func events(b Batch) string {
	var out strings.Builder
	for _, e := range b.Events {
		fmt.Fprintf(&out, "%s %q %s", e.Type, e.ID, e.At.UTC().Format("2006-01-02T15:04:05"))
		if e.Loose {
			out.WriteString(" loose")
		}
		if e.Aside {
			out.WriteString(" aside")
		}
		for _, by := range []string{"key", "email", "handle"} {
			if e.Players[by] != "" {
				fmt.Fprintf(&out, " %s=%s", by, e.Players[by])
			}
		}
		if e.Entry != nil {
			fmt.Fprintf(&out, " %s=%s %s", e.Entry.Key, formatted(e.Entry.Value), e.Entry.Label)
		}
		if e.Why != "" {
			fmt.Fprintf(&out, " why %s", e.Why)
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func TestReadDirect_TakesArraysObjectsAndLines(t *testing.T) {
	one, two := `{"id":"a","player":"ada","key":"calls","at":"2026-11-20T10:00:00Z","value":2.5,"label":"Acme"}`, `{"email":"bo@x.org","key":"calls","at":"2026-11-20","id":7}`
	want := "entry \"a\" 2026-11-20T10:00:00 key=ada calls=2.5 Acme\nentry \"7\" 2026-11-19T23:00:00 email=bo@x.org calls=1 \n"
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{
		"an array": "[" + one + "," + two + "]", "lines": one + "\n" + two + "\n", "windows lines": "\ufeff" + one + "\r\n\r\n" + two, "pretty": strings.ReplaceAll(one, ",", ",\n  ") + two,
	} {
		b, err := ReadDirect([]byte(body), Arrival{At: now, Zone: berlin})
		if err != nil || events(b) != want || b.Made != 0 {
			t.Errorf("%s: %v\n%s", name, err, events(b))
		}
	}
	for _, text := range []string{"ada", "שלמה", "🧗", "e\u0301"} {
		if b, err := ReadDirect(fmt.Appendf(nil, `{"player": %q, "key": %q, "value": -0.0}`, text, text), Arrival{At: now}); err != nil || b.Events[0].Players["key"] != text {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestReadDirect_MakesTheIdsThatAreNotGiven(t *testing.T) {
	body := `{"player":"ada","key":"calls"} {"player":"ada","key":"calls"} {"player":"ada","key":"calls","at":"2026-11-20"}`
	read := func(a Arrival) (ids []string) {
		b, err := ReadDirect([]byte(body), a)
		if err != nil || b.Made != 3 {
			t.Fatal(err)
		}
		for _, e := range b.Events {
			ids = append(ids, e.ID)
		}
		return ids
	}
	first, again := read(Arrival{At: now}), read(Arrival{At: now.Add(time.Second)})
	if first[0] == first[1] || first[0] == again[0] || first[2] != again[2] {
		t.Errorf("%q, and a second later %q: what says when it was is the same, all else is new", first, again)
	}
	once, retried := read(Arrival{At: now, Once: "r1"}), read(Arrival{At: now.Add(time.Second), Once: "r1"})
	if fmt.Sprint(once) != fmt.Sprint(retried) || once[0] == once[1] {
		t.Errorf("%q, and sent again as the same request %q", once, retried)
	}
}

func TestReadDirect_LeavesToRulesWhatIsNoEntry(t *testing.T) {
	body := `{"event":"deploy","id":"d1","at":"2026-11-20T10:00:00Z","email":"ada@x.org","data":{"n":1}} {"type":"build","time":"soon"} {"player":"ada","key":"calls","id":"c"}`
	b, err := ReadDirect([]byte(body), Arrival{At: now, Ruled: true})
	want := "deploy \"d1\" 2026-11-20T10:00:00 email=ada@x.org\nbuild \"" + b.Events[1].ID + "\" 2026-11-22T12:00:00 loose\nentry \"c\" 2026-11-22T12:00:00 loose key=ada calls=1 \n"
	if err != nil || events(b) != want || b.Made != 1 {
		t.Errorf("%v, %d made\n%s", err, b.Made, events(b))
	}
	if b, err := ReadDirect([]byte(`{"key":"calls"}`), Arrival{At: now, Own: true}); err != nil || len(b.Events) != 1 {
		t.Errorf("a player's own source need not name them: %v", err)
	}
}

func TestReadDirect_TakesAllOrNothing(t *testing.T) {
	good := `{"player":"ada","key":"calls"}`
	for body, want := range map[string]string{
		`[` + good + `,{"player":"ada","key":"calls","value":"7"}]`: `Nothing was taken. Event 2: "value" is a number, not a text.`,
		`{"player":"ada","key":"calls","value":1e999}`:              `Nothing was taken. Event 1: "value" is no number that can be kept.`,
		`{"player":"ada","key":"calls","value":true}`:               `Nothing was taken. Event 1: "value" is no number that can be kept.`,
		`{"player":"ada","key":"calls","vlaue":1}`:                  `Nothing was taken. Event 1: there is no field "vlaue"; did you mean "value"?`,
		`{"player":"ada"}`:                                                         `Nothing was taken. Event 1: "key" says in a text what it counts.`,
		`{"key":"calls"}`:                                                          `Nothing was taken. Event 1: it names no player: say who by "player", "email" or "handle".`,
		`{"player":["ada"],"key":"calls"}`:                                         `Nothing was taken. Event 1: "player" names the player in a text.`,
		`{"player":"a\u0000da","key":"calls"}`:                                     `Nothing was taken. Event 1: its player has control characters.`,
		`{"player":"ada","key":"calls","label":"a\u0000"}`:                         `Nothing was taken. Event 1: its label has control characters.`,
		`{"player":"ada","key":"calls","at":"9999-12-31"}`:                         `Nothing was taken. Event 1: its time, 9999-12-31T00:00:00Z, lies more than a year in the future.`,
		`{"player":"ada","key":"calls","at":"2026-02-30"}`:                         `Nothing was taken. Event 1: "at" is a time such as 2026-11-22T14:30:00Z, or a day such as 2026-11-22.`,
		`{"player":"ada","key":"calls","at":1763820000}`:                           `Nothing was taken. Event 1: "at" is a time such as 2026-11-22T14:30:00Z, or a day such as 2026-11-22.`,
		`{"player":"ada","key":"` + strings.Repeat("k", 201) + `"}`:                `Nothing was taken. Event 1: its key is longer than 200 bytes.`,
		`{"player":"ada","key":"k","id":"` + strings.Repeat("i", 601) + `"}`:       `Nothing was taken. Event 1: its id is longer than 600 bytes.`,
		`{"player":"ada","key":"k","label":"` + strings.Repeat("l", 40_000) + `"}`: `Nothing was taken. Event 1: it is longer than 32 KiB.`,
		strings.Repeat(`{"key":1} `, 7):                                            `Nothing was taken. Event 1: it names no player: say who by "player", "email" or "handle"; event 2: it names`,
	} {
		b, err := ReadDirect([]byte(body), Arrival{At: now})
		if fault.Of(err) != fault.Invalid || errors.Is(err, ErrBroken) || errors.Is(err, ErrLarge) || len(b.Events) > 0 || !strings.HasPrefix(fault.Message(err), want) {
			t.Errorf("%.80s\n got %v\nwant %s", body, err, want)
		}
	}
	if _, err := ReadDirect([]byte(strings.Repeat(`{"key":1} `, 7)), Arrival{At: now}); !strings.HasSuffix(fault.Message(err), "; and 2 more.") {
		t.Errorf("many problems: %v", err)
	}
}

// What no format can be read from is refused before anything is looked at.
func TestParsers_RefuseWhatIsNoBody(t *testing.T) {
	columns := `{"player":"ada","key":"calls"` + strings.Repeat(`,"c":1`, 100_000) + `}`
	for name, c := range map[string]struct {
		body  string
		cause error
	}{
		"nothing": {"", ErrBroken}, "blanks": {" \n", ErrBroken}, "half": {`[{"player":"ada"`, ErrBroken}, "NaN": {`[{"player":"ada","key":"k","value":NaN}]`, ErrBroken},
		"a zero byte": {"{\"player\":\"a\x00\"}", ErrBroken}, "latin 1": {"{\"player\":\"\xe9\"}", ErrBroken}, "a number": {"7", ErrBroken}, "text after": {`[{"key":"a"}]]`, ErrBroken},
		"deep": {strings.Repeat("[", 1_000_000), ErrBroken}, "deep inside": {`{"a":` + strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 41), ErrBroken},
		"an array in an array": {`[[{"key":"a"}]]`, ErrBroken}, "an empty array": {"[]", ErrBroken}, "form": {"player=ada&key=calls", ErrBroken},
		"too many": {strings.Repeat(`{"key":1}`, MaxEvents+1), ErrLarge},
	} {
		if _, err := ReadDirect([]byte(c.body), Arrival{At: now}); fault.Of(err) != fault.Invalid || !errors.Is(err, c.cause) {
			t.Errorf("native, %s: %v", name, err)
		}
		if name == "too many" || name == "an empty array" || name == "blanks" || name == "nothing" {
			continue
		}
		if _, err := ReadTrack("track", []byte(c.body), Arrival{At: now}); fault.Of(err) != fault.Invalid || !errors.Is(err, c.cause) {
			t.Errorf("Segment, %s: %v", name, err)
		}
		header := map[string][]string{"Content-Type": {"application/cloudevents+json"}}
		if _, err := ReadCloudEvents(header, []byte(c.body), Arrival{At: now}); fault.Of(err) != fault.Invalid || !errors.Is(err, c.cause) {
			t.Errorf("CloudEvents, %s: %v", name, err)
		}
	}
	if _, err := ReadDirect([]byte(columns), Arrival{At: now}); fault.Of(err) != fault.Invalid {
		t.Errorf("100,000 columns: %v", err)
	}
	if b, err := ReadTrack("track", []byte(columns), Arrival{At: now}); err != nil || b.Events[0].Why == "" || len(b.Events[0].Data) > MaxEvent {
		t.Errorf("100,000 columns in a track call: %v, %+v", err, b.Events)
	}
}

func FuzzReadDirect(f *testing.F) {
	for _, text := range []string{`{"id":"a","player":"ada","key":"calls","at":"2026-11-20T10:00:00Z","value":2.5,"label":"Acme"}`, `[{"email":"b","key":1,"value":null}]`, `{"event":"x","n":{"a":[1,2]}}`} {
		f.Add([]byte(text), true)
		f.Add([]byte(text), false)
	}
	rules := rulesOf(f, `[{"event": "*", "key": "$..key", "number": "$.value", "player": "$.player", "at": "$.at", "label": "$.label", "by": "handle"}]`)
	f.Fuzz(func(t *testing.T, body []byte, ruled bool) {
		b, err := ReadDirect(body, Arrival{At: now, Ruled: ruled})
		if err != nil {
			if fault.Of(err) != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		for _, e := range b.Events {
			sound(t, rules, e)
		}
	})
}
