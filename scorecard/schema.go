package scorecard

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Schema returns the JSON Schema (2020-12) of scorecard files, so that editors complete and check them. It says all
// that can be said of one value at a time; what relates several (orders, references, weights, cycles) only Load checks.
func Schema() []byte {
	schema := members{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"$id", "urn:cairn:scorecard:1"},
		{"title", "Cairn scorecard, version 1"},
		{"description", "The declaration of one score: what is measured, how each number becomes comparable, how the numbers combine, and who chose that and why."},
	}
	schema = append(schema, objectSchema(topShape.object, topShape.object.fields)...)
	group := slices.DeleteFunc(slices.Clone(partShape.object.fields), func(f field) bool { return f.on == onMetric })
	metric := slices.DeleteFunc(slices.Clone(partShape.object.fields), func(f field) bool { return f.on == onGroup })
	schema = append(schema, member{"$defs", members{
		{"part", members{
			{"description", "A group (it has parts) or a metric (it has not)."},
			{"type", "object"},
			{"if", members{{"required", []string{"parts"}}}},
			{"then", members{{"$ref", "#/$defs/group"}}},
			{"else", members{{"$ref", "#/$defs/metric"}}},
		}},
		{"group", append(members{{"description", "Parts that combine into one value."}}, objectSchema(partShape.object, group)...)},
		{"metric", append(members{{"description", "One measured value."}}, objectSchema(partShape.object, metric)...)},
	}})
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		panic(err) // texts and numbers of our own
	}
	return append(text, '\n')
}

// members is a JSON object that keeps its order.
type members []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the members in order.
func (m members) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, member := range m {
		if i > 0 {
			out.WriteByte(',')
		}
		name, err := json.Marshal(member.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(member.value)
		if err != nil {
			return nil, err
		}
		out.Write(name)
		out.WriteByte(':')
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

func (s *shape) schema() members {
	if s.ref != "" {
		return members{{"$ref", "#/$defs/" + s.ref}}
	}
	var ways []members
	if s.number != nil {
		ways = append(ways, s.number.schema())
	}
	if len(s.words) > 0 {
		ways = append(ways, wordSchema(s.words)...)
	}
	if s.text != nil {
		ways = append(ways, s.text.schema())
	}
	if s.flag {
		ways = append(ways, members{{"type", "boolean"}})
	}
	if s.null {
		ways = append(ways, members{{"type", "null"}})
	}
	if s.list != nil {
		ways = append(ways, s.list.schema())
	}
	if s.object != nil {
		ways = append(ways, objectSchema(s.object, s.object.fields))
	}
	if len(ways) == 1 {
		return ways[0]
	}
	return members{{"anyOf", ways}}
}

// wordSchema is one enumeration, or one alternative per word where they are explained.
func wordSchema(words []word) []members {
	var ways []members
	var texts []string
	for _, w := range words {
		texts = append(texts, w.text)
		if w.doc != "" {
			ways = append(ways, members{{"const", w.text}, {"description", w.doc}})
		}
	}
	if len(ways) < len(words) {
		return []members{{{"enum", texts}}}
	}
	return ways
}

func (s *numberShape) schema() members {
	kind := "number"
	if s.whole {
		kind = "integer"
	}
	m := members{{"type", kind}}
	if s.least != nil {
		m = append(m, member{"minimum", *s.least})
	}
	if s.above != nil {
		m = append(m, member{"exclusiveMinimum", *s.above})
	}
	if s.most != nil {
		m = append(m, member{"maximum", *s.most})
	}
	return m
}

// schema of a text: YAML reads `name: 2026` as a number, and it is a text all the same.
func (s *textShape) schema() members {
	if s.pattern != nil {
		return members{{"type", []string{"string", "number", "boolean"}}, {"pattern", s.pattern.String()}, {"maxLength", s.most}}
	}
	return members{{"type", []string{"string", "number", "boolean"}}, {"pattern", `\S`}, {"maxLength", s.most}}
}

func (s *listShape) schema() members {
	if s.tuple != nil {
		places := make([]members, len(s.tuple))
		for i, t := range s.tuple {
			places[i] = t.schema()
		}
		return members{{"type", "array"}, {"prefixItems", places}, {"items", false}, {"minItems", len(places)}}
	}
	m := members{{"type", "array"}, {"items", s.item.schema()}}
	if s.least > 0 {
		m = append(m, member{"minItems", s.least})
	}
	if s.most > 0 {
		m = append(m, member{"maxItems", s.most})
	}
	if s.unique {
		m = append(m, member{"uniqueItems", true})
	}
	return m
}

func objectSchema(s *objectShape, fields []field) members {
	m := members{{"type", "object"}}
	if s.open != nil {
		return append(m,
			member{"propertyNames", members{{"pattern", s.open.key.pattern.String()}, {"maxLength", s.open.key.most}}},
			member{"additionalProperties", s.open.value.schema()})
	}
	var required []string
	properties := members{}
	for _, f := range fields {
		if f.required {
			required = append(required, f.key)
		}
		property := members{{"description", f.doc}}
		if f.standard != nil {
			property = append(property, member{"default", f.standard})
		}
		properties = append(properties, member{f.key, append(property, f.shape.schema()...)})
	}
	m = append(m, member{"properties", properties}, member{"additionalProperties", false})
	if len(required) > 0 {
		m = append(m, member{"required", required})
	}
	if s.single || s.some {
		m = append(m, member{"minProperties", 1})
	}
	if s.single {
		m = append(m, member{"maxProperties", 1})
	}
	return m
}
