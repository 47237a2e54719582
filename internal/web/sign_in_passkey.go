package web

import (
	"encoding/json"
	"io"
	"net/http"
	"time"

	"cairn/internal/fault"
	"cairn/internal/identity"
)

// Passkeys are the one thing that pages need a module for. It asks for a ceremony, has the browser take part in it, and
// hands the browser's answer back; the secret of the ceremony stays in a cookie meanwhile.

const (
	ceremonyLasts = 5 * time.Minute
	mostAnswer    = 64 << 10 // bytes of a browser's answer
	passkeyDone   = "/sign-in/passkey/done"
)

func (s *site) beginPasskeySignIn(w http.ResponseWriter, v *visit) error {
	return s.ceremony(w)(s.who.BeginPasskeySignIn(v.Context(), network(v.Request)))
}

func (s *site) beginPasskey(w http.ResponseWriter, v *visit) error {
	return s.ceremony(w)(s.who.BeginPasskey(v.Context(), v.actor))
}

// ceremony hands the browser the options of a ceremony that was begun.
func (s *site) ceremony(w http.ResponseWriter) func(identity.Ceremony, error) error {
	return func(c identity.Ceremony, err error) error {
		if err != nil {
			return err
		}
		s.setCookie(w, ceremonyCookie, c.Secret, ceremonyLasts)
		s.sayJSON(w, http.StatusOK, map[string]json.RawMessage{"options": c.Options})
		return nil
	}
}

// passkeyAnswer is what the module hands back.
type passkeyAnswer struct {
	Name   string          `json:"name"` // of a new passkey
	Next   string          `json:"next"`
	Answer json.RawMessage `json:"answer"` // the browser's
}

// readAnswer reads it, and ends the ceremony for the browser.
func (s *site) readAnswer(w http.ResponseWriter, v *visit) (secret string, a passkeyAnswer, err error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, v.Body, mostAnswer))
	if err == nil {
		err = json.Unmarshal(body, &a)
	}
	secret = s.cookie(v.Request, ceremonyCookie)
	s.setCookie(w, ceremonyCookie, "", -1)
	switch {
	case err != nil:
		return "", a, fault.Wrap(fault.Invalid, err, "The browser's answer could not be read. Try again.")
	case secret == "":
		return "", a, fault.New(fault.Invalid, "That took longer than five minutes. Try again.")
	}
	return secret, a, nil
}

func (s *site) finishPasskeySignIn(w http.ResponseWriter, v *visit) error {
	secret, a, err := s.readAnswer(w, v)
	if err != nil {
		return err
	}
	in, err := s.who.FinishPasskeySignIn(v.Context(), secret, a.Answer, local(a.Next), v.device())
	if err != nil {
		return err
	}
	next, err := s.open(w, v, in)
	if err != nil {
		return err
	}
	s.sayJSON(w, http.StatusOK, map[string]string{"next": next})
	return nil
}

func (s *site) finishPasskey(w http.ResponseWriter, v *visit) error {
	secret, a, err := s.readAnswer(w, v)
	if err != nil {
		return err
	}
	if _, err := s.who.FinishPasskey(v.Context(), v.actor, secret, a.Name, a.Answer); err != nil {
		return err
	}
	s.sayJSON(w, http.StatusOK, map[string]string{"next": "/me/doors?done=passkey"})
	return nil
}

// passkeyModule sends the module.
func (s *site) passkeyModule(w http.ResponseWriter, v *visit) error {
	content, err := assets.ReadFile("static/passkey.js")
	if err != nil {
		return err
	}
	s.send(w, v, "text/javascript; charset=utf-8", content, asking)
	return nil
}
