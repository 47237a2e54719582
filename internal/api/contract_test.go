package api_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"cairn/internal/api"
)

// contract holds every answer against the description: what goes through it and does not fit fails the test.
type contract struct {
	*testing.T
	next http.RoundTripper
}

// described is the description, read once by the validator.
var described = sync.OnceValues(func() (validator.Validator, error) {
	document, err := libopenapi.NewDocument(api.Description())
	if err != nil {
		return nil, err
	}
	v, errs := validator.NewValidator(document)
	if len(errs) > 0 {
		return nil, errs[0]
	}
	return v, nil
})

// judging is held while the validator is at work: it is not made for several at once.
var judging sync.Mutex

func (c contract) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := c.next.RoundTrip(r)
	if err != nil || !strings.HasPrefix(r.URL.Path, api.Prefix+"/") || !strings.Contains(answer.Header.Get("Content-Type"), "json") {
		return answer, err
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	_ = answer.Body.Close()
	answer.Body = io.NopCloser(bytes.NewReader(text))
	if described, err := described(); err != nil {
		c.Errorf("the description cannot be read: %v", err)
	} else if answer.StatusCode != http.StatusNotModified {
		c.hold(described, r, answer, text)
	}
	return answer, nil
}

// hold says where an answer is not what the description says.
func (c contract) hold(described validator.Validator, r *http.Request, answer *http.Response, text []byte) {
	judging.Lock()
	defer judging.Unlock()
	asked := r.Clone(r.Context())
	asked.Body = http.NoBody
	said := *answer
	said.Body = io.NopCloser(bytes.NewReader(text))
	if ok, problems := described.ValidateHttpResponse(asked, &said); !ok {
		for _, p := range problems {
			if p.ValidationType == "path" { // no operation stands there
				continue
			}
			c.Errorf("%s %s: %d is not as described: %s: %s", r.Method, r.URL, answer.StatusCode, p.Message, p.Reason)
			for _, s := range p.SchemaValidationErrors {
				c.Errorf("  %s: %s", s.FieldPath, s.Reason)
			}
			c.Logf("%.2000s", text)
		}
	}
}
