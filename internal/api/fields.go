package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"cairn/internal/fault"
)

// Chosen is a list of which some fields can be asked for; its row has the option selectable.
type Chosen struct {
	Listed
	Fields string `query:"fields" maxLength:"1000" doc:"Only these fields of each item, with commas between." example:"rank,name,score"`
}

// selectable is an operation whose items can be cut down to some of their fields. It takes a chosen.
func selectable(op *huma.Operation) { op.Metadata[fieldsKey] = true }

const fieldsKey = "fields"

// choosable notes which fields the items of an operation have, and lets each of them be left out of the description.
func (d *door) choosable(op *huma.Operation) {
	schemas := d.api.OpenAPI().Components.Schemas
	ok := op.Responses["200"].Content["application/json"]
	page := schemas.SchemaFromRef(ok.Schema.Ref)
	items := page.Properties["items"].Items
	item := schemas.SchemaFromRef(items.Ref)
	item.Required = nil
	for name := range item.Properties {
		d.fields[op.OperationID] = append(d.fields[op.OperationID], name)
	}
	slices.Sort(d.fields[op.OperationID])
}

// choose cuts the items of a list down to some of their fields.
func (c *record) choose(fields string, known []string) error {
	chosen := strings.Split(fields, ",")
	for _, name := range chosen {
		if !slices.Contains(known, name) {
			return fault.Wrong("query.fields", "There is no field %q here: there are %s.", name, strings.Join(known, ", "))
		}
	}
	var page struct {
		Items []map[string]json.RawMessage `json:"items"`
		Next  string                       `json:"next,omitempty"`
	}
	if err := json.Unmarshal(c.body.Bytes(), &page); err != nil {
		return fmt.Errorf("reading a list of our own: %w", err)
	}
	for _, item := range page.Items {
		for name := range item {
			if !slices.Contains(chosen, name) {
				delete(item, name)
			}
		}
	}
	c.body.Reset()
	return huma.DefaultJSONFormat.Marshal(&c.body, page)
}
