package web

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// mergeLasts is for how long the session that waits is kept while its owner signs in to another record.
const mergeLasts = 30 * time.Minute

// recordPage is what somebody can do with the whole of their record: take it away, join it, erase it.
type recordPage struct {
	*frame
	Done    string
	Proved  bool
	Merges  []mergeLine
	Account string
}

type mergeLine struct{ ID, Words string }

var recordDone = map[string]string{
	"merged": "The two records are one now.",
}

func (s *site) record(w http.ResponseWriter, v *visit) error {
	page := recordPage{frame: s.own("My record", "My record"), Done: wasDone(v, recordDone), Proved: v.actor.JustProved(s.now()), Account: v.actor.Account}
	zone, err := s.zone(v.Context(), v)
	if err != nil {
		return err
	}
	merges, err := s.players.Merges(v.Context(), v.actor)
	if err != nil {
		return err
	}
	for _, m := range merges {
		page.Merges = append(page.Merges, mergeLine{ID: m.ID, Words: "On " + day(m.At, zone) + " another record became part of this one. Until " + day(m.Until, zone) + " that can be undone."})
	}
	return s.tell(w, v, http.StatusOK, "me_record", page)
}

// lateHead sets the headers of a file once its first byte is there: until then an error can still be a page.
type lateHead struct {
	http.ResponseWriter
	kind  string // of its content
	name  string
	began bool
}

func (l *lateHead) Write(p []byte) (int, error) {
	if !l.began {
		l.began = true
		l.Header().Set("Content-Type", l.kind)
		l.Header().Set("Content-Disposition", `attachment; filename="`+l.name+`"`)
		l.Header().Set("Cache-Control", string(never))
	}
	return l.ResponseWriter.Write(p)
}

// export sends all that Cairn holds on the visitor.
func (s *site) export(w http.ResponseWriter, v *visit) error {
	out := &lateHead{ResponseWriter: w, kind: "application/zip", name: "cairn-my-record-" + s.now().UTC().Format(time.DateOnly) + ".zip"}
	err := s.players.Export(v.Context(), v.actor, out)
	if err != nil && out.began {
		s.log.ErrorContext(v.Context(), "export broke off", "error", err.Error())
		panic(http.ErrAbortHandler) // so that nobody takes half a record for a whole one
	}
	return err
}

// confirmErase is what has to be typed before a record is erased.
const confirmErase = "erase my record"

// erasePage spells out what erasing does.
type erasePage struct {
	*frame
	Boards  []string
	Owned   []string // boards of which they are the last owner
	Typed   field
	Problem *problem
}

func (s *site) newErasePage(v *visit, f *form) (erasePage, error) {
	page := erasePage{frame: s.own("Erase my record", "My record")}
	mine, err := s.boards.Mine(v.Context(), v.actor)
	if err != nil {
		return page, err
	}
	for _, m := range mine {
		if m.Access.Member != nil && m.Access.Member.State != board.Invited {
			page.Boards = append(page.Boards, m.Board.Name)
		}
		if m.Access.Role != board.Owner {
			continue
		}
		holders, err := s.boards.Holders(v.Context(), m.Board)
		if err != nil {
			return page, err
		}
		owners := 0
		for _, h := range holders {
			if h.Role == board.Owner {
				owners++
			}
		}
		if owners == 1 {
			page.Owned = append(page.Owned, m.Board.Name)
		}
	}
	page.fields(f)
	return page, nil
}

func (page *erasePage) fields(f *form) {
	page.Typed = f.text("confirm", "Type “"+confirmErase+"”", "So that it does not happen by a slip.", "").complete("off").must()
	page.Problem = f.problem()
}

func (s *site) showErase(w http.ResponseWriter, v *visit) error {
	page, err := s.newErasePage(v, blank("erase"))
	if err != nil {
		return err
	}
	return s.tell(w, v, http.StatusOK, "me_erase", page)
}

func (s *site) erase(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	var err error
	if said := strings.ToLower(strings.Trim(strings.TrimSpace(v.PostForm.Get("confirm")), "“”\"")); said != confirmErase {
		err = &fault.Fault{Kind: fault.Invalid, Field: "confirm", Message: "Nothing was erased: the words differ."}
	} else {
		err = s.players.Erase(v.Context(), v.actor)
	}
	if mendable(err) {
		page, failed := s.newErasePage(v, typed("erase", v, err))
		if failed != nil {
			return failed
		}
		return s.again(w, v, "me_erase", page, err)
	}
	if err != nil {
		return err
	}
	s.forgetBrowser(w)
	v.actor = identity.Actor{}
	page := wordPage{frame: s.frame("Your record is gone", nil), Heading: "Your record is gone",
		Lead: "Your entries, connections, profile, addresses and account were deleted just now.",
		Text: []string{
			"In releases that were published, your numbers stay without a name, as “former player”, so that everyone else's can still be recomputed. Nothing leads from them back to you.",
			"Backups of this server may hold your record until they are written over; whoever runs it can tell you when.",
		},
		Links: []link{{Text: "To the boards", Address: "/"}}}
	page.Hidden = true
	return s.tell(w, v, http.StatusOK, "word", page)
}

// beginMerge sets this session aside, so that its owner can sign in to the other record in the same browser.
func (s *site) beginMerge(w http.ResponseWriter, v *visit) error {
	s.setCookie(w, mergeCookie, s.cookie(v.Request, sessionCookie), mergeLasts)
	s.setCookie(w, sessionCookie, "", -1)
	return seeOther(w, v, "/sign-in"+nextQuery(mergeAddress))
}

// mergeAddress is where two records of one person are shown before they become one.
const mergeAddress = "/me/record/merge"

// mergePage shows two records of which its owner proved both, before they become one.
type mergePage struct {
	*frame
	Into, From []string // by what each is known
	Problem    *problem
}

// waitingActor returns who set their session aside.
func (s *site) waitingActor(v *visit) (identity.Actor, error) {
	into, err := s.who.Actor(v.Context(), s.cookie(v.Request, mergeCookie), v.device())
	if fault.Of(err) == fault.Unauthenticated {
		return into, errNoMerge
	}
	return into, err
}

// errNoMerge is the answer where no session waits, or it ended meanwhile.
var errNoMerge = errors.New("no record waits to be joined")

func (s *site) newMergePage(v *visit, into identity.Actor, err error) (mergePage, error) {
	page := mergePage{frame: s.own("Make one record of two", "My record"), Problem: typed("merge", v, err).problem()}
	for account, known := range map[string]*[]string{into.Account: &page.Into, v.actor.Account: &page.From} {
		a, err := s.who.Account(v.Context(), account)
		if err != nil {
			return page, err
		}
		for _, at := range a.Addresses {
			*known = append(*known, at.Address)
		}
		mine, err := s.boards.Mine(v.Context(), identity.Actor{Account: account})
		if err != nil {
			return page, err
		}
		for _, m := range mine {
			*known = append(*known, m.Board.Name)
		}
	}
	return page, nil
}

func (s *site) showMerge(w http.ResponseWriter, v *visit) error {
	into, err := s.waitingActor(v)
	switch {
	case errors.Is(err, errNoMerge):
		return s.noMerge(w, v)
	case err != nil:
		return err
	case into.Account == v.actor.Account:
		s.setCookie(w, mergeCookie, "", -1)
		return s.sayMerge(w, v, "That is the same record", "You signed in to the record that you came from, so there is nothing to join.")
	}
	page, err := s.newMergePage(v, into, nil)
	if err != nil {
		return err
	}
	return s.tell(w, v, http.StatusOK, "me_merge", page)
}

func (s *site) noMerge(w http.ResponseWriter, v *visit) error {
	return s.sayMerge(w, v, "Nothing waits to be joined", "That took longer than half an hour, or your other session ended. Begin again from the record that shall stay.")
}

func (s *site) sayMerge(w http.ResponseWriter, v *visit, heading, lead string) error {
	page := wordPage{frame: s.own(heading, "My record"), Heading: heading, Lead: lead, Text: []string{"Nothing was changed."},
		Links: []link{{Text: "To my record", Address: "/me/record"}}}
	return s.tell(w, v, fault.Conflict.HTTP(), "word", page)
}

// merge joins the record that was signed in to just now into the one that waits, whose session then goes on.
func (s *site) merge(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	into, err := s.waitingActor(v)
	if errors.Is(err, errNoMerge) {
		return s.noMerge(w, v)
	}
	if err != nil {
		return err
	}
	secret := s.cookie(v.Request, mergeCookie)
	if v.PostForm.Get("yes") == "" { // called off: the session that waited goes on
		if err := s.who.SignOut(v.Context(), v.actor, v.actor.Session); err != nil && fault.Of(err) != fault.NotFound {
			return err
		}
		s.setCookie(w, sessionCookie, secret, sessionLasts)
		s.setCookie(w, mergeCookie, "", -1)
		return seeOther(w, v, "/me/record")
	}
	_, err = s.players.Merge(v.Context(), into, v.actor)
	if fault.Of(err) == fault.Conflict || fault.Of(err) == fault.Forbidden {
		page, failed := s.newMergePage(v, into, err)
		if failed != nil {
			return failed
		}
		return s.again(w, v, "me_merge", page, err)
	}
	if err != nil {
		return err
	}
	s.setCookie(w, sessionCookie, secret, sessionLasts)
	s.setCookie(w, mergeCookie, "", -1)
	return done(w, v, "/me/record", "merged")
}

// unmerge undoes a merge. Every session of the record ends with it, since somebody else may have signed in through what
// moved back.
func (s *site) unmerge(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	if err := s.players.Unmerge(v.Context(), v.actor, v.PostForm.Get("merge")); err != nil {
		return err
	}
	s.forgetBrowser(w)
	v.actor = identity.Actor{}
	page := wordPage{frame: s.frame("Two records again", nil), Heading: "These are two records again",
		Lead:  "What was joined moved back. What you did since stays where it is.",
		Text:  []string{"You were signed out everywhere. Sign in to either record as you did before."},
		Links: []link{{Text: "Sign in", Address: "/sign-in"}}}
	page.Hidden = true
	return s.tell(w, v, http.StatusOK, "word", page)
}
