package api_test

import (
	"net/http"
	"testing"
)

// Whoever has as many files under way as one may is told when to come again, by pages and API alike, and served once they are done.
func TestExports_AreWrittenAFewAtATime(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada@example.org")
	b, _, _ := w.released(ada, "Birgitta", "Cyprian", "Di", "Ed")
	token := w.secret(ada)
	api, pages := "/api/v1/boards/"+b.Key, "/b/"+b.Key
	for _, asked := range []struct {
		by, token string
		paths     []string
	}{
		{ada.Account, token, []string{api + "/releases/2026-W47/export?format=json", api + "/releases/2026-W47/bundle.zip", api + "/export?format=csv"}},
		{"net 127.0.0.1", "", []string{pages + "/2026-W47/e/1/file/csv", pages + "/archive/file/json", api + "/releases/2026-W47/export?format=parquet"}},
	} {
		var leave []func()
		for {
			one, err := w.Files.Take(t.Context(), asked.by)
			if err != nil {
				break
			}
			leave = append(leave, one)
		}
		for _, path := range asked.paths {
			if answer, _ := w.ask(http.MethodGet, path, asked.token, ""); answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
				t.Errorf("%s with %d files under way: %s, Retry-After %q", path, len(leave), answer.Status, answer.Header.Get("Retry-After"))
			}
		}
		for _, one := range leave {
			one()
		}
		for range len(leave) + 2 {
			for _, path := range asked.paths {
				if answer, text := w.ask(http.MethodGet, path, asked.token, ""); answer.StatusCode != http.StatusOK || text == "" {
					t.Errorf("%s with no file under way: %s", path, answer.Status)
				}
			}
		}
	}
}
