package web

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"cairn/internal/fault"
	"cairn/internal/identity"
)

// doorsPage is every way into an account, and where it is signed in.
type doorsPage struct {
	*frame
	Done      string
	Proved    bool // so recently that ways in may be changed
	Mails     bool
	Sessions  []sessionLine
	Passkeys  []passkeyLine
	Addresses []addressLine
	Tokens    []tokenLine
	Address   field
	AddBad    *problem
	TokenName field
	Scopes    field
	Operates  bool // they run this server
	Lasts     field
	TokenBad  *problem
	Token     string // a secret that was made just now, "" none
}

type sessionLine struct {
	ID, Device, Words string
	Here              bool
}

type passkeyLine struct{ ID, Name, Words string }

type addressLine struct {
	Address, Words string
	Primary        bool
}

type tokenLine struct{ ID, Name, Words string }

var doorsDone = map[string]string{
	"ended": "That place is signed out.", "passkey": "The passkey works from now on.", "passkey-gone": "The passkey lets nobody in any more.",
	"address-gone": "The address is gone from your account.", "mail-to": "Mail goes there from now on.", "token-gone": "The token is worth nothing any more.",
	"operator": "You run this server now. Add a passkey, so that you come in again where no mail can be sent.",
}

var scopeWords = []option{
	{Value: string(identity.ReadOwn), Text: "Read my own record and scorecards"},
	{Value: string(identity.WriteOwn), Text: "Write my own entries and profile"},
	{Value: string(identity.ReadBoards), Text: "Read what my roles on boards show"},
	{Value: string(identity.WriteBoards), Text: "Do what my roles on boards allow, releases aside"},
	{Value: string(identity.Release), Text: "Draft, publish and mend releases"},
	{Value: string(identity.Operate), Text: "Run this server"},
}

// scopesFor are those that somebody may give a token.
func scopesFor(operator bool) []option {
	if operator {
		return scopeWords
	}
	return slices.DeleteFunc(slices.Clone(scopeWords), func(o option) bool { return o.Value == string(identity.Operate) })
}

func (s *site) newDoorsPage(v *visit, address, token *form) (doorsPage, error) {
	ctx := v.Context()
	page := doorsPage{frame: s.own("Ways in", "Ways in"), Done: wasDone(v, doorsDone), Proved: v.actor.JustProved(s.now()), Mails: s.who.Mails(), Operates: v.actor.Operator}
	zone, err := s.zone(ctx, v)
	if err != nil {
		return page, err
	}
	sessions, err := s.who.Sessions(ctx, v.actor.Account)
	if err != nil {
		return page, err
	}
	for _, at := range sessions {
		page.Sessions = append(page.Sessions, sessionLine{ID: at.ID, Device: at.Device, Here: at.ID == v.actor.Session,
			Words: "since " + day(at.Began, zone) + ", last seen " + instant(at.Seen, zone)})
	}
	keys, err := s.who.Passkeys(ctx, v.actor.Account)
	if err != nil {
		return page, err
	}
	for _, k := range keys {
		page.Passkeys = append(page.Passkeys, passkeyLine{ID: k.ID, Name: k.Name, Words: "made on " + day(k.Made, zone) + usedWords(k.Used, zone)})
	}
	account, err := s.accountOf(ctx, v)
	if err != nil {
		return page, err
	}
	for _, a := range account.Addresses {
		line := addressLine{Address: a.Address, Primary: a.Primary, Words: "proved on " + day(a.Proved, zone)}
		if a.Proved.IsZero() {
			line.Words = "not proved yet"
		}
		page.Addresses = append(page.Addresses, line)
	}
	tokens, err := s.who.Tokens(ctx, v.actor.Account)
	if err != nil {
		return page, err
	}
	for _, t := range tokens {
		var may []string
		for _, o := range scopeWords {
			if slices.Contains(t.Scopes, identity.Scope(o.Value)) {
				may = append(may, lower(o.Text))
			}
		}
		page.Tokens = append(page.Tokens, tokenLine{ID: t.ID, Name: t.Name, Words: "may " + list(may) + "; until " + day(t.Expires, zone) + usedWords(t.Used, zone)})
	}
	page.fields(address, token)
	return page, nil
}

// fields makes the questions of the page's two forms.
func (page *doorsPage) fields(address, token *form) {
	page.Address = address.text("address", "Another address", "A link goes there. Once it was opened in this browser, the address is yours.", "").as("email").complete("email").must()
	page.AddBad = address.problem()
	page.TokenName = token.text("name", "What it is for", "Such as: weekly report.", "").most(100).must()
	page.Scopes = token.ticks("scopes", "What it may", "", []string{string(identity.ReadOwn)}, scopesFor(page.Operates))
	page.Lasts = token.choice("choice", "days", "How long", "", "90", []option{{Value: "1", Text: "A day"}, {Value: "30", Text: "30 days"}, {Value: "90", Text: "90 days"}, {Value: "365", Text: "A year"}})
	page.TokenBad = token.problem()
}

func usedWords(at time.Time, zone *time.Location) string {
	if at.IsZero() {
		return ", never used"
	}
	return ", last used on " + day(at, zone)
}

func (s *site) doors(w http.ResponseWriter, v *visit) error {
	page, err := s.newDoorsPage(v, blank("address"), blank("token"))
	if err != nil {
		return err
	}
	letModules(w)
	return s.tell(w, v, http.StatusOK, "me_doors", page)
}

// doorsAgain answers a refused form of the page with the page.
func (s *site) doorsAgain(w http.ResponseWriter, v *visit, which string, err error) error {
	if !mendable(err) {
		return err
	}
	forms := map[string]*form{"address": blank("address"), "token": blank("token")}
	forms[which] = typed(which, v, err)
	page, failed := s.newDoorsPage(v, forms["address"], forms["token"])
	if failed != nil {
		return failed
	}
	letModules(w)
	return s.again(w, v, "me_doors", page, err)
}

// endSession signs out one place.
func (s *site) endSession(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	session := v.PostForm.Get("session")
	if session == v.actor.Session {
		return s.signOut(w, v)
	}
	if err := s.who.SignOut(v.Context(), v.actor, session); err != nil {
		return err
	}
	return done(w, v, "/me/doors", "ended")
}

func (s *site) endSessions(w http.ResponseWriter, v *visit) error {
	if err := s.who.SignOutEverywhere(v.Context(), v.actor); err != nil {
		return err
	}
	s.forgetBrowser(w)
	page := wordPage{frame: s.frame("Signed out everywhere", nil), Heading: "Signed out everywhere",
		Lead:  "No browser is signed in to your account any more.",
		Text:  []string{"Programs go on with their tokens until you end those."},
		Links: []link{{Text: "Sign in", Address: "/sign-in"}}}
	page.Hidden = true
	v.actor = identity.Actor{}
	return s.tell(w, v, http.StatusOK, "word", page)
}

// addAddress mails a link that proves an address.
func (s *site) addAddress(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	if err := s.who.AskLink(v.Context(), s.ask(w, v, v.PostForm.Get("address"), "/me/doors", v.actor)); err != nil {
		return s.doorsAgain(w, v, "address", err)
	}
	return seeOther(w, v, "/sign-in/sent")
}

func (s *site) removeAddress(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	if err := s.who.RemoveAddress(v.Context(), v.actor, v.PostForm.Get("address")); err != nil {
		return s.doorsAgain(w, v, "address", err)
	}
	return done(w, v, "/me/doors", "address-gone")
}

func (s *site) mailTo(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	if err := s.who.MailTo(v.Context(), v.actor, v.PostForm.Get("address")); err != nil {
		return s.doorsAgain(w, v, "address", err)
	}
	return done(w, v, "/me/doors", "mail-to")
}

func (s *site) removePasskey(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	if err := s.who.RemovePasskey(v.Context(), v.actor, v.PostForm.Get("passkey")); err != nil {
		return s.doorsAgain(w, v, "address", err)
	}
	return done(w, v, "/me/doors", "passkey-gone")
}

// makeToken makes a token and shows its secret in the answer itself: there is no other page that ever does.
func (s *site) makeToken(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	var scopes []identity.Scope
	for _, scope := range v.PostForm["scopes"] {
		scopes = append(scopes, identity.Scope(scope))
	}
	days, err := strconv.Atoi(v.PostForm.Get("days"))
	if err != nil || days < 1 || days > 366 {
		return s.doorsAgain(w, v, "token", &fault.Fault{Kind: fault.Invalid, Field: "days", Message: "A token lasts a day to a year."})
	}
	secret, _, err := s.who.MakeToken(v.Context(), v.actor, v.PostForm.Get("name"), scopes, s.now().AddDate(0, 0, days))
	if err != nil {
		return s.doorsAgain(w, v, "token", err)
	}
	page, err := s.newDoorsPage(v, blank("address"), blank("token"))
	if err != nil {
		return err
	}
	page.Token = secret
	letModules(w)
	return s.tell(w, v, http.StatusOK, "me_doors", page)
}

func (s *site) revokeToken(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	if err := s.who.RevokeToken(v.Context(), v.actor, v.PostForm.Get("token")); err != nil {
		return err
	}
	return done(w, v, "/me/doors", "token-gone")
}
