package mail_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cairn/internal/fault"
	"cairn/internal/mail"
	"cairn/internal/mail/mailtest"
)

func written(t *testing.T, key any) string {
	t.Helper()
	text, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text}))
}

// verified is what a stranger says of a signature.
type verified struct {
	Result, Domain string
	Signed         []string
}

// verify has npm's mailauth check a message.
func verify(t *testing.T, message, name, record string) (v verified) {
	t.Helper()
	if _, err := os.Stat(filepath.Join("..", "..", "test", "node_modules", "mailauth")); err != nil {
		t.Skip("NOT TESTED: signatures by a verifier that is not ours, for want of test/node_modules/mailauth (make install brings it)")
	}
	node := exec.Command("node", "mail/verify.mjs", name, record)
	node.Dir, node.Stdin, node.Stderr = filepath.Join("..", "..", "test"), strings.NewReader(message), os.Stderr
	out, err := node.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &v); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return v
}

func TestDeliver_SignsSoThatAStrangerCanTell(t *testing.T) {
	made, err := mail.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	_, small, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	m := mailtest.Start(t)
	for name, key := range map[string]string{"RSA": made, "Ed25519": written(t, small)} {
		s := m.Server
		s.DKIM = mail.Key{Domain: "cairn.example", Selector: "week", PEM: key}
		letter := bulk(t)
		letter.To = strings.ToLower(name) + "@example.org"
		letter.Text += "\n. a line of its own\n..\n \t\nlast"
		if err := newPost(t, s).Deliver(t.Context(), letter); err != nil {
			t.Fatal(err)
		}
		arrived := m.Await(t, letter.To).Raw
		at, record, err := s.DKIM.Record()
		if err != nil || at != "week._domainkey.cairn.example" {
			t.Fatalf("the record stands at %s, %v", at, err)
		}
		got := verify(t, arrived, at, record)
		if got.Result != "pass" || got.Domain != "cairn.example" {
			t.Errorf("%s: %+v\n%s", name, got, arrived)
		}
		for _, header := range []string{"from", "to", "subject", "date", "message-id", "list-unsubscribe", "list-unsubscribe-post", "mime-version", "content-type"} {
			if !slices.Contains(got.Signed, header) {
				t.Errorf("%s: %s is not signed", name, header)
			}
		}
		for what, changed := range map[string]string{
			"another score":   strings.Replace(arrived, "Hello Ada", "Hello Eve", 1),
			"another link":    strings.Replace(arrived, "/stop>", "/pay>", 1),
			"a second author": strings.Replace(arrived, "Subject: ", "From: eve@cairn.example\r\nSubject: ", 1),
		} {
			if got := verify(t, changed, at, record); changed == arrived || got.Result == "pass" {
				t.Errorf("%s: %s passes", name, what)
			}
		}
	}
}

func TestNew_RefusesAKeyThatCannotSign(t *testing.T) {
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	good, err := mail.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	for field, keys := range map[string][]mail.Key{
		"dkim_key":      {{Domain: "example.org", Selector: "cairn"}, {Domain: "example.org", Selector: "cairn", PEM: "secret"}, {Domain: "example.org", Selector: "cairn", PEM: written(t, weak)}},
		"dkim_domain":   {{Selector: "cairn", PEM: good}, {Domain: "example.org; x", Selector: "cairn", PEM: good}},
		"dkim_selector": {{Domain: "example.org", PEM: good}, {Domain: "example.org", Selector: "ca irn", PEM: good}},
	} {
		for _, key := range keys {
			_, err := mail.New(mail.Server{DKIM: key})
			if f, _ := err.(*fault.Fault); f == nil || f.Kind != fault.Invalid || f.Field != field || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: %v", field, err)
			}
		}
	}
	if _, _, err := (mail.Key{}).Record(); fault.Of(err) != fault.Invalid {
		t.Errorf("a record of no key: %v", err)
	}
}
