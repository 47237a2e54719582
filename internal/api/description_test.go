package api_test

import (
	"bytes"
	"flag"
	"html/template"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cairn/internal/api"
	"cairn/internal/parttest"
)

var update = flag.Bool("update", false, "write docs/openapi.yaml anew")

func TestDescription_IsWhatIsCommitted(t *testing.T) {
	file := filepath.Join("..", "..", "docs", "openapi.yaml")
	now := api.Description()
	if *update {
		if err := os.WriteFile(file, now, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if committed, err := os.ReadFile(file); err != nil || !bytes.Equal(committed, now) {
		t.Errorf("docs/openapi.yaml is not what the API is: look whether names or fields went, and write it anew with -update (%v)", err)
	}
}

func TestDescription_SaysEnoughForThoseWhoReadIt(t *testing.T) {
	folder := parttest.Node(t, "@stoplight/spectral-cli", "THE DESCRIPTION AS OTHERS CHECK IT")
	file := filepath.Join(t.TempDir(), "openapi.yaml")
	if err := os.WriteFile(file, api.Description(), 0o600); err != nil {
		t.Fatal(err)
	}
	said, err := exec.CommandContext(t.Context(), filepath.Join(folder, "node_modules", ".bin", "spectral"), "lint", "--quiet", "--fail-severity", "warn", "--ruleset", filepath.Join(folder, "spectral.yaml"), file).CombinedOutput()
	if err != nil {
		t.Errorf("%v: %.6000s", err, said)
	}
	names := map[string]bool{}
	for _, o := range api.Operations() {
		if names[o.ID] {
			t.Errorf("two operations are called %s", o.ID)
		}
		names[o.ID] = true
		if o.Summary == "" || strings.HasSuffix(o.Summary, ".") {
			t.Errorf("%s: a summary is a sentence without its end: %q", o.ID, o.Summary)
		}
	}
}

func TestReference_NeedsNothingFromElsewhere(t *testing.T) {
	w := newWorld(t)
	answer, page := w.ask("GET", "/api", "", "")
	policy := answer.Header.Get("Content-Security-Policy")
	if answer.StatusCode != http.StatusOK || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Fatalf("%d %s", answer.StatusCode, policy)
	}
	for _, o := range api.Operations() { // also for whoever runs no scripts
		if !strings.Contains(page, "<code>"+o.Method+" "+api.Prefix+o.Path+"</code></dt><dd>"+template.HTMLEscapeString(o.Summary)+"</dd>") {
			t.Errorf("the page does not list %s", o.ID)
		}
	}
	for _, part := range strings.Split(page, `"`) {
		if strings.HasPrefix(part, "http") || strings.HasPrefix(part, "//") {
			t.Errorf("the page loads %s", part)
		}
		if !strings.HasPrefix(part, "/api/") && part != "/favicon.svg" {
			continue
		}
		for _, packed := range []string{"gzip", "identity"} {
			answer, text := w.ask("GET", part, "", "", "Accept-Encoding", packed)
			if answer.StatusCode != http.StatusOK || text == "" {
				t.Errorf("%s, %s: %d", part, packed, answer.StatusCode)
			}
		}
	}
	for _, o := range []string{"/api/v1/openapi.json", "/api/v1/openapi.yaml"} {
		answer, text := w.ask("GET", o, "", "")
		if answer.StatusCode != http.StatusOK || answer.Header.Get("ETag") == "" || !strings.Contains(text, "list-boards") {
			t.Errorf("%s: %d, %v", o, answer.StatusCode, answer.Header)
		}
	}
}
