package web

import (
	"cmp"
	"net/http"

	"cairn/internal/fault"
)

// provePage asks somebody who is signed in to prove once more that it is them, before what cannot be undone.
type provePage struct {
	*frame
	Ways ways
}

func (s *site) newProvePage(v *visit, next string, f *form) (provePage, error) {
	page := provePage{frame: s.frame("Prove that it is you", nil)}
	page.Hidden = true
	account, err := s.accountOf(v.Context(), v)
	if err != nil {
		return page, err
	}
	var addresses []option
	primary := ""
	for _, a := range account.Addresses {
		addresses = append(addresses, option{Value: a.Address, Text: a.Address})
		if a.Primary || primary == "" {
			primary = a.Address
		}
	}
	page.Ways = s.ways(cmp.Or(local(next), "/me"), f)
	page.Ways.Own = ownAddressField(f, primary, addresses)
	page.Ways.Mails = page.Ways.Mails && len(addresses) > 0
	page.Ways.Problem = f.problem()
	return page, nil
}

func ownAddressField(f *form, primary string, addresses []option) field {
	return f.choice("choice", "address", "A link to your address", "It works once, for 15 minutes, in this browser.", primary, addresses)
}

func (s *site) prove(w http.ResponseWriter, v *visit) error {
	page, err := s.newProvePage(v, v.URL.Query().Get("next"), blank("prove"))
	if err != nil {
		return err
	}
	letModules(w)
	return s.tell(w, v, http.StatusOK, "sign_in_prove", page)
}

// askToProve answers in the place of a page that needs a fresh proof.
func (s *site) askToProve(w http.ResponseWriter, v *visit) error {
	page, err := s.newProvePage(v, back(v), blank("prove"))
	if err != nil {
		return err
	}
	letModules(w)
	return s.tell(w, v, fault.Forbidden.HTTP(), "sign_in_prove", page)
}

// proveByLink mails a link to one of the visitor's own addresses; to any other it mails nothing.
func (s *site) proveByLink(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	next := local(v.PostForm.Get("next"))
	account, err := s.accountOf(v.Context(), v)
	if err != nil {
		return err
	}
	err = &fault.Fault{Kind: fault.Invalid, Field: "address", Message: "Choose one of your own addresses."}
	for _, a := range account.Addresses {
		if a.Address == v.PostForm.Get("address") {
			err = s.who.AskLink(v.Context(), s.ask(w, v, a.Address, next, v.actor))
		}
	}
	if mendable(err) {
		page, failed := s.newProvePage(v, next, typed("prove", v, err))
		if failed != nil {
			return failed
		}
		letModules(w)
		return s.again(w, v, "sign_in_prove", page, err)
	}
	if err != nil {
		return err
	}
	return seeOther(w, v, "/sign-in/sent")
}
