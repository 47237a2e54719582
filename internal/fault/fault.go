package fault

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Kind is what sort of error it is.
type Kind string

const (
	Invalid         Kind = "invalid"
	Unauthenticated Kind = "unauthenticated"
	Forbidden       Kind = "forbidden"
	NotFound        Kind = "not_found" // absent or hidden: the same answer
	Conflict        Kind = "conflict"
	Withheld        Kind = "withheld" // no consent for this purpose
	Limited         Kind = "limited"  // Wait says how long
	Unavailable     Kind = "unavailable"
	Internal        Kind = "internal"
)

// HTTP returns the status of a kind.
func (k Kind) HTTP() int {
	switch k {
	case Invalid:
		return http.StatusUnprocessableEntity
	case Unauthenticated:
		return http.StatusUnauthorized
	case Forbidden, Withheld:
		return http.StatusForbidden
	case NotFound:
		return http.StatusNotFound
	case Conflict:
		return http.StatusConflict
	case Limited:
		return http.StatusTooManyRequests
	case Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// Exit returns the exit code of a kind.
func (k Kind) Exit() int {
	switch k {
	case Invalid:
		return 2
	case Unauthenticated, Forbidden:
		return 3
	case NotFound:
		return 4
	case Conflict:
		return 5
	case Withheld:
		return 6
	case Limited, Unavailable:
		return 7
	}
	return 1
}

// Fault is an error with a kind and a message that is safe to show.
type Fault struct {
	Kind    Kind
	Message string        // for people: what, where, what to do next
	Field   string        // of Invalid: the field or key that is wrong, "" none
	Wait    time.Duration // of Limited and Unavailable; 0 not known
	Cause   error         // for the log only
}

// Error returns the safe message, followed by the cause for logs.
func (f *Fault) Error() string {
	if f.Cause == nil {
		return f.Message
	}
	return f.Message + ": " + f.Cause.Error()
}

func (f *Fault) Unwrap() error { return f.Cause }

// New returns a fault of a kind.
func New(kind Kind, format string, args ...any) *Fault {
	return &Fault{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Wrong returns an Invalid fault of one field or key.
func Wrong(field, format string, args ...any) *Fault {
	return &Fault{Kind: Invalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// In returns what err says as an Invalid fault of one field or key.
func In(field string, err error) *Fault { return Wrong(field, "%s", Message(err)) }

// Wrap returns a fault of a kind with a cause for the log.
func Wrap(kind Kind, cause error, format string, args ...any) *Fault {
	return &Fault{Kind: kind, Message: fmt.Sprintf(format, args...), Cause: cause}
}

// Of returns the kind of err: that of the outermost fault in its chain, else Internal. Of(nil) is "".
func Of(err error) Kind {
	if err == nil {
		return ""
	}
	if f := (*Fault)(nil); errors.As(err, &f) {
		return f.Kind
	}
	return Internal
}

// Message returns the words of err that are safe to show.
func Message(err error) string {
	if f := (*Fault)(nil); errors.As(err, &f) {
		return f.Message
	}
	return "Something went wrong inside Cairn. The log has the details."
}
