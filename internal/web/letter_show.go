package web

import (
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/newsletter"
	"cairn/internal/pass"
)

// What a link in a letter opens: its reader's own pages, for reading and without signing in, and how they are told. Nothing else
// can be done by it, so that whoever a mail was passed on to can at most stop the mails.

// letterAddress is where the pages of a pass begin.
func letterAddress(secret string) string { return "/p/" + url.PathEscape(secret) }

// byLetter finds the pass in the address and puts its reader's access in the place of the visitor's. expired reports that it
// opens pages no more.
func (s *site) byLetter(w http.ResponseWriter, v *visit) (held pass.Pass, expired bool, err error) {
	if held, expired, err = s.letterOf(w, v); err != nil {
		return held, false, err
	}
	w.Header().Set("Referrer-Policy", "no-referrer") // the address is the key
	v.access, err = s.boards.Reading(v.Context(), v.board, held.Member, held.Player)
	return held, expired, err
}

// letterOf finds the pass in the address and the board that its letter was about. It is enough to say how one is told, which whoever left
// the board, or made one record of two since, can do as well.
//
// A page with a form keeps the referrer that every page of ours has: without any, browsers name no origin either, and those that do not say
// by themselves which site sent a form could stop no mails.
func (s *site) letterOf(w http.ResponseWriter, v *visit) (held pass.Pass, expired bool, err error) {
	header := w.Header()
	header.Set("Cache-Control", string(never))
	header.Set("X-Robots-Tag", "noindex")
	if held, expired, err = s.passes.Find(v.Context(), pass.Letter, v.PathValue("token")); err != nil {
		return held, false, err
	}
	v.board, err = s.boards.ByID(v.Context(), held.Board)
	return held, expired, err
}

// showLetter shows the reader's own scorecard.
func (s *site) showLetter(w http.ResponseWriter, v *visit) error {
	held, err := s.openLetter(w, v)
	if err != nil || v.board == nil {
		return err
	}
	names, err := s.boards.Directory(v.Context(), v.board)
	if err != nil {
		return err
	}
	key := names.Member(held.Member).Key
	if v.actor.Account == held.Player { // their own pages show more
		return seeOther(w, v, boardAddress(v.board)+"/players/"+url.PathEscape(key))
	}
	if held.Release != "" {
		rel, err := s.releases.Named(v.Context(), v.board, held.Release)
		if err != nil {
			return err
		}
		v.SetPathValue("period", rel.Period.String())
	}
	v.SetPathValue("player", key)
	err = s.showPlayer(w, v)
	if fault.Of(err) == fault.NotFound { // a letter may say that there was nothing to say
		page := wordPage{frame: s.frame("Not in this release", v.board), Heading: "Not in this release", Lead: "You have no scorecard in this release of " + v.board.Name + ".",
			Text: []string{"Nothing is wrong with that: the next release counts anew."}}
		page.Hidden = true
		return s.tell(w, v, http.StatusOK, "word", page)
	}
	return err
}

// showLetterBoard shows the board as the reader may see it.
func (s *site) showLetterBoard(w http.ResponseWriter, v *visit) error {
	held, err := s.openLetter(w, v)
	if err != nil || v.board == nil {
		return err
	}
	switch {
	case v.actor.Account == held.Player:
		return seeOther(w, v, boardAddress(v.board))
	case !v.access.May(board.SeeLeaderboard, v.board):
		return fault.New(fault.NotFound, "There is no page at this address.")
	}
	return s.showBoard(w, v)
}

// openLetter is byLetter for the pages that expire; where they have, it answers so and leaves the visit without a board.
func (s *site) openLetter(w http.ResponseWriter, v *visit) (pass.Pass, error) {
	held, expired, err := s.byLetter(w, v)
	if err != nil {
		return held, err
	}
	if expired {
		page := wordPage{frame: s.frame("This link has expired", nil), Heading: "This link has expired", Lead: "Links in mails open pages for 60 days, or until you end them.",
			Text: []string{"Sign in to see your pages. To change how you are told, or to stop the mails, the links for that in the same mail still work."}}
		page.Hidden = true
		v.board = nil
		return held, s.tell(w, v, http.StatusGone, "word", page)
	}
	v.reading = letterAddress(v.PathValue("token"))
	if v.Method == http.MethodGet {
		err = s.passes.Count(v.Context(), held.ID, false)
	}
	return held, err
}

// letterNav leads around the pages of a pass.
func letterNav(v *visit, here string) []link {
	all := []link{{Text: "My scorecard", Address: v.reading}}
	if v.access.May(board.SeeLeaderboard, v.board) {
		all = append(all, link{Text: "Leaderboard", Address: v.reading + "/board", Here: here == "Leaderboard"})
	}
	return append(all, link{Text: "How I am told", Address: v.reading + "/how"})
}

// What pages lead to that only opens for who is signed in, and what can be done on them.
var (
	linked   = regexp.MustCompile(`(?s)<a\s[^>]*?href="([^"]*)"[^>]*>(.*?)</a>`)
	formed   = regexp.MustCompile(`(?s)<form\b.*?</form>`)
	anyoneIn = regexp.MustCompile(`^(#|/p/|/sign-in|/privacy$|/$|[a-z]+:)`)
)

// unlinked takes out of a page, which one of our own templates made, the links that need signing in, and every form. Their words
// stay.
func (s *site) unlinked(page []byte) []byte {
	page = formed.ReplaceAll(page, nil)
	return linked.ReplaceAllFunc(page, func(a []byte) []byte {
		found := linked.FindSubmatch(a)
		if anyoneIn.Match(found[1]) && (s.base == "" || !bytes.HasPrefix(found[1], []byte(s.base))) {
			return a
		}
		return []byte("<span>" + string(found[2]) + "</span>")
	})
}

// stopPage asks whether the mails are to stop: mail programs and scanners open every link.
type stopPage struct {
	*frame
	BoardName string
	How       string // address of the other choices
	Stopped   bool
}

func (s *site) showStop(w http.ResponseWriter, v *visit) error {
	_, _, err := s.letterOf(w, v)
	if err != nil {
		return err
	}
	return s.tell(w, v, http.StatusOK, "letter_stop", s.newStopPage(v, false))
}

func (s *site) newStopPage(v *visit, stopped bool) stopPage {
	name, at := v.board.Name, letterAddress(v.PathValue("token"))
	v.board = nil // a page of its own: nothing around it leads to the board
	page := stopPage{frame: s.frame("Stop these mails", nil), BoardName: name, How: at + "/how", Stopped: stopped}
	page.Hidden = true
	return page
}

// stop stops the mails: from the page, or by the button of a mail program (RFC 8058), which sends no cookie and waits for a
// plain answer.
func (s *site) stop(w http.ResponseWriter, v *visit) error {
	held, _, err := s.letterOf(w, v)
	if err == nil {
		err = readForm(w, v)
	}
	if err != nil {
		return err
	}
	how := "letter"
	if v.PostForm.Get("List-Unsubscribe") == "One-Click" {
		how = "one click"
	}
	told, err := s.letters.Preference(v.Context(), held.Player, held.Board)
	if err != nil {
		return err
	}
	told.Channel = newsletter.ByNobody
	if err := s.letters.Prefer(v.Context(), held.Player, held.Board, told, how); err != nil {
		return err
	}
	return s.tell(w, v, http.StatusOK, "letter_stop", s.newStopPage(v, true))
}

// toldWays is every channel, in words.
var toldWays = []option{
	{Value: string(newsletter.ByMail), Text: "By mail", Hint: "your number, what moved it and the next small step"},
	{Value: string(newsletter.ByText), Text: "By text message", Hint: "160 letters"},
	{Value: string(newsletter.ByChat), Text: "In chat", Hint: "the same short text"},
	{Value: string(newsletter.ByNobody), Text: "Not at all", Hint: "your pages are always there"},
}

// letterHow is how a reader is told, behind the link in their mail.
type letterHow struct {
	*frame
	BoardName string
	Done      string
	Problem   *problem
	Fields    []field
	Stop      string
}

func (s *site) showHow(w http.ResponseWriter, v *visit) error {
	held, _, err := s.letterOf(w, v)
	if err != nil {
		return err
	}
	page, err := s.newHow(v, held, blank("how"))
	if err != nil {
		return err
	}
	return s.tell(w, v, http.StatusOK, "letter_how", page)
}

func (s *site) newHow(v *visit, held pass.Pass, f *form) (letterHow, error) {
	told, err := s.letters.Preference(v.Context(), held.Player, held.Board)
	if err != nil {
		return letterHow{}, err
	}
	at := letterAddress(v.PathValue("token"))
	page := letterHow{frame: s.frame("How you are told", nil), BoardName: v.board.Name, Stop: at + "/stop", Done: wasDone(v, toldDone)}
	page.Hidden = true
	ways, err := s.waysFor(v, held.Player, told.Channel)
	if err != nil {
		return page, err
	}
	page.Fields = append(toldFields(f, told, ways), f.choice("radios", "boards", "For which boards?", "", "one", []option{
		{Value: "one", Text: "This one, " + v.board.Name}, {Value: "all", Text: "Every board that I am on", Hint: "those that you are on later too"}}))
	page.Problem = f.problem()
	v.board = nil
	return page, nil
}

func (s *site) setHow(w http.ResponseWriter, v *visit) error {
	held, _, err := s.letterOf(w, v)
	if err == nil {
		err = readForm(w, v)
	}
	if err != nil {
		return err
	}
	boardID := held.Board
	if v.PostForm.Get("boards") == "all" {
		boardID = ""
	}
	told, err := s.readTold(v, held.Player)
	if err == nil {
		err = s.letters.Prefer(v.Context(), held.Player, boardID, told, "letter")
	}
	if mendable(err) {
		page, problem := s.newHow(v, held, typed("how", v, err))
		if problem != nil {
			return problem
		}
		return s.again(w, v, "letter_how", page, err)
	}
	if err != nil {
		return err
	}
	return done(w, v, letterAddress(v.PathValue("token"))+"/how", "told")
}

var toldDone = map[string]string{"told": "Kept. It holds from the next message on.", "links": "The links in your earlier mails open no page any more.", "text": "Proved. You can choose it now.", "code": "A code is on its way. Type it in below.", "gone": "Taken off."}

// toldFields asks how somebody wants to be told.
func toldFields(f *form, is newsletter.Preference, ways []option) []field {
	return []field{
		f.choice("radios", "channel", "How do you want to be told of a release?", "", string(is.Channel), ways),
		f.tick("losses", "Tell me as well when a number went down", "Otherwise stories are about what went well; the number itself is always there.", is.Losses),
		f.tick("empty", "Write to me also when there is no score of mine", "Otherwise there is silence then.", is.Empty),
	}
}

// readTold reads the answers. Invalid for a channel that is not theirs to choose.
func (s *site) readTold(v *visit, account string) (newsletter.Preference, error) {
	f := v.PostForm
	told := newsletter.Preference{Channel: newsletter.Channel(f.Get("channel")), Losses: f.Has("losses"), Empty: f.Has("empty")}
	ways, err := s.waysFor(v, account, "")
	if err != nil {
		return told, err
	}
	for _, w := range ways {
		if w.Value == string(told.Channel) {
			return told, nil
		}
	}
	return told, wrong("channel", "Choose how you want to be told: %s.", strings.ToLower(waysList(ways)))
}

func waysList(ways []option) string {
	var all []string
	for _, w := range ways {
		all = append(all, w.Text)
	}
	return strings.Join(all, ", or ")
}
