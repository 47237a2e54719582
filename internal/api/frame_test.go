package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"cairn/client"
	"cairn/internal/api"
	"cairn/internal/board"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// secret makes a token of somebody's; without scopes it has all of them that they may have, operators' aside.
func (w *world) secret(a identity.Actor, scopes ...identity.Scope) string {
	w.Helper()
	if len(scopes) == 0 {
		scopes = []identity.Scope{identity.ReadOwn, identity.WriteOwn, identity.ReadBoards, identity.WriteBoards, identity.Release}
	}
	secret, _, err := w.Identity.MakeToken(w.Context(), a, "a test", scopes, w.now().AddDate(0, 6, 0))
	if err != nil {
		w.Fatal(err)
	}
	return secret
}

// kindOf is the kind of problem in an answer.
func kindOf(text string) string {
	var p client.Problem
	if json.Unmarshal([]byte(text), &p) != nil {
		return ""
	}
	return p.Kind()
}

const wanted = `{"template":"sales-micro-behaviours","key":"%s"}`

func TestPost_IsDoneOnceUnderItsKey(t *testing.T) {
	dbtest.EachAddress(t, func(t *testing.T, address string) {
		w := newWorldOn(t, address)
		ada := w.signIn("ada@example.org")
		token, body := w.secret(ada), fmt.Sprintf(wanted, "one")
		first, made := w.ask("POST", "/api/v1/boards", token, body, "Idempotency-Key", `"k-1"`)
		if first.StatusCode >= 300 || first.Header.Get("Idempotent-Replayed") != "" {
			t.Fatalf("%d %s", first.StatusCode, made)
		}
		again, told := w.ask("POST", "/api/v1/boards", token, body, "Idempotency-Key", "k-1") // quoted or bare, it is the same
		if again.StatusCode != first.StatusCode || told != made || again.Header.Get("Idempotent-Replayed") != "true" || again.Header.Get("Content-Type") != first.Header.Get("Content-Type") {
			t.Errorf("sent again: %d %v\n%s\n%s", again.StatusCode, again.Header, told, made)
		}
		other, text := w.ask("POST", "/api/v1/boards", token, fmt.Sprintf(wanted, "two"), "Idempotency-Key", "k-1")
		if other.StatusCode != http.StatusUnprocessableEntity || kindOf(text) != "conflict" {
			t.Errorf("another request under the same key: %d %s", other.StatusCode, text)
		}
		bob := w.secret(w.signIn("bob@example.org"))
		if theirs, text := w.ask("POST", "/api/v1/boards", bob, fmt.Sprintf(wanted, "theirs"), "Idempotency-Key", "k-1"); theirs.StatusCode >= 300 {
			t.Errorf("the same key of somebody else: %d %s", theirs.StatusCode, text)
		}
		// What was refused is refused the same way, and what failed with 5xx or 429 frees the key: see below.
		long := strings.Repeat("k", 300)
		if answer, text := w.ask("POST", "/api/v1/boards", token, body, "Idempotency-Key", long); answer.StatusCode != http.StatusUnprocessableEntity || kindOf(text) != "invalid" {
			t.Errorf("an endless key: %d %s", answer.StatusCode, text)
		}
		w.pass(25 * time.Hour)
		if late, text := w.ask("POST", "/api/v1/boards", token, body, "Idempotency-Key", "k-1"); late.Header.Get("Idempotent-Replayed") != "" || kindOf(text) != "conflict" {
			t.Errorf("a day later it is a new request, for a board that is there: %d %s", late.StatusCode, text)
		}
	})
}

func TestPost_OfManyAtOnceUnderOneKeyIsDoneOnce(t *testing.T) {
	dbtest.EachAddress(t, func(t *testing.T, address string) {
		w := newWorldOn(t, address)
		ada := w.signIn("ada@example.org")
		token, body := w.secret(ada), fmt.Sprintf(wanted, "one")
		const many = 8
		done := make([]int, many)
		var all sync.WaitGroup
		for i := range many {
			all.Go(func() {
				answer, _ := w.ask("POST", "/api/v1/boards", token, body, "Idempotency-Key", "k")
				done[i] = answer.StatusCode
			})
		}
		all.Wait()
		made := 0
		for _, status := range done {
			switch {
			case status < 300:
				made++ // done, or told again
			case status != http.StatusConflict:
				t.Errorf("%v", done)
			}
		}
		if made == 0 {
			t.Errorf("none was done: %v", done)
		}
		page, err := w.by(ada).Boards(t.Context(), "", client.Cut{})
		if err != nil || len(page.Items) != 1 {
			t.Errorf("%+v, %v", page, err)
		}
	})
}

func TestGet_SaysNothingToWhomHasItAlready(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada@example.org")
	b := w.board(ada, "sales-club")
	path := "/api/v1/boards/" + b.Key
	first, text := w.ask("GET", path, "", "")
	tag := first.Header.Get("ETag")
	if first.StatusCode != http.StatusOK || tag == "" || text == "" {
		t.Fatalf("%d %v", first.StatusCode, first.Header)
	}
	for _, has := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
		if answer, text := w.ask("GET", path, "", "", "If-None-Match", has); answer.StatusCode != http.StatusNotModified || text != "" || answer.Header.Get("ETag") != tag {
			t.Errorf("%s: %d %q", has, answer.StatusCode, text)
		}
	}
	if answer, _ := w.ask("GET", path, "", "", "If-None-Match", `"x"`); answer.StatusCode != http.StatusOK {
		t.Errorf("another tag: %d", answer.StatusCode)
	}
	if answer, _ := w.ask("GET", path, w.secret(ada), "", "If-None-Match", tag); answer.StatusCode != http.StatusOK {
		t.Error("what the owner reads is not what anybody reads")
	}
}

func TestPut_IsDoneWhereWhatWasReadStillStands(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada@example.org")
	b, token := w.board(ada, "sales-club"), w.secret(ada)
	path := "/api/v1/boards/" + b.Key + "/plan"
	read, _ := w.ask("GET", path, token, "")
	tag := read.Header.Get("ETag")
	put := func(prize, has string) (int, string) {
		answer, text := w.ask("PUT", path, token, `{"prize":"`+prize+`","success":{}}`, "If-Match", has)
		return answer.StatusCode, text
	}
	if status, text := put("a cup", `"another"`); status != http.StatusPreconditionFailed || kindOf(text) != "conflict" {
		t.Errorf("another tag: %d %s", status, text)
	}
	if status, text := put("a cup", "W/"+tag); status != http.StatusPreconditionFailed {
		t.Errorf("a weak tag is none here: %d %s", status, text)
	}
	if status, text := put("a cup", tag); status >= 300 {
		t.Errorf("what was read: %d %s", status, text)
	}
	if status, _ := put("a boat", tag); status != http.StatusPreconditionFailed {
		t.Errorf("it is another by now: %d", status)
	}
	if answer, _ := w.ask("PUT", path, w.secret(ada, identity.WriteBoards), `{"prize":"x","success":{}}`, "If-Match", "*"); answer.StatusCode != http.StatusPreconditionFailed {
		t.Errorf("a token that cannot read it: %d", answer.StatusCode)
	}
	plan, err := w.by(ada).Plan(t.Context(), b.Key)
	if err != nil || plan.Prize != "a cup" {
		t.Errorf("%+v, %v", plan, err)
	}
}

func TestAsking_TooOftenIsTold(t *testing.T) {
	w := newWorld(t)
	var answer *http.Response
	var text string
	for range 121 {
		answer, text = w.ask("GET", "/api/v1/boards", "", "")
	}
	if answer.StatusCode != http.StatusTooManyRequests || kindOf(text) != "limited" || answer.Header.Get("Retry-After") == "" || !strings.Contains(answer.Header.Get("RateLimit"), "r=0;") ||
		answer.Header.Get("RateLimit-Policy") != `"network";q=120;w=60` {
		t.Errorf("%d %v %s", answer.StatusCode, answer.Header, text)
	}
	ada := w.signIn("ada@example.org")
	if answer, _ := w.ask("GET", "/api/v1/boards", w.secret(ada), ""); answer.StatusCode != http.StatusOK || !strings.Contains(answer.Header.Get("RateLimit"), `"account";r=599`) {
		t.Errorf("whoever has a token is counted by themselves: %d %v", answer.StatusCode, answer.Header)
	}
	w.pass(time.Minute)
	if answer, _ := w.ask("GET", "/api/v1/boards", "", ""); answer.StatusCode != http.StatusOK {
		t.Errorf("a minute later: %d", answer.StatusCode)
	}
}

func TestNowhere_IsAProblemToo(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		method, path, kind string
		status             int
	}{
		{"GET", "/api/v1/nothing", "not_found", 404}, {"GET", "/api/v1/", "not_found", 404}, {"DELETE", "/api/v1/boards", "invalid", 405},
		{"GET", "/api/v1/boards/a%00b", "not_found", 404}, {"GET", "/api/v1/boards?named=%00", "invalid", 422}, {"GET", "/api/v1/boards?unknown=1", "invalid", 422},
		{"GET", "/api/v1/boards?limit=0", "invalid", 422}, {"GET", "/api/v1/boards?limit=99999999999999999999", "invalid", 422}, {"GET", "/api/v1/boards?cursor=%2A", "invalid", 422},
	} {
		answer, text := w.ask(c.method, c.path, "", "")
		if answer.StatusCode != c.status || kindOf(text) != c.kind || answer.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %d %s %s", c.method, c.path, answer.StatusCode, answer.Header.Get("Content-Type"), text)
		}
		if c.status == 405 && !strings.Contains(answer.Header.Get("Allow"), "GET") {
			t.Errorf("%s: %v", c.path, answer.Header)
		}
	}
	for _, k := range []fault.Kind{fault.Invalid, fault.Withheld, fault.Internal, fault.Limited} {
		if answer, text := w.ask("GET", api.Prefix+"/problems/"+string(k), "", ""); answer.StatusCode != http.StatusOK || len(text) < 100 {
			t.Errorf("%s is not explained: %d %s", k, answer.StatusCode, text)
		}
	}
}

func TestBodies_ThatNobodyNeedsAreRefusedAndNothingIsStored(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada@example.org")
	token := w.secret(ada)
	deep := strings.Repeat(`{"terms":`, 10_000) + "1" + strings.Repeat("}", 10_000)
	for what, c := range map[string]struct {
		body   string
		status int
	}{
		"ten megabytes":       {`{"template":"` + strings.Repeat("x", 10<<20) + `"}`, 413},
		"deep":                {deep, 400},
		"nul":                 {`{"template":"sales-micro-behaviours","key":"a\u0000b"}`, 400},
		"no json":             {`{"template":`, 400},
		"a list":              {`[]`, 422},
		"a number beyond all": {`{"template":"sales-micro-behaviours","retention":1e999}`, 400},
		"not a number":        {`{"template":"sales-micro-behaviours","top":NaN}`, 400},
		"an unknown field":    {`{"template":"sales-micro-behaviours","colour":"red"}`, 422},
		"columns":             {`{` + strings.Repeat(`"x":1,`, 100_000) + `"y":1}`, 422},
	} {
		answer, text := w.ask("POST", "/api/v1/boards", token, c.body)
		if answer.StatusCode != c.status || kindOf(text) != "invalid" || len(text) > 20_000 {
			t.Errorf("%s: %d %.300s", what, answer.StatusCode, text)
		}
	}
	page, err := w.by(ada).Boards(t.Context(), "", client.Cut{})
	if err != nil || len(page.Items) != 0 {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestBoards_ComeInPagesThatSkipAndRepeatNothing(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada@example.org")
	var want []string
	for i := range 7 {
		key := fmt.Sprintf("club-%d", i)
		w.board(ada, key)
		want = append(want, key)
	}
	hidden, err := w.Boards.Board(t.Context(), "club-3")
	if err != nil {
		t.Fatal(err)
	}
	c, got, cut := w.by(ada), []string{}, client.Cut{Limit: 2}
	for {
		page, err := c.Boards(t.Context(), "club", cut)
		if err != nil || len(page.Items) > 2 {
			t.Fatalf("%+v, %v", page, err)
		}
		for _, b := range page.Items {
			got = append(got, b.Key)
		}
		if len(got) == 2 { // what is new stands before what was read: nothing is read twice
			w.board(ada, "club-00")
		}
		if cut.Cursor = page.Next; page.Next == "" {
			break
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%v, want %v", got, want)
	}
	if page, err := w.with("").Boards(t.Context(), "club-3", client.Cut{}); err != nil || len(page.Items) != 1 || page.Items[0].Role != "" || hidden.Stage != board.Open {
		t.Errorf("%+v, %v", page, err)
	}
}
