package mail

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"regexp"

	"github.com/emersion/go-msgauth/dkim"
)

// Key signs messages (DKIM), so that whoever gets one can tell that its sender's domain sent it and that nobody changed it.
type Key struct {
	Domain   string // "example.org": that of the address that mail comes from, or one above it
	Selector string // "cairn": which of the domain's keys it is
	PEM      string // the private key: RSA of 2048 bits or more, or Ed25519
}

// signed are the headers that a signature covers. One that is named twice cannot be added once more on the way.
var signed = []string{"From", "From", "To", "To", "Subject", "Subject", "Date", "Date", "Message-ID", "Message-ID", "Reply-To", "Reply-To", "MIME-Version", "Content-Type", "Content-Type",
	"Content-Transfer-Encoding", "Auto-Submitted", "Precedence", "List-ID", "List-Unsubscribe", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Unsubscribe-Post"}

// signer signs; nil does not.
type signer struct {
	options dkim.SignOptions
}

// domainName is a name in DNS.
var domainName = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*$`)

func newSigner(k Key) (*signer, error) {
	if k == (Key{}) {
		return nil, nil
	}
	if !domainName.MatchString(k.Domain) {
		return nil, wrong("dkim_domain", "dkim_domain wants the domain that signs, such as example.org; it goes with dkim_selector and dkim_key")
	}
	if !domainName.MatchString(k.Selector) {
		return nil, wrong("dkim_selector", "dkim_selector wants a word such as cairn: the key stands in DNS at SELECTOR._domainkey.%s", k.Domain)
	}
	key, err := k.private()
	if err != nil {
		return nil, err
	}
	return &signer{options: dkim.SignOptions{Domain: k.Domain, Selector: k.Selector, Signer: key, HeaderKeys: signed,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed}}, nil
}

// private reads the key.
func (k Key) private() (crypto.Signer, error) {
	want := func() error {
		return wrong("dkim_key", "dkim_key wants a file with a private key, RSA of at least 2048 bits or Ed25519, in PEM; \"cairn operator dkim --new FILE\" makes one")
	}
	block, _ := pem.Decode([]byte(k.PEM))
	if block == nil {
		return nil, want()
	}
	var key any
	var err error
	if key, err = x509.ParsePKCS8PrivateKey(block.Bytes); err != nil {
		if key, err = x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
			return nil, want()
		}
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		if key.N.BitLen() >= 2048 {
			return key, nil
		}
	case ed25519.PrivateKey:
		return key, nil
	}
	return nil, want()
}

// NewKey makes a private key, in PEM: of RSA with 2048 bits, which every receiver reads.
func NewKey() (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", fmt.Errorf("making a key: %w", err)
	}
	text, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", fmt.Errorf("writing a key: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text})), nil
}

// Record returns what is published in DNS for a key: the name, and the text of its TXT record. Invalid for a key that cannot sign.
func (k Key) Record() (name, text string, err error) {
	s, err := newSigner(k)
	if err != nil {
		return "", "", err
	}
	if s == nil {
		return "", "", wrong("dkim_domain", "dkim_domain, dkim_selector and dkim_key are not set: without them nothing is signed")
	}
	name = k.Selector + "._domainkey." + k.Domain
	switch public := s.options.Signer.Public().(type) {
	case ed25519.PublicKey:
		return name, "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public), nil
	default:
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			return "", "", fmt.Errorf("writing a public key: %w", err)
		}
		return name, "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der), nil
	}
}

// sign returns a message with its signature in front.
func (s *signer) sign(message []byte) ([]byte, error) {
	if s == nil {
		return message, nil
	}
	var out bytes.Buffer
	if err := dkim.Sign(&out, bytes.NewReader(message), &s.options); err != nil {
		return nil, fmt.Errorf("signing a message: %w", err)
	}
	return out.Bytes(), nil
}
