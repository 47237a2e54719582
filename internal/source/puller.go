package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/reach"
)

// Puller knows how to ask one kind of outside system. It keeps nothing: state goes in and comes out.
type Puller interface {
	// Configure refuses, with Invalid and the field, settings that cannot be, and returns them as they are kept.
	Configure(settings json.RawMessage) (json.RawMessage, error)
	// Keys returns the keys of entries that settings which Configure returned name; none where rules of the source say them, or what
	// is found.
	Keys(settings json.RawMessage) []string
	// Check asks once and says in a line for people what it found, such as "12 items, the newest of 2026-11-20". Nothing is kept.
	Check(ctx context.Context, at Asking) (found string, err error)
	// Pull asks for what is new since a state ("" at first) and tells it in batches. The state that take is handed is kept
	// together with the batch; take's error ends the pull. Limited, with the wait, where the other side wants less.
	Pull(ctx context.Context, at Asking, take func(b intake.Batch, state string) error) error
}

// Asking is what a puller works with.
type Asking struct {
	Settings    json.RawMessage
	Credentials string // "" none
	State       string // as the last pull left it
	Since       time.Time
	Zone        *time.Location // in which days of the other system are told, where it does not say
	Client      *http.Client   // of Reach
	Reach       *reach.Reach
	Now         time.Time
}

// ReadState reads what the last pull left into a pointer; at first there is nothing.
func (a Asking) ReadState(into any) error {
	if a.State == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(a.State), into); err != nil {
		return fmt.Errorf("reading the state of a source: %w", err)
	}
	return nil
}

// Sayings name what has no id of its own: by what it says, and by how often that was said before in the same pull. So what is read
// again and again is one thing, and what stands twice is two.
type Sayings map[string]int

// ID names the next thing that says something about somebody.
func (s Sayings) ID(about, says string) string {
	sum := sha256.Sum256([]byte(about + "\x00" + says))
	id := "~" + hex.EncodeToString(sum[:16])
	s[id]++
	return id + "-" + strconv.Itoa(s[id])
}

// ReadSettings reads the settings of a kind, a JSON object, into a pointer to its struct, on top of what is there. Invalid, with the
// field, for one that the struct does not have or that is of another type.
func ReadSettings(text json.RawMessage, into any) error {
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	err := in.Decode(into)
	if err == nil && !in.More() {
		return nil
	}
	var known []string
	for field := range reflect.TypeOf(into).Elem().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		known = append(known, name)
	}
	names := strings.Join(known, ", ")
	if err != nil {
		if name, is := strings.CutPrefix(err.Error(), "json: unknown field "); is {
			name, _ = strconv.Unquote(name)
			return fault.Wrong(name, "%q is no setting of this kind; these are: %s.", name, names)
		}
		if kind := (*json.UnmarshalTypeError)(nil); errors.As(err, &kind) && kind.Field != "" {
			return fault.Wrong(kind.Field, "%q cannot be a %s.", kind.Field, kind.Value)
		}
	}
	return fault.Wrong("settings", "The settings are a JSON object with, as you need them, %s.", names)
}
