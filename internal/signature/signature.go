package signature

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"cairn/internal/fault"
)

// begins is what secrets that are written in base64 begin with.
const begins = "whsec_"

// shortest is how many bytes a key has at least.
const shortest = 16

// New makes a secret: "whsec_" and 32 random bytes in base64.
func New() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // it never fails: the program ends first
	return begins + base64.StdEncoding.EncodeToString(key)
}

// Key returns the key that a secret stands for: "whsec_" and base64, or any other text as it is. Invalid for one that is no
// base64 or is shorter than 16 bytes.
func Key(secret string) ([]byte, error) {
	key := []byte(secret)
	if coded, found := strings.CutPrefix(secret, begins); found {
		var err error
		if key, err = base64.StdEncoding.DecodeString(coded); err != nil {
			return nil, fault.New(fault.Invalid, "What follows whsec_ is no base64.")
		}
	}
	if len(key) < shortest {
		return nil, fault.New(fault.Invalid, "A secret that signs has to be %d characters or longer.", shortest)
	}
	return key, nil
}

// Sign writes the headers of a message: its identifier, which holds no dot and no blank and stays the same however often the
// message is tried, the instant of this try, and a signature by each key. While a secret is being replaced there are two.
func Sign(header http.Header, id string, at time.Time, body []byte, keys ...[]byte) {
	seconds := strconv.FormatInt(at.Unix(), 10)
	signatures := make([]string, len(keys))
	for i, key := range keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + seconds + "."))
		mac.Write(body)
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	header.Set("webhook-id", id)
	header.Set("webhook-timestamp", seconds)
	header.Set("webhook-signature", strings.Join(signatures, " "))
}
