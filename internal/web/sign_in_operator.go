package web

import (
	"net/http"

	"cairn/internal/fault"
)

// operatorPage is the page behind the one-time link that the server prints for whoever runs it.
type operatorPage struct {
	*frame
	Problem *problem
	Address field
	Version string // of the privacy notice
}

func (s *site) newOperatorPage(f *form) operatorPage {
	page := operatorPage{frame: s.frame("Run this server", nil), Version: policyVersion}
	page.Hidden = true
	page.Address = f.text("address", "Your e-mail address", "It names your account. Once this server can send mail, links to sign in come here.", "").as("email").complete("email").must()
	page.Problem = f.problem()
	return page
}

// showOperatorLink changes nothing, and looks the same for every link.
func (s *site) showOperatorLink(w http.ResponseWriter, v *visit) error {
	return s.tell(w, v, http.StatusOK, "sign_in_operator", s.newOperatorPage(blank("operator")))
}

func (s *site) useOperatorLink(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	in, err := s.who.UseOperatorLink(v.Context(), v.PathValue("token"), v.PostForm.Get("address"), v.device())
	if fault.Of(err) == fault.NotFound {
		page := wordPage{frame: s.frame("This link lets nobody in", nil), Heading: "This link lets nobody in",
			Lead: "It was used, is older than an hour, or a newer one took its place.",
			Text: []string{"Nothing was changed. Whoever can run commands on the server gets a new one with: cairn operator link"}}
		page.Hidden = true
		return s.tell(w, v, http.StatusNotFound, "word", page)
	}
	if mendable(err) {
		return s.again(w, v, "sign_in_operator", s.newOperatorPage(typed("operator", v, err)), err)
	}
	if err != nil {
		return err
	}
	if in.Next == "" {
		in.Next = "/me/doors?done=operator"
	}
	return s.signedIn(w, v, in)
}
