package intake

import (
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"
	"time"

	"cairn/internal/fault"
)

func TestReadTrack_ReadsWhatEachClientSends(t *testing.T) {
	at := Arrival{At: now}
	for name, c := range map[string]struct{ kind, body, want string }{
		"analytics-node": {"batch", `{"batch":[{"type":"track","event":"Order Completed","userId":"ada","properties":{"total":12},"context":{"library":{"name":"@segment/analytics-node"},"traits":{"email":"ada@x.org"}},
			"integrations":{},"timestamp":"2026-11-22T11:59:50.000Z","messageId":"node-next-1763"},{"type":"identify","userId":"ada","traits":{"email":"ada@y.org","username":"ada9"},"timestamp":"2026-11-22T11:59:51.000Z","messageId":"node-next-1764"}],
			"sentAt":"2026-11-22T11:59:59.000Z","writeKey":"K"}`,
			"Order Completed \"node-next-1763\" 2026-11-22T11:59:50 key=ada email=ada@x.org\nidentify \"node-next-1764\" 2026-11-22T11:59:51 aside key=ada email=ada@y.org handle=ada9\n"},
		"rudder-sdk-node": {"batch", `{"batch":[{"userId":"bo@x.org","event":"Won","type":"track","channel":"server","originalTimestamp":"2026-11-22T11:00:00.000Z","sentAt":"2026-11-22T11:30:00.000Z","messageId":"m1"}]}`,
			"Won \"m1\" 2026-11-22T11:30:00 loose key=bo@x.org email=bo@x.org\n"},
		"analytics-go": {"batch", `{"messageId":"batch-1","sentAt":"2026-11-22T12:00:00Z","context":{"traits":{"email":"go@x.org"}},"batch":[{"type":"track","messageId":"m2","userId":"go","event":"Call","timestamp":"2026-11-21T10:00:00Z"}]}`,
			"Call \"m2\" 2026-11-21T10:00:00 key=go email=go@x.org\n"},
		"rudderlabs analytics-go": {"batch", `{"batch":[{"type":"track","messageId":"m3","userId":"go","anonymousId":"x","event":"Call","originalTimestamp":"2026-11-21T10:00:00Z"}]}`,
			"Call \"m3\" 2026-11-21T10:00:00 key=go\n"},
		"jitsu": {"track", `{"event":"Call","userId":"ada","messageId":"j1","timestamp":"2026-11-21T10:00:00.000Z","sentAt":"2026-11-22T12:00:00.000Z","writeKey":"a:***"}`,
			"Call \"j1\" 2026-11-21T10:00:00 key=ada\n"},
		"posthog-node": {"batch", `{"api_key":"K","sent_at":"2026-11-22T12:00:00.000Z","batch":[{"distinct_id":"ada","uuid":"0193","event":"Call","type":"capture","timestamp":"2026-11-22T11:00:00.000Z","properties":{}},
			{"event":"$identify","uuid":"0194","properties":{"distinct_id":"bo"}}]}`,
			"Call \"0193\" 2026-11-22T11:00:00 key=ada\n$identify \"0194\" 2026-11-22T12:00:00 loose aside key=bo\n"},
		"a page": {"page", `{"userId":7,"name":"Home","messageId":"p1","timestamp":1763820000000}`, "page \"p1\" 2025-11-22T14:00:00 aside key=7\n"},
	} {
		b, err := ReadTrack(c.kind, []byte(c.body), at)
		if got := events(b); err != nil || got != c.want || b.Made != 0 {
			t.Errorf("%s: %v\n got %s\nwant %s", name, err, got, c.want)
		}
	}
	flow := []byte(`{"event":"Call","userId":"ada"}`) // as a flow sends it: no id and no time
	first, err := ReadTrack("track", flow, at)
	second, err2 := ReadTrack("track", flow, Arrival{At: now.Add(time.Second)})
	if err != nil || err2 != nil || first.Made != 1 || first.Events[0].ID == second.Events[0].ID || !first.Events[0].At.Equal(now) {
		t.Errorf("%v, %v: %+v, %+v", err, err2, first, second)
	}
}

func TestReadTrack_SetsTheSendersClockRight(t *testing.T) {
	for sent, want := range map[string]string{
		"2026-11-22T11:59:55Z": "10:00:00", // the way takes its time
		"2026-11-22T14:00:00Z": "08:00:00 loose",
		"2026-11-22T09:00:00Z": "13:00:00 loose",
		"2026-11-20T12:00:00Z": "10:00:00", // two days: it waited to be sent
		"soon":                 "10:00:00",
	} {
		b, err := ReadTrack("track", []byte(`{"event":"a","userId":"b","messageId":"c","timestamp":"2026-11-22T10:00:00Z","sentAt":"`+sent+`"}`), Arrival{At: now})
		if got := events(b); err != nil || !strings.Contains(got, "2026-11-22T"+want+" key") {
			t.Errorf("sent at %s: %v, %s", sent, err, got)
		}
	}
}

func TestReadTrack_KeepsWhatIsNoEventWithTheReason(t *testing.T) {
	for call, want := range map[string]string{
		`{"type":"track","userId":"a"}`:                                                   "a track call needs the name of its event",
		`{"type":"trak","event":"x"}`:                                                     `its type is "trak", and there are track`,
		`{"userId":"a"}`:                                                                  `its type is "", and there are`,
		`{"type":"track","event":"x","timestamp":"yesterday"}`:                            "its timestamp is not of the form",
		`{"type":"track","event":"x","timestamp":"9999-12-31T00:00:00Z"}`:                 "its time, 9999-12-31T00:00:00Z, lies more than a year",
		`{"type":"track","event":"x","messageId":"` + strings.Repeat("m", 101) + `"}`:     "its messageId is longer than 100 bytes",
		`{"type":"track","event":"x","properties":"` + strings.Repeat("p", 40_000) + `"}`: "it is longer than 32 KiB",
	} {
		b, err := ReadTrack("batch", []byte(`{"batch":[`+call+`,{"type":"track","event":"good","userId":"a","messageId":"g"}]}`), Arrival{At: now})
		if err != nil || len(b.Events) != 2 || !strings.HasPrefix(b.Events[0].Why, want) || b.Events[1].Why != "" || b.Events[0].ID == "" {
			t.Errorf("%.60s: %v\n%s", call, err, events(b))
		}
	}
	for _, body := range []string{`{}`, `{"batch":{}}`, `{"batch":[1]}`, `[]`} {
		if _, err := ReadTrack("batch", []byte(body), Arrival{At: now}); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestWriteKey_StandsInTheBodyOfSome(t *testing.T) {
	for body, want := range map[string]string{`{"writeKey":"K","batch":[]}`: "K", `{"api_key":"P"}`: "P", `{}`: "", `[`: ""} {
		if got := WriteKey([]byte(body)); got != want {
			t.Errorf("%s: %q", body, got)
		}
	}
}

func TestUnpack_GoesByTheBytesAndItsBound(t *testing.T) {
	packed := func(text string) []byte {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		z.Write([]byte(text))
		z.Close()
		return out.Bytes()
	}
	for _, body := range [][]byte{[]byte("{}"), packed("{}")} {
		if got, err := Unpack(body, 10); err != nil || string(got) != "{}" {
			t.Errorf("%q: %q, %v", body, got, err)
		}
	}
	if _, err := Unpack(packed(strings.Repeat(" ", 50<<20)), MaxTrack); !errors.Is(err, ErrLarge) || fault.Of(err) != fault.Invalid {
		t.Errorf("a bomb: %v", err)
	}
	for _, body := range [][]byte{{0x1f, 0x8b}, packed("{}")[:20]} {
		if _, err := Unpack(body, 10); !errors.Is(err, ErrBroken) {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func FuzzReadTrack(f *testing.F) {
	f.Add("track", []byte(`{"event":"Call","userId":"ada","messageId":"j1","timestamp":"2026-11-21T10:00:00.000Z","sentAt":"2026-11-22T12:00:00.000Z"}`))
	f.Add("batch", []byte(`{"context":{"traits":{"email":1}},"batch":[{"type":"track","event":"a","properties":{"distinct_id":3}},{},{"type":"page"}],"sent_at":5}`))
	rules := rulesOf(f, `[{"event": "*", "key": "$.event", "number": "$..total", "player": "$.userId"}, {"event": "page", "key": "pages"}]`)
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		b, err := ReadTrack(kind, body, Arrival{At: now})
		if err != nil {
			if fault.Of(err) != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		for _, e := range b.Events {
			if len(e.Data) > MaxEvent || e.ID == "" {
				t.Fatalf("%d bytes, id %q", len(e.Data), e.ID)
			}
			sound(t, rules, e)
		}
	})
}

// A context that all events of a batch share is read with each: a megabyte must not become gigabytes.
func TestReadTrack_RefusesALongContextOfManyEvents(t *testing.T) {
	batch := func(context, events int) error {
		body := `{"context": {"a": "` + strings.Repeat("x", context) + `"}, "batch": [` + strings.Repeat(`{"type": "track", "event": "e"},`, events-1) + `{"type": "track", "event": "e"}]}`
		_, err := ReadTrack("batch", []byte(body), Arrival{At: now})
		return err
	}
	if err := batch(30_000, 3000); !errors.Is(err, ErrLarge) {
		t.Errorf("30 KB three thousand times: %v", err)
	}
	if err := batch(2000, 3000); err != nil {
		t.Errorf("a usual one: %v", err)
	}
}
