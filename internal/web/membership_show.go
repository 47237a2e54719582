package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"cairn/internal/board"
	"cairn/internal/consent"
	"cairn/internal/fault"
	"cairn/scorecard"
)

// membershipPage is what a board has of its reader, and how to change it.
type membershipPage struct {
	*frame
	Done    string
	Problem *problem
	Pending string // a step wider that was announced

	Action   string // address under which the forms stand
	State    string
	StateIs  string // what the state means for the score
	Since    string
	Basis    fact
	Key      string // of the reader's own page on the board; "" none
	Ref      string // under which releases and bundles know the reader
	Seen     []fact
	Purpose  string
	Gives    string
	Terms    int // version of the words
	Asks     []ask
	Mine     bool // there is something to choose: the membership goes on
	Asked    bool // the board asks for fields, so that there is a ledger
	Called   field
	Shows    field
	Tags     []field
	HideMe   field
	Shy      bool
	Paused   bool
	Leaves   field
	Receipts []receiptLine
	Purged   []purgedLine // what was deleted of the board's raw entries
	Raw      string       // for how long they are kept
	Broken   string       // why the ledger does not hold together; "" it does
	Notes    []noteLine
}

// receiptLine is one receipt of the ledger.
type receiptLine struct {
	Number int
	When   string
	Act    string
	What   string
	Until  string
	Words  string // the purpose that was read
	Terms  int
	Digest string
	Given  bool
}

// noteLine is what a manager or coach wrote.
type noteLine struct{ When, Text string }

// notes are those about a player.
func (s *site) notes(ctx context.Context, b *board.Board, key string) (lines []noteLine, err error) {
	notes, err := s.boards.Notes(ctx, b, key)
	for _, n := range notes {
		lines = append(lines, noteLine{instant(n.At, b.Location()), n.Text})
	}
	return lines, err
}

// membershipDone says what a form of the page did.
var membershipDone = map[string]string{
	"joined":    "You are on the board. Your score begins with the next release; everything below can be changed at any time.",
	"given":     "Given. It holds from the next release on, and the receipt is below.",
	"taken":     "Withdrawn. From the next release on it is missing; releases that are out stay as they are. The receipt is below.",
	"kept":      "Kept. It holds from the next release on; what of you is shown changed at once.",
	"shy":       "Your number is hidden from you now. Stories and tips stay.",
	"bold":      "You see your number again.",
	"paused":    "You are pausing: no score, no missed weeks, and your streaks wait for you.",
	"resumed":   "Welcome back. You are in the next release again, with your streaks as they were.",
	"uncounted": "There is no scorecard of yours yet: you are in the next release, once there is something to count.",
	"claims":    "Your claim waits for a manager of the board, who was told nothing but your address.",
	"claimed":   "This record is yours now: correct it, hide it, or leave.",
	"stays":     "You left nothing: you had not joined.",
	"declined":  "Declined.",
}

var membershipScreen = screen{"membership_show", (*site).membershipPage}

func (s *site) showMembership(w http.ResponseWriter, v *visit) error {
	return s.display(w, v, membershipScreen)
}

// own returns the reader's membership. The route's permission says that there is one.
func (v *visit) own() (board.Member, error) {
	if v.access.Member == nil {
		return board.Member{}, fault.New(fault.NotFound, "You are not on this board.")
	}
	return *v.access.Member, nil
}

// membership changes the reader's membership by a form; do does it and names what was done.
func (s *site) membership(w http.ResponseWriter, v *visit, do func(m board.Member) (word string, err error)) error {
	return s.take(w, v, membershipScreen, func() (string, string, error) {
		m, err := v.own()
		if err != nil {
			return "", "", err
		}
		word, err := do(m)
		return boardAddress(v.board) + "/membership", word, err
	})
}

// grantField gives or withdraws one field.
func (s *site) grantField(w http.ResponseWriter, v *visit) error {
	return s.membership(w, v, func(board.Member) (string, error) {
		metric := v.PostForm.Get("metric")
		if metric == "" {
			return "", fault.New(fault.NotFound, "The board asks for nothing of that name.")
		}
		if v.PostForm.Get("give") == "yes" {
			return "given", s.boards.Grant(v.Context(), v.actor, v.board, time.Time{}, metric)
		}
		return "taken", s.boards.Withdraw(v.Context(), v.actor, v.board, metric)
	})
}

// chooseShown changes how the reader appears on the board.
func (s *site) chooseShown(w http.ResponseWriter, v *visit) error {
	return s.membership(w, v, func(m board.Member) (string, error) {
		_, choice, err := s.chosen(v, m)
		if err != nil {
			return "", err
		}
		f := v.PostForm
		choice.Name, choice.Shows, choice.Hidden = strings.TrimSpace(f.Get("name")), f["shows"], f.Has("hidden")
		for group, by := range v.board.Plan.TagsBy {
			if by == board.ByPlayer && f.Has("tag."+group) {
				choice.Tags[group] = strings.TrimSpace(f.Get("tag." + group))
			}
		}
		return "kept", s.boards.Choose(v.Context(), v.actor, v.board, choice)
	})
}

// chosen is what a member has said so far.
func (s *site) chosen(v *visit, m board.Member) (board.Terms, board.Choice, error) {
	choice := board.Choice{Shows: m.Shows, Name: m.Name, Hidden: m.Hidden, Tags: map[string]string{}}
	for group, by := range v.board.Plan.TagsBy {
		if by == board.ByPlayer {
			choice.Tags[group] = m.Tags[group]
		}
	}
	terms, err := s.boards.TermsOf(v.Context(), v.board, v.board.Terms)
	if err != nil {
		return terms, choice, err
	}
	grants, err := s.consents.Grants(v.Context(), v.actor.Account, v.board.ID)
	for _, asked := range terms.Fields {
		if _, given := grants[asked.Metric]; !given {
			choice.Refused = append(choice.Refused, asked.Metric)
		}
	}
	return terms, choice, err
}

func (s *site) setShy(w http.ResponseWriter, v *visit) error {
	return s.membership(w, v, func(board.Member) (string, error) {
		shy := v.PostForm.Get("shy") == "yes"
		word := "bold"
		if shy {
			word = "shy"
		}
		return word, s.boards.SetShy(v.Context(), v.actor, v.board, shy)
	})
}

func (s *site) pause(w http.ResponseWriter, v *visit) error {
	return s.membership(w, v, func(board.Member) (string, error) { return "paused", s.boards.Pause(v.Context(), v.actor, v.board) })
}

func (s *site) resume(w http.ResponseWriter, v *visit) error {
	return s.membership(w, v, func(board.Member) (string, error) { return "resumed", s.boards.Resume(v.Context(), v.actor, v.board) })
}

// leave ends the membership. The page of what is over may not be for the reader any more, so this says goodbye in place.
func (s *site) leave(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	hide := v.PostForm.Has("hide")
	err := s.boards.Leave(v.Context(), v.actor, v.board, hide)
	if err != nil {
		return s.refused(w, v, membershipScreen, err)
	}
	return s.tell(w, v, http.StatusOK, "join_end", s.newGone(v.board, hide))
}

// newGone is for somebody who left.
func (s *site) newGone(b *board.Board, hide bool) *joinEnd {
	end := &joinEnd{frame: s.frame("You have left", nil), status: http.StatusOK, Heading: "You have left " + b.Name,
		Message: "Every grant is withdrawn, and you are in no release from now on.",
		Advice:  "Releases that are out keep their numbers, with your name beside yours.",
		Ways:    []link{{Text: "My boards", Address: "/me"}},
	}
	if hide {
		end.Advice = "Releases that are out keep their numbers, without your name for anyone but managers and stewards."
	}
	end.Hidden = true
	return end
}

// receiptsFile is the ledger of the reader and the board, to be kept and checked anywhere.
func (s *site) receiptsFile(w http.ResponseWriter, v *visit) error {
	receipts, err := s.consents.Receipts(v.Context(), v.actor.Account, v.board.ID)
	if err != nil {
		return err
	}
	if receipts == nil {
		receipts = []consent.Receipt{}
	}
	body, err := json.MarshalIndent(receipts, "", "  ")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `attachment; filename="`+v.board.Key+`-receipts.json"`)
	s.send(w, v, "application/json", append(body, '\n'), never)
	return nil
}

func (s *site) membershipPage(v *visit, f *form) (any, error) {
	ctx, b := v.Context(), v.board
	m, err := v.own()
	if err != nil {
		return nil, err
	}
	card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	terms, choice, err := s.chosen(v, m)
	if err != nil {
		return nil, err
	}
	receipts, err := s.consents.Receipts(ctx, v.actor.Account, b.ID)
	if err != nil {
		return nil, err
	}
	notes, err := s.notes(ctx, b, m.Key)
	if err != nil {
		return nil, err
	}
	pending, err := s.boards.Pending(ctx, b)
	if err != nil {
		return nil, err
	}
	page := membershipPage{frame: s.frame("My membership of "+b.Name, b), Done: wasDone(v, membershipDone), Action: boardAddress(b) + "/membership",
		State: capital(stateName(m.State)), StateIs: stateMeans(m.State), Since: day(m.Changed, b.Location()), Basis: fact{basisName(b.Basis), basisWords(b.Basis)},
		Ref: m.Ref, Seen: seenWords(b), Purpose: terms.Purpose, Gives: terms.Gives, Terms: terms.Version, Pending: pendingWords(b, pending),
		Mine: m.State == board.Accepted || m.State == board.Paused || m.State == board.Listed, Shy: m.Shy, Paused: m.State == board.Paused}
	page.Hidden = true
	page.Key = playerAddress(boardAddress(b), m.Key)
	page.Asked = b.Basis == board.OptIn
	if page.Asked {
		for _, asked := range terms.Fields {
			a := newAsk(asked, terms, card, b, f)
			a.Kept = "given"
			if slices.Contains(choice.Refused, asked.Metric) {
				a.Kept = "kept"
			}
			page.Asks = append(page.Asks, a)
		}
	}
	page.Raw = keepingWords(b)
	if page.Purged, err = s.purged(ctx, b); err != nil {
		return nil, err
	}
	page.Called = f.text("name", "What this board calls you", "", m.Name).most(200).complete("name")
	page.Shows = showsField(f, m.Shows)
	page.Tags = tagFields(f, b, m.Tags)
	page.HideMe = f.tick("hidden", "Hide me from the other players", "You still see your own page. To everyone but managers and stewards it is as if you were not on the board: not in lists, counts or ranks.", m.Hidden)
	page.Leaves = f.tick("hide", "Take my name out of past releases too", "For everyone but managers and stewards. The numbers stay as they were, with nobody beside them.", false)
	page.Receipts, page.Broken = receiptLines(receipts, card, b.Location())
	page.Notes = notes
	page.Problem = f.problem()
	return page, nil
}

// stateMeans says what a state means for the score.
func stateMeans(s board.State) string {
	switch s {
	case board.Listed:
		return "You are scored from public data."
	case board.Accepted:
		return "You are scored, by what you give."
	case board.Paused:
		return "You are in no release while you pause, and nothing counts as missed."
	case board.Left:
		return "You are in no release any more."
	}
	return "You are not scored."
}

// receiptLines puts a ledger into words, newest first, and says where it does not hold together.
func receiptLines(receipts []consent.Receipt, card *scorecard.Scorecard, zone *time.Location) (lines []receiptLine, broken string) {
	if err := consent.Check(receipts); err != nil {
		broken = fault.Message(err)
	}
	names := metricNames(card)
	for _, r := range slices.Backward(receipts) {
		what := r.Quantity
		if name := names[r.Quantity]; name != "" {
			what = name
		}
		l := receiptLine{Number: r.Number, When: instant(r.At, zone), Act: "withdrawn", What: what, Words: r.Purpose, Terms: r.Terms, Digest: r.Digest, Until: day(r.Until, zone)}
		if r.Act == consent.Given {
			l.Act, l.Given = "given", true
		}
		lines = append(lines, l)
	}
	return lines, broken
}

func metricNames(card *scorecard.Scorecard) map[string]string {
	names := map[string]string{}
	for _, m := range card.Metrics() {
		names[m.Key] = m.Name
	}
	return names
}

// pendingWords announces a step wider to those whom it concerns; "" none.
func pendingWords(b *board.Board, p *board.Pending) string {
	if p == nil {
		return ""
	}
	return "From " + instant(p.Holds, b.Location()) + " on: " + stepWords(b, p.Reveal) + " Until then you can hide, pause or leave, and nothing of it happens to you."
}

// stepWords says what a change of stage and pages would change.
func stepWords(b *board.Board, to board.Reveal) string {
	var words []string
	if to.Stage != b.Stage {
		words = append(words, "the board is "+strings.ToLower(stageName(to.Stage)))
	}
	for _, page := range []struct {
		name    string
		was, is board.Audience
	}{{"the leaderboard", b.Pages.Leaderboard, to.Pages.Leaderboard}, {"scorecards are", b.Pages.Scorecards, to.Pages.Scorecards}, {"earlier releases are", b.Pages.History, to.Pages.History}} {
		if page.was != page.is {
			name := page.name
			if !strings.HasSuffix(name, " are") {
				name += " is"
			}
			words = append(words, name+" for "+audienceName(page.is))
		}
	}
	if len(words) == 0 {
		return "nothing changes."
	}
	return list(words) + "."
}

// claimPage asks somebody whether a record of public data is theirs.
type claimPage struct {
	*frame
	Problem *problem
	Action  string
	Player  string
	Basis   fact
	Proof   string // how it will be settled
	SignIn  string // where to sign in first, "" they are
	Claimed bool   // by somebody else or by the reader, already
}

var claimScreen = screen{"membership_claim", (*site).claimPage}

func (s *site) showClaim(w http.ResponseWriter, v *visit) error { return s.display(w, v, claimScreen) }

func (s *site) claimPage(v *visit, f *form) (any, error) {
	key, b := v.PathValue("player"), v.board
	m, err := s.boards.Member(v.Context(), b.ID, key)
	if err != nil {
		return nil, err
	}
	if b.Basis != board.PublicRecord || m.State != board.Listed || m.Hidden {
		return nil, fault.New(fault.NotFound, "There is nothing to claim here.")
	}
	page := claimPage{frame: s.frame("Is this you?", b), Action: boardAddress(b) + "/claim/" + url.PathEscape(key), Player: m.Called(), Basis: fact{basisName(b.Basis), basisWords(b.Basis)},
		Proof: "If the board knows an address that you proved to read, the record is yours at once. Else a manager of the board looks at your claim; until then nothing changes."}
	page.Hidden = true
	page.Claimed = m.Player != ""
	if !v.actor.SignedIn() {
		page.SignIn = "/sign-in?next=" + url.QueryEscape(page.Action)
	}
	page.Problem = f.problem()
	return page, nil
}

func (s *site) claim(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	if _, err := s.claimPage(v, blank("")); err != nil { // there may be nothing to claim
		return err
	}
	if !v.actor.SignedIn() {
		return fault.New(fault.Unauthenticated, "Sign in to claim this record.")
	}
	waits, err := s.boards.Claim(v.Context(), v.actor, v.board, v.PathValue("player"))
	if err != nil {
		return s.refused(w, v, claimScreen, err)
	}
	if waits {
		end := &joinEnd{frame: s.frame("Your claim waits", nil), status: http.StatusOK, Heading: "Your claim waits for a manager",
			Message: "Whoever runs " + v.board.Name + " looks at it. Nothing changes until then.", Advice: "Once it is confirmed, the board is listed under My boards.",
			Ways: []link{{Text: "My boards", Address: "/me"}, {Text: v.board.Name, Address: boardAddress(v.board)}}}
		end.Hidden = true
		return s.tell(w, v, end.status, "join_end", end)
	}
	return done(w, v, boardAddress(v.board)+"/membership", "claimed")
}
