package api

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"cairn/internal/board"
	"cairn/internal/coaching"
	"cairn/internal/consent"
	"cairn/internal/entry"
	"cairn/internal/hook"
	"cairn/internal/identity"
	"cairn/internal/job"
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
	Now         func() time.Time // the only clock
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
	log  *slog.Logger
	base string // address of the server, without a slash at the end
	api  huma.API
}

// New builds the API. base is the address under which the server is reached; "" leaves addresses relative.
func New(rooms Rooms, log *slog.Logger, base string) *API {
	d := &door{Rooms: rooms, log: log, base: strings.TrimSuffix(base, "/")}
	mux := http.NewServeMux()
	d.api = humago.NewWithPrefix(mux, Prefix, describe())
	for _, o := range operations {
		o.do(d, d.operation(o))
	}
	return &API{door: d, handler: d.guard(mux)}
}

// Mount puts the API below Prefix, and the doors of formats that other programs speak where those look for them.
func (a *API) Mount(mux *http.ServeMux) {
	mux.Handle(Prefix+"/", a.handler)
	a.door.intake(mux)
}

// describe is the head of the description.
func describe() huma.Config {
	c := huma.DefaultConfig("Cairn", "1")
	c.Info.Description = "One score per player per period: opt-in, explainable, recomputable. What the pages can do, this can do, through the same code and the same permission."
	c.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	c.Servers = []*huma.Server{{URL: Prefix}}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "A token, made under \"Ways in\" by its owner: Authorization: Bearer cairn_…"},
	}
	c.DocsPath, c.SchemasPath = "", "" // their page would load from elsewhere
	c.CreateHooks = nil                // no $schema in bodies
	c.Formats = map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat}
	c.DefaultFormat = "application/json"
	c.RejectUnknownQueryParameters = true
	return c
}

// guard sets the headers that every answer carries.
func (d *door) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// operation is the description of a row, with who may use it in front of it.
func (d *door) operation(o operation) huma.Operation {
	op := huma.Operation{OperationID: o.id, Method: o.method, Path: o.path, Summary: o.summary, Tags: []string{o.about}, Middlewares: huma.Middlewares{d.admit(o)}}
	op.Errors = []int{http.StatusNotFound, http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusInternalServerError}
	if o.scope != "" {
		op.Security = []map[string][]string{{"token": {string(o.scope)}}}
		op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusForbidden)
		if !o.permission.needsToken() {
			op.Security = append(op.Security, map[string][]string{}) // without a token one is nobody
		}
	}
	if o.method != http.MethodGet {
		op.Errors = append(op.Errors, http.StatusConflict)
	}
	return op
}

// do makes a handler of this package one of the framework's. The visit is whoever was admitted.
func do[I, O any](handle func(*door, context.Context, *visit, *I) (*O, error)) func(*door, huma.Operation) {
	return func(d *door, op huma.Operation) {
		huma.Register(d.api, op, func(ctx context.Context, in *I) (*O, error) {
			out, err := handle(d, ctx, visitOf(ctx), in)
			if err != nil {
				return nil, d.problem(ctx, op.OperationID, err)
			}
			return out, nil
		})
	}
}

// body is an answer of one thing.
type body[T any] struct{ Body T }

// answer makes one.
func answer[T any](of T) *body[T] { return &body[T]{Body: of} }

// nothing is an answer without a body, 204.
type nothing struct{}
