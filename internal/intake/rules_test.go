package intake

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cairn/internal/fault"
)

func rulesOf(t testing.TB, text string) Rules {
	t.Helper()
	rules, err := ReadRules(json.RawMessage(text))
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// become writes what rules make of an event.
func become(r Rules, e Event) string {
	made, skipped, why := r.Apply(e)
	var all []string
	for _, m := range made {
		all = append(all, fmt.Sprintf("%s=%s %s %s %s %q %s", m.By, m.Who, m.Entry.Key, m.Entry.At.UTC().Format("2006-01-02T15:04"), formatted(m.Entry.Value), m.Entry.ID, m.Entry.Label))
	}
	if skipped {
		all = append(all, "skipped")
	}
	if why != "" {
		all = append(all, "why "+why)
	}
	return strings.Join(all, "; ")
}

func TestRules_MakeEntriesOfEvents(t *testing.T) {
	data := `{"type": "track", "n": 12.5, "text": "7", "big": 12345678901234567890, "ok": true, "no": null, "total": {"net": -3}, "tags": ["a", "b"], "who": " Ada@Example.org ",
		"when": "2026-11-20T10:00:00+01:00", "day": "2026-11-20", "epoch": 1763820000, "millis": 1763820000000, "ids": [{"type": "crm", "id": 5}, {"type": "web", "id": 6}], "nul": "a\u0000b"}`
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	e := Event{ID: "e1", Type: "Order Completed", At: now, Received: now, Zone: berlin, Players: map[string]string{"key": "ada", "email": "ada@x.org"}, Data: json.RawMessage(data)}
	for rules, want := range map[string]string{
		`[{"event": "Order Completed", "key": "orders"}]`:                                                      `key=ada orders 2026-11-22T12:00 1 "e1|orders" `,
		`[{"event": "Order*", "key": "sum", "number": "$.n", "player": "$.who", "by": "email"}]`:               `email=Ada@Example.org sum 2026-11-22T12:00 12.5 "e1|sum" `,
		`[{"event": "", "key": "$.type", "number": "$.text", "by": "email", "label": "$.tags[1]"}]`:            `email=ada@x.org track 2026-11-22T12:00 7 "e1|track" b`,
		`[{"event": "*", "key": "k", "number": "$.ok", "id": "$.big"}]`:                                        `key=ada k 2026-11-22T12:00 1 "12345678901234567890|k" `,
		`[{"event": "*", "key": "k", "number": "$.total.net", "at": "$.when"}]`:                                `key=ada k 2026-11-20T09:00 -3 "e1|k" `,
		`[{"event": "*", "key": "k", "at": "$.day"}]`:                                                          `key=ada k 2026-11-19T23:00 1 "e1|k" `,
		`[{"event": "*", "key": "k", "at": "$.epoch"}]`:                                                        `key=ada k 2025-11-22T14:00 1 "e1|k" `,
		`[{"event": "*", "key": "k", "at": "$.millis"}]`:                                                       `key=ada k 2025-11-22T14:00 1 "e1|k" `,
		`[{"event": "*", "key": "k", "number": "$.ids[?@.type=='web'].id"}]`:                                   `key=ada k 2026-11-22T12:00 6 "e1|k" `,
		`[{"event": "*", "key": "a"}, {"event": "Order*", "key": "b"}, {"event": "*", "key": "a"}]`:            `key=ada a 2026-11-22T12:00 1 "e1|a" ; key=ada b 2026-11-22T12:00 1 "e1|b" ; key=ada a 2026-11-22T12:00 1 "e1|a|2" `,
		`[{"event": "*", "when": {"$.tags[*]": "b", "$.ok": "true"}, "key": "k"}]`:                             `key=ada k 2026-11-22T12:00 1 "e1|k" `,
		`[{"event": "*", "when": {"$.tags[*]": "c"}, "key": "k"}, {"event": "Order Completed", "skip": true}]`: `skipped`,
		`[{"event": "*", "key": "k"}, {"event": "*", "skip": true}, {"event": "*", "key": "l"}]`:               `key=ada k 2026-11-22T12:00 1 "e1|k" `,
		`[{"event": "*", "key": "k", "times": 0.5}]`:                                                           `key=ada k 2026-11-22T12:00 0.5 "e1|k" `,
		`[{"event": "*", "key": "k", "number": "$.n", "times": -2}]`:                                           `key=ada k 2026-11-22T12:00 -25 "e1|k" `,
		`[{"event": "*", "key": "k", "number": "$.n", "times": 1e308}]`:                                        `why rule 1 (k): its number is not finite`,
		`[{"event": "order completed", "key": "k"}]`:                                                           `why no rule of the source is about "Order Completed"; rule 1 is about "order completed"`,
		`[{"event": "Order Cancelled", "key": "k"}]`:                                                           `why no rule of the source is about "Order Completed"`,
		`[]`: `why the source has no rules that say what an event becomes`,
		`[{"event": "*", "key": "k"}, {"event": "*", "key": "l", "number": "$.no"}]`: `why rule 2 (l): there is no number at $.no`,
		`[{"event": "*", "key": "k", "number": "$.who"}]`:                            `why rule 1 (k): what stands at $.who is no number`,
		`[{"event": "*", "key": "k", "number": "$.tags[*]"}]`:                        `why rule 1 (k): $.tags[*] finds 2 things, and a rule takes one`,
		`[{"event": "*", "key": "k", "player": "$.tags"}]`:                           `why rule 1 (k): $.tags finds no text or number`,
		`[{"event": "*", "key": "k", "at": "$.who"}]`:                                `why rule 1 (k): what stands at $.who is no time: one is 2026-11-22T14:30:00Z, 2026-11-22, or seconds or milliseconds since 1970`,
		`[{"event": "*", "key": "$.nul"}]`:                                           `why rule 1 ($.nul): its key has control characters`,
		`[{"event": "*", "key": "k", "id": "$.no"}]`:                                 `why rule 1 (k): $.no finds no text or number`,
	} {
		if got := become(rulesOf(t, rules), e); got != want {
			t.Errorf("%s\n got %s\nwant %s", rules, got, want)
		}
	}
	aside := Event{ID: "e2", Type: "identify", Aside: true, At: now, Received: now, Players: e.Players, Data: json.RawMessage(`{}`)}
	for rules, want := range map[string]string{`[{"event": "", "key": "k"}]`: "skipped", `[{"event": "*", "key": "k"}]`: "skipped", `[{"event": "ident*", "key": "k"}]`: `key=ada k 2026-11-22T12:00 1 "e2|k" `} {
		if got := become(rulesOf(t, rules), aside); got != want {
			t.Errorf("%s of what stands aside: %s; want %s", rules, got, want)
		}
	}
	if made, _, why := (Rules{{Event: "*", Key: "k"}}).Apply(e); len(made) != 1 || made[0].By != "key" || why != "" {
		t.Errorf("rules written in Go: %+v, %s", made, why)
	}
}

func TestReadRules_RefusesWithTheRuleAndTheField(t *testing.T) {
	for text, want := range map[string]string{
		`{"event": "a"}`:                                             "rules",
		`[{"event": "a", "keys": "b"}]`:                              "rules",
		`[{"event": "a", "key": "b"}] x`:                             "rules",
		`[{"event": "a"}]`:                                           "rules[0].key",
		`[{"event": "a*b", "key": "k"}]`:                             "rules[0].event",
		`[{"event": "a", "key": "k"}, {"key": "k", "by": "id"}]`:     "rules[1].by",
		`[{"key": "k", "number": "total"}]`:                          "rules[0].number",
		`[{"key": "k", "times": "$.n"}]`:                             "rules",
		`[{"key": "k", "when": {"$.a[": "x"}}]`:                      "rules[0].when",
		`[{"key": "k", "player": "$..a..b"}]`:                        "rules[0].player",
		`[{"key": "k", "at": "$[*,*][*,*]"}]`:                        "rules[0].at",
		`[{"key": "k", "label": "$[?$..a == 1]"}]`:                   "rules[0].label",
		`[{"key": "k", "id": "$[?@[?@.a]]"}]`:                        "rules[0].id",
		`[{"key": "k", "id": "$` + strings.Repeat(".a", 120) + `"}]`: "rules[0].id",
		`[{"key": "k", "number": "$[?match('a', @.p)]"}]`:            "rules[0].number",
		`[` + strings.Repeat(`{"key": "k", "number": "$..n"},`, 40) + `{"key": "k", "number": "$.a[*].n"}]`: "rules",
		`[` + strings.Repeat(`{"key": "k"},`, 100) + `{"key": "k"}]`:                                        "rules",
		strings.Repeat("[", 100_000): "rules",
	} {
		_, err := ReadRules(json.RawMessage(text))
		f, ok := err.(*fault.Fault)
		if !ok || f.Kind != fault.Invalid || f.Field != want {
			t.Errorf("%.60s: %v; want a fault of %s", text, err, want)
		}
	}
	for _, none := range []string{"", " null ", "[]"} {
		if rules, err := ReadRules(json.RawMessage(none)); len(rules) != 0 || err != nil {
			t.Errorf("%q: %v, %v", none, rules, err)
		}
	}
	if _, err := ReadRules(json.RawMessage(`[{"key": "$['a..b?,']..c", "number": "$.x[?match(@.a, 'b,c')].n"}]`)); err != nil {
		t.Errorf("quoted signs: %v", err)
	}
}

// Whatever an event says, rules make sound entries of it or say why not; and what they make does not depend on other rules.
func TestRules_AddingARuleChangesNoEntry(t *testing.T) {
	rules := rulesOf(t, `[{"event": "*", "key": "a", "number": "$.n", "player": "$.p"}]`)
	more := append(rules[:1:1], rulesOf(t, `[{"event": "*", "key": "b", "player": "$.p"}]`)...)
	rapid.Check(t, func(r *rapid.T) {
		data, err := json.Marshal(map[string]any{"n": rapid.OneOf(rapid.Float64Range(-1e300, 1e300).AsAny(), rapid.String().AsAny(), rapid.Bool().AsAny()).Draw(r, "n"), "p": rapid.String().Draw(r, "p")})
		if err != nil {
			r.Fatal(err)
		}
		e := Event{ID: rapid.StringN(1, 50, 600).Draw(r, "id"), Type: "t", At: now, Received: now, Data: data}
		made, _, why := rules.Apply(e)
		again, _, _ := more.Apply(e)
		if (len(made) == 1) == (why != "") {
			r.Fatalf("%v, %q", made, why)
		}
		if len(again) > 0 && (len(made) != 1 || made[0] != again[0]) {
			r.Fatalf("%+v became %+v", made, again)
		}
	})
}
