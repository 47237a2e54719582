package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"cairn/internal/fault"
	"cairn/internal/identity"
)

// sessionLasts is how long the browser keeps a session's cookie; the session itself may end before.
const sessionLasts = 30 * 24 * time.Hour

// askingLasts is how long a browser can be told again: longer than any link it asked for.
const askingLasts = time.Hour

// ways are the ways in, as a page offers them. Each ends at Next.
type ways struct {
	Next      string // "" where they choose for themselves
	Mails     bool   // links can be mailed
	Providers []link
	Problem   *problem
	Address   field
	Own       field // in place of Address: which of their own addresses
}

// signInPage is the door: an address for a link, a passkey, or a provider.
type signInPage struct {
	*frame
	Message string // why the visitor stands here; "" by their own wish
	Already bool   // they are signed in
	Ways    ways
	Version string // of the privacy notice
}

func (s *site) newSignInPage(v *visit, next string, f *form) signInPage {
	page := signInPage{frame: s.frame("Sign in", nil), Already: v.actor.SignedIn(), Version: policyVersion}
	page.Hidden = true
	page.Ways = s.ways(next, f)
	if page.Ways.Next == mergeAddress && !page.Already {
		page.Message = "Now sign in to your other record, as you do there. Then you see both, and decide whether they become one."
	}
	page.Ways.Address = addressField(f)
	page.Ways.Problem = f.problem()
	return page
}

func addressField(f *form) field {
	return f.text("address", "Your e-mail address", "A link comes by mail. It works once, for 15 minutes, in this browser.", "").as("email").complete("username webauthn").must()
}

func (s *site) ways(next string, f *form) ways {
	all := ways{Next: local(next), Mails: s.who.Mails()}
	for _, p := range s.who.Providers() {
		all.Providers = append(all.Providers, link{Text: p.Name, Address: "/sign-in/with/" + url.PathEscape(p.Key) + nextQuery(all.Next)})
	}
	return all
}

// nextQuery is what an address ends with so that the page behind it knows where to go afterwards.
func nextQuery(next string) string {
	if next == "" {
		return ""
	}
	return "?" + url.Values{"next": {next}}.Encode()
}

func (s *site) signIn(w http.ResponseWriter, v *visit) error {
	letModules(w)
	return s.tell(w, v, http.StatusOK, "sign_in", s.newSignInPage(v, v.URL.Query().Get("next"), blank("sign-in")))
}

// askToSignIn answers somebody who has to be signed in, in the place of the page that they asked for.
func (s *site) askToSignIn(w http.ResponseWriter, v *visit) error {
	page := s.newSignInPage(v, back(v), blank("sign-in"))
	page.Message = "This page is for whoever is signed in."
	if v.ended != "" {
		page.Message = v.ended
		s.setCookie(w, sessionCookie, "", -1)
	}
	if v.Method == http.MethodPost {
		page.Message += " Nothing was changed. Sign in, then try again."
	}
	letModules(w)
	return s.tell(w, v, fault.Unauthenticated.HTTP(), "sign_in", page)
}

// askLink mails a link to sign in. What is answered does not tell whether there is an account.
func (s *site) askLink(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	next := local(v.PostForm.Get("next"))
	err := s.who.AskLink(v.Context(), s.ask(w, v, v.PostForm.Get("address"), next, identity.Actor{}))
	if mendable(err) {
		letModules(w)
		return s.again(w, v, "sign_in", s.newSignInPage(v, next, typed("sign-in", v, err)), err)
	}
	if err != nil {
		return err
	}
	return seeOther(w, v, "/sign-in/sent")
}

// ask is a visitor's wish for a link to an address; whose is the account that it shall be an address of, nobody where it is to sign in.
func (s *site) ask(w http.ResponseWriter, v *visit, address, next string, whose identity.Actor) identity.Ask {
	return identity.Ask{Address: address, Browser: s.browser(w, v), Next: next, From: network(v.Request), Agent: v.UserAgent(), For: whose}
}

// browser returns the secret by which a browser is known again, and gives it one where it has none.
func (s *site) browser(w http.ResponseWriter, v *visit) string {
	secret := cmp.Or(s.cookie(v.Request, browserCookie), identity.NewSecret())
	s.setCookie(w, browserCookie, secret, askingLasts)
	return secret
}

// linkSent says to look into one's mail.
func (s *site) linkSent(w http.ResponseWriter, v *visit) error {
	return s.tell(w, v, http.StatusOK, "word", s.newLinkSent())
}

func (s *site) newLinkSent() wordPage {
	page := wordPage{frame: s.frame("Look into your mail", nil), Heading: "Look into your mail",
		Lead: "A link is on its way to the address that you gave.",
		Text: []string{
			"Open it in this browser: a link that was forwarded, or that is opened elsewhere, lets nobody in. It works once and for 15 minutes.",
			"Nothing came? Look among the unwanted mail, check the address for a slip, and ask again. Your address is used for the link and not kept unless you open it.",
		},
		Links: []link{{Text: "Ask for another link", Address: "/sign-in"}}}
	page.Hidden = true
	return page
}

// signedIn opens the door: it gives the browser its session and sends it on.
func (s *site) signedIn(w http.ResponseWriter, v *visit, in identity.SignIn) error {
	next, err := s.open(w, v, in)
	if err != nil {
		return err
	}
	return seeOther(w, v, next)
}

// open gives the browser its session and returns where to go. Signing in notes that the
// privacy notice that stands on every door was read.
func (s *site) open(w http.ResponseWriter, v *visit, in identity.SignIn) (next string, err error) {
	ctx := v.Context()
	account, err := s.who.Account(ctx, in.Actor.Account)
	if err != nil {
		return "", err
	}
	if account.Policy == "" {
		if err := s.who.AcceptPolicy(ctx, in.Actor, policyVersion); err != nil {
			return "", err
		}
	}
	s.setCookie(w, sessionCookie, in.Secret, sessionLasts)
	return cmp.Or(local(in.Next), "/me"), nil
}

// signOut ends this session, and the one that waits while its owner signs in to another record.
func (s *site) signOut(w http.ResponseWriter, v *visit) error {
	waits, err := s.waitingActor(v)
	if err != nil && !errors.Is(err, errNoMerge) {
		return err
	}
	for _, a := range []identity.Actor{v.actor, waits} {
		if !a.SignedIn() {
			continue
		}
		if err := s.who.SignOut(v.Context(), a, a.Session); err != nil && fault.Of(err) != fault.NotFound {
			return err
		}
	}
	s.forgetBrowser(w)
	return seeOther(w, v, "/")
}

// forgetBrowser takes every cookie away that says who somebody is.
func (s *site) forgetBrowser(w http.ResponseWriter) {
	s.setCookie(w, sessionCookie, "", -1)
	s.setCookie(w, mergeCookie, "", -1)
	w.Header().Set("Clear-Site-Data", `"cache"`) // so that the way back in this browser shows nothing of one's own
}

// wordPage says something in a few words, and where to go from there.
type wordPage struct {
	*frame
	Heading, Lead string
	Text          []string
	Links         []link
}

// letModules lets the page run this server's own modules and have them ask this server; all other pages run none.
func letModules(w http.ResponseWriter) {
	w.Header().Set("Content-Security-Policy", policy+"; script-src 'self'; connect-src 'self'")
}

// wantsJSON reports whether a module of a page asks, not a person.
func wantsJSON(r *http.Request) bool { return r.Header.Get("Accept") == "application/json" }

// failJSON answers a module whose request failed, with words to show and, where that helps, the page to go to.
func (s *site) failJSON(w http.ResponseWriter, v *visit, err error) {
	answer := map[string]string{"message": fault.Message(err)}
	switch kind := fault.Of(err); {
	case kind == fault.Unauthenticated && !v.actor.SignedIn() && v.URL.Path != passkeyDone:
		answer["next"] = "/sign-in"
	case errors.Is(err, errUnproved):
		answer["next"] = "/prove" + nextQuery(back(v))
	case kind == fault.NotFound:
		answer["message"] = absence
	case kind == fault.Internal || kind == fault.Unavailable:
		s.log.ErrorContext(v.Context(), "request failed", "path", logged(v.Request), "kind", string(kind), "error", err.Error())
	}
	s.sayJSON(w, fault.Of(err).HTTP(), answer)
}

func (s *site) sayJSON(w http.ResponseWriter, status int, answer any) {
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err) // text and raw JSON always have a JSON form
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", string(never))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the reader may have gone
}

// accountOf returns the account of who asks.
func (s *site) accountOf(ctx context.Context, v *visit) (*identity.Account, error) {
	return s.who.Account(ctx, v.actor.Account)
}
