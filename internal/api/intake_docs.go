package api

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"cairn/client"
)

// keySchemes are the ways in which a program shows the key of a source: any of them.
var keySchemes = map[string]*huma.SecurityScheme{
	"key":      {Type: "http", Scheme: "bearer", Description: "The key of a source, shown once when it is connected: Authorization: Bearer cairn_key_…"},
	"basicKey": {Type: "http", Scheme: "basic", Description: "The key of a source as the name, without a password"},
	"writeKey": {Type: "apiKey", In: "header", Name: "X-Write-Key", Description: "The key of a source"},
}

// describeIntake adds the doors of formats that other programs speak to the description. They stand beside the framework, which
// reads no stream of objects and no key of a source.
func (d *door) describeIntake() {
	schemas := d.api.OpenAPI().Components.Schemas
	of := func(example any) *huma.Schema { return schemas.Schema(reflect.TypeOf(example), true, "") }
	problem := map[string]*huma.MediaType{"application/problem+json": {Schema: of(huma.ErrorModel{})}}
	asJSON := func(s *huma.Schema) map[string]*huma.MediaType {
		return map[string]*huma.MediaType{"application/json": {Schema: s}}
	}
	add := func(path, id, summary, about string, sent, answer map[string]*huma.MediaType) *huma.Operation {
		op := &huma.Operation{OperationID: id, Method: http.MethodPost, Path: path, Summary: summary, Description: about, Tags: []string{"Intake"},
			RequestBody: &huma.RequestBody{Required: true, Content: sent}, Responses: map[string]*huma.Response{"200": {Description: "All of it is on disk", Content: answer}}}
		for _, scheme := range slices.Sorted(maps.Keys(keySchemes)) {
			op.Security = append(op.Security, map[string][]string{scheme: {}})
		}
		for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable} {
			op.Responses[strconv.Itoa(status)] = &huma.Response{Description: meanings[status], Content: problem}
		}
		d.api.OpenAPI().AddOperation(op)
		return op
	}
	intake := asJSON(of(client.Intake{}))
	entry, text := of(client.NewEntry{}), &huma.Schema{Type: huma.TypeString}
	add("/in", "send-entries", "Bring entries to a source",
		"At most 10,000 in a body of 10 MiB: an array, one object, or one object a line, as it is or in gzip. All or nothing. Objects that are no entry are taken where the source has rules "+
			"that say what they become. What cannot be taken yet, such as of a player whom nobody knows, waits in quarantine with the reason.",
		map[string]*huma.MediaType{
			"application/json":     {Schema: &huma.Schema{OneOf: []*huma.Schema{{Type: huma.TypeArray, Items: entry}, entry}}},
			"application/x-ndjson": {Schema: text, Example: "{\"id\": \"call-1\", \"player\": \"ada\", \"key\": \"calls\"}\n{\"id\": \"call-2\", \"player\": \"bo\", \"key\": \"calls\"}\n"},
		}, intake)
	event := &huma.Schema{Type: huma.TypeObject, Required: []string{"specversion", "id", "source", "type"}, AdditionalProperties: true, Properties: map[string]*huma.Schema{
		"specversion": {Type: huma.TypeString, Enum: []any{"1.0"}}, "id": {Type: huma.TypeString}, "source": {Type: huma.TypeString}, "type": {Type: huma.TypeString},
		"subject": {Type: huma.TypeString, Description: "Key of the player, where rules do not say otherwise."}, "time": {Type: huma.TypeString, Format: "date-time"},
	}}
	add("/in/cloudevents", "send-cloudevents", "Bring CloudEvents 1.0 to a source",
		"In structured or batched mode; in binary mode the body is the data and the attributes stand in headers ce-…. Rules of the source say what events become.",
		map[string]*huma.MediaType{
			"application/cloudevents+json":       {Schema: event},
			"application/cloudevents-batch+json": {Schema: &huma.Schema{Type: huma.TypeArray, Items: event}},
		}, intake)
	calls := add("/v1/{call}", "send-track", "Bring calls of the Segment kind to a source",
		"For the clients of Segment and RudderStack, at the root of the server. The key may stand in the body as writeKey, too. At most 1 MiB; batch has a list of calls under \"batch\". "+
			"A call that nothing can be made of is taken and waits: such clients never send again what was refused.",
		asJSON(&huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}), asJSON(&huma.Schema{Type: huma.TypeObject, Required: []string{"success"}, Properties: map[string]*huma.Schema{"success": {Type: huma.TypeBoolean}}}))
	calls.Parameters = []*huma.Param{{Name: "call", In: "path", Required: true, Description: "What is brought.",
		Schema: &huma.Schema{Type: huma.TypeString, Enum: []any{"track", "identify", "page", "screen", "group", "alias", "batch"}}, Example: "batch"}}
	d.api.OpenAPI().Paths[calls.Path].Servers = []*huma.Server{{URL: "/", Description: "The root of this server"}}
}
