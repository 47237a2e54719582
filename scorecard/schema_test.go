package scorecard

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write scorecard.schema.json")

func TestSchema_IsTheCommittedFile(t *testing.T) {
	if *update {
		if err := os.WriteFile("scorecard.schema.json", Schema(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile("scorecard.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(committed, Schema()) {
		t.Error("scorecard.schema.json is not what the format makes; run: go test ./scorecard -run Schema -update")
	}
}

func compiled(t testing.TB) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	if err := compiler.AddResource("scorecard.schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("scorecard.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// fits validates a YAML file, read as an editor reads it.
func fits(t testing.TB, schema *jsonschema.Schema, source []byte) error {
	t.Helper()
	text, err := yaml.YAMLToJSON(source)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

func TestSchema_ExamplesAndTemplatesFit(t *testing.T) {
	schema := compiled(t)
	for _, template := range Templates() {
		if err := fits(t, schema, template.Source); err != nil {
			t.Errorf("%s: %v", template.Key, err)
		}
	}
	examples, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(examples) < 3 {
		t.Fatal(examples, err)
	}
	for _, file := range examples {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := fits(t, schema, source); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestSchema_RefusesWhatASingleValueShowsToBeWrong(t *testing.T) {
	schema := compiled(t)
	for _, source := range []string{
		"key: k\nname: n\nparts: [{key: a}]\n", "scorecard: 2\nkey: k\nname: n\nparts: [{key: a}]\n", "scorecard: 1\nkey: A b\nname: n\nparts: [{key: a}]\n",
		head, head + "parts: []\n", head + "parts: [a]\n", head + "parts: [{name: a}]\n", head + "parts: [{key: A}]\n", head + "pats: 1\nparts: [{key: a}]\n",
		head + "period: weekly\nparts: [{key: a}]\n", head + "decimals: 13\nparts: [{key: a}]\n", head + "decimals: 0.5\nparts: [{key: a}]\n", head + "out_of: 0\nparts: [{key: a}]\n",
		head + "combine: {power: x}\nparts: [{key: a}]\n", head + "combine: {}\nparts: [{key: a}]\n", head + "screen: {present: 2}\nparts: [{key: a}]\n",
		head + "levels: [[a, b]]\nparts: [{key: a}]\n", head + "levels: [[1]]\nparts: [{key: a}]\n", head + "tags: [a, a]\nparts: [{key: a}]\n", head + "constants: {1x: 2}\nparts: [{key: a}]\n",
		head + "parts: [{key: a, combine: sum}]\n", head + "parts: [{key: g, unit: x, parts: [{key: a}]}]\n", head + "parts: [{key: g, parts: [{key: a, weight: -1}]}]\n",
		metric("wieght: 1"), metric("weight: -1"), metric("weight: ten"), metric("kind: leed"), metric("scored: 1"), metric("take: avg"), metric("take: p49"), metric("take: {within: x}"),
		metric("over: 3 weeks"), metric("missing: men"), metric("missing: {mean: {}}"), metric("valid: [1]"), metric("valid: [1, 2, 3]"), metric("then: [clamp]"), metric("then: [{}]"),
		metric("then: [{clamp: [0, 1], scale: 2}]"), metric("then: [{round: 13}]"), metric("treat: [lnn]"), metric("treat: ln"), metric("treat: [{winsorise: 0}]"), metric("treat: [{winsorise: {}}]"),
		metric("treat: [{winsorise: {lower: 2}}]"), metric("normalise: minmax"), metric("normalise: {min_max: {}}"), metric("normalise: {zscore: {sd: 0}}"), metric("normalise: {target: {}}"),
		metric("normalise: {lognormal: {p10: 0, median: 1}}"), metric("normalise: {bands: []}"), metric("normalise: {bands: [[0]]}"), metric("normalise: {percentile: {x: 1}}"), metric("normalise: ~"),
	} {
		if fits(t, schema, []byte(source)) == nil {
			t.Errorf("fits, and should not:\n%s", source)
		}
		if _, err := Load("f", []byte(source)); err == nil {
			t.Errorf("Load takes it, so the schema should too:\n%s", source)
		}
	}
}

// TestSchema_RefusesNothingThatLoadTakes: an editor never marks a file that the program reads.
func TestSchema_RefusesNothingThatLoadTakes(t *testing.T) {
	schema := compiled(t)
	rapid.Check(t, func(r *rapid.T) {
		source := mutated(r)
		if _, err := Load("f", source); err != nil {
			return
		}
		if err := fits(t, schema, source); err != nil && !strings.Contains(err.Error(), "duplicate") {
			r.Fatalf("%s\n%v", source, err)
		}
	})
}

// TestSchema_DefaultsAreThoseOfLoad reads each default that the schema names back through Load.
func TestSchema_DefaultsAreThoseOfLoad(t *testing.T) {
	bare := load(t, head+"parts: [{key: a}, {key: g, parts: [{key: b}]}]\n")
	var check func(fields []field, with func(setting string) string)
	checked := 0
	check = func(fields []field, with func(setting string) string) {
		for _, f := range fields {
			if f.standard == nil {
				continue
			}
			value, err := json.Marshal(f.standard)
			if err != nil {
				t.Fatal(err)
			}
			checked++
			card := load(t, with(f.key+": "+strings.Trim(string(value), `"`)))
			if changes := Diff(bare, card); len(changes) > 0 {
				t.Errorf("%s: %s is not the default: %v", f.key, value, changes)
			}
		}
	}
	check(topShape.object.fields, func(setting string) string {
		return head + setting + "\nparts: [{key: a}, {key: g, parts: [{key: b}]}]\n"
	})
	onMetricOnly := slices.DeleteFunc(slices.Clone(partShape.object.fields), func(f field) bool { return f.on == onGroup })
	check(onMetricOnly, func(setting string) string {
		return head + "parts: [{key: a, " + setting + "}, {key: g, parts: [{key: b}]}]\n"
	})
	onGroupOnly := slices.DeleteFunc(slices.Clone(partShape.object.fields), func(f field) bool { return f.on != onGroup })
	check(onGroupOnly, func(setting string) string {
		return head + "parts: [{key: a}, {key: g, parts: [{key: b}], " + setting + "}]\n"
	})
	if checked < 15 {
		t.Errorf("only %d defaults were compared", checked)
	}
}
