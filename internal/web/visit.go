package web

import (
	"cmp"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// visit is one request and who makes it. The route's permission was checked before a handler sees it.
type visit struct {
	*http.Request
	actor   identity.Actor // the zero Actor: nobody is signed in
	board   *board.Board   // that the address names; nil none
	access  board.Access   // what the actor is on it
	known   bool           // it was found out who asks
	reading string         // address under which a pass in a mail shows pages for reading, "" none does
	ended   string         // why the session of the visitor's cookie is over; "" it is not, or there is none
}

// admit finds out who asks, which board the address names, and whether the route is for them. Whoever is not signed in and would
// have to be gets Unauthenticated; a board that is not there and one that is not theirs are the same NotFound, after the
// same work.
func (s *site) admit(r route, req *http.Request) (*visit, error) {
	v := &visit{Request: req}
	if r.permission == outward {
		return v, nil
	}
	var err error
	if v.actor, err = s.whoAsks(v); err != nil {
		return v, err
	}
	v.known = true
	if r.permission.needsSignIn() && !v.actor.SignedIn() {
		return v, fault.New(fault.Unauthenticated, "Sign in to see this page.")
	}
	if key := req.PathValue("board"); key != "" {
		if err := s.enter(v, key, r.permission); err != nil {
			return v, err
		}
	}
	switch {
	case r.permission == operator && !v.actor.Operator:
		return v, fault.New(fault.NotFound, "There is no page at this address.")
	case r.permission == proved && !v.actor.JustProved(s.now()):
		return v, errUnproved
	}
	return v, nil
}

// errUnproved is the answer to somebody who is signed in and has to prove once more who they are.
var errUnproved = fault.New(fault.Forbidden, "Prove once more that it is you.")

// needsSignIn reports whether nobody can use a route without being signed in, whatever board it is about.
func (p permission) needsSignIn() bool {
	switch p {
	case anyone, outward, onePlayer, wholeRelease, on(board.SeeBoard), on(board.SeeLeaderboard), on(board.SeeScorecards), on(board.SeeHistory):
		return false
	}
	return true
}

// whoAsks returns who holds the session that the request's cookie names; the zero Actor for none and for one that ended.
func (s *site) whoAsks(v *visit) (identity.Actor, error) {
	secret := s.cookie(v.Request, sessionCookie)
	if secret == "" {
		return identity.Actor{}, nil
	}
	actor, err := s.who.Actor(v.Context(), secret, v.device())
	if fault.Of(err) == fault.Unauthenticated {
		v.ended = fault.Message(err)
		return identity.Actor{}, nil
	}
	return actor, err
}

// enter finds the board of the address and what the visitor is on it.
func (s *site) enter(v *visit, key string, p permission) error {
	nowhere := fault.New(fault.NotFound, "There is no page at this address.")
	b, err := s.boards.Board(v.Context(), key)
	absent := fault.Of(err) == fault.NotFound
	if absent {
		b = &board.Board{} // nobody's: what is absent costs what is forbidden
	} else if err != nil {
		return err
	}
	access, err := s.boards.Access(v.Context(), b, v.actor)
	if err != nil && !absent {
		return err
	}
	if absent || !p.admits(access, b) {
		return nowhere
	}
	v.board, v.access = b, access
	return nil
}

// admits reports whether a route on a board is for somebody.
func (p permission) admits(a board.Access, b *board.Board) bool {
	switch p {
	case anyone, someone, proved, operator: // about no board
		return true
	case onePlayer, wholeRelease: // the handler looks closer
		return a.May(board.SeeBoard, b) || a.May(board.SeeOwn, b)
	case readCoaching:
		return a.May(board.SeeGiven, b) || a.May(board.SeeTrail, b)
	case coach:
		return a.May(board.SeeGiven, b) || a.May(board.Manage, b)
	case talk:
		return a.May(board.SeeOwn, b) || a.May(board.SeeGiven, b) || a.May(board.Manage, b)
	}
	return a.May(board.Act(p), b)
}

// refuse answers a visit that was not admitted, or whose handler failed: with the way to sign in where that is what is
// lacking.
func (s *site) refuse(w http.ResponseWriter, v *visit, err error) {
	switch {
	case wantsJSON(v.Request):
		s.failJSON(w, v, err)
		return
	case fault.Of(err) == fault.Unauthenticated:
		err = s.askToSignIn(w, v)
	case errors.Is(err, errUnproved):
		err = s.askToProve(w, v)
	}
	if err != nil {
		s.fail(w, v, err)
	}
}

// door is the part of the masthead that says whether somebody is signed in.
type door struct {
	Known    bool // false where the page failed before that was found out
	SignedIn bool
	Own      bool // this is a page of one's own, whose navigation leads everywhere
	Asking   bool // this is the page to sign in
}

func newDoor(v *visit, f *frame) door {
	return door{Known: v.known, SignedIn: v.actor.SignedIn(), Own: f.Board == ownPages, Asking: v.URL.Path == "/sign-in"}
}

// Cookies. Over https their names begin with __Host-, so that no other host can have set them.
const (
	sessionCookie  = "cairn"          // the session's secret
	browserCookie  = "cairn-asking"   // which browser asked for a link
	ceremonyCookie = "cairn-ceremony" // of a passkey that is being used
	providerCookie = "cairn-provider" // of a provider that was sent to
	mergeCookie    = "cairn-merge"    // the session that waits while its owner signs in to another record
)

func (s *site) cookieName(name string) string {
	if s.secure() {
		return "__Host-" + name
	}
	return name
}

// secure reports whether the server is reached over https.
func (s *site) secure() bool { return strings.HasPrefix(s.base, "https://") }

// cookie returns a cookie's value, "" where there is none.
func (s *site) cookie(r *http.Request, name string) string {
	c, err := r.Cookie(s.cookieName(name))
	if err != nil || len(c.Value) > 200 {
		return ""
	}
	return c.Value
}

// setCookie gives the browser a cookie for so long; 0 until it is closed, negative takes it away.
func (s *site) setCookie(w http.ResponseWriter, name, value string, lasts time.Duration) {
	age := int(lasts.Seconds())
	if lasts < 0 {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{Name: s.cookieName(name), Value: value, Path: "/", MaxAge: age, Secure: s.secure(), HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// device is what is known of the browser that asks. The session that it holds ends where another begins.
func (v *visit) device() identity.Device {
	return identity.Device{Agent: v.UserAgent(), From: network(v.Request), Holds: v.actor.Session}
}

// asker is whose a request is counted as: the account's, or the network's that nobody came from.
func (v *visit) asker() string { return cmp.Or(v.actor.Account, "net "+identity.Network(v.RemoteAddr)) }

// network is the address that a request came from. What a proxy in front says of it is settled before the pages see it.
func network(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// logged is how a log names the page that was asked for: an address that holds a secret by its pattern alone.
func logged(r *http.Request) string {
	if strings.Contains(r.Pattern, "{token}") {
		return r.Pattern
	}
	return r.URL.Path
}

// local returns where to go next: a path of this server, "" where it is none.
func local(next string) string { return identity.LocalPath(next) }

// back is the page to come back to once somebody has signed in: this one, or of a form the page that held it.
func back(v *visit) string {
	if v.Method == http.MethodGet || v.Method == http.MethodHead {
		return local(v.URL.RequestURI())
	}
	if u, err := url.Parse(v.Referer()); err == nil && u.Host == v.Host {
		return local(u.RequestURI())
	}
	return ""
}

// tell sends a page that nobody keeps, with a status: what forms answer, and what is one's own.
func (s *site) tell(w http.ResponseWriter, v *visit, status int, name string, data any) error {
	body, err := s.fill(v, name, data)
	if err != nil {
		return err
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", string(never))
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if v.Method != http.MethodHead {
		_, _ = w.Write(body) // the reader may have gone
	}
	return nil
}

// seeOther sends the browser on after a form, so that loading the page again sends nothing twice.
func seeOther(w http.ResponseWriter, v *visit, to string) error {
	w.Header().Set("Cache-Control", string(never))
	http.Redirect(w, v.Request, to, http.StatusSeeOther)
	return nil
}
