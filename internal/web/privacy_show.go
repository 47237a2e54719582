package web

import (
	"net/http"

	"cairn/internal/identity"
)

// policyVersion is the version of the privacy notice in force: identity.Policy changes with what privacy_show.html says, and whoever accepted
// an earlier one is asked to read it again.
const policyVersion = identity.Policy

// privacyPage is the privacy notice.
type privacyPage struct {
	*frame
	Version string
}

func (s *site) privacy(w http.ResponseWriter, v *visit) error {
	return s.page(w, v, "privacy_show", privacyPage{frame: s.frame("Privacy", nil), Version: policyVersion}, asking)
}
