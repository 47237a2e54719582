package web

import (
	"context"
	"errors"
	"mime/multipart"
	"net/http"
	"strings"

	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/player"
)

// mostLinks is how many links the form of a profile has room for.
const mostLinks = 5

// profilePage is what a player says of themselves, and how sources know them.
type profilePage struct {
	*frame
	Done        string
	Problem     *problem
	Name, Bio   field
	Zone        field
	Links       []linkFields
	Picture     bool
	PictureFile field
	PictureBad  *problem
	Identifiers []identifierLine
	Kind, Value field
	AddBad      *problem
}

type linkFields struct{ Text, Address field }

// identifierLine is one way in which sources know a player.
type identifierLine struct {
	Kind, Value, Proof string
	Key                string // of the kind, for the form
	Fixed              bool   // an address of the account: taken away where one signs in
}

var profileDone = map[string]string{
	"saved": "Saved.", "picture": "The picture was changed.", "picture-gone": "The picture is gone.",
	"added": "Added.", "removed": "Removed.",
}

// newProfilePage draws the page; of its three forms, which is the one that was refused.
func (s *site) newProfilePage(v *visit, about, picture, added *form) (profilePage, error) {
	ctx := v.Context()
	page := profilePage{frame: s.own("Profile", "Profile"), Done: wasDone(v, profileDone)}
	kept, err := s.players.Profile(ctx, v.actor.Account)
	if err != nil {
		return page, err
	}
	page.fields(about, picture, added, kept)
	ids, err := s.players.Identifiers(ctx, v.actor.Account)
	if err != nil {
		return page, err
	}
	for _, id := range ids {
		page.Identifiers = append(page.Identifiers, identifierLine{Kind: identifierKind(id.Kind), Key: id.Kind, Value: id.Value, Proof: identifierProof(id.Proof), Fixed: id.Proof == "mail"})
	}
	return page, nil
}

// fields makes the questions of the page's three forms.
func (page *profilePage) fields(about, picture, added *form, kept player.Profile) {
	page.Name = about.text("name", "Name", "As you want to be called. Each board can call you otherwise.", kept.Name).most(200).complete("name")
	page.Bio = about.area("bio", "About you", "Plain text. Boards show it only where you let them.", kept.Bio).most(2000)
	page.Zone = about.text("zone", "Time zone", "Such as Europe/Berlin. Your own pages read the clock there.", kept.Zone).most(60)
	for i := range mostLinks {
		n := string(rune('1' + i))
		var stands player.Link
		if i < len(kept.Links) {
			stands = kept.Links[i]
		}
		page.Links = append(page.Links, linkFields{
			about.text("link-text-"+n, "Link "+n+": words", "", stands.Text).most(100),
			about.text("link-"+n, "Link "+n+": address", "", stands.Address).most(500).as("url"),
		})
	}
	page.Problem = about.problem()
	page.Picture = kept.Picture
	label := "A picture"
	if kept.Picture {
		label = "Another picture"
	}
	page.PictureFile = picture.file("picture", label, "PNG or JPEG, up to 5 MB. It is made small and square, and what the camera wrote into it is dropped.")
	page.PictureBad = picture.problem()
	page.Kind = added.choice("choice", "kind", "Kind", "", "handle", []option{{Value: "handle", Text: "Handle"}, {Value: "git", Text: "Git address"}})
	page.Value = added.text("value", "What it is", "A handle without @, or the address in your commits.", "").most(200).must()
	page.AddBad = added.problem()
}

func identifierKind(kind string) string {
	switch kind {
	case "email":
		return "Mail address"
	case "git":
		return "Git address"
	}
	return "Handle"
}

func identifierProof(proof string) string {
	if proof == "mail" {
		return "proved by a link"
	}
	return "your own word: nobody checked it"
}

func (s *site) profile(w http.ResponseWriter, v *visit) error {
	page, err := s.newProfilePage(v, blank("profile"), blank("picture"), blank("identifier"))
	if err != nil {
		return err
	}
	return s.tell(w, v, http.StatusOK, "me_profile", page)
}

// profileAgain answers a refused form of the page with the page.
func (s *site) profileAgain(w http.ResponseWriter, v *visit, which string, err error) error {
	if !mendable(err) {
		return err
	}
	forms := map[string]*form{"profile": blank("profile"), "picture": blank("picture"), "identifier": blank("identifier")}
	forms[which] = typed(which, v, err)
	page, failed := s.newProfilePage(v, forms["profile"], forms["picture"], forms["identifier"])
	if failed != nil {
		return failed
	}
	return s.again(w, v, "me_profile", page, err)
}

func (s *site) writeProfile(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	sent := v.PostForm
	written := player.Profile{Name: sent.Get("name"), Bio: strings.ReplaceAll(sent.Get("bio"), "\r\n", "\n"), Zone: strings.TrimSpace(sent.Get("zone"))}
	for i := range mostLinks {
		n := string(rune('1' + i))
		if l := (player.Link{Text: strings.TrimSpace(sent.Get("link-text-" + n)), Address: strings.TrimSpace(sent.Get("link-" + n))}); l != (player.Link{}) {
			written.Links = append(written.Links, l)
		}
	}
	if err := s.players.Write(v.Context(), v.actor, written); err != nil {
		return s.profileAgain(w, v, "profile", err)
	}
	return done(w, v, "/me/profile", "saved")
}

// mostPicture is how long a form with a picture may be, in bytes.
const mostPicture = 6 << 20

func (s *site) putPicture(w http.ResponseWriter, v *visit) error {
	file, _, err := sentFile(w, v, "picture", mostPicture)
	if err != nil {
		return s.profileAgain(w, v, "picture", err)
	}
	defer file.Close()
	if err := s.players.PutPicture(v.Context(), v.actor, file); err != nil {
		return s.profileAgain(w, v, "picture", err)
	}
	return done(w, v, "/me/profile", "picture")
}

// sentFile returns a file that a form sent. The error is Invalid, with the field, where there is none or it is too large.
func sentFile(w http.ResponseWriter, v *visit, name string, most int64) (multipart.File, *multipart.FileHeader, error) {
	v.Body = http.MaxBytesReader(w, v.Body, most)
	refused := func(err error, message string) (multipart.File, *multipart.FileHeader, error) {
		return nil, nil, &fault.Fault{Kind: fault.Invalid, Field: name, Message: message, Cause: err}
	}
	err := v.ParseMultipartForm(most) // whole in memory, which bounds it
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return refused(err, "The file is larger than "+count(int(most>>20)-1, "MB", "MB")+": send a smaller one.")
	}
	if err != nil {
		return refused(err, "No file came with the form: choose one and send it again.")
	}
	file, head, err := v.FormFile(name)
	if err != nil {
		return refused(err, "Choose a file first.")
	}
	return file, head, nil
}

func (s *site) removePicture(w http.ResponseWriter, v *visit) error {
	if err := s.players.PutPicture(v.Context(), v.actor, nil); err != nil {
		return err
	}
	return done(w, v, "/me/profile", "picture-gone")
}

// ownPicture sends the visitor's own picture.
func (s *site) ownPicture(w http.ResponseWriter, v *visit) error {
	png, err := s.players.Picture(v.Context(), v.actor.Account)
	if err != nil {
		return err
	}
	s.send(w, v, "image/png", png, asking)
	return nil
}

func (s *site) addIdentifier(w http.ResponseWriter, v *visit) error {
	return s.changeIdentifier(w, v, "added", s.players.AddIdentifier)
}

func (s *site) removeIdentifier(w http.ResponseWriter, v *visit) error {
	return s.changeIdentifier(w, v, "removed", s.players.RemoveIdentifier)
}

func (s *site) changeIdentifier(w http.ResponseWriter, v *visit, word string, change func(context.Context, identity.Actor, player.Identifier) error) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	if err := change(v.Context(), v.actor, player.Identifier{Kind: v.PostForm.Get("kind"), Value: v.PostForm.Get("value")}); err != nil {
		return s.profileAgain(w, v, "identifier", err)
	}
	return done(w, v, "/me/profile", word)
}
