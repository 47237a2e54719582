package identity

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"github.com/google/uuid"
)

// NewSecret returns 256 random bits as text for a cookie or an address.
func NewSecret() string {
	var bits [32]byte
	_, _ = rand.Read(bits[:]) // it never fails: where the system has no randomness the program ends
	return base64.RawURLEncoding.EncodeToString(bits[:])
}

// hash returns what is kept of a secret. A secret is found by its hash: how long that takes says nothing of the secret.
func hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// seal keeps a text so that only who brings the secret reads it, "" as it is: where somebody wanted to go can be a secret of its
// own, an invitation, and what a provider is asked for is one.
func seal(secret, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	box, err := boxOf(secret)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(box.Seal(nil, nil, []byte(text), nil)), nil
}

// unseal returns what was sealed under a secret; an error for what was not.
func unseal(secret, sealed string) (string, error) {
	box, err := boxOf(secret)
	if err != nil {
		return "", err
	}
	bits, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return "", fmt.Errorf("unsealing: %w", err)
	}
	text, err := box.Open(nil, nil, bits, nil)
	if err != nil {
		return "", fmt.Errorf("unsealing: %w", err)
	}
	return string(text), nil
}

func boxOf(secret string) (cipher.AEAD, error) {
	key := sha256.Sum256([]byte("seal " + secret)) // not the hash that is kept
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("sealing: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// same compares in a time that says nothing of where the two differ.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func newID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("making an identifier: %w", err)
	}
	return id.String(), nil
}
