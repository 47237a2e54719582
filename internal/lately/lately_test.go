package lately_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"cairn/internal/lately"
)

// world is answers over a state and a clock that a test sets.
type world struct {
	*lately.Answers
	state atomic.Value
	clock atomic.Int64 // seconds
	asked int          // how often the handler ran
}

func newWorld() *world {
	w := &world{}
	w.state.Store("one")
	w.Answers = lately.New(func(context.Context) (string, error) {
		if s := w.state.Load().(string); s != "" {
			return s, nil
		}
		return "", errors.New("no database")
	}, func() time.Time { return time.Unix(w.clock.Load(), 0) })
	return w
}

// get asks once; the handler counts how often it ran, and says so.
func (w *world) get(target string, header ...string) *httptest.ResponseRecorder {
	return w.ask(httptest.NewRequest(http.MethodGet, target, nil), func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/plain")
		rw.Header().Set("ETag", `"stone"`)
		rw.Header().Del("X-Before")
		fmt.Fprint(rw, w.asked)
	}, header...)
}

func (w *world) ask(r *http.Request, handle http.HandlerFunc, header ...string) *httptest.ResponseRecorder {
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer := httptest.NewRecorder()
	answer.Header().Set("X-Before", "there")
	answer.Header().Set("X-Left", fmt.Sprint(w.asked))
	w.Give(answer, r, func(rw http.ResponseWriter, r *http.Request) {
		w.asked++
		handle(rw, r)
	})
	return answer
}

func TestGive_TheSameAnswerUntilSomethingIsWrittenOrASecondIsOver(t *testing.T) {
	w := newWorld()
	for i, step := range []struct {
		before func()
		runs   int
	}{
		{func() {}, 1}, {func() {}, 1}, {func() { w.state.Store("two") }, 2}, {func() {}, 2}, {func() { w.clock.Add(1) }, 3}, {func() {}, 3},
		{func() { w.state.Store("one") }, 4}, {func() { w.clock.Add(-1) }, 5},
	} {
		step.before()
		if got := w.get("/b/sales").Body.String(); w.asked != step.runs || got != fmt.Sprint(step.runs) {
			t.Errorf("step %d: answered %s after %d runs, want %d", i, got, w.asked, step.runs)
		}
	}
}

func TestGive_KeepsRequestsApart(t *testing.T) {
	w := newWorld()
	w.get("/b/sales")
	for _, r := range []struct {
		target string
		header []string
		shared bool
	}{
		{"/b/sales", nil, true},
		{"/b/sales", []string{"User-Agent", "another"}, true},
		{"/b/sales?page=2", nil, false},
		{"/b/sale", []string{"Accept", "s"}, false},
		{"/b/sales", []string{"Accept", "application/json"}, false},
		{"http://board.example/b/sales", nil, false},
		{"/b/sales", []string{"Cookie", "cairn=secret"}, false},
		{"/b/sales", []string{"Authorization", "Bearer cairn_secret"}, false},
		{"/b/sales", []string{"Range", "bytes=0-1"}, false},
		{"/b/sales", []string{"If-Match", `"stone"`}, false},
		{"/b/sales", nil, true},
	} {
		runs := w.asked
		if w.get(r.target, r.header...); (w.asked == runs) != r.shared {
			t.Errorf("%s with %q: the answer of another was given: %v", r.target, r.header, w.asked == runs)
		}
	}
	for _, method := range []string{http.MethodHead, http.MethodPost} {
		runs := w.asked
		if w.ask(httptest.NewRequest(method, "/b/sales", nil), func(http.ResponseWriter, *http.Request) {}); w.asked == runs {
			t.Errorf("a %s was answered with what a GET got", method)
		}
	}
}

func TestGive_HeadersOfEachRequestAreItsOwn(t *testing.T) {
	w := newWorld()
	for i := range 3 {
		header := w.get("/b/sales").Header()
		if header.Get("X-Left") != fmt.Sprint(min(i, 1)) || header.Get("X-Before") != "" || header.Get("ETag") != `"stone"` || header.Get("Content-Type") != "text/plain" {
			t.Errorf("answer %d came with %v", i, header)
		}
	}
	for _, tag := range []string{`"stone"`, `W/"stone"`, `"a", "stone"`} {
		if again := w.get("/b/sales", "If-None-Match", tag); again.Code != http.StatusNotModified || again.Body.Len() > 0 {
			t.Errorf("whoever has %s got %d with %d bytes", tag, again.Code, again.Body.Len())
		}
	}
	w.clock.Add(1)
	if first := w.get("/b/sales", "If-None-Match", `"stone"`); first.Code != http.StatusNotModified {
		t.Errorf("the first of a second, who has it already, got %d", first.Code)
	}
	if next := w.get("/b/sales"); next.Code != http.StatusOK || next.Body.String() != "2" {
		t.Errorf("the next, who has it not, got %d %q", next.Code, next.Body)
	}
}

func TestGive_KeepsNothingThatIsNotForAll(t *testing.T) {
	w := newWorld()
	for name, handle := range map[string]http.HandlerFunc{
		"a refusal": func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusNotFound) },
		"a cookie": func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Set-Cookie", "a=b")
			fmt.Fprint(rw, "yes")
		},
		"not to be kept": func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Cache-Control", "no-store")
			fmt.Fprint(rw, "yes")
		},
		"a large answer":  func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write(make([]byte, lately.Largest+1)) },
		"nothing written": func(http.ResponseWriter, *http.Request) {},
	} {
		runs := w.asked
		first := w.ask(httptest.NewRequest(http.MethodGet, "/"+strings.ReplaceAll(name, " ", "-"), nil), handle)
		second := w.ask(httptest.NewRequest(http.MethodGet, "/"+strings.ReplaceAll(name, " ", "-"), nil), handle)
		if w.asked != runs+2 || first.Code != second.Code || !bytes.Equal(first.Body.Bytes(), second.Body.Bytes()) {
			t.Errorf("%s: handled %d times, %d and %d bytes", name, w.asked-runs, first.Body.Len(), second.Body.Len())
		}
	}
	w.state.Store("")
	for range 2 {
		runs := w.asked
		if w.get("/b/sales"); w.asked != runs+1 {
			t.Error("without a database that answers, an answer was given again")
		}
	}
	var none *lately.Answers
	answer := httptest.NewRecorder()
	if none.Give(answer, httptest.NewRequest(http.MethodGet, "/", nil), func(rw http.ResponseWriter, _ *http.Request) { fmt.Fprint(rw, "yes") }); answer.Body.String() != "yes" {
		t.Error("without answers nothing is handled")
	}
}

func TestGive_IsBounded(t *testing.T) {
	w := newWorld()
	most := lately.Most/lately.Largest + 8
	large := func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write(make([]byte, lately.Largest)) }
	again := 0
	for range 2 {
		for i := range most {
			runs := w.asked
			w.ask(httptest.NewRequest(http.MethodGet, fmt.Sprintf("/%d", i), nil), large)
			if w.asked == runs {
				again++
			}
		}
	}
	if again == 0 || again > lately.Most/lately.Largest {
		t.Errorf("%d answers of %d bytes were kept, at most %d bytes are to be", again, lately.Largest, lately.Most)
	}
}

// Of many who ask at once one is handled; the others get its answer, or are handled themselves where it stumbled.
func TestGive_OneIsHandledAndTheOthersWait(t *testing.T) {
	for _, stumbles := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			var runs atomic.Int64
			begun := make(chan struct{})
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					defer func() { _ = recover() }()
					answer := httptest.NewRecorder()
					w.Give(answer, httptest.NewRequest(http.MethodGet, "/b/sales", nil), func(rw http.ResponseWriter, _ *http.Request) {
						if runs.Add(1) == 1 {
							<-begun
							if stumbles {
								panic(http.ErrAbortHandler)
							}
						}
						fmt.Fprint(rw, "yes")
					})
					if answer.Body.String() != "yes" {
						t.Errorf("somebody got %q", answer.Body)
					}
				})
			}
			gone, leave := context.WithCancel(t.Context())
			all.Go(func() {
				w.Give(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/b/sales", nil).WithContext(gone), func(http.ResponseWriter, *http.Request) {
					if gone.Err() == nil {
						<-begun
					}
				})
			})
			synctest.Wait()
			leave()
			synctest.Wait()
			if n := runs.Load(); n > 1 {
				t.Errorf("%d were handled at once", n)
			}
			close(begun)
			all.Wait()
		})
	}
}

// Somebody who goes away before there is an answer, over and over, neither fails others nor has each of them handled.
func TestGive_OneOfTheOthersIsHandledWhereTheFirstLeaves(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusServiceUnavailable} {
		synctest.Test(t, func(t *testing.T) { firstLeaves(t, status) })
	}
}

func firstLeaves(t *testing.T, status int) {
	w := newWorld()
	leaving, leave := context.WithCancel(t.Context())
	var runs atomic.Int64
	handle := func(rw http.ResponseWriter, r *http.Request) {
		runs.Add(1)
		time.Sleep(time.Millisecond)
		if r.Context().Err() != nil {
			rw.WriteHeader(status)
			return // without what could not be read
		}
		fmt.Fprint(rw, "yes")
	}
	var all sync.WaitGroup
	all.Go(func() {
		w.Give(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/b/sales", nil).WithContext(leaving), handle)
	})
	synctest.Wait()
	for range 8 {
		all.Go(func() {
			answer := httptest.NewRecorder()
			w.Give(answer, httptest.NewRequest(http.MethodGet, "/b/sales", nil), handle)
			if answer.Body.String() != "yes" {
				t.Errorf("somebody got %d %q", answer.Code, answer.Body)
			}
		})
	}
	synctest.Wait()
	leave()
	all.Wait()
	if n := runs.Load(); n != 2 {
		t.Errorf("%d were handled", n)
	}
}

// Somebody who sends a body slowly with their question keeps nobody waiting.
func TestGive_WaitsForNobodysQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, length := range []int64{10, -1} {
			w := newWorld()
			body, write := io.Pipe()
			handle := func(rw http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				fmt.Fprint(rw, "yes")
			}
			var all sync.WaitGroup
			all.Go(func() {
				r := httptest.NewRequest(http.MethodGet, "/b/sales", body)
				r.ContentLength = length
				w.Give(httptest.NewRecorder(), r, handle)
			})
			synctest.Wait()
			quick := httptest.NewRecorder()
			w.Give(quick, httptest.NewRequest(http.MethodGet, "/b/sales", nil), handle)
			if quick.Body.String() != "yes" {
				t.Errorf("got %q", quick.Body)
			}
			write.Close()
			all.Wait()
		}
	})
}

// Somebody who fetches slowly keeps nobody waiting.
func TestGive_WaitsForNobodysLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, size := range []int{10, lately.Largest + 1} {
			w := newWorld()
			handle := func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write(make([]byte, size)) }
			slow := &slowWriter{httptest.NewRecorder(), make(chan struct{})}
			var all sync.WaitGroup
			all.Go(func() { w.Give(slow, httptest.NewRequest(http.MethodGet, "/b/sales", nil), handle) })
			synctest.Wait()
			quick := httptest.NewRecorder()
			w.Give(quick, httptest.NewRequest(http.MethodGet, "/b/sales", nil), handle)
			if quick.Body.Len() != size {
				t.Errorf("got %d bytes of %d", quick.Body.Len(), size)
			}
			close(slow.fetched)
			all.Wait()
		}
	})
}

type slowWriter struct {
	*httptest.ResponseRecorder
	fetched chan struct{}
}

func (s *slowWriter) Write(p []byte) (int, error) {
	<-s.fetched
	return s.ResponseRecorder.Write(p)
}
