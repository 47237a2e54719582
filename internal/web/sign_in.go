package web

import (
	"net/http"

	"cairn/internal/fault"
)

// signInPage is the door: an address for a link, a passkey, or a provider.
type signInPage struct {
	*frame
	Message string // why the visitor stands here; "" by their own wish
	Next    string // where they wanted to go
	Address string // as typed
	Wrong   string // what is wrong with it
}

func (s *site) newSignInPage(next string) signInPage {
	page := signInPage{frame: s.frame("Sign in", nil), Next: local(next)}
	page.Hidden = true
	return page
}

// askToSignIn answers somebody who has to be signed in, in the place of the page that they asked for.
func (s *site) askToSignIn(w http.ResponseWriter, v *visit) error {
	page := s.newSignInPage(back(v))
	page.Message = "This page is for whoever is signed in."
	if v.Method == http.MethodPost {
		page.Message = "You are not signed in, so nothing was changed. Sign in, then try again."
	}
	return s.tell(w, v, fault.Unauthenticated.HTTP(), "sign_in", page)
}

// askToProve answers somebody who is signed in and has to prove once more who they are.
func (s *site) askToProve(w http.ResponseWriter, v *visit) error { return errUnproved }

func (s *site) signIn(w http.ResponseWriter, v *visit) error {
	return s.tell(w, v, http.StatusOK, "sign_in", s.newSignInPage(v.URL.Query().Get("next")))
}

// wantsJSON reports whether a module of the page asks, not a person.
func wantsJSON(r *http.Request) bool { return r.Header.Get("Accept") == "application/json" }

// failJSON answers a module.
func (s *site) failJSON(w http.ResponseWriter, v *visit, err error) { s.fail(w, v, err) }
