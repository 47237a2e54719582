package api

import (
	"context"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"cairn/internal/board"
	"cairn/internal/coaching"
	"cairn/internal/consent"
	"cairn/internal/entry"
	"cairn/internal/export"
	"cairn/internal/hook"
	"cairn/internal/identity"
	"cairn/internal/job"
	"cairn/internal/lately"
	"cairn/internal/newsletter"
	"cairn/internal/once"
	"cairn/internal/pass"
	"cairn/internal/player"
	"cairn/internal/release"
	"cairn/internal/source"
	"cairn/internal/target"
)

// Rooms is what the API shows and changes.
type Rooms struct {
	Identity    *identity.Identity
	Players     *player.Players
	Consents    *consent.Consents
	Boards      *board.Boards
	Releases    *release.Releases
	Entries     *entry.Entries // which sources brought them, never one of them
	Sources     *source.Sources
	Clock       *release.Clock
	Targets     *target.Targets
	Coaching    *coaching.Coaching
	Passes      *pass.Passes
	Newsletters *newsletter.Newsletters
	Hooks       *hook.Hooks
	Answers     *once.Answers
	Queue       *job.Queue       // what is to be done, for operators
	Files       *export.Desk     // how many are written at once; nil as many as are asked for
	Lately      *lately.Answers  // what anybody was answered a moment ago; nil keeps nothing
	Now         func() time.Time // the only clock
	Pace        Pace             // how often one may ask
}

// Prefix is where the API stands. What is at version 1 stays: names and fields are only ever added.
const Prefix = "/api/v1"

// API is the front door, built.
type API struct {
	door    *door
	handler http.Handler
}

// door is the API and the rooms behind it.
type door struct {
	Rooms
	log    *slog.Logger
	base   string // address of the server, without a slash at the end
	api    huma.API
	rows   *http.ServeMux
	paces  paces
	large  *places // for bodies above smallBody
	turns  turns
	fields map[string][]string // of an operation whose lists can be cut down to some fields: all there are
}

// New builds the API. base is the address under which the server is reached; "" leaves addresses relative.
func New(rooms Rooms, log *slog.Logger, base string) *API {
	d := &door{Rooms: rooms, log: log, base: strings.TrimSuffix(base, "/"), rows: http.NewServeMux(), large: placesFor(largeAtOnce, largeOfOne), fields: map[string][]string{}}
	config := describe()
	config.Transformers = []huma.Transformer{d.told}
	d.api = huma.NewAPI(config, adapter{d})
	for _, o := range operations {
		o.do(d, d.operation(o))
	}
	d.describeIntake()
	d.complete()
	d.document()
	return &API{door: d, handler: d.guard(d.rows)}
}

// Mount puts the API below Prefix, the page that describes it beside it, and the doors of formats that other programs speak where
// those look for them.
func (a *API) Mount(mux *http.ServeMux) {
	mux.Handle(Prefix+"/", a.handler)
	a.door.refer(mux)
	a.door.intake(mux)
}

// adapter puts the framework's handlers into the table of rows, each within its frame.
type adapter struct{ door *door }

// Handle is called for every operation that is registered.
func (a adapter) Handle(op *huma.Operation, handle func(huma.Context)) {
	a.door.rows.Handle(op.Method+" "+Prefix+op.Path, a.door.frame(op, func(w http.ResponseWriter, r *http.Request) {
		handle(humago.NewContext(op, r, w))
	}))
}

func (a adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.door.rows.ServeHTTP(w, r) }

// frame is what stands around every operation. From the outside in: who asks, how often, whether it is for them; what they sent;
// what they saw before they changed it; whether it was done already. What is read goes out with a tag.
func (d *door) frame(op *huma.Operation, handle http.HandlerFunc) http.HandlerFunc {
	o, _ := op.Metadata[rowKey].(operation)
	answer := func(w http.ResponseWriter, r *http.Request, v *visit) {
		err := d.welcome(r, v, o)
		leave := func() {}
		if err == nil {
			leave, err = d.readBody(w, r, v.asker(), op.MaxBodyBytes)
		}
		if err != nil {
			d.refuse(w, r, o.id, err)
			return
		}
		defer leave()
		r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
		switch o.method {
		case get:
			d.tagged(w, r, o, handle)
		case post:
			d.onceOnly(w, r, o, v, handle)
		default:
			d.unchanged(w, r, o, handle)
		}
	}
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := d.knock(w, r)
		switch {
		case err != nil:
			d.refuse(w, r, o.id, err)
		case o.method == get && !o.permission.needsToken():
			d.Lately.Give(w, r, func(w http.ResponseWriter, r *http.Request) { answer(w, r, v) })
		default:
			answer(w, r, v)
		}
	}
}

// guard sets the headers that every answer carries, answers where there is no row, and keeps a stumble from ending a connection
// without a word.
func (d *door) guard(rows *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-store")
		defer d.stumble(w, r)
		if err := readable(r); err != nil {
			d.refuse(w, r, "", err)
			return
		}
		if _, pattern := rows.Handler(r); pattern == "" {
			d.nowhere(w, r, rows)
			return
		}
		rows.ServeHTTP(w, r)
	})
}

const rowKey = "row"

// usualBody is the largest body of an operation that says nothing else, in bytes.
const usualBody = 1 << 20

// operation is the description of a row.
func (d *door) operation(o operation) huma.Operation {
	op := huma.Operation{OperationID: o.id, Method: o.method, Path: o.path, Summary: o.summary, Tags: []string{o.about},
		Metadata: map[string]any{rowKey: o}, MaxBodyBytes: usualBody, BodyReadTimeout: 2 * time.Minute}
	op.Errors = []int{http.StatusNotFound, http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusInternalServerError}
	if o.scope != "" {
		op.Security = []map[string][]string{{"token": {}}}
		op.Description = "A token needs the scope `" + string(o.scope) + "`."
		op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusForbidden)
		if !o.permission.needsToken() {
			op.Security = append(op.Security, map[string][]string{}) // without a token one is nobody
			op.Description = "Without a token: as anybody. " + op.Description
		}
	}
	if o.method != get {
		op.Errors = append(op.Errors, http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity)
	}
	return op
}

// option says more of an operation than its row does.
type option func(*huma.Operation)

// created answers 201.
func created(op *huma.Operation) { op.DefaultStatus = http.StatusCreated }

// says adds to the description, in Markdown.
func says(text string) option {
	return func(op *huma.Operation) { op.Description = text + "\n\n" + op.Description }
}

// upTo takes bodies of so many bytes.
func upTo(most int64) option { return func(op *huma.Operation) { op.MaxBodyBytes = most } }

// gives answers a file of one of these types, in place of JSON. The handler returns a *file.
func gives(types ...string) option {
	return func(op *huma.Operation) {
		content := map[string]*huma.MediaType{}
		for _, t := range types {
			content[t] = &huma.MediaType{Schema: fileSchema(t)}
		}
		op.Responses = map[string]*huma.Response{"200": {Description: "The file", Content: content}}
	}
}

// takes is for a RawBody: a file of one of these types.
func takes(types ...string) option {
	return func(op *huma.Operation) {
		content := map[string]*huma.MediaType{}
		for _, t := range types {
			content[t] = &huma.MediaType{Schema: fileSchema(t)}
		}
		op.RequestBody = &huma.RequestBody{Required: true, Content: content}
	}
}

// fileSchema describes a file: text, or bytes.
func fileSchema(contentType string) *huma.Schema {
	if strings.HasPrefix(contentType, "text/") || strings.HasSuffix(contentType, "yaml") || strings.HasSuffix(contentType, "xml") || strings.HasSuffix(contentType, "ndjson") {
		return &huma.Schema{Type: huma.TypeString}
	}
	if strings.HasSuffix(contentType, "json") {
		return &huma.Schema{Type: huma.TypeObject}
	}
	return &huma.Schema{Type: huma.TypeString, Format: "binary"}
}

// do makes a handler of this package one of the framework's. The visit is whoever was admitted.
func do[I, O any](handle func(*door, context.Context, *visit, *I) (*O, error), options ...option) func(*door, huma.Operation) {
	mustBind(reflect.TypeFor[I]())
	return func(d *door, op huma.Operation) {
		for _, o := range options {
			o(&op)
		}
		huma.Register(d.api, op, func(ctx context.Context, in *I) (*O, error) {
			out, err := handle(d, ctx, visitOf(ctx), in)
			if err != nil {
				return nil, d.problem(ctx, op.OperationID, err)
			}
			return out, nil
		})
	}
}

// mustBind refuses an input in which a struct of a name in small letters is embedded: the framework would pass over it.
func mustBind(t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.Anonymous || f.Type.Kind() != reflect.Struct {
			continue
		}
		if !f.IsExported() {
			panic("api: " + t.String() + " embeds " + f.Name + ": give it a capital letter, or nothing is read into it")
		}
		mustBind(f.Type)
	}
}

// body is an answer of one thing.
type body[T any] struct{ Body T }

// answer makes one.
func answer[T any](of T) *body[T] { return &body[T]{Body: of} }

// nothing is an answer without a body, 204.
type nothing struct{}

// file is an answer that is no JSON of ours.
type file struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Tag         string `header:"ETag" hidden:"true"` // "" that of the content
	Body        []byte
}

// download makes an answer that programs save under a name, which has no quotes in it.
func download(contentType, name string, content []byte) *file {
	return &file{Type: contentType, Disposition: `attachment; filename="` + name + `"`, Body: content}
}
