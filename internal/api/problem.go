package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"cairn/internal/fault"
	"cairn/internal/once"
)

// absence is the one answer for what is absent and for what is not theirs.
const absence = "There is nothing at this address, or it is not yours to see."

// problems says of each kind of fault how its problem is titled, and what to do about it.
var problems = map[fault.Kind]struct{ title, meaning string }{
	fault.Invalid:         {"What was sent cannot be taken", "Something in the request is wrong: detail says what, and errors says where. Mend it and send it again; the same request gets the same answer."},
	fault.Unauthenticated: {"A token is needed", "Nobody knows who asks. Send a token as \"Authorization: Bearer cairn_…\". Its owner makes it under \"Ways in\", for a day to a year, and can revoke it there."},
	fault.Forbidden:       {"This is not for this token", "The token is known, and what it was made for does not cover this. Make one with the scope that detail names."},
	fault.NotFound:        {"Nothing stands here", "There is nothing at this address, or it is not yours to see: both are the same answer, so that nobody learns what is there by asking."},
	fault.Conflict:        {"It does not fit what is there", "The request is well formed, and something that is there stands against it: it was changed meanwhile, is there already, or is final. Read it again and decide."},
	fault.Withheld:        {"There is no consent to this", "Whose data this is has not agreed to this use of it, or does not any more. Nothing but their word changes that."},
	fault.Limited:         {"Too often", "Wait as many seconds as Retry-After says, and ask again. RateLimit says how many requests are left."},
	fault.Unavailable:     {"Not just now", "The server cannot do it at this moment: nothing was done. Wait as many seconds as Retry-After says, and send the same request again."},
	fault.Internal:        {"A stone slipped", "It is the server's fault, not yours. Send it again; if it happens once more, tell whoever runs the server, with the number in instance."},
}

// kinds is the order in which they are told.
var kinds = []fault.Kind{fault.Invalid, fault.Unauthenticated, fault.Forbidden, fault.NotFound, fault.Conflict, fault.Withheld, fault.Limited, fault.Unavailable, fault.Internal}

// typeOf is the address that names a kind of problem, and says in a browser what it means.
func typeOf(k fault.Kind) string { return Prefix + "/problems/" + string(k) }

// odd is an error whose status is not that of its kind.
type odd struct {
	error
	status int
}

func (o odd) Unwrap() error { return o.error }

// errUnseen refuses a change of what the asker has not seen as it is.
var errUnseen = odd{fault.New(fault.Conflict, "This is not what stands there now, or cannot be read by this token: read it again, and send the ETag of that as If-Match."), http.StatusPreconditionFailed}

// problem makes of an error the answer that says so: RFC 9457, of a type per kind of fault. Only what is our own fault is logged.
func (d *door) problem(ctx context.Context, operation string, err error) error {
	kind := fault.Of(err)
	p := &huma.ErrorModel{Type: typeOf(kind), Title: problems[kind].title, Status: kind.HTTP(), Detail: fault.Message(err)}
	if o := (odd{}); errors.As(err, &o) {
		p.Status = o.status
	} else if errors.Is(err, once.ErrOther) {
		p.Status = http.StatusUnprocessableEntity // as draft-ietf-httpapi-idempotency-key-header wants
	}
	switch kind {
	case fault.NotFound:
		p.Detail = absence
	case fault.Internal:
		p.Detail = "It is not your doing. Send it again; if it happens once more, tell whoever runs this server and give them the number in instance."
		p.Instance = "urn:uuid:" + uuid.NewString()
	}
	if kind == fault.Internal || kind == fault.Unavailable {
		d.log.ErrorContext(ctx, "API failed", "operation", operation, "kind", string(kind), "number", p.Instance, "error", err.Error())
	}
	if f := (*fault.Fault)(nil); errors.As(err, &f) {
		if f.Field != "" {
			p.Errors = []*huma.ErrorDetail{{Message: f.Message, Location: located(f.Field)}}
		}
		var many interface{ details() []*huma.ErrorDetail }
		if errors.As(err, &many) {
			p.Errors = many.details()
		}
		if kind == fault.Limited || kind == fault.Unavailable {
			return huma.ErrorWithHeaders(p, http.Header{"Retry-After": {strconv.Itoa(max(5, int(f.Wait.Seconds())))}})
		}
	}
	return p
}

// located is where a field stands: in the body, unless it says itself.
func located(field string) string {
	for _, part := range []string{"query.", "path.", "header.", "body."} {
		if strings.HasPrefix(field, part) {
			return field
		}
	}
	return "body." + field
}

// refuse answers a request with what was wrong, outside of the framework.
func (d *door) refuse(w http.ResponseWriter, r *http.Request, operation string, err error) {
	said := d.problem(r.Context(), operation, err)
	header := w.Header()
	if with, ok := said.(huma.HeadersError); ok {
		for name, values := range with.GetHeaders() {
			header[name] = values
		}
	}
	if fault.Of(err) == fault.Unauthenticated {
		header.Set("WWW-Authenticate", `Bearer realm="Cairn"`)
	}
	var p *huma.ErrorModel
	if !errors.As(said, &p) {
		return // never: problem makes one
	}
	header.Set("Content-Type", "application/problem+json")
	for _, name := range []string{"Content-Length", "Content-Disposition", "ETag"} {
		header.Del(name)
	}
	w.WriteHeader(p.Status)
	_ = huma.DefaultJSONFormat.Marshal(w, p) // the asker may have gone
}

// told turns what the framework itself refuses into a problem of ours.
func (d *door) told(_ huma.Context, _ string, v any) (any, error) {
	p, ok := v.(*huma.ErrorModel)
	if !ok || p.Type != "" {
		return v, nil
	}
	kind := fault.Invalid
	switch {
	case p.Status >= 500:
		kind = fault.Internal
	case p.Status == http.StatusNotFound:
		kind = fault.NotFound
	}
	p.Type, p.Title = typeOf(kind), problems[kind].title
	if p.Detail == "validation failed" {
		p.Detail = "What was sent does not fit the description of this operation: errors says where."
	}
	if len(p.Errors) > 50 { // a body of a thousand faults has said enough
		p.Errors = p.Errors[:50]
	}
	for _, e := range p.Errors {
		e.Value = nil // they know what they sent
	}
	return p, nil
}

// nowhere answers where no operation stands, or none of this method.
func (d *door) nowhere(w http.ResponseWriter, r *http.Request, rows *http.ServeMux) {
	if err := d.pace(w, "", network(r.RemoteAddr)); err != nil {
		d.refuse(w, r, "", err)
		return
	}
	seen := &memory{header: http.Header{}}
	rows.ServeHTTP(seen, r)
	allowed := seen.header.Get("Allow")
	if seen.status != http.StatusMethodNotAllowed || allowed == "" {
		d.refuse(w, r, "", fault.New(fault.NotFound, absence))
		return
	}
	w.Header().Set("Allow", allowed)
	d.refuse(w, r, "", odd{fault.New(fault.Invalid, "This address takes %s.", allowed), http.StatusMethodNotAllowed})
}

// stumble answers for a handler that panicked.
func (d *door) stumble(w http.ResponseWriter, r *http.Request) {
	why := recover()
	if why == nil {
		return
	}
	if why == http.ErrAbortHandler { // nothing more is to be said
		panic(why)
	}
	d.refuse(w, r, r.Pattern, fmt.Errorf("panic: %v\n%s", why, debug.Stack()))
}

// readable refuses addresses that no database of ours can look up.
func readable(r *http.Request) error {
	if bad := func(text string) bool { return strings.ContainsRune(text, 0) || !utf8.ValidString(text) }; bad(r.URL.Path) {
		return fault.New(fault.NotFound, absence)
	} else if r.URL.RawQuery != "" {
		for name, values := range r.URL.Query() {
			if bad(name) || bad(strings.Join(values, "")) {
				return fault.New(fault.Invalid, "The part of the address behind the question mark is no UTF-8 text.")
			}
		}
	}
	return nil
}

// readBody reads what was sent into memory, at most so many bytes. Of a large body leave gives back the place that it has there.
func (d *door) readBody(w http.ResponseWriter, r *http.Request, who string, most int64) (leave func(), err error) {
	leave = func() {}
	if r.Body == nil || r.Body == http.NoBody {
		return leave, nil
	}
	defer func() {
		if err != nil {
			leave()
		}
	}()
	large := odd{fault.New(fault.Invalid, "At most %d bytes are taken here: send it in parts.", most), http.StatusRequestEntityTooLarge}
	if r.ContentLength > most {
		return leave, large
	}
	from := http.MaxBytesReader(w, r.Body, most)
	sent, err := io.ReadAll(io.LimitReader(from, smallBody))
	if err == nil && len(sent) == smallBody {
		if leave, err = d.large.take(who); err != nil {
			return func() {}, err
		}
		var rest []byte
		rest, err = io.ReadAll(from)
		sent = append(sent, rest...)
	}
	tooLarge := (*http.MaxBytesError)(nil)
	switch {
	case errors.As(err, &tooLarge):
		return leave, large
	case errors.Is(err, os.ErrDeadlineExceeded):
		return leave, odd{fault.New(fault.Invalid, "It took too long to send this: send it in parts, or over a quicker line."), http.StatusRequestTimeout}
	case err != nil:
		return leave, odd{fault.New(fault.Invalid, "What was sent broke off."), http.StatusBadRequest}
	}
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); kind == "" || strings.HasSuffix(strings.TrimSpace(kind), "json") {
		if why := hostile(sent); why != "" {
			return leave, odd{fault.New(fault.Invalid, "%s", why), http.StatusBadRequest}
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(sent))
	return leave, nil
}

// deepest is how deep brackets may nest in what is sent; nothing that is taken here nests half as deep.
const deepest = 64

// hostile says why a JSON text should not be read further, "" where it may: it nests too deep, or holds the character that no
// database keeps.
func hostile(text []byte) string {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			if bytes.HasPrefix(text[i+1:], []byte("u0000")) {
				return "There is a character NUL in what was sent: no text has one."
			}
			i++
		case quoted:
		case c == '[' || c == '{':
			if depth++; depth > deepest {
				return "What was sent nests too deep."
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return ""
}
