package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"cairn/internal/fault"
)

// absence is the one answer for what is absent and for what is not theirs.
const absence = "There is nothing at this address, or it is not yours to see."

// problem makes of an error the answer that says so: RFC 9457, of a type per kind of fault. Only what is our own fault is logged.
func (d *door) problem(ctx context.Context, operation string, err error) error {
	kind := fault.Of(err)
	p := &huma.ErrorModel{Type: Prefix + "/problems/" + string(kind), Title: titles[kind], Status: kind.HTTP(), Detail: fault.Message(err)}
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
			p.Errors = []*huma.ErrorDetail{{Message: f.Message, Location: "body." + f.Field}}
		}
		if kind == fault.Limited || kind == fault.Unavailable {
			return huma.ErrorWithHeaders(p, http.Header{"Retry-After": {strconv.Itoa(max(5, int(f.Wait.Seconds())))}})
		}
	}
	return p
}

var titles = map[fault.Kind]string{
	fault.Invalid: "What was sent cannot be", fault.Unauthenticated: "A token is needed", fault.Forbidden: "This is not for this token",
	fault.NotFound: "Nothing stands here", fault.Conflict: "It does not fit what is there", fault.Withheld: "There is no consent to this",
	fault.Limited: "Too often", fault.Unavailable: "Not just now", fault.Internal: "A stone slipped",
}

// asModel finds the model in an answer that has headers around it.
func asModel(err error, to **huma.ErrorModel) bool { return errors.As(err, to) }
