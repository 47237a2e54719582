package mail_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"cairn/internal/fault"
	"cairn/internal/mail"
	"cairn/internal/mail/mailtest"
	"cairn/internal/parttest"
)

func written(t *testing.T, key any) string {
	t.Helper()
	text, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text}))
}

// arrival is a message, and what DNS says of the key that signed it.
type arrival struct {
	Name    string `json:"name"`
	Record  string `json:"record"`
	Message string `json:"message"`
}

// verified is what a stranger says of a signature.
type verified struct {
	Result, Domain string
	Signed         []string
}

// verify has npm's mailauth check messages.
func verify(t *testing.T, all []arrival) (said []verified) {
	t.Helper()
	folder := parttest.Node(t, "mailauth", "WITH A VERIFIER OF SIGNATURES THAT IS NOT OURS")
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	node := exec.Command("node", "mail/verify.mjs")
	node.Dir, node.Stdin, node.Stderr = folder, bytes.NewReader(text), os.Stderr
	out, err := node.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &said); err != nil || len(said) != len(all) {
		t.Fatalf("%v\n%s", err, out)
	}
	return said
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
	var all []arrival
	for name, key := range map[string]string{"rsa": made, "ed25519": written(t, small)} {
		s := m.Server
		s.DKIM = mail.Key{Domain: "cairn.example", Selector: "week", PEM: key}
		letter := bulk(t)
		letter.To = name + "@example.org"
		letter.Text += "\n. a line of its own\n..\n \t\nlast"
		if err := newPost(t, s).Deliver(t.Context(), letter); err != nil {
			t.Fatal(err)
		}
		at, record, err := s.DKIM.Record()
		if err != nil || at != "week._domainkey.cairn.example" {
			t.Fatalf("the record stands at %s, %v", at, err)
		}
		raw := m.Await(t, letter.To).Raw
		for _, message := range []string{
			raw,
			strings.Replace(raw, "Hello Ada", "Hello Eve", 1),
			strings.Replace(raw, "/stop>", "/pay>", 1),
			strings.Replace(raw, "Subject: ", "From: eve@cairn.example\r\nSubject: ", 1),
		} {
			all = append(all, arrival{at, record, message})
		}
	}
	for i, got := range verify(t, all) {
		if i%4 > 0 { // somebody changed it on the way
			if got.Result == "pass" || all[i].Message == all[i-i%4].Message {
				t.Errorf("passes:\n%s", all[i].Message)
			}
			continue
		}
		if got.Result != "pass" || got.Domain != "cairn.example" {
			t.Errorf("%+v\n%s", got, all[i].Message)
		}
		for _, header := range []string{"from", "to", "subject", "date", "message-id", "list-unsubscribe", "list-unsubscribe-post", "mime-version", "content-type"} {
			if !slices.Contains(got.Signed, header) {
				t.Errorf("%s is not signed", header)
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
