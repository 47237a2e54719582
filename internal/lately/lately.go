package lately

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// Largest is the largest body that is kept, in bytes.
	Largest = 512 << 10
	// Most is how much is kept at the same time, in bytes.
	Most = 32 << 20
)

// Answers is the answers of this second. It may be used from many goroutines.
type Answers struct {
	state func(context.Context) (string, error)
	now   func() time.Time

	mu    sync.Mutex
	of    moment
	kept  map[string]*answer
	bytes int
}

// moment is when answers hold: within one second, and between two commits.
type moment struct {
	state  string
	second int64
}

// answer is one that is kept, or that is being made and others wait for.
type answer struct {
	made   chan struct{} // closed when it is
	kept   bool          // it can be given again
	left   bool          // whoever it was made for went away: it may be made again
	header http.Header   // what it sets beyond what stood there before; a name without values is taken away
	body   []byte
}

// New builds it. state names what the database holds: the same name twice means that nothing was committed in between. now is the only
// clock.
func New(state func(context.Context) (string, error), now func() time.Time) *Answers {
	return &Answers{state: state, now: now}
}

// Give answers a request: with what was answered to the same one in this second, else by handle. Requests are the same where they ask
// the same host for the same address and accept the same; whatever else about a request changes its answer must not come here. The
// headers that w has before are each request's own and are not kept. Of several at once, one is handled and the others wait for it, or
// where it goes away one of them is handled: nobody who sends slowly or leaves keeps an answer from others. Without Answers every
// request is handled.
func (a *Answers) Give(w http.ResponseWriter, r *http.Request, handle http.HandlerFunc) {
	if a == nil || r.Method != http.MethodGet || r.ContentLength != 0 || carried(r.Header, "Cookie", "Authorization", "Range", "If-Range", "If-Match") {
		handle(w, r)
		return
	}
	state, err := a.state(r.Context())
	if err != nil { // whoever handles it says so
		handle(w, r)
		return
	}
	at, request := moment{state, a.now().Unix()}, strings.Join([]string{r.Host, r.URL.RequestURI(), r.Header.Get("Accept")}, "\n")
	for {
		kept, first := a.at(at, request)
		if first {
			a.make(w, r, kept, handle)
			return
		}
		select {
		case <-kept.made:
		case <-r.Context().Done():
			return // nobody is waiting for an answer
		}
		switch {
		case kept.kept:
			kept.send(w, r)
			return
		case !kept.left:
			handle(w, r)
			return
		}
	}
}

// carried reports whether any of these names stands in a header.
func carried(header http.Header, names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return len(header[name]) > 0 })
}

// at returns the answer to a request at a moment; first reports that it is to be made.
func (a *Answers) at(m moment, request string) (kept *answer, first bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of != m {
		a.of, a.kept, a.bytes = m, map[string]*answer{}, 0
	}
	if kept, known := a.kept[request]; known && !kept.left {
		return kept, false
	}
	kept = &answer{made: make(chan struct{})}
	if a.bytes < Most {
		a.bytes += len(request)
		a.kept[request] = kept
	}
	return kept, true
}

// make has a request handled and keeps the answer, where it is a whole one that anybody may have: of one whose asker went away meanwhile
// something may be missing. Those who wait for it wait no longer
// than until it is known, however slowly it is fetched.
func (a *Answers) make(w http.ResponseWriter, r *http.Request, kept *answer, handle http.HandlerFunc) {
	known := sync.OnceFunc(func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		kept.left = !kept.kept && r.Context().Err() != nil
		close(kept.made)
	})
	defer known() // also where handling ends in a panic
	before := w.Header().Clone()
	whole := r.Clone(r.Context())
	whole.Header.Del("If-None-Match") // what is kept is the whole answer: whether somebody has it already is seen for each
	c := &copied{ResponseWriter: w, known: known}
	handle(c, whole)
	if c.through || c.status != http.StatusOK || r.Context().Err() != nil || carried(w.Header(), "Set-Cookie") || w.Header().Get("Cache-Control") == "no-store" {
		c.send()
		return
	}
	kept.header, kept.body = changed(before, w.Header()), c.body.Bytes()
	a.mu.Lock()
	if kept.kept = a.bytes+len(kept.body) <= Most; kept.kept {
		a.bytes += len(kept.body)
	}
	a.mu.Unlock()
	known()
	kept.send(w, r)
}

// changed returns what a header has that it did not have before, and without values what it has no more.
func changed(before, after http.Header) http.Header {
	to := http.Header{}
	for name, values := range after {
		if !slices.Equal(values, before[name]) {
			to[name] = slices.Clone(values)
		}
	}
	for name := range before {
		if !carried(after, name) {
			to[name] = nil
		}
	}
	return to
}

// send gives the answer, or "not modified" where the asker has it already.
func (k *answer) send(w http.ResponseWriter, r *http.Request) {
	for name, values := range k.header {
		if values == nil {
			w.Header().Del(name)
			continue
		}
		w.Header()[name] = slices.Clone(values)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(k.body))
}

// copied holds an answer back until it is known whether it is kept, up to a size.
type copied struct {
	http.ResponseWriter
	status  int
	body    bytes.Buffer
	through bool   // it is being sent, and not kept
	known   func() // is called then
}

func (c *copied) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
}

func (c *copied) Write(p []byte) (int, error) {
	c.WriteHeader(http.StatusOK)
	if !c.through && c.body.Len()+len(p) > Largest {
		c.send()
	}
	if c.through {
		return c.ResponseWriter.Write(p)
	}
	return c.body.Write(p)
}

// Unwrap lets http.ResponseController reach the writer below.
func (c *copied) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// send sends what is held back.
func (c *copied) send() {
	if c.through {
		return
	}
	c.through = true
	c.known()
	if c.status == 0 {
		c.status = http.StatusOK
	}
	c.ResponseWriter.WriteHeader(c.status)
	_, _ = c.body.WriteTo(c.ResponseWriter) // the asker may have gone
}
