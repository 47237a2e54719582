package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"

	"cairn/internal/fault"
)

// Seals is the room.
type Seals struct {
	open func() (cipher.AEAD, error) // once; nil without a key
}

// New builds the room. key returns the operator's key, of 16 characters or more, or "" where there is none; it is asked once,
// when something is to be sealed or opened for the first time.
func New(key func() (string, error)) *Seals {
	return &Seals{open: sync.OnceValues(func() (cipher.AEAD, error) {
		secret, err := key()
		if err != nil || secret == "" {
			return nil, err
		}
		return derive(secret)
	})}
}

func derive(key string) (cipher.AEAD, error) {
	if len(key) < 16 {
		return nil, fault.New(fault.Unavailable, "The key that seals credentials has to be 16 characters or longer: whoever runs this server has to set another.")
	}
	return Under(key, "cairn seal 1")
}

// Under returns what seals under a key, for one purpose: what another key or purpose sealed does not open. It makes its own nonces.
func Under(key, purpose string) (cipher.AEAD, error) {
	derived, err := hkdf.Key(sha256.New, []byte(key), nil, purpose, 32)
	if err != nil {
		return nil, fmt.Errorf("deriving a key for %s: %w", purpose, err)
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, fmt.Errorf("making a cipher for %s: %w", purpose, err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// cipher returns what seals; Unavailable without a key.
func (s *Seals) cipher() (cipher.AEAD, error) {
	of, err := s.open()
	if err == nil && of == nil {
		err = fault.New(fault.Unavailable, "This server keeps no credentials: whoever runs it has to set secret_key.")
	}
	return of, err
}

const version = "1."

// Seal seals a secret for one use, such as "source " and its number: it opens under the same words alone. Unavailable without
// a key.
func (s *Seals) Seal(use, secret string) (string, error) {
	of, err := s.cipher()
	if err != nil {
		return "", err
	}
	return version + base64.RawURLEncoding.EncodeToString(of.Seal(nil, nil, []byte(secret), []byte(use))), nil
}

// Open returns a secret; Unavailable without a key, and where another key or another use sealed it.
func (s *Seals) Open(use, sealed string) (string, error) {
	of, err := s.cipher()
	if err != nil {
		return "", err
	}
	wrong := fault.New(fault.Unavailable, "The credentials cannot be opened with this server's key: give them again, or set secret_key to what it was.")
	coded, ok := strings.CutPrefix(sealed, version)
	if !ok {
		return "", wrong
	}
	raw, err := base64.RawURLEncoding.DecodeString(coded)
	if err != nil {
		return "", wrong
	}
	secret, err := of.Open(nil, nil, raw, []byte(use))
	if err != nil {
		return "", wrong
	}
	return string(secret), nil
}
