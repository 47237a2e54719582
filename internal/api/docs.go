package api

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// describe is the head of the description.
func describe() huma.Config {
	c := huma.DefaultConfig("Cairn", "1")
	c.Info.Description = opening
	c.Info.License = &huma.License{Name: "Apache-2.0", URL: "https://www.apache.org/licenses/LICENSE-2.0"}
	c.Info.Contact = &huma.Contact{Name: "Whoever runs this server"}
	c.Servers = []*huma.Server{{URL: Prefix, Description: "This server"}}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "A token, made under \"Ways in\" by its owner: Authorization: Bearer cairn_…"},
	}
	maps.Copy(c.Components.SecuritySchemes, keySchemes)
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", "" // we serve our own; their page would load from elsewhere
	c.CreateHooks = nil                                   // no $schema in bodies
	c.Formats = map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat}
	c.DefaultFormat = "application/json"
	c.RejectUnknownQueryParameters = true
	return c
}

const opening = `One score per player per period: opt-in, explainable, recomputable. What the pages can do, this can do, through the same code and
the same permission.

**Who asks.** Send a token as ` + "`Authorization: Bearer cairn_…`" + `. Its owner makes it under "Ways in" and chooses its scopes; none of them
covers another. Without a token you see what everybody sees. What is absent and what is not yours are the same answer: 404.

**Errors** are problems (RFC 9457): type names the kind and is an address that explains it, detail says what was wrong and what to do,
errors says where.

**Lists** come in pages: ` + "`limit`" + ` says how long, ` + "`next`" + ` of the answer is the cursor of what follows. Large lists take ` + "`fields`" + `.

**Once.** Send every POST with an ` + "`Idempotency-Key`" + ` of its own: sent again within 24 hours it gets the same answer, with
` + "`Idempotent-Replayed: true`" + `, and nothing is done twice. Another request under the same key is 422, one that is still being answered 409.
What failed with 429 or 5xx was not done, and the key is free.

**Unchanged.** Every answer to a GET has an ` + "`ETag`" + `: send it as ` + "`If-None-Match`" + ` and get 304 where nothing changed; as ` + "`If-Match`" + ` with a
PUT, PATCH or DELETE of the same address, and it is done only where that still stands there, else 412. Changes of one address that pass
one node wait for each other. Where several nodes share a database, two that pass two nodes at the same instant may both be done.

**How often.** ` + "`RateLimit-Policy`" + ` and ` + "`RateLimit`" + ` say how many requests there are and how many are left; 429 comes with ` + "`Retry-After`" + `.

Times are RFC 3339 in UTC. A number that is not there is null or absent, never NaN. Fields are only ever added: skip those you do not know.`

// subjects are the tags of the reference, in the order in which they are told.
var subjects = []*huma.Tag{
	{Name: "Boards", Description: "What a board is, and who sees how much of it."},
	{Name: "Scorecards", Description: "The rules: what counts, how much and why."},
	{Name: "Releases", Description: "The verdicts: one per period, final, with an erratum in place of a change."},
	{Name: "Players", Description: "One player on one board."},
	{Name: "Me", Description: "Whose token it is: account, profile, ways in, and how they are doing."},
	{Name: "My data", Description: "Your own record: sources and entries that are yours alone."},
	{Name: "Membership", Description: "You on a board: joining, what it may have of you, pausing, leaving."},
	{Name: "Told", Description: "How you are told: newsletters, other channels, links in letters."},
	{Name: "Questions", Description: "What players ask and others answer."},
	{Name: "Making a board", Description: "From a template, a scorecard or a design file to a board."},
	{Name: "Running a board", Description: "Design, rules, terms, rhythm, stage, walls and trail. For managers; stewards read."},
	{Name: "Members", Description: "Who is on a board, invitations, roles and claims."},
	{Name: "Data", Description: "Entries by file."},
	{Name: "Intake", Description: "Where other programs send what happens, showing the key of a source. Such a key opens nothing else."},
	{Name: "Sources", Description: "What brings entries to a board by itself: keys, rules, health, quarantine."},
	{Name: "Sources of one's own", Description: "What brings entries to your own record, without any board."},
	{Name: "Newsletters", Description: "What a release tells its readers by mail, and who got it."},
	{Name: "Targets", Description: "What is wanted, how it goes, and what came of it."},
	{Name: "Coaching", Description: "Help, tips, and whom to talk to."},
	{Name: "Hooks", Description: "Who is told what happens on a board: webhooks and chats."},
	{Name: "Look", Description: "Colours, type, words, logo and domain of a board."},
	{Name: "Server", Description: "Running this server; for operators."},
}

// share has answers that are the same everywhere described once.
func share(all *huma.Components, op *huma.Operation) {
	for status, r := range op.Responses {
		n, err := strconv.Atoi(status)
		if err != nil || n < http.StatusBadRequest || r.Ref != "" || r.Description != meanings[n] || len(r.Headers) > 0 {
			continue
		}
		if all.Responses == nil {
			all.Responses = map[string]*huma.Response{}
		}
		if all.Responses[status] == nil {
			all.Responses[status] = r
		}
		op.Responses[status] = &huma.Response{Ref: "#/components/responses/" + status}
	}
}

// shared are the parameters that stand at many operations in the same words, by what the description calls them.
var shared = map[string]string{"If-None-Match": "IfNoneMatch", "If-Match": "IfMatch", "Idempotency-Key": "IdempotencyKey", "board": "Board", "cursor": "Cursor", "period": "Period", "player": "Player", "limit": "Limit", "fields": "Fields", "source": "Source", "metric": "Metric", "edition": "Edition", "id": "ID", "hook": "Hook", "question": "Question"}

// shareParameters has parameters that are the same everywhere described once.
func shareParameters(all *huma.Components, op *huma.Operation) {
	for i, p := range op.Parameters {
		name, known := shared[p.Name]
		if !known || p.Ref != "" {
			continue
		}
		if all.Parameters == nil {
			all.Parameters = map[string]*huma.Param{}
		}
		if first := all.Parameters[name]; first == nil {
			all.Parameters[name] = p
		} else if !alike(first, p) {
			continue
		}
		op.Parameters[i] = &huma.Param{Ref: "#/components/parameters/" + name}
	}
}

// alike reports whether two parameters are described in the same words.
func alike(a, b *huma.Param) bool {
	first, err := json.Marshal(a)
	second, wrong := json.Marshal(b)
	return err == nil && wrong == nil && bytes.Equal(first, second)
}

// complete says in the description what the frame does around every operation.
func (d *door) complete() {
	described := d.api.OpenAPI()
	header := func(name, about, example string) *huma.Param {
		return &huma.Param{Name: name, In: "header", Description: about, Schema: &huma.Schema{Type: huma.TypeString}, Example: example}
	}
	about := map[string]bool{}
	for _, at := range slices.Sorted(maps.Keys(described.Paths)) { // in one order, so that the description is the same each time
		path := described.Paths[at]
		byMethod := map[string]*huma.Operation{get: path.Get, post: path.Post, put: path.Put, patch: path.Patch, remove: path.Delete}
		for _, method := range []string{get, post, put, patch, remove} {
			op := byMethod[method]
			if op == nil {
				continue
			}
			for _, t := range op.Tags {
				about[t] = true
			}
			if op.Description = strings.TrimSpace(op.Description); op.Description == "" {
				op.Description = "It needs no token."
			}
			for _, p := range op.Parameters {
				switch {
				case p.Description != "":
				case p.In == "path":
					p.Description = "Which " + p.Name + ": its identifier."
				default:
					p.Description = "Only those of this " + p.Name + "."
				}
			}
			if op.Metadata[fieldsKey] != nil {
				d.choosable(op)
			}
			for status, r := range op.Responses {
				if n, err := strconv.Atoi(status); err == nil && (r.Description == "" || r.Description == http.StatusText(n)) {
					r.Description = meanings[n]
				}
			}
			if op.RequestBody != nil {
				for _, status := range []int{http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType} {
					op.Responses[strconv.Itoa(status)] = &huma.Response{Description: meanings[status], Content: op.Responses["500"].Content}
				}
			}
			if op.Responses["422"] == nil { // parameters of the address, and the frame's own
				op.Responses["422"] = &huma.Response{Description: meanings[http.StatusUnprocessableEntity], Content: op.Responses["500"].Content}
			}
			switch {
			case method == get:
				op.Parameters = append(op.Parameters, header("If-None-Match", "The ETag of what you have: 304 where it is that still.", `"7IwLgSSVcFi4oHmqxPYexg"`))
				op.Responses["304"] = &huma.Response{Description: "What you have is what stands there still"}
			case method == post:
				op.Parameters = append(op.Parameters, header("Idempotency-Key", "A word of your own for this request: sent again with it, it is not done again.", "01JD3Y8Q4V5W6X7Y8Z9A0B1C2D"))
			case path.Get != nil:
				op.Parameters = append(op.Parameters, header("If-Match", "The ETag of what you read at this address: it is done only where that still stands there.", `"7IwLgSSVcFi4oHmqxPYexg"`))
				if r := op.Responses["404"]; r != nil {
					op.Responses["412"] = &huma.Response{Description: meanings[http.StatusPreconditionFailed], Content: r.Content}
				}
			}
			share(described.Components, op)
			shareParameters(described.Components, op)
		}
	}
	described.Tags = slices.DeleteFunc(slices.Clone(subjects), func(t *huma.Tag) bool { return !about[t.Name] })
}

// meanings are what statuses say here.
var meanings = map[int]string{
	200: "It is so", 201: "It was made", 202: "It was taken, and is being done", 204: "It was done; there is nothing to say",
	400: "What was sent cannot be read", 408: "It was sent too slowly", 413: "It is too large", 415: "It is of a type that is not taken here",
	401: "A token is needed, or this one is known no more", 403: "The token is not for this, or there is no consent",
	404: "There is nothing here, or it is not yours", 409: "It does not fit what is there", 412: "What stands there is not what you read",
	422: "Something in the request is wrong", 429: "Too often: wait for Retry-After", 500: "The server's fault", 503: "Not just now: wait for Retry-After",
}

// document serves the description itself and what the kinds of problems mean.
func (d *door) document() {
	file := func(path, kind string, content []byte) {
		d.rows.Handle("GET "+Prefix+path, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := d.pace(w, "", network(r.RemoteAddr)); err != nil {
				d.refuse(w, r, "", err)
				return
			}
			w.Header().Set("Cache-Control", "public, max-age=300")
			d.tagged(w, r, operation{}, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", kind)
				_, _ = w.Write(content) // the asker may have gone
			})
		}))
	}
	if text, err := d.api.OpenAPI().MarshalJSON(); err == nil {
		file("/openapi.json", "application/openapi+json", text)
	}
	file("/openapi.yaml", "application/openapi+yaml", d.yaml())
	for _, k := range kinds {
		said := problems[k]
		text := said.title + " (" + string(k) + ")\n\nStatus: " + strconv.Itoa(k.HTTP()) + "\n\n" + said.meaning + "\n"
		file("/problems/"+string(k), "text/plain; charset=utf-8", []byte(text))
	}
}

// yaml is the description as a file.
func (d *door) yaml() []byte {
	text, err := d.api.OpenAPI().YAML()
	if err != nil { // of a description that was just written as JSON
		panic("api: the description cannot be written: " + err.Error())
	}
	return append([]byte("# Written from internal/api by its tests: go test ./internal/api -run Description -update\n"), []byte(strings.TrimSpace(string(text))+"\n")...)
}

// Description is the description of the API as a file: OpenAPI 3.1 in YAML.
func Description() []byte { return New(Rooms{}, slog.New(slog.DiscardHandler), "").door.yaml() }
