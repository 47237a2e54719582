package api_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"cairn/client"
	"cairn/internal/api"
	"cairn/internal/board"
	"cairn/internal/entry"
	"cairn/internal/identity"
)

// boardAsks are the words of permissions that are acts on a board.
var boardAsks = []board.Act{board.SeeBoard, board.SeeLeaderboard, board.SeeScorecards, board.SeeHistory, board.SeeOwn, board.SeeAll, board.SeeGiven, board.SeeTrail, board.Manage, board.Govern}

// walked is a board with somebody of every standing.
type walked struct {
	*world
	board  *board.Board
	tokens map[string]string // who: their token
	actors map[string]identity.Actor
}

// walk builds it, at a stage.
func walk(t *testing.T, stage board.Stage) *walked {
	w := &walked{world: newWorld(t), tokens: map[string]string{"nobody": ""}, actors: map[string]identity.Actor{"nobody": {}}}
	owner := w.signIn("owner@example.org")
	w.board = w.things("walk", owner, stage)
	w.actors["owner"], w.actors["stranger"] = owner, w.signIn("stranger@example.org")
	for _, role := range []board.Role{board.Viewer, board.Coach, board.Steward, board.Manager} {
		a := w.signIn(string(role) + "@example.org")
		if err := w.Boards.GiveRole(t.Context(), owner, w.board, w.addressOf(a), role, board.Scope{}); err != nil {
			t.Fatal(err)
		}
		w.actors[string(role)] = a
	}
	for who, a := range w.actors {
		if a.SignedIn() {
			w.tokens[who] = w.secret(a)
		}
	}
	names, err := w.Boards.Directory(t.Context(), w.board)
	if err != nil {
		t.Fatal(err)
	}
	var brought []entry.Entry
	for i, key := range []string{"kiln", "loom"} {
		brought = append(brought, entry.Entry{Member: names.ByKey(key), Key: "calls", At: w.now().AddDate(0, 0, -4).UnixMicro(), Value: float64(5 + i), ID: key})
	}
	if _, err := w.Entries.Append(t.Context(), w.board.ID, "sheet", brought, false); err != nil {
		t.Fatal(err)
	}
	w.publish(w.board)
	return w
}

// address is that of an operation, with something in the place of every name.
func address(o api.Operation, board string) string {
	var path []string
	for part := range strings.SplitSeq(o.Path, "/") {
		switch {
		case part == "{board}":
			part = board
		case part == "{period}":
			part = client.Latest
		case part == "{player}" || part == "{member}":
			part = "kiln"
		case part == "{metric}":
			part = "calls"
		case strings.HasPrefix(part, "{"):
			part = "00000000-0000-7000-8000-000000000000"
		}
		path = append(path, part)
	}
	return api.Prefix + strings.Join(path, "/")
}

// What somebody may do over the API is what the one table says of them, and what is not theirs is to them as if it were not there.
func TestEveryOperation_IsForWhomTheTableSays(t *testing.T) {
	for _, stage := range []board.Stage{board.Stealth, board.Private, board.Open} {
		t.Run(string(stage), func(t *testing.T) {
			w := walk(t, stage)
			for _, o := range api.Operations() {
				if !strings.Contains(o.Path, "{board}") {
					continue
				}
				for who, token := range w.tokens {
					w.pass(2 * time.Second) // so that nobody asks too often
					access, err := w.Boards.Access(t.Context(), w.board, w.actors[who])
					if err != nil {
						t.Fatal(err)
					}
					act, known := board.Act(""), false
					for _, a := range boardAsks {
						if string(a) == o.Permission {
							act, known = a, true
						}
					}
					if !known || access.May(act, w.board) && o.Method != "GET" {
						continue // the handler looks closer; and what may be done is not done here
					}
					there, text := w.ask(o.Method, address(o, "walk"), token, "")
					absent, other := w.ask(o.Method, address(o, "none"), token, "")
					if access.May(act, w.board) {
						if there.StatusCode == http.StatusUnauthorized || there.StatusCode == http.StatusForbidden || there.StatusCode >= 500 {
							t.Errorf("%s as %s: %d %s", o.ID, who, there.StatusCode, text)
						}
						continue
					}
					if there.StatusCode != absent.StatusCode || text != other || there.StatusCode != http.StatusNotFound && there.StatusCode != http.StatusUnauthorized {
						t.Errorf("%s as %s tells that the board is there: %d %s, absent %d %s", o.ID, who, there.StatusCode, text, absent.StatusCode, other)
					}
				}
			}
		})
	}
}

func TestEveryOperation_WantsItsScope(t *testing.T) {
	w := walk(t, board.Open)
	owner := w.actors["owner"]
	tokens := map[string]string{}
	for _, s := range []identity.Scope{identity.ReadOwn, identity.WriteOwn, identity.ReadBoards, identity.WriteBoards, identity.Release} {
		tokens[string(s)] = w.secret(owner, s)
	}
	for _, o := range api.Operations() {
		for scope, token := range tokens {
			if scope == o.Scope || o.Scope == "" {
				continue
			}
			w.pass(2 * time.Second)
			answer, text := w.ask(o.Method, address(o, "walk"), token, "")
			if answer.StatusCode != http.StatusForbidden || kindOf(text) != "forbidden" || !strings.Contains(text, o.Scope) {
				t.Errorf("%s with a token for %s: %d %s", o.ID, scope, answer.StatusCode, text)
			}
		}
		if o.NeedsToken {
			w.pass(2 * time.Second)
			if answer, _ := w.ask(o.Method, address(o, "walk"), "", ""); answer.StatusCode != http.StatusUnauthorized || answer.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s without a token: %d", o.ID, answer.StatusCode)
			}
		}
	}
}

// hostile is what strangers send.
var hostile = []string{"", "null", "[]", "{}", `{"a":1}`, `"x"`, "1e999", strings.Repeat("[", 500), `{"name":"\u202e\ud83d\ude00","key":"` + strings.Repeat("é", 3000) + `"}`,
	`{"value":1e308,"at":"9999-12-31T23:59:59Z","items":[null]}`, `{"name":"\ud800","stage":7,"zone":"Mars/Olympus"}`, "a,b\n\"", "PK\x03\x04"}

// TestEveryOperation_SurvivesWhatStrangersSend sends what nobody means, and JSON by lot, as somebody who may do all of it: the server
// is never to blame, and every answer is as described.
func TestEveryOperation_SurvivesWhatStrangersSend(t *testing.T) {
	w := walk(t, board.Open)
	lot := rand.New(rand.NewPCG(5, 11))
	for n, o := range api.Operations() {
		sent := []string{hostile[n%len(hostile)], hostile[(n*5+3)%len(hostile)], anyJSON(lot, 3), anyJSON(lot, 4)}
		if o.Method == "GET" {
			sent = []string{"", "?cursor=x&limit=5", "?limit=-1&fields=a,,b&edition=0&tag=%ff", "?cursor=" + strings.Repeat("Q", 399)}
		}
		for _, one := range sent {
			w.pass(time.Second)
			path, body := address(o, "walk"), one
			if o.Method == "GET" {
				path, body = path+one, ""
			}
			if answer, text := w.ask(o.Method, path, w.tokens["owner"], body); answer.StatusCode >= 500 {
				t.Errorf("%s with %.200q: %d %s", o.ID, one, answer.StatusCode, text)
			}
		}
	}
	if strings.Contains(w.log.String(), "panic") {
		t.Errorf("something stumbled: %s", w.log.String())
	}
}

// words are names of fields that operations know, so that what is drawn by lot comes further than the door.
var words = []string{"name", "key", "stage", "period", "player", "items", "value", "at", "metric", "text", "people", "email", "role", "scope", "purpose", "fields", "mode", "reason", "settings", "kind"}

// anyJSON is a text of JSON by lot.
func anyJSON(lot *rand.Rand, depth int) string {
	switch pick := lot.IntN(9); {
	case depth > 0 && pick < 4:
		var fields []string
		for range 1 + lot.IntN(5) {
			fields = append(fields, fmt.Sprintf("%q:%s", words[lot.IntN(len(words))], anyJSON(lot, depth-1)))
		}
		return "{" + strings.Join(fields, ",") + "}"
	case depth > 0 && pick < 6:
		return "[" + anyJSON(lot, depth-1) + "," + anyJSON(lot, depth-1) + "]"
	case pick < 7:
		return []string{"0", "-1", "1e308", "9223372036854775807", "0.1", "true", "null"}[lot.IntN(7)]
	}
	return []string{`""`, `"ada"`, `"2026-W47"`, `"9999-12-31T23:59:59Z"`, `"\u202eada"`, `"😀"`, `"<script>"`, `"../../etc"`, `"' OR 1=1 --"`}[lot.IntN(9)]
}
