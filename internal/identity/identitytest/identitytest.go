package identitytest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"cairn/internal/parttest"
)

// What the provider knows Cairn as.
const (
	Client = "cairn"
	Secret = "of the test"
)

// Claims is what the provider says of a person. Verified is a boolean, or text as some providers send it.
type Claims struct {
	Email    string `json:"email,omitempty"`
	Verified any    `json:"email_verified,omitempty"`
}

// Start runs a provider on a port of the loopback interface, 0 for any, until the test ends. It knows people by their
// subject, lets them sign in with any password, and sends them back to one address.
func Start(t testing.TB, port int, back string, people map[string]Claims) (issuer string) {
	t.Helper()
	known, err := json.Marshal(people)
	if err != nil {
		t.Fatal(err)
	}
	node := exec.Command("node", "oidc/provider.mjs", fmt.Sprint(port), back, string(known))
	node.Dir = parttest.Node(t, "oidc-provider", "SIGNING IN WITH OPENID CONNECT")
	out, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs strings.Builder
	node.Stderr = &errs
	if err := node.Start(); err != nil {
		t.Fatalf("starting the provider: %v", err)
	}
	t.Cleanup(func() {
		_ = node.Process.Kill() // it may have ended by itself
		_, _ = io.Copy(io.Discard, out)
		_ = node.Wait()
		if t.Failed() {
			t.Logf("the provider said: %s", errs.String())
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the provider did not start: %v", err)
	}
	return strings.TrimSpace(line)
}

// Visit goes to a provider as a browser would, signs in there as somebody, agrees, and returns the address that the
// provider sends back to, unvisited.
func Visit(t testing.TB, address, subject, back string) *url.URL {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), back) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	answer, err := browser.Get(address)
	for range 3 { // a page to sign in on, a page to agree on
		if err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode == http.StatusSeeOther {
			break
		}
		page, readErr := goquery.NewDocumentFromReader(answer.Body)
		answer.Body.Close()
		if readErr != nil {
			t.Fatal(readErr)
		}
		form := page.Find("form")
		action := form.AttrOr("action", "")
		if action == "" {
			t.Fatalf("no form on the provider's page: %d %s", answer.StatusCode, page.Text())
		}
		fields := url.Values{"login": {subject}, "password": {"any"}}
		form.Find("input[type=hidden]").Each(func(_ int, field *goquery.Selection) {
			fields.Set(field.AttrOr("name", ""), field.AttrOr("value", ""))
		})
		answer, err = browser.PostForm(action, fields)
	}
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	to, err := answer.Location()
	if err != nil || !strings.HasPrefix(to.String(), back+"?") {
		t.Fatalf("the provider sent the browser to %v, %v", to, err)
	}
	return to
}
