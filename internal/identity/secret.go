package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"github.com/google/uuid"
)

// newSecret returns 256 random bits as text for a cookie or an address.
func newSecret() string {
	var bits [32]byte
	_, _ = rand.Read(bits[:]) // it never fails: where the system has no randomness the program ends
	return base64.RawURLEncoding.EncodeToString(bits[:])
}

// hash returns what is kept of a secret. A secret is found by its hash: how long that takes says nothing of the secret.
func hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
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
