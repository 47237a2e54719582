package source_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"cairn/internal/fault"
	"cairn/internal/source"
)

func TestReadSettings_NamesTheFieldThatIsNone(t *testing.T) {
	for text, want := range map[string][2]string{
		`{"enrol": true}`:          {},
		` {} `:                     {},
		`{"enroll": true}`:         {"enroll", "these are: enrol, expect."},
		`{"enrol": "yes"}`:         {"enrol", "cannot be a string"},
		`{"enrol": true} {}`:       {"settings", "enrol"},
		`[]`:                       {"settings", "enrol"},
		`{"enrol"`:                 {"settings", "enrol"},
		``:                         {"settings", "enrol"},
		`{"enrol": false, "a": 1}`: {"a", "no setting"},
	} {
		var into source.PushSettings
		err := source.ReadSettings(json.RawMessage(text), &into)
		var f *fault.Fault
		if want[0] == "" {
			if err != nil {
				t.Errorf("%s: %v", text, err)
			}
		} else if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Field != want[0] || !strings.Contains(f.Message, want[1]) {
			t.Errorf("%s: %v, field %q; want %q", text, err, f.Field, want)
		}
	}
}
