package mail_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cairn/internal/fault"
	"cairn/internal/mail"
	"cairn/internal/mail/mailtest"
)

// certificate and certificateKey are files of a certificate for localhost that this program trusts.
var certificate, certificateKey string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		folder, err := os.MkdirTemp("", "cairn-mail-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(folder)
		certificate, certificateKey = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
		if err := writeCertificate(); err != nil {
			panic(err)
		}
		// Go reads it once, when the first certificate is checked.
		if err := os.Setenv("SSL_CERT_FILE", certificate); err != nil {
			panic(err)
		}
		return m.Run()
	}())
}

func writeCertificate() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	cert, err := x509.CreateCertificate(rand.Reader, of, of, key.Public(), key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o600); err != nil {
		return err
	}
	return os.WriteFile(certificateKey, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600)
}

func newPost(t *testing.T, s mail.Server) *mail.Post {
	t.Helper()
	p, err := mail.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func letter() mail.Message {
	return mail.Message{ID: "link 1", To: "ada@example.org", Subject: "Your link – für Sie", Text: "Hello Ada,\n\npress: https://cairn.example/x\n",
		HTML: "<p>Hello Ada</p>", Headers: map[string]string{"List-Unsubscribe": "<https://cairn.example/stop>"}}
}

func TestDeliver_ArrivesAsItWasWritten(t *testing.T) {
	m := mailtest.Start(t)
	p := newPost(t, m.Server)
	for range 2 {
		if err := p.Deliver(t.Context(), letter()); err != nil {
			t.Fatal(err)
		}
	}
	other := letter()
	other.ID, other.HTML = "link 2", ""
	if err := p.Deliver(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	arrived := m.Messages(t)
	if len(arrived) != 3 {
		t.Fatalf("%d messages arrived", len(arrived))
	}
	got := arrived[0]
	if got.To != "ada@example.org" || got.Subject != "Your link – für Sie" || got.HTML != "<p>Hello Ada</p>" ||
		strings.ReplaceAll(got.Text, "\r\n", "\n") != letter().Text {
		t.Errorf("arrived as %+v", got)
	}
	for name, want := range map[string]string{"From": `"Cairn" <cairn@cairn.example>`, "Auto-Submitted": "auto-generated", "X-Mailer": "", "User-Agent": "",
		"List-Unsubscribe": "<https://cairn.example/stop>", "X-Auto-Response-Suppress": "All"} {
		if got := got.Headers.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if _, err := got.Headers.Date(); err != nil {
		t.Errorf("its date: %v", err)
	}
	first, again, second := got.Headers.Get("Message-Id"), arrived[1].Headers.Get("Message-Id"), arrived[2].Headers.Get("Message-Id")
	if first != again || first == second || !strings.HasSuffix(first, "@cairn.example>") || strings.Contains(first, "link") {
		t.Errorf("delivered twice as %s and %s; another as %s", first, again, second)
	}
	if strings.Contains(arrived[2].Raw, "text/html") {
		t.Error("a message without HTML has a part of it")
	}
}

func TestDeliver_ByTheKindOfRefusal(t *testing.T) {
	tests := []struct {
		name    string
		options []string
		kind    fault.Kind
	}{
		{"unknown recipient", []string{"--smtp-allowed-recipients", "@elsewhere\\.example$"}, fault.Invalid},
		{"recipient refused for now", []string{"--chaos-triggers", "Recipient:451:100"}, fault.Limited},
		{"sender refused", []string{"--chaos-triggers", "Sender:550:100"}, fault.Unavailable},
		{"wrong password", []string{"--chaos-triggers", "Authentication:535:100", "--smtp-auth-accept-any", "--smtp-auth-allow-insecure"}, fault.Unavailable},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := mailtest.Start(t, test.options...)
			if test.name == "wrong password" {
				m.Server.User, m.Server.Password = "cairn", "hunter2"
			}
			err := newPost(t, m.Server).Deliver(t.Context(), letter())
			if fault.Of(err) != test.kind {
				t.Errorf("got %v, want %s", err, test.kind)
			}
			if text := fmt.Sprint(err); strings.Contains(text, "ada@") || strings.Contains(text, "hunter2") {
				t.Errorf("the error tells too much: %s", text)
			}
			if arrived := m.Messages(t); len(arrived) != 0 {
				t.Errorf("it arrived: %+v", arrived)
			}
		})
	}
}

func TestDeliver_EncryptedAndSignedIn(t *testing.T) {
	passwords := filepath.Join(t.TempDir(), "passwords")
	if err := os.WriteFile(passwords, []byte("cairn:correct\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tls := []string{"--smtp-tls-cert", certificate, "--smtp-tls-key", certificateKey, "--smtp-auth-file", passwords}
	tests := []struct {
		name, security, host, password string
		option                         string
		arrives                        bool
	}{
		{"starttls", "", "localhost", "correct", "--smtp-require-starttls", true},
		{"starttls, wrong password", "starttls", "localhost", "wrong", "--smtp-require-starttls", false},
		{"starttls, a certificate for another name", "starttls", "127.0.0.1", "correct", "--smtp-require-starttls", false},
		{"tls", "tls", "localhost", "correct", "--smtp-require-tls", true},
		{"tls, a certificate for another name", "tls", "127.0.0.1", "correct", "--smtp-require-tls", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := mailtest.Start(t, append(tls, test.option)...)
			s := m.Server
			s.Host, s.Security, s.User, s.Password = test.host, test.security, "cairn", test.password
			err := newPost(t, s).Deliver(t.Context(), letter())
			if test.arrives && err != nil {
				t.Fatal(err)
			}
			if !test.arrives && fault.Of(err) != fault.Unavailable {
				t.Errorf("got %v", err)
			}
			if n := len(m.Messages(t)); (n == 1) != test.arrives {
				t.Errorf("%d messages arrived", n)
			}
		})
	}
}

// A server that offers no encryption gets nothing where encryption was asked for.
func TestDeliver_NothingWithoutEncryptionThatWasAskedFor(t *testing.T) {
	m := mailtest.Start(t)
	for _, security := range []string{"", "starttls", "tls"} {
		s := m.Server
		s.Security = security
		if err := newPost(t, s).Deliver(t.Context(), letter()); fault.Of(err) != fault.Unavailable {
			t.Errorf("%q: %v", security, err)
		}
	}
	if n := len(m.Messages(t)); n != 0 {
		t.Errorf("%d messages arrived", n)
	}
}

func TestDeliver_AServerThatIsNotThere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	p := newPost(t, mail.Server{Host: "127.0.0.1", Port: port, From: "c@cairn.example", Security: "none"})
	if err := p.Deliver(t.Context(), letter()); fault.Of(err) != fault.Unavailable {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Deliver(ctx, letter()); fault.Of(err) != fault.Unavailable {
		t.Errorf("when it was cancelled: %v", err)
	}
	none := newPost(t, mail.Server{})
	if err := none.Deliver(t.Context(), letter()); none.Ready() || fault.Of(err) != fault.Unavailable || !strings.Contains(fault.Message(err), "smtp_host") {
		t.Errorf("without a server: %v", err)
	}
}

func TestDeliver_RefusesWhatWouldBreakOut(t *testing.T) {
	m := mailtest.Start(t)
	p := newPost(t, m.Server)
	tests := map[string]func(*mail.Message){
		"two addresses":         func(l *mail.Message) { l.To = "ada@example.org, eve@example.org" },
		"an address and a name": func(l *mail.Message) { l.To = "Ada <ada@example.org>" },
		"an address with lines": func(l *mail.Message) { l.To = "ada@example.org\r\nBcc: eve@example.org" },
		"no address":            func(l *mail.Message) { l.To = "" },
		"a subject with lines":  func(l *mail.Message) { l.Subject = "Hello\r\nBcc: eve@example.org" },
		"no subject":            func(l *mail.Message) { l.Subject = " " },
		"no text":               func(l *mail.Message) { l.Text = "" },
		"no ID":                 func(l *mail.Message) { l.ID = "" },
		"a header with lines":   func(l *mail.Message) { l.Headers = map[string]string{"X-A": "a\nBcc: eve@example.org"} },
		"a name with lines":     func(l *mail.Message) { l.Headers = map[string]string{"X-A: a\r\nBcc": "eve@example.org"} },
		"another recipient":     func(l *mail.Message) { l.Headers = map[string]string{"bcc": "eve@example.org"} },
		"another sender":        func(l *mail.Message) { l.Headers = map[string]string{"sender": "eve@example.org"} },
		"another content":       func(l *mail.Message) { l.Headers = map[string]string{"content-type": "text/plain"} },
	}
	for name, change := range tests {
		l := letter()
		change(&l)
		if err := p.Deliver(t.Context(), l); fault.Of(err) != fault.Invalid || strings.Contains(fmt.Sprint(err), "eve@") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(m.Messages(t)); n != 0 {
		t.Errorf("%d messages arrived", n)
	}
}

// Whatever is written, the message that arrives has one recipient and the headers of one message.
func TestDeliver_NoTextBreaksOut(t *testing.T) {
	m := mailtest.Start(t)
	p := newPost(t, m.Server)
	rapid.Check(t, func(t *rapid.T) {
		l := letter()
		l.Subject = rapid.String().Draw(t, "subject")
		l.Text = rapid.String().Draw(t, "text")
		l.Headers = map[string]string{"X-Note": rapid.String().Draw(t, "header")}
		if err := p.Deliver(context.Background(), l); err != nil && fault.Of(err) != fault.Invalid {
			t.Fatal(err)
		}
	})
	for _, got := range m.Messages(t) {
		if got.To != "ada@example.org" || len(got.Headers["To"]) != 1 || len(got.Headers["Subject"]) != 1 || got.Headers.Get("Bcc") != "" {
			t.Errorf("arrived\n%s", got.Raw)
		}
		for name := range got.Headers {
			if !strings.Contains(" To From Subject Date Message-Id Mime-Version Content-Type Content-Transfer-Encoding Auto-Submitted "+
				"X-Auto-Response-Suppress X-Note Received Return-Path ", " "+name+" ") {
				t.Errorf("arrived with %s\n%s", name, got.Raw)
			}
		}
	}
}

func TestNew_RefusesAServerThatCannotBeRight(t *testing.T) {
	tests := []struct {
		server mail.Server
		field  string
	}{
		{mail.Server{Host: "mail.example.org", Security: "none", From: "c@example.org"}, "smtp_security"},
		{mail.Server{Host: "mail.example.org", Security: "ssl", From: "c@example.org"}, "smtp_security"},
		{mail.Server{Host: "mail.example.org"}, "smtp_from"},
		{mail.Server{Host: "mail.example.org", From: "Cairn"}, "smtp_from"},
		{mail.Server{Host: "mail.example.org", From: "c@example.org", Port: 70000}, "smtp_port"},
	}
	for _, test := range tests {
		_, err := mail.New(test.server)
		if f, ok := err.(*fault.Fault); !ok || f.Kind != fault.Invalid || f.Field != test.field {
			t.Errorf("%+v: %v", test.server, err)
		}
	}
	for _, host := range []string{"localhost", "127.0.0.1", "::1"} {
		if _, err := mail.New(mail.Server{Host: host, Security: "none", From: "c@example.org"}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}
