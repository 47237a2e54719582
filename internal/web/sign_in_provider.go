package web

import (
	"net/http"
	"time"

	"cairn/internal/fault"
)

// providerLasts is how long somebody may take at a provider.
const providerLasts = 15 * time.Minute

// beginProvider sends the browser to a provider. A page of another site cannot send it there.
func (s *site) beginProvider(w http.ResponseWriter, v *visit) error {
	next := local(v.URL.Query().Get("next"))
	if v.Header.Get("Sec-Fetch-Site") == "cross-site" {
		return seeOther(w, v, "/sign-in"+nextQuery(next))
	}
	address, secret, err := s.who.BeginProvider(v.Context(), v.PathValue("provider"), next, network(v.Request))
	if err != nil {
		return err
	}
	s.setCookie(w, providerCookie, secret, providerLasts)
	return seeOther(w, v, address)
}

// finishProvider takes the browser back from a provider.
func (s *site) finishProvider(w http.ResponseWriter, v *visit) error {
	secret := s.cookie(v.Request, providerCookie)
	s.setCookie(w, providerCookie, "", -1)
	in, err := s.who.FinishProvider(v.Context(), v.PathValue("provider"), secret, v.URL.Query(), v.device())
	switch fault.Of(err) {
	case "":
		return s.signedIn(w, v, in)
	case fault.Internal, fault.NotFound:
		return err
	}
	page := wordPage{frame: s.frame("Not signed in", nil), Heading: "That did not sign you in", Lead: fault.Message(err),
		Text:  []string{"Nothing was changed."},
		Links: []link{{Text: "Try again, or another way", Address: "/sign-in"}}}
	page.Hidden = true
	return s.again(w, v, "word", page, err)
}
