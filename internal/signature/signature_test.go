package signature_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"cairn/internal/fault"
	"cairn/internal/signature"
)

// The example of the specification's own libraries.
func TestSign_SignsAsTheSpecificationDoes(t *testing.T) {
	key, err := signature.Key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	signature.Sign(header, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`), key, []byte("another secret of ours"))
	both := strings.Fields(header.Get("webhook-signature"))
	if len(both) != 2 || both[0] != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" || header.Get("webhook-timestamp") != "1614265330" || header.Get("webhook-id") != "msg_p5jXN8AQM9LWM0D4loKWxJek" {
		t.Errorf("%v", header)
	}
}

func TestKey_RefusesWhatAnybodyGuesses(t *testing.T) {
	for _, secret := range []string{"", "short", "whsec_***", "whsec_c2hvcnQ="} {
		if _, err := signature.Key(secret); fault.Of(err) != fault.Invalid {
			t.Errorf("%q: %v", secret, err)
		}
	}
	one, other := signature.New(), signature.New()
	if key, err := signature.Key(one); err != nil || len(key) != 32 || one == other {
		t.Errorf("%q, %q: %v", one, other, err)
	}
}
