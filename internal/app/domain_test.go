package app

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cairn/internal/board"
	"cairn/internal/identity"
	"cairn/scorecard"
)

// Under a board's own domain the public page stands; nobody is signed in there, nothing is sent, and nothing else is shown.
func TestDomains_ShowTheBoardAsThePublicSeesIt(t *testing.T) {
	a := show(t, "")
	a.Config.BaseURL = "https://cairn.example"
	card, err := scorecard.Load("club.yaml", []byte("scorecard: 1\nkey: club\nname: Harbour club\npurpose: To row more.\nparts: [{key: rows, why: It is what we do.}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := a.Boards.Create(t.Context(), card, board.Settings{Basis: board.PublicRecord, Stage: board.Open})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Boards.AskDomain(t.Context(), identity.Actor{}, b, "scores.example.org"); err != nil {
		t.Fatal(err)
	}
	front, err := a.Front(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, host, path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, nil)
		r.Host = host
		r.Header.Set("Cookie", "__Host-cairn=secret")
		w := httptest.NewRecorder()
		front.ServeHTTP(w, r)
		return w
	}
	if w := ask("GET", "scores.example.org", "/"); w.Code != http.StatusMisdirectedRequest {
		t.Errorf("before the operator allowed it: %d", w.Code)
	}
	if err := a.Boards.AllowDomain(t.Context(), identity.Actor{}, "scores.example.org", true); err != nil {
		t.Fatal(err)
	}
	if w := ask("GET", "scores.example.org", "/"); w.Code != 200 || !strings.Contains(w.Body.String(), b.Name) || !strings.Contains(w.Body.String(), "Scored with Cairn") {
		t.Errorf("%d %.200s", w.Code, w.Body)
	}
	for path, want := range map[string]int{"/b/" + b.Key + "/methodology": 200, "/b/" + b.Key + "/manage": 307, "/me": 307, "/sign-in": 307, "/b/another": 307, "/operate": 307, "/api/v1/boards": 307} {
		w := ask("GET", "scores.example.org", path)
		if w.Code != want || want == 307 && !strings.HasPrefix(w.Header().Get("Location"), "https://cairn.example/") {
			t.Errorf("%s: %d to %q", path, w.Code, w.Header().Get("Location"))
		}
	}
	asked := ""
	nobody := a.domains(http.NotFoundHandler(), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked = r.URL.EscapedPath() + r.Header.Get("Cookie") }))
	for path, want := range map[string]string{"/": "/b/" + b.Key, "/b/" + b.Key + "/p/red%2Fada": "/b/" + b.Key + "/p/red%2Fada"} {
		r := httptest.NewRequest("GET", path, nil)
		r.Host = "scores.example.org"
		r.Header.Set("Cookie", "__Host-cairn=secret")
		if nobody.ServeHTTP(httptest.NewRecorder(), r); asked != want {
			t.Errorf("%s asks for %q, want %q", path, asked, want)
		}
	}
	if w := ask("POST", "scores.example.org", "/sign-in"); w.Code != http.StatusMisdirectedRequest {
		t.Errorf("a form: %d", w.Code)
	}
	if w := ask("GET", "elsewhere.example.org", "/"); w.Code != http.StatusMisdirectedRequest {
		t.Errorf("another name: %d", w.Code)
	}
	for name, want := range map[string]int{"scores.example.org": 200, "cairn.example": 200, "elsewhere.example.org": 404} {
		if w := ask("GET", "cairn.example", "/tls/ask?domain="+name); w.Code != want {
			t.Errorf("a certificate for %s: %d", name, w.Code)
		}
	}
}
