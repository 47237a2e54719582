package web

import (
	"net/http"

	"cairn/internal/fault"
	"cairn/internal/identity"
)

// linkPage is the page behind a link that was mailed. Mail scanners open links, so opening it changes nothing: its button
// does.
type linkPage struct {
	*frame
	Address string // that the link was mailed to
	Adds    bool   // it proves another address of the account that asked
	Proves  bool   // it proves once more an address that the account has
	Other   bool   // this is another browser than the one that asked
	Version string // of the privacy notice
}

func (s *site) showLink(w http.ResponseWriter, v *visit) error {
	shown, err := s.who.ShowLink(v.Context(), v.PathValue("token"), s.cookie(v.Request, browserCookie))
	if fault.Of(err) == fault.NotFound {
		return s.linkOver(w, v)
	}
	if err != nil {
		return err
	}
	page := linkPage{frame: s.frame("Your link", nil), Address: shown.Address, Adds: shown.Adds, Proves: shown.Proves, Other: !shown.Here, Version: policyVersion}
	page.Hidden = true
	if page.Other {
		page.Address = "" // whoever found the link need not know whose it is
	}
	return s.tell(w, v, http.StatusOK, "sign_in_link", page)
}

func (s *site) useLink(w http.ResponseWriter, v *visit) error {
	ctx, token, browser := v.Context(), v.PathValue("token"), s.cookie(v.Request, browserCookie)
	shown, err := s.who.ShowLink(ctx, token, browser)
	if err == nil && !shown.Here {
		return s.showLink(w, v)
	}
	var in identity.SignIn
	if err == nil {
		in, err = s.who.UseLink(ctx, token, browser, v.device())
	}
	if fault.Of(err) == fault.NotFound {
		return s.linkOver(w, v)
	}
	if fault.Of(err) == fault.Conflict {
		page := wordPage{frame: s.frame("This address is taken", nil), Heading: "This address belongs to another account", Lead: fault.Message(err),
			Text:  []string{"Nothing was changed. If both accounts are yours, you can make one record of them."},
			Links: []link{{Text: "To my record", Address: "/me/record"}}}
		page.Hidden = true
		return s.tell(w, v, fault.Conflict.HTTP(), "word", page)
	}
	if err != nil {
		return err
	}
	s.setCookie(w, browserCookie, "", -1)
	return s.signedIn(w, v, in)
}

// linkOver answers for a link that is used, expired or none at all: which of these it was, nobody is told.
func (s *site) linkOver(w http.ResponseWriter, v *visit) error {
	return s.tell(w, v, http.StatusNotFound, "word", s.newLinkOver())
}

func (s *site) newLinkOver() wordPage {
	page := wordPage{frame: s.frame("This link lets nobody in", nil), Heading: "This link lets nobody in any more",
		Lead:  "A link works once and for 15 minutes. This one was used, is too old, or is not whole.",
		Text:  []string{"Nothing was changed. If you are signed in already, there is nothing left to do; else ask for a new link, which comes at once."},
		Links: []link{{Text: "Ask for a new link", Address: "/sign-in"}, {Text: "To my boards", Address: "/me"}}}
	page.Hidden = true
	return page
}
