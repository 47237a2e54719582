package api

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"cairn/client"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/intake"
	"cairn/internal/source"
)

// intakeDoors are the doors of formats that other programs speak. They know nothing but the keys of sources, and such a key opens
// nothing else.
type intakeDoors struct {
	*door
	unknown  *places       // for bodies that carry the key themselves
	patience time.Duration // how long a body may take to come
}

const (
	smallBody     = 1 << 20
	keyPace       = 60_000 // requests a minute of one source, and as many at once
	wrongKeyPace  = 60     // keys a minute from one network that are none
	keyBegins     = "cairn_key_"
	trackPatience = time.Minute
)

// intake puts the doors of other programs' formats where those look for them.
func (d *door) intake(mux *http.ServeMux) {
	in := &intakeDoors{d, placesFor(unknownAtOnce, unknownOfOne), trackPatience}
	native := format{"in", intake.MaxBody, false, func(r *http.Request, body []byte, a intake.Arrival) (intake.Batch, error) {
		return intake.ReadDirect(body, a)
	}, counts}
	events := format{"in-cloudevents", intake.MaxTrack, false, func(r *http.Request, body []byte, a intake.Arrival) (intake.Batch, error) {
		return intake.ReadCloudEvents(r.Header, body, a)
	}, counts}
	mux.Handle("POST "+Prefix+"/in", in.take(native))
	mux.Handle("POST "+Prefix+"/in/cloudevents", in.take(events))
	mux.Handle("OPTIONS "+Prefix+"/in/cloudevents", in.outside(handshake))
	for kind, words := range map[string][]string{
		"track": {"track", "t"}, "identify": {"identify", "i"}, "page": {"page", "p"}, "screen": {"screen", "s"}, "group": {"group", "g"}, "alias": {"alias", "a"},
		"batch": {"batch", "b", "import"},
	} {
		calls := format{"in-" + kind, intake.MaxTrack, true, func(_ *http.Request, body []byte, a intake.Arrival) (intake.Batch, error) {
			return intake.ReadTrack(kind, body, a)
		}, success}
		for _, word := range words {
			mux.Handle("POST /v1/"+word, in.take(calls))
			mux.Handle("POST /api/s/"+word, in.take(calls)) // where Jitsu's clients look
		}
		if kind == "batch" {
			mux.Handle("POST /batch", in.take(calls))
			mux.Handle("POST /batch/{$}", in.take(calls)) // and PostHog's
		}
	}
}

// format is one way to say events over HTTP.
type format struct {
	name   string
	most   int  // bytes of a body, packed and unpacked
	inBody bool // the body may carry the key
	read   func(*http.Request, []byte, intake.Arrival) (intake.Batch, error)
	answer func(http.ResponseWriter, source.Taken)
}

// take answers requests of a format: the key is looked up first, and bodies without one are small and few at a time.
// What is answered with 200 is on disk.
func (in *intakeDoors) take(f format) http.Handler {
	return in.outside(func(w http.ResponseWriter, r *http.Request) {
		taken, err := in.push(w, r, f)
		if err != nil {
			in.refuse(w, r, f.name, err)
			return
		}
		f.answer(w, taken)
	})
}

func (in *intakeDoors) push(w http.ResponseWriter, r *http.Request, f format) (taken source.Taken, err error) {
	key := keyOf(r)
	var from source.Connection
	if key != "" || !f.inBody {
		if from, err = in.knock(r, key); err != nil {
			return taken, err
		}
	}
	if from.ID == "" {
		leave, err := in.unknown.take(identity.Network(r.RemoteAddr))
		if err != nil {
			return taken, err
		}
		defer leave()
	}
	body, leave, err := in.body(w, r, from.ID, f.most)
	if err != nil {
		return taken, err
	}
	defer leave()
	if key == "" && f.inBody {
		if from, err = in.knock(r, keyIn(intake.WriteKey(body))); err != nil {
			return taken, err
		}
	}
	arrival := intake.Arrival{At: in.Now(), Zone: from.Zone, Once: clipped(r.Header.Get("Idempotency-Key")), Ruled: len(from.Rules) > 0, Own: from.Player != ""}
	batch, err := f.read(r, body, arrival)
	if err != nil {
		return taken, unread(err)
	}
	taken, err = in.Sources.Push(r.Context(), from, batch)
	return taken, later(err)
}

// later makes of a failure of ours what it is to the sender: nothing is lost that was not acknowledged, and it is to come again.
func later(err error) error {
	if fault.Of(err) != fault.Internal {
		return err
	}
	f := fault.Wrap(fault.Unavailable, err, "What was sent cannot be kept just now: send it again.")
	f.Wait = 10 * time.Second
	return f
}

// knock finds the source of a key. How often a key may be used is counted, and how often a network tries keys that are none.
func (in *intakeDoors) knock(r *http.Request, key string) (source.Connection, error) {
	now := in.Now()
	tries := in.paces.limiter("knock "+identity.Network(r.RemoteAddr), wrongKeyPace)
	if tries.TokensAt(now) < 1 {
		return source.Connection{}, tooOften("There were too many keys that are none from your network.")
	}
	from, err := in.Sources.ByKey(r.Context(), key)
	if fault.Of(err) == fault.Unauthenticated {
		tries.AllowN(now, 1)
		err = fault.New(fault.Unauthenticated, "Send the key of a source as \"Authorization: Bearer cairn_key_…\", as the name of Basic authorization, or as X-Write-Key.")
	}
	if err != nil {
		return from, later(err)
	}
	if !in.paces.limiter("source "+from.ID, keyPace).AllowN(now, 1) {
		return from, tooOften("This source sends more requests than are taken in a minute: put more events into each.")
	}
	return from, nil
}

func tooOften(words string) error {
	f := fault.New(fault.Limited, "%s Wait as many seconds as Retry-After says.", words)
	f.Wait = 5 * time.Second
	return f
}

// keyOf is the key of a source that the headers show, "" none: as a bearer, as the name of Basic authorization, or as the write
// key, beside which some send an id.
func keyOf(r *http.Request) string {
	if name, _, ok := r.BasicAuth(); ok && name != "" {
		return keyIn(name)
	}
	if kind, secret, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(kind, "Bearer") {
		return keyIn(strings.TrimSpace(secret))
	}
	return keyIn(r.Header.Get("X-Write-Key"))
}

// keyIn is the key in a text of the form key, id:key or key:.
func keyIn(text string) string {
	for part := range strings.SplitSeq(text, ":") {
		if strings.HasPrefix(part, keyBegins) {
			return part
		}
	}
	return text
}

func clipped(text string) string { return text[:min(len(text), 200)] }

// unread gives the refusal of a body its status: 400 where it cannot be read, 413 where it is too large, else 422.
func unread(err error) error {
	switch {
	case errors.Is(err, intake.ErrLarge):
		return odd{err, http.StatusRequestEntityTooLarge}
	case errors.Is(err, intake.ErrBroken):
		return odd{err, http.StatusBadRequest}
	}
	return err
}

// body reads what was sent and unpacks it. A large one waits for no place: it is to come again. The place is kept until leave, since
// what it holds stays in memory until it is kept.
func (in *intakeDoors) body(w http.ResponseWriter, r *http.Request, who string, most int) (body []byte, leave func(), err error) {
	leave = func() {}
	defer func() {
		if err != nil {
			leave()
		}
	}()
	large := odd{fault.New(fault.Invalid, "At most %d KiB are taken in one request: send several.", most>>10), http.StatusRequestEntityTooLarge}
	if r.ContentLength > int64(most) {
		return nil, leave, large
	}
	control := http.NewResponseController(w)
	timer := time.AfterFunc(in.patience, func() { _ = control.SetReadDeadline(time.Unix(1, 0)) }) // long past: whoever reads is woken
	defer timer.Stop()
	from := http.MaxBytesReader(w, r.Body, int64(most))
	body, err = io.ReadAll(io.LimitReader(from, smallBody))
	if err == nil && len(body) == smallBody && most > smallBody {
		place, err := in.large.take(who)
		if err != nil {
			return nil, leave, err
		}
		leave = place
		rest, err := io.ReadAll(from)
		if body = append(body, rest...); err != nil {
			return nil, leave, in.brokenOff(err, large, timer)
		}
	} else if err == nil && len(body) == smallBody {
		if _, err = from.Read(make([]byte, 1)); err == io.EOF {
			err = nil
		}
	}
	if err != nil {
		return nil, leave, in.brokenOff(err, large, timer)
	}
	if body, err = intake.Unpack(body, most); err != nil {
		return nil, leave, unread(err)
	}
	return body, leave, nil
}

// brokenOff says why a body did not come whole.
func (in *intakeDoors) brokenOff(err, large error, timer *time.Timer) error {
	tooLarge := (*http.MaxBytesError)(nil)
	switch {
	case errors.As(err, &tooLarge):
		return large
	case !timer.Stop():
		return odd{fault.New(fault.Invalid, "It took too long to send this: send it in parts, or over a quicker line."), http.StatusRequestTimeout}
	}
	return odd{fault.New(fault.Invalid, "What was sent broke off."), http.StatusBadRequest}
}

// outside sets the headers that every answer carries, and keeps a stumble from ending a connection without a word.
func (in *intakeDoors) outside(handle http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cache-Control", "no-store")
		defer in.stumble(w, r)
		handle(w, r)
	})
}

// handshake agrees to deliveries by the HTTP WebHook that CloudEvents name: whoever may send has a key, so that anybody may ask.
func handshake(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Allow", "OPTIONS, POST")
	if origin := r.Header.Get("WebHook-Request-Origin"); origin != "" {
		header.Set("WebHook-Allowed-Origin", clipped(origin))
		header.Set("WebHook-Allowed-Rate", "1000") // requests a minute; more are taken where they come
	}
	w.WriteHeader(http.StatusOK)
}

// counts answers with what became of each event.
func counts(w http.ResponseWriter, t source.Taken) { written(w, wireIntake(t)) }

// success answers as clients of the Segment kind expect: what waits in quarantine is taken, too.
func success(w http.ResponseWriter, _ source.Taken) {
	written(w, struct {
		Success bool `json:"success"`
	}{true})
}

func written(w http.ResponseWriter, of any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(of) // the sender may have gone
}

// wireIntake is what became of messages in the words of the API.
func wireIntake(t source.Taken) client.Intake {
	return client.Intake{Events: t.Events, Added: t.Added, Duplicates: t.Duplicates, Skipped: t.Skipped, Waiting: t.Waiting, Conflicts: t.Conflicts, TooLate: t.TooLate, MadeIDs: t.MadeIDs}
}
